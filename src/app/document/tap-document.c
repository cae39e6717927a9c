/* tap-document.c - what is open and what is chosen: the one selection that every pane shows
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Four lanes: opening (seconds, with progress), decoding (tens of milliseconds, at every step along
 * the strip), clean runs, and warming up what was just opened. Each answer carries the question it belongs to and is dropped when the
 * question has changed meanwhile. */
#include "config.h"

#include "app/document/tap-document-private.h"

#include <glib/gi18n.h>

#include "app/document/tap-boxed.h"

G_DEFINE_FINAL_TYPE (TapDocument, tap_document, G_TYPE_OBJECT)

enum
{
  SIGNAL_FAILED,
  SIGNAL_OPENED,
  N_SIGNALS
};

GParamSpec *tap_document_properties[TAP_DOCUMENT_N_PROPS];
static guint signals[N_SIGNALS];

void
tap_document_notify (TapDocument *self, int prop)
{
  g_object_notify_by_pspec (G_OBJECT (self), tap_document_properties[prop]);
}

/* The class that drives the maps may change with the scores, the choice, and the network. */
void
tap_document_update_class (TapDocument *self)
{
  int index = self->chosen_class;

  if (index < 0 && self->scores != NULL)
    index = tap_scores_best (self->scores);

  if (index == self->class_index)
    return;

  self->class_index = index;
  tap_document_notify (self, TAP_DOCUMENT_PROP_CLASS_INDEX);
}

static void
tap_document_get_property (GObject *object, guint prop, GValue *value, GParamSpec *pspec)
{
  TapDocument *self = TAP_DOCUMENT (object);

  switch (prop)
    {
    case TAP_DOCUMENT_PROP_OPENING:
      g_value_set_string (value, self->opening);
      break;
    case TAP_DOCUMENT_PROP_PROGRESS:
      g_value_set_double (value, self->progress);
      break;
    case TAP_DOCUMENT_PROP_MODEL:
      g_value_set_boxed (value, self->model);
      break;
    case TAP_DOCUMENT_PROP_PICTURES:
      g_value_set_object (value, self->pictures);
      break;
    case TAP_DOCUMENT_PROP_N_SKIPPED:
      g_value_set_int (value, tap_document_get_n_skipped (self));
      break;
    case TAP_DOCUMENT_PROP_POSITION:
      g_value_set_uint (value, self->position);
      break;
    case TAP_DOCUMENT_PROP_PICTURE:
      g_value_set_boxed (value, tap_document_get_picture (self));
      break;
    case TAP_DOCUMENT_PROP_SUBJECT:
      g_value_set_boxed (value, self->subject);
      break;
    case TAP_DOCUMENT_PROP_LAYER:
      g_value_set_int (value, self->layer);
      break;
    case TAP_DOCUMENT_PROP_UNIT:
      g_value_set_int (value, self->unit);
      break;
    case TAP_DOCUMENT_PROP_CHOSEN_CLASS:
      g_value_set_int (value, self->chosen_class);
      break;
    case TAP_DOCUMENT_PROP_CLASS_INDEX:
      g_value_set_int (value, self->class_index);
      break;
    case TAP_DOCUMENT_PROP_PINNED:
      g_value_set_boxed (value, self->pinned);
      break;
    case TAP_DOCUMENT_PROP_SCORES:
      g_value_set_boxed (value, self->scores);
      break;
    case TAP_DOCUMENT_PROP_PROBE_SCORES:
      g_value_set_boxed (value, self->probe_scores);
      break;
    case TAP_DOCUMENT_PROP_ACTIVATIONS:
      g_value_set_boxed (value, self->activations);
      break;
    case TAP_DOCUMENT_PROP_FACTS:
      g_value_set_boxed (value, self->facts);
      break;
    case TAP_DOCUMENT_PROP_RUN_PROBLEM:
      g_value_set_string (value, self->run_problem);
      break;
    case TAP_DOCUMENT_PROP_RUNNING:
      g_value_set_boolean (value, self->running);
      break;
    case TAP_DOCUMENT_PROP_RUN_MILLISECONDS:
      g_value_set_double (value, self->run_milliseconds);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop, pspec);
    }
}

