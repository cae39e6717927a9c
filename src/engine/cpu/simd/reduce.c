/* reduce.c - sums, maxima and dot products with a fixed order of additions
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Number i goes to lane i mod (lanes × accumulators), and the lanes are joined in a fixed order, so a
 * sum depends on its operands alone. */

#include "config.h"

#include <math.h>

#include "engine/cpu/simd/vec.h"

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

void
TAP_SIMD_NAME (tap_max_into) (float *y, const float *x, size_t n)
{
  for (size_t i = 0; i < n; i++)
    {
      float v = x[i], m = y[i];

      y[i] = v > m ? v : v != v ? v : m;
    }
}

void
TAP_SIMD_NAME (tap_add_into) (float *y, const float *x, size_t n)
{
  for (size_t i = 0; i < n; i++)
    y[i] += x[i];
}

/* Steps of one and two are the ones that networks use, and become vectors. */
#define SPREAD(statement)                                                                          \
  if (step == 1)                                                                                   \
    for (size_t i = 0, j = 0; i < n; i++, j++)                                                     \
      {                                                                                            \
        statement;                                                                                 \
      }                                                                                            \
  else if (step == 2)                                                                              \
    for (size_t i = 0; i < n; i++)                                                                 \
      {                                                                                            \
        size_t j = 2 * i;                                                                          \
        statement;                                                                                 \
      }                                                                                            \
  else                                                                                             \
    for (size_t i = 0; i < n; i++)                                                                 \
      {                                                                                            \
        size_t j = i * step;                                                                       \
        statement;                                                                                 \
      }

void
TAP_SIMD_NAME (tap_max_into_spread) (float *restrict y,
                                     const float *restrict x,
                                     size_t step,
                                     size_t n)
{
  SPREAD (float v = x[j]; float m = y[i]; y[i] = v > m ? v : v != v ? v : m)
}

void
TAP_SIMD_NAME (tap_add_into_spread) (float *restrict y,
                                     const float *restrict x,
                                     size_t step,
                                     size_t n)
{
  SPREAD (y[i] += x[j])
}

void
TAP_SIMD_NAME (tap_add_square_into) (float *y, const float *x, size_t n)
{
  for (size_t i = 0; i < n; i++)
    y[i] += x[i] * x[i];
}

void
TAP_SIMD_NAME (tap_add_scaled_into) (float *y, const float *x, float a, size_t n)
{
  const V v = v_set (a);
  size_t i = 0;

  for (; i + VL <= n; i += VL)
    v_store (y + i, v_fma (v, v_load (x + i), v_load (y + i)));
  if (i < n)
    v_store_first (y + i, v_fma (v, v_load_first (x + i, n - i), v_load_first (y + i, n - i)),
                   n - i);
}

float
TAP_SIMD_NAME (tap_sum) (const float *x, size_t n)
{
  V a = v_set (0), b = a, c = a, d = a;
  size_t i = 0;

  for (; i + 4 * VL <= n; i += 4 * VL)
    {
      a += v_load (x + i);
      b += v_load (x + i + VL);
      c += v_load (x + i + 2 * VL);
      d += v_load (x + i + 3 * VL);
    }
  for (; i + VL <= n; i += VL)
    a += v_load (x + i);
  if (i < n)
    b += v_load_first (x + i, n - i);
  return v_sum ((a + b) + (c + d));
}

float
TAP_SIMD_NAME (tap_sum_square_deviation) (const float *x, float mean, size_t n)
{
  V a = v_set (0), m = v_set (mean);
  size_t i = 0;
  float sum;

  for (; i + VL <= n; i += VL)
    {
      V d = v_load (x + i) - m;

      a += d * d;
    }
  sum = v_sum (a);
  for (; i < n; i++)
    sum += (x[i] - mean) * (x[i] - mean);
  return sum;
}

float
TAP_SIMD_NAME (tap_max) (const float *x, size_t n)
{
  float m = -INFINITY;

  for (size_t i = 0; i < n; i++)
    m = x[i] > m || x[i] != x[i] ? x[i] : m;
  return m;
}

void
TAP_SIMD_NAME (
  tap_dots) (float *dots, const float *x, const float *rows, size_t pitch, size_t n, int n_rows)
{
  int r = 0;

  /* Four rows keep enough loads in flight for the memory; each row has the same two accumulators
   * that it would have alone. */
  for (; r < n_rows; r += 4)
    {
      const float *p[4];
      V a[4], b[4];
      size_t i = 0;

      for (int k = 0; k < 4; k++)
        {
          p[k] = rows + (size_t) (r + k < n_rows ? r + k : r) * pitch;
          a[k] = b[k] = v_set (0);
        }
      for (; i + 2 * VL <= n; i += 2 * VL)
        {
          V u = v_load (x + i), v = v_load (x + i + VL);

          TAP_UNROLL for (int k = 0; k < 4; k++)
          {
            a[k] = v_fma (u, v_load (p[k] + i), a[k]);
            b[k] = v_fma (v, v_load (p[k] + i + VL), b[k]);
          }
        }
      for (; i + VL <= n; i += VL)
        for (int k = 0; k < 4; k++)
          a[k] = v_fma (v_load (x + i), v_load (p[k] + i), a[k]);
      if (i < n)
        for (int k = 0; k < 4; k++)
          b[k] = v_fma (v_load_first (x + i, n - i), v_load_first (p[k] + i, n - i), b[k]);
      for (int k = 0; k < 4 && r + k < n_rows; k++)
        dots[r + k] = v_sum (a[k] + b[k]);
    }
}

void
TAP_SIMD_NAME (
  tap_lrn) (float *y, const float *x, const float *s, size_t n, float bias, float scale, float beta)
{
  if (beta == 0.75f)
    for (size_t i = 0; i < n; i++)
      {
        float root = sqrtf (bias + scale * s[i]);

        y[i] = x[i] / (root * sqrtf (root));
      }
  else if (beta == 0.5f)
    for (size_t i = 0; i < n; i++)
      y[i] = x[i] / sqrtf (bias + scale * s[i]);
  else if (beta == 1.0f)
    for (size_t i = 0; i < n; i++)
      y[i] = x[i] / (bias + scale * s[i]);
  else
    for (size_t i = 0; i < n; i++)
      y[i] = x[i] * powf (bias + scale * s[i], -beta);
}
