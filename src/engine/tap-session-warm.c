/* tap-session-warm.c - weights packed before they are asked for, by all workers
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "core/tap-error.h"
#include "engine/tap-session-private.h"

typedef struct
{
  TapSession *session;
  const TapPlanStep *step;
  gsize weights; /* numbers */
} Item;

static int
larger_first (gconstpointer a, gconstpointer b)
{
  const Item *p = a, *q = b;

  return (p->weights < q->weights) - (p->weights > q->weights);
}

/* Steps with weights to pack, the largest first. (transfer full) */
static GArray *
list_items (TapSession *self, const TapPlan *plan)
{
  GArray *items = g_array_new (FALSE, FALSE, sizeof (Item));

  for (int s = 0; s < plan->n_steps; s++)
    {
      Item item = { self, &plan->steps[s], 0 };

      if (item.step->kernel->pack == NULL)
        continue;
      for (int i = 0; i < item.step->n_inputs; i++)
        if (item.step->inputs[i] >= 0 &&
            plan->values[item.step->inputs[i]].place == TAP_PLACE_CONSTANT)
          item.weights += tap_cpu_count (&plan->values[item.step->inputs[i]].shape);
      g_array_append_val (items, item);
    }
  g_array_sort (items, larger_first);
  return items;
}

/* What cannot be packed now is tried again, and complained of, by the run that wants it. */
static void
pack_task (gpointer data, int task, int worker)
{
  const Item *item = &((const Item *) data)[task];
  TapTensor *packed;

  tap_packs_take (item->session->packs, item->step->node, item->step->algorithm, item->step->affine,
                  &packed, NULL);
}

void
tap_session_pack_plan (TapSession *self, TapPlan *plan)
{
  g_autoptr (GArray) items = NULL;

  if (plan->packed)
    return;
  items = list_items (self, plan);
  tap_pool_run (self->pool, (int) items->len, pack_task, items->data);
  plan->packed = TRUE;
}

/* The plan of the graph as it stands, up to its outputs; NULL when it cannot be run so. */
static TapPlan *
plan_for_outputs (TapSession *self)
{
  int n_inputs = tap_graph_n_inputs (self->graph);
  g_autofree TapShape *shapes = g_new0 (TapShape, (gsize) n_inputs + 1);
  g_autoptr (TapTaps) taps = tap_taps_new ();

  for (int i = 0; i < n_inputs; i++)
    shapes[i] = tap_graph_get_value (self->graph, tap_graph_get_input (self->graph, i))->shape;
  for (int i = 0; i < tap_graph_n_outputs (self->graph); i++)
    tap_taps_add (taps, tap_graph_get_output (self->graph, i));
  return tap_session_plan (self, shapes, taps, TAP_PLAN_FORWARD, NULL);
}

gboolean
tap_session_warm_up (TapSession *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (TapPlan) plan = NULL;
  g_autoptr (GArray) items = NULL;
  guint n = (guint) tap_pool_get_n_threads (self->pool);

  g_mutex_lock (&self->mutex);
  plan = plan_for_outputs (self);
  g_mutex_unlock (&self->mutex);
  if (plan == NULL)
    return TRUE;
  items = list_items (self, plan);
  for (guint i = 0; i < items->len; i += n)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      /* A run may come in between. */
      tap_session_enter (self);
      tap_pool_run (self->pool, (int) MIN (n, items->len - i), pack_task,
                    &g_array_index (items, Item, i));
      tap_session_leave (self);
    }
  return TRUE;
}
