/* tap-context.c - one picture in front of one network
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The clean forward pass is the expensive part that every method shares, so it is made when it is first
 * asked for, prepared for patches, and kept. Asking for a layer that it does not hold yet makes it anew
 * with that layer besides. */
#include "config.h"

#include "methods/tap-context.h"

#include <math.h>
#include <string.h>

#include "core/tap-error.h"
#include "methods/tap-context-private.h"

struct _TapContext
{
  gatomicrefcount ref;
  TapModel *model;
  TapSession *session;
  TapTensor *input;
  char *picture;
  guint64 seed;

  TapTaps *taps; /* of trace */
  TapTrace *trace;
  GError *scores_error; /* why the scores are not among them */
  TapTensor *blurred;
};

TapContext *
tap_context_new (TapModel *model,
                 TapSession *session,
                 TapTensor *input,
                 const char *picture_name,
                 guint64 seed)
{
  TapContext *self;

  g_return_val_if_fail (model != NULL, NULL);

  self = g_new0 (TapContext, 1);
  g_atomic_ref_count_init (&self->ref);
  self->model = tap_model_ref (model);
  self->session = session != NULL ? tap_session_ref (session) : NULL;
  self->input = input != NULL ? tap_tensor_ref (input) : NULL;
  self->picture = g_strdup (picture_name);
  self->seed = seed;
  self->taps = tap_taps_new ();
  return self;
}

TapContext *
tap_context_ref (TapContext *self)
{
  g_atomic_ref_count_inc (&self->ref);
  return self;
}

void
tap_context_unref (TapContext *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref))
    return;

  g_clear_pointer (&self->trace, tap_trace_unref);
  g_clear_pointer (&self->taps, tap_taps_free);
  g_clear_pointer (&self->blurred, tap_tensor_unref);
  g_clear_pointer (&self->input, tap_tensor_unref);
  g_clear_pointer (&self->session, tap_session_unref);
  g_clear_pointer (&self->model, tap_model_unref);
  g_clear_error (&self->scores_error);
  g_free (self->picture);
  g_free (self);
}

TapModel *
tap_context_get_model (TapContext *self)
{
  return self->model;
}

TapSession *
tap_context_get_session (TapContext *self)
{
  return self->session;
}

TapTensor *
tap_context_get_input (TapContext *self)
{
  return self->input;
}

const char *
tap_context_get_picture (TapContext *self)
{
  return self->picture;
}

guint64
tap_context_get_seed (TapContext *self)
{
  return self->seed;
}

static gboolean
check_runnable (TapContext *self, GError **error)
{
  if (self->input == NULL || self->session == NULL)
    {
      g_set_error_literal (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_NOT_APPLICABLE,
                           "This needs a picture, and there is none.");
      return FALSE;
    }
  if (tap_graph_n_inputs (self->model->graph) != 1)
    {
      g_set_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_NOT_APPLICABLE,
                   "The network takes %d inputs; only those that take one picture are run.",
                   tap_graph_n_inputs (self->model->graph));
      return FALSE;
    }
  return TRUE;
}

static TapTrace *
forward (TapContext *self,
         const TapTaps *taps,
         TapProgress *progress,
         GCancellable *cancellable,
         GError **error)
{
  return tap_session_forward (self->session, &self->input, 1, taps, TAP_RUN_FOR_PATCH, progress,
                              cancellable, error);
}

/* The value asked for may well be computed where the scores, further down, cannot. */
static TapTrace *
forward_with_scores (TapContext *self,
                     TapTaps *taps,
                     gboolean has_more,
                     TapProgress *progress,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (TapTaps) with_scores = tap_taps_copy (taps);
  g_autoptr (GError) local = NULL;
  TapTrace *trace;

  tap_taps_add (with_scores, self->model->scores);
  trace = forward (self, with_scores, progress, cancellable, &local);
  if (trace != NULL)
    {
      tap_taps_add (taps, self->model->scores);
      return trace;
    }
  if (!has_more || !g_error_matches (local, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_UNSUPPORTED))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  self->scores_error = g_steal_pointer (&local);
  return forward (self, taps, progress, cancellable, error);
}

