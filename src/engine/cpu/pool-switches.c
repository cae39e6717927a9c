/* pool-switches.c - where the maxima of pooling were, kept in a few bits each, and the way back
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A switch is the number of the winning tap, r × width of the kernel + s. A 2×2 window needs 2 bits, 3×3
 * and 4×4 need 4; rows of switches start at whole bytes, so that tasks never share one. Beyond 256 taps
 * a switch is a number of 32 bits: such windows are few.
 *
 * Layout of run->saved: [N × C][P][bytes of a row], low bits first. */

#include "config.h"

#include <math.h>

#include "engine/cpu/pooling.h"

static int
switch_bits (const TapWindow *w)
{
  gint64 taps = (gint64) w->kernel_h * w->kernel_w;

  return taps <= 4 ? 2 : taps <= 16 ? 4 : taps <= 256 ? 8 : 32;
}

static gsize
row_bytes (const TapWindow *w)
{
  return ((gsize) w->out_w * (gsize) switch_bits (w) + 7) / 8;
}

gsize
tap_pooling_saved (const TapCpuRun *run)
{
  TapWindow w;

  if (run->inputs[0].dtype != TAP_DTYPE_F32 ||
      !tap_op_window (run->node, &run->inputs[0].shape, NULL, &w, NULL))
    return 0;
  return (gsize) tap_shape_product (&run->inputs[0].shape, 0, 2) * (gsize) w.out_h * row_bytes (&w);
}

/* The number of the switch of cell @q in a row that is not packed. */
static guint32
get_switch (int bits, const guint8 *where, int q)
{
  return bits == 32 ? ((const guint32 *) (const void *) where)[q] : where[q];
}

/* Windows from .. to - 1 of row @p one by one, with a look at the borders. */
static void
search (const TapPooling *pool, const float *x, int p, int from, int to, guint8 *where, float *out)
{
  const TapWindow *w = &pool->w;
  int bits = switch_bits (w);

  for (int q = from; q < to; q++)
    {
      int r0, r1, s0, s1;
      gint64 top = tap_pooling_rows (pool, p, &r0, &r1);
      gint64 left = tap_pooling_columns (pool, q, &s0, &s1);
      float best = -INFINITY;
      guint32 tap = (guint32) (r0 * w->kernel_w + s0);

      for (int r = r0; r < r1; r++)
        for (int s = s0; s < s1; s++)
          {
            float v =
              x[(top + (gint64) r * w->dilation_h) * w->in_w + left + (gint64) s * w->dilation_w];

            if (v > best || (isnan (v) && !isnan (best)) || (r == r0 && s == s0))
              {
                best = v;
                tap = (guint32) (r * w->kernel_w + s);
              }
          }
      out[q] = best;
      if (bits == 32)
        ((guint32 *) (void *) where)[q] = tap;
      else
        where[q] = (guint8) tap;
    }
}

static gboolean
is_narrow (const TapPooling *pool)
{
  return pool->narrow && switch_bits (&pool->w) < 32;
}

static void
find_row (const TapPooling *pool,
          const float *x,
          int p,
          const TapRect *rect,
          guint8 *where,
          float *out)
{
  gsize row, step;
  TapPoolWindows windows = tap_pooling_windows (pool, p, rect->x, rect->width, &row, &step);
  const float *rows[TAP_POOLING_ROWS];

  if (!is_narrow (pool) || windows.n_rows == 0)
    {
      search (pool, x, p, rect->x, rect->x + rect->width, where, out);
      return;
    }
  for (int r = 0; r < windows.n_rows; r++, row += step)
    rows[r] = x + row;
  pool->run->simd->pool_switches (out + rect->x, where + rect->x, rows, &windows);
}

/* Indices, as ONNX counts them; a window without a cell says -1. */
static void
write_indices (const TapPooling *pool,
               gsize plane,
               int p,
               const TapRect *rect,
               const guint8 *where,
               gint64 *indices)
{
  const TapWindow *w = &pool->w;
  gboolean column_major = tap_attrs_get_int (pool->run->node->attrs, "storage_order", 0) == 1;
  int bits = switch_bits (w);

  for (int q = rect->x; q < rect->x + rect->width; q++)
    {
      int r0, r1, s0, s1;
      gint64 top = tap_pooling_rows (pool, p, &r0, &r1);
      gint64 left = tap_pooling_columns (pool, q, &s0, &s1);
      gint64 tap = get_switch (bits, where, q);
      gint64 row = top + tap / w->kernel_w * w->dilation_h;
      gint64 column = left + tap % w->kernel_w * w->dilation_w;

      indices[q] = r0 == r1 || s0 == s1 ? -1 :
                   column_major         ? column * w->in_h + row :
                                          row * w->in_w + column;
      indices[q] += (gint64) (plane * pool->in_plane);
    }
}

