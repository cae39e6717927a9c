/* pool.c - maximum, mean and p-norm over sliding windows
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows of a window are joined first, column by column with whole vectors, then the columns of each
 * window, from the left. The order is the same for every output cell, wherever it lies. */

#include "config.h"

#include <math.h>

#include "core/tap-error.h"
#include "engine/cpu/pooling.h"

static float
power (float x, int p)
{
  float a = fabsf (x);

  return p == 1 ? a : p == 2 ? a * a : powf (a, (float) p);
}

/* Joins input rows r0 .. r1 - 1 of a window into @joined, columns from .. to - 1. */
static void
join_rows (const TapPooling *pool,
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

      if (pool->kind == TAP_POOLING_LP)
        for (gsize i = from; i < to; i++)
          joined[i] = (r == r0 ? 0 : joined[i]) + power (row[i], pool->p);
      else if (r == r0)
        memcpy (joined + from, row + from, (to - from) * sizeof (float));
      else if (pool->kind == TAP_POOLING_MAX)
        simd->max_into (joined + from, row + from, to - from);
      else
        simd->add_into (joined + from, row + from, to - from);
    }
}

static float
join (const TapPooling *pool, float v, float u)
{
  if (pool->kind == TAP_POOLING_MAX)
    return u > v || u != u ? u : v;
  return v + u;
}

/* Outputs from .. to - 1 of a row, window by window, with a look at the borders. */
static void
join_columns (const TapPooling *pool, int from, int to, const float *joined, float *out)
{
  for (int q = from; q < to; q++)
    {
      int s0, s1;
      gint64 left = tap_pooling_columns (pool, q, &s0, &s1);

      out[q] = pool->kind == TAP_POOLING_MAX ? -INFINITY : 0;
      for (int s = s0; s < s1; s++)
        {
          float v = joined[left + (gint64) s * pool->w.dilation_w];

          out[q] = s == s0 ? v : join (pool, out[q], v);
        }
    }
}

/* The same where every tap lies within the row: tap by tap, all windows at once. */
static void
join_inner (const TapPooling *pool, int from, int to, const float *joined, float *out)
{
  const TapWindow *w = &pool->w;
  const float *x = joined + (gint64) from * w->stride_w - w->pad_left;
  const TapSimd *simd = pool->run->simd;

  if (from >= to)
    return;
  for (int q = from; q < to; q++)
    out[q] = x[(gint64) (q - from) * w->stride_w];
  for (int s = 1; s < w->kernel_w; s++)
    {
      x += w->dilation_w;
      if (pool->kind == TAP_POOLING_MAX)
        simd->max_into_spread (out + from, x, (size_t) w->stride_w, (size_t) (to - from));
      else
        simd->add_into_spread (out + from, x, (size_t) w->stride_w, (size_t) (to - from));
    }
}

/* Windows two or three wide, one or two apart, in one go. */
static void
narrow_row (const TapPooling *pool, const float *x, int p, const TapRect *rect, float *out)
{
  const TapSimd *simd = pool->run->simd;
  const float *rows[TAP_POOLING_ROWS];
  gsize row, step;
  TapPoolWindows windows = tap_pooling_windows (pool, p, rect->x, rect->width, &row, &step);

  for (int r = 0; r < windows.n_rows; r++, row += step)
    rows[r] = x + row;
  (pool->kind == TAP_POOLING_MAX ? simd->pool_max : simd->pool_sum) (out + rect->x, rows, &windows);
}

/* Any windows, by way of a joined row. */
static void
any_row (const TapPooling *pool,
         const float *x,
         gint64 top,
         int r0,
         int r1,
         const TapRect *rect,
         float *joined,
         float *out)
{
  const TapWindow *w = &pool->w;
  int end = rect->x + rect->width;
  gint64 from = (gint64) rect->x * w->stride_w - w->pad_left;
  gint64 to =
    (gint64) (end - 1) * w->stride_w - w->pad_left + (gint64) (w->kernel_w - 1) * w->dilation_w + 1;

  from = CLAMP (from, 0, w->in_w);
  to = CLAMP (to, from, w->in_w);
  join_rows (pool, x, top, r0, r1, (gsize) from, (gsize) to, joined);
  join_columns (pool, rect->x, MIN (pool->inner, end), joined, out);
  join_inner (pool, MAX (pool->inner, rect->x), MIN (pool->inner_end, end), joined, out);
  join_columns (pool, MAX (pool->inner_end, rect->x), end, joined, out);
}

