/* scatter.c - cells by their indices: GatherND, ScatterElements, ScatterND, OneHot
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One after the other: where two updates meet, the last one stays, and the gradient is its own. */

#include "config.h"

#include <string.h>

#include "core/tap-error.h"
#include "engine/cpu/tap-cpu.h"

static gboolean
check_index (const TapCpuRun *run, gint64 *at, gint64 dim, GError **error)
{
  gint64 given = *at;

  if (*at < 0)
    *at += dim;
  if (*at >= 0 && *at < dim)
    return TRUE;
  g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
               "Node “%s” (%s) picks index %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT ".",
               run->node->name, run->node->op->name, given, dim);
  return FALSE;
}

/* Slices of an array that lists of indices name, or single cells. */
typedef struct
{
  const TapCpuRun *run;
  gboolean elements; /* each index is of one cell, along one axis */
  int axis, batch, depth;
  gsize n, slice; /* slices, and numbers in each */
  gsize per_batch;
  gint64 strides[TAP_MAX_DIMS];
} Slices;

static Slices
slices_new (const TapCpuRun *run)
{
  const TapShape *x = &run->inputs[0].shape, *indices = &run->inputs[1].shape;
  Slices self = { .run = run, .n = tap_cpu_count (indices), .slice = 1 };

  self.elements = g_str_equal (run->node->op->name, "ScatterElements");
  tap_cpu_dense_strides (x, self.strides);
  if (self.elements)
    {
      self.axis = tap_cpu_axis (tap_attrs_get_int (run->node->attrs, "axis", 0), x->n_dims);
      return self;
    }
  self.batch = g_str_equal (run->node->op->name, "GatherND") ?
                 (int) tap_attrs_get_int (run->node->attrs, "batch_dims", 0) :
                 0;
  self.depth = (int) indices->dims[indices->n_dims - 1];
  self.n /= (gsize) MAX (self.depth, 1);
  self.slice = (gsize) tap_shape_product (x, self.batch + self.depth, x->n_dims);
  self.per_batch = (gsize) MAX (tap_shape_product (indices, self.batch, indices->n_dims - 1), 1);
  return self;
}

/* Where slice @i lies in the first input. */
static gboolean
find_slice (const Slices *self, gsize i, gsize *at, GError **error)
{
  const TapShape *x = &self->run->inputs[0].shape, *shape = &self->run->inputs[1].shape;
  const gint64 *indices = tap_cpu_i64 (&self->run->inputs[1]);
  gint64 offset = 0;

  if (self->elements)
    {
      gint64 index = indices[i];

      if (!check_index (self->run, &index, x->dims[self->axis], error))
        return FALSE;
      for (int d = shape->n_dims - 1; d >= 0; d--)
        {
          gint64 own = (gint64) (i % (gsize) shape->dims[d]);

          offset += (d == self->axis ? index : own) * self->strides[d];
          i /= (gsize) shape->dims[d];
        }
    }
  else
    {
      gsize batch = i / self->per_batch;

      for (int d = self->batch - 1; d >= 0; d--)
        {
          offset += (gint64) (batch % (gsize) x->dims[d]) * self->strides[d];
          batch /= (gsize) x->dims[d];
        }
      for (int k = 0; k < self->depth; k++)
        {
          gint64 index = indices[i * (gsize) self->depth + (gsize) k];

          if (!check_index (self->run, &index, x->dims[self->batch + k], error))
            return FALSE;
          offset += index * self->strides[self->batch + k];
        }
    }
  *at = (gsize) offset;
  return TRUE;
}

static gboolean
gather_nd_forward (const TapCpuRun *run, GError **error)
{
  Slices self = slices_new (run);
  gsize size = tap_dtype_size (run->inputs[0].dtype), at;

  for (gsize i = 0; i < self.n; i++)
    {
      if (!find_slice (&self, i, &at, error))
        return FALSE;
      memcpy ((char *) run->outputs[0].data + i * self.slice * size,
              (const char *) run->inputs[0].data + at * size, self.slice * size);
    }
  return TRUE;
}

