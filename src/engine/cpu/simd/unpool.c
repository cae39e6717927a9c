/* unpool.c - where in its window a maximum was, and the way back
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "engine/cpu/simd/pool-vec.h"

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
  Mask mask = v_within (at, width);

  _mm512_mask_storeu_ps (row + at, mask, _mm512_maskz_loadu_ps (mask, row + at) + v);
#else
  for (ptrdiff_t i = 0; i < VL; i++)
    if (at + i >= 0 && at + i < width)
      row[at + i] += v[i];
#endif
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
#if VL == 16
  __mmask16 wins = _mm512_mask_cmp_ps_mask (_mm512_cmp_ps_mask (best->max, best->max, _CMP_ORD_Q),
                                            v, best->max, _CMP_NLE_UQ);

  best->max = _mm512_mask_mov_ps (best->max, wins, v);
  best->tap = (VI) _mm512_mask_mov_epi32 ((__m512i) best->tap, wins, _mm512_set1_epi32 (tap));
#else
  VI wins = (VI) (v > best->max) | ((VI) (v != v) & (VI) (best->max == best->max));

  best->max = v_select (wins, v, best->max);
  best->tap = (VI) v_select (wins, (V) ((VI){ 0 } + tap), (V) best->tap);
#endif
}

/* The most rows and columns of windows that are held in registers. */
#define MAX_ROWS 3
#define MIN_N(n) ((n) < VL ? (n) : VL)

static inline int
v_any (VI mask)
{
#if VL == 16
  return _mm512_movepi32_mask ((__m512i) mask) != 0;
#elif VL == 8
  return _mm256_movemask_ps ((__m256) mask) != 0;
#else
  return (mask[0] | mask[1] | mask[2] | mask[3]) != 0;
#endif
}

/* Lanes that equal the maximum take this tap. */
static inline void
hit (Best *best, V v, int tap)
{
#if VL == 16
  best->tap = (VI) _mm512_mask_mov_epi32 (
    (__m512i) best->tap, _mm512_cmp_ps_mask (v, best->max, _CMP_EQ_OQ), _mm512_set1_epi32 (tap));
#else
  best->tap = (VI) v_select ((VI) (v == best->max), (V) ((VI){ 0 } + tap), (V) best->tap);
#endif
}

static inline V
tap_cells (const float *row, int stride, ptrdiff_t at, ptrdiff_t width)
{
  if (stride == 1)
    return v_load_within (row, at, width);
  return V_PICK (v_load_within (row, at, width), v_load_within (row, at + VL, width), EVEN_LANES);
}

/* Tap after tap in order. */
static Best
find_any (const float *const *rows,
          int n_rows,
          int kernel,
          int stride,
          const TapPoolWindows *w,
          ptrdiff_t at)
{
  Best best = { v_set (-INFINITY), (VI){ 0 } + w->first };

  if (at < 0)
    {
      VI before = (VI){ 0 } - (int32_t) at - v_lanes () * stride;

      best.tap += before & (before > (VI){ 0 });
    }
  for (int r = 0; r < n_rows; r++)
    for (int s = 0; s < kernel; s++)
      challenge (&best, tap_cells (rows[r], stride, at + s, w->width), w->first + r * kernel + s);
  return best;
}

/* The maximum first, in the order of pool.c, then the first tap that equals it. FALSE where that is not
 * enough, because it is NaN or no more than what is beyond the ends. */
static inline int
find_plain (Best *best,
            const float *const *rows,
            int n_rows,
            int kernel,
            int stride,
            const TapPoolWindows *w,
            ptrdiff_t at,
            size_t n)
{
  V taps[MAX_ROWS][MAX_ROWS], m = v_set (0);
  VI odd;

  TAP_UNROLL for (int r = 0; r < n_rows; r++)
  {
    if (stride == 1)
      {
        TAP_UNROLL for (int s = 0; s < kernel; s++) taps[r][s] =
          v_load_within (rows[r], at + s, w->width);
      }
    else
      {
        V a = v_load_within (rows[r], at, w->width), b = v_load_within (rows[r], at + VL, w->width);

        taps[r][0] = V_PICK (a, b, EVEN_LANES);
        if (kernel > 1)
          taps[r][1] = V_PICK (a, b, ODD_LANES);
        if (kernel > 2)
          taps[r][2] = tap_cells (rows[r], 2, at + 2, w->width);
      }
  }
  TAP_UNROLL for (int s = 0; s < kernel; s++)
  {
    V column = taps[0][s];

    TAP_UNROLL for (int r = 1; r < n_rows; r++) column = v_max (column, taps[r][s]);
    m = s == 0 ? column : v_max (m, column);
  }
  odd = ((VI) (m != m) | (VI) (m == v_set (-INFINITY))) &
        (v_lanes () < (VI){ 0 } + (int32_t) MIN_N (n));
  if (v_any (odd))
    return 0;
  best->max = m;
  best->tap = (VI){ 0 } + w->first;
  TAP_UNROLL for (int i = n_rows * kernel - 1; i > 0; i--)
    hit (best, taps[i / kernel][i % kernel], w->first + i);
  hit (best, taps[0][0], w->first);
  return 1;
}

