/* networks.c - the eight networks that speed is judged by, with random weights
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Structure after the papers, as torchvision has it: Krizhevsky 2014 (AlexNet), Simonyan & Zisserman
 * 2014 (VGG), Szegedy et al. 2014 (GoogLeNet; 3×3 for its 5×5, without the auxiliary heads), He et al.
 * 2015 (ResNet), Iandola et al. 2016 (SqueezeNet 1.1), Sandler et al. 2018 (MobileNetV2). */

#include "config.h"

#include "networks.h"

#include <math.h>
#include <string.h>

/* What is being built, and a value in it. */
typedef struct
{
  TapGraph *graph;
  guint64 state;
  int n; /* names given */
} Builder;

typedef struct
{
  int value, channels;
} Maps;

/* Marsaglia 2003, xorshift; uniform in [-1, 1). */
static float
draw (Builder *self)
{
  self->state ^= self->state << 13;
  self->state ^= self->state >> 7;
  self->state ^= self->state << 17;
  return (float) ((double) (gint32) (self->state >> 32) / 2147483648.0);
}

static int
new_value (Builder *self, const char *what)
{
  g_autofree char *name = g_strdup_printf ("%s%d", what, self->n++);

  return tap_graph_value (self->graph, name);
}

static int
constant (Builder *self, const char *what, const TapShape *shape, double bound)
{
  TapTensor *tensor = tap_tensor_new_uninit (TAP_DTYPE_F32, shape, NULL);
  int value = new_value (self, what);

  g_assert_nonnull (tensor);
  for (gsize i = 0; i < tensor->count; i++)
    tap_tensor_f32 (tensor)[i] = (float) bound * draw (self);
  tap_graph_set_constant (self->graph, value, tensor);
  tap_tensor_unref (tensor);
  return value;
}

/* (transfer full) @attrs */
static int
node (Builder *self, const char *op, const int *inputs, int n_inputs, TapAttrs *attrs)
{
  g_autofree char *name = g_strdup_printf ("%s%d", op, self->n);
  int output = new_value (self, op);
  TapNode *made =
    tap_graph_add_node (self->graph, name, op, inputs, n_inputs, &output, 1, attrs, NULL);

  g_assert_nonnull (made);
  made->opset = 13;
  return output;
}

static void
set_window (TapAttrs *attrs, int kernel, int stride, int pad)
{
  gint64 size[] = { kernel, kernel }, step[] = { stride, stride }, pads[] = { pad, pad, pad, pad };

  tap_attrs_set_ints (attrs, "kernel_shape", size, 2);
  tap_attrs_set_ints (attrs, "strides", step, 2);
  tap_attrs_set_ints (attrs, "pads", pads, 4);
}

/* @gain: factor on He's standard deviation */
static Maps
conv_gain (Builder *self,
           Maps x,
           int channels,
           int kernel,
           int stride,
           int pad,
           int group,
           double gain)
{
  TapShape shape = tap_shape_new (4, (gint64) channels, (gint64) (x.channels / group),
                                  (gint64) kernel, (gint64) kernel);
  TapShape bias_shape = tap_shape_new (1, (gint64) channels);
  double bound = gain * sqrt (6.0 / (x.channels / group * kernel * kernel));
  TapAttrs *attrs = tap_attrs_new ();
  int inputs[3] = { x.value, constant (self, "weight", &shape, bound),
                    constant (self, "bias", &bias_shape, 0.02) };

  set_window (attrs, kernel, stride, pad);
  tap_attrs_set_int (attrs, "group", group);
  return (Maps){ node (self, "Conv", inputs, 3, attrs), channels };
}

static Maps
relu (Builder *self, Maps x)
{
  return (Maps){ node (self, "Relu", &x.value, 1, NULL), x.channels };
}

/* Convolution and ReLU. */
static Maps
conv (Builder *self, Maps x, int channels, int kernel, int stride, int pad)
{
  return relu (self, conv_gain (self, x, channels, kernel, stride, pad, 1, 1));
}

