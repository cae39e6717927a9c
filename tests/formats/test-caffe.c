/* test-caffe.c - Caffe networks compute what OpenCV computes from the same files
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fixtures and expectations are written by golden/make-caffe.py: a network with every layer that both know,
 * and one network in Caffe's three styles and in its training form. */
#include "config.h"

#include "core/tap-error.h"
#include "engine/tap-session.h"
#include "formats/registry.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static char *
golden (const char *name, const char *suffix)
{
  g_autofree char *file = g_strconcat (name, suffix, NULL);

  return g_test_build_filename (G_TEST_DIST, "formats", "golden", file, NULL);
}

static TapModel *
load_file (const char *name, const char *suffix)
{
  g_autofree char *path = golden (name, suffix);
  TapLoadRequest request = { .path = path };
  g_autoptr (GError) error = NULL;
  TapModel *model = tap_format_load (&request, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (model);
  return model;
}

static float *
read_floats (const char *name, const char *suffix, gsize *n)
{
  g_autofree char *path = golden (name, suffix);
  char *data;

  g_assert_true (g_file_get_contents (path, &data, n, NULL));
  *n /= sizeof (float);
  return (float *) (gpointer) data;
}

/* The layers of NAME.layers, one per line with its shape. */
static char **
read_layers (const char *name)
{
  g_autofree char *path = golden (name, ".layers"), *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return g_strsplit (g_strchomp (text), "\n", -1);
}

static void
check_layer (TapModel *model, TapTrace *trace, char **words, const float **expected)
{
  g_autoptr (GError) error = NULL;
  const TapNode *node = tap_graph_find_layer (model->graph, words[0], &error);
  const TapTensor *found;

  g_assert_no_error (error);
  found = tap_trace_get (trace, tap_graph_layer_value (model->graph, node)->index);
  g_assert_cmpint (found->shape.n_dims, ==, (int) g_strv_length (words) - 1);
  for (int d = 0; d < found->shape.n_dims; d++)
    g_assert_cmpint (found->shape.dims[d], ==, g_ascii_strtoll (words[d + 1], NULL, 10));
  for (gsize i = 0; i < found->count; i++)
    {
      float a = tap_tensor_f32 (found)[i], b = (*expected)[i];

      if (!(fabsf (a - b) <= 1e-5f + 1e-4f * fabsf (b)))
        g_error ("layer %s, number %" G_GSIZE_FORMAT ": %g instead of %g", words[0], i, (double) a,
                 (double) b);
    }
  *expected += found->count;
}

static void
test_golden (gconstpointer user_data)
{
  const char *name = user_data;
  g_autoptr (TapModel) model = load_file (name, ".prototxt");
  g_auto (GStrv) layers = read_layers (name);
  g_autofree float *pixels = NULL, *values = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (TapSession) session = tap_session_new (model->graph, NULL, &error);
  g_autoptr (TapTaps) taps = tap_taps_new ();
  g_autoptr (TapTensor) input = NULL;
  g_autoptr (TapTrace) trace = NULL;
  const float *expected;
  gsize n;

  g_assert_no_error (error);
  for (int i = 0; layers[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (layers[i], " ", -1);
      const TapNode *node = tap_graph_find_layer (model->graph, words[0], &error);

      g_assert_no_error (error);
      tap_taps_add (taps, tap_graph_layer_value (model->graph, node)->index);
    }
  pixels = read_floats (name, ".input", &n);
  input =
    tap_tensor_new_f32 (&tap_graph_get_value (model->graph, model->input)->shape, pixels, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (input->count, ==, n);
  trace = tap_session_forward (session, &input, 1, taps, TAP_RUN_DEFAULT, NULL, NULL, &error);
  g_assert_no_error (error);

  values = read_floats (name, ".values", &n);
  expected = values;
  for (int i = 0; layers[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (layers[i], " ", -1);

      check_layer (model, trace, words, &expected);
    }
  g_assert_cmpuint ((gsize) (expected - values), ==, n);
}

static void
test_either_file (void)
{
  g_autoptr (TapModel) text = load_file ("old", ".prototxt");
  g_autoptr (TapModel) weights = load_file ("old", ".caffemodel");

  g_assert_cmpstr (text->checksum, ==, weights->checksum);
  g_assert_cmpstr (text->format, ==, "Caffe, V1 layers");
  g_assert_cmpint (tap_graph_n_nodes (text->graph), ==, tap_graph_n_nodes (weights->graph));
}

static void
test_in_place (void)
{
  g_autoptr (TapModel) model = load_file ("old", ".prototxt");
  const TapNode *conv = tap_graph_find_layer (model->graph, "conv1", NULL);
  const TapNode *relu = tap_graph_find_layer (model->graph, "relu1", NULL);

  g_assert_cmpstr (conv->op_type, ==, "Conv");
  g_assert_cmpstr (relu->op_type, ==, "Relu");
  g_assert_cmpstr (tap_graph_layer_value (model->graph, conv)->name, ==, "conv1 (conv1)");
  g_assert_cmpstr (tap_graph_layer_value (model->graph, relu)->name, ==, "conv1");
}

static void
test_training (void)
{
  g_autoptr (TapModel) model = load_file ("trained", ".prototxt");
  g_autofree char *spec = tap_preprocess_to_string (&model->preprocess);

  g_assert_cmpstr (spec, ==, "size=8,order=bgr,mean=104/117/123,std=2,resize=stretch");
  g_assert_cmpint (model->preprocess.source, ==, TAP_PREPROCESS_MODEL);
  g_assert_cmpint (model->n_classes, ==, 5);
  g_assert_true (model->scores_are_probabilities);
  g_assert_cmpint (tap_graph_n_inputs (model->graph), ==, 1);
  g_assert_null (tap_graph_find_layer (model->graph, "accuracy", NULL));
}

static void
test_without_weights (void)
{
  g_autofree char *folder = g_dir_make_tmp ("tapetum-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "deploy.prototxt", NULL);
  g_autofree char *from = golden ("old", ".prototxt"), *text = NULL;
  TapLoadRequest request = { .path = path };
  g_autoptr (GError) error = NULL;
  g_autoptr (TapModel) model = NULL;
  const TapNode *conv;
  gsize n;

  g_assert_true (g_file_get_contents (from, &text, &n, NULL));
  g_assert_true (g_file_set_contents (path, text, (gssize) n, NULL));
  model = tap_format_load (&request, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (model->warnings->len, ==, 1);
  conv = tap_graph_find_layer (model->graph, "conv1", NULL);
  g_assert_nonnull (conv->problem);
  g_assert_nonnull (strstr (conv->problem, "weights are missing"));
  g_assert_nonnull (
    strstr (tap_graph_find_layer (model->graph, "pool1", NULL)->problem, "“conv1” (Conv), whose"));
  g_assert_cmpstr (tap_model_get_obstacle (model), ==, conv->problem);
  g_assert_true (tap_graph_layer_value (model->graph, conv)->has_shape);
  g_assert_cmpint (model->n_classes, ==, 5);

  g_clear_pointer (&model, tap_model_unref);
  {
    g_autofree char *weights = golden ("old", ".caffemodel");

    request.weights_path = weights;
    model = tap_format_load (&request, NULL, NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (model->warnings->len, ==, 0);
  }
  g_clear_pointer (&model, tap_model_unref);
  {
    g_autofree char *weights = golden ("many", ".caffemodel");

    request.weights_path = weights;
    model = tap_format_load (&request, NULL, NULL, &error);
    g_assert_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED);
    g_assert_nonnull (strstr (error->message, "“conv1”"));
    g_assert_nonnull (strstr (error->message, "4×3×3×3"));
  }
  g_remove (path);
  g_rmdir (folder);
}

static void
test_unknown_layer (void)
{
  static const char text[] =
    "input: \"x\" input_shape { dim: 1 dim: 3 dim: 8 dim: 8 }\n"
    "layer { name: \"a\" type: \"ReLU\" bottom: \"x\" top: \"a\" }\n"
    "layer { name: \"b\" type: \"Frobnicate\" bottom: \"a\" top: \"b\" top: \"c\" }\n"
    "layer { name: \"d\" type: \"Sigmoid\" bottom: \"b\" top: \"d\" }\n";
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));
  g_autoptr (GError) error = NULL;
  g_autoptr (TapModel) model = tap_format_load_bytes (bytes, "x.prototxt", NULL, NULL, &error);
  const TapNode *unknown;

  g_assert_no_error (error);
  unknown = tap_graph_find_layer (model->graph, "b", NULL);
  g_assert_nonnull (strstr (unknown->problem, "Frobnicate"));
  g_assert_null (tap_graph_find_layer (model->graph, "a", NULL)->problem);
}

static void
test_shared (void)
{
  const char *shared = g_getenv ("TAPETUM_SHARED_DATA");
  static const struct
  {
    const char *path;
    int channels, size, n_classes;
    guint64 n_parameters;
  } known[] = {
    { "models/lenet_mnist_caffe/lenet.prototxt", 1, 28, 10, 431080 },
    { "models/lenet_mnist_caffe/lenet_iter_10000.caffemodel", 1, 28, 10, 431080 },
    { "models/squeezenet_v1.1_caffe/deploy.prototxt", 3, 227, 1000, 1235496 },
    { "models/squeezenet_v1.1_caffe/squeezenet_v1.1.caffemodel", 3, 227, 1000, 1235496 },
  };

  if (shared == NULL || !g_file_test (shared, G_FILE_TEST_IS_DIR))
    {
      g_test_skip ("the shared networks are not here");
      return;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    {
      g_autofree char *path = g_build_filename (shared, known[i].path, NULL);
      TapLoadRequest request = { .path = path };
      g_autoptr (GError) error = NULL;
      g_autoptr (TapModel) model = tap_format_load (&request, NULL, NULL, &error);
      const TapShape *shape;

      g_assert_no_error (error);
      shape = &tap_graph_get_value (model->graph, model->input)->shape;
      g_assert_cmpint (shape->dims[0], ==, 1);
      g_assert_cmpint (shape->dims[1], ==, known[i].channels);
      g_assert_cmpint (shape->dims[2], ==, known[i].size);
      g_assert_cmpint (model->n_classes, ==, known[i].n_classes);
      g_assert_true (model->scores_are_probabilities);
      g_assert_cmpuint (tap_model_n_parameters (model), ==, known[i].n_parameters);
    }
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { "many", "old", "older", "trained" };

  g_test_init (&argc, &argv, NULL);
  g_test_summary ("Caffe networks compute what OpenCV computes from the same files.");
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *name = g_strdup_printf ("/caffe/golden/%s", names[i]);

      g_test_add_data_func (name, names[i], test_golden);
    }
  g_test_add_func ("/caffe/either-file-opens-both", test_either_file);
  g_test_add_func ("/caffe/in-place-layers-are-found-by-name", test_in_place);
  g_test_add_func ("/caffe/training-network-is-taken-in-its-test-phase", test_training);
  g_test_add_func ("/caffe/without-weights-the-graph-still-shows", test_without_weights);
  g_test_add_func ("/caffe/unknown-layer-keeps-the-graph", test_unknown_layer);
  g_test_add_func ("/caffe/shared-networks-load-with-their-shapes", test_shared);
  return g_test_run ();
}
