/* transpose.h - square blocks turned over in registers
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/cpu/simd/vec.h"

#if VL == 16

static inline void
v_transpose (V r[VL])
{
  V a[16], b[16];

  TAP_UNROLL for (int i = 0; i < 16; i += 4)
  {
    a[i] = _mm512_unpacklo_ps (r[i], r[i + 1]);
    a[i + 1] = _mm512_unpackhi_ps (r[i], r[i + 1]);
    a[i + 2] = _mm512_unpacklo_ps (r[i + 2], r[i + 3]);
    a[i + 3] = _mm512_unpackhi_ps (r[i + 2], r[i + 3]);
    b[i] = _mm512_shuffle_ps (a[i], a[i + 2], 0x44);
    b[i + 1] = _mm512_shuffle_ps (a[i], a[i + 2], 0xee);
    b[i + 2] = _mm512_shuffle_ps (a[i + 1], a[i + 3], 0x44);
    b[i + 3] = _mm512_shuffle_ps (a[i + 1], a[i + 3], 0xee);
  }
  TAP_UNROLL for (int i = 0; i < 4; i++)
  {
    V c0 = _mm512_shuffle_f32x4 (b[i], b[i + 4], 0x88);
    V c1 = _mm512_shuffle_f32x4 (b[i + 8], b[i + 12], 0x88);
    V c2 = _mm512_shuffle_f32x4 (b[i], b[i + 4], 0xdd);
    V c3 = _mm512_shuffle_f32x4 (b[i + 8], b[i + 12], 0xdd);

    r[i] = _mm512_shuffle_f32x4 (c0, c1, 0x88);
    r[i + 8] = _mm512_shuffle_f32x4 (c0, c1, 0xdd);
    r[i + 4] = _mm512_shuffle_f32x4 (c2, c3, 0x88);
    r[i + 12] = _mm512_shuffle_f32x4 (c2, c3, 0xdd);
  }
}

#elif VL == 8

static inline void
v_transpose (V r[VL])
{
  V a[8], b[8];

  TAP_UNROLL for (int i = 0; i < 8; i += 4)
  {
    a[i] = _mm256_unpacklo_ps (r[i], r[i + 1]);
    a[i + 1] = _mm256_unpackhi_ps (r[i], r[i + 1]);
    a[i + 2] = _mm256_unpacklo_ps (r[i + 2], r[i + 3]);
    a[i + 3] = _mm256_unpackhi_ps (r[i + 2], r[i + 3]);
    b[i] = _mm256_shuffle_ps (a[i], a[i + 2], 0x44);
    b[i + 1] = _mm256_shuffle_ps (a[i], a[i + 2], 0xee);
    b[i + 2] = _mm256_shuffle_ps (a[i + 1], a[i + 3], 0x44);
    b[i + 3] = _mm256_shuffle_ps (a[i + 1], a[i + 3], 0xee);
  }
  TAP_UNROLL for (int i = 0; i < 4; i++)
  {
    r[i] = _mm256_permute2f128_ps (b[i], b[i + 4], 0x20);
    r[i + 4] = _mm256_permute2f128_ps (b[i], b[i + 4], 0x31);
  }
}

#else

static inline void
v_transpose (V r[VL])
{
  V a = __builtin_shufflevector (r[0], r[1], 0, 4, 1, 5);
  V b = __builtin_shufflevector (r[0], r[1], 2, 6, 3, 7);
  V c = __builtin_shufflevector (r[2], r[3], 0, 4, 1, 5);
  V d = __builtin_shufflevector (r[2], r[3], 2, 6, 3, 7);

  r[0] = __builtin_shufflevector (a, c, 0, 1, 4, 5);
  r[1] = __builtin_shufflevector (a, c, 2, 3, 6, 7);
  r[2] = __builtin_shufflevector (b, d, 0, 1, 4, 5);
  r[3] = __builtin_shufflevector (b, d, 2, 3, 6, 7);
}

#endif
