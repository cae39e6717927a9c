/* test-reference.c - the published references: activations, occlusion and gradients of two SqueezeNets
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The arrays were computed with torch from the same weights; their definitions stand beside them in
 * info.json. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "formats/registry.h"
#include "methods/registry.h"
#include "pictures/tap-picture.h"

typedef struct
{
  const char *model, *file, *picture, *preprocess, *layer;
  int class_index;
  int channel, y, x; /* of a neuron in the fourth concatenation, fire5 */
} Case;

static const Case cases[] = {
  { "squeezenet1_1_torchvision_onnx", "squeezenet1_1.onnx", "parrot_224",
    "size=224,order=rgb,mean=123.675/116.28/103.53,std=58.395/57.12/57.375,resize=stretch", NULL,
    88, 169, 6, 14 },
  { "squeezenet_v1.1_caffe", "deploy.prototxt", "chelsea_227",
    "size=227,order=bgr,mean=104/117/123,std=1,resize=stretch", "fire9/concat", 285, 208, 0, 14 },
};

/* Version 1 of the format, little-endian float32: all that the references use. */
static float *
read_npy (const char *path, gsize *count)
{
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;
  gsize n, start;
  float *values;

  g_file_get_contents (path, &contents, &n, &error);
  g_assert_no_error (error);
  start = 10u + (guint8) contents[8] + 256u * (guint8) contents[9];
  *count = (n - start) / sizeof (float);
  values = g_new (float, *count);
  memcpy (values, contents + start, *count * sizeof (float));
  return values;
}

/* The ONNX file names its last concatenation in a way of its own. */
static char *
last_concat (TapModel *model)
{
  for (int i = tap_graph_n_nodes (model->graph) - 1; i >= 0; i--)
    if (strcmp (tap_graph_get_node (model->graph, i)->op_type, "Concat") == 0)
      return g_strdup (tap_graph_get_node (model->graph, i)->name);
  return NULL;
}

typedef struct
{
  const Case *test;
  char *refs; /* folder */
  TapModel *model;
  TapTensor *input;
  TapSession *session;
  TapContext *context;
} Fixture;

static void
fixture_init (Fixture *self, const Case *test, const char *shared)
{
  g_autofree char *model_path = g_build_filename (shared, "models", test->model, test->file, NULL);
  g_autofree char *name = g_strdup_printf ("%s.png", test->picture);
  g_autofree char *picture_path = g_build_filename (shared, "images", "exact", name, NULL);
  TapLoadRequest request = { .path = model_path, .preprocess = test->preprocess };
  g_autoptr (GError) error = NULL;
  g_autoptr (TapPicture) picture = NULL;
  g_autoptr (TapPicture) fitted = NULL;

  self->test = test;
  self->refs = g_build_filename (shared, "refs", test->model, test->picture, NULL);
  self->model = tap_format_load (&request, NULL, NULL, &error);
  g_assert_no_error (error);
  picture = tap_picture_load (picture_path, NULL, &error);
  g_assert_no_error (error);
  fitted = tap_picture_fit (picture, &self->model->preprocess);
  self->input = tap_picture_to_tensor (fitted, &self->model->preprocess, &error);
  g_assert_no_error (error);
  self->session = tap_session_new (self->model->graph, NULL, &error);
  g_assert_no_error (error);
  self->context = tap_context_new (self->model, self->session, self->input, picture_path, 0);
}

static void
fixture_clear (Fixture *self)
{
  tap_context_unref (self->context);
  tap_session_unref (self->session);
  tap_tensor_unref (self->input);
  tap_model_unref (self->model);
  g_free (self->refs);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)

