/* move.c - operators that only move numbers: transposition, slices, repetition, blocks of pixels
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each is one strided copy: a dense output whose index walks the input by steps of its own. Backward goes
 * the same way and adds up what is met more than once. */

#include "config.h"

#include <string.h>

#include "engine/cpu/tap-cpu.h"

/* Cell i of the output is cell offset + Σ i·strides of the input. */
typedef struct
{
  gint64 offset;
  int n_dims;
  gint64 dims[2 * TAP_MAX_DIMS], strides[2 * TAP_MAX_DIMS];
} Walk;

typedef void (*WalkFunc) (const TapCpuRun *run, Walk *walk);

static void
add_dim (Walk *walk, gint64 dim, gint64 stride)
{
  walk->dims[walk->n_dims] = dim;
  walk->strides[walk->n_dims++] = stride;
}

/* Some cells of the output that follow each other. */
static void
copy_span (const TapCpuRun *run, gpointer data, gsize offset, gsize n, gsize image, gsize channel)
{
  const Walk *walk = data;
  gsize size = tap_dtype_size (run->inputs[0].dtype);
  const char *x = run->inputs[0].data;
  char *y = (char *) run->outputs[0].data + offset * size;

  for (gsize length; n > 0; offset += length, n -= length)
    {
      int last = walk->n_dims - 1;
      gsize inner = (gsize) walk->dims[last], rest = offset / inner;
      gint64 from = walk->offset + (gint64) (offset % inner) * walk->strides[last];

      for (int d = last - 1; d >= 0; d--)
        {
          from += (gint64) (rest % (gsize) walk->dims[d]) * walk->strides[d];
          rest /= (gsize) walk->dims[d];
        }
      length = MIN (inner - offset % inner, n);
      for (gsize i = 0; i < length; i++, y += size, from += walk->strides[last])
        memcpy (y, x + from * (gint64) size, size);
    }
}

typedef struct
{
  const TapCpuRun *run;
  const Walk *walk;
  TapCpuPlanes maps;
  gsize maps_per_task;
} Maps;

/* Rectangles of maps whose rows and columns the input has as well. */
static void
maps_task (gpointer user_data, int task, int worker)
{
  const Maps *m = user_data;
  const Walk *walk = m->walk;
  int columns = walk->n_dims - 1, rows = columns - 1;
  gsize size = tap_dtype_size (m->run->inputs[0].dtype), n_maps = m->maps.images * m->maps.channels;
  gsize first = (gsize) task * m->maps_per_task, last = MIN (first + m->maps_per_task, n_maps);

  for (gsize i = first; i < last; i++)
    {
      const TapRect *rect = &m->run->rects[i / m->maps.channels];
      gint64 from = walk->offset + rect->y * walk->strides[rows] + rect->x * walk->strides[columns];
      const char *x = m->run->inputs[0].data;
      char *y = m->run->outputs[0].data;
      gsize rest = i;

      for (int d = rows - 1; d >= 0; rest /= (gsize) walk->dims[d], d--)
        from += (gint64) (rest % (gsize) walk->dims[d]) * walk->strides[d];
      x += from * (gint64) size;
      y += ((i * m->maps.height + (gsize) rect->y) * m->maps.width + (gsize) rect->x) * size;
      for (int row = 0; row < rect->height; row++)
        {
          const char *at = x + row * walk->strides[rows] * (gint64) size;
          char *to = y + (gsize) row * m->maps.width * size;

          if (walk->strides[columns] == 1)
            memcpy (to, at, (gsize) rect->width * size);
          else
            for (int k = 0; k < rect->width; k++)
              memcpy (to + (gsize) k * size, at + k * walk->strides[columns] * (gint64) size, size);
        }
    }
}

/* Only what run->rects asks for. */
static void
copy_rects (const TapCpuRun *run, Walk *walk)
{
  Maps m = { run, walk, tap_cpu_maps (&run->outputs[0].shape), 1 };
  int n = walk->n_dims;
  gsize area = (gsize) run->rects[0].width * (gsize) run->rects[0].height;

  if (n < 3 || (gsize) walk->dims[n - 1] != m.maps.width ||
      (gsize) walk->dims[n - 2] != m.maps.height)
    {
      tap_cpu_spans (run, FALSE, copy_span, walk);
      return;
    }
  m.maps_per_task = MAX (16384 / MAX (area, 1), 1);
  tap_pool_run (run->pool,
                (int) ((m.maps.images * m.maps.channels + m.maps_per_task - 1) / m.maps_per_task),
                maps_task, &m);
}

