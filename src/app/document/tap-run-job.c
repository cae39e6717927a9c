/* tap-run-job.c - decoding a picture for a network, and running it cleanly
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/document/tap-run-job.h"

#include "core/tap-error.h"
#include "example/tap-example.h"
#include "methods/registry.h"

void
tap_decode_request_free (TapDecodeRequest *self)
{
  g_clear_pointer (&self->original, tap_picture_unref);
  g_clear_pointer (&self->model, tap_model_unref);
  g_clear_pointer (&self->sessions, tap_sessions_unref);
  g_free (self->path);
  g_free (self->name);
  g_free (self);
}

void
tap_decode_answer_free (TapDecodeAnswer *self)
{
  g_clear_pointer (&self->original, tap_picture_unref);
  g_clear_pointer (&self->subject, tap_subject_unref);
  g_free (self);
}

gpointer
tap_decode_job_run (gconstpointer data,
                    TapProgress *progress,
                    GCancellable *cancellable,
                    GError **error)
{
  const TapDecodeRequest *request = data;
  g_autoptr (TapDecodeAnswer) answer = g_new0 (TapDecodeAnswer, 1);

  answer->generation = request->generation;
  if (request->original != NULL)
    answer->original = tap_picture_ref (request->original);
  else if (request->path != NULL)
    answer->original = tap_picture_load (request->path, cancellable, error);
  else
    answer->original = tap_example_load_picture (request->example, error);

  if (answer->original == NULL || g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  if (request->model != NULL)
    {
      g_autoptr (TapPicture) fitted =
        tap_picture_fit (answer->original, &request->model->preprocess);

      if (fitted == NULL)
        {
          g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_MEMORY,
                       "“%s” could not be resized to %d×%d: out of memory.", request->name,
                       request->model->preprocess.height, request->model->preprocess.width);
          return NULL;
        }
      answer->subject = tap_subject_new (request->model, request->sessions, answer->original,
                                         fitted, request->path ? request->path : request->name);
    }

  return g_steal_pointer (&answer);
}

TapRunRequest *
tap_run_request_new (TapSubject *subject, int node)
{
  TapRunRequest *self = g_new0 (TapRunRequest, 1);

  self->subject = tap_subject_ref (subject);
  self->node = node;

  return self;
}

void
tap_run_request_free (TapRunRequest *self)
{
  g_clear_pointer (&self->subject, tap_subject_unref);
  g_free (self);
}

void
tap_run_answer_free (TapRunAnswer *self)
{
  g_clear_pointer (&self->subject, tap_subject_unref);
  g_clear_pointer (&self->scores, tap_scores_unref);
  g_clear_pointer (&self->activations, tap_result_unref);
  g_clear_pointer (&self->facts, tap_layer_facts_unref);
  g_free (self->problem);
  g_free (self);
}

static gboolean
is_cancelled (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static TapScores *
read_scores (TapContext *context, TapTrace *trace, GError **error)
{
  int n = tap_context_get_model (context)->n_classes;
  g_autofree float *probabilities = g_try_new (float, n);

  if (probabilities == NULL)
    {
      g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_MEMORY,
                   "There is no memory for the scores of %d classes.", n);
      return NULL;
    }
  if (!tap_context_probabilities (context, trace, 0, probabilities, error))
    return NULL;

  return tap_scores_new (probabilities, n);
}

/* The maps of the layer as the method "activations" makes them, so that what is shown, exported and
 * written by the command line is one thing. A layer without maps is no fault. */
static gboolean
read_maps (TapRunAnswer *answer,
           TapContext *context,
           const TapNode *node,
           TapProgress *progress,
           GCancellable *cancellable,
           GError **error)
{
  const TapMethod *method = tap_methods_find ("activations");
  g_autoptr (TapParams) params = tap_params_new (method->params);
  g_autoptr (GError) local = NULL;

  if (tap_param_find (method->params, "layer") != NULL &&
      !tap_params_set_string (params, "layer", node->name, &local))
    return TRUE;

  answer->activations = method->run (context, params, progress, cancellable, &local);
  if (answer->activations == NULL && is_cancelled (local))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (answer->activations == NULL && answer->problem == NULL &&
      !g_error_matches (local, TAP_METHOD_ERROR, TAP_METHOD_ERROR_NOT_APPLICABLE))
    answer->problem = g_strdup (local->message);

  return TRUE;
}

gpointer
tap_run_job_run (gconstpointer data,
                 TapProgress *progress,
                 GCancellable *cancellable,
                 GError **error)
{
  const TapRunRequest *request = data;
  TapModel *model = request->subject->model;
  g_autoptr (TapRunAnswer) answer = g_new0 (TapRunAnswer, 1);
  g_autoptr (TapTrace) trace = NULL;
  g_autoptr (GError) local = NULL;
  TapNode *node = request->node >= 0 ? tap_graph_get_node (model->graph, request->node) : NULL;
  TapValue *value = node != NULL ? tap_graph_layer_value (model->graph, node) : NULL;
  TapTensor *tensor = NULL;
  TapContext *context = NULL;

  answer->subject = tap_subject_ref (request->subject);
  answer->node = request->node;

  if (request->subject->fitted != NULL)
    {
      context = tap_subject_get_context (request->subject, TAP_ROLE_BROWSE, TRUE, &local);
      if (context != NULL)
        trace = tap_context_get_trace (context, value != NULL ? value->index : -1, progress,
                                       cancellable, &local);
      if (trace != NULL)
        {
          answer->milliseconds = tap_trace_get_milliseconds (trace);
          if (model->n_classes > 0)
            answer->scores = read_scores (context, trace, &local);
        }
      if (is_cancelled (local))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
      if (local != NULL)
        answer->problem = g_utf8_make_valid (local->message, -1);
      if (context != NULL && node != NULL && node->problem == NULL &&
          !read_maps (answer, context, node, progress, cancellable, error))
        return NULL;
    }

  if (trace != NULL && value != NULL)
    tensor = tap_trace_get (trace, value->index);
  if (tensor == NULL && answer->activations != NULL && answer->activations->arrays->len > 0)
    tensor = ((TapArray *) g_ptr_array_index (answer->activations->arrays, 0))->tensor;
  if (node != NULL)
    answer->facts = tap_layer_facts_new (model, request->node, tensor);

  return g_steal_pointer (&answer);
}
