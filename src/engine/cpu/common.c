/* common.c - what kernels share: regions, spans, strided copies
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "engine/cpu/tap-cpu.h"

/* Cells per task of cheap loops. */
#define CHUNK 16384

gsize
tap_cpu_count (const TapShape *shape)
{
  gsize count = 1;

  for (int i = 0; i < shape->n_dims; i++)
    count *= (gsize) shape->dims[i];
  return count;
}

int
tap_cpu_axis (gint64 axis, int n_dims)
{
  return (int) (axis < 0 ? axis + n_dims : axis);
}

TapCpuPlanes
tap_cpu_planes (const TapShape *shape)
{
  TapCpuPlanes p = { 1, 1, 1, 1 };

  if (shape->n_dims >= 1)
    p.images = (gsize) shape->dims[0];
  if (shape->n_dims >= 2)
    p.channels = (gsize) shape->dims[1];
  if (shape->n_dims == 4)
    p.height = (gsize) shape->dims[2];
  if (shape->n_dims >= 3)
    p.width = (gsize) tap_shape_product (shape, shape->n_dims == 4 ? 3 : 2, shape->n_dims);
  return p;
}

TapCpuPlanes
tap_cpu_maps (const TapShape *shape)
{
  TapCpuPlanes p = tap_cpu_planes (shape);
  int n = shape->n_dims;

  if (n <= 4)
    return p;
  p.channels = (gsize) tap_shape_product (shape, 1, n - 2);
  p.height = (gsize) shape->dims[n - 2];
  p.width = (gsize) shape->dims[n - 1];
  return p;
}

TapRect
tap_cpu_rect (const TapCpuRun *run, gsize n)
{
  TapCpuPlanes p;

  if (run->rects != NULL)
    return run->rects[n];
  p = tap_cpu_planes (&run->outputs[0].shape);
  return (TapRect){ 0, 0, (int) p.width, (int) p.height };
}

TapWindow
tap_cpu_band_window (const TapCpuBand *band)
{
  TapWindow window = *band->window;
  int below = window.in_h - band->x_first - band->x_rows;

  window.pad_top += band->x_first - band->y_first * window.stride_h;
  window.pad_bottom = below > 0 ? 0 : window.pad_bottom;
  window.in_h = band->x_rows;
  window.out_h = band->y_rows;
  return window;
}

typedef struct
{
  const TapCpuRun *run;
  TapCpuSpanFunc func;
  gpointer data;
  gsize count, planes_per_task;
  TapCpuPlanes planes;
} Spans;

static void
flat_task (gpointer user_data, int task, int worker)
{
  Spans *s = user_data;
  gsize first = (gsize) task * CHUNK;

  s->func (s->run, s->data, first, MIN (CHUNK, s->count - first), 0, 0);
}

static void
plane_task (gpointer user_data, int task, int worker)
{
  Spans *s = user_data;
  gsize n_planes = s->planes.images * s->planes.channels;
  gsize first = (gsize) task * s->planes_per_task;
  gsize last = MIN (first + s->planes_per_task, n_planes);

  for (gsize i = first; i < last; i++)
    {
      gsize n = i / s->planes.channels, c = i % s->planes.channels;
      TapRect rect = tap_cpu_rect (s->run, n);
      gsize start = i * s->planes.height * s->planes.width + (gsize) rect.y * s->planes.width;

      if ((gsize) rect.width == s->planes.width)
        s->func (s->run, s->data, start, (gsize) rect.height * s->planes.width, n, c);
      else
        for (int row = 0; row < rect.height; row++)
          s->func (s->run, s->data, start + (gsize) row * s->planes.width + (gsize) rect.x,
                   (gsize) rect.width, n, c);
    }
}

void
tap_cpu_spans (const TapCpuRun *run, gboolean by_plane, TapCpuSpanFunc func, gpointer data)
{
  Spans s = { run, func, data };
  gsize area, n_planes;

  s.count = tap_cpu_count (&run->outputs[0].shape);
  if (s.count == 0)
    return;
  if (run->rects == NULL && !by_plane)
    {
      tap_pool_run (run->pool, (int) ((s.count + CHUNK - 1) / CHUNK), flat_task, &s);
      return;
    }
  s.planes = run->rects != NULL ? tap_cpu_maps (&run->outputs[0].shape) :
                                  tap_cpu_planes (&run->outputs[0].shape);
  n_planes = s.planes.images * s.planes.channels;
  area = run->rects != NULL ? MAX ((gsize) run->rects[0].width * (gsize) run->rects[0].height, 1) :
                              s.planes.height * s.planes.width;
  s.planes_per_task = MAX (CHUNK / area, 1);
  tap_pool_run (run->pool, (int) ((n_planes + s.planes_per_task - 1) / s.planes_per_task),
                plane_task, &s);
}

void
tap_cpu_dense_strides (const TapShape *shape, gint64 *strides)
{
  gint64 stride = 1;

  for (int i = shape->n_dims - 1; i >= 0; i--)
    {
      strides[i] = stride;
      stride *= shape->dims[i];
    }
}

