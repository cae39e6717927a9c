/* global-pool.c - GlobalAveragePool, GlobalMaxPool: one number for each map
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

static gboolean
global_shape (TapShapeContext *ctx, GError **error)
{
  if (!tap_op_check_rank (ctx, 0, 3, TAP_MAX_DIMS, error))
    return FALSE;
  ctx->outputs[0] = ctx->inputs[0];
  for (int i = 2; i < ctx->outputs[0].n_dims; i++)
    {
      if (ctx->inputs[0].dims[i] < 1)
        return tap_op_fail (error, "there is nothing to pool in an extent of 0");
      ctx->outputs[0].dims[i] = 1;
    }
  return TRUE;
}

static guint64
global_macs (const TapShapeContext *ctx)
{
  return (guint64) tap_shape_product (&ctx->inputs[0], 0, ctx->inputs[0].n_dims);
}

const TapOp tap_op_global_average_pool = {
  .name = "GlobalAveragePool",
  .summary = N_ ("Takes the mean of each map."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = global_shape,
  .macs = global_macs,
};

const TapOp tap_op_global_max_pool = {
  .name = "GlobalMaxPool",
  .summary = N_ ("Keeps the largest value of each map."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = global_shape,
};
