/* pool.c - rows of pooling windows: maxima and sums
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Windows two or three wide, one or two apart, are joined in registers: first the rows, then the columns
 * of each window, from the left. Cells beyond the ends of a row are seen as -∞ or 0, so every output
 * takes the same steps, in the body, in the tail and at the borders. */

#include "config.h"

#include "engine/cpu/simd/pool-vec.h"

/* The rows joined from the first; @mask: NULL for whole loads. */
static inline V
join_rows (int max, const float *const *rows, int n_rows, ptrdiff_t at, const Mask *mask, V fill)
{
  V m = mask != NULL ? v_load_masked (rows[0] + at, *mask, fill) : v_load (rows[0] + at);
#if VL == 16
  __mmask16 nan = 0;
#endif

  for (int r = 1; r < n_rows; r++)
    {
      V v = mask != NULL ? v_load_masked (rows[r] + at, *mask, fill) : v_load (rows[r] + at);

#if VL == 16
      if (max) /* NaN is put in at the end, which leaves the maxima a short chain */
        {
          nan |= _mm512_cmp_ps_mask (v, m, _CMP_UNORD_Q);
          m = _mm512_max_ps (v, m);
          continue;
        }
#endif
      m = join (max, m, v);
    }
#if VL == 16
  if (max && n_rows > 1)
    m = _mm512_mask_mov_ps (m, nan, v_set (NAN));
#endif
  return m;
}

/* Columns @at .. at + VL - 1 of all rows; -∞ or 0 beyond the ends. */
static inline V
column (int max, const float *const *rows, int n_rows, ptrdiff_t at, ptrdiff_t width)
{
  const V fill = v_set (max ? -INFINITY : 0);
  Mask mask;

  if (at >= 0 && at + VL <= width)
    return join_rows (max, rows, n_rows, at, NULL, fill);
  if (at >= width)
    return fill;
  mask = v_within (at, width);
  return join_rows (max, rows, n_rows, at, &mask, fill);
}

/* Each column is joined once, and turned to all windows that see it. */
static inline void
by_one (int max,
        float *y,
        const float *const *rows,
        int n_rows,
        int kernel,
        const TapPoolWindows *w)
{
  ptrdiff_t at = w->left;
  V a = column (max, rows, n_rows, at, w->width);

  for (size_t q = 0; q < w->n; q += VL)
    {
      V next = column (max, rows, n_rows, at += VL, w->width);
      V v = join (max, a, V_PICK (a, next, ONE_LANES));

      if (kernel == 3)
        v = join (max, v, V_PICK (a, next, TWO_LANES));
      v_store_upto (y + q, v, w->n - q);
      a = next;
    }
}

static inline void
by_two (int max,
        float *y,
        const float *const *rows,
        int n_rows,
        int kernel,
        const TapPoolWindows *w)
{
  ptrdiff_t at = w->left;
  V a = column (max, rows, n_rows, at, w->width);
  V b = column (max, rows, n_rows, at + VL, w->width);
  V even = V_PICK (a, b, EVEN_LANES);

  for (size_t q = 0; q < w->n; q += VL)
    {
      V v = join (max, even, V_PICK (a, b, ODD_LANES)), next;

      at += 2 * VL;
      a = column (max, rows, n_rows, at, w->width);
      b = column (max, rows, n_rows, at + VL, w->width);
      next = V_PICK (a, b, EVEN_LANES);
      if (kernel == 3)
        v = join (max, v, V_PICK (even, next, ONE_LANES));
      v_store_upto (y + q, v, w->n - q);
      even = next;
    }
}

static inline void
pool_row (int max, float *y, const float *const *rows, const TapPoolWindows *w)
{
  if (w->n_rows == 2 && w->kernel == 2 && w->stride == 2)
    by_two (max, y, rows, 2, 2, w);
  else if (w->n_rows == 3 && w->kernel == 3 && w->stride == 2)
    by_two (max, y, rows, 3, 3, w);
  else if (w->n_rows == 3 && w->kernel == 3 && w->stride == 1)
    by_one (max, y, rows, 3, 3, w);
  else if (w->stride == 1)
    by_one (max, y, rows, w->n_rows, w->kernel, w);
  else
    by_two (max, y, rows, w->n_rows, w->kernel, w);
}

void
TAP_SIMD_NAME (tap_pool_max) (float *y, const float *const *rows, const TapPoolWindows *w)
{
  pool_row (1, y, rows, w);
}

void
TAP_SIMD_NAME (tap_pool_sum) (float *y, const float *const *rows, const TapPoolWindows *w)
{
  pool_row (0, y, rows, w);
}
