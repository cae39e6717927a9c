/* whole-normalization.c - LpNormalization, MeanVarianceNormalization: by figures over whole axes
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

static gboolean
lp_shape (TapShapeContext *ctx, GError **error)
{
  gint64 attr, p;
  int axis;

  if (!tap_op_check_rank (ctx, 0, 1, TAP_MAX_DIMS, error) ||
      !tap_op_get_int (ctx, "axis", -1, &attr, error) ||
      !tap_op_axis (attr, ctx->inputs[0].n_dims, &axis, error) ||
      !tap_op_get_int (ctx, "p", 2, &p, error))
    return FALSE;
  if (p != 1 && p != 2)
    return tap_op_fail (error,
                        "the attribute “p” is expected to be 1 or 2, found %" G_GINT64_FORMAT, p);
  ctx->outputs[0] = ctx->inputs[0];
  return TRUE;
}

static gboolean
mean_variance_shape (TapShapeContext *ctx, GError **error)
{
  static const gint64 usual[] = { 0, 2, 3 };
  gboolean set[TAP_MAX_DIMS];
  const gint64 *axes;
  gsize n;

  if (!tap_op_check_rank (ctx, 0, 1, TAP_MAX_DIMS, error) ||
      !tap_op_get_ints (ctx, "axes", -1, &axes, &n, error))
    return FALSE;
  if (axes == NULL)
    {
      axes = usual;
      n = G_N_ELEMENTS (usual);
    }
  ctx->outputs[0] = ctx->inputs[0];
  return tap_op_axes (axes, n, ctx->inputs[0].n_dims, set, error);
}

const TapOp tap_op_lp_normalization = {
  .name = "LpNormalization",
  .summary = N_ ("Divides by the norm along an axis."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = lp_shape,
};

const TapOp tap_op_mean_variance_normalization = {
  .name = "MeanVarianceNormalization",
  .summary = N_ ("Subtracts the mean and divides by the standard deviation."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = mean_variance_shape,
};
