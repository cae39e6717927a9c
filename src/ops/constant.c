/* constant.c - Constant, ConstantOfShape, EyeLike, NonZero, Range, Shape, Size: numbers out of nothing
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Everything here is settled at load. Shape and Size are constants even of a value that is not. */
#include "config.h"

#include "ops/tap-op-private.h"

#include <math.h>

/* --- Constant --- */

static TapTensor *
dup_value (const TapShapeContext *ctx, GError **error)
{
  const TapAttrs *attrs = ctx->node->attrs;
  TapTensor *tensor = tap_attrs_get_tensor (attrs, "value");
  TapShape shape = { 0 };
  const gint64 *ints;
  const float *floats;
  gsize n;

  if (tensor != NULL)
    return tap_tensor_ref (tensor);
  if (tap_attrs_has (attrs, "value_float"))
    {
      float value = (float) tap_attrs_get_float (attrs, "value_float", 0.0);

      return tap_tensor_new_f32 (&shape, &value, error);
    }
  if (tap_attrs_has (attrs, "value_int"))
    {
      gint64 value = tap_attrs_get_int (attrs, "value_int", 0);

      return tap_tensor_new_i64 (&shape, &value, error);
    }
  floats = tap_attrs_get_floats (attrs, "value_floats", &n);
  if (floats != NULL)
    {
      shape = (TapShape){ 1, { (gint64) n } };
      return tap_tensor_new_f32 (&shape, floats, error);
    }
  ints = tap_attrs_get_ints (attrs, "value_ints", &n);
  if (ints != NULL)
    {
      shape = (TapShape){ 1, { (gint64) n } };
      return tap_tensor_new_i64 (&shape, ints, error);
    }
  tap_op_decline (error, "a constant of this kind is not supported");
  return NULL;
}

static gboolean
constant_shape (TapShapeContext *ctx, GError **error)
{
  g_autoptr (TapTensor) tensor = dup_value (ctx, error);

  if (tensor == NULL)
    return FALSE;
  ctx->outputs[0] = tensor->shape;
  ctx->output_dtypes[0] = tensor->dtype;
  return TRUE;
}

static gboolean
constant_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  outputs[0] = dup_value (ctx, error);
  return outputs[0] != NULL;
}

/* --- ConstantOfShape --- */

static gboolean
of_shape_shape (TapShapeContext *ctx, GError **error)
{
  const TapTensor *value = tap_attrs_get_tensor (ctx->node->attrs, "value");
  const gint64 *dims;
  gsize n;

  if (!tap_op_get_ints (ctx, NULL, 0, &dims, &n, error))
    return FALSE;
  if (n > TAP_MAX_DIMS)
    return tap_op_decline (error, "shapes of more than %d dimensions are not supported",
                           TAP_MAX_DIMS);
  if (value != NULL && value->count != 1)
    return tap_op_fail (
      error, "the attribute “value” is expected to be one number, found %" G_GSIZE_FORMAT,
      value->count);
  ctx->outputs[0].n_dims = (int) n;
  for (gsize i = 0; i < n; i++)
    {
      if (dims[i] < 0)
        return tap_op_fail (error, "the shape has the dimension %" G_GINT64_FORMAT, dims[i]);
      ctx->outputs[0].dims[i] = dims[i];
    }
  ctx->output_dtypes[0] = value != NULL ? value->dtype : TAP_DTYPE_F32;
  return TRUE;
}

static gboolean
of_shape_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  const TapTensor *value = tap_attrs_get_tensor (ctx->node->attrs, "value");
  TapTensor *out;

  /* zeroed memory that nobody writes costs nothing */
  out = outputs[0] = tap_tensor_new (ctx->output_dtypes[0], &ctx->outputs[0], error);
  if (out == NULL || value == NULL)
    return out != NULL;
  if (out->dtype == TAP_DTYPE_F32 && tap_tensor_f32 (value)[0] != 0.0f)
    for (gsize i = 0; i < out->count; i++)
      tap_tensor_f32 (out)[i] = tap_tensor_f32 (value)[0];
  else if (out->dtype == TAP_DTYPE_I64 && tap_tensor_i64 (value)[0] != 0)
    for (gsize i = 0; i < out->count; i++)
      tap_tensor_i64 (out)[i] = tap_tensor_i64 (value)[0];
  return TRUE;
}

