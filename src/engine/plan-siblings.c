/* plan-siblings.c - steps on one input that a kernel does in one go
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The branches of an inception module, or of a residual block, begin with convolutions of one window to one
 * pixel. Done in one go each pixel is fetched once for all of them, and the threads meet once. The later
 * ones are moved up to the first; what they read but for their common input has to be there by then. */

#include "config.h"

#include <string.h>

#include "engine/tap-plan.h"

typedef struct
{
  TapPlan *plan;
  const TapSimd *simd;
  TapPool *pool;
  TapCpuArray *arrays;
  gpointer *nothing;
  gboolean *made; /* per value: by the steps before those that are looked at */
} Siblings;

static gboolean
goes_together (const Siblings *b, const TapPlanStep *step)
{
  TapCpuRun run = {
    .node = step->node,
    .inputs = b->arrays,
    .n_inputs = step->n_inputs,
    .outputs = b->arrays + step->n_reads,
    .n_outputs = step->n_outputs,
    .simd = b->simd,
    .pool = b->pool,
  };

  if (step->kernel->goes_together == NULL || step->inputs[0] < 0)
    return FALSE;
  tap_plan_bind (b->plan, step, b->nothing, b->arrays, b->arrays + step->n_reads);
  return step->kernel->goes_together (&run);
}

/* Whether all that the step reads is there. */
static gboolean
is_ready (const Siblings *b, const TapPlanStep *step)
{
  for (int i = 0; i < step->n_reads; i++)
    if (step->inputs[i] >= 0 && !b->made[step->inputs[i]])
      return FALSE;
  return TRUE;
}

static void
move_up (TapPlan *plan, int from, int to)
{
  TapPlanStep moved = plan->steps[from];

  memmove (&plan->steps[to + 1], &plan->steps[to], (gsize) (from - to) * sizeof moved);
  plan->steps[to] = moved;
}

static void
join_to (Siblings *b, int s)
{
  TapPlanStep *first = &b->plan->steps[s];

  for (int k = s + 1; k < b->plan->n_steps && first->n_siblings + 1 < TAP_CPU_TOGETHER; k++)
    {
      const TapPlanStep *step = &b->plan->steps[k];

      if (step->kernel != first->kernel || step->inputs[0] != first->inputs[0] ||
          !is_ready (b, step) || !goes_together (b, step))
        continue;
      move_up (b->plan, k, s + 1 + first->n_siblings);
      first->n_siblings++;
    }
}

void
tap_plan_join_siblings (TapPlan *self, const TapSimd *simd, TapPool *pool)
{
  g_autofree gpointer *nothing = g_new0 (gpointer, (gsize) self->n_values + 1);
  g_autofree gboolean *made = g_new0 (gboolean, (gsize) self->n_values + 1);
  g_autofree TapCpuArray *arrays = NULL;
  Siblings b = { self, simd, pool, NULL, nothing, made };
  gsize most = 1;

  for (int v = 0; v < self->n_values; v++)
    made[v] = tap_graph_get_value (self->graph, v)->producer < 0 ||
              tap_graph_get_value (self->graph, v)->constant != NULL;
  for (int s = 0; s < self->n_steps; s++)
    most = MAX (most, (gsize) (self->steps[s].n_reads + self->steps[s].n_outputs));
  b.arrays = arrays = g_new0 (TapCpuArray, most + 1);
  for (int s = 0, n; s < self->n_steps; s += n)
    {
      if (goes_together (&b, &self->steps[s]))
        join_to (&b, s);
      n = self->steps[s].n_siblings + 1;
      for (int i = 0; i < n; i++)
        for (int o = 0; o < self->steps[s + i].n_outputs; o++)
          if (self->steps[s + i].outputs[o] >= 0)
            made[self->steps[s + i].outputs[o]] = TRUE;
    }
}