static gboolean
gather_nd_backward (const TapCpuRun *run, GError **error)
{
  Slices self = slices_new (run);
  float *dx = tap_cpu_f32 (&run->input_grads[0]);
  gsize at;

  tap_cpu_zero (run, dx, tap_cpu_count (&run->inputs[0].shape));
  for (gsize i = 0; i < self.n; i++)
    {
      if (!find_slice (&self, i, &at, error))
        return FALSE;
      run->simd->add_into (dx + at, tap_cpu_f32 (&run->output_grads[0]) + i * self.slice,
                           self.slice);
    }
  return TRUE;
}

static gboolean
adds (const TapCpuRun *run)
{
  return g_str_equal (tap_attrs_get_string (run->node->attrs, "reduction", "none"), "add");
}

/* Puts slice @i of the updates where it belongs, or adds it. */
static void
put_slice (const Slices *self, gsize i, gsize at, gboolean add)
{
  const TapCpuArray *updates = &self->run->inputs[2], *y = &self->run->outputs[0];
  gsize size = tap_dtype_size (y->dtype), from = i * self->slice;

  if (!add)
    memcpy ((char *) y->data + at * size, (const char *) updates->data + from * size,
            self->slice * size);
  else if (y->dtype == TAP_DTYPE_F32)
    self->run->simd->add_into (tap_cpu_f32 (y) + at, tap_cpu_f32 (updates) + from, self->slice);
  else
    for (gsize k = 0; k < self->slice; k++)
      tap_cpu_i64 (y)[at + k] =
        (gint64) ((guint64) tap_cpu_i64 (y)[at + k] + (guint64) tap_cpu_i64 (updates)[from + k]);
}

/**
 * scatter_forward:
 *
 * The first input with slices or cells replaced by updates, or updates added to them.
 *
 * Shapes: x and y any; indices and updates as ONNX says.
 * Units: those of x.
 * Edges: of updates of one cell the last one stays.
 * Errors: an index beyond its axis.
 */
static gboolean
scatter_forward (const TapCpuRun *run, GError **error)
{
  Slices self = slices_new (run);
  gboolean add = adds (run);
  gsize at;

  if (run->outputs[0].data != run->inputs[0].data)
    memcpy (run->outputs[0].data, run->inputs[0].data,
            tap_cpu_count (&run->outputs[0].shape) * tap_dtype_size (run->outputs[0].dtype));
  for (gsize i = 0; i < self.n; i++)
    {
      if (!find_slice (&self, i, &at, error))
        return FALSE;
      put_slice (&self, i, at, add);
    }
  return TRUE;
}

/* From the last update to the first: what an update replaced, be it x or another update, gets nothing. */
static gboolean
scatter_backward (const TapCpuRun *run, GError **error)
{
  Slices self = slices_new (run);
  gsize n = tap_cpu_count (&run->outputs[0].shape), at;
  float *left = run->scratch, *updates = tap_cpu_f32 (&run->input_grads[2]);
  gboolean add = adds (run);

  memcpy (left, run->output_grads[0].data, n * sizeof (float));
  for (gsize i = self.n; i-- > 0;)
    {
      if (!find_slice (&self, i, &at, error))
        return FALSE;
      if (updates != NULL)
        memcpy (updates + i * self.slice, left + at, self.slice * sizeof (float));
      if (!add)
        memset (left + at, 0, self.slice * sizeof (float));
    }
  if (run->input_grads[0].data != NULL)
    memcpy (run->input_grads[0].data, left, n * sizeof (float));
  return TRUE;
}

static gsize
scatter_scratch_backward (const TapCpuRun *run)
{
  return tap_cpu_count (&run->outputs[0].shape) * sizeof (float);
}

static guint
index_needs (const TapNode *node, guint wanted)
{
  return TAP_CPU_INPUT (1);
}

/* --- OneHot --- */

