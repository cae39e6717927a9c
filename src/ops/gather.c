/* gather.c - Gather, GatherElements: picks by index
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

#include <string.h>

static gboolean
get_axis (const TapShapeContext *ctx, int *axis, GError **error)
{
  gint64 attr;

  return tap_op_get_int (ctx, "axis", 0, &attr, error) &&
         tap_op_axis (attr, ctx->inputs[0].n_dims, axis, error);
}

static gboolean
check_indices (const TapShapeContext *ctx, int axis, GError **error)
{
  const TapTensor *indices = ctx->constants[1];
  gint64 dim = ctx->inputs[0].dims[axis];

  if (indices == NULL)
    return TRUE;
  if (indices->dtype != TAP_DTYPE_I64)
    return tap_op_fail (error, "the indices are expected to be integers");
  for (gsize i = 0; i < indices->count; i++)
    {
      gint64 at = tap_tensor_i64 (indices)[i];

      if (at < -dim || at >= dim)
        return tap_op_fail (error, "the index %" G_GINT64_FORMAT " is outside %" G_GINT64_FORMAT,
                            at, dim);
    }
  return TRUE;
}

static gboolean
gather_shape (TapShapeContext *ctx, GError **error)
{
  const TapShape *x = &ctx->inputs[0], *indices = &ctx->inputs[1];
  TapShape out = { 0 };
  int axis;

  if (!tap_op_check_rank (ctx, 0, 1, TAP_MAX_DIMS, error) || !get_axis (ctx, &axis, error) ||
      !check_indices (ctx, axis, error))
    return FALSE;
  if (x->n_dims - 1 + indices->n_dims > TAP_MAX_DIMS)
    return tap_op_decline (error, "the output would have more than %d dimensions", TAP_MAX_DIMS);

  for (int d = 0; d < axis; d++)
    out.dims[out.n_dims++] = x->dims[d];
  for (int d = 0; d < indices->n_dims; d++)
    out.dims[out.n_dims++] = indices->dims[d];
  for (int d = axis + 1; d < x->n_dims; d++)
    out.dims[out.n_dims++] = x->dims[d];
  ctx->outputs[0] = out;
  return TRUE;
}

static gboolean
gather_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  const TapTensor *in = ctx->constants[0], *indices = ctx->constants[1];
  gsize outer, inner, dim, size = tap_dtype_size (in->dtype);
  char *to;
  int axis;

  if (!get_axis (ctx, &axis, error))
    return FALSE;
  outputs[0] = tap_fold_new (ctx, 0, error);
  if (outputs[0] == NULL)
    return FALSE;

  outer = (gsize) tap_shape_product (&in->shape, 0, axis);
  dim = (gsize) in->shape.dims[axis];
  inner = (gsize) tap_shape_product (&in->shape, axis + 1, in->shape.n_dims) * size;
  to = outputs[0]->data;
  if (outputs[0]->count == 0)
    return TRUE;
  for (gsize o = 0; o < outer; o++)
    for (gsize i = 0; i < indices->count; i++)
      {
        gint64 at = tap_tensor_i64 (indices)[i];

        at += at < 0 ? (gint64) dim : 0;
        memcpy (to, (const char *) in->data + (o * dim + (gsize) at) * inner, inner);
        to += inner;
      }
  return TRUE;
}

static gboolean
gather_elements_shape (TapShapeContext *ctx, GError **error)
{
  const TapShape *x = &ctx->inputs[0];
  int axis;

  if (!tap_op_check_rank (ctx, 0, 1, TAP_MAX_DIMS, error) ||
      !tap_op_check_rank (ctx, 1, x->n_dims, x->n_dims, error) || !get_axis (ctx, &axis, error) ||
      !check_indices (ctx, axis, error))
    return FALSE;
  for (int d = 0; d < x->n_dims; d++)
    if (d != axis && ctx->inputs[1].dims[d] > x->dims[d])
      return tap_op_fail (error, "there are more indices than cells along axis %d", d);
  ctx->outputs[0] = ctx->inputs[1];
  return TRUE;
}

const TapOp tap_op_gather = {
  .name = "Gather",
  .summary = N_ ("Picks slices by index."),
  .min_inputs = 2,
  .max_inputs = 2,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = gather_shape,
  .fold = gather_fold,
};

const TapOp tap_op_gather_elements = {
  .name = "GatherElements",
  .summary = N_ ("Picks single cells by index."),
  .min_inputs = 2,
  .max_inputs = 2,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = gather_elements_shape,
};
