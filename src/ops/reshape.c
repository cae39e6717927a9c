/* reshape.c - Reshape, Flatten, Squeeze, Unsqueeze: the same numbers in another shape
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

/* Fills the one -1 of @shape so that @count numbers fit; checks that they do. */
static gboolean
settle (const TapShapeContext *ctx, TapShape *shape, int unknown, GError **error)
{
  const TapShape *x = &ctx->inputs[0];
  gint64 count = tap_shape_product (x, 0, x->n_dims), product = 1;

  for (int i = 0; i < shape->n_dims; i++)
    if (i != unknown && __builtin_mul_overflow (product, shape->dims[i], &product))
      product = G_MAXINT64;
  if (unknown >= 0 && product > 0 && count % product == 0)
    {
      shape->dims[unknown] = count / product;
      product = count;
    }
  if (product != count || (unknown >= 0 && shape->dims[unknown] < 0))
    {
      g_autofree char *from = tap_shape_to_string (x);
      g_autofree char *to = tap_shape_to_string (shape);

      return tap_op_fail (error, "%s cannot be seen as %s", from, to);
    }
  return TRUE;
}

static gboolean
reshape_shape (TapShapeContext *ctx, GError **error)
{
  gboolean old = tap_op_opset (ctx->node) < 5;
  gboolean allow_zero = tap_attrs_get_int (ctx->node->attrs, "allowzero", 0) != 0;
  const gint64 *dims;
  TapShape shape = { 0 };
  int unknown = -1;
  gsize n;

  if (!tap_op_get_ints (ctx, old ? "shape" : NULL, 1, &dims, &n, error))
    return FALSE;
  if (dims == NULL)
    return tap_op_fail (error, "“shape” is missing");
  if (n > TAP_MAX_DIMS)
    return tap_op_decline (error, "shapes of more than %d dimensions are not supported",
                           TAP_MAX_DIMS);

  shape.n_dims = (int) n;
  for (int i = 0; i < shape.n_dims; i++)
    {
      shape.dims[i] = dims[i];
      if (dims[i] == 0 && !allow_zero)
        {
          if (i >= ctx->inputs[0].n_dims)
            return tap_op_fail (error, "dimension %d is to be kept, but the input has only %d",
                                i + 1, ctx->inputs[0].n_dims);
          shape.dims[i] = ctx->inputs[0].dims[i];
        }
      else if (dims[i] == -1 && unknown < 0)
        unknown = i;
      else if (dims[i] < 0)
        return tap_op_fail (error, "the shape has the dimension %" G_GINT64_FORMAT "%s", dims[i],
                            dims[i] == -1 ? " twice" : "");
    }
  if (!settle (ctx, &shape, unknown, error))
    return FALSE;
  ctx->outputs[0] = shape;
  return TRUE;
}

static gboolean
flatten_shape (TapShapeContext *ctx, GError **error)
{
  const TapShape *x = &ctx->inputs[0];
  gint64 axis;

  if (!tap_op_get_int (ctx, "axis", 1, &axis, error))
    return FALSE;
  if (axis < -(gint64) x->n_dims || axis > x->n_dims)
    {
      /* the default axis of a scalar */
      if (x->n_dims != 0 || axis != 1)
        return tap_op_fail (error, "the axis %" G_GINT64_FORMAT " does not exist in %d dimensions",
                            axis, x->n_dims);
      axis = 0;
    }
  if (axis < 0)
    axis += x->n_dims;
  ctx->outputs[0] = (TapShape){
    2,
    { tap_shape_product (x, 0, (int) axis), tap_shape_product (x, (int) axis, x->n_dims) },
  };
  return TRUE;
}

static gboolean
squeeze_shape (TapShapeContext *ctx, GError **error)
{
  const TapShape *x = &ctx->inputs[0];
  gboolean drop[TAP_MAX_DIMS] = { FALSE };
  TapShape out = { 0 };
  const gint64 *axes;
  gsize n;

  if (!tap_op_get_ints (ctx, "axes", 1, &axes, &n, error))
    return FALSE;
  if (axes != NULL && !tap_op_axes (axes, n, x->n_dims, drop, error))
    return FALSE;
  for (int i = 0; i < x->n_dims; i++)
    {
      if (axes == NULL)
        drop[i] = x->dims[i] == 1;
      if (drop[i] && x->dims[i] != 1)
        return tap_op_fail (error, "axis %d cannot be dropped: it has %" G_GINT64_FORMAT " cells",
                            i, x->dims[i]);
      if (!drop[i])
        out.dims[out.n_dims++] = x->dims[i];
    }
  ctx->outputs[0] = out;
  return TRUE;
}

static gboolean
unsqueeze_shape (TapShapeContext *ctx, GError **error)
{
  const TapShape *x = &ctx->inputs[0];
  gboolean insert[TAP_MAX_DIMS] = { FALSE };
  TapShape out = { 0 };
  const gint64 *axes;
  gsize n;
  int from = 0;

  if (!tap_op_get_ints (ctx, "axes", 1, &axes, &n, error))
    return FALSE;
  if (axes == NULL)
    return tap_op_fail (error, "“axes” is missing");
  if (n > (gsize) (TAP_MAX_DIMS - x->n_dims))
    return tap_op_decline (error, "shapes of more than %d dimensions are not supported",
                           TAP_MAX_DIMS);
  out.n_dims = x->n_dims + (int) n;
  if (!tap_op_axes (axes, n, out.n_dims, insert, error))
    return FALSE;
  for (int i = 0; i < out.n_dims; i++)
    out.dims[i] = insert[i] ? 1 : x->dims[from++];
  ctx->outputs[0] = out;
  return TRUE;
}

const TapOp tap_op_reshape = {
  .name = "Reshape",
  .summary = N_ ("Sees the same numbers in another shape."),
  .min_inputs = 1,
  .max_inputs = 2,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = reshape_shape,
  .fold = tap_fold_view,
};

const TapOp tap_op_flatten = {
  .name = "Flatten",
  .summary = N_ ("Lays all maps out as one row of numbers."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = flatten_shape,
  .fold = tap_fold_view,
};

const TapOp tap_op_squeeze = {
  .name = "Squeeze",
  .summary = N_ ("Drops dimensions of one cell."),
  .min_inputs = 1,
  .max_inputs = 2,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = squeeze_shape,
  .fold = tap_fold_view,
};

const TapOp tap_op_unsqueeze = {
  .name = "Unsqueeze",
  .summary = N_ ("Inserts dimensions of one cell."),
  .min_inputs = 1,
  .max_inputs = 2,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = unsqueeze_shape,
  .fold = tap_fold_view,
};
