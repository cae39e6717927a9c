/* tap-document.h - what is open and what is chosen: the one selection that every pane shows
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lives in the main thread. Widgets bind to its properties and call its setters; it owns the lanes
 * that load, decode and run, and drops answers to questions that are no longer asked. Every property
 * notifies only when it changes. */
#pragma once

#include "app/document/tap-layer-facts.h"
#include "app/document/tap-picture-item.h"
#include "app/document/tap-scores.h"
#include "app/document/tap-subject.h"

G_BEGIN_DECLS

#define TAP_TYPE_DOCUMENT (tap_document_get_type ())
G_DECLARE_FINAL_TYPE (TapDocument, tap_document, TAP, DOCUMENT, GObject)

TapDocument *tap_document_new (void);

/* --- opening: all in the background; signal "failed" (const char *sentence) tells what went wrong,
 * and what was open stays open --- */
/* The content of each decides: network, picture, folder of pictures, list of labels. */
void tap_document_open (TapDocument *self, const char *const *paths);
void tap_document_open_example (TapDocument *self);
void tap_document_cancel_opening (TapDocument *self);
/* "opening": what is being opened, for a person, or NULL; "progress": 0..1, or -1 when not known. */
const char *tap_document_get_opening (TapDocument *self);
double tap_document_get_progress (TapDocument *self);

/* --- the network: "model" (TapModel), NULL when none is open --- */
TapModel *tap_document_get_model (TapDocument *self);
/* Also notifies "model" and asks everything again. */
void tap_document_set_preprocess (TapDocument *self, const TapPreprocess *preprocess);
/* Back to what was found or guessed when the network was opened. */
void tap_document_reset_preprocess (TapDocument *self);
/* As the network was opened. (transfer none) */
const TapPreprocess *tap_document_get_original_preprocess (TapDocument *self);
/* Workers of the engine; 0: one per core. For the next network or picture. */
void tap_document_set_n_threads (TapDocument *self, int n_threads);

/* --- the pictures: a GListModel of TapPictureItem that stays the same object --- */
GListModel *tap_document_get_pictures (TapDocument *self);
int tap_document_get_n_skipped (TapDocument *self); /* "n-skipped" */
/* "position" in the list, GTK_INVALID_LIST_POSITION when none. Clamped. */
guint tap_document_get_position (TapDocument *self);
void tap_document_set_position (TapDocument *self, guint position);
/* Moves by @delta pictures, stopping at the ends. */
void tap_document_walk (TapDocument *self, int delta);
/* The chosen item, or NULL. (transfer none) */
TapPictureItem *tap_document_get_item (TapDocument *self);

/* --- "picture" (TapPicture): the chosen picture as the network sees it (as decoded when there is no network);
 * "subject" (TapSubject): network and picture for background jobs; NULL without a network, has no
 * picture (fitted == NULL) until one is chosen and decoded --- */
TapPicture *tap_document_get_picture (TapDocument *self);
TapSubject *tap_document_get_subject (TapDocument *self);

/* --- "layer": graph node index, -1 when none; "unit": channel of it, -1 when none --- */
int tap_document_get_layer (TapDocument *self);
void tap_document_set_layer (TapDocument *self, int node);
const char *tap_document_get_layer_name (TapDocument *self); /* NULL when none */
int tap_document_get_unit (TapDocument *self);
void tap_document_set_unit (TapDocument *self, int unit);

/* --- classes. "class-index": the one that drives the maps: the chosen one, else the most probable of
 * the clean picture, else -1. "chosen-class": -1 means follow the most probable. "pinned" changes
 * notify "pinned". --- */
int tap_document_get_class_index (TapDocument *self);
int tap_document_get_chosen_class (TapDocument *self);
void tap_document_set_chosen_class (TapDocument *self, int index);
gboolean tap_document_is_pinned (TapDocument *self, int index);
void tap_document_set_pinned (TapDocument *self, int index, gboolean pinned);
/* Class indices in the order of pinning. (transfer none) (element-type int) */
GArray *tap_document_get_pinned (TapDocument *self);
/* Label of a class for a person. (transfer full) */
char *tap_document_dup_class_name (TapDocument *self, int index);

/* --- answers; all NULL until they are known. "scores": of the clean picture; "probe-scores": under the
 * mask, NULL when no mask lies on the picture; "activations": the selected layer (method
 * "activations"); "facts": about the selected layer; "run-problem": why there is no answer, one sentence. --- */
TapScores *tap_document_get_scores (TapDocument *self);
TapScores *tap_document_get_probe_scores (TapDocument *self);
void tap_document_set_probe_scores (TapDocument *self, TapScores *scores);
TapResult *tap_document_get_activations (TapDocument *self);
TapLayerFacts *tap_document_get_facts (TapDocument *self);
const char *tap_document_get_run_problem (TapDocument *self);
/* "running": a clean run is under way. "run-milliseconds": what the last one took. */
gboolean tap_document_get_running (TapDocument *self);
double tap_document_get_run_milliseconds (TapDocument *self);

/* A sentence for the user, shown as a toast: signal "failed". Pages may use it too. */
void tap_document_report (TapDocument *self, const char *sentence);

G_END_DECLS
