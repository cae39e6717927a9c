/* gemm.c - Gemm: alpha · A' B' + beta · C, the fully connected layer
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

static gboolean
gemm_shape (TapShapeContext *ctx, GError **error)
{
  const TapShape *a = &ctx->inputs[0], *b = &ctx->inputs[1];
  gint64 trans_a, trans_b;
  TapShape out;

  if (!tap_op_check_rank (ctx, 0, 2, 2, error) || !tap_op_check_rank (ctx, 1, 2, 2, error) ||
      !tap_op_get_int (ctx, "transA", 0, &trans_a, error) ||
      !tap_op_get_int (ctx, "transB", 0, &trans_b, error))
    return FALSE;

  if (a->dims[trans_a ? 0 : 1] != b->dims[trans_b ? 1 : 0])
    {
      g_autofree char *text_a = tap_shape_to_string (a);
      g_autofree char *text_b = tap_shape_to_string (b);

      return tap_op_fail (error, "%s%s cannot be multiplied with %s%s", text_a,
                          trans_a ? " (transposed)" : "", text_b, trans_b ? " (transposed)" : "");
    }
  out = (TapShape){ 2, { a->dims[trans_a ? 1 : 0], b->dims[trans_b ? 0 : 1] } };
  if (tap_op_has_input (ctx, 2))
    {
      TapShape together;

      if (!tap_shape_broadcast (&out, &ctx->inputs[2], &together) ||
          !tap_shape_equal (&together, &out))
        {
          g_autofree char *c = tap_shape_to_string (&ctx->inputs[2]);
          g_autofree char *product = tap_shape_to_string (&out);

          return tap_op_fail (error, "%s cannot be added to a product of %s", c, product);
        }
    }
  ctx->outputs[0] = out;
  return TRUE;
}

static guint64
gemm_macs (const TapShapeContext *ctx)
{
  gboolean trans_a = tap_attrs_get_int (ctx->node->attrs, "transA", 0) != 0;

  return (guint64) tap_shape_product (&ctx->outputs[0], 0, 2) *
         (guint64) ctx->inputs[0].dims[trans_a ? 0 : 1];
}

const TapOp tap_op_gemm = {
  .name = "Gemm",
  .summary = N_ ("Combines all inputs with learned weights (fully connected)."),
  .min_inputs = 2,
  .max_inputs = 3,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = gemm_shape,
  .macs = gemm_macs,
};
