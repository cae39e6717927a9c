/* tap-session-backward.c - sending seeds back through a network
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Everything but the numbers is settled by the plan (plan-backward.c), which is kept, so a drag that sends
 * back one class after the other only runs kernels. Gradients take the arena that the forward pass is done
 * with. */

#include "config.h"

#include <math.h>
#include <string.h>

#include "core/tap-error.h"
#include "engine/tap-session-private.h"

/* Plans kept: methods alternate between a few rules and seeds. */
#define MAX_PLANS 12
/* Numbers per task of the loops here. */
#define CHUNK     32768

typedef struct
{
  TapSession *session;
  const TapBackPlan *plan;
  const TapBackBase *base;
  const TapSeed *seeds;
  int n_seeds;
  char **data;         /* per buffer */
  TapTensor **tensors; /* per buffer that is one */
} Run;

static void
run_clear (Run *run)
{
  for (guint i = 0; run->tensors != NULL && i < run->plan->buffers->len; i++)
    g_clear_pointer (&run->tensors[i], tap_tensor_unref);
  g_clear_pointer (&run->tensors, g_free);
  g_clear_pointer (&run->data, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static float *
place (const Run *run, TapBackPlace at)
{
  return at.buffer >= 0 ? (float *) (void *) (run->data[at.buffer] + at.offset) : NULL;
}

typedef struct
{
  const TapSimd *simd;
  TapBackJobKind kind;
  float *to;
  const float *from, *other;
  gsize count;
} Loop;

static void
loop_task (gpointer data, int task, int worker)
{
  const Loop *l = data;
  gsize first = (gsize) task * CHUNK, n = MIN (CHUNK, l->count - first);

  switch (l->kind)
    {
    case TAP_BACK_JOB_ADD:
      l->simd->binary (TAP_BINARY_ADD, l->to + first, l->from + first, 1, l->other + first, 1, n);
      break;
    case TAP_BACK_JOB_RECTIFY:
      l->simd->unary (TAP_UNARY_CLAMP, l->to + first, l->from + first, n, 0, INFINITY);
      break;
    default:
      if (l->from == NULL)
        memset (l->to + first, 0, n * sizeof (float));
      else if (l->from != l->to)
        memcpy (l->to + first, l->from + first, n * sizeof (float));
    }
}

static void
run_loop (const Run *run, const TapBackJob *job)
{
  Loop l = {
    .simd = run->session->simd,
    .kind = job->kind,
    .to = place (run, job->to),
    .from = place (run, job->from),
    .other = job->kind == TAP_BACK_JOB_ADD ? place (run, job->other) : NULL,
    .count = job->count,
  };

  tap_pool_run (run->session->pool, (int) ((l.count + CHUNK - 1) / CHUNK), loop_task, &l);
}

static void
add_seeds (const Run *run, const TapBackJob *job)
{
  float *to = place (run, job->to);

  run_loop (run, job);
  for (int i = 0; i < run->n_seeds; i++)
    {
      const TapSeed *seed = &run->seeds[i];

      if (seed->value != job->value)
        continue;
      if (seed->gradient == NULL)
        to[seed->cell] += seed->weight;
      else
        for (gsize k = 0; k < job->count; k++)
          to[k] += seed->weight * tap_tensor_f32 (seed->gradient)[k];
    }
}

static gboolean
run_kernel (const Run *run, const TapBackJob *job, TapCpuArray *arrays, GError **error)
{
  const TapPlan *plan = run->plan->plan;
  const TapPlanStep *step = &plan->steps[job->step];
  gsize each = (gsize) plan->max_io;
  TapTensor *packed;
  TapCpuRun cpu = {
    .node = step->node,
    .inputs = arrays,
    .n_inputs = step->n_inputs,
    .outputs = arrays + each,
    .n_outputs = step->n_outputs,
    .algorithm = job->algorithm,
    .residual = place (run, job->residual),
    .saved = step->saved > 0 ? (char *) run->base->kept.data + step->saved_offset : NULL,
    .output_grads = arrays + 2 * each,
    .input_grads = arrays + 3 * each,
    .simd = run->session->simd,
    .pool = run->session->pool,
    .scratch = run->session->scratch.data,
  };

  tap_plan_bind (plan, step, run->base->data, arrays, arrays + each);
  tap_back_plan_bind (run->plan, job, run->data, arrays + 2 * each, arrays + 3 * each);
  if (!tap_packs_take (run->session->packs, step->node, job->algorithm, NULL, &packed, error))
    return FALSE;
  cpu.packed = packed != NULL ? tap_tensor_f32 (packed) : NULL;
  return step->kernel->backward (&cpu, error);
}

static gboolean
run_jobs (const Run *run, TapProgress *progress, GCancellable *cancellable, GError **error)
{
  const GArray *jobs = run->plan->jobs;
  g_autofree TapCpuArray *arrays = g_new (TapCpuArray, 4 * (gsize) run->plan->plan->max_io + 1);
  double done = 0;

  for (guint j = 0; j < jobs->len; j++)
    {
      const TapBackJob *job = &g_array_index (jobs, TapBackJob, j);

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (job->kind == TAP_BACK_JOB_KERNEL)
        {
          if (!run_kernel (run, job, arrays, error))
            return FALSE;
        }
      else if (job->kind == TAP_BACK_JOB_SEED)
        add_seeds (run, job);
      else
        run_loop (run, job);
      done += job->cost;
      tap_progress_set (progress, MIN (done, 1.0));
    }
  return TRUE;
}

static gboolean
run_prepare (Run *run, GError **error)
{
  TapSession *session = run->session;
  const TapBackPlan *plan = run->plan;
  guint64 bytes = (guint64) plan->arena_bytes + plan->scratch_bytes + plan->tensor_bytes;

  if (!tap_session_check_budget (session, bytes, error) ||
      !tap_block_memory_reserve (&session->arena, plan->arena_bytes + 64, error) ||
      !tap_block_memory_reserve (&session->scratch, plan->scratch_bytes + 64, error))
    return FALSE;
  run->data = g_new0 (char *, plan->buffers->len + 1);
  run->tensors = g_new0 (TapTensor *, plan->buffers->len + 1);
  for (guint i = 0; i < plan->buffers->len; i++)
    {
      const TapBackBuffer *buffer = &g_array_index (plan->buffers, TapBackBuffer, i);

      if (buffer->value < 0)
        {
          run->data[i] = (char *) session->arena.data + buffer->offset;
          continue;
        }
      run->tensors[i] =
        tap_tensor_new_uninit (TAP_DTYPE_F32, &plan->plan->values[buffer->value].shape, error);
      if (run->tensors[i] == NULL)
        return FALSE;
      run->data[i] = run->tensors[i]->data;
    }
  return TRUE;
}

static TapTrace *
collect (const Run *run, GError **error)
{
  g_autoptr (TapTrace) trace = tap_trace_new ();
  const TapTaps *taps = run->plan->taps;

  for (guint i = 0; i < taps->values->len; i++)
    {
      int v = g_array_index (taps->values, int, i), buffer = run->plan->tapped[i];
      const TapShape *shape = &run->plan->plan->values[v].shape;
      TapTensor *tensor = buffer < 0 ? tap_tensor_new (TAP_DTYPE_F32, shape, error) :
                          tap_shape_equal (&run->tensors[buffer]->shape, shape) ?
                                       tap_tensor_ref (run->tensors[buffer]) :
                                       tap_tensor_reshape (run->tensors[buffer], shape, error);

      if (tensor == NULL)
        return NULL;
      tap_trace_add (trace, v, tensor);
    }
  return g_steal_pointer (&trace);
}

/* Whether a gradient of @v, called @role, can be spoken of. */
static gboolean
check_value (TapSession *self, const TapPlan *plan, int v, const char *role, GError **error)
{
  const TapValue *value;

  if (v < 0 || v >= plan->n_values)
    {
      g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_NOT_FOUND,
                   "The network has %d values; there is no number %d.", plan->n_values, v);
      return FALSE;
    }
  value = tap_graph_get_value (self->graph, v);
  if (plan->values[v].place == TAP_PLACE_NONE)
    g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
                 "“%s” was not computed in the forward run, so it cannot be %s.", value->name,
                 role);
  else if (plan->values[v].dtype != TAP_DTYPE_F32)
    g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
                 "“%s” holds integers, so it cannot be %s: integers have no gradient.", value->name,
                 role);
  else if (value->constant != NULL && plan->mode != TAP_PLAN_WEIGHTS)
    g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
                 "“%s” is a weight, and the forward run was not made for gradients of weights.",
                 value->name);
  else
    return TRUE;
  return FALSE;
}

