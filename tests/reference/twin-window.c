/* twin-window.c - Conv, ConvTranspose and pooling by their definitions
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sizes and pads are those of the ONNX operator pages; “caffe_ceil”, “caffe_count” those of Caffe's
 * PoolingLayer. A picture is a volume of depth 1, a signal in one dimension a picture of height 1. */

#include "config.h"

#include <math.h>

#include "twin-private.h"

typedef struct
{
  gint64 kernel, stride, dilation, before, after, in, out;
} Axis;

typedef struct
{
  Axis z, y, x;
  gint64 images, channels;
} Window;

/* total padding of auto_pad; the odd cell goes to the end for SAME_UPPER, to the start for SAME_LOWER */
static void
share (Axis *axis, gint64 total, gboolean more_before)
{
  total = MAX (total, 0);
  axis->before = more_before ? total - total / 2 : total / 2;
  axis->after = total - axis->before;
}

static void
settle_forward (const TwinCall *call, Axis *axis)
{
  const char *auto_pad = twin_string (call, "auto_pad", "NOTSET");
  gint64 reach = axis->dilation * (axis->kernel - 1) + 1;
  double room;

  if (g_str_has_prefix (auto_pad, "SAME"))
    {
      axis->out = (gint64) ceil ((double) axis->in / (double) axis->stride);
      share (axis, (axis->out - 1) * axis->stride + reach - axis->in,
             g_str_equal (auto_pad, "SAME_LOWER"));
      return;
    }
  if (g_str_equal (auto_pad, "VALID"))
    axis->before = axis->after = 0;
  room = (double) (axis->in + axis->before + axis->after - reach) / (double) axis->stride;
  if (twin_int (call, "ceil_mode", 0) == 0 && twin_int (call, "caffe_ceil", 0) == 0)
    {
      axis->out = (gint64) floor (room) + 1;
      return;
    }
  axis->out = (gint64) ceil (room) + 1;
  if (axis->out > 1 && (axis->out - 1) * axis->stride >= axis->in + axis->before)
    axis->out--;
}

static void
settle_transposed (const TwinCall *call, Axis *axis, gint64 extra, gint64 wanted)
{
  const char *auto_pad = twin_string (call, "auto_pad", "NOTSET");
  gint64 full = axis->stride * (axis->in - 1) + extra + (axis->kernel - 1) * axis->dilation + 1;

  if (wanted == 0 && g_str_has_prefix (auto_pad, "SAME"))
    wanted = axis->in * axis->stride;
  if (wanted != 0)
    {
      /* the operator page: half of the surplus before, the rest after, for SAME_UPPER; else the other way */
      share (axis, full - wanted, !g_str_equal (auto_pad, "SAME_UPPER"));
      axis->out = wanted;
      return;
    }
  if (g_str_equal (auto_pad, "VALID"))
    axis->before = axis->after = 0;
  axis->out = full - axis->before - axis->after;
}

static Axis
read_axis (const TwinCall *call, int i, int n_axes, gint64 in, gint64 kernel)
{
  return (Axis){
    .kernel = kernel > 0 ? kernel : twin_ints (call, "kernel_shape", (gsize) i, 1),
    .stride = twin_ints (call, "strides", (gsize) i, 1),
    .dilation = twin_ints (call, "dilations", (gsize) i, 1),
    .before = twin_ints (call, "pads", (gsize) i, 0),
    .after = twin_ints (call, "pads", (gsize) (n_axes + i), 0),
    .in = in,
  };
}

static Window
read_window (const TwinCall *call, const TwinArray *weights, gboolean transposed)
{
  const TapShape *x = &call->inputs[0].shape;
  int n_axes = x->n_dims - 2;
  Window w = { .z = { 1, 1, 1, 0, 0, 1, 1 },
               .y = { 1, 1, 1, 0, 0, 1, 1 },
               .images = x->dims[0],
               .channels = x->dims[1] };
  Axis *axes[] = { &w.z, &w.y, &w.x };

  for (int i = 0; i < n_axes; i++)
    {
      Axis *axis = axes[3 - n_axes + i];

      *axis = read_axis (call, i, n_axes, x->dims[2 + i],
                         weights != NULL ? weights->shape.dims[2 + i] : 0);
      if (transposed)
        settle_transposed (call, axis, twin_ints (call, "output_padding", (gsize) i, 0),
                           twin_ints (call, "output_shape", (gsize) i, 0));
      else
        settle_forward (call, axis);
    }
  return w;
}

