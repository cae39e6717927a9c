/* graphs.c - well-known networks built by hand, with shapes but without weights
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "graphs.h"

#include <stdarg.h>

const char *const graph_names[N_GRAPHS] = { "vgg",         "squeezenet", "resnet50",  "resnet152",
                                            "densenet201", "googlenet",  "mobilenet", "unet" };

typedef struct
{
  TapGraph *graph;
  gboolean named;
  int count;
} Maker;

/* A feature map on its way. */
typedef struct
{
  int value;
  int channels, size;
} Map;

static Map
layer (Maker *m,
       const char *op,
       const char *name,
       TapAttrs *attrs,
       int channels,
       int size,
       int n,
       const Map *in)
{
  g_autofree char *own =
    m->named && name != NULL ? g_strdup (name) : g_strdup_printf ("%s_%d", op, m->count);
  g_autofree char *out = g_strdup_printf ("value_%d", m->count++);
  int *inputs = g_new (int, n);
  Map map = { tap_graph_value (m->graph, out), channels, size };
  TapValue *value = tap_graph_get_value (m->graph, map.value);

  for (int i = 0; i < n; i++)
    inputs[i] = in[i].value;
  value->shape = tap_shape_new (4, (gint64) 1, (gint64) channels, (gint64) size, (gint64) size);
  value->has_shape = TRUE;
  g_assert_nonnull (tap_graph_add_node (m->graph, own, op, inputs, n, &map.value, 1, attrs, NULL));
  g_free (inputs);
  return map;
}

static Map
window (Maker *m, const char *op, const char *name, Map in, int channels, int kernel, int stride)
{
  TapAttrs *attrs = tap_attrs_new ();

  tap_attrs_set_ints (attrs, "kernel_shape", (const gint64[]){ kernel, kernel }, 2);
  tap_attrs_set_ints (attrs, "strides", (const gint64[]){ stride, stride }, 2);
  return layer (m, op, name, attrs, channels, (in.size + stride - 1) / stride, 1, &in);
}

static Map
simple (Maker *m, const char *op, const char *name, Map in)
{
  return layer (m, op, name, tap_attrs_new (), in.channels, in.size, 1, &in);
}

G_GNUC_PRINTF (1, 2)
static const char *
fmt (const char *format, ...)
{
  static char buffers[64][80];
  static int next;
  char *buffer = buffers[next++ % 64];
  va_list args;

  va_start (args, format);
  g_vsnprintf (buffer, sizeof buffers[0], format, args);
  va_end (args);
  return buffer;
}

static Map
input (Maker *m, int size)
{
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 3, (gint64) size, (gint64) size);
  Map map = { tap_graph_value (m->graph, "data"), 3, size };

  tap_graph_add_input (m->graph, map.value, TAP_DTYPE_F32, &shape);
  tap_graph_get_value (m->graph, map.value)->has_shape = TRUE;
  return map;
}

static Map
conv_relu (Maker *m, const char *name, Map in, int channels, int kernel, int stride)
{
  Map map = window (m, "Conv", name, in, channels, kernel, stride);

  return simple (m, "Relu", fmt ("%s_relu", name), map);
}

static Map
conv_bn (Maker *m, const char *name, Map in, int channels, int kernel, int stride, gboolean relu)
{
  Map map = window (m, "Conv", name, in, channels, kernel, stride);

  map = simple (m, "BatchNormalization", fmt ("%s_bn", name), map);
  return relu ? simple (m, "Relu", fmt ("%s_relu", name), map) : map;
}

static void
finish (Maker *m, Map map, gboolean dense)
{
  if (map.size > 1)
    {
      map = layer (m, "GlobalAveragePool", "pool", tap_attrs_new (), map.channels, 1, 1, &map);
      map = simple (m, "Flatten", "flatten", map);
    }
  if (dense)
    map = layer (m, "Gemm", "fc", tap_attrs_new (), 1000, 1, 1, &map);
  map = simple (m, "Softmax", "prob", map);
  tap_graph_add_output (m->graph, map.value);
}

static void
build_vgg (Maker *m)
{
  static const int blocks[] = { 2, 2, 3, 3, 3 }, channels[] = { 64, 128, 256, 512, 512 };
  Map map = input (m, 224);

  for (int b = 0; b < 5; b++)
    {
      for (int i = 0; i < blocks[b]; i++)
        map = conv_relu (m, fmt ("conv%d_%d", b + 1, i + 1), map, channels[b], 3, 1);
      map = window (m, "MaxPool", fmt ("pool%d", b + 1), map, map.channels, 2, 2);
    }
  for (int i = 6; i < 8; i++)
    {
      map = layer (m, "Gemm", fmt ("fc%d", i), tap_attrs_new (), 4096, 1, 1, &map);
      map = simple (m, "Relu", fmt ("relu%d", i), map);
      map = simple (m, "Dropout", fmt ("drop%d", i), map);
    }
  finish (m, map, TRUE);
}

