/* tap-plan.c - what to run for some taps at some input shapes, in which order
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "core/tap-error.h"
#include "engine/tap-trace-private.h"
#include "ops/infer.h"

/* What a node with no multiply-adds to speak of costs per output cell. */
#define CELL_COST 2.0

static const char *
describe_node (const TapNode *node, char **owned)
{
  if (node->opset > 0)
    *owned = g_strdup_printf (
      "“%s” (%s%s%s, opset %d)", node->name, node->domain != NULL ? node->domain : "",
      node->domain != NULL && node->domain[0] != '\0' ? "." : "", node->op_type, node->opset);
  else
    *owned = g_strdup_printf ("“%s” (%s)", node->name, node->op_type);
  return *owned;
}

static gboolean
check_node (const TapGraph *graph, const TapNode *node, int tap, GError **error)
{
  g_autofree char *name = NULL;
  const char *wanted = tap_graph_get_value (graph, tap)->name;

  if (node->problem != NULL || node->op == NULL)
    {
      const char *why = node->problem != NULL ? node->problem : "this operator is not known";

      g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_UNSUPPORTED,
                   "“%s” cannot be computed, because node %s stands in the way: %s%s", wanted,
                   describe_node (node, &name), why, g_str_has_suffix (why, ".") ? "" : ".");
      return FALSE;
    }
  if (tap_cpu_find (node->op->name) == NULL)
    {
      g_set_error (
        error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_UNSUPPORTED,
        "“%s” cannot be computed, because node %s can only be evaluated while the network is "
        "loaded, and its inputs are not known then.",
        wanted, describe_node (node, &name));
      return FALSE;
    }
  return TRUE;
}

/* Marks what the taps need; @node_needed and @value_needed start as all FALSE. */
static gboolean
find_needed (const TapGraph *graph,
             const TapTaps *taps,
             const gboolean *has_shape,
             gboolean *node_needed,
             gboolean *value_needed,
             GError **error)
{
  for (guint t = 0; t < taps->values->len; t++)
    {
      int tap = g_array_index (taps->values, int, t);
      g_autoptr (GArray) stack = g_array_new (FALSE, FALSE, sizeof (int));

      if (tap >= tap_graph_n_values (graph))
        {
          g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_NOT_FOUND,
                       "The network has %d values; there is no number %d.",
                       tap_graph_n_values (graph), tap);
          return FALSE;
        }
      g_array_append_val (stack, tap);
      while (stack->len > 0)
        {
          int v = g_array_index (stack, int, stack->len - 1);
          const TapValue *value = tap_graph_get_value (graph, v);
          const TapNode *node;

          g_array_set_size (stack, stack->len - 1);
          if (value_needed[v])
            continue;
          value_needed[v] = TRUE;
          if (value->constant != NULL || value->producer < 0)
            continue;
          node = tap_graph_get_node (graph, value->producer);
          if (!check_node (graph, node, tap, error))
            return FALSE;
          node_needed[node->index] = TRUE;
          for (int i = 0; i < node->n_inputs; i++)
            if (node->inputs[i] >= 0)
              g_array_append_val (stack, node->inputs[i]);
        }
    }
  for (int v = 0; v < tap_graph_n_values (graph); v++)
    if (value_needed[v] && !has_shape[v])
      {
        g_set_error (
          error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_UNSUPPORTED,
          "The shape of “%s” is not known, so nothing that depends on it can be computed.",
          tap_graph_get_value (graph, v)->name);
        return FALSE;
      }
  return TRUE;
}

static void
add_step (TapPlan *self, const TapNode *node, const gboolean *value_needed)
{
  TapPlanStep *step = &self->steps[self->n_steps++];

  step->node = node;
  step->kernel = tap_cpu_find (node->op->name);
  step->n_inputs = step->n_reads = node->n_inputs;
  step->n_outputs = node->n_outputs;
  step->inputs = g_new (int, node->n_inputs + 1);
  step->outputs = g_new (int, node->n_outputs + 1);
  for (int i = 0; i < node->n_inputs; i++)
    step->inputs[i] = node->inputs[i];
  for (int i = 0; i < node->n_outputs; i++)
    step->outputs[i] =
      node->outputs[i] >= 0 && value_needed[node->outputs[i]] ? node->outputs[i] : -1;
  step->view = (step->kernel->flags & TAP_CPU_VIEW) != 0;
}