static TapShape
output_shape (const TwinCall *call, const Window *w, gint64 channels)
{
  if (call->inputs[0].shape.n_dims == 3)
    return tap_shape_new (3, w->images, channels, w->x.out);
  if (call->inputs[0].shape.n_dims == 4)
    return tap_shape_new (4, w->images, channels, w->y.out, w->x.out);
  return tap_shape_new (5, w->images, channels, w->z.out, w->y.out, w->x.out);
}

/* The input cell that tap @r of output @p looks at; FALSE beyond the borders. */
static gboolean
look (const Axis *axis, gint64 p, gint64 r, gint64 *h)
{
  *h = p * axis->stride - axis->before + r * axis->dilation;
  return *h >= 0 && *h < axis->in;
}

static gsize
cell_of (const Window *w, gint64 n, gint64 c, gint64 d, gint64 h, gint64 v)
{
  return (gsize) ((((n * w->channels + c) * w->z.in + d) * w->y.in + h) * w->x.in + v);
}

#define EACH_OUTPUT(n_channels)                                                                    \
  for (gint64 n = 0, cell = 0; n < w.images; n++)                                                  \
    for (gint64 k = 0; k < (n_channels); k++)                                                      \
      for (gint64 o = 0; o < w.z.out; o++)                                                         \
        for (gint64 p = 0; p < w.y.out; p++)                                                       \
          for (gint64 q = 0; q < w.x.out; q++, cell++)

#define EACH_TAP(t, r, s)                                                                          \
  for (gint64 t = 0; t < w.z.kernel; t++)                                                          \
    for (gint64 r = 0; r < w.y.kernel; r++)                                                        \
      for (gint64 s = 0; s < w.x.kernel; s++)

/* Cells of the weights: [maps][channels][kernel]. */
static gsize
weight_of (const Window *w, gint64 map_and_channel, gint64 t, gint64 r, gint64 s)
{
  return (gsize) (((map_and_channel * w->z.kernel + t) * w->y.kernel + r) * w->x.kernel + s);
}

/* Fast algorithms round more than the definition does. */
static void
allow_winograd (TwinCall *call, const Window *w, gint64 group, gint64 in, gint64 out)
{
  const TwinArray *x = &call->inputs[0];

  if (x->shape.n_dims != 4 || w->y.kernel != 3 || w->x.kernel != 3 || w->y.stride != 1 ||
      w->x.stride != 1 || w->y.dilation != 1 || w->x.dilation != 1)
    return;
  for (gint64 n = 0; n < w->images; n++)
    for (gint64 g = 0; g < group; g++)
      twin_winograd_errors (&(TwinWinograd){
        .x = x->cells + (n * group + g) * in * w->y.in * w->x.in,
        .weights = call->inputs[1].cells + g * out * in * 9,
        .bias = twin_has (call, 2) ? call->inputs[2].cells + g * out : NULL,
        .in = in,
        .out = out,
        .in_h = w->y.in,
        .in_w = w->x.in,
        .out_h = w->y.out,
        .out_w = w->x.out,
        .pad_top = w->y.before,
        .pad_left = w->x.before,
        .errors = call->outputs[0].errors + (n * group + g) * out * w->y.out * w->x.out,
      });
}

