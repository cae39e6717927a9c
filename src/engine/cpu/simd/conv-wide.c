/* conv-wide.c - direct convolution with vectors of pixels against broadcast weights
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The counterpart of conv-tiles.c for wide rows, short sums and groups of few channels: outputs leave
 * the registers as they lie in memory, without a transposition. The chains per output are the same:
 * bias, then (channel, tap) in order. The last tile of a row is moved back until it fits; what it
 * computes twice comes out the same twice, unless the residual it adds is where it stores. */

#include "config.h"

#include "engine/cpu/simd/conv-vec.h"

/* The most vectors of pixels that fit the registers beside 1, 2, 3, 4 or 8 output channels. */
#if VL == 16
#  define MOST_1 8
#  define MOST_2 8
#  define MOST_3 8
#  define MOST_4 6
#  define MOST_8 3
#elif VL == 8
#  define MOST_1 8
#  define MOST_2 5
#  define MOST_3 4
#  define MOST_4 3
#else
#  define MOST_1 6
#  define MOST_2 4
#  define MOST_3 3
#  define MOST_4 2
#endif

/* A tile: its first input cell, weight and bias, and its first output, counted from job->y. */
typedef struct
{
  const float *x, *w, *bias;
  size_t y;
  const float *next; /* a residual of a tile to come, whose lines are brought nearer; or anything */
  size_t next_step;  /* from channel to channel there; 0 for anything */
  int channels;      /* of those computed, that are there */
  size_t pixels;     /* of a tile narrower than a vector */
} Tile;

typedef void (*WideFunc) (const TapTileJob *job, const Tile *tile);

/* Adds the sums of the chains that ended, which are in sums if there were any before. */
#define FOLD(CH, NV, TO)                                                                           \
  TAP_UNROLL for (int i = 0; i < CH; i++)                                                          \
  {                                                                                                \
    TAP_UNROLL for (int v = 0; v < NV; v++)                                                        \
    {                                                                                              \
      if (folded)                                                                                  \
        TO = sums[i][v] + acc[i][v];                                                               \
      else                                                                                         \
        TO = acc[i][v];                                                                            \
    }                                                                                              \
  }

#define SUM(CH, NV, LOAD)                                                                          \
  const float *x = tile->x, *w = tile->w, *next = tile->next;                                      \
  const int together = TAP_CONV_TOGETHER (job->n_taps);                                            \
  size_t next_step = tile->next_step;                                                              \
  int left = CH, folded = 0;                                                                       \
  V acc[CH][NV], sums[CH][NV];                                                                     \
                                                                                                   \
  TAP_UNROLL for (int i = 0; i < CH; i++)                                                          \
  {                                                                                                \
    V b = v_set (tile->bias != NULL ? tile->bias[i] : 0);                                          \
    TAP_UNROLL for (int v = 0; v < NV; v++) acc[i][v] = b;                                         \
  }                                                                                                \
  for (int c = 0; c < job->channels; c += together)                                                \
    for (int first = 0, last; first < job->n_taps; first = last)                                   \
      {                                                                                            \
        const float *xk = x + (size_t) c * job->x_channel;                                         \
        const int end = job->channels - c < together ? job->channels : c + together;               \
                                                                                                   \
        last = job->n_taps - first > TAP_CONV_CHAIN ? first + TAP_CONV_CHAIN : job->n_taps;        \
        if (c + first > 0)                                                                         \
          {                                                                                        \
            FOLD (CH, NV, sums[i][v])                                                              \
            TAP_UNROLL for (int i = 0; i < CH * NV; i++) acc[i / NV][i % NV] = v_set (0);          \
            folded = 1;                                                                            \
          }                                                                                        \
        for (int k = c; k < end; k++, xk += job->x_channel)                                        \
          for (int j = first; j < last; j++, w += job->w_step)                                     \
            {                                                                                      \
              const float *p = xk + job->taps[j];                                                  \
              V xv[NV];                                                                            \
                                                                                                   \
              if (CH >= 4)                                                                         \
                {                                                                                  \
                  TAP_UNROLL for (int v = 0; v < NV; v++)                                          \
                    __builtin_prefetch (next + v * VL, 0, 3);                                      \
                  next += next_step;                                                               \
                  next_step = --left == 0 ? 0 : next_step;                                         \
                }                                                                                  \
                                                                                                   \
              TAP_UNROLL for (int v = 0; v < NV; v++) xv[v] = LOAD;                                \
              TAP_UNROLL for (int i = 0; i < CH; i++)                                              \
              {                                                                                    \
                V b = v_set (w[i]);                                                                \
                TAP_UNROLL for (int v = 0; v < NV; v++) acc[i][v] = v_fma (b, xv[v], acc[i][v]);   \
              }                                                                                    \
            }                                                                                      \
      }                                                                                            \
  FOLD (CH, NV, acc[i][v])

