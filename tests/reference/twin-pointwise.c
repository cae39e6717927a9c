/* twin-pointwise.c - functions of one number by their definitions
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A function of one number is right when it is close to f (x) in units of its largest intermediate
 * value: x · Φ (x) for instance cannot be closer than an ulp of Φ times x. */

#include "config.h"

#include <math.h>

#include "twin.h"

typedef struct
{
  double a, b;
} Parameters;

typedef struct
{
  double value, roundings, magnitude;
} Result;

/* Of @roundings roundings, relative to the result. */
static Result
relative (double value, double roundings)
{
  return (Result){ value, roundings, fabs (value) };
}

static Result
exact (double value)
{
  return (Result){ value, 0, 0 };
}

static Result
of_size (double value, double roundings, double magnitude)
{
  return (Result){ value, roundings, fabs (magnitude) };
}

#define FUNC(name) static Result name (double x, const Parameters *p)
#define SIMPLE(name, expr)                                                                         \
  FUNC (name)                                                                                      \
  {                                                                                                \
    return expr;                                                                                   \
  }

/* An exponential, logarithm, sine … of float32 is held to be within 4 units of the last place; what follows it
 * adds one rounding for each operation. */
#define ELEMENTARY 8

SIMPLE (absolute, exact (fabs (x)))
SIMPLE (ceiling, exact (ceil (x)))
/* The page says exp (x) - 1, which loses next to 0 what exp (x) is rounded by. */
SIMPLE (celu,
        x >= 0 || isnan (x) ? exact (x) : of_size (p->a * expm1 (x / p->a), ELEMENTARY + 3, p->a))
SIMPLE (cosine, of_size (cos (x), ELEMENTARY, 1))
SIMPLE (elu, x >= 0 || isnan (x) ? exact (x) : of_size (p->a * expm1 (x), ELEMENTARY + 2, p->a))
SIMPLE (error_function, relative (erf (x), ELEMENTARY))
SIMPLE (exponential, relative (exp (x), ELEMENTARY))
SIMPLE (lower, exact (floor (x)))
SIMPLE (gelu, of_size (0.5 * x * (1 + erf (x / sqrt (2))), ELEMENTARY + 3, x))
SIMPLE (gelu_tanh,
        of_size (0.5 * x * (1 + tanh (sqrt (2 / G_PI) * (x + 0.044715 * x * x * x))),
                 ELEMENTARY + 8,
                 x))
SIMPLE (hard_sigmoid,
        of_size (x != x ? x : CLAMP (p->a * x + p->b, 0, 1), 3, fabs (p->a *x) + fabs (p->b)))
SIMPLE (hard_swish,
        of_size (x != x ? x : x * CLAMP (x / 6 + 0.5, 0, 1), 5, x *(fabs (x) / 6 + 0.5)))
SIMPLE (leaky_relu, x < 0 ? relative (p->a * x, 1) : exact (x))
SIMPLE (logarithm, relative (log (x), ELEMENTARY))
SIMPLE (mish, of_size (x *tanh (log1p (exp (x))), 3 * ELEMENTARY, x))
SIMPLE (negative, exact (-x))
SIMPLE (reciprocal, relative (1 / x, 2))
SIMPLE (relu, exact (x < 0 ? 0 : x))
SIMPLE (rounded, exact (rint (x)))
SIMPLE (selu,
        x > 0 || isnan (x) ? relative (p->b * x, 1) :
                             of_size (p->b * p->a * expm1 (x), ELEMENTARY + 3, p->a * p->b))
SIMPLE (shrink,
        x<-p->a ? relative (x + p->b, 1) : x> p->a ? relative (x - p->b, 1) :
                                                     exact (0))
SIMPLE (sigmoid, relative (1 / (1 + exp (-x)), ELEMENTARY + 2))
SIMPLE (sign, exact (isnan (x) ? x : (x > 0) - (x < 0)))
SIMPLE (sine, of_size (sin (x), ELEMENTARY, 1))
SIMPLE (softplus, relative (log1p (exp (x)), 2 * ELEMENTARY))
SIMPLE (softsign, relative (x / (1 + fabs (x)), 3))
SIMPLE (square_root, relative (sqrt (x), 2))
SIMPLE (hyperbolic_tangent, relative (tanh (x), ELEMENTARY))
SIMPLE (thresholded, exact (x > p->a ? x : 0))

