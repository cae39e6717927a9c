/* tap-document-private.h - the inside of the document, for its own files only
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/tap-document.h"
#include "app/document/tap-picture-list.h"

#include "job/tap-lane.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

enum
{
  TAP_DOCUMENT_PROP_0,
  TAP_DOCUMENT_PROP_OPENING,
  TAP_DOCUMENT_PROP_PROGRESS,
  TAP_DOCUMENT_PROP_MODEL,
  TAP_DOCUMENT_PROP_PICTURES,
  TAP_DOCUMENT_PROP_N_SKIPPED,
  TAP_DOCUMENT_PROP_POSITION,
  TAP_DOCUMENT_PROP_PICTURE,
  TAP_DOCUMENT_PROP_SUBJECT,
  TAP_DOCUMENT_PROP_LAYER,
  TAP_DOCUMENT_PROP_UNIT,
  TAP_DOCUMENT_PROP_CHOSEN_CLASS,
  TAP_DOCUMENT_PROP_CLASS_INDEX,
  TAP_DOCUMENT_PROP_PINNED,
  TAP_DOCUMENT_PROP_SCORES,
  TAP_DOCUMENT_PROP_PROBE_SCORES,
  TAP_DOCUMENT_PROP_ACTIVATIONS,
  TAP_DOCUMENT_PROP_FACTS,
  TAP_DOCUMENT_PROP_RUN_PROBLEM,
  TAP_DOCUMENT_PROP_RUNNING,
  TAP_DOCUMENT_PROP_RUN_MILLISECONDS,
  TAP_DOCUMENT_N_PROPS
};

extern GParamSpec *tap_document_properties[TAP_DOCUMENT_N_PROPS];

struct _TapDocument
{
  GObject parent_instance;

  TapLane *open_lane, *decode_lane, *run_lane, *warm_lane;
  guint open_generation, decode_generation;

  char *opening;
  double progress;

  TapModel *model;
  TapPreprocess original_preprocess;
  TapSessions *sessions;
  int n_threads;

  TapPictureList *pictures;
  guint position;
  TapPictureItem *item; /* keeps what tap_document_get_item() has lent */
  TapPicture *original; /* the chosen picture as decoded, once it is */
  TapSubject *subject;

  int layer, unit;
  int chosen_class, class_index;
  GArray *pinned;

  TapScores *scores, *probe_scores;
  TapResult *activations;
  TapLayerFacts *facts;
  char *run_problem;
  gboolean running;
  double run_milliseconds;
};

void tap_document_notify (TapDocument *self, int prop);
void tap_document_update_class (TapDocument *self);
void tap_document_tell_opened (TapDocument *self, const char *path);

/* tap-document-lanes.c */
void tap_document_init_lanes (TapDocument *self);
/* The chosen picture, or the way it is fitted, has changed. */
void tap_document_ask_picture (TapDocument *self);
/* The subject or the layer has changed. */
void tap_document_ask_run (TapDocument *self);

G_END_DECLS
