/* quantize.c - QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which type a zero point has is not known of tensors here; the reader of a file says it in “output_dtype”,
 * an attribute that QuantizeLinear has since opset 21. */
#include "config.h"

#include "ops/quantize.h"
#include "ops/tap-op-private.h"

static const struct
{
  gint64 type; /* ONNX's number */
  float low, high;
} ranges[] = {
  { 2, 0, 255 },        { 3, -128, 127 }, { 4, 0, 65535 },
  { 5, -32768, 32767 }, { 21, 0, 15 },    { 22, -8, 7 },
};

gboolean
tap_quantized_range (const TapNode *node, TapQuantum *quantum, GError **error)
{
  gint64 type = tap_attrs_get_int (node->attrs, "output_dtype", 0);

  for (gsize i = 0; i < G_N_ELEMENTS (ranges); i++)
    if (ranges[i].type == (type == 0 ? 2 : type))
      {
        quantum->low = ranges[i].low;
        quantum->high = ranges[i].high;
        return TRUE;
      }
  return tap_op_decline (error, "numbers of the type %" G_GINT64_FORMAT " are not supported", type);
}

TapQuantumRuns
tap_quantized_runs (const TapNode *node, const TapShape *x, const TapShape *scale)
{
  gint64 axis = tap_attrs_get_int (node->attrs, "axis", 1);
  TapQuantumRuns runs = { 1, 1 };

  if (tap_shape_product (scale, 0, scale->n_dims) == 1)
    runs.inner = (gsize) MAX (tap_shape_product (x, 0, x->n_dims), 1);
  else
    {
      axis = axis < 0 ? axis + x->n_dims : axis;
      runs.n = (gsize) x->dims[axis];
      runs.inner = (gsize) MAX (tap_shape_product (x, (int) axis + 1, x->n_dims), 1);
    }
  return runs;
}

static gboolean
check_scale (const TapShapeContext *ctx, GError **error)
{
  const TapShape *x = &ctx->inputs[0], *scale = &ctx->inputs[1];
  gint64 n = tap_shape_product (scale, 0, scale->n_dims), attr;
  int axis;

  if (tap_attrs_get_int (ctx->node->attrs, "block_size", 0) != 0)
    return tap_op_decline (error, "scales for blocks of numbers are not supported");
  if (tap_op_has_input (ctx, 2) &&
      tap_shape_product (&ctx->inputs[2], 0, ctx->inputs[2].n_dims) != n)
    return tap_op_fail (error, "there are %" G_GINT64_FORMAT " scales, but not as many zero points",
                        n);
  if (n == 1)
    return TRUE;
  if (!tap_op_get_int (ctx, "axis", 1, &attr, error) ||
      !tap_op_axis (attr, x->n_dims, &axis, error))
    return FALSE;
  if (scale->n_dims == 1 && n == x->dims[axis])
    return TRUE;
  return tap_op_fail (error,
                      "%" G_GINT64_FORMAT " scales do not go with the %" G_GINT64_FORMAT
                      " numbers along the axis %d",
                      n, x->dims[axis], axis);
}

static gboolean
quantize_shape (TapShapeContext *ctx, GError **error)
{
  TapQuantum quantum;

  if (!tap_quantized_range (ctx->node, &quantum, error) || !check_scale (ctx, error))
    return FALSE;
  ctx->outputs[0] = ctx->inputs[0];
  ctx->output_dtypes[0] = TAP_DTYPE_F32;
  return TRUE;
}

static gboolean
dequantize_shape (TapShapeContext *ctx, GError **error)
{
  if (!check_scale (ctx, error))
    return FALSE;
  ctx->outputs[0] = ctx->inputs[0];
  ctx->output_dtypes[0] = TAP_DTYPE_F32;
  return TRUE;
}

static gboolean
fold_cells (const TapShapeContext *ctx, gboolean back, TapTensor **outputs, GError **error)
{
  const TapTensor *x = ctx->constants[0], *scale = ctx->constants[1], *zero = NULL;
  TapQuantumRuns runs = tap_quantized_runs (ctx->node, &x->shape, &scale->shape);
  TapQuantum quantum = { 0 };
  float *y;

  if (scale->dtype != TAP_DTYPE_F32)
    return tap_op_fail (error, "the scale is expected to be floating-point numbers");
  if (!back && !tap_quantized_range (ctx->node, &quantum, error))
    return FALSE;
  if (tap_op_has_input (ctx, 2))
    zero = ctx->constants[2];
  outputs[0] = tap_fold_new (ctx, 0, error);
  if (outputs[0] == NULL)
    return FALSE;
  y = tap_tensor_f32 (outputs[0]);
  for (gsize i = 0; i < x->count; i++)
    {
      gsize k = i / runs.inner % runs.n;
      double value = tap_number_at (x->dtype, x->data, i);

      quantum.scale = tap_tensor_f32 (scale)[k];
      quantum.zero = zero != NULL ? (float) tap_number_at (zero->dtype, zero->data, k) : 0;
      y[i] = back ? tap_dequantize (value, &quantum) : tap_quantize ((float) value, &quantum);
    }
  return TRUE;
}

static gboolean
quantize_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  return fold_cells (ctx, FALSE, outputs, error);
}

static gboolean
dequantize_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  return fold_cells (ctx, TRUE, outputs, error);
}

static gboolean
dynamic_shape (TapShapeContext *ctx, GError **error)
{
  ctx->outputs[0] = ctx->inputs[0];
  for (int i = 1; i < ctx->node->n_outputs; i++)
    ctx->outputs[i] = TAP_SHAPE_SCALAR;
  if (ctx->node->n_outputs > 2)
    ctx->output_dtypes[2] = TAP_DTYPE_I64;
  return TRUE;
}

const TapOp tap_op_dequantize_linear = {
  .name = "DequantizeLinear",
  .summary = N_ ("Turns whole numbers of a few bits back into the numbers they stand for."),
  .min_inputs = 2,
  .max_inputs = 3,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_POINTWISE,
  .shape = dequantize_shape,
  .fold = dequantize_fold,
};

const TapOp tap_op_dynamic_quantize_linear = {
  .name = "DynamicQuantizeLinear",
  .summary = N_ ("Rounds to whole numbers of 8 bits, in steps that suit the largest and smallest."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 3,
  .region = TAP_REGION_FULL,
  .shape = dynamic_shape,
};

const TapOp tap_op_quantize_linear = {
  .name = "QuantizeLinear",
  .summary = N_ ("Rounds to whole numbers of a few bits."),
  .min_inputs = 2,
  .max_inputs = 3,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_POINTWISE,
  .shape = quantize_shape,
  .fold = quantize_fold,
};
