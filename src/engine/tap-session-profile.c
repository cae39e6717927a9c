/* tap-session-profile.c - where the time of a run goes, step by step
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "engine/tap-session-profile.h"

#include <stdlib.h>

#include "engine/tap-session-private.h"
#include "ops/infer.h"

void
tap_profile_free (TapProfile *self)
{
  if (self == NULL)
    return;
  for (int s = 0; s < self->n_steps; s++)
    g_free (self->steps[s].ops);
  g_free (self->steps);
  g_free (self);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  double u = *(const double *) a, v = *(const double *) b;

  return (u > v) - (u < v);
}

/* Median of @n numbers that lie @pitch apart. */
static double
median (const double *values, int n, gsize pitch)
{
  g_autofree double *sorted = g_new (double, (gsize) n);

  for (int i = 0; i < n; i++)
    sorted[i] = values[(gsize) i * pitch];
  qsort (sorted, (size_t) n, sizeof *sorted, compare);
  return sorted[n / 2];
}

/* Fills @ops from the step's last node back to its first, and adds what they compute. */
static void
describe_nodes (const TapPlan *plan, const TapPlanStep *step, GString *ops, double *gflop)
{
  int v = -1;

  for (int i = 0; i < step->n_outputs && v < 0; i++)
    v = step->outputs[i];
  *gflop = 2e-9 * (double) tap_infer_macs (plan->graph, step->node);
  while (v >= 0)
    {
      const TapValue *value = tap_graph_get_value (plan->graph, v);
      const TapNode *node =
        value->producer >= 0 ? tap_graph_get_node (plan->graph, value->producer) : NULL;

      if (node == NULL || node == step->node || node->index < step->node->index)
        break;
      g_string_prepend (ops, node->op->name);
      g_string_prepend (ops, " + ");
      /* a constant may come first */
      v = node->inputs[node->n_inputs > 1 && node->inputs[0] >= 0 &&
                           tap_graph_get_value (plan->graph, node->inputs[0])->constant != NULL ?
                         1 :
                         0];
    }
  g_string_prepend (ops, step->node->op->name);
}

static void
describe_output (const TapPlan *plan, const TapPlanStep *step, TapProfileStep *to)
{
  for (int i = step->n_outputs - 1; i >= 0; i--)
    if (step->outputs[i] >= 0)
      to->shape = plan->values[step->outputs[i]].shape;
}

/* One more step of a chain. */
static void
add_link (TapProfile *self, const TapPlan *plan, const TapPlanStep *step, double milliseconds)
{
  TapProfileStep *to = &self->steps[self->n_steps - 1];
  g_autoptr (GString) ops = g_string_new (NULL);
  g_autofree char *before = to->ops;
  double gflop;

  describe_nodes (plan, step, ops, &gflop);
  to->ops = g_strconcat (before, " + ", ops->str, NULL);
  to->algorithm = "bands";
  describe_output (plan, step, to);
  to->gflop += gflop;
  to->milliseconds += milliseconds;
  self->gflop += gflop;
}

static void
add_step (TapProfile *self, const TapPlan *plan, const TapPlanStep *step, double milliseconds)
{
  TapProfileStep *to = &self->steps[self->n_steps++];
  GString *ops = g_string_new (NULL);

  to->node = step->node;
  describe_nodes (plan, step, ops, &to->gflop);
  to->ops = g_string_free (ops, FALSE);
  to->algorithm =
    step->kernel->algorithm_name != NULL ? step->kernel->algorithm_name (step->algorithm) : NULL;
  describe_output (plan, step, to);
  to->milliseconds = milliseconds;
  self->gflop += to->gflop;
}

static TapProfile *
profile (TapSession *self,
         TapTensor *const *inputs,
         int n_runs,
         GCancellable *cancellable,
         GError **error)
{
  int n_inputs = tap_graph_n_inputs (self->graph);
  g_autofree TapShape *shapes = g_new0 (TapShape, (gsize) n_inputs + 1);
  g_autofree double *times = NULL, *wholes = g_new (double, (gsize) n_runs);
  g_autoptr (TapTaps) taps = tap_taps_new ();
  g_autoptr (TapPlan) plan = NULL;
  g_autoptr (TapProfile) result = NULL;

  for (int i = 0; i < n_inputs; i++)
    shapes[i] = inputs[i] != NULL ?
                  inputs[i]->shape :
                  tap_graph_get_value (self->graph, tap_graph_get_input (self->graph, i))->shape;
  for (int i = 0; i < tap_graph_n_outputs (self->graph); i++)
    tap_taps_add (taps, tap_graph_get_output (self->graph, i));
  plan = tap_session_plan (self, shapes, taps, TAP_PLAN_FORWARD, error);
  if (plan == NULL)
    return NULL;

  times = g_new0 (double, (gsize) n_runs *((gsize) plan->n_steps + 1));
  for (int i = -1; i < n_runs; i++)
    {
      gint64 start = g_get_monotonic_time ();
      g_autoptr (TapTrace) trace = NULL;

      self->step_times = times + (gsize) MAX (i, 0) * (gsize) plan->n_steps;
      trace = tap_session_run_plan (self, plan, inputs, NULL, cancellable, error);
      self->step_times = NULL;
      if (trace == NULL)
        return NULL;
      wholes[MAX (i, 0)] = (double) (g_get_monotonic_time () - start) / 1000.0;
    }

  result = g_new0 (TapProfile, 1);
  result->steps = g_new0 (TapProfileStep, (gsize) plan->n_steps + 1);
  for (int s = 0; s < plan->n_steps; s++)
    {
      const TapChain *chain = plan->steps[s].chain;

      if (!plan->steps[s].view)
        add_step (result, plan, &plan->steps[s], median (times + s, n_runs, (gsize) plan->n_steps));
      for (int i = 1; chain != NULL && i < chain->n_links; i++)
        {
          s++;
          add_link (result, plan, &plan->steps[s],
                    median (times + s, n_runs, (gsize) plan->n_steps));
        }
    }
  result->milliseconds = median (wholes, n_runs, 1);
  result->arena_bytes = plan->arena_bytes;
  result->scratch_bytes = plan->scratch_bytes;
  result->packed_bytes = tap_packs_get_bytes (self->packs);
  return g_steal_pointer (&result);
}

TapProfile *
tap_session_profile (TapSession *self,
                     TapTensor *const *inputs,
                     int n_inputs,
                     int n_runs,
                     GCancellable *cancellable,
                     GError **error)
{
  TapProfile *result;

  g_return_val_if_fail (self != NULL, NULL);

  if (!tap_session_check_inputs (self, inputs, n_inputs, error))
    return NULL;
  tap_session_enter (self);
  result = profile (self, inputs, MAX (n_runs, 1), cancellable, error);
  tap_session_leave (self);
  return result;
}