static void
conv (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0], *weights = &call->inputs[1];
  Window w = read_window (call, weights, FALSE);
  gint64 group = twin_int (call, "group", 1), outs = weights->shape.dims[0];
  gint64 in_per_group = weights->shape.dims[1], out_per_group = outs / group;
  TapShape shape = output_shape (call, &w, outs);

  twin_output (call, 0, TAP_DTYPE_F32, &shape);
  EACH_OUTPUT (outs)
  {
    double sum = twin_has (call, 2) ? call->inputs[2].cells[k] : 0, size = fabs (sum);
    gint64 d, h, v, n_terms = 1;

    for (gint64 c = 0; c < in_per_group; c++)
      EACH_TAP (t, r, s)
      {
        double term;

        if (!look (&w.z, o, t, &d) || !look (&w.y, p, r, &h) || !look (&w.x, q, s, &v))
          continue;
        term = weights->cells[weight_of (&w, k * in_per_group + c, t, r, s)] *
               x->cells[cell_of (&w, n, k / out_per_group * in_per_group + c, d, h, v)];
        sum += term;
        size += fabs (term);
        n_terms++;
      }
    twin_set (&call->outputs[0], (gsize) cell, sum, (double) n_terms + 1, size);
  }
  allow_winograd (call, &w, group, in_per_group, out_per_group);
}

static void
conv_transpose (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0], *weights = &call->inputs[1];
  Window w = read_window (call, weights, TRUE);
  gint64 group = twin_int (call, "group", 1), out_per_group = weights->shape.dims[1];
  gint64 outs = out_per_group * group, in_per_group = w.channels / group;
  TapShape shape = output_shape (call, &w, outs);
  gsize count = twin_count (&shape);
  g_autofree double *sums = g_new0 (double, count + 1);
  g_autofree double *sizes = g_new0 (double, count + 1);
  g_autofree gint64 *terms = g_new0 (gint64, count + 1);

  twin_output (call, 0, TAP_DTYPE_F32, &shape);
  EACH_OUTPUT (outs)
  {
    sums[cell] = twin_has (call, 2) ? call->inputs[2].cells[k] : 0;
    sizes[cell] = fabs (sums[cell]);
  }
  /* every input cell paints its kernel */
  for (gint64 n = 0; n < w.images; n++)
    for (gint64 c = 0; c < w.channels; c++)
      for (gint64 dh = 0; dh < w.z.in * w.y.in; dh++)
        for (gint64 v = 0; v < w.x.in; v++)
          for (gint64 m = 0; m < out_per_group; m++)
            EACH_TAP (t, r, s)
            {
              gint64 d = dh / w.y.in, h = dh % w.y.in;
              gint64 o = d * w.z.stride - w.z.before + t * w.z.dilation;
              gint64 p = h * w.y.stride - w.y.before + r * w.y.dilation;
              gint64 q = v * w.x.stride - w.x.before + s * w.x.dilation;
              gint64 k = c / in_per_group * out_per_group + m;
              gint64 to = (((n * outs + k) * w.z.out + o) * w.y.out + p) * w.x.out + q;
              double term;

              if (o < 0 || o >= w.z.out || p < 0 || p >= w.y.out || q < 0 || q >= w.x.out)
                continue;
              term = x->cells[cell_of (&w, n, c, d, h, v)] *
                     weights->cells[weight_of (&w, c * out_per_group + m, t, r, s)];
              sums[to] += term;
              sizes[to] += fabs (term);
              terms[to]++;
            }
  for (gsize i = 0; i < count; i++)
    twin_set (&call->outputs[0], i, sums[i], (double) terms[i] + 2, sizes[i]);
}

/* The index that the second output gives: of the cell in the whole input, rows or columns first. */
static double
max_index (const TwinCall *call, const Window *w, gint64 n, gint64 k, gint64 d, gint64 h, gint64 v)
{
  if (twin_int (call, "storage_order", 0) != 0)
    return (double) (((n * w->channels + k) * w->x.in + v) * w->y.in * w->z.in + h * w->z.in + d);
  return (double) cell_of (w, n, k, d, h, v);
}