static void
check_methods (const Fixture *fixture)
{
  const Case *test = fixture->test;
  TapModel *model = fixture->model;
  TapContext *context = fixture->context;
  g_autofree char *activation_path =
    g_build_filename (fixture->refs, "lastconv_activation.npy", NULL);
  g_autofree char *occlusion_path = g_build_filename (fixture->refs, "occlusion_prob.npy", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (TapResult) activations = NULL;
  g_autoptr (TapResult) occlusion = NULL;
  const TapMethod *method = tap_methods_find ("activations");
  g_autoptr (TapParams) activations_values = tap_params_new (method->params);
  g_autoptr (TapParams) occlusion_values = tap_params_new (tap_methods_find ("occlusion")->params);
  g_autofree float *expected = NULL;
  g_autofree float *probabilities = NULL;
  g_autofree char *layer = NULL;
  double worst = 0.0, largest = 0.0;
  gsize n;

  layer = test->layer != NULL ? g_strdup (test->layer) : last_concat (model);
  g_assert_true (tap_params_set_string (activations_values, "layer", layer, NULL));
  activations = method->run (context, activations_values, NULL, NULL, &error);
  g_assert_no_error (error);
  expected = read_npy (activation_path, &n);
  g_assert_cmpuint (n, ==, tap_result_find (activations, "activation")->tensor->count);
  for (gsize i = 0; i < n; i++)
    {
      float got = tap_tensor_f32 (tap_result_find (activations, "activation")->tensor)[i];

      largest = MAX (largest, fabs (expected[i]));
      worst = MAX (worst, fabs ((double) got - expected[i]));
    }
  g_test_message ("%s: activations differ by %.2g of %.4g", test->model, worst, largest);
  g_assert_cmpfloat (worst / largest, <=, 1e-4);

  g_assert_true (tap_params_set (occlusion_values, "mask", 32, NULL));
  g_assert_true (tap_params_set (occlusion_values, "stride", 16, NULL));
  g_assert_true (tap_params_set (occlusion_values, "class", test->class_index, NULL));
  g_assert_true (tap_params_set_string (occlusion_values, "fill", "mean", NULL));
  occlusion = tap_methods_find ("occlusion")->run (context, occlusion_values, NULL, NULL, &error);
  g_assert_no_error (error);
  probabilities = read_npy (occlusion_path, &n);
  g_assert_cmpuint (n, ==, tap_result_find (occlusion, "probability")->tensor->count);
  worst = 0.0;
  for (gsize i = 0; i < n; i++)
    worst =
      MAX (worst, fabs ((double) probabilities[i] -
                        tap_tensor_f32 (tap_result_find (occlusion, "probability")->tensor)[i]));
  g_test_message ("occlusion differs by %.2g; %.0f ms; %s", worst, occlusion->milliseconds,
                  occlusion->sentence);
  g_assert_cmpfloat (worst, <=, 1e-4);
}

/* What the seed sends to the picture, against an array of the references. A rectifier that stands within
 * rounding of zero may open on one side only, so what counts is the distance as a whole. */
static void
check_gradient (const Fixture *fixture, const TapSeed *seed, const TapRule *rule, const char *array)
{
  g_autofree char *name = g_strdup_printf ("%s.npy", array);
  g_autofree char *path = g_build_filename (fixture->refs, name, NULL);
  g_autoptr (TapTaps) seeded = tap_taps_new_for (seed->value, -1);
  g_autoptr (TapTaps) taps = tap_taps_new_for (fixture->model->input, -1);
  g_autoptr (GError) error = NULL;
  g_autoptr (TapTrace) forward = NULL;
  g_autoptr (TapTrace) backward = NULL;
  g_autofree float *expected = NULL;
  double distance = 0, norm = 0;
  TapTensor *found;
  gsize n;

  forward = tap_session_forward (fixture->session, (TapTensor *const *) &fixture->input, 1, seeded,
                                 TAP_RUN_FOR_BACKWARD, NULL, NULL, &error);
  g_assert_no_error (error);
  backward =
    tap_session_backward (fixture->session, forward, seed, 1, rule, taps, NULL, NULL, &error);
  g_assert_no_error (error);
  found = tap_trace_get (backward, fixture->model->input);
  expected = read_npy (path, &n);
  g_assert_cmpuint (n, ==, found->count);
  for (gsize i = 0; i < n; i++)
    {
      double d = (double) tap_tensor_f32 (found)[i] - expected[i];

      distance += d * d;
      norm += (double) expected[i] * expected[i];
    }
  g_test_message ("%s, %s: %.2g", fixture->test->model, array, sqrt (distance / norm));
  g_assert_cmpfloat (sqrt (distance / norm), <=, 1e-4);
}

static void
check_gradients (const Fixture *fixture)
{
  TapGraph *graph = fixture->model->graph;
  int output = tap_graph_get_output (graph, 0), n_concats = 0, neuron = -1;
  TapNode *last = tap_graph_get_node (graph, tap_graph_get_value (graph, output)->producer);
  TapSeed logit = { .cell = fixture->test->class_index, .weight = 1 };
  TapSeed cell = { .weight = 1 };
  const TapShape *shape;

  logit.value = strcmp (last->op_type, "Softmax") == 0 ? last->inputs[0] : output;
  for (int i = 0; i < tap_graph_n_nodes (graph) && neuron < 0; i++)
    if (strcmp (tap_graph_get_node (graph, i)->op_type, "Concat") == 0 && ++n_concats == 4)
      neuron = tap_graph_get_node (graph, i)->outputs[0];
  g_assert_cmpint (neuron, >=, 0);
  shape = &tap_graph_get_value (graph, neuron)->shape;
  cell.value = neuron;
  cell.cell = (fixture->test->channel * shape->dims[2] + fixture->test->y) * shape->dims[3] +
              fixture->test->x;

  check_gradient (fixture, &logit, TAP_RULE_GRADIENT, "grad_input_vanilla");
  check_gradient (fixture, &logit, TAP_RULE_GUIDED, "grad_input_guided");
  check_gradient (fixture, &logit, TAP_RULE_DECONVNET, "grad_input_deconv");
  check_gradient (fixture, &cell, TAP_RULE_GUIDED, "neuron_guided");
  check_gradient (fixture, &cell, TAP_RULE_DECONVNET, "neuron_deconv");
}

static void
each_case (void (*check) (const Fixture *fixture))
{
  const char *shared = g_getenv ("TAPETUM_SHARED_DATA");
  g_autofree char *refs = g_build_filename (shared != NULL ? shared : "", "refs", NULL);

  if (!g_file_test (refs, G_FILE_TEST_IS_DIR))
    {
      g_test_skip ("the shared references are not here");
      return;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Fixture) fixture = { 0 };

      fixture_init (&fixture, &cases[i], shared);
      check (&fixture);
    }
}

static void
test_methods (void)
{
  g_test_summary ("Activations and occlusion maps equal the references within 1e-4.");
  each_case (check_methods);
}

static void
test_gradients (void)
{
  g_test_summary (
    "What a class or a neuron sends back to the picture equals the references, by every rule");
  each_case (check_gradients);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reference/methods", test_methods);
  g_test_add_func ("/reference/gradients", test_gradients);
  return g_test_run ();
}
