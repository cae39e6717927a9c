/* pool.c - rows of pooling windows: maxima, sums, where the maximum was, and the way back
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Windows two or three wide, one or two apart, are joined in registers: first the rows, then the columns
 * of each window, from the left. Every output takes the same steps, in the body and in the tail. */

#include "config.h"

#include <math.h>

#include "engine/cpu/simd/vec.h"

#if VL == 16
#  define EVEN_LANES 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#  define ODD_LANES  1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#  define LOW_LANES  0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#  define HIGH_LANES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#  define NEXT_LANES 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
#elif VL == 8
#  define EVEN_LANES 0, 2, 4, 6, 8, 10, 12, 14
#  define ODD_LANES  1, 3, 5, 7, 9, 11, 13, 15
#  define LOW_LANES  0, 8, 1, 9, 2, 10, 3, 11
#  define HIGH_LANES 4, 12, 5, 13, 6, 14, 7, 15
#  define NEXT_LANES 7, 8, 9, 10, 11, 12, 13, 14
#else
#  define EVEN_LANES 0, 2, 4, 6
#  define ODD_LANES  1, 3, 5, 7
#  define LOW_LANES  0, 4, 1, 5
#  define HIGH_LANES 2, 6, 3, 7
#  define NEXT_LANES 3, 4, 5, 6
#endif

#if VL == 16
/* Numbers whose places are told by a constant vector: one instruction. */
static inline V
v_pick (V a, V b, VI lanes)
{
  return _mm512_permutex2var_ps (a, (__m512i) lanes, b);
}
#  define V_PICK(a, b, lanes) v_pick (a, b, (VI){ lanes })
#else
#  define V_PICK(a, b, lanes) __builtin_shufflevector (a, b, lanes)
#endif

/* The larger; NaN of either stays, and the first of equals. */
static inline V
v_max (V first, V second)
{
#if VL == 16
  V m = _mm512_max_ps (second, first);

  return _mm512_mask_mov_ps (m, _mm512_cmp_ps_mask (second, second, _CMP_UNORD_Q), second);
#elif VL == 8
  V m = _mm256_max_ps (second, first);

  return _mm256_blendv_ps (m, second, _mm256_cmp_ps (second, second, _CMP_UNORD_Q));
#else
  return v_select ((VI) (second > first) | (VI) (second != second), second, first);
#endif
}

/* The first @n numbers, any number of them; the others are 0. */
static inline V
v_load_upto (const float *p, ptrdiff_t n)
{
  return n >= VL ? v_load (p) : n > 0 ? v_load_first (p, (size_t) n) : v_set (0);
}

static inline void
v_store_upto (float *p, V v, size_t n)
{
  if (n >= VL)
    v_store (p, v);
  else
    v_store_first (p, v, n);
}

static inline V
join (int max, V a, V b)
{
  if (max)
    return v_max (a, b);
  return a + b;
}

/* Column i .. i + VL - 1 of all rows; @left are there. */
static inline V
column (int max, const float *const *rows, int n_rows, size_t i, ptrdiff_t left)
{
  V v = v_load_upto (rows[0] + i, left);

  for (int r = 1; r < n_rows; r++)
    v = join (max, v, v_load_upto (rows[r] + i, left));
  return v;
}

static inline V
window (int max, const float *const *rows, int n_rows, int kernel, int stride, size_t q, size_t n)
{
  ptrdiff_t left = ((ptrdiff_t) (n - q) - 1) * stride + kernel;
  size_t i = q * (size_t) stride;
  V v;

  if (stride == 1)
    {
      v = column (max, rows, n_rows, i, left);
      v = join (max, v, column (max, rows, n_rows, i + 1, left - 1));
      return kernel == 2 ? v : join (max, v, column (max, rows, n_rows, i + 2, left - 2));
    }
  else
    {
      V a = column (max, rows, n_rows, i, left), b = column (max, rows, n_rows, i + VL, left - VL);

      v = join (max, V_PICK (a, b, EVEN_LANES), V_PICK (a, b, ODD_LANES));
      if (kernel == 2)
        return v;
      a = column (max, rows, n_rows, i + 2, left - 2);
      b = column (max, rows, n_rows, i + VL + 2, left - VL - 2);
      return join (max, v, V_PICK (a, b, EVEN_LANES));
    }
}

/* The same with every load whole. */
static inline V
whole_window (int max, const float *const *rows, int n_rows, int kernel, int stride, size_t q)
{
  return window (max, rows, n_rows, kernel, stride, q, q + 2 * VL + 4);
}

#define ROW(n_rows, kernel, stride)                                                                \
  for (; q + VL + (stride == 2 && kernel == 3) <= n; q += VL)                                      \
    v_store (y + q, whole_window (max, rows, n_rows, kernel, stride, q));                          \
  for (; q < n; q += VL)                                                                           \
    v_store_upto (y + q, window (max, rows, n_rows, kernel, stride, q, n), n - q);                 \
  return

static inline void
pool_row (int max, float *y, const float *const *rows, int n_rows, int kernel, int stride, size_t n)
{
  size_t q = 0;

  if (n_rows == 2 && kernel == 2 && stride == 2)
    {
      ROW (2, 2, 2);
    }
  if (n_rows == 3 && kernel == 3 && stride == 2)
    {
      ROW (3, 3, 2);
    }
  if (n_rows == 3 && kernel == 3 && stride == 1)
    {
      ROW (3, 3, 1);
    }
  ROW (n_rows, kernel, stride);
}

