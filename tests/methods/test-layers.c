/* test-layers.c - feature maps and filters, and the context they share
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "core/tap-error.h"
#include "methods/registry.h"
#include "tiny.h"

static TapResult *
try_run (TapContext *context, const char *id, const char *spec, GError **error)
{
  const TapMethod *method = tap_methods_find (id);
  g_autoptr (TapParams) values = tap_params_new (method->params);
  g_auto (GStrv) words = g_strsplit (spec, " ", -1);

  for (int i = 0; words[i] != NULL; i++)
    {
      g_auto (GStrv) pair = g_strsplit (words[i], "=", 2);

      if (*words[i] != '\0' && !tap_params_parse (values, pair[0], pair[1], error))
        return NULL;
    }
  return method->run (context, values, NULL, NULL, error);
}

static TapResult *
run (TapContext *context, const char *id, const char *spec)
{
  g_autoptr (GError) error = NULL;
  TapResult *result = try_run (context, id, spec, &error);

  g_assert_no_error (error);
  g_test_message ("%s", result->sentence);
  return result;
}

static void
assert_shape (const TapResult *result, TapArrayKind kind, const char *expected)
{
  const TapArray *array = g_ptr_array_index (result->arrays, 0);
  g_autofree char *shape = tap_shape_to_string (&array->tensor->shape);

  g_assert_cmpint (array->kind, ==, kind);
  g_assert_cmpstr (shape, ==, expected);
}

static void
test_activations (void)
{
  g_autoptr (TapModel) model = tiny_network (33, 27);
  g_autoptr (TapContext) context = tiny_context (model);
  g_autoptr (TapResult) maps = run (context, "activations", "layer=conv1");
  g_autoptr (TapResult) relu = run (context, "activations", "");
  g_autoptr (TapResult) vector = run (context, "activations", "layer=fc");
  g_autoptr (TapResult) pooled = run (context, "activations", "layer=average");
  int value = tap_graph_find_value (model->graph, "conv1");
  g_autoptr (TapTrace) trace = tap_context_get_trace (context, value, NULL, NULL, NULL);
  TapTensor *tensor = tap_result_find (maps, "activation")->tensor;

  g_test_summary ("The layer's own numbers come out, as maps or as a vector.");
  assert_shape (maps, TAP_ARRAY_STACK, "6×17×14");
  assert_shape (relu, TAP_ARRAY_STACK, "8×8×6");
  assert_shape (vector, TAP_ARRAY_VECTOR, "5");
  assert_shape (pooled, TAP_ARRAY_VECTOR, "8");
  g_assert_cmpstr (relu->layer, ==, "relu2"); /* the last with extent */
  g_assert_true (tap_result_find (maps, "activation")->signed_range);
  g_assert_false (tap_result_find (relu, "activation")->signed_range);
  g_assert_cmpmem (tensor->data, tensor->count * sizeof (float), tap_trace_get (trace, value)->data,
                   tensor->count * sizeof (float));
  g_assert_cmpuint (maps->top->len, ==, 5);
  g_assert_nonnull (strstr (maps->sentence, "“picture.png”"));
}

static void
test_filters (void)
{
  g_autoptr (TapModel) model = tiny_network (33, 27);
  g_autoptr (TapContext) context = tap_context_new (model, NULL, NULL, NULL, 0);
  g_autoptr (TapResult) rgb = run (context, "filters", "");
  g_autoptr (TapResult) norm = run (context, "filters", "layer=conv2");
  g_autoptr (TapResult) slices = run (context, "filters", "layer=conv2 view=slices input=4");
  g_autoptr (TapResult) matrix = run (context, "filters", "layer=fc");
  const float *w = tap_tensor_f32 (
    tap_graph_get_value (model->graph, tap_graph_find_value (model->graph, "conv2.w"))->constant);
  double sum = 0.0;

  g_test_summary ("Colours for three inputs, strength or slices for more, a matrix for one cell.");
  assert_shape (rgb, TAP_ARRAY_RGB_STACK, "6×3×5×5");
  assert_shape (norm, TAP_ARRAY_STACK, "8×3×3");
  assert_shape (slices, TAP_ARRAY_STACK, "8×3×3");
  assert_shape (matrix, TAP_ARRAY_MAP, "5×8");
  g_assert_cmpstr (rgb->layer, ==, "conv1");
  for (int c = 0; c < 6; c++)
    sum += pow (w[(7 * 6 + c) * 9 + 5], 2.0);
  g_assert_cmpfloat_with_epsilon (
    tap_tensor_f32 (tap_result_find (norm, "filters")->tensor)[7 * 9 + 5], sqrt (sum), 1e-6);
  g_assert_cmpfloat (tap_tensor_f32 (tap_result_find (slices, "filters")->tensor)[7 * 9 + 5], ==,
                     w[(7 * 6 + 4) * 9 + 5]);
}

