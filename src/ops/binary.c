/* binary.c - functions of two numbers, broadcast: arithmetic, comparisons, logic, PRelu
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

#include <math.h>

static gboolean
compare_shape (TapShapeContext *ctx, GError **error)
{
  ctx->output_dtypes[0] = TAP_DTYPE_I64;
  return tap_op_shape_broadcast (ctx, error);
}

/* The slope goes to the shape of the input, never the other way. */
static gboolean
prelu_shape (TapShapeContext *ctx, GError **error)
{
  if (!tap_op_shape_broadcast (ctx, error))
    return FALSE;
  if (!tap_shape_equal (&ctx->outputs[0], &ctx->inputs[0]))
    {
      g_autofree char *x = tap_shape_to_string (&ctx->inputs[0]);
      g_autofree char *slope = tap_shape_to_string (&ctx->inputs[1]);

      return tap_op_fail (error, "a slope of %s does not go with an input of %s", slope, x);
    }
  return TRUE;
}

typedef enum
{
  OP_ADD,
  OP_SUB,
  OP_MUL,
  OP_DIV,
  OP_POW,
  OP_MOD,
  OP_EQUAL,
  OP_GREATER,
  OP_LESS,
  OP_GREATER_EQUAL,
  OP_LESS_EQUAL,
  OP_AND,
  OP_OR,
  OP_XOR,
  OP_NONE,
} BinaryOp;

static const struct
{
  const char *name;
  BinaryOp op;
} names[] = {
  { "Add", OP_ADD },
  { "Sub", OP_SUB },
  { "Mul", OP_MUL },
  { "Div", OP_DIV },
  { "Pow", OP_POW },
  { "Mod", OP_MOD },
  { "Equal", OP_EQUAL },
  { "Greater", OP_GREATER },
  { "Less", OP_LESS },
  { "GreaterOrEqual", OP_GREATER_EQUAL },
  { "LessOrEqual", OP_LESS_EQUAL },
  { "And", OP_AND },
  { "Or", OP_OR },
  { "Xor", OP_XOR },
};

/* Overflow wraps, as it does in every framework; division by 0 yields 0 rather than a trap. */
static gint64
integer_power (gint64 base, gint64 exponent)
{
  guint64 result = 1, square = (guint64) base;

  if (exponent < 0)
    return base == 1 ? 1 : base == -1 ? (exponent % 2 ? -1 : 1) : 0;
  for (; exponent > 0; exponent >>= 1)
    {
      if (exponent & 1)
        result *= square;
      square *= square;
    }
  return (gint64) result;
}

static gint64
integer_quotient (gint64 a, gint64 b)
{
  if (b == 0)
    return 0;
  return b == -1 ? (gint64) (0 - (guint64) a) : a / b;
}

