/* pool.c - rows of pooling windows: maxima, sums, where the maximum was, and the way back
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Windows two or three wide, one or two apart, are joined in registers: first the rows, then the columns
 * of each window, from the left. Cells beyond the ends of a row are seen as -∞ or 0, so every output
 * takes the same steps, in the body, in the tail and at the borders. */

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

/* Cells @at .. of a row of @width; @fill beyond its ends. @whole: there are none beyond. */
static inline V
v_load_within (const float *row, ptrdiff_t at, ptrdiff_t width, int whole, V fill)
{
  if (whole || (at >= 0 && at + VL <= width))
    return v_load (row + at);
#if VL == 16
  ptrdiff_t low = at < 0 ? -at : 0, high = width - at;
  unsigned mask = low >= VL || high <= 0 ? 0 : 0xffffu << low & 0xffffu;

  if (high < VL && mask != 0)
    mask &= (1u << high) - 1;
  return _mm512_mask_loadu_ps (fill, (__mmask16) mask, row + at);
#else
  float t[VL];

  v_store (t, fill);
  for (ptrdiff_t i = 0; i < VL; i++)
    if (at + i >= 0 && at + i < width)
      t[i] = row[at + i];
  return v_load (t);
#endif
}

/* Adds @v to the cells @at .. of a row, but for those beyond its ends. */
static inline void
v_add_within (float *row, ptrdiff_t at, ptrdiff_t width, V v)
{
  if (at >= 0 && at + VL <= width)
    {
      v_store (row + at, v_load (row + at) + v);
      return;
    }
#if VL == 16
  ptrdiff_t low = at < 0 ? -at : 0, high = width - at;
  unsigned mask = low >= VL || high <= 0 ? 0 : 0xffffu << low & 0xffffu;

  if (high < VL && mask != 0)
    mask &= (1u << high) - 1;
  v = _mm512_maskz_loadu_ps ((__mmask16) mask, row + at) + v;
  _mm512_mask_storeu_ps (row + at, (__mmask16) mask, v);
#else
  for (ptrdiff_t i = 0; i < VL; i++)
    if (at + i >= 0 && at + i < width)
      row[at + i] += v[i];
#endif
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

/* Column @at .. at + VL - 1 of all rows. */
static inline V
column (int max,
        const float *const *rows,
        int n_rows,
        ptrdiff_t at,
        ptrdiff_t width,
        int whole,
        V fill)
{
  V v = v_load_within (rows[0], at, width, whole, fill);

  for (int r = 1; r < n_rows; r++)
    v = join (max, v, v_load_within (rows[r], at, width, whole, fill));
  return v;
}

static inline V
window (int max,
        const float *const *rows,
        int n_rows,
        int kernel,
        int stride,
        ptrdiff_t at,
        ptrdiff_t width,
        int whole)
{
  const V fill = v_set (max ? -INFINITY : 0);
  V v, a, b;

  if (stride == 1)
    {
      v = column (max, rows, n_rows, at, width, whole, fill);
      v = join (max, v, column (max, rows, n_rows, at + 1, width, whole, fill));
      if (kernel == 2)
        return v;
      return join (max, v, column (max, rows, n_rows, at + 2, width, whole, fill));
    }
  a = column (max, rows, n_rows, at, width, whole, fill);
  b = column (max, rows, n_rows, at + VL, width, whole, fill);
  v = join (max, V_PICK (a, b, EVEN_LANES), V_PICK (a, b, ODD_LANES));
  if (kernel == 2)
    return v;
  a = column (max, rows, n_rows, at + 2, width, whole, fill);
  b = column (max, rows, n_rows, at + VL + 2, width, whole, fill);
  return join (max, v, V_PICK (a, b, EVEN_LANES));
}

/* Whether the windows from @at on that make a vector can be loaded whole. */
static inline int
is_whole (ptrdiff_t at, int kernel, int stride, ptrdiff_t width)
{
  return at >= 0 && at + stride * VL + (kernel == 3 ? 2 : stride == 1 ? 1 : 0) <= width;
}

#define ROW(n_rows, kernel, stride)                                                                \
  for (size_t q = 0; q < w->n; q += VL)                                                            \
    {                                                                                              \
      ptrdiff_t at = w->left + (ptrdiff_t) q * (stride);                                           \
                                                                                                   \
      if (w->n - q >= VL && is_whole (at, kernel, stride, w->width))                               \
        v_store (y + q, window (max, rows, n_rows, kernel, stride, at, w->width, 1));              \
      else                                                                                         \
        v_store_upto (y + q, window (max, rows, n_rows, kernel, stride, at, w->width, 0),          \
                      w->n - q);                                                                   \
    }                                                                                              \
  return

static inline void
pool_row (int max, float *y, const float *const *rows, const TapPoolWindows *w)
{
  if (w->n_rows == 2 && w->kernel == 2 && w->stride == 2)
    {
      ROW (2, 2, 2);
    }
  if (w->n_rows == 3 && w->kernel == 3 && w->stride == 2)
    {
      ROW (3, 3, 2);
    }
  if (w->n_rows == 3 && w->kernel == 3 && w->stride == 1)
    {
      ROW (3, 3, 1);
    }
  ROW (w->n_rows, w->kernel, w->stride);
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

static inline VI
v_lanes (void)
{
#if VL == 16
  return (VI){ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
#elif VL == 8
  return (VI){ 0, 1, 2, 3, 4, 5, 6, 7 };
#else
  return (VI){ 0, 1, 2, 3 };
#endif
}

/* The maximum so far and its tap; a window begins with its first tap that is there. */
typedef struct
{
  V max;
  VI tap;
} Best;

static inline void
challenge (Best *best, V v, int tap)
{
  VI wins = (VI) (v > best->max) | ((VI) (v != v) & (VI) (best->max == best->max));

  best->max = v_select (wins, v, best->max);
  best->tap = (VI) v_select (wins, (V) ((VI){ 0 } + tap), (V) best->tap);
}

static inline Best
find (const float *const *rows,
      int n_rows,
      int first,
      int kernel,
      int stride,
      ptrdiff_t at,
      ptrdiff_t width,
      int whole)
{
  const V fill = v_set (-INFINITY);
  Best best = { fill, (VI){ 0 } + first };

  if (!whole && at < 0)
    {
      VI before = (VI){ 0 } - (int32_t) at - v_lanes () * stride;

      best.tap += before & (before > (VI){ 0 });
    }
  for (int r = 0; r < n_rows; r++)
    for (int s = 0; s < kernel; s++)
      {
        V v = v_load_within (rows[r], at + s, width, whole, fill);

        if (stride == 2)
          {
            V next = v_load_within (rows[r], at + s + VL, width, whole, fill);

            challenge (&best, V_PICK (v, next, EVEN_LANES), first + r * kernel + s);
            /* the odd cells are those of the next tap */
            if (s % 2 == 0 && s + 1 < kernel)
              {
                s++;
                challenge (&best, V_PICK (v, next, ODD_LANES), first + r * kernel + s);
              }
          }
        else
          challenge (&best, v, first + r * kernel + s);
      }
  return best;
}

#define FIND(n_rows, kernel, stride)                                                               \
  for (size_t q = 0; q < w->n; q += VL)                                                            \
    {                                                                                              \
      ptrdiff_t at = w->left + (ptrdiff_t) q * (stride);                                           \
      Best best;                                                                                   \
                                                                                                   \
      if (at >= 0 && at + (stride) *VL + (kernel) <= w->width)                                     \
        best = find (rows, n_rows, w->first, kernel, stride, at, w->width, 1);                     \
      else                                                                                         \
        best = find (rows, n_rows, w->first, kernel, stride, at, w->width, 0);                     \
      v_store_upto (y + q, best.max, w->n - q);                                                    \
      v_store_bytes (where + q, best.tap, w->n - q);                                               \
    }                                                                                              \
  return

void
TAP_SIMD_NAME (tap_pool_switches) (float *y,
                                   uint8_t *where,
                                   const float *const *rows,
                                   const TapPoolWindows *w)
{
  if (w->n_rows == 2 && w->kernel == 2 && w->stride == 2)
    {
      FIND (2, 2, 2);
    }
  if (w->n_rows == 3 && w->kernel == 3 && w->stride == 2)
    {
      FIND (3, 3, 2);
    }
  if (w->n_rows == 3 && w->kernel == 3 && w->stride == 1)
    {
      FIND (3, 3, 1);
    }
  FIND (w->n_rows, w->kernel, w->stride);
}

void
TAP_SIMD_NAME (tap_pack_switches) (int bits, uint8_t *packed, const uint8_t *where, size_t n)
{
  size_t whole = n * (size_t) bits / 8, i = 0;

  if (bits == 2)
    {
      for (; i < whole; i++)
        {
          uint32_t x;

          memcpy (&x, where + 4 * i, sizeof x);
          packed[i] = (uint8_t) (x | x >> 6 | x >> 12 | x >> 18);
        }
      if (4 * i < n)
        packed[i] = 0;
      for (size_t k = 4 * i; k < n; k++)
        packed[i] |= (uint8_t) (where[k] << k % 4 * 2);
    }
  else if (bits == 4)
    {
      for (; i < whole; i++)
        {
          uint16_t x;

          memcpy (&x, where + 2 * i, sizeof x);
          packed[i] = (uint8_t) (x | x >> 4);
        }
      if (2 * i < n)
        packed[i] = where[2 * i];
    }
  else
    memcpy (packed, where, whole);
}

void
TAP_SIMD_NAME (tap_unpack_switches) (int bits, uint8_t *where, const uint8_t *packed, size_t n)
{
  size_t whole = n * (size_t) bits / 8;

  if (bits == 2)
    {
      for (size_t i = 0; i < whole; i++)
        {
          uint32_t x = packed[i];

          x = (x | x << 6 | x << 12 | x << 18) & 0x03030303u;
          memcpy (where + 4 * i, &x, sizeof x);
        }
      for (size_t k = 4 * whole; k < n; k++)
        where[k] = packed[k / 4] >> k % 4 * 2 & 3;
    }
  else if (bits == 4)
    {
      for (size_t i = 0; i < whole; i++)
        {
          uint16_t x = (uint16_t) ((packed[i] | packed[i] << 4) & 0x0f0f);

          memcpy (where + 2 * i, &x, sizeof x);
        }
      if (2 * whole < n)
        where[n - 1] = packed[whole] & 15;
    }
  else
    memcpy (where, packed, whole);
}

/* What flows back to windows q .. of n, and their switches; 0 beyond the last. */
typedef struct
{
  V dy;
  VI where;
} Flow;

static inline Flow
flow (const float *dy, const uint8_t *where, size_t q, size_t n)
{
  uint8_t last[VL] = { 0 };

  if (n - q >= VL)
    return (Flow){ v_load (dy + q), v_load_bytes (where + q) };
  memcpy (last, where + q, n - q);
  return (Flow){ v_load_first (dy + q, n - q), v_load_bytes (last) };
}

static inline V
chosen (Flow f, int tap)
{
  return v_select (f.where == (VI){ 0 } + tap, f.dy, v_set (0));
}

/* Row r of windows that are two apart: even cells get the first and, one window on, the third tap. */
static inline void
unpool_by_two (float *dx,
               int tap,
               int kernel,
               const float *dy,
               const uint8_t *where,
               const TapPoolWindows *w)
{
  ptrdiff_t at = w->left;
  V before = v_set (0);

  for (size_t q = 0; q < w->n; q += VL, at += 2 * VL)
    {
      Flow f = flow (dy, where, q, w->n);
      V even = chosen (f, tap), odd = chosen (f, tap + 1);

      if (kernel == 3)
        {
          V third = chosen (f, tap + 2);

          even += V_PICK (before, third, NEXT_LANES);
          before = third;
        }
      v_add_within (dx, at, w->width, V_PICK (even, odd, LOW_LANES));
      v_add_within (dx, at + VL, w->width, V_PICK (even, odd, HIGH_LANES));
    }
  /* that of the last lane, whose cell is one on */
  if (kernel == 3 && at >= 0 && at < w->width)
    dx[at] += before[VL - 1];
}

/* The same of windows that are one apart: the later taps move on by a cell, and by another. */
static inline void
unpool_by_one (float *dx, int tap, const float *dy, const uint8_t *where, const TapPoolWindows *w)
{
  ptrdiff_t at = w->left;
  V last = v_set (0), middle = v_set (0);

  for (size_t q = 0; q < w->n; q += VL, at += VL)
    {
      Flow f = flow (dy, where, q, w->n);
      V third = chosen (f, tap + 2);
      V both = chosen (f, tap + 1) + V_PICK (last, third, NEXT_LANES);

      v_add_within (dx, at, w->width, chosen (f, tap) + V_PICK (middle, both, NEXT_LANES));
      last = third;
      middle = both;
    }
  if (at >= 0 && at < w->width)
    dx[at] += middle[VL - 1];
  if (at + 1 >= 0 && at + 1 < w->width)
    dx[at + 1] += last[VL - 1];
}

void
TAP_SIMD_NAME (tap_unpool) (float *const *rows,
                            const float *dy,
                            const uint8_t *where,
                            const TapPoolWindows *w)
{
  for (int r = 0; r < w->n_rows; r++)
    {
      int tap = w->first + r * w->kernel;

      if (w->stride == 2 && w->kernel == 2)
        unpool_by_two (rows[r], tap, 2, dy, where, w);
      else if (w->stride == 2 && w->kernel == 3)
        unpool_by_two (rows[r], tap, 3, dy, where, w);
      else if (w->stride == 1 && w->kernel == 3)
        unpool_by_one (rows[r], tap, dy, where, w);
      else
        for (size_t q = 0; q < w->n; q++)
          {
            int s = where[q] - tap;

            if (s >= 0 && s < w->kernel)
              rows[r][w->left + (ptrdiff_t) q * w->stride + s] += dy[q];
          }
    }
}