static Maps
max_pool (Builder *self, Maps x, int kernel, int stride, int pad, gboolean ceil_mode)
{
  TapAttrs *attrs = tap_attrs_new ();

  set_window (attrs, kernel, stride, pad);
  tap_attrs_set_int (attrs, "ceil_mode", ceil_mode);
  return (Maps){ node (self, "MaxPool", &x.value, 1, attrs), x.channels };
}

static Maps
concat (Builder *self, const Maps *parts, int n)
{
  TapAttrs *attrs = tap_attrs_new ();
  int inputs[4], channels = 0;

  g_assert_cmpint (n, <=, 4);
  for (int i = 0; i < n; i++)
    {
      inputs[i] = parts[i].value;
      channels += parts[i].channels;
    }
  tap_attrs_set_int (attrs, "axis", 1);
  return (Maps){ node (self, "Concat", inputs, n, attrs), channels };
}

static Maps
add (Builder *self, Maps a, Maps b)
{
  int inputs[2] = { a.value, b.value };

  return (Maps){ node (self, "Add", inputs, 2, NULL), a.channels };
}

/* @cells: of each map */
static Maps
flatten (Builder *self, Maps x, int cells)
{
  TapAttrs *attrs = tap_attrs_new ();

  tap_attrs_set_int (attrs, "axis", 1);
  return (Maps){ node (self, "Flatten", &x.value, 1, attrs), x.channels * cells };
}

static Maps
global_average (Builder *self, Maps x)
{
  return flatten (self, (Maps){ node (self, "GlobalAveragePool", &x.value, 1, NULL), x.channels },
                  1);
}

static Maps
gemm (Builder *self, Maps x, int channels)
{
  TapShape shape = tap_shape_new (2, (gint64) channels, (gint64) x.channels);
  TapShape bias_shape = tap_shape_new (1, (gint64) channels);
  TapAttrs *attrs = tap_attrs_new ();
  int inputs[3] = { x.value, constant (self, "weight", &shape, sqrt (6.0 / x.channels)),
                    constant (self, "bias", &bias_shape, 0.02) };

  tap_attrs_set_int (attrs, "transB", 1);
  return (Maps){ node (self, "Gemm", inputs, 3, attrs), channels };
}

/* --- the networks --- */

static Maps
fire (Builder *self, Maps x, int squeeze, int expand)
{
  Maps squeezed = conv (self, x, squeeze, 1, 1, 0);
  Maps parts[2] = { conv (self, squeezed, expand, 1, 1, 0),
                    conv (self, squeezed, expand, 3, 1, 1) };

  return concat (self, parts, 2);
}

static Maps
squeezenet (Builder *self, Maps x)
{
  x = max_pool (self, conv (self, x, 64, 3, 2, 0), 3, 2, 0, TRUE);
  x = fire (self, fire (self, x, 16, 64), 16, 64);
  x = max_pool (self, x, 3, 2, 0, TRUE);
  x = fire (self, fire (self, x, 32, 128), 32, 128);
  x = max_pool (self, x, 3, 2, 0, TRUE);
  x = fire (self, fire (self, x, 48, 192), 48, 192);
  x = fire (self, fire (self, x, 64, 256), 64, 256);
  return global_average (self, conv (self, x, 1000, 1, 1, 0));
}

static Maps
alexnet (Builder *self, Maps x)
{
  x = max_pool (self, conv (self, x, 64, 11, 4, 2), 3, 2, 0, FALSE);
  x = max_pool (self, conv (self, x, 192, 5, 1, 2), 3, 2, 0, FALSE);
  x = conv (self, conv (self, x, 384, 3, 1, 1), 256, 3, 1, 1);
  x = max_pool (self, conv (self, x, 256, 3, 1, 1), 3, 2, 0, FALSE);
  x = relu (self, gemm (self, flatten (self, x, 6 * 6), 4096));
  return gemm (self, relu (self, gemm (self, x, 4096)), 1000);
}

