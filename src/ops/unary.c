/* unary.c - functions of one number, applied to each: activations and arithmetic
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table of functions serves folding only; engines have their own kernels. Activations with
 * parameters do not occur in the constant parts of real networks and are not folded. */
#include "config.h"

#include "ops/tap-op-private.h"

#include <math.h>

static float
sign (float x)
{
  return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x;
}

static float
reciprocal (float x)
{
  return 1.0f / x;
}

static float
negate (float x)
{
  return -x;
}

static float
relu (float x)
{
  return x > 0.0f || isnan (x) ? x : 0.0f;
}

static float
sigmoid (float x)
{
  return 1.0f / (1.0f + expf (-x));
}

static const struct
{
  const char *name;
  float (*func) (float x);
} functions[] = {
  { "Abs", fabsf },  { "Ceil", ceilf },  { "Cos", cosf },
  { "Erf", erff },   { "Exp", expf },    { "Floor", floorf },
  { "Log", logf },   { "Neg", negate },  { "Reciprocal", reciprocal },
  { "Relu", relu },  { "Round", rintf }, { "Sigmoid", sigmoid },
  { "Sign", sign },  { "Sin", sinf },    { "Sqrt", sqrtf },
  { "Tanh", tanhf },
};

static gboolean
fold_integers (const TapShapeContext *ctx, TapTensor *out, GError **error)
{
  const char *op = ctx->node->op_type;
  const gint64 *x = tap_tensor_i64 (ctx->constants[0]);
  gint64 *y = tap_tensor_i64 (out);

  for (gsize i = 0; i < out->count; i++)
    /* unsigned arithmetic: the negative of the smallest integer wraps instead of trapping */
    if (g_str_equal (op, "Neg") || (g_str_equal (op, "Abs") && x[i] < 0))
      y[i] = (gint64) (0 - (guint64) x[i]);
    else if (g_str_equal (op, "Sign"))
      y[i] = (x[i] > 0) - (x[i] < 0);
    else if (g_str_equal (op, "Not"))
      y[i] = x[i] == 0;
    else if (g_str_equal (op, "Relu"))
      y[i] = MAX (x[i], 0);
    else if (g_str_equal (op, "Abs"))
      y[i] = x[i];
    else
      return tap_op_decline (error, "%s of integers is not supported", op);
  return TRUE;
}

static gboolean
unary_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  g_autoptr (TapTensor) out = tap_fold_new (ctx, 0, error);
  float (*func) (float) = NULL;

  if (out == NULL)
    return FALSE;
  if (ctx->constants[0]->dtype == TAP_DTYPE_I64)
    {
      if (!fold_integers (ctx, out, error))
        return FALSE;
    }
  else
    {
      for (gsize i = 0; i < G_N_ELEMENTS (functions); i++)
        if (g_str_equal (functions[i].name, ctx->node->op_type))
          func = functions[i].func;
      if (func == NULL)
        return tap_op_decline (error, "%s of numbers is not supported", ctx->node->op_type);
      for (gsize i = 0; i < out->count; i++)
        tap_tensor_f32 (out)[i] = func (tap_tensor_f32 (ctx->constants[0])[i]);
    }
  outputs[0] = g_steal_pointer (&out);
  return TRUE;
}

#define UNARY(symbol, op_name, text, fold_func)                                                    \
  const TapOp tap_op_##symbol = {                                                                  \
    .name = op_name,                                                                               \
    .summary = text,                                                                               \
    .min_inputs = 1,                                                                               \
    .max_inputs = 1,                                                                               \
    .min_outputs = 1,                                                                              \
    .max_outputs = 1,                                                                              \
    .region = TAP_REGION_POINTWISE,                                                                \
    .shape = tap_op_shape_same,                                                                    \
    .fold = fold_func,                                                                             \
  }

UNARY (abs, "Abs", N_ ("Drops the sign."), unary_fold);
UNARY (ceil, "Ceil", N_ ("Rounds up."), unary_fold);
UNARY (celu, "Celu", N_ ("Keeps positive values and bends negative ones smoothly."), NULL);
UNARY (cos, "Cos", N_ ("Cosine."), unary_fold);
UNARY (elu, "Elu", N_ ("Keeps positive values and bends negative ones towards a floor."), NULL);
UNARY (erf, "Erf", N_ ("Error function."), unary_fold);
UNARY (exp, "Exp", N_ ("Exponential."), unary_fold);
UNARY (floor, "Floor", N_ ("Rounds down."), unary_fold);
UNARY (gelu, "Gelu", N_ ("Weighs each value by how large it is among normal ones."), NULL);
UNARY (hard_sigmoid, "HardSigmoid", N_ ("A sigmoid made of three straight lines."), NULL);
UNARY (hard_swish, "HardSwish", N_ ("Each value times its hard sigmoid."), NULL);
UNARY (leaky_relu, "LeakyRelu", N_ ("Keeps positive values and weakens negative ones."), NULL);
UNARY (log, "Log", N_ ("Natural logarithm."), unary_fold);
UNARY (mish, "Mish", N_ ("Each value times the hyperbolic tangent of its softplus."), NULL);
UNARY (neg, "Neg", N_ ("Turns the sign round."), unary_fold);
UNARY (not, "Not", N_ ("True where the input is false."), unary_fold);
UNARY (reciprocal, "Reciprocal", N_ ("One divided by each value."), unary_fold);
UNARY (relu, "Relu", N_ ("Keeps positive values and sets the others to zero."), unary_fold);
UNARY (round, "Round", N_ ("Rounds to the nearest whole number, halves to even."), unary_fold);
UNARY (selu, "Selu", N_ ("An exponential unit that keeps mean and spread."), NULL);
UNARY (shrink, "Shrink", N_ ("Sets small values to zero and moves large ones towards it."), NULL);
UNARY (sigmoid, "Sigmoid", N_ ("Squeezes each value between 0 and 1."), unary_fold);
UNARY (sign, "Sign", N_ ("The sign of each value."), unary_fold);
UNARY (sin, "Sin", N_ ("Sine."), unary_fold);
UNARY (softplus, "Softplus", N_ ("A rectifier with a round corner."), NULL);
UNARY (softsign, "Softsign", N_ ("Squeezes each value between −1 and 1."), NULL);
UNARY (sqrt, "Sqrt", N_ ("Square root."), unary_fold);
UNARY (tanh, "Tanh", N_ ("Hyperbolic tangent: squeezes each value between −1 and 1."), unary_fold);
UNARY (thresholded_relu, "ThresholdedRelu", N_ ("Keeps values above a threshold."), NULL);
