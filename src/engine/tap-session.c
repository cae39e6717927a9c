/* tap-session.c - a graph prepared on an engine
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "core/tap-error.h"
#include "core/tap-pages.h"
#include "engine/cpu/blas.h"
#include "engine/cpu/isa.h"
#include "engine/tap-session-private.h"

/* Plans kept: one per set of taps and input size in use, with room for a few forgotten ones. */
#define MAX_PLANS 12

TapSession *
tap_session_new (TapGraph *graph, const TapSessionOptions *options, GError **error)
{
  TapSession *self;

  g_return_val_if_fail (graph != NULL, NULL);

  self = g_new0 (TapSession, 1);
  g_atomic_ref_count_init (&self->ref);
  self->graph = tap_graph_ref (graph);
  self->simd = tap_cpu_simd ();
  tap_blas ();
  self->pool = tap_pool_new (options != NULL ? options->n_threads : 0);
  self->memory_budget = options != NULL ? options->memory_budget : 0;
  self->chain_rows = options != NULL ? options->chain_rows : 0;
  g_mutex_init (&self->mutex);
  self->packs = tap_packs_get (graph);
  if (options != NULL && options->packing_budget > 0)
    tap_packs_set_budget (self->packs, options->packing_budget);
  self->plans = g_ptr_array_new_with_free_func ((GDestroyNotify) tap_plan_unref);
  self->back_plans = g_ptr_array_new_with_free_func ((GDestroyNotify) tap_back_plan_free);
  return self;
}

TapSession *
tap_session_ref (TapSession *self)
{
  g_atomic_ref_count_inc (&self->ref);
  return self;
}

void
tap_session_unref (TapSession *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref))
    return;
  g_ptr_array_unref (self->back_plans);
  g_ptr_array_unref (self->plans);
  tap_packs_unref (self->packs);
  tap_block_memory_clear (&self->arena);
  tap_block_memory_clear (&self->scratch);
  tap_pool_free (self->pool);
  g_mutex_clear (&self->mutex);
  tap_graph_unref (self->graph);
  g_free (self);
}

TapGraph *
tap_session_get_graph (TapSession *self)
{
  return self->graph;
}

void
tap_session_enter (TapSession *self)
{
  g_mutex_lock (&self->mutex);
  tap_pool_begin (self->pool);
}

void
tap_session_leave (TapSession *self)
{
  tap_pool_end (self->pool);
  g_mutex_unlock (&self->mutex);
}

gboolean
tap_session_check_budget (TapSession *self, guint64 bytes, GError **error)
{
  guint64 budget = self->memory_budget;
  g_autofree char *needed = NULL;
  g_autofree char *allowed = NULL;

  /* Small sums are not worth a look at the machine. */
  if (budget == 0 && bytes < (64 << 20))
    return TRUE;
  if (budget == 0)
    budget = tap_pages_available () / 4 * 3;
  if (budget == 0 || bytes <= budget)
    return TRUE;
  needed = g_format_size_full (bytes, G_FORMAT_SIZE_IEC_UNITS);
  allowed = g_format_size_full (budget, G_FORMAT_SIZE_IEC_UNITS);
  g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_MEMORY,
               "The activations of this network need %s of memory, and %s may be used.", needed,
               allowed);
  return FALSE;
}

TapPlan *
tap_session_plan (TapSession *self,
                  const TapShape *input_shapes,
                  const TapTaps *taps,
                  TapPlanMode mode,
                  GError **error)
{
  TapPlan *plan;

  for (guint i = 0; i < self->plans->len; i++)
    {
      plan = g_ptr_array_index (self->plans, i);
      if (tap_plan_matches (plan, input_shapes, taps, mode))
        {
          tap_plan_ref (plan);
          g_ptr_array_remove_index (self->plans, i);
          g_ptr_array_add (self->plans, plan);
          return tap_plan_ref (plan);
        }
    }
  plan = tap_plan_new (self->graph, input_shapes, taps, mode, self->simd, self->pool,
                       self->chain_rows, error);
  if (plan == NULL)
    return NULL;
  if (self->plans->len >= MAX_PLANS)
    g_ptr_array_remove_index (self->plans, 0);
  g_ptr_array_add (self->plans, tap_plan_ref (plan));
  return plan;
}

