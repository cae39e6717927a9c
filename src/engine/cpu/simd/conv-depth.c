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
  long at;  /* column of the first output's first tap */
  size_t q; /* the first output, and how many there are */
  size_t n;
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

/* ROWS outputs of each of @times groups below each other; EDGE: rows may be missing. */
#define DEPTH(NAME, K, S, ROWS, EDGE)                                                              \
  static void NAME (const TapDepthJob *job, const Columns *c, size_t map, int first, int times)    \
  {                                                                                                \
    const float *w = job->weights + map * (K * K);                                                 \
    const V bias = v_set (job->bias != NULL ? job->bias[map] : 0);                                 \
    const long pitch = job->in_w, height = job->in_h;                                              \
    long in = (long) (job->first_row + first) * S - job->pad_top;                                  \
    const float *p = job->x + map * job->x_map + in * pitch + c->at;                               \
    size_t at = map * job->y_map + (size_t) first * job->y_row + c->q;                             \
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
        TAP_UNROLL for (int i = 0; i < ROWS; i++, at += job->y_row)                                \
          finish (job, at, acc[i], c->n);                                                          \
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

typedef void (
  *DepthFunc) (const TapDepthJob *job, const Columns *c, size_t map, int first, int times);

/* What is left is done by fours, by twos, and row by row; two of fewer registers are all there are. */
#define ALL(K, S)                                                                                  \
  DEPTH (depth_##K##_##S##_1, K, S, 1, 1)                                                          \
  DEPTH (depth_##K##_##S##_2, K, S, 2, 1)                                                          \
  DEPTH (depth_##K##_##S##_4, K, S, 4, 1)                                                          \
  DEPTH (depth_##K##_##S##_edge, K, S, MANY_##K, 1)                                                \
  DEPTH (depth_##K##_##S##_inside, K, S, MANY_##K, 0)
#define NAMES(K, S)                                                                                \
  {                                                                                                \
    MANY_##K, depth_##K##_##S##_edge, depth_##K##_##S##_inside,                                    \
    {                                                                                              \
      depth_##K##_##S##_1, depth_##K##_##S##_2, depth_##K##_##S##_4                                \
    }                                                                                              \
  }

ALL (3, 1)
ALL (3, 2)
ALL (5, 1)
ALL (5, 2)

typedef struct
{
  int many; /* rows of edge() and inside() */
  DepthFunc edge, inside;
  DepthFunc rest[3]; /* of 1, 2 and 4 rows, at the edge or not */
} DepthFuncs;

static const DepthFuncs funcs[2][2] = {
  { NAMES (3, 1), NAMES (3, 2) },
  { NAMES (5, 1), NAMES (5, 2) },
};

static Columns
columns (const TapDepthJob *job, int q)
{
  Columns c = {
    .at = (long) (job->first_column + q) * job->stride - job->pad_left,
    .q = (size_t) q,
    .n = job->width - q < VL ? (size_t) (job->width - q) : VL,
  };

  for (int s = 0; s < job->kernel; s += job->stride)
    {
      c.masks[s] = lanes (c.at + s, job->in_w);
      if (job->stride == 2)
        c.masks[s + 1] = lanes (c.at + s + VL, job->in_w);
    }
  return c;
}

/* Rows that one function does. */
typedef struct
{
  DepthFunc func;
  int first, times;
} Part;

/* Groups at the upper edge, inside, at the lower edge, and rests of 4, 2 and 1 rows. */
#define MOST_PARTS 6

/* From top to bottom; the same for all maps. */
static int
cut (const TapDepthJob *job, Part *parts)
{
  const DepthFuncs *f = &funcs[job->kernel == 5][job->stride - 1];
  int n = 0, row = 0;

  for (; job->rows - row >= f->many; row += f->many)
    {
      int in = (job->first_row + row) * job->stride - job->pad_top;
      int end = in + (f->many - 1) * job->stride + job->kernel;
      DepthFunc func = in >= 0 && end <= job->in_h ? f->inside : f->edge;

      if (n > 0 && parts[n - 1].func == func)
        parts[n - 1].times++;
      else
        parts[n++] = (Part){ func, row, 1 };
    }
  for (int i = 2; i >= 0; i--)
    if (1 << i < f->many && job->rows - row >= 1 << i)
      {
        int times = (job->rows - row) >> i;

        parts[n++] = (Part){ f->rest[i], row, times };
        row += times << i;
      }
  return n;
}

void
TAP_SIMD_NAME (tap_conv_depth) (const TapDepthJob *job)
{
  Columns known[MOST_STRIPS];
  Part parts[MOST_PARTS];
  int n_parts = cut (job, parts), n_strips = (job->width + VL - 1) / VL;

  for (int i = 0; i < n_strips && i < MOST_STRIPS; i++)
    known[i] = columns (job, i * VL);
  for (size_t map = 0; map < (size_t) job->maps; map++)
    for (int i = 0; i < n_strips; i++)
      {
        const Columns c = i < MOST_STRIPS ? known[i] : columns (job, i * VL);

        for (int p = 0; p < n_parts; p++)
          parts[p].func (job, &c, map, parts[p].first, parts[p].times);
      }
}
