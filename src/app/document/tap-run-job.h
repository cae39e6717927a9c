/* tap-run-job.h - decoding a picture for a network, and running it cleanly
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/tap-layer-facts.h"
#include "app/document/tap-scores.h"
#include "app/document/tap-subject.h"

G_BEGIN_DECLS

/* --- decoding --- */
typedef struct
{
  char *path;  /* or NULL: */
  int example; /* index of an example picture */
  char *name;
  TapPicture *original;  /* when it has been decoded before. Owned, or NULL */
  TapModel *model;       /* owned, or NULL */
  TapSessions *sessions; /* owned, or NULL with model */
  guint generation;
} TapDecodeRequest;

typedef struct
{
  TapPicture *original;
  TapSubject *subject; /* NULL when there is no network */
  guint generation;
} TapDecodeAnswer;

void tap_decode_request_free (TapDecodeRequest *self);
void tap_decode_answer_free (TapDecodeAnswer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapDecodeAnswer, tap_decode_answer_free)
gpointer tap_decode_job_run (gconstpointer request,
                             TapProgress *progress,
                             GCancellable *cancellable,
                             GError **error);

/* --- running --- */
typedef struct
{
  TapSubject *subject;
  int node; /* selected layer, or -1 */
} TapRunRequest;

typedef struct
{
  TapSubject *subject;
  int node;
  TapScores *scores;      /* NULL when the network has no classes, or did not get there */
  TapResult *activations; /* NULL when the layer has no maps */
  TapLayerFacts *facts;   /* NULL without a layer */
  char *problem;          /* why there are no scores; NULL when all is well */
  double milliseconds;
} TapRunAnswer;

TapRunRequest *tap_run_request_new (TapSubject *subject, int node);
void tap_run_request_free (TapRunRequest *self);
void tap_run_answer_free (TapRunAnswer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapRunAnswer, tap_run_answer_free)
/* A subject without a picture yields facts only. Fails only when cancelled. */
gpointer tap_run_job_run (gconstpointer request,
                          TapProgress *progress,
                          GCancellable *cancellable,
                          GError **error);

G_END_DECLS
