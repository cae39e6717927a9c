/* test-model.c - the scores of a network are found, and what they are
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shapes are set by hand here: core does not infer them. */
#include "config.h"

#include "core/tap-model.h"

typedef struct
{
  TapModel *model;
  int last;
} Fixture;

static int
add (TapGraph *graph, const char *op, int input, TapAttrs *attrs, int n_dims, const gint64 *dims)
{
  g_autofree char *name = g_strdup_printf ("v%d", tap_graph_n_values (graph));
  int output = tap_graph_value (graph, name);
  TapValue *value = tap_graph_get_value (graph, output);
  TapNode *node = tap_graph_add_node (graph, NULL, op, &input, 1, &output, 1, attrs, NULL);

  node->opset = 13;
  value->has_shape = TRUE;
  value->shape.n_dims = n_dims;
  for (int i = 0; i < n_dims; i++)
    value->shape.dims[i] = dims[i];
  return output;
}

static TapAttrs *
axis (gint64 value)
{
  TapAttrs *attrs = tap_attrs_new ();

  tap_attrs_set_int (attrs, "axis", value);
  return attrs;
}

static TapGraph *
begin (int *x)
{
  TapGraph *graph = tap_graph_new ("net");
  TapShape shape = { 4, { 1, 3, 32, 32 } };

  *x = tap_graph_value (graph, "x");
  tap_graph_add_input (graph, *x, TAP_DTYPE_F32, &shape);
  tap_graph_get_value (graph, *x)->has_shape = TRUE;
  return graph;
}

static TapModel *
finish (TapGraph *graph)
{
  TapModel *model;

  g_assert_true (tap_graph_sort (graph, NULL));
  model = tap_model_new (graph);
  tap_model_complete (model);
  return model;
}

static void
check (int n_dims, const gint64 *dims, TapAttrs *attrs, int opset, int n_classes, gboolean prob)
{
  int x, y;
  TapGraph *graph = begin (&x);
  g_autoptr (TapModel) model = NULL;

  y = add (graph, "Conv", x, NULL, n_dims, dims);
  y = add (graph, "Softmax", y, attrs, n_dims, dims);
  tap_graph_get_node (graph, 1)->opset = opset;
  y = add (graph, "Identity", y, NULL, n_dims, dims);
  tap_graph_add_output (graph, y);
  model = finish (graph);
  g_assert_cmpint (model->input, ==, x);
  g_assert_cmpint (model->scores, ==, n_classes > 0 ? y : -1);
  g_assert_cmpint (model->n_classes, ==, n_classes);
  g_assert_cmpint (model->scores_are_probabilities, ==, prob);
}

static void
test_forms (void)
{
  const gint64 row[] = { 1, 1000 }, maps[] = { 1, 1000, 1, 1 }, plain[] = { 1000 },
               last[] = { 1, 1, 1, 10 }, spatial[] = { 1, 10, 7, 7 }, one[] = { 1, 1 };

  check (2, row, axis (1), 13, 1000, TRUE);
  check (2, row, NULL, 13, 1000, TRUE);
  check (2, row, NULL, 11, 1000, TRUE);
  check (2, row, axis (0), 13, 1000, FALSE);
  check (4, maps, axis (1), 13, 1000, TRUE);
  check (4, maps, NULL, 13, 1000, FALSE); /* the last axis has one cell */
  check (4, maps, NULL, 9, 1000, TRUE);   /* from axis 1 on */
  check (1, plain, NULL, 13, 1000, TRUE);
  check (4, last, NULL, 13, 10, TRUE);
  check (4, spatial, axis (1), 13, 0, FALSE);
  check (2, one, NULL, 13, 0, FALSE);
}

/* Softmax → Reshape → Dropout → Flatten: movers are seen through; other operators are not. */
static void
test_movers (void)
{
  const gint64 maps[] = { 1, 10, 1, 1 }, row[] = { 1, 10 };
  int x, y;
  TapGraph *graph = begin (&x);
  g_autoptr (TapModel) model = NULL, logits = NULL;

  y = add (graph, "Softmax", x, axis (1), 4, maps);
  y = add (graph, "Reshape", y, NULL, 2, row);
  y = add (graph, "Dropout", y, NULL, 2, row);
  y = add (graph, "Flatten", y, NULL, 2, row);
  tap_graph_add_output (graph, y);
  model = finish (graph);
  g_assert_true (model->scores_are_probabilities);

  graph = begin (&x);
  y = add (graph, "Softmax", x, axis (1), 2, row);
  y = add (graph, "Gemm", y, NULL, 2, row);
  tap_graph_add_output (graph, y);
  logits = finish (graph);
  g_assert_cmpint (logits->n_classes, ==, 10);
  g_assert_false (logits->scores_are_probabilities);
}

/* The softmax of log-probabilities is the probabilities: they count as logits. */
static void
test_log_softmax (void)
{
  const gint64 row[] = { 1, 10 };
  int x;
  TapGraph *graph = begin (&x);
  g_autoptr (TapModel) model = NULL;

  tap_graph_add_output (graph, add (graph, "LogSoftmax", x, axis (1), 2, row));
  model = finish (graph);
  g_assert_cmpint (model->n_classes, ==, 10);
  g_assert_false (model->scores_are_probabilities);
}

