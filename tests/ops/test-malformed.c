/* test-malformed.c - graphs that lie are refused by name, or marked, and never cost much
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "graphs.h"

#include "core/tap-error.h"
#include "ops/infer.h"

#include <string.h>

/* One node "n" on an input of 1×6×8×8 with weights of 4×3×3×3 where it takes any. */
typedef struct
{
  const char *name;
  const char *op;
  const char *attrs;
  const char *word; /* in the message */
} Row;

static const Row conv_rows[] = {
  { "group-0", "Conv", "group:0", "group" },
  { "group-negative", "Conv", "group:-2", "group" },
  { "group-does-not-divide", "Conv", "group:4", "group" },
  { "stride-0", "Conv", "group:2 strides=0,1", "strides" },
  { "stride-negative", "Conv", "group:2 strides=1,-1", "strides" },
  { "strides-too-few", "Conv", "group:2 strides=1", "strides" },
  { "dilations-too-few", "Conv", "group:2 dilations=2", "dilations" },
  { "dilations-too-many", "Conv", "group:2 dilations=1,1,1", "dilations" },
  { "dilation-0", "Conv", "group:2 dilations=0,1", "dilations" },
  { "pads-too-few", "Conv", "group:2 pads=1,1", "pads" },
  { "pads-negative", "Conv", "group:2 pads=-1,0,0,0", "pads" },
  { "pads-huge", "Conv", "group:2 pads=4611686018427387904,0,4611686018427387904,0", "pads" },
  { "dilation-huge", "Conv", "group:2 dilations=1073741824,1073741824", "window" },
  { "kernel-differs-from-weights", "Conv", "group:2 kernel_shape=5,5", "kernel_shape" },
  { "kernel-larger-than-input", "Conv", "group:2 dilations=9,9", "does not fit" },
  { "auto-pad-unknown", "Conv", "group:2 auto_pad:SIDEWAYS", "auto_pad" },
  { "deconv-group-0", "ConvTranspose", "group:0", "group" },
  { "deconv-channels", "ConvTranspose", "", "channels" },
};

static const Row plain_rows[] = {
  { "einsum-no-equation", "Einsum", "", "equation" },
  { "einsum-terms", "Einsum", "equation:ab,cd->ad", "does not name" },
  { "einsum-letters", "Einsum", "equation:abc->a", "4 dimensions" },
  { "einsum-output", "Einsum", "equation:abcd->abx", "right side" },
  { "einsum-output-twice", "Einsum", "equation:abcd->aa", "right side" },
  { "einsum-diagonal", "Einsum", "equation:abba->ab", "cells" },
  { "lp-normalization-p", "LpNormalization", "p:3", "p" },
  { "lp-normalization-axis", "LpNormalization", "axis:4", "axis" },
  { "mean-variance-axes", "MeanVarianceNormalization", "axes=0,4", "axis" },
  { "maxpool-no-kernel", "MaxPool", "", "kernel_shape" },
  { "maxpool-kernel-0", "MaxPool", "kernel_shape=0,2", "kernel_shape" },
  { "maxpool-kernel-rank", "MaxPool", "kernel_shape=2", "kernel_shape" },
  { "maxpool-kernel-text", "MaxPool", "kernel_shape:x", "kernel_shape" },
  { "averagepool-stride-0", "AveragePool", "kernel_shape=2,2 strides=0,0", "strides" },
  { "maxpool-too-large", "MaxPool", "kernel_shape=9,9", "does not fit" },
  { "lrn-size-0", "LRN", "size:0", "size" },
  { "lrn-no-size", "LRN", "", "size" },
  { "lrn-region", "LRN", "size:3 norm_region:NOWHERE", "norm_region" },
  { "softmax-axis", "Softmax", "axis:4", "axis" },
  { "softmax-axis-negative", "Softmax", "axis:-5", "axis" },
  { "concat-no-axis", "Concat", "", "axis" },
  { "concat-axis", "Concat", "axis:7", "axis" },
  { "transpose-short", "Transpose", "perm=0,1", "perm" },
  { "transpose-twice", "Transpose", "perm=0,1,1,2", "twice" },
  { "transpose-outside", "Transpose", "perm=0,1,2,9", "axis" },
  { "flatten-axis", "Flatten", "axis:5", "axis" },
  { "reduce-axis", "ReduceMean", "axes=4", "axis" },
  { "reduce-twice", "ReduceMean", "axes=1,-3", "twice" },
  { "argmax-axis", "ArgMax", "axis:9", "axis" },
  { "blocksize-0", "DepthToSpace", "blocksize:0", "blocksize" },
  { "blocksize-huge", "DepthToSpace", "blocksize:4611686018427387904", "blocksize" },
  { "blocksize-no-fit", "SpaceToDepth", "blocksize:3", "blocks" },
  { "squeeze-not-1", "Squeeze", "axes=1", "dropped" },
  { "unsqueeze-twice", "Unsqueeze", "axes=0,0", "twice" },
  { "unsqueeze-none", "Unsqueeze", "", "axes" },
  { "gemm-needs-matrix", "Gemm", "", "input" },
  { "cast-nowhere", "Cast", "", "to" },
  { "pad-mode", "Pad", "mode:sideways pads=0,0,0,0", "mode" },
};

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  gboolean weighted = g_str_has_prefix (row->op, "Conv") && !g_str_equal (row->op, "Concat");
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 4, 1, 6, 8, 8);
  int w = weighted ? graph_weights (graph, "w", 4, 4, 3, 3, 3) : -1;
  int y = graph_node (graph, row->op, "n", graph_attrs (row->attrs), x, w, -1);

  graph_expect_error (graph, y, TAP_GRAPH_ERROR_INVALID, "“n”", row->op, row->word, NULL);
}

