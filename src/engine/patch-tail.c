/* patch-tail.c - the end of a network, for the patches of many positions at once
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What follows the last map is the same work at every position: all of its weights on one row of numbers.
 * Joined as a batch, the positions read the weights once. Nobody else can use the session meanwhile, so a
 * large layer is done some outputs at a time. */

#include "config.h"

#include "engine/patch-tail.h"

#include <string.h>

#include "ops/infer.h"

/* The largest value that a step of the tail may make, for one position. */
#define LARGEST_BYTES (256 * 1024)

#define ALIGNMENT 64

/* Outputs of a fully connected layer are done in multiples of these, as the kernel does them. */
#define ROWS        32
/* Multiply-adds of a step for all positions, where it cannot be cut: some tens of milliseconds. */
#define MOST_MACS   1.5e9
/* Positions whose multiply-adds take as long as fetching the weight, more or less. */
#define BALANCE     8
/* Nanoseconds per weight and so many positions, as long as none have been measured. */
#define FIRST_GUESS 1

static gsize
value_bytes (const TapPlan *plan, int v)
{
  return tap_cpu_count (&plan->values[v].shape) * tap_dtype_size (plan->values[v].dtype);
}

static gboolean
is_constant (const TapPlan *plan, int v)
{
  return plan->values[plan->values[v].root].place == TAP_PLACE_CONSTANT;
}

/* A batch has the value once per picture, one after the other. */
static gboolean
grows_with_batch (const TapShape *one, const TapShape *two)
{
  if (one->n_dims < 1 || two->n_dims != one->n_dims || two->dims[0] != 2 * one->dims[0])
    return FALSE;
  for (int d = 1; d < one->n_dims; d++)
    if (one->dims[d] != two->dims[d])
      return FALSE;
  return TRUE;
}

/* Per value: whether it can be joined. All FALSE when the graph takes pictures one by one. */
static gboolean *
find_joinable (const TapPlan *plan)
{
  gsize n_values = (gsize) plan->n_values, n_inputs = (gsize) tap_graph_n_inputs (plan->graph);
  gboolean *joinable = g_new0 (gboolean, n_values + 1);
  g_autofree TapShape *inputs = g_memdup2 (plan->input_shapes, n_inputs * sizeof (TapShape));
  g_autofree TapShape *shapes = g_new0 (TapShape, n_values + 1);
  g_autofree gboolean *has = g_new0 (gboolean, n_values + 1);

  for (gsize i = 0; i < n_inputs; i++)
    if (inputs[i].n_dims > 0)
      inputs[i].dims[0] *= 2;
  if (!tap_infer_shapes (plan->graph, inputs, shapes, has, NULL))
    return joinable;
  for (int v = 0; v < plan->n_values; v++)
    joinable[v] = has[v] && grows_with_batch (&plan->values[v].shape, &shapes[v]);
  return joinable;
}

/* Steps whose outputs, and whatever is made of them, are short rows. */
static gboolean *
find_short (const TapPlan *plan, const gboolean *needed, const gboolean *joinable)
{
  gboolean *is_short = g_new0 (gboolean, (gsize) plan->n_steps + 1);
  g_autofree gboolean *read_by_long = g_new0 (gboolean, (gsize) plan->n_values + 1);

  for (int s = plan->n_steps - 1; s >= 0; s--)
    {
      const TapPlanStep *step = &plan->steps[s];
      gboolean fine = needed[s];

      for (int i = 0; i < step->n_outputs && fine; i++)
        {
          int v = step->outputs[i];

          fine =
            v < 0 || (!read_by_long[v] && joinable[v] && value_bytes (plan, v) <= LARGEST_BYTES);
        }
      for (int i = 0; i < step->n_reads && fine; i++)
        fine =
          step->inputs[i] < 0 || is_constant (plan, step->inputs[i]) || joinable[step->inputs[i]];
      is_short[s] = fine;
      for (int i = 0; i < step->n_reads; i++)
        if (needed[s] && !fine && step->inputs[i] >= 0)
          read_by_long[step->inputs[i]] = TRUE;
    }
  return is_short;
}