/* Residual, clamp and store of what is not side by side. */
static inline void
store_slowly (const TapTileJob *job, size_t at, V v, size_t n)
{
  if (job->residual != NULL)
    v += v_load_spread (job->residual + at, job->y_pixel, n);
  if (job->clamp.active)
    v = v_clamp (v, v_set (job->clamp.low), v_set (job->clamp.high));
  v_store_spread (job->y + at, v, job->y_pixel, n);
}

#define WIDE(CH, NV)                                                                               \
  static void wide_##CH##_##NV (const TapTileJob *job, const Tile *tile)                           \
  {                                                                                                \
    SUM (CH, NV, v_load (p + v * VL))                                                              \
                                                                                                   \
    if (job->y_pixel != 1)                                                                         \
      {                                                                                            \
        TAP_UNROLL for (int i = 0; i < CH; i++)                                                    \
        {                                                                                          \
          if (i < tile->channels)                                                                  \
            {                                                                                      \
              TAP_UNROLL for (int v = 0; v < NV; v++) store_slowly (                               \
                job, tile->y + (size_t) i * job->y_channel + (size_t) v * VL * job->y_pixel,       \
                acc[i][v], VL);                                                                    \
            }                                                                                      \
        }                                                                                          \
        return;                                                                                    \
      }                                                                                            \
    if (job->residual != NULL)                                                                     \
      {                                                                                            \
        const float *r = job->residual + tile->y;                                                  \
                                                                                                   \
        TAP_UNROLL for (int i = 0; i < CH; i++)                                                    \
        {                                                                                          \
          if (i < tile->channels)                                                                  \
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
        TAP_UNROLL for (int i = 0; i < CH; i++)                                                    \
        {                                                                                          \
          TAP_UNROLL for (int v = 0; v < NV; v++) acc[i][v] = v_clamp (acc[i][v], low, high);      \
        }                                                                                          \
      }                                                                                            \
    TAP_UNROLL for (int i = 0; i < CH; i++)                                                        \
    {                                                                                              \
      if (i < tile->channels)                                                                      \
        {                                                                                          \
          TAP_UNROLL for (int v = 0; v < NV; v++)                                                  \
            v_store (job->y + tile->y + (size_t) i * job->y_channel + v * VL, acc[i][v]);          \
        }                                                                                          \
    }                                                                                              \
  }

#define NARROW(CH)                                                                                 \
  static void narrow_##CH (const TapTileJob *job, const Tile *tile)                                \
  {                                                                                                \
    SUM (CH, 1, v_load_first (p, tile->pixels))                                                    \
                                                                                                   \
    TAP_UNROLL for (int i = 0; i < CH; i++)                                                        \
    {                                                                                              \
      if (i < tile->channels)                                                                      \
        store_slowly (job, tile->y + (size_t) i * job->y_channel, acc[i][0], tile->pixels);        \
    }                                                                                              \
  }

#define WIDE_1_2(CH) WIDE (CH, 1) WIDE (CH, 2)
#define WIDE_1_3(CH) WIDE_1_2 (CH) WIDE (CH, 3)
#define WIDE_1_4(CH) WIDE_1_3 (CH) WIDE (CH, 4)
#define WIDE_1_5(CH) WIDE_1_4 (CH) WIDE (CH, 5)
#define WIDE_1_6(CH) WIDE_1_5 (CH) WIDE (CH, 6)
#define WIDE_1_8(CH) WIDE_1_6 (CH) WIDE (CH, 7) WIDE (CH, 8)

#define NAMES_1_2(CH) narrow_##CH, wide_##CH##_1, wide_##CH##_2
#define NAMES_1_3(CH) NAMES_1_2 (CH), wide_##CH##_3
#define NAMES_1_4(CH) NAMES_1_3 (CH), wide_##CH##_4
#define NAMES_1_5(CH) NAMES_1_4 (CH), wide_##CH##_5
#define NAMES_1_6(CH) NAMES_1_5 (CH), wide_##CH##_6
#define NAMES_1_8(CH) NAMES_1_6 (CH), wide_##CH##_7, wide_##CH##_8

#define PASTE(a, n)    a##n
#define UP_TO(n)       PASTE (WIDE_1_, n)
#define NAMES_UP_TO(n) PASTE (NAMES_1_, n)

NARROW (1)
NARROW (2)
NARROW (3)
NARROW (4)
UP_TO (MOST_1)
(1) UP_TO (MOST_2) (2) UP_TO (MOST_3) (3) UP_TO (MOST_4) (4)
#if VL == 16
  NARROW (8) UP_TO (MOST_8) (8)
#endif

  /* By channels and vectors, 0 vectors for less than one. */
  static const struct
{
  int most;
  WideFunc funcs[9];
} wide[] = {
  [1] = { MOST_1, { NAMES_UP_TO (MOST_1) (1) } }, [2] = { MOST_2, { NAMES_UP_TO (MOST_2) (2) } },
  [3] = { MOST_3, { NAMES_UP_TO (MOST_3) (3) } }, [4] = { MOST_4, { NAMES_UP_TO (MOST_4) (4) } },
#if VL == 16
  [8] = { MOST_8, { NAMES_UP_TO (MOST_8) (8) } },
#endif
};

/* How many of the channels to come are computed together. */
static int
together (const TapTileJob *job, int left)
{
#if VL == 16
  /* padded blocks have weights for eight in any case */
  if (left >= 8 || (left > 4 && job->w_step == TAP_BLOCK))
    return 8;
#endif
  return left < 4 ? left : 4;
}

/* What all channels see of a row stays in the first-level cache while the channels take turns: floats. */
#define STAY 6144

/* @n pixels of a row, some channels at a time, each of them to the end. */
static void
wide_row (const TapTileJob *job, const float *x, size_t y, size_t width)
{
  const size_t block = (size_t) job->channels * (size_t) job->n_taps * TAP_BLOCK;

  for (int k = 0, channels; k < job->out_channels; k += channels)
    {
      Tile tile = {
        .w = job->weights + (size_t) (k / TAP_BLOCK) * block + k % TAP_BLOCK,
        .bias = job->bias != NULL ? job->bias + k : NULL,
        .channels = job->out_channels - k,
      };
      size_t most;

      channels = together (job, job->out_channels - k);
      most = (size_t) wide[channels].most;
      for (size_t q = 0, n; q < width; q += n * VL)
        {
          size_t left = (width - q + VL - 1) / VL;

          /* four are better two and two than three and one */
          n = left >= 2 * most || left == most ? most : left > most ? (left + 1) / 2 : left;
          while (n * VL > width)
            n--;
          if (q + n * VL > width && (n == 0 || job->residual == job->y))
            n = (width - q) / VL;
          else if (q + n * VL > width)
            q = width - n * VL;
          tile.x = x + q;
          tile.y = y + (size_t) k * job->y_channel + q * job->y_pixel;
          tile.pixels = width - q;
          tile.next = tile.w;
          if (job->residual != NULL)
            {
              /* the next channels of these pixels, at the end the first ones of the pixels that follow */
              tile.next = job->residual + y + (q + width) * job->y_pixel;
              if (k + channels < job->out_channels)
                tile.next = job->residual + tile.y + (size_t) channels * job->y_channel;
              tile.next_step = job->y_channel;
            }
          wide[channels].funcs[n](job, &tile);
          if (n == 0)
            break;
        }
    }
}

void
TAP_SIMD_NAME (tap_conv_wide) (const TapTileJob *job)
{
  const size_t width = (size_t) job->width;
  size_t sees = job->channels == 1 ? (size_t) job->n_taps : (size_t) job->channels * 3;
  size_t stay = STAY / (sees > 0 ? sees : 1) / (4 * VL) * (4 * VL);

  if (job->out_channels <= together (job, job->out_channels))
    stay = width;
  if (stay < 4 * VL)
    stay = 4 * VL;
  for (int row = 0; row < job->rows; row++)
    for (size_t q = 0, n; q < width; q += n)
      {
        /* no rest narrower than a vector */
        n = width - q < stay + VL ? width - q : stay;
        wide_row (job, job->x + (size_t) row * job->x_row + q,
                  (size_t) row * job->y_row + q * job->y_pixel, n);
      }
}
