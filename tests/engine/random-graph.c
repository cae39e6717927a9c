/* random-graph.c - small networks of random layers, for tests of the engine as a whole
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "engine-test.h"
#include "ops/infer.h"
#include "random-graph.h"

typedef struct
{
  TapGraph *graph;
  GRand *rand;
  int value; /* the newest */
  gint64 channels, height, width;
  int n;
  /* earlier values of the same extent, to be joined again */
  GArray *earlier, *earlier_channels;
} Builder;

static int
constant (Builder *b, const TapShape *shape, float scale, float offset)
{
  g_autofree char *name = g_strdup_printf ("c%d", b->n++);
  g_autoptr (TapTensor) tensor = engine_test_random (shape, g_rand_int (b->rand));
  int value = tap_graph_value (b->graph, name);

  for (gsize i = 0; i < tensor->count; i++)
    tap_tensor_f32 (tensor)[i] = tap_tensor_f32 (tensor)[i] * scale + offset;
  tap_graph_set_constant (b->graph, value, tensor);
  return value;
}

static void
node (Builder *b, const char *op, TapAttrs *attrs, const int *inputs, int n_inputs)
{
  g_autofree char *name = g_strdup_printf ("v%d", b->n++);
  g_autoptr (GError) error = NULL;
  int output = tap_graph_value (b->graph, name);

  tap_graph_add_node (b->graph, name, op, inputs, n_inputs, &output, 1, attrs, &error);
  g_assert_no_error (error);
  b->value = output;
}

static void
forget_earlier (Builder *b)
{
  g_array_set_size (b->earlier, 0);
  g_array_set_size (b->earlier_channels, 0);
}

static void
set_window (Builder *b, TapAttrs *attrs, int kernel, int stride, int dilation, int *pads)
{
  gint64 reach = (gint64) dilation * (kernel - 1) + 1;

  tap_attrs_set_ints (attrs, "kernel_shape", (gint64[]){ kernel, kernel }, 2);
  tap_attrs_set_ints (attrs, "strides", (gint64[]){ stride, stride }, 2);
  tap_attrs_set_ints (attrs, "dilations", (gint64[]){ dilation, dilation }, 2);
  tap_attrs_set_ints (attrs, "pads", (gint64[]){ pads[0], pads[1], pads[2], pads[3] }, 4);
  b->height = (b->height + pads[0] + pads[2] - reach) / stride + 1;
  b->width = (b->width + pads[1] + pads[3] - reach) / stride + 1;
}

static void
add_conv (Builder *b)
{
  static const int outs[] = { 3, 7, 16, 20, 32, 40 };
  int kernel = g_rand_int_range (b->rand, 1, 5), stride = g_rand_int_range (b->rand, 1, 3),
      dilation = 1;
  gboolean depthwise = g_rand_int_range (b->rand, 0, 4) == 0;
  gint64 out = depthwise ? b->channels : outs[g_rand_int_range (b->rand, 0, G_N_ELEMENTS (outs))];
  gint64 in = depthwise ? 1 : b->channels;
  TapShape weights, bias = tap_shape_new (1, out);
  TapAttrs *attrs = tap_attrs_new ();
  int pads[4], inputs[3];

  if (b->height < 8 || b->width < 8)
    kernel = MIN (kernel, 3), stride = 1;
  else if (kernel < 4 && g_rand_int_range (b->rand, 0, 4) == 0)
    dilation = 2;
  for (int i = 0; i < 4; i++)
    pads[i] = g_rand_int_range (b->rand, kernel > 1, kernel + 1) / 1;
  weights = tap_shape_new (4, out, in, (gint64) kernel, (gint64) kernel);
  set_window (b, attrs, kernel, stride, dilation, pads);
  tap_attrs_set_int (attrs, "group", depthwise ? b->channels : 1);
  inputs[0] = b->value;
  inputs[1] = constant (b, &weights, 2.0f / (float) (in * kernel), 0);
  inputs[2] = constant (b, &bias, 0.1f, 0);
  node (b, "Conv", attrs, inputs, g_rand_boolean (b->rand) ? 3 : 2);
  b->channels = out;
  forget_earlier (b);
}

