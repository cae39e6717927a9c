/* dots.c - dot products with a fixed order of additions
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Number i goes to lane i mod 2·lanes of two accumulators, which are joined in a fixed order at the end:
 * whether a product is made alone or beside others, its bits are the same. */

#include "config.h"

#include "engine/cpu/simd/vec.h"

/* Products of so many rows and vectors have their accumulators in registers at a time. */
#if VL == 16
#  define TILE_ROWS 4
#else
#  define TILE_ROWS 2
#endif
#define TILE_VECTORS 3
/* Numbers of each row that stay in the first-level cache while all vectors meet them. */
#define CHUNK        1024

void
TAP_SIMD_NAME (
  tap_dots) (float *dots, const float *x, const float *rows, size_t pitch, size_t n, int n_rows)
{
  int r = 0;

  /* Four rows keep enough loads in flight for the memory; each row has the same two accumulators
   * that it would have alone. */
  for (; r < n_rows; r += 4)
    {
      const float *p[4];
      V a[4], b[4];
      size_t i = 0;

      for (int k = 0; k < 4; k++)
        {
          p[k] = rows + (size_t) (r + k < n_rows ? r + k : r) * pitch;
          a[k] = b[k] = v_set (0);
        }
      for (; i + 2 * VL <= n; i += 2 * VL)
        {
          V u = v_load (x + i), v = v_load (x + i + VL);

          TAP_UNROLL for (int k = 0; k < 4; k++)
          {
            a[k] = v_fma (u, v_load (p[k] + i), a[k]);
            b[k] = v_fma (v, v_load (p[k] + i + VL), b[k]);
          }
        }
      for (; i + VL <= n; i += VL)
        for (int k = 0; k < 4; k++)
          a[k] = v_fma (v_load (x + i), v_load (p[k] + i), a[k]);
      if (i < n)
        for (int k = 0; k < 4; k++)
          b[k] = v_fma (v_load_first (x + i, n - i), v_load_first (p[k] + i, n - i), b[k]);
      for (int k = 0; k < 4 && r + k < n_rows; k++)
        dots[r + k] = v_sum (a[k] + b[k]);
    }
}

/* Adds the products of from..to, whole pairs of vectors, to the accumulators in @sums. */
static void
tile (float *sums, const float *const *rows, const float *const *x, size_t from, size_t to)
{
  V a[TILE_ROWS][TILE_VECTORS], b[TILE_ROWS][TILE_VECTORS];

  TAP_UNROLL for (int r = 0; r < TILE_ROWS; r++)
  {
    TAP_UNROLL for (int k = 0; k < TILE_VECTORS; k++)
    {
      a[r][k] = v_load (sums + (size_t) (2 * (r * TILE_VECTORS + k)) * VL);
      b[r][k] = v_load (sums + (size_t) (2 * (r * TILE_VECTORS + k) + 1) * VL);
    }
  }
  for (size_t i = from; i < to; i += 2 * VL)
    {
      V u[TILE_VECTORS], v[TILE_VECTORS];

      TAP_UNROLL for (int k = 0; k < TILE_VECTORS; k++)
      {
        u[k] = v_load (x[k] + i);
        v[k] = v_load (x[k] + i + VL);
      }
      TAP_UNROLL for (int r = 0; r < TILE_ROWS; r++)
      {
        V p = v_load (rows[r] + i), q = v_load (rows[r] + i + VL);

        TAP_UNROLL for (int k = 0; k < TILE_VECTORS; k++)
        {
          a[r][k] = v_fma (u[k], p, a[r][k]);
          b[r][k] = v_fma (v[k], q, b[r][k]);
        }
      }
    }
  TAP_UNROLL for (int r = 0; r < TILE_ROWS; r++)
  {
    TAP_UNROLL for (int k = 0; k < TILE_VECTORS; k++)
    {
      v_store (sums + (size_t) (2 * (r * TILE_VECTORS + k)) * VL, a[r][k]);
      v_store (sums + (size_t) (2 * (r * TILE_VECTORS + k) + 1) * VL, b[r][k]);
    }
  }
}