gboolean
tap_session_describe_step (TapSession *self,
                           const TapPlan *plan,
                           const TapPlanStep *step,
                           const TapCpuArray *inputs,
                           const TapCpuArray *outputs,
                           TapCpuRun *run,
                           GError **error)
{
  TapTensor *packed;

  *run = (TapCpuRun){
    .node = step->node,
    .inputs = inputs,
    .n_inputs = step->n_inputs,
    .outputs = outputs,
    .n_outputs = step->n_outputs,
    .algorithm = step->algorithm,
    .by_cell = plan->mode == TAP_PLAN_PATCH,
    .residual = step->n_reads > step->n_inputs ? tap_cpu_f32 (&inputs[step->n_inputs]) : NULL,
    .clamp = step->clamp,
    .affine = step->affine,
    .simd = self->simd,
    .pool = self->pool,
    .scratch = self->scratch.data,
  };
  if (!tap_packs_take (self->packs, step->node, step->algorithm, step->affine, &packed, error))
    return FALSE;
  run->packed = packed != NULL ? tap_tensor_f32 (packed) : NULL;
  return TRUE;
}

gboolean
tap_session_run_step_on (TapSession *self,
                         const TapPlan *plan,
                         const TapPlanStep *step,
                         const TapCpuArray *inputs,
                         const TapCpuArray *outputs,
                         const TapRect *rects,
                         void *saved,
                         TapPool *pool,
                         gpointer scratch,
                         GError **error)
{
  TapCpuRun run;

  if (step->kernel->forward == NULL)
    return TRUE;
  if (!tap_session_describe_step (self, plan, step, inputs, outputs, &run, error))
    return FALSE;
  run.rects = rects;
  run.saved = saved;
  run.pool = pool;
  run.scratch = scratch;
  return step->kernel->forward (&run, error);
}

gboolean
tap_session_run_step (TapSession *self,
                      const TapPlan *plan,
                      const TapPlanStep *step,
                      const TapCpuArray *inputs,
                      const TapCpuArray *outputs,
                      const TapRect *rects,
                      void *saved,
                      GError **error)
{
  return tap_session_run_step_on (self, plan, step, inputs, outputs, rects, saved, self->pool,
                                  self->scratch.data, error);
}

gboolean
tap_session_run_siblings (TapSession *self,
                          const TapPlan *plan,
                          int s,
                          gpointer const *data,
                          TapCpuArray *arrays,
                          GError **error)
{
  TapCpuRun runs[TAP_CPU_TOGETHER];
  int n = plan->steps[s].n_siblings + 1;

  for (int i = 0; i < n; i++, arrays += 2 * plan->max_io)
    {
      const TapPlanStep *step = &plan->steps[s + i];

      tap_plan_bind (plan, step, data, arrays, arrays + plan->max_io);
      if (!tap_session_describe_step (self, plan, step, arrays, arrays + plan->max_io, &runs[i],
                                      error))
        return FALSE;
    }
  return plan->steps[s].kernel->forward_together (runs, n, error);
}

char *
tap_engine_describe (void)
{
  const TapBlas *blas = tap_blas ();
  int n = (int) g_get_num_processors ();
  g_autofree char *cpu = g_strdup_printf (n == 1 ? "CPU, %s, %d thread" : "CPU, %s, %d threads",
                                          tap_cpu_simd ()->name, n);

  if (blas == NULL)
    return g_strdup_printf ("%s; no OpenBLAS", cpu);
  return g_strdup_printf ("%s; %s%s%s", cpu, blas->version, blas->core != NULL ? " " : "",
                          blas->core != NULL ? blas->core : "");
}
