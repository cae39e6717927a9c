/* test-onnx.c - ONNX networks become the graphs that ONNX's own tools see
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fixtures and expectations are written by golden/make-onnx.py: shapes by onnx.shape_inference, numbers by
 * NumPy. The shared networks are loaded when they are there. */
#include "config.h"

#include "wire.h"

#include "core/tap-error.h"
#include "formats/registry.h"

#include <math.h>
#include <string.h>

static TapModel *
load (const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "formats", "golden", name, NULL);
  TapLoadRequest request = { .path = path };
  g_autoptr (GError) error = NULL;
  TapModel *model = tap_format_load (&request, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (model);
  return model;
}

static const TapValue *
find (const TapModel *model, const char *name)
{
  int index = tap_graph_find_value (model->graph, name);

  if (index < 0)
    g_error ("there is no tensor “%s”", name);
  return tap_graph_get_value (model->graph, index);
}

static void
check_shape (const TapModel *model, char **words)
{
  const TapValue *value = find (model, words[1]);
  int n = (int) g_strv_length (words) - 2;

  g_assert_true (value->has_shape);
  g_assert_cmpint (value->shape.n_dims, ==, n);
  for (int i = 0; i < n; i++)
    g_assert_cmpint (value->shape.dims[i], ==, g_ascii_strtoll (words[i + 2], NULL, 10));
}

static void
check_constant (const TapModel *model, char **words)
{
  const TapValue *value = find (model, words[1]);
  gsize n = g_strv_length (words) - 3;

  g_assert_nonnull (value->constant);
  g_assert_cmpint (value->constant->dtype, ==,
                   g_str_equal (words[2], "f32") ? TAP_DTYPE_F32 : TAP_DTYPE_I64);
  g_assert_cmpuint (value->constant->count, ==, n);
  for (gsize i = 0; i < n; i++)
    if (value->constant->dtype == TAP_DTYPE_I64)
      g_assert_cmpint (tap_tensor_i64 (value->constant)[i], ==,
                       g_ascii_strtoll (words[i + 3], NULL, 10));
    else
      {
        float expected = (float) g_ascii_strtod (words[i + 3], NULL);

        g_assert_true (memcmp (&tap_tensor_f32 (value->constant)[i], &expected, 4) == 0);
      }
}

static void
test_golden (gconstpointer user_data)
{
  const char *name = user_data;
  g_autofree char *network = g_strconcat (name, ".onnx", NULL);
  g_autofree char *list = g_strconcat (name, ".expected.txt", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "formats", "golden", list, NULL);
  g_autofree char *text = NULL;
  g_autoptr (TapModel) model = load (network);
  g_auto (GStrv) lines = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (g_strchomp (text), "\n", -1);
  for (int i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (lines[i], " ", -1);

      if (g_str_equal (words[0], "shape"))
        check_shape (model, words);
      else
        check_constant (model, words);
    }
  for (int i = 0; i < tap_graph_n_nodes (model->graph); i++)
    g_assert_cmpstr (tap_graph_get_node (model->graph, i)->problem, ==, NULL);
}

static void
test_metadata (void)
{
  g_autoptr (TapModel) model = load ("small.onnx");
  g_autofree char *spec = tap_preprocess_to_string (&model->preprocess);

  g_assert_cmpstr (spec, ==, "size=8,order=bgr,mean=1/2/3,std=4,resize=crop");
  g_assert_cmpint (model->preprocess.source, ==, TAP_PREPROCESS_MODEL);
  g_assert_cmpint (model->n_classes, ==, 5);
  g_assert_cmpint (model->labels->n, ==, 5);
  g_assert_cmpstr (model->labels->names[4], ==, "clock");
  g_assert_cmpstr (model->format, ==, "ONNX, opset 13, pytorch");
  g_assert_cmpuint (strlen (model->checksum), ==, 64);
  g_assert_cmpuint (tap_model_n_parameters (model), ==, 4 * 27 + 4 + 5 * 64 + 5);
  g_assert_nonnull (tap_graph_find_layer (model->graph, "/conv1/Conv", NULL));
}

static void
test_weights_are_not_inputs (void)
{
  g_autoptr (TapModel) model = load ("legacy.onnx");

  g_assert_cmpint (tap_graph_n_inputs (model->graph), ==, 1);
  g_assert_cmpstr (tap_graph_get_value (model->graph, model->input)->name, ==, "x");
  g_assert_true (model->scores_are_probabilities);
}

static void
test_channels_last (void)
{
  g_autoptr (TapModel) model = load ("channels-last.onnx");
  const TapShape *shape = &tap_graph_get_value (model->graph, model->input)->shape;
  TapShape expected = tap_shape_new (4, (gint64) 1, (gint64) 3, (gint64) 96, (gint64) 128);

  g_assert_true (tap_shape_equal (shape, &expected));
  g_assert_cmpint (model->preprocess.height, ==, 96);
  g_assert_cmpint (model->preprocess.width, ==, 128);
}

