/* test-occlusion.c - the sweep equals the naive loop, and every choice does what it says
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <math.h>
#include <string.h>

#include "core/tap-error.h"
#include "methods/occlusion.h"
#include "methods/registry.h"
#include "tiny.h"

static TapResult *
try_run (TapContext *context, const char *spec, TapProgress *progress, GCancellable *c, GError **e)
{
  const TapMethod *method = tap_methods_find ("occlusion");
  g_autoptr (TapParams) values = tap_params_new (method->params);
  g_auto (GStrv) words = g_strsplit (spec, " ", -1);

  for (int i = 0; words[i] != NULL; i++)
    {
      g_auto (GStrv) pair = g_strsplit (words[i], "=", 2);

      if (*words[i] != '\0' && !tap_params_parse (values, pair[0], pair[1], e))
        return NULL;
    }
  return method->run (context, values, progress, c, e);
}

static TapResult *
run (TapContext *context, const char *spec)
{
  g_autoptr (GError) error = NULL;
  TapResult *result = try_run (context, spec, NULL, NULL, &error);

  g_assert_no_error (error);
  return result;
}

static float
cell (const TapResult *result, const char *name, int row, int column)
{
  const TapTensor *tensor = tap_result_find (result, name)->tensor;

  return tap_tensor_f32 ((TapTensor *) tensor)[row * tensor->shape.dims[1] + column];
}

/* The input with a rectangle set to one level, run whole, without patches. */
static TapTrace *
naive (TapContext *context, const TapRect *mask, float pixel, int layer_value)
{
  TapModel *model = tap_context_get_model (context);
  TapTensor *input = tap_context_get_input (context);
  g_autoptr (TapTensor) masked = tap_tensor_new_f32 (&input->shape, tap_tensor_f32 (input), NULL);
  g_autoptr (TapTaps) taps = tap_taps_new_for (model->scores, layer_value, -1);
  g_autoptr (GError) error = NULL;
  TapTrace *trace;

  for (int c = 0; c < 3; c++)
    for (int y = MAX (mask->y, 0); y < MIN (mask->y + mask->height, input->shape.dims[2]); y++)
      for (int x = MAX (mask->x, 0); x < MIN (mask->x + mask->width, input->shape.dims[3]); x++)
        tap_tensor_f32 (masked)[(c * input->shape.dims[2] + y) * input->shape.dims[3] + x] =
          pixel < 0.0f ? 0.0f : (pixel - model->preprocess.mean[c]) / model->preprocess.std[c];
  trace = tap_session_forward (tap_context_get_session (context), &masked, 1, taps, TAP_RUN_DEFAULT,
                               NULL, NULL, &error);
  g_assert_no_error (error);
  return trace;
}

static void
compare_with_naive (const char *spec, int mask, int stride, gboolean centred, float pixel)
{
  g_autoptr (TapModel) model = tiny_network (33, 27);
  g_autoptr (TapContext) context = tiny_context (model);
  g_autoptr (TapResult) result = run (context, spec);
  const TapShape *shape = &tap_result_find (result, "probability")->tensor->shape;
  TapNode *layer = tap_graph_find_layer (model->graph, result->layer, NULL);
  int layer_value = tap_graph_layer_value (model->graph, layer)->index;

  for (int row = 0; row < shape->dims[0]; row++)
    for (int column = 0; column < shape->dims[1]; column++)
      {
        int back = centred ? mask / 2 : 0;
        TapRect rect = { column * stride - back, row * stride - back, mask, mask };
        g_autoptr (TapTrace) trace = naive (context, &rect, pixel, layer_value);
        TapTensor *maps = tap_trace_get (trace, layer_value);
        gint64 plane = maps->shape.dims[2] * maps->shape.dims[3];
        float p[5];
        int best = 0;
        double sum = 0.0;

        g_assert_true (tap_context_probabilities (context, trace, 0, p, NULL));
        for (int i = 1; i < 5; i++)
          best = p[i] > p[best] ? i : best;
        for (gint64 i = 0; i < plane; i++)
          sum += tap_tensor_f32 (maps)[result->unit * plane + i];
        g_assert_cmpfloat (cell (result, "probability", row, column), ==, p[result->class_index]);
        g_assert_cmpfloat (cell (result, "winner", row, column), ==, best);
        g_assert_cmpfloat_with_epsilon (cell (result, "strongest", row, column), sum / plane, 1e-6);
      }
}

static void
test_naive (void)
{
  g_test_summary ("The sweep equals a full pass of the covered input, bit for bit.");
  compare_with_naive ("mask=8 stride=5 placement=corner fill=black layer=relu2", 8, 5, FALSE, 0.0f);
  compare_with_naive ("mask=7 stride=6 placement=centred fill=grey layer=relu2", 7, 6, TRUE,
                      128.0f);
  compare_with_naive ("mask=9 stride=4 placement=corner fill=mean layer=pool1 class=3", 9, 4, FALSE,
                      -1.0f);
}

