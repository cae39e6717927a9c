/* clip.c - Clip: keeps every value between two bounds
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The bounds are attributes before opset 11, inputs since; either may be left out. */
#include "config.h"

#include "ops/tap-op-private.h"

static gboolean
clip_shape (TapShapeContext *ctx, GError **error)
{
  for (int i = 1; i <= 2; i++)
    if (tap_op_has_input (ctx, i) &&
        tap_shape_product (&ctx->inputs[i], 0, ctx->inputs[i].n_dims) != 1)
      {
        g_autofree char *found = tap_shape_to_string (&ctx->inputs[i]);

        return tap_op_fail (error, "a bound is expected to be one number, found %s", found);
      }
  ctx->outputs[0] = ctx->inputs[0];
  return TRUE;
}

const TapOp tap_op_clip = {
  .name = "Clip",
  .summary = N_ ("Keeps every value between two bounds."),
  .min_inputs = 1,
  .max_inputs = 3,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_POINTWISE,
  .shape = clip_shape,
};
