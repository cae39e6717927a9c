/* matmul.c - MatMul: product of stacks of matrices, as numpy.matmul
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

static gboolean
set_mismatch (const TapShape *a, const TapShape *b, GError **error)
{
  g_autofree char *left = tap_shape_to_string (a);
  g_autofree char *right = tap_shape_to_string (b);

  return tap_op_fail (error, "%s cannot be multiplied with %s", left, right);
}

gboolean
tap_op_matmul_shape_of (TapShapeContext *ctx, int left, int right, GError **error)
{
  const TapShape *given_a = &ctx->inputs[left], *given_b = &ctx->inputs[right];
  TapShape a, b, out;
  gboolean vector_a, vector_b;

  if (!tap_op_check_rank (ctx, left, 1, TAP_MAX_DIMS, error) ||
      !tap_op_check_rank (ctx, right, 1, TAP_MAX_DIMS, error))
    return FALSE;

  a = *given_a;
  b = *given_b;
  vector_a = a.n_dims == 1;
  vector_b = b.n_dims == 1;
  if (vector_a)
    a = (TapShape){ 2, { 1, a.dims[0] } };
  if (vector_b)
    b = (TapShape){ 2, { b.dims[0], 1 } };
  if (a.dims[a.n_dims - 1] != b.dims[b.n_dims - 2])
    return set_mismatch (given_a, given_b, error);

  {
    TapShape stack_a = a, stack_b = b;

    stack_a.n_dims -= 2;
    stack_b.n_dims -= 2;
    if (!tap_shape_broadcast (&stack_a, &stack_b, &out))
      return set_mismatch (given_a, given_b, error);
  }
  if (!vector_a)
    out.dims[out.n_dims++] = a.dims[a.n_dims - 2];
  if (!vector_b)
    out.dims[out.n_dims++] = b.dims[b.n_dims - 1];
  ctx->outputs[0] = out;
  return TRUE;
}

static gboolean
matmul_shape (TapShapeContext *ctx, GError **error)
{
  return tap_op_matmul_shape_of (ctx, 0, 1, error);
}

static guint64
matmul_macs (const TapShapeContext *ctx)
{
  const TapShape *a = &ctx->inputs[0];

  return (guint64) tap_shape_product (&ctx->outputs[0], 0, ctx->outputs[0].n_dims) *
         (guint64) a->dims[a->n_dims - 1];
}

const TapOp tap_op_matmul = {
  .name = "MatMul",
  .summary = N_ ("Multiplies two stacks of matrices."),
  .min_inputs = 2,
  .max_inputs = 2,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = matmul_shape,
  .macs = matmul_macs,
};