static void
test_several_outputs (void)
{
  const gint64 row[] = { 1, 10 }, embedding[] = { 1, 512 }, maps[] = { 1, 8, 4, 4 };
  int x, prob, other;
  TapGraph *graph = begin (&x);
  g_autoptr (TapModel) model = NULL, plain = NULL;

  prob = add (graph, "Softmax", x, axis (1), 2, row);
  tap_graph_add_output (graph, prob);
  tap_graph_add_output (graph, add (graph, "Gemm", x, NULL, 2, embedding));
  tap_graph_add_output (graph, add (graph, "Conv", x, NULL, 4, maps));
  model = finish (graph);
  g_assert_cmpint (model->scores, ==, prob);

  /* two tasks side by side: exporters write the main one first */
  graph = begin (&x);
  other = add (graph, "Gemm", x, NULL, 2, row);
  tap_graph_add_output (graph, other);
  tap_graph_add_output (graph, add (graph, "Gemm", x, NULL, 2, embedding));
  plain = finish (graph);
  g_assert_cmpint (plain->scores, ==, other);
}

/* x → Conv → Gemm (helped the training); Conv → Relu → Gemm is the answer, wherever it stands. */
static void
test_deepest_head (void)
{
  const gint64 row[] = { 1, 10 }, maps[] = { 1, 8, 4, 4 };

  for (int first = 0; first < 2; first++)
    {
      int x, trunk, helper, answer;
      TapGraph *graph = begin (&x);
      g_autoptr (TapModel) model = NULL;

      trunk = add (graph, "Conv", x, NULL, 4, maps);
      helper = add (graph, "Gemm", trunk, NULL, 2, row);
      answer = add (graph, "Gemm", add (graph, "Relu", trunk, NULL, 4, maps), NULL, 2, row);
      tap_graph_add_output (graph, first == 0 ? answer : helper);
      tap_graph_add_output (graph, first == 0 ? helper : answer);
      model = finish (graph);
      g_assert_cmpint (model->scores, ==, answer);
    }
}

static void
test_single_score (void)
{
  const gint64 one[] = { 1, 1 };
  int x, y;
  TapGraph *graph = begin (&x);
  g_autoptr (TapModel) sigmoid = NULL, measure = NULL;

  y = add (graph, "Sigmoid", add (graph, "Gemm", x, NULL, 2, one), NULL, 2, one);
  tap_graph_add_output (graph, y);
  sigmoid = finish (graph);
  g_assert_cmpint (sigmoid->scores, ==, y);
  g_assert_cmpint (sigmoid->n_classes, ==, 1);
  g_assert_true (sigmoid->scores_are_probabilities);

  graph = begin (&x);
  tap_graph_add_output (graph, add (graph, "Gemm", x, NULL, 2, one));
  measure = finish (graph);
  g_assert_cmpint (measure->scores, ==, -1);
}

/* e / sum (e), e = exp (z): what exporters wrote before Softmax could take any axis. */
static void
test_long_softmax (void)
{
  const gint64 row[] = { 1, 10 }, one[] = { 1, 1 };

  for (int whole = 0; whole < 2; whole++)
    {
      int x, e, sum, y, inputs[2];
      TapGraph *graph = begin (&x);
      g_autoptr (TapModel) model = NULL;

      e = add (graph, "Exp", x, NULL, 2, row);
      sum = add (graph, "ReduceSum", whole ? e : x, NULL, 2, one);
      y = tap_graph_value (graph, "y");
      inputs[0] = e;
      inputs[1] = sum;
      tap_graph_add_node (graph, NULL, "Div", inputs, 2, &y, 1, NULL, NULL);
      tap_graph_get_value (graph, y)->has_shape = TRUE;
      tap_graph_get_value (graph, y)->shape = (TapShape){ 2, { 1, 10 } };
      tap_graph_add_output (graph, y);
      model = finish (graph);
      g_assert_cmpint (model->n_classes, ==, 10);
      g_assert_cmpint (model->scores_are_probabilities, ==, whole);
    }
}

/* The root of the trouble is told, not what merely follows from it or stands beside it. */
static void
test_obstacle (void)
{
  const gint64 row[] = { 1, 10 };
  int x, a, b, y;
  TapGraph *graph = begin (&x);
  g_autoptr (TapModel) model = NULL, fine = NULL;

  add (graph, "Beside", x, NULL, 2, row);
  a = add (graph, "Strange", x, NULL, 2, row);
  b = add (graph, "Relu", a, NULL, 2, row);
  tap_graph_add_output (graph, b);
  for (int i = 0; i < 3; i++)
    tap_graph_get_node (graph, i)->problem =
      g_strdup_printf ("%s.", tap_graph_get_node (graph, i)->op_type);
  tap_graph_get_value (graph, b)->has_shape = FALSE;
  model = finish (graph);
  g_assert_cmpint (model->scores, ==, -1);
  g_assert_cmpstr (tap_model_get_obstacle (model), ==, "Strange.");

  graph = begin (&x);
  y = add (graph, "Conv", x, NULL, 4, (const gint64[]){ 1, 8, 4, 4 });
  tap_graph_add_output (graph, y);
  fine = finish (graph);
  g_assert_cmpint (fine->scores, ==, -1);
  g_assert_null (tap_model_get_obstacle (fine));
}

