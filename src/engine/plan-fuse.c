/* plan-fuse.c - steps that a kernel can do as it stores, done there
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A sum with a value that is there by then, and an activation that only clamps, cost a pass over the
 * memory each; a convolution does both on the way out. Clamping changes no bit. Nor does the sum: the
 * convolution is finished and rounded before it is added. What scales and shifts channels after a
 * convolution goes into its weights and bias (plan-fold.c), and what does so elsewhere is done at once:
 * that changes how numbers are rounded. Nothing is joined across a value that is tapped. */

#include "config.h"

#include <math.h>
#include <string.h>

#include "engine/tap-plan.h"

/* The clamp that a node is, if it is one with bounds known by now. */
static gboolean
as_clamp (const TapGraph *graph, const TapNode *node, TapClamp *clamp)
{
  float *ends[2] = { &clamp->low, &clamp->high };

  *clamp = (TapClamp){ TRUE, -INFINITY, INFINITY };
  if (g_str_equal (node->op->name, "Relu"))
    {
      clamp->low = 0;
      return TRUE;
    }
  if (!g_str_equal (node->op->name, "Clip"))
    return FALSE;
  clamp->low = (float) tap_attrs_get_float (node->attrs, "min", -INFINITY);
  clamp->high = (float) tap_attrs_get_float (node->attrs, "max", INFINITY);
  for (int i = 1; i <= 2; i++)
    if (i < node->n_inputs && node->inputs[i] >= 0)
      {
        TapTensor *bound = tap_graph_get_value (graph, node->inputs[i])->constant;

        if (bound == NULL || bound->dtype != TAP_DTYPE_F32 || bound->count != 1)
          return FALSE;
        *ends[i - 1] = tap_tensor_f32 (bound)[0];
      }
  return TRUE;
}

typedef struct
{
  int *producers; /* per value: step that makes it, -1 */
  int *readers;   /* per value: the one step that reads it, -1 for none, -2 for more */
  gboolean *gone; /* per step */
} Fusion;

static void
fusion_clear (Fusion *fusion)
{
  g_free (fusion->producers);
  g_free (fusion->readers);
  g_free (fusion->gone);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fusion, fusion_clear)

static void
fusion_init (Fusion *fusion, const TapPlan *plan)
{
  fusion->producers = g_new (int, (gsize) plan->n_values + 1);
  fusion->readers = g_new (int, (gsize) plan->n_values + 1);
  fusion->gone = g_new0 (gboolean, (gsize) plan->n_steps + 1);
  for (int v = 0; v < plan->n_values; v++)
    fusion->producers[v] = fusion->readers[v] = -1;
  for (int s = 0; s < plan->n_steps; s++)
    {
      const TapPlanStep *step = &plan->steps[s];

      for (int i = 0; i < step->n_outputs; i++)
        if (step->outputs[i] >= 0)
          fusion->producers[step->outputs[i]] = s;
      for (int i = 0; i < step->n_reads; i++)
        if (step->inputs[i] >= 0)
          fusion->readers[step->inputs[i]] = fusion->readers[step->inputs[i]] == -1 ? s : -2;
    }
}

/* Step @s makes what step @end made so far, and @end is no more. */
static void
join (TapPlan *plan, Fusion *fusion, gboolean *value_needed, int s, int end)
{
  value_needed[plan->steps[s].outputs[0]] = FALSE;
  plan->steps[s].outputs[0] = plan->steps[end].outputs[0];
  fusion->producers[plan->steps[s].outputs[0]] = s;
  fusion->gone[end] = TRUE;
}

static gboolean
is_sum (const TapPlan *plan, const TapPlanStep *step)
{
  const char *op = step->node->op->name;
  int out = step->outputs[0];

  return (g_str_equal (op, "Add") || g_str_equal (op, "Sum")) && step->n_inputs == 2 && out >= 0 &&
         plan->values[out].dtype == TAP_DTYPE_F32 &&
         tap_shape_equal (&plan->values[step->inputs[0]].shape, &plan->values[out].shape) &&
         tap_shape_equal (&plan->values[step->inputs[1]].shape, &plan->values[out].shape);
}

/* Weights and bias are there to be changed. */
static gboolean
has_constant_weights (const TapPlan *plan, const TapPlanStep *step)
{
  for (int i = 1; i < step->n_inputs; i++)
    if (step->inputs[i] >= 0 &&
        tap_graph_get_value (plan->graph, step->inputs[i])->constant == NULL)
      return FALSE;
  return TRUE;
}

static TapAffine *
affine_copy (const TapAffine *from)
{
  TapAffine *copy = tap_affine_new (from->n);

  copy->id = from->id;
  memcpy (copy->scale, from->scale, (gsize) from->n * sizeof (float));
  memcpy (copy->shift, from->shift, (gsize) from->n * sizeof (float));
  return copy;
}

/* The input of a step that is no constant, if there is but one. */
static int
only_input (const TapPlan *plan, const TapPlanStep *step)
{
  int found = -1;

  for (int i = 0; i < step->n_inputs; i++)
    if (step->inputs[i] >= 0 &&
        tap_graph_get_value (plan->graph, step->inputs[i])->constant == NULL)
      {
        if (found >= 0)
          return -1;
        found = step->inputs[i];
      }
  return found;
}

/* Joins what follows step @s and scales and shifts by channel; @affine is what @s does so itself. */
static void
fold_chain (TapPlan *plan, Fusion *fusion, gboolean *value_needed, int s, TapAffine *start)
{
  TapPlanStep *step = &plan->steps[s];
  g_autoptr (TapAffine) affine = start;
  gboolean any = FALSE;

  for (;; any = TRUE)
    {
      int value = step->outputs[0], reader = fusion->readers[value];
      g_autoptr (TapAffine) longer = affine_copy (affine);

      if (plan->values[value].tapped || reader < 0 ||
          !tap_plan_fold (plan, &plan->steps[reader], value, longer))
        break;
      tap_affine_free (affine);
      affine = g_steal_pointer (&longer);
      join (plan, fusion, value_needed, s, reader);
    }
  if (any)
    step->affine = g_steal_pointer (&affine);
}

