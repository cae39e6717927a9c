/* test-region.c - which rule a node follows when part of its input changes
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "graphs.h"

#include "ops/tap-op.h"

static void
assert_rule (TapGraph *graph, int value, TapRegionRule rule)
{
  graph_finish (graph, &value, 1);
  g_assert_cmpint (
    tap_op_region (graph, graph_find (graph, tap_graph_get_value (graph, value)->name)), ==, rule);
}

static void
test_one_input (void)
{
  static const struct
  {
    const char *op;
    const char *attrs;
    TapRegionRule rule;
  } rows[] = {
    { "Relu", "", TAP_REGION_POINTWISE },
    { "Dropout", "", TAP_REGION_POINTWISE },
    { "LRN", "size:5", TAP_REGION_POINTWISE },
    { "LRN", "size:5 norm_region:WITHIN_CHANNEL", TAP_REGION_WINDOW },
    { "MaxPool", "kernel_shape=2,2", TAP_REGION_WINDOW },
    { "GlobalAveragePool", "", TAP_REGION_FULL },
    { "Softmax", "axis:1", TAP_REGION_POINTWISE },
    { "Softmax", "axis:-1", TAP_REGION_FULL },
    { "Softmax", "axis:2", TAP_REGION_FULL },
    { "Flatten", "", TAP_REGION_FULL },
    { "Transpose", "perm=0,1,3,2", TAP_REGION_FULL },
    { "ReduceMean", "axes=2,3", TAP_REGION_FULL },
    { "Split", "axis:1", TAP_REGION_POINTWISE },
    { "Split", "axis:3", TAP_REGION_FULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (TapGraph) graph = tap_graph_new (NULL);
      int x = graph_input (graph, "x", 4, 1, 6, 8, 8);

      assert_rule (graph, graph_node (graph, rows[i].op, "y", graph_attrs (rows[i].attrs), x, -1),
                   rows[i].rule);
    }
}

/* Before opset 13 a softmax over axis 1 of 4 dimensions runs over all maps together. */
static void
test_old_softmax (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int y = graph_node (graph, "Softmax", "y", graph_attrs ("axis:1"),
                      graph_input (graph, "x", 4, 1, 6, 8, 8), -1);

  graph_find (graph, "y")->opset = 9;
  assert_rule (graph, y, TAP_REGION_FULL);
}

static void
test_concat (void)
{
  /* Over pictures, channels, rows, columns: only channels leave every cell its place. */
  static const TapRegionRule rules[] = { TAP_REGION_FULL, TAP_REGION_POINTWISE, TAP_REGION_FULL,
                                         TAP_REGION_FULL };

  for (int axis = 0; axis < 4; axis++)
    {
      g_autoptr (TapGraph) graph = tap_graph_new (NULL);
      g_autofree char *attrs = g_strdup_printf ("axis:%d", axis);
      int a = graph_input (graph, "a", 4, 1, 6, 8, 8), b = graph_input (graph, "b", 4, 1, 6, 8, 8);

      assert_rule (graph, graph_node (graph, "Concat", "y", graph_attrs (attrs), a, b, -1),
                   rules[axis]);
    }
}

static void
test_broadcast (void)
{
  static const struct
  {
    int dims[4];
    TapRegionRule rule;
  } rows[] = {
    { { 1, 6, 8, 8 }, TAP_REGION_POINTWISE }, { { 1, 1, 8, 8 }, TAP_REGION_POINTWISE },
    { { 1, 6, 1, 1 }, TAP_REGION_POINTWISE }, /* a gate: taken whole */
    { { 1, 6, 1, 8 }, TAP_REGION_FULL },      { { 1, 6, 8, 1 }, TAP_REGION_FULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (TapGraph) graph = tap_graph_new (NULL);
      int a = graph_input (graph, "a", 4, 1, 6, 8, 8);
      int b = graph_input (graph, "b", 4, rows[i].dims[0], rows[i].dims[1], rows[i].dims[2],
                           rows[i].dims[3]);

      assert_rule (graph, graph_node (graph, "Mul", "y", NULL, a, b, -1), rows[i].rule);
    }
  {
    /* a constant does not change, whatever its shape */
    g_autoptr (TapGraph) graph = tap_graph_new (NULL);
    int a = graph_input (graph, "a", 4, 1, 6, 8, 8);
    int b = graph_weights (graph, "b", 4, 1, 1, 1, 8);

    assert_rule (graph, graph_node (graph, "Mul", "y", NULL, a, b, -1), TAP_REGION_POINTWISE);
  }
}

/* Opset 6: b of shape [6] lies along axis 1. */
static void
test_old_broadcast (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int a = graph_input (graph, "a", 4, 1, 6, 8, 8), b = graph_input (graph, "b", 1, 6);
  int y = graph_node (graph, "Add", "y", graph_attrs ("broadcast:1 axis:1"), a, b, -1);
  TapShape shape;

  graph_find (graph, "y")->opset = 6;
  assert_rule (graph, y, TAP_REGION_POINTWISE);
  shape = tap_op_operand_shape (graph_find (graph, "y"), &tap_graph_get_value (graph, a)->shape,
                                &tap_graph_get_value (graph, b)->shape);
  g_assert_cmpint (shape.n_dims, ==, 3);
  g_assert_cmpint (shape.dims[0], ==, 6);
  g_assert_cmpint (shape.dims[2], ==, 1);
}

static void
test_marked_node (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int a = graph_node (graph, "Foo", "a", NULL, graph_input (graph, "x", 4, 1, 6, 8, 8), -1);

  assert_rule (graph, graph_node (graph, "Relu", "y", NULL, a, -1), TAP_REGION_FULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/region/one-input", test_one_input);
  g_test_add_func ("/ops/region/old-softmax-sees-all", test_old_softmax);
  g_test_add_func ("/ops/region/concat-by-axis", test_concat);
  g_test_add_func ("/ops/region/broadcast", test_broadcast);
  g_test_add_func ("/ops/region/old-broadcast", test_old_broadcast);
  g_test_add_func ("/ops/region/marked-node-is-full", test_marked_node);
  return g_test_run ();
}