static void
add_pool (Builder *b)
{
  int kernel = g_rand_int_range (b->rand, 2, 4), stride = g_rand_int_range (b->rand, 1, 3);
  int pads[4] = { 0 };
  TapAttrs *attrs = tap_attrs_new ();

  if (b->height < 6 || b->width < 6)
    stride = 1;
  for (int i = 0; i < 4; i++)
    pads[i] = g_rand_int_range (b->rand, 0, kernel);
  set_window (b, attrs, kernel, stride, 1, pads);
  node (b, g_rand_boolean (b->rand) ? "MaxPool" : "AveragePool", attrs, &b->value, 1);
  forget_earlier (b);
}

static void
add_pointwise (Builder *b)
{
  static const char *const ops[] = { "Relu", "Sigmoid", "Tanh",     "LeakyRelu",
                                     "LRN",  "Softmax", "Identity", "Gelu" };
  const char *op = ops[g_rand_int_range (b->rand, 0, G_N_ELEMENTS (ops))];
  TapAttrs *attrs = tap_attrs_new ();

  if (g_str_equal (op, "LRN"))
    tap_attrs_set_int (attrs, "size", 5);
  if (g_str_equal (op, "Softmax"))
    tap_attrs_set_int (attrs, "axis", 1);
  node (b, op, attrs, &b->value, 1);
}

static void
add_norm (Builder *b)
{
  TapShape shape = tap_shape_new (1, b->channels);
  int inputs[5] = { b->value };

  for (int i = 1; i < 5; i++)
    inputs[i] = constant (b, &shape, 0.4f, i == 4 || i == 1 ? 1 : 0);
  node (b, "BatchNormalization", NULL, inputs, 5);
}

/* Joins the newest value with an earlier one of its extent. */
static void
add_join (Builder *b)
{
  guint at;
  int inputs[2] = { b->value };
  gint64 channels;

  if (b->earlier->len == 0)
    return;
  at = (guint) g_rand_int_range (b->rand, 0, (gint32) b->earlier->len);
  inputs[1] = g_array_index (b->earlier, int, at);
  channels = g_array_index (b->earlier_channels, gint64, at);
  if (channels == b->channels && g_rand_boolean (b->rand))
    node (b, g_rand_boolean (b->rand) ? "Add" : "Mul", NULL, inputs, 2);
  else if (b->channels + channels <= 80)
    {
      TapAttrs *attrs = tap_attrs_new ();

      tap_attrs_set_int (attrs, "axis", 1);
      node (b, "Concat", attrs, inputs, 2);
      b->channels += channels;
    }
}

/* Squeeze and excitation: a gate that everything depends on. */
static void
add_gate (Builder *b)
{
  int inputs[2] = { b->value };

  node (b, "GlobalAveragePool", NULL, &b->value, 1);
  node (b, "Sigmoid", NULL, &b->value, 1);
  inputs[1] = b->value;
  node (b, "Mul", NULL, inputs, 2);
}

static void
add_up (Builder *b)
{
  TapShape shape = tap_shape_new (4, b->channels, (gint64) 6, (gint64) 2, (gint64) 2);
  TapAttrs *attrs = tap_attrs_new ();
  int inputs[2] = { b->value };

  if (b->height > 12)
    {
      tap_attrs_free (attrs);
      return;
    }
  tap_attrs_set_ints (attrs, "strides", (gint64[]){ 2, 2 }, 2);
  inputs[1] = constant (b, &shape, 0.3f, 0);
  node (b, "ConvTranspose", attrs, inputs, 2);
  b->channels = 6;
  b->height *= 2;
  b->width *= 2;
  forget_earlier (b);
}

static int
integers (Builder *b, const gint64 *values, gint64 n)
{
  g_autofree char *name = g_strdup_printf ("i%d", tap_graph_n_values (b->graph));
  TapShape shape = { 1, { n } };
  g_autoptr (TapTensor) tensor = tap_tensor_new (TAP_DTYPE_I64, &shape, NULL);
  int value = tap_graph_value (b->graph, name);

  memcpy (tap_tensor_i64 (tensor), values, (gsize) n * sizeof (gint64));
  tap_graph_set_constant (b->graph, value, tensor);
  return value;
}

static const char *
choose (Builder *b, const char *const *names, int n)
{
  return names[g_rand_int_range (b->rand, 0, n)];
}

