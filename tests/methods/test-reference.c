/* test-reference.c - the published references: activations and occlusion of two SqueezeNets
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
} Case;

static const Case cases[] = {
  { "squeezenet1_1_torchvision_onnx", "squeezenet1_1.onnx", "parrot_224",
    "size=224,order=rgb,mean=123.675/116.28/103.53,std=58.395/57.12/57.375,resize=stretch", NULL,
    88 },
  { "squeezenet_v1.1_caffe", "deploy.prototxt", "chelsea_227",
    "size=227,order=bgr,mean=104/117/123,std=1,resize=stretch", "fire9/concat", 285 },
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

static void
check_case (const Case *test, const char *shared)
{
  g_autofree char *model_path = g_build_filename (shared, "models", test->model, test->file, NULL);
  g_autofree char *name = g_strdup_printf ("%s.png", test->picture);
  g_autofree char *picture_path = g_build_filename (shared, "images", "exact", name, NULL);
  g_autofree char *refs = g_build_filename (shared, "refs", test->model, test->picture, NULL);
  g_autofree char *activation_path = g_build_filename (refs, "lastconv_activation.npy", NULL);
  g_autofree char *occlusion_path = g_build_filename (refs, "occlusion_prob.npy", NULL);
  TapLoadRequest request = { .path = model_path, .preprocess = test->preprocess };
  g_autoptr (GError) error = NULL;
  g_autoptr (TapModel) model = tap_format_load (&request, NULL, NULL, &error);
  g_autoptr (TapPicture) picture = NULL;
  g_autoptr (TapPicture) fitted = NULL;
  g_autoptr (TapTensor) input = NULL;
  g_autoptr (TapSession) session = NULL;
  g_autoptr (TapContext) context = NULL;
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

  g_assert_no_error (error);
  picture = tap_picture_load (picture_path, NULL, &error);
  g_assert_no_error (error);
  fitted = tap_picture_fit (picture, &model->preprocess);
  input = tap_picture_to_tensor (fitted, &model->preprocess, &error);
  g_assert_no_error (error);
  session = tap_session_new (model->graph, NULL, &error);
  g_assert_no_error (error);
  context = tap_context_new (model, session, input, picture_path, 0);

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

static void
test_references (void)
{
  const char *shared = g_getenv ("TAPETUM_SHARED_DATA");
  g_autofree char *refs = g_build_filename (shared != NULL ? shared : "", "refs", NULL);

  g_test_summary ("Activations and occlusion maps equal the references within 1e-4.");
  if (!g_file_test (refs, G_FILE_TEST_IS_DIR))
    {
      g_test_skip ("the shared references are not here");
      return;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    check_case (&cases[i], shared);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reference/squeezenets", test_references);
  return g_test_run ();
}
