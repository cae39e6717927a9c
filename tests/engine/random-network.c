/* random-network.c - small networks of every kind of layer
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The twins run along while a network is built: they say which shape each value has, so that the next
 * layer can be chosen to fit it. */

#include "config.h"

#include <math.h>
#include <string.h>

#include "ops/infer.h"
#include "random-network-builder.h"
#include "random-network.h"

#define MAX_CELLS 4000
#define FLAT(...) ((gint64[]){ __VA_ARGS__ })

static TapAttrs *
with_int (const char *name, gint64 value)
{
  TapAttrs *attrs = tap_attrs_new ();

  tap_attrs_set_int (attrs, name, value);
  return attrs;
}

/* --- windows --- */

/* A window that fits into the newest value; pads stay smaller than the kernel. */
static TapAttrs *
window (NetBuilder *b, gint64 *kernel, gboolean dilates)
{
  const TapShape *x = net_shape_of (b, b->value);
  TapAttrs *attrs = tap_attrs_new ();
  gint64 strides[2], dilations[2] = { 1, 1 }, pads[4];

  for (int d = 0; d < 2; d++)
    {
      gint64 size = x->dims[2 + d];

      kernel[d] = 1 + net_below (b, (int) MIN (size, 4));
      if (dilates && net_below (b, 4) == 0 && 2 * (kernel[d] - 1) + 1 <= size)
        dilations[d] = 2;
      strides[d] = size > 6 ? 1 + net_below (b, 3) : 1;
      pads[d] = net_below (b, (int) kernel[d]);
      pads[2 + d] = net_below (b, (int) kernel[d]);
    }
  tap_attrs_set_ints (attrs, "kernel_shape", kernel, 2);
  tap_attrs_set_ints (attrs, "strides", strides, 2);
  if (dilates)
    tap_attrs_set_ints (attrs, "dilations", dilations, 2);
  if (net_below (b, 5) == 0)
    tap_attrs_set_string (attrs, "auto_pad", net_below (b, 2) ? "SAME_UPPER" : "SAME_LOWER");
  else
    tap_attrs_set_ints (attrs, "pads", pads, 4);
  return attrs;
}

static void
add_conv (NetBuilder *b)
{
  static const int outs[] = { 1, 3, 6, 8, 16, 20 };
  gint64 channels = net_shape_of (b, b->value)->dims[1], kernel[2], group = 1;
  gint64 out = outs[net_below (b, G_N_ELEMENTS (outs))];
  TapAttrs *attrs = window (b, kernel, TRUE);
  int inputs[3] = { b->value };
  TapShape weights;
  double scale;

  if (net_below (b, 4) == 0)
    {
      group = channels;
      out = channels * (1 + net_below (b, 2));
    }
  else if (channels % 2 == 0 && net_below (b, 4) == 0)
    {
      group = 2;
      out = 2 * (1 + net_below (b, 6));
    }
  tap_attrs_set_int (attrs, "group", group);
  weights = tap_shape_new (4, out, channels / group, kernel[0], kernel[1]);
  scale = 2 / sqrt ((double) (channels / group * kernel[0] * kernel[1]));
  inputs[1] = net_constant (b, &weights, -scale, scale);
  inputs[2] = net_vector (b, out, -0.3, 0.3);
  net_node (b, "Conv", attrs, inputs, 2 + net_below (b, 2));
}

/* 3 × 3 on enough channels for the fast algorithms. */
static void
add_wide_conv (NetBuilder *b)
{
  gint64 channels = net_shape_of (b, b->value)->dims[1];
  TapShape first = tap_shape_new (4, (gint64) 16, channels, (gint64) 1, (gint64) 1);
  TapShape second = tap_shape_new (4, (gint64) 17, (gint64) 16, (gint64) 3, (gint64) 3);
  TapAttrs *attrs = tap_attrs_new ();

  net_node_2 (b, "Conv", NULL, b->value, net_constant (b, &first, -0.5, 0.5));
  tap_attrs_set_ints (attrs, "pads", FLAT (1, 1, 1, 1), 4);
  net_node_2 (b, "Conv", attrs, b->value, net_constant (b, &second, -0.15, 0.15));
  net_node_1 (b, "Relu", NULL, b->value);
}

