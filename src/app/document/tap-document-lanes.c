/* tap-document-lanes.c - how the document asks, and what it does with the answers
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/document/tap-document-private.h"

#include <glib/gi18n.h>

#include "app/document/tap-open-job.h"
#include "app/document/tap-run-job.h"

/* Someone who walks along the strip wants to see something of every picture on the way, as long as it
 * comes quickly; a slow network is not asked again before it has been given up. */
#define BROWSE_BUDGET_US (150 * G_TIME_SPAN_MILLISECOND)

static void
set_subject (TapDocument *self, TapSubject *subject)
{
  if (subject == self->subject)
    return;

  if (subject != NULL)
    tap_subject_ref (subject);
  g_clear_pointer (&self->subject, tap_subject_unref);
  self->subject = subject;
  tap_document_set_probe_scores (self, NULL);
  tap_document_notify (self, TAP_DOCUMENT_PROP_SUBJECT);
  tap_document_notify (self, TAP_DOCUMENT_PROP_PICTURE);
}

static void
set_running (TapDocument *self, gboolean running)
{
  if (running == self->running)
    return;

  self->running = running;
  tap_document_notify (self, TAP_DOCUMENT_PROP_RUNNING);
}

static void
set_problem (TapDocument *self, const char *problem)
{
  if (g_strcmp0 (problem, self->run_problem) == 0)
    return;

  g_free (self->run_problem);
  self->run_problem = g_strdup (problem);
  tap_document_notify (self, TAP_DOCUMENT_PROP_RUN_PROBLEM);
}

/* --- running ---------------------------------------------------------------------------------- */

static void
set_answers (TapDocument *self,
             TapScores *scores,
             TapResult *activations,
             TapLayerFacts *facts,
             const char *problem)
{
  if (scores != NULL || self->scores != NULL)
    {
      g_clear_pointer (&self->scores, tap_scores_unref);
      self->scores = scores != NULL ? tap_scores_ref (scores) : NULL;
      tap_document_notify (self, TAP_DOCUMENT_PROP_SCORES);
    }
  tap_document_update_class (self);
  if (activations != NULL || self->activations != NULL)
    {
      g_clear_pointer (&self->activations, tap_result_unref);
      self->activations = activations != NULL ? tap_result_ref (activations) : NULL;
      tap_document_notify (self, TAP_DOCUMENT_PROP_ACTIVATIONS);
    }
  if (facts != NULL || self->facts != NULL)
    {
      g_clear_pointer (&self->facts, tap_layer_facts_unref);
      self->facts = facts != NULL ? tap_layer_facts_ref (facts) : NULL;
      tap_document_notify (self, TAP_DOCUMENT_PROP_FACTS);
    }
  set_problem (self, problem);
}

static void
run_done_cb (gpointer result, const GError *error, gpointer user_data)
{
  TapDocument *self = user_data;
  g_autoptr (TapRunAnswer) answer = result;

  if (answer == NULL)
    {
      set_running (self, FALSE);
      if (error != NULL)
        tap_document_report (self, error->message);
      return;
    }

  if (answer->subject != self->subject || answer->node != self->layer)
    return; /* a newer question is on its way */

  set_running (self, FALSE);
  self->run_milliseconds = answer->milliseconds;
  tap_document_notify (self, TAP_DOCUMENT_PROP_RUN_MILLISECONDS);
  set_answers (self, answer->scores, answer->activations, answer->facts, answer->problem);
}

void
tap_document_ask_run (TapDocument *self)
{
  if (self->subject == NULL)
    {
      tap_lane_cancel (self->run_lane);
      set_running (self, FALSE);
      set_answers (self, NULL, NULL, NULL, NULL);
      return;
    }

  set_running (self, TRUE);
  tap_lane_submit (self->run_lane, tap_run_request_new (self->subject, self->layer),
                   BROWSE_BUDGET_US);
}

/* --- decoding --------------------------------------------------------------------------------- */

static void
decode_done_cb (gpointer result, const GError *error, gpointer user_data)
{
  TapDocument *self = user_data;
  g_autoptr (TapDecodeAnswer) answer = result;

  if (answer == NULL)
    {
      /* The lane has given up the newest request only if nothing else is waiting. */
      if (error != NULL && !tap_lane_is_busy (self->decode_lane))
        {
          set_running (self, FALSE);
          tap_document_report (self, error->message);
        }
      return;
    }

  if (answer->generation != self->decode_generation)
    return;

  g_clear_pointer (&self->original, tap_picture_unref);
  self->original = tap_picture_ref (answer->original);
  if (answer->subject != NULL)
    {
      set_subject (self, answer->subject);
      tap_document_ask_run (self);
    }
  else
    tap_document_notify (self, TAP_DOCUMENT_PROP_PICTURE);
}