/* The remainder has the sign of the divisor (Python), or of the dividend (fmod, C). */
static gint64
integer_remainder (gint64 a, gint64 b, gboolean fmod_sign)
{
  gint64 r;

  if (b == 0 || b == -1)
    return 0;
  r = a % b;
  return !fmod_sign && r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static gint64
calculate_i64 (BinaryOp op, gint64 a, gint64 b, gboolean fmod_sign)
{
  switch (op)
    {
    case OP_ADD:
      return (gint64) ((guint64) a + (guint64) b);
    case OP_SUB:
      return (gint64) ((guint64) a - (guint64) b);
    case OP_MUL:
      return (gint64) ((guint64) a * (guint64) b);
    case OP_DIV:
      return integer_quotient (a, b);
    case OP_POW:
      return integer_power (a, b);
    case OP_MOD:
      return integer_remainder (a, b, fmod_sign);
    case OP_EQUAL:
      return a == b;
    case OP_GREATER:
      return a > b;
    case OP_LESS:
      return a < b;
    case OP_GREATER_EQUAL:
      return a >= b;
    case OP_LESS_EQUAL:
      return a <= b;
    case OP_AND:
      return a && b;
    case OP_OR:
      return a || b;
    case OP_XOR:
      return !a != !b;
    case OP_NONE:
    default:
      return 0;
    }
}

static float
calculate_f32 (BinaryOp op, float a, float b)
{
  switch (op)
    {
    case OP_ADD:
      return a + b;
    case OP_SUB:
      return a - b;
    case OP_MUL:
      return a * b;
    case OP_DIV:
      return a / b;
    case OP_POW:
      return powf (a, b);
    case OP_MOD:
      return fmodf (a, b);
    case OP_EQUAL:
    case OP_GREATER:
    case OP_LESS:
    case OP_GREATER_EQUAL:
    case OP_LESS_EQUAL:
    case OP_AND:
    case OP_OR:
    case OP_XOR:
    case OP_NONE:
    default:
      return 0.0f;
    }
}

static gint64
compare_f32 (BinaryOp op, float a, float b)
{
  switch (op)
    {
    case OP_EQUAL:
      return a == b;
    case OP_GREATER:
      return a > b;
    case OP_LESS:
      return a < b;
    case OP_GREATER_EQUAL:
      return a >= b;
    case OP_LESS_EQUAL:
      return a <= b;
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_DIV:
    case OP_POW:
    case OP_MOD:
    case OP_AND:
    case OP_OR:
    case OP_XOR:
    case OP_NONE:
    default:
      return 0;
    }
}

/* An operand written out in the shape of the output. */
static TapTensor *
spread (const TapShapeContext *ctx, int input, GError **error)
{
  TapTensor *constant = ctx->constants[input];
  const TapShape *to = &ctx->outputs[0];
  TapShape operand = tap_op_operand_shape (ctx->node, &ctx->inputs[0], &ctx->inputs[input]);
  gint64 from_strides[TAP_MAX_DIMS], to_strides[TAP_MAX_DIMS];
  TapTensor *out;

  if (input == 0)
    operand = ctx->inputs[0];
  if (constant->count == 0 || tap_shape_equal (&operand, to))
    return tap_tensor_ref (constant);

  out = tap_tensor_new_uninit (constant->dtype, to, error);
  if (out == NULL)
    return NULL;
  tap_fold_broadcast_strides (&operand, to, from_strides);
  tap_fold_strides (to, to_strides);
  tap_fold_copy (out->data, to_strides, constant->data, from_strides, to,
                 tap_dtype_size (constant->dtype));
  return out;
}

static gboolean
binary_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  gboolean fmod_sign = tap_attrs_get_int (ctx->node->attrs, "fmod", 0) != 0;
  BinaryOp op = OP_NONE;
  g_autoptr (TapTensor) a = NULL, b = NULL, out = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (names[i].name, ctx->node->op_type))
      op = names[i].op;
  if (ctx->constants[0]->dtype != ctx->constants[1]->dtype)
    return tap_op_decline (error, "integers and other numbers are mixed");
  a = spread (ctx, 0, error);
  b = a != NULL ? spread (ctx, 1, error) : NULL;
  out = b != NULL ? tap_fold_new (ctx, 0, error) : NULL;
  if (out == NULL)
    return FALSE;

  if (a->dtype == TAP_DTYPE_I64)
    for (gsize i = 0; i < out->count; i++)
      tap_tensor_i64 (out)[i] =
        calculate_i64 (op, tap_tensor_i64 (a)[i], tap_tensor_i64 (b)[i], fmod_sign);
  else if (out->dtype == TAP_DTYPE_I64)
    for (gsize i = 0; i < out->count; i++)
      tap_tensor_i64 (out)[i] = compare_f32 (op, tap_tensor_f32 (a)[i], tap_tensor_f32 (b)[i]);
  else
    for (gsize i = 0; i < out->count; i++)
      tap_tensor_f32 (out)[i] = calculate_f32 (op, tap_tensor_f32 (a)[i], tap_tensor_f32 (b)[i]);
  outputs[0] = g_steal_pointer (&out);
  return TRUE;
}

#define BINARY(symbol, op_name, text, shape_func, fold_func)                                       \
  const TapOp tap_op_##symbol = {                                                                  \
    .name = op_name,                                                                               \
    .summary = text,                                                                               \
    .min_inputs = 2,                                                                               \
    .max_inputs = 2,                                                                               \
    .min_outputs = 1,                                                                              \
    .max_outputs = 1,                                                                              \
    .region = TAP_REGION_POINTWISE,                                                                \
    .shape = shape_func,                                                                           \
    .fold = fold_func,                                                                             \
  }

BINARY (add, "Add", N_ ("Adds."), tap_op_shape_broadcast, binary_fold);
BINARY (and, "And", N_ ("True where both are true."), compare_shape, binary_fold);
BINARY (div, "Div", N_ ("Divides."), tap_op_shape_broadcast, binary_fold);
BINARY (equal, "Equal", N_ ("True where both are equal."), compare_shape, binary_fold);
BINARY (greater, "Greater", N_ ("True where the first is larger."), compare_shape, binary_fold);
BINARY (greater_or_equal,
        "GreaterOrEqual",
        N_ ("True where the first is not smaller."),
        compare_shape,
        binary_fold);
BINARY (less, "Less", N_ ("True where the first is smaller."), compare_shape, binary_fold);
BINARY (less_or_equal,
        "LessOrEqual",
        N_ ("True where the first is not larger."),
        compare_shape,
        binary_fold);
BINARY (mod, "Mod", N_ ("Remainder of a division."), tap_op_shape_broadcast, binary_fold);
BINARY (mul, "Mul", N_ ("Multiplies."), tap_op_shape_broadcast, binary_fold);
BINARY (or, "Or", N_ ("True where one of both is true."), compare_shape, binary_fold);
BINARY (pow, "Pow", N_ ("Raises to a power."), tap_op_shape_broadcast, binary_fold);
BINARY (prelu,
        "PRelu",
        N_ ("Keeps positive values and scales negative ones by a learned slope."),
        prelu_shape,
        NULL);
BINARY (sub, "Sub", N_ ("Subtracts."), tap_op_shape_broadcast, binary_fold);
BINARY (xor,
        "Xor",
        N_ ("True where one of both is true and not the other."),
        compare_shape,
        binary_fold);
