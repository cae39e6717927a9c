/* patch-walk.c - following a changed rectangle of the picture through a plan
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A window spreads the change, a pointwise operator passes it on, anything else is computed whole. What a
 * step writes goes into the shadow, a copy of the base. A step that reads a changed value sees the shadow,
 * and there more than the change: a border as wide as its window, or everything. Only that much is
 * brought back from the base before it runs, where patches before this one have written; whatever is
 * clean is read from the base itself. */

#include "config.h"

#include "engine/patch-flat.h"
#include "engine/patch-stripe.h"

#include <string.h>

/* Cells that one task brings back from the base: a few microseconds. */
#define RESTORE_CELLS 16384

static void
get_extent (const TapShape *shape, int *height, int *width)
{
  TapCpuPlanes planes = tap_cpu_maps (shape);

  *height = (int) planes.height;
  *width = (int) planes.width;
}

static gboolean
have_one_extent (const TapShape *a, const TapShape *b)
{
  TapCpuPlanes p = tap_cpu_maps (a), q = tap_cpu_maps (b);

  return a->n_dims >= 4 && b->n_dims >= 4 && p.height == q.height && p.width == q.width;
}

/* --- where the numbers are --- */

static gpointer
clean_data (const TapPatchWalk *self, int v)
{
  const TapPlanValue *value = &self->plan->values[v];
  const TapPlanValue *root = &self->plan->values[value->root];

  if (value->place == TAP_PLACE_NONE)
    return NULL;
  if (root->place == TAP_PLACE_CONSTANT)
    return tap_graph_get_value (self->plan->graph, value->root)->constant->data;
  if (root->place == TAP_PLACE_ARENA)
    return (char *) self->base->clean.data + value->offset;
  return NULL;
}

/* The same place in the shadow. */
static char *
shadow_data (const TapPatchWalk *self, int v)
{
  return (char *) self->shadow->memory.data +
         ((const char *) clean_data (self, v) - (const char *) self->base->clean.data);
}

static gboolean
contains (const TapRect *outer, const TapRect *inner)
{
  return inner->x >= outer->x && inner->y >= outer->y &&
         inner->x + inner->width <= outer->x + outer->width &&
         inner->y + inner->height <= outer->y + outer->height;
}

static TapRect
whole_rect (const TapShape *shape)
{
  TapRect rect = { 0 };

  get_extent (shape, &rect.height, &rect.width);
  return rect;
}

static TapRect
bounds (const TapShape *shape, const TapChange *change)
{
  return change->extent == TAP_WHOLE ? whole_rect (shape) :
         change->extent == TAP_PART  ? change->rect :
                                       (TapRect){ 0 };
}

typedef struct
{
  TapCpuPlanes planes;
  gsize size, planes_per_task;
  TapRect rect, kept;
  char *to;
  const char *from;
} Restore;

/* Borders are a few cells wide, too short for memcpy(). */
static inline void
copy_cells (char *to, const char *from, gsize bytes)
{
  if (bytes > 64)
    memcpy (to, from, bytes);
  else
    for (gsize i = 0; i < bytes; i += sizeof (float))
      memcpy (to + i, from + i, sizeof (float));
}

static void
restore_task (gpointer data, int task, int worker)
{
  const Restore *r = data;
  gsize first = (gsize) task * r->planes_per_task;
  gsize last = MIN (first + r->planes_per_task, r->planes.images * r->planes.channels);
  gsize before = (gsize) (r->kept.x - r->rect.x) * r->size;
  gsize after = (gsize) (r->kept.x + r->kept.width - r->rect.x) * r->size;
  gsize bytes = (gsize) r->rect.width * r->size, row_bytes = r->planes.width * r->size;

  for (gsize i = first; i < last; i++)
    {
      gsize offset =
        ((i * r->planes.height + (gsize) r->rect.y) * r->planes.width + (gsize) r->rect.x) *
        r->size;

      for (int y = r->rect.y; y < r->rect.y + r->rect.height; y++, offset += row_bytes)
        if (y < r->kept.y || y >= r->kept.y + r->kept.height)
          copy_cells (r->to + offset, r->from + offset, bytes);
        else
          {
            copy_cells (r->to + offset, r->from + offset, before);
            copy_cells (r->to + offset + after, r->from + offset + after, bytes - after);
          }
    }
}