static void
test_linear (void)
{
  g_autoptr (TapModel) model = tiny_linear (12, 10);
  g_autoptr (TapContext) context = tiny_context (model);
  g_autoptr (TapResult) a = run (context, "mask=4 stride=3 fill=mean class=1");
  g_autoptr (TapResult) b = run (context, "mask=4 stride=3 fill=mean class=2");
  const float *x = tap_tensor_f32 (tap_context_get_input (context));
  TapNode *fc = tap_graph_find_layer (model->graph, "fc", NULL);
  const float *w = tap_tensor_f32 (tap_node_weights (model->graph, fc));
  double clean = 0.0;

  g_test_summary ("In a linear network the log-odds lose exactly the weights under the mask.");
  for (int i = 0; i < 360; i++)
    clean += x[i] * ((double) w[i * 5 + 1] - w[i * 5 + 2]);
  for (int row = 0; row < 3; row++)
    for (int column = 0; column < 3; column++)
      {
        double covered = 0.0;
        double got =
          log (cell (a, "probability", row, column)) - log (cell (b, "probability", row, column));

        for (int c = 0; c < 3; c++)
          for (int y = row * 3; y < row * 3 + 4; y++)
            for (int i = column * 3; i < column * 3 + 4; i++)
              covered += x[(c * 12 + y) * 10 + i] * ((double) w[((c * 12 + y) * 10 + i) * 5 + 1] -
                                                     w[((c * 12 + y) * 10 + i) * 5 + 2]);
        g_assert_cmpfloat_with_epsilon (got, clean - covered, 1e-4);
      }
}

static void
assert_grid (TapContext *context, const char *spec, int rows, int columns)
{
  g_autoptr (TapResult) result = run (context, spec);
  static const char *const names[] = { "probability", "strongest", "winner" };

  g_assert_cmpuint (result->arrays->len, ==, 4);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const TapShape *shape = &tap_result_find (result, names[i])->tensor->shape;

      g_assert_cmpint (shape->n_dims, ==, 2);
      g_assert_cmpint (shape->dims[0], ==, rows);
      g_assert_cmpint (shape->dims[1], ==, columns);
    }
  g_assert_cmpint (tap_result_find (result, "projection")->tensor->shape.dims[0], ==, 33);
  g_assert_cmpint (tap_result_find (result, "projection")->tensor->shape.dims[1], ==, 27);
}

static void
test_placement (void)
{
  g_autoptr (TapModel) model = tiny_network (33, 27);
  g_autoptr (TapContext) context = tiny_context (model);

  g_test_summary ("Positions are counted as the placement says.");
  assert_grid (context, "mask=8 stride=5 placement=corner", 6, 4); /* (33-8)/5+1, (27-8)/5+1 */
  assert_grid (context, "mask=27 stride=3 placement=corner", 3, 1);
  assert_grid (context, "mask=8 stride=5 placement=centred", 7, 6); /* ceil 33/5, ceil 27/5 */
  assert_grid (context, "mask=100 stride=40 placement=centred", 1, 1);
  assert_grid (context, "", 29, 23); /* a fifth of 27 is 5, a fourteenth is 1 */
}

static void
test_result (void)
{
  g_autoptr (TapModel) model = tiny_network (33, 27);
  g_autoptr (TapContext) context = tiny_context (model);
  g_autoptr (TapResult) result = run (context, "mask=8 stride=8 class=dog layer=relu2");
  g_autoptr (TapResult) again = NULL;
  TapArray *array;

  g_test_summary ("A result tells everything that is needed to make it again.");
  g_assert_cmpstr (result->method, ==, "occlusion");
  g_assert_cmpint (result->class_index, ==, 1);
  g_assert_cmpstr (result->layer, ==, "relu2");
  g_assert_cmpint (result->unit, >=, 0);
  g_assert_cmpuint (result->seed, ==, 42);
  g_assert_cmpfloat (result->fraction, ==, 1.0);
  g_assert_cmpuint (result->top->len, ==, 5);
  g_assert_nonnull (strstr (result->sentence, "dog"));
  g_assert_nonnull (strstr (result->params, "class=1"));

  array = g_ptr_array_index (result->arrays, 0);
  g_assert_cmpstr (array->name, ==, "probability");
  g_assert_cmpstr (array->title, ==, "Probability of “dog”");
  g_assert_true (array->has_range && array->min == 0.0f && array->max == 1.0f);
  array = g_ptr_array_index (result->arrays, 3);
  g_assert_cmpstr (array->name, ==, "winner");
  g_assert_true (array->is_int32);
  again = run (context, result->params);
  g_assert_cmpmem (tap_result_find (again, "strongest")->tensor->data, 9 * sizeof (float),
                   tap_result_find (result, "strongest")->tensor->data, 9 * sizeof (float));
}

