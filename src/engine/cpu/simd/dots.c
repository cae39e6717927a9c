/* dots.c - dot products with a fixed order of additions
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Number i goes to lane i mod 2·lanes of two accumulators, which are joined in a fixed order at the end:
 * whether a product is made alone or beside others, its bits are the same. Zeros that are left out change at
 * most the sign of an accumulator that is zero, and join() forgets that. */

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
/* Rows whose pairs are read together: the more, the more of the memory's latency is hidden. */
#if VL == 16
#  define PAIR_ROWS 8
#else
#  define PAIR_ROWS 4
#endif
/* Pairs from the one that is worked on to the one that is sent for. */
#define PAIRS_AHEAD 32

static inline float
join (V a, V b)
{
  return v_sum (a + b) + 0.0f;
}

/* The numbers from @i on, too few for a pair of vectors. */
static inline void
add_rest (V *a, V *b, const float *x, const float *row, size_t i, size_t n)
{
  for (; i + VL <= n; i += VL)
    *a = v_fma (v_load (x + i), v_load (row + i), *a);
  if (i < n)
    *b = v_fma (v_load_first (x + i, n - i), v_load_first (row + i, n - i), *b);
}

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
      for (int k = 0; k < 4 && r + k < n_rows; k++)
        {
          add_rest (&a[k], &b[k], x, p[k], i, n);
          dots[r + k] = join (a[k], b[k]);
        }
    }
}

static int
has_number (const float *x)
{
  uint32_t bits[VL], any = 0;

  memcpy (bits, x, sizeof bits);
  for (int i = 0; i < VL; i++)
    any |= bits[i] << 1; /* -0 is none either */
  return any != 0;
}

size_t
TAP_SIMD_NAME (tap_find_pairs) (TapDotsPair *pairs, const float *x, size_t n)
{
  size_t n_pairs = 0;

  for (size_t i = 0; i + 2 * VL <= n; i += 2 * VL)
    {
      int first = has_number (x + i), second = has_number (x + i + VL);

      if (first || second)
        pairs[n_pairs++] =
          (TapDotsPair){ (uint32_t) (first ? i : i + VL), (uint32_t) (second ? i + VL : i) };
    }
  return n_pairs;
}

void
TAP_SIMD_NAME (tap_dots_pairs) (float *dots,
                                const float *x,
                                const TapDotsPair *pairs,
                                size_t n_pairs,
                                const float *rows,
                                size_t pitch,
                                size_t n,
                                int n_rows)
{
  for (int r = 0; r < n_rows; r += PAIR_ROWS)
    {
      const float *p[PAIR_ROWS], *ahead[PAIR_ROWS];
      V a[PAIR_ROWS], b[PAIR_ROWS];
      size_t next = PAIRS_AHEAD;

      for (int k = 0; k < PAIR_ROWS; k++)
        {
          p[k] = ahead[k] = rows + (size_t) (r + k < n_rows ? r + k : r) * pitch;
          a[k] = b[k] = v_set (0);
        }
      for (size_t i = 0; i < n_pairs; i++, next++)
        {
          TapDotsPair at = pairs[i], later;
          /* A vector of zeros meets whatever number of the row: nothing is added. */
          size_t start = at.first / (2 * VL) * (2 * VL);
          V u = v_load (x + start), v = v_load (x + start + VL);

          if (next >= n_pairs)
            {
              next = 0;
              for (int k = 0; k < PAIR_ROWS; k++)
                ahead[k] =
                  rows + (size_t) (r + PAIR_ROWS + k < n_rows ? r + PAIR_ROWS + k : r) * pitch;
            }
          later = pairs[next];
          TAP_UNROLL for (int k = 0; k < PAIR_ROWS; k++)
          {
            __builtin_prefetch (ahead[k] + later.first);
            __builtin_prefetch (ahead[k] + later.second);
            a[k] = v_fma (u, v_load (p[k] + at.first), a[k]);
            b[k] = v_fma (v, v_load (p[k] + at.second), b[k]);
          }
        }
      for (int k = 0; k < PAIR_ROWS && r + k < n_rows; k++)
        {
          add_rest (&a[k], &b[k], x, p[k], n / (2 * VL) * (2 * VL), n);
          dots[r + k] = join (a[k], b[k]);
        }
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

        add_rest (&a, &b, x[k], rows[r], from, n);
        dots[(size_t) k * dots_pitch + (size_t) r] = join (a, b);
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
