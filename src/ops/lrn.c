/* lrn.c - LRN: local response normalization
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * y = x · (bias + alpha/size · Σ x²)^-beta over “size” neighbouring channels (METHODS 4.3). Beyond ONNX:
 * “norm_region” = “WITHIN_CHANNEL” sums over a size × size square of the own map (Caffe), “raw_alpha” = 1
 * takes alpha undivided (TensorFlow); see ops/README.md. */
#include "config.h"

#include "ops/tap-op-private.h"

static gboolean
lrn_shape (TapShapeContext *ctx, GError **error)
{
  const char *region = tap_attrs_get_string (ctx->node->attrs, "norm_region", "ACROSS_CHANNELS");
  gint64 size;

  if (!tap_op_check_rank (ctx, 0, 2, TAP_MAX_DIMS, error) ||
      !tap_op_get_int (ctx, "size", 0, &size, error))
    return FALSE;
  if (size < 1)
    return tap_op_fail (
      error, "the attribute “size” is expected to be at least 1, found %" G_GINT64_FORMAT, size);
  if (g_str_equal (region, "WITHIN_CHANNEL"))
    {
      TapWindow window;

      if (!tap_op_window (ctx->node, &ctx->inputs[0], NULL, &window, error))
        return FALSE;
    }
  else if (!g_str_equal (region, "ACROSS_CHANNELS"))
    return tap_op_fail (error, "the attribute “norm_region” cannot be “%s”", region);

  ctx->outputs[0] = ctx->inputs[0];
  return TRUE;
}

const TapOp tap_op_lrn = {
  .name = "LRN",
  .summary = N_ ("Weakens values that have strong neighbours."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_POINTWISE,
  .shape = lrn_shape,
};
