/* pad.c - Pad: a margin around its input, filled with a constant, a reflection or the edge
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Attributes before opset 11 (“paddings” in opset 1), inputs since. Negative pads cut off. */
#include "config.h"

#include "ops/tap-op-private.h"

#include <string.h>

#define LARGEST ((gint64) 1 << 40)

typedef enum
{
  PAD_CONSTANT,
  PAD_REFLECT,
  PAD_EDGE,
  PAD_WRAP,
} PadMode;

static gboolean
read_mode (const TapShapeContext *ctx, PadMode *mode, GError **error)
{
  static const char *const names[] = { "constant", "reflect", "edge", "wrap", NULL };
  const char *name = tap_attrs_get_string (ctx->node->attrs, "mode", "constant");

  for (int i = 0; names[i] != NULL; i++)
    if (g_str_equal (names[i], name))
      {
        *mode = (PadMode) i;
        return TRUE;
      }
  return tap_op_fail (error, "the attribute “mode” cannot be “%s”", name);
}

static gboolean
read_pads (const TapShapeContext *ctx, gint64 *begin, gint64 *end, GError **error)
{
  int rank = ctx->inputs[0].n_dims, opset = tap_op_opset (ctx->node);
  gboolean old = opset < 11;
  const gint64 *pads, *axes;
  gboolean set[TAP_MAX_DIMS] = { FALSE };
  gsize n, n_axes, padded;

  if (!tap_op_get_ints (ctx, old ? (opset < 2 ? "paddings" : "pads") : NULL, old ? -1 : 1, &pads,
                        &n, error) ||
      !tap_op_get_ints (ctx, NULL, old ? -1 : 3, &axes, &n_axes, error))
    return FALSE;
  if (pads == NULL)
    return tap_op_fail (error, "“pads” is missing");
  padded = axes != NULL ? n_axes : (gsize) rank;
  if (n != 2 * padded || padded > (gsize) rank)
    return tap_op_fail (error, "%" G_GSIZE_FORMAT " pads are expected, found %" G_GSIZE_FORMAT,
                        2 * padded, n);

  memset (begin, 0, sizeof *begin * TAP_MAX_DIMS);
  memset (end, 0, sizeof *end * TAP_MAX_DIMS);
  for (gsize i = 0; i < padded; i++)
    {
      int axis;

      if (!tap_op_axis (axes != NULL ? axes[i] : (gint64) i, rank, &axis, error))
        return FALSE;
      if (set[axis])
        return tap_op_fail (error, "the axis %d is named twice", axis);
      if (ABS (CLAMP (pads[i], -LARGEST, LARGEST)) == LARGEST ||
          ABS (CLAMP (pads[padded + i], -LARGEST, LARGEST)) == LARGEST)
        return tap_op_fail (error, "a pad of %" G_GINT64_FORMAT " is too large",
                            ABS (CLAMP (pads[i], -LARGEST, LARGEST)) == LARGEST ? pads[i] :
                                                                                  pads[padded + i]);
      set[axis] = TRUE;
      begin[axis] = pads[i];
      end[axis] = pads[padded + i];
    }
  return TRUE;
}

static gboolean
pad_shape (TapShapeContext *ctx, GError **error)
{
  const TapShape *x = &ctx->inputs[0];
  gint64 begin[TAP_MAX_DIMS], end[TAP_MAX_DIMS];
  PadMode mode = PAD_CONSTANT;

  if (!read_mode (ctx, &mode, error) || !read_pads (ctx, begin, end, error))
    return FALSE;

  ctx->outputs[0] = *x;
  for (int d = 0; d < x->n_dims; d++)
    {
      gint64 size = x->dims[d] + begin[d] + end[d];
      gint64 most = MAX (begin[d], end[d]);

      if (size < 0)
        return tap_op_fail (error, "the pads leave nothing of %" G_GINT64_FORMAT, x->dims[d]);
      if ((mode == PAD_REFLECT && most >= MAX (x->dims[d], 1)) ||
          (mode == PAD_WRAP && most > x->dims[d]) ||
          (mode == PAD_EDGE && most > 0 && x->dims[d] == 0))
        return tap_op_fail (
          error, "a margin of %" G_GINT64_FORMAT " cannot be made from %" G_GINT64_FORMAT " cells",
          most, x->dims[d]);
      ctx->outputs[0].dims[d] = size;
    }
  return TRUE;
}

/* Where along one dimension cell @i of the output comes from; -1 for the constant. */
static gint64
source_cell (gint64 i, gint64 dim, PadMode mode)
{
  if (i >= 0 && i < dim)
    return i;
  switch (mode)
    {
    case PAD_REFLECT:
      return i < 0 ? -i : 2 * (dim - 1) - i;
    case PAD_EDGE:
      return i < 0 ? 0 : dim - 1;
    case PAD_WRAP:
      return i < 0 ? i + dim : i - dim;
    case PAD_CONSTANT:
    default:
      return -1;
    }
}

static gboolean
pad_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  const TapTensor *in = ctx->constants[0];
  const TapTensor *value = tap_op_has_input (ctx, 2) ? ctx->constants[2] : NULL;
  gint64 begin[TAP_MAX_DIMS], end[TAP_MAX_DIMS], strides[TAP_MAX_DIMS];
  gint64 index[TAP_MAX_DIMS] = { 0 };
  float fill_f32 = (float) tap_attrs_get_float (ctx->node->attrs, "value", 0.0);
  gint64 fill_i64 = 0;
  TapTensor *out;
  PadMode mode = PAD_CONSTANT;

  if (!read_mode (ctx, &mode, error) || !read_pads (ctx, begin, end, error))
    return FALSE;
  if (value != NULL && (value->count != 1 || value->dtype != in->dtype))
    return tap_op_fail (error, "the filling is expected to be one number of the input's kind");
  out = outputs[0] = tap_fold_new (ctx, 0, error);
  if (out == NULL)
    return FALSE;
  if (value != NULL && value->dtype == TAP_DTYPE_F32)
    fill_f32 = tap_tensor_f32 (value)[0];
  else if (value != NULL)
    fill_i64 = tap_tensor_i64 (value)[0];

  tap_fold_strides (&in->shape, strides);
  for (gsize i = 0; i < out->count; i++)
    {
      gint64 at = 0;

      for (int d = 0; d < in->shape.n_dims && at >= 0; d++)
        {
          gint64 cell = source_cell (index[d] - begin[d], in->shape.dims[d], mode);

          at = cell < 0 ? -1 : at + cell * strides[d];
        }
      if (out->dtype == TAP_DTYPE_F32)
        tap_tensor_f32 (out)[i] = at < 0 ? fill_f32 : tap_tensor_f32 (in)[at];
      else
        tap_tensor_i64 (out)[i] = at < 0 ? fill_i64 : tap_tensor_i64 (in)[at];
      for (int d = in->shape.n_dims - 1; d >= 0 && ++index[d] == out->shape.dims[d]; d--)
        index[d] = 0;
    }
  return TRUE;
}

const TapOp tap_op_pad = {
  .name = "Pad",
  .summary = N_ ("Puts a margin around its input."),
  .min_inputs = 1,
  .max_inputs = 4,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = pad_shape,
  .fold = pad_fold,
};