static void
tap_document_set_property (GObject *object, guint prop, const GValue *value, GParamSpec *pspec)
{
  TapDocument *self = TAP_DOCUMENT (object);

  switch (prop)
    {
    case TAP_DOCUMENT_PROP_POSITION:
      tap_document_set_position (self, g_value_get_uint (value));
      break;
    case TAP_DOCUMENT_PROP_LAYER:
      tap_document_set_layer (self, g_value_get_int (value));
      break;
    case TAP_DOCUMENT_PROP_UNIT:
      tap_document_set_unit (self, g_value_get_int (value));
      break;
    case TAP_DOCUMENT_PROP_CHOSEN_CLASS:
      tap_document_set_chosen_class (self, g_value_get_int (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop, pspec);
    }
}

static void
tap_document_dispose (GObject *object)
{
  TapDocument *self = TAP_DOCUMENT (object);

  g_clear_pointer (&self->open_lane, tap_lane_dispose);
  g_clear_pointer (&self->decode_lane, tap_lane_dispose);
  g_clear_pointer (&self->run_lane, tap_lane_dispose);
  g_clear_pointer (&self->warm_lane, tap_lane_dispose);

  G_OBJECT_CLASS (tap_document_parent_class)->dispose (object);
}

static void
tap_document_finalize (GObject *object)
{
  TapDocument *self = TAP_DOCUMENT (object);

  g_clear_pointer (&self->model, tap_model_unref);
  g_clear_pointer (&self->sessions, tap_sessions_unref);
  g_clear_pointer (&self->original, tap_picture_unref);
  g_clear_pointer (&self->subject, tap_subject_unref);
  g_clear_pointer (&self->scores, tap_scores_unref);
  g_clear_pointer (&self->probe_scores, tap_scores_unref);
  g_clear_pointer (&self->activations, tap_result_unref);
  g_clear_pointer (&self->facts, tap_layer_facts_unref);
  g_clear_pointer (&self->pinned, g_array_unref);
  g_clear_object (&self->item);
  g_clear_object (&self->pictures);
  g_free (self->opening);
  g_free (self->run_problem);

  G_OBJECT_CLASS (tap_document_parent_class)->finalize (object);
}

static void
tap_document_class_init (TapDocumentClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags out = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  const GParamFlags both = out | G_PARAM_WRITABLE;
  GParamSpec **props = tap_document_properties;

  object_class->dispose = tap_document_dispose;
  object_class->finalize = tap_document_finalize;
  object_class->get_property = tap_document_get_property;
  object_class->set_property = tap_document_set_property;

  props[TAP_DOCUMENT_PROP_OPENING] = g_param_spec_string ("opening", NULL, NULL, NULL, out);
  props[TAP_DOCUMENT_PROP_PROGRESS] =
    g_param_spec_double ("progress", NULL, NULL, -1.0, 1.0, -1.0, out);
  props[TAP_DOCUMENT_PROP_MODEL] = g_param_spec_boxed ("model", NULL, NULL, TAP_TYPE_MODEL, out);
  props[TAP_DOCUMENT_PROP_PICTURES] =
    g_param_spec_object ("pictures", NULL, NULL, G_TYPE_LIST_MODEL, out);
  props[TAP_DOCUMENT_PROP_N_SKIPPED] =
    g_param_spec_int ("n-skipped", NULL, NULL, 0, G_MAXINT, 0, out);
  props[TAP_DOCUMENT_PROP_POSITION] = g_param_spec_uint (
    "position", NULL, NULL, 0, GTK_INVALID_LIST_POSITION, GTK_INVALID_LIST_POSITION, both);
  props[TAP_DOCUMENT_PROP_PICTURE] =
    g_param_spec_boxed ("picture", NULL, NULL, TAP_TYPE_PICTURE, out);
  props[TAP_DOCUMENT_PROP_SUBJECT] =
    g_param_spec_boxed ("subject", NULL, NULL, TAP_TYPE_SUBJECT, out);
  props[TAP_DOCUMENT_PROP_LAYER] = g_param_spec_int ("layer", NULL, NULL, -1, G_MAXINT, -1, both);
  props[TAP_DOCUMENT_PROP_UNIT] = g_param_spec_int ("unit", NULL, NULL, -1, G_MAXINT, -1, both);
  props[TAP_DOCUMENT_PROP_CHOSEN_CLASS] =
    g_param_spec_int ("chosen-class", NULL, NULL, -1, G_MAXINT, -1, both);
  props[TAP_DOCUMENT_PROP_CLASS_INDEX] =
    g_param_spec_int ("class-index", NULL, NULL, -1, G_MAXINT, -1, out);
  props[TAP_DOCUMENT_PROP_PINNED] = g_param_spec_boxed ("pinned", NULL, NULL, G_TYPE_ARRAY, out);
  props[TAP_DOCUMENT_PROP_SCORES] = g_param_spec_boxed ("scores", NULL, NULL, TAP_TYPE_SCORES, out);
  props[TAP_DOCUMENT_PROP_PROBE_SCORES] =
    g_param_spec_boxed ("probe-scores", NULL, NULL, TAP_TYPE_SCORES, out);
  props[TAP_DOCUMENT_PROP_ACTIVATIONS] =
    g_param_spec_boxed ("activations", NULL, NULL, TAP_TYPE_RESULT, out);
  props[TAP_DOCUMENT_PROP_FACTS] =
    g_param_spec_boxed ("facts", NULL, NULL, TAP_TYPE_LAYER_FACTS, out);
  props[TAP_DOCUMENT_PROP_RUN_PROBLEM] = g_param_spec_string ("run-problem", NULL, NULL, NULL, out);
  props[TAP_DOCUMENT_PROP_RUNNING] = g_param_spec_boolean ("running", NULL, NULL, FALSE, out);
  props[TAP_DOCUMENT_PROP_RUN_MILLISECONDS] =
    g_param_spec_double ("run-milliseconds", NULL, NULL, 0, G_MAXDOUBLE, 0, out);

  g_object_class_install_properties (object_class, TAP_DOCUMENT_N_PROPS, props);

  /**
   * TapDocument::failed:
   * @sentence: what went wrong, for a person
   */
  signals[SIGNAL_FAILED] = g_signal_new ("failed", TAP_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  /**
   * TapDocument::opened:
   * @path: a network, picture or folder that has been opened, for the recent list
   */
  signals[SIGNAL_OPENED] = g_signal_new ("opened", TAP_TYPE_DOCUMENT, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
tap_document_init (TapDocument *self)
{
  self->pictures = tap_picture_list_new ();
  self->pinned = g_array_new (FALSE, FALSE, sizeof (int));
  self->position = GTK_INVALID_LIST_POSITION;
  self->progress = -1.0;
  self->layer = -1;
  self->unit = -1;
  self->chosen_class = -1;
  self->class_index = -1;
  tap_document_init_lanes (self);
}

TapDocument *
tap_document_new (void)
{
  return g_object_new (TAP_TYPE_DOCUMENT, NULL);
}

const char *
tap_document_get_opening (TapDocument *self)
{
  return self->opening;
}

double
tap_document_get_progress (TapDocument *self)
{
  return self->progress;
}

TapModel *
tap_document_get_model (TapDocument *self)
{
  return self->model;
}

const TapPreprocess *
tap_document_get_original_preprocess (TapDocument *self)
{
  return &self->original_preprocess;
}

void
tap_document_set_n_threads (TapDocument *self, int n_threads)
{
  self->n_threads = n_threads;
}

GListModel *
tap_document_get_pictures (TapDocument *self)
{
  return G_LIST_MODEL (self->pictures);
}

int
tap_document_get_n_skipped (TapDocument *self)
{
  return tap_picture_list_get_n_skipped (self->pictures);
}

guint
tap_document_get_position (TapDocument *self)
{
  return self->position;
}

void
tap_document_set_position (TapDocument *self, guint position)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->pictures));

  if (n == 0)
    position = GTK_INVALID_LIST_POSITION;
  else if (position != GTK_INVALID_LIST_POSITION)
    position = MIN (position, n - 1);

  if (position == self->position)
    return;

  self->position = position;
  g_clear_pointer (&self->original, tap_picture_unref);
  tap_document_notify (self, TAP_DOCUMENT_PROP_POSITION);
  tap_document_ask_picture (self);
}

void
tap_document_walk (TapDocument *self, int delta)
{
  gint64 n = g_list_model_get_n_items (G_LIST_MODEL (self->pictures));
  gint64 from = self->position == GTK_INVALID_LIST_POSITION ? 0 : self->position;

  if (n > 0)
    tap_document_set_position (self, (guint) CLAMP (from + delta, 0, n - 1));
}

TapPictureItem *
tap_document_get_item (TapDocument *self)
{
  g_autoptr (TapPictureItem) item =
    g_list_model_get_item (G_LIST_MODEL (self->pictures), self->position);

  g_set_object (&self->item, item);
  return self->item;
}

TapPicture *
tap_document_get_picture (TapDocument *self)
{
  if (self->subject != NULL && self->subject->fitted != NULL)
    return self->subject->fitted;

  return self->model == NULL ? self->original : NULL;
}

TapSubject *
tap_document_get_subject (TapDocument *self)
{
  return self->subject;
}

int
tap_document_get_layer (TapDocument *self)
{
  return self->layer;
}

void
tap_document_set_layer (TapDocument *self, int node)
{
  if (self->model == NULL || node < 0 || node >= tap_graph_n_nodes (self->model->graph))
    node = -1;
  if (node == self->layer)
    return;

  self->layer = node;
  tap_document_notify (self, TAP_DOCUMENT_PROP_LAYER);
  tap_document_set_unit (self, -1);
  tap_document_ask_run (self);
}

const char *
tap_document_get_layer_name (TapDocument *self)
{
  return self->layer >= 0 ? tap_graph_get_node (self->model->graph, self->layer)->name : NULL;
}

int
tap_document_get_unit (TapDocument *self)
{
  return self->unit;
}

void
tap_document_set_unit (TapDocument *self, int unit)
{
  unit = MAX (unit, -1);
  if (unit == self->unit)
    return;

  self->unit = unit;
  tap_document_notify (self, TAP_DOCUMENT_PROP_UNIT);
}

int
tap_document_get_class_index (TapDocument *self)
{
  return self->class_index;
}

int
tap_document_get_chosen_class (TapDocument *self)
{
  return self->chosen_class;
}

void
tap_document_set_chosen_class (TapDocument *self, int index)
{
  if (self->model == NULL || index < 0 || index >= self->model->n_classes)
    index = -1;
  if (index == self->chosen_class)
    return;

  self->chosen_class = index;
  tap_document_notify (self, TAP_DOCUMENT_PROP_CHOSEN_CLASS);
  tap_document_update_class (self);
}

static int
find_pinned (TapDocument *self, int index)
{
  for (guint i = 0; i < self->pinned->len; i++)
    if (g_array_index (self->pinned, int, i) == index)
      return (int) i;

  return -1;
}

gboolean
tap_document_is_pinned (TapDocument *self, int index)
{
  return find_pinned (self, index) >= 0;
}

void
tap_document_set_pinned (TapDocument *self, int index, gboolean pinned)
{
  int at = find_pinned (self, index);

  if (self->model == NULL || index < 0 || index >= self->model->n_classes ||
      (at >= 0) == (pinned != FALSE))
    return;

  if (pinned)
    g_array_append_val (self->pinned, index);
  else
    g_array_remove_index (self->pinned, at);
  tap_document_notify (self, TAP_DOCUMENT_PROP_PINNED);
}

GArray *
tap_document_get_pinned (TapDocument *self)
{
  return self->pinned;
}

char *
tap_document_dup_class_name (TapDocument *self, int index)
{
  if (self->model == NULL || index < 0)
    return g_strdup ("");

  return tap_labels_dup_short_name (self->model->labels, index);
}

TapScores *
tap_document_get_scores (TapDocument *self)
{
  return self->scores;
}

TapScores *
tap_document_get_probe_scores (TapDocument *self)
{
  return self->probe_scores;
}

void
tap_document_set_probe_scores (TapDocument *self, TapScores *scores)
{
  if (scores == self->probe_scores)
    return;

  if (scores != NULL)
    tap_scores_ref (scores);
  g_clear_pointer (&self->probe_scores, tap_scores_unref);
  self->probe_scores = scores;
  tap_document_notify (self, TAP_DOCUMENT_PROP_PROBE_SCORES);
}

TapResult *
tap_document_get_activations (TapDocument *self)
{
  return self->activations;
}

TapLayerFacts *
tap_document_get_facts (TapDocument *self)
{
  return self->facts;
}

const char *
tap_document_get_run_problem (TapDocument *self)
{
  return self->run_problem;
}

gboolean
tap_document_get_running (TapDocument *self)
{
  return self->running;
}

double
tap_document_get_run_milliseconds (TapDocument *self)
{
  return self->run_milliseconds;
}

void
tap_document_report (TapDocument *self, const char *sentence)
{
  g_signal_emit (self, signals[SIGNAL_FAILED], 0, sentence);
}

void
tap_document_tell_opened (TapDocument *self, const char *path)
{
  g_signal_emit (self, signals[SIGNAL_OPENED], 0, path);
}
