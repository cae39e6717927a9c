/* expand.c - Expand, Tile: repeats its input
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

static gboolean
expand_shape (TapShapeContext *ctx, GError **error)
{
  TapShape target = { 0 };
  const gint64 *dims;
  gsize n;

  if (!tap_op_get_ints (ctx, NULL, 1, &dims, &n, error))
    return FALSE;
  if (n > TAP_MAX_DIMS)
    return tap_op_decline (error, "shapes of more than %d dimensions are not supported",
                           TAP_MAX_DIMS);
  target.n_dims = (int) n;
  for (int i = 0; i < target.n_dims; i++)
    {
      /* PyTorch's way to say “as it is” */
      target.dims[i] = dims[i] == -1 ? 1 : dims[i];
      if (target.dims[i] < 0)
        return tap_op_fail (error, "the shape has the dimension %" G_GINT64_FORMAT, dims[i]);
    }
  if (!tap_shape_broadcast (&ctx->inputs[0], &target, &ctx->outputs[0]))
    {
      g_autofree char *from = tap_shape_to_string (&ctx->inputs[0]);
      g_autofree char *to = tap_shape_to_string (&target);

      return tap_op_fail (error, "%s cannot be repeated to %s", from, to);
    }
  return TRUE;
}

static gboolean
expand_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  const TapTensor *in = ctx->constants[0];
  gint64 src_strides[TAP_MAX_DIMS], dst_strides[TAP_MAX_DIMS];

  outputs[0] = tap_fold_new (ctx, 0, error);
  if (outputs[0] == NULL)
    return FALSE;
  tap_fold_broadcast_strides (&in->shape, &ctx->outputs[0], src_strides);
  tap_fold_strides (&ctx->outputs[0], dst_strides);
  tap_fold_copy (outputs[0]->data, dst_strides, in->data, src_strides, &ctx->outputs[0],
                 tap_dtype_size (in->dtype));
  return TRUE;
}

static gboolean
tile_shape (TapShapeContext *ctx, GError **error)
{
  const TapShape *x = &ctx->inputs[0];
  const gint64 *repeats;
  gsize n;

  if (tap_op_opset (ctx->node) < 6)
    return tap_op_decline (error, "Tile of opsets before 6 is not supported");
  if (!tap_op_get_ints (ctx, NULL, 1, &repeats, &n, error))
    return FALSE;
  if (repeats == NULL || n != (gsize) x->n_dims)
    return tap_op_fail (error, "%d repeats are expected, found %" G_GSIZE_FORMAT, x->n_dims, n);
  ctx->outputs[0] = *x;
  for (int i = 0; i < x->n_dims; i++)
    if (repeats[i] < 0 || __builtin_mul_overflow (x->dims[i], repeats[i], &ctx->outputs[0].dims[i]))
      return tap_op_fail (error, "%" G_GINT64_FORMAT " repeats cannot be made", repeats[i]);
  return TRUE;
}

static gboolean
tile_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  const TapTensor *in = ctx->constants[0];
  gint64 src_strides[TAP_MAX_DIMS], dst_strides[TAP_MAX_DIMS];
  gint64 tile[TAP_MAX_DIMS] = { 0 };
  gsize size = tap_dtype_size (in->dtype);
  TapTensor *out = outputs[0] = tap_fold_new (ctx, 0, error);
  int d;

  if (out == NULL)
    return FALSE;
  if (out->count == 0)
    return TRUE;
  tap_fold_strides (&in->shape, src_strides);
  tap_fold_strides (&out->shape, dst_strides);
  do
    {
      gint64 offset = 0;

      for (d = 0; d < in->shape.n_dims; d++)
        offset += tile[d] * in->shape.dims[d] * dst_strides[d];
      tap_fold_copy ((char *) out->data + offset * (gint64) size, dst_strides, in->data,
                     src_strides, &in->shape, size);
      for (d = in->shape.n_dims - 1; d >= 0; d--)
        {
          if (++tile[d] < out->shape.dims[d] / in->shape.dims[d])
            break;
          tile[d] = 0;
        }
    }
  while (d >= 0);
  return TRUE;
}

const TapOp tap_op_expand = {
  .name = "Expand",
  .summary = N_ ("Repeats its input to a larger shape."),
  .min_inputs = 2,
  .max_inputs = 2,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = expand_shape,
  .fold = expand_fold,
};

const TapOp tap_op_tile = {
  .name = "Tile",
  .summary = N_ ("Repeats its input side by side."),
  .min_inputs = 2,
  .max_inputs = 3,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = tile_shape,
  .fold = tile_fold,
};
