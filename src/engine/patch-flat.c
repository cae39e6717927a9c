/* patch-flat.c - cells under a mask of one colour, which are all alike
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside the rectangle that a mask changes, a window that sees nothing but the mask gives the same number
 * wherever it stands; so does a window on such numbers, up to the layer whose windows are larger than what
 * is left. Kernels work by cell, so the same operands give the same bits: one row of these cells is computed,
 * and the others are filled in. */

#include "config.h"

#include "engine/patch-flat.h"

/* Multiply-adds per number from which a step is worth cutting: what is filled in is still stored. */
#define WORTH_CUTTING 64
/* What starting on a rectangle costs, in cells: weights are fetched once more, blocks have edges. */
#define STRIP_CELLS   32
/* Numbers that one task fills in. */
#define FILL_CELLS    16384

TapRect
tap_patch_flat_of_pixels (const TapRect *region, const TapTensor *pixels)
{
  gsize each = (gsize) region->width * (gsize) region->height;
  const guint32 *p = pixels->data; /* bits: 0 and -0 are two colours */
  guint32 other = 0;

  for (gint64 c = 0; each > 0 && c < pixels->shape.dims[1] && other == 0; c++, p += each)
    for (gsize i = 1; i < each; i++)
      other |= p[i] ^ p[0];
  return other == 0 ? *region : (TapRect){ 0 };
}

/* One axis: from @n input cells to the outputs that see nothing but these. Pads are not below 0. */
static void
inside_axis (int *from, int *n, int kernel, int stride, int dilation, int pad)
{
  int last = *from + *n - 1 + pad - (kernel - 1) * dilation;

  *from = (*from + pad + stride - 1) / stride;
  *n = last < 0 ? 0 : MAX (last / stride - *from + 1, 0);
}

/* Outputs whose windows lie in @flat, which lies in the input. */
static TapRect
inside_window (const TapWindow *w, const TapRect *flat)
{
  TapRect rect = *flat;

  if (w->transposed || w->pad_top < 0 || w->pad_left < 0 || tap_rect_is_empty (flat))
    return (TapRect){ 0 };
  inside_axis (&rect.y, &rect.height, w->kernel_h, w->stride_h, w->dilation_h, w->pad_top);
  inside_axis (&rect.x, &rect.width, w->kernel_w, w->stride_w, w->dilation_w, w->pad_left);
  return rect;
}

/* Whether the value is the same for all cells of a map: a scalar, a number per channel. */
static gboolean
is_same_for_cells (const TapPlanStep *step, const TapShape *shape)
{
  int n = shape->n_dims;

  return tap_cpu_count (shape) == 1 ||
         (n >= 2 && shape->dims[n - 1] == 1 && shape->dims[n - 2] == 1) ||
         g_str_equal (step->node->op->name, "BatchNormalization");
}

TapRect
tap_patch_flat_follow (const TapPatchWalk *walk, int s, const TapChange *change)
{
  const TapPlanStep *step = &walk->plan->steps[s];
  TapRegionRule rule = walk->route->rules[s];
  const TapRect nothing = { 0 };
  TapRect flat = change->rect;

  if (change->extent != TAP_PART || (rule != TAP_REGION_WINDOW && rule != TAP_REGION_POINTWISE))
    return nothing;
  for (int i = 0; i < step->n_reads; i++)
    {
      int v = step->inputs[i];
      gboolean windowed = rule == TAP_REGION_WINDOW && i < step->n_inputs;
      TapRect in;

      if (v < 0 || (windowed && i > 0))
        continue;
      if (walk->changes[v].extent == TAP_PART)
        {
          in = walk->flats[v];
          if (windowed)
            in = inside_window (&walk->route->windows[s], &in);
          flat = tap_rect_intersect (&flat, &in);
        }
      else if (windowed || walk->changes[v].extent != TAP_CLEAN ||
               !is_same_for_cells (step, &walk->plan->values[v].shape))
        return nothing;
    }
  return tap_rect_is_empty (&flat) ? nothing : flat;
}

static int
add_strip (TapRect *strips, int n, int x, int y, int width, int height)
{
  if (width > 0 && height > 0)
    strips[n++] = (TapRect){ x, y, width, height };
  return n;
}

int
tap_patch_flat_cut (const TapPatchWalk *walk,
                    int s,
                    const TapRect *rect,
                    const TapRect *flat,
                    TapRect strips[TAP_PATCH_STRIPS])
{
  const TapPlanStep *step = &walk->plan->steps[s];
  const TapWindow *w = &walk->route->windows[s];
  int below = flat->y + 1, bottom = flat->y + flat->height, end = rect->y + rect->height;
  int right = flat->x + flat->width, rows = flat->height - 1, n = 0;
  int beside = (rect->width - flat->width) * rows;

  if (tap_rect_is_empty (flat) || step->view || !g_str_equal (step->node->op->name, "Conv") ||
      walk->plan->values[step->inputs[1]].shape.dims[1] * w->kernel_h * w->kernel_w < WORTH_CUTTING)
    return 0;
  n = add_strip (strips, n, rect->x, rect->y, rect->width, below - rect->y);
  n = add_strip (strips, n, rect->x, below, flat->x - rect->x, rows);
  n = add_strip (strips, n, right, below, rect->x + rect->width - right, rows);
  n = add_strip (strips, n, rect->x, bottom, rect->width, end - bottom);
  /* narrow rectangles beside the hole take twice their time */
  return flat->width * rows > beside + (n - 1) * STRIP_CELLS ? n : 0;
}

typedef struct
{
  TapCpuPlanes planes;
  TapRect flat;
  gsize planes_per_task;
  float *y;
} Fill;

static void
fill_task (gpointer data, int task, int worker)
{
  const Fill *f = data;
  gsize first = (gsize) task * f->planes_per_task;
  gsize last = MIN (first + f->planes_per_task, f->planes.images * f->planes.channels);

  for (gsize i = first; i < last; i++)
    {
      float *y = f->y + (i * f->planes.height + (gsize) f->flat.y) * f->planes.width + f->flat.x;
      const float value = *y;

      for (int row = 1; row < f->flat.height; row++)
        {
          y += f->planes.width;
          for (int x = 0; x < f->flat.width; x++)
            y[x] = value;
        }
    }
}

void
tap_patch_flat_fill (TapPatchWalk *walk, int s, const TapRect *flat)
{
  int v = walk->plan->steps[s].outputs[0];
  Fill f = {
    .planes = tap_cpu_planes (&walk->plan->values[v].shape),
    .flat = *flat,
    .y = walk->data[v],
  };
  gsize n_planes = f.planes.images * f.planes.channels;
  gsize each = (gsize) flat->width * (gsize) flat->height + 1;

  f.planes_per_task = MAX (FILL_CELLS / each, 1);
  tap_pool_run (walk->pool, (int) ((n_planes + f.planes_per_task - 1) / f.planes_per_task),
                fill_task, &f);
}