void
tap_cpu_broadcast_strides (const TapShape *in, const TapShape *out, gint64 *strides)
{
  gint64 dense[TAP_MAX_DIMS];
  int shift = out->n_dims - in->n_dims;

  tap_cpu_dense_strides (in, dense);
  for (int i = 0; i < out->n_dims; i++)
    strides[i] = i < shift || in->dims[i - shift] == 1 ? 0 : dense[i - shift];
}

typedef struct
{
  gsize size;
  char *y;
  const char *x;
  int n_dims; /* of the outer loops, without the innermost */
  gint64 dims[2 * TAP_MAX_DIMS], strides[2 * TAP_MAX_DIMS];
  gint64 inner, inner_stride;
  gsize rows, rows_per_task;
} Copy;

static void
copy_row (const Copy *c, char *y, const char *x)
{
  if (c->inner_stride == 1)
    memcpy (y, x, (gsize) c->inner * c->size);
  else if (c->size == 4)
    {
      guint32 *out = (guint32 *) (void *) y;
      const guint32 *in = (const guint32 *) (const void *) x;

      for (gint64 i = 0; i < c->inner; i++)
        out[i] = in[i * c->inner_stride];
    }
  else
    {
      guint64 *out = (guint64 *) (void *) y;
      const guint64 *in = (const guint64 *) (const void *) x;

      for (gint64 i = 0; i < c->inner; i++)
        out[i] = in[i * c->inner_stride];
    }
}

static void
copy_task (gpointer user_data, int task, int worker)
{
  const Copy *c = user_data;
  gsize first = (gsize) task * c->rows_per_task;
  gsize last = MIN (first + c->rows_per_task, c->rows);

  for (gsize row = first; row < last; row++)
    {
      gint64 offset = 0;
      gsize rest = row;

      for (int d = c->n_dims - 1; d >= 0; d--)
        {
          offset += (gint64) (rest % (gsize) c->dims[d]) * c->strides[d];
          rest /= (gsize) c->dims[d];
        }
      copy_row (c, c->y + row * (gsize) c->inner * c->size, c->x + offset * (gint64) c->size);
    }
}

void
tap_cpu_strided_copy (const TapCpuRun *run,
                      gsize size,
                      void *y,
                      const void *x,
                      int n_dims,
                      const gint64 *dims,
                      const gint64 *strides)
{
  Copy c = { .size = size, .y = y, .x = x, .inner = 1, .inner_stride = 1, .rows = 1 };
  int n = 0;

  for (int d = 0; d < n_dims; d++)
    {
      if (dims[d] == 0)
        return;
      if (dims[d] == 1)
        continue;
      /* Neighbouring dimensions that walk as one are one. */
      if (n > 0 && c.strides[n - 1] == strides[d] * dims[d])
        {
          c.dims[n - 1] *= dims[d];
          c.strides[n - 1] = strides[d];
          continue;
        }
      c.dims[n] = dims[d];
      c.strides[n] = strides[d];
      n++;
    }
  if (n > 0)
    {
      n--;
      c.inner = c.dims[n];
      c.inner_stride = c.strides[n];
    }
  c.n_dims = n;
  for (int d = 0; d < n; d++)
    c.rows *= (gsize) c.dims[d];
  c.rows_per_task = MAX (CHUNK / (gsize) c.inner, 1);
  tap_pool_run (run->pool, (int) ((c.rows + c.rows_per_task - 1) / c.rows_per_task), copy_task, &c);
}

typedef struct
{
  float *x;
  const float *y;
  int n_kept, n_summed; /* without the innermost of each */
  gint64 dims[2 * TAP_MAX_DIMS], x_strides[2 * TAP_MAX_DIMS], y_strides[2 * TAP_MAX_DIMS];
  gint64 sum_dims[2 * TAP_MAX_DIMS], sum_strides[2 * TAP_MAX_DIMS];
  gint64 inner, inner_x, inner_y, sum_inner, sum_inner_stride;
  gsize rows, rows_per_task, sum_rows;
} Sum;

static double
sum_from (const Sum *s, const float *y)
{
  double sum = 0;

  for (gsize row = 0; row < s->sum_rows; row++)
    {
      gint64 offset = 0;
      gsize rest = row;

      for (int d = s->n_summed - 1; d >= 0; d--)
        {
          offset += (gint64) (rest % (gsize) s->sum_dims[d]) * s->sum_strides[d];
          rest /= (gsize) s->sum_dims[d];
        }
      for (gint64 i = 0; i < s->sum_inner; i++)
        sum += (double) y[offset + i * s->sum_inner_stride];
    }
  return sum;
}

