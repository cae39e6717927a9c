/* resize.c - Resize, Upsample: maps at another size
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Interpolation is a product of one dimension each: for every axis a table says from which cells, with
 * which weights, each output index is made (one for nearest, two for linear, four for cubic). An axis
 * that keeps its size has one cell of weight 1. */

#include "config.h"

#include <math.h>

#include "engine/cpu/tap-cpu.h"

#define MAX_CELLS 4

typedef struct
{
  gint32 cells[MAX_CELLS];
  float weights[MAX_CELLS];
} Taps;

typedef struct
{
  const TapCpuRun *run;
  gboolean back; /* from the gradient of the output to that of the input */
  int n_dims, n_taps[TAP_MAX_DIMS];
  Taps *axes[TAP_MAX_DIMS];
  gint64 strides[TAP_MAX_DIMS];
  gsize rows, rows_per_task;
} Resize;

typedef struct
{
  const char *transform, *nearest;
  char mode; /* nearest, linear or bilinear, cubic */
  double cubic;
  gboolean exclude_outside;
} Style;

static void
read_style (const TapCpuRun *run, Style *s)
{
  const TapAttrs *attrs = run->node->attrs;
  gboolean old =
    g_str_equal (run->node->op_type, "Upsample") || (run->node->opset > 0 && run->node->opset < 11);
  const char *mode = tap_attrs_get_string (attrs, "mode", "nearest");

  s->transform = tap_attrs_get_string (attrs, "coordinate_transformation_mode",
                                       old ? "asymmetric" : "half_pixel");
  s->nearest = tap_attrs_get_string (attrs, "nearest_mode", old ? "floor" : "round_prefer_floor");
  s->mode = mode[0] == 'b' ? 'l' : mode[0];
  s->cubic = tap_attrs_get_float (attrs, "cubic_coeff_a", -0.75);
  s->exclude_outside = tap_attrs_get_int (attrs, "exclude_outside", 0) != 0;
}

/* Where output index @i lies among @in input cells. In float throughout, as the frameworks do it: with
 * a scale such as 1.7, which no float holds, doubles would fall on the other side of whole numbers. */
static float
source (const Style *s, float i, float in, float out, float scale)
{
  if (g_str_equal (s->transform, "asymmetric"))
    return i / scale;
  if (g_str_equal (s->transform, "align_corners"))
    /* by the exact size that the scale asks for, of which out is the whole part */
    return out > 1 ? i * (in - 1) / (in * scale - 1) : 0;
  if (g_str_equal (s->transform, "pytorch_half_pixel") && out <= 1)
    return 0;
  if (g_str_equal (s->transform, "tf_half_pixel_for_nn"))
    return (i + 0.5f) / scale;
  if (g_str_equal (s->transform, "half_pixel_symmetric"))
    return in / 2 * (1 - out / (in * scale)) + (i + 0.5f) / scale - 0.5f;
  return (i + 0.5f) / scale - 0.5f;
}

static gint64
nearest_cell (const Style *s, float x)
{
  if (g_str_equal (s->nearest, "floor"))
    return (gint64) floorf (x);
  if (g_str_equal (s->nearest, "ceil"))
    return (gint64) ceilf (x);
  if (g_str_equal (s->nearest, "round_prefer_ceil"))
    return (gint64) floorf (x + 0.5f);
  return (gint64) ceilf (x - 0.5f);
}

static double
cubic_weight (double a, double d)
{
  d = fabs (d);
  if (d <= 1)
    return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2)
    return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return 0;
}

static int
fill_axis (const Style *s, gint64 in, gint64 out, double scale, Taps *taps)
{
  gint64 last = in - 1;

  if (in == out && scale == 1)
    {
      for (gint64 i = 0; i < out; i++)
        taps[i] = (Taps){ { (gint32) i }, { 1 } };
      return 1;
    }
  for (gint64 i = 0; i < out; i++)
    {
      float x = source (s, (float) i, (float) in, (float) out, (float) scale);
      gint64 cell = (gint64) floorf (x);
      double f = (double) (x - (float) cell), sum = 0;

      if (s->mode == 'n')
        taps[i] = (Taps){ { (gint32) CLAMP (nearest_cell (s, x), 0, last) }, { 1 } };
      else if (s->mode == 'l')
        taps[i] = (Taps){
          { (gint32) CLAMP (cell, 0, last), (gint32) CLAMP (cell + 1, 0, last) },
          { (float) (1 - f), (float) f },
        };
      else
        {
          double w[MAX_CELLS];

          for (int k = 0; k < MAX_CELLS; k++)
            {
              gint64 at = cell - 1 + k;

              w[k] = s->exclude_outside && (at < 0 || at > last) ?
                       0 :
                       cubic_weight (s->cubic, f + 1 - k);
              sum += w[k];
              taps[i].cells[k] = (gint32) CLAMP (at, 0, last);
            }
          for (int k = 0; k < MAX_CELLS; k++)
            taps[i].weights[k] = (float) (s->exclude_outside ? w[k] / sum : w[k]);
        }
    }
  return s->mode == 'n' ? 1 : s->mode == 'l' ? 2 : MAX_CELLS;
}