/* Kernels read memory by the kind they expect, so a graph that feeds another is stopped here. */
static gboolean
check_types (const TapPlan *self, GError **error)
{
  for (int s = 0; s < self->n_steps; s++)
    {
      const TapPlanStep *step = &self->steps[s];
      const char *types = step->kernel->types != NULL ? step->kernel->types : "f";
      TapDtype first = step->n_inputs > 0 && step->inputs[0] >= 0 ?
                         self->values[step->inputs[0]].dtype :
                         TAP_DTYPE_F32;

      for (int i = 0; i < step->n_inputs; i++, types += types[1] != '\0' ? 1 : 0)
        {
          TapDtype found;
          gboolean fine;
          g_autofree char *name = NULL;

          if (step->inputs[i] < 0)
            continue;
          found = self->values[step->inputs[i]].dtype;
          fine = *types == '*' || found == (*types == '=' ? first :
                                            *types == 'i' ? TAP_DTYPE_I64 :
                                                            TAP_DTYPE_F32);
          if (fine)
            continue;
          g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_UNSUPPORTED,
                       "Node %s cannot run on %s in its input “%s”.",
                       describe_node (step->node, &name),
                       found == TAP_DTYPE_I64 ? "integers" : "floating-point numbers",
                       tap_graph_get_value (self->graph, step->inputs[i])->name);
          return FALSE;
        }
    }
  return TRUE;
}

static void
choose_algorithm (TapPlan *self, TapPlanStep *step, TapCpuRun *run)
{
  if (step->kernel->choose != NULL)
    step->algorithm = step->kernel->choose (run);
}

static void
measure_step (TapPlan *self, TapPlanStep *step, TapCpuRun *run)
{
  const TapCpuKernel *kernel = step->kernel;

  if (kernel->saved != NULL && self->mode >= TAP_PLAN_BACKWARD)
    {
      step->saved = (kernel->saved (run) + 63) & ~(gsize) 63;
      step->saved_offset = self->kept_bytes;
      self->kept_bytes += step->saved;
    }
  if (kernel->scratch != NULL)
    step->scratch = kernel->scratch (run);
  self->scratch_bytes = MAX (self->scratch_bytes, step->scratch);
}

/* Calls @func for every step, with arrays that have shapes but no data. */
static void
for_each_step (TapPlan *self,
               const TapSimd *simd,
               TapPool *pool,
               void (*func) (TapPlan *self, TapPlanStep *step, TapCpuRun *run))
{
  g_autofree TapCpuArray *arrays = NULL;
  g_autofree gpointer *nothing = g_new0 (gpointer, (gsize) self->n_values + 1);

  for (int s = 0; s < self->n_steps; s++)
    self->max_io = MAX (self->max_io, MAX (self->steps[s].n_reads, self->steps[s].n_outputs));
  arrays = g_new0 (TapCpuArray, 2 * (gsize) self->max_io + 1);

  for (int s = 0; s < self->n_steps; s++)
    {
      TapPlanStep *step = &self->steps[s];
      TapCpuArray *outputs = arrays + self->max_io;
      TapCpuRun run = {
        .node = step->node,
        .inputs = arrays,
        .n_inputs = step->n_inputs,
        .outputs = outputs,
        .n_outputs = step->n_outputs,
        .algorithm = step->algorithm,
        .by_cell = self->mode == TAP_PLAN_PATCH,
        .simd = simd,
        .pool = pool,
      };

      tap_plan_bind (self, step, nothing, arrays, outputs);
      func (self, step, &run);
    }
}

static void
settle_costs (TapPlan *self)
{
  double total = 0;

  for (int s = 0; s < self->n_steps; s++)
    {
      TapPlanStep *step = &self->steps[s];

      step->cost = (double) tap_infer_macs (self->graph, step->node);
      for (int i = 0; i < step->n_outputs; i++)
        if (step->outputs[i] >= 0 && !step->view)
          step->cost += CELL_COST * (double) tap_cpu_count (&self->values[step->outputs[i]].shape);
      total += step->cost;
    }
  for (int s = 0; s < self->n_steps; s++)
    self->steps[s].cost = total > 0 ? self->steps[s].cost / total : 1.0 / self->n_steps;
}

