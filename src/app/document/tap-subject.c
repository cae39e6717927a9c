/* tap-subject.c - one picture in front of one network: what every background job is given
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two sessions stand behind a graph: one for answers that a person is waiting for, one for sweeps.
 * A session's lock makes its second caller wait, so whatever takes seconds has to stay out of the
 * first one. They share their packed weights; activations are not shared anyway. */
#include "config.h"

#include "app/document/tap-subject.h"

#include "core/tap-error.h"

/* How long after the last answer of a drag a sweep stays held: longer than the pause between two
 * motion events, shorter than anybody notices. */
#define HOLD_US (150 * G_TIME_SPAN_MILLISECOND)

typedef struct
{
  GMutex lock;
  TapSession *session;
} Slot;

struct _TapSessions
{
  gatomicrefcount ref;
  TapGraph *graph;
  int n_threads;
  Slot prompt, patient;

  GMutex gate;
  int n_inside;
  gint64 left_us;
};

struct _TapPolite
{
  TapSessions *sessions;
  TapProgress *outer;
  TapProgress *progress;
  GCancellable *cancellable;
};

G_DEFINE_BOXED_TYPE (TapSubject, tap_subject, tap_subject_ref, tap_subject_unref)

TapSessions *
tap_sessions_new (TapGraph *graph, int n_threads)
{
  TapSessions *self = g_new0 (TapSessions, 1);

  g_atomic_ref_count_init (&self->ref);
  self->graph = tap_graph_ref (graph);
  self->n_threads = n_threads;
  g_mutex_init (&self->prompt.lock);
  g_mutex_init (&self->patient.lock);
  g_mutex_init (&self->gate);

  return self;
}

TapSessions *
tap_sessions_ref (TapSessions *self)
{
  g_atomic_ref_count_inc (&self->ref);
  return self;
}

void
tap_sessions_unref (TapSessions *self)
{
  if (!g_atomic_ref_count_dec (&self->ref))
    return;

  g_clear_pointer (&self->prompt.session, tap_session_unref);
  g_clear_pointer (&self->patient.session, tap_session_unref);
  g_clear_pointer (&self->graph, tap_graph_unref);
  g_mutex_clear (&self->prompt.lock);
  g_mutex_clear (&self->patient.lock);
  g_mutex_clear (&self->gate);
  g_free (self);
}

static TapSession *
sessions_get (TapSessions *self, TapRole role, GError **error)
{
  Slot *slot = role == TAP_ROLE_SWEEP ? &self->patient : &self->prompt;
  TapSession *session;

  g_mutex_lock (&slot->lock);
  if (slot->session == NULL)
    {
      TapSessionOptions options = { .n_threads = self->n_threads };

      slot->session = tap_session_new (self->graph, &options, error);
    }
  session = slot->session;
  g_mutex_unlock (&slot->lock);

  return session;
}

gboolean
tap_sessions_warm_up (TapSessions *self, GCancellable *cancellable, GError **error)
{
  TapSession *session = sessions_get (self, TAP_ROLE_BROWSE, error);

  return session != NULL && tap_session_warm_up (session, cancellable, error);
}

TapSubject *
tap_subject_new (TapModel *model,
                 TapSessions *sessions,
                 TapPicture *original,
                 TapPicture *fitted,
                 const char *name)
{
  TapSubject *self = g_new0 (TapSubject, 1);

  g_atomic_ref_count_init (&self->ref);
  g_mutex_init (&self->lock);
  self->model = tap_model_ref (model);
  self->sessions = tap_sessions_ref (sessions);
  if (fitted != NULL)
    {
      self->original = original != NULL ? tap_picture_ref (original) : NULL;
      self->fitted = tap_picture_ref (fitted);
      self->name = g_strdup (name);
    }

  return self;
}

TapSubject *
tap_subject_ref (TapSubject *self)
{
  g_atomic_ref_count_inc (&self->ref);
  return self;
}

