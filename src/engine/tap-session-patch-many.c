/* tap-session-patch-many.c - the same question at many places
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A single patch has its kernels' work shared between threads, which have to meet after every step. Of many
 * patches each thread takes one, with a shadow and scratch memory of its own, and meets the others only
 * every few of them. The tail of the network is then run for a batch of positions. */

#include "config.h"

#include <string.h>

#include "engine/patch-tail.h"

/* Positions in a batch: with more of them the weights of the tail are read less often, with fewer the caller
 * hears of results sooner; so the first ones are small. */
#define BATCH       32
#define FIRST_BATCH 4
/* How long the workers go on without looking up. */
#define ROUND_US    25000

typedef struct
{
  TapSession *session;
  TapTrace *base;
  const TapRect *regions;
  TapTensor *const *pixels;
  int n, n_pixels;
  const TapTaps *taps;
  GCancellable *cancellable;

  gboolean *steps; /* per step: needed, and done position by position */
  TapPatchTail *tail;
  int n_walks;
  TapPatchWalk *walks; /* per worker */
  TapBlockMemory *scratch;
  TapPool *alone; /* of one thread: each worker does its kernels alone */

  int first, from;   /* of the batch; of the round */
  TapTrace **traces; /* of the batch */
  GMutex mutex;
  GError *error; /* the first; guarded by the mutex */
} Many;

static void
clear_walks (Many *self)
{
  for (; self->n_walks > 0; self->n_walks--)
    {
      tap_patch_walk_clear (&self->walks[self->n_walks - 1]);
      tap_block_memory_clear (&self->scratch[self->n_walks - 1]);
    }
}

static void
many_clear (Many *self)
{
  clear_walks (self);
  for (int i = 0; self->traces != NULL && i < BATCH; i++)
    g_clear_pointer (&self->traces[i], tap_trace_unref);
  g_free (self->walks);
  g_free (self->scratch);
  g_free (self->traces);
  g_free (self->steps);
  tap_patch_tail_free (self->tail);
  tap_pool_free (self->alone);
  g_clear_error (&self->error);
  g_mutex_clear (&self->mutex);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Many, many_clear)

/* What the kernels ask for when one thread runs them. */
static gsize
scratch_bytes (TapSession *session, const TapPlan *plan, TapPool *pool)
{
  g_autofree TapCpuArray *arrays = g_new (TapCpuArray, 2 * (gsize) plan->max_io + 1);
  g_autofree gpointer *nothing = g_new0 (gpointer, (gsize) plan->n_values + 1);
  TapCpuArray *outputs = arrays + plan->max_io;
  gsize bytes = 0;

  for (int s = 0; s < plan->n_steps; s++)
    {
      const TapPlanStep *step = &plan->steps[s];
      TapCpuRun run = {
        .node = step->node,
        .inputs = arrays,
        .n_inputs = step->n_inputs,
        .outputs = outputs,
        .n_outputs = step->n_outputs,
        .algorithm = step->algorithm,
        .by_cell = TRUE,
        .simd = session->simd,
        .pool = pool,
      };

      if (step->kernel->scratch == NULL)
        continue;
      tap_plan_bind (plan, step, nothing, arrays, outputs);
      bytes = MAX (bytes, step->kernel->scratch (&run));
    }
  return bytes + 64;
}

static gboolean
add_walk (Many *self, TapPool *pool, gsize scratch, GError **error)
{
  int i = self->n_walks;

  if (!tap_patch_base_prepare (self->session, self->base->base, (guint) i + 1, error) ||
      !tap_block_memory_reserve (&self->scratch[i], scratch, error))
    return FALSE;
  tap_patch_walk_init (&self->walks[i], self->session, self->base->base, (guint) i, pool,
                       self->scratch[i].data);
  self->n_walks++;
  return TRUE;
}

/* A walk for every worker. Where there is not the memory for that, or not the work, one that all workers
 * share. */
static gboolean
prepare_walks (Many *self, GError **error)
{
  TapPool *pool = self->session->pool;
  const TapPlan *plan = self->base->base->plan;
  int n_threads = tap_pool_get_n_threads (pool);
  gsize scratch;

  self->walks = g_new0 (TapPatchWalk, n_threads);
  self->scratch = g_new0 (TapBlockMemory, n_threads);
  self->alone = tap_pool_new (1);
  scratch = scratch_bytes (self->session, plan, self->alone);
  for (int i = 0; self->n >= n_threads && i < n_threads; i++)
    if (!add_walk (self, self->alone, scratch, NULL))
      break;
  if (self->n_walks == n_threads)
    return TRUE;
  clear_walks (self);
  return add_walk (self, pool, plan->scratch_bytes + 64, error);
}

static gboolean
prepare (Many *self, GError **error)
{
  const TapPlan *plan = self->base->base->plan;
  g_autofree gboolean *needed = NULL;

  if (!prepare_walks (self, error))
    return FALSE;
  needed = tap_patch_base_find_needed (self->base->base, self->taps);
  self->tail = tap_patch_tail_new (self->session, self->base->base, needed, BATCH, error);
  if (self->tail == NULL)
    return FALSE;
  self->traces = g_new0 (TapTrace *, BATCH);
  self->steps = g_steal_pointer (&needed);
  for (int s = 0; s < plan->n_steps; s++)
    if (self->tail->steps[s])
      self->steps[s] = FALSE;
  return TRUE;
}

static TapTensor *
take_value (Many *self, TapPatchWalk *walk, int v, GError **error)
{
  const TapPlanValue *value = &walk->plan->values[v];
  TapTensor *tensor;

  if (walk->changes[v].extent == TAP_CLEAN)
    return tap_tensor_ref (tap_trace_get (self->base, v));
  tensor = tap_tensor_new_uninit (value->dtype, &value->shape, error);
  if (tensor != NULL)
    tap_patch_walk_copy (walk, v, tensor->data);
  return tensor;
}