static const struct
{
  const char *op;
  Result (*f) (double x, const Parameters *p);
  const char *a_name, *b_name;
  double a, b;
} functions[] = {
  { "Abs", absolute },
  { "Ceil", ceiling },
  { "Celu", celu, "alpha", NULL, 1 },
  { "Cos", cosine },
  { "Elu", elu, "alpha", NULL, 1 },
  { "Erf", error_function },
  { "Exp", exponential },
  { "Floor", lower },
  { "Gelu", gelu },
  { "HardSigmoid", hard_sigmoid, "alpha", "beta", 0.2, 0.5 },
  { "HardSwish", hard_swish },
  { "LeakyRelu", leaky_relu, "alpha", NULL, 0.01 },
  { "Log", logarithm },
  { "Mish", mish },
  { "Neg", negative },
  { "Reciprocal", reciprocal },
  { "Relu", relu },
  { "Round", rounded },
  { "Selu", selu, "alpha", "gamma", 1.67326319217681884765625, 1.05070102214813232421875 },
  { "Shrink", shrink, "lambd", "bias", 0.5, 0 },
  { "Sigmoid", sigmoid },
  { "Sign", sign },
  { "Sin", sine },
  { "Softplus", softplus },
  { "Softsign", softsign },
  { "Sqrt", square_root },
  { "Tanh", hyperbolic_tangent },
  { "ThresholdedRelu", thresholded, "alpha", NULL, 1 },
};

static void
unary (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  gsize at = 0;
  Parameters p = { 0, 0 };

  while (!g_str_equal (functions[at].op, call->node->op_type))
    at++;
  if (functions[at].a_name != NULL)
    p.a = twin_float (call, functions[at].a_name, functions[at].a);
  if (functions[at].b_name != NULL)
    p.b = twin_float (call, functions[at].b_name, functions[at].b);
  twin_output (call, 0, x->dtype, &x->shape);
  for (gsize i = 0; i < x->count; i++)
    {
      gboolean tanh_form = g_str_equal (call->node->op_type, "Gelu") &&
                           g_str_equal (twin_string (call, "approximate", "none"), "tanh");
      Result r = tanh_form ? gelu_tanh (x->cells[i], &p) : functions[at].f (x->cells[i], &p);

      twin_set (&call->outputs[0], i, r.value, r.roundings, r.magnitude);
    }
}

static void
logical_not (TwinCall *call)
{
  double *y = twin_output (call, 0, TAP_DTYPE_I64, &call->inputs[0].shape);

  for (gsize i = 0; i < call->inputs[0].count; i++)
    y[i] = call->inputs[0].cells[i] == 0;
}

/* Bounds are attributes before opset 11, inputs since. The upper one wins where they cross. */
static void
clip (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  double low = twin_float (call, "min", -INFINITY), high = twin_float (call, "max", INFINITY);
  double *y = twin_output (call, 0, x->dtype, &x->shape);

  if (twin_has (call, 1))
    low = call->inputs[1].cells[0];
  if (twin_has (call, 2))
    high = call->inputs[2].cells[0];
  for (gsize i = 0; i < x->count; i++)
    {
      y[i] = x->cells[i] < low ? low : x->cells[i];
      y[i] = y[i] > high ? high : y[i];
    }
}

const Twin twins_pointwise[] = {
  { "Abs", unary },       { "Ceil", unary },        { "Celu", unary },
  { "Clip", clip },       { "Cos", unary },         { "Elu", unary },
  { "Erf", unary },       { "Exp", unary },         { "Floor", unary },
  { "Gelu", unary },      { "HardSigmoid", unary }, { "HardSwish", unary },
  { "LeakyRelu", unary }, { "Log", unary },         { "Mish", unary },
  { "Neg", unary },       { "Not", logical_not },   { "Reciprocal", unary },
  { "Relu", unary },      { "Round", unary },       { "Selu", unary },
  { "Shrink", unary },    { "Sigmoid", unary },     { "Sign", unary },
  { "Sin", unary },       { "Softplus", unary },    { "Softsign", unary },
  { "Sqrt", unary },      { "Tanh", unary },        { "ThresholdedRelu", unary },
  { NULL, NULL },
};
