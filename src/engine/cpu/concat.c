/* concat.c - Concat and Split: pieces along one axis, together and apart
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "engine/cpu/tap-cpu.h"

/* Rectangles of whole channels, image by image; not along images, and Split along channels only, which the caller has
 * checked. */
typedef struct
{
  const TapCpuRun *run;
  const TapCpuArray *whole; /* the joined side */
  const TapCpuArray *parts;
  int n_parts;
  gboolean split;
  int axis;
  gsize size;
} Pieces;

static void
copy_rect (const TapRect *rect,
           gsize height,
           gsize width,
           gsize size,
           char *to,
           const char *from,
           gsize channels)
{
  for (gsize c = 0; c < channels; c++)
    for (int row = 0; row < rect->height; row++)
      {
        gsize offset = ((c * height + (gsize) (rect->y + row)) * width + (gsize) rect->x) * size;

        memcpy (to + offset, from + offset, (gsize) rect->width * size);
      }
}

/* The cells of a piece along rows or columns that lie in the rectangle. @outer counts planes, or rows where pieces
 * lie side by side. */
static void
copy_crossing (const Pieces *p, gsize outer, int before, int length, char *joined, char *piece)
{
  TapCpuPlanes planes = tap_cpu_planes (&p->whole->shape);
  gboolean stacked = p->axis == 2;
  gsize plane = stacked ? outer : outer / planes.height;
  const TapRect *rect = &p->run->rects[plane / planes.channels];
  int y = stacked ? 0 : (int) (outer % planes.height);
  const TapRect place = stacked ? (TapRect){ 0, before, (int) planes.width, length } :
                                  (TapRect){ before, y, length, 1 };
  TapRect part = tap_rect_intersect (rect, &place);

  for (int row = 0; row < part.height; row++)
    {
      gsize cell = (gsize) (part.y - place.y + row) * planes.width + (gsize) (part.x - place.x);

      memcpy (joined + cell * p->size, piece + cell * p->size, (gsize) part.width * p->size);
    }
}

/* A task is one piece of one image (or of one index of what stands before the axis). */
static void
piece_task (gpointer user_data, int task, int worker)
{
  const Pieces *p = user_data;
  const TapShape *whole = &p->whole->shape;
  const TapCpuArray *part = &p->parts[task % p->n_parts];
  gsize outer = (gsize) (task / p->n_parts), before = 0;
  gsize inner = (gsize) tap_shape_product (whole, p->axis + 1, whole->n_dims) * p->size;
  gsize length = (gsize) part->shape.dims[p->axis] * inner;
  char *joined, *piece;

  if (length == 0)
    return;
  for (int i = 0; i < task % p->n_parts; i++)
    before += (gsize) p->parts[i].shape.dims[p->axis] * inner;
  joined = (char *) p->whole->data + outer * (gsize) whole->dims[p->axis] * inner + before;
  if (part->data == NULL)
    {
      if (!p->split && p->whole->dtype == TAP_DTYPE_F32)
        memset (joined, 0, length);
      return;
    }
  piece = (char *) part->data + outer * length;
  /* The plan has put it in its place. */
  if (joined == piece)
    return;
  if (p->run->rects != NULL && p->axis > 1)
    copy_crossing (p, outer, (int) (before / inner), (int) (length / inner), joined, piece);
  else if (p->run->rects != NULL)
    {
      TapCpuPlanes planes = tap_cpu_planes (whole);

      copy_rect (&p->run->rects[outer], planes.height, planes.width, p->size,
                 p->split ? piece : joined, p->split ? joined : piece, (gsize) part->shape.dims[1]);
    }
  else
    memcpy (p->split ? piece : joined, p->split ? joined : piece, length);
}

/* Parts that are left out are not written, and count as zeros in the whole. */
static gboolean
pieces (const TapCpuRun *run,
        const TapCpuArray *whole,
        const TapCpuArray *parts,
        int n_parts,
        gint64 axis,
        gboolean split)
{
  Pieces p = {
    .run = run,
    .whole = whole,
    .parts = parts,
    .n_parts = n_parts,
    .split = split,
    .axis = tap_cpu_axis (tap_attrs_get_int (run->node->attrs, "axis", axis), whole->shape.n_dims),
    .size = tap_dtype_size (whole->dtype),
  };
  const char *end = whole->data;
  gboolean joined = TRUE;

  for (int i = 0; i < p.n_parts && joined; i++)
    {
      joined = p.parts[i].data == end || p.parts[i].data == NULL;
      end += tap_cpu_count (&p.parts[i].shape) * p.size;
    }
  if (!joined)
    tap_pool_run (run->pool, (int) tap_shape_product (&whole->shape, 0, p.axis) * p.n_parts,
                  piece_task, &p);
  return TRUE;
}

static gboolean
concat_forward (const TapCpuRun *run, GError **error)
{
  return pieces (run, &run->outputs[0], run->inputs, run->n_inputs, 1, FALSE);
}

static gboolean
concat_reads (const TapCpuRun *run, int input, int axis, TapCpuCells *cells)
{
  const TapShape *y = &run->outputs[0].shape;
  int along = tap_cpu_axis (tap_attrs_get_int (run->node->attrs, "axis", 1), y->n_dims);
  int before = 0, length = (int) run->inputs[input].shape.dims[axis];

  for (int i = 0; i < input && along == axis; i++)
    before += (int) run->inputs[i].shape.dims[axis];
  for (int i = 0; i < (int) y->dims[axis]; i++)
    cells[i] = i >= before && i < before + length ? (TapCpuCells){ i - before, i - before } :
                                                    (TapCpuCells){ 0, -1 };
  return along > 0 && y->n_dims == 4;
}

static gboolean
concat_backward (const TapCpuRun *run, GError **error)
{
  return pieces (run, &run->output_grads[0], run->input_grads, run->n_inputs, 1, TRUE);
}

static gboolean
split_forward (const TapCpuRun *run, GError **error)
{
  return pieces (run, &run->inputs[0], run->outputs, run->n_outputs, 0, TRUE);
}

static gboolean
split_backward (const TapCpuRun *run, GError **error)
{
  return pieces (run, &run->input_grads[0], run->output_grads, run->n_outputs, 0, FALSE);
}

const TapCpuKernel tap_cpu_concat = {
  .op = "Concat",
  .types = "*=",
  .flags = TAP_CPU_REGIONS,
  .forward = concat_forward,
  .reads = concat_reads,
  .backward = concat_backward,
};

const TapCpuKernel tap_cpu_split = {
  .op = "Split",
  .types = "*i",
  .flags = TAP_CPU_REGIONS,
  .forward = split_forward,
  .backward = split_backward,
};
