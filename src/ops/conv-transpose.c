/* conv-transpose.c - ConvTranspose: the adjoint of a convolution, used to enlarge
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * y[n, k, i·stride + r·dilation - pad, …] += x[n,c,i,…] · w[c,k,r,s]. */
#include "config.h"

#include "ops/tap-op-private.h"

extern const TapOp tap_op_conv_transpose_3d;

gboolean
tap_op_conv_transpose_shape (TapShapeContext *ctx, GError **error)
{
  const TapShape *x = &ctx->inputs[0], *w = &ctx->inputs[1];
  gint64 group, channels;

  if (!tap_op_check_rank (ctx, 0, 3, TAP_MAX_DIMS, error) ||
      !tap_op_check_rank (ctx, 1, x->n_dims, x->n_dims, error) ||
      !tap_op_get_int (ctx, "group", 1, &group, error))
    return FALSE;

  if (group < 1)
    return tap_op_fail (
      error, "the attribute “group” is expected to be at least 1, found %" G_GINT64_FORMAT, group);
  if (x->dims[1] != w->dims[0] || x->dims[1] % group != 0)
    {
      g_autofree char *weights = tap_shape_to_string (w);

      return tap_op_fail (error,
                          "weights of %s in %" G_GINT64_FORMAT
                          " groups do not go with %" G_GINT64_FORMAT " input channels",
                          weights, group, x->dims[1]);
    }
  if (__builtin_mul_overflow (w->dims[1], group, &channels))
    return tap_op_fail (error, "the output would have too many channels");
  if (tap_op_has_input (ctx, 2) &&
      (ctx->inputs[2].n_dims != 1 || ctx->inputs[2].dims[0] != channels))
    {
      g_autofree char *bias = tap_shape_to_string (&ctx->inputs[2]);

      return tap_op_fail (error, "a bias of %" G_GINT64_FORMAT " numbers is expected, found %s",
                          channels, bias);
    }
  return tap_op_window_shape (ctx, 1, channels, error);
}

guint64
tap_op_conv_transpose_macs (const TapShapeContext *ctx)
{
  const TapShape *x = &ctx->inputs[0], *w = &ctx->inputs[1];

  return (guint64) tap_shape_product (x, 0, x->n_dims) *
         (guint64) tap_shape_product (w, 1, w->n_dims);
}

const TapOp tap_op_conv_transpose = {
  .name = "ConvTranspose",
  .summary = N_ ("Spreads each value with learned filters over a larger map."),
  .min_inputs = 2,
  .max_inputs = 3,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_WINDOW,
  .shape = tap_op_conv_transpose_shape,
  .macs = tap_op_conv_transpose_macs,
  .in_space = &tap_op_conv_transpose_3d,
};