static void
add_conv_transpose (NetBuilder *b)
{
  const TapShape *x = net_shape_of (b, b->value);
  gint64 out = 1 + net_below (b, 5), kernel[2], strides[2], pads[4] = { 0 };
  TapAttrs *attrs = tap_attrs_new ();
  TapShape weights;

  for (int d = 0; d < 2; d++)
    {
      kernel[d] = 1 + net_below (b, 4);
      strides[d] = 1 + net_below (b, x->dims[2 + d] < 6 ? 3 : 2);
      if (x->dims[2 + d] > 2)
        pads[d] = net_below (b, (int) kernel[d]) / 2;
    }
  tap_attrs_set_ints (attrs, "strides", strides, 2);
  tap_attrs_set_ints (attrs, "pads", pads, 4);
  weights = tap_shape_new (4, x->dims[1], out, kernel[0], kernel[1]);
  net_node_2 (b, "ConvTranspose", attrs, b->value, net_constant (b, &weights, -0.4, 0.4));
}

static void
add_pool (NetBuilder *b)
{
  static const char *const ops[] = { "MaxPool", "MaxPool", "AveragePool", "AveragePool", "LpPool" };
  const char *op = ops[net_below (b, G_N_ELEMENTS (ops))];
  gint64 kernel[2];
  TapAttrs *attrs = window (b, kernel, FALSE);

  if (net_below (b, 3) == 0)
    tap_attrs_set_int (attrs, "ceil_mode", 1);
  else if (net_below (b, 3) == 0 && !g_str_equal (op, "LpPool"))
    {
      tap_attrs_set_int (attrs, "caffe_ceil", 1);
      if (op[0] == 'A')
        tap_attrs_set_int (attrs, "caffe_count", 1);
    }
  else if (net_below (b, 2) == 0 && op[0] == 'A')
    tap_attrs_set_int (attrs, "count_include_pad", 1);
  net_node_1 (b, op, attrs, b->value);
}

/* --- cell by cell --- */

static void
add_activation (NetBuilder *b)
{
  static const char *const ops[] = { "Relu",        "Relu",      "Relu",     "LeakyRelu",
                                     "Elu",         "Sigmoid",   "Tanh",     "Gelu",
                                     "HardSigmoid", "HardSwish", "Softplus", "Softsign",
                                     "Selu",        "Celu",      "Mish",     "Erf",
                                     "Abs",         "Neg",       "Sin",      "Cos",
                                     "Identity",    "Dropout",   "Exp",      "ThresholdedRelu" };
  const char *op = ops[net_below (b, G_N_ELEMENTS (ops))];

  /* what would grow without end is held down first */
  if (g_str_equal (op, "Exp"))
    net_node_1 (b, "Tanh", NULL, b->value);
  net_node_1 (b, op, NULL, b->value);
}

static void
add_clip (NetBuilder *b)
{
  int low = net_constant (b, &TAP_SHAPE_SCALAR, -0.8, -0.2);

  net_node (b, "Clip", NULL,
            (int[]){ b->value, low, net_constant (b, &TAP_SHAPE_SCALAR, 0.3, 1.5) }, 3);
}

static void
add_prelu (NetBuilder *b)
{
  TapShape slope = tap_shape_new (3, net_shape_of (b, b->value)->dims[1], (gint64) 1, (gint64) 1);

  net_node_2 (b, "PRelu", NULL, b->value, net_constant (b, &slope, 0.1, 0.6));
}

static void
add_affine (NetBuilder *b)
{
  static const char *const ops[] = { "Add", "Sub", "Mul", "Div" };
  gint64 channels = net_shape_of (b, b->value)->dims[1];
  TapShape shape =
    net_below (b, 2) ? TAP_SHAPE_SCALAR : tap_shape_new (3, channels, (gint64) 1, (gint64) 1);

  net_node_2 (b, ops[net_below (b, 4)], NULL, b->value, net_constant (b, &shape, 0.5, 1.5));
}

static void
add_power (NetBuilder *b)
{
  net_node_2 (b, "Mul", NULL, b->value, b->value);
  net_node_2 (b, "Add", NULL, b->value, net_constant (b, &TAP_SHAPE_SCALAR, 0.4, 0.6));
  if (net_below (b, 2))
    net_node_1 (b, net_below (b, 2) ? "Sqrt" : "Log", NULL, b->value);
  else
    net_node_2 (b, "Pow", NULL, b->value, net_constant (b, &TAP_SHAPE_SCALAR, -0.8, 0.8));
}