static gboolean
reads_made (const TapPatchTail *self, const TapPlanStep *step)
{
  for (int i = 0; i < step->n_reads; i++)
    if (step->inputs[i] >= 0 && self->made[step->inputs[i]])
      return TRUE;
  return FALSE;
}

static gboolean
has_weights (const TapPlan *plan, const TapPlanStep *step)
{
  for (int i = 0; i < step->n_inputs; i++)
    if (step->inputs[i] >= 0 && is_constant (plan, step->inputs[i]))
      return TRUE;
  return FALSE;
}

/* From the first weights on where a change has no place any more, but nothing whose output a long step
 * reads. */
static void
choose_steps (TapPatchTail *self, const TapPatchBase *base, const gboolean *needed)
{
  const TapPlan *plan = self->plan;
  g_autofree gboolean *joinable = find_joinable (plan);
  g_autofree gboolean *is_short = find_short (plan, needed, joinable);

  for (int s = 0; s < plan->n_steps; s++)
    {
      const TapPlanStep *step = &plan->steps[s];

      if (!is_short[s] ||
          !(reads_made (self, step) || (base->route->rules[s] == TAP_REGION_FULL &&
                                        base->route->reads[s] == NULL && has_weights (plan, step))))
        continue;
      self->steps[s] = TRUE;
      for (int i = 0; i < step->n_outputs; i++)
        if (step->outputs[i] >= 0)
          self->made[step->outputs[i]] = TRUE;
    }
}

/* Memory of a value; views lie in that of their input. */
static gsize
place (const TapPatchTail *self, int v, gsize *offsets, gsize end)
{
  offsets[v] = end;
  return end + ((value_bytes (self->plan, v) * (gsize) self->room + ALIGNMENT - 1) &
                ~(gsize) (ALIGNMENT - 1));
}

/* A fully connected layer whose weights lie output by output, of which a part is a smaller one. */
static gboolean
can_be_cut (const TapPlan *plan, const TapPlanStep *step)
{
  const TapPlanValue *weights, *bias, *y;

  if (!g_str_equal (step->node->op->name, "Gemm") || !is_constant (plan, step->inputs[1]) ||
      tap_attrs_get_int (step->node->attrs, "transB", 0) == 0 ||
      tap_attrs_get_int (step->node->attrs, "transA", 0) != 0 || step->n_reads > step->n_inputs)
    return FALSE;
  weights = &plan->values[step->inputs[1]];
  y = &plan->values[step->outputs[0]];
  if (weights->shape.n_dims != 2 || y->shape.n_dims != 2 || y->shape.dims[0] != 1)
    return FALSE;
  if (step->n_inputs < 3 || step->inputs[2] < 0)
    return TRUE;
  bias = &plan->values[step->inputs[2]];
  return bias->shape.n_dims == 1 && bias->shape.dims[0] == weights->shape.dims[0];
}

/* Fewer where a step would take too long for so many. */
static int
find_room (const TapPatchTail *self, int room)
{
  for (int s = 0; s < self->plan->n_steps; s++)
    {
      const TapPlanStep *step = &self->plan->steps[s];
      double macs = (double) tap_infer_macs (self->plan->graph, step->node);

      if (self->steps[s] && macs > 0 && !can_be_cut (self->plan, step))
        room = (int) CLAMP (MOST_MACS / macs, 1, room);
    }
  return room;
}

