/* winograd-transform.c - the three transforms of Winograd's convolution of 3×3 windows
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * F(4,3): a tile of 4 × 4 outputs sees 6 × 6 inputs d, and is Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A: 36 products per
 * pair of channels instead of 144. The matrices are those of Cook and Toom for the points 0, ±P, ±Q, ∞; an
 * even and an odd part serve each pair of points. 5/8 and 3/2, exact in binary, halve the error of the
 * usual 1 and 2. Tiles of 6 × 6 would save a fifth of the products, at four times the error; the gain was
 * measured to be a tenth at best.
 *
 * Vectors hold channels: images are turned from planes to pixels and back in registers.
 *
 * Source: Lavin & Gray 2015, arXiv:1509.09308; Barabasz et al. 2018, arXiv:1803.10986 (points). */

#include "config.h"

#include "engine/cpu/simd/transpose.h"

#define NVB     (TAP_BLOCK / VL) /* vectors per block */
#define TILE    TAP_WINOGRAD_TILE
#define EDGE    (TILE + 2)
/* Columns of a strip, whole vectors. */
#define COLUMNS 64

/* The points, and their squares. */
#define P  (5.0f / 8)
#define Q  (3.0f / 2)
#define P2 (P * P)
#define Q2 (Q * Q)

#define ALWAYS static inline __attribute__ ((always_inline))

/* x + a y */
ALWAYS V
add_times (V x, float a, V y)
{
  return v_fma (v_set (a), y, x);
}

/* Bᵀ d of one line, in place. */
ALWAYS void
input_line (V *d)
{
  V even_p = add_times (d[4], -Q2, d[2]), odd_p = add_times (d[3], -Q2, d[1]);
  V even_q = add_times (d[4], -P2, d[2]), odd_q = add_times (d[3], -P2, d[1]);

  d[0] = add_times (add_times (d[4], -(P2 + Q2), d[2]), P2 * Q2, d[0]);
  d[5] = add_times (add_times (d[5], -(P2 + Q2), d[3]), P2 * Q2, d[1]);
  d[1] = add_times (even_p, P, odd_p);
  d[2] = add_times (even_p, -P, odd_p);
  d[3] = add_times (even_q, Q, odd_q);
  d[4] = add_times (even_q, -Q, odd_q);
}

/* G g of one line: u[0], u[step], … Without the factors of the points, which are left to Aᵀ. */
ALWAYS void
weight_line (V *u, int step, V g0, V g1, V g2)
{
  V even_p = add_times (g0, P2, g2), even_q = add_times (g0, Q2, g2);

  u[0] = g0;
  u[step] = add_times (even_p, P, g1);
  u[2 * step] = add_times (even_p, -P, g1);
  u[3 * step] = add_times (even_q, Q, g1);
  u[4 * step] = add_times (even_q, -Q, g1);
  u[5 * step] = g2;
}

/* Aᵀ s of one line: y[0], y[step], … */
ALWAYS void
output_line (V *y, int step, const V *s)
{
  const float at_0 = 1 / (P2 * Q2), at_p = 1 / (2 * P2 * (P2 - Q2)),
              at_q = 1 / (2 * Q2 * (Q2 - P2));
  V even_p = s[1] + s[2], odd_p = s[1] - s[2], even_q = s[3] + s[4], odd_q = s[3] - s[4];

  y[0] = add_times (add_times (v_set (at_0) * s[0], at_p, even_p), at_q, even_q);
  y[step] = add_times (v_set (at_p * P) * odd_p, at_q * Q, odd_q);
  y[2 * step] = add_times (v_set (at_p * P2) * even_p, at_q * Q2, even_q);
  y[3 * step] = add_times (add_times (s[5], at_p * P * P2, odd_p), at_q * Q * Q2, odd_q);
}

/* VL cells of a row of @width from @column on, which may lie outside: zeros there. */
ALWAYS V
load_cells (const float *row, int column, int width)
{
  if (column >= 0 && column + VL <= width)
    return v_load (row + column);
  else
    {
#if VL == 16
      unsigned mask = 0xffff;

      if (column >= width || column <= -VL)
        return v_set (0);
      if (column < 0)
        mask &= 0xffffu << -column;
      if (column + VL > width)
        mask &= 0xffffu >> (column + VL - width);
      /* lanes that are masked out are not touched */
      return _mm512_maskz_loadu_ps ((__mmask16) mask, row + column);
#else
      float t[VL] = { 0 };

      for (int i = 0; i < VL; i++)
        if (column + i >= 0 && column + i < width)
          t[i] = row[column + i];
      return v_load (t);
#endif
    }
}

/* The rows that the tiles see, as pixels of VL channels, from channel @first of the block on. */
ALWAYS void
fill_strip (const TapWinogradInput *job, int first, float *strip, int columns)
{
  for (int i = 0; i < EDGE; i++)
    {
      int row = job->row + i;
      const float *x = job->x + (size_t) first * job->x_channel +
                       (row >= 0 && row < job->in_h ? (size_t) row * (size_t) job->in_w : 0);
      float *to = strip + i * COLUMNS * VL;

      if (row < 0 || row >= job->in_h)
        memset (to, 0, (size_t) (columns * VL) * sizeof (float));
      else
        for (int j = 0; j < columns; j += VL)
          {
            V r[VL];

            TAP_UNROLL for (int c = 0; c < VL; c++) r[c] =
              first + c < job->channels ?
                load_cells (x + (size_t) c * job->x_channel, job->column + j, job->in_w) :
                v_set (0);
            v_transpose (r);
            TAP_UNROLL for (int c = 0; c < VL; c++) v_store (to + (j + c) * VL, r[c]);
          }
    }
}