static void
test_strength (void)
{
  g_autoptr (TapModel) model = tiny_network (33, 27);
  g_autoptr (TapContext) context = tiny_context (model);
  g_autoptr (TapResult) mean = run (context, "mask=8 stride=8 layer=relu2 unit=2");
  g_autoptr (TapResult) sum = run (context, "mask=8 stride=8 layer=relu2 unit=2 strength=sum");
  g_autoptr (TapResult) all = run (context, "mask=8 stride=8 layer=relu2 strength=all");
  g_autoptr (TapResult) strongest = run (context, "mask=8 stride=8 layer=relu2");
  double over_all = 0.0;
  float best = 0.0f;

  g_test_summary (
    "Mean, total and mean over all maps go together; the strongest is the strongest.");
  for (int unit = 0; unit < 8; unit++)
    {
      g_autofree char *spec = g_strdup_printf ("mask=8 stride=8 layer=relu2 unit=%d", unit);
      g_autoptr (TapResult) one = run (context, spec);
      TapArray *map = tap_result_find (one, "projection");
      TapStats stats;

      over_all += cell (one, "strongest", 1, 1);
      tap_tensor_stats (tap_tensor_f32 (map->tensor), map->tensor->count, &stats);
      if (unit == strongest->unit)
        best = stats.mean;
    }
  g_assert_cmpfloat (best, >, 0.0f);
  g_assert_cmpfloat_with_epsilon (cell (all, "strongest", 1, 1), over_all / 8, 1e-5);
  /* relu2 has 8×6 cells: 33 → 17 → 8, 27 → 14 → 6 */
  g_assert_cmpfloat_with_epsilon (cell (sum, "strongest", 1, 1),
                                  cell (mean, "strongest", 1, 1) * 48, 1e-4);
}

static void
assert_refused (TapContext *context, const char *spec, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TapResult) result = try_run (context, spec, NULL, NULL, &error);

  g_assert_null (result);
  g_assert_error (error, domain, code);
  g_test_message ("%s: %s", spec, error->message);
}

static void
test_refusals (void)
{
  g_autoptr (TapModel) model = tiny_network (33, 27);
  g_autoptr (TapContext) context = tiny_context (model);
  g_autoptr (TapContext) empty = tap_context_new (model, NULL, NULL, NULL, 0);

  g_test_summary ("What cannot be done is refused with a sentence.");
  assert_refused (context, "mask=28", TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER);
  assert_refused (context, "mask=-1", TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER);
  assert_refused (context, "mask=4097", TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER);
  assert_refused (context, "fill=pink", TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER);
  assert_refused (context, "class=5", TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER);
  assert_refused (context, "class=unicorn", TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER);
  assert_refused (context, "layer=relu2 unit=8", TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER);
  assert_refused (context, "layer=relu9", TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_NOT_FOUND);
  assert_refused (empty, "", TAP_METHOD_ERROR, TAP_METHOD_ERROR_NOT_APPLICABLE);
}

typedef struct
{
  GCancellable *cancellable;
  TapResult *partial;
  int n_partials;
  double fraction;
} Watch;

static void
watch_progress (double fraction, gpointer user_data)
{
  Watch *watch = user_data;

  g_assert_cmpfloat (fraction, >=, watch->fraction);
  watch->fraction = fraction;
  if (watch->cancellable != NULL)
    g_cancellable_cancel (watch->cancellable);
}

static void
watch_partial (TapResult *partial, gpointer user_data)
{
  Watch *watch = user_data;

  g_clear_pointer (&watch->partial, tap_result_unref);
  watch->partial = partial;
  watch->n_partials++;
}

