/* conv-tiles.c - direct convolution with a vector of output channels against broadcast pixels
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A tile of up to 28 accumulators (AVX-512) holds PX pixels of one row times NB blocks of 16 channels.
 * For every (channel, tap) the packed weights are loaded once and each pixel is broadcast straight
 * from the input, so there is no im2col: neighbouring pixels are one float apart because the caller
 * splits strided rows by phase. All tile shapes run the same chains of operations per output, so the
 * choice of shapes is free. The tile is transposed on its way out to NCHW. */

#include "config.h"

#include "engine/cpu/simd/transpose.h"

#define NVB (TAP_BLOCK / VL) /* vectors per block */

/* What is needed soon and may be far away, which a tile brings nearer line by line as it adds up: weights of
 * the blocks to come, the next tile's part of the input, and the lines that this one will be stored to. */
typedef struct
{
  const char *next, *end; /* weights */
  ptrdiff_t x;    /* from a pixel of this tile's to the last of the next one's; 0: it is near */
  const float *y; /* the last pixel of the first channel */
  /* from there on to its residual, the next channel, its residual, …; or only from channel to channel */
  ptrdiff_t step, two_steps;
  int lines;
} Ahead;

typedef void (*TileFunc) (const TapTileJob *job,
                          const float *x,
                          const float *w,
                          const float *bias,
                          const Ahead *ahead,
                          float *t);

/* Adds the sums of the chains that ended, which are in t if there were any before. */
#define FOLD(PX, NB)                                                                               \
  TAP_UNROLL for (int v = 0; v < NB * NVB; v++)                                                    \
  {                                                                                                \
    float *to = t + (v / NVB) * PX * TAP_BLOCK + v % NVB * VL;                                     \
                                                                                                   \
    TAP_UNROLL for (int i = 0; i < PX; i++)                                                        \
    {                                                                                              \
      if (folded)                                                                                  \
        acc[i][v] += v_load (to + i * TAP_BLOCK);                                                  \
      v_store (to + i * TAP_BLOCK, acc[i][v]);                                                     \
    }                                                                                              \
  }

/* t: [NB][PX][TAP_BLOCK] */
#define TILE(PX, NB)                                                                               \
  static void tile_##PX##_##NB (const TapTileJob *job, const float *x, const float *w,             \
                                const float *bias, const Ahead *ahead, float *t)                   \
  {                                                                                                \
    const size_t block = (size_t) job->channels * (size_t) job->n_taps * TAP_BLOCK;                \
    const size_t ahead_step = ahead->next < ahead->end ? 64 : 0;                                   \
    const int together = TAP_CONV_TOGETHER (job->n_taps);                                          \
    const char *next = ahead->next;                                                                \
    const float *y = ahead->y;                                                                     \
    ptrdiff_t step = ahead->step, two_steps = ahead->two_steps;                                    \
    int lines = ahead->lines, folded = 0;                                                          \
    V acc[PX][NB * NVB];                                                                           \
                                                                                                   \
    TAP_UNROLL for (int v = 0; v < NB * NVB; v++)                                                  \
    {                                                                                              \
      V b = bias != NULL ? v_load (bias + v * VL) : v_set (0);                                     \
      TAP_UNROLL for (int i = 0; i < PX; i++) acc[i][v] = b;                                       \
    }                                                                                              \
    for (int c = 0; c < job->channels; c += together)                                              \
      for (int first = 0, last; first < job->n_taps; first = last)                                 \
        {                                                                                          \
          const float *xk = x + (size_t) c * job->x_channel;                                       \
          const int end = job->channels - c < together ? job->channels : c + together;             \
                                                                                                   \
          last = job->n_taps - first > TAP_CONV_CHAIN ? first + TAP_CONV_CHAIN : job->n_taps;      \
          if (c + first > 0)                                                                       \
            {                                                                                      \
              FOLD (PX, NB)                                                                        \
              TAP_UNROLL for (int i = 0; i < PX * NB * NVB; i++)                                   \
                acc[i / (NB * NVB)][i % (NB * NVB)] = v_set (0);                                   \
              folded = 1;                                                                          \
            }                                                                                      \
          for (int k = c; k < end; k++, xk += job->x_channel)                                      \
            for (int j = first; j < last; j++, w += TAP_BLOCK)                                     \
              {                                                                                    \
                const float *p = xk + job->taps[j];                                                \
                V wv[NB * NVB];                                                                    \
                                                                                                   \
                __builtin_prefetch (next, 0, 2);                                                   \
                next += ahead_step;                                                                \
                __builtin_prefetch (p + ahead->x, 0, 3);                                           \
                __builtin_prefetch (y, 1, 3);                                                      \
                y += step;                                                                         \
                step = two_steps - step;                                                           \
                if (--lines == 0)                                                                  \
                  step = two_steps = 0;                                                            \
                TAP_UNROLL for (int v = 0; v < NB * NVB; v++) wv[v] =                              \
                  v_load (w + (size_t) (v / NVB) * block + v % NVB * VL);                          \
                TAP_UNROLL for (int i = 0; i < PX; i++)                                            \
                {                                                                                  \
                  V b = v_set (p[i]);                                                              \
                  TAP_UNROLL for (int v = 0; v < NB * NVB; v++) acc[i][v] =                        \
                    v_fma (b, wv[v], acc[i][v]);                                                   \
                }                                                                                  \
              }                                                                                    \
        }                                                                                          \
    FOLD (PX, NB)                                                                                  \
  }

