/* unary.c - functions of one number: activations and arithmetic
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include "engine/cpu/tap-cpu.h"

typedef struct
{
  TapUnary op;
  float a, b;
} Unary;

static void
unary_span (const TapCpuRun *run, gpointer data, gsize offset, gsize n, gsize image, gsize channel)
{
  const Unary *u = data;

  run->simd->unary (u->op, tap_cpu_f32 (&run->outputs[0]) + offset,
                    tap_cpu_f32 (&run->inputs[0]) + offset, n, u->a, u->b);
}

static gboolean
run_unary (const TapCpuRun *run, TapUnary op, float a, float b)
{
  Unary u = { op, a, b };

  tap_cpu_spans (run, FALSE, unary_span, &u);
  return TRUE;
}

/* The few that are asked of integers at run time. */
static gboolean
run_integers (const TapCpuRun *run, TapUnary op)
{
  const gint64 *x = tap_cpu_i64 (&run->inputs[0]);
  gint64 *y = tap_cpu_i64 (&run->outputs[0]);
  gsize n = tap_cpu_count (&run->outputs[0].shape);

  for (gsize i = 0; i < n; i++)
    switch (op)
      {
      case TAP_UNARY_NEG:
        y[i] = (gint64) (0 - (guint64) x[i]);
        break;
      case TAP_UNARY_ABS:
        y[i] = x[i] < 0 ? (gint64) (0 - (guint64) x[i]) : x[i];
        break;
      case TAP_UNARY_SIGN:
        y[i] = (x[i] > 0) - (x[i] < 0);
        break;
      case TAP_UNARY_CLAMP:
        y[i] = MAX (x[i], 0);
        break;
      default:
        y[i] = x[i];
      }
  return TRUE;
}

static gboolean
not_forward (const TapCpuRun *run, GError **error)
{
  gsize n = tap_cpu_count (&run->outputs[0].shape);

  for (gsize i = 0; i < n; i++)
    tap_cpu_i64 (&run->outputs[0])[i] = tap_cpu_i64 (&run->inputs[0])[i] == 0;
  return TRUE;
}

static float
attr (const TapCpuRun *run, const char *name, double fallback)
{
  return (float) tap_attrs_get_float (run->node->attrs, name, fallback);
}

/* name, operator, kinds of input, operation, parameters */
#define UNARY(id, type, kinds, opcode, a, b)                                                       \
  static gboolean id##_forward (const TapCpuRun *run, GError **error)                              \
  {                                                                                                \
    if (run->inputs[0].dtype == TAP_DTYPE_I64)                                                     \
      return run_integers (run, opcode);                                                           \
    return run_unary (run, opcode, a, b);                                                          \
  }                                                                                                \
  const TapCpuKernel tap_cpu_##id = {                                                              \
    .op = type,                                                                                    \
    .types = kinds,                                                                                \
    .flags = TAP_CPU_REGIONS | TAP_CPU_IN_PLACE,                                                   \
    .forward = id##_forward,                                                                       \
  };

UNARY (abs, "Abs", "*", TAP_UNARY_ABS, 0, 0)
UNARY (ceil, "Ceil", "f", TAP_UNARY_CEIL, 0, 0)
UNARY (celu, "Celu", "f", TAP_UNARY_CELU, attr (run, "alpha", 1), 0)
UNARY (cos, "Cos", "f", TAP_UNARY_COS, 0, 0)
UNARY (elu, "Elu", "f", TAP_UNARY_ELU, attr (run, "alpha", 1), 0)
UNARY (erf, "Erf", "f", TAP_UNARY_ERF, 0, 0)
UNARY (exp, "Exp", "f", TAP_UNARY_EXP, 0, 0)
UNARY (floor, "Floor", "f", TAP_UNARY_FLOOR, 0, 0)
UNARY (gelu,
       "Gelu",
       "f",
       g_str_equal (tap_attrs_get_string (run->node->attrs, "approximate", "none"), "tanh") ?
         TAP_UNARY_GELU_TANH :
         TAP_UNARY_GELU,
       0,
       0)
