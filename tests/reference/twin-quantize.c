/* twin-quantize.c - whole numbers of a few bits, and sums of their products
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which whole number a quotient is rounded to hangs on its last bit, so what the definition rounds to float32 on the
 * way is rounded here: quotients and products of scales. Sums are exact. */

#include "config.h"

#include <math.h>

#include "twin-private.h"

/* Number @i of an input, or its only one. */
static double
number (const TwinCall *call, int input, gsize i, double fallback)
{
  if (input < 0 || !twin_has (call, input))
    return fallback;
  return call->inputs[input].cells[call->inputs[input].count == 1 ? 0 : i];
}

static double
nearest_even (double x)
{
  double low = floor (x);

  if (x - low != 0.5)
    return floor (x + 0.5);
  return fmod (low, 2) == 0 ? low : low + 1;
}

static void
get_range (const TwinCall *call, double *low, double *high)
{
  switch (twin_int (call, "output_dtype", 2))
    {
    case 3:
      *low = -128;
      *high = 127;
      return;
    case 4:
      *low = 0;
      *high = 65535;
      return;
    case 5:
      *low = -32768;
      *high = 32767;
      return;
    default:
      *low = 0;
      *high = 255;
      return;
    }
}

static double
saturate (double x, double low, double high)
{
  return isnan (x) ? low : fmin (fmax (x, low), high);
}

/* Which scale a cell has. */
static gsize
scale_of (const TwinCall *call, gsize cell)
{
  const TwinArray *x = &call->inputs[0];
  gint64 index[TAP_MAX_DIMS];

  if (call->inputs[1].count == 1)
    return 0;
  twin_unravel (&x->shape, cell, index);
  return (gsize) index[twin_axis (twin_int (call, "axis", 1), x->shape.n_dims)];
}

static void
quantize (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  double *y = twin_output (call, 0, TAP_DTYPE_F32, &x->shape), low, high;

  get_range (call, &low, &high);
  for (gsize i = 0; i < x->count; i++)
    {
      gsize k = scale_of (call, i);
      double quotient = (double) ((float) x->cells[i] / (float) number (call, 1, k, 1));

      y[i] = saturate (nearest_even (quotient) + number (call, 2, k, 0), low, high);
    }
}

static void
dequantize (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];

  twin_output (call, 0, TAP_DTYPE_F32, &x->shape);
  for (gsize i = 0; i < x->count; i++)
    {
      gsize k = scale_of (call, i);
      double y = (x->cells[i] - number (call, 2, k, 0)) * number (call, 1, k, 1);

      twin_set (&call->outputs[0], i, y, 2, fabs (y));
    }
}

static void
dynamic_quantize (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  TapShape scalar = TAP_SHAPE_SCALAR;
  double *y = twin_output (call, 0, TAP_DTYPE_F32, &x->shape), *out;
  double least = 0, most = 0;
  float scale, zero;

  for (gsize i = 0; i < x->count; i++)
    {
      least = fmin (least, x->cells[i]);
      most = fmax (most, x->cells[i]);
    }
  scale = least == most ? 1 : ((float) most - (float) least) / 255.0f;
  zero = (float) nearest_even (saturate ((double) (0 - (float) least / scale), 0, 255));
  for (gsize i = 0; i < x->count; i++)
    y[i] = saturate (nearest_even ((double) ((float) x->cells[i] / scale)) + (double) zero, 0, 255);
  out = twin_output (call, 1, TAP_DTYPE_F32, &scalar);
  if (out != NULL)
    out[0] = (double) scale;
  out = twin_output (call, 2, TAP_DTYPE_I64, &scalar);
  if (out != NULL)
    out[0] = (double) zero;
}

/* Input @input less its zero points, which change every @per cells. */
static TwinArray
less_zero (const TwinCall *call, int input, int zero, gsize per)
{
  TwinArray array = twin_array_copy (&call->inputs[input]);
  gsize n = twin_has (call, zero) ? call->inputs[zero].count : 1;

  for (gsize i = 0; i < array.count; i++)
    array.cells[i] -= number (call, zero, i / per % n, 0);
  return array;
}

/* What the operator @plain makes of the numbers that stand there. */
static void
exact_sums (TwinCall *call, const char *plain, int weights, int x_zero, int w_zero, int bias)
{
  gboolean conv = g_str_equal (plain, "Conv");
  const TwinArray *x = &call->inputs[0], *w = &call->inputs[weights];
  gsize row = (gsize) x->shape.dims[x->shape.n_dims - 1];
  gsize filter = conv && w->shape.dims[0] > 0 ? w->count / (gsize) w->shape.dims[0] : 1;
  TwinArray inputs[3] = {
    less_zero (call, 0, x_zero, conv ? 1 : row),
    less_zero (call, weights, w_zero, filter),
    { .shape = { .n_dims = -1 } },
  };
  TwinCall sums = { call->node, inputs, 3, call->outputs, call->n_outputs };

  if (bias >= 0 && twin_has (call, bias))
    inputs[2] = twin_array_copy (&call->inputs[bias]);
  twin_find (plain) (&sums);
  for (int i = 0; i < 3; i++)
    twin_array_clear (&inputs[i]);
}

/* The sum is the result: one rounding. */
static void
keep_sums (TwinCall *call)
{
  TwinArray *y = &call->outputs[0];

  for (gsize i = 0; i < y->count; i++)
    twin_set (y, i, y->cells[i], 1, fabs (y->cells[i]));
}

/* The sum in steps of the output; @columns: the right scale changes with every cell, else with the channel. */
static void
round_sums (TwinCall *call, gboolean columns)
{
  TwinArray *y = &call->outputs[0];
  gsize last = columns ? (gsize) y->shape.dims[y->shape.n_dims - 1] : 1, inner = 1;
  gsize n_left = call->inputs[1].count;
  double low, high;

  get_range (call, &low, &high);
  for (int d = 2; d < y->shape.n_dims && !columns; d++)
    inner *= (gsize) y->shape.dims[d];
  for (gsize i = 0; i < y->count; i++)
    {
      gsize right = columns ? i % last : i / inner % (gsize) y->shape.dims[1];
      float x = (float) number (call, 1, i / last % n_left, 1),
            w = (float) number (call, 4, right, 1);
      float scale = x * w / (float) number (call, 6, 0, 1);
      double step = nearest_even ((double) ((float) y->cells[i] * scale));

      y->cells[i] = saturate (step + number (call, 7, 0, 0), low, high);
      y->errors[i] = 0;
    }
}

static void
conv_integer (TwinCall *call)
{
  exact_sums (call, "Conv", 1, 2, 3, -1);
  keep_sums (call);
}

static void
matmul_integer (TwinCall *call)
{
  exact_sums (call, "MatMul", 1, 2, 3, -1);
  keep_sums (call);
}

static void
qlinear_conv (TwinCall *call)
{
  exact_sums (call, "Conv", 3, 2, 5, 8);
  round_sums (call, FALSE);
}

static void
qlinear_matmul (TwinCall *call)
{
  exact_sums (call, "MatMul", 3, 2, 5, -1);
  round_sums (call, TRUE);
}

const Twin twins_quantize[] = {
  { "ConvInteger", conv_integer },
  { "DequantizeLinear", dequantize },
  { "DynamicQuantizeLinear", dynamic_quantize },
  { "MatMulInteger", matmul_integer },
  { "QLinearConv", qlinear_conv },
  { "QLinearMatMul", qlinear_matmul },
  { "QuantizeLinear", quantize },
  { NULL, NULL },
};