/* Brings @rect back from the base, but for @kept, which lies in it or is empty. */
static void
restore (TapPatchWalk *self, int v, const TapRect *rect, const TapRect *kept)
{
  const TapPlanValue *value = &self->plan->values[v];
  Restore r = {
    .planes = tap_cpu_maps (&value->shape),
    .size = tap_dtype_size (value->dtype),
    .rect = *rect,
    .kept = tap_rect_is_empty (kept) ? (TapRect){ rect->x, rect->y, 0, 0 } : *kept,
    .to = shadow_data (self, v),
    .from = clean_data (self, v),
  };
  gsize n_planes = r.planes.images * r.planes.channels;
  /* per plane: the cells, and as many more for each row's start */
  gsize cost = (gsize) rect->height * ((gsize) (rect->width - r.kept.width) + 8);

  r.planes_per_task = MAX (RESTORE_CELLS / MAX (cost, 1), 1);
  tap_pool_run (self->pool, (int) ((n_planes + r.planes_per_task - 1) / r.planes_per_task),
                restore_task, &r);
}

/* Sees to it that the shadow holds this patch's numbers in @rect of the value, or in all of it. */
static void
settle (TapPatchWalk *self, int v, const TapRect *rect)
{
  const TapPlan *plan = self->plan;
  const TapPlanValue *value = &plan->values[v];
  const TapPlanStep *step =
    self->route->makers[v] >= 0 ? &plan->steps[self->route->makers[v]] : NULL;
  TapChange *change = &self->changes[v], *dirty = &self->shadow->dirty[v];
  TapRect old, wanted, new, kept;

  /* A view is the memory of its inputs, and a joined value has some of them in it. */
  for (int i = 0; step != NULL && i < step->n_inputs; i++)
    {
      int in = step->inputs[i];

      if (in < 0 || plan->values[in].root != value->root ||
          plan->values[in].place == TAP_PLACE_NONE)
        continue;
      settle (self, in, have_one_extent (&plan->values[in].shape, &value->shape) ? rect : NULL);
    }
  if (step != NULL && step->view)
    return;
  if (change->extent == TAP_WHOLE || dirty->extent == TAP_CLEAN)
    return;
  old = bounds (&value->shape, dirty);
  new = bounds (&value->shape, change);
  wanted = rect != NULL ? tap_rect_intersect (&old, rect) : old;
  if (tap_rect_is_empty (&wanted) || contains (&self->settled[v], &wanted) ||
      (change->extent == TAP_PART && contains (&new, &wanted)))
    return;
  kept = tap_rect_intersect (&wanted, &new);
  restore (self, v, &wanted, &kept);
  self->settled[v] = wanted;
  if (contains (&wanted, &old))
    *dirty = *change;
}

/* The step is about to write this much of its output. */
static void
mark (TapPatchWalk *self, int v, const TapChange *change)
{
  TapChange *dirty = &self->shadow->dirty[v];

  self->changes[v] = *change;
  self->settled[v] = (TapRect){ 0 };
  if (change->extent == TAP_CLEAN)
    return;
  self->data[v] = shadow_data (self, v);
  if (dirty->extent == TAP_CLEAN || change->extent == TAP_WHOLE)
    *dirty = *change;
  else if (dirty->extent == TAP_PART)
    dirty->rect = tap_rect_union (&dirty->rect, &change->rect);
}

/* --- the walk --- */

void
tap_patch_walk_init (TapPatchWalk *self,
                     TapSession *session,
                     const TapPatchBase *base,
                     TapPatchShadow *shadow,
                     TapPool *pool,
                     gpointer scratch)
{
  gsize n_values = (gsize) base->plan->n_values;

  *self = (TapPatchWalk){
    .session = session,
    .plan = base->plan,
    .base = base,
    .route = base->route,
    .shadow = shadow,
    .pool = pool,
    .scratch = scratch,
  };
  self->changes = g_new0 (TapChange, n_values + 1);
  self->flats = g_new0 (TapRect, n_values + 1);
  self->settled = g_new0 (TapRect, n_values + 1);
  self->data = g_new0 (gpointer, n_values + 1);
  self->arrays = g_new (TapCpuArray, 2 * (gsize) base->plan->max_io + 1);
}

void
tap_patch_walk_clear (TapPatchWalk *self)
{
  if (self->shadow != NULL)
    self->shadow->taken = FALSE;
  self->shadow = NULL;
  g_clear_pointer (&self->changes, g_free);
  tap_block_memory_clear (&self->near_scratch);
  g_clear_pointer (&self->flats, g_free);
  g_clear_pointer (&self->settled, g_free);
  g_clear_pointer (&self->columns, g_free);
  g_clear_pointer (&self->data, g_free);
  g_clear_pointer (&self->arrays, g_free);
}

