/* split.c - Split: cuts its input into pieces along one axis
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sizes come from the attribute “split”, from the second input since opset 13, or are equal; the last
 * piece may be smaller since opset 18. */
#include "config.h"

#include "ops/tap-op-private.h"

static gboolean
split_shape (TapShapeContext *ctx, GError **error)
{
  const TapShape *x = &ctx->inputs[0];
  gint64 attr, left, each;
  const gint64 *sizes;
  gsize n;
  int n_outputs = ctx->node->n_outputs, axis;

  if (!tap_op_get_int (ctx, "axis", 0, &attr, error) ||
      !tap_op_axis (attr, x->n_dims, &axis, error) ||
      !tap_op_get_ints (ctx, "split", 1, &sizes, &n, error))
    return FALSE;

  if (sizes != NULL && n != (gsize) n_outputs)
    return tap_op_fail (error, "%" G_GSIZE_FORMAT " sizes are given for %d outputs", n, n_outputs);
  left = x->dims[axis];
  each = (left + n_outputs - 1) / n_outputs;
  if (sizes == NULL && left % n_outputs != 0 && tap_op_opset (ctx->node) < 18)
    return tap_op_fail (error, "%" G_GINT64_FORMAT " cannot be cut into %d equal pieces", left,
                        n_outputs);

  for (int i = 0; i < n_outputs; i++)
    {
      gint64 size = sizes != NULL ? sizes[i] : MIN (each, left);

      if (size < 0 || size > left)
        return tap_op_fail (error,
                            "a piece of %" G_GINT64_FORMAT " does not fit into what is left of "
                            "%" G_GINT64_FORMAT,
                            size, x->dims[axis]);
      ctx->outputs[i] = *x;
      ctx->outputs[i].dims[axis] = size;
      left -= size;
    }
  if (left != 0)
    return tap_op_fail (error, "the pieces leave %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " over",
                        left, x->dims[axis]);
  return TRUE;
}

static gboolean
split_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  const TapTensor *in = ctx->constants[0];
  gsize size = tap_dtype_size (in->dtype), offset = 0;
  gint64 src_strides[TAP_MAX_DIMS], dst_strides[TAP_MAX_DIMS];
  gint64 axis = tap_attrs_get_int (ctx->node->attrs, "axis", 0);

  if (axis < 0)
    axis += in->shape.n_dims;
  tap_fold_strides (&in->shape, src_strides);
  for (int i = 0; i < ctx->node->n_outputs; i++)
    {
      outputs[i] = tap_fold_new (ctx, i, error);
      if (outputs[i] == NULL)
        return FALSE;
      tap_fold_strides (&ctx->outputs[i], dst_strides);
      tap_fold_copy (outputs[i]->data, dst_strides, (char *) in->data + offset * size, src_strides,
                     &ctx->outputs[i], size);
      offset += (gsize) (ctx->outputs[i].dims[axis] * src_strides[axis]);
    }
  return TRUE;
}

const TapOp tap_op_split = {
  .name = "Split",
  .summary = N_ ("Cuts its input into pieces."),
  .min_inputs = 1,
  .max_inputs = 2,
  .min_outputs = 1,
  .max_outputs = G_MAXINT,
  .region = TAP_REGION_POINTWISE,
  .shape = split_shape,
  .fold = split_fold,
};