static void
sum_task (gpointer user_data, int task, int worker)
{
  const Sum *s = user_data;
  gsize first = (gsize) task * s->rows_per_task, last = MIN (first + s->rows_per_task, s->rows);
  gboolean plain = s->sum_rows * (gsize) s->sum_inner == 1;

  for (gsize row = first; row < last; row++)
    {
      gint64 to = 0, from = 0;
      gsize rest = row;

      for (int d = s->n_kept - 1; d >= 0; d--)
        {
          gint64 index = (gint64) (rest % (gsize) s->dims[d]);

          to += index * s->x_strides[d];
          from += index * s->y_strides[d];
          rest /= (gsize) s->dims[d];
        }
      if (plain && s->inner_x == 1 && s->inner_y == 1)
        memcpy (s->x + to, s->y + from, (gsize) s->inner * sizeof (float));
      else
        for (gint64 i = 0; i < s->inner; i++, to += s->inner_x, from += s->inner_y)
          s->x[to] = plain ? s->y[from] : (float) sum_from (s, s->y + from);
    }
}

/* Takes the last of @n dimensions out of the lists. */
static void
take_inner (int *n, const gint64 *dims, gint64 *inner)
{
  *inner = *n > 0 ? dims[*n - 1] : 1;
  *n = MAX (*n - 1, 0);
}

void
tap_cpu_strided_sum (const TapCpuRun *run,
                     float *x,
                     const float *y,
                     int n_dims,
                     const gint64 *dims,
                     const gint64 *strides)
{
  Sum s = { .x = x, .y = y, .rows = 1, .sum_rows = 1 };
  gint64 y_stride = 1, y_strides[2 * TAP_MAX_DIMS];
  gsize cells;

  for (int d = n_dims - 1; d >= 0; d--)
    {
      y_strides[d] = y_stride;
      y_stride *= dims[d];
    }
  if (y_stride == 0)
    return;
  for (int d = 0; d < n_dims; d++)
    if (dims[d] > 1 && strides[d] != 0)
      {
        int n = s.n_kept;
        /* Neighbouring dimensions that walk as one on both sides are one. */
        gboolean joined = n > 0 && s.x_strides[n - 1] == strides[d] * dims[d] &&
                          s.y_strides[n - 1] == y_strides[d] * dims[d];

        n -= joined ? 1 : 0;
        s.dims[n] = (joined ? s.dims[n] : 1) * dims[d];
        s.x_strides[n] = strides[d];
        s.y_strides[n] = y_strides[d];
        s.n_kept = n + 1;
      }
    else if (dims[d] > 1)
      {
        int n = s.n_summed;
        gboolean joined = n > 0 && s.sum_strides[n - 1] == y_strides[d] * dims[d];

        n -= joined ? 1 : 0;
        s.sum_dims[n] = (joined ? s.sum_dims[n] : 1) * dims[d];
        s.sum_strides[n] = y_strides[d];
        s.n_summed = n + 1;
      }
  take_inner (&s.n_kept, s.dims, &s.inner);
  s.inner_x = s.inner > 1 ? s.x_strides[s.n_kept] : 1;
  s.inner_y = s.inner > 1 ? s.y_strides[s.n_kept] : 1;
  take_inner (&s.n_summed, s.sum_dims, &s.sum_inner);
  s.sum_inner_stride = s.sum_inner > 1 ? s.sum_strides[s.n_summed] : 1;
  for (int d = 0; d < s.n_kept; d++)
    s.rows *= (gsize) s.dims[d];
  for (int d = 0; d < s.n_summed; d++)
    s.sum_rows *= (gsize) s.sum_dims[d];
  cells = (gsize) s.inner * s.sum_rows * (gsize) s.sum_inner;
  s.rows_per_task = MAX (CHUNK / cells, 1);
  tap_pool_run (run->pool, (int) ((s.rows + s.rows_per_task - 1) / s.rows_per_task), sum_task, &s);
}

typedef struct
{
  float *x;
  gsize n;
} Zero;

static void
zero_task (gpointer user_data, int task, int worker)
{
  const Zero *z = user_data;
  gsize first = (gsize) task * CHUNK;

  memset (z->x + first, 0, MIN (CHUNK, z->n - first) * sizeof (float));
}

void
tap_cpu_zero (const TapCpuRun *run, float *x, gsize n)
{
  Zero z = { x, n };

  tap_pool_run (run->pool, (int) ((n + CHUNK - 1) / CHUNK), zero_task, &z);
}

gboolean
tap_cpu_reads_same (const TapCpuRun *run, int axis, TapCpuCells *cells)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;

  for (int i = 0; i < (int) y->dims[axis]; i++)
    cells[i] = (TapCpuCells){ i, i };
  return x->dims[x->n_dims - 1] == y->dims[y->n_dims - 1] &&
         x->dims[x->n_dims - 2] == y->dims[y->n_dims - 2];
}

gboolean
tap_cpu_ints (const TapCpuRun *run, int input, const char *attr, const gint64 **values, gsize *n)
{
  if (input >= 0 && tap_cpu_has_input (run, input))
    {
      if (run->inputs[input].dtype != TAP_DTYPE_I64)
        return FALSE;
      *values = tap_cpu_i64 (&run->inputs[input]);
      *n = tap_cpu_count (&run->inputs[input].shape);
      return TRUE;
    }
  *values = attr != NULL ? tap_attrs_get_ints (run->node->attrs, attr, n) : NULL;
  return *values != NULL;
}