/* --- EyeLike --- */

static gboolean
eye_shape (TapShapeContext *ctx, GError **error)
{
  gint64 type = tap_attrs_get_int (ctx->node->attrs, "dtype", 1);

  if (!tap_op_check_rank (ctx, 0, 2, 2, error))
    return FALSE;
  if (tap_attrs_has (ctx->node->attrs, "dtype"))
    ctx->output_dtypes[0] =
      type == 1 || type == 10 || type == 11 || type == 16 ? TAP_DTYPE_F32 : TAP_DTYPE_I64;
  ctx->outputs[0] = ctx->inputs[0];
  return TRUE;
}

static gboolean
eye_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  gint64 k = tap_attrs_get_int (ctx->node->attrs, "k", 0);
  gint64 rows = ctx->outputs[0].dims[0], columns = ctx->outputs[0].dims[1];

  outputs[0] = tap_tensor_new (ctx->output_dtypes[0], &ctx->outputs[0], error);
  if (outputs[0] == NULL)
    return FALSE;
  k = CLAMP (k, -rows, columns);
  for (gint64 i = MAX (0, -k); i < rows && i + k < columns; i++)
    if (outputs[0]->dtype == TAP_DTYPE_F32)
      tap_tensor_f32 (outputs[0])[i * columns + i + k] = 1.0f;
    else
      tap_tensor_i64 (outputs[0])[i * columns + i + k] = 1;
  return TRUE;
}

/* --- NonZero --- */

static gboolean
is_nonzero (const TapTensor *tensor, gsize i)
{
  return tensor->dtype == TAP_DTYPE_F32 ? tap_tensor_f32 (tensor)[i] != 0.0f :
                                          tap_tensor_i64 (tensor)[i] != 0;
}

static gboolean
nonzero_shape (TapShapeContext *ctx, GError **error)
{
  const TapTensor *in = ctx->constants[0];
  gint64 n = 0;

  if (in == NULL)
    return tap_op_decline (error, "its size is only known when the network runs");
  for (gsize i = 0; i < in->count; i++)
    n += is_nonzero (in, i);
  ctx->outputs[0] = (TapShape){ 2, { in->shape.n_dims, n } };
  ctx->output_dtypes[0] = TAP_DTYPE_I64;
  return TRUE;
}

static gboolean
nonzero_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  const TapTensor *in = ctx->constants[0];
  gsize n = (gsize) ctx->outputs[0].dims[1], found = 0;

  outputs[0] = tap_fold_new (ctx, 0, error);
  if (outputs[0] == NULL)
    return FALSE;
  for (gsize i = 0; i < in->count && found < n; i++)
    if (is_nonzero (in, i))
      {
        gint64 rest = (gint64) i;

        for (int d = in->shape.n_dims - 1; d >= 0; d--)
          {
            tap_tensor_i64 (outputs[0])[(gsize) d * n + found] = rest % in->shape.dims[d];
            rest /= in->shape.dims[d];
          }
        found++;
      }
  return TRUE;
}

/* --- Range --- */

static gboolean
range_shape (TapShapeContext *ctx, GError **error)
{
  gint64 n = 0;

  for (int i = 0; i < 3; i++)
    {
      const TapTensor *bound = ctx->constants[i];

      if (bound == NULL)
        return tap_op_decline (error, "its size is only known when the network runs");
      if (bound->count != 1 || bound->dtype != ctx->constants[0]->dtype)
        return tap_op_fail (error, "three numbers of one kind are expected");
    }
  if (ctx->constants[0]->dtype == TAP_DTYPE_I64)
    {
      gint64 start = tap_tensor_i64 (ctx->constants[0])[0];
      gint64 limit = tap_tensor_i64 (ctx->constants[1])[0];
      gint64 delta = tap_tensor_i64 (ctx->constants[2])[0], distance;

      if (delta == 0)
        return tap_op_fail (error, "the step is 0");
      if (__builtin_sub_overflow (limit, start, &distance) || distance == G_MININT64)
        return tap_op_fail (error, "the range is too long");
      if ((distance > 0) == (delta > 0) && distance != 0)
        n = delta == G_MININT64 ? 1 : (ABS (distance) - 1) / ABS (delta) + 1;
    }
  else
    {
      double start = tap_tensor_f32 (ctx->constants[0])[0];
      double limit = tap_tensor_f32 (ctx->constants[1])[0];
      double delta = tap_tensor_f32 (ctx->constants[2])[0];
      double count = ceil ((limit - start) / delta);

      if (delta == 0.0 || !(count < 1e18))
        return tap_op_fail (error, "the range is too long");
      n = count > 0.0 ? (gint64) count : 0;
    }
  ctx->outputs[0] = (TapShape){ 1, { n } };
  return TRUE;
}