TILE (1, 1)
TILE (2, 1)
TILE (3, 1)
#if VL >= 8
TILE (4, 1)
TILE (5, 1)
TILE (6, 1)
#endif
#if VL >= 16
TILE (7, 1)
TILE (8, 1)
TILE (9, 1)
TILE (10, 1)
TILE (11, 1)
TILE (12, 1)
TILE (13, 1)
TILE (14, 1)
TILE (15, 1)
TILE (16, 1)
TILE (18, 1)
TILE (20, 1)
TILE (22, 1)
TILE (24, 1)
TILE (26, 1)
TILE (28, 1)
TILE (1, 2)
TILE (2, 2)
TILE (3, 2)
TILE (4, 2)
TILE (5, 2)
TILE (6, 2)
TILE (7, 2)
TILE (8, 2)
TILE (9, 2)
TILE (10, 2)
TILE (11, 2)
TILE (12, 2)
TILE (13, 2)
TILE (14, 2)
TILE (1, 4)
TILE (2, 4)
TILE (3, 4)
TILE (4, 4)
TILE (5, 4)
TILE (6, 4)
TILE (7, 4)
#endif

/* By blocks - 1 and pixels; NULL where there is no such tile. */
static const TileFunc tiles[4][29] = {
#if VL >= 16
  { NULL,      tile_1_1, tile_2_1,  tile_3_1,  tile_4_1,  tile_5_1,  tile_6_1,  tile_7_1,
    tile_8_1,  tile_9_1, tile_10_1, tile_11_1, tile_12_1, tile_13_1, tile_14_1, tile_15_1,
    tile_16_1, NULL,     tile_18_1, NULL,      tile_20_1, NULL,      tile_22_1, NULL,
    tile_24_1, NULL,     tile_26_1, NULL,      tile_28_1 },
  { NULL, tile_1_2, tile_2_2, tile_3_2, tile_4_2, tile_5_2, tile_6_2, tile_7_2, tile_8_2, tile_9_2,
    tile_10_2, tile_11_2, tile_12_2, tile_13_2, tile_14_2 },
  { NULL },
  { NULL, tile_1_4, tile_2_4, tile_3_4, tile_4_4, tile_5_4, tile_6_4, tile_7_4 },
#elif VL >= 8
  { NULL, tile_1_1, tile_2_1, tile_3_1, tile_4_1, tile_5_1, tile_6_1 },
#else
  { NULL, tile_1_1, tile_2_1, tile_3_1 },
#endif
};

static const int widest[5] = {
#if VL >= 16
  0, 28, 14, 0, 7,
#elif VL >= 8
  0, 6, 0, 0, 0,
#else
  0, 3, 0, 0, 0,
#endif
};

#define T_FLOATS (28 * TAP_BLOCK)

#if VL == 16

/* Up to 16 pixels, up to 16 channels; @y counts from job->y. */
static void
store_16 (const TapTileJob *job, const float *t, size_t y, int pixels, int channels)
{
  const V low = v_set (job->clamp.low), high = v_set (job->clamp.high);
  __mmask16 mask = (__mmask16) ((1u << pixels) - 1);
  __m512 r[16];

  for (int i = 0; i < 16; i++)
    r[i] = i < pixels ? _mm512_load_ps (t + i * TAP_BLOCK) : _mm512_setzero_ps ();
  if (job->residual == NULL && job->clamp.active)
    for (int i = 0; i < 16; i++)
      r[i] = v_clamp (r[i], low, high);
  v_transpose (r);
  if (job->residual == NULL && channels == 16)
    {
      for (int i = 0; i < 16; i++)
        _mm512_mask_storeu_ps (job->y + y + (size_t) i * job->y_channel, mask, r[i]);
    }
  else
    {
      __m512 copy[16];

      memcpy (copy, r, sizeof copy);
      for (int i = 0; i < channels; i++, y += job->y_channel)
        {
          __m512 v = copy[i];

          if (job->residual != NULL)
            {
              v = _mm512_add_ps (v, _mm512_maskz_loadu_ps (mask, job->residual + y));
              if (job->clamp.active)
                v = v_clamp (v, low, high);
            }
          _mm512_mask_storeu_ps (job->y + y, mask, v);
        }
    }
}

static void
store_block (const TapTileJob *job, float *t, size_t y, int pixels, int channels)
{
  store_16 (job, t, y, pixels < 16 ? pixels : 16, channels);
  if (pixels > 16)
    store_16 (job, t + 16 * TAP_BLOCK, y + 16, pixels - 16, channels);
}