static void
test_shapes_that_do_not_go_together (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 4, 1, 6, 8, 8);
  int b = graph_weights (graph, "b", 1, 5);
  int y = graph_node (graph, "Add", "sum", NULL, x, b, -1);

  graph_expect_error (graph, y, TAP_GRAPH_ERROR_INVALID, "“sum”", "Add", "1×6×8×8", "5", NULL);
}

static void
test_reshape_of_wrong_count (void)
{
  const gint64 target[] = { 1, 7, -1 };
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 4, 1, 6, 8, 8);
  int y =
    graph_node (graph, "Reshape", "view", NULL, x, graph_integers (graph, "s", 3, target), -1);

  graph_expect_error (graph, y, TAP_GRAPH_ERROR_INVALID, "“view”", "1×6×8×8", NULL);
}

static void
test_missing_input (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 4, 1, 6, 8, 8);
  int y = graph_node (graph, "Conv", "lonely", NULL, x, -1);

  graph_expect_error (graph, y, TAP_GRAPH_ERROR_INVALID, "“lonely”", "input 2", NULL);
}

/* A few bytes that ask for terabytes: refused before anything is allocated. */
static void
test_bombs (void)
{
  static const char *const ops[] = { "ConstantOfShape", "Expand", "Tile" };
  const gint64 huge[] = { 4194305, 4194305, 2111061989 };

  for (gsize i = 0; i < G_N_ELEMENTS (ops); i++)
    {
      g_autoptr (TapGraph) graph = tap_graph_new (NULL);
      int s = graph_integers (graph, "s", 3, huge);
      int x = graph_weights (graph, "x", 3, 1, 1, 1);
      int y = i == 0 ? graph_node (graph, ops[i], "bomb", NULL, s, -1) :
                       graph_node (graph, ops[i], "bomb", NULL, x, s, -1);

      graph_expect_error (graph, y, TAP_GRAPH_ERROR_TOO_LARGE, "“bomb”", "too large", NULL);
    }
}

static void
test_negative_dimension (void)
{
  const gint64 negative[] = { 2, -3 };
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int y = graph_node (graph, "ConstantOfShape", "bad", NULL,
                      graph_integers (graph, "s", 2, negative), -1);

  graph_expect_error (graph, y, TAP_GRAPH_ERROR_INVALID, "“bad”", "-3", NULL);
}

/* Each is below the limit of one tensor; together they would fill the memory. */
static void
test_budget_for_folding (void)
{
  const gint64 large[] = { 1024, 1024, 768 }; /* 3 GiB */
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int s = graph_integers (graph, "s", 3, large);
  int a = graph_node (graph, "ConstantOfShape", "a", NULL, s, -1);
  int b = graph_node (graph, "Relu", "b", NULL, a, -1);

  graph_finish (graph, &b, 1);
  g_assert_null (tap_graph_get_value (graph, a)->constant);
  g_assert_nonnull (strstr (graph_find (graph, "a")->problem, "3072 MiB"));
  g_assert_nonnull (strstr (graph_find (graph, "b")->problem, "“a”"));
}

