/* vec.h - one float vector of the widest kind that the instruction set has
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <string.h>

#include "engine/cpu/simd/simd.h"

#define TAP_SIMD_PASTE(name, isa)  name##_##isa
#define TAP_SIMD_EXPAND(name, isa) TAP_SIMD_PASTE (name, isa)
/* The symbol of this instruction set: tap_conv_tiles_avx512 */
#define TAP_SIMD_NAME(name)        TAP_SIMD_EXPAND (name, TAP_SIMD_ISA)

#if defined(__clang__)
#  define TAP_UNROLL _Pragma ("clang loop unroll(full)")
#else
#  define TAP_UNROLL _Pragma ("GCC unroll 32")
#endif

#if defined(__AVX512F__)
#  include <immintrin.h>
#  define VL 16
typedef __m512 V;
static inline V
v_fma (V a, V b, V c)
{
  return _mm512_fmadd_ps (a, b, c);
}
#elif defined(__AVX2__) && defined(__FMA__)
#  include <immintrin.h>
#  define VL 8
typedef __m256 V;
static inline V
v_fma (V a, V b, V c)
{
  return _mm256_fmadd_ps (a, b, c);
}
#else
#  define VL 4
typedef float V __attribute__ ((vector_size (16)));
static inline V
v_fma (V a, V b, V c)
{
  return a * b + c;
}
#endif

/* The vector type with the alignment of a float. */
typedef float VU __attribute__ ((vector_size (VL * 4), aligned (4), may_alias));
typedef int32_t VI __attribute__ ((vector_size (VL * 4)));

static inline V
v_load (const float *p)
{
  return (V) * (const VU *) p;
}

static inline void
v_store (float *p, V v)
{
  *(VU *) p = (VU) v;
}

static inline V
v_set (float a)
{
  return a - (V){ 0 };
}

/* The first n < VL numbers; the others are 0. Nothing beyond them is read. */
static inline V
v_load_first (const float *p, size_t n)
{
#if VL == 16
  return _mm512_maskz_loadu_ps ((__mmask16) ((1u << n) - 1), p);
#elif VL == 8
  const VI lanes = { 0, 1, 2, 3, 4, 5, 6, 7 };

  return _mm256_maskload_ps (p, (__m256i) (lanes < (VI){ 0 } + (int32_t) n));
#else
  float t[VL] = { 0 };

  memcpy (t, p, n * sizeof (float));
  return v_load (t);
#endif
}

static inline void
v_store_first (float *p, V v, size_t n)
{
#if VL == 16
  _mm512_mask_storeu_ps (p, (__mmask16) ((1u << n) - 1), v);
#else
  float t[VL];

  v_store (t, v);
  memcpy (p, t, n * sizeof (float));
#endif
}

/* Lanes where the mask is set take a, the others b. */
static inline V
v_select (VI mask, V a, V b)
{
  return (V) (((VI) a & mask) | ((VI) b & ~mask));
}

/* NaN stays NaN. */
static inline V
v_clamp (V x, V low, V high)
{
#if VL == 16
  /* the second operand where one is NaN, or both are zeros */
  return _mm512_min_ps (high, _mm512_max_ps (low, x));
#elif VL == 8
  return _mm256_min_ps (high, _mm256_max_ps (low, x));
#else
  x = v_select ((VI) (x < low), low, x);
  return v_select ((VI) (x > high), high, x);
#endif
}

/* Of all lanes, in a fixed order. */
static inline float
v_sum (V v)
{
  float t[VL];

  v_store (t, v);
  for (int half = VL / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++)
      t[i] += t[i + half];
  return t[0];
}

/* The functions of the table, one file each. */

void TAP_SIMD_NAME (tap_conv_tiles) (const TapTileJob *job);
void TAP_SIMD_NAME (tap_conv_wide) (const TapTileJob *job);
void TAP_SIMD_NAME (tap_conv_depth) (const TapDepthJob *job);
void TAP_SIMD_NAME (tap_conv_fill) (float *out,
                                    size_t length,
                                    const float *row,
                                    ptrdiff_t first,
                                    size_t step,
                                    size_t n);
void TAP_SIMD_NAME (tap_whole_dots) (const TapWholeDots *job);
void TAP_SIMD_NAME (tap_winograd_input) (const TapWinogradInput *job);
void TAP_SIMD_NAME (tap_winograd_turn) (float *t, const float *w, int n);
void TAP_SIMD_NAME (tap_winograd_weights) (const TapWinogradWeights *job);
void TAP_SIMD_NAME (tap_winograd_product) (const TapWinogradProduct *job);
void TAP_SIMD_NAME (tap_winograd_output) (const TapWinogradOutput *job);
void TAP_SIMD_NAME (tap_unary) (TapUnary op, float *y, const float *x, size_t n, float a, float b);
void TAP_SIMD_NAME (tap_binary) (TapBinary op,
                                 float *y,
                                 const float *a,
                                 size_t a_step,
                                 const float *b,
                                 size_t b_step,
                                 size_t n);