void
tap_pooling_max_plane (const TapPooling *self, gsize i, const TapRect *rect, float *scratch)
{
  const TapCpuRun *run = self->run;
  const TapWindow *w = &self->w;
  const float *x = tap_cpu_f32 (&run->inputs[0]) + i * self->in_plane;
  guint8 *where = (guint8 *) (scratch + self->in_pitch);
  float *unread = scratch + self->in_pitch + self->out_pitch;
  int bits = switch_bits (w);

  for (int p = rect->y; p < rect->y + rect->height; p++)
    {
      gsize row = i * self->out_plane + (gsize) p * (gsize) w->out_w;
      float *out = run->outputs[0].data != NULL ? tap_cpu_f32 (&run->outputs[0]) + row : unread;

      find_row (self, x, p, rect, where, out);
      if (tap_cpu_wants_output (run, 1))
        write_indices (self, i, p, rect, where, tap_cpu_i64 (&run->outputs[1]) + row);
      if (run->saved != NULL && run->rects == NULL)
        run->simd->pack_switches (
          bits, (guint8 *) run->saved + (i * (gsize) w->out_h + (gsize) p) * row_bytes (w), where,
          (gsize) w->out_w);
    }
}

/* Windows from .. to - 1 of row @p one by one. */
static void
scatter (const TapPooling *pool,
         int p,
         int from,
         int to,
         const guint8 *where,
         const float *dy,
         float *dx)
{
  const TapWindow *w = &pool->w;
  int bits = switch_bits (w);

  for (int q = from; q < to; q++)
    {
      guint32 tap = get_switch (bits, where, q);
      gint64 row = (gint64) p * w->stride_h - w->pad_top +
                   (gint64) (tap / (guint32) w->kernel_w) * w->dilation_h;
      gint64 column = (gint64) q * w->stride_w - w->pad_left +
                      (gint64) (tap % (guint32) w->kernel_w) * w->dilation_w;

      /* not so where the window has no cell at all */
      if (row >= 0 && row < w->in_h && column >= 0 && column < w->in_w)
        dx[row * w->in_w + column] += dy[q];
    }
}

/* Sums come together row by row of the output, so in one order. */
static void
unpool_plane (const TapPooling *pool,
              const guint8 *saved,
              const float *dy,
              guint8 *where,
              float *dx)
{
  const TapWindow *w = &pool->w;
  const TapSimd *simd = pool->run->simd;

  for (int p = 0; p < w->out_h; p++, dy += w->out_w, saved += row_bytes (w))
    {
      gsize row, step;
      TapPoolWindows windows = tap_pooling_windows (pool, p, 0, w->out_w, &row, &step);
      float *rows[TAP_POOLING_ROWS];

      if (windows.n_rows == 0)
        continue;
      simd->unpack_switches (switch_bits (w), where, saved, (gsize) w->out_w);
      /* where a window has no cell at all, its switch points beyond the row */
      if (!is_narrow (pool) || w->pad_left >= w->kernel_w || w->pad_right >= w->kernel_w)
        {
          scatter (pool, p, 0, w->out_w, where, dy, dx);
          continue;
        }
      for (int r = 0; r < windows.n_rows; r++, row += step)
        rows[r] = dx + row;
      simd->unpool (rows, dy, where, &windows);
    }
}

static void
unpool_task (gpointer user_data, int task, int worker)
{
  const TapPooling *pool = user_data;
  const TapCpuRun *run = pool->run;
  gsize first = (gsize) task * pool->planes_per_task;
  gsize last = MIN (first + pool->planes_per_task, pool->n_planes);
  gsize saved = (gsize) pool->w.out_h * row_bytes (&pool->w);

  for (gsize i = first; i < last; i++)
    {
      tap_pooling_start (pool, i);
      unpool_plane (pool, (const guint8 *) run->saved + i * saved,
                    tap_cpu_f32 (&run->output_grads[0]) + i * pool->out_plane,
                    (guint8 *) (tap_pooling_row (pool, worker) + pool->in_pitch),
                    tap_cpu_f32 (&run->input_grads[0]) + i * pool->in_plane);
    }
}

/**
 * tap_pooling_max_backward:
 *
 * Gives what flows back to a maximum to the cell that it came from.
 *
 * Shapes: as max_forward() has them; Indices carry no derivative.
 * Units: those of output_grads over those of x.
 * Edges: among equals the first gets all, as in PyTorch.
 * Errors: none that inference has not found.
 * Source: Zeiler & Fergus 2014, section 2.1 (unpooling).
 */
gboolean
tap_pooling_max_backward (const TapCpuRun *run, GError **error)
{
  TapPooling pool;

  if (!tap_pooling_init (&pool, run, TAP_POOLING_MAX, error))
    return FALSE;
  tap_pooling_run (&pool, unpool_task);
  return TRUE;
}
