/* integer.c - ConvInteger, MatMulInteger, QLinearConv, QLinearMatMul: sums of products of whole numbers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * As Conv and MatMul, of numbers less their zero points. The Q… ones round the sums to whole numbers of a few
 * bits again. */
#include "config.h"

#include "ops/quantize.h"
#include "ops/tap-op-private.h"

static gint64
count (const TapShape *shape)
{
  return tap_shape_product (shape, 0, shape->n_dims);
}

/* Inputs @first .. @last - 1 hold one number, or @n. */
static gboolean
check_counts (const TapShapeContext *ctx, int first, int last, gint64 n, GError **error)
{
  for (int i = first; i < last; i++)
    if (tap_op_has_input (ctx, i) && count (&ctx->inputs[i]) != 1 && count (&ctx->inputs[i]) != n)
      return tap_op_fail (
        error, "input %d has %" G_GINT64_FORMAT " numbers, expected are 1 or %" G_GINT64_FORMAT,
        i + 1, count (&ctx->inputs[i]), n);
  return TRUE;
}

static gboolean
conv_shape (TapShapeContext *ctx, int weights, int bias, GError **error)
{
  if (ctx->inputs[0].n_dims > 4)
    return tap_op_decline (error, "windows in %d dimensions are not supported",
                           ctx->inputs[0].n_dims - 2);
  ctx->output_dtypes[0] = TAP_DTYPE_F32;
  return tap_op_conv_shape_of (ctx, weights, bias, error);
}

static gboolean
conv_integer_shape (TapShapeContext *ctx, GError **error)
{
  return conv_shape (ctx, 1, -1, error) && check_counts (ctx, 2, 3, 1, error) &&
         check_counts (ctx, 3, 4, ctx->inputs[1].dims[0], error);
}

static gboolean
qlinear_conv_shape (TapShapeContext *ctx, GError **error)
{
  TapQuantum quantum;

  return tap_quantized_range (ctx->node, &quantum, error) && conv_shape (ctx, 3, 8, error) &&
         check_counts (ctx, 1, 3, 1, error) &&
         check_counts (ctx, 4, 6, ctx->inputs[3].dims[0], error) &&
         check_counts (ctx, 6, 8, 1, error);
}

/* Scales and zero points of the left matrix are one or by rows, of the right one or by columns. */
static gboolean
matmul_shape (TapShapeContext *ctx, int b, int of_a, int n_a, int of_b, int n_b, GError **error)
{
  const TapShape *left = &ctx->inputs[0], *right = &ctx->inputs[b];

  ctx->output_dtypes[0] = TAP_DTYPE_F32;
  return tap_op_matmul_shape_of (ctx, 0, b, error) &&
         check_counts (ctx, of_a, of_a + n_a, left->n_dims > 1 ? left->dims[left->n_dims - 2] : 1,
                       error) &&
         check_counts (ctx, of_b, of_b + n_b,
                       right->n_dims > 1 ? right->dims[right->n_dims - 1] : 1, error);
}

static gboolean
matmul_integer_shape (TapShapeContext *ctx, GError **error)
{
  return matmul_shape (ctx, 1, 2, 1, 3, 1, error);
}

static gboolean
qlinear_matmul_shape (TapShapeContext *ctx, GError **error)
{
  TapQuantum quantum;

  return tap_quantized_range (ctx->node, &quantum, error) &&
         matmul_shape (ctx, 3, 1, 2, 4, 2, error) && check_counts (ctx, 6, 8, 1, error);
}

static guint64
conv_macs (const TapShapeContext *ctx, int weights)
{
  const TapShape *w = &ctx->inputs[weights];

  return (guint64) count (&ctx->outputs[0]) * (guint64) tap_shape_product (w, 1, w->n_dims);
}

static guint64
conv_integer_macs (const TapShapeContext *ctx)
{
  return conv_macs (ctx, 1);
}

static guint64
qlinear_conv_macs (const TapShapeContext *ctx)
{
  return conv_macs (ctx, 3);
}

static guint64
matmul_macs (const TapShapeContext *ctx)
{
  const TapShape *a = &ctx->inputs[0];

  return (guint64) count (&ctx->outputs[0]) * (guint64) a->dims[a->n_dims - 1];
}

const TapOp tap_op_conv_integer = {
  .name = "ConvInteger",
  .summary = N_ ("Slides learned filters of whole numbers over whole numbers."),
  .min_inputs = 2,
  .max_inputs = 4,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = conv_integer_shape,
  .macs = conv_integer_macs,
};

const TapOp tap_op_matmul_integer = {
  .name = "MatMulInteger",
  .summary = N_ ("Multiplies matrices of whole numbers."),
  .min_inputs = 2,
  .max_inputs = 4,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = matmul_integer_shape,
  .macs = matmul_macs,
};

const TapOp tap_op_qlinear_conv = {
  .name = "QLinearConv",
  .summary = N_ ("Slides learned filters over whole numbers, and rounds to a few bits again."),
  .min_inputs = 8,
  .max_inputs = 9,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = qlinear_conv_shape,
  .macs = qlinear_conv_macs,
};

const TapOp tap_op_qlinear_matmul = {
  .name = "QLinearMatMul",
  .summary = N_ ("Multiplies matrices of whole numbers, and rounds to a few bits again."),
  .min_inputs = 8,
  .max_inputs = 8,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = qlinear_matmul_shape,
  .macs = matmul_macs,
};