static gboolean
allocate (TapPatchTail *self, GError **error)
{
  const TapPlan *plan = self->plan;
  g_autofree gsize *offsets = g_new0 (gsize, (gsize) plan->n_values + 1);
  g_autofree gboolean *placed = g_new0 (gboolean, (gsize) plan->n_values + 1);
  gsize end = 0;

  for (int s = 0; s < plan->n_steps; s++)
    {
      const TapPlanStep *step = &plan->steps[s];

      if (!self->steps[s])
        continue;
      for (int i = 0; i < step->n_reads; i++)
        {
          int v = step->inputs[i];

          if (v < 0 || is_constant (plan, v) || placed[v])
            continue;
          placed[v] = TRUE;
          end = place (self, v, offsets, end);
          g_array_append_val (self->reads, v);
        }
      for (int i = 0; i < step->n_outputs; i++)
        {
          int v = step->outputs[i];

          if (v < 0)
            continue;
          placed[v] = TRUE;
          if (step->kernel->flags & TAP_CPU_VIEW)
            offsets[v] = offsets[step->inputs[0]];
          else
            end = place (self, v, offsets, end);
        }
    }
  if (!tap_session_check_budget (self->session, end, error) ||
      !tap_block_memory_reserve (&self->memory, end + ALIGNMENT, error))
    return FALSE;
  for (int v = 0; v < plan->n_values; v++)
    if (placed[v])
      self->data[v] = (char *) self->memory.data + offsets[v];
    else if (is_constant (plan, v))
      self->data[v] = tap_graph_get_value (plan->graph, plan->values[v].root)->constant->data;
  return TRUE;
}

TapPatchTail *
tap_patch_tail_new (TapSession *session,
                    const TapPatchBase *base,
                    const gboolean *needed,
                    int room,
                    GError **error)
{
  g_autoptr (TapPatchTail) self = g_new0 (TapPatchTail, 1);

  self->session = session;
  self->plan = base->plan;
  self->ns_per_cost = FIRST_GUESS;
  self->steps = g_new0 (gboolean, (gsize) base->plan->n_steps + 1);
  self->made = g_new0 (gboolean, (gsize) base->plan->n_values + 1);
  self->data = g_new0 (gpointer, (gsize) base->plan->n_values + 1);
  self->reads = g_array_new (FALSE, FALSE, sizeof (int));
  self->arrays = g_new (TapCpuArray, 2 * (gsize) base->plan->max_io + 1);
  choose_steps (self, base, needed);
  self->room = find_room (self, room);
  return allocate (self, error) ? g_steal_pointer (&self) : NULL;
}

void
tap_patch_tail_free (TapPatchTail *self)
{
  if (self == NULL)
    return;
  tap_block_memory_clear (&self->memory);
  tap_block_memory_clear (&self->part);
  g_array_unref (self->reads);
  g_free (self->steps);
  g_free (self->made);
  g_free (self->data);
  g_free (self->arrays);
  g_free (self);
}

gpointer
tap_patch_tail_get (const TapPatchTail *self, int value, int i)
{
  return (char *) self->data[value] + value_bytes (self->plan, value) * (gsize) i;
}

/* The arrays of a step for the pieces of the run. */
static void
bind (TapPatchTail *self, const TapPlanStep *step)
{
  TapCpuArray *outputs = self->arrays + self->plan->max_io;

  tap_plan_bind (self->plan, step, self->data, self->arrays, outputs);
  for (int i = 0; i < step->n_reads; i++)
    if (step->inputs[i] >= 0 && !is_constant (self->plan, step->inputs[i]))
      self->arrays[i].shape.dims[0] *= self->n;
  for (int i = 0; i < step->n_outputs; i++)
    if (step->outputs[i] >= 0)
      outputs[i].shape.dims[0] *= self->n;
}

/* Runs a step on the arrays that are bound. */
static gboolean
run_bound (TapPatchTail *self, const TapPlanStep *step, GError **error)
{
  TapCpuArray *outputs = self->arrays + self->plan->max_io;
  TapPlanStep batched = *step;
  TapCpuRun run = {
    .node = step->node,
    .inputs = self->arrays,
    .n_inputs = step->n_inputs,
    .outputs = outputs,
    .n_outputs = step->n_outputs,
    .by_cell = TRUE,
    .simd = self->session->simd,
    .pool = self->session->pool,
  };

  if (step->kernel->choose != NULL)
    run.algorithm = batched.algorithm = step->kernel->choose (&run);
  if (!tap_block_memory_reserve (
        &self->session->scratch,
        step->kernel->scratch != NULL ? step->kernel->scratch (&run) + 64 : 64, error))
    return FALSE;
  return tap_session_run_step (self->session, self->plan, &batched, self->arrays, outputs, NULL,
                               NULL, error);
}