static gboolean
copy (const TapCpuRun *run, WalkFunc func)
{
  gsize size = tap_dtype_size (run->inputs[0].dtype);
  Walk walk = { 0 };

  if (tap_cpu_count (&run->outputs[0].shape) == 0)
    return TRUE;
  func (run, &walk);
  if (run->rects != NULL)
    {
      copy_rects (run, &walk);
      return TRUE;
    }
  tap_cpu_strided_copy (run, size, run->outputs[0].data,
                        (const char *) run->inputs[0].data + walk.offset * (gint64) size,
                        walk.n_dims, walk.dims, walk.strides);
  return TRUE;
}

/* The same walk, from the output to the input. */
static gboolean
copy_back (const TapCpuRun *run, WalkFunc func)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  float *dx = tap_cpu_f32 (&run->input_grads[0]);
  Walk walk = { 0 };
  gint64 met = 1;

  if (tap_cpu_count (x) == 0)
    return TRUE;
  if (tap_cpu_count (y) == 0)
    {
      tap_cpu_zero (run, dx, tap_cpu_count (x));
      return TRUE;
    }
  func (run, &walk);
  for (int d = 0; d < walk.n_dims; d++)
    met *= walk.strides[d] != 0 ? walk.dims[d] : 1;
  if ((gsize) met < tap_cpu_count (x))
    tap_cpu_zero (run, dx, tap_cpu_count (x));
  tap_cpu_strided_sum (run, dx + walk.offset, tap_cpu_f32 (&run->output_grads[0]), walk.n_dims,
                       walk.dims, walk.strides);
  return TRUE;
}

#define MOVE(id, type, kinds, ...)                                                                 \
  static gboolean id##_forward (const TapCpuRun *run, GError **error)                              \
  {                                                                                                \
    return copy (run, id##_walk);                                                                  \
  }                                                                                                \
  static gboolean id##_backward (const TapCpuRun *run, GError **error)                             \
  {                                                                                                \
    return copy_back (run, id##_walk);                                                             \
  }                                                                                                \
  const TapCpuKernel tap_cpu_##id = { .op = type,                                                  \
                                      .types = kinds,                                              \
                                      .forward = id##_forward,                                     \
                                      .backward = id##_backward,                                   \
                                      __VA_ARGS__ };

static void
transpose_walk (const TapCpuRun *run, Walk *walk)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  gint64 dense[TAP_MAX_DIMS];
  gsize n;
  const gint64 *perm = tap_attrs_get_ints (run->node->attrs, "perm", &n);

  tap_cpu_dense_strides (x, dense);
  for (int d = 0; d < y->n_dims; d++)
    add_dim (walk, y->dims[d],
             dense[perm != NULL && n == (gsize) x->n_dims ? tap_cpu_axis (perm[d], x->n_dims) :
                                                            x->n_dims - 1 - d]);
}

/* Where maps only change their order. */
static gboolean
transpose_reads (const TapCpuRun *run, int input, int axis, TapCpuCells *cells)
{
  int n_dims = run->inputs[0].shape.n_dims;
  gsize n = 0;
  const gint64 *perm = tap_attrs_get_ints (run->node->attrs, "perm", &n);

  if (perm == NULL || n != (gsize) n_dims || tap_cpu_axis (perm[0], n_dims) != 0)
    return FALSE;
  for (int d = n_dims - 2; d < n_dims; d++)
    if (tap_cpu_axis (perm[d], n_dims) != d)
      return FALSE;
  return tap_cpu_reads_same (run, axis, cells);
}

MOVE (transpose, "Transpose", "*", .flags = TAP_CPU_REGIONS, .reads = transpose_reads)

/* Attributes before opset 10, inputs since; inference has settled the counts. */
static void
slice_walk (const TapCpuRun *run, Walk *walk)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  gboolean old = run->node->opset > 0 && run->node->opset < 10;
  gint64 strides[TAP_MAX_DIMS];
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
      walk->offset += start * strides[axis];
      /* a step that is never taken may be huge */
      strides[axis] *= y->dims[axis] > 1 ? step : 0;
    }
  for (int d = 0; d < y->n_dims; d++)
    add_dim (walk, y->dims[d], strides[d]);
}

/* Steps along one axis lead from one cell to one. */
static gboolean
slice_reads (const TapCpuRun *run, int input, int axis, TapCpuCells *cells)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  Walk walk = { 0 };
  gint64 dense[TAP_MAX_DIMS], at;

  if (input != 0)
    return FALSE;
  slice_walk (run, &walk);
  tap_cpu_dense_strides (x, dense);
  at = walk.offset / dense[axis] % x->dims[axis];
  for (gint64 i = 0; i < y->dims[axis]; i++, at += walk.strides[axis] / dense[axis])
    cells[i] = (TapCpuCells){ (int) at, (int) at };
  return walk.offset / dense[0] == 0;
}

