/* winograd.c - the products of Winograd's convolution: a small matrix product per position of the tile
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * As conv-tiles.c: vectors of output channels against broadcast numbers of tiles. A call is one chain over its
 * input channels, in order, whose sum is added to what is there: short chains round less. */

#include "config.h"

#include "engine/cpu/simd/vec.h"

#define NVB (TAP_BLOCK / VL) /* vectors per block */

typedef void (*ProductFunc) (const TapWinogradProduct *job,
                             const float *v,
                             const float *u,
                             float *sums,
                             const float *fetch);

/* PX tiles, NB blocks of output channels. */
#define PRODUCT(PX, NB)                                                                            \
  static void product_##PX##_##NB (const TapWinogradProduct *job, const float *v, const float *u,  \
                                   float *sums, const float *fetch)                                \
  {                                                                                                \
    const float *last = fetch != NULL ? job->fetch + job->fetch_lines * TAP_BLOCK : v;             \
    const float *next = fetch != NULL ? fetch : v;                                                 \
    V acc[PX][NB * NVB];                                                                           \
                                                                                                   \
    TAP_UNROLL for (int b = 0; b < NB * NVB; b++)                                                  \
    {                                                                                              \
      TAP_UNROLL for (int i = 0; i < PX; i++) acc[i][b] = v_set (0);                               \
    }                                                                                              \
    for (int left = job->channels; left > 0; left -= TAP_BLOCK, v += job->v_block)                 \
      {                                                                                            \
        const float *ahead = v + job->v_ahead;                                                     \
                                                                                                   \
        for (int c = 0; c < (left < TAP_BLOCK ? left : TAP_BLOCK); c++, u += TAP_BLOCK)            \
          {                                                                                        \
            const float *p = v + c;                                                                \
            V w[NB * NVB];                                                                         \
                                                                                                   \
            __builtin_prefetch (ahead + c * TAP_BLOCK, 0, 3);                                      \
            __builtin_prefetch (next, 0, 2);                                                       \
            next += next < last ? TAP_BLOCK : 0;                                                   \
            TAP_UNROLL for (int b = 0; b < NB * NVB; b++) w[b] =                                   \
              v_load (u + (size_t) (b / NVB) * job->u_block + b % NVB * VL);                       \
            TAP_UNROLL for (int i = 0; i < PX; i++)                                                \
            {                                                                                      \
              V x = v_set (p[i * TAP_BLOCK]);                                                      \
              TAP_UNROLL for (int b = 0; b < NB * NVB; b++) acc[i][b] =                            \
                v_fma (x, w[b], acc[i][b]);                                                        \
            }                                                                                      \
          }                                                                                        \
      }                                                                                            \
    TAP_UNROLL for (int b = 0; b < NB * NVB; b++)                                                  \
    {                                                                                              \
      float *s = sums + (size_t) (b / NVB) * job->sums_block + b % NVB * VL;                       \
                                                                                                   \
      TAP_UNROLL for (int i = 0; i < PX; i++)                                                      \
      {                                                                                            \
        if (job->add)                                                                              \
          acc[i][b] += v_load (s + i * TAP_BLOCK);                                                 \
        v_store (s + i * TAP_BLOCK, acc[i][b]);                                                    \
      }                                                                                            \
    }                                                                                              \
  }

PRODUCT (1, 1)
PRODUCT (2, 1)
PRODUCT (3, 1)
#if VL >= 8
PRODUCT (4, 1)
PRODUCT (5, 1)
PRODUCT (6, 1)
#endif
#if VL >= 16
PRODUCT (7, 1)
PRODUCT (8, 1)
PRODUCT (9, 1)
PRODUCT (10, 1)
PRODUCT (11, 1)
PRODUCT (12, 1)
PRODUCT (13, 1)
PRODUCT (14, 1)
PRODUCT (1, 2)
PRODUCT (2, 2)
PRODUCT (3, 2)
PRODUCT (4, 2)
PRODUCT (5, 2)
PRODUCT (6, 2)
PRODUCT (7, 2)
PRODUCT (8, 2)
PRODUCT (9, 2)
PRODUCT (10, 2)
PRODUCT (11, 2)
PRODUCT (12, 2)
PRODUCT (13, 2)
PRODUCT (14, 2)
PRODUCT (1, 4)
PRODUCT (2, 4)
PRODUCT (3, 4)
PRODUCT (4, 4)
PRODUCT (5, 4)
PRODUCT (6, 4)
PRODUCT (7, 4)
#endif

#if VL >= 16
#  define WIDEST 14
#elif VL >= 8
#  define WIDEST 6
#else
#  define WIDEST 3
#endif

/* By tiles. */
static const ProductFunc one_block[] = { NULL,         product_1_1,  product_2_1,  product_3_1,
#if VL >= 8
                                         product_4_1,  product_5_1,  product_6_1,
#endif
#if VL >= 16
                                         product_7_1,  product_8_1,  product_9_1,  product_10_1,
                                         product_11_1, product_12_1, product_13_1, product_14_1
#endif
};

#if VL >= 16
static const ProductFunc two_blocks[] = { NULL,         product_1_2,  product_2_2,  product_3_2,
                                          product_4_2,  product_5_2,  product_6_2,  product_7_2,
                                          product_8_2,  product_9_2,  product_10_2, product_11_2,
                                          product_12_2, product_13_2, product_14_2 };
static const ProductFunc four_blocks[] = { NULL,        product_1_4, product_2_4, product_3_4,
                                           product_4_4, product_5_4, product_6_4, product_7_4 };
#endif

void
TAP_SIMD_NAME (tap_winograd_product) (const TapWinogradProduct *job)
{
  int step, fetched = 0;

  for (int b = 0; b < job->blocks; b += step)
    {
      const ProductFunc *funcs = one_block;
      int widest = WIDEST, n;

      step = 1;
#if VL >= 16
      if (job->blocks - b >= 4 && (job->tiles <= 7 || (job->tiles > 14 && job->tiles <= 21)))
        {
          step = 4;
          widest = 7;
          funcs = four_blocks;
        }
      else if (job->blocks - b >= 2)
        {
          step = 2;
          funcs = two_blocks;
        }
#endif
      n = (job->tiles + widest - 1) / widest;
      for (int t = 0, i = 0, width; i < n; i++, t += width, fetched += job->channels)
        {
          width = (job->tiles - t + n - i - 1) / (n - i);
          funcs[width](job, job->v + t * TAP_BLOCK, job->u + (size_t) b * job->u_block,
                       job->sums + (size_t) b * job->sums_block + t * TAP_BLOCK,
                       fetched < job->fetch_lines ? job->fetch + fetched * TAP_BLOCK : NULL);
        }
    }
}