static gboolean
range_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  const TapTensor *start = ctx->constants[0], *delta = ctx->constants[2];
  TapTensor *out = outputs[0] = tap_fold_new (ctx, 0, error);

  if (out == NULL)
    return FALSE;
  for (gsize i = 0; i < out->count; i++)
    if (out->dtype == TAP_DTYPE_I64)
      tap_tensor_i64 (out)[i] =
        (gint64) ((guint64) tap_tensor_i64 (start)[0] + i * (guint64) tap_tensor_i64 (delta)[0]);
    else
      tap_tensor_f32 (out)[i] = tap_tensor_f32 (start)[0] + (float) i * tap_tensor_f32 (delta)[0];
  return TRUE;
}

/* --- Shape, Size --- */

static void
shape_bounds (const TapShapeContext *ctx, int *start, int *end)
{
  int rank = ctx->inputs[0].n_dims;
  gint64 a = tap_attrs_get_int (ctx->node->attrs, "start", 0);
  gint64 b = tap_attrs_get_int (ctx->node->attrs, "end", rank);

  *start = (int) CLAMP (a < 0 ? a + rank : a, 0, rank);
  *end = (int) CLAMP (b < 0 ? b + rank : b, *start, rank);
}

static gboolean
shape_shape (TapShapeContext *ctx, GError **error)
{
  int start, end;

  shape_bounds (ctx, &start, &end);
  ctx->outputs[0] = (TapShape){ 1, { end - start } };
  ctx->output_dtypes[0] = TAP_DTYPE_I64;
  return TRUE;
}

static gboolean
shape_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  int start, end;

  shape_bounds (ctx, &start, &end);
  outputs[0] = tap_tensor_new_i64 (&ctx->outputs[0], ctx->inputs[0].dims + start, error);
  return outputs[0] != NULL;
}

static gboolean
size_shape (TapShapeContext *ctx, GError **error)
{
  ctx->outputs[0] = TAP_SHAPE_SCALAR;
  ctx->output_dtypes[0] = TAP_DTYPE_I64;
  return TRUE;
}

static gboolean
size_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  gint64 count = tap_shape_product (&ctx->inputs[0], 0, ctx->inputs[0].n_dims);

  outputs[0] = tap_tensor_new_i64 (&ctx->outputs[0], &count, error);
  return outputs[0] != NULL;
}

#define CONSTANT(symbol, op_name, text, n_inputs, prefix, from_shape)                              \
  const TapOp tap_op_##symbol = {                                                                  \
    .name = op_name,                                                                               \
    .summary = text,                                                                               \
    .min_inputs = n_inputs,                                                                        \
    .max_inputs = n_inputs,                                                                        \
    .min_outputs = 1,                                                                              \
    .max_outputs = 1,                                                                              \
    .region = TAP_REGION_FULL,                                                                     \
    .shape = prefix##_shape,                                                                       \
    .fold = prefix##_fold,                                                                         \
    .folds_from_shape = from_shape,                                                                \
  }

CONSTANT (constant, "Constant", N_ ("Numbers stored in the file."), 0, constant, FALSE);
CONSTANT (constant_of_shape, "ConstantOfShape", N_ ("One number, repeated."), 1, of_shape, FALSE);
CONSTANT (eye_like, "EyeLike", N_ ("A matrix with ones on a diagonal."), 1, eye, TRUE);
CONSTANT (nonzero, "NonZero", N_ ("Where its input is not zero."), 1, nonzero, FALSE);
CONSTANT (range, "Range", N_ ("Numbers at equal distances."), 3, range, FALSE);
CONSTANT (shape, "Shape", N_ ("The shape of its input, as numbers."), 1, shape, TRUE);
CONSTANT (size, "Size", N_ ("How many numbers its input has."), 1, size, TRUE);