TapPlan *
tap_plan_new (TapGraph *graph,
              const TapShape *input_shapes,
              const TapTaps *taps,
              TapPlanMode mode,
              const TapSimd *simd,
              TapPool *pool,
              int chain_rows,
              GError **error)
{
  gsize n_values = (gsize) tap_graph_n_values (graph), n_nodes = (gsize) tap_graph_n_nodes (graph);
  g_autofree TapShape *shapes = g_new0 (TapShape, n_values + 1);
  g_autofree gboolean *has = g_new0 (gboolean, n_values + 1);
  g_autofree gboolean *node_needed = g_new0 (gboolean, n_nodes + 1);
  g_autofree gboolean *value_needed = g_new0 (gboolean, n_values + 1);
  g_autoptr (TapPlan) self = g_new0 (TapPlan, 1);
  gsize n_inputs = (gsize) tap_graph_n_inputs (graph);

  g_atomic_ref_count_init (&self->ref);
  self->graph = tap_graph_ref (graph);
  self->taps = tap_taps_copy (taps);
  self->mode = mode;
  self->input_shapes = g_memdup2 (input_shapes, n_inputs * sizeof (TapShape));
  self->n_values = (int) n_values;
  self->values = g_new0 (TapPlanValue, n_values + 1);
  self->steps = g_new0 (TapPlanStep, n_nodes + 1);

  if (!tap_infer_shapes (graph, input_shapes, shapes, has, error) ||
      !find_needed (graph, taps, has, node_needed, value_needed, error))
    return NULL;
  for (int v = 0; v < self->n_values; v++)
    {
      const TapValue *value = tap_graph_get_value (graph, v);

      self->values[v].shape = value->constant != NULL ? value->constant->shape : shapes[v];
      self->values[v].dtype = value->constant != NULL ? value->constant->dtype : value->dtype;
      self->values[v].tapped = tap_taps_contains (taps, v);
    }
  for (gsize i = 0; i < n_nodes; i++)
    if (node_needed[i])
      add_step (self, tap_graph_get_node (graph, (int) i), value_needed);
  if (!check_types (self, error))
    return NULL;
  /* A backward pass wants to see every operator apart. */
  if (mode < TAP_PLAN_BACKWARD)
    tap_plan_fuse (self, value_needed);
  if (mode != TAP_PLAN_PATCH)
    tap_plan_join_siblings (self, simd, pool);
  for_each_step (self, simd, pool, choose_algorithm);
  if (mode == TAP_PLAN_FORWARD && chain_rows >= 0)
    tap_plan_chain (self, simd, pool, chain_rows, value_needed);
  for (int v = 0; v < self->n_values; v++)
    self->values[v].place = value_needed[v] ? TAP_PLACE_ARENA : TAP_PLACE_NONE;
  tap_plan_place (self);
  for_each_step (self, simd, pool, measure_step);
  for (int s = 0; s < self->n_steps; s++)
    if (self->steps[s].chain != NULL)
      self->scratch_bytes = MAX (self->scratch_bytes, (gsize) tap_pool_get_n_threads (pool) *
                                                        self->steps[s].chain->worker_bytes);
  settle_costs (self);
  return g_steal_pointer (&self);
}

TapPlan *
tap_plan_ref (TapPlan *self)
{
  g_atomic_ref_count_inc (&self->ref);
  return self;
}

void
tap_plan_unref (TapPlan *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref))
    return;
  for (int s = 0; s < self->n_steps; s++)
    {
      g_free (self->steps[s].inputs);
      g_free (self->steps[s].outputs);
      tap_affine_free (self->steps[s].affine);
      tap_chain_free (self->steps[s].chain);
    }
  tap_pool_free (self->alone);
  g_free (self->steps);
  g_free (self->values);
  g_free (self->input_shapes);
  tap_taps_free (self->taps);
  tap_graph_unref (self->graph);
  g_free (self);
}

gboolean
tap_plan_matches (const TapPlan *self,
                  const TapShape *input_shapes,
                  const TapTaps *taps,
                  TapPlanMode mode)
{
  if (self->mode != mode || self->taps->values->len != taps->values->len ||
      memcmp (self->taps->values->data, taps->values->data, taps->values->len * sizeof (int)) != 0)
    return FALSE;
  for (int i = 0; i < tap_graph_n_inputs (self->graph); i++)
    if (!tap_shape_equal (&self->input_shapes[i], &input_shapes[i]))
      return FALSE;
  return TRUE;
}

static void
bind (const TapPlan *self, const int *values, int n, gpointer const *data, TapCpuArray *arrays)
{
  for (int i = 0; i < n; i++)
    if (values[i] < 0)
      arrays[i] = (TapCpuArray){ .shape = { .n_dims = -1 } };
    else
      arrays[i] = (TapCpuArray){
        .dtype = self->values[values[i]].dtype,
        .shape = self->values[values[i]].shape,
        .data = data[values[i]],
      };
}

void
tap_plan_bind (const TapPlan *self,
               const TapPlanStep *step,
               gpointer const *data,
               TapCpuArray *inputs,
               TapCpuArray *outputs)
{
  bind (self, step->inputs, step->n_reads, data, inputs);
  bind (self, step->outputs, step->n_outputs, data, outputs);
  /* Nobody needs it, but it takes up room: a piece of a Split. */
  for (int i = 0; i < step->n_outputs; i++)
    if (step->outputs[i] < 0 && step->node->outputs[i] >= 0)
      outputs[i].shape = self->values[step->node->outputs[i]].shape;
}
