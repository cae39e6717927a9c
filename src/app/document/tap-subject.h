/* tap-subject.h - one picture in front of one network: what every background job is given
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Immutable and atomically counted; a request holds a reference and never a widget or a document.
 * The contexts inside are made on demand in the worker, one per role, and keep the clean forward
 * trace for as long as the subject lives. One role is used by one lane. */
#pragma once

#include "methods/tap-context.h"
#include "pictures/tap-picture.h"

#include <glib-object.h>

G_BEGIN_DECLS

typedef enum
{
  TAP_ROLE_BROWSE, /* the document's own clean run */
  TAP_ROLE_STUDY,  /* the layers page: filters and whatever needs no hurry */
  TAP_ROLE_PROBE,  /* the mask under the pointer */
  TAP_ROLE_SWEEP,  /* long runs; has a session of its own, so that it never holds up the others */
  TAP_N_ROLES
} TapRole;

/* The sessions of one graph, shared by the subjects that show pictures to it. */
typedef struct _TapSessions TapSessions;
TapSessions *tap_sessions_new (TapGraph *graph, int n_threads);
TapSessions *tap_sessions_ref (TapSessions *self);
void tap_sessions_unref (TapSessions *self);
/* Workers only: brings the weights into the engine's order before anybody waits for them. */
gboolean tap_sessions_warm_up (TapSessions *self, GCancellable *cancellable, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapSessions, tap_sessions_unref)

typedef struct
{
  gatomicrefcount ref;
  TapModel *model;
  TapPicture *original; /* as decoded; NULL when no picture is chosen */
  TapPicture *fitted;   /* exactly what the network sees; NULL when no picture is chosen */
  char *name;           /* path or name of the picture; NULL with the picture */
  TapSessions *sessions;
  /*< private >*/
  GMutex lock;
  TapTensor *input;
  TapContext *contexts[TAP_N_ROLES];
} TapSubject;

#define TAP_TYPE_SUBJECT (tap_subject_get_type ())
GType tap_subject_get_type (void) G_GNUC_CONST;

/* @original, @fitted and @name may be NULL together. Takes references. */
TapSubject *tap_subject_new (TapModel *model,
                             TapSessions *sessions,
                             TapPicture *original,
                             TapPicture *fitted,
                             const char *name);
TapSubject *tap_subject_ref (TapSubject *self);
void tap_subject_unref (TapSubject *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapSubject, tap_subject_unref)

/* Workers only: makes session, input tensor and context on first use. (transfer none): lives as long
 * as the subject. Errors: those of the engine, or TAP_METHOD_ERROR_NOT_APPLICABLE without a picture
 * where @needs_picture. */
TapContext *
tap_subject_get_context (TapSubject *self, TapRole role, gboolean needs_picture, GError **error);

/* A drag and a sweep share the machine. The worker of the drag brackets each answer with enter and
 * leave; the sweep's worker runs with the progress of a TapPolite, which holds it
 * at its next report while someone drags (until a short while after the last leave). */
void tap_subject_enter (TapSubject *self);
void tap_subject_leave (TapSubject *self);
/* Forwards to @outer, whose life must enclose it. @cancellable may be NULL. (transfer full) */
typedef struct _TapPolite TapPolite;
TapPolite *tap_polite_new (TapSubject *subject, TapProgress *outer, GCancellable *cancellable);
TapProgress *tap_polite_get_progress (TapPolite *self);
void tap_polite_free (TapPolite *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapPolite, tap_polite_free)

G_END_DECLS
