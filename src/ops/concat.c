/* concat.c - Concat: inputs laid end to end along one axis
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

static gboolean
get_axis (const TapShapeContext *ctx, int *axis, GError **error)
{
  gint64 attr;

  if (!tap_attrs_has (ctx->node->attrs, "axis") && tap_op_opset (ctx->node) >= 4)
    return tap_op_fail (error, "the attribute “axis” is missing");
  return tap_op_get_int (ctx, "axis", 1, &attr, error) &&
         tap_op_axis (attr, ctx->inputs[0].n_dims, axis, error);
}

static gboolean
concat_shape (TapShapeContext *ctx, GError **error)
{
  TapShape shape = ctx->inputs[0];
  int axis;

  if (!tap_op_check_rank (ctx, 0, 1, TAP_MAX_DIMS, error) || !get_axis (ctx, &axis, error))
    return FALSE;

  for (int i = 1; i < ctx->node->n_inputs; i++)
    {
      gboolean fits = tap_op_has_input (ctx, i) && ctx->inputs[i].n_dims == shape.n_dims;

      for (int d = 0; fits && d < shape.n_dims; d++)
        if (d != axis)
          fits = ctx->inputs[i].dims[d] == shape.dims[d];
        else
          fits = !__builtin_add_overflow (shape.dims[d], ctx->inputs[i].dims[d], &shape.dims[d]);
      if (!fits)
        {
          g_autofree char *first = tap_shape_to_string (&ctx->inputs[0]);
          g_autofree char *other = tap_op_has_input (ctx, i) ?
                                     tap_shape_to_string (&ctx->inputs[i]) :
                                     g_strdup ("nothing");

          return tap_op_fail (error, "%s and %s cannot be joined along axis %d", first, other,
                              axis);
        }
    }
  ctx->outputs[0] = shape;
  return TRUE;
}

static gboolean
concat_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  g_autoptr (TapTensor) out = tap_fold_new (ctx, 0, error);
  gint64 dst_strides[TAP_MAX_DIMS], src_strides[TAP_MAX_DIMS];
  gsize size, offset = 0;
  int axis;

  if (out == NULL || !get_axis (ctx, &axis, error))
    return FALSE;

  size = tap_dtype_size (out->dtype);
  tap_fold_strides (&out->shape, dst_strides);
  for (int i = 0; i < ctx->node->n_inputs; i++)
    {
      const TapTensor *in = ctx->constants[i];

      if (in->dtype != out->dtype)
        return tap_op_decline (error, "integers and other numbers are mixed");
      tap_fold_strides (&in->shape, src_strides);
      tap_fold_copy ((char *) out->data + offset * size, dst_strides, in->data, src_strides,
                     &in->shape, size);
      offset += (gsize) (in->shape.dims[axis] * dst_strides[axis]);
    }
  outputs[0] = g_steal_pointer (&out);
  return TRUE;
}

const TapOp tap_op_concat = {
  .name = "Concat",
  .summary = N_ ("Lays its inputs end to end."),
  .min_inputs = 1,
  .max_inputs = G_MAXINT,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_POINTWISE,
  .shape = concat_shape,
  .fold = concat_fold,
};
