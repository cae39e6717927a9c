/* test-graph.c - graphs are put in order, or say why they cannot be
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-error.h"
#include "core/tap-graph.h"

#include <string.h>

/* "out = Op in in" */
static void
add (TapGraph *graph, const char *name, const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  int inputs[8], n = 0, output = tap_graph_value (graph, words[0]);
  g_autoptr (GError) error = NULL;

  for (char **word = words + 3; *word != NULL; word++)
    inputs[n++] = tap_graph_value (graph, *word);
  tap_graph_add_node (graph, name, words[2], inputs, n, &output, 1, NULL, &error);
  g_assert_no_error (error);
}

static void
add_input (TapGraph *graph, const char *name)
{
  TapShape shape = { 2, { 1, 4 } };

  tap_graph_add_input (graph, tap_graph_value (graph, name), TAP_DTYPE_F32, &shape);
}

static char *
order (TapGraph *graph)
{
  GString *text = g_string_new (NULL);

  for (int i = 0; i < tap_graph_n_nodes (graph); i++)
    {
      g_assert_cmpint (tap_graph_get_node (graph, i)->index, ==, i);
      g_string_append_printf (text, "%s%s", i > 0 ? " " : "", tap_graph_get_node (graph, i)->name);
    }
  return g_string_free (text, FALSE);
}

static void
test_file_order_is_kept (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new ("g");
  g_autofree char *found = NULL;

  add_input (graph, "x");
  add (graph, "c", "c = Relu x");
  add (graph, "a", "a = Relu x");
  add (graph, "b", "b = Add a c");
  g_assert_true (tap_graph_sort (graph, NULL));
  found = order (graph);
  g_assert_cmpstr (found, ==, "c a b");
}

static void
test_ready_nodes_in_file_order (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new ("g");
  g_autofree char *found = NULL;
  const TapValue *value;

  add_input (graph, "x");
  add (graph, "last", "y = Add c d");
  add (graph, "d", "d = Relu b");
  add (graph, "c", "c = Relu b");
  add (graph, "b", "b = Relu x");
  add (graph, "a", "a = Relu x");
  g_assert_true (tap_graph_sort (graph, NULL));
  found = order (graph);
  g_assert_cmpstr (found, ==, "b d c last a");

  value = tap_graph_get_value (graph, tap_graph_find_value (graph, "b"));
  g_assert_cmpint (value->producer, ==, 0);
  g_assert_cmpuint (value->consumers->len, ==, 2);
  g_assert_cmpint (g_array_index (value->consumers, int, 0), ==, 1);
  g_assert_cmpint (g_array_index (value->consumers, int, 1), ==, 2);
}

static void
test_cycle (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new ("g");
  g_autoptr (GError) error = NULL;

  add_input (graph, "x");
  add (graph, "fine", "f = Relu x");
  add (graph, "a", "a = Add f c");
  add (graph, "b", "b = Relu a");
  add (graph, "c", "c = Relu b");
  add (graph, "behind", "d = Relu c");
  g_assert_false (tap_graph_sort (graph, &error));
  g_assert_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "“a”"));
  g_assert_nonnull (strstr (error->message, "“b” → “c”"));
  g_assert_null (strstr (error->message, "fine"));
  g_assert_null (strstr (error->message, "behind"));
}

static void
test_long_cycle_is_cut (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new ("g");
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 5000; i++)
    {
      g_autofree char *text = g_strdup_printf ("v%d = Relu v%d", i, (i + 1) % 5000);

      add (graph, NULL, text);
    }
  g_assert_false (tap_graph_sort (graph, &error));
  g_assert_nonnull (strstr (error->message, "5000 nodes"));
  g_assert_cmpuint (strlen (error->message), <, 300);
}

static void
test_self_loop (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new ("g");
  g_autoptr (GError) error = NULL;

  add (graph, "me", "a = Relu a");
  g_assert_false (tap_graph_sort (graph, &error));
  g_assert_nonnull (strstr (error->message, "“me”"));
}

static void
test_undefined (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new ("g");
  g_autoptr (GError) error = NULL;

  add_input (graph, "x");
  add (graph, "conv1", "y = Conv x weights");
  g_assert_false (tap_graph_sort (graph, &error));
  g_assert_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "“conv1”"));
  g_assert_nonnull (strstr (error->message, "“weights”"));
}

static void
test_undefined_output (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new ("g");
  g_autoptr (GError) error = NULL;

  tap_graph_add_output (graph, tap_graph_value (graph, "nowhere"));
  g_assert_false (tap_graph_sort (graph, &error));
  g_assert_nonnull (strstr (error->message, "“nowhere”"));
}

