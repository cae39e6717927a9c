/* elementary.h - exponential, logarithm, tanh, erf … of one number
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Straight lines of IEEE operations without calls or branches, for loops that the compiler makes into
 * vectors: a number's result is the same in the vector body and in the scalar tail. */
#pragma once

#include <math.h>

#include "engine/cpu/simd/vec.h"

static inline float
from_bits (int32_t i)
{
  float f;

  memcpy (&f, &i, sizeof f);
  return f;
}

static inline int32_t
to_bits (float f)
{
  int32_t i;

  memcpy (&i, &f, sizeof i);
  return i;
}

/* Nearest integer, ties to even, for |x| < 2^22. */
static inline float
nearest (float x)
{
  const float big = 12582912.0f;

  return (x + big) - big;
}

/* exp (x) within 1 unit in the last place or so: 2^n e^r with |r| <= ln 2 / 2 by the Taylor series. */
static inline float
exp_1 (float x)
{
  float low = x > -104.0f ? x : -104.0f; /* NaN too, which no integer holds */
  float c = low < 89.0f ? low : 89.0f;
  float n = nearest (c * 1.44269504088896341f);
  float r = (c - n * 0.693359375f) - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  int32_t i, half;

  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  /* Two steps, so that results below the smallest normal number and above 2^127 come out right. */
  i = (int32_t) n;
  half = i >> 1;
  p = p * from_bits ((half + 127) << 23) * from_bits ((i - half + 127) << 23);
  return x != x ? x : p;
}

/* Natural logarithm of a positive normal number; log1p-like accuracy is not needed. */
static inline float
log_1 (float x)
{
  float scaled = x < 1.17549435e-38f ? x * 8388608.0f : x;
  int32_t bits = to_bits (scaled);
  int32_t e = (int32_t) ((uint32_t) bits - 0x3f3504f3u) >> 23;
  float m = from_bits ((int32_t) ((uint32_t) bits - ((uint32_t) e << 23))) - 1.0f;
  float n = (float) e - (x < 1.17549435e-38f ? 23.0f : 0.0f);
  float z = m * m, p = 7.0376836292e-2f, y;

  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  y = m * z * p + n * -2.12194440e-4f - 0.5f * z;
  y = m + y + n * 0.693359375f;
  y = x == 0 ? -INFINITY : y;
  y = x < 0 ? NAN : y;
  y = x == INFINITY ? INFINITY : y;
  return x != x ? x : y;
}

static inline float
sigmoid_1 (float x)
{
  return 1.0f / (1.0f + exp_1 (-x));
}

static inline float
tanh_1 (float x)
{
  float a = fabsf (x), z = x * x;
  float small = -5.70498872745e-3f, large;

  small = small * z + 2.06390887954e-2f;
  small = small * z - 5.37397155531e-2f;
  small = small * z + 1.33314422036e-1f;
  small = small * z - 3.33332819422e-1f;
  small = small * z * x + x;
  large = 1.0f - 2.0f / (exp_1 (2.0f * a) + 1.0f);
  large = x < 0 ? -large : large;
  return a < 0.625f ? small : large;
}

/* Below 1 the Taylor series, eleven terms; above, one less the complement, which is exp (-x²) times a
 * Chebyshev fit in 1 / (1 + x / 2) with a relative error of 1.2e-7. */
static inline float
erf_1 (float x)
{
  float a = fabsf (x), z = x * x, t, p, s, large;

  s = 1.0f / 76204800.0f;
  s = s * -z + 1.0f / 6894720.0f;
  s = s * -z + 1.0f / 685440.0f;
  s = s * -z + 1.0f / 75600.0f;
  s = s * -z + 1.0f / 9360.0f;
  s = s * -z + 1.0f / 1320.0f;
  s = s * -z + 1.0f / 216.0f;
  s = s * -z + 1.0f / 42.0f;
  s = s * -z + 1.0f / 10.0f;
  s = s * -z + 1.0f / 3.0f;
  s = s * -z + 1.0f;
  s = s * x * 1.1283791670955126f;
  t = 1.0f / (1.0f + 0.5f * a);
  p = 0.17087277f;
  p = p * t - 0.82215223f;
  p = p * t + 1.48851587f;
  p = p * t - 1.13520398f;
  p = p * t + 0.27886807f;
  p = p * t - 0.18628806f;
  p = p * t + 0.09678418f;
  p = p * t + 0.37409196f;
  p = p * t + 1.00002368f;
  p = p * t - 1.26551223f;
  large = 1.0f - t * exp_1 (-z + p);
  large = x < 0 ? -large : large;
  large = x != x ? x : large;
  return a < 1.0f ? s : large;
}

static inline float
softplus_1 (float x)
{
  float a = exp_1 (-fabsf (x));
  float u = 1.0f + a;
  /* log1p by the correction of its rounded argument */
  float l = u == 1.0f ? a : log_1 (u) * (a / (u - 1.0f));

  return (x > 0 ? x : 0.0f) + l;
}

static inline float
round_1 (float x)
{
  float a = fabsf (x), y = (a + 8388608.0f) - 8388608.0f;

  y = a < 8388608.0f ? y : a;
  return copysignf (y, x);
}

static inline float
floor_1 (float x)
{
  float y = round_1 (x);

  y = y > x ? y - 1.0f : y;
  return copysignf (y, x);
}

static inline float
ceil_1 (float x)
{
  return -floor_1 (-x);
}
