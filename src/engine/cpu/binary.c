/* binary.c - arithmetic on two or more arrays, broadcast as in NumPy
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An operand is walked in stretches in which it is dense or repeats one number; a stretch is one call.
 * What flows back to an operand that was repeated is the sum over its repetitions, binary-backward.c. */

#include "config.h"

#include "engine/cpu/binary.h"

/* Cells between the test for their bits and their function, so that they are still in the cache. */
#define BLOCK 2048

void
tap_operand_init (TapOperand *self, const float *data, const TapShape *shape, const TapShape *y)
{
  gint64 strides[TAP_MAX_DIMS];

  *self = (TapOperand){ .data = data };
  tap_cpu_broadcast_strides (shape, y, strides);
  for (int d = 0; d < y->n_dims; d++)
    {
      int n = self->n;

      if (y->dims[d] == 1)
        continue;
      /* neighbouring dimensions that walk as one are one */
      if (n > 0 && self->strides[n - 1] == strides[d] * y->dims[d])
        {
          self->dims[n - 1] *= y->dims[d];
          self->strides[n - 1] = strides[d];
          continue;
        }
      self->dims[n] = y->dims[d];
      self->strides[n] = strides[d];
      self->n++;
    }
  if (self->n == 0)
    {
      self->dims[0] = 1;
      self->n = 1;
    }
}

void
tap_cursor_init (TapCursor *self, const TapOperand *operand, gsize cell)
{
  self->operand = operand;
  self->offset = 0;
  for (int d = operand->n - 1; d >= 0; d--)
    {
      self->index[d] = (gint64) (cell % (gsize) operand->dims[d]);
      self->offset += self->index[d] * operand->strides[d];
      cell /= (gsize) operand->dims[d];
    }
}

void
tap_cursor_advance (TapCursor *self, gsize n)
{
  const TapOperand *o = self->operand;
  int d = o->n - 1;

  self->index[d] += (gint64) n;
  self->offset += (gint64) n * o->strides[d];
  for (; d > 0 && self->index[d] == o->dims[d]; d--)
    {
      self->offset += o->strides[d - 1] - o->dims[d] * o->strides[d];
      self->index[d] = 0;
      self->index[d - 1]++;
    }
}

typedef struct
{
  TapBinary op;
  TapOperand a, b;
  TapClamp clamp; /* of the result */
} Binary;

static void
binary_cells (const TapCpuRun *run, const Binary *b, gsize offset, gsize n)
{
  float *y = tap_cpu_f32 (&run->outputs[0]) + offset;
  TapCursor u, v;

  tap_cursor_init (&u, &b->a, offset);
  tap_cursor_init (&v, &b->b, offset);
  while (n > 0)
    {
      gsize length = MIN (MIN (tap_cursor_even (&u), tap_cursor_even (&v)), n);

      run->simd->binary (b->op, y, tap_cursor_data (&u), tap_cursor_step (&u), tap_cursor_data (&v),
                         tap_cursor_step (&v), length);
      tap_cursor_advance (&u, length);
      tap_cursor_advance (&v, length);
      y += length;
      n -= length;
    }
}