/* One position up to the tail. */
static gboolean
run_position (Many *self, int position, int worker, GError **error)
{
  TapPatchWalk *walk = &self->walks[worker];
  int slot = position - self->first;
  TapTrace *trace = tap_trace_new ();

  self->traces[slot] = trace;
  tap_patch_walk_begin (walk, &self->regions[position],
                        self->pixels[self->n_pixels == 1 ? 0 : position]);
  if (!tap_patch_walk_run (walk, self->steps, NULL, self->cancellable, error))
    return FALSE;
  for (guint i = 0; i < self->tail->reads->len; i++)
    {
      int v = g_array_index (self->tail->reads, int, i);

      tap_patch_walk_copy (walk, v, tap_patch_tail_get (self->tail, v, slot));
    }
  for (guint i = 0; i < self->taps->values->len; i++)
    {
      int v = g_array_index (self->taps->values, int, i);
      TapTensor *tensor;

      if (self->tail->made[v])
        continue;
      tensor = take_value (self, walk, v, error);
      if (tensor == NULL)
        return FALSE;
      tap_trace_add (trace, v, tensor);
    }
  return TRUE;
}

static void
position_task (gpointer data, int task, int worker)
{
  Many *self = data;
  GError *error = NULL;

  if (run_position (self, self->from + task, worker, &error))
    return;
  g_mutex_lock (&self->mutex);
  if (self->error == NULL)
    self->error = error;
  else
    g_error_free (error);
  g_mutex_unlock (&self->mutex);
}

/* @n positions of the batch, with the session locked. */
static gboolean
run_round (Many *self, int n, GError **error)
{
  tap_session_enter (self->session);
  if (self->n_walks < tap_pool_get_n_threads (self->session->pool))
    for (int i = 0; i < n; i++)
      position_task (self, i, 0);
  else
    tap_pool_run (self->session->pool, n, position_task, self);
  tap_session_leave (self->session);
  if (self->error == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&self->error));
  return FALSE;
}

/* Adds what the tail gives to the traces of the batch. */
static gboolean
finish_batch (Many *self, int n, GError **error)
{
  const TapPlan *plan = self->base->base->plan;
  gboolean fine;

  tap_session_enter (self->session);
  fine = tap_patch_tail_run (self->tail, n, error);
  tap_session_leave (self->session);
  for (guint i = 0; fine && i < self->taps->values->len; i++)
    {
      int v = g_array_index (self->taps->values, int, i);
      const TapPlanValue *value = &plan->values[v];

      for (int slot = 0; fine && self->tail->made[v] && slot < n; slot++)
        {
          TapTensor *tensor = tap_tensor_new_uninit (value->dtype, &value->shape, error);

          fine = tensor != NULL;
          if (!fine)
            break;
          memcpy (tensor->data, tap_patch_tail_get (self->tail, v, slot),
                  tensor->count * tap_dtype_size (tensor->dtype));
          tap_trace_add (self->traces[slot], v, tensor);
        }
    }
  return fine;
}

static gboolean
run_batch (Many *self, int n, int *per_round, TapProgress *progress, GError **error)
{
  int n_workers = self->n_walks;

  for (int done = 0; done < n;)
    {
      int round = MIN (*per_round, n - done);
      gint64 start = g_get_monotonic_time (), took;

      self->from = self->first + done;
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error) ||
          !run_round (self, round, error))
        return FALSE;
      done += round;
      took = MAX (g_get_monotonic_time () - start, 1);
      *per_round = (int) CLAMP ((gint64) round * ROUND_US / took, 1, BATCH);
      *per_round = MAX (*per_round / n_workers, 1) * n_workers;
      tap_progress_set (progress, (double) (self->first + done) / self->n);
    }
  return finish_batch (self, n, error);
}

gboolean
tap_session_patch_many (TapSession *self,
                        TapTrace *base,
                        const TapRect *regions,
                        TapTensor *const *pixels,
                        int n,
                        int n_pixels,
                        const TapTaps *taps,
                        TapPatchFunc func,
                        gpointer user_data,
                        TapProgress *progress,
                        GCancellable *cancellable,
                        GError **error)
{
  g_auto (Many) many = {
    .session = self,
    .base = base,
    .regions = regions,
    .pixels = pixels,
    .n = n,
    .n_pixels = n_pixels,
    .taps = taps,
    .cancellable = cancellable,
  };
  gboolean fine;
  int per_round;

  g_return_val_if_fail (self != NULL && base != NULL && taps != NULL && func != NULL, FALSE);
  g_return_val_if_fail (n >= 0 && (n_pixels == n || n_pixels == 1), FALSE);

  if (!tap_session_check_base (self, base, taps, error))
    return FALSE;
  for (int i = 0; i < n; i++)
    if (!tap_session_check_region (base->base->plan, &regions[i], pixels[n_pixels == 1 ? 0 : i],
                                   error))
      return FALSE;
  if (n == 0)
    return TRUE;
  g_mutex_init (&many.mutex);
  tap_session_enter (self);
  fine = prepare (&many, error);
  tap_session_leave (self);
  per_round = many.n_walks;
  for (int size = FIRST_BATCH; fine && many.first < n; size = MIN (2 * size, BATCH))
    {
      int in_batch = MIN (size, n - many.first);

      fine = run_batch (&many, in_batch, &per_round, progress, error);
      for (int i = 0; i < in_batch && fine; i++)
        fine = func (many.first + i, many.traces[i], user_data, error);
      for (int i = 0; i < in_batch; i++)
        g_clear_pointer (&many.traces[i], tap_trace_unref);
      many.first += in_batch;
    }
  return fine;
}
