/* tap-lane.c - one background worker whose newest request wins
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A lane holds at most one running and one pending request. Submitting replaces the pending one, so a drag
 * that outpaces the worker costs nothing. The running request is cancelled only after it has used its budget:
 * cancelling on every event would starve the display until the pointer rests. A request that is cancelled
 * falls silent at once, so that its late partial results are never taken for those of its successor. */
#include "config.h"

#include "job/tap-lane.h"

struct _TapLane
{
  gatomicrefcount ref; /* owner, worker, and every source in flight */

  /* Set once, before the worker starts. */
  GMainContext *context;
  TapLaneFunc func;
  GDestroyNotify request_free;
  GDestroyNotify result_free;
  TapLaneDone done;
  TapLaneTick tick;
  TapProgress *progress;

  /* Touched in the context's thread only. */
  gpointer user_data;
  gboolean disposed;

  /* Guarded by lock. */
  GMutex lock;
  GCond wake;
  gpointer pending;
  gint64 pending_budget_us;
  GCancellable *cancellable; /* of the running request */
  gint64 started_us;
  guint epoch;        /* counts tap_lane_cancel(); deliveries of an earlier one are dropped */
  guint n_deliveries; /* on their way */
  gboolean muted;     /* the running request was cancelled */
  double fraction;    /* newest */
  TapResult *partial; /* newest, not yet ticked */
  gboolean tick_queued;
  gboolean quit;
};

typedef struct
{
  TapLane *lane;
  gpointer result;
  GError *error;
  guint epoch;
} Delivery;

static TapLane *
lane_ref (TapLane *self)
{
  g_atomic_ref_count_inc (&self->ref);
  return self;
}

static void
lane_unref (TapLane *self)
{
  if (!g_atomic_ref_count_dec (&self->ref))
    return;

  g_clear_pointer (&self->progress, tap_progress_free);
  g_clear_pointer (&self->partial, tap_result_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_object (&self->cancellable);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->wake);
  g_free (self);
}

static void
request_free (TapLane *self, gpointer request)
{
  if (request != NULL && self->request_free != NULL)
    self->request_free (request);
}

static void
delivery_free (Delivery *delivery)
{
  if (delivery->result != NULL && delivery->lane->result_free != NULL)
    delivery->lane->result_free (delivery->result);
  g_clear_error (&delivery->error);
  lane_unref (delivery->lane);
  g_free (delivery);
}

/* Not g_main_context_invoke(), which would run in place when called from the owner. */
static void
post (TapLane *self, GSource *source, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, data, notify);
  g_source_attach (source, self->context);
  g_source_unref (source);
}

static gboolean
deliver_cb (gpointer data)
{
  Delivery *delivery = data;
  TapLane *self = delivery->lane;
  gboolean current;

  g_mutex_lock (&self->lock);
  self->n_deliveries--;
  current = delivery->epoch == self->epoch;
  g_mutex_unlock (&self->lock);

  if (current && !self->disposed)
    self->done (g_steal_pointer (&delivery->result), delivery->error, self->user_data);

  return G_SOURCE_REMOVE;
}

static gboolean
tick_cb (gpointer data)
{
  TapLane *self = data;
  g_autoptr (TapResult) partial = NULL;
  gboolean muted;
  double fraction;

  g_mutex_lock (&self->lock);
  self->tick_queued = FALSE;
  partial = g_steal_pointer (&self->partial);
  fraction = self->fraction;
  muted = self->muted || self->cancellable == NULL; /* done is on its way, and says more */
  g_mutex_unlock (&self->lock);

  if (!self->disposed && !muted)
    self->tick (fraction, partial, self->user_data);

  return G_SOURCE_REMOVE;
}

/* Locked. At most one notification is queued, however often this is called. */
static void
queue_tick (TapLane *self)
{
  if (self->tick_queued || self->quit)
    return;
  self->tick_queued = TRUE;
  post (self, g_idle_source_new (), tick_cb, lane_ref (self), (GDestroyNotify) lane_unref);
}

static void
progress_cb (double fraction, gpointer user_data)
{
  TapLane *self = user_data;

  if (self->tick == NULL)
    return;
  g_mutex_lock (&self->lock);
  if (!self->muted)
    {
      self->fraction = CLAMP (fraction, 0.0, 1.0);
      queue_tick (self);
    }
  g_mutex_unlock (&self->lock);
}

static void
partial_cb (TapResult *partial, gpointer user_data)
{
  TapLane *self = user_data;
  g_autoptr (TapResult) unwanted = partial;

  g_mutex_lock (&self->lock);
  if (!self->muted)
    {
      TapResult *older = self->partial;

      self->partial = g_steal_pointer (&unwanted);
      unwanted = older;
      queue_tick (self);
    }
  g_mutex_unlock (&self->lock);
}

static void
run_one (TapLane *self, gpointer request, GCancellable *cancellable, guint epoch)
{
  Delivery *delivery = g_new0 (Delivery, 1);

  delivery->lane = lane_ref (self);
  delivery->epoch = epoch;
  delivery->result = self->func (request, self->progress, cancellable, &delivery->error);
  request_free (self, request);

  g_mutex_lock (&self->lock);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->partial, tap_result_unref);
  if (!g_error_matches (delivery->error, G_IO_ERROR, G_IO_ERROR_CANCELLED) && !self->quit)
    {
      self->n_deliveries++;
      post (self, g_idle_source_new (), deliver_cb, g_steal_pointer (&delivery),
            (GDestroyNotify) delivery_free);
    }
  g_mutex_unlock (&self->lock);

  if (delivery != NULL) /* superseded, so not worth a word */
    delivery_free (delivery);
}