/* After a convolution into its weights; elsewhere two or more steps become one. */
static void
fold_steps (TapPlan *plan, Fusion *fusion, gboolean *value_needed)
{
  for (int s = 0; s < plan->n_steps; s++)
    {
      TapPlanStep *step = &plan->steps[s];
      int out = step->n_outputs > 0 ? step->outputs[0] : -1, x;
      const TapShape *shape = out >= 0 ? &plan->values[out].shape : NULL;
      g_autoptr (TapAffine) affine = NULL;

      if (fusion->gone[s] || out < 0 || shape->n_dims < 3 || shape->dims[1] > G_MAXINT / 8)
        continue;
      affine = tap_affine_new ((int) shape->dims[1]);
      if (step->kernel->pack_affine != NULL)
        {
          if (has_constant_weights (plan, step))
            fold_chain (plan, fusion, value_needed, s, g_steal_pointer (&affine));
          continue;
        }
      x = only_input (plan, step);
      if (x < 0 || !tap_plan_fold (plan, step, x, affine))
        continue;
      fold_chain (plan, fusion, value_needed, s, g_steal_pointer (&affine));
      if (step->affine == NULL)
        continue;
      step->kernel = &tap_cpu_affine;
      step->inputs[0] = x;
      step->n_inputs = step->n_reads = 1;
    }
}

/* The later of two operands is added to the earlier as it is made. */
static void
fuse_sums (TapPlan *plan, Fusion *fusion, gboolean *value_needed)
{
  for (int s = 0; s < plan->n_steps; s++)
    {
      const TapPlanStep *sum = &plan->steps[s];
      TapPlanStep *maker;
      int first, second, value;

      if (!is_sum (plan, sum))
        continue;
      first = fusion->producers[sum->inputs[0]];
      second = fusion->producers[sum->inputs[1]];
      if (first == second)
        continue;
      value = sum->inputs[first > second ? 0 : 1];
      maker = &plan->steps[MAX (first, second)];
      if (!(maker->kernel->flags & TAP_CPU_ADDS) || maker->clamp.active ||
          maker->n_reads > maker->n_inputs || maker->outputs[0] != value ||
          plan->values[value].tapped || fusion->readers[value] != s)
        continue;
      maker->inputs[maker->n_reads++] = sum->inputs[first > second ? 1 : 0];
      join (plan, fusion, value_needed, MAX (first, second), s);
    }
}

static gboolean
can_clamp (const TapPlan *plan, const Fusion *fusion, int s, int value)
{
  const TapPlanStep *step = s >= 0 ? &plan->steps[s] : NULL;

  return step != NULL && !fusion->gone[s] && (step->kernel->flags & TAP_CPU_CLAMPS) != 0 &&
         step->outputs[0] == value && plan->values[value].dtype == TAP_DTYPE_F32 &&
         !plan->values[value].tapped && !step->clamp.active;
}

/* Whoever makes the parts of a Concat clamps them, if nobody else reads those. */
static gboolean
clamp_parts (TapPlan *plan, Fusion *fusion, int s, TapClamp clamp)
{
  const TapPlanStep *step = &plan->steps[s];

  for (int i = 0; i < step->n_inputs; i++)
    if (step->inputs[i] < 0 || fusion->readers[step->inputs[i]] != s ||
        !can_clamp (plan, fusion, fusion->producers[step->inputs[i]], step->inputs[i]))
      return FALSE;
  for (int i = 0; i < step->n_inputs; i++)
    plan->steps[fusion->producers[step->inputs[i]]].clamp = clamp;
  return TRUE;
}

static void
fuse_clamps (TapPlan *plan, Fusion *fusion, gboolean *value_needed)
{
  for (int s = 0; s < plan->n_steps; s++)
    {
      TapPlanStep *step = &plan->steps[s];
      int value = step->n_outputs > 0 ? step->outputs[0] : -1, reader;
      TapClamp clamp;
      gboolean joins = g_str_equal (step->node->op->name, "Concat");

      if (value < 0 || fusion->gone[s] || plan->values[value].tapped ||
          (!joins && !can_clamp (plan, fusion, s, value)))
        continue;
      reader = fusion->readers[value];
      if (reader < 0 || plan->steps[reader].inputs[0] != value ||
          !as_clamp (plan->graph, plan->steps[reader].node, &clamp) ||
          (joins && !clamp_parts (plan, fusion, s, clamp)))
        continue;
      if (!joins)
        step->clamp = clamp;
      join (plan, fusion, value_needed, s, reader);
    }
}

void
tap_plan_fuse (TapPlan *self, gboolean *value_needed)
{
  g_auto (Fusion) fusion = { 0 };
  int n = 0;

  fusion_init (&fusion, self);
  fold_steps (self, &fusion, value_needed);
  /* Patches follow a sum as a step of its own. */
  if (self->mode == TAP_PLAN_FORWARD)
    fuse_sums (self, &fusion, value_needed);
  fuse_clamps (self, &fusion, value_needed);

  for (int s = 0; s < self->n_steps; s++)
    if (!fusion.gone[s])
      self->steps[n++] = self->steps[s];
    else
      {
        g_free (self->steps[s].inputs);
        g_free (self->steps[s].outputs);
        tap_affine_free (self->steps[s].affine);
      }
  self->n_steps = n;
}
