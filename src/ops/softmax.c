/* softmax.c - Softmax, LogSoftmax: scores to probabilities
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Since opset 13 along one axis (default the last); before, over everything from the axis on (default 1). */
#include "config.h"

#include "ops/tap-op-private.h"

static gboolean
softmax_shape (TapShapeContext *ctx, GError **error)
{
  int rank = ctx->inputs[0].n_dims;
  gboolean flattens = tap_op_opset (ctx->node) < 13;
  gint64 attr;
  int axis;

  if (!tap_op_get_int (ctx, "axis", flattens ? 1 : -1, &attr, error))
    return FALSE;
  /* a vector with the old default axis of 1 is one distribution */
  if (!(flattens && attr == rank) && !tap_op_axis (attr, MAX (rank, 1), &axis, error))
    return FALSE;
  ctx->outputs[0] = ctx->inputs[0];
  return TRUE;
}

const TapOp tap_op_softmax = {
  .name = "Softmax",
  .summary = N_ ("Turns scores into probabilities that add up to one."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = softmax_shape,
};

const TapOp tap_op_log_softmax = {
  .name = "LogSoftmax",
  .summary = N_ ("Turns scores into logarithms of probabilities."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = softmax_shape,
};