static gboolean
check_seed (TapSession *self, const TapPlan *plan, const TapSeed *seed, GError **error)
{
  const TapShape *shape;
  g_autofree char *wanted = NULL;

  if (!check_value (self, plan, seed->value, "where a backward pass starts", error))
    return FALSE;
  shape = &plan->values[seed->value].shape;
  wanted = tap_shape_to_string (shape);
  if (seed->gradient == NULL && (seed->cell < 0 || (guint64) seed->cell >= tap_cpu_count (shape)))
    g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
                 "“%s” of %s has no cell number %" G_GINT64_FORMAT ".",
                 tap_graph_get_value (self->graph, seed->value)->name, wanted, seed->cell);
  else if (seed->gradient != NULL && (seed->gradient->dtype != TAP_DTYPE_F32 ||
                                      !tap_shape_equal (&seed->gradient->shape, shape)))
    {
      g_autofree char *found = tap_shape_to_string (&seed->gradient->shape);

      g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
                   "A backward pass from “%s” starts with numbers of %s, found %s.",
                   tap_graph_get_value (self->graph, seed->value)->name, wanted, found);
    }
  else
    return TRUE;
  return FALSE;
}

/* The plan for these seeds and taps, made or found. (transfer none) */
static const TapBackPlan *
find_plan (TapSession *self,
           TapPlan *forward,
           const TapRule *rule,
           const TapTaps *taps,
           const TapTaps *seeds)
{
  TapBackPlan *plan;

  for (guint i = 0; i < self->back_plans->len; i++)
    {
      plan = g_ptr_array_index (self->back_plans, i);
      if (tap_back_plan_matches (plan, forward, rule, taps, seeds))
        {
          g_ptr_array_add (self->back_plans, g_ptr_array_steal_index (self->back_plans, i));
          return plan;
        }
    }
  if (self->back_plans->len >= MAX_PLANS)
    g_ptr_array_remove_index (self->back_plans, 0);
  plan = tap_back_plan_new (forward, rule, taps, seeds, self->simd, self->pool);
  g_ptr_array_add (self->back_plans, plan);
  return plan;
}

