/* plan-pieces.c - values that lie inside others: the parts of a Concat, the pieces of a Split, a Slice
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where nothing stands before the axis (one picture), the parts of a Concat follow each other in
 * memory, so whoever makes a part can write it straight to its place, and the Concat has nothing left
 * to do. A Split is the same backwards, and so are a Slice, and a Gather of one index, of cells that
 * follow each other. */

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

/* A Gather of one index that is known, with nothing before its axis. */
static gboolean
is_pick (const TapPlan *self, const TapPlanStep *step, const TapCpuRun *run, gsize *first)
{
  const TapShape *x = &run->inputs[0].shape;
  int axis;
  gint64 at;

  if (!g_str_equal (step->node->op->name, "Gather") ||
      !is_joined (self, step, step->inputs[0], 0) || tap_cpu_count (&run->inputs[1].shape) != 1)
    return FALSE;
  axis = tap_cpu_axis (tap_attrs_get_int (step->node->attrs, "axis", 0), x->n_dims);
  at = tap_cpu_i64 (&run->inputs[1])[0];
  at += at < 0 ? x->dims[axis] : 0;
  *first = (gsize) at * (gsize) tap_shape_product (x, axis + 1, x->n_dims);
  return at >= 0 && at < x->dims[axis];
}

/* An output that is cells of input 0 which follow each other there. */
static void
place_part (TapPlan *self, TapPlanStep *step, gpointer *data, TapCpuArray *arrays)
{
  int in = step->n_inputs > 0 ? step->inputs[0] : -1;
  int out = step->n_outputs == 1 ? step->outputs[0] : -1;
  TapCpuRun run = {
    .node = step->node,
    .inputs = arrays,
    .n_inputs = step->n_inputs,
    .outputs = arrays + step->n_reads,
    .n_outputs = step->n_outputs,
  };
  gsize first = 0;

  if (in < 0 || out < 0 || self->values[out].root != out ||
      self->values[out].place != TAP_PLACE_ARENA || self->values[in].place == TAP_PLACE_NONE ||
      tap_cpu_count (&self->values[out].shape) == 0)
    return;
  for (int i = 1; i < step->n_inputs; i++)
    {
      const TapTensor *constant =
        step->inputs[i] >= 0 ? tap_graph_get_value (self->graph, step->inputs[i])->constant : NULL;

      if (step->inputs[i] >= 0 && constant == NULL)
        return;
      if (constant != NULL)
        data[step->inputs[i]] = constant->data;
    }
  tap_plan_bind (self, step, data, arrays, arrays + step->n_reads);
  if (!tap_cpu_lies_in_input (&run, &first) && !is_pick (self, step, &run, &first))
    return;
  move (self, out, self->values[in].root,
        self->values[in].at + first * tap_dtype_size (self->values[in].dtype));
  step->view = TRUE;
}

static void
place_parts (TapPlan *self)
{
  g_autofree gpointer *data = g_new0 (gpointer, (gsize) self->n_values + 1);
  g_autofree TapCpuArray *arrays = NULL;
  int most = 0;

  for (int s = 0; s < self->n_steps; s++)
    most = MAX (most, self->steps[s].n_reads + self->steps[s].n_outputs);
  arrays = g_new0 (TapCpuArray, (gsize) most + 1);
  for (int s = 0; s < self->n_steps; s++)
    if (!self->steps[s].view)
      place_part (self, &self->steps[s], data, arrays);
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
  /* Patches follow a rectangle through the copy. */
  if (self->mode == TAP_PLAN_FORWARD)
    place_parts (self);
  for (int s = 0; s < self->n_steps; s++)
    {
      TapPlanStep *step = &self->steps[s];
      int out = step->n_outputs > 0 ? step->outputs[0] : -1;

      if (out >= 0 && g_str_equal (step->node->op->name, "Concat") &&
          is_joined (self, step, out, 1))
        place_concat (self, step);
    }
}
