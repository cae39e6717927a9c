/* slice.c - Slice: a part of its input, with steps
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Attributes before opset 10, inputs since. Bounds beyond the ends are moved to the ends, as in Python. */
#include "config.h"

#include "ops/tap-op-private.h"

typedef struct
{
  gint64 start[TAP_MAX_DIMS], step[TAP_MAX_DIMS], count[TAP_MAX_DIMS];
} Cut;

static gint64
count_steps (gint64 start, gint64 end, gint64 step)
{
  /* the distance of ends within a dimension cannot overflow; a step may be as long as it likes */
  if (step > 0)
    return end > start ? (end - start - 1) / step + 1 : 0;
  return start > end ? (gint64) ((guint64) (start - end - 1) / (0 - (guint64) step)) + 1 : 0;
}

static gboolean
read_cut (const TapShapeContext *ctx, Cut *cut, GError **error)
{
  const TapShape *x = &ctx->inputs[0];
  gboolean old = tap_op_opset (ctx->node) < 10;
  const gint64 *starts, *ends, *axes, *steps;
  gsize n_starts, n_ends, n_axes, n_steps;
  gboolean set[TAP_MAX_DIMS] = { FALSE };

  if (!tap_op_get_ints (ctx, old ? "starts" : NULL, old ? -1 : 1, &starts, &n_starts, error) ||
      !tap_op_get_ints (ctx, old ? "ends" : NULL, old ? -1 : 2, &ends, &n_ends, error) ||
      !tap_op_get_ints (ctx, old ? "axes" : NULL, old ? -1 : 3, &axes, &n_axes, error) ||
      !tap_op_get_ints (ctx, NULL, old ? -1 : 4, &steps, &n_steps, error))
    return FALSE;
  if (starts == NULL || ends == NULL)
    return tap_op_fail (error, "“starts” or “ends” is missing");
  if (n_starts != n_ends || (axes != NULL && n_axes != n_starts) ||
      (steps != NULL && n_steps != n_starts) || n_starts > (gsize) x->n_dims)
    return tap_op_fail (error, "“starts”, “ends”, “axes” and “steps” differ in length");

  for (int d = 0; d < x->n_dims; d++)
    {
      cut->start[d] = 0;
      cut->step[d] = 1;
      cut->count[d] = x->dims[d];
    }
  for (gsize i = 0; i < n_starts; i++)
    {
      gint64 step = steps != NULL ? steps[i] : 1;
      gint64 start = starts[i], end = ends[i], dim;
      int axis;

      if (!tap_op_axis (axes != NULL ? axes[i] : (gint64) i, x->n_dims, &axis, error))
        return FALSE;
      if (set[axis])
        return tap_op_fail (error, "the axis %d is named twice", axis);
      if (step == 0)
        return tap_op_fail (error, "the step along axis %d is 0", axis);
      set[axis] = TRUE;
      dim = x->dims[axis];
      if (start < 0)
        start += dim;
      if (end < 0)
        end += dim;
      cut->start[axis] = step > 0 ? CLAMP (start, 0, dim) : CLAMP (start, 0, MAX (dim - 1, 0));
      cut->step[axis] = step;
      cut->count[axis] =
        dim == 0 ? 0 :
                   count_steps (cut->start[axis],
                                step > 0 ? CLAMP (end, 0, dim) : CLAMP (end, -1, dim - 1), step);
    }
  return TRUE;
}

static gboolean
slice_shape (TapShapeContext *ctx, GError **error)
{
  Cut cut;

  if (!read_cut (ctx, &cut, error))
    return FALSE;
  ctx->outputs[0] = ctx->inputs[0];
  for (int d = 0; d < ctx->inputs[0].n_dims; d++)
    ctx->outputs[0].dims[d] = cut.count[d];
  return TRUE;
}

static gboolean
slice_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  const TapTensor *in = ctx->constants[0];
  gint64 src_strides[TAP_MAX_DIMS], dst_strides[TAP_MAX_DIMS];
  gsize size = tap_dtype_size (in->dtype);
  gint64 offset = 0;
  Cut cut;

  if (!read_cut (ctx, &cut, error))
    return FALSE;
  outputs[0] = tap_fold_new (ctx, 0, error);
  if (outputs[0] == NULL)
    return FALSE;

  tap_fold_strides (&in->shape, src_strides);
  tap_fold_strides (&ctx->outputs[0], dst_strides);
  for (int d = 0; d < in->shape.n_dims; d++)
    {
      offset += cut.start[d] * src_strides[d];
      /* a step that is never taken may be huge */
      src_strides[d] *= cut.count[d] > 1 ? cut.step[d] : 0;
    }
  if (outputs[0]->count > 0)
    tap_fold_copy (outputs[0]->data, dst_strides, (char *) in->data + offset * (gint64) size,
                   src_strides, &ctx->outputs[0], size);
  return TRUE;
}

const TapOp tap_op_slice = {
  .name = "Slice",
  .summary = N_ ("Takes a part of its input."),
  .min_inputs = 1,
  .max_inputs = 5,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = slice_shape,
  .fold = slice_fold,
};