TapTrace *
tap_context_get_trace (TapContext *self,
                       int value,
                       TapProgress *progress,
                       GCancellable *cancellable,
                       GError **error)
{
  g_autoptr (TapTaps) taps = NULL;
  TapTrace *trace;

  g_return_val_if_fail (self != NULL, NULL);

  if (!check_runnable (self, error))
    return NULL;
  if (value < 0 && self->model->scores < 0)
    value = tap_graph_get_output (self->model->graph, tap_graph_n_outputs (self->model->graph) - 1);
  if (value < 0 && self->scores_error != NULL)
    {
      g_propagate_error (error, g_error_copy (self->scores_error));
      return NULL;
    }
  if (self->trace != NULL && (value < 0 || tap_taps_contains (self->taps, value)))
    return tap_trace_ref (self->trace);

  taps = tap_taps_copy (self->taps);
  if (value >= 0)
    tap_taps_add (taps, value);
  if (self->model->scores >= 0 && self->scores_error == NULL)
    trace = forward_with_scores (self, taps, value >= 0 && value != self->model->scores, progress,
                                 cancellable, error);
  else
    trace = forward (self, taps, progress, cancellable, error);
  if (trace == NULL)
    return NULL;

  g_clear_pointer (&self->trace, tap_trace_unref);
  g_clear_pointer (&self->taps, tap_taps_free);
  self->trace = trace;
  self->taps = g_steal_pointer (&taps);
  return tap_trace_ref (trace);
}

/* In double, shifted by the maximum. All logits NaN gives NaN, which the callers show as it is. */
static void
softmax (const float *logits, int n, float *out)
{
  double highest = -G_MAXDOUBLE, sum = 0.0;

  for (int i = 0; i < n; i++)
    if (logits[i] > highest)
      highest = logits[i];
  for (int i = 0; i < n; i++)
    sum += exp (logits[i] - highest);
  for (int i = 0; i < n; i++)
    out[i] = (float) (exp (logits[i] - highest) / sum);
}

gboolean
tap_context_probabilities (TapContext *self,
                           TapTrace *trace,
                           int image,
                           float *probabilities,
                           GError **error)
{
  int n = self->model->n_classes;
  TapTensor *scores;

  g_return_val_if_fail (self != NULL && trace != NULL && probabilities != NULL, FALSE);

  if (self->model->scores < 0 || n <= 0)
    {
      const char *obstacle = tap_model_get_obstacle (self->model);

      if (obstacle != NULL)
        g_set_error_literal (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_NOT_APPLICABLE, obstacle);
      else
        g_set_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_NOT_APPLICABLE,
                     "The network “%s” does not end in class scores.",
                     self->model->title != NULL ? self->model->title : "");
      return FALSE;
    }
  scores = tap_trace_get (trace, self->model->scores);
  if (scores == NULL && self->scores_error != NULL)
    {
      g_propagate_error (error, g_error_copy (self->scores_error));
      return FALSE;
    }
  if (scores == NULL || scores->dtype != TAP_DTYPE_F32 || image < 0 ||
      scores->count / (gsize) n <= (gsize) image)
    {
      g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
                   "The run did not give the scores of %d classes for picture %d.", n, image + 1);
      return FALSE;
    }

  if (self->model->scores_are_probabilities)
    memcpy (probabilities, tap_tensor_f32 (scores) + (gsize) image * (gsize) n,
            (gsize) n * sizeof (float));
  else
    softmax (tap_tensor_f32 (scores) + (gsize) image * (gsize) n, n, probabilities);
  return TRUE;
}

float *
tap_context_dup_probabilities (TapContext *self, TapTrace *trace, GError **error)
{
  g_autofree float *probabilities = g_try_new0 (float, MAX (self->model->n_classes, 1));

  if (probabilities == NULL)
    {
      g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_MEMORY,
                   "There is no memory for the scores of %d classes.", self->model->n_classes);
      return NULL;
    }
  if (!tap_context_probabilities (self, trace, 0, probabilities, error))
    return NULL;
  return g_steal_pointer (&probabilities);
}

static gboolean
is_better (const float *probabilities, int a, int b)
{
  if (isnan (probabilities[b]))
    return !isnan (probabilities[a]);
  return probabilities[a] > probabilities[b]; /* ties and NaN: the earlier one stays */
}

GArray *
tap_scores_top (const float *probabilities, int n, int k)
{
  GArray *top = g_array_new (FALSE, FALSE, sizeof (TapScore));

  g_return_val_if_fail (probabilities != NULL || n == 0, top);

  for (int i = 0; i < n; i++)
    {
      TapScore score = { i, probabilities[i] };
      guint at = top->len;

      while (at > 0 && is_better (probabilities, i, g_array_index (top, TapScore, at - 1).index))
        at--;
      if ((int) at >= k)
        continue;
      g_array_insert_val (top, at, score);
      if ((int) top->len > k)
        g_array_set_size (top, (guint) k);
    }
  return top;
}

/* The last float value of more than one cell, else (nothing spatial at all) the last one of any. */
static TapNode *
default_layer (TapContext *self)
{
  TapGraph *graph = self->model->graph;
  g_autoptr (GPtrArray) layers = tap_graph_list_layers (graph);
  TapNode *last = NULL;

  for (guint i = layers->len; i-- > 0;)
    {
      TapNode *node = g_ptr_array_index (layers, i);
      const TapValue *value = tap_graph_layer_value (graph, node);

      if (!value->has_shape || value->dtype != TAP_DTYPE_F32 || node->problem != NULL)
        continue;
      if (value->shape.n_dims == 4 && value->shape.dims[2] * value->shape.dims[3] > 1)
        return node;
      if (last == NULL)
        last = node;
    }
  return last;
}