UNARY (hard_sigmoid,
       "HardSigmoid",
       "f",
       TAP_UNARY_HARD_SIGMOID,
       attr (run, "alpha", 0.2),
       attr (run, "beta", 0.5))
UNARY (hard_swish, "HardSwish", "f", TAP_UNARY_HARD_SWISH, 0, 0)
UNARY (leaky_relu, "LeakyRelu", "f", TAP_UNARY_LEAKY, attr (run, "alpha", 0.01), 0)
UNARY (log, "Log", "f", TAP_UNARY_LOG, 0, 0)
UNARY (mish, "Mish", "f", TAP_UNARY_MISH, 0, 0)
UNARY (neg, "Neg", "*", TAP_UNARY_NEG, 0, 0)
UNARY (reciprocal, "Reciprocal", "f", TAP_UNARY_RECIPROCAL, 0, 0)
UNARY (relu, "Relu", "*", TAP_UNARY_CLAMP, 0, INFINITY)
UNARY (round, "Round", "f", TAP_UNARY_ROUND, 0, 0)
UNARY (selu,
       "Selu",
       "f",
       TAP_UNARY_SELU,
       attr (run, "alpha", 1.67326319217681884765625),
       attr (run, "gamma", 1.05070102214813232421875))
UNARY (shrink, "Shrink", "f", TAP_UNARY_SHRINK, attr (run, "lambd", 0.5), attr (run, "bias", 0))
UNARY (sigmoid, "Sigmoid", "f", TAP_UNARY_SIGMOID, 0, 0)
UNARY (sign, "Sign", "*", TAP_UNARY_SIGN, 0, 0)
UNARY (sin, "Sin", "f", TAP_UNARY_SIN, 0, 0)
UNARY (softplus, "Softplus", "f", TAP_UNARY_SOFTPLUS, 0, 0)
UNARY (softsign, "Softsign", "f", TAP_UNARY_SOFTSIGN, 0, 0)
UNARY (sqrt, "Sqrt", "f", TAP_UNARY_SQRT, 0, 0)
UNARY (tanh, "Tanh", "f", TAP_UNARY_TANH, 0, 0)
UNARY (thresholded_relu, "ThresholdedRelu", "f", TAP_UNARY_THRESHOLDED, attr (run, "alpha", 1), 0)

const TapCpuKernel tap_cpu_not = {
  .op = "Not",
  .types = "i",
  .forward = not_forward,
};

/* Bounds are attributes up to opset 10 and inputs since; either may be left out. */
static gboolean
clip_forward (const TapCpuRun *run, GError **error)
{
  float low = attr (run, "min", -INFINITY), high = attr (run, "max", INFINITY);

  if (run->inputs[0].dtype == TAP_DTYPE_I64)
    {
      gint64 least = tap_cpu_has_input (run, 1) ? tap_cpu_i64 (&run->inputs[1])[0] : G_MININT64;
      gint64 most = tap_cpu_has_input (run, 2) ? tap_cpu_i64 (&run->inputs[2])[0] : G_MAXINT64;
      gsize n = tap_cpu_count (&run->outputs[0].shape);

      for (gsize i = 0; i < n; i++)
        tap_cpu_i64 (&run->outputs[0])[i] =
          MIN (MAX (tap_cpu_i64 (&run->inputs[0])[i], least), most);
      return TRUE;
    }
  if (tap_cpu_has_input (run, 1) && tap_cpu_count (&run->inputs[1].shape) > 0)
    low = tap_cpu_f32 (&run->inputs[1])[0];
  if (tap_cpu_has_input (run, 2) && tap_cpu_count (&run->inputs[2].shape) > 0)
    high = tap_cpu_f32 (&run->inputs[2])[0];
  return run_unary (run, TAP_UNARY_CLAMP, low, high);
}

const TapCpuKernel tap_cpu_clip = {
  .op = "Clip",
  .types = "*=",
  .flags = TAP_CPU_REGIONS | TAP_CPU_IN_PLACE,
  .forward = clip_forward,
};