void
tap_patch_walk_begin (TapPatchWalk *self, const TapRect *region, const TapTensor *pixels)
{
  int picture = self->route->picture;
  const TapChange change = { tap_rect_is_empty (region) ? TAP_CLEAN : TAP_PART, *region };
  TapCpuPlanes p = tap_cpu_planes (&self->plan->values[picture].shape);
  const float *from = tap_tensor_f32 ((TapTensor *) pixels);
  float *to;

  for (int v = 0; v < self->plan->n_values; v++)
    {
      self->changes[v] = (TapChange){ TAP_CLEAN };
      self->data[v] = clean_data (self, v);
    }
  self->next = 0;
  if (self->data[picture] == NULL)
    return; /* no tap depends on it */
  mark (self, picture, &change);
  self->flats[picture] = tap_patch_flat_of_pixels (region, pixels);
  to = self->data[picture];
  for (gsize c = 0; c < p.channels; c++)
    for (int row = 0; row < region->height; row++, from += region->width)
      memcpy (to + (c * p.height + (gsize) (region->y + row)) * p.width + (gsize) region->x, from,
              (gsize) region->width * sizeof (float));
}

/* Which part of the step's outputs the changes of its inputs can reach. */
static TapChange
follow (const TapPatchWalk *self, int s)
{
  const TapPlan *plan = self->plan;
  const TapPlanStep *step = &plan->steps[s];
  const TapChange whole = { TAP_WHOLE };
  const TapShape *out = NULL;
  TapChange change = { TAP_CLEAN };
  TapRegionRule rule = self->route->rules[s];
  const TapPatchReads *reads = self->route->reads[s];
  int height, width;

  for (int i = 0; i < step->n_outputs && out == NULL; i++)
    if (step->outputs[i] >= 0)
      out = &plan->values[step->outputs[i]].shape;
  if (out == NULL)
    return change;
  get_extent (out, &height, &width);

  for (int i = 0; i < step->n_reads; i++)
    {
      const TapChange *in = step->inputs[i] >= 0 ? &self->changes[step->inputs[i]] : NULL;
      const TapShape *shape;
      TapRect rect;

      if (in == NULL || in->extent == TAP_CLEAN)
        continue;
      shape = &plan->values[step->inputs[i]].shape;
      if (in->extent == TAP_WHOLE || (rule == TAP_REGION_FULL && reads == NULL) ||
          (shape->n_dims != out->n_dims && reads == NULL) || shape->dims[0] != out->dims[0])
        return whole;
      if (reads != NULL)
        rect = tap_patch_reads_follow (reads, i, &in->rect);
      else if (rule == TAP_REGION_WINDOW && i == 0)
        rect = tap_window_region (&self->route->windows[s], &in->rect);
      else if ((rule == TAP_REGION_WINDOW && i < step->n_inputs) || !have_one_extent (shape, out))
        return whole;
      else
        rect = in->rect;
      if (tap_rect_is_empty (&rect))
        continue;
      change.rect = change.extent == TAP_CLEAN ? rect : tap_rect_union (&change.rect, &rect);
      change.extent = TAP_PART;
    }
  if (change.extent == TAP_PART && change.rect.width == width && change.rect.height == height)
    return whole;
  return change;
}

/* Settles what the step reads to compute @change. */
static void
settle_inputs (TapPatchWalk *self, int s, const TapChange *change)
{
  const TapPlan *plan = self->plan;
  const TapPlanStep *step = &plan->steps[s];
  TapRegionRule rule = self->route->rules[s];

  for (int i = 0; i < step->n_reads; i++)
    {
      int v = step->inputs[i];
      TapRect rect;

      if (v < 0 || self->changes[v].extent == TAP_CLEAN)
        continue;
      if (change->extent != TAP_PART)
        {
          settle (self, v, NULL);
          continue;
        }
      rect = change->rect;
      if (self->near && step->kernel->forward_near != NULL)
        {
          rect.width += step->kernel->near_grain - 1;
          rect.height += step->kernel->near_grain - 1;
        }
      if (rule == TAP_REGION_WINDOW && i < step->n_inputs)
        rect = tap_window_sources (&self->route->windows[s], &rect);
      if (self->route->reads[s] != NULL)
        rect = tap_patch_reads_sources (self->route->reads[s], i, &change->rect);
      settle (self, v, &rect);
    }
}

static gboolean
run_step (TapPatchWalk *self, int s, const TapRect *rect, GError **error)
{
  const TapPlanStep *step = &self->plan->steps[s];
  TapCpuArray *outputs = self->arrays + self->plan->max_io;

  return tap_session_run_step_on (self->session, self->plan, step, self->arrays, outputs, rect,
                                  NULL, self->pool, self->scratch, error);
}

