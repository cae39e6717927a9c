/* unary.c - functions of one number: activations and arithmetic
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * For the way back a function keeps as little as its derivative can be told from: nothing, a bit for each
 * cell, its output, or its input. At a kink the derivative is the one that PyTorch takes: 0 for Relu, the
 * slope below for LeakyRelu and ELU, 1 at both ends of Clip, 0 at those of HardSigmoid and HardSwish, 0
 * for Abs and Sign. */

#include "config.h"

#include <math.h>

#include "engine/cpu/tap-cpu.h"

/* Cells between the test for their bits and their function, so that they are still in the cache. */
#define BLOCK 2048

typedef enum
{
  BACK_PLAIN,  /* the derivative is a constant */
  BACK_BITS,   /* one of two constants */
  BACK_OUTPUT, /* told from the output */
  BACK_INPUT,
} Back;

typedef struct
{
  TapUnary op;
  float a, b;
  /* of BACK_BITS: the test, its parameters, and the derivatives where it holds and where not */
  TapBits bits;
  float low, high, on, off;
} Unary;

static void
unary_span (const TapCpuRun *run, gpointer data, gsize offset, gsize n, gsize image, gsize channel)
{
  const Unary *u = data;
  const float *x = tap_cpu_f32 (&run->inputs[0]) + offset;
  float *y = tap_cpu_f32 (&run->outputs[0]) + offset;

  if (run->saved == NULL || run->rects != NULL)
    {
      run->simd->unary (u->op, y, x, n, u->a, u->b);
      return;
    }
  for (gsize i = 0; i < n; i += BLOCK)
    {
      gsize length = MIN (BLOCK, n - i);

      run->simd->bits (u->bits, (guint8 *) run->saved + (offset + i) / 8, x + i, length, u->low,
                       u->high);
      run->simd->unary (u->op, y + i, x + i, length, u->a, u->b);
    }
}

static gboolean
run_unary (const TapCpuRun *run, Unary u)
{
  tap_cpu_spans (run, FALSE, unary_span, &u);
  return TRUE;
}

typedef struct
{
  Unary unary;
  Back back;
} Derivative;

static void
back_span (const TapCpuRun *run, gpointer data, gsize offset, gsize n, gsize image, gsize channel)
{
  const Derivative *d = data;
  const float *dy = tap_cpu_f32 (&run->output_grads[0]) + offset;
  float *dx = tap_cpu_f32 (&run->input_grads[0]) + offset;

  if (d->back == BACK_BITS)
    run->simd->scale_by_bits (dx, dy, run->saved, offset, n, d->unary.on, d->unary.off);
  else
    run->simd->unary_backward (d->unary.op, dx, dy,
                               d->back == BACK_OUTPUT ? tap_cpu_f32 (&run->outputs[0]) + offset :
                               d->back == BACK_INPUT  ? tap_cpu_f32 (&run->inputs[0]) + offset :
                                                        NULL,
                               n, d->unary.a, d->unary.b);
}

static gboolean
run_backward (const TapCpuRun *run, Unary u, Back back)
{
  Derivative d = { u, back };

  tap_cpu_spans (run, FALSE, back_span, &d);
  return TRUE;
}