static void
max_pool (TwinCall *call)
{
  const double *x = call->inputs[0].cells;
  Window w = read_window (call, NULL, FALSE);
  TapShape shape = output_shape (call, &w, w.channels);
  double *y = twin_output (call, 0, call->inputs[0].dtype, &shape);
  double *where = twin_output (call, 1, TAP_DTYPE_I64, &shape);

  EACH_OUTPUT (w.channels)
  {
    double best = -INFINITY, index = -1;
    gint64 d, h, v;

    EACH_TAP (t, r, s)
    {
      double value;

      if (!look (&w.z, o, t, &d) || !look (&w.y, p, r, &h) || !look (&w.x, q, s, &v))
        continue;
      value = x[cell_of (&w, n, k, d, h, v)];
      if (index < 0 || value > best || (isnan (value) && !isnan (best)))
        {
          best = value;
          index = max_index (call, &w, n, k, d, h, v);
        }
    }
    y[cell] = best;
    if (where != NULL)
      where[cell] = index;
  }
}

/* Cells of an output's window along one axis that count: all, those in the picture, or (Caffe) those
 * in the padded picture. */
static gint64
counted (const TwinCall *call, const Axis *axis, gint64 p)
{
  gint64 n = 0, h;

  for (gint64 r = 0; r < axis->kernel; r++)
    {
      gboolean inside = look (axis, p, r, &h);
      gboolean padded = h >= -axis->before && h < axis->in + axis->after;

      if (twin_int (call, "caffe_count", 0) != 0 || twin_int (call, "count_include_pad", 0) != 0)
        n += padded;
      else
        n += inside;
    }
  return n;
}

static void
average_pool (TwinCall *call)
{
  const double *x = call->inputs[0].cells;
  Window w = read_window (call, NULL, FALSE);
  TapShape shape = output_shape (call, &w, w.channels);

  twin_output (call, 0, TAP_DTYPE_F32, &shape);
  EACH_OUTPUT (w.channels)
  {
    double sum = 0, size = 0;
    double count =
      (double) (counted (call, &w.z, o) * counted (call, &w.y, p) * counted (call, &w.x, q));
    gint64 d, h, v;

    EACH_TAP (t, r, s)
    {
      if (!look (&w.z, o, t, &d) || !look (&w.y, p, r, &h) || !look (&w.x, q, s, &v))
        continue;
      sum += x[cell_of (&w, n, k, d, h, v)];
      size += fabs (x[cell_of (&w, n, k, d, h, v)]);
    }
    twin_set (&call->outputs[0], (gsize) cell, count > 0 ? sum / count : 0,
              (double) (w.z.kernel * w.y.kernel * w.x.kernel) + 2, count > 0 ? size / count : 0);
  }
}

static void
lp_pool (TwinCall *call)
{
  const double *x = call->inputs[0].cells;
  double power = (double) twin_int (call, "p", 2);
  Window w = read_window (call, NULL, FALSE);
  TapShape shape = output_shape (call, &w, w.channels);

  twin_output (call, 0, TAP_DTYPE_F32, &shape);
  EACH_OUTPUT (w.channels)
  {
    double sum = 0;
    gint64 d, h, v;

    EACH_TAP (t, r, s)
    if (look (&w.z, o, t, &d) && look (&w.y, p, r, &h) && look (&w.x, q, s, &v))
      sum += pow (fabs (x[cell_of (&w, n, k, d, h, v)]), power);
    /* each term and the root through powf() */
    twin_set (&call->outputs[0], (gsize) cell, pow (sum, 1 / power),
              ((double) (w.z.kernel * w.y.kernel * w.x.kernel) + 8 * power) / power + 8,
              pow (sum, 1 / power));
  }
}

const Twin twins_window[] = {
  { "AveragePool", average_pool },
  { "AveragePool3D", average_pool },
  { "Conv", conv },
  { "Conv3D", conv },
  { "ConvTranspose", conv_transpose },
  { "ConvTranspose3D", conv_transpose },
  { "LpPool", lp_pool },
  { "LpPool3D", lp_pool },
  { "MaxPool", max_pool },
  { "MaxPool3D", max_pool },
  { NULL, NULL },
};