/* Scale along @axis as the node gives it, else the ratio of sizes. */
static double
scale_of (const TapCpuRun *run, int axis)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  double ratio = (double) y->dims[axis] / (double) x->dims[axis];
  const TapAttrs *attrs = run->node->attrs;
  gboolean upsample = g_str_equal (run->node->op_type, "Upsample");
  gboolean old = upsample || (run->node->opset > 0 && run->node->opset < 11);
  const float *scales = NULL;
  gsize n = 0;
  int at = axis;

  if (upsample && tap_attrs_has (attrs, "height_scale") && axis == 2)
    return tap_attrs_get_float (attrs, "height_scale", ratio);
  if (upsample && tap_attrs_has (attrs, "width_scale") && axis == 3)
    return tap_attrs_get_float (attrs, "width_scale", ratio);
  if (!old && tap_cpu_has_input (run, 3) && tap_cpu_count (&run->inputs[3].shape) > 0)
    return ratio;
  if (tap_cpu_has_input (run, old ? 1 : 2))
    {
      scales = tap_cpu_f32 (&run->inputs[old ? 1 : 2]);
      n = tap_cpu_count (&run->inputs[old ? 1 : 2].shape);
    }
  else
    scales = tap_attrs_get_floats (attrs, "scales", &n);
  if (tap_attrs_has (attrs, "axes"))
    {
      gsize n_axes;
      const gint64 *axes = tap_attrs_get_ints (attrs, "axes", &n_axes);

      at = -1;
      for (gsize i = 0; i < n_axes; i++)
        if (tap_cpu_axis (axes[i], x->n_dims) == axis)
          at = (int) i;
    }
  return scales != NULL && at >= 0 && (gsize) at < n ? (double) scales[at] : ratio;
}

static gsize
resize_scratch (const TapCpuRun *run)
{
  gsize n = 0;

  for (int d = 0; d < run->outputs[0].shape.n_dims; d++)
    n += (gsize) run->outputs[0].shape.dims[d];
  return n * sizeof (Taps);
}

/* Cells of an output row from one input row, times @weight, added. */
static void
add_row (const Resize *r, const float *x, float weight, float *y, gint64 start, gint64 end)
{
  int last = r->n_dims - 1;
  const Taps *taps = r->axes[last];

  for (gint64 i = start; i < end; i++)
    {
      float v = 0;

      for (int k = 0; k < r->n_taps[last]; k++)
        v += taps[i].weights[k] * x[taps[i].cells[k]];
      y[i] += weight * v;
    }
}

/* Its adjoint: one output row, times @weight, added to the cells of one input row. */
static void
add_row_back (const Resize *r, float *dx, float weight, const float *dy)
{
  int last = r->n_dims - 1;
  gint64 n = r->run->outputs[0].shape.dims[last];
  const Taps *taps = r->axes[last];

  for (gint64 i = 0; i < n; i++)
    for (int k = 0; k < r->n_taps[last]; k++)
      dx[taps[i].cells[k]] += weight * taps[i].weights[k] * dy[i];
}

/* Cells of a row of the output. */
static void
resize_row (const Resize *r, gsize row, gint64 start, gint64 end)
{
  const TapShape *y = &r->run->outputs[0].shape;
  int last = r->n_dims - 1;
  float *to = tap_cpu_f32 (r->back ? &r->run->output_grads[0] : &r->run->outputs[0]) +
              row * (gsize) y->dims[last];
  const Taps *taps[TAP_MAX_DIMS];
  int combinations = 1;
  gsize rest = row;

  for (int d = last - 1; d >= 0; d--)
    {
      taps[d] = &r->axes[d][rest % (gsize) y->dims[d]];
      rest /= (gsize) y->dims[d];
      combinations *= r->n_taps[d];
    }
  for (gint64 i = start; i < end && !r->back; i++)
    to[i] = 0;
  for (int c = 0; c < combinations; c++)
    {
      gint64 from = 0;
      float weight = 1;

      for (int d = last - 1, k = c; d >= 0; k /= r->n_taps[d], d--)
        {
          from += taps[d]->cells[k % r->n_taps[d]] * r->strides[d];
          weight *= taps[d]->weights[k % r->n_taps[d]];
        }
      if (weight != 0 && r->back)
        add_row_back (r, tap_cpu_f32 (&r->run->input_grads[0]) + from, weight, to);
      else if (weight != 0)
        add_row (r, tap_cpu_f32 (&r->run->inputs[0]) + from, weight, to, start, end);
    }
}

