/* pointwise.c - functions of one or two numbers, in plain C that the compiler makes into vectors
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The loops use IEEE operations only, and contraction is off, so a number's result is the same in the
 * vector body and in the scalar tail. Exponential, logarithm, tanh and erf are our own for the same
 * reason: a library call in the tail would differ in the last bit from a vector body. */

#include "config.h"

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

#define EACH(expression)                                                                           \
  for (size_t i = 0; i < n; i++)                                                                   \
    {                                                                                              \
      float v = x[i];                                                                              \
      y[i] = (expression);                                                                         \
    }                                                                                              \
  break

void
TAP_SIMD_NAME (tap_unary) (TapUnary op, float *y, const float *x, size_t n, float a, float b)
{
  switch (op)
    {
    case TAP_UNARY_CLAMP:
      for (size_t i = 0; i < n; i++)
        {
          float v = x[i];

          v = v < a ? a : v;
          y[i] = v > b ? b : v;
        }
      break;
    case TAP_UNARY_LEAKY:
      EACH (v < 0 ? a * v : v);
    case TAP_UNARY_ELU:
      EACH (v < 0 ? a * (exp_1 (v) - 1.0f) : v);
    case TAP_UNARY_SELU:
      EACH (v > 0 ? b * v : b * (a * exp_1 (v) - a));
    case TAP_UNARY_CELU:
      EACH (v < 0 ? a * (exp_1 (v / a) - 1.0f) : v);
    case TAP_UNARY_SIGMOID:
      EACH (sigmoid_1 (v));
    case TAP_UNARY_TANH:
      EACH (tanh_1 (v));
    case TAP_UNARY_HARD_SIGMOID:
      for (size_t i = 0; i < n; i++)
        {
          float v = a * x[i] + b;

          v = v < 0.0f ? 0.0f : v;
          y[i] = v > 1.0f ? 1.0f : v;
        }
      break;
    case TAP_UNARY_HARD_SWISH:
      for (size_t i = 0; i < n; i++)
        {
          float v = x[i] * (1.0f / 6.0f) + 0.5f;

          v = v < 0.0f ? 0.0f : v;
          y[i] = x[i] * (v > 1.0f ? 1.0f : v);
        }
      break;
    case TAP_UNARY_SILU:
      EACH (v * sigmoid_1 (v));
    case TAP_UNARY_GELU:
      EACH (0.5f * v * (1.0f + erf_1 (v * 0.70710678118654752f)));
    case TAP_UNARY_GELU_TANH:
      EACH (0.5f * v * (1.0f + tanh_1 (0.79788456080286536f * (v + 0.044715f * v * v * v))));
    case TAP_UNARY_ERF:
      EACH (erf_1 (v));
    case TAP_UNARY_MISH:
      EACH (v * tanh_1 (softplus_1 (v)));
    case TAP_UNARY_SOFTPLUS:
      EACH (softplus_1 (v));
    case TAP_UNARY_SOFTSIGN:
      EACH (v / (1.0f + fabsf (v)));
    case TAP_UNARY_THRESHOLDED:
      EACH (v > a ? v : 0.0f);
    case TAP_UNARY_SHRINK:
      EACH (v < -a ? v + b : v > a ? v - b : 0.0f);
    case TAP_UNARY_EXP:
      EACH (exp_1 (v));
    case TAP_UNARY_LOG:
      EACH (log_1 (v));
    case TAP_UNARY_SQRT:
      EACH (sqrtf (v));
    case TAP_UNARY_RECIPROCAL:
      EACH (1.0f / v);
    case TAP_UNARY_NEG:
      EACH (-v);
    case TAP_UNARY_ABS:
      EACH (fabsf (v));
    case TAP_UNARY_CEIL:
      EACH (ceil_1 (v));
    case TAP_UNARY_FLOOR:
      EACH (floor_1 (v));
    case TAP_UNARY_ROUND:
      EACH (round_1 (v));
    case TAP_UNARY_SIGN:
      EACH (v > 0 ? 1.0f : v < 0 ? -1.0f : v);
    case TAP_UNARY_SIN:
      EACH ((float) sin ((double) v));
    case TAP_UNARY_COS:
      EACH ((float) cos ((double) v));
    case TAP_UNARY_AFFINE:
      EACH (a * v + b);
    case TAP_UNARY_COPY:
      if (y != x)
        memmove (y, x, n * sizeof (float));
      break;
    }
}

/* A remainder with the sign of the divisor, as Python and ONNX's Mod without fmod have it. */
static float
modulo (float a, float b)
{
  float r = fmodf (a, b);

  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

/* Three loops, so that each has unit or no steps and becomes vectors. */
#define PAIR(expression)                                                                           \
  if (a_step != 0 && b_step != 0)                                                                  \
    for (size_t i = 0; i < n; i++)                                                                 \
      {                                                                                            \
        float u = a[i], v = b[i];                                                                  \
        y[i] = (expression);                                                                       \
      }                                                                                            \
  else if (a_step != 0)                                                                            \
    {                                                                                              \
      const float v = b[0];                                                                        \
      for (size_t i = 0; i < n; i++)                                                               \
        {                                                                                          \
          float u = a[i];                                                                          \
          y[i] = (expression);                                                                     \
        }                                                                                          \
    }                                                                                              \
  else                                                                                             \
    {                                                                                              \
      const float u = a[0];                                                                        \
      for (size_t i = 0; i < n; i++)                                                               \
        {                                                                                          \
          float v = b_step != 0 ? b[i] : b[0];                                                     \
          y[i] = (expression);                                                                     \
        }                                                                                          \
    }                                                                                              \
  break

void
TAP_SIMD_NAME (tap_binary) (TapBinary op,
                            float *y,
                            const float *a,
                            size_t a_step,
                            const float *b,
                            size_t b_step,
                            size_t n)
{
  switch (op)
    {
    case TAP_BINARY_ADD:
      PAIR (u + v);
    case TAP_BINARY_SUB:
      PAIR (u - v);
    case TAP_BINARY_MUL:
      PAIR (u * v);
    case TAP_BINARY_DIV:
      PAIR (u / v);
    case TAP_BINARY_POW:
      if (b_step == 0 && b[0] == 2.0f)
        {
          for (size_t i = 0; i < n; i++)
            y[i] = a_step != 0 ? a[i] * a[i] : a[0] * a[0];
          break;
        }
      PAIR (powf (u, v));
    case TAP_BINARY_MAX:
      PAIR (u > v || u != u ? u : v);
    case TAP_BINARY_MIN:
      PAIR (u < v || u != u ? u : v);
    case TAP_BINARY_PRELU:
      PAIR (u < 0 ? u * v : u);
    case TAP_BINARY_MOD:
      PAIR (modulo (u, v));
    case TAP_BINARY_FMOD:
      PAIR (fmodf (u, v));
    }
}