void
TAP_SIMD_NAME (
  tap_pool_max) (float *y, const float *const *rows, int n_rows, int kernel, int stride, size_t n)
{
  pool_row (1, y, rows, n_rows, kernel, stride, n);
}

void
TAP_SIMD_NAME (
  tap_pool_sum) (float *y, const float *const *rows, int n_rows, int kernel, int stride, size_t n)
{
  pool_row (0, y, rows, n_rows, kernel, stride, n);
}

/* Lanes become bytes. */
static inline void
v_store_bytes (uint8_t *p, VI v, size_t n)
{
#if VL == 16
  _mm512_mask_cvtepi32_storeu_epi8 (p, n >= VL ? 0xffff : (__mmask16) ((1u << n) - 1), (__m512i) v);
#else
  for (size_t i = 0; i < n && i < VL; i++)
    p[i] = (uint8_t) v[i];
#endif
}

static inline VI
v_load_bytes (const uint8_t *p)
{
#if VL == 16
  return (VI) _mm512_cvtepu8_epi32 (_mm_loadu_si128 ((const __m128i *) (const void *) p));
#elif VL == 8
  return (VI) _mm256_cvtepu8_epi32 (_mm_loadl_epi64 ((const __m128i *) (const void *) p));
#else
  return (VI){ p[0], p[1], p[2], p[3] };
#endif
}

void
TAP_SIMD_NAME (tap_pool_switches) (float *y,
                                   uint8_t *where,
                                   const float *const *rows,
                                   int n_rows,
                                   int first,
                                   int kernel,
                                   int stride,
                                   size_t n)
{
  for (size_t q = 0; q < n; q += VL)
    {
      ptrdiff_t left = ((ptrdiff_t) (n - q) - 1) * stride + kernel;
      VI best = { 0 };
      V m = v_set (0);

      for (int r = 0; r < n_rows; r++)
        {
          const float *x = rows[r] + q * (size_t) stride;

          for (int s = 0; s < kernel; s++)
            {
              VI tap = (VI){ 0 } + (first + r * kernel + s), wins;
              V v = v_load_upto (x + s, left - s);

              if (stride == 2)
                v = V_PICK (v, v_load_upto (x + s + VL, left - s - VL), EVEN_LANES);
              wins = (VI) (v > m) | ((VI) (v != v) & (VI) (m == m));
              if (r == 0 && s == 0)
                wins = (VI){ 0 } - 1;
              m = v_select (wins, v, m);
              best = (tap & wins) | (best & ~wins);
            }
        }
      v_store_upto (y + q, m, n - q);
      v_store_bytes (where + q, best, n - q);
    }
}

static inline V
chosen (const float *dy, VI where, int tap)
{
  return v_select (where == (VI){ 0 } + tap, v_load (dy), v_set (0));
}

/* Row r of windows that are two apart: even cells get the first and, one window on, the third tap. */
static size_t
unpool_by_two (float *dx, int tap, int kernel, const float *dy, const uint8_t *where, size_t n)
{
  V before = v_set (0);
  size_t q = 0;

  for (; q + VL <= n; q += VL)
    {
      VI w = v_load_bytes (where + q);
      V even = chosen (dy + q, w, tap), odd = chosen (dy + q, w, tap + 1);
      float *p = dx + 2 * q;

      if (kernel == 3)
        {
          V third = chosen (dy + q, w, tap + 2);

          even += V_PICK (before, third, NEXT_LANES);
          before = third;
        }
      v_store (p, v_load (p) + V_PICK (even, odd, LOW_LANES));
      v_store (p + VL, v_load (p + VL) + V_PICK (even, odd, HIGH_LANES));
    }
  if (kernel == 3 && q > 0)
    dx[2 * q] += before[VL - 1];
  return q;
}

/* The same of windows that are one apart: the later taps move on by a cell, and by another. */
static size_t
unpool_by_one (float *dx, int tap, const float *dy, const uint8_t *where, size_t n)
{
  V last = v_set (0), middle = v_set (0);
  size_t q = 0;

  for (; q + VL <= n; q += VL)
    {
      VI w = v_load_bytes (where + q);
      V third = chosen (dy + q, w, tap + 2);
      V both = chosen (dy + q, w, tap + 1) + V_PICK (last, third, NEXT_LANES);

      v_store (dx + q,
               v_load (dx + q) + (chosen (dy + q, w, tap) + V_PICK (middle, both, NEXT_LANES)));
      last = third;
      middle = both;
    }
  if (q > 0)
    {
      dx[q] += middle[VL - 1];
      dx[q + 1] += last[VL - 1];
    }
  return q;
}

void
TAP_SIMD_NAME (tap_unpool) (float *const *rows,
                            int n_rows,
                            int first,
                            int kernel,
                            int stride,
                            const float *dy,
                            const uint8_t *where,
                            size_t n)
{
  for (int r = 0; r < n_rows; r++)
    {
      int tap = first + r * kernel;
      size_t q = 0;

      if (stride == 2 && (kernel == 2 || kernel == 3))
        q = unpool_by_two (rows[r], tap, kernel, dy, where, n);
      else if (stride == 1 && kernel == 3)
        q = unpool_by_one (rows[r], tap, dy, where, n);
      for (; q < n; q++)
        {
          int s = where[q] - tap;

          if (s >= 0 && s < kernel)
            rows[r][q * (size_t) stride + (size_t) s] += dy[q];
        }
    }
}
