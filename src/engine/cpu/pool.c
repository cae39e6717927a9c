/* pool.c - maximum, mean and p-norm over sliding windows
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows of a window are joined first, column by column with whole vectors, then the columns of each
 * window. The order is the same for every output cell, wherever it lies. */

#include "config.h"

#include <math.h>

#include "core/tap-error.h"
#include "engine/cpu/tap-cpu.h"

typedef enum
{
  POOL_MAX,
  POOL_AVERAGE,
  POOL_LP,
} PoolKind;

typedef struct
{
  const TapCpuRun *run;
  PoolKind kind;
  TapWindow w;
  gboolean count_padding; /* divide by the window clipped to the padded input, not to the input */
  int p;                  /* the norm */
  gsize channels, n_planes, planes_per_task;
} Pool;

static gsize
pool_scratch (const TapCpuRun *run)
{
  TapWindow w;

  if (!tap_op_window (run->node, &run->inputs[0].shape, NULL, &w, NULL))
    return 0;
  return (gsize) tap_pool_get_n_threads (run->pool) * (((gsize) w.in_w + 15) & ~(gsize) 15) *
         sizeof (float);
}

/* Taps first .. last - 1 of a window that starts at @start lie within [0, limit). */
static inline void
valid_taps (gint64 start, int kernel, int dilation, gint64 limit, int *first, int *last)
{
  gint64 end = limit - start;

  *first = start < 0 ? (int) MIN ((-start + dilation - 1) / dilation, kernel) : 0;
  *last = end <= 0 ? 0 : (int) MIN ((end + dilation - 1) / dilation, kernel);
  *last = MAX (*last, *first);
}

static float
power (float x, int p)
{
  float a = fabsf (x);

  return p == 1 ? a : p == 2 ? a * a : powf (a, (float) p);
}

/* Joins input rows r0 .. r1 - 1 of a window into @joined, columns from .. to - 1. */
static void
join_rows (const Pool *pool,
           const float *x,
           gint64 top,
           int r0,
           int r1,
           gsize from,
           gsize to,
           float *joined)
{
  const TapSimd *simd = pool->run->simd;

  for (int r = r0; r < r1; r++)
    {
      const float *row = x + (gsize) (top + (gint64) r * pool->w.dilation_h) * (gsize) pool->w.in_w;

      if (pool->kind == POOL_LP)
        for (gsize i = from; i < to; i++)
          joined[i] = (r == r0 ? 0 : joined[i]) + power (row[i], pool->p);
      else if (r == r0)
        memcpy (joined + from, row + from, (to - from) * sizeof (float));
      else if (pool->kind == POOL_MAX)
        simd->max_into (joined + from, row + from, to - from);
      else
        simd->add_into (joined + from, row + from, to - from);
    }
}

/* Row-major index of the first maximum within the input plane, for switches and Indices. */
static void
find_switches (const Pool *pool, const float *x, const TapRect *rect, gsize plane, gint64 *where)
{
  const TapWindow *w = &pool->w;
  gboolean column_major = tap_attrs_get_int (pool->run->node->attrs, "storage_order", 0) == 1;

  for (int p = rect->y; p < rect->y + rect->height; p++)
    for (int q = rect->x; q < rect->x + rect->width; q++)
      {
        gint64 top = (gint64) p * w->stride_h - w->pad_top;
        gint64 left = (gint64) q * w->stride_w - w->pad_left;
        int r0, r1, s0, s1;
        gint64 best = -1;

        valid_taps (top, w->kernel_h, w->dilation_h, w->in_h, &r0, &r1);
        valid_taps (left, w->kernel_w, w->dilation_w, w->in_w, &s0, &s1);
        for (int r = r0; r < r1; r++)
          for (int s = s0; s < s1; s++)
            {
              gint64 i =
                (top + (gint64) r * w->dilation_h) * w->in_w + left + (gint64) s * w->dilation_w;

              if (best < 0 || x[i] > x[best] || (isnan (x[i]) && !isnan (x[best])))
                best = i;
            }
        if (column_major && best >= 0)
          best = best % w->in_w * w->in_h + best / w->in_w;
        where[(gsize) p * (gsize) w->out_w + (gsize) q] =
          (gint64) (plane * (gsize) w->in_h * (gsize) w->in_w) + best;
      }
}

/* Outputs from .. to - 1 of a row, window by window, with a look at the borders. */
static void
join_columns (const Pool *pool, int from, int to, const float *joined, float *out)
{
  const TapWindow *w = &pool->w;

  for (int q = from; q < to; q++)
    {
      gint64 left = (gint64) q * w->stride_w - w->pad_left;
      float v = pool->kind == POOL_MAX ? -INFINITY : 0;
      int s0, s1;

      valid_taps (left, w->kernel_w, w->dilation_w, w->in_w, &s0, &s1);
      for (int s = s0; s < s1; s++)
        {
          float u = joined[left + (gint64) s * w->dilation_w];

          if (pool->kind == POOL_MAX)
            v = u > v || u != u ? u : v;
          else
            v += u;
        }
      out[q] = v;
    }
}

