/* backward.c - derivatives of pointwise functions times what flows back, and signs as bits
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a function has no derivative, at a kink, the side is the one that PyTorch takes. */

#include "config.h"

#include "engine/cpu/simd/elementary.h"

/* Cells that a mask of bits is made of at a time. */
#define GROUP 16

static inline VI
v_lane_bits (void)
{
#if VL == 16
  return (VI){ 1,      1 << 1, 1 << 2,  1 << 3,  1 << 4,  1 << 5,  1 << 6,  1 << 7,
               1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15 };
#elif VL == 8
  return (VI){ 1, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7 };
#else
  return (VI){ 1, 1 << 1, 1 << 2, 1 << 3 };
#endif
}

/* One bit per lane of a comparison. */
static inline unsigned
v_to_bits (VI mask)
{
#if VL == 16
  return _mm512_movepi32_mask ((__m512i) mask);
#elif VL == 8
  return (unsigned) _mm256_movemask_ps ((__m256) mask);
#else
  unsigned bits = 0;

  for (int i = 0; i < VL; i++)
    bits |= (unsigned) (mask[i] & 1) << i;
  return bits;
#endif
}

static inline VI
v_from_bits (unsigned bits)
{
  const VI lanes = v_lane_bits ();

  return (((VI){ 0 } + (int32_t) bits) & lanes) == lanes;
}

static inline unsigned
test (TapBits kind, V x, V a, V b)
{
  switch (kind)
    {
    case TAP_BITS_ABOVE:
      return v_to_bits (~(VI) (x <= a));
    case TAP_BITS_GREATER:
      return v_to_bits ((VI) (x > a));
    case TAP_BITS_WITHIN:
      return v_to_bits ((VI) (x >= a) & (VI) (x <= b));
    case TAP_BITS_BEYOND:
      return v_to_bits ((VI) (x < a) | (VI) (x > b));
    case TAP_BITS_SLOPE:
      x = x * a + b;
      return v_to_bits ((VI) (x > v_set (0)) & (VI) (x < v_set (1)));
    }
  return 0;
}

static inline void
fill_bits (TapBits kind, uint8_t *bits, const float *x, size_t n, V a, V b)
{
  size_t i = 0;

  for (; i + GROUP <= n; i += GROUP)
    {
      unsigned m = 0;

      TAP_UNROLL for (int k = 0; k < GROUP; k += VL) m |= test (kind, v_load (x + i + k), a, b)
                                                          << k;
      bits[i / 8] = (uint8_t) m;
      bits[i / 8 + 1] = (uint8_t) (m >> 8);
    }
  if (i < n)
    {
      float rest[GROUP] = { 0 };
      unsigned m = 0;

      memcpy (rest, x + i, (n - i) * sizeof (float));
      for (int k = 0; k < GROUP; k += VL)
        m |= test (kind, v_load (rest + k), a, b) << k;
      bits[i / 8] = (uint8_t) m;
      if (n - i > 8)
        bits[i / 8 + 1] = (uint8_t) (m >> 8);
    }
}

void
TAP_SIMD_NAME (tap_bits) (TapBits kind, uint8_t *bits, const float *x, size_t n, float a, float b)
{
  const V u = v_set (a), v = v_set (b);

  switch (kind)
    {
    case TAP_BITS_ABOVE:
      fill_bits (TAP_BITS_ABOVE, bits, x, n, u, v);
      break;
    case TAP_BITS_GREATER:
      fill_bits (TAP_BITS_GREATER, bits, x, n, u, v);
      break;
    case TAP_BITS_WITHIN:
      fill_bits (TAP_BITS_WITHIN, bits, x, n, u, v);
      break;
    case TAP_BITS_BEYOND:
      fill_bits (TAP_BITS_BEYOND, bits, x, n, u, v);
      break;
    case TAP_BITS_SLOPE:
      fill_bits (TAP_BITS_SLOPE, bits, x, n, u, v);
      break;
    }
}

/* Bits @first .. @first + @n - 1, at most 16; those above are anything. */
static inline unsigned
take_bits (const uint8_t *bits, size_t first, size_t n)
{
  const uint8_t *p = bits + first / 8;
  size_t last = first % 8 + n - 1;
  unsigned m = p[0];

  if (last >= 8)
    m |= (unsigned) p[1] << 8;
  if (last >= 16)
    m |= (unsigned) p[2] << 16;
  return m >> first % 8;
}

void
TAP_SIMD_NAME (tap_scale_by_bits) (float *dx,
                                   const float *dy,
                                   const uint8_t *bits,
                                   size_t first,
                                   size_t n,
                                   float on,
                                   float off)
{
  const V von = v_set (on), voff = v_set (off);
  const VI keep = off != 0 ? (VI){ 0 } - 1 : (VI){ 0 }; /* 0 times NaN is to be 0 */
  size_t i = 0;

  for (; i + GROUP <= n; i += GROUP)
    {
      unsigned m = take_bits (bits, first + i, GROUP);

      TAP_UNROLL for (int k = 0; k < GROUP; k += VL)
      {
        V g = v_load (dy + i + k);

        v_store (dx + i + k,
                 v_select (v_from_bits (m >> k), g * von, (V) ((VI) (g * voff) & keep)));
      }
    }
  for (; i < n; i++)
    dx[i] = take_bits (bits, first + i, 1) & 1 ? dy[i] * on : off != 0 ? dy[i] * off : 0;
}

