/* lrn.c - local response normalization, across channels or within one
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * With D = bias + α' Σ x² over the neighbours, y = x D^-β, and what flows back to a cell is
 * dy D^-β - 2 α' β x Σ t, t = dy x D^(-β - 1), over the cells whose neighbour it is. Sums are made anew
 * for each cell, from the lowest neighbour on. */

#include "config.h"

#include <string.h>

#include "engine/cpu/tap-cpu.h"

/* Neighbouring cells that are done at a time, through all channels. */
#define BLOCK 256

typedef struct
{
  const TapCpuRun *run;
  TapCpuPlanes planes;
  gint64 before, after; /* neighbours on either side */
  gboolean within;
  float alpha, beta, bias;
  gsize blocks; /* per image, of the pass backward */
} Lrn;

static Lrn
lrn_new (const TapCpuRun *run)
{
  const TapAttrs *attrs = run->node->attrs;
  Lrn l = { .run = run, .planes = tap_cpu_planes (&run->inputs[0].shape) };
  gint64 size = tap_attrs_get_int (attrs, "size", 5);

  l.before = (size - 1) / 2;
  l.after = size - 1 - l.before;
  l.within =
    g_str_equal (tap_attrs_get_string (attrs, "norm_region", "ACROSS_CHANNELS"), "WITHIN_CHANNEL");
  l.alpha = (float) tap_attrs_get_float (attrs, "alpha", 1e-4);
  l.beta = (float) tap_attrs_get_float (attrs, "beta", 0.75);
  l.bias = (float) tap_attrs_get_float (attrs, "bias", 1);
  if (tap_attrs_get_int (attrs, "raw_alpha", 0) == 0)
    l.alpha /= l.within ? (float) size * (float) size : (float) size;
  l.blocks = (l.planes.height * l.planes.width + BLOCK - 1) / BLOCK;
  return l;
}

/* How many channels below and above @c there are to be summed. */
static void
neighbours (const Lrn *l, gsize c, gint64 before, gint64 after, int *below, int *above)
{
  *below = (int) MIN ((gint64) c, before);
  *above = (int) MIN ((gint64) (l->planes.channels - 1 - c), after);
}

/* @n cells from @offset on, of all channels. */
static void
across (const Lrn *l, gsize image, gsize offset, gsize n)
{
  gsize area = l->planes.height * l->planes.width, channels = l->planes.channels;
  const float *x = tap_cpu_f32 (&l->run->inputs[0]) + image * channels * area + offset;
  float *y = tap_cpu_f32 (&l->run->outputs[0]) + image * channels * area + offset;

  for (gsize c = 0; c < channels; c++)
    {
      int below, above;

      neighbours (l, c, l->before, l->after, &below, &above);
      l->run->simd->lrn (y + c * area, x + c * area, NULL, area, below, above, n, l->bias, l->alpha,
                         l->beta);
    }
}

/* energy[from .. from + n - 1] of one row: squares, or x itself when not @square, summed over a box that
 * reaches @before and @after; columns first. @column: a row of scratch. */
static void
box_row (const Lrn *l,
         const float *x,
         gboolean square,
         gint64 before,
         gint64 after,
         gsize row,
         gsize from,
         gsize n,
         float *column,
         float *energy)
{
  const TapSimd *simd = l->run->simd;
  gint64 height = (gint64) l->planes.height, width = (gint64) l->planes.width;
  gint64 r0 = MAX ((gint64) row - before, 0), r1 = MIN ((gint64) row + after, height - 1);
  gint64 c0 = MAX ((gint64) from - before, 0), c1 = MIN ((gint64) (from + n) + after, width);

  memset (column + c0, 0, (gsize) (c1 - c0) * sizeof (float));
  memset (energy + from, 0, n * sizeof (float));
  for (gint64 r = r0; r <= r1; r++)
    if (square)
      simd->add_square_into (column + c0, x + r * width + c0, (gsize) (c1 - c0));
    else
      simd->add_into (column + c0, x + r * width + c0, (gsize) (c1 - c0));
  for (gint64 s = MAX (-before, 1 - width); s <= MIN (after, width - 1); s++)
    {
      gint64 i0 = MAX ((gint64) from, -s), i1 = MIN ((gint64) (from + n), width - s);

      if (i0 < i1)
        simd->add_into (energy + i0, column + i0 + s, (gsize) (i1 - i0));
    }
}