void TAP_SIMD_NAME (tap_max_into) (float *y, const float *x, size_t n);
void TAP_SIMD_NAME (tap_add_into) (float *y, const float *x, size_t n);
void TAP_SIMD_NAME (tap_max_into_spread) (float *y, const float *x, size_t step, size_t n);
void TAP_SIMD_NAME (tap_add_into_spread) (float *y, const float *x, size_t step, size_t n);
void TAP_SIMD_NAME (tap_add_square_into) (float *y, const float *x, size_t n);
void TAP_SIMD_NAME (tap_add_scaled_into) (float *y, const float *x, float a, size_t n);
float TAP_SIMD_NAME (tap_sum) (const float *x, size_t n);
float TAP_SIMD_NAME (tap_sum_square_deviation) (const float *x, float mean, size_t n);
float TAP_SIMD_NAME (tap_max) (const float *x, size_t n);
void TAP_SIMD_NAME (
  tap_dots) (float *dots, const float *x, const float *rows, size_t pitch, size_t n, int n_rows);
void TAP_SIMD_NAME (tap_add_scaled_rows_into) (float *y,
                                               const float *const *rows,
                                               const float *scales,
                                               size_t n);
void TAP_SIMD_NAME (tap_dots_many) (const TapDotsJob *job);
size_t TAP_SIMD_NAME (tap_find_pairs) (TapDotsPair *pairs, const float *x, size_t n);
void TAP_SIMD_NAME (tap_dots_pairs) (float *dots,
                                     const float *x,
                                     const TapDotsPair *pairs,
                                     size_t n_pairs,
                                     const float *rows,
                                     size_t pitch,
                                     size_t n,
                                     int n_rows);
float TAP_SIMD_NAME (tap_multiply_adds) (size_t rounds);
void TAP_SIMD_NAME (tap_lrn) (float *y,
                              const float *x,
                              const float *energy,
                              size_t pitch,
                              int below,
                              int above,
                              size_t n,
                              float bias,
                              float scale,
                              float beta);
void TAP_SIMD_NAME (
  tap_add_product_into) (float *y, const float *x, const float *z, float a, size_t n);
float TAP_SIMD_NAME (tap_sum_product) (const float *x, float mean, const float *y, size_t n);
void TAP_SIMD_NAME (tap_lrn_backward) (float *dx,
                                       float *t,
                                       const float *dy,
                                       const float *x,
                                       const float *energy,
                                       size_t pitch,
                                       int below,
                                       int above,
                                       size_t n,
                                       float bias,
                                       float scale,
                                       float beta);
void TAP_SIMD_NAME (tap_pool_max) (float *y, const float *const *rows, const TapPoolWindows *w);
void TAP_SIMD_NAME (tap_pool_sum) (float *y, const float *const *rows, const TapPoolWindows *w);
void TAP_SIMD_NAME (tap_pool_switches) (float *y,
                                        uint8_t *where,
                                        const float *const *rows,
                                        const TapPoolWindows *w);
void TAP_SIMD_NAME (tap_unpool) (float *const *rows,
                                 const float *dy,
                                 const uint8_t *where,
                                 const TapPoolWindows *w);
void TAP_SIMD_NAME (tap_pack_switches) (int bits, uint8_t *packed, const uint8_t *where, size_t n);
void
  TAP_SIMD_NAME (tap_unpack_switches) (int bits, uint8_t *where, const uint8_t *packed, size_t n);
void TAP_SIMD_NAME (tap_normalize) (float *y,
                                    const float *x,
                                    float mean,
                                    float inverse,
                                    const float *scale,
                                    const float *shift,
                                    size_t n);
void TAP_SIMD_NAME (
  tap_bits) (TapBits kind, uint8_t *bits, const float *x, size_t n, float a, float b);
void TAP_SIMD_NAME (tap_scale_by_bits) (float *dx,
                                        const float *dy,
                                        const uint8_t *bits,
                                        size_t first,
                                        size_t n,
                                        float on,
                                        float off);
void TAP_SIMD_NAME (tap_unary_backward) (TapUnary op,
                                         float *dx,
                                         const float *dy,
                                         const float *x,
                                         size_t n,
                                         float a,
                                         float b);
void TAP_SIMD_NAME (tap_binary_backward) (TapBinary op,
                                          int side,
                                          float *d,
                                          const float *dy,
                                          const float *a,
                                          size_t a_step,
                                          const float *b,
                                          size_t b_step,
                                          size_t n);
void TAP_SIMD_NAME (
  tap_count_ties) (float *count, const float *x, size_t step, const float *y, size_t n);
void TAP_SIMD_NAME (tap_share_ties) (float *d,
                                     const float *dy,
                                     const float *x,
                                     size_t step,
                                     const float *y,
                                     const float *count,
                                     size_t n);
void TAP_SIMD_NAME (tap_combine) (float *dx,
                                  const float *dy,
                                  float scale,
                                  const float *x,
                                  float mean,
                                  float slope,
                                  float shift,
                                  size_t n);
void TAP_SIMD_NAME (tap_softmax_backward) (int log,
                                           float *dx,
                                           const float *dy,
                                           const float *y,
                                           const float *sum,
                                           size_t step,
                                           size_t n);
