/* test-conformance.c - the single-operator tests of ONNX, and its networks with made-up weights
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include "core/tap-error.h"
#include "engine-test.h"
#include "formats/registry.h"
#include "ops/infer.h"
#include "ops/registry.h"

static TapTensor *
read_numbered (const char *folder, const char *stem, int i, gboolean *is_bool)
{
  g_autofree char *name = g_strdup_printf ("%s_%d.pb", stem, i);
  g_autofree char *path = g_build_filename (folder, "test_data_set_0", name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS) ? engine_test_read_tensor (path, is_bool) : NULL;
}

/* What looks like a picture with its channels last gets a Transpose from the loader; then it is to be fed
 * with the channels first. (transfer full) */
static TapTensor *
follow_layout (const TapValue *value, TapTensor *tensor)
{
  const gint64 *d = tensor->shape.dims;
  TapShape shape = { 4, { d[0], d[3], d[1], d[2] } };
  gsize area = (gsize) (d[1] * d[2]), channels = (gsize) d[3];
  TapTensor *turned;

  if (tensor->shape.n_dims != 4 || tensor->dtype != TAP_DTYPE_F32 ||
      tap_shape_equal (&value->shape, &tensor->shape) || !tap_shape_equal (&value->shape, &shape))
    return tensor;
  turned = tap_tensor_new (TAP_DTYPE_F32, &shape, NULL);
  for (gsize i = 0; i < tensor->count; i++)
    {
      gsize n = i / (area * channels), at = i / channels % area, c = i % channels;

      tap_tensor_f32 (turned)[(n * channels + c) * area + at] = tap_tensor_f32 (tensor)[i];
    }
  tap_tensor_unref (tensor);
  return turned;
}

/* The graph with shapes; inputs from @n_fed on are constants, as they are in real networks. */
static TapGraph *
prepare (const char *folder, GPtrArray *inputs, guint n_fed, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "model.onnx", NULL);
  g_autoptr (TapGraph) graph = engine_test_load_graph (path);
  g_autofree TapShape *shapes = NULL;

  if (graph == NULL)
    {
      g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_UNSUPPORTED, "the file does not load");
      return NULL;
    }
  shapes = g_new0 (TapShape, (gsize) tap_graph_n_inputs (graph) + 1);
  if (tap_graph_n_inputs (graph) != (int) inputs->len)
    {
      g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT, "other inputs than the data");
      return NULL;
    }
  for (guint i = 0; i < inputs->len; i++)
    {
      TapTensor *tensor = g_ptr_array_index (inputs, i);

      tensor =
        follow_layout (tap_graph_get_value (graph, tap_graph_get_input (graph, (int) i)), tensor);
      g_ptr_array_index (inputs, i) = tensor;
      shapes[i] = tensor->shape;
      if (i >= n_fed)
        tap_graph_set_constant (graph, tap_graph_get_input (graph, (int) i), tensor);
    }
  if (!tap_infer_graph (graph, shapes, 0, NULL, error))
    return NULL;
  return g_steal_pointer (&graph);
}

static gboolean
run_folder (const char *folder, GPtrArray *inputs, guint n_fed, double *worst, GError **error)
{
  g_autoptr (TapGraph) graph = prepare (folder, inputs, n_fed, error);
  g_autoptr (TapTaps) taps = tap_taps_new ();
  g_autoptr (TapSession) session = NULL;
  g_autoptr (TapTrace) trace = NULL;

  *worst = 0;
  if (graph == NULL)
    return FALSE;
  for (int i = 0; i < tap_graph_n_outputs (graph); i++)
    tap_taps_add (taps, tap_graph_get_output (graph, i));
  session = tap_session_new (graph, &(TapSessionOptions){ .n_threads = 2 }, error);
  trace = tap_session_forward (session, (TapTensor *const *) inputs->pdata, (int) inputs->len, taps,
                               TAP_RUN_DEFAULT, NULL, NULL, error);
  if (trace == NULL)
    return FALSE;
  for (int i = 0; i < tap_graph_n_outputs (graph); i++)
    {
      g_autoptr (TapTensor) expected = read_numbered (folder, "output", i, NULL);
      TapTensor *found = tap_trace_get (trace, tap_graph_get_output (graph, i));
      double difference = expected != NULL ? engine_test_difference (found, expected) : 0;

      *worst = MAX (*worst, difference);
    }
  return TRUE;
}