void
TAP_SIMD_NAME (tap_winograd_input) (const TapWinogradInput *job)
{
  float strip[EDGE * COLUMNS * VL] __attribute__ ((aligned (64)));
  const int columns = (job->tiles * TILE + 2 + VL - 1) / VL * VL;
  V d[EDGE];

  for (int h = 0; h < NVB; h++)
    {
      fill_strip (job, h * VL, strip, columns);
      for (int j = 0; j < job->tiles * TILE + 2; j++)
        {
          float *s = strip + j * VL;

          TAP_UNROLL for (int i = 0; i < EDGE; i++) d[i] = v_load (s + i * COLUMNS * VL);
          input_line (d);
          TAP_UNROLL for (int i = 0; i < EDGE; i++) v_store (s + i * COLUMNS * VL, d[i]);
        }
      for (int t = 0; t < job->tiles; t++)
        for (int i = 0; i < EDGE; i++)
          {
            const float *s = strip + (i * COLUMNS + t * TILE) * VL;
            float *v = job->v + (size_t) (i * EDGE) * job->v_position + t * TAP_BLOCK + h * VL;

            TAP_UNROLL for (int j = 0; j < EDGE; j++) d[j] = v_load (s + j * VL);
            input_line (d);
            TAP_UNROLL for (int j = 0; j < EDGE; j++)
              v_store (v + (size_t) j * job->v_position, d[j]);
          }
    }
}

void
TAP_SIMD_NAME (tap_winograd_turn) (float *t, const float *w, int n)
{
  for (int j = 0; j < 9; j++)
    for (int h = 0; h < NVB; h++)
      for (int g = 0; g < NVB; g++)
        {
          V r[VL];

          TAP_UNROLL for (int i = 0; i < VL; i++) r[i] =
            h * VL + i < n ? v_load (w + (size_t) ((h * VL + i) * 9 + j) * TAP_BLOCK + g * VL) :
                             v_set (0);
          v_transpose (r);
          TAP_UNROLL for (int i = 0; i < VL; i++)
            v_store (t + (size_t) ((g * VL + i) * 9 + 8 - j) * TAP_BLOCK + h * VL, r[i]);
        }
}

void
TAP_SIMD_NAME (tap_winograd_weights) (const TapWinogradWeights *job)
{
  const size_t position = job->u_position;

  for (int c = 0; c < job->channels; c++)
    for (int h = 0; h < NVB; h++)
      {
        const float *w = job->w + (size_t) c * 9 * TAP_BLOCK + h * VL;
        float *u = job->u + (size_t) c * TAP_BLOCK + h * VL;
        V lines[EDGE * 3], line[EDGE];

        TAP_UNROLL for (int s = 0; s < 3; s++)
          weight_line (lines + s, 3, v_load (w + s * TAP_BLOCK), v_load (w + (3 + s) * TAP_BLOCK),
                       v_load (w + (6 + s) * TAP_BLOCK));
        TAP_UNROLL for (int i = 0; i < EDGE; i++)
        {
          weight_line (line, 1, lines[3 * i], lines[3 * i + 1], lines[3 * i + 2]);
          TAP_UNROLL for (int j = 0; j < EDGE; j++)
            v_store (u + (size_t) (i * EDGE + j) * position, line[j]);
        }
      }
}

/* One row of output cells of VL channels, turned into rows of planes. */
ALWAYS void
store_row (const TapWinogradOutput *job, const float *pixels, size_t at, int channels)
{
  const V low = v_set (job->clamp.low), high = v_set (job->clamp.high);

  for (int j = 0; j < job->width; j += VL)
    {
      const int n = job->width - j < VL ? job->width - j : VL;
      V r[VL];

      TAP_UNROLL for (int c = 0; c < VL; c++) r[c] = v_load (pixels + (j + c) * VL);
      v_transpose (r);
      TAP_UNROLL for (int c = 0; c < VL; c++)
      {
        size_t to = at + (size_t) c * job->y_channel + (size_t) j;

        if (c < channels)
          {
            V v = r[c];

            if (job->residual != NULL)
              v += n == VL ? v_load (job->residual + to) :
                             v_load_first (job->residual + to, (size_t) n);
            if (job->clamp.active)
              v = v_clamp (v, low, high);
            if (n == VL)
              v_store (job->y + to, v);
            else
              v_store_first (job->y + to, v, (size_t) n);
          }
      }
    }
}

void
TAP_SIMD_NAME (tap_winograd_output) (const TapWinogradOutput *job)
{
  float pixels[TILE * COLUMNS * VL] __attribute__ ((aligned (64)));

  for (int h = 0; h < NVB && h * VL < job->channels; h++)
    {
      V bias = v_load (job->bias + h * VL);

      for (int t = 0; t < job->tiles; t++)
        {
          const float *s = job->sums + t * TAP_BLOCK + h * VL;
          V lines[TILE * EDGE], line[EDGE];

          TAP_UNROLL for (int i = 0; i < EDGE; i++)
          {
            TAP_UNROLL for (int j = 0; j < EDGE; j++) line[j] =
              v_load (s + (size_t) (i * EDGE + j) * job->sums_position);
            output_line (lines + i, EDGE, line);
          }
          TAP_UNROLL for (int j = 0; j < TILE; j++)
          {
            output_line (line, 1, lines + j * EDGE);
            TAP_UNROLL for (int i = 0; i < TILE; i++)
              v_store (pixels + (i * COLUMNS + t * TILE + j) * VL, line[i] + bias);
          }
        }
      for (int i = 0; i < job->rows; i++)
        store_row (job, pixels + i * COLUMNS * VL,
                   (size_t) (h * VL) * job->y_channel + (size_t) i * job->y_row,
                   job->channels - h * VL);
    }
}
