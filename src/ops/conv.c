/* conv.c - Conv: cross-correlation with learned weights
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * y[n,k,p,q] = b[k] + Σ_{c,r,s} x[n, c, p·stride + r·dilation - pad, …] · w[k,c,r,s], c within k's group. */
#include "config.h"

#include "ops/tap-op-private.h"

extern const TapOp tap_op_conv_3d;

gboolean
tap_op_conv_shape_of (TapShapeContext *ctx, int weights, int bias, GError **error)
{
  const TapShape *x = &ctx->inputs[0], *w = &ctx->inputs[weights];
  gint64 group;

  if (!tap_op_check_rank (ctx, 0, 3, TAP_MAX_DIMS, error) ||
      !tap_op_check_rank (ctx, weights, x->n_dims, x->n_dims, error) ||
      !tap_op_get_int (ctx, "group", 1, &group, error))
    return FALSE;

  /* the group first: it divides */
  if (group < 1)
    return tap_op_fail (
      error, "the attribute “group” is expected to be at least 1, found %" G_GINT64_FORMAT, group);
  if (x->dims[1] % group != 0 || x->dims[1] / group != w->dims[1] || w->dims[0] % group != 0)
    {
      g_autofree char *text = tap_shape_to_string (w);

      return tap_op_fail (error,
                          "weights of %s in %" G_GINT64_FORMAT
                          " groups do not go with %" G_GINT64_FORMAT " input channels",
                          text, group, x->dims[1]);
    }
  if (bias >= 0 && tap_op_has_input (ctx, bias) &&
      (ctx->inputs[bias].n_dims != 1 || ctx->inputs[bias].dims[0] != w->dims[0]))
    {
      g_autofree char *text = tap_shape_to_string (&ctx->inputs[bias]);

      return tap_op_fail (error, "a bias of %" G_GINT64_FORMAT " numbers is expected, found %s",
                          w->dims[0], text);
    }
  return tap_op_window_shape (ctx, weights, w->dims[0], error);
}

gboolean
tap_op_conv_shape (TapShapeContext *ctx, GError **error)
{
  return tap_op_conv_shape_of (ctx, 1, 2, error);
}

guint64
tap_op_conv_macs (const TapShapeContext *ctx)
{
  const TapShape *w = &ctx->inputs[1], *y = &ctx->outputs[0];

  return (guint64) tap_shape_product (y, 0, y->n_dims) *
         (guint64) tap_shape_product (w, 1, w->n_dims);
}

const TapOp tap_op_conv = {
  .name = "Conv",
  .summary = N_ ("Slides learned filters over its input."),
  .min_inputs = 2,
  .max_inputs = 3,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_WINDOW,
  .shape = tap_op_conv_shape,
  .macs = tap_op_conv_macs,
  .in_space = &tap_op_conv_3d,
};