static void
add_pad (Builder *b)
{
  static const char *const modes[] = { "constant", "reflect", "edge", "wrap" };
  gint64 pads[8] = { 0 };
  TapAttrs *attrs = tap_attrs_new ();

  if (b->height < 8 || b->width < 8)
    {
      tap_attrs_free (attrs);
      return;
    }
  for (int i = 2; i < 8; i++)
    pads[i] = i == 4 || i == 5 ? 0 : g_rand_int_range (b->rand, -1, 3);
  tap_attrs_set_string (attrs, "mode", choose (b, modes, 4));
  node (b, "Pad", attrs, (int[]){ b->value, integers (b, pads, 8) }, 2);
  b->height += pads[2] + pads[6];
  b->width += pads[3] + pads[7];
  forget_earlier (b);
}

static void
add_resize (Builder *b)
{
  static const char *const modes[] = { "nearest", "linear", "cubic" };
  static const char *const transforms[] = { "half_pixel", "asymmetric", "align_corners",
                                            "pytorch_half_pixel" };
  TapShape four = tap_shape_new (1, (gint64) 4);
  int scales = constant (b, &four, 0, 1);
  TapTensor *tensor = tap_graph_get_value (b->graph, scales)->constant;
  TapAttrs *attrs = tap_attrs_new ();
  gint64 *extents[2] = { &b->height, &b->width };

  for (int i = 0; i < 2; i++)
    {
      gint64 quarters =
        g_rand_int_range (b->rand, *extents[i] < 8 ? 4 : 2, *extents[i] < 20 ? 9 : 5);

      tap_tensor_f32 (tensor)[2 + i] = (float) quarters / 4;
      *extents[i] = *extents[i] * quarters / 4;
    }
  tap_attrs_set_string (attrs, "mode", choose (b, modes, 3));
  tap_attrs_set_string (attrs, "coordinate_transformation_mode", choose (b, transforms, 4));
  node (b, "Resize", attrs, (int[]){ b->value, -1, scales }, 3);
  forget_earlier (b);
}

/* Rows or columns, forwards or backwards, one or every other. */
static void
add_slice (Builder *b)
{
  gint64 axis = g_rand_int_range (b->rand, 2, 4), *extent = axis == 2 ? &b->height : &b->width;
  gint64 step = (const gint64[]){ 1, 1, 2, -1 }[g_rand_int_range (b->rand, 0, 4)];
  gint64 start = g_rand_int_range (b->rand, step < 0, 3),
         end = *extent - g_rand_int_range (b->rand, 0, 3);

  if (*extent < 12)
    return;
  node (b, "Slice", NULL,
        (int[]){ b->value, integers (b, step < 0 ? &(gint64){ end - 1 } : &start, 1),
                 integers (b, step < 0 ? &(gint64){ start - 1 - *extent } : &end, 1),
                 integers (b, &axis, 1), integers (b, &step, 1) },
        5);
  /* without a place before the first row, everything down to it */
  *extent = step < 0 ? end - start : (end - start + step - 1) / step;
  forget_earlier (b);
}

/* Joins what there is with what becomes of it, along rows or columns. */
static void
add_beside (Builder *b)
{
  gint64 axis = g_rand_int_range (b->rand, 2, 4), *extent = axis == 2 ? &b->height : &b->width;
  int before = b->value;
  TapAttrs *attrs;

  if (*extent > 16)
    return;
  add_pointwise (b);
  attrs = tap_attrs_new ();
  tap_attrs_set_int (attrs, "axis", axis);
  node (b, "Concat", attrs, (int[]){ before, b->value, before }, 3);
  *extent *= 3;
  forget_earlier (b);
}

static void
add_blocks (Builder *b)
{
  TapAttrs *attrs;

  if (b->channels % 4 == 0 && b->height < 24 && b->width < 24)
    {
      attrs = tap_attrs_new ();
      tap_attrs_set_int (attrs, "blocksize", 2);
      tap_attrs_set_string (attrs, "mode", g_rand_boolean (b->rand) ? "DCR" : "CRD");
      node (b, "DepthToSpace", attrs, &b->value, 1);
      b->channels /= 4;
      b->height *= 2;
      b->width *= 2;
    }
  else if (b->channels < 20 && b->height % 2 == 0 && b->width % 2 == 0 && b->height > 9 &&
           b->width > 9)
    {
      attrs = tap_attrs_new ();
      tap_attrs_set_int (attrs, "blocksize", 2);
      node (b, "SpaceToDepth", attrs, &b->value, 1);
      b->channels *= 4;
      b->height /= 2;
      b->width /= 2;
    }
  else
    return;
  forget_earlier (b);
}

