/* conv-depth.c - depthwise convolution of one map, 3×3 or 5×5, stride 1 or 2
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Vectors lie along the row, several rows are computed together so that an input row that is loaded
 * serves all that see it. What lies beyond the border is masked to 0 in the load: no copies, no
 * branches. The chain per output is that of conv-tiles.c: bias, then tap by tap, row by row. */

#include "config.h"

#include "engine/cpu/simd/conv-vec.h"

/* Which lanes of a load are inside the row. */
#if VL == 16
typedef __mmask16 Lanes;
#else
typedef VI Lanes;
#endif

/* Lanes i with 0 <= first + i < n. */
static inline Lanes
lanes (long first, long n)
{
#if VL == 16
  long from = first < 0 ? -first : 0, to = n - first;

  from = from > 16 ? 16 : from;
  to = to < 0 ? 0 : to > 16 ? 16 : to;
  return to > from ? (__mmask16) (((1u << to) - 1) & ~((1u << from) - 1)) : 0;
#else
  VI mask;

  for (int i = 0; i < VL; i++)
    mask[i] = first + i >= 0 && first + i < n ? -1 : 0;
  return mask;
#endif
}

/* 0 where the lane is off; such cells are not read. */
static inline V
load_lanes (const float *p, Lanes mask)
{
#if VL == 16
  return _mm512_maskz_loadu_ps (mask, p);
#elif VL == 8
  return _mm256_maskload_ps (p, (__m256i) mask);
#else
  V v = { 0 };

  if (mask[0] && mask[VL - 1])
    return v_load (p);
  for (int i = 0; i < VL; i++)
    if (mask[i])
      v[i] = p[i];
  return v;
#endif
}

/* The columns that the taps of VL neighbouring outputs see in one row: where they lie and which exist. */
typedef struct
{
  long at; /* column of the first output's first tap */
  Lanes masks[12];
} Columns;

/* One vector per tap of a row; stride 2 takes every other of two neighbouring vectors. */
#define LOAD_1(K)                                                                                  \
  static inline                                                                                    \
    __attribute__ ((always_inline)) void load_##K##_1 (V *xv, const float *row, const Columns *c)  \
  {                                                                                                \
    TAP_UNROLL for (int s = 0; s < K; s++) xv[s] = load_lanes (row + c->at + s, c->masks[s]);      \
  }

#define LOAD_2(K)                                                                                  \
  static inline                                                                                    \
    __attribute__ ((always_inline)) void load_##K##_2 (V *xv, const float *row, const Columns *c)  \
  {                                                                                                \
    TAP_UNROLL for (int s = 0; s < K; s += 2)                                                      \
    {                                                                                              \
      V a = load_lanes (row + c->at + s, c->masks[s]);                                             \
      V b = load_lanes (row + c->at + s + VL, c->masks[s + 1]);                                    \
      xv[s] = v_even (a, b);                                                                       \
      if (s + 1 < K)                                                                               \
        xv[s + 1] = v_odd (a, b);                                                                  \
    }                                                                                              \
  }

LOAD_1 (3)
LOAD_1 (5)
LOAD_2 (3)
LOAD_2 (5)

static inline void
finish (const TapDepthJob *job, size_t at, V v, size_t n)
{
  if (job->residual != NULL)
    v += v_load_spread (job->residual + at, 1, n);
  if (job->clamp.active)
    v = v_clamp (v, v_set (job->clamp.low), v_set (job->clamp.high));
  v_store_spread (job->y + at, v, 1, n);
}

/* @n pixels of one vector of outputs in ROWS rows. */
#define DEPTH(K, S, ROWS)                                                                          \
  static void depth_##K##_##S##_##ROWS (const TapDepthJob *job, const Columns *c, long row,        \
                                        size_t at, size_t n)                                       \
  {                                                                                                \
    const float *w = job->weights;                                                                 \
    V acc[ROWS];                                                                                   \
                                                                                                   \
    TAP_UNROLL for (int i = 0; i < ROWS; i++) acc[i] = v_set (job->bias);                          \
    TAP_UNROLL for (int j = 0; j < (ROWS - 1) * S + K; j++)                                        \
    {                                                                                              \
      long in = row * S - job->pad_top + j;                                                        \
      const float *p =                                                                             \
        in >= 0 && in < job->in_h ? job->x + (size_t) in * (size_t) job->in_w : NULL;              \
      V xv[K];                                                                                     \
                                                                                                   \
      if (p != NULL)                                                                               \
        load_##K##_##S (xv, p, c);                                                                 \
      else                                                                                         \
        TAP_UNROLL for (int s = 0; s < K; s++) xv[s] = v_set (0);                                  \
      TAP_UNROLL for (int i = 0; i < ROWS; i++)                                                    \
      {                                                                                            \
        const int r = j - i * S;                                                                   \
                                                                                                   \
        if (r >= 0 && r < K)                                                                       \
          {                                                                                        \
            TAP_UNROLL for (int s = 0; s < K; s++) acc[i] =                                        \
              v_fma (v_set (w[r * K + s]), xv[s], acc[i]);                                         \
          }                                                                                        \
      }                                                                                            \
    }                                                                                              \
    TAP_UNROLL for (int i = 0; i < ROWS; i++)                                                      \
      finish (job, at + (size_t) i * job->y_row, acc[i], n);                                       \
  }

DEPTH (3, 1, 1)
DEPTH (3, 1, 4)
DEPTH (3, 2, 1)
DEPTH (3, 2, 4)
DEPTH (5, 1, 1)
DEPTH (5, 1, 4)
DEPTH (5, 2, 1)
DEPTH (5, 2, 4)

typedef void (*DepthFunc) (const TapDepthJob *job, const Columns *c, long row, size_t at, size_t n);

void
TAP_SIMD_NAME (tap_conv_depth) (const TapDepthJob *job)
{
  static const DepthFunc funcs[2][2][2] = {
    { { depth_3_1_1, depth_3_1_4 }, { depth_3_2_1, depth_3_2_4 } },
    { { depth_5_1_1, depth_5_1_4 }, { depth_5_2_1, depth_5_2_4 } },
  };
  const DepthFunc *f = funcs[job->kernel == 5][job->stride - 1];

  for (int q = 0; q < job->width; q += VL)
    {
      size_t n = job->width - q < VL ? (size_t) (job->width - q) : VL;
      Columns c = { .at = (long) (job->first_column + q) * job->stride - job->pad_left };
      int row = 0;

      /* stride 2: masks[s] and masks[s + 1] are those of the two vectors that taps s and s + 1 come from */
      for (int s = 0; s < job->kernel; s += job->stride)
        {
          c.masks[s] = lanes (c.at + s, job->in_w);
          if (job->stride == 2)
            c.masks[s + 1] = lanes (c.at + s + VL, job->in_w);
        }
      for (; row + 4 <= job->rows; row += 4)
        f[1](job, &c, job->first_row + row, (size_t) row * job->y_row + (size_t) q, n);
      for (; row < job->rows; row++)
        f[0](job, &c, job->first_row + row, (size_t) row * job->y_row + (size_t) q, n);
    }
}
