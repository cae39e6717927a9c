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

/* The columns that the taps of VL neighbouring outputs see in a row: where they lie and which exist.
 * With stride 2, taps s and s + 1 come from two vectors, with masks s and s + 1. */
typedef struct
{
  long at; /* column of the first output's first tap */
  Lanes masks[6];
} Columns;

#define MOST_STRIPS 8

/* One vector per tap of a row; stride 2 takes every other of two neighbouring vectors. */
#define LOAD_1(K, P) TAP_UNROLL for (int s = 0; s < K; s++) xv[s] = load_lanes ((P) + s, masks[s]);

#define LOAD_2(K, P)                                                                               \
  TAP_UNROLL for (int s = 0; s < K; s += 2)                                                        \
  {                                                                                                \
    V a = load_lanes ((P) + s, masks[s]), b = load_lanes ((P) + s + VL, masks[s + 1]);             \
                                                                                                   \
    xv[s] = v_even (a, b);                                                                         \
    if (s + 1 < K)                                                                                 \
      xv[s + 1] = v_odd (a, b);                                                                    \
  }

static inline void
finish (const TapDepthJob *job, size_t at, V v, size_t n)
{
  if (job->residual != NULL)
    v += v_load_spread (job->residual + at, 1, n);
  if (job->clamp.active)
    v = v_clamp (v, v_set (job->clamp.low), v_set (job->clamp.high));
  v_store_spread (job->y + at, v, 1, n);
}

/* ROWS outputs of each of @times groups below each other, @n lanes of them; EDGE: rows may be missing. */
#define DEPTH(NAME, K, S, ROWS, EDGE)                                                              \
  static void NAME (const TapDepthJob *job, const Columns *c, size_t map, int first, int times,    \
                    size_t n)                                                                      \
  {                                                                                                \
    const float *w = job->weights + map * (K * K);                                                 \
    const V bias = v_set (job->bias != NULL ? job->bias[map] : 0);                                 \
    const long pitch = job->in_w, height = job->in_h;                                              \
    long in = (long) (job->first_row + first) * S - job->pad_top;                                  \
    const float *p = job->x + map * job->x_map + in * pitch + c->at;                               \
    size_t at = map * job->y_map + (size_t) first * job->y_row;                                    \
    V weights[K * K];                                                                              \
    Lanes masks[6];                                                                                \
                                                                                                   \
    TAP_UNROLL for (int i = 0; i < K * K; i++) weights[i] = v_set (w[i]);                          \
    TAP_UNROLL for (int s = 0; s < 6; s++) masks[s] = c->masks[s];                                 \
    for (; times > 0; times--, in += ROWS * S, p += ROWS * S * pitch)                              \
      {                                                                                            \
        V acc[ROWS];                                                                               \
                                                                                                   \
        TAP_UNROLL for (int i = 0; i < ROWS; i++) acc[i] = bias;                                   \
        TAP_UNROLL for (int j = 0; j < (ROWS - 1) * S + K; j++)                                    \
        {                                                                                          \
          V xv[K];                                                                                 \
                                                                                                   \
          if (!EDGE || (in + j >= 0 && in + j < height))                                           \
            {                                                                                      \
              LOAD_##S (K, p + j * pitch)                                                          \
            }                                                                                      \
          else                                                                                     \
            {                                                                                      \
              TAP_UNROLL for (int s = 0; s < K; s++) xv[s] = v_set (0);                            \
            }                                                                                      \
          TAP_UNROLL for (int i = 0; i < ROWS; i++)                                                \
          {                                                                                        \
            const int r = j - i * S;                                                               \
                                                                                                   \
            if (r >= 0 && r < K)                                                                   \
              {                                                                                    \
                TAP_UNROLL for (int s = 0; s < K; s++) acc[i] =                                    \
                  v_fma (weights[r * K + s], xv[s], acc[i]);                                       \
              }                                                                                    \
          }                                                                                        \
        }                                                                                          \
        TAP_UNROLL for (int i = 0; i < ROWS; i++, at += job->y_row) finish (job, at, acc[i], n);   \
      }                                                                                            \
  }

/* As many rows as leave registers for the weights and a row of taps. */
#if VL == 16
#  define MANY_3 7
#  define MANY_5 4
#else
#  define MANY_3 3
#  define MANY_5 2
#endif

typedef void (*DepthFunc) (const TapDepthJob *job,
                           const Columns *c,
                           size_t map,
                           int first,
                           int times,
                           size_t n);

#define ALL(K, S)                                                                                  \
  DEPTH (depth_##K##_##S##_one, K, S, 1, 1)                                                        \
  DEPTH (depth_##K##_##S##_edge, K, S, MANY_##K, 1)                                                \
  DEPTH (depth_##K##_##S##_inside, K, S, MANY_##K, 0)
#define NAMES(K, S)                                                                                \
  {                                                                                                \
    MANY_##K, depth_##K##_##S##_one, depth_##K##_##S##_edge, depth_##K##_##S##_inside              \
  }

ALL (3, 1)
ALL (3, 2)
ALL (5, 1)
ALL (5, 2)

typedef struct
{
  int many; /* rows of edge() and inside() */
  DepthFunc one, edge, inside;
} DepthFuncs;

static const DepthFuncs funcs[2][2] = {
  { NAMES (3, 1), NAMES (3, 2) },
  { NAMES (5, 1), NAMES (5, 2) },
};

static Columns
columns (const TapDepthJob *job, int q)
{
  Columns c = { .at = (long) (job->first_column + q) * job->stride - job->pad_left };

  for (int s = 0; s < job->kernel; s += job->stride)
    {
      c.masks[s] = lanes (c.at + s, job->in_w);
      if (job->stride == 2)
        c.masks[s + 1] = lanes (c.at + s + VL, job->in_w);
    }
  return c;
}

/* One strip of a map, from top to bottom. */
static void
strip (const TapDepthJob *job, const Columns *c, size_t map, int q, size_t n)
{
  const DepthFuncs *f = &funcs[job->kernel == 5][job->stride - 1];
  TapDepthJob moved = *job;
  int reach = (f->many - 1) * job->stride + job->kernel;

  moved.y += q;
  if (moved.residual != NULL)
    moved.residual += q;
  for (int row = 0, times; row < job->rows; row += times * f->many)
    {
      int in = (job->first_row + row) * job->stride - job->pad_top;
      int whole = (job->rows - row) / f->many, inside = 0;

      times = 1;
      if (whole == 0)
        {
          f->one (&moved, c, map, row, job->rows - row, n);
          return;
        }
      /* groups that see nothing above or below the map */
      if (in >= 0 && in + reach <= job->in_h)
        inside = (job->in_h - in - reach) / (f->many * job->stride) + 1;
      inside = inside < whole ? inside : whole;
      times = inside > 0 ? inside : 1;
      (inside > 0 ? f->inside : f->edge) (&moved, c, map, row, times, n);
    }
}

void
TAP_SIMD_NAME (tap_conv_depth) (const TapDepthJob *job)
{
  Columns known[MOST_STRIPS];
  int n_strips = (job->width + VL - 1) / VL;

  for (int i = 0; i < n_strips && i < MOST_STRIPS; i++)
    known[i] = columns (job, i * VL);
  for (size_t map = 0; map < (size_t) job->maps; map++)
    for (int i = 0; i < n_strips; i++)
      {
        int q = i * VL;
        size_t n = job->width - q < VL ? (size_t) (job->width - q) : VL;
        Columns c = i < MOST_STRIPS ? known[i] : columns (job, q);

        strip (job, &c, map, q, n);
      }
}