static void
within (const Lrn *l, gsize image, gsize row, const TapRect *rect, int worker)
{
  gsize width = l->planes.width, area = l->planes.height * width;
  float *column = (float *) l->run->scratch + (gsize) worker * 2 * width;
  gsize from = (gsize) rect->x, n = (gsize) rect->width;

  for (gsize c = 0; c < l->planes.channels; c++)
    {
      gsize plane = (image * l->planes.channels + c) * area;
      const float *x = tap_cpu_f32 (&l->run->inputs[0]) + plane;

      box_row (l, x, TRUE, l->before, l->after, row, from, n, column, column + width);
      l->run->simd->lrn (tap_cpu_f32 (&l->run->outputs[0]) + plane + row * width + from,
                         x + row * width + from, column + width + from, 0, 0, 0, n, l->bias,
                         l->alpha, l->beta);
    }
}

/* A task is one row of one image. */
static void
row_task (gpointer user_data, int task, int worker)
{
  const Lrn *l = user_data;
  gsize image = (gsize) task / l->planes.height, row = (gsize) task % l->planes.height;
  TapRect rect = tap_cpu_rect (l->run, image);

  if ((gint64) row < rect.y || (gint64) row >= (gint64) rect.y + rect.height || rect.width == 0)
    return;
  if (l->within)
    within (l, image, row, &rect, worker);
  else
    across (l, image, row * l->planes.width + (gsize) rect.x, (gsize) rect.width);
}

/* A task is one block of one image. */
static void
block_task (gpointer user_data, int task, int worker)
{
  const Lrn *l = user_data;
  gsize image = (gsize) task / l->blocks, first = (gsize) task % l->blocks * BLOCK;

  across (l, image, first, MIN (BLOCK, l->planes.height * l->planes.width - first));
}

static gsize
lrn_scratch (const TapCpuRun *run)
{
  Lrn l = lrn_new (run);

  return l.within ?
           (gsize) tap_pool_get_n_threads (run->pool) * 2 * l.planes.width * sizeof (float) :
           0;
}

/**
 * lrn_forward:
 *
 * y = x (bias + α' Σ x²)^-β over size neighbouring channels, or over a square of the own map.
 *
 * Shapes: x, y [N,C,…].
 * Units: those of x.
 * Edges: neighbours that do not exist count 0; α' = α / size (across), α / size² (within), or α with
 *   raw_alpha (TensorFlow).
 * Errors: none.
 * Source: Krizhevsky, Sutskever and Hinton 2012, section 3.3.
 */
static gboolean
lrn_forward (const TapCpuRun *run, GError **error)
{
  Lrn l = lrn_new (run);

  if (tap_cpu_count (&run->inputs[0].shape) == 0)
    return TRUE;
  if (l.within || run->rects != NULL)
    tap_pool_run (run->pool, (int) (l.planes.images * l.planes.height), row_task, &l);
  else
    tap_pool_run (run->pool, (int) (l.planes.images * l.blocks), block_task, &l);
  return TRUE;
}

