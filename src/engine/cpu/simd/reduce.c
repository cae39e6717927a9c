/* reduce.c - sums and maxima with a fixed order of additions
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Number i goes to lane i mod (lanes × accumulators), and the lanes are joined in a fixed order, so a
 * sum depends on its operands alone. */

#include "config.h"

#include <math.h>

#include "engine/cpu/simd/vec.h"

static inline V
v_sqrt (V v)
{
#if VL == 16
  return _mm512_sqrt_ps (v);
#elif VL == 8
  return _mm256_sqrt_ps (v);
#else
  for (int i = 0; i < VL; i++)
    v[i] = sqrtf (v[i]);
  return v;
#endif
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
  const V m = v_set (mean);
  V a = v_set (0), b = a, c = a, d = a;
  size_t i = 0;
  float sum;

  for (; i + 4 * VL <= n; i += 4 * VL)
    {
      V u = v_load (x + i) - m, v = v_load (x + i + VL) - m, w = v_load (x + i + 2 * VL) - m,
        z = v_load (x + i + 3 * VL) - m;

      a = v_fma (u, u, a);
      b = v_fma (v, v, b);
      c = v_fma (w, w, c);
      d = v_fma (z, z, d);
    }
  for (; i + VL <= n; i += VL)
    {
      V u = v_load (x + i) - m;

      a = v_fma (u, u, a);
    }
  sum = v_sum ((a + b) + (c + d));
  for (; i < n; i++)
    sum += (x[i] - mean) * (x[i] - mean);
  return sum;
}

float
TAP_SIMD_NAME (tap_sum_product) (const float *x, float mean, const float *y, size_t n)
{
  const V m = v_set (mean);
  V a = v_set (0), b = a;
  size_t i = 0;
  float sum;

  for (; i + 2 * VL <= n; i += 2 * VL)
    {
      a = v_fma (v_load (x + i) - m, v_load (y + i), a);
      b = v_fma (v_load (x + i + VL) - m, v_load (y + i + VL), b);
    }
  for (; i + VL <= n; i += VL)
    a = v_fma (v_load (x + i) - m, v_load (y + i), a);
  sum = v_sum (a + b);
  for (; i < n; i++)
    sum += (x[i] - mean) * y[i];
  return sum;
}

/* Any NaN is the answer, which one does not matter. */
float
TAP_SIMD_NAME (tap_max) (const float *x, size_t n)
{
  V a = v_set (-INFINITY);
  VI nan = { 0 };
  size_t i = 0;
  float m;

  for (; i + VL <= n; i += VL)
    {
      V v = v_load (x + i);

      nan |= (VI) (v != v);
      a = v_select ((VI) (v > a), v, a);
    }
  m = a[0];
  for (int k = 1; k < VL; k++)
    m = a[k] > m ? a[k] : m;
  for (; i < n; i++)
    m = x[i] > m || x[i] != x[i] ? x[i] : m;
  for (int k = 0; k < VL; k++)
    if (nan[k] != 0)
      return NAN;
  return m;
}

/* (bias + scale s)^-beta */
static inline V
v_response (V s, V bias, V scale, float beta)
{
  const V one = v_set (1);
  V d = bias + scale * s;

  if (beta == 0.75f)
    {
      V root = v_sqrt (d);

      return one / (root * v_sqrt (root));
    }
  if (beta == 0.5f)
    return one / v_sqrt (d);
  if (beta == 1.0f)
    return one / d;
  for (int i = 0; i < VL; i++)
    d[i] = powf (d[i], -beta);
  return d;
}

static inline V
v_load_some (const float *p, size_t n)
{
  return n >= VL ? v_load (p) : v_load_first (p, n);
}

static inline void
v_store_some (float *p, V v, size_t n)
{
  if (n >= VL)
    v_store (p, v);
  else
    v_store_first (p, v, n);
}

/* Squares of the cells at x[k × pitch], from the lowest k; or @energy. */
static inline V
v_energy (const float *x, const float *energy, size_t pitch, int below, int above, size_t n)
{
  V s = v_set (0);

  if (energy != NULL)
    return v_load_some (energy, n);
  for (int k = -below; k <= above; k++)
    {
      V v = v_load_some (x + (ptrdiff_t) pitch * k, n);

      s = s + v * v;
    }
  return s;
}

void
TAP_SIMD_NAME (tap_lrn) (float *y,
                         const float *x,
                         const float *energy,
                         size_t pitch,
                         int below,
                         int above,
                         size_t n,
                         float bias,
                         float scale,
                         float beta)
{
  const V b = v_set (bias), a = v_set (scale);

  for (size_t i = 0; i < n; i += VL)
    {
      V s = v_energy (x + i, energy != NULL ? energy + i : NULL, pitch, below, above, n - i);

      v_store_some (y + i, v_load_some (x + i, n - i) * v_response (s, b, a, beta), n - i);
    }
}

void
TAP_SIMD_NAME (tap_lrn_backward) (float *dx,
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
                                  float beta)
{
  const V b = v_set (bias), a = v_set (scale);

  for (size_t i = 0; i < n; i += VL)
    {
      V s = v_energy (x + i, energy != NULL ? energy + i : NULL, pitch, below, above, n - i);
      V g = v_load_some (dy + i, n - i) * v_response (s, b, a, beta);

      v_store_some (dx + i, g, n - i);
      v_store_some (t + i, g * v_load_some (x + i, n - i) / (b + a * s), n - i);
    }
}

void
TAP_SIMD_NAME (tap_add_product_into) (float *y, const float *x, const float *z, float a, size_t n)
{
  for (size_t i = 0; i < n; i++)
    y[i] += a * (x[i] * z[i]);
}