static inline float
gelu_slope (float x)
{
  float c = x > 20.0f ? 20.0f : x < -20.0f ? -20.0f : x; /* where the second term has long gone */

  return 0.5f * (1.0f + erf_1 (x * 0.70710678118654752f)) +
         c * exp_1 (-0.5f * c * c) * 0.39894228040143268f;
}

static inline float
gelu_tanh_slope (float x)
{
  float c = x > 20.0f ? 20.0f : x < -20.0f ? -20.0f : x, z = c * c;
  float t = tanh_1 (0.79788456080286536f * (c + 0.044715f * c * z));

  return 0.5f * (1.0f + t) +
         0.5f * c * (1.0f - t * t) * 0.79788456080286536f * (1.0f + 0.134145f * z);
}

static inline float
silu_slope (float x)
{
  float c = x < -100.0f ? -100.0f : x > 100.0f ? 100.0f : x, s = sigmoid_1 (c);

  return s * (1.0f + c * (1.0f - s));
}

/* tanh (softplus (x)) = 1 - 2 / (q + 1) with q = (1 + e^x)² */
static inline float
mish_slope (float x)
{
  float c = x < -80.0f ? -80.0f : x > 20.0f ? 20.0f : x, t = tanh_1 (softplus_1 (c));

  return t + c * (1.0f - t * t) * sigmoid_1 (c);
}

#define EACH(expression)                                                                           \
  for (size_t i = 0; i < n; i++)                                                                   \
    {                                                                                              \
      float v = x[i], g = dy[i];                                                                   \
      dx[i] = (expression);                                                                        \
    }                                                                                              \
  break

void
TAP_SIMD_NAME (tap_unary_backward) (TapUnary op,
                                    float *dx,
                                    const float *dy,
                                    const float *x,
                                    size_t n,
                                    float a,
                                    float b)
{
  switch (op)
    {
    case TAP_UNARY_ELU:
      EACH (v <= 0 ? g * (a * exp_1 (v)) : g);
    case TAP_UNARY_SELU:
      EACH (v <= 0 ? g * (b * (a * exp_1 (v))) : g * b);
    case TAP_UNARY_CELU:
      EACH (v <= 0 ? g * exp_1 (v / a) : g);
    case TAP_UNARY_SIGMOID:
      EACH (g * (v * (1.0f - v)));
    case TAP_UNARY_TANH:
      EACH (g * (1.0f - v * v));
    case TAP_UNARY_HARD_SWISH:
      EACH (v <= -3.0f ? 0.0f : v < 3.0f ? g * (v * (1.0f / 3.0f) + 0.5f) : g);
    case TAP_UNARY_SILU:
      EACH (g * silu_slope (v));
    case TAP_UNARY_GELU:
      EACH (g * gelu_slope (v));
    case TAP_UNARY_GELU_TANH:
      EACH (g * gelu_tanh_slope (v));
    case TAP_UNARY_ERF:
      EACH (g * (1.1283791670955126f * exp_1 (-v * v)));
    case TAP_UNARY_MISH:
      EACH (g * mish_slope (v));
    case TAP_UNARY_SOFTPLUS:
      EACH (g * sigmoid_1 (v));
    case TAP_UNARY_SOFTSIGN:
      EACH (g / ((1.0f + fabsf (v)) * (1.0f + fabsf (v))));
    case TAP_UNARY_EXP:
      EACH (g * v);
    case TAP_UNARY_LOG:
      EACH (g / v);
    case TAP_UNARY_SQRT:
      EACH (g / (2.0f * v));
    case TAP_UNARY_RECIPROCAL:
      EACH (-g * v * v);
    case TAP_UNARY_ABS:
      EACH (v > 0 ? g : v < 0 ? -g : 0.0f);
    case TAP_UNARY_SIN:
      EACH (g * (float) cos ((double) v));
    case TAP_UNARY_COS:
      EACH (-g * (float) sin ((double) v));
    case TAP_UNARY_NEG:
      for (size_t i = 0; i < n; i++)
        dx[i] = -dy[i];
      break;
    default: /* steps, whose slope is 0 wherever they have one */
      memset (dx, 0, n * sizeof (float));
    }
}

