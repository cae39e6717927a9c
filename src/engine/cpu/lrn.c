/* lrn.c - local response normalization, across channels or within one
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "engine/cpu/tap-cpu.h"

/* Cells of a row that are done at a time. */
#define WIDTH 1024

typedef struct
{
  const TapCpuRun *run;
  TapCpuPlanes planes;
  int size;
  gboolean within;
  float alpha, beta, bias;
} Lrn;

/* One row segment of all channels: for each the squares of its neighbours, summed from the lowest. */
static void
across (const Lrn *l, gsize image, gsize offset, gsize n)
{
  const TapSimd *simd = l->run->simd;
  gsize area = l->planes.height * l->planes.width, channels = l->planes.channels;
  const float *x = tap_cpu_f32 (&l->run->inputs[0]) + image * channels * area + offset;
  float *y = tap_cpu_f32 (&l->run->outputs[0]) + image * channels * area + offset;
  gsize below = (gsize) (l->size - 1) / 2, above = (gsize) (l->size - 1) - below;
  float sum[WIDTH];

  for (gsize c = 0; c < channels; c++)
    {
      gsize from = c > below ? c - below : 0, to = MIN (c + above, channels - 1);

      memset (sum, 0, n * sizeof (float));
      for (gsize k = from; k <= to; k++)
        simd->add_square_into (sum, x + k * area, n);
      simd->lrn (y + c * area, x + c * area, sum, n, l->bias, l->alpha, l->beta);
    }
}

/* Sums over a size × size square of the own map; cells beyond the border count 0. */
static void
within (const Lrn *l, gsize image, gsize row, gsize column, gsize n)
{
  const TapSimd *simd = l->run->simd;
  gsize height = l->planes.height, width = l->planes.width, area = height * width;
  gint64 before = (l->size - 1) / 2, after = l->size - 1 - before;
  gint64 r0 = MAX ((gint64) row - before, 0), r1 = MIN ((gint64) row + after, (gint64) height - 1);
  float sum[WIDTH];

  for (gsize c = 0; c < l->planes.channels; c++)
    {
      gsize plane = (image * l->planes.channels + c) * area;
      const float *x = tap_cpu_f32 (&l->run->inputs[0]) + plane;

      for (gsize i = 0; i < n; i++)
        {
          gint64 s0 = MAX ((gint64) (column + i) - before, 0);
          gint64 s1 = MIN ((gint64) (column + i) + after, (gint64) width - 1);
          float v = 0;

          for (gint64 r = r0; r <= r1; r++)
            for (gint64 s = s0; s <= s1; s++)
              v += x[r * (gint64) width + s] * x[r * (gint64) width + s];
          sum[i] = v;
        }
      simd->lrn (tap_cpu_f32 (&l->run->outputs[0]) + plane + row * width + column,
                 x + row * width + column, sum, n, l->bias, l->alpha, l->beta);
    }
}

/* A task is one row of one image. */
static void
lrn_task (gpointer user_data, int task, int worker)
{
  const Lrn *l = user_data;
  gsize image = (gsize) task / l->planes.height, row = (gsize) task % l->planes.height;
  TapRect rect = tap_cpu_rect (l->run, image);
  gsize x0 = (gsize) rect.x, x1 = (gsize) (rect.x + rect.width);

  if ((gint64) row < rect.y || (gint64) row >= (gint64) rect.y + rect.height)
    return;
  for (gsize x = x0; x < x1; x += WIDTH)
    {
      gsize n = MIN (WIDTH, x1 - x);

      if (l->within)
        within (l, image, row, x, n);
      else
        across (l, image, row * l->planes.width + x, n);
    }
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
  const TapAttrs *attrs = run->node->attrs;
  Lrn l = { .run = run, .planes = tap_cpu_planes (&run->outputs[0].shape) };

  l.size = (int) tap_attrs_get_int (attrs, "size", 5);
  l.within =
    g_str_equal (tap_attrs_get_string (attrs, "norm_region", "ACROSS_CHANNELS"), "WITHIN_CHANNEL");
  l.alpha = (float) tap_attrs_get_float (attrs, "alpha", 1e-4);
  l.beta = (float) tap_attrs_get_float (attrs, "beta", 0.75);
  l.bias = (float) tap_attrs_get_float (attrs, "bias", 1);
  if (tap_attrs_get_int (attrs, "raw_alpha", 0) == 0)
    l.alpha /= l.within ? (float) l.size * (float) l.size : (float) l.size;
  if (l.planes.channels > 0)
    tap_pool_run (run->pool, (int) (l.planes.images * l.planes.height), lrn_task, &l);
  return TRUE;
}

const TapCpuKernel tap_cpu_lrn = {
  .op = "LRN",
  .flags = TAP_CPU_REGIONS,
  .forward = lrn_forward,
};
