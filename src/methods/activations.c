/* activations.c - what every map of a layer answers to the picture
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The plainest look inside: the layer's own numbers, unnormalised, one map per unit. How they are laid out,
 * coloured and sorted is for those who draw them. */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "core/tap-error.h"
#include "methods/tap-context-private.h"
#include "methods/tap-method.h"

static const TapParam params[] = {
  { .id = "layer",
    .kind = TAP_PARAM_LAYER,
    .label = N_ ("Layer"),
    .help = N_ ("The layer to look at; when none is named, the last one that still has extent.") },
  { NULL },
};

static gboolean
is_dead (const TapMaps *maps, int map)
{
  gsize plane = (gsize) maps->height * (gsize) maps->width;
  const float *values = maps->values + (gsize) map * plane;

  for (gsize i = 0; i < plane; i++)
    if (values[i] != 0.0f)
      return FALSE;
  return TRUE;
}

static char *
describe (TapContext *context, const char *layer, const TapMaps *maps, int strongest)
{
  g_autofree char *picture = tap_context_dup_picture_label (context);
  double cells = (double) maps->height * maps->width;
  g_autofree char *mean = tap_number_to_string (tap_maps_sum (maps, strongest) / cells);
  int n_dead = 0;

  for (int k = 0; k < maps->n; k++)
    n_dead += is_dead (maps, k);

  if (cells == 1.0)
    return g_strdup_printf ("Layer “%s” answers %s with %d numbers; the highest is unit %d (%s), "
                            "and %d are zero.",
                            layer, picture, maps->n, strongest, mean, n_dead);
  return g_strdup_printf ("Layer “%s” answers %s with %d maps of %d×%d cells; the strongest is "
                          "map %d (mean %s), and %d (%.0f %%) are zero everywhere.",
                          layer, picture, maps->n, maps->height, maps->width, strongest, mean,
                          n_dead, 100.0 * n_dead / maps->n);
}

/* The same numbers as [C,H,W], or [K] where there is one number per unit. */
static TapTensor *
reshape (TapTensor *tensor, const TapMaps *maps, GError **error)
{
  gboolean is_vector = maps->height * (gint64) maps->width == 1;
  TapShape shape = tap_shape_new (is_vector ? 1 : 3, (gint64) maps->n, (gint64) maps->height,
                                  (gint64) maps->width);

  return tap_tensor_reshape (tensor, &shape, error);
}

static TapResult *
activations_run (TapContext *context,
                 const TapParams *values,
                 TapProgress *progress,
                 GCancellable *cancellable,
                 GError **error)
{
  gint64 start = g_get_monotonic_time ();
  TapModel *model = tap_context_get_model (context);
  g_autoptr (TapResult) result = NULL;
  g_autoptr (TapTrace) trace = NULL;
  g_autoptr (TapTensor) shaped = NULL;
  g_autofree float *probabilities = NULL;
  g_autofree char *title = NULL;
  TapNode *node;
  TapValue *value;
  TapTensor *tensor;
  TapMaps maps;
  TapArray *array;

  node = tap_context_resolve_layer (context, tap_params_get_string (values, "layer"), error);
  if (node == NULL)
    return NULL;
  value = tap_graph_layer_value (model->graph, node);
  trace = tap_context_get_trace (context, value->index, progress, cancellable, error);
  if (trace == NULL)
    return NULL;

  tensor = tap_trace_get (trace, value->index);
  if (tensor == NULL || !tap_maps_init (&maps, tensor))
    {
      g_set_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_NOT_APPLICABLE,
                   "Layer “%s” holds whole numbers or nothing at all, not activations.",
                   node->name);
      return NULL;
    }
  shaped = reshape (tensor, &maps, error);
  if (shaped == NULL)
    return NULL;

  result = tap_context_new_result (context, "activations", values);
  title = g_strdup_printf ("Activations of “%s”", node->name);
  array = tap_result_add (result, "activation", title,
                          shaped->shape.n_dims == 1 ? TAP_ARRAY_VECTOR : TAP_ARRAY_STACK, shaped);
  for (gsize i = 0; i < tensor->count && !array->signed_range; i++)
    array->signed_range = tap_tensor_f32 (tensor)[i] < 0.0f;

  result->layer = g_strdup (node->name);
  result->unit = tap_maps_strongest (&maps);
  result->sentence = describe (context, node->name, &maps, result->unit);
  probabilities = tap_context_dup_probabilities (context, trace, NULL);
  if (probabilities != NULL)
    result->top = tap_scores_top (probabilities, model->n_classes, 5);
  result->milliseconds = (double) (g_get_monotonic_time () - start) / 1000.0;
  return g_steal_pointer (&result);
}

const TapMethod tap_method_activations = {
  .id = "activations",
  .title = N_ ("Feature maps"),
  .summary = N_ ("Shows what every map of a layer answers to the picture."),
  .source = "Zeiler & Fergus 2014, arXiv:1311.2901; Yosinski et al. 2015, arXiv:1506.06579",
  .needs = TAP_NEEDS_PICTURE | TAP_NEEDS_FORWARD,
  .params = params,
  .run = activations_run,
};
