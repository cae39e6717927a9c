/* identity.c - Identity, Dropout, ImageScaler: what hardly changes its input
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

/* Exporters leave dropout of nothing in training mode (Swin does); it passes everything on all the same. */
static gboolean
drops_nothing (const TapShapeContext *ctx)
{
  const TapTensor *ratio = tap_op_has_input (ctx, 1) ? ctx->constants[1] : NULL;

  return ratio != NULL && ratio->dtype == TAP_DTYPE_F32 && ratio->count == 1 &&
         tap_tensor_f32 (ratio)[0] == 0.0f;
}

static gboolean
dropout_shape (TapShapeContext *ctx, GError **error)
{
  if (tap_op_opset (ctx->node) >= 12 && tap_op_has_input (ctx, 2))
    {
      const TapTensor *training = ctx->constants[2];

      if (!drops_nothing (ctx) &&
          (training == NULL || (training->dtype == TAP_DTYPE_I64 && training->count > 0 &&
                                tap_tensor_i64 (training)[0] != 0)))
        return tap_op_decline (error, "dropout in training mode is not supported");
    }
  ctx->outputs[0] = ctx->inputs[0];
  if (ctx->node->n_outputs > 1)
    {
      ctx->outputs[1] = ctx->inputs[0];
      ctx->output_dtypes[1] = TAP_DTYPE_I64;
    }
  return TRUE;
}

static gboolean
dropout_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  if (!tap_fold_view (ctx, outputs, error))
    return FALSE;
  if (ctx->node->n_outputs > 1)
    {
      /* the mask: everything is kept */
      outputs[1] = tap_fold_new (ctx, 1, error);
      if (outputs[1] == NULL)
        return FALSE;
      for (gsize i = 0; i < outputs[1]->count; i++)
        tap_tensor_i64 (outputs[1])[i] = 1;
    }
  return TRUE;
}

static gboolean
scaler_shape (TapShapeContext *ctx, GError **error)
{
  const float *bias;
  gsize n;

  if (!tap_op_check_rank (ctx, 0, 3, TAP_MAX_DIMS, error) ||
      !tap_op_get_floats (ctx, "bias", -1, &bias, &n, error))
    return FALSE;
  if (bias != NULL && n != (gsize) ctx->inputs[0].dims[1])
    return tap_op_fail (error,
                        "the attribute “bias” is expected to have %" G_GINT64_FORMAT
                        " numbers, found %" G_GSIZE_FORMAT,
                        ctx->inputs[0].dims[1], n);
  ctx->outputs[0] = ctx->inputs[0];
  return TRUE;
}

const TapOp tap_op_identity = {
  .name = "Identity",
  .summary = N_ ("Passes its input on."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_POINTWISE,
  .shape = tap_op_shape_same,
  .fold = tap_fold_view,
};

const TapOp tap_op_dropout = {
  .name = "Dropout",
  .summary = N_ ("Drops values at random in training; passes its input on here."),
  .min_inputs = 1,
  .max_inputs = 3,
  .min_outputs = 1,
  .max_outputs = 2,
  .region = TAP_REGION_POINTWISE,
  .shape = dropout_shape,
  .fold = dropout_fold,
};

const TapOp tap_op_image_scaler = {
  .name = "ImageScaler",
  .summary = N_ ("Scales the picture and adds a number to each channel."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_POINTWISE,
  .shape = scaler_shape,
};
