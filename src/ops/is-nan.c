/* is-nan.c - IsInf, IsNaN: what is no number one could count with
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

static gboolean
truth_shape (TapShapeContext *ctx, GError **error)
{
  ctx->outputs[0] = ctx->inputs[0];
  ctx->output_dtypes[0] = TAP_DTYPE_I64;
  return TRUE;
}

const TapOp tap_op_is_inf = {
  .name = "IsInf",
  .summary = N_ ("Says which numbers are infinite."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = truth_shape,
};

const TapOp tap_op_is_nan = {
  .name = "IsNaN",
  .summary = N_ ("Says what is not a number."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = truth_shape,
};
