/* binary.c - arithmetic on two or more arrays, broadcast as in NumPy
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where one shape goes against the other in at most three parts (the common cases: equal shapes, one
 * number, one number per channel, one map for all channels), each span of neighbouring cells is one
 * call; anything else walks row by row. */

#include "config.h"

#include "engine/cpu/tap-cpu.h"

typedef struct
{
  TapBinary op;
  const TapCpuArray *a, *b, *y;
  gint64 a_strides[TAP_MAX_DIMS], b_strides[TAP_MAX_DIMS];
} Binary;

/* Element offset of cell @index of the output in an operand. */
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

/* How many cells from @index on keep one step in the operand: the last dimensions in which it is dense,
 * or in which it repeats one number. */
static gsize
even_length (const TapShape *y, const gint64 *strides, gsize *step)
{
  gint64 length = 1;
  int d = y->n_dims - 1;

  while (d >= 0 && y->dims[d] == 1)
    d--;
  *step = d >= 0 && strides[d] != 0 ? 1 : 0;
  for (; d >= 0; d--)
    {
      if (y->dims[d] != 1 && strides[d] != (*step != 0 ? length : 0))
        break;
      length *= y->dims[d];
    }
  return (gsize) length;
}

static void
binary_span (const TapCpuRun *run, gpointer data, gsize offset, gsize n, gsize image, gsize channel)
{
  const Binary *b = data;
  const TapShape *y = &b->y->shape;
  gsize a_step, b_step;
  gsize a_even = even_length (y, b->a_strides, &a_step),
        b_even = even_length (y, b->b_strides, &b_step);

  while (n > 0)
    {
      gsize length = MIN (MIN (a_even - offset % a_even, b_even - offset % b_even), n);

      run->simd->binary (b->op, tap_cpu_f32 (b->y) + offset,
                         tap_cpu_f32 (b->a) + offset_of (y, b->a_strides, offset), a_step,
                         tap_cpu_f32 (b->b) + offset_of (y, b->b_strides, offset), b_step, length);
      offset += length;
      n -= length;
    }
}

static gint64
integer_power (gint64 base, gint64 exponent)
{
  guint64 result = 1, b = (guint64) base;

  if (exponent < 0)
    return base == 1 ? 1 : base == -1 ? (exponent % 2 != 0 ? -1 : 1) : 0;
  for (; exponent > 0; exponent >>= 1, b *= b)
    if (exponent & 1)
      result *= b;
  return (gint64) result;
}

/* Two's complement throughout; division by zero gives zero. */
static gint64
integer_binary (TapBinary op, gint64 u, gint64 v, gboolean sign_of_dividend)
{
  gint64 r;

  switch (op)
    {
    case TAP_BINARY_ADD:
      return (gint64) ((guint64) u + (guint64) v);
    case TAP_BINARY_SUB:
      return (gint64) ((guint64) u - (guint64) v);
    case TAP_BINARY_MUL:
      return (gint64) ((guint64) u * (guint64) v);
    case TAP_BINARY_DIV:
      return v == 0 ? 0 : v == -1 ? (gint64) (0 - (guint64) u) : u / v;
    case TAP_BINARY_POW:
      return integer_power (u, v);
    case TAP_BINARY_MAX:
      return MAX (u, v);
    case TAP_BINARY_MIN:
      return MIN (u, v);
    case TAP_BINARY_MOD:
    case TAP_BINARY_FMOD:
      r = v == 0 || v == -1 ? 0 : u % v;
      return !sign_of_dividend && r != 0 && (r < 0) != (v < 0) ? r + v : r;
    case TAP_BINARY_PRELU:
      return u < 0 ? (gint64) ((guint64) u * (guint64) v) : u;
    }
  return 0;
}

static void
integers (const TapCpuRun *run, const Binary *b)
{
  gsize n = tap_cpu_count (&b->y->shape);
  gboolean fmod_rule = tap_attrs_get_int (run->node->attrs, "fmod", 0) != 0;

  for (gsize i = 0; i < n; i++)
    {
      gint64 u = tap_cpu_i64 (b->a)[offset_of (&b->y->shape, b->a_strides, i)];
      gint64 v = tap_cpu_i64 (b->b)[offset_of (&b->y->shape, b->b_strides, i)];

      tap_cpu_i64 (b->y)[i] = integer_binary (b->op, u, v, fmod_rule);
    }
}

