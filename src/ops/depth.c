/* depth.c - DepthToSpace, SpaceToDepth: channels to pixels and back
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

static gboolean
get_block (const TapShapeContext *ctx, gint64 *block, GError **error)
{
  if (!tap_op_check_rank (ctx, 0, 4, 4, error) ||
      !tap_op_get_int (ctx, "blocksize", 0, block, error))
    return FALSE;
  if (*block < 1 || *block > 4096)
    return tap_op_fail (error,
                        "the attribute “blocksize” is expected to be from 1 to 4096, found "
                        "%" G_GINT64_FORMAT,
                        *block);
  return TRUE;
}

static gboolean
depth_to_space_shape (TapShapeContext *ctx, GError **error)
{
  const TapShape *x = &ctx->inputs[0];
  const char *mode = tap_attrs_get_string (ctx->node->attrs, "mode", "DCR");
  gint64 block;

  if (!get_block (ctx, &block, error))
    return FALSE;
  if (!g_str_equal (mode, "DCR") && !g_str_equal (mode, "CRD"))
    return tap_op_fail (error, "the attribute “mode” cannot be “%s”", mode);
  if (x->dims[1] % (block * block) != 0)
    return tap_op_fail (error,
                        "%" G_GINT64_FORMAT " channels do not make blocks of %" G_GINT64_FORMAT,
                        x->dims[1], block);
  ctx->outputs[0] = (TapShape){
    4,
    { x->dims[0], x->dims[1] / (block * block), x->dims[2] * block, x->dims[3] * block },
  };
  return TRUE;
}

static gboolean
space_to_depth_shape (TapShapeContext *ctx, GError **error)
{
  const TapShape *x = &ctx->inputs[0];
  gint64 block;

  if (!get_block (ctx, &block, error))
    return FALSE;
  if (x->dims[2] % block != 0 || x->dims[3] % block != 0)
    return tap_op_fail (error,
                        "%" G_GINT64_FORMAT "×%" G_GINT64_FORMAT
                        " cells do not make blocks of %" G_GINT64_FORMAT,
                        x->dims[2], x->dims[3], block);
  ctx->outputs[0] = (TapShape){
    4,
    { x->dims[0], x->dims[1] * block * block, x->dims[2] / block, x->dims[3] / block },
  };
  return TRUE;
}

const TapOp tap_op_depth_to_space = {
  .name = "DepthToSpace",
  .summary = N_ ("Lays channels out as pixels."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = depth_to_space_shape,
};

const TapOp tap_op_space_to_depth = {
  .name = "SpaceToDepth",
  .summary = N_ ("Lays pixels out as channels."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = space_to_depth_shape,
};