/* --- normalizations --- */

static void
add_moment_norm (NetBuilder *b)
{
  const TapShape *x = net_shape_of (b, b->value);
  gint64 n = x->dims[1];
  TapAttrs *attrs = tap_attrs_new ();
  int inputs[3] = { b->value };

  /* a map of few cells has no spread to speak of */
  tap_attrs_set_float (attrs, "epsilon", 0.05);
  inputs[1] = net_vector (b, n, 0.5, 1.5);
  inputs[2] = net_vector (b, n, -0.3, 0.3);
  if (net_below (b, 2))
    tap_attrs_set_int (attrs, "num_groups", n % 2 == 0 ? 2 : 1);
  net_node (b, tap_attrs_has (attrs, "num_groups") ? "GroupNormalization" : "InstanceNormalization",
            attrs, inputs, 3);
}

/* As in ConvNeXt: channels last, normalized, and back. */
static void
add_layer_norm (NetBuilder *b)
{
  gint64 n = net_shape_of (b, b->value)->dims[1];
  TapAttrs *to = tap_attrs_new (), *from = tap_attrs_new (), *attrs = tap_attrs_new ();
  int inputs[3];

  tap_attrs_set_ints (to, "perm", FLAT (0, 2, 3, 1), 4);
  tap_attrs_set_ints (from, "perm", FLAT (0, 3, 1, 2), 4);
  tap_attrs_set_float (attrs, "epsilon", 0.05);
  inputs[0] = net_node_1 (b, "Transpose", to, b->value);
  inputs[1] = net_vector (b, n, 0.5, 1.5);
  inputs[2] = net_vector (b, n, -0.3, 0.3);
  net_node (b, "LayerNormalization", attrs, inputs, 2 + net_below (b, 2));
  net_node_1 (b, "Transpose", from, b->value);
}

static void
add_lrn (NetBuilder *b)
{
  TapAttrs *attrs = with_int ("size", 1 + net_below (b, 5));

  tap_attrs_set_float (attrs, "alpha", 0.3);
  if (net_below (b, 3) == 0)
    {
      tap_attrs_set_int (attrs, "size", 3);
      tap_attrs_set_string (attrs, "norm_region", "WITHIN_CHANNEL");
    }
  net_node_1 (b, "LRN", attrs, b->value);
}

static void
add_softmax (NetBuilder *b)
{
  net_node_1 (b, "Softmax", with_int ("axis", 1 + net_below (b, 3)), b->value);
}

/* x / ‖x‖ over the channels, or x less its mean. */
static void
add_reduced (NetBuilder *b)
{
  static const char *const ops[] = { "ReduceMean", "ReduceMax",       "ReduceMin",      "ReduceSum",
                                     "ReduceL1",   "ReduceSumSquare", "ReduceLogSumExp" };
  int x = b->value, axes = net_integers (b, net_below (b, 2) ? FLAT (2, 3) : FLAT (1, 1), 2);

  if (tap_tensor_i64 (tap_graph_get_value (b->graph, axes)->constant)[0] == 1)
    axes = net_integers (b, FLAT (1), 1);
  if (net_below (b, 3) == 0)
    {
      net_node_2 (b, "ReduceL2", NULL, x, axes);
      net_node_2 (b, "Add", NULL, b->value, net_constant (b, &TAP_SHAPE_SCALAR, 0.3, 0.5));
      net_node_2 (b, "Div", NULL, x, b->value);
    }
  else
    {
      net_node_2 (b, ops[net_below (b, G_N_ELEMENTS (ops))], NULL, x, axes);
      net_node_1 (b, "Tanh", NULL, b->value);
      net_node_2 (b, "Sub", NULL, x, b->value);
    }
}

/* --- branches --- */

