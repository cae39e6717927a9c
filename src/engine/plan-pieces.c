/* plan-pieces.c - values that lie inside others: the parts of a Concat, the pieces of a Split
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where nothing stands before the axis (one picture), the parts of a Concat follow each other in
 * memory, so whoever makes a part can write it straight to its place, and the Concat has nothing left
 * to do. A Split is the same backwards. */

#include "config.h"

#include "engine/tap-plan.h"

static gsize
exact_bytes (const TapPlanValue *value)
{
  return tap_cpu_count (&value->shape) * tap_dtype_size (value->dtype);
}

/* Everything in the memory of @from goes to @at of the memory of @to. */
static void
move (TapPlan *self, int from, int to, gsize at)
{
  for (int v = 0; v < self->n_values; v++)
    if (self->values[v].root == from && self->values[v].place != TAP_PLACE_NONE)
      {
        self->values[v].root = to;
        self->values[v].at += at;
      }
  self->values[to].last_use = MAX (self->values[to].last_use, self->values[from].last_use);
}

/* The parts along the axis follow each other in @whole. */
static gboolean
is_joined (const TapPlan *self, const TapPlanStep *step, int whole, gint64 fallback)
{
  const TapShape *shape = &self->values[whole].shape;
  int axis = tap_cpu_axis (tap_attrs_get_int (step->node->attrs, "axis", fallback), shape->n_dims);

  return axis >= 0 && axis < shape->n_dims && tap_shape_product (shape, 0, axis) == 1;
}

/* Whether all memory that @v lies in can be made part of another value's. */
static gboolean
may_move (const TapPlan *self, int v, int whole)
{
  const TapPlanValue *value = &self->values[v], *root = &self->values[value->root];

  return root->place == TAP_PLACE_ARENA && value->root != self->values[whole].root &&
         tap_graph_get_value (self->graph, value->root)->producer >= 0 &&
         exact_bytes (value) == exact_bytes (root) && value->dtype == self->values[whole].dtype;
}

static void
place_concat (TapPlan *self, TapPlanStep *step)
{
  int whole = step->outputs[0];
  gsize at = self->values[whole].at;
  gboolean all = TRUE;

  for (int i = 0; i < step->n_inputs; i++)
    {
      const TapPlanValue *part = &self->values[step->inputs[i]];
      gsize bytes = exact_bytes (part);

      if (may_move (self, step->inputs[i], whole))
        move (self, part->root, self->values[whole].root, at);
      else
        all = FALSE;
      at += bytes;
    }
  step->view = all;
}

static void
place_split (TapPlan *self, TapPlanStep *step)
{
  const TapPlanValue *whole = &self->values[step->inputs[0]];
  gsize at = whole->at;
  gboolean all = TRUE;

  /* Those that are left out have no place, but take up room. */
  for (int i = 0; i < step->n_outputs; i++)
    {
      const TapPlanValue *part = step->outputs[i] >= 0 ? &self->values[step->outputs[i]] : NULL;

      if (part == NULL)
        return;
      all = all && part->root == step->outputs[i] && part->place == TAP_PLACE_ARENA;
    }
  if (!all)
    return;
  for (int i = 0; i < step->n_outputs; i++)
    {
      gsize bytes = exact_bytes (&self->values[step->outputs[i]]);

      move (self, step->outputs[i], whole->root, at);
      at += bytes;
    }
  step->view = TRUE;
}

void
tap_plan_place_pieces (TapPlan *self)
{
  for (int s = 0; s < self->n_steps; s++)
    {
      TapPlanStep *step = &self->steps[s];

      if (g_str_equal (step->node->op->name, "Split") && is_joined (self, step, step->inputs[0], 0))
        place_split (self, step);
    }
  for (int s = 0; s < self->n_steps; s++)
    {
      TapPlanStep *step = &self->steps[s];
      int out = step->n_outputs > 0 ? step->outputs[0] : -1;

      if (out >= 0 && g_str_equal (step->node->op->name, "Concat") &&
          is_joined (self, step, out, 1))
        place_concat (self, step);
    }
}