/* The same for rectangles that may differ by rounding, where that is faster; sets @done if so. */
static gboolean
run_near (TapPatchWalk *self,
          int s,
          const TapRect *whole,
          int n_whole,
          const TapRect *strips,
          int n,
          gboolean *done,
          GError **error)
{
  const TapPlanStep *step = &self->plan->steps[s];
  const TapCpuKernel *kernel = step->kernel;
  double near, by_cell, near_strips;
  TapCpuRun run;

  if (!tap_session_describe_step (self->session, self->plan, step, self->arrays,
                                  self->arrays + self->plan->max_io, &run, error))
    return FALSE;
  run.pool = self->pool;
  if (!kernel->near_costs (&run, whole, n_whole, &near, &by_cell))
    return TRUE;
  if (n > 0 && kernel->near_costs (&run, strips, n, &near_strips, &by_cell) && near_strips < near)
    near = near_strips;
  else
    {
      strips = whole;
      n = n_whole;
    }
  if (near >= by_cell)
    return TRUE;
  *done = TRUE;
  if (!tap_block_memory_reserve (&self->near_scratch, kernel->near_scratch (&run, strips, n) + 64,
                                 error))
    return FALSE;
  run.scratch = self->near_scratch.data;
  kernel->forward_near (&run, strips, n);
  return TRUE;
}

/* Computes @sides of what step @s has to, and takes @middle from the stripe. */
static gboolean
compute_sides (TapPatchWalk *self,
               int s,
               const TapRect *sides,
               int n,
               const TapRect *middle,
               const TapRect *flat,
               GError **error)
{
  const TapPlanStep *step = &self->plan->steps[s];
  gboolean done = n == 0;

  if (!done && self->near && step->kernel->forward_near != NULL &&
      !run_near (self, s, sides, n, NULL, 0, &done, error))
    return FALSE;
  for (int i = 0; i < n && !done; i++)
    if (!run_step (self, s, &sides[i], error))
      return FALSE;
  tap_patch_stripe_copy (self, s, middle, flat);
  return TRUE;
}

/* Computes @change of the outputs, or all but the cells of @flat that are repeated. */
static gboolean
compute (TapPatchWalk *self, int s, const TapChange *change, const TapRect *flat, GError **error)
{
  const TapPlanStep *step = &self->plan->steps[s];
  gboolean done = FALSE, part = change->extent == TAP_PART;
  TapRect strips[TAP_PATCH_STRIPS], sides[2], middle, rect = { 0 };
  int n = part ? tap_patch_flat_cut (self, s, &change->rect, flat, strips) : 0, n_sides;

  if (step->outputs[0] >= 0)
    rect = bounds (&self->plan->values[step->outputs[0]].shape, change);
  n_sides = tap_patch_stripe_cut (self, s, &rect, &middle, sides);
  tap_plan_bind (self->plan, step, self->data, self->arrays, self->arrays + self->plan->max_io);
  if (n_sides >= 0)
    return compute_sides (self, s, sides, n_sides, &middle, flat, error);
  if (self->near && step->kernel->forward_near != NULL)
    if (!run_near (self, s, &rect, 1, strips, n, &done, error))
      return FALSE;
  if (!done && n == 0)
    return run_step (self, s, part ? &change->rect : NULL, error);
  for (int i = 0; i < n && !done; i++)
    if (!run_step (self, s, &strips[i], error))
      return FALSE;
  /* what is near is made alike again */
  if (!tap_rect_is_empty (flat))
    tap_patch_flat_fill (self, s, flat);
  return TRUE;
}

/* The next step, if the change reaches it. */
static gboolean
advance (TapPatchWalk *self, int s, GError **error)
{
  const TapPlanStep *step = &self->plan->steps[s];
  TapChange change = follow (self, s);
  TapRect flat;

  if (change.extent == TAP_CLEAN)
    return TRUE;
  flat = tap_patch_flat_follow (self, s, &change);
  settle_inputs (self, s, &change);
  for (int i = 0; i < step->n_outputs; i++)
    if (step->outputs[i] >= 0)
      {
        mark (self, step->outputs[i], &change);
        self->flats[step->outputs[i]] = flat;
      }
  return step->view || compute (self, s, &change, &flat, error);
}

gboolean
tap_patch_walk_run (TapPatchWalk *self,
                    const gboolean *needed,
                    gint64 until,
                    TapProgress *progress,
                    GCancellable *cancellable,
                    GError **error)
{
  const TapPlan *plan = self->plan;
  double done = 0;

  while (!tap_patch_walk_is_done (self))
    {
      int s = self->next++;

      done += plan->steps[s].cost;
      if (!needed[s])
        continue;
      if (g_cancellable_set_error_if_cancelled (cancellable, error) || !advance (self, s, error))
        return FALSE;
      tap_progress_set (progress, MIN (done, 1.0));
      if (until > 0 && g_get_monotonic_time () >= until)
        break;
    }
  return TRUE;
}

gboolean
tap_patch_walk_is_done (const TapPatchWalk *self)
{
  return self->next >= self->plan->n_steps;
}

void
tap_patch_walk_copy (TapPatchWalk *self, int v, gpointer to)
{
  const TapPlanValue *value = &self->plan->values[v];
  gsize bytes = tap_cpu_count (&value->shape) * tap_dtype_size (value->dtype);

  settle (self, v, NULL);
  memcpy (to, self->data[v], bytes);
}