void
tap_document_ask_picture (TapDocument *self)
{
  TapPictureItem *item = tap_document_get_item (self);
  TapDecodeRequest *request;

  self->decode_generation++;
  if (item == NULL)
    {
      tap_lane_cancel (self->decode_lane);
      g_clear_pointer (&self->original, tap_picture_unref);
      tap_document_notify (self, TAP_DOCUMENT_PROP_PICTURE);
      return;
    }

  request = g_new0 (TapDecodeRequest, 1);
  request->path = g_strdup (tap_picture_item_get_path (item));
  request->example = tap_picture_item_get_example (item);
  request->name = g_strdup (tap_picture_item_get_name (item));
  request->original = self->original != NULL ? tap_picture_ref (self->original) : NULL;
  request->model = self->model != NULL ? tap_model_ref (self->model) : NULL;
  request->sessions = self->sessions != NULL ? tap_sessions_ref (self->sessions) : NULL;
  request->generation = self->decode_generation;
  if (self->model != NULL)
    set_running (self, TRUE);
  tap_lane_submit (self->decode_lane, request, BROWSE_BUDGET_US);
}

/* --- opening ---------------------------------------------------------------------------------- */

static void
set_opening (TapDocument *self, const char *opening)
{
  if (g_strcmp0 (opening, self->opening) == 0)
    return;

  g_free (self->opening);
  self->opening = g_strdup (opening);
  self->progress = -1.0;
  tap_document_notify (self, TAP_DOCUMENT_PROP_OPENING);
  tap_document_notify (self, TAP_DOCUMENT_PROP_PROGRESS);
}

static gboolean
has_extent (const TapValue *value)
{
  return value != NULL && value->has_shape && value->shape.n_dims == 4 &&
         (value->shape.dims[2] > 1 || value->shape.dims[3] > 1);
}

/* Layers that hand on what they get show nothing of their own. */
static gboolean
passes_through (const TapNode *node)
{
  return strcmp (node->op_type, "Dropout") == 0 || strcmp (node->op_type, "Identity") == 0;
}

/* A layer worth looking at first: the last one with maps, but not the class maps that some networks
 * average into their scores. */
static int
first_layer (TapModel *model)
{
  g_autoptr (GPtrArray) layers = tap_graph_list_layers (model->graph);
  int last = -1, best = -1;

  for (guint i = 0; i < layers->len; i++)
    {
      const TapNode *node = g_ptr_array_index (layers, i);
      const TapValue *value = tap_graph_layer_value (model->graph, node);

      if (node->problem != NULL || !has_extent (value) || passes_through (node))
        continue;
      last = node->index;
      if (value->shape.dims[1] != model->n_classes)
        best = node->index;
    }
  if (best < 0)
    best = last;
  if (best < 0 && layers->len > 0)
    best = ((const TapNode *) g_ptr_array_index (layers, 0))->index;

  return best;
}

static void
take_model (TapDocument *self, TapModel *model)
{
  g_autoptr (TapSubject) bare = NULL;

  g_clear_pointer (&self->model, tap_model_unref);
  self->model = tap_model_ref (model);
  g_clear_pointer (&self->sessions, tap_sessions_unref);
  self->sessions = tap_sessions_new (model->graph, self->n_threads);
  self->original_preprocess = model->preprocess;
  tap_lane_submit (self->warm_lane, tap_sessions_ref (self->sessions), 0);

  /* Nothing of the old network may be left when the world hears of the new one. */
  g_array_set_size (self->pinned, 0);
  self->chosen_class = -1;
  self->layer = first_layer (model);
  self->unit = -1;
  tap_lane_cancel (self->run_lane);

  g_object_freeze_notify (G_OBJECT (self));
  set_answers (self, NULL, NULL, NULL, NULL);
  bare = tap_subject_new (self->model, self->sessions, NULL, NULL, NULL);
  tap_document_notify (self, TAP_DOCUMENT_PROP_MODEL);
  set_subject (self, bare);
  tap_document_notify (self, TAP_DOCUMENT_PROP_PINNED);
  tap_document_notify (self, TAP_DOCUMENT_PROP_CHOSEN_CLASS);
  tap_document_notify (self, TAP_DOCUMENT_PROP_LAYER);
  tap_document_notify (self, TAP_DOCUMENT_PROP_UNIT);
  g_object_thaw_notify (G_OBJECT (self));

  tap_document_ask_run (self); /* facts do not wait for a picture */
}

/* Same graph, other labels or preprocessing: the sessions stay. */
static void
change_model (TapDocument *self, TapModel *model)
{
  g_clear_pointer (&self->model, tap_model_unref);
  self->model = tap_model_ref (model);
  tap_document_notify (self, TAP_DOCUMENT_PROP_MODEL);

  if (self->position != GTK_INVALID_LIST_POSITION)
    tap_document_ask_picture (self);
  else
    {
      g_autoptr (TapSubject) bare = tap_subject_new (model, self->sessions, NULL, NULL, NULL);

      set_subject (self, bare);
      tap_document_ask_run (self);
    }
}

static void
take_pictures (TapDocument *self)
{
  gboolean any = g_list_model_get_n_items (G_LIST_MODEL (self->pictures)) > 0;

  g_clear_pointer (&self->original, tap_picture_unref);
  tap_document_notify (self, TAP_DOCUMENT_PROP_N_SKIPPED);
  self->position = any ? 0 : GTK_INVALID_LIST_POSITION;
  tap_document_notify (self, TAP_DOCUMENT_PROP_POSITION);
}

