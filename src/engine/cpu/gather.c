/* gather.c - Gather, GatherElements: picks by index
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "core/tap-error.h"
#include "engine/cpu/tap-cpu.h"

/* Indices may come from the network itself, so each is checked where it is used. */
static gboolean
check_index (const TapCpuRun *run, gint64 *index, gint64 dim, GError **error)
{
  if (*index < -dim || *index >= dim)
    {
      g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID,
                   "Node “%s” (%s) picks index %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT ".",
                   run->node->name, run->node->op_type, *index, dim);
      return FALSE;
    }
  if (*index < 0)
    *index += dim;
  return TRUE;
}

static gboolean
gather_forward (const TapCpuRun *run, GError **error)
{
  const TapShape *x = &run->inputs[0].shape;
  int axis = tap_cpu_axis (tap_attrs_get_int (run->node->attrs, "axis", 0), x->n_dims);
  gsize outer = (gsize) tap_shape_product (x, 0, axis), dim = (gsize) x->dims[axis];
  gsize inner =
    (gsize) tap_shape_product (x, axis + 1, x->n_dims) * tap_dtype_size (run->inputs[0].dtype);
  gsize n = tap_cpu_count (&run->inputs[1].shape);
  char *to = run->outputs[0].data;

  for (gsize o = 0; o < outer; o++)
    for (gsize i = 0; i < n; i++, to += inner)
      {
        gint64 at = tap_cpu_i64 (&run->inputs[1])[i];

        if (!check_index (run, &at, (gint64) dim, error))
          return FALSE;
        memcpy (to, (const char *) run->inputs[0].data + (o * dim + (gsize) at) * inner, inner);
      }
  return TRUE;
}

/* Sums where an index is picked more than once, in the order of the picks. */
static gboolean
gather_backward (const TapCpuRun *run, GError **error)
{
  const TapShape *x = &run->inputs[0].shape;
  int axis = tap_cpu_axis (tap_attrs_get_int (run->node->attrs, "axis", 0), x->n_dims);
  gsize outer = (gsize) tap_shape_product (x, 0, axis), dim = (gsize) x->dims[axis];
  gsize inner = (gsize) tap_shape_product (x, axis + 1, x->n_dims);
  gsize n = tap_cpu_count (&run->inputs[1].shape);
  const float *from = tap_cpu_f32 (&run->output_grads[0]);
  float *dx = tap_cpu_f32 (&run->input_grads[0]);

  tap_cpu_zero (run, dx, tap_cpu_count (x));
  for (gsize o = 0; o < outer; o++)
    for (gsize i = 0; i < n; i++, from += inner)
      {
        gint64 at = tap_cpu_i64 (&run->inputs[1])[i];

        if (!check_index (run, &at, (gint64) dim, error))
          return FALSE;
        run->simd->add_into (dx + (o * dim + (gsize) at) * inner, from, inner);
      }
  return TRUE;
}

/* Where cell @i of GatherElements' output comes from. */
static gboolean
element (const TapCpuRun *run,
         int axis,
         const gint64 *strides,
         gsize i,
         gsize *from,
         GError **error)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  gint64 at = tap_cpu_i64 (&run->inputs[1])[i], offset = 0;

  if (!check_index (run, &at, x->dims[axis], error))
    return FALSE;
  for (int d = y->n_dims - 1; d >= 0; d--)
    {
      gint64 index = (gint64) (i % (gsize) y->dims[d]);

      i /= (gsize) y->dims[d];
      offset += (d == axis ? at : index) * strides[d];
    }
  *from = (gsize) offset;
  return TRUE;
}

static gboolean
gather_elements_forward (const TapCpuRun *run, GError **error)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  int axis = tap_cpu_axis (tap_attrs_get_int (run->node->attrs, "axis", 0), x->n_dims);
  gsize size = tap_dtype_size (run->inputs[0].dtype), n = tap_cpu_count (y);
  gint64 strides[TAP_MAX_DIMS];

  tap_cpu_dense_strides (x, strides);
  for (gsize i = 0; i < n; i++)
    {
      gsize from;

      if (!element (run, axis, strides, i, &from, error))
        return FALSE;
      memcpy ((char *) run->outputs[0].data + i * size,
              (const char *) run->inputs[0].data + from * size, size);
    }
  return TRUE;
}

static gboolean
gather_elements_backward (const TapCpuRun *run, GError **error)
{
  const TapShape *x = &run->inputs[0].shape;
  int axis = tap_cpu_axis (tap_attrs_get_int (run->node->attrs, "axis", 0), x->n_dims);
  gsize n = tap_cpu_count (&run->outputs[0].shape);
  float *dx = tap_cpu_f32 (&run->input_grads[0]);
  gint64 strides[TAP_MAX_DIMS];

  tap_cpu_dense_strides (x, strides);
  tap_cpu_zero (run, dx, tap_cpu_count (x));
  for (gsize i = 0; i < n; i++)
    {
      gsize from;

      if (!element (run, axis, strides, i, &from, error))
        return FALSE;
      dx[from] += tap_cpu_f32 (&run->output_grads[0])[i];
    }
  return TRUE;
}

static guint
gather_needs (const TapNode *node, guint wanted)
{
  return TAP_CPU_INPUT (1);
}

const TapCpuKernel tap_cpu_gather = {
  .op = "Gather",
  .types = "*i",
  .forward = gather_forward,
  .backward = gather_backward,
  .needs = gather_needs,
};

const TapCpuKernel tap_cpu_gather_elements = {
  .op = "GatherElements",
  .types = "*i",
  .forward = gather_elements_forward,
  .backward = gather_elements_backward,
  .needs = gather_needs,
};