static void
add_join (NetBuilder *b)
{
  static const char *const ops[] = { "Add", "Add", "Mul", "Sub", "Max", "Min", "Mean", "Sum" };
  int other = -1;

  for (guint i = 0; i < b->earlier->len; i++)
    {
      int value = g_array_index (b->earlier, int, i);
      const TapShape *a = net_shape_of (b, value), *x = net_shape_of (b, b->value);

      if (value != b->value && a->dims[2] == x->dims[2] && a->dims[3] == x->dims[3] &&
          (other < 0 || net_below (b, 2)))
        other = value;
    }
  if (other < 0)
    return;
  if (tap_shape_equal (net_shape_of (b, other), net_shape_of (b, b->value)) && net_below (b, 3) > 0)
    net_node_2 (b, ops[net_below (b, G_N_ELEMENTS (ops))], NULL, b->value, other);
  else
    net_node_2 (b, "Concat", with_int ("axis", 1), b->value, other);
}

/* Squeeze and excitation. */
static void
add_gate (NetBuilder *b)
{
  int x = b->value;
  gint64 n = net_shape_of (b, x)->dims[1], few = 1 + n / 4;
  TapShape down = tap_shape_new (4, few, n, (gint64) 1, (gint64) 1);
  TapShape up = tap_shape_new (4, n, few, (gint64) 1, (gint64) 1);

  net_node_1 (b, net_below (b, 4) ? "GlobalAveragePool" : "GlobalMaxPool", NULL, x);
  net_node_2 (b, "Conv", NULL, b->value, net_constant (b, &down, -0.6, 0.6));
  net_node_1 (b, "Relu", NULL, b->value);
  net_node (b, "Conv", NULL,
            (int[]){ b->value, net_constant (b, &up, -0.6, 0.6), net_vector (b, n, -0.2, 0.2) }, 3);
  net_node_1 (b, net_below (b, 2) ? "Sigmoid" : "HardSigmoid", NULL, b->value);
  net_node_2 (b, "Mul", NULL, x, b->value);
}

/* Inception's way: two convolutions of different size beside each other. */
static void
add_fork (NetBuilder *b)
{
  int x = b->value, branch;
  gint64 n = net_shape_of (b, x)->dims[1];
  TapShape one = tap_shape_new (4, (gint64) 5, n, (gint64) 1, (gint64) 1);
  TapShape three = tap_shape_new (4, (gint64) 4, n, (gint64) 3, (gint64) 3);
  TapAttrs *attrs = tap_attrs_new ();

  tap_attrs_set_ints (attrs, "pads", FLAT (1, 1, 1, 1), 4);
  net_node_2 (b, "Conv", NULL, x, net_constant (b, &one, -0.5, 0.5));
  branch = net_node_1 (b, "Relu", NULL, b->value);
  net_node_2 (b, "Conv", attrs, x, net_constant (b, &three, -0.3, 0.3));
  net_node_1 (b, "Relu", NULL, b->value);
  net_node_2 (b, "Concat", with_int ("axis", 1), branch, b->value);
}

static void
add_split (NetBuilder *b)
{
  gint64 n = net_shape_of (b, b->value)->dims[1];
  int outputs[2], first;

  if (n < 2)
    return;
  net_node_with_outputs (b, "Split", with_int ("axis", 1),
                         (int[]){ b->value, net_integers (b, FLAT (n / 2, n - n / 2), 2) }, 2,
                         outputs, 2);
  first = net_node_1 (b, "Tanh", NULL, outputs[0]);
  net_node_2 (b, "Concat", with_int ("axis", 1), outputs[1], first);
}

/* --- sizes --- */

static void
add_resize (NetBuilder *b)
{
  static const char *const modes[] = { "nearest", "linear", "cubic" };
  static const char *const transforms[] = { "half_pixel", "asymmetric", "align_corners" };
  const TapShape *x = net_shape_of (b, b->value);
  TapAttrs *attrs = tap_attrs_new ();
  gint64 height = 1 + net_below (b, 12), width = 1 + net_below (b, 12);
  int inputs[4] = { b->value, -1, -1, -1 };

  tap_attrs_set_string (attrs, "mode", modes[net_below (b, 3)]);
  tap_attrs_set_string (attrs, "coordinate_transformation_mode", transforms[net_below (b, 3)]);
  /* sizes whose ratio no float holds may go to another nearest cell */
  if (g_str_equal (tap_attrs_get_string (attrs, "mode", ""), "nearest"))
    {
      inputs[2] = net_numbers (b, (float[]){ 1, 1, 2, x->dims[3] > 1 ? 0.5f : 1 }, 4);
      tap_attrs_set_string (attrs, "coordinate_transformation_mode", "asymmetric");
      net_node (b, "Resize", attrs, inputs, 3);
      return;
    }
  inputs[3] = net_integers (b, FLAT (x->dims[0], x->dims[1], height, width), 4);
  net_node (b, "Resize", attrs, inputs, 4);
}

