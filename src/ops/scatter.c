/* scatter.c - GatherND, ScatterElements, ScatterND, OneHot: cells by their indices
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

static gboolean
fail_mismatch (const TapShapeContext *ctx, int other, GError **error)
{
  g_autofree char *indices = tap_shape_to_string (&ctx->inputs[1]);
  g_autofree char *text = tap_shape_to_string (&ctx->inputs[other]);

  return tap_op_fail (error, "indices of %s do not go with %s", indices, text);
}

static gboolean
gather_nd_shape (TapShapeContext *ctx, GError **error)
{
  const TapShape *x = &ctx->inputs[0], *indices = &ctx->inputs[1];
  TapShape out = { 0 };
  gint64 batch, depth;

  if (!tap_op_check_rank (ctx, 0, 1, TAP_MAX_DIMS, error) ||
      !tap_op_check_rank (ctx, 1, 1, TAP_MAX_DIMS, error) ||
      !tap_op_get_int (ctx, "batch_dims", 0, &batch, error))
    return FALSE;
  depth = indices->dims[indices->n_dims - 1];
  if (batch < 0 || batch >= MIN (x->n_dims, indices->n_dims) || depth < 1 ||
      batch + depth > x->n_dims)
    return fail_mismatch (ctx, 0, error);
  for (int d = 0; d < batch; d++)
    if (x->dims[d] != indices->dims[d])
      return fail_mismatch (ctx, 0, error);
  if (indices->n_dims - 1 + x->n_dims - batch - depth > TAP_MAX_DIMS)
    return tap_op_decline (error, "the output would have more than %d dimensions", TAP_MAX_DIMS);
  for (int d = 0; d < indices->n_dims - 1; d++)
    out.dims[out.n_dims++] = indices->dims[d];
  for (int d = (int) (batch + depth); d < x->n_dims; d++)
    out.dims[out.n_dims++] = x->dims[d];
  ctx->outputs[0] = out;
  return TRUE;
}

/* Only what has a derivative everywhere. */
static gboolean
check_reduction (const TapShapeContext *ctx, GError **error)
{
  const char *reduction = tap_attrs_get_string (ctx->node->attrs, "reduction", "none");

  if (g_str_equal (reduction, "none") || g_str_equal (reduction, "add"))
    return TRUE;
  return tap_op_decline (error, "the reduction “%.20s” is not supported", reduction);
}

static gboolean
check_kinds (const TapShapeContext *ctx, GError **error)
{
  if (tap_op_input_dtype (ctx, 0) == tap_op_input_dtype (ctx, 2))
    return TRUE;
  return tap_op_fail (error, "the updates are of another type than what they replace");
}

static gboolean
scatter_elements_shape (TapShapeContext *ctx, GError **error)
{
  const TapShape *x = &ctx->inputs[0], *indices = &ctx->inputs[1];
  gint64 attr;
  int axis;

  if (!tap_op_check_rank (ctx, 0, 1, TAP_MAX_DIMS, error) ||
      !tap_op_check_rank (ctx, 1, x->n_dims, x->n_dims, error) ||
      !tap_op_get_int (ctx, "axis", 0, &attr, error) ||
      !tap_op_axis (attr, x->n_dims, &axis, error) || !check_reduction (ctx, error) ||
      !check_kinds (ctx, error))
    return FALSE;
  if (!tap_shape_equal (indices, &ctx->inputs[2]))
    return fail_mismatch (ctx, 2, error);
  for (int d = 0; d < x->n_dims; d++)
    if (d != axis && indices->dims[d] > x->dims[d])
      return fail_mismatch (ctx, 0, error);
  ctx->outputs[0] = *x;
  return TRUE;
}

static gboolean
scatter_nd_shape (TapShapeContext *ctx, GError **error)
{
  const TapShape *x = &ctx->inputs[0], *indices = &ctx->inputs[1], *updates = &ctx->inputs[2];
  gint64 depth;

  if (!tap_op_check_rank (ctx, 0, 1, TAP_MAX_DIMS, error) ||
      !tap_op_check_rank (ctx, 1, 1, TAP_MAX_DIMS, error) || !check_reduction (ctx, error) ||
      !check_kinds (ctx, error))
    return FALSE;
  depth = indices->dims[indices->n_dims - 1];
  if (depth < 1 || depth > x->n_dims)
    return fail_mismatch (ctx, 0, error);
  if (updates->n_dims != indices->n_dims - 1 + x->n_dims - depth)
    return fail_mismatch (ctx, 2, error);
  for (int d = 0; d < updates->n_dims; d++)
    if (updates->dims[d] !=
        (d < indices->n_dims - 1 ? indices->dims[d] : x->dims[d - (indices->n_dims - 1) + depth]))
      return fail_mismatch (ctx, 2, error);
  ctx->outputs[0] = *x;
  return TRUE;
}

static gboolean
one_hot_shape (TapShapeContext *ctx, GError **error)
{
  const TapShape *indices = &ctx->inputs[0];
  const TapTensor *depth = ctx->constants[1];
  gint64 attr, n;
  int axis;

  if (!tap_op_check_rank (ctx, 0, 0, TAP_MAX_DIMS - 1, error) ||
      !tap_op_get_int (ctx, "axis", -1, &attr, error) ||
      !tap_op_axis (attr, indices->n_dims + 1, &axis, error))
    return FALSE;
  if (depth == NULL)
    return tap_op_decline (error, "the depth is not known before the network runs");
  if (depth->count != 1 || tap_shape_product (&ctx->inputs[2], 0, ctx->inputs[2].n_dims) != 2)
    return tap_op_fail (error, "one depth and two values are expected");
  n = depth->dtype == TAP_DTYPE_I64 ? tap_tensor_i64 (depth)[0] :
                                      (gint64) CLAMP (tap_tensor_f32 (depth)[0], -1, 1e9f);
  if (n < 1 || n > 1000000000)
    return tap_op_fail (error, "the depth is expected to be at least 1, found %" G_GINT64_FORMAT,
                        n);
  ctx->outputs[0] = *indices;
  ctx->outputs[0].n_dims++;
  for (int d = indices->n_dims; d > axis; d--)
    ctx->outputs[0].dims[d] = indices->dims[d - 1];
  ctx->outputs[0].dims[axis] = n;
  ctx->output_dtypes[0] = tap_op_input_dtype (ctx, 2);
  return TRUE;
}

const TapOp tap_op_gather_nd = {
  .name = "GatherND",
  .summary = N_ ("Picks slices by lists of indices."),
  .min_inputs = 2,
  .max_inputs = 2,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = gather_nd_shape,
};

const TapOp tap_op_one_hot = {
  .name = "OneHot",
  .summary = N_ ("Marks the place that an index names."),
  .min_inputs = 3,
  .max_inputs = 3,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = one_hot_shape,
};

const TapOp tap_op_scatter_elements = {
  .name = "ScatterElements",
  .summary = N_ ("Replaces single cells by index."),
  .min_inputs = 3,
  .max_inputs = 3,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = scatter_elements_shape,
};

const TapOp tap_op_scatter_nd = {
  .name = "ScatterND",
  .summary = N_ ("Replaces slices by lists of indices."),
  .min_inputs = 3,
  .max_inputs = 3,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = scatter_nd_shape,
};
