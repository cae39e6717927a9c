/* test-batch.c - what other inputs would give, and when the graph refuses them
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "graphs.h"

#include "core/tap-error.h"
#include "ops/infer.h"

/* Shape of @value when the only input is n×c×h×w; NULL when the graph refuses. */
static char *
shape_at (TapGraph *graph, int value, int n, int c, int h, int w)
{
  int n_values = tap_graph_n_values (graph);
  g_autofree TapShape *shapes = g_new0 (TapShape, (gsize) n_values);
  g_autofree gboolean *has = g_new0 (gboolean, (gsize) n_values);
  TapShape input = { 4, { n, c, h, w } };
  g_autoptr (GError) error = NULL;

  if (!tap_infer_shapes (graph, &input, shapes, has, &error))
    {
      g_assert_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT);
      return NULL;
    }
  g_assert_true (has[value]);
  return tap_shape_to_string (&shapes[value]);
}

static void
assert_at (TapGraph *graph, int value, int n, int h, int w, const char *expected)
{
  g_autofree char *found = shape_at (graph, value, n, 6, h, w);

  g_assert_cmpstr (found, ==, expected);
}

static void
test_convolution (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 4, 1, 6, 8, 8);
  int w = graph_weights (graph, "w", 4, 4, 6, 3, 3);
  int conv = graph_node (graph, "Conv", "conv", graph_attrs ("strides=2,2"), x, w, -1);
  int pool = graph_node (graph, "GlobalAveragePool", "pool", NULL, conv, -1);
  int flat = graph_node (graph, "Flatten", "flat", NULL, pool, -1);

  graph_finish (graph, &flat, 1);
  assert_at (graph, conv, 5, 8, 8, "5×4×3×3");
  assert_at (graph, flat, 5, 8, 8, "5×4");
  assert_at (graph, conv, 1, 32, 64, "1×4×15×31");
  assert_at (graph, flat, 3, 32, 64, "3×4");
  /* and the graph itself stays as it was */
  g_assert_cmpint (tap_graph_get_value (graph, conv)->shape.dims[0], ==, 1);
  assert_at (graph, conv, 1, 2, 2, NULL);
}

/* Reshape to a built-in 1 × 384: a batch of 2 does not fit, one of 1 does. */
static void
test_fixed_reshape (void)
{
  const gint64 target[] = { 1, 384 };
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 4, 1, 6, 8, 8);
  int y = graph_node (graph, "Reshape", "y", NULL, x, graph_integers (graph, "s", 2, target), -1);

  graph_finish (graph, &y, 1);
  assert_at (graph, y, 1, 8, 8, "1×384");
  assert_at (graph, y, 2, 8, 8, NULL);
}

/* Reshape to 1 × -1 would lay two pictures into one row. */
static void
test_reshape_that_mixes (void)
{
  const gint64 target[] = { 1, -1 };
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 4, 1, 6, 8, 8);
  int y = graph_node (graph, "Reshape", "y", NULL, x, graph_integers (graph, "s", 2, target), -1);

  graph_finish (graph, &y, 1);
  assert_at (graph, y, 2, 8, 8, NULL);
}

static void
test_reshape_by_shape (void)
{
  const gint64 zero[] = { 0 }, minus_one[] = { -1 };
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 4, 1, 6, 8, 8);
  int shape = graph_node (graph, "Shape", "shape", NULL, x, -1);
  int first =
    graph_node (graph, "Gather", "first", NULL, shape, graph_integers (graph, "0", 1, zero), -1);
  int target = graph_node (graph, "Concat", "target", graph_attrs ("axis:0"), first,
                           graph_integers (graph, "-1", 1, minus_one), -1);
  int y = graph_node (graph, "Reshape", "y", NULL, x, target, -1);

  graph_finish (graph, &y, 1);
  assert_at (graph, y, 7, 8, 8, "7×384");
  assert_at (graph, y, 7, 8, 16, "7×768");
}