static void
test_made_twice (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new ("g");
  g_autoptr (GError) error = NULL;
  int x, y;

  add_input (graph, "x");
  add (graph, "one", "y = Relu x");
  x = tap_graph_find_value (graph, "x");
  y = tap_graph_find_value (graph, "y");
  g_assert_null (tap_graph_add_node (graph, "two", "Relu", &x, 1, &y, 1, NULL, &error));
  g_assert_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "“one”"));
  g_assert_nonnull (strstr (error->message, "“two”"));
  g_clear_error (&error);
  g_assert_null (tap_graph_add_node (graph, "three", "Relu", &y, 1, &x, 1, NULL, &error));
  g_assert_nonnull (strstr (error->message, "“x”"));
  g_assert_cmpint (tap_graph_n_nodes (graph), ==, 1);
  /* and a node that names one output twice */
  {
    int twice[] = { tap_graph_value (graph, "z"), tap_graph_value (graph, "z") };

    g_clear_error (&error);
    g_assert_null (tap_graph_add_node (graph, "four", "Split", &x, 1, twice, 2, NULL, &error));
    g_assert_nonnull (error);
    g_assert_true (tap_graph_sort (graph, NULL));
  }
}

static void
test_names_become_unique (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new ("g");
  g_autofree char *found = NULL;

  add_input (graph, "x");
  add (graph, "relu", "a = Relu x");
  add (graph, "relu_2", "b = Relu a");
  add (graph, "relu", "c = Relu b");
  add (graph, "relu", "d = Relu c");
  add (graph, "", "e = Relu d");
  add (graph, NULL, "f = Relu e");
  g_assert_true (tap_graph_sort (graph, NULL));
  found = order (graph);
  g_assert_cmpstr (found, ==, "relu relu_2 relu_3 relu_4 e f");
}

static void
test_many_equal_names (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new ("g");
  gint64 begun = g_get_monotonic_time ();

  add_input (graph, "v0");
  for (int i = 1; i < 50000; i++)
    {
      g_autofree char *text = g_strdup_printf ("v%d = Relu v%d", i, i - 1);

      add (graph, "same", text);
    }
  g_assert_true (tap_graph_sort (graph, NULL));
  g_assert_cmpint (g_get_monotonic_time () - begun, <, 10 * G_USEC_PER_SEC);
}

/* In the worst order, too: the last node first. */
static void
test_deep (void)
{
  const int n = 200000;
  g_autoptr (TapGraph) graph = tap_graph_new ("g");
  gint64 begun = g_get_monotonic_time ();

  add_input (graph, "v0");
  for (int i = n; i > 0; i--)
    {
      g_autofree char *text = g_strdup_printf ("v%d = Relu v%d", i, i - 1);

      add (graph, NULL, text);
    }
  g_assert_true (tap_graph_sort (graph, NULL));
  g_assert_cmpstr (tap_graph_get_node (graph, 0)->name, ==, "v1");
  g_assert_cmpint (g_get_monotonic_time () - begun, <, 20 * G_USEC_PER_SEC);
}

static void
test_find (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new ("g");
  g_autoptr (GError) error = NULL;

  add_input (graph, "data");
  add (graph, "conv1", "c1 = Relu data");
  add (graph, "relu1", "r1 = Relu c1");
  add (graph, "fire2/concat", "f2 = Relu r1");
  add (graph, "pool5", "p5 = Relu f2");
  g_assert_true (tap_graph_sort (graph, NULL));
  g_assert_cmpstr (tap_graph_find_layer (graph, "conv1", NULL)->name, ==, "conv1");
  g_assert_cmpstr (tap_graph_find_layer (graph, "r1", NULL)->name, ==, "relu1");

  g_assert_null (tap_graph_find_layer (graph, "Conv_1", &error));
  g_assert_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "Did you mean “conv1”"));
  g_clear_error (&error);
  g_assert_null (tap_graph_find_layer (graph, "fire2", &error));
  g_assert_nonnull (strstr (error->message, "Did you mean “fire2/concat”"));
  g_clear_error (&error);
  /* an input is no layer */
  g_assert_null (tap_graph_find_layer (graph, "data", &error));
  g_assert_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (tap_graph_find_layer (graph, "", &error));
  g_assert_nonnull (error);
}

static void
test_find_in_nothing (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (tap_graph_sort (graph, NULL));
  g_assert_null (tap_graph_find_layer (graph, "x", &error));
  g_assert_cmpstr (error->message, ==, "The network has no layer called “x”.");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/graph/file-order-is-kept", test_file_order_is_kept);
  g_test_add_func ("/core/graph/ready-nodes-in-file-order", test_ready_nodes_in_file_order);
  g_test_add_func ("/core/graph/cycle-is-named", test_cycle);
  g_test_add_func ("/core/graph/long-cycle-is-cut", test_long_cycle_is_cut);
  g_test_add_func ("/core/graph/self-loop", test_self_loop);
  g_test_add_func ("/core/graph/undefined-tensor-is-named", test_undefined);
  g_test_add_func ("/core/graph/undefined-output-is-named", test_undefined_output);
  g_test_add_func ("/core/graph/made-twice-is-refused", test_made_twice);
  g_test_add_func ("/core/graph/names-become-unique", test_names_become_unique);
  g_test_add_func ("/core/graph/many-equal-names", test_many_equal_names);
  g_test_add_func ("/core/graph/deep", test_deep);
  g_test_add_func ("/core/graph/find-suggests", test_find);
  g_test_add_func ("/core/graph/find-in-nothing", test_find_in_nothing);
  return g_test_run ();
}