void
tap_subject_unref (TapSubject *self)
{
  if (!g_atomic_ref_count_dec (&self->ref))
    return;

  for (int i = 0; i < TAP_N_ROLES; i++)
    g_clear_pointer (&self->contexts[i], tap_context_unref);
  g_clear_pointer (&self->input, tap_tensor_unref);
  g_clear_pointer (&self->original, tap_picture_unref);
  g_clear_pointer (&self->fitted, tap_picture_unref);
  g_clear_pointer (&self->sessions, tap_sessions_unref);
  g_clear_pointer (&self->model, tap_model_unref);
  g_mutex_clear (&self->lock);
  g_free (self->name);
  g_free (self);
}

static gboolean
ensure_input (TapSubject *self, GError **error)
{
  if (self->input == NULL && self->fitted != NULL)
    {
      self->input = tap_picture_to_tensor (self->fitted, &self->model->preprocess, error);
      return self->input != NULL;
    }

  return TRUE;
}

TapContext *
tap_subject_get_context (TapSubject *self, TapRole role, gboolean needs_picture, GError **error)
{
  TapContext *context = NULL;
  TapSession *session;

  g_return_val_if_fail (role < TAP_N_ROLES, NULL);

  if (needs_picture && self->fitted == NULL)
    {
      g_set_error_literal (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_NOT_APPLICABLE,
                           "This needs a picture, and none is open.");
      return NULL;
    }

  session = sessions_get (self->sessions, role, error);
  if (session == NULL)
    return NULL;

  g_mutex_lock (&self->lock);
  if (self->contexts[role] == NULL && ensure_input (self, error))
    self->contexts[role] = tap_context_new (self->model, session, self->input, self->name, 0);
  context = self->contexts[role];
  g_mutex_unlock (&self->lock);

  return context;
}

void
tap_subject_enter (TapSubject *self)
{
  TapSessions *sessions = self->sessions;

  g_mutex_lock (&sessions->gate);
  sessions->n_inside++;
  g_mutex_unlock (&sessions->gate);
}

void
tap_subject_leave (TapSubject *self)
{
  TapSessions *sessions = self->sessions;

  g_mutex_lock (&sessions->gate);
  sessions->n_inside--;
  sessions->left_us = g_get_monotonic_time ();
  g_mutex_unlock (&sessions->gate);
}

static gboolean
somebody_is_inside (TapSessions *self)
{
  gboolean inside;

  g_mutex_lock (&self->gate);
  inside =
    self->n_inside > 0 || (self->left_us != 0 && g_get_monotonic_time () - self->left_us < HOLD_US);
  g_mutex_unlock (&self->gate);

  return inside;
}

static void
hold (TapPolite *self)
{
  while (somebody_is_inside (self->sessions) && !g_cancellable_is_cancelled (self->cancellable))
    g_usleep (5 * G_TIME_SPAN_MILLISECOND);
}

static void
polite_progress_cb (double fraction, gpointer user_data)
{
  TapPolite *self = user_data;

  tap_progress_set (self->outer, fraction);
  hold (self);
}

static void
polite_partial_cb (TapResult *partial, gpointer user_data)
{
  TapPolite *self = user_data;

  tap_progress_partial (self->outer, partial);
  hold (self);
}

TapPolite *
tap_polite_new (TapSubject *subject, TapProgress *outer, GCancellable *cancellable)
{
  TapPolite *self = g_new0 (TapPolite, 1);

  self->sessions = tap_sessions_ref (subject->sessions);
  self->outer = outer;
  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  self->progress = tap_progress_new (
    polite_progress_cb, tap_progress_wants_partial (outer) ? polite_partial_cb : NULL, self);

  return self;
}

TapProgress *
tap_polite_get_progress (TapPolite *self)
{
  return self->progress;
}

void
tap_polite_free (TapPolite *self)
{
  g_clear_pointer (&self->progress, tap_progress_free);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->sessions, tap_sessions_unref);
  g_free (self);
}