static void
resize_task (gpointer user_data, int task, int worker)
{
  const Resize *r = user_data;
  gsize first = (gsize) task * r->rows_per_task, last = MIN (first + r->rows_per_task, r->rows);

  for (gsize row = first; row < last; row++)
    resize_row (r, row, 0, r->run->outputs[0].shape.dims[r->n_dims - 1]);
}

static void
resize_span (const TapCpuRun *run, gpointer data, gsize offset, gsize n, gsize image, gsize channel)
{
  const TapShape *y = &run->outputs[0].shape;
  gsize width = (gsize) y->dims[y->n_dims - 1];

  for (gsize length; n > 0; offset += length, n -= length)
    {
      gsize start = offset % width;

      length = MIN (width - start, n);
      resize_row (data, offset / width, (gint64) start, (gint64) (start + length));
    }
}

static void
read_axes (const TapCpuRun *run, Resize *r)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  Taps *taps = run->scratch;
  Style style;

  *r = (Resize){ .run = run, .n_dims = x->n_dims };
  read_style (run, &style);
  for (int d = 0; d < x->n_dims; d++)
    {
      r->axes[d] = taps;
      r->n_taps[d] = fill_axis (&style, x->dims[d], y->dims[d], scale_of (run, d), taps);
      taps += y->dims[d];
    }
  tap_cpu_dense_strides (x, r->strides);
  r->rows = (gsize) tap_shape_product (y, 0, y->n_dims - 1);
}

static gboolean
resize_forward (const TapCpuRun *run, GError **error)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  Resize r;

  if (tap_cpu_count (y) == 0 || tap_cpu_count (x) == 0)
    return TRUE;
  if (x->n_dims == 0)
    {
      *tap_cpu_f32 (&run->outputs[0]) = *tap_cpu_f32 (&run->inputs[0]);
      return TRUE;
    }
  read_axes (run, &r);
  tap_cpu_spans (run, FALSE, resize_span, &r);
  return TRUE;
}

static gboolean
resize_reads (const TapCpuRun *run, int input, int axis, TapCpuCells *cells)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  g_autofree Taps *taps = g_new (Taps, (gsize) y->dims[axis] + 1);
  Style style;
  int n;

  if (input != 0 || tap_cpu_count (x) == 0)
    return FALSE;
  read_style (run, &style);
  n = fill_axis (&style, x->dims[axis], y->dims[axis], scale_of (run, axis), taps);
  for (gint64 i = 0; i < y->dims[axis]; i++)
    {
      cells[i] = (TapCpuCells){ taps[i].cells[0], taps[i].cells[0] };
      for (int k = 1; k < n; k++)
        {
          cells[i].first = MIN (cells[i].first, taps[i].cells[k]);
          cells[i].last = MAX (cells[i].last, taps[i].cells[k]);
        }
    }
  return TRUE;
}

/* Only the data has a gradient; scales count as given. Tasks are indices of the first dimensions, up to the one
 * that changes its size, so no cell of the input belongs to two. */
static gboolean
resize_backward (const TapCpuRun *run, GError **error)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  gsize blocks = 1;
  Resize r;

  for (int i = 0; i < run->n_inputs; i++)
    if (run->input_grads[i].data != NULL)
      tap_cpu_zero (run, tap_cpu_f32 (&run->input_grads[i]), tap_cpu_count (&run->inputs[i].shape));
  if (tap_cpu_count (y) == 0 || tap_cpu_count (x) == 0 || run->input_grads[0].data == NULL)
    return TRUE;
  if (x->n_dims == 0)
    {
      *tap_cpu_f32 (&run->input_grads[0]) = *tap_cpu_f32 (&run->output_grads[0]);
      return TRUE;
    }
  read_axes (run, &r);
  r.back = TRUE;
  for (int d = 0; d < x->n_dims - 1 && r.n_taps[d] == 1 && x->dims[d] == y->dims[d]; d++)
    blocks *= (gsize) x->dims[d];
  r.rows_per_task = r.rows / blocks;
  tap_pool_run (run->pool, (int) blocks, resize_task, &r);
  return TRUE;
}

const TapCpuKernel tap_cpu_resize = {
  .op = "Resize",
  .types = "fffi",
  .flags = TAP_CPU_REGIONS,
  .scratch = resize_scratch,
  .forward = resize_forward,
  .reads = resize_reads,
  .backward = resize_backward,
  .scratch_backward = resize_scratch,
};

const TapCpuKernel tap_cpu_upsample = {
  .op = "Upsample",
  .flags = TAP_CPU_REGIONS,
  .scratch = resize_scratch,
  .forward = resize_forward,
  .reads = resize_reads,
  .backward = resize_backward,
  .scratch_backward = resize_scratch,
};