/* The same where every tap lies within the row: tap by tap, all windows at once. */
static void
join_inner (const Pool *pool, int from, int to, const float *joined, float *out)
{
  const TapWindow *w = &pool->w;
  const float *x = joined + (gint64) from * w->stride_w - w->pad_left;
  const TapSimd *simd = pool->run->simd;

  if (from >= to)
    return;
  for (int q = from; q < to; q++)
    out[q] = pool->kind == POOL_MAX ? -INFINITY : 0;
  for (int s = 0; s < w->kernel_w; s++, x += w->dilation_w)
    if (pool->kind == POOL_MAX)
      simd->max_into_spread (out + from, x, (size_t) w->stride_w, (size_t) (to - from));
    else
      simd->add_into_spread (out + from, x, (size_t) w->stride_w, (size_t) (to - from));
}

/* Sums to means and norms. */
static void
finish_row (const Pool *pool, const TapRect *rect, int rows, float *out)
{
  const TapWindow *w = &pool->w;

  if (pool->kind == POOL_MAX)
    return;
  for (int q = rect->x; q < rect->x + rect->width; q++)
    if (pool->kind == POOL_AVERAGE)
      {
        gint64 limit = (gint64) w->in_w + (pool->count_padding ? w->pad_right : 0);
        int s0, s1, columns;

        valid_taps ((gint64) q * w->stride_w - w->pad_left, w->kernel_w, w->dilation_w, limit, &s0,
                    &s1);
        columns = pool->count_padding ? s1 : s1 - s0;
        out[q] = rows > 0 && columns > 0 ? out[q] / (float) ((gint64) rows * columns) : 0;
      }
    else
      out[q] = pool->p == 1 ? out[q] :
               pool->p == 2 ? sqrtf (out[q]) :
                              powf (out[q], 1.0f / (float) pool->p);
}

static void
pool_plane (const Pool *pool, const float *x, const TapRect *rect, float *joined, float *y)
{
  const TapWindow *w = &pool->w;
  gint64 from = (gint64) rect->x * w->stride_w - w->pad_left;
  gint64 to = (gint64) (rect->x + rect->width - 1) * w->stride_w - w->pad_left +
              (gint64) (w->kernel_w - 1) * w->dilation_w + 1;

  /* first and one past the last output whose window lies within the row */
  int inner = (w->pad_left + w->stride_w - 1) / w->stride_w;
  int inner_end =
    (int) CLAMP (((gint64) w->in_w + w->pad_left - (gint64) (w->kernel_w - 1) * w->dilation_w - 1) /
                     w->stride_w +
                   1,
                 0, w->out_w);

  if ((gint64) w->in_w + w->pad_left - (gint64) (w->kernel_w - 1) * w->dilation_w - 1 < 0)
    inner_end = 0;
  inner = MIN (inner, w->out_w);
  inner_end = MAX (inner_end, inner);
  from = CLAMP (from, 0, w->in_w);
  to = CLAMP (to, from, w->in_w);
  for (int p = rect->y; p < rect->y + rect->height; p++)
    {
      gint64 top = (gint64) p * w->stride_h - w->pad_top;
      float *out = y + (gsize) p * (gsize) w->out_w;
      int r0, r1, rows, unused;

      valid_taps (top, w->kernel_h, w->dilation_h, w->in_h, &r0, &r1);
      rows = r1 - r0;
      join_rows (pool, x, top, r0, r1, (gsize) from, (gsize) to, joined);
      if (pool->count_padding)
        {
          valid_taps (top, w->kernel_h, w->dilation_h, (gint64) w->in_h + w->pad_bottom, &unused,
                      &rows);
        }
      if (r1 == r0)
        for (int q = rect->x; q < rect->x + rect->width; q++)
          out[q] = pool->kind == POOL_MAX ? -INFINITY : 0;
      else
        {
          join_columns (pool, rect->x, MIN (inner, rect->x + rect->width), joined, out);
          join_inner (pool, MAX (inner, rect->x), MIN (inner_end, rect->x + rect->width), joined,
                      out);
          join_columns (pool, MAX (inner_end, rect->x), rect->x + rect->width, joined, out);
        }
      finish_row (pool, rect, rows, out);
    }
}

static void
pool_task (gpointer user_data, int task, int worker)
{
  const Pool *pool = user_data;
  const TapWindow *w = &pool->w;
  float *joined =
    (float *) pool->run->scratch + (gsize) worker * (((gsize) w->in_w + 15) & ~(gsize) 15);
  gsize first = (gsize) task * pool->planes_per_task;
  gsize last = MIN (first + pool->planes_per_task, pool->n_planes);
  gsize in_plane = (gsize) w->in_h * (gsize) w->in_w,
        out_plane = (gsize) w->out_h * (gsize) w->out_w;

  for (gsize i = first; i < last; i++)
    {
      const float *x = tap_cpu_f32 (&pool->run->inputs[0]) + i * in_plane;
      TapRect rect = tap_cpu_rect (pool->run, i / pool->channels);

      if (tap_rect_is_empty (&rect))
        continue;
      if (pool->run->outputs[0].data != NULL)
        pool_plane (pool, x, &rect, joined, tap_cpu_f32 (&pool->run->outputs[0]) + i * out_plane);
      if (pool->kind == POOL_MAX && tap_cpu_wants_output (pool->run, 1))
        find_switches (pool, x, &rect, i, tap_cpu_i64 (&pool->run->outputs[1]) + i * out_plane);
    }
}