/* A bit for each cell. */
static gsize
bits_saved (const TapCpuRun *run)
{
  return run->inputs[0].dtype == TAP_DTYPE_F32 ? (tap_cpu_count (&run->outputs[0].shape) + 7) / 8 :
                                                 0;
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

static float
attr (const TapNode *node, const char *name, double fallback)
{
  return (float) tap_attrs_get_float (node->attrs, name, fallback);
}

/* name, operator, kinds of input, what the way back needs, and how that is told, saved; the Unary */
#define UNARY_KERNEL(id, type, kinds, way, needs_func, saved_func, ...)                            \
  static Unary id##_unary (const TapNode *node)                                                    \
  {                                                                                                \
    return (Unary){ __VA_ARGS__ };                                                                 \
  }                                                                                                \
  static gboolean id##_forward (const TapCpuRun *run, GError **error)                              \
  {                                                                                                \
    Unary u = id##_unary (run->node);                                                              \
    return run->inputs[0].dtype == TAP_DTYPE_I64 ? run_integers (run, u.op) : run_unary (run, u);  \
  }                                                                                                \
  static gboolean id##_backward (const TapCpuRun *run, GError **error)                             \
  {                                                                                                \
    return run_backward (run, id##_unary (run->node), way);                                        \
  }                                                                                                \
  const TapCpuKernel tap_cpu_##id = {                                                              \
    .op = type,                                                                                    \
    .types = kinds,                                                                                \
    .flags = TAP_CPU_REGIONS | TAP_CPU_IN_PLACE | TAP_CPU_BACK_IN_PLACE,                           \
    .forward = id##_forward,                                                                       \
    .backward = id##_backward,                                                                     \
    .needs = needs_func,                                                                           \
    .saved = saved_func,                                                                           \
  };

static guint
needs_input (const TapNode *node, guint wanted)
{
  return TAP_CPU_INPUT (0);
}

static guint
needs_output (const TapNode *node, guint wanted)
{
  return TAP_CPU_OUTPUT (0);
}

#define PLAIN(id, type, kinds, ...)                                                                \
  UNARY_KERNEL (id, type, kinds, BACK_PLAIN, NULL, NULL, __VA_ARGS__)
#define BY_BITS(id, type, kinds, ...)                                                              \
  UNARY_KERNEL (id, type, kinds, BACK_BITS, NULL, bits_saved, __VA_ARGS__)
#define BY_OUTPUT(id, type, kinds, ...)                                                            \
  UNARY_KERNEL (id, type, kinds, BACK_OUTPUT, needs_output, NULL, __VA_ARGS__)
#define BY_INPUT(id, type, kinds, ...)                                                             \
  UNARY_KERNEL (id, type, kinds, BACK_INPUT, needs_input, NULL, __VA_ARGS__)

/* clang-format off */
BY_INPUT (abs, "Abs", "*", .op = TAP_UNARY_ABS)
PLAIN (ceil, "Ceil", "f", .op = TAP_UNARY_CEIL)
BY_INPUT (celu, "Celu", "f", .op = TAP_UNARY_CELU, .a = attr (node, "alpha", 1))
BY_INPUT (cos, "Cos", "f", .op = TAP_UNARY_COS)
BY_INPUT (elu, "Elu", "f", .op = TAP_UNARY_ELU, .a = attr (node, "alpha", 1))
BY_INPUT (erf, "Erf", "f", .op = TAP_UNARY_ERF)
BY_OUTPUT (exp, "Exp", "f", .op = TAP_UNARY_EXP)
PLAIN (floor, "Floor", "f", .op = TAP_UNARY_FLOOR)
BY_INPUT (gelu, "Gelu", "f",
          .op = g_str_equal (tap_attrs_get_string (node->attrs, "approximate", "none"), "tanh") ?
                  TAP_UNARY_GELU_TANH :
                  TAP_UNARY_GELU)
BY_BITS (hard_sigmoid, "HardSigmoid", "f",
         .op = TAP_UNARY_HARD_SIGMOID,
         .a = attr (node, "alpha", 0.2), .b = attr (node, "beta", 0.5),
         .bits = TAP_BITS_SLOPE,
         .low = attr (node, "alpha", 0.2), .high = attr (node, "beta", 0.5),
         .on = attr (node, "alpha", 0.2))
BY_INPUT (hard_swish, "HardSwish", "f", .op = TAP_UNARY_HARD_SWISH)
BY_BITS (leaky_relu, "LeakyRelu", "f",
         .op = TAP_UNARY_LEAKY, .a = attr (node, "alpha", 0.01),
         .bits = TAP_BITS_GREATER, .on = 1, .off = attr (node, "alpha", 0.01))
BY_INPUT (log, "Log", "f", .op = TAP_UNARY_LOG)
BY_INPUT (mish, "Mish", "f", .op = TAP_UNARY_MISH)
PLAIN (neg, "Neg", "*", .op = TAP_UNARY_NEG)
BY_OUTPUT (reciprocal, "Reciprocal", "f", .op = TAP_UNARY_RECIPROCAL)
BY_BITS (relu, "Relu", "*",
         .op = TAP_UNARY_CLAMP, .a = 0, .b = INFINITY, .bits = TAP_BITS_ABOVE, .on = 1)
PLAIN (round, "Round", "f", .op = TAP_UNARY_ROUND)
BY_INPUT (selu, "Selu", "f",
          .op = TAP_UNARY_SELU,
          .a = attr (node, "alpha", 1.67326319217681884765625),
          .b = attr (node, "gamma", 1.05070102214813232421875))
BY_BITS (shrink, "Shrink", "f",
         .op = TAP_UNARY_SHRINK,
         .a = attr (node, "lambd", 0.5), .b = attr (node, "bias", 0),
         .bits = TAP_BITS_BEYOND,
         .low = -attr (node, "lambd", 0.5), .high = attr (node, "lambd", 0.5), .on = 1)
BY_OUTPUT (sigmoid, "Sigmoid", "f", .op = TAP_UNARY_SIGMOID)
PLAIN (sign, "Sign", "*", .op = TAP_UNARY_SIGN)
BY_INPUT (sin, "Sin", "f", .op = TAP_UNARY_SIN)
BY_INPUT (softplus, "Softplus", "f", .op = TAP_UNARY_SOFTPLUS)
BY_INPUT (softsign, "Softsign", "f", .op = TAP_UNARY_SOFTSIGN)
BY_OUTPUT (sqrt, "Sqrt", "f", .op = TAP_UNARY_SQRT)
BY_OUTPUT (tanh, "Tanh", "f", .op = TAP_UNARY_TANH)
BY_BITS (thresholded_relu, "ThresholdedRelu", "f",
         .op = TAP_UNARY_THRESHOLDED, .a = attr (node, "alpha", 1),
         .bits = TAP_BITS_GREATER, .low = attr (node, "alpha", 1), .on = 1)
/* clang-format on */

static gboolean
not_forward (const TapCpuRun *run, GError **error)
{
  gsize n = tap_cpu_count (&run->outputs[0].shape);

  for (gsize i = 0; i < n; i++)
    tap_cpu_i64 (&run->outputs[0])[i] = tap_cpu_i64 (&run->inputs[0])[i] == 0;
  return TRUE;
}

const TapCpuKernel tap_cpu_not = {
  .op = "Not",
  .types = "i",
  .forward = not_forward,
};

/* Bounds are attributes up to opset 10 and inputs since; either may be left out. */
static void
clip_bounds (const TapCpuRun *run, float *low, float *high)
{
  *low = attr (run->node, "min", -INFINITY);
  *high = attr (run->node, "max", INFINITY);
  if (tap_cpu_has_input (run, 1) && tap_cpu_count (&run->inputs[1].shape) > 0)
    *low = tap_cpu_f32 (&run->inputs[1])[0];
  if (tap_cpu_has_input (run, 2) && tap_cpu_count (&run->inputs[2].shape) > 0)
    *high = tap_cpu_f32 (&run->inputs[2])[0];
}

static gboolean
clip_forward (const TapCpuRun *run, GError **error)
{
  Unary u = { .op = TAP_UNARY_CLAMP, .bits = TAP_BITS_WITHIN };

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
  clip_bounds (run, &u.a, &u.b);
  u.low = u.a;
  u.high = u.b;
  return run_unary (run, u);
}

static gboolean
clip_wants (const TapCpuRun *run, int input)
{
  return input < run->n_inputs && run->input_grads[input].data != NULL;
}

/* What flows back to a bound is the sum over the cells that stand at it. */
static void
clip_bounds_backward (const TapCpuRun *run)
{
  const float *x = tap_cpu_f32 (&run->inputs[0]), *dy = tap_cpu_f32 (&run->output_grads[0]);
  gsize n = tap_cpu_count (&run->outputs[0].shape);
  double at_low = 0, at_high = 0;
  float low, high;

  clip_bounds (run, &low, &high);
  for (gsize i = 0; i < n; i++)
    if ((x[i] < low ? low : x[i]) > high)
      at_high += (double) dy[i];
    else if (x[i] < low)
      at_low += (double) dy[i];
  if (clip_wants (run, 1))
    tap_cpu_f32 (&run->input_grads[1])[0] = (float) at_low;
  if (clip_wants (run, 2))
    tap_cpu_f32 (&run->input_grads[2])[0] = (float) at_high;
}

static gboolean
clip_backward (const TapCpuRun *run, GError **error)
{
  if (clip_wants (run, 1) || clip_wants (run, 2))
    clip_bounds_backward (run);
  if (clip_wants (run, 0))
    run_backward (run, (Unary){ .op = TAP_UNARY_CLAMP, .on = 1 }, BACK_BITS);
  return TRUE;
}

static guint
clip_needs (const TapNode *node, guint wanted)
{
  return (wanted & 6) != 0 ? TAP_CPU_INPUT (0) | TAP_CPU_INPUT (1) | TAP_CPU_INPUT (2) : 0;
}

const TapCpuKernel tap_cpu_clip = {
  .op = "Clip",
  .types = "*=",
  .flags = TAP_CPU_REGIONS | TAP_CPU_IN_PLACE | TAP_CPU_BACK_IN_PLACE,
  .forward = clip_forward,
  .backward = clip_backward,
  .needs = clip_needs,
  .saved = bits_saved,
};
