/* tap-occlusion-jobs.c - what the occlusion page asks of its workers: one mask, or a whole sweep
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/pages/tap-occlusion-jobs.h"

static int
value_with_maps (TapGraph *graph, int node)
{
  TapNode *n = tap_graph_get_node (graph, node);
  TapValue *value = tap_graph_layer_value (graph, n);

  if (n->folded || n->problem != NULL || value == NULL || !value->has_shape ||
      value->shape.n_dims != 4)
    return -1;
  return value->shape.dims[2] > 1 && value->shape.dims[3] > 1 ? value->index : -1;
}

int
tap_probe_find_layer (TapGraph *graph, int layer, gboolean *selected)
{
  int value = layer >= 0 ? value_with_maps (graph, layer) : -1;

  *selected = value >= 0;
  for (int node = tap_graph_n_nodes (graph) - 1; value < 0 && node >= 0; node--)
    value = value_with_maps (graph, node);
  return value;
}

TapProbeRequest *
tap_probe_request_new (TapSubject *subject,
                       const TapRect *mask,
                       TapFill fill,
                       int layer_value,
                       int unit)
{
  TapProbeRequest *self = g_new0 (TapProbeRequest, 1);

  self->subject = tap_subject_ref (subject);
  self->mask = *mask;
  self->fill = fill;
  self->layer_value = layer_value;
  self->unit = unit;
  return self;
}

static void
probe_request_free (gpointer data)
{
  TapProbeRequest *self = data;

  tap_subject_unref (self->subject);
  g_free (self);
}

void
tap_probe_answer_free (TapProbeAnswer *self)
{
  tap_subject_unref (self->subject);
  g_clear_pointer (&self->probe, tap_occlusion_probe_free);
  g_free (self);
}

static gpointer
probe (gconstpointer data, TapProgress *progress, GCancellable *cancellable, GError **error)
{
  const TapProbeRequest *request = data;
  TapOcclusionProbe *answer;
  TapProbeAnswer *self;
  TapContext *context = tap_subject_get_context (request->subject, TAP_ROLE_PROBE, TRUE, error);

  if (context == NULL)
    return NULL;
  tap_subject_enter (request->subject);
  answer = tap_occlusion_probe (context, &request->mask, request->fill, request->layer_value,
                                request->unit, cancellable, error);
  tap_subject_leave (request->subject);
  if (answer == NULL)
    return NULL;

  self = g_new0 (TapProbeAnswer, 1);
  self->subject = tap_subject_ref (request->subject);
  self->probe = answer;
  return self;
}

TapSweepRequest *
tap_sweep_request_new (TapSubject *subject, TapParams *params)
{
  TapSweepRequest *self = g_new0 (TapSweepRequest, 1);

  self->subject = tap_subject_ref (subject);
  self->params = params;
  return self;
}

static void
sweep_request_free (gpointer data)
{
  TapSweepRequest *self = data;

  tap_subject_unref (self->subject);
  tap_params_free (self->params);
  g_free (self);
}

static gpointer
sweep (gconstpointer data, TapProgress *progress, GCancellable *cancellable, GError **error)
{
  const TapSweepRequest *request = data;
  const TapMethod *method = tap_methods_find ("occlusion");
  g_autoptr (TapPolite) polite = tap_polite_new (request->subject, progress, cancellable);
  TapContext *context = tap_subject_get_context (request->subject, TAP_ROLE_SWEEP, TRUE, error);

  if (context == NULL)
    return NULL;
  return method->run (context, request->params, tap_polite_get_progress (polite), cancellable,
                      error);
}

TapLane *
tap_probe_new_lane (TapLaneDone done, gpointer user_data)
{
  return tap_lane_new ("tap-probe", probe, probe_request_free,
                       (GDestroyNotify) tap_probe_answer_free, done, NULL, user_data);
}

TapLane *
tap_sweep_new_lane (TapLaneDone done, TapLaneTick tick, gpointer user_data)
{
  return tap_lane_new ("tap-sweep", sweep, sweep_request_free, (GDestroyNotify) tap_result_unref,
                       done, tick, user_data);
}
