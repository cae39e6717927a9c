/* pointwise.c - functions of one or two numbers, in plain C that the compiler makes into vectors
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The loops use IEEE operations only, and contraction is off, so a number's result is the same in the
 * vector body and in the scalar tail. Exponential, logarithm, tanh and erf are our own for the same
 * reason: a library call in the tail would differ in the last bit from a vector body. */

#include "config.h"

#include "engine/cpu/simd/elementary.h"

#define EACH(expression)                                                                           \
  for (size_t i = 0; i < n; i++)                                                                   \
    {                                                                                              \
      float v = x[i];                                                                              \
      y[i] = (expression);                                                                         \
    }                                                                                              \
  break

/* Fused where the instruction set does, in the tail too. */
static void
affine (float *y, const float *x, size_t n, float a, float b)
{
  const V scale = v_set (a), shift = v_set (b);
  size_t i = 0;

  for (; i + VL <= n; i += VL)
    v_store (y + i, v_fma (scale, v_load (x + i), shift));
  if (i < n)
    v_store_first (y + i, v_fma (scale, v_load_first (x + i, n - i), shift), n - i);
}

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
      affine (y, x, n, a, b);
      break;
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

void
TAP_SIMD_NAME (tap_normalize) (float *y,
                               const float *x,
                               float mean,
                               float inverse,
                               const float *scale,
                               const float *shift,
                               size_t n)
{
  if (shift != NULL)
    for (size_t i = 0; i < n; i++)
      y[i] = (x[i] - mean) * inverse * scale[i] + shift[i];
  else
    for (size_t i = 0; i < n; i++)
      y[i] = (x[i] - mean) * inverse * scale[i];
}