static void
test_open_size (void)
{
  g_autoptr (TapModel) model = load ("open-size.onnx");
  g_autoptr (GError) error = NULL;
  g_autofree char *path =
    g_test_build_filename (G_TEST_DIST, "formats", "golden", "open-size.onnx", NULL);
  TapLoadRequest request = { .path = path, .preprocess = "size=16x64,mean=0,std=255" };
  g_autoptr (TapModel) asked = tap_format_load (&request, NULL, NULL, &error);

  g_assert_cmpint (model->preprocess.height, ==, 32);
  g_assert_cmpuint (model->warnings->len, ==, 1);
  g_assert_no_error (error);
  g_assert_cmpint (asked->preprocess.height, ==, 16);
  g_assert_cmpint (asked->preprocess.width, ==, 64);
  g_assert_cmpint (asked->preprocess.source, ==, TAP_PREPROCESS_USER);
}

static TapModel *
load_typed (int element, GError **error)
{
  static const gint64 dims[] = { 1, 3, 8, 8 };
  Wire *graph = wire_new (), *cast = wire_node ("Cast", "cast", "x", "y");
  g_autoptr (GBytes) bytes = NULL;

  wire_message (cast, 5, wire_attr_int ("to", 1));
  wire_text (graph, 2, "typed");
  wire_message (graph, 11, wire_typed_value ("x", element, dims, 4));
  wire_message (graph, 12, wire_value ("y", NULL, 0));
  wire_message (graph, 1, cast);
  bytes = wire_bytes (wire_model (graph));
  return tap_format_load_bytes (bytes, "m.onnx", NULL, NULL, error);
}

/* UINT8 (2): pixels as they are. STRING (8): nothing for pictures. */
static void
test_pixels_in_bytes (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TapModel) model = load_typed (2, &error);
  g_autoptr (TapModel) text = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (tap_graph_get_value (model->graph, model->input)->dtype, ==, TAP_DTYPE_F32);
  g_assert_cmpint (model->preprocess.source, ==, TAP_PREPROCESS_MODEL);
  for (int c = 0; c < 3; c++)
    {
      g_assert_cmpfloat (model->preprocess.mean[c], ==, 0);
      g_assert_cmpfloat (model->preprocess.std[c], ==, 1);
    }
  g_assert_cmpint (model->preprocess.height, ==, 8);

  text = load_typed (8, &error);
  g_assert_null (text);
  g_assert_nonnull (strstr (error->message, "“x” takes text"));
}

/* Input, classes and number of nodes that a person sees, from the networks' own documents. */
static void
test_shared (void)
{
  static const struct
  {
    const char *path;
    int channels, size, n_classes;
    guint64 n_parameters; /* 0: not counted here */
  } known[] = {
    { "models/mnist_cntk_onnx/opt-mnist.onnx", 1, 28, 10, 5994 },
    { "models/resnet20_cifar10_onnx/resnet20_cifar10.onnx", 3, 32, 10, 0 },
    { "models/squeezenet1_1_torchvision_onnx/squeezenet1_1.onnx", 3, 224, 1000, 1235496 },
    { "conformance/onnx_light_models/light_bvlc_alexnet.onnx", 3, 224, 1000, 60965224 },
    { "conformance/onnx_light_models/light_densenet121.onnx", 3, 224, 1000, 0 },
    { "conformance/onnx_light_models/light_inception_v1.onnx", 3, 224, 1000, 0 },
    { "conformance/onnx_light_models/light_inception_v2.onnx", 3, 224, 1000, 0 },
    { "conformance/onnx_light_models/light_resnet50.onnx", 3, 224, 1000, 0 },
    { "conformance/onnx_light_models/light_shufflenet.onnx", 3, 224, 1000, 0 },
    { "conformance/onnx_light_models/light_squeezenet.onnx", 3, 224, 1000, 1235496 },
    { "conformance/onnx_light_models/light_vgg19.onnx", 3, 224, 1000, 143667240 },
    { "conformance/onnx_light_models/light_zfnet512.onnx", 3, 224, 1000, 0 },
  };
  const char *shared = g_getenv ("TAPETUM_SHARED_DATA");

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
      g_assert_cmpint (shape->dims[3], ==, known[i].size);
      g_assert_cmpint (model->n_classes, ==, known[i].n_classes);
      if (known[i].n_parameters > 0)
        g_assert_cmpuint (tap_model_n_parameters (model), ==, known[i].n_parameters);
      for (int n = 0; n < tap_graph_n_nodes (model->graph); n++)
        g_assert_cmpstr (tap_graph_get_node (model->graph, n)->problem, ==, NULL);
    }
}

int
main (int argc, char **argv)
{
  static const char *const golden[] = { "types",         "small",     "legacy",  "functions",
                                        "channels-last", "open-size", "branches" };

  g_test_init (&argc, &argv, NULL);
  g_test_summary ("ONNX networks have the shapes and numbers that ONNX's own tools see.");
  for (gsize i = 0; i < G_N_ELEMENTS (golden); i++)
    {
      g_autofree char *name = g_strdup_printf ("/onnx/golden/%s", golden[i]);

      g_test_add_data_func (name, golden[i], test_golden);
    }
  g_test_add_func ("/onnx/metadata-gives-labels-and-preprocessing", test_metadata);
  g_test_add_func ("/onnx/weights-listed-as-inputs-are-not-inputs", test_weights_are_not_inputs);
  g_test_add_func ("/onnx/channels-last-becomes-channels-first", test_channels_last);
  g_test_add_func ("/onnx/open-sizes-are-tried-or-asked", test_open_size);
  g_test_add_func ("/onnx/pixels-in-bytes-are-taken-as-they-are", test_pixels_in_bytes);
  g_test_add_func ("/onnx/shared-networks-load-with-their-shapes", test_shared);
  return g_test_run ();
}