static void
add_pad (NetBuilder *b)
{
  static const char *const modes[] = { "constant", "reflect", "edge" };
  const TapShape *x = net_shape_of (b, b->value);
  gint64 most_h = MIN (x->dims[2] - 1, 2), most_w = MIN (x->dims[3] - 1, 2);
  TapAttrs *attrs = tap_attrs_new ();
  int pads =
    net_integers (b,
                  FLAT (0, 0, net_below (b, (int) most_h + 1), net_below (b, (int) most_w + 1), 0,
                        0, net_below (b, (int) most_h + 1), net_below (b, (int) most_w + 1)),
                  8);

  tap_attrs_set_string (attrs, "mode", modes[net_below (b, 3)]);
  net_node_2 (b, "Pad", attrs, b->value, pads);
}

static void
add_slice (NetBuilder *b)
{
  const TapShape *x = net_shape_of (b, b->value);
  gint64 from[2], to[2];

  for (int d = 0; d < 2; d++)
    {
      from[d] = net_below (b, (int) (x->dims[2 + d] + 1) / 2);
      to[d] = x->dims[2 + d] - net_below (b, (int) (x->dims[2 + d] - from[d] + 1) / 2);
    }
  net_node (b, "Slice", NULL,
            (int[]){ b->value, net_integers (b, from, 2), net_integers (b, to, 2),
                     net_integers (b, FLAT (2, 3), 2),
                     net_integers (b, FLAT (1, 1 + net_below (b, 2)), 2) },
            5);
}

/* Channels to pixels and back, and ShuffleNet's way of mixing channels. */
static void
add_shuffle (NetBuilder *b)
{
  TapShape x = *net_shape_of (b, b->value);
  TapAttrs *attrs = tap_attrs_new ();

  if (x.dims[1] % 4 == 0 && net_below (b, 2))
    {
      tap_attrs_set_int (attrs, "blocksize", 2);
      tap_attrs_set_string (attrs, "mode", net_below (b, 2) ? "DCR" : "CRD");
      net_node_1 (b, "DepthToSpace", attrs, b->value);
    }
  else if (x.dims[2] % 2 == 0 && x.dims[3] % 2 == 0 && x.dims[1] <= 8)
    {
      tap_attrs_set_int (attrs, "blocksize", 2);
      net_node_1 (b, "SpaceToDepth", attrs, b->value);
    }
  else
    {
      gint64 groups = x.dims[1] % 2 == 0 ? 2 : 1;

      tap_attrs_set_ints (attrs, "perm", FLAT (0, 2, 1, 3, 4), 5);
      net_node_2 (
        b, "Reshape", NULL, b->value,
        net_integers (b, FLAT (x.dims[0], groups, x.dims[1] / groups, x.dims[2], x.dims[3]), 5));
      net_node_1 (b, "Transpose", attrs, b->value);
      net_node_2 (b, "Reshape", NULL, b->value, net_integers (b, x.dims, 4));
    }
}

static void
add_gather (NetBuilder *b)
{
  gint64 n = net_shape_of (b, b->value)->dims[1];

  if (net_below (b, 2))
    net_node_2 (b, "Gather", with_int ("axis", 1), b->value,
                net_integers (b, FLAT (n - 1, 0, n / 2, 0), 4));
  else
    net_node_2 (b, "Tile", NULL, b->value, net_integers (b, FLAT (1, 1 + (n < 4), 1, 1), 4));
}

/* --- heads --- */

/* Every cell asks every other: matrix products of two computed sides. */
static void
add_attention (NetBuilder *b)
{
  TapShape x = *net_shape_of (b, b->value);
  int seen =
    net_node_2 (b, "Reshape", NULL, b->value, net_integers (b, FLAT (x.dims[0], x.dims[1], -1), 3));
  int weights, turned;
  TapAttrs *attrs = tap_attrs_new ();

  tap_attrs_set_ints (attrs, "perm", FLAT (0, 2, 1), 3);
  turned = net_node_1 (b, "Transpose", attrs, seen);
  net_node_2 (b, "MatMul", NULL, seen, turned);
  weights = net_node_1 (b, "Softmax", NULL, b->value);
  net_node_2 (b, "MatMul", NULL, weights, seen);
  net_node_2 (b, "Reshape", NULL, b->value, net_integers (b, x.dims, 4));
}

