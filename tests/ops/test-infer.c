/* test-infer.c - what a graph looks like after inference
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "graphs.h"

#include "core/tap-error.h"
#include "core/tap-model.h"
#include "ops/infer.h"

#include <string.h>

static void
assert_shape (TapGraph *graph, int value, const char *expected)
{
  g_autofree char *found = graph_shape (graph, value);

  g_assert_cmpstr (found, ==, expected);
}

/* input → conv → Foo → relu; conv → pool */
static void
test_unknown_operator (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 4, 1, 3, 8, 8);
  int w = graph_weights (graph, "w", 4, 4, 3, 3, 3);
  int conv = graph_node (graph, "Conv", "conv", NULL, x, w, -1);
  int foo = graph_node (graph, "Foo", "strange", NULL, conv, -1);
  int relu = graph_node (graph, "Relu", "after", NULL, foo, -1);
  int pool = graph_node (graph, "MaxPool", "pool", graph_attrs ("kernel_shape=2,2"), conv, -1);
  int outputs[] = { relu, pool };

  graph_find (graph, "strange")->opset = 13;
  g_free (graph_find (graph, "strange")->domain);
  graph_find (graph, "strange")->domain = g_strdup ("com.example");
  graph_finish (graph, outputs, 2);

  assert_shape (graph, conv, "1×4×6×6");
  assert_shape (graph, pool, "1×4×5×5");
  assert_shape (graph, foo, "unknown");
  assert_shape (graph, relu, "unknown");
  g_assert_null (graph_find (graph, "conv")->problem);
  g_assert_null (graph_find (graph, "pool")->problem);
  g_assert_cmpstr (graph_find (graph, "strange")->problem, ==,
                   "The operator “Foo” of the node “strange” (domain com.example, opset 13) is not "
                   "known.");
  g_assert_cmpstr (graph_find (graph, "after")->problem, ==,
                   "The node “after” needs the result of “strange” (Foo), which cannot run.");
}

static void
test_unsupported_use (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 6, 1, 3, 8, 8, 8, 8);
  int w = graph_weights (graph, "w", 6, 4, 3, 3, 3, 3, 3);
  int conv = graph_node (graph, "Conv", "volume", NULL, x, w, -1);
  int relu = graph_node (graph, "Relu", "after", NULL, conv, -1);

  graph_finish (graph, &relu, 1);
  g_assert_nonnull (strstr (graph_find (graph, "volume")->problem, "4 dimensions"));
  g_assert_nonnull (strstr (graph_find (graph, "after")->problem, "“volume” (Conv)"));
}

static void
test_symbolic_input (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 4, -1, -1, -1, -1);
  int y = graph_node (graph, "Relu", "y", NULL, x, -1);
  g_autoptr (GError) error = NULL;

  tap_graph_add_output (graph, y);
  g_assert_true (tap_graph_sort (graph, NULL));
  g_assert_false (tap_infer_graph (graph, NULL, 0, NULL, &error));
  g_assert_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "“x”"));
  g_assert_true (tap_infer_graph (graph, NULL, 96, NULL, NULL));
  assert_shape (graph, y, "1×3×96×96");
}

/* [?, ?, ?, 3] is how TensorFlow writes pictures */
static void
test_symbolic_channels_last (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 4, 0, -1, -1, 3);
  int y = graph_node (graph, "Transpose", "y", graph_attrs ("perm=0,3,1,2"), x, -1);

  graph_finish (graph, &y, 1);
  assert_shape (graph, y, "1×3×224×224");
}

/* PyTorch's x.view(x.size(0), -1): the shape of a value that is not constant is. */
static void
test_shape_arithmetic (void)
{
  const gint64 zero[] = { 0 }, minus_one[] = { -1 };
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 4, -1, 6, 4, 4);
  int shape = graph_node (graph, "Shape", "shape", NULL, x, -1);
  int first =
    graph_node (graph, "Gather", "first", NULL, shape, graph_integers (graph, "0", 1, zero), -1);
  int target = graph_node (graph, "Concat", "target", graph_attrs ("axis:0"), first,
                           graph_integers (graph, "-1", 1, minus_one), -1);
  int y = graph_node (graph, "Reshape", "y", NULL, x, target, -1);
  g_autoptr (GPtrArray) layers = NULL;

  graph_finish (graph, &y, 1);
  assert_shape (graph, y, "1×96");
  g_assert_true (graph_find (graph, "shape")->folded);
  g_assert_true (graph_find (graph, "target")->folded);
  g_assert_false (graph_find (graph, "y")->folded);
  layers = tap_graph_list_layers (graph);
  g_assert_cmpuint (layers->len, ==, 1);
}

/* Weights that a chain of constants makes: the last stays, the steps go. */
static void
test_large_steps_are_released (void)
{
  const gint64 dims[] = { 1024, 2048 };
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 2, 1, 1024);
  int a =
    graph_node (graph, "ConstantOfShape", "a", NULL, graph_integers (graph, "s", 2, dims), -1);
  int b = graph_node (graph, "Exp", "b", NULL, a, -1);
  int y = graph_node (graph, "MatMul", "y", NULL, x, b, -1);

  graph_finish (graph, &y, 1);
  assert_shape (graph, y, "1×2048");
  g_assert_null (tap_graph_get_value (graph, a)->constant);
  g_assert_nonnull (tap_graph_get_value (graph, b)->constant);
  g_assert_cmpfloat (tap_tensor_f32 (tap_graph_get_value (graph, b)->constant)[0], ==, 1.0f);
  g_assert_cmpuint (tap_node_n_parameters (graph, graph_find (graph, "y")), ==, 1024 * 2048);
}

