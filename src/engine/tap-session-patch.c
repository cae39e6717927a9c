/* tap-session-patch.c - what a changed rectangle of pixels changes, and nothing else
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The kernels are those of the base run, which give a cell the same bits in whatever rectangle it is
 * computed; cells that the change does not reach are those of the base. patch-walk.c finds out which are
 * which. */

#include "config.h"

#include <string.h>

#include "core/tap-error.h"
#include "engine/patch-walk.h"

gboolean
tap_session_check_base (TapSession *self, TapTrace *base, const TapTaps *taps, GError **error)
{
  const TapPlan *plan;
  int picture;

  if (base->base == NULL || base->base->session != self || base->base->plan->graph != self->graph)
    {
      g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
                   "The base run was not made by this session for changing rectangles.");
      return FALSE;
    }
  plan = base->base->plan;
  picture = tap_patch_find_picture (plan->graph);
  if (picture < 0 || plan->values[picture].shape.n_dims != 4 ||
      plan->values[picture].shape.dims[0] != 1 || plan->values[picture].dtype != TAP_DTYPE_F32)
    {
      g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
                   "A rectangle can only be changed in a run on one picture.");
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

gboolean
tap_session_check_region (const TapPlan *plan,
                          const TapRect *region,
                          const TapTensor *pixels,
                          GError **error)
{
  const TapShape *shape = &plan->values[tap_patch_find_picture (plan->graph)].shape;
  gint64 height = shape->dims[2], width = shape->dims[3];
  TapShape wanted =
    tap_shape_new (4, (gint64) 1, shape->dims[1], (gint64) region->height, (gint64) region->width);
  g_autofree char *found = NULL;
  g_autofree char *picture = NULL;

  if (region->x >= 0 && region->y >= 0 && region->width >= 0 && region->height >= 0 &&
      region->x <= width - region->width && region->y <= height - region->height &&
      pixels->dtype == TAP_DTYPE_F32 && tap_shape_equal (&pixels->shape, &wanted))
    return TRUE;
  found = tap_shape_to_string (&pixels->shape);
  picture = tap_shape_to_string (shape);
  g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
               "Pixels of %s do not go into the rectangle %d×%d at (%d, %d) of %s.", found,
               region->width, region->height, region->x, region->y, picture);
  return FALSE;
}

/* Tapped values; those that did not change are the base's own. */
static TapTrace *
collect (TapPatchWalk *walk, TapTrace *base, const TapTaps *taps, GError **error)
{
  g_autoptr (TapTrace) trace = tap_trace_new ();

  for (guint i = 0; i < taps->values->len; i++)
    {
      int v = g_array_index (taps->values, int, i);
      const TapPlanValue *value = &walk->plan->values[v];
      TapTensor *tensor;

      if (walk->changes[v].extent == TAP_CLEAN)
        tensor = tap_tensor_ref (tap_trace_get (base, v));
      else
        {
          tensor = tap_tensor_new_uninit (value->dtype, &value->shape, error);
          if (tensor == NULL)
            return NULL;
          tap_patch_walk_copy (walk, v, tensor->data);
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
  g_auto (TapPatchWalk) walk = { 0 };
  g_autofree gboolean *needed = NULL;
  TapPatchShadow *shadow;

  if (!tap_block_memory_reserve (&self->scratch, base->base->plan->scratch_bytes + 64, error))
    return NULL;
  shadow = tap_patch_base_take_shadow (self, base->base, error);
  if (shadow == NULL)
    return NULL;
  tap_patch_walk_init (&walk, self, base->base, shadow, self->pool, self->scratch.data);
  needed = tap_patch_base_find_needed (base->base, taps);
  tap_patch_walk_begin (&walk, region, pixels);
  if (!tap_patch_walk_run (&walk, needed, 0, progress, cancellable, error))
    return NULL;
  return collect (&walk, base, taps, error);
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

  if (!tap_session_check_base (self, base, taps, error) ||
      !tap_session_check_region (base->base->plan, region, pixels, error))
    return NULL;
  tap_session_enter (self);
  trace = patch_locked (self, base, region, pixels, taps, progress, cancellable, error);
  tap_session_leave (self);
  if (trace != NULL)
    trace->milliseconds = (double) (g_get_monotonic_time () - start) / 1000.0;
  return trace;
}