static gboolean
check_folder (const char *folder, const char *name, int *n_passed)
{
  g_autoptr (GPtrArray) inputs = g_ptr_array_new_with_free_func ((GDestroyNotify) tap_tensor_unref);
  g_autoptr (GError) error = NULL;
  double worst;
  TapTensor *input;
  gboolean ran;

  while ((input = read_numbered (folder, "input", (int) inputs->len, NULL)) != NULL)
    g_ptr_array_add (inputs, input);
  ran = run_folder (folder, inputs, inputs->len, &worst, &error);
  for (guint n_fed = 1; !ran && n_fed + 1 > 0 && n_fed < 2; n_fed++)
    {
      g_clear_error (&error);
      ran = run_folder (folder, inputs, n_fed, &worst, &error);
    }
  if (!ran && error != NULL)
    {
      g_clear_error (&error);
      ran = run_folder (folder, inputs, 0, &worst, &error);
    }
  if (!ran)
    {
      g_test_message ("WRONG: %s: %s", name, error->message);
      return FALSE;
    }
  /* node tests promise 1e-3 relative and 1e-7 absolute; ours are closer */
  if (worst <= 2e-5)
    {
      (*n_passed)++;
      return TRUE;
    }
  g_test_message ("WRONG: %s: %g", name, worst);
  return FALSE;
}

static void
test_conformance (gconstpointer data)
{
  const char *kind = data;
  g_autofree char *path = g_build_filename ("conformance/onnx_backend_1.12", kind, NULL);
  g_autofree char *folder = engine_test_shared (path);
  g_autoptr (GDir) dir = NULL;
  const char *name;
  int n_passed = 0, n = 0;
  gboolean fine = TRUE;

  g_test_summary ("Every operator gives what ONNX's own tests expect");
  if (folder == NULL)
    return;
  dir = g_dir_open (folder, 0, NULL);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *test = g_build_filename (folder, name, NULL);

      n++;
      if (!check_folder (test, name, &n_passed))
        fine = FALSE;
    }
  g_test_message ("%s: %d of %d passed", kind, n_passed, n);
  g_assert_true (fine);
}

static void
test_light (void)
{
  static const char *const names[] = {
    "bvlc_alexnet", "densenet121", "inception_v1", "inception_v2", "resnet50",
    "shufflenet",   "squeezenet",  "vgg19",        "zfnet512",
  };
  g_autofree char *folder = engine_test_shared ("conformance/onnx_light_models");

  g_test_summary ("The nine networks with made-up weights match their outputs");
  if (folder == NULL)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *model_path = g_strdup_printf ("%s/light_%s.onnx", folder, names[i]);
      g_autofree char *output_path = g_strdup_printf ("%s/light_%s_output_0.pb", folder, names[i]);
      g_autoptr (TapTensor) expected = engine_test_read_tensor (output_path, NULL);
      TapLoadRequest request = { .path = model_path };
      g_autoptr (GError) error = NULL;
      g_autoptr (TapModel) model = tap_format_load (&request, NULL, NULL, &error);
      g_autoptr (TapSession) session = NULL;
      g_autoptr (TapTaps) taps = NULL;
      g_autoptr (TapTensor) input = NULL;
      g_autoptr (TapTrace) trace = NULL;
      TapTensor *found;
      double worst = 0;

      g_assert_no_error (error);
      taps = tap_taps_new_for (tap_graph_get_output (model->graph, 0), -1);
      session = tap_session_new (model->graph, NULL, &error);
      input = tap_tensor_new (
        TAP_DTYPE_F32,
        &tap_graph_get_value (model->graph, tap_graph_get_input (model->graph, 0))->shape, &error);
      for (gsize k = 0; k < input->count; k++)
        tap_tensor_f32 (input)[k] = 0.5f;
      trace = engine_test_forward (session, input, taps, TAP_RUN_DEFAULT, &error);
      g_assert_no_error (error);
      found = tap_trace_get (trace, tap_graph_get_output (model->graph, 0));
      g_assert_true (tap_shape_equal (&found->shape, &expected->shape));
      for (gsize k = 0; k < found->count; k++)
        worst =
          MAX (worst, (double) fabsf (tap_tensor_f32 (found)[k] - tap_tensor_f32 (expected)[k]) /
                        MAX ((double) fabsf (tap_tensor_f32 (expected)[k]), 1e-6));
      g_test_message ("%s: %g in %.1f ms", names[i], worst, tap_trace_get_milliseconds (trace));
      g_assert_cmpfloat (worst, <, 1e-3);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/engine/conformance/node", "node", test_conformance);
  g_test_add_data_func ("/engine/conformance/simple", "simple", test_conformance);
  g_test_add_data_func ("/engine/conformance/pytorch-operator", "pytorch-operator",
                        test_conformance);
  g_test_add_data_func ("/engine/conformance/pytorch-converted", "pytorch-converted",
                        test_conformance);
  g_test_add_func ("/engine/conformance/light", test_light);
  return g_test_run ();
}
