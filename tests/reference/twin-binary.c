/* twin-binary.c - functions of two and more arrays, broadcast: arithmetic, comparisons, logic, Where
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include "twin.h"

/* The second operand as it takes part. Before opset 7, “broadcast” and “axis” said where it begins, and
 * a slope of PRelu belonged to the channels. */
static TapShape
placed (const TwinCall *call, int input)
{
  TapShape shape = call->inputs[input].shape;
  gint64 axis = -1;

  if (input != 1 || twin_opset (call) >= 7)
    return shape;
  if (g_str_equal (call->node->op_type, "PRelu"))
    axis = shape.n_dims == 1 && shape.dims[0] != 1 ? 1 : -1;
  else if (twin_int (call, "broadcast", 0) != 0)
    axis = twin_int (call, "axis", -1);
  if (axis >= 0)
    while (axis + shape.n_dims < call->inputs[0].shape.n_dims)
      shape.dims[shape.n_dims++] = 1;
  return shape;
}

static TapShape
common_shape (const TwinCall *call)
{
  TapShape shape = call->inputs[0].shape;

  for (int i = 1; i < call->n_inputs; i++)
    {
      TapShape other = placed (call, i);

      shape = twin_broadcast_shape (&shape, &other);
    }
  return shape;
}

static double
operand (const TwinCall *call, int input, const TapShape *to, gsize cell)
{
  TapShape shape = placed (call, input);
  gint64 index[TAP_MAX_DIMS];

  twin_unravel (to, cell, index);
  return call->inputs[input].cells[twin_broadcast_cell (&shape, to, index)];
}

static double
power (double a, double b, gboolean integers)
{
  if (!integers || b >= 0)
    return pow (a, b);
  /* a whole number to a negative power is a fraction, cut */
  return trunc (pow (a, b));
}

static double
remainder_of (double a, double b, gboolean sign_of_dividend)
{
  double r = fmod (a, b);

  return !sign_of_dividend && r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static void
arithmetic (TwinCall *call)
{
  const char *op = call->node->op_type;
  TapShape shape = common_shape (call);
  gboolean integers = call->inputs[0].dtype == TAP_DTYPE_I64;
  TwinArray *y;

  twin_output (call, 0, call->inputs[0].dtype, &shape);
  y = &call->outputs[0];
  for (gsize i = 0; i < y->count; i++)
    {
      double a = operand (call, 0, &shape, i), b = operand (call, 1, &shape, i), v = 0;
      double roundings = integers ? 0 : 1;

      if (g_str_equal (op, "Add"))
        v = a + b;
      else if (g_str_equal (op, "Sub"))
        v = a - b;
      else if (g_str_equal (op, "Mul"))
        v = a * b;
      else if (g_str_equal (op, "Div"))
        v = integers ? trunc (a / b) : a / b;
      else if (g_str_equal (op, "PRelu"))
        v = a < 0 ? a * b : a;
      else if (g_str_equal (op, "Mod"))
        {
          v = remainder_of (a, b, twin_int (call, "fmod", 0) != 0);
          roundings = 0;
        }
      else if (g_str_equal (op, "Pow"))
        {
          v = power (a, b, integers);
          roundings *= 8;
        }
      twin_set (y, i, v, roundings, fabs (v));
    }
}

static void
compare (TwinCall *call)
{
  const char *op = call->node->op_type;
  TapShape shape = common_shape (call);
  double *y = twin_output (call, 0, TAP_DTYPE_I64, &shape);

  for (gsize i = 0; i < call->outputs[0].count; i++)
    {
      double a = operand (call, 0, &shape, i), b = operand (call, 1, &shape, i);

      if (g_str_equal (op, "Equal"))
        y[i] = a == b;
      else if (g_str_equal (op, "Greater"))
        y[i] = a > b;
      else if (g_str_equal (op, "GreaterOrEqual"))
        y[i] = a >= b;
      else if (g_str_equal (op, "Less"))
        y[i] = a < b;
      else if (g_str_equal (op, "LessOrEqual"))
        y[i] = a <= b;
      else if (g_str_equal (op, "And"))
        y[i] = a != 0 && b != 0;
      else if (g_str_equal (op, "Or"))
        y[i] = a != 0 || b != 0;
      else
        y[i] = (a != 0) != (b != 0);
    }
}

static void
where (TwinCall *call)
{
  TapShape shape = common_shape (call);
  double *y = twin_output (call, 0, call->inputs[1].dtype, &shape);

  for (gsize i = 0; i < call->outputs[0].count; i++)
    y[i] = operand (call, operand (call, 0, &shape, i) != 0 ? 1 : 2, &shape, i);
}

static void
variadic (TwinCall *call)
{
  const char *op = call->node->op_type;
  TapShape shape = common_shape (call);
  gboolean integers = call->inputs[0].dtype == TAP_DTYPE_I64;

  twin_output (call, 0, call->inputs[0].dtype, &shape);
  for (gsize i = 0; i < call->outputs[0].count; i++)
    {
      double v = operand (call, 0, &shape, i), size = fabs (v), roundings = call->n_inputs;

      for (int k = 1; k < call->n_inputs; k++)
        {
          double next = operand (call, k, &shape, i);

          size += fabs (next);
          if (g_str_equal (op, "Max"))
            v = isnan (v) || v > next ? v : next;
          else if (g_str_equal (op, "Min"))
            v = isnan (v) || v < next ? v : next;
          else
            v += next;
        }
      if (g_str_equal (op, "Mean"))
        {
          v /= call->n_inputs;
          size /= call->n_inputs;
        }
      else if (!g_str_equal (op, "Sum"))
        roundings = 0;
      twin_set (&call->outputs[0], i, v, integers ? 0 : roundings, size);
    }
}

const Twin twins_binary[] = {
  { "Add", arithmetic }, { "And", compare },         { "Div", arithmetic },
  { "Equal", compare },  { "Greater", compare },     { "GreaterOrEqual", compare },
  { "Less", compare },   { "LessOrEqual", compare }, { "Max", variadic },
  { "Mean", variadic },  { "Min", variadic },        { "Mod", arithmetic },
  { "Mul", arithmetic }, { "Or", compare },          { "PRelu", arithmetic },
  { "Pow", arithmetic }, { "Sub", arithmetic },      { "Sum", variadic },
  { "Where", where },    { "Xor", compare },         { NULL, NULL },
};