/* So many outputs of a fully connected layer, from self->row on. */
static gboolean
run_rows (TapPatchTail *self, const TapPlanStep *step, gsize rows, GError **error)
{
  TapCpuArray *weights = &self->arrays[1], *y = &self->arrays[self->plan->max_io];
  gsize first = (gsize) self->row;
  gsize pitch = (gsize) y->shape.dims[1];
  float *to = (float *) y->data + first;

  weights->data = (float *) weights->data + first * (gsize) weights->shape.dims[1];
  weights->shape.dims[0] = (gint64) rows;
  if (step->n_inputs > 2 && self->arrays[2].data != NULL)
    {
      self->arrays[2].data = (float *) self->arrays[2].data + first;
      self->arrays[2].shape.dims[0] = (gint64) rows;
    }
  y->data = self->part.data;
  y->shape.dims[1] = (gint64) rows;
  if (!run_bound (self, step, error))
    return FALSE;
  for (gsize i = 0; i < (gsize) self->n; i++)
    memcpy (to + i * pitch, (const float *) self->part.data + i * rows, rows * sizeof (float));
  return TRUE;
}

/* As many outputs as fit the time, in nanoseconds; what is left of it. */
static gboolean
run_some (TapPatchTail *self, const TapPlanStep *step, double *left, GError **error)
{
  const TapShape *weights = &self->plan->values[step->inputs[1]].shape;
  double cost = (double) weights->dims[1] * (1 + (double) self->n / BALANCE);
  gint64 start = g_get_monotonic_time ();
  int n = (int) weights->dims[0], rows = n - self->row;
  double fitting = *left / (cost * self->ns_per_cost), took;

  if (fitting < rows)
    rows = MIN (rows, MAX ((int) fitting / ROWS, 1) * ROWS);
  bind (self, step);
  if (!tap_block_memory_reserve (&self->part, (gsize) rows * (gsize) self->n * sizeof (float),
                                 error) ||
      !run_rows (self, step, (gsize) rows, error))
    return FALSE;
  took = 1e3 * (double) (g_get_monotonic_time () - start);
  /* of short ones the clock says little */
  if (took > 1e5)
    self->ns_per_cost = took / (cost * rows);
  *left -= took;
  self->row += rows;
  if (self->row >= n)
    {
      self->row = 0;
      self->step++;
    }
  return TRUE;
}

void
tap_patch_tail_begin (TapPatchTail *self, int n)
{
  self->n = n;
  self->step = self->row = 0;
}

gboolean
tap_patch_tail_run (TapPatchTail *self, gint64 microseconds, GError **error)
{
  double left = 1e3 * (double) microseconds;

  while (!tap_patch_tail_is_done (self) && left > 0)
    {
      const TapPlanStep *step = &self->plan->steps[self->step];
      gint64 start = g_get_monotonic_time ();

      if (!self->steps[self->step] || (step->kernel->flags & TAP_CPU_VIEW))
        self->step++;
      else if (can_be_cut (self->plan, step))
        {
          if (!run_some (self, step, &left, error))
            return FALSE;
        }
      else
        {
          bind (self, step);
          if (!run_bound (self, step, error))
            return FALSE;
          left -= 1e3 * (double) (g_get_monotonic_time () - start);
          self->step++;
        }
    }
  return TRUE;
}

gboolean
tap_patch_tail_is_done (const TapPatchTail *self)
{
  return self->step >= self->plan->n_steps;
}