static void
binary_span (const TapCpuRun *run, gpointer data, gsize offset, gsize n, gsize image, gsize channel)
{
  const Binary *b = data;

  gboolean keeps_bits = b->op == TAP_BINARY_PRELU && run->saved != NULL && run->rects == NULL;

  if (!keeps_bits && !b->clamp.active)
    {
      binary_cells (run, b, offset, n);
      return;
    }
  for (gsize i = 0; i < n; i += BLOCK)
    {
      gsize length = MIN (BLOCK, n - i);
      float *y = tap_cpu_f32 (&run->outputs[0]) + offset + i;

      if (keeps_bits)
        run->simd->bits (TAP_BITS_GREATER, (guint8 *) run->saved + (offset + i) / 8,
                         b->a.data + offset + i, length, 0, 0);
      binary_cells (run, b, offset + i, length);
      if (b->clamp.active)
        run->simd->unary (TAP_UNARY_CLAMP, y, y, length, b->clamp.low, b->clamp.high);
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

static void
integers (const TapCpuRun *run,
          TapBinary op,
          const TapCpuArray *a,
          const TapCpuArray *b,
          const TapShape *b_shape)
{
  const TapShape *y = &run->outputs[0].shape;
  gint64 a_strides[TAP_MAX_DIMS], b_strides[TAP_MAX_DIMS];
  gsize n = tap_cpu_count (y);
  gboolean fmod_rule = tap_attrs_get_int (run->node->attrs, "fmod", 0) != 0;

  tap_cpu_broadcast_strides (&a->shape, y, a_strides);
  tap_cpu_broadcast_strides (b_shape, y, b_strides);
  for (gsize i = 0; i < n; i++)
    tap_cpu_i64 (&run->outputs[0])[i] =
      integer_binary (op, tap_cpu_i64 (a)[offset_of (y, a_strides, i)],
                      tap_cpu_i64 (b)[offset_of (y, b_strides, i)], fmod_rule);
}

TapShape
tap_binary_shape (const TapCpuRun *run, int input, const TapCpuArray *array)
{
  return input == 1 ? tap_op_operand_shape (run->node, &run->inputs[0].shape, &array->shape) :
                      array->shape;
}

static gboolean
apply (const TapCpuRun *run,
       TapBinary op,
       const TapCpuArray *first,
       const TapCpuArray *second,
       TapClamp clamp)
{
  const TapShape *y = &run->outputs[0].shape;
  TapShape placed = tap_binary_shape (run, second == &run->inputs[1] ? 1 : -1, second);
  Binary b = { .op = op, .clamp = clamp };

  if (run->outputs[0].dtype == TAP_DTYPE_I64)
    {
      integers (run, op, first, second, &placed);
      return TRUE;
    }
  tap_operand_init (&b.a, tap_cpu_f32 (first), &first->shape, y);
  tap_operand_init (&b.b, tap_cpu_f32 (second), &placed, y);
  tap_cpu_spans (run, FALSE, binary_span, &b);
  return TRUE;
}

/* What the way back needs of the two inputs for the first, and for the second. */
#define BINARY(id, type, opcode, for_first, for_second, saved_func, more_flags)                    \
  static gboolean id##_forward (const TapCpuRun *run, GError **error)                              \
  {                                                                                                \
    return apply (run, opcode, &run->inputs[0], &run->inputs[1], run->clamp);                      \
  }                                                                                                \
  static gboolean id##_backward (const TapCpuRun *run, GError **error)                             \
  {                                                                                                \
    return tap_binary_backward (run, opcode);                                                      \
  }                                                                                                \
  static guint id##_needs (const TapNode *node, guint wanted)                                      \
  {                                                                                                \
    return ((wanted & 1) != 0 ? (guint) (for_first) : 0) |                                         \
           ((wanted & 2) != 0 ? (guint) (for_second) : 0);                                         \
  }                                                                                                \
  const TapCpuKernel tap_cpu_##id = {                                                              \
    .op = type,                                                                                    \
    .types = "*=",                                                                                 \
    .flags =                                                                                       \
      TAP_CPU_REGIONS | TAP_CPU_IN_PLACE | TAP_CPU_CLAMPS | TAP_CPU_BACK_IN_PLACE | (more_flags),  \
    .forward = id##_forward,                                                                       \
    .backward = id##_backward,                                                                     \
    .needs = id##_needs,                                                                           \
    .saved = saved_func,                                                                           \
  };

static TapBinary
mod_op (const TapCpuRun *run)
{
  return tap_attrs_get_int (run->node->attrs, "fmod", 0) != 0 ? TAP_BINARY_FMOD : TAP_BINARY_MOD;
}

static gsize
prelu_saved (const TapCpuRun *run)
{
  return run->inputs[0].dtype == TAP_DTYPE_F32 ? (tap_cpu_count (&run->outputs[0].shape) + 7) / 8 :
                                                 0;
}

#define FIRST  TAP_CPU_INPUT (0)
#define SECOND TAP_CPU_INPUT (1)

BINARY (add, "Add", TAP_BINARY_ADD, 0, 0, NULL, TAP_CPU_BACK_PASSES)
BINARY (div, "Div", TAP_BINARY_DIV, SECOND, FIRST | SECOND, NULL, 0)
BINARY (mod, "Mod", mod_op (run), 0, FIRST | SECOND, NULL, 0)
BINARY (mul, "Mul", TAP_BINARY_MUL, SECOND, FIRST, NULL, 0)
BINARY (pow, "Pow", TAP_BINARY_POW, FIRST | SECOND, FIRST | SECOND, NULL, 0)
BINARY (prelu, "PRelu", TAP_BINARY_PRELU, SECOND, FIRST, prelu_saved, 0)
BINARY (sub, "Sub", TAP_BINARY_SUB, 0, 0, NULL, 0)

static void
copy_span (const TapCpuRun *run, gpointer data, gsize offset, gsize n, gsize image, gsize channel)
{
  run->simd->unary (run->clamp.active ? TAP_UNARY_CLAMP : TAP_UNARY_COPY,
                    tap_cpu_f32 (&run->outputs[0]) + offset, tap_cpu_f32 (&run->inputs[0]) + offset,
                    n, run->clamp.low, run->clamp.high);
}

/* One or more inputs, joined from the left. */
static gboolean
variadic (const TapCpuRun *run, TapBinary op, TapClamp clamp)
{
  TapCpuArray sum = run->outputs[0];

  if (run->n_inputs == 1)
    {
      if (sum.data == run->inputs[0].data && !run->clamp.active)
        return TRUE;
      if (sum.dtype == TAP_DTYPE_I64)
        memcpy (sum.data, run->inputs[0].data, tap_cpu_count (&sum.shape) * sizeof (gint64));
      else
        tap_cpu_spans (run, FALSE, copy_span, NULL);
      return TRUE;
    }
  for (int i = 1; i < run->n_inputs; i++)
    apply (run, op, i == 1 ? &run->inputs[0] : &sum, &run->inputs[i],
           i == run->n_inputs - 1 ? clamp : (TapClamp){ 0 });
  return TRUE;
}

static void
divide_span (const TapCpuRun *run, gpointer data, gsize offset, gsize n, gsize image, gsize channel)
{
  float *y = tap_cpu_f32 (&run->outputs[0]) + offset;
  float count = (float) run->n_inputs;

  run->simd->binary (TAP_BINARY_DIV, y, y, 1, &count, 0, n);
  if (run->clamp.active)
    run->simd->unary (TAP_UNARY_CLAMP, y, y, n, run->clamp.low, run->clamp.high);
}

static gboolean
mean_forward (const TapCpuRun *run, GError **error)
{
  variadic (run, TAP_BINARY_ADD, (TapClamp){ 0 });
  if (run->outputs[0].dtype == TAP_DTYPE_F32)
    tap_cpu_spans (run, FALSE, divide_span, NULL);
  return TRUE;
}

static gboolean
max_forward (const TapCpuRun *run, GError **error)
{
  return variadic (run, TAP_BINARY_MAX, run->clamp);
}

static gboolean
min_forward (const TapCpuRun *run, GError **error)
{
  return variadic (run, TAP_BINARY_MIN, run->clamp);
}

static gboolean
sum_forward (const TapCpuRun *run, GError **error)
{
  return variadic (run, TAP_BINARY_ADD, run->clamp);
}

static guint
all_inputs (const TapNode *node, guint wanted)
{
  return TAP_CPU_OUTPUT (0) - 1;
}

#define VARIADIC(id, type, needs_func, more_flags)                                                 \
  const TapCpuKernel tap_cpu_##id = {                                                              \
    .op = type,                                                                                    \
    .types = "*=",                                                                                 \
    .flags =                                                                                       \
      TAP_CPU_REGIONS | TAP_CPU_IN_PLACE | TAP_CPU_CLAMPS | TAP_CPU_BACK_IN_PLACE | (more_flags),  \
    .forward = id##_forward,                                                                       \
    .backward = tap_##id##_backward,                                                               \
    .needs = needs_func,                                                                           \
    .scratch_backward = tap_variadic_scratch,                                                      \
  };

VARIADIC (max, "Max", all_inputs, 0)
VARIADIC (mean, "Mean", NULL, 0)
VARIADIC (min, "Min", all_inputs, 0)
VARIADIC (sum, "Sum", NULL, TAP_CPU_BACK_PASSES)