/* One constant of 1 GiB that nobody stores, summed up twenty times. */
static void
test_budget_for_work (void)
{
  const gint64 large[] = { 1024, 1024, 256 };
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int s = graph_integers (graph, "s", 3, large);
  int a = graph_node (graph, "ConstantOfShape", "a", NULL, s, -1), outputs[20], n_marked = 0;

  if (!g_test_slow ())
    {
      g_test_skip ("reads gigabytes");
      return;
    }
  for (int i = 0; i < 20; i++)
    {
      g_autofree char *name = g_strdup_printf ("sum%d", i);

      outputs[i] = graph_node (graph, "ReduceSum", name, NULL, a, -1);
    }
  graph_finish (graph, outputs, 20);
  for (int i = 0; i < tap_graph_n_nodes (graph); i++)
    n_marked += tap_graph_get_node (graph, i)->problem != NULL;
  g_assert_cmpint (n_marked, >=, 16);
}

/* As many inputs as fit a small file: nothing may be quadratic in them. */
static void
test_many_inputs (void)
{
  const int n = 200000;
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  g_autofree int *inputs = g_new (int, n);
  int y = tap_graph_value (graph, "y");
  gint64 begun = g_get_monotonic_time ();
  TapReceptiveField field;

  for (int i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("x%d", i);

      inputs[i] = graph_input (graph, name, 4, 1, 1, 2, 2);
    }
  tap_graph_add_node (graph, "sum", "Sum", inputs, n, &y, 1, NULL, NULL);
  graph_finish (graph, &y, 1);
  g_assert_true (tap_infer_receptive_field (graph, inputs[0], y, &field));
  g_assert_cmpuint (tap_node_n_parameters (graph, graph_find (graph, "sum")), ==, 0);
  g_assert_cmpint (g_get_monotonic_time () - begun, <, 20 * G_USEC_PER_SEC);
}

static void
test_gather_outside (void)
{
  const gint64 index[] = { 6 };
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 4, 1, 6, 8, 8);
  int i = graph_integers (graph, "i", 1, index);
  int y = graph_node (graph, "Gather", "pick", graph_attrs ("axis:1"), x, i, -1);

  graph_expect_error (graph, y, TAP_GRAPH_ERROR_INVALID, "“pick”", "index 6", NULL);
}

static void
test_division_by_zero (void)
{
  const gint64 a[] = { 7, G_MININT64 }, b[] = { 0, -1 };
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_integers (graph, "x", 2, a), y = graph_integers (graph, "y", 2, b);
  int q = graph_node (graph, "Div", "q", NULL, x, y, -1);
  int r = graph_node (graph, "Mod", "r", NULL, x, y, -1);
  int outputs[] = { q, r };

  graph_finish (graph, outputs, 2);
  g_assert_cmpint (tap_tensor_i64 (tap_graph_get_value (graph, q)->constant)[0], ==, 0);
  g_assert_cmpint (tap_tensor_i64 (tap_graph_get_value (graph, q)->constant)[1], ==, G_MININT64);
  g_assert_cmpint (tap_tensor_i64 (tap_graph_get_value (graph, r)->constant)[1], ==, 0);
}

