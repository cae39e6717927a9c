/* pad.c - a margin of zeros, of one number, of the edge or of a mirror
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "engine/cpu/tap-cpu.h"

typedef struct
{
  const TapCpuRun *run;
  gboolean back; /* from the gradient of the output to that of the input */
  char mode;     /* first letter: constant, edge, reflect, wrap */
  gint64 before[TAP_MAX_DIMS], strides[TAP_MAX_DIMS];
  gsize size, rows, rows_per_task;
  union
  {
    float f;
    gint64 i;
  } value;
} Pad;

/* Where along one dimension cell @i comes from; -1 outside of a constant margin. */
static gint64
source (char mode, gint64 i, gint64 n)
{
  if (i >= 0 && i < n)
    return i;
  if (mode == 'e')
    return i < 0 ? 0 : n - 1;
  if (mode == 'w')
    return ((i % n) + n) % n;
  if (mode == 'r')
    return i < 0 ? -i : 2 * (n - 1) - i;
  return -1;
}

/* @length cells of a row of the output; backward, they are added to where they came from. */
static void
pad_row (const Pad *p, gsize row, gint64 start, gint64 length)
{
  const TapShape *x = &p->run->inputs[0].shape, *y = &p->run->outputs[0].shape;
  int last = y->n_dims - 1;
  gint64 n = y->dims[last], offset = 0, end = start + length;
  /* those that lie in the input side by side */
  gint64 from_cell = CLAMP (p->before[last], start, end);
  gint64 to_cell = CLAMP (p->before[last] + x->dims[last], from_cell, end);
  char *to =
    (char *) (p->back ? p->run->output_grads : p->run->outputs)[0].data + row * (gsize) n * p->size;
  const char *from = (p->back ? p->run->input_grads : p->run->inputs)[0].data;
  gboolean inside = TRUE;
  gsize rest = row;

  for (int d = last - 1; d >= 0 && inside; d--)
    {
      gint64 i = source (p->mode, (gint64) (rest % (gsize) y->dims[d]) - p->before[d], x->dims[d]);

      rest /= (gsize) y->dims[d];
      inside = i >= 0;
      offset += i * p->strides[d];
    }
  for (gint64 i = start; i < end; i++)
    {
      gint64 s = inside ? source (p->mode, i - p->before[last], x->dims[last]) : -1;

      if (!p->back && inside && i == from_cell && to_cell > from_cell)
        {
          memcpy (to + (gsize) i * p->size, from + (offset + s) * (gint64) p->size,
                  (gsize) (to_cell - from_cell) * p->size);
          i = to_cell - 1;
          continue;
        }
      if (p->back && s >= 0)
        tap_cpu_f32 (&p->run->input_grads[0])[offset + s] += ((const float *) (void *) to)[i];
      else if (!p->back)
        memcpy (to + (gsize) i * p->size,
                s < 0 ? (const char *) &p->value : from + (offset + s) * (gint64) p->size, p->size);
    }
}

static void
pad_task (gpointer user_data, int task, int worker)
{
  const Pad *p = user_data;
  gsize first = (gsize) task * p->rows_per_task, last = MIN (first + p->rows_per_task, p->rows);

  for (gsize row = first; row < last; row++)
    pad_row (p, row, 0, p->run->outputs[0].shape.dims[p->run->outputs[0].shape.n_dims - 1]);
}

static void
pad_span (const TapCpuRun *run, gpointer data, gsize offset, gsize n, gsize image, gsize channel)
{
  const TapShape *y = &run->outputs[0].shape;
  gsize width = (gsize) y->dims[y->n_dims - 1];

  for (gsize length; n > 0; offset += length, n -= length)
    {
      length = MIN (width - offset % width, n);
      pad_row (data, offset / width, (gint64) (offset % width), (gint64) length);
    }
}

static void
read_pads (const TapCpuRun *run, Pad *p)
{
  const TapShape *x = &run->inputs[0].shape;
  int opset = run->node->opset > 0 ? run->node->opset : 1000;
  const gint64 *pads = NULL, *axes = NULL;
  gsize n = 0, n_axes = 0;

  *p = (Pad){ .run = run, .mode = tap_attrs_get_string (run->node->attrs, "mode", "constant")[0] };
  p->size = tap_dtype_size (run->inputs[0].dtype);
  if (!tap_cpu_ints (run, opset < 11 ? -1 : 1,
                     opset < 2  ? "paddings" :
                     opset < 11 ? "pads" :
                                  NULL,
                     &pads, &n))
    n = 0;
  if (opset >= 11 && !tap_cpu_ints (run, 3, NULL, &axes, &n_axes))
    axes = NULL;
  for (gsize i = 0; i < n / 2; i++)
    p->before[tap_cpu_axis (axes != NULL ? axes[i] : (gint64) i, x->n_dims)] = pads[i];
  tap_cpu_dense_strides (x, p->strides);
}

