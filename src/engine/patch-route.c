/* patch-route.c - what is found out about a plan before rectangles are followed through it
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "engine/patch-walk.h"

/* Bytes of the base that one task copies. */
#define COPY_BYTES ((gsize) 1 << 20)

static void
shadow_free (gpointer data)
{
  TapPatchShadow *shadow = data;

  tap_block_memory_clear (&shadow->memory);
  g_free (shadow->dirty);
  g_free (shadow);
}

void
tap_patch_route_free (TapPatchRoute *route)
{
  if (route == NULL)
    return;
  g_ptr_array_unref (route->shadows);
  for (int s = 0; s < route->n_steps; s++)
    tap_patch_reads_free (route->reads[s]);
  g_free (route->reads);
  g_free (route->makers);
  g_free (route->rules);
  g_free (route->windows);
  g_free (route);
}

int
tap_patch_find_picture (const TapGraph *graph)
{
  for (int i = 0; i < tap_graph_n_inputs (graph); i++)
    if (tap_graph_get_value (graph, tap_graph_get_input (graph, i))->constant == NULL)
      return tap_graph_get_input (graph, i);
  return -1;
}

static TapRegionRule
step_rule (const TapPlan *plan, const TapPlanStep *step, TapWindow *window)
{
  TapRegionRule rule = tap_op_region (plan->graph, step->node);
  gboolean weighted;

  if (!step->view && !(step->kernel->flags & TAP_CPU_REGIONS))
    return TAP_REGION_FULL;
  if (rule != TAP_REGION_WINDOW)
    return rule;
  weighted = g_str_equal (step->node->op->name, "Conv");
  return tap_op_window (step->node, &plan->values[step->inputs[0]].shape,
                        weighted ? &plan->values[step->inputs[1]].shape : NULL, window, NULL) ?
           TAP_REGION_WINDOW :
           TAP_REGION_FULL;
}

static TapPatchRoute *
route_new (const TapPlan *plan)
{
  TapPatchRoute *route = g_new0 (TapPatchRoute, 1);

  route->picture = tap_patch_find_picture (plan->graph);
  route->makers = g_new (int, (gsize) plan->n_values + 1);
  route->rules = g_new0 (TapRegionRule, (gsize) plan->n_steps + 1);
  route->windows = g_new0 (TapWindow, (gsize) plan->n_steps + 1);
  route->reads = g_new0 (TapPatchReads *, (gsize) plan->n_steps + 1);
  route->n_steps = plan->n_steps;
  route->shadows = g_ptr_array_new_with_free_func (shadow_free);
  for (int v = 0; v < plan->n_values; v++)
    route->makers[v] = -1;
  for (int s = 0; s < plan->n_steps; s++)
    {
      const TapPlanStep *step = &plan->steps[s];

      for (int i = 0; i < step->n_outputs; i++)
        if (step->outputs[i] >= 0)
          route->makers[step->outputs[i]] = s;
      route->rules[s] = step_rule (plan, step, &route->windows[s]);
      if (route->rules[s] == TAP_REGION_FULL)
        route->reads[s] = tap_patch_reads_new (plan, step);
    }
  return route;
}

typedef struct
{
  char *to;
  const char *from;
  gsize bytes;
} Copy;

static void
copy_task (gpointer data, int task, int worker)
{
  const Copy *copy = data;
  gsize first = (gsize) task * COPY_BYTES;

  memcpy (copy->to + first, copy->from + first, MIN (copy->bytes - first, COPY_BYTES));
}

TapPatchShadow *
tap_patch_base_take_shadow (TapSession *session, TapPatchBase *base, GError **error)
{
  TapPatchShadow *shadow;
  Copy copy;

  if (base->route == NULL)
    base->route = route_new (base->plan);
  for (guint i = 0; i < base->route->shadows->len; i++)
    {
      shadow = g_ptr_array_index (base->route->shadows, i);
      if (!shadow->taken)
        {
          shadow->taken = TRUE;
          return shadow;
        }
    }
  if (!tap_session_check_budget (session, base->clean.size, error))
    return NULL;
  shadow = g_new0 (TapPatchShadow, 1);
  if (!tap_block_memory_reserve (&shadow->memory, base->clean.size, error))
    {
      g_free (shadow);
      return NULL;
    }
  copy = (Copy){ shadow->memory.data, base->clean.data, base->clean.size };
  tap_pool_run (session->pool, (int) ((copy.bytes + COPY_BYTES - 1) / COPY_BYTES), copy_task,
                &copy);
  shadow->dirty = g_new0 (TapChange, (gsize) base->plan->n_values + 1);
  shadow->taken = TRUE;
  g_ptr_array_add (base->route->shadows, shadow);
  return shadow;
}

gboolean *
tap_patch_base_find_needed (const TapPatchBase *base, const TapTaps *taps)
{
  const TapPlan *plan = base->plan;
  g_autofree gboolean *wanted = g_new0 (gboolean, (gsize) plan->n_values + 1);
  gboolean *needed = g_new0 (gboolean, (gsize) plan->n_steps + 1);

  for (guint i = 0; i < taps->values->len; i++)
    wanted[g_array_index (taps->values, int, i)] = TRUE;
  for (int s = plan->n_steps - 1; s >= 0; s--)
    {
      const TapPlanStep *step = &plan->steps[s];

      for (int i = 0; i < step->n_outputs; i++)
        if (step->outputs[i] >= 0 && wanted[step->outputs[i]])
          needed[s] = TRUE;
      for (int i = 0; needed[s] && i < step->n_reads; i++)
        if (step->inputs[i] >= 0)
          wanted[step->inputs[i]] = TRUE;
    }
  return needed;
}