#else

static void
store_block (const TapTileJob *job, float *t, size_t y, int pixels, int channels)
{
  if (job->residual != NULL)
    for (int k = 0; k < channels; k++)
      for (int i = 0; i < pixels; i++)
        t[i * TAP_BLOCK + k] += job->residual[y + (size_t) k * job->y_channel + (size_t) i];
  if (job->clamp.active)
    {
      const V low = v_set (job->clamp.low), high = v_set (job->clamp.high);

      for (int i = 0; i < pixels * TAP_BLOCK; i += VL)
        v_store (t + i, v_clamp (v_load (t + i), low, high));
    }
  for (int k = 0; k < channels; k++, y += job->y_channel)
    for (int i = 0; i < pixels; i++)
      job->y[y + (size_t) i] = t[i * TAP_BLOCK + k];
}

#endif

static void
store_spread (const TapTileJob *job, const float *t, size_t y, int pixels, int channels)
{
  for (int k = 0; k < channels; k++, y += job->y_channel)
    for (int i = 0; i < pixels; i++)
      {
        size_t at = y + (size_t) i * job->y_pixel;
        float v = t[i * TAP_BLOCK + k];

        if (job->residual != NULL)
          v += job->residual[at];
        if (job->clamp.active)
          v = v < job->clamp.low ? job->clamp.low : v > job->clamp.high ? job->clamp.high : v;
        job->y[at] = v;
      }
}

/* Pixels of the next tile, when @left are to be done: as few tiles as possible, of even width. */
static int
next_width (int left, int n_blocks)
{
  int widest_tile = widest[n_blocks];
  int n = (left + widest_tile - 1) / widest_tile;
  int width = (left + n - 1) / n;

  while (tiles[n_blocks - 1][width] == NULL)
    width--;
  return width;
}

/* The lines of a tile's outputs, whose first channel's last pixel is @last cells into y. */
static void
look_ahead (Ahead *ahead, const TapTileJob *job, int block, int n_blocks, size_t last)
{
  int channels = job->out_channels - block * TAP_BLOCK;

  channels = channels < n_blocks * TAP_BLOCK ? channels : n_blocks * TAP_BLOCK;
  ahead->y = job->y + last;
  ahead->step = (ptrdiff_t) job->y_channel;
  ahead->two_steps = 2 * ahead->step;
  ahead->lines = channels;
  if (job->residual != NULL && job->residual != job->y)
    {
      ahead->two_steps = ahead->step;
      ahead->step = job->residual - job->y;
      ahead->lines = 2 * channels;
    }
}

void
TAP_SIMD_NAME (tap_conv_tiles) (const TapTileJob *job)
{
  const size_t block = (size_t) job->channels * (size_t) job->n_taps * TAP_BLOCK;
  const int blocks = (job->out_channels + TAP_BLOCK - 1) / TAP_BLOCK;
  float t[T_FLOATS] __attribute__ ((aligned (64)));
  int step;

  for (int b = 0; b < blocks; b += step)
    {
      const float *w = job->weights + (size_t) b * block;
      const float *bias = job->bias != NULL ? job->bias + b * TAP_BLOCK : NULL;
      Ahead ahead;

      step = 1;
#if VL == 16
      if (blocks - b >= 2)
        step = 2;
      if (blocks - b >= 4 && job->width % 14 != 0 && (job->width % 14 <= 7 || job->width <= 7))
        step = 4;
#endif
      ahead.next = (const char *) (w + (size_t) step * block);
      ahead.end = ahead.next + (size_t) step * block * sizeof (float);
      for (int row = 0; row < job->rows; row++)
        {
          const float *x = job->x + (size_t) row * job->x_row;
          size_t y = (size_t) row * job->y_row + (size_t) (b * TAP_BLOCK) * job->y_channel;

          for (int q = 0, px; q < job->width; q += px)
            {
              px = next_width (job->width - q, step);
              look_ahead (&ahead, job, b, step, y + (size_t) (q + px - 1) * job->y_pixel);
              ahead.x = b == 0 && job->channels == 1 ? 2 * px - 1 : 0;
              tiles[step - 1][px](job, x + q, w, bias, &ahead, t);
              if (ahead.next < ahead.end)
                ahead.next += (size_t) job->channels * (size_t) job->n_taps * 64;
              for (int i = 0; i < step; i++)
                {
                  int channels = job->out_channels - (b + i) * TAP_BLOCK;
                  size_t out =
                    y + (size_t) q * job->y_pixel + (size_t) (i * TAP_BLOCK) * job->y_channel;

                  if (channels > TAP_BLOCK)
                    channels = TAP_BLOCK;
                  if (job->y_pixel == 1)
                    store_block (job, t + i * px * TAP_BLOCK, out, px, channels);
                  else
                    store_spread (job, t + i * px * TAP_BLOCK, out, px, channels);
                }
            }
        }
    }
}
