/* conv-rows.c - direct convolution with vectors along the row, for depthwise and small groups
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a group has only a few output channels, blocks of sixteen would be mostly padding. Here four
 * vectors of neighbouring pixels share each weight. The chain per output is that of conv-tiles.c:
 * bias, then (channel, tap) in order. */

#include "config.h"

#include "engine/cpu/simd/vec.h"

/* @at: where in y, counted from job->y */
static void
finish (const TapRowJob *job, size_t at, V v, size_t n)
{
  if (job->residual != NULL)
    v += n >= VL ? v_load (job->residual + at) : v_load_first (job->residual + at, n);
  if (job->clamp.active)
    v = v_clamp (v, v_set (job->clamp.low), v_set (job->clamp.high));
  if (n >= VL)
    v_store (job->y + at, v);
  else
    v_store_first (job->y + at, v, n);
}

static void
row (const TapRowJob *job, const float *x, const float *w, float bias, size_t y)
{
  size_t width = (size_t) job->width, q = 0;

  for (; q + 4 * VL <= width; q += 4 * VL)
    {
      V a0 = v_set (bias), a1 = a0, a2 = a0, a3 = a0;
      const float *xc = x + q, *wc = w;

      for (int c = 0; c < job->channels; c++, xc += job->x_channel, wc += job->n_taps)
        for (int j = 0; j < job->n_taps; j++)
          {
            const float *p = xc + job->taps[j];
            V b = v_set (wc[j]);

            a0 = v_fma (b, v_load (p), a0);
            a1 = v_fma (b, v_load (p + VL), a1);
            a2 = v_fma (b, v_load (p + 2 * VL), a2);
            a3 = v_fma (b, v_load (p + 3 * VL), a3);
          }
      finish (job, y + q, a0, VL);
      finish (job, y + q + VL, a1, VL);
      finish (job, y + q + 2 * VL, a2, VL);
      finish (job, y + q + 3 * VL, a3, VL);
    }
  for (; q < width; q += VL)
    {
      size_t n = width - q < VL ? width - q : VL;
      V a = v_set (bias);
      const float *xc = x + q, *wc = w;

      for (int c = 0; c < job->channels; c++, xc += job->x_channel, wc += job->n_taps)
        for (int j = 0; j < job->n_taps; j++)
          {
            const float *p = xc + job->taps[j];

            a = v_fma (v_set (wc[j]), n == VL ? v_load (p) : v_load_first (p, n), a);
          }
      finish (job, y + q, a, n);
    }
}

void
TAP_SIMD_NAME (tap_conv_rows) (const TapRowJob *job)
{
  size_t per_channel = (size_t) job->channels * (size_t) job->n_taps;

  for (int m = 0; m < job->out_channels; m++)
    for (int r = 0; r < job->rows; r++)
      row (job, job->x + (size_t) r * job->x_row, job->weights + (size_t) m * per_channel,
           job->bias != NULL ? job->bias[m] : 0,
           (size_t) m * job->y_channel + (size_t) r * job->y_row);
}
