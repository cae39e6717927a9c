/* transpose.c - Transpose: dimensions in another order
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

static gboolean
read_order (const TapShapeContext *ctx, int *order, GError **error)
{
  int rank = ctx->inputs[0].n_dims;
  gboolean set[TAP_MAX_DIMS];
  const gint64 *perm;
  gsize n;

  if (!tap_op_get_ints (ctx, "perm", -1, &perm, &n, error))
    return FALSE;
  for (int i = 0; i < rank; i++)
    order[i] = rank - 1 - i;
  if (perm == NULL)
    return TRUE;
  if (n != (gsize) rank)
    return tap_op_fail (
      error, "the attribute “perm” is expected to have %d numbers, found %" G_GSIZE_FORMAT, rank,
      n);
  if (!tap_op_axes (perm, n, rank, set, error))
    return FALSE;
  for (int i = 0; i < rank; i++)
    order[i] = (int) (perm[i] < 0 ? perm[i] + rank : perm[i]);
  return TRUE;
}

static gboolean
transpose_shape (TapShapeContext *ctx, GError **error)
{
  int order[TAP_MAX_DIMS];

  if (!read_order (ctx, order, error))
    return FALSE;
  ctx->outputs[0].n_dims = ctx->inputs[0].n_dims;
  for (int i = 0; i < ctx->inputs[0].n_dims; i++)
    ctx->outputs[0].dims[i] = ctx->inputs[0].dims[order[i]];
  return TRUE;
}

static gboolean
transpose_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  const TapTensor *in = ctx->constants[0];
  gint64 strides[TAP_MAX_DIMS], src_strides[TAP_MAX_DIMS], dst_strides[TAP_MAX_DIMS];
  int order[TAP_MAX_DIMS];

  if (!read_order (ctx, order, error))
    return FALSE;
  outputs[0] = tap_fold_new (ctx, 0, error);
  if (outputs[0] == NULL)
    return FALSE;

  tap_fold_strides (&in->shape, strides);
  tap_fold_strides (&ctx->outputs[0], dst_strides);
  for (int i = 0; i < in->shape.n_dims; i++)
    src_strides[i] = strides[order[i]];
  tap_fold_copy (outputs[0]->data, dst_strides, in->data, src_strides, &ctx->outputs[0],
                 tap_dtype_size (in->dtype));
  return TRUE;
}

const TapOp tap_op_transpose = {
  .name = "Transpose",
  .summary = N_ ("Puts the dimensions in another order."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = transpose_shape,
  .fold = transpose_fold,
};