static void
add_head (NetBuilder *b)
{
  gint64 n;
  TapShape shape;

  if (net_below (b, 3) == 0)
    net_node_2 (b, "ReduceMean", with_int ("keepdims", 0), b->value,
                net_integers (b, FLAT (2, 3), 2));
  else
    {
      if (net_below (b, 2))
        net_node_1 (b, net_below (b, 3) ? "GlobalAveragePool" : "GlobalMaxPool", NULL, b->value);
      net_node_1 (b, "Flatten", NULL, b->value);
    }
  /* some end with features */
  if (net_below (b, 4) == 0)
    return;
  n = net_shape_of (b, b->value)->dims[1];
  if (net_below (b, 2))
    {
      shape = tap_shape_new (2, (gint64) 7, n);
      net_node (
        b, "Gemm", with_int ("transB", 1),
        (int[]){ b->value, net_constant (b, &shape, -0.2, 0.2), net_vector (b, 7, -0.2, 0.2) }, 3);
    }
  else
    {
      shape = tap_shape_new (2, n, (gint64) 6);
      net_node_2 (b, "MatMul", NULL, b->value, net_constant (b, &shape, -0.2, 0.2));
    }
  if (net_below (b, 2))
    net_node_1 (b, net_below (b, 2) ? "Softmax" : "LogSoftmax", NULL, b->value);
}

static void (*const layers[]) (NetBuilder *b) = {
  add_conv,           add_conv,           add_conv,        add_conv,       add_wide_conv,
  add_conv_transpose, add_pool,           add_pool,        add_activation, add_activation,
  add_activation,     add_clip,           add_prelu,       add_affine,     add_power,
  net_add_batch_norm, net_add_batch_norm, add_moment_norm, add_layer_norm, add_lrn,
  add_softmax,        add_reduced,        add_join,        add_join,       add_join,
  add_gate,           add_fork,           add_split,       add_resize,     add_pad,
  add_slice,          add_shuffle,        add_gather,      add_attention,  net_add_unfolded_conv,
  net_add_branches,   net_add_channels,
};

TapGraph *
random_network_new (guint32 seed, TapTensor **input)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  NetBuilder b = { tap_graph_new ("random"), rand };
  g_autoptr (GError) error = NULL;
  int n_layers = 2 + net_below (&b, 8);
  TapShape shape = tap_shape_new (4, (gint64) 1 + (net_below (&b, 4) == 0), (gint64) 3,
                                  (gint64) 5 + net_below (&b, 10), (gint64) 5 + net_below (&b, 10));

  b.arrays = g_array_new (FALSE, TRUE, sizeof (TwinArray));
  b.earlier = g_array_new (FALSE, FALSE, sizeof (int));
  *input = net_random_tensor (&b, &shape, -1, 1);
  b.value = net_new_value (&b, twin_array_new (*input));
  tap_graph_add_input (b.graph, b.value, TAP_DTYPE_F32, &shape);
  for (int i = 0; i < n_layers; i++)
    {
      layers[net_below (&b, G_N_ELEMENTS (layers))](&b);
      g_array_append_val (b.earlier, b.value);
      if (net_array_of (&b, b.value)->count > MAX_CELLS)
        break;
    }
  add_head (&b);
  tap_graph_add_output (b.graph, b.value);
  tap_graph_sort (b.graph, &error);
  g_assert_no_error (error);
  tap_infer_graph (b.graph, NULL, 0, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < b.arrays->len; i++)
    twin_array_clear (&g_array_index (b.arrays, TwinArray, i));
  g_array_unref (b.arrays);
  g_array_unref (b.earlier);
  return b.graph;
}

char *
random_network_describe (const TapGraph *graph)
{
  GString *text = g_string_new (NULL);

  for (int i = 0; i < tap_graph_n_nodes (graph); i++)
    {
      const TapNode *node = tap_graph_get_node (graph, i);
      g_autofree char *shape =
        tap_shape_to_string (&tap_graph_get_value (graph, node->outputs[0])->shape);

      g_string_append_printf (text, " %s %s", node->op_type, shape);
    }
  return g_string_free (text, FALSE);
}