static void
test_bgr (void)
{
  g_autoptr (TapModel) rgb_model = tiny_network (33, 27);
  g_autoptr (TapModel) bgr_model = NULL;
  g_autoptr (TapContext) rgb_context = tap_context_new (rgb_model, NULL, NULL, NULL, 0);
  g_autoptr (TapContext) bgr_context = NULL;
  g_autoptr (TapResult) rgb = run (rgb_context, "filters", "");
  g_autoptr (TapResult) bgr = NULL;
  TapPreprocess preprocess = rgb_model->preprocess;

  g_test_summary ("Filters of a network that takes BGR are turned round, so that red is red.");
  preprocess.order = TAP_ORDER_BGR;
  bgr_model = tap_model_copy_with_preprocess (rgb_model, &preprocess);
  bgr_context = tap_context_new (bgr_model, NULL, NULL, NULL, 0);
  bgr = run (bgr_context, "filters", "");
  for (int k = 0; k < 6; k++)
    for (int c = 0; c < 3; c++)
      g_assert_cmpmem (tap_tensor_f32 (tap_result_find (rgb, "filters")->tensor) + (k * 3 + c) * 25,
                       25 * sizeof (float),
                       tap_tensor_f32 (tap_result_find (bgr, "filters")->tensor) +
                         (k * 3 + 2 - c) * 25,
                       25 * sizeof (float));
}

static void
test_untransposed (void)
{
  g_autoptr (TapModel) model = tiny_linear (4, 4);
  g_autoptr (TapContext) context = tap_context_new (model, NULL, NULL, NULL, 0);
  g_autoptr (TapResult) result = run (context, "filters", "");
  const float *w = tap_tensor_f32 (
    tap_graph_get_value (model->graph, tap_graph_find_value (model->graph, "fc.w"))->constant);

  g_test_summary ("A matrix is shown by units, however the operator keeps it.");
  assert_shape (result, TAP_ARRAY_MAP, "5×48");
  for (int k = 0; k < 5; k++)
    for (int c = 0; c < 48; c++)
      g_assert_cmpfloat (tap_tensor_f32 (tap_result_find (result, "filters")->tensor)[k * 48 + c],
                         ==, w[c * 5 + k]);
}

static void
assert_refused (TapContext *context, const char *id, const char *spec, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (try_run (context, id, spec, &error));
  g_assert_error (error, domain, code);
  g_test_message ("%s %s: %s", id, spec, error->message);
}

static void
test_refusals (void)
{
  g_autoptr (TapModel) model = tiny_network (33, 27);
  g_autoptr (TapContext) context = tap_context_new (model, NULL, NULL, NULL, 0);

  g_test_summary ("What cannot be done is refused with a sentence.");
  assert_refused (context, "activations", "", TAP_METHOD_ERROR, TAP_METHOD_ERROR_NOT_APPLICABLE);
  assert_refused (context, "activations", "layer=conv3", TAP_GRAPH_ERROR,
                  TAP_GRAPH_ERROR_NOT_FOUND);
  assert_refused (context, "filters", "layer=relu1", TAP_METHOD_ERROR,
                  TAP_METHOD_ERROR_NOT_APPLICABLE);
  assert_refused (context, "filters", "layer=conv2 view=rgb", TAP_METHOD_ERROR,
                  TAP_METHOD_ERROR_NOT_APPLICABLE);
  assert_refused (context, "filters", "layer=conv2 view=slices input=6", TAP_METHOD_ERROR,
                  TAP_METHOD_ERROR_PARAMETER);
}

static void
test_top (void)
{
  static const float values[] = { 0.1f, 0.3f, NAN, 0.3f, 0.2f, 0.05f };
  static const int expected[] = { 1, 3, 4, 0, 5, 2 };
  g_autoptr (GArray) top = tap_scores_top (values, 6, 6);
  g_autoptr (GArray) three = tap_scores_top (values, 6, 3);
  g_autoptr (GArray) none = tap_scores_top (NULL, 0, 5);

  g_test_summary ("Scores come best first, ties by index, what is no number last.");
  for (guint i = 0; i < 6; i++)
    g_assert_cmpint (g_array_index (top, TapScore, i).index, ==, expected[i]);
  g_assert_cmpuint (three->len, ==, 3);
  g_assert_cmpuint (none->len, ==, 0);
}

static void
test_upstream (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (3);
  TapGraph *graph = tap_graph_new ("odd");
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 3, (gint64) 8, (gint64) 8);
  int x = tap_graph_value (graph, "picture");
  g_autoptr (TapModel) model = NULL;
  g_autoptr (TapContext) context = NULL;
  g_autoptr (TapResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("Upstream of an operator that is not known, everything still works.");
  tap_graph_add_input (graph, x, TAP_DTYPE_F32, &shape);
  x = tiny_node (graph, "conv", "Conv", x,
                 tiny_constant (graph, "w", tiny_random (random, 4, 2, 3, 3, 3)), -1,
                 tiny_window (3, 1, 1));
  x = tiny_node (graph, "odd", "NoSuchOperator", x, -1, -1, NULL);
  tap_graph_add_output (graph, x);
  model = tiny_finish (graph, 8, 8);
  context = tiny_context (model);
  result = run (context, "activations", "");
  g_assert_cmpstr (result->layer, ==, "conv");
  g_assert_null (result->top);
  g_assert_null (try_run (context, "activations", "layer=odd", &error));
  g_assert_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_UNSUPPORTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/layers/activations-are-the-layers-own", test_activations);
  g_test_add_func ("/layers/filters-suit-the-layer", test_filters);
  g_test_add_func ("/layers/bgr-filters-are-turned-round", test_bgr);
  g_test_add_func ("/layers/matrices-go-by-units", test_untransposed);
  g_test_add_func ("/layers/refusals", test_refusals);
  g_test_add_func ("/layers/top-scores-are-sorted", test_top);
  g_test_add_func ("/layers/upstream-of-unknown-works", test_upstream);
  return g_test_run ();
}