/* Sums to means and norms. */
static void
finish_row (const TapPooling *pool, const float *counts, const TapRect *rect, float *out)
{
  int end = rect->x + rect->width;

  if (pool->kind == TAP_POOLING_AVERAGE)
    pool->run->simd->binary (TAP_BINARY_DIV, out + rect->x, out + rect->x, 1, counts + rect->x, 1,
                             (gsize) rect->width);
  else if (pool->kind == TAP_POOLING_LP && pool->p != 1)
    for (int q = rect->x; q < end; q++)
      out[q] = pool->p == 2 ? sqrtf (out[q]) : powf (out[q], 1.0f / (float) pool->p);
}

static void
pool_plane (const TapPooling *pool, const float *x, const TapRect *rect, float *scratch, float *y)
{
  float *joined = scratch, *counts = scratch + pool->in_pitch;
  gboolean narrow = pool->kind != TAP_POOLING_LP && pool->narrow &&
                    (pool->w.kernel_w == 2 || pool->w.kernel_w == 3);
  int last_rows = -1;

  for (int p = rect->y; p < rect->y + rect->height; p++)
    {
      float *out = y + (gsize) p * (gsize) pool->w.out_w;
      int r0, r1;
      gint64 top = tap_pooling_rows (pool, p, &r0, &r1);

      if (r1 == r0)
        {
          for (int q = rect->x; q < rect->x + rect->width; q++)
            out[q] = pool->kind == TAP_POOLING_MAX ? -INFINITY : 0;
          continue;
        }
      if (narrow)
        narrow_row (pool, x, p, rect, out);
      else
        any_row (pool, x, top, r0, r1, rect, joined, out);
      if (pool->kind == TAP_POOLING_AVERAGE)
        tap_pooling_counts (pool, p, rect->x, rect->x + rect->width, &last_rows, counts);
      finish_row (pool, counts, rect, out);
    }
}

static void
pool_task (gpointer user_data, int task, int worker)
{
  const TapPooling *pool = user_data;
  const TapCpuRun *run = pool->run;
  gsize first = (gsize) task * pool->planes_per_task;
  gsize last = MIN (first + pool->planes_per_task, pool->n_planes);
  gboolean switches =
    pool->kind == TAP_POOLING_MAX && (run->saved != NULL || tap_cpu_wants_output (run, 1));

  for (gsize i = first; i < last; i++)
    {
      const float *x = tap_cpu_f32 (&run->inputs[0]) + i * pool->in_plane;
      float *y = tap_cpu_f32 (&run->outputs[0]) + i * pool->out_plane;
      TapRect rect = tap_cpu_rect (run, i / pool->channels);

      if (tap_rect_is_empty (&rect))
        continue;
      if (switches)
        tap_pooling_max_plane (pool, i, &rect, tap_pooling_row (pool, worker));
      else if (pool->whole && pool->kind == TAP_POOLING_MAX)
        *y = run->simd->max (x, pool->in_plane);
      else if (pool->whole && pool->kind == TAP_POOLING_AVERAGE)
        *y = run->simd->sum (x, pool->in_plane) / (float) pool->in_plane;
      else
        pool_plane (pool, x, &rect, tap_pooling_row (pool, worker), y);
    }
}

/* Integers, which are asked for by quantised networks only: no vectors. */
static void
pool_integers (const TapPooling *pool)
{
  const TapWindow *w = &pool->w;
  gint64 *y = tap_cpu_i64 (&pool->run->outputs[0]);

  for (gsize i = 0; i < pool->n_planes; i++)
    {
      const gint64 *x = tap_cpu_i64 (&pool->run->inputs[0]) + i * pool->in_plane;

      for (int p = 0; p < w->out_h; p++)
        for (int q = 0; q < w->out_w; q++, y++)
          {
            int r0, r1, s0, s1;
            gint64 top = tap_pooling_rows (pool, p, &r0, &r1),
                   left = tap_pooling_columns (pool, q, &s0, &s1);

            *y = G_MININT64;
            for (int r = r0; r < r1; r++)
              for (int s = s0; s < s1; s++)
                *y = MAX (*y, x[(top + (gint64) r * w->dilation_h) * w->in_w + left +
                                (gint64) s * w->dilation_w]);
          }
    }
}

