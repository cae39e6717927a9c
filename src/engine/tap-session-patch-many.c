/* tap-session-patch-many.c - the same question at many places
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A single patch has its kernels' work shared between threads, which have to meet after every step. Of many
 * patches each thread takes one, with a shadow and scratch memory of its own, and meets the others only now and
 * then, when somebody else may want the session: a walk is left where it is, and goes on later. Positions in the
 * same rows share a stripe, where there are enough of them; each thread makes its own. The tail of the network
 * is run for a batch of positions. */

#include "config.h"

#include <string.h>

#include "engine/patch-flat.h"
#include "engine/patch-stripe.h"
#include "engine/patch-tail.h"

/* Positions in a batch: with more of them the weights of the tail are read less often, with fewer the caller
 * hears of results sooner; so the first ones are small. */
#define BATCH       32
#define FIRST_BATCH 4
/* How long the workers go on without looking up; then each ends the step that it is in. */
#define ROUND_US    20000

/* A worker's stripe for a run of positions that differ in x only. */
typedef struct
{
  TapPatchWalk walk;
  int first, end;   /* the run */
  gboolean used;    /* by the run */
  gboolean *shared; /* per step: taken from the stripe */
  gboolean *steps;  /* per step: what the stripe is computed for */
} Stripe;

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
  int largest; /* batch */
  int n_walks;
  TapPatchWalk *walks; /* as many as there are workers */
  int *positions;      /* per walk: the one that it is at, or -1 */
  Stripe *stripes;     /* per walk; NULL without */
  TapBlockMemory *scratch;
  TapPool *alone; /* of one thread: each worker does its kernels alone */

  int first, last;   /* positions of the batch: first .. last - 1 */
  gint next;         /* atomic; the first of them that no walk has begun */
  gint64 until;      /* end of the round */
  TapTrace **traces; /* of the batch */
  GMutex mutex;
  GError *error; /* the first; guarded by the mutex */
} Many;

static void
clear_walks (Many *self)
{
  if (self->n_walks == 0)
    return;
  g_mutex_lock (&self->session->mutex);
  for (int i = 0; self->stripes != NULL && i < self->n_walks; i++)
    {
      tap_patch_walk_clear (&self->stripes[i].walk);
      g_free (self->stripes[i].shared);
      g_free (self->stripes[i].steps);
    }
  g_clear_pointer (&self->stripes, g_free);
  for (; self->n_walks > 0; self->n_walks--)
    {
      tap_patch_walk_clear (&self->walks[self->n_walks - 1]);
      tap_block_memory_clear (&self->scratch[self->n_walks - 1]);
    }
  g_mutex_unlock (&self->session->mutex);
}

