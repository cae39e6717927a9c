/* pool.c - MaxPool, AveragePool, LpPool: one number for each window
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Beyond ONNX: “caffe_ceil” = 1 rounds sizes up as Caffe does, “caffe_count” = 1 divides averages by the
 * window clipped to the padded input (Caffe), see ops/README.md. */
#include "config.h"

#include "ops/tap-op-private.h"

static gboolean
pool_shape (TapShapeContext *ctx, GError **error)
{
  if (!tap_op_check_rank (ctx, 0, 3, TAP_MAX_DIMS, error) ||
      !tap_op_window_shape (ctx, ctx->inputs[0].dims[1], error))
    return FALSE;

  if (ctx->node->n_outputs > 1)
    {
      ctx->outputs[1] = ctx->outputs[0];
      ctx->output_dtypes[1] = TAP_DTYPE_I64;
    }
  return TRUE;
}

static guint64
average_macs (const TapShapeContext *ctx)
{
  TapWindow window;

  if (!tap_op_window (ctx->node, &ctx->inputs[0], NULL, &window, NULL))
    return 0;
  return (guint64) tap_shape_product (&ctx->outputs[0], 0, ctx->outputs[0].n_dims) *
         (guint64) window.kernel_h * (guint64) window.kernel_w;
}

const TapOp tap_op_max_pool = {
  .name = "MaxPool",
  .summary = N_ ("Keeps the largest value of each window."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 2,
  .region = TAP_REGION_WINDOW,
  .shape = pool_shape,
};

const TapOp tap_op_average_pool = {
  .name = "AveragePool",
  .summary = N_ ("Takes the mean of each window."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_WINDOW,
  .shape = pool_shape,
  .macs = average_macs,
};

const TapOp tap_op_lp_pool = {
  .name = "LpPool",
  .summary = N_ ("Takes the p-norm of each window."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_WINDOW,
  .shape = pool_shape,
  .macs = average_macs,
};