static gboolean
pool_forward (const TapCpuRun *run, TapPoolingKind kind, GError **error)
{
  TapPooling pool;

  if (!tap_pooling_init (&pool, run, kind, error))
    return FALSE;
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
  tap_pooling_run (&pool, pool_task);
  return TRUE;
}

/* Whether it is the window that each output depends on, row by row. */
static gboolean
pool_band (const TapCpuRun *run, TapWindow *window)
{
  TapPooling pool;

  if (run->inputs[0].dtype != TAP_DTYPE_F32 || run->inputs[0].shape.n_dims != 4 ||
      !tap_pooling_init (&pool, run, TAP_POOLING_MAX, NULL))
    return FALSE;
  *window = pool.w;
  return !pool.whole;
}

static gsize
pool_band_scratch (const TapCpuRun *run, const TapWindow *window, int rows)
{
  return tap_pooling_scratch (run);
}

static void
forward_band (const TapCpuRun *run, TapPoolingKind kind, const TapCpuBand *band)
{
  TapRect rect = { 0, 0, band->window->out_w, band->y_rows };
  TapPooling pool;

  tap_pooling_init_band (&pool, run, kind, band);
  for (gsize c = 0; c < pool.n_planes; c++)
    pool_plane (&pool, band->x + c * pool.in_plane, &rect, tap_pooling_row (&pool, 0),
                band->y + c * pool.out_plane);
}

/**
 * max_forward:
 *
 * Takes the maximum over each window, and leaves for the way back which tap it was.
 *
 * Shapes: x [N,C,H,W] or [N,C,L]; y and Indices [N,C,P,Q] as tap_op_window() says.
 * Units: those of x; Indices count cells of the whole input.
 * Edges: padding never wins; equal values yield the lowest index; NaN wins.
 * Errors: none that inference has not found.
 * Source: Zeiler & Fergus 2014, section 2.1 (switches).
 */
static gboolean
max_forward (const TapCpuRun *run, GError **error)
{
  return pool_forward (run, TAP_POOLING_MAX, error);
}

/* Edges: padding counts as 0 and is counted only when the node says so. */
static gboolean
average_forward (const TapCpuRun *run, GError **error)
{
  return pool_forward (run, TAP_POOLING_AVERAGE, error);
}

static void
max_forward_band (const TapCpuRun *run, const TapCpuBand *band)
{
  forward_band (run, TAP_POOLING_MAX, band);
}

static void
average_forward_band (const TapCpuRun *run, const TapCpuBand *band)
{
  forward_band (run, TAP_POOLING_AVERAGE, band);
}

static gboolean
lp_forward (const TapCpuRun *run, GError **error)
{
  return pool_forward (run, TAP_POOLING_LP, error);
}

static guint
lp_needs (const TapNode *node, guint wanted)
{
  return TAP_CPU_INPUT (0) | TAP_CPU_OUTPUT (0);
}

const TapCpuKernel tap_cpu_max_pool = {
  .op = "MaxPool",
  .types = "*",
  .flags = TAP_CPU_REGIONS | TAP_CPU_BACK_ADDS,
  .scratch = tap_pooling_scratch,
  .forward = max_forward,
  .band = pool_band,
  .band_scratch = pool_band_scratch,
  .forward_band = max_forward_band,
  .backward = tap_pooling_max_backward,
  .saved = tap_pooling_saved,
  .scratch_backward = tap_pooling_scratch,
};

const TapCpuKernel tap_cpu_average_pool = {
  .op = "AveragePool",
  .flags = TAP_CPU_REGIONS | TAP_CPU_BACK_ADDS,
  .scratch = tap_pooling_scratch,
  .forward = average_forward,
  .band = pool_band,
  .band_scratch = pool_band_scratch,
  .forward_band = average_forward_band,
  .backward = tap_pooling_average_backward,
  .scratch_backward = tap_pooling_scratch,
};

const TapCpuKernel tap_cpu_lp_pool = {
  .op = "LpPool",
  .flags = TAP_CPU_REGIONS,
  .scratch = tap_pooling_scratch,
  .forward = lp_forward,
  .backward = tap_pooling_lp_backward,
  .needs = lp_needs,
  .scratch_backward = tap_pooling_scratch,
};