/* Multiply-adds by hand: conv 4·6·6 outputs × 3·3·3; gemm 10 × 144; deconv 3·8·8 inputs × 5·2·2. */
static void
test_macs (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 4, 1, 3, 8, 8);
  int conv =
    graph_node (graph, "Conv", "conv", NULL, x, graph_weights (graph, "w", 4, 4, 3, 3, 3), -1);
  int flat = graph_node (graph, "Flatten", "flat", NULL, conv, -1);
  int fc = graph_node (graph, "Gemm", "fc", graph_attrs ("transB:1"), flat,
                       graph_weights (graph, "v", 2, 10, 144), -1);
  int up = graph_node (graph, "ConvTranspose", "up", graph_attrs ("strides=2,2"), x,
                       graph_weights (graph, "u", 4, 3, 5, 2, 2), -1);
  int outputs[] = { fc, up };

  graph_finish (graph, outputs, 2);
  g_assert_cmpuint (tap_infer_macs (graph, graph_find (graph, "conv")), ==, 4 * 36 * 27);
  g_assert_cmpuint (tap_infer_macs (graph, graph_find (graph, "fc")), ==, 1440);
  g_assert_cmpuint (tap_infer_macs (graph, graph_find (graph, "up")), ==, 3 * 64 * 20);
  g_assert_cmpuint (tap_infer_macs (graph, graph_find (graph, "flat")), ==, 0);
}

/* Deep graphs are files like any other: nothing may recurse. */
static void
test_deep_graph (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int value = graph_input (graph, "x", 4, 1, 2, 4, 4);
  g_autoptr (TapModel) model = NULL;
  gint64 begun = g_get_monotonic_time ();
  TapReceptiveField field;

  for (int i = 0; i < 100000; i++)
    {
      g_autofree char *name = g_strdup_printf ("n%d", i);

      value = graph_node (graph, "Relu", name, NULL, value, -1);
    }
  graph_finish (graph, &value, 1);
  assert_shape (graph, value, "1×2×4×4");
  model = tap_model_new (tap_graph_ref (graph));
  tap_model_complete (model);
  g_assert_true (tap_infer_receptive_field (graph, model->input, value, &field));
  g_assert_cmpfloat (field.size_y, ==, 1.0);
  g_assert_cmpint (g_get_monotonic_time () - begun, <, 20 * G_USEC_PER_SEC);
}

static void
test_cancelled (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  int y = graph_node (graph, "Relu", "y", NULL, graph_input (graph, "x", 2, 1, 2), -1);

  tap_graph_add_output (graph, y);
  g_assert_true (tap_graph_sort (graph, NULL));
  g_cancellable_cancel (cancellable);
  g_assert_false (tap_infer_graph (graph, NULL, 0, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* A value computed from another at run time cannot say what shape a Reshape has. */
static void
test_reshape_by_data (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 2, 1, 4);
  int s = graph_node (graph, "ArgMax", "s", graph_attrs ("axis:1 keepdims:0"), x, -1);
  int y = graph_node (graph, "Reshape", "y", NULL, x, s, -1);

  graph_finish (graph, &y, 1);
  g_assert_nonnull (strstr (graph_find (graph, "y")->problem, "“s” is only known when"));
}

static void
test_dropout_in_training (void)
{
  const gint64 yes = 1;
  const float half = 0.5f;

  for (int some = 0; some < 2; some++)
    {
      g_autoptr (TapGraph) graph = tap_graph_new (NULL);
      int x = graph_input (graph, "x", 2, 1, 4);
      int ratio = graph_weights (graph, "ratio", 1, 1);
      int training = graph_integers (graph, "training", 1, &yes);
      int y = graph_node (graph, "Dropout", "y", NULL, x, ratio, training, -1);

      if (some)
        tap_tensor_f32 (tap_graph_get_value (graph, ratio)->constant)[0] = half;
      graph_find (graph, "y")->opset = 13;
      graph_finish (graph, &y, 1);
      g_assert_cmpint (graph_find (graph, "y")->problem != NULL, ==, some);
    }
}

/* Formats leave a constant of this domain where they cannot hold the numbers. */
static void
test_unread_weights (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 2, 1, 4);
  int w = graph_node (graph, "Constant", "w", graph_attrs ("type:text"), -1);
  int y = graph_node (graph, "Add", "y", NULL, x, w, -1);

  g_free (graph_find (graph, "w")->domain);
  graph_find (graph, "w")->domain = g_strdup ("tapetum.unread");
  graph_finish (graph, &y, 1);
  g_assert_cmpstr (graph_find (graph, "w")->problem, ==,
                   "The weights “w” are of type text, which is not read.");
  g_assert_nonnull (graph_find (graph, "y")->problem);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/infer/unknown-operator-is-marked", test_unknown_operator);
  g_test_add_func ("/ops/infer/unsupported-use-is-marked", test_unsupported_use);
  g_test_add_func ("/ops/infer/symbolic-sizes-are-settled", test_symbolic_input);
  g_test_add_func ("/ops/infer/channels-last-input", test_symbolic_channels_last);
  g_test_add_func ("/ops/infer/shape-arithmetic-folds", test_shape_arithmetic);
  g_test_add_func ("/ops/infer/large-steps-are-released", test_large_steps_are_released);
  g_test_add_func ("/ops/infer/macs-as-by-hand", test_macs);
  g_test_add_func ("/ops/infer/deep-graph", test_deep_graph);
  g_test_add_func ("/ops/infer/cancelled", test_cancelled);
  g_test_add_func ("/ops/infer/reshape-by-data-is-marked", test_reshape_by_data);
  g_test_add_func ("/ops/infer/dropout-of-nothing-passes-in-training", test_dropout_in_training);
  g_test_add_func ("/ops/infer/unread-weights-are-told", test_unread_weights);
  return g_test_run ();
}