static gboolean
apply (const TapCpuRun *run, TapBinary op, const TapCpuArray *first, const TapCpuArray *second)
{
  Binary b = { .op = op, .a = first, .b = second, .y = &run->outputs[0] };
  TapShape placed;

  tap_cpu_broadcast_strides (&first->shape, &b.y->shape, b.a_strides);
  /* before opset 7 an attribute says where the second goes */
  placed = second == &run->inputs[1] ?
             tap_op_operand_shape (run->node, &first->shape, &second->shape) :
             second->shape;
  tap_cpu_broadcast_strides (&placed, &b.y->shape, b.b_strides);
  if (b.y->dtype == TAP_DTYPE_I64)
    integers (run, &b);
  else
    tap_cpu_spans (run, FALSE, binary_span, &b);
  return TRUE;
}

#define BINARY(id, type, opcode)                                                                   \
  static gboolean id##_forward (const TapCpuRun *run, GError **error)                              \
  {                                                                                                \
    return apply (run, opcode, &run->inputs[0], &run->inputs[1]);                                  \
  }                                                                                                \
  const TapCpuKernel tap_cpu_##id = {                                                              \
    .op = type,                                                                                    \
    .types = "*=",                                                                                 \
    .flags = TAP_CPU_REGIONS | TAP_CPU_IN_PLACE,                                                   \
    .forward = id##_forward,                                                                       \
  };

BINARY (add, "Add", TAP_BINARY_ADD)
BINARY (div, "Div", TAP_BINARY_DIV)
BINARY (mod,
        "Mod",
        tap_attrs_get_int (run->node->attrs, "fmod", 0) != 0 ? TAP_BINARY_FMOD : TAP_BINARY_MOD)
BINARY (mul, "Mul", TAP_BINARY_MUL)
BINARY (pow, "Pow", TAP_BINARY_POW)
BINARY (prelu, "PRelu", TAP_BINARY_PRELU)
BINARY (sub, "Sub", TAP_BINARY_SUB)

/* One or more inputs, joined from the left. */
static gboolean
variadic (const TapCpuRun *run, TapBinary op)
{
  TapCpuArray sum = run->outputs[0];

  if (run->n_inputs == 1)
    {
      gsize size = tap_dtype_size (sum.dtype);

      if (sum.data != run->inputs[0].data)
        memcpy (sum.data, run->inputs[0].data, tap_cpu_count (&sum.shape) * size);
      return TRUE;
    }
  apply (run, op, &run->inputs[0], &run->inputs[1]);
  for (int i = 2; i < run->n_inputs; i++)
    apply (run, op, &sum, &run->inputs[i]);
  return TRUE;
}

#define VARIADIC(id, type, opcode)                                                                 \
  static gboolean id##_forward (const TapCpuRun *run, GError **error)                              \
  {                                                                                                \
    return variadic (run, opcode);                                                                 \
  }                                                                                                \
  const TapCpuKernel tap_cpu_##id = {                                                              \
    .op = type,                                                                                    \
    .types = "*=",                                                                                 \
    .flags = TAP_CPU_REGIONS | TAP_CPU_IN_PLACE,                                                   \
    .forward = id##_forward,                                                                       \
  };

VARIADIC (max, "Max", TAP_BINARY_MAX)
VARIADIC (min, "Min", TAP_BINARY_MIN)
VARIADIC (sum, "Sum", TAP_BINARY_ADD)

static void
divide_span (const TapCpuRun *run, gpointer data, gsize offset, gsize n, gsize image, gsize channel)
{
  float *y = tap_cpu_f32 (&run->outputs[0]) + offset;
  float count = (float) run->n_inputs;

  run->simd->binary (TAP_BINARY_DIV, y, y, 1, &count, 0, n);
}

static gboolean
mean_forward (const TapCpuRun *run, GError **error)
{
  variadic (run, TAP_BINARY_ADD);
  if (run->outputs[0].dtype == TAP_DTYPE_F32)
    tap_cpu_spans (run, FALSE, divide_span, NULL);
  return TRUE;
}

const TapCpuKernel tap_cpu_mean = {
  .op = "Mean",
  .types = "*=",
  .flags = TAP_CPU_REGIONS | TAP_CPU_IN_PLACE,
  .forward = mean_forward,
};