/* t of all channels first, in scratch; then what each channel gets of it. */
static void
across_back_task (gpointer user_data, int task, int worker)
{
  const Lrn *l = user_data;
  const TapSimd *simd = l->run->simd;
  gsize area = l->planes.height * l->planes.width, channels = l->planes.channels;
  gsize image = (gsize) task / l->blocks, first = (gsize) task % l->blocks * BLOCK;
  gsize n = MIN (BLOCK, area - first), offset = image * channels * area + first;
  const float *x = tap_cpu_f32 (&l->run->inputs[0]) + offset;
  const float *dy = tap_cpu_f32 (&l->run->output_grads[0]) + offset;
  float *dx = tap_cpu_f32 (&l->run->input_grads[0]) + offset;
  float *t = (float *) l->run->scratch + (gsize) worker * channels * BLOCK;
  int below, above;

  for (gsize c = 0; c < channels; c++)
    {
      neighbours (l, c, l->before, l->after, &below, &above);
      simd->lrn_backward (dx + c * area, t + c * BLOCK, dy + c * area, x + c * area, NULL, area,
                          below, above, n, l->bias, l->alpha, l->beta);
    }
  for (gsize c = 0; c < channels; c++)
    {
      float sum[BLOCK] = { 0 };

      neighbours (l, c, l->after, l->before, &below, &above);
      for (int k = -below; k <= above; k++)
        simd->add_into (sum, t + (gssize) (c * BLOCK) + (gssize) k * BLOCK, n);
      simd->add_product_into (dx + c * area, x + c * area, sum, -2.0f * l->alpha * l->beta, n);
    }
}

/* A task is one map; scratch holds t, and two rows. */
static void
within_back_task (gpointer user_data, int task, int worker)
{
  const Lrn *l = user_data;
  const TapSimd *simd = l->run->simd;
  gsize width = l->planes.width, area = l->planes.height * width, plane = (gsize) task * area;
  const float *x = tap_cpu_f32 (&l->run->inputs[0]) + plane;
  const float *dy = tap_cpu_f32 (&l->run->output_grads[0]) + plane;
  float *dx = tap_cpu_f32 (&l->run->input_grads[0]) + plane;
  float *t = (float *) l->run->scratch + (gsize) worker * (area + 2 * width);
  float *column = t + area, *row = column + width;

  for (gsize r = 0, i = 0; r < l->planes.height; r++, i += width)
    {
      box_row (l, x, TRUE, l->before, l->after, r, 0, width, column, row);
      simd->lrn_backward (dx + i, t + i, dy + i, x + i, row, 0, 0, 0, width, l->bias, l->alpha,
                          l->beta);
    }
  for (gsize r = 0, i = 0; r < l->planes.height; r++, i += width)
    {
      box_row (l, t, FALSE, l->after, l->before, r, 0, width, column, row);
      simd->add_product_into (dx + i, x + i, row, -2.0f * l->alpha * l->beta, width);
    }
}

static gsize
lrn_scratch_backward (const TapCpuRun *run)
{
  Lrn l = lrn_new (run);
  gsize each = l.within ? (l.planes.height + 2) * l.planes.width : l.planes.channels * BLOCK;

  return (gsize) tap_pool_get_n_threads (run->pool) * each * sizeof (float);
}

static guint
lrn_needs (const TapNode *node, guint wanted)
{
  return TAP_CPU_INPUT (0);
}

static gboolean
lrn_backward (const TapCpuRun *run, GError **error)
{
  Lrn l = lrn_new (run);

  if (tap_cpu_count (&run->inputs[0].shape) == 0)
    return TRUE;
  if (l.within)
    tap_pool_run (run->pool, (int) (l.planes.images * l.planes.channels), within_back_task, &l);
  else
    tap_pool_run (run->pool, (int) (l.planes.images * l.blocks), across_back_task, &l);
  return TRUE;
}

const TapCpuKernel tap_cpu_lrn = {
  .op = "LRN",
  .flags = TAP_CPU_REGIONS | TAP_CPU_BACK_IN_PLACE,
  .scratch = lrn_scratch,
  .forward = lrn_forward,
  .backward = lrn_backward,
  .needs = lrn_needs,
  .scratch_backward = lrn_scratch_backward,
};