/* @third: convolutions in the last three blocks, 3 or 4 */
static Maps
vgg (Builder *self, Maps x, int third)
{
  static const int widths[] = { 64, 128, 256, 512, 512 };

  for (int block = 0; block < 5; block++)
    {
      for (int i = 0; i < (block < 2 ? 2 : third); i++)
        x = conv (self, x, widths[block], 3, 1, 1);
      x = max_pool (self, x, 2, 2, 0, FALSE);
    }
  x = relu (self, gemm (self, flatten (self, x, 7 * 7), 4096));
  return gemm (self, relu (self, gemm (self, x, 4096)), 1000);
}

static Maps
vgg16 (Builder *self, Maps x)
{
  return vgg (self, x, 3);
}

static Maps
vgg19 (Builder *self, Maps x)
{
  return vgg (self, x, 4);
}

/* @w: 1×1; 1×1 and 3×3; 1×1 and 3×3; behind the pool */
static Maps
inception (Builder *self, Maps x, const int *w)
{
  Maps parts[4] = {
    conv (self, x, w[0], 1, 1, 0),
    conv (self, conv (self, x, w[1], 1, 1, 0), w[2], 3, 1, 1),
    conv (self, conv (self, x, w[3], 1, 1, 0), w[4], 3, 1, 1),
    conv (self, max_pool (self, x, 3, 1, 1, TRUE), w[5], 1, 1, 0),
  };

  return concat (self, parts, 4);
}

static Maps
googlenet (Builder *self, Maps x)
{
  static const int widths[9][6] = {
    { 64, 96, 128, 16, 32, 32 },     { 128, 128, 192, 32, 96, 64 },
    { 192, 96, 208, 16, 48, 64 },    { 160, 112, 224, 24, 64, 64 },
    { 128, 128, 256, 24, 64, 64 },   { 112, 144, 288, 32, 64, 64 },
    { 256, 160, 320, 32, 128, 128 }, { 256, 160, 320, 32, 128, 128 },
    { 384, 192, 384, 48, 128, 128 },
  };

  x = max_pool (self, conv (self, x, 64, 7, 2, 3), 3, 2, 0, TRUE);
  x = conv (self, conv (self, x, 64, 1, 1, 0), 192, 3, 1, 1);
  x = max_pool (self, x, 3, 2, 0, TRUE);
  for (int i = 0; i < 9; i++)
    {
      x = inception (self, x, widths[i]);
      if (i == 1)
        x = max_pool (self, x, 3, 2, 0, TRUE);
      if (i == 6)
        x = max_pool (self, x, 2, 2, 0, TRUE);
    }
  return gemm (self, global_average (self, x), 1000);
}

/* The gain of a block's last convolution keeps sixteen sums from growing without end. */
static Maps
resnet_block (Builder *self, Maps x, int width, int stride, gboolean bottleneck)
{
  int channels = bottleneck ? 4 * width : width;
  Maps shortcut =
    stride == 1 && x.channels == channels ? x : conv_gain (self, x, channels, 1, stride, 0, 1, 0.7);
  Maps y;

  if (bottleneck)
    y = conv_gain (self, conv (self, conv (self, x, width, 1, 1, 0), width, 3, stride, 1), channels,
                   1, 1, 0, 1, 0.5);
  else
    y = conv_gain (self, conv (self, x, width, 3, stride, 1), channels, 3, 1, 1, 1, 0.5);
  return relu (self, add (self, y, shortcut));
}

static Maps
resnet (Builder *self, Maps x, const int *blocks, gboolean bottleneck)
{
  x = max_pool (self, conv (self, x, 64, 7, 2, 3), 3, 2, 1, FALSE);
  for (int stage = 0; stage < 4; stage++)
    for (int i = 0; i < blocks[stage]; i++)
      x = resnet_block (self, x, 64 << stage, i == 0 && stage > 0 ? 2 : 1, bottleneck);
  return gemm (self, global_average (self, x), 1000);
}

static Maps
resnet18 (Builder *self, Maps x)
{
  return resnet (self, x, (const int[]){ 2, 2, 2, 2 }, FALSE);
}

static Maps
resnet50 (Builder *self, Maps x)
{
  return resnet (self, x, (const int[]){ 3, 4, 6, 3 }, TRUE);
}