static void
test_partials (void)
{
  g_autoptr (TapModel) model = tiny_network (140, 150);
  g_autoptr (TapContext) context = tiny_context (model);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (TapResult) result = NULL;
  g_autoptr (TapProgress) progress = NULL;
  Watch watch = { NULL };
  const char *spec = "mask=16 stride=2 layer=relu2";

  g_test_summary (
    "Partial results cover the whole picture with values that last; cancel is heard.");
  progress = tap_progress_new (watch_progress, watch_partial, &watch);
  result = try_run (context, spec, progress, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (watch.fraction, ==, 1.0);
  g_test_message ("%d partial results in %.0f ms", watch.n_partials, result->milliseconds);
  g_assert_cmpfloat (watch.n_partials, <=, result->milliseconds / 50.0 + 1.0);
  if (watch.partial == NULL)
    {
      g_test_skip ("this machine is too fast for partial results");
      return;
    }
  g_assert_cmpfloat (watch.partial->fraction, <, 1.0);
  for (int row = 0; row < 63; row += 8) /* coarse cells are final */
    for (int column = 0; column < 68; column += 8)
      if (watch.partial->fraction > 0.1)
        g_assert_cmpfloat (cell (watch.partial, "probability", row, column), ==,
                           cell (result, "probability", row, column));
  g_clear_pointer (&watch.partial, tap_result_unref);

  watch = (Watch){ .cancellable = cancellable };
  g_assert_null (try_run (context, spec, progress, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_pointer (&watch.partial, tap_result_unref);
}

static void
test_probe (void)
{
  g_autoptr (TapModel) model = tiny_network (33, 27);
  g_autoptr (TapContext) context = tiny_context (model);
  TapNode *layer = tap_graph_find_layer (model->graph, "relu2", NULL);
  int value = tap_graph_layer_value (model->graph, layer)->index;
  static const TapRect masks[] = {
    { 3, 4, 8, 8 }, { -3, 30, 9, 9 }, { 0, 0, 27, 33 }, { 40, 40, 5, 5 }, { 26, 32, 8, 8 },
  };

  g_test_summary (
    "One mask under the pointer equals a full pass; outside it equals the clean one.");
  for (gsize i = 0; i < G_N_ELEMENTS (masks); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TapOcclusionProbe) probe =
        tap_occlusion_probe (context, &masks[i], TAP_FILL_BLACK, value, -1, NULL, &error);
      g_autoptr (TapTrace) trace = naive (context, &masks[i], 0.0f, value);
      float p[5];

      g_assert_no_error (error);
      g_assert_true (tap_context_probabilities (context, trace, 0, p, NULL));
      g_assert_cmpint (probe->n_classes, ==, 5);
      g_assert_cmpmem (probe->probabilities, sizeof p, p, sizeof p);
      g_assert_cmpuint (probe->top->len, ==, 5);
      g_assert_cmpint (probe->map->shape.n_dims, ==, 2);
      g_assert_cmpmem (probe->map->data, probe->map->count * sizeof (float),
                       tap_tensor_f32 (tap_trace_get (trace, value)) +
                         (gsize) probe->unit * probe->map->count,
                       probe->map->count * sizeof (float));
    }
}

static void
test_blur (void)
{
  g_autoptr (TapModel) model = tiny_network (33, 27);
  g_autoptr (TapContext) context = tiny_context (model);
  TapRect mask = { 3, 4, 20, 20 };
  g_autoptr (TapOcclusionProbe) blur =
    tap_occlusion_probe (context, &mask, TAP_FILL_BLUR, -1, -1, NULL, NULL);
  g_autoptr (TapOcclusionProbe) grey =
    tap_occlusion_probe (context, &mask, TAP_FILL_GREY, -1, -1, NULL, NULL);
  TapTensor *input = tap_context_get_input (context);

  g_test_summary ("Blur differs from grey, and leaves a flat picture as it is.");
  g_assert_nonnull (blur);
  g_assert_null (blur->map);
  g_assert_cmpfloat (blur->probabilities[0], !=, grey->probabilities[0]);
  {
    g_autoptr (TapTensor) flat = tap_tensor_new (TAP_DTYPE_F32, &input->shape, NULL);
    g_autoptr (TapContext) calm = NULL;
    g_autoptr (TapOcclusionProbe) covered = NULL;
    g_autoptr (TapOcclusionProbe) clean = NULL;
    TapRect nothing = { 0, 0, 0, 0 };

    for (gsize i = 0; i < flat->count; i++)
      tap_tensor_f32 (flat)[i] = 0.75f;
    calm = tap_context_new (model, tap_context_get_session (context), flat, NULL, 0);
    covered = tap_occlusion_probe (calm, &mask, TAP_FILL_BLUR, -1, -1, NULL, NULL);
    clean = tap_occlusion_probe (calm, &nothing, TAP_FILL_BLUR, -1, -1, NULL, NULL);
    for (int i = 0; i < 5; i++)
      g_assert_cmpfloat_with_epsilon (covered->probabilities[i], clean->probabilities[i], 1e-6);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/occlusion/equals-naive-loop", test_naive);
  g_test_add_func ("/occlusion/linear-network-loses-what-is-covered", test_linear);
  g_test_add_func ("/occlusion/placement-counts", test_placement);
  g_test_add_func ("/occlusion/result-is-reproducible", test_result);
  g_test_add_func ("/occlusion/strengths-agree", test_strength);
  g_test_add_func ("/occlusion/refusals", test_refusals);
  g_test_add_func ("/occlusion/partials-and-cancel", test_partials);
  g_test_add_func ("/occlusion/probe-equals-full-pass", test_probe);
  g_test_add_func ("/occlusion/blur-keeps-flat-pictures", test_blur);
  return g_test_run ();
}
