/* whole.c - dot products of whole numbers of 16 bits
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Exact: each product has at most 9 + 9 bits and a sign, and TAP_WHOLE_CHUNK of them fit into 32. The loop is
 * written for the compiler's recognition of multiply-and-add of pairs. */

#include "config.h"

#include "engine/cpu/simd/vec.h"

#define ROWS 4

static void
add_dots (int64_t *sums,
          size_t pitch,
          const int16_t *x,
          const int16_t *y,
          const int16_t *const *rows,
          size_t n)
{
  int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0;

  for (size_t i = 0; i < n; i++)
    {
      a0 += x[i] * rows[0][i];
      a1 += x[i] * rows[1][i];
      a2 += x[i] * rows[2][i];
      a3 += x[i] * rows[3][i];
      b0 += y[i] * rows[0][i];
      b1 += y[i] * rows[1][i];
      b2 += y[i] * rows[2][i];
      b3 += y[i] * rows[3][i];
    }
  sums[0] += a0;
  sums[1] += a1;
  sums[2] += a2;
  sums[3] += a3;
  sums[pitch] += b0;
  sums[pitch + 1] += b1;
  sums[pitch + 2] += b2;
  sums[pitch + 3] += b3;
}

void
TAP_SIMD_NAME (tap_whole_dots) (const TapWholeDots *job)
{
  size_t n = job->n / TAP_WHOLE_STEP * TAP_WHOLE_STEP;

  for (int r = 0; r < job->n_rows; r += ROWS)
    for (int k = 0; k < job->n_vectors; k += 2)
      {
        const int16_t *x = job->x + (size_t) k * job->pitch;
        const int16_t *y = k + 1 < job->n_vectors ? x + job->pitch : x;
        int64_t sums[2 * ROWS] = { 0 };

        for (size_t at = 0; at < n; at += TAP_WHOLE_CHUNK)
          {
            const int16_t *rows[ROWS];

            for (int i = 0; i < ROWS; i++)
              rows[i] = job->rows + (size_t) (r + i < job->n_rows ? r + i : r) * job->pitch + at;
            add_dots (sums, ROWS, x + at, y + at, rows,
                      n - at < TAP_WHOLE_CHUNK ? n - at : TAP_WHOLE_CHUNK);
          }
        for (int i = 0; i < ROWS && r + i < job->n_rows; i++)
          {
            job->sums[(size_t) k * job->sums_pitch + (size_t) (r + i)] = sums[i];
            if (k + 1 < job->n_vectors)
              job->sums[(size_t) (k + 1) * job->sums_pitch + (size_t) (r + i)] = sums[ROWS + i];
          }
      }
}