/* What is left behind the last pair of vectors, and the joining of the accumulators. */
static void
finish (float *dots,
        size_t dots_pitch,
        const float *sums,
        const float *const *rows,
        int n_rows,
        const float *const *x,
        int n_vectors,
        size_t from,
        size_t n)
{
  for (int r = 0; r < n_rows; r++)
    for (int k = 0; k < n_vectors; k++)
      {
        V a = v_load (sums + (size_t) (2 * (r * TILE_VECTORS + k)) * VL);
        V b = v_load (sums + (size_t) (2 * (r * TILE_VECTORS + k) + 1) * VL);
        size_t i = from;

        for (; i + VL <= n; i += VL)
          a = v_fma (v_load (x[k] + i), v_load (rows[r] + i), a);
        if (i < n)
          b = v_fma (v_load_first (x[k] + i, n - i), v_load_first (rows[r] + i, n - i), b);
        dots[(size_t) k * dots_pitch + (size_t) r] = v_sum (a + b);
      }
}

void
TAP_SIMD_NAME (tap_dots_many) (const TapDotsJob *job)
{
  size_t n_pairs = job->n / (2 * VL) * (2 * VL);
  int n_down = (job->n_rows + TILE_ROWS - 1) / TILE_ROWS;
  int n_across = (job->n_vectors + TILE_VECTORS - 1) / TILE_VECTORS;
  size_t tile_floats = (size_t) (2 * TILE_ROWS * TILE_VECTORS) * VL;

  memset (job->sums, 0, (size_t) n_down * (size_t) n_across * tile_floats * sizeof (float));
  for (size_t from = 0; from == 0 || from < n_pairs; from += CHUNK)
    {
      size_t to = from + CHUNK < n_pairs ? from + CHUNK : n_pairs;

      for (int down = 0; down < n_down; down++)
        for (int across = 0; across < n_across; across++)
          {
            float *sums = job->sums + (size_t) (down * n_across + across) * tile_floats;
            int r0 = down * TILE_ROWS, k0 = across * TILE_VECTORS;
            const float *rows[TILE_ROWS], *x[TILE_VECTORS];

            /* Those beyond the last are the last once more. */
            for (int r = 0; r < TILE_ROWS; r++)
              rows[r] = job->rows +
                        (size_t) (r0 + r < job->n_rows ? r0 + r : job->n_rows - 1) * job->row_pitch;
            for (int k = 0; k < TILE_VECTORS; k++)
              x[k] = job->x + (size_t) (k0 + k < job->n_vectors ? k0 + k : job->n_vectors - 1) *
                                job->x_pitch;
            tile (sums, rows, x, from, to);
            if (to == n_pairs)
              finish (job->dots + (size_t) k0 * job->dots_pitch + r0, job->dots_pitch, sums, rows,
                      job->n_rows - r0 < TILE_ROWS ? job->n_rows - r0 : TILE_ROWS, x,
                      job->n_vectors - k0 < TILE_VECTORS ? job->n_vectors - k0 : TILE_VECTORS,
                      n_pairs, job->n);
          }
    }
}

void
TAP_SIMD_NAME (tap_add_scaled_rows_into) (float *y,
                                          const float *const *rows,
                                          const float *scales,
                                          size_t n)
{
  V a[TAP_SCALED_ROWS];
  size_t i = 0;

  for (int r = 0; r < TAP_SCALED_ROWS; r++)
    a[r] = v_set (scales[r]);
  for (; i + VL <= n; i += VL)
    {
      V sum = v_load (y + i);

      TAP_UNROLL for (int r = 0; r < TAP_SCALED_ROWS; r++)
      {
        sum = v_fma (a[r], v_load (rows[r] + i), sum);
      }
      v_store (y + i, sum);
    }
  if (i < n)
    {
      V sum = v_load_first (y + i, n - i);

      for (int r = 0; r < TAP_SCALED_ROWS; r++)
        sum = v_fma (a[r], v_load_first (rows[r] + i, n - i), sum);
      v_store_first (y + i, sum, n - i);
    }
}