static void
many_clear (Many *self)
{
  clear_walks (self);
  for (int i = 0; self->traces != NULL && i < BATCH; i++)
    g_clear_pointer (&self->traces[i], tap_trace_unref);
  g_free (self->walks);
  g_free (self->positions);
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

/* Copying the base takes its time: others may use the session after each of them. */
static gboolean
start_walk (Many *self,
            TapPatchWalk *walk,
            TapPool *pool,
            gpointer scratch,
            TapProgress *progress,
            GError **error)
{
  TapPatchShadow *shadow;

  tap_session_enter (self->session);
  shadow = tap_patch_base_take_shadow (self->session, self->base->base, error);
  tap_session_leave (self->session);
  if (shadow == NULL)
    return FALSE;
  tap_patch_walk_init (walk, self->session, self->base->base, shadow, pool, scratch);
  walk->near = TRUE;
  tap_progress_set (progress, 0);
  return TRUE;
}

static gboolean
add_walk (Many *self, TapPool *pool, gsize scratch, TapProgress *progress, GError **error)
{
  int i = self->n_walks;

  if (!tap_block_memory_reserve (&self->scratch[i], scratch, error) ||
      !start_walk (self, &self->walks[i], pool, self->scratch[i].data, progress, error))
    return FALSE;
  self->positions[i] = -1;
  self->n_walks++;
  return TRUE;
}

/* --- stripes --- */

static TapTensor *
pixels_of (const Many *self, int position)
{
  return self->pixels[self->n_pixels == 1 ? 0 : position];
}

static gboolean
have_one_stripe (const Many *self, int a, int b)
{
  const TapRect *p = &self->regions[a], *q = &self->regions[b];

  return p->y == q->y && p->height == q->height && p->width == q->width &&
         pixels_of (self, a) == pixels_of (self, b);
}

/* The run of positions around @position, and what they share. Looks at shapes and the order of positions, so
 * every worker finds the same. */
static void
find_shared (const Many *self, Stripe *stripe, int position)
{
  const TapPlan *plan = self->base->base->plan;
  const TapPatchRoute *route = self->base->base->route;
  g_autofree TapRect *columns = NULL;
  const TapRect *region;
  TapRect flat;
  int first = position, end = position + 1;

  while (first > 0 && have_one_stripe (self, position, first - 1))
    first--;
  while (end < self->n && have_one_stripe (self, position, end))
    end++;
  region = &self->regions[first];
  stripe->first = first;
  stripe->end = end;
  stripe->used = FALSE;
  flat = tap_patch_flat_of_pixels (region, pixels_of (self, first));
  if (end - first < 2 || tap_rect_is_empty (&flat))
    return;
  columns = tap_patch_stripe_columns (plan, route, region->x, region->width);
  stripe->used = tap_patch_stripe_choose (plan, route, columns, end - first, self->steps,
                                          stripe->shared, stripe->steps);
}

/* Starts on the stripe of the run. FALSE: memory. */
static gboolean
begin_stripe (const Many *self, Stripe *stripe, GError **error)
{
  const TapRect *region = &self->regions[stripe->first];
  const TapTensor *pixels = pixels_of (self, stripe->first);
  const TapPatchWalk *walk = &stripe->walk;
  TapShape shape = pixels->shape;
  g_autoptr (TapTensor) whole = NULL;
  TapRect rows = { 0, region->y, 0, region->height };
  gsize each = (gsize) region->width * (gsize) region->height, n;

  shape.dims[3] = walk->plan->values[walk->route->picture].shape.dims[3];
  rows.width = (int) shape.dims[3];
  whole = tap_tensor_new_uninit (TAP_DTYPE_F32, &shape, error);
  if (whole == NULL)
    return FALSE;
  n = (gsize) rows.width * (gsize) rows.height;
  for (gsize i = 0; i < whole->count; i++)
    tap_tensor_f32 (whole)[i] = ((const float *) pixels->data)[i / n * each];
  tap_patch_walk_begin (&stripe->walk, &rows, whole);
  return TRUE;
}

/* Sees to it that walk @i has the stripe of @position, begun if not done; it has none where that would not
 * pay. */
static gboolean
choose_stripe (Many *self, int i, int position, GError **error)
{
  TapPatchWalk *walk = &self->walks[i];
  Stripe *stripe = self->stripes != NULL ? &self->stripes[i] : NULL;

  walk->stripe = NULL;
  if (stripe == NULL)
    return TRUE;
  if (position < stripe->first || position >= stripe->end)
    {
      find_shared (self, stripe, position);
      if (stripe->used && !begin_stripe (self, stripe, error))
        return FALSE;
    }
  if (!stripe->used)
    return TRUE;
  walk->stripe = &stripe->walk;
  walk->shared = stripe->shared;
  g_free (walk->columns);
  walk->columns = tap_patch_stripe_columns (walk->plan, walk->route, self->regions[position].x,
                                            self->regions[position].width);
  return TRUE;
}

/* A stripe for every walk, if any position gains by one; FALSE when there is not the memory. */
static gboolean
add_stripes (Many *self, TapProgress *progress)
{
  gsize n_steps = (gsize) self->base->base->plan->n_steps + 1;
  Stripe look = { .shared = g_new0 (gboolean, n_steps), .steps = g_new0 (gboolean, n_steps) };
  gboolean fine = TRUE;

  for (int i = 0; i < self->n && !look.used; i = look.end)
    find_shared (self, &look, i);
  g_free (look.shared);
  g_free (look.steps);
  if (!look.used)
    return TRUE;
  self->stripes = g_new0 (Stripe, self->n_walks);
  for (int i = 0; i < self->n_walks && fine; i++)
    {
      self->stripes[i].shared = g_new0 (gboolean, n_steps);
      self->stripes[i].steps = g_new0 (gboolean, n_steps);
      fine = start_walk (self, &self->stripes[i].walk, self->walks[i].pool, self->scratch[i].data,
                         progress, NULL);
    }
  return fine;
}

/* A walk for every worker. Where there is not the memory for that, or not the work, one that all workers
 * share. */
static gboolean
prepare_walks (Many *self, TapProgress *progress, GError **error)
{
  TapPool *pool = self->session->pool;
  const TapPlan *plan = self->base->base->plan;
  int n_threads = tap_pool_get_n_threads (pool);
  gsize scratch;

  self->walks = g_new0 (TapPatchWalk, n_threads);
  self->positions = g_new0 (int, n_threads);
  self->scratch = g_new0 (TapBlockMemory, n_threads);
  self->alone = tap_pool_new (1);
  scratch = scratch_bytes (self->session, plan, self->alone);
  for (int i = 0; self->n >= n_threads && i < n_threads; i++)
    if (!add_walk (self, self->alone, scratch, progress, NULL))
      break;
  if (self->n_walks == n_threads && add_stripes (self, progress))
    return TRUE;
  clear_walks (self);
  if (!add_walk (self, pool, plan->scratch_bytes + 64, progress, error))
    return FALSE;
  if (add_stripes (self, progress))
    return TRUE;
  clear_walks (self);
  return add_walk (self, pool, plan->scratch_bytes + 64, progress, error);
}

static gboolean
prepare (Many *self, TapProgress *progress, GError **error)
{
  const TapPlan *plan = self->base->base->plan;

  self->steps = tap_patch_base_find_needed (self->base->base, self->taps);
  if (!prepare_walks (self, progress, error))
    return FALSE;
  tap_session_enter (self->session);
  self->tail = tap_patch_tail_new (self->session, self->base->base, self->steps, BATCH, error);
  tap_session_leave (self->session);
  if (self->tail == NULL)
    return FALSE;
  self->largest = self->tail->room;
  self->traces = g_new0 (TapTrace *, BATCH);
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

/* Takes what the walk has found at its position. */
static gboolean
finish_position (Many *self, TapPatchWalk *walk, int position, GError **error)
{
  int slot = position - self->first;
  TapTrace *trace = tap_trace_new ();

  self->traces[slot] = trace;
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

/* Positions one after the other, up to the tail, until none is left or the round is over. */
static gboolean
run_walk (Many *self, int i, GError **error)
{
  TapPatchWalk *walk = &self->walks[i];

  do
    {
      int position = self->positions[i];

      if (position < 0)
        {
          position = g_atomic_int_add (&self->next, 1);
          if (position >= self->last)
            return TRUE;
          self->positions[i] = position;
          if (!choose_stripe (self, i, position, error))
            return FALSE;
          tap_patch_walk_begin (walk, &self->regions[position], pixels_of (self, position));
        }
      if (walk->stripe != NULL && !tap_patch_walk_is_done (walk->stripe))
        {
          if (!tap_patch_walk_run (&self->stripes[i].walk, self->stripes[i].steps, self->until,
                                   NULL, self->cancellable, error))
            return FALSE;
          continue;
        }
      if (!tap_patch_walk_run (walk, self->steps, self->until, NULL, self->cancellable, error))
        return FALSE;
      if (tap_patch_walk_is_done (walk))
        {
          self->positions[i] = -1;
          if (!finish_position (self, walk, position, error))
            return FALSE;
        }
    }
  while (g_get_monotonic_time () < self->until);
  return TRUE;
}

static void
walk_task (gpointer data, int task, int worker)
{
  Many *self = data;
  GError *error = NULL;

  if (run_walk (self, task, &error))
    return;
  g_mutex_lock (&self->mutex);
  if (self->error == NULL)
    self->error = error;
  else
    g_error_free (error);
  g_mutex_unlock (&self->mutex);
}

/* As far as the walks of the batch come in a little while, with the session locked; how many of its positions
 * are done then, or -1. */
static int
run_round (Many *self, GError **error)
{
  int done;

  tap_session_enter (self->session);
  self->until = g_get_monotonic_time () + ROUND_US;
  if (self->n_walks < tap_pool_get_n_threads (self->session->pool))
    walk_task (self, 0, 0);
  else
    tap_pool_run (self->session->pool, self->n_walks, walk_task, self);
  tap_session_leave (self->session);
  if (self->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->error));
      return -1;
    }
  done = MIN (self->next, self->last) - self->first;
  for (int i = 0; i < self->n_walks; i++)
    if (self->positions[i] >= 0)
      done--;
  return done;
}

/* The end of the network for the batch, a part at a time. */
static gboolean
run_tail (Many *self, int n, double fraction, TapProgress *progress, GError **error)
{
  gboolean fine = TRUE;

  for (tap_patch_tail_begin (self->tail, n); fine && !tap_patch_tail_is_done (self->tail);)
    {
      tap_session_enter (self->session);
      fine = tap_patch_tail_run (self->tail, ROUND_US, error);
      tap_session_leave (self->session);
      fine = fine && !g_cancellable_set_error_if_cancelled (self->cancellable, error);
      tap_progress_set (progress, fraction);
    }
  return fine;
}

/* Adds what the tail has given to the traces of the batch. */
static gboolean
add_tail (Many *self, int n, GError **error)
{
  const TapPlan *plan = self->base->base->plan;

  for (guint i = 0; i < self->taps->values->len; i++)
    {
      int v = g_array_index (self->taps->values, int, i);
      const TapPlanValue *value = &plan->values[v];

      for (int slot = 0; self->tail->made[v] && slot < n; slot++)
        {
          TapTensor *tensor = tap_tensor_new_uninit (value->dtype, &value->shape, error);

          if (tensor == NULL)
            return FALSE;
          memcpy (tensor->data, tap_patch_tail_get (self->tail, v, slot),
                  tensor->count * tap_dtype_size (tensor->dtype));
          tap_trace_add (self->traces[slot], v, tensor);
        }
    }
  return TRUE;
}

static gboolean
run_batch (Many *self, int n, TapProgress *progress, GError **error)
{
  double fraction = (double) self->first / self->n;

  self->last = self->first + n;
  g_atomic_int_set (&self->next, self->first);
  for (int done = 0; done < n;)
    {
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      done = run_round (self, error);
      if (done < 0)
        return FALSE;
      fraction = (double) (self->first + done) / self->n;
      tap_progress_set (progress, fraction);
    }
  return run_tail (self, n, fraction, progress, error) && add_tail (self, n, error);
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
  fine = prepare (&many, progress, error);
  for (int size = FIRST_BATCH; fine && many.first < n; size *= 2)
    {
      int in_batch = MIN (MIN (size, many.largest), n - many.first);

      size = in_batch;

      fine = run_batch (&many, in_batch, progress, error);
      for (int i = 0; i < in_batch && fine; i++)
        fine = func (many.first + i, many.traces[i], user_data, error);
      for (int i = 0; i < in_batch; i++)
        g_clear_pointer (&many.traces[i], tap_trace_unref);
      many.first += in_batch;
    }
  return fine;
}