TapNode *
tap_context_resolve_layer (TapContext *self, const char *name, GError **error)
{
  TapNode *node;

  g_return_val_if_fail (self != NULL, NULL);

  if (name != NULL && *name != '\0')
    return tap_graph_find_layer (self->model->graph, name, error);

  node = default_layer (self);
  if (node == NULL)
    g_set_error_literal (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_NOT_APPLICABLE,
                         "The network has no layer whose shape is known.");
  return node;
}

static int
find_label (const TapLabels *labels, const char *text, gboolean whole)
{
  for (int i = 0; i < labels->n; i++)
    {
      g_autofree char *name =
        whole ? tap_labels_dup_name (labels, i) : tap_labels_dup_short_name (labels, i);

      if (g_ascii_strcasecmp (name, text) == 0)
        return i;
    }
  return -1;
}

int
tap_context_resolve_class (TapContext *self,
                           const TapParams *params,
                           const char *id,
                           const float *probabilities,
                           GError **error)
{
  int n = self->model->n_classes;
  int index = tap_params_get_int (params, id);
  const char *text = tap_params_get_string (params, id);

  if (text != NULL && *text != '\0')
    {
      index = find_label (self->model->labels, text, TRUE);
      if (index < 0)
        index = find_label (self->model->labels, text, FALSE);
      if (index < 0)
        g_set_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER,
                     "The network has no class called “%s”.", text);
      return index;
    }
  if (index >= n)
    {
      g_set_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER,
                   "The network has classes 0 to %d, but class %d is asked for.", n - 1, index);
      return -1;
    }
  if (index < 0)
    {
      index = 0;
      for (int i = 1; i < n; i++)
        if (is_better (probabilities, i, index))
          index = i;
    }
  return index;
}

TapResult *
tap_context_new_result (TapContext *self, const char *method, const TapParams *params)
{
  TapResult *result = tap_result_new (method, self->model);

  result->params = tap_params_to_string (params);
  result->picture = g_strdup (self->picture);
  result->seed = self->seed;
  return result;
}

char *
tap_context_dup_picture_label (TapContext *self)
{
  g_autofree char *base = NULL;
  g_autofree char *shown = NULL;

  if (self->picture == NULL)
    return g_strdup ("the picture");
  base = g_path_get_basename (self->picture);
  shown = g_filename_display_name (base);
  return g_strdup_printf ("“%s”", shown);
}

/* One pass of a box filter along a line of @n values @step apart; the borders repeat. */
static void
blur_line (float *values, gsize step, int n, int radius, float *scratch)
{
  double sum = 0.0;

  for (int i = 0; i < n; i++)
    scratch[i] = values[(gsize) i * step];
  for (int i = -radius; i <= radius; i++)
    sum += scratch[CLAMP (i, 0, n - 1)];
  for (int i = 0; i < n; i++)
    {
      values[(gsize) i * step] = (float) (sum / (2 * radius + 1));
      sum += (double) scratch[MIN (i + radius + 1, n - 1)] - scratch[MAX (i - radius, 0)];
    }
}

/* Three box filters come close to a Gaussian; the width grows with the picture. */
TapTensor *
tap_context_get_blurred (TapContext *self, GError **error)
{
  g_autoptr (TapTensor) out = NULL;
  g_autofree float *scratch = NULL;
  gsize height, width, n_planes;
  int radius;

  g_return_val_if_fail (self->input != NULL && self->input->shape.n_dims == 4, NULL);

  if (self->blurred != NULL)
    return self->blurred;

  out = tap_tensor_new_f32 (&self->input->shape, tap_tensor_f32 (self->input), error);
  if (out == NULL)
    return NULL;
  height = (gsize) out->shape.dims[2];
  width = (gsize) out->shape.dims[3];
  n_planes = out->count / MAX (height * width, 1);
  radius = (int) MAX (MIN (height, width) / 16, 1);
  scratch = g_new (float, MAX (height, width) + 1);

  for (gsize p = 0; p < n_planes; p++)
    for (int pass = 0; pass < 3; pass++)
      {
        float *plane = tap_tensor_f32 (out) + p * height * width;

        for (gsize y = 0; y < height; y++)
          blur_line (plane + y * width, 1, (int) width, radius, scratch);
        for (gsize x = 0; x < width; x++)
          blur_line (plane + x, width, (int) height, radius, scratch);
      }

  self->blurred = g_steal_pointer (&out);
  return self->blurred;
}