/* ShuffleNet: n×6 → n×2×3 → n×3×2 → n×6 */
static void
test_channel_shuffle (void)
{
  const gint64 apart[] = { -1, 2, 3, 8, 8 }, together[] = { -1, 6, 8, 8 };
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 4, 1, 6, 8, 8);
  int a = graph_node (graph, "Reshape", "a", NULL, x, graph_integers (graph, "s", 5, apart), -1);
  int b = graph_node (graph, "Transpose", "b", graph_attrs ("perm=0,2,1,3,4"), a, -1);
  int y = graph_node (graph, "Reshape", "y", NULL, b, graph_integers (graph, "t", 4, together), -1);

  graph_finish (graph, &y, 1);
  assert_at (graph, y, 4, 8, 8, "4×6×8×8");
}

/* Softmax over the pictures instead of the classes, and other ways to mix them. */
static void
test_mixing_is_refused (void)
{
  static const struct
  {
    const char *op;
    const char *attrs;
  } rows[] = {
    { "Softmax", "axis:0" }, { "ReduceMean", "axes=0" },      { "ReduceMean", "axes=0 keepdims:0" },
    { "Flatten", "axis:0" }, { "Transpose", "perm=1,0,2,3" }, { "Squeeze", "axes=0" },
    { "ArgMax", "axis:0" },  { "Unsqueeze", "axes=0" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (TapGraph) graph = tap_graph_new (NULL);
      int x = graph_input (graph, "x", 4, 1, 6, 8, 8);
      int y = graph_node (graph, rows[i].op, "y", graph_attrs (rows[i].attrs), x, -1);
      g_autofree char *one = NULL, *two = NULL;

      graph_finish (graph, &y, 1);
      one = shape_at (graph, y, 1, 6, 8, 8);
      two = shape_at (graph, y, 2, 6, 8, 8);
      g_assert_nonnull (one);
      g_assert_cmpstr (two, ==, NULL);
    }
}

/* Size / 2 as the bound of a Slice: kernels read the bound, so another size is refused. */
static void
test_computed_numbers (void)
{
  const gint64 two[] = { 2 }, zero[] = { 0 }, three[] = { 3 };
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 4, 1, 6, 8, 8);
  int shape = graph_node (graph, "Shape", "shape", NULL, x, -1);
  int width =
    graph_node (graph, "Gather", "width", NULL, shape, graph_integers (graph, "3", 1, three), -1);
  int half =
    graph_node (graph, "Div", "half", NULL, width, graph_integers (graph, "2", 1, two), -1);
  int y = graph_node (graph, "Slice", "y", NULL, x, graph_integers (graph, "0", 1, zero), half,
                      tap_graph_value (graph, "3"), -1);

  graph_finish (graph, &y, 1);
  assert_at (graph, y, 1, 8, 8, "1×6×8×4");
  assert_at (graph, y, 3, 8, 8, "3×6×8×4");
  assert_at (graph, y, 1, 8, 16, NULL);
}

static void
test_wrong_inputs (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 3, 1, 6, 8);
  int y = graph_node (graph, "Relu", "y", NULL, x, -1);

  graph_finish (graph, &y, 1);
  assert_at (graph, y, 1, 8, 8, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/batch/convolution-takes-any-size", test_convolution);
  g_test_add_func ("/ops/batch/fixed-reshape-refuses", test_fixed_reshape);
  g_test_add_func ("/ops/batch/reshape-that-mixes-pictures-refuses", test_reshape_that_mixes);
  g_test_add_func ("/ops/batch/reshape-by-shape-follows", test_reshape_by_shape);
  g_test_add_func ("/ops/batch/channel-shuffle-follows", test_channel_shuffle);
  g_test_add_func ("/ops/batch/mixing-is-refused", test_mixing_is_refused);
  g_test_add_func ("/ops/batch/computed-numbers-refuse-other-sizes", test_computed_numbers);
  g_test_add_func ("/ops/batch/another-rank-is-refused", test_wrong_inputs);
  return g_test_run ();
}