static TapTrace *
backward (TapSession *self,
          const TapBackBase *base,
          const TapSeed *seeds,
          int n_seeds,
          const TapRule *rule,
          const TapTaps *taps,
          TapProgress *progress,
          GCancellable *cancellable,
          GError **error)
{
  g_autoptr (TapTaps) values = tap_taps_new ();
  g_auto (Run) run = { .session = self, .base = base, .seeds = seeds, .n_seeds = n_seeds };

  for (int i = 0; i < n_seeds; i++)
    {
      if (!check_seed (self, base->plan, &seeds[i], error))
        return NULL;
      tap_taps_add (values, seeds[i].value);
    }
  for (guint i = 0; i < taps->values->len; i++)
    if (!check_value (self, base->plan, g_array_index (taps->values, int, i),
                      "where a backward pass ends", error))
      return NULL;
  run.plan = find_plan (self, base->plan, rule, taps, values);
  if (g_cancellable_set_error_if_cancelled (cancellable, error) || !run_prepare (&run, error) ||
      !run_jobs (&run, progress, cancellable, error))
    return NULL;
  return collect (&run, error);
}

TapTrace *
tap_session_backward (TapSession *self,
                      TapTrace *forward,
                      const TapSeed *seeds,
                      int n_seeds,
                      const TapRule *rule,
                      const TapTaps *taps,
                      TapProgress *progress,
                      GCancellable *cancellable,
                      GError **error)
{
  gint64 start = g_get_monotonic_time ();
  TapTrace *trace;

  g_return_val_if_fail (self != NULL && forward != NULL, NULL);
  g_return_val_if_fail (seeds != NULL || n_seeds == 0, NULL);
  g_return_val_if_fail (rule != NULL && taps != NULL, NULL);

  if (forward->back == NULL || forward->back->session != self ||
      forward->back->plan->graph != self->graph)
    {
      g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
                   "The forward run was not made by this session for backward passes.");
      return NULL;
    }
  g_mutex_lock (&self->mutex);
  trace = backward (self, forward->back, seeds, n_seeds, rule, taps, progress, cancellable, error);
  g_mutex_unlock (&self->mutex);
  if (trace != NULL)
    trace->milliseconds = (double) (g_get_monotonic_time () - start) / 1000.0;
  return trace;
}
