/* pool-backward.c - what flows back through means and p-norms over sliding windows
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each row of outputs is spread over a row of inputs first, then that row is added to all rows of the
 * windows. Outputs follow one another from the top left, so sums come together in one order. */

#include "config.h"

#include <math.h>

#include "engine/cpu/pooling.h"

/* What each window of a row hands to each of its cells, but for a factor of the cell. */
static void
shares (const TapPooling *pool, const float *counts, const float *y, const float *dy, float *share)
{
  gsize n = (gsize) pool->w.out_w;

  if (pool->kind == TAP_POOLING_AVERAGE)
    pool->run->simd->binary (TAP_BINARY_DIV, share, dy, 1, counts, 1, n);
  else if (pool->p == 1)
    memcpy (share, dy, n * sizeof (float));
  else /* d (Σ |x|^p)^(1/p) = y^(1-p) |x|^(p-1) d|x|; 0 at 0 */
    for (gsize q = 0; q < n; q++)
      share[q] = y[q] == 0    ? 0 :
                 pool->p == 2 ? dy[q] / y[q] :
                                dy[q] * powf (y[q], 1.0f - (float) pool->p);
}

/* @row: from the first window's first tap to the last one's last. */
static void
spread_columns (const TapPooling *pool, const float *share, float *row)
{
  const TapWindow *w = &pool->w;

  memset (row, 0, pool->reach * sizeof (float));
  for (int s = 0; s < w->kernel_w; s++, row += w->dilation_w)
    if (w->stride_w == 1)
      pool->run->simd->add_into (row, share, (gsize) w->out_w);
    else if (w->stride_w == 2)
      for (gsize q = 0; q < (gsize) w->out_w; q++)
        row[2 * q] += share[q];
    else
      for (gsize q = 0; q < (gsize) w->out_w; q++)
        row[q * (gsize) w->stride_w] += share[q];
}

/* The factors of the cells: sign (x) |x|^(p-1). */
static void
scale_by_power (const TapPooling *pool, const float *x, float *dx)
{
  for (gsize i = 0; i < pool->in_plane; i++)
    {
      float a = fabsf (x[i]), sign = x[i] > 0 ? 1.0f : x[i] < 0 ? -1.0f : 0.0f;

      dx[i] *= sign * (pool->p == 1 ? 1.0f : pool->p == 2 ? a : powf (a, (float) (pool->p - 1)));
    }
}

static void
spread_plane (const TapPooling *pool, const float *y, const float *dy, float *scratch, float *dx)
{
  const TapWindow *w = &pool->w;
  float *row = scratch, *share = scratch + pool->in_pitch, *counts = share + pool->out_pitch;
  gsize covered = MIN ((gsize) w->in_w, pool->reach - MIN ((gsize) w->pad_left, pool->reach));
  int rows = -1;

  if (pool->whole && pool->kind == TAP_POOLING_AVERAGE)
    {
      float each = dy[0] / (float) pool->in_plane;

      pool->run->simd->binary (TAP_BINARY_ADD, dx, dx, 1, &each, 0, pool->in_plane);
      return;
    }
  for (int p = 0; p < w->out_h; p++, dy += w->out_w)
    {
      int r0, r1;
      gint64 top = tap_pooling_rows (pool, p, &r0, &r1);

      if (r0 == r1)
        continue;
      tap_pooling_counts (pool, p, 0, w->out_w, &rows, counts);
      shares (pool, counts, y != NULL ? y + (gsize) p * (gsize) w->out_w : NULL, dy, share);
      spread_columns (pool, share, row);
      for (int r = r0; r < r1; r++)
        pool->run->simd->add_into (dx + (top + (gint64) r * w->dilation_h) * w->in_w,
                                   row + w->pad_left, covered);
    }
}

static void
spread_task (gpointer user_data, int task, int worker)
{
  const TapPooling *pool = user_data;
  const TapCpuRun *run = pool->run;
  gsize first = (gsize) task * pool->planes_per_task;
  gsize last = MIN (first + pool->planes_per_task, pool->n_planes);

  for (gsize i = first; i < last; i++)
    {
      float *dx = tap_cpu_f32 (&run->input_grads[0]) + i * pool->in_plane;

      tap_pooling_start (pool, i);
      spread_plane (
        pool,
        pool->kind == TAP_POOLING_LP ? tap_cpu_f32 (&run->outputs[0]) + i * pool->out_plane : NULL,
        tap_cpu_f32 (&run->output_grads[0]) + i * pool->out_plane, tap_pooling_row (pool, worker),
        dx);
      if (pool->kind == TAP_POOLING_LP)
        scale_by_power (pool, tap_cpu_f32 (&run->inputs[0]) + i * pool->in_plane, dx);
    }
}

gboolean
tap_pooling_average_backward (const TapCpuRun *run, GError **error)
{
  TapPooling pool;

  if (!tap_pooling_init (&pool, run, TAP_POOLING_AVERAGE, error))
    return FALSE;
  tap_pooling_run (&pool, spread_task);
  return TRUE;
}

/* Edges: a window of zeros hands on 0; so does a cell that is 0, in every norm. */
gboolean
tap_pooling_lp_backward (const TapCpuRun *run, GError **error)
{
  TapPooling pool;

  if (!tap_pooling_init (&pool, run, TAP_POOLING_LP, error))
    return FALSE;
  tap_pooling_run (&pool, spread_task);
  return TRUE;
}
