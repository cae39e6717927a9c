/* conv-vec.h - vectors for the inner loops of convolution: every so many floats
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/cpu/simd/vec.h"

/* v[i] = p[i × step], for i < n; the others are 0. Nothing beyond them is read. */
static inline V
v_load_spread (const float *p, size_t step, size_t n)
{
  float t[VL] __attribute__ ((aligned (64))) = { 0 };

  if (step == 1)
    return n < VL ? v_load_first (p, n) : v_load (p);
  for (size_t i = 0; i < n; i++)
    t[i] = p[i * step];
  return v_load (t);
}

/* p[i × step] = v[i], for i < n <= VL; nothing between them is written. */
static inline void
v_store_spread (float *p, V v, size_t step, size_t n)
{
  float t[VL] __attribute__ ((aligned (64)));

  if (step == 1)
    {
      if (n < VL)
        v_store_first (p, v, n);
      else
        v_store (p, v);
      return;
    }
#if VL == 16
  if (step == 2)
    {
      const __m512i low = _mm512_set_epi32 (7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0);
      const __m512i high = _mm512_add_epi32 (low, _mm512_set1_epi32 (8));
      /* bits 0, 2, 4 … of as many as there are */
      uint32_t mask = 0x55555555u & (n >= 16 ? ~0u : (1u << 2 * n) - 1);

      _mm512_mask_storeu_ps (p, (__mmask16) mask, _mm512_permutexvar_ps (low, v));
      if (n > 8)
        _mm512_mask_storeu_ps (p + 16, (__mmask16) (mask >> 16), _mm512_permutexvar_ps (high, v));
      return;
    }
#endif
  v_store (t, v);
  for (size_t i = 0; i < n; i++)
    p[i * step] = t[i];
}

/* The elements 0, 2, 4 … and 1, 3, 5 … of two vectors in a row. */
static inline V
v_even (V a, V b)
{
#if VL == 16
  return _mm512_permutex2var_ps (
    a, _mm512_set_epi32 (30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0), b);
#elif VL == 8
  return __builtin_shufflevector (a, b, 0, 2, 4, 6, 8, 10, 12, 14);
#else
  return __builtin_shufflevector (a, b, 0, 2, 4, 6);
#endif
}

static inline V
v_odd (V a, V b)
{
#if VL == 16
  return _mm512_permutex2var_ps (
    a, _mm512_set_epi32 (31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1), b);
#elif VL == 8
  return __builtin_shufflevector (a, b, 1, 3, 5, 7, 9, 11, 13, 15);
#else
  return __builtin_shufflevector (a, b, 1, 3, 5, 7);
#endif
}