#define PAIR(expression)                                                                           \
  if (a_step != 0 && b_step != 0)                                                                  \
    for (size_t i = 0; i < n; i++)                                                                 \
      {                                                                                            \
        float u = a[i], v = b[i], g = dy[i];                                                       \
        d[i] = (expression);                                                                       \
      }                                                                                            \
  else                                                                                             \
    for (size_t i = 0; i < n; i++)                                                                 \
      {                                                                                            \
        float u = a[i * a_step], v = b[i * b_step], g = dy[i];                                     \
        d[i] = (expression);                                                                       \
      }                                                                                            \
  break

/* What is not named in an expression is not read, and its pointer may be NULL. */
#define FIRST(expression)                                                                          \
  for (size_t i = 0; i < n; i++)                                                                   \
    {                                                                                              \
      float u = a_step != 0 ? a[i] : a[0], g = dy[i];                                              \
      d[i] = (expression);                                                                         \
    }                                                                                              \
  break
#define SECOND(expression)                                                                         \
  for (size_t i = 0; i < n; i++)                                                                   \
    {                                                                                              \
      float v = b_step != 0 ? b[i] : b[0], g = dy[i];                                              \
      d[i] = (expression);                                                                         \
    }                                                                                              \
  break

static void
first_backward (TapBinary op,
                float *d,
                const float *dy,
                const float *a,
                size_t a_step,
                const float *b,
                size_t b_step,
                size_t n)
{
  switch (op)
    {
    case TAP_BINARY_MUL:
      SECOND (g * v);
    case TAP_BINARY_DIV:
      SECOND (g / v);
    case TAP_BINARY_POW:
      if (b_step == 0 && b[0] == 2.0f)
        {
          FIRST (2.0f * g * u);
        }
      if (b_step == 0 && b[0] == 0.5f)
        {
          FIRST (0.5f * g / sqrtf (u));
        }
      PAIR (v == 0 ? 0.0f : g * (v * powf (u, v - 1.0f)));
    case TAP_BINARY_PRELU:
      PAIR (u > 0 ? g : g * v);
    default: /* sums, and remainders, which follow the dividend */
      memmove (d, dy, n * sizeof (float));
    }
}

static void
second_backward (TapBinary op,
                 float *d,
                 const float *dy,
                 const float *a,
                 size_t a_step,
                 const float *b,
                 size_t b_step,
                 size_t n)
{
  switch (op)
    {
    case TAP_BINARY_SUB:
      for (size_t i = 0; i < n; i++)
        d[i] = -dy[i];
      break;
    case TAP_BINARY_MUL:
      FIRST (g * u);
    case TAP_BINARY_DIV:
      PAIR (-g * ((u / v) / v));
    case TAP_BINARY_POW:
      PAIR (u == 0 && v >= 0 ? 0.0f : g * (powf (u, v) * log_1 (u)));
    case TAP_BINARY_PRELU:
      FIRST (u > 0 ? 0.0f : g * u);
    case TAP_BINARY_MOD:
      PAIR (-g * floorf (u / v));
    case TAP_BINARY_FMOD:
      PAIR (-g * truncf (u / v));
    default:
      memmove (d, dy, n * sizeof (float));
    }
}

void
TAP_SIMD_NAME (tap_binary_backward) (TapBinary op,
                                     int side,
                                     float *d,
                                     const float *dy,
                                     const float *a,
                                     size_t a_step,
                                     const float *b,
                                     size_t b_step,
                                     size_t n)
{
  if (side == 0)
    first_backward (op, d, dy, a, a_step, b, b_step, n);
  else
    second_backward (op, d, dy, a, a_step, b, b_step, n);
}

void
TAP_SIMD_NAME (tap_count_ties) (float *count, const float *x, size_t step, const float *y, size_t n)
{
  for (size_t i = 0; i < n; i++)
    {
      float v = x[i * step];

      count[i] += v == y[i] || v != v ? 1.0f : 0.0f;
    }
}

void
TAP_SIMD_NAME (tap_share_ties) (float *d,
                                const float *dy,
                                const float *x,
                                size_t step,
                                const float *y,
                                const float *count,
                                size_t n)
{
  for (size_t i = 0; i < n; i++)
    {
      float v = x[i * step];

      d[i] = v == y[i] || v != v ? dy[i] / count[i] : 0.0f;
    }
}

void
TAP_SIMD_NAME (tap_combine) (float *dx,
                             const float *dy,
                             float scale,
                             const float *x,
                             float mean,
                             float slope,
                             float shift,
                             size_t n)
{
  for (size_t i = 0; i < n; i++)
    dx[i] = scale * dy[i] + (slope * (x[i] - mean) + shift);
}

void
TAP_SIMD_NAME (tap_softmax_backward) (int log,
                                      float *dx,
                                      const float *dy,
                                      const float *y,
                                      const float *sum,
                                      size_t step,
                                      size_t n)
{
  if (log)
    for (size_t i = 0; i < n; i++)
      dx[i] = dy[i] - exp_1 (y[i]) * sum[i * step];
  else
    for (size_t i = 0; i < n; i++)
      dx[i] = y[i] * (dy[i] - sum[i * step]);
}
