/* tap-session-patch.c - what a changed rectangle of pixels changes, and nothing else
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The base keeps every value of the clean run twice. A patch writes the pixels into the second copy, and
 * follows the change node by node: a window spreads it, a pointwise operator passes it on, anything else
 * is computed whole. The kernels are those of the full pass, which give a cell the same bits in whatever
 * rectangle it is computed; cells outside the rectangle are those of the clean run. What is written stays
 * until the next patch that reads the value, which restores from the first copy what it does not write
 * itself. */

#include "config.h"

#include <string.h>

#include "core/tap-error.h"
#include "engine/tap-session-private.h"

typedef struct
{
  TapSession *session;
  const TapPlan *plan;
  TapPatchBase *base;
  TapChange *changes; /* per value */
  gboolean *needed;   /* per step */
  gpointer *data;     /* per value, in the shadow */
} Patch;

static void
patch_clear (Patch *patch)
{
  g_clear_pointer (&patch->changes, g_free);
  g_clear_pointer (&patch->needed, g_free);
  g_clear_pointer (&patch->data, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Patch, patch_clear)

static void
get_extent (const TapShape *shape, int *height, int *width)
{
  TapCpuPlanes planes = tap_cpu_planes (shape);

  *height = (int) planes.height;
  *width = (int) planes.width;
}

/* Steps that the taps need, backwards. */
static void
find_needed_steps (Patch *patch, const TapTaps *taps)
{
  const TapPlan *plan = patch->plan;
  g_autofree gboolean *wanted = g_new0 (gboolean, (gsize) plan->n_values + 1);

  for (guint i = 0; i < taps->values->len; i++)
    wanted[g_array_index (taps->values, int, i)] = TRUE;
  for (int s = plan->n_steps - 1; s >= 0; s--)
    {
      const TapPlanStep *step = &plan->steps[s];

      for (int i = 0; i < step->n_outputs; i++)
        if (step->outputs[i] >= 0 && wanted[step->outputs[i]])
          patch->needed[s] = TRUE;
      for (int i = 0; patch->needed[s] && i < step->n_inputs; i++)
        if (step->inputs[i] >= 0)
          wanted[step->inputs[i]] = TRUE;
    }
}

/* Which part of the step's outputs the changes of its inputs can reach. */
static TapChange
follow (const Patch *patch, const TapPlanStep *step)
{
  const TapPlan *plan = patch->plan;
  const TapChange whole = { TAP_WHOLE };
  const TapShape *out = NULL;
  TapChange change = { TAP_CLEAN };
  TapRegionRule rule;
  int height, width;

  for (int i = 0; i < step->n_outputs && out == NULL; i++)
    if (step->outputs[i] >= 0)
      out = &plan->values[step->outputs[i]].shape;
  if (out == NULL)
    return change;
  get_extent (out, &height, &width);
  rule = (step->kernel->flags & TAP_CPU_REGIONS) ? tap_op_region (plan->graph, step->node) :
                                                   TAP_REGION_FULL;

  for (int i = 0; i < step->n_inputs; i++)
    {
      const TapChange *in = step->inputs[i] >= 0 ? &patch->changes[step->inputs[i]] : NULL;
      const TapShape *shape;
      TapRect rect;
      int in_height, in_width;

      if (in == NULL || in->extent == TAP_CLEAN)
        continue;
      shape = &plan->values[step->inputs[i]].shape;
      get_extent (shape, &in_height, &in_width);
      if (in->extent == TAP_WHOLE || rule == TAP_REGION_FULL || shape->n_dims != out->n_dims ||
          shape->dims[0] != out->dims[0])
        return whole;
      if (rule == TAP_REGION_WINDOW)
        {
          gboolean weighted = g_str_equal (step->node->op->name, "Conv");
          TapWindow window;

          if (i > 0 || !tap_op_window (step->node, shape,
                                       weighted ? &plan->values[step->inputs[1]].shape : NULL,
                                       &window, NULL))
            return whole;
          rect = tap_window_region (&window, &in->rect);
        }
      else if (in_height != height || in_width != width)
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

static void
copy_rect (const TapShape *shape, gsize size, const TapRect *rect, char *to, const char *from)
{
  TapCpuPlanes p = tap_cpu_planes (shape);

  for (gsize i = 0; i < p.images * p.channels; i++)
    for (int row = 0; row < rect->height; row++)
      {
        gsize offset =
          ((i * p.height + (gsize) (rect->y + row)) * p.width + (gsize) rect->x) * size;

        memcpy (to + offset, from + offset, (gsize) rect->width * size);
      }
}

/* Brings back what an earlier patch wrote to a value and this one will not write again. Masks that are
 * dragged overlap, so that is little. */
static void
settle (Patch *patch, int v, const TapChange *change)
{
  const TapPlanValue *value = &patch->plan->values[v];
  const char *from = (const char *) patch->base->clean.data + value->offset;
  gsize size = tap_dtype_size (value->dtype);
  TapChange *dirty = &patch->base->dirty[v];
  const TapRect old = dirty->rect;
  TapRect kept = { 0 };

  patch->changes[v] = *change;
  if (dirty->extent == TAP_WHOLE && change->extent != TAP_WHOLE)
    memcpy (patch->data[v], from, tap_cpu_count (&value->shape) * size);
  else if (dirty->extent == TAP_PART && change->extent != TAP_WHOLE)
    {
      int end = old.y + old.height;

      if (change->extent == TAP_PART)
        kept = tap_rect_intersect (&old, &change->rect);
      if (tap_rect_is_empty (&kept))
        kept = (TapRect){ old.x, end, 0, 0 };
      /* above, beside and below what stays */
      copy_rect (&value->shape, size, &(TapRect){ old.x, old.y, old.width, kept.y - old.y },
                 patch->data[v], from);
      copy_rect (&value->shape, size, &(TapRect){ old.x, kept.y, kept.x - old.x, kept.height },
                 patch->data[v], from);
      copy_rect (&value->shape, size,
                 &(TapRect){ kept.x + kept.width, kept.y, old.x + old.width - kept.x - kept.width,
                             kept.height },
                 patch->data[v], from);
      copy_rect (&value->shape, size,
                 &(TapRect){ old.x, kept.y + kept.height, old.width, end - kept.y - kept.height },
                 patch->data[v], from);
    }
  *dirty = *change;
}

static gboolean
run_steps (Patch *patch, TapProgress *progress, GCancellable *cancellable, GError **error)
{
  const TapPlan *plan = patch->plan;
  g_autofree TapCpuArray *arrays = g_new (TapCpuArray, 2 * (gsize) plan->max_io + 1);
  TapCpuArray *outputs = arrays + plan->max_io;
  double done = 0;

  for (int s = 0; s < plan->n_steps; s++)
    {
      const TapPlanStep *step = &plan->steps[s];
      TapChange change;

      done += step->cost;
      if (!patch->needed[s])
        continue;
      change = follow (patch, step);
      if (change.extent != TAP_CLEAN && g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      for (int i = 0; i < step->n_outputs; i++)
        {
          int v = step->outputs[i];

          /* A view is the memory of its input, which is looked after as such. */
          if (v >= 0 && step->view && i == 0)
            patch->changes[v] = change;
          else if (v >= 0)
            settle (patch, v, &change);
        }
      if (change.extent == TAP_CLEAN || step->view)
        continue;
      tap_plan_bind (plan, step, patch->data, arrays, outputs);
      if (!tap_session_run_step (patch->session, plan, step, arrays, outputs,
                                 change.extent == TAP_PART ? &change.rect : NULL, NULL, error))
        return FALSE;
      tap_progress_set (progress, MIN (done, 1.0));
    }
  return TRUE;
}

/* The input that holds the picture: the first that is fed. */
static int
picture_input (const TapGraph *graph)
{
  for (int i = 0; i < tap_graph_n_inputs (graph); i++)
    if (tap_graph_get_value (graph, tap_graph_get_input (graph, i))->constant == NULL)
      return tap_graph_get_input (graph, i);
  return -1;
}

static gboolean
check_request (const TapPlan *plan,
               TapTrace *base,
               const TapRect *region,
               const TapTensor *pixels,
               const TapTaps *taps,
               GError **error)
{
  int picture = picture_input (plan->graph), height, width;
  const TapShape *shape;
  TapShape wanted;

  if (picture < 0 || plan->values[picture].shape.n_dims != 4 ||
      plan->values[picture].shape.dims[0] != 1 || plan->values[picture].dtype != TAP_DTYPE_F32)
    {
      g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
                   "A rectangle can only be changed in a run on one picture.");
      return FALSE;
    }
  shape = &plan->values[picture].shape;
  get_extent (shape, &height, &width);
  wanted =
    tap_shape_new (4, (gint64) 1, shape->dims[1], (gint64) region->height, (gint64) region->width);
  if (region->x < 0 || region->y < 0 || region->width < 0 || region->height < 0 ||
      region->x > width - region->width || region->y > height - region->height ||
      pixels->dtype != TAP_DTYPE_F32 || !tap_shape_equal (&pixels->shape, &wanted))
    {
      g_autofree char *found = tap_shape_to_string (&pixels->shape);
      g_autofree char *picture_text = tap_shape_to_string (shape);

      g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
                   "Pixels of %s do not go into the rectangle %d×%d at (%d, %d) of %s.", found,
                   region->width, region->height, region->x, region->y, picture_text);
      return FALSE;
    }
  for (guint i = 0; i < taps->values->len; i++)
    {
      int v = g_array_index (taps->values, int, i);

      if (tap_trace_get (base, v) == NULL)
        {
          g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
                       "“%s” is not among the values of the base run.",
                       v < plan->n_values ? tap_graph_get_value (plan->graph, v)->name : "?");
          return FALSE;
        }
    }
  return TRUE;
}

/* The second copy, made at the first patch. */
static gboolean
reserve_shadow (TapSession *self, TapPatchBase *base, GError **error)
{
  if (base->shadow.data != NULL)
    return TRUE;
  if (base->dirty == NULL)
    base->dirty = g_new0 (TapChange, (gsize) base->plan->n_values + 1);
  if (!tap_session_check_budget (self, base->clean.size, error) ||
      !tap_block_memory_reserve (&base->shadow, base->clean.size, error))
    return FALSE;
  memcpy (base->shadow.data, base->clean.data, base->clean.size);
  return TRUE;
}

static void
write_pixels (Patch *patch, int picture, const TapRect *region, TapTensor *pixels)
{
  const TapShape *shape = &patch->plan->values[picture].shape;
  TapCpuPlanes p = tap_cpu_planes (shape);
  float *to = patch->data[picture];
  const float *from = tap_tensor_f32 (pixels);
  const TapChange change = { tap_rect_is_empty (region) ? TAP_CLEAN : TAP_PART, *region };

  settle (patch, picture, &change);
  for (gsize c = 0; c < p.channels; c++)
    for (int row = 0; row < region->height; row++, from += region->width)
      memcpy (to + (c * p.height + (gsize) (region->y + row)) * p.width + (gsize) region->x, from,
              (gsize) region->width * sizeof (float));
}

/* Tapped values; those that did not change are the base's own. */
static TapTrace *
collect (Patch *patch, TapTrace *base, const TapTaps *taps, GError **error)
{
  g_autoptr (TapTrace) trace = tap_trace_new ();

  for (guint i = 0; i < taps->values->len; i++)
    {
      int v = g_array_index (taps->values, int, i);
      const TapPlanValue *value = &patch->plan->values[v];
      TapTensor *tensor;

      if (patch->changes[v].extent == TAP_CLEAN)
        tensor = tap_tensor_ref (tap_trace_get (base, v));
      else
        {
          tensor = tap_tensor_new_uninit (value->dtype, &value->shape, error);
          if (tensor == NULL)
            return NULL;
          memcpy (tensor->data, patch->data[v], tensor->count * tap_dtype_size (value->dtype));
        }
      tap_trace_add (trace, v, tensor);
    }
  return g_steal_pointer (&trace);
}

static TapTrace *
patch_locked (TapSession *self,
              TapTrace *base,
              const TapRect *region,
              TapTensor *pixels,
              const TapTaps *taps,
              TapProgress *progress,
              GCancellable *cancellable,
              GError **error)
{
  const TapPlan *plan = base->base->plan;
  g_auto (Patch) patch = { .session = self, .plan = plan, .base = base->base };
  gsize n_values = (gsize) plan->n_values;
  TapTrace *trace = NULL;

  if (!check_request (plan, base, region, pixels, taps, error) ||
      !reserve_shadow (self, base->base, error) ||
      !tap_block_memory_reserve (&self->scratch, plan->scratch_bytes + 64, error))
    return NULL;
  patch.changes = g_new0 (TapChange, n_values + 1);
  patch.needed = g_new0 (gboolean, (gsize) plan->n_steps + 1);
  patch.data = g_new0 (gpointer, n_values + 1);
  for (int v = 0; v < plan->n_values; v++)
    {
      const TapPlanValue *root = &plan->values[plan->values[v].root];

      if (root->place == TAP_PLACE_ARENA)
        patch.data[v] = (char *) base->base->shadow.data + root->offset;
      else if (root->place == TAP_PLACE_CONSTANT)
        patch.data[v] = tap_graph_get_value (plan->graph, plan->values[v].root)->constant->data;
    }
  for (int v = 0; v < plan->n_values; v++)
    if (plan->values[v].place == TAP_PLACE_NONE)
      patch.data[v] = NULL;

  find_needed_steps (&patch, taps);
  write_pixels (&patch, picture_input (plan->graph), region, pixels);
  if (run_steps (&patch, progress, cancellable, error))
    trace = collect (&patch, base, taps, error);
  return trace;
}

TapTrace *
tap_session_patch (TapSession *self,
                   TapTrace *base,
                   const TapRect *region,
                   TapTensor *pixels,
                   const TapTaps *taps,
                   TapProgress *progress,
                   GCancellable *cancellable,
                   GError **error)
{
  gint64 start = g_get_monotonic_time ();
  TapTrace *trace;

  g_return_val_if_fail (self != NULL && base != NULL && region != NULL, NULL);
  g_return_val_if_fail (pixels != NULL && taps != NULL, NULL);

  if (base->base == NULL || base->base->session != self || base->base->plan->graph != self->graph)
    {
      g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
                   "The base run was not made by this session for changing rectangles.");
      return NULL;
    }
  tap_session_enter (self);
  trace = patch_locked (self, base, region, pixels, taps, progress, cancellable, error);
  tap_session_leave (self);
  if (trace != NULL)
    trace->milliseconds = (double) (g_get_monotonic_time () - start) / 1000.0;
  return trace;
}