static gpointer
worker (gpointer data)
{
  TapLane *self = data;

  g_mutex_lock (&self->lock);

  for (;;)
    {
      g_autoptr (GCancellable) cancellable = NULL;
      gpointer request;
      guint epoch;

      while (self->pending == NULL && !self->quit)
        g_cond_wait (&self->wake, &self->lock);

      if (self->quit)
        break;

      request = g_steal_pointer (&self->pending);
      cancellable = g_cancellable_new ();
      self->cancellable = g_object_ref (cancellable);
      self->started_us = g_get_monotonic_time ();
      self->fraction = 0.0;
      self->muted = FALSE;
      epoch = self->epoch;

      g_mutex_unlock (&self->lock);
      run_one (self, request, cancellable, epoch);
      g_mutex_lock (&self->lock);
    }

  g_mutex_unlock (&self->lock);
  lane_unref (self);

  return NULL;
}

/* Locked. The running request, silenced, for the caller to cancel once the lock is released, because
 * cancelling runs callbacks. */
static GCancellable *
silence (TapLane *self)
{
  if (self->cancellable == NULL)
    return NULL;
  self->muted = TRUE;
  g_clear_pointer (&self->partial, tap_result_unref);
  return g_object_ref (self->cancellable);
}

/* The budget of a running request may end long after the last submit: nobody else would notice. */
static gboolean
budget_cb (gpointer data)
{
  TapLane *self = data;
  g_autoptr (GCancellable) stale = NULL;

  g_mutex_lock (&self->lock);
  if (self->pending != NULL &&
      g_get_monotonic_time () - self->started_us >= self->pending_budget_us)
    stale = silence (self);
  g_mutex_unlock (&self->lock);

  g_cancellable_cancel (stale);
  return G_SOURCE_REMOVE;
}

TapLane *
tap_lane_new (const char *name,
              TapLaneFunc func,
              GDestroyNotify free_request,
              GDestroyNotify free_result,
              TapLaneDone done,
              TapLaneTick tick,
              gpointer user_data)
{
  TapLane *self;

  g_return_val_if_fail (func != NULL && done != NULL, NULL);

  self = g_new0 (TapLane, 1);
  g_atomic_ref_count_init (&self->ref);
  g_mutex_init (&self->lock);
  g_cond_init (&self->wake);
  self->context = g_main_context_ref_thread_default ();
  self->func = func;
  self->request_free = free_request;
  self->result_free = free_result;
  self->done = done;
  self->tick = tick;
  self->user_data = user_data;
  self->progress = tap_progress_new (progress_cb, tick != NULL ? partial_cb : NULL, self);

  g_thread_unref (g_thread_new (name, worker, lane_ref (self)));

  return self;
}

void
tap_lane_submit (TapLane *self, gpointer request, gint64 budget_us)
{
  g_autoptr (GCancellable) stale = NULL;
  gpointer replaced;
  gint64 left = 0;

  g_return_if_fail (self != NULL && request != NULL && !self->disposed);

  g_mutex_lock (&self->lock);
  replaced = self->pending;
  self->pending = request;
  self->pending_budget_us = budget_us;
  if (self->cancellable != NULL && !self->muted)
    {
      left = budget_us - (g_get_monotonic_time () - self->started_us);
      if (left <= 0)
        stale = silence (self);
    }
  g_cond_signal (&self->wake);
  g_mutex_unlock (&self->lock);

  if (left > 0 && left < G_TIME_SPAN_MINUTE)
    post (self, g_timeout_source_new ((guint) (left / 1000 + 1)), budget_cb, lane_ref (self),
          (GDestroyNotify) lane_unref);
  g_cancellable_cancel (stale);
  request_free (self, replaced);
}

void
tap_lane_cancel (TapLane *self)
{
  g_autoptr (GCancellable) running = NULL;
  gpointer dropped;

  g_return_if_fail (self != NULL);

  g_mutex_lock (&self->lock);
  dropped = g_steal_pointer (&self->pending);
  self->epoch++;
  running = silence (self);
  g_mutex_unlock (&self->lock);

  g_cancellable_cancel (running);
  request_free (self, dropped);
}

gboolean
tap_lane_is_busy (TapLane *self)
{
  gboolean busy;

  g_return_val_if_fail (self != NULL, FALSE);

  g_mutex_lock (&self->lock);
  busy =
    self->pending != NULL || (self->cancellable != NULL && !self->muted) || self->n_deliveries > 0;
  g_mutex_unlock (&self->lock);
  return busy;
}

void
tap_lane_dispose (TapLane *self)
{
  g_return_if_fail (self != NULL && !self->disposed);

  self->disposed = TRUE;
  tap_lane_cancel (self);

  g_mutex_lock (&self->lock);
  self->quit = TRUE;
  g_cond_signal (&self->wake);
  g_mutex_unlock (&self->lock);

  lane_unref (self);
}