/* Old files list the weights among the inputs. */
static void
test_input_with_constant (void)
{
  TapGraph *graph = tap_graph_new (NULL);
  TapShape weights = { 4, { 8, 3, 3, 3 } }, picture = { 4, { 1, 3, 8, 8 } };
  g_autoptr (TapTensor) tensor = tap_tensor_new (TAP_DTYPE_F32, &weights, NULL);
  int w = tap_graph_value (graph, "w"), x = tap_graph_value (graph, "x");
  g_autoptr (TapModel) model = NULL;

  tap_graph_add_input (graph, w, TAP_DTYPE_F32, &weights);
  tap_graph_set_constant (graph, w, tensor);
  tap_graph_add_input (graph, x, TAP_DTYPE_F32, &picture);
  model = finish (graph);
  g_assert_cmpint (model->input, ==, x);
  g_assert_cmpint (model->scores, ==, -1);
}

static void
test_copies_share (void)
{
  char *names[] = { g_strdup ("cat, house cat"), g_strdup (""), NULL };
  g_autoptr (TapLabels) labels = tap_labels_new (g_memdup2 (names, sizeof names), "labels.txt");
  int x;
  TapGraph *graph = begin (&x);
  g_autoptr (TapModel) model = finish (graph);
  g_autoptr (TapModel) copy = tap_model_copy_with_labels (model, labels);
  g_autoptr (TapModel) other = NULL;
  g_autofree char *name = tap_labels_dup_name (copy->labels, 0);
  g_autofree char *brief = tap_labels_dup_short_name (copy->labels, 0);
  g_autofree char *empty = tap_labels_dup_name (copy->labels, 1);
  g_autofree char *beyond = tap_labels_dup_name (copy->labels, 7);
  g_autofree char *before = tap_labels_dup_name (model->labels, 3);
  TapPreprocess preprocess;

  g_assert_true (copy->graph == model->graph);
  g_assert_cmpstr (name, ==, "cat, house cat");
  g_assert_cmpstr (brief, ==, "cat");
  g_assert_cmpstr (empty, ==, "1");
  g_assert_cmpstr (beyond, ==, "7");
  g_assert_cmpstr (before, ==, "3");
  tap_preprocess_init (&preprocess, 96, 64, 3);
  other = tap_model_copy_with_preprocess (copy, &preprocess);
  g_assert_cmpint (other->preprocess.height, ==, 96);
  g_assert_true (other->labels == copy->labels);
}

/* A tensor that two nodes share is counted once, a node's own count has it each time. */
static void
test_parameters (void)
{
  int x;
  TapGraph *graph = begin (&x);
  TapShape shape = { 2, { 4, 4 } };
  g_autoptr (TapTensor) tensor = tap_tensor_new (TAP_DTYPE_F32, &shape, NULL);
  int w = tap_graph_value (graph, "w"), a = tap_graph_value (graph, "a"),
      b = tap_graph_value (graph, "b"), in_a[] = { x, w }, in_b[] = { a, w };
  g_autoptr (TapModel) model = NULL;

  tap_graph_set_constant (graph, w, tensor);
  tap_graph_add_node (graph, "a", "MatMul", in_a, 2, &a, 1, NULL, NULL);
  tap_graph_add_node (graph, "b", "MatMul", in_b, 2, &b, 1, NULL, NULL);
  model = finish (graph);
  g_assert_cmpuint (tap_node_n_parameters (graph, tap_graph_get_node (graph, 0)), ==, 16);
  g_assert_cmpuint (tap_node_n_parameters (graph, tap_graph_get_node (graph, 1)), ==, 16);
  g_assert_cmpuint (tap_model_n_parameters (model), ==, 16);
  g_assert_true (tap_node_weights (graph, tap_graph_get_node (graph, 0)) == tensor);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/model/scores-in-every-form", test_forms);
  g_test_add_func ("/core/model/movers-are-seen-through", test_movers);
  g_test_add_func ("/core/model/log-softmax-counts-as-logits", test_log_softmax);
  g_test_add_func ("/core/model/several-outputs", test_several_outputs);
  g_test_add_func ("/core/model/deepest-head-is-the-answer", test_deepest_head);
  g_test_add_func ("/core/model/single-score-needs-a-sigmoid", test_single_score);
  g_test_add_func ("/core/model/softmax-written-out-is-seen", test_long_softmax);
  g_test_add_func ("/core/model/obstacle-is-the-first-that-cannot-run", test_obstacle);
  g_test_add_func ("/core/model/input-with-constant-is-none", test_input_with_constant);
  g_test_add_func ("/core/model/copies-share-the-graph", test_copies_share);
  g_test_add_func ("/core/model/parameters-are-counted-once", test_parameters);
  return g_test_run ();
}