static Map
fire (Maker *m, int number, Map in, int squeeze, int expand)
{
  Map s = conv_relu (m, fmt ("fire%d/squeeze1x1", number), in, squeeze, 1, 1);
  Map both[] = { conv_relu (m, fmt ("fire%d/expand1x1", number), s, expand, 1, 1),
                 conv_relu (m, fmt ("fire%d/expand3x3", number), s, expand, 3, 1) };

  return layer (m, "Concat", fmt ("fire%d/concat", number), tap_attrs_new (), 2 * expand, s.size, 2,
                both);
}

static void
build_squeezenet (Maker *m)
{
  Map map = conv_relu (m, "conv1", input (m, 227), 64, 3, 2);

  map = window (m, "MaxPool", "pool1", map, 64, 3, 2);
  map = fire (m, 2, map, 16, 64);
  map = fire (m, 3, map, 16, 64);
  map = window (m, "MaxPool", "pool3", map, map.channels, 3, 2);
  map = fire (m, 4, map, 32, 128);
  map = fire (m, 5, map, 32, 128);
  map = window (m, "MaxPool", "pool5", map, map.channels, 3, 2);
  map = fire (m, 6, map, 48, 192);
  map = fire (m, 7, map, 48, 192);
  map = fire (m, 8, map, 64, 256);
  map = fire (m, 9, map, 64, 256);
  map = simple (m, "Dropout", "drop9", map);
  map = conv_relu (m, "conv10", map, 1000, 1, 1);
  finish (m, map, FALSE);
}

static void
build_resnet (Maker *m, const int *blocks)
{
  Map map = conv_bn (m, "conv1", input (m, 224), 64, 7, 2, TRUE);

  map = window (m, "MaxPool", "maxpool", map, 64, 3, 2);
  for (int stage = 0; stage < 4; stage++)
    for (int i = 0; i < blocks[stage]; i++)
      {
        const char *at = fmt ("layer%d/layer%d.%d", stage + 1, stage + 1, i);
        int width = 64 << stage, stride = i == 0 && stage > 0 ? 2 : 1;
        Map ends[2], deep;

        deep = conv_bn (m, fmt ("%s/conv1", at), map, width, 1, 1, TRUE);
        deep = conv_bn (m, fmt ("%s/conv2", at), deep, width, 3, stride, TRUE);
        ends[0] = conv_bn (m, fmt ("%s/conv3", at), deep, 4 * width, 1, 1, FALSE);
        ends[1] =
          i == 0 ? conv_bn (m, fmt ("%s/downsample", at), map, 4 * width, 1, stride, FALSE) : map;
        map =
          layer (m, "Add", fmt ("%s/add", at), tap_attrs_new (), 4 * width, ends[0].size, 2, ends);
        map = simple (m, "Relu", fmt ("%s/relu", at), map);
      }
  finish (m, map, TRUE);
}

static void
build_densenet (Maker *m)
{
  static const int blocks[] = { 6, 12, 48, 32 };
  Map map = conv_bn (m, "conv0", input (m, 224), 64, 7, 2, TRUE);

  map = window (m, "MaxPool", "pool0", map, 64, 3, 2);
  for (int b = 0; b < 4; b++)
    {
      Map seen[64] = { map };
      int n = 1;

      for (int i = 0; i < blocks[b]; i++)
        {
          const char *at = fmt ("denseblock%d/denselayer%d", b + 1, i + 1);
          int channels = 0;
          Map x;

          for (int k = 0; k < n; k++)
            channels += seen[k].channels;
          x = n == 1 ? seen[0] :
                       layer (m, "Concat", fmt ("%s/concat", at), tap_attrs_new (), channels,
                              seen[0].size, n, seen);
          x = simple (m, "BatchNormalization", fmt ("%s/norm1", at), x);
          x = simple (m, "Relu", fmt ("%s/relu1", at), x);
          x = conv_bn (m, fmt ("%s/conv1", at), x, 128, 1, 1, TRUE);
          seen[n++] = window (m, "Conv", fmt ("%s/conv2", at), x, 32, 3, 1);
        }
      map = layer (m, "Concat", fmt ("denseblock%d/concat", b + 1), tap_attrs_new (),
                   seen[0].channels + 32 * (n - 1), seen[0].size, n, seen);
      map = simple (m, "BatchNormalization", fmt ("transition%d/norm", b + 1), map);
      map = simple (m, "Relu", fmt ("transition%d/relu", b + 1), map);
      if (b < 3)
        {
          map = window (m, "Conv", fmt ("transition%d/conv", b + 1), map, map.channels / 2, 1, 1);
          map =
            window (m, "AveragePool", fmt ("transition%d/pool", b + 1), map, map.channels, 2, 2);
        }
    }
  finish (m, map, TRUE);
}

