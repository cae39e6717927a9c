/* pool-vec.h - what the inner loops of pooling share: lanes that are apart, maxima, ends of rows
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <math.h>

#include "engine/cpu/simd/vec.h"

#if VL == 16
#  define EVEN_LANES 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#  define ODD_LANES  1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#  define LOW_LANES  0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#  define HIGH_LANES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#  define ONE_LANES  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
#  define TWO_LANES  2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
#  define NEXT_LANES 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
#elif VL == 8
#  define EVEN_LANES 0, 2, 4, 6, 8, 10, 12, 14
#  define ODD_LANES  1, 3, 5, 7, 9, 11, 13, 15
#  define LOW_LANES  0, 8, 1, 9, 2, 10, 3, 11
#  define HIGH_LANES 4, 12, 5, 13, 6, 14, 7, 15
#  define ONE_LANES  1, 2, 3, 4, 5, 6, 7, 8
#  define TWO_LANES  2, 3, 4, 5, 6, 7, 8, 9
#  define NEXT_LANES 7, 8, 9, 10, 11, 12, 13, 14
#else
#  define EVEN_LANES 0, 2, 4, 6
#  define ODD_LANES  1, 3, 5, 7
#  define LOW_LANES  0, 4, 1, 5
#  define HIGH_LANES 2, 6, 3, 7
#  define ONE_LANES  1, 2, 3, 4
#  define TWO_LANES  2, 3, 4, 5
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

/* Which of the cells @at .. are within a row. */
#if VL == 16
typedef __mmask16 Mask;

static inline Mask
v_within (ptrdiff_t at, ptrdiff_t width)
{
  ptrdiff_t low = at < 0 ? -at : 0, high = width - at;
  unsigned mask = low >= VL || high <= 0 ? 0 : 0xffffu << low & 0xffffu;

  return (Mask) (high < VL && mask != 0 ? mask & ((1u << high) - 1) : mask);
}

static inline V
v_load_masked (const float *p, Mask mask, V fill)
{
  return _mm512_mask_loadu_ps (fill, mask, p);
}
#else
typedef VI Mask;

static inline Mask
v_within (ptrdiff_t at, ptrdiff_t width)
{
  Mask mask;

  for (int i = 0; i < VL; i++)
    mask[i] = at + i >= 0 && at + i < width ? -1 : 0;
  return mask;
}

static inline V
v_load_masked (const float *p, Mask mask, V fill)
{
#  if VL == 8
  return v_select (mask, _mm256_maskload_ps (p, (__m256i) mask), fill);
#  else
  for (int i = 0; i < VL; i++)
    if (mask[i] != 0)
      fill[i] = p[i];
  return fill;
#  endif
}
#endif

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

/* Cells @at .. of a row; -∞ beyond its ends. */
static inline V
v_load_within (const float *row, ptrdiff_t at, ptrdiff_t width)
{
  const V fill = v_set (-INFINITY);

  if (at >= 0 && at + VL <= width)
    return v_load (row + at);
  return at >= width ? fill : v_load_masked (row + at, v_within (at, width), fill);
}
