/* conv-wide.c - direct convolution with vectors of pixels against broadcast weights
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The counterpart of conv-tiles.c for wide rows and short sums: outputs leave the registers as they lie
 * in memory, without a transposition, which is what little work per output would spend its time on.
 * Chains and packed weights are the same. The last tile of a row is moved back until it fits; what it
 * computes twice comes out the same twice. */

#include "config.h"

#include "engine/cpu/simd/vec.h"

/* Output channels at a time, which divide TAP_BLOCK; most vectors of pixels at a time. */
#if VL == 16
#  define CHANNELS 8
#  define VECTORS  3
#elif VL == 8
#  define CHANNELS 4
#  define VECTORS  3
#else
#  define CHANNELS 4
#  define VECTORS  2
#endif

typedef void (*WideFunc) (const TapTileJob *job,
                          const float *x,
                          const float *w,
                          const float *bias,
                          size_t y,
                          int channels);

#define WIDE(NV)                                                                                   \
  static void wide_##NV (const TapTileJob *job, const float *x, const float *w, const float *bias, \
                         size_t y, int channels)                                                   \
  {                                                                                                \
    V acc[CHANNELS][NV];                                                                           \
                                                                                                   \
    TAP_UNROLL for (int i = 0; i < CHANNELS; i++)                                                  \
    {                                                                                              \
      V b = v_set (bias != NULL ? bias[i] : 0);                                                    \
      TAP_UNROLL for (int v = 0; v < NV; v++) acc[i][v] = b;                                       \
    }                                                                                              \
    for (int c = 0; c < job->channels; c++, x += job->x_channel)                                   \
      for (int j = 0; j < job->n_taps; j++, w += TAP_BLOCK)                                        \
        {                                                                                          \
          const float *p = x + job->taps[j];                                                       \
          V xv[NV];                                                                                \
                                                                                                   \
          TAP_UNROLL for (int v = 0; v < NV; v++) xv[v] = v_load (p + v * VL);                     \
          TAP_UNROLL for (int i = 0; i < CHANNELS; i++)                                            \
          {                                                                                        \
            V b = v_set (w[i]);                                                                    \
            TAP_UNROLL for (int v = 0; v < NV; v++) acc[i][v] = v_fma (b, xv[v], acc[i][v]);       \
          }                                                                                        \
        }                                                                                          \
    if (job->residual != NULL)                                                                     \
      {                                                                                            \
        const float *r = job->residual + y;                                                        \
                                                                                                   \
        TAP_UNROLL for (int i = 0; i < CHANNELS; i++)                                              \
        {                                                                                          \
          if (i < channels)                                                                        \
            {                                                                                      \
              TAP_UNROLL for (int v = 0; v < NV; v++) acc[i][v] +=                                 \
                v_load (r + (size_t) i * job->y_channel + v * VL);                                 \
            }                                                                                      \
        }                                                                                          \
      }                                                                                            \
    if (job->clamp.active)                                                                         \
      {                                                                                            \
        const V low = v_set (job->clamp.low), high = v_set (job->clamp.high);                      \
                                                                                                   \
        TAP_UNROLL for (int i = 0; i < CHANNELS; i++)                                              \
        {                                                                                          \
          TAP_UNROLL for (int v = 0; v < NV; v++) acc[i][v] = v_clamp (acc[i][v], low, high);      \
        }                                                                                          \
      }                                                                                            \
    TAP_UNROLL for (int i = 0; i < CHANNELS; i++)                                                  \
    {                                                                                              \
      if (i < channels)                                                                            \
        {                                                                                          \
          TAP_UNROLL for (int v = 0; v < NV; v++)                                                  \
            v_store (job->y + y + (size_t) i * job->y_channel + v * VL, acc[i][v]);                \
        }                                                                                          \
    }                                                                                              \
  }

WIDE (1)
WIDE (2)
#if VECTORS >= 3
WIDE (3)
#endif

static const WideFunc wide[] = {
  NULL,
  wide_1,
  wide_2,
#if VECTORS >= 3
  wide_3,
#endif
};

/* Rows have to be at least a vector wide, and pixels of y side by side. */
void
TAP_SIMD_NAME (tap_conv_wide) (const TapTileJob *job)
{
  const size_t block = (size_t) job->channels * (size_t) job->n_taps * TAP_BLOCK;

  for (int row = 0; row < job->rows; row++)
    for (int q = 0, n; q < job->width; q += n * VL)
      {
        int left = (job->width - q + VL - 1) / VL;

        /* four are better two and two than three and one */
        n = left >= 2 * VECTORS || left == VECTORS ? VECTORS :
            left > VECTORS                         ? (left + 1) / 2 :
                                                     left;
        while (n * VL > job->width)
          n--;
        if (q + n * VL > job->width)
          q = job->width - n * VL;
        for (int k = 0; k < job->out_channels; k += CHANNELS)
          wide[n](job, job->x + (size_t) row * job->x_row + q,
                  job->weights + (size_t) (k / TAP_BLOCK) * block + k % TAP_BLOCK,
                  job->bias != NULL ? job->bias + k : NULL,
                  (size_t) row * job->y_row + (size_t) k * job->y_channel + (size_t) q,
                  job->out_channels - k);
      }
}