static void
build_googlenet (Maker *m)
{
  Map map = conv_relu (m, "conv1/7x7_s2", input (m, 224), 64, 7, 2);

  map = window (m, "MaxPool", "pool1/3x3_s2", map, 64, 3, 2);
  map = conv_relu (m, "conv2/3x3_reduce", map, 64, 1, 1);
  map = conv_relu (m, "conv2/3x3", map, 192, 3, 1);
  for (int i = 0; i < 9; i++)
    {
      static const char *const names[] = { "3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b" };
      const char *at = fmt ("inception_%s", names[i]);
      Map ends[4];

      if (i == 0 || i == 2 || i == 7)
        map = window (m, "MaxPool", fmt ("pool%d/3x3_s2", i), map, map.channels, 3, 2);
      ends[0] = conv_relu (m, fmt ("%s/1x1", at), map, 128, 1, 1);
      ends[1] = conv_relu (m, fmt ("%s/3x3_reduce", at), map, 96, 1, 1);
      ends[1] = conv_relu (m, fmt ("%s/3x3", at), ends[1], 192, 3, 1);
      ends[2] = conv_relu (m, fmt ("%s/5x5_reduce", at), map, 32, 1, 1);
      ends[2] = conv_relu (m, fmt ("%s/5x5", at), ends[2], 96, 5, 1);
      ends[3] = window (m, "MaxPool", fmt ("%s/pool", at), map, map.channels, 3, 1);
      ends[3] = conv_relu (m, fmt ("%s/pool_proj", at), ends[3], 64, 1, 1);
      map = layer (m, "Concat", fmt ("%s/output", at), tap_attrs_new (), 480, map.size, 4, ends);
    }
  finish (m, map, TRUE);
}

static void
build_mobilenet (Maker *m)
{
  Map map = conv_bn (m, "conv1", input (m, 224), 32, 3, 2, TRUE);

  for (int i = 0; i < 13; i++)
    {
      map = conv_bn (m, fmt ("conv_dw_%d", i + 1), map, map.channels, 3, i % 4 == 3 ? 2 : 1, TRUE);
      map = conv_bn (m, fmt ("conv_pw_%d", i + 1), map, MIN (map.channels * 2, 1024), 1, 1, TRUE);
    }
  finish (m, map, TRUE);
}

static void
build_unet (Maker *m)
{
  Map map = input (m, 256), kept[4];

  for (int i = 0; i < 4; i++)
    {
      kept[i] = conv_relu (m, fmt ("down%d/conv1", i), map, 64 << i, 3, 1);
      kept[i] = conv_relu (m, fmt ("down%d/conv2", i), kept[i], 64 << i, 3, 1);
      map = window (m, "MaxPool", fmt ("down%d/pool", i), kept[i], 64 << i, 2, 2);
    }
  map = conv_relu (m, "middle/conv1", map, 1024, 3, 1);
  for (int i = 3; i >= 0; i--)
    {
      Map both[2];

      map.size *= 2;
      both[0] = layer (m, "ConvTranspose", fmt ("up%d/up", i), tap_attrs_new (), 64 << i, map.size,
                       1, &map);
      both[1] = kept[i];
      map =
        layer (m, "Concat", fmt ("up%d/concat", i), tap_attrs_new (), 128 << i, map.size, 2, both);
      map = conv_relu (m, fmt ("up%d/conv1", i), map, 64 << i, 3, 1);
      map = conv_relu (m, fmt ("up%d/conv2", i), map, 64 << i, 3, 1);
    }
  map = window (m, "Conv", "out", map, 2, 1, 1);
  tap_graph_add_output (m->graph, map.value);
}

TapGraph *
graph_build (GraphKind kind, gboolean named)
{
  static const int resnet50[] = { 3, 4, 6, 3 }, resnet152[] = { 3, 8, 36, 3 };
  Maker m = { tap_graph_new (graph_names[kind]), named, 0 };
  GError *error = NULL;

  switch (kind)
    {
    case GRAPH_VGG:
      build_vgg (&m);
      break;
    case GRAPH_SQUEEZENET:
      build_squeezenet (&m);
      break;
    case GRAPH_RESNET50:
      build_resnet (&m, resnet50);
      break;
    case GRAPH_RESNET152:
      build_resnet (&m, resnet152);
      break;
    case GRAPH_DENSENET201:
      build_densenet (&m);
      break;
    case GRAPH_GOOGLENET:
      build_googlenet (&m);
      break;
    case GRAPH_MOBILENET:
      build_mobilenet (&m);
      break;
    case GRAPH_UNET:
    case N_GRAPHS:
    default:
      build_unet (&m);
      break;
    }
  tap_graph_sort (m.graph, &error);
  g_assert_no_error (error);
  return m.graph;
}