static void
open_done_cb (gpointer result, const GError *error, gpointer user_data)
{
  TapDocument *self = user_data;
  g_autoptr (TapOpenAnswer) answer = result;
  gboolean new_pictures = FALSE;

  if (answer == NULL)
    {
      set_opening (self, NULL);
      if (error != NULL)
        tap_document_report (self, error->message);
      return;
    }

  if (answer->generation != self->open_generation)
    return;

  set_opening (self, NULL);

  if (answer->is_example)
    {
      tap_picture_list_set_examples (self->pictures);
      new_pictures = TRUE;
    }
  else if (answer->folder != NULL)
    {
      tap_picture_list_set_folder (self->pictures, g_steal_pointer (&answer->folder));
      new_pictures = TRUE;
    }
  if (new_pictures)
    take_pictures (self);

  if (answer->model != NULL && answer->only_labels)
    change_model (self, answer->model);
  else if (answer->model != NULL)
    take_model (self, answer->model);

  if (self->position != GTK_INVALID_LIST_POSITION && (new_pictures || answer->model != NULL))
    tap_document_ask_picture (self);

  if (answer->model_path != NULL)
    tap_document_tell_opened (self, answer->model_path);
  if (answer->folder_path != NULL)
    tap_document_tell_opened (self, answer->folder_path);
  for (guint i = 0; i < answer->problems->len; i++)
    tap_document_report (self, g_ptr_array_index (answer->problems, i));
}

static void
open_tick_cb (double fraction, TapResult *partial, gpointer user_data)
{
  TapDocument *self = user_data;

  if (self->opening == NULL || fraction == self->progress)
    return;

  self->progress = fraction;
  tap_document_notify (self, TAP_DOCUMENT_PROP_PROGRESS);
}

void
tap_document_open (TapDocument *self, const char *const *paths)
{
  g_autofree char *name = NULL;
  g_autofree char *opening = NULL;

  g_return_if_fail (TAP_IS_DOCUMENT (self));

  if (paths == NULL || paths[0] == NULL)
    return;

  name = g_filename_display_basename (paths[0]);
  /* Translators: %s is the name of a file or folder that is being read */
  opening = g_strdup_printf (_ ("Opening “%s”…"), name);
  set_opening (self, opening);
  tap_lane_submit (self->open_lane,
                   tap_open_request_new (paths, self->model, ++self->open_generation), 0);
}

void
tap_document_open_example (TapDocument *self)
{
  g_return_if_fail (TAP_IS_DOCUMENT (self));

  set_opening (self, _ ("Opening the built-in example…"));
  tap_lane_submit (self->open_lane, tap_open_request_new (NULL, NULL, ++self->open_generation), 0);
}

void
tap_document_cancel_opening (TapDocument *self)
{
  self->open_generation++;
  tap_lane_cancel (self->open_lane);
  set_opening (self, NULL);
}

void
tap_document_set_preprocess (TapDocument *self, const TapPreprocess *preprocess)
{
  g_autoptr (TapModel) model = NULL;

  if (self->model == NULL)
    return;

  model = tap_model_copy_with_preprocess (self->model, preprocess);
  change_model (self, model);
}

void
tap_document_reset_preprocess (TapDocument *self)
{
  tap_document_set_preprocess (self, &self->original_preprocess);
}

/* A network is warmed up while its owner is still looking for a picture. Whatever goes wrong will be said
 * by the first run. */
static gpointer
warm_up (gconstpointer request, TapProgress *progress, GCancellable *cancellable, GError **error)
{
  TapSessions *sessions = (TapSessions *) request;

  return tap_sessions_warm_up (sessions, cancellable, error) ? tap_sessions_ref (sessions) : NULL;
}

static void
warmed_up_cb (gpointer result, const GError *error, gpointer user_data)
{
  if (result != NULL)
    tap_sessions_unref (result);
}

void
tap_document_init_lanes (TapDocument *self)
{
  self->open_lane =
    tap_lane_new ("open", tap_open_job_run, (GDestroyNotify) tap_open_request_free,
                  (GDestroyNotify) tap_open_answer_free, open_done_cb, open_tick_cb, self);
  self->decode_lane =
    tap_lane_new ("decode", tap_decode_job_run, (GDestroyNotify) tap_decode_request_free,
                  (GDestroyNotify) tap_decode_answer_free, decode_done_cb, NULL, self);
  self->run_lane = tap_lane_new ("run", tap_run_job_run, (GDestroyNotify) tap_run_request_free,
                                 (GDestroyNotify) tap_run_answer_free, run_done_cb, NULL, self);
  self->warm_lane = tap_lane_new ("warm-up", warm_up, (GDestroyNotify) tap_sessions_unref,
                                  (GDestroyNotify) tap_sessions_unref, warmed_up_cb, NULL, self);
}
