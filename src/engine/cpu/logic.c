/* logic.c - comparisons, logic, Where, Cast: what has truth values or changes the type
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "engine/cpu/tap-cpu.h"

typedef enum
{
  LOGIC_EQUAL,
  LOGIC_GREATER,
  LOGIC_GREATER_OR_EQUAL,
  LOGIC_LESS,
  LOGIC_LESS_OR_EQUAL,
  LOGIC_AND,
  LOGIC_OR,
  LOGIC_XOR,
} Logic;

static gsize
offset_of (const TapShape *y, const gint64 *strides, gsize index)
{
  gint64 offset = 0;

  for (int d = y->n_dims - 1; d >= 0; d--)
    {
      offset += (gint64) (index % (gsize) y->dims[d]) * strides[d];
      index /= (gsize) y->dims[d];
    }
  return (gsize) offset;
}

static gboolean
holds (Logic op, double u, double v)
{
  switch (op)
    {
    case LOGIC_EQUAL:
      return u == v;
    case LOGIC_GREATER:
      return u > v;
    case LOGIC_GREATER_OR_EQUAL:
      return u >= v;
    case LOGIC_LESS:
      return u < v;
    case LOGIC_LESS_OR_EQUAL:
      return u <= v;
    case LOGIC_AND:
      return u != 0 && v != 0;
    case LOGIC_OR:
      return u != 0 || v != 0;
    case LOGIC_XOR:
      return (u != 0) != (v != 0);
    }
  return FALSE;
}

static gboolean
holds_integers (Logic op, gint64 u, gint64 v)
{
  switch (op)
    {
    case LOGIC_EQUAL:
      return u == v;
    case LOGIC_GREATER:
      return u > v;
    case LOGIC_GREATER_OR_EQUAL:
      return u >= v;
    case LOGIC_LESS:
      return u < v;
    case LOGIC_LESS_OR_EQUAL:
      return u <= v;
    default:
      return holds (op, u != 0, v != 0);
    }
}

static double
number (const TapCpuArray *a, gsize i)
{
  return a->dtype == TAP_DTYPE_I64 ? (double) tap_cpu_i64 (a)[i] : (double) tap_cpu_f32 (a)[i];
}

static gboolean
compare (const TapCpuRun *run, Logic op)
{
  const TapCpuArray *a = &run->inputs[0], *b = &run->inputs[1], *y = &run->outputs[0];
  gint64 a_strides[TAP_MAX_DIMS], b_strides[TAP_MAX_DIMS];
  gboolean integers = a->dtype == TAP_DTYPE_I64 && b->dtype == TAP_DTYPE_I64;
  gsize n = tap_cpu_count (&y->shape);
  /* before opset 7 an attribute says where the second goes */
  TapShape placed = tap_op_operand_shape (run->node, &a->shape, &b->shape);

  tap_cpu_broadcast_strides (&a->shape, &y->shape, a_strides);
  tap_cpu_broadcast_strides (&placed, &y->shape, b_strides);
  for (gsize i = 0; i < n; i++)
    {
      gsize u = offset_of (&y->shape, a_strides, i), v = offset_of (&y->shape, b_strides, i);

      tap_cpu_i64 (y)[i] = integers ? holds_integers (op, tap_cpu_i64 (a)[u], tap_cpu_i64 (b)[v]) :
                                      holds (op, number (a, u), number (b, v));
    }
  return TRUE;
}

#define LOGIC(id, type, op_code)                                                                   \
  static gboolean id##_forward (const TapCpuRun *run, GError **error)                              \
  {                                                                                                \
    return compare (run, op_code);                                                                 \
  }                                                                                                \
  const TapCpuKernel tap_cpu_##id = {                                                              \
    .op = type,                                                                                    \
    .types = "*",                                                                                  \
    .forward = id##_forward,                                                                       \
  };

LOGIC (equal, "Equal", LOGIC_EQUAL)
LOGIC (greater, "Greater", LOGIC_GREATER)
LOGIC (greater_or_equal, "GreaterOrEqual", LOGIC_GREATER_OR_EQUAL)
LOGIC (less, "Less", LOGIC_LESS)
LOGIC (less_or_equal, "LessOrEqual", LOGIC_LESS_OR_EQUAL)
LOGIC (and, "And", LOGIC_AND)
LOGIC (or, "Or", LOGIC_OR)
LOGIC (xor, "Xor", LOGIC_XOR)

static gboolean
where_forward (const TapCpuRun *run, GError **error)
{
  const TapCpuArray *y = &run->outputs[0];
  gint64 strides[3][TAP_MAX_DIMS];
  gsize n = tap_cpu_count (&y->shape);

  for (int k = 0; k < 3; k++)
    tap_cpu_broadcast_strides (&run->inputs[k].shape, &y->shape, strides[k]);
  for (gsize i = 0; i < n; i++)
    {
      gboolean first = number (&run->inputs[0], offset_of (&y->shape, strides[0], i)) != 0;
      const TapCpuArray *from = &run->inputs[first ? 1 : 2];
      gsize at = offset_of (&y->shape, strides[first ? 1 : 2], i);

      if (y->dtype == TAP_DTYPE_I64)
        tap_cpu_i64 (y)[i] = from->dtype == TAP_DTYPE_I64 ? tap_cpu_i64 (from)[at] : 0;
      else
        tap_cpu_f32 (y)[i] = (float) number (from, at);
    }
  return TRUE;
}