/* Convolution and ReLU6. */
static Maps
conv6 (Builder *self, Maps x, int channels, int kernel, int stride, int group)
{
  Maps y = conv_gain (self, x, channels, kernel, stride, kernel / 2, group, 1);
  int inputs[3] = { y.value, -1, -1 };
  const float limits[2] = { 0, 6 };

  for (int i = 0; i < 2; i++)
    {
      TapTensor *limit = tap_tensor_new_f32 (&TAP_SHAPE_SCALAR, &limits[i], NULL);

      inputs[i + 1] = new_value (self, "limit");
      tap_graph_set_constant (self->graph, inputs[i + 1], limit);
      tap_tensor_unref (limit);
    }
  return (Maps){ node (self, "Clip", inputs, 3, NULL), channels };
}

static Maps
mobilenet_v2 (Builder *self, Maps x)
{
  /* expansion, width, blocks, first stride */
  static const int stages[7][4] = {
    { 1, 16, 1, 1 }, { 6, 24, 2, 2 },  { 6, 32, 3, 2 },  { 6, 64, 4, 2 },
    { 6, 96, 3, 1 }, { 6, 160, 3, 2 }, { 6, 320, 1, 1 },
  };

  x = conv6 (self, x, 32, 3, 2, 1);
  for (int s = 0; s < 7; s++)
    for (int i = 0; i < stages[s][2]; i++)
      {
        int stride = i == 0 ? stages[s][3] : 1, wide = x.channels * stages[s][0];
        Maps y = stages[s][0] == 1 ? x : conv6 (self, x, wide, 1, 1, 1);

        y = conv6 (self, y, wide, 3, stride, wide);
        y = conv_gain (self, y, stages[s][1], 1, 1, 0, 1, 0.7);
        x = stride == 1 && x.channels == y.channels ? add (self, x, y) : y;
      }
  return gemm (self, global_average (self, conv6 (self, x, 1280, 1, 1, 1)), 1000);
}

const BenchNetwork bench_networks[] = {
  { "squeezenet1_1", "SqueezeNet 1.1", 1.0, 3, 0, TRUE, TRUE },
  { "mobilenet_v2", "MobileNetV2", 0.9, 0, 0, FALSE, FALSE },
  { "googlenet", "GoogLeNet", 1.0, 0, 0, FALSE, FALSE },
  { "resnet18", "ResNet-18", 1.0, 0, 0, FALSE, FALSE },
  { "alexnet", "AlexNet", 0, 0, 0, FALSE, FALSE },
  { "resnet50", "ResNet-50", 0.9, 0, 0, FALSE, FALSE },
  { "vgg16", "VGG16", 1.0, 33, 650, TRUE, TRUE },
  { "vgg19", "VGG19", 1.0, 0, 0, FALSE, FALSE },
  { NULL },
};

static Maps (*const builders[]) (Builder *, Maps) = {
  squeezenet, mobilenet_v2, googlenet, resnet18, alexnet, resnet50, vgg16, vgg19,
};

const BenchNetwork *
bench_network_find (const char *id)
{
  for (const BenchNetwork *network = bench_networks; network->id != NULL; network++)
    if (strcmp (network->id, id) == 0)
      return network;
  return NULL;
}

TapGraph *
bench_network_build (const BenchNetwork *network)
{
  Builder builder = { tap_graph_new (network->id), G_GUINT64_CONSTANT (0x9e3779b97f4a7c15), 0 };
  TapShape shape = tap_shape_new (4, (gint64) -1, (gint64) 3, (gint64) 224, (gint64) 224);
  Maps x = { tap_graph_value (builder.graph, "picture"), 3 };
  g_autoptr (GError) error = NULL;

  tap_graph_add_input (builder.graph, x.value, TAP_DTYPE_F32, &shape);
  tap_graph_add_output (builder.graph, builders[network - bench_networks](&builder, x).value);
  tap_graph_sort (builder.graph, &error);
  g_assert_no_error (error);
  return builder.graph;
}
