/* cumulate.c - CumSum, Trilu: sums along an axis, halves of matrices
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

static gboolean
check_scalar (const TapShapeContext *ctx, int input, GError **error)
{
  const TapShape *shape = &ctx->inputs[input];

  if (!tap_op_has_input (ctx, input) || tap_shape_product (shape, 0, shape->n_dims) == 1)
    return TRUE;
  return tap_op_fail (error, "input %d is expected to be one number", input + 1);
}

static gboolean
cum_sum_shape (TapShapeContext *ctx, GError **error)
{
  const TapTensor *axis = ctx->constants[1];
  int at;

  if (!tap_op_check_rank (ctx, 0, 1, TAP_MAX_DIMS, error) || !check_scalar (ctx, 1, error))
    return FALSE;
  if (axis == NULL || axis->dtype != TAP_DTYPE_I64)
    return tap_op_decline (error, "the axis is not known before the network runs");
  if (!tap_op_axis (tap_tensor_i64 (axis)[0], ctx->inputs[0].n_dims, &at, error))
    return FALSE;
  ctx->outputs[0] = ctx->inputs[0];
  return TRUE;
}

static gboolean
trilu_shape (TapShapeContext *ctx, GError **error)
{
  if (!tap_op_check_rank (ctx, 0, 2, TAP_MAX_DIMS, error) || !check_scalar (ctx, 1, error))
    return FALSE;
  ctx->outputs[0] = ctx->inputs[0];
  return TRUE;
}

const TapOp tap_op_cum_sum = {
  .name = "CumSum",
  .summary = N_ ("Adds up along an axis, keeping every sum on the way."),
  .min_inputs = 2,
  .max_inputs = 2,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = cum_sum_shape,
};

const TapOp tap_op_trilu = {
  .name = "Trilu",
  .summary = N_ ("Keeps what lies above or below the diagonal."),
  .min_inputs = 1,
  .max_inputs = 2,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = trilu_shape,
};