static void
test_extreme_ranges (void)
{
  static const gint64 rows[][4] = {
    { 0, G_MAXINT64, 1, 0 },
    { G_MININT64, G_MAXINT64, 1, 0 },
    { G_MAXINT64, G_MININT64, -1, 0 },
    { 0, 10, 0, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (TapGraph) graph = tap_graph_new (NULL);
      const TapShape scalar = { 0 };
      int in[3], y;

      for (int k = 0; k < 3; k++)
        {
          g_autofree char *name = g_strdup_printf ("i%d", k);
          g_autoptr (TapTensor) tensor = tap_tensor_new_i64 (&scalar, &rows[i][k], NULL);

          in[k] = tap_graph_value (graph, name);
          tap_graph_set_constant (graph, in[k], tensor);
        }
      y = graph_node (graph, "Range", "r", NULL, in[0], in[1], in[2], -1);
      tap_graph_add_output (graph, y);
      g_assert_true (tap_graph_sort (graph, NULL));
      g_assert_false (tap_infer_graph (graph, NULL, 0, NULL, NULL));
    }
}

/* Random attributes on every operator: whatever they say, the answer is a shape, a mark or an error. */
static void
test_random_attributes (void)
{
  static const char *const ops[] = {
    "Conv",
    "ConvTranspose",
    "MaxPool",
    "AveragePool",
    "LpPool",
    "Pad",
    "Slice",
    "Split",
    "Concat",
    "Softmax",
    "ReduceSum",
    "Transpose",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "Gather",
    "TopK",
    "Resize",
    "DepthToSpace",
    "SpaceToDepth",
    "Reshape",
    "Expand",
    "Tile",
    "Upsample",
    "LayerNormalization",
    "GroupNormalization",
    "LRN",
  };
  static const char *const names[] = { "axis",         "axes",         "pads",           "strides",
                                       "dilations",    "group",        "perm",           "split",
                                       "kernel_shape", "output_shape", "size",           "starts",
                                       "ends",         "blocksize",    "output_padding", "k",
                                       "shape",        "num_groups" };
  static const gint64 values[] = { 0,  1,  2,    3,    -1,   -2,         5,          8,
                                   64, -8, 4096, 1000, -100, G_MAXINT32, G_MAXINT64, G_MININT64 };

  for (int round = 0; round < 20000; round++)
    {
      g_autoptr (TapGraph) graph = tap_graph_new (NULL);
      TapAttrs *attrs = tap_attrs_new ();
      int x = graph_input (graph, "x", 4, 1, 6, 8, 8), y, in[3] = { -1, -1, -1 };
      gint64 list[8];

      for (int a = g_test_rand_int_range (0, 5); a > 0; a--)
        {
          const char *name = names[g_test_rand_int_range (0, G_N_ELEMENTS (names))];
          int n = g_test_rand_int_range (0, 6);

          for (int i = 0; i < n; i++)
            list[i] = values[g_test_rand_int_range (0, G_N_ELEMENTS (values))];
          if (n == 1 || g_str_has_suffix (name, "s") == FALSE)
            tap_attrs_set_int (attrs, name,
                               values[g_test_rand_int_range (0, G_N_ELEMENTS (values))]);
          else
            tap_attrs_set_ints (attrs, name, list, (gsize) n);
        }
      for (int k = 0; k < 3 && g_test_rand_int_range (0, 3) > 0; k++)
        {
          g_autofree char *name = g_strdup_printf ("c%d", k);
          int n = g_test_rand_int_range (0, 6);

          for (int i = 0; i < n; i++)
            list[i] = values[g_test_rand_int_range (0, G_N_ELEMENTS (values))];
          in[k] = g_test_rand_int_range (0, 3) == 0 ? graph_weights (graph, name, 4, 6, 3, 2, 2) :
                                                      graph_integers (graph, name, n, list);
        }
      if (g_test_rand_int_range (0, 4) == 0)
        x = graph_weights (graph, "fixed", 3, 2, 3, 4);
      y = graph_node (graph, ops[g_test_rand_int_range (0, G_N_ELEMENTS (ops))], "n", attrs, x,
                      in[0], in[1], in[2], -1);
      graph_find (graph, "n")->opset = g_test_rand_int_range (0, 22);
      tap_graph_add_output (graph, y);
      g_assert_true (tap_graph_sort (graph, NULL));
      if (tap_infer_graph (graph, NULL, 0, NULL, NULL) && tap_graph_get_value (graph, y)->has_shape)
        g_assert_true (tap_shape_count (&tap_graph_get_value (graph, y)->shape, 4, NULL));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (conv_rows); i++)
    {
      g_autofree char *name = g_strdup_printf ("/ops/malformed/%s", conv_rows[i].name);

      g_test_add_data_func (name, &conv_rows[i], test_row);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (plain_rows); i++)
    {
      g_autofree char *name = g_strdup_printf ("/ops/malformed/%s", plain_rows[i].name);

      g_test_add_data_func (name, &plain_rows[i], test_row);
    }
  g_test_add_func ("/ops/malformed/shapes-that-do-not-go-together",
                   test_shapes_that_do_not_go_together);
  g_test_add_func ("/ops/malformed/reshape-of-wrong-count", test_reshape_of_wrong_count);
  g_test_add_func ("/ops/malformed/missing-input", test_missing_input);
  g_test_add_func ("/ops/malformed/bombs-are-refused", test_bombs);
  g_test_add_func ("/ops/malformed/negative-dimension", test_negative_dimension);
  g_test_add_func ("/ops/malformed/folding-has-a-budget", test_budget_for_folding);
  g_test_add_func ("/ops/malformed/work-has-a-budget", test_budget_for_work);
  g_test_add_func ("/ops/malformed/many-inputs", test_many_inputs);
  g_test_add_func ("/ops/malformed/gather-outside", test_gather_outside);
  g_test_add_func ("/ops/malformed/division-by-zero-is-zero", test_division_by_zero);
  g_test_add_func ("/ops/malformed/extreme-ranges", test_extreme_ranges);
  g_test_add_func ("/ops/malformed/random-attributes-do-no-harm", test_random_attributes);
  return g_test_run ();
}