static gboolean
where_backward (const TapCpuRun *run, GError **error)
{
  const TapShape *y = &run->outputs[0].shape;
  gint64 strides[3][TAP_MAX_DIMS];
  gsize n = tap_cpu_count (y);

  for (int k = 0; k < 3; k++)
    tap_cpu_broadcast_strides (&run->inputs[k].shape, y, strides[k]);
  for (int k = 1; k < 3; k++)
    if (run->input_grads[k].data != NULL)
      tap_cpu_zero (run, tap_cpu_f32 (&run->input_grads[k]), tap_cpu_count (&run->inputs[k].shape));
  for (gsize i = 0; i < n; i++)
    {
      int k = number (&run->inputs[0], offset_of (y, strides[0], i)) != 0 ? 1 : 2;

      if (run->input_grads[k].data != NULL)
        tap_cpu_f32 (&run->input_grads[k])[offset_of (y, strides[k], i)] +=
          tap_cpu_f32 (&run->output_grads[0])[i];
    }
  /* a condition of floats is as good as one of integers */
  if (run->input_grads[0].data != NULL)
    tap_cpu_zero (run, tap_cpu_f32 (&run->input_grads[0]), tap_cpu_count (&run->inputs[0].shape));
  return TRUE;
}

static guint
where_needs (const TapNode *node, guint wanted)
{
  return TAP_CPU_INPUT (0);
}

const TapCpuKernel tap_cpu_where = {
  .op = "Where",
  .types = "*",
  .forward = where_forward,
  .backward = where_backward,
  .needs = where_needs,
};

/* How many bits the ONNX type has, negative when signed; 1 for booleans, 0 for what needs no narrowing. */
static int
integer_bits (const TapNode *node)
{
  static const struct
  {
    const char *name;
    gint64 code;
    int bits;
  } types[] = {
    { "UINT8", 2, 8 },   { "INT8", 3, -8 }, { "UINT16", 4, 16 },  { "INT16", 5, -16 },
    { "INT32", 6, -32 }, { "BOOL", 9, 1 },  { "UINT32", 12, 32 },
  };
  const char *name = tap_attrs_get_string (node->attrs, "to", NULL);
  gint64 code = tap_attrs_get_int (node->attrs, "to", 0);

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (name != NULL ? g_ascii_strcasecmp (name, types[i].name) == 0 : code == types[i].code)
      return types[i].bits;
  return 0;
}

static gint64
narrow (gint64 v, int bits)
{
  if (bits == 0)
    return v;
  if (bits == 1)
    return v != 0;
  if (bits > 0)
    return (gint64) ((guint64) v & ((G_GUINT64_CONSTANT (1) << bits) - 1));
  return bits == -8 ? (gint8) v : bits == -16 ? (gint16) v : (gint32) v;
}

static gint64
truncate_float (float v)
{
  if (isnan (v))
    return 0;
  return v >= 9223372036854775808.0f ? G_MAXINT64 :
         v < -9223372036854775808.0f ? G_MININT64 :
                                       (gint64) v;
}

static gboolean
cast_forward (const TapCpuRun *run, GError **error)
{
  const TapCpuArray *x = &run->inputs[0], *y = &run->outputs[0];
  gsize n = tap_cpu_count (&y->shape);
  int bits = integer_bits (run->node);

  for (gsize i = 0; i < n; i++)
    if (y->dtype == TAP_DTYPE_F32)
      tap_cpu_f32 (y)[i] = (float) number (x, i);
    else if (x->dtype == TAP_DTYPE_I64)
      tap_cpu_i64 (y)[i] = narrow (tap_cpu_i64 (x)[i], bits);
    else if (bits == 1)
      tap_cpu_i64 (y)[i] = tap_cpu_f32 (x)[i] != 0;
    else
      tap_cpu_i64 (y)[i] = narrow (truncate_float (tap_cpu_f32 (x)[i]), bits);
  return TRUE;
}

/* Only asked for from numbers to numbers. */
static gboolean
cast_backward (const TapCpuRun *run, GError **error)
{
  if (run->input_grads[0].data != run->output_grads[0].data)
    memcpy (run->input_grads[0].data, run->output_grads[0].data,
            tap_cpu_count (&run->inputs[0].shape) * sizeof (float));
  return TRUE;
}

const TapCpuKernel tap_cpu_cast = {
  .op = "Cast",
  .types = "*",
  .flags = TAP_CPU_BACK_IN_PLACE,
  .forward = cast_forward,
  .backward = cast_backward,
};
