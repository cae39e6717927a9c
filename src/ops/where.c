/* where.c - Where: takes from one input or the other, as a condition says
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

static gboolean
where_shape (TapShapeContext *ctx, GError **error)
{
  ctx->output_dtypes[0] = tap_op_input_dtype (ctx, 1);
  return tap_op_shape_broadcast (ctx, error);
}

static TapTensor *
spread (const TapShapeContext *ctx, int input, GError **error)
{
  const TapTensor *in = ctx->constants[input];
  const TapShape *shape = &ctx->outputs[0];
  gint64 from_strides[TAP_MAX_DIMS], to_strides[TAP_MAX_DIMS];
  TapTensor *out = tap_tensor_new_uninit (in->dtype, shape, error);

  if (out == NULL)
    return NULL;
  tap_fold_broadcast_strides (&in->shape, shape, from_strides);
  tap_fold_strides (shape, to_strides);
  tap_fold_copy (out->data, to_strides, in->data, from_strides, shape, tap_dtype_size (in->dtype));
  return out;
}

static gboolean
where_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  g_autoptr (TapTensor) condition = NULL, out = NULL, other = NULL;

  if (ctx->constants[0]->dtype != TAP_DTYPE_I64 ||
      ctx->constants[1]->dtype != ctx->constants[2]->dtype)
    return tap_op_decline (error, "integers and other numbers are mixed");

  condition = spread (ctx, 0, error);
  out = condition != NULL ? spread (ctx, 1, error) : NULL;
  other = out != NULL ? spread (ctx, 2, error) : NULL;
  if (other == NULL)
    return FALSE;

  for (gsize i = 0; i < out->count; i++)
    if (tap_tensor_i64 (condition)[i] == 0)
      {
        if (out->dtype == TAP_DTYPE_F32)
          tap_tensor_f32 (out)[i] = tap_tensor_f32 (other)[i];
        else
          tap_tensor_i64 (out)[i] = tap_tensor_i64 (other)[i];
      }
  outputs[0] = g_steal_pointer (&out);
  return TRUE;
}

const TapOp tap_op_where = {
  .name = "Where",
  .summary = N_ ("Takes from one input or the other, as a condition says."),
  .min_inputs = 3,
  .max_inputs = 3,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_POINTWISE,
  .shape = where_shape,
  .fold = where_fold,
};