/* Channels in another order, through five dimensions. */
static void
add_shuffle (Builder *b)
{
  gint64 groups = b->channels % 4 == 0 ? 4 : b->channels % 3 == 0 ? 3 : 1;
  TapAttrs *attrs = tap_attrs_new ();

  node (
    b, "Reshape", NULL,
    (int[]){ b->value,
             integers (b, (gint64[]){ 0, groups, b->channels / groups, b->height, b->width }, 5) },
    2);
  tap_attrs_set_ints (attrs, "perm", (gint64[]){ 0, 2, 1, 3, 4 }, 5);
  node (b, "Transpose", attrs, &b->value, 1);
  node (b, "Reshape", NULL,
        (int[]){ b->value, integers (b, (gint64[]){ 0, b->channels, b->height, b->width }, 4) }, 2);
}

static void
add_elsewhere (Builder *b)
{
  static void (*const moves[]) (Builder * b) = { add_pad,    add_resize,  add_slice,
                                                 add_beside, add_shuffle, add_blocks };

  moves[g_rand_int_range (b->rand, 0, G_N_ELEMENTS (moves))](b);
}

static void
add_head (Builder *b)
{
  TapShape weights = tap_shape_new (2, (gint64) 10, b->channels * b->height * b->width);
  TapAttrs *attrs = tap_attrs_new ();
  int inputs[2];

  node (b, "Flatten", NULL, &b->value, 1);
  inputs[0] = b->value;
  inputs[1] = constant (b, &weights, 0.1f, 0);
  tap_attrs_set_int (attrs, "transB", 1);
  node (b, "Gemm", attrs, inputs, 2);
  node (b, "Softmax", NULL, &b->value, 1);
}

static TapGraph *
build (guint32 seed, int n_kinds)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  Builder b = { tap_graph_new ("random"), rand };
  g_autoptr (GError) error = NULL;
  int n_layers = g_rand_int_range (rand, 3, 14);
  TapShape input;

  b.channels = 3;
  b.height = g_rand_int_range (rand, 10, 40);
  b.width = g_rand_int_range (rand, 10, 40);
  b.earlier = g_array_new (FALSE, FALSE, sizeof (int));
  b.earlier_channels = g_array_new (FALSE, FALSE, sizeof (gint64));
  b.value = tap_graph_value (b.graph, "x");
  input = tap_shape_new (4, (gint64) 1, b.channels, b.height, b.width);
  tap_graph_add_input (b.graph, b.value, TAP_DTYPE_F32, &input);
  for (int i = 0; i < n_layers; i++)
    {
      switch (g_rand_int_range (rand, 0, n_kinds))
        {
        case 0:
        case 1:
        case 2:
          add_conv (&b);
          break;
        case 3:
          add_pool (&b);
          break;
        case 4:
          add_norm (&b);
          break;
        case 5:
        case 6:
          add_join (&b);
          break;
        case 7:
          if (i > n_layers / 2)
            add_gate (&b);
          break;
        case 8:
          add_up (&b);
          break;
        case 10:
        case 11:
        case 12:
          add_elsewhere (&b);
          break;
        default:
          add_pointwise (&b);
        }
      g_array_append_val (b.earlier, b.value);
      g_array_append_val (b.earlier_channels, b.channels);
    }
  add_head (&b);
  tap_graph_add_output (b.graph, b.value);
  tap_graph_sort (b.graph, &error);
  g_assert_no_error (error);
  tap_infer_graph (b.graph, NULL, 0, NULL, &error);
  g_assert_no_error (error);
  g_array_unref (b.earlier);
  g_array_unref (b.earlier_channels);
  return b.graph;
}

TapGraph *
random_graph_new (guint32 seed)
{
  return build (seed, 10);
}

TapGraph *
random_graph_new_moving (guint32 seed)
{
  return build (seed, 13);
}

GArray *
random_graph_values (const TapGraph *graph)
{
  GArray *values = g_array_new (FALSE, FALSE, sizeof (int));

  for (int i = 0; i < tap_graph_n_nodes (graph); i++)
    g_array_append_val (values, tap_graph_get_node (graph, i)->outputs[0]);
  return values;
}
