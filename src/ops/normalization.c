/* normalization.c - BatchNormalization, InstanceNormalization, GroupNormalization, LayerNormalization
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All are (x - mean) / √(variance + ε) · scale + bias; they differ by what mean and variance run over:
 * training data (batch), one map (instance), a group of maps, the trailing dimensions (layer). */
#include "config.h"

#include "ops/tap-op-private.h"

static gboolean
check_vectors (const TapShapeContext *ctx, int first, int last, gint64 length, GError **error)
{
  for (int i = first; i <= last; i++)
    if (!tap_op_has_input (ctx, i) || ctx->inputs[i].n_dims != 1 ||
        ctx->inputs[i].dims[0] != length)
      {
        g_autofree char *text =
          tap_op_has_input (ctx, i) ? tap_shape_to_string (&ctx->inputs[i]) : g_strdup ("none");

        return tap_op_fail (error,
                            "input %d is expected to have %" G_GINT64_FORMAT " numbers, found %s",
                            i + 1, length, text);
      }
  return TRUE;
}

static gboolean
batch_shape (TapShapeContext *ctx, GError **error)
{
  if (!tap_op_check_rank (ctx, 0, 2, TAP_MAX_DIMS, error))
    return FALSE;
  if (tap_op_opset (ctx->node) < 9 && tap_attrs_get_int (ctx->node->attrs, "spatial", 1) == 0)
    return tap_op_decline (error, "batch normalization per position is not supported");
  if (tap_op_opset (ctx->node) >= 14 &&
      tap_attrs_get_int (ctx->node->attrs, "training_mode", 0) != 0)
    return tap_op_decline (error, "batch normalization in training mode is not supported");
  if (!check_vectors (ctx, 1, 4, ctx->inputs[0].dims[1], error))
    return FALSE;

  ctx->outputs[0] = ctx->inputs[0];
  /* running statistics, which only training fills */
  for (int i = 1; i < ctx->node->n_outputs; i++)
    ctx->outputs[i] = ctx->inputs[1];
  return TRUE;
}

static gboolean
instance_shape (TapShapeContext *ctx, GError **error)
{
  if (!tap_op_check_rank (ctx, 0, 3, TAP_MAX_DIMS, error) ||
      !check_vectors (ctx, 1, 2, ctx->inputs[0].dims[1], error))
    return FALSE;
  ctx->outputs[0] = ctx->inputs[0];
  return TRUE;
}

static gboolean
group_shape (TapShapeContext *ctx, GError **error)
{
  gint64 groups, channels;

  if (!tap_op_check_rank (ctx, 0, 3, TAP_MAX_DIMS, error) ||
      !tap_op_get_int (ctx, "num_groups", 0, &groups, error))
    return FALSE;
  channels = ctx->inputs[0].dims[1];
  if (groups < 1 || channels % groups != 0)
    return tap_op_fail (
      error, "%" G_GINT64_FORMAT " channels cannot be put into %" G_GINT64_FORMAT " groups",
      channels, groups);
  /* one scale for each group up to opset 20, for each channel since */
  if (!check_vectors (ctx, 1, 2, tap_op_opset (ctx->node) >= 21 ? channels : groups, error))
    return FALSE;
  ctx->outputs[0] = ctx->inputs[0];
  return TRUE;
}

static gboolean
layer_shape (TapShapeContext *ctx, GError **error)
{
  const TapShape *x = &ctx->inputs[0];
  gint64 attr;
  int axis;

  if (!tap_op_check_rank (ctx, 0, 1, TAP_MAX_DIMS, error) ||
      !tap_op_get_int (ctx, "axis", -1, &attr, error) ||
      !tap_op_axis (attr, x->n_dims, &axis, error))
    return FALSE;

  for (int i = 1; i < ctx->node->n_inputs; i++)
    {
      TapShape tail = { .n_dims = x->n_dims - axis }, together;

      if (!tap_op_has_input (ctx, i))
        continue;
      for (int d = 0; d < tail.n_dims; d++)
        tail.dims[d] = x->dims[axis + d];
      if (!tap_shape_broadcast (&tail, &ctx->inputs[i], &together) ||
          !tap_shape_equal (&together, &tail))
        {
          g_autofree char *expected = tap_shape_to_string (&tail);
          g_autofree char *found = tap_shape_to_string (&ctx->inputs[i]);

          return tap_op_fail (error, "input %d is expected to be %s, found %s", i + 1, expected,
                              found);
        }
    }

  ctx->outputs[0] = *x;
  for (int i = 1; i < ctx->node->n_outputs; i++)
    {
      ctx->outputs[i] = *x;
      for (int d = axis; d < x->n_dims; d++)
        ctx->outputs[i].dims[d] = 1;
    }
  return TRUE;
}

const TapOp tap_op_batch_normalization = {
  .name = "BatchNormalization",
  .summary = N_ ("Shifts and scales each map by statistics of the training data."),
  .min_inputs = 5,
  .max_inputs = 5,
  .min_outputs = 1,
  .max_outputs = 5,
  .region = TAP_REGION_POINTWISE,
  .shape = batch_shape,
};

const TapOp tap_op_instance_normalization = {
  .name = "InstanceNormalization",
  .summary = N_ ("Brings each map of each picture to a common mean and spread."),
  .min_inputs = 3,
  .max_inputs = 3,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = instance_shape,
};

const TapOp tap_op_group_normalization = {
  .name = "GroupNormalization",
  .summary = N_ ("Brings groups of maps to a common mean and spread."),
  .min_inputs = 3,
  .max_inputs = 3,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = group_shape,
};

const TapOp tap_op_layer_normalization = {
  .name = "LayerNormalization",
  .summary = N_ ("Brings each vector to a common mean and spread."),
  .min_inputs = 2,
  .max_inputs = 3,
  .min_outputs = 1,
  .max_outputs = 3,
  .region = TAP_REGION_FULL,
  .shape = layer_shape,
};
