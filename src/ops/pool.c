/* pool.c - MaxPool, AveragePool, LpPool: one number for each window
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Beyond ONNX: “caffe_ceil” = 1 rounds sizes up as Caffe does, “caffe_count” = 1 divides averages by the
 * window clipped to the padded input (Caffe), see ops/README.md. */
#include "config.h"

#include "ops/tap-op-private.h"

extern const TapOp tap_op_average_pool_3d;
extern const TapOp tap_op_lp_pool_3d;
extern const TapOp tap_op_max_pool_3d;

gboolean
tap_op_pool_shape (TapShapeContext *ctx, GError **error)
{
  if (!tap_op_check_rank (ctx, 0, 3, TAP_MAX_DIMS, error) ||
      !tap_op_window_shape (ctx, -1, ctx->inputs[0].dims[1], error))
    return FALSE;

  if (ctx->node->n_outputs > 1)
    {
      ctx->outputs[1] = ctx->outputs[0];
      ctx->output_dtypes[1] = TAP_DTYPE_I64;
    }
  return TRUE;
}

guint64
tap_op_pool_macs (const TapShapeContext *ctx)
{
  guint64 n = (guint64) tap_shape_product (&ctx->outputs[0], 0, ctx->outputs[0].n_dims);
  TapVolume volume;

  if (!tap_op_volume (ctx->node, &ctx->inputs[0], NULL, &volume, NULL))
    return 0;
  for (int i = 0; i < 3; i++)
    n *= (guint64) volume.axes[i].kernel;
  return n;
}

const TapOp tap_op_max_pool = {
  .name = "MaxPool",
  .summary = N_ ("Keeps the largest value of each window."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 2,
  .region = TAP_REGION_WINDOW,
  .shape = tap_op_pool_shape,
  .in_space = &tap_op_max_pool_3d,
};

const TapOp tap_op_average_pool = {
  .name = "AveragePool",
  .summary = N_ ("Takes the mean of each window."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_WINDOW,
  .shape = tap_op_pool_shape,
  .macs = tap_op_pool_macs,
  .in_space = &tap_op_average_pool_3d,
};

const TapOp tap_op_lp_pool = {
  .name = "LpPool",
  .summary = N_ ("Takes the p-norm of each window."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_WINDOW,
  .shape = tap_op_pool_shape,
  .macs = tap_op_pool_macs,
  .in_space = &tap_op_lp_pool_3d,
};
