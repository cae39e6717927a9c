/* resize.c - Resize, Upsample: maps at another size
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Output sizes are given, or ⌊size · scale⌋. Upsample is the older name: “height_scale” and “width_scale”
 * in opset 1, “scales” as attribute up to 8 and as input in 9. */
#include "config.h"

#include "ops/tap-op-private.h"

#include <math.h>

static gboolean
set_scaled (TapShapeContext *ctx, int axis, float scale, GError **error)
{
  float size;

  if (!(scale > 0.0f) || !isfinite (scale))
    return tap_op_fail (error, "the scale along axis %d is not a positive number", axis);
  size = floorf ((float) ctx->inputs[0].dims[axis] * scale);
  if (!(size < 1e9f) || size < 1.0f)
    return tap_op_fail (error, "the scale along axis %d leaves no sensible size", axis);
  ctx->outputs[0].dims[axis] = (gint64) size;
  return TRUE;
}

/* The axes that scales and sizes are about, in order. */
static gboolean
read_axes (const TapShapeContext *ctx, int *axes, gsize *n, GError **error)
{
  int rank = ctx->inputs[0].n_dims;
  gboolean set[TAP_MAX_DIMS];
  const gint64 *values;

  if (!tap_op_get_ints (ctx, "axes", -1, &values, n, error))
    return FALSE;
  if (values == NULL)
    {
      *n = (gsize) rank;
      for (int i = 0; i < rank; i++)
        axes[i] = i;
      return TRUE;
    }
  if (!tap_op_axes (values, *n, rank, set, error))
    return FALSE;
  for (gsize i = 0; i < *n; i++)
    axes[i] = (int) (values[i] < 0 ? values[i] + rank : values[i]);
  return TRUE;
}

static gboolean
check_mode (const TapShapeContext *ctx, GError **error)
{
  static const char *const modes[] = { "nearest", "linear", "bilinear", "cubic", NULL };
  static const char *const transforms[] = {
    "half_pixel", "pytorch_half_pixel",   "align_corners",
    "asymmetric", "tf_half_pixel_for_nn", "half_pixel_symmetric",
    NULL
  };
  const TapAttrs *attrs = ctx->node->attrs;
  const char *mode = tap_attrs_get_string (attrs, "mode", "nearest");
  const char *transform =
    tap_attrs_get_string (attrs, "coordinate_transformation_mode", "half_pixel");

  if (!g_strv_contains (modes, mode))
    return tap_op_decline (error, "the mode “%s” is not supported", mode);
  if (!g_strv_contains (transforms, transform))
    return tap_op_decline (error, "the coordinate transformation “%s” is not supported", transform);
  if (tap_attrs_get_int (attrs, "antialias", 0) != 0)
    return tap_op_decline (error, "antialiasing is not supported");
  if (!g_str_equal (tap_attrs_get_string (attrs, "keep_aspect_ratio_policy", "stretch"), "stretch"))
    return tap_op_decline (error, "keeping the aspect ratio is not supported");
  return TRUE;
}

static gboolean
resize_shape (TapShapeContext *ctx, GError **error)
{
  gboolean first = tap_op_opset (ctx->node) < 11;
  const float *scales;
  const gint64 *sizes;
  gsize n_scales, n_sizes, n_axes;
  int axes[TAP_MAX_DIMS];

  if (!check_mode (ctx, error) || !read_axes (ctx, axes, &n_axes, error) ||
      !tap_op_get_floats (ctx, NULL, first ? 1 : 2, &scales, &n_scales, error) ||
      !tap_op_get_ints (ctx, NULL, first ? -1 : 3, &sizes, &n_sizes, error))
    return FALSE;

  ctx->outputs[0] = ctx->inputs[0];
  if (n_sizes > 0)
    {
      if (n_sizes != n_axes)
        return tap_op_fail (error, "%" G_GSIZE_FORMAT " sizes are expected, found %" G_GSIZE_FORMAT,
                            n_axes, n_sizes);
      for (gsize i = 0; i < n_sizes; i++)
        {
          if (sizes[i] < 1)
            return tap_op_fail (error, "the size along axis %d is %" G_GINT64_FORMAT, axes[i],
                                sizes[i]);
          ctx->outputs[0].dims[axes[i]] = sizes[i];
        }
      return TRUE;
    }
  if (n_scales != n_axes)
    return tap_op_fail (error, "%" G_GSIZE_FORMAT " scales are expected, found %" G_GSIZE_FORMAT,
                        n_axes, n_scales);
  for (gsize i = 0; i < n_scales; i++)
    if (!set_scaled (ctx, axes[i], scales[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
upsample_shape (TapShapeContext *ctx, GError **error)
{
  const TapAttrs *attrs = ctx->node->attrs;
  const float *scales;
  gsize n;

  if (!check_mode (ctx, error))
    return FALSE;
  ctx->outputs[0] = ctx->inputs[0];
  if (tap_attrs_has (attrs, "height_scale") || tap_attrs_has (attrs, "width_scale"))
    return tap_op_check_rank (ctx, 0, 4, 4, error) &&
           set_scaled (ctx, 2, (float) tap_attrs_get_float (attrs, "height_scale", 1.0), error) &&
           set_scaled (ctx, 3, (float) tap_attrs_get_float (attrs, "width_scale", 1.0), error);

  if (!tap_op_get_floats (ctx, "scales", 1, &scales, &n, error))
    return FALSE;
  if (n != (gsize) ctx->inputs[0].n_dims)
    return tap_op_fail (error, "%d scales are expected, found %" G_GSIZE_FORMAT,
                        ctx->inputs[0].n_dims, n);
  for (gsize i = 0; i < n; i++)
    if (!set_scaled (ctx, (int) i, scales[i], error))
      return FALSE;
  return TRUE;
}

const TapOp tap_op_resize = {
  .name = "Resize",
  .summary = N_ ("Brings maps to another size."),
  .min_inputs = 1,
  .max_inputs = 4,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = resize_shape,
};

const TapOp tap_op_upsample = {
  .name = "Upsample",
  .summary = N_ ("Enlarges maps."),
  .min_inputs = 1,
  .max_inputs = 2,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = upsample_shape,
};
