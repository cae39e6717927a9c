/* topk.c - TopK: the largest (or smallest) values along an axis, with their places
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

static gboolean
topk_shape (TapShapeContext *ctx, GError **error)
{
  const TapShape *x = &ctx->inputs[0];
  gboolean old = tap_op_opset (ctx->node) < 10;
  const gint64 *values;
  gint64 attr, k;
  gsize n;
  int axis;

  if (!tap_op_get_int (ctx, "axis", -1, &attr, error) ||
      !tap_op_axis (attr, x->n_dims, &axis, error) || !tap_op_get_int (ctx, "k", 0, &k, error) ||
      !tap_op_get_ints (ctx, NULL, old ? -1 : 1, &values, &n, error))
    return FALSE;
  if (!old && n != 1)
    return tap_op_fail (error, "“K” is expected to be one number");
  if (!old)
    k = values[0];
  if (k < 0 || k > x->dims[axis])
    return tap_op_fail (error,
                        "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " values cannot be taken", k,
                        x->dims[axis]);
  for (int i = 0; i < ctx->node->n_outputs; i++)
    {
      ctx->outputs[i] = *x;
      ctx->outputs[i].dims[axis] = k;
      if (i == 1)
        ctx->output_dtypes[i] = TAP_DTYPE_I64;
    }
  return TRUE;
}

const TapOp tap_op_topk = {
  .name = "TopK",
  .summary = N_ ("The largest values along an axis, with their places."),
  .min_inputs = 1,
  .max_inputs = 2,
  .min_outputs = 1,
  .max_outputs = 2,
  .region = TAP_REGION_FULL,
  .shape = topk_shape,
};