/* Integers, which are asked for by quantised networks only: no vectors. */
static void
pool_integers (const Pool *pool)
{
  const TapWindow *w = &pool->w;
  gsize in_plane = (gsize) w->in_h * (gsize) w->in_w;
  gint64 *y = tap_cpu_i64 (&pool->run->outputs[0]);

  for (gsize i = 0; i < pool->n_planes; i++)
    {
      const gint64 *x = tap_cpu_i64 (&pool->run->inputs[0]) + i * in_plane;

      for (int p = 0; p < w->out_h; p++)
        for (int q = 0; q < w->out_w; q++, y++)
          {
            gint64 top = (gint64) p * w->stride_h - w->pad_top,
                   left = (gint64) q * w->stride_w - w->pad_left;
            int r0, r1, s0, s1;

            *y = G_MININT64;
            valid_taps (top, w->kernel_h, w->dilation_h, w->in_h, &r0, &r1);
            valid_taps (left, w->kernel_w, w->dilation_w, w->in_w, &s0, &s1);
            for (int r = r0; r < r1; r++)
              for (int s = s0; s < s1; s++)
                *y = MAX (*y, x[(top + (gint64) r * w->dilation_h) * w->in_w + left +
                                (gint64) s * w->dilation_w]);
          }
    }
}

static gboolean
pool_forward (const TapCpuRun *run, PoolKind kind, GError **error)
{
  Pool pool = { .run = run, .kind = kind };
  const TapAttrs *attrs = run->node->attrs;
  const TapShape *x = &run->inputs[0].shape;
  gsize work;

  if (!tap_op_window (run->node, x, NULL, &pool.w, error))
    return FALSE;
  pool.count_padding = tap_attrs_get_int (attrs, "count_include_pad", 0) != 0 ||
                       tap_attrs_get_int (attrs, "caffe_count", 0) != 0;
  pool.p = (int) tap_attrs_get_int (attrs, "p", 2);
  pool.channels = (gsize) x->dims[1];
  pool.n_planes = (gsize) x->dims[0] * pool.channels;
  if (run->inputs[0].dtype == TAP_DTYPE_I64)
    {
      if (run->outputs[0].data == NULL || tap_cpu_wants_output (run, 1) || run->rects != NULL)
        {
          g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_UNSUPPORTED,
                       "Node “%s” (MaxPool) cannot say where the largest integers are.",
                       run->node->name);
          return FALSE;
        }
      pool_integers (&pool);
      return TRUE;
    }
  work = MAX ((gsize) pool.w.in_h * (gsize) pool.w.in_w, 1);
  if (run->rects != NULL)
    work = MAX ((gsize) run->rects[0].width * (gsize) run->rects[0].height * 4, 1);
  pool.planes_per_task = MAX (16384 / work, 1);
  tap_pool_run (run->pool,
                (int) ((pool.n_planes + pool.planes_per_task - 1) / pool.planes_per_task),
                pool_task, &pool);
  return TRUE;
}

/**
 * max_forward:
 *
 * Takes the maximum over each window.
 *
 * Shapes: x [N,C,H,W] or [N,C,L]; y and Indices [N,C,P,Q] as tap_op_window() says.
 * Units: those of x; Indices count cells of the whole input.
 * Edges: padding never wins; equal values yield the lowest index; NaN wins.
 * Errors: none that inference has not found.
 */
static gboolean
max_forward (const TapCpuRun *run, GError **error)
{
  return pool_forward (run, POOL_MAX, error);
}

/* Edges: padding counts as 0 and is counted only when the node says so. */
static gboolean
average_forward (const TapCpuRun *run, GError **error)
{
  return pool_forward (run, POOL_AVERAGE, error);
}

static gboolean
lp_forward (const TapCpuRun *run, GError **error)
{
  return pool_forward (run, POOL_LP, error);
}

const TapCpuKernel tap_cpu_max_pool = {
  .op = "MaxPool",
  .types = "*",
  .flags = TAP_CPU_REGIONS,
  .scratch = pool_scratch,
  .forward = max_forward,
};

const TapCpuKernel tap_cpu_average_pool = {
  .op = "AveragePool",
  .flags = TAP_CPU_REGIONS,
  .scratch = pool_scratch,
  .forward = average_forward,
};

const TapCpuKernel tap_cpu_lp_pool = {
  .op = "LpPool",
  .flags = TAP_CPU_REGIONS,
  .scratch = pool_scratch,
  .forward = lp_forward,
};