static gboolean
pad_forward (const TapCpuRun *run, GError **error)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  Pad p;

  if (x->n_dims == 0)
    {
      memcpy (run->outputs[0].data, run->inputs[0].data, tap_dtype_size (run->inputs[0].dtype));
      return TRUE;
    }
  read_pads (run, &p);
  if (run->inputs[0].dtype == TAP_DTYPE_I64)
    p.value.i = tap_cpu_has_input (run, 2) ? tap_cpu_i64 (&run->inputs[2])[0] : 0;
  else
    p.value.f = tap_cpu_has_input (run, 2) ?
                  tap_cpu_f32 (&run->inputs[2])[0] :
                  (float) tap_attrs_get_float (run->node->attrs, "value", 0);
  if (tap_cpu_count (y) == 0)
    return TRUE;
  tap_cpu_spans (run, FALSE, pad_span, &p);
  return TRUE;
}

static gboolean
pad_reads (const TapCpuRun *run, int input, int axis, TapCpuCells *cells)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  Pad p;

  read_pads (run, &p);
  if (input != 0 || p.before[0] != 0)
    return FALSE;
  for (gint64 i = 0; i < y->dims[axis]; i++)
    {
      gint64 s = source (p.mode, i - p.before[axis], x->dims[axis]);

      cells[i] = s < 0 ? (TapCpuCells){ 0, -1 } : (TapCpuCells){ (int) s, (int) s };
    }
  return TRUE;
}

/* What is in the margin, all of it a single number. */
static double
margin_sum (const Pad *p, const float *dy)
{
  const TapShape *x = &p->run->inputs[0].shape, *y = &p->run->outputs[0].shape;
  gsize n = tap_cpu_count (y);
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    {
      gboolean inside = TRUE;
      gsize rest = i;

      for (int d = y->n_dims - 1; d >= 0; d--)
        {
          gint64 at = (gint64) (rest % (gsize) y->dims[d]) - p->before[d];

          rest /= (gsize) y->dims[d];
          inside = inside && at >= 0 && at < x->dims[d];
        }
      sum += inside ? 0 : (double) dy[i];
    }
  return sum;
}

/* Rows of one block share nothing with those of another, so blocks are the tasks: an index of the first
 * dimensions, up to the one that gets a margin. */
static gboolean
pad_backward (const TapCpuRun *run, GError **error)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  const float *dy = tap_cpu_f32 (&run->output_grads[0]);
  gsize blocks = 1;
  Pad p;

  if (x->n_dims == 0)
    {
      if (run->input_grads[0].data != NULL)
        *tap_cpu_f32 (&run->input_grads[0]) = *dy;
      return TRUE;
    }
  read_pads (run, &p);
  p.back = TRUE;
  if (run->n_inputs > 2 && run->input_grads[2].data != NULL)
    *tap_cpu_f32 (&run->input_grads[2]) = p.mode == 'c' ? (float) margin_sum (&p, dy) : 0;
  if (run->input_grads[0].data == NULL)
    return TRUE;
  tap_cpu_zero (run, tap_cpu_f32 (&run->input_grads[0]), tap_cpu_count (x));
  if (tap_cpu_count (y) == 0)
    return TRUE;
  p.rows = (gsize) tap_shape_product (y, 0, y->n_dims - 1);
  for (int d = 0; d < y->n_dims - 1 && p.before[d] == 0 && x->dims[d] == y->dims[d]; d++)
    blocks *= (gsize) x->dims[d];
  p.rows_per_task = p.rows / blocks;
  tap_pool_run (run->pool, (int) blocks, pad_task, &p);
  return TRUE;
}

const TapCpuKernel tap_cpu_pad = {
  .op = "Pad",
  .types = "*i=i",
  .flags = TAP_CPU_REGIONS,
  .forward = pad_forward,
  .reads = pad_reads,
  .backward = pad_backward,
};