MOVE (slice, "Slice", "*i", .flags = TAP_CPU_REGIONS, .reads = slice_reads)

static void
expand_walk (const TapCpuRun *run, Walk *walk)
{
  const TapShape *y = &run->outputs[0].shape;
  gint64 strides[TAP_MAX_DIMS];

  tap_cpu_broadcast_strides (&run->inputs[0].shape, y, strides);
  for (int d = 0; d < y->n_dims; d++)
    add_dim (walk, y->dims[d], strides[d]);
}

MOVE (expand, "Expand", "*i")

/* Each dimension as two: how often, and what. */
static void
tile_walk (const TapCpuRun *run, Walk *walk)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  gint64 dense[TAP_MAX_DIMS];

  tap_cpu_dense_strides (x, dense);
  for (int d = 0; d < x->n_dims; d++)
    {
      if (y->dims[d] != x->dims[d])
        add_dim (walk, y->dims[d] / x->dims[d], 0);
      add_dim (walk, x->dims[d], dense[d]);
    }
}

MOVE (tile, "Tile", "*i")

static void
depth_to_space_walk (const TapCpuRun *run, Walk *walk)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  gint64 b = tap_attrs_get_int (run->node->attrs, "blocksize", 1);
  gboolean crd = g_str_equal (tap_attrs_get_string (run->node->attrs, "mode", "DCR"), "CRD");
  gint64 channels = y->dims[1], h = x->dims[2], w = x->dims[3], area = h * w;

  add_dim (walk, x->dims[0], x->dims[1] * area);
  add_dim (walk, channels, crd ? b * b * area : area);
  add_dim (walk, h, w);
  add_dim (walk, b, crd ? b * area : b * channels * area);
  add_dim (walk, w, 1);
  add_dim (walk, b, crd ? area : channels * area);
}

static gboolean
depth_to_space_reads (const TapCpuRun *run, int input, int axis, TapCpuCells *cells)
{
  int b = (int) tap_attrs_get_int (run->node->attrs, "blocksize", 1);

  for (int i = 0; i < (int) run->outputs[0].shape.dims[axis]; i++)
    cells[i] = (TapCpuCells){ i / b, i / b };
  return TRUE;
}

MOVE (depth_to_space, "DepthToSpace", "*", .flags = TAP_CPU_REGIONS, .reads = depth_to_space_reads)

static void
space_to_depth_walk (const TapCpuRun *run, Walk *walk)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  gint64 b = tap_attrs_get_int (run->node->attrs, "blocksize", 1);
  gint64 w = x->dims[3], area = x->dims[2] * w;

  add_dim (walk, x->dims[0], x->dims[1] * area);
  add_dim (walk, b, w);
  add_dim (walk, b, 1);
  add_dim (walk, x->dims[1], area);
  add_dim (walk, y->dims[2], b * w);
  add_dim (walk, y->dims[3], b);
}

static gboolean
space_to_depth_reads (const TapCpuRun *run, int input, int axis, TapCpuCells *cells)
{
  int b = (int) tap_attrs_get_int (run->node->attrs, "blocksize", 1);

  for (int i = 0; i < (int) run->outputs[0].shape.dims[axis]; i++)
    cells[i] = (TapCpuCells){ i * b, i * b + b - 1 };
  return TRUE;
}

MOVE (space_to_depth, "SpaceToDepth", "*", .flags = TAP_CPU_REGIONS, .reads = space_to_depth_reads)

/* What only picks or turns, and may happen to leave cells that follow each other as they are. */
static const struct
{
  const char *op;
  WalkFunc func;
} movers[] = {
  { "Expand", expand_walk },
  { "Slice", slice_walk },
  { "Tile", tile_walk },
  { "Transpose", transpose_walk },
};

gboolean
tap_cpu_lies_in_input (const TapCpuRun *run, gsize *first)
{
  Walk walk = { 0 };
  gint64 step = 1;

  for (gsize i = 0; i < G_N_ELEMENTS (movers); i++)
    if (g_str_equal (run->node->op->name, movers[i].op))
      movers[i].func (run, &walk);
  if (walk.n_dims == 0)
    return FALSE;
  for (int d = walk.n_dims - 1; d >= 0; d--)
    {
      if (walk.dims[d] != 1 && walk.strides[d] != step)
        return FALSE;
      step *= walk.dims[d];
    }
  *first = (gsize) walk.offset;
  return TRUE;
}
