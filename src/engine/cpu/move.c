/* move.c - operators that only move numbers: transposition, slices, repetition, blocks of pixels
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each is one strided copy: a dense output whose index walks the input by steps of its own. */

#include "config.h"

#include <string.h>

#include "engine/cpu/tap-cpu.h"

static gboolean
copy (const TapCpuRun *run, gint64 offset, int n_dims, const gint64 *dims, const gint64 *strides)
{
  gsize size = tap_dtype_size (run->inputs[0].dtype);

  tap_cpu_strided_copy (run, size, run->outputs[0].data,
                        (const char *) run->inputs[0].data + offset * (gint64) size, n_dims, dims,
                        strides);
  return TRUE;
}

static gboolean
transpose_forward (const TapCpuRun *run, GError **error)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  gint64 dense[TAP_MAX_DIMS], strides[TAP_MAX_DIMS];
  gsize n;
  const gint64 *perm = tap_attrs_get_ints (run->node->attrs, "perm", &n);

  tap_cpu_dense_strides (x, dense);
  for (int d = 0; d < y->n_dims; d++)
    strides[d] = dense[perm != NULL && n == (gsize) x->n_dims ? tap_cpu_axis (perm[d], x->n_dims) :
                                                                x->n_dims - 1 - d];
  return copy (run, 0, y->n_dims, y->dims, strides);
}

const TapCpuKernel tap_cpu_transpose = {
  .op = "Transpose",
  .types = "*",
  .forward = transpose_forward,
};

/* Attributes before opset 10, inputs since; inference has settled the counts. */
static gboolean
slice_forward (const TapCpuRun *run, GError **error)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  gboolean old = run->node->opset > 0 && run->node->opset < 10;
  gint64 strides[TAP_MAX_DIMS], offset = 0;
  const gint64 *starts, *axes, *steps;
  gsize n = 0, n_axes = 0, n_steps = 0;

  tap_cpu_dense_strides (x, strides);
  if (!tap_cpu_ints (run, old ? -1 : 1, old ? "starts" : NULL, &starts, &n))
    n = 0;
  if (!tap_cpu_ints (run, old ? -1 : 3, old ? "axes" : NULL, &axes, &n_axes))
    axes = NULL;
  if (!tap_cpu_ints (run, old ? -1 : 4, NULL, &steps, &n_steps))
    steps = NULL;
  for (gsize i = 0; i < n; i++)
    {
      int axis = tap_cpu_axis (axes != NULL ? axes[i] : (gint64) i, x->n_dims);
      gint64 step = steps != NULL ? steps[i] : 1, dim = x->dims[axis];
      gint64 start = starts[i] < 0 ? starts[i] + dim : starts[i];

      start = step > 0 ? CLAMP (start, 0, dim) : CLAMP (start, 0, MAX (dim - 1, 0));
      offset += start * strides[axis];
      /* a step that is never taken may be huge */
      strides[axis] *= y->dims[axis] > 1 ? step : 0;
    }
  if (tap_cpu_count (y) == 0)
    return TRUE;
  return copy (run, offset, y->n_dims, y->dims, strides);
}

const TapCpuKernel tap_cpu_slice = {
  .op = "Slice",
  .types = "*i",
  .forward = slice_forward,
};

static gboolean
expand_forward (const TapCpuRun *run, GError **error)
{
  const TapShape *y = &run->outputs[0].shape;
  gint64 strides[TAP_MAX_DIMS];

  tap_cpu_broadcast_strides (&run->inputs[0].shape, y, strides);
  return copy (run, 0, y->n_dims, y->dims, strides);
}

const TapCpuKernel tap_cpu_expand = {
  .op = "Expand",
  .types = "*i",
  .forward = expand_forward,
};

/* Each dimension as two: how often, and what. */
static gboolean
tile_forward (const TapCpuRun *run, GError **error)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  gint64 dense[TAP_MAX_DIMS], dims[2 * TAP_MAX_DIMS], strides[2 * TAP_MAX_DIMS];
  int n = 0;

  tap_cpu_dense_strides (x, dense);
  for (int d = 0; d < x->n_dims; d++)
    {
      if (y->dims[d] == 0)
        return TRUE;
      if (y->dims[d] != x->dims[d])
        {
          dims[n] = y->dims[d] / x->dims[d];
          strides[n++] = 0;
        }
      dims[n] = x->dims[d];
      strides[n++] = dense[d];
    }
  return copy (run, 0, n, dims, strides);
}

const TapCpuKernel tap_cpu_tile = {
  .op = "Tile",
  .types = "*i",
  .forward = tile_forward,
};

static gboolean
depth_to_space_forward (const TapCpuRun *run, GError **error)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  gint64 b = tap_attrs_get_int (run->node->attrs, "blocksize", 1);
  gboolean crd = g_str_equal (tap_attrs_get_string (run->node->attrs, "mode", "DCR"), "CRD");
  gint64 channels = y->dims[1], h = x->dims[2], w = x->dims[3], area = h * w;
  gint64 dims[6] = { x->dims[0], channels, h, b, w, b };
  gint64 strides[6] = {
    x->dims[1] * area,
    crd ? b * b * area : area,
    w,
    crd ? b * area : b * channels * area,
    1,
    crd ? area : channels * area,
  };

  return copy (run, 0, 6, dims, strides);
}

const TapCpuKernel tap_cpu_depth_to_space = {
  .op = "DepthToSpace",
  .types = "*",
  .forward = depth_to_space_forward,
};

static gboolean
space_to_depth_forward (const TapCpuRun *run, GError **error)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  gint64 b = tap_attrs_get_int (run->node->attrs, "blocksize", 1);
  gint64 w = x->dims[3], area = x->dims[2] * w;
  gint64 dims[6] = { x->dims[0], b, b, x->dims[1], y->dims[2], y->dims[3] };
  gint64 strides[6] = { x->dims[1] * area, w, 1, area, b * w, b };

  return copy (run, 0, 6, dims, strides);
}

const TapCpuKernel tap_cpu_space_to_depth = {
  .op = "SpaceToDepth",
  .types = "*",
  .forward = space_to_depth_forward,
};