/* Place of each index in the output, -1 where it lies outside; @cell: of the output without the new axis. */
static gint64
hot_place (const TapCpuRun *run, gsize cell)
{
  const TapCpuArray *indices = &run->inputs[0];
  const TapShape *y = &run->outputs[0].shape;
  int axis = tap_cpu_axis (tap_attrs_get_int (run->node->attrs, "axis", -1), y->n_dims);
  gint64 inner = tap_shape_product (y, axis + 1, y->n_dims), depth = y->dims[axis];
  float number = indices->dtype == TAP_DTYPE_F32 ? tap_cpu_f32 (indices)[cell] : 0;
  gint64 at = indices->dtype == TAP_DTYPE_I64   ? tap_cpu_i64 (indices)[cell] :
              number >= -1e9f && number <= 1e9f ? (gint64) number :
                                                  depth;

  at += at < 0 ? depth : 0;
  if (at < 0 || at >= depth)
    return -1;
  return ((gint64) cell / inner * depth + at) * inner + (gint64) cell % inner;
}

static gboolean
one_hot_forward (const TapCpuRun *run, GError **error)
{
  const TapCpuArray *values = &run->inputs[2], *y = &run->outputs[0];
  gsize n = tap_cpu_count (&run->inputs[0].shape), n_cells = tap_cpu_count (&y->shape);
  gsize size = tap_dtype_size (y->dtype);

  for (gsize i = 0; i < n_cells; i++)
    memcpy ((char *) y->data + i * size, values->data, size);
  for (gsize i = 0; i < n; i++)
    {
      gint64 at = hot_place (run, i);

      if (at >= 0)
        memcpy ((char *) y->data + (gsize) at * size, (const char *) values->data + size, size);
    }
  return TRUE;
}

/* Only the two values have a derivative. */
static gboolean
one_hot_backward (const TapCpuRun *run, GError **error)
{
  const float *dy = tap_cpu_f32 (&run->output_grads[0]);
  gsize n = tap_cpu_count (&run->inputs[0].shape), n_cells = tap_cpu_count (&run->outputs[0].shape);
  double all = 0, hot = 0;

  for (int i = 0; i < 2; i++)
    if (run->input_grads[i].data != NULL)
      tap_cpu_zero (run, run->input_grads[i].data, tap_cpu_count (&run->input_grads[i].shape));
  if (run->input_grads[2].data == NULL)
    return TRUE;
  for (gsize i = 0; i < n_cells; i++)
    all += (double) dy[i];
  for (gsize i = 0; i < n; i++)
    {
      gint64 at = hot_place (run, i);

      hot += at >= 0 ? (double) dy[at] : 0;
    }
  tap_cpu_f32 (&run->input_grads[2])[0] = (float) (all - hot);
  tap_cpu_f32 (&run->input_grads[2])[1] = (float) hot;
  return TRUE;
}

static guint
one_hot_needs (const TapNode *node, guint wanted)
{
  return TAP_CPU_INPUT (0);
}

const TapCpuKernel tap_cpu_gather_nd = {
  .op = "GatherND",
  .types = "*i",
  .forward = gather_nd_forward,
  .backward = gather_nd_backward,
  .needs = index_needs,
};

const TapCpuKernel tap_cpu_one_hot = {
  .op = "OneHot",
  .types = "*",
  .forward = one_hot_forward,
  .backward = one_hot_backward,
  .needs = one_hot_needs,
};

const TapCpuKernel tap_cpu_scatter_elements = {
  .op = "ScatterElements",
  .types = "*i=",
  .forward = scatter_forward,
  .backward = scatter_backward,
  .needs = index_needs,
  .scratch_backward = scatter_scratch_backward,
};

const TapCpuKernel tap_cpu_scatter_nd = {
  .op = "ScatterND",
  .types = "*i=",
  .forward = scatter_forward,
  .backward = scatter_backward,
  .needs = index_needs,
  .scratch_backward = scatter_scratch_backward,
};