static inline void
find (float *y,
      uint8_t *where,
      const float *const *rows,
      int n_rows,
      int kernel,
      int stride,
      const TapPoolWindows *w)
{
  ptrdiff_t at = w->left;

  for (size_t q = 0; q < w->n; q += VL, at += stride * VL)
    {
      Best best;

      if (n_rows > MAX_ROWS || kernel > MAX_ROWS ||
          !find_plain (&best, rows, n_rows, kernel, stride, w, at, w->n - q))
        best = find_any (rows, n_rows, kernel, stride, w, at);
      v_store_upto (y + q, best.max, w->n - q);
      v_store_bytes (where + q, best.tap, w->n - q);
    }
}

void
TAP_SIMD_NAME (tap_pool_switches) (float *y,
                                   uint8_t *where,
                                   const float *const *rows,
                                   const TapPoolWindows *w)
{
  if (w->n_rows == 2 && w->kernel == 2 && w->stride == 2)
    find (y, where, rows, 2, 2, 2, w);
  else if (w->n_rows == 3 && w->kernel == 3 && w->stride == 2)
    find (y, where, rows, 3, 3, 2, w);
  else if (w->n_rows == 3 && w->kernel == 3 && w->stride == 1)
    find (y, where, rows, 3, 3, 1, w);
  else
    find (y, where, rows, w->n_rows, w->kernel, w->stride, w);
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
#if VL == 16
  return _mm512_maskz_mov_ps (_mm512_cmpeq_epi32_mask ((__m512i) f.where, _mm512_set1_epi32 (tap)),
                              f.dy);
#else
  return v_select (f.where == (VI){ 0 } + tap, f.dy, v_set (0));
#endif
}

/* Windows that are two apart: even cells get the first and, one window on, the third tap. */
static inline void
unpool_by_two (float *const *rows,
               int n_rows,
               int first,
               int kernel,
               const float *dy,
               const uint8_t *where,
               const TapPoolWindows *w)
{
  ptrdiff_t at = w->left;
  V before[MAX_ROWS] = { v_set (0), v_set (0), v_set (0) };

  for (size_t q = 0; q < w->n; q += VL, at += 2 * VL)
    {
      Flow f = flow (dy, where, q, w->n);

      TAP_UNROLL for (int r = 0; r < n_rows; r++)
      {
        int tap = first + r * kernel;
        V even = chosen (f, tap), odd = chosen (f, tap + 1);

        if (kernel == 3)
          {
            V third = chosen (f, tap + 2);

            even += V_PICK (before[r], third, NEXT_LANES);
            before[r] = third;
          }
        v_add_within (rows[r], at, w->width, V_PICK (even, odd, LOW_LANES));
        v_add_within (rows[r], at + VL, w->width, V_PICK (even, odd, HIGH_LANES));
      }
    }
  /* that of the last lane, whose cell is one on */
  if (kernel == 3 && at >= 0 && at < w->width)
    for (int r = 0; r < n_rows; r++)
      rows[r][at] += before[r][VL - 1];
}

/* The same of windows that are one apart: the later taps move on by a cell, and by another. */
static inline void
unpool_by_one (float *const *rows,
               int n_rows,
               int first,
               const float *dy,
               const uint8_t *where,
               const TapPoolWindows *w)
{
  ptrdiff_t at = w->left;
  V last[MAX_ROWS] = { v_set (0), v_set (0), v_set (0) };
  V middle[MAX_ROWS] = { v_set (0), v_set (0), v_set (0) };

  for (size_t q = 0; q < w->n; q += VL, at += VL)
    {
      Flow f = flow (dy, where, q, w->n);

      TAP_UNROLL for (int r = 0; r < n_rows; r++)
      {
        int tap = first + r * 3;
        V third = chosen (f, tap + 2);
        V both = chosen (f, tap + 1) + V_PICK (last[r], third, NEXT_LANES);

        v_add_within (rows[r], at, w->width,
                      chosen (f, tap) + V_PICK (middle[r], both, NEXT_LANES));
        last[r] = third;
        middle[r] = both;
      }
    }
  for (int r = 0; r < n_rows; r++)
    {
      if (at >= 0 && at < w->width)
        rows[r][at] += middle[r][VL - 1];
      if (at + 1 >= 0 && at + 1 < w->width)
        rows[r][at + 1] += last[r][VL - 1];
    }
}

void
TAP_SIMD_NAME (tap_unpool) (float *const *rows,
                            const float *dy,
                            const uint8_t *where,
                            const TapPoolWindows *w)
{
  if (w->stride == 2 && w->kernel == 2 && w->n_rows == 2)
    unpool_by_two (rows, 2, w->first, 2, dy, where, w);
  else if (w->stride == 2 && w->kernel == 3 && w->n_rows == 3)
    unpool_by_two (rows, 3, w->first, 3, dy, where, w);
  else if (w->stride == 1 && w->kernel == 3 && w->n_rows == 3)
    unpool_by_one (rows, 3, w->first, dy, where, w);
  else
    for (int r = 0; r < w->n_rows; r++)
      {
        int tap = w->first + r * w->kernel;

        if (w->stride == 2 && (w->kernel == 2 || w->kernel == 3))
          unpool_by_two (rows + r, 1, tap, w->kernel, dy, where, w);
        else if (w->stride == 1 && w->kernel == 3)
          unpool_by_one (rows + r, 1, tap, dy, where, w);
        else
          for (size_t q = 0; q < w->n; q++)
            {
              int s = where[q] - tap;

              if (s >= 0 && s < w->kernel)
                rows[r][w->left + (ptrdiff_t) q * w->stride + s] += dy[q];
            }
      }
}
