/* tap-model.c - a network with everything known about it
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * tap_model_complete() looks at the finished graph and says which value takes the picture, which one
 * carries the class scores, and whether those are probabilities already. */
#include "config.h"

#include "core/tap-model.h"

#include <string.h>

TapModel *
tap_model_new (TapGraph *graph)
{
  TapModel *self = g_new0 (TapModel, 1);

  g_atomic_ref_count_init (&self->ref);
  self->graph = graph;
  self->title = g_strdup (graph != NULL ? tap_graph_get_name (graph) : "");
  self->format = g_strdup ("");
  self->checksum = g_strdup ("");
  self->labels = tap_labels_new (NULL, NULL);
  self->warnings = g_ptr_array_new_with_free_func (g_free);
  tap_preprocess_init (&self->preprocess, 224, 224, 3);
  self->input = -1;
  self->scores = -1;
  return self;
}

TapModel *
tap_model_ref (TapModel *self)
{
  g_atomic_ref_count_inc (&self->ref);
  return self;
}

void
tap_model_unref (TapModel *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref))
    return;
  g_clear_pointer (&self->graph, tap_graph_unref);
  g_clear_pointer (&self->labels, tap_labels_unref);
  g_clear_pointer (&self->warnings, g_ptr_array_unref);
  g_free (self->path);
  g_free (self->title);
  g_free (self->format);
  g_free (self->checksum);
  g_free (self);
}

/* --- completion --- */

static int
find_input (const TapGraph *graph)
{
  int first = -1;

  for (int i = 0; i < tap_graph_n_inputs (graph); i++)
    {
      int index = tap_graph_get_input (graph, i);
      const TapValue *value = tap_graph_get_value (graph, index);

      if (value->constant != NULL)
        continue;
      if (value->shape.n_dims == 4 && value->dtype == TAP_DTYPE_F32)
        return index;
      if (first < 0)
        first = index;
    }
  return first;
}

/* Class scores per picture, or 0 when the value holds something else: [C], or a first dimension that is
 * the batch and then at most one that is not 1. */
static int
count_classes (const TapValue *value)
{
  gint64 n = 1;

  if (!value->has_shape || value->dtype != TAP_DTYPE_F32 || value->shape.n_dims < 1)
    return 0;
  for (int i = value->shape.n_dims == 1 ? 0 : 1; i < value->shape.n_dims; i++)
    if (value->shape.dims[i] != 1)
      {
        if (n != 1)
          return 0;
        n = value->shape.dims[i];
      }
  return n >= 1 && n <= G_MAXINT ? (int) n : 0;
}

/* Whether a softmax with the shape @shape of its output runs over the @n_classes of each picture. */
static gboolean
softmax_covers_classes (const TapNode *node, const TapShape *shape, int n_classes)
{
  gboolean flattens = node->opset > 0 && node->opset < 13;
  gint64 axis = tap_attrs_get_int (node->attrs, "axis", flattens ? 1 : -1);

  if (axis < 0)
    axis += shape->n_dims;
  if (axis < 0 || axis >= shape->n_dims)
    return FALSE;
  /* before opset 13 everything from the axis on is one distribution */
  return flattens ? tap_shape_product (shape, (int) axis, shape->n_dims) == n_classes :
                    shape->dims[axis] == n_classes;
}

/* A softmax written out: exponentials divided by their sum over the classes. */
static gboolean
is_long_softmax (const TapGraph *graph, const TapNode *divide, int n_classes)
{
  const TapValue *top, *below;
  const TapNode *sum;

  if (!g_str_equal (divide->op_type, "Div") || divide->n_inputs != 2 || divide->inputs[0] < 0 ||
      divide->inputs[1] < 0)
    return FALSE;
  top = tap_graph_get_value (graph, divide->inputs[0]);
  below = tap_graph_get_value (graph, divide->inputs[1]);
  if (top->producer < 0 || below->producer < 0 || !below->has_shape ||
      !g_str_equal (tap_graph_get_node (graph, top->producer)->op_type, "Exp"))
    return FALSE;
  sum = tap_graph_get_node (graph, below->producer);
  return g_str_equal (sum->op_type, "ReduceSum") && sum->inputs[0] == top->index && n_classes > 1 &&
         tap_shape_product (&below->shape, 0, below->shape.n_dims) * n_classes ==
           tap_shape_product (&top->shape, 0, top->shape.n_dims);
}

/* What makes the scores, seen through operators that only move numbers. */
static gboolean
ends_in_probabilities (const TapGraph *graph, const TapValue *value, int n_classes)
{
  static const char *const movers[] = { "Reshape", "Flatten",   "Identity",  "Dropout", "Squeeze",
                                        "Cast",    "Unsqueeze", "Transpose", NULL };

  while (value->producer >= 0)
    {
      const TapNode *node = tap_graph_get_node (graph, value->producer);

      if (g_str_equal (node->op_type, "Softmax"))
        return value->has_shape && softmax_covers_classes (node, &value->shape, n_classes);
      /* independent classes: already between 0 and 1, and a softmax would distort them */
      if (g_str_equal (node->op_type, "Sigmoid"))
        return TRUE;
      if (is_long_softmax (graph, node, n_classes))
        return TRUE;
      if (!g_strv_contains (movers, node->op_type) || node->n_inputs < 1 || node->inputs[0] < 0)
        return FALSE;
      value = tap_graph_get_value (graph, node->inputs[0]);
    }
  return FALSE;
}

/* A single score is a class only when it is a probability by itself; else it measures something. */
static gboolean
is_single_class (const TapGraph *graph, const TapValue *value)
{
  static const char *const movers[] = { "Reshape", "Flatten", "Identity", "Squeeze", NULL };

  while (value->producer >= 0)
    {
      const TapNode *node = tap_graph_get_node (graph, value->producer);

      if (!g_strv_contains (movers, node->op_type) || node->n_inputs < 1 || node->inputs[0] < 0)
        return g_str_equal (node->op_type, "Sigmoid");
      value = tap_graph_get_value (graph, node->inputs[0]);
    }
  return FALSE;
}

/* By value: the number of nodes on the longest way to it. */
static int *
measure_depths (const TapGraph *graph)
{
  int *depths = g_new0 (int, (gsize) tap_graph_n_values (graph) + 1);

  for (int i = 0; i < tap_graph_n_nodes (graph); i++)
    {
      const TapNode *node = tap_graph_get_node (graph, i);
      int depth = 0;

      for (int k = 0; k < node->n_inputs; k++)
        if (node->inputs[k] >= 0)
          depth = MAX (depth, depths[node->inputs[k]]);
      for (int k = 0; k < node->n_outputs; k++)
        if (node->outputs[k] >= 0)
          depths[node->outputs[k]] = depth + 1;
    }
  return depths;
}

void
tap_model_complete (TapModel *self)
{
  const TapGraph *graph = self->graph;
  g_autofree int *depths = measure_depths (graph);

  self->input = find_input (graph);
  self->scores = -1;
  self->n_classes = 0;
  self->scores_are_probabilities = FALSE;

  /* probabilities before anything else: networks that also give out an embedding have outputs of the
   * same form. Then the deepest, since heads that only helped the training branch off early; of equals
   * the first, which is where exporters put what the network is for. */
  for (int i = 0; i < tap_graph_n_outputs (graph); i++)
    {
      int index = tap_graph_get_output (graph, i);
      const TapValue *value = tap_graph_get_value (graph, index);
      int n = value->constant == NULL ? count_classes (value) : 0;
      gboolean probabilities;

      if (n == 0 || (n == 1 && !is_single_class (graph, value)))
        continue;
      probabilities = ends_in_probabilities (graph, value, n);
      if (self->scores < 0 || (probabilities && !self->scores_are_probabilities) ||
          (probabilities == self->scores_are_probabilities && depths[index] > depths[self->scores]))
        {
          self->scores = index;
          self->n_classes = n;
          self->scores_are_probabilities = probabilities;
        }
    }
}

/* The first node, in topological order, that cannot run and that @value needs; NULL when all can. */
static const TapNode *
find_obstacle (const TapGraph *graph, int value)
{
  g_autofree gboolean *needed = g_new0 (gboolean, (gsize) tap_graph_n_values (graph) + 1);
  const TapNode *first = NULL;

  needed[value] = TRUE;
  for (int i = tap_graph_n_nodes (graph) - 1; i >= 0; i--)
    {
      const TapNode *node = tap_graph_get_node (graph, i);
      gboolean counts = FALSE;

      for (int k = 0; k < node->n_outputs; k++)
        counts |= node->outputs[k] >= 0 && needed[node->outputs[k]];
      if (!counts)
        continue;
      if (node->problem != NULL)
        first = node;
      for (int k = 0; k < node->n_inputs; k++)
        if (node->inputs[k] >= 0)
          needed[node->inputs[k]] = TRUE;
    }
  return first;
}

const char *
tap_model_get_obstacle (const TapModel *self)
{
  const TapNode *first = NULL;

  for (int i = 0; i < tap_graph_n_outputs (self->graph) && first == NULL; i++)
    {
      int index = tap_graph_get_output (self->graph, i);

      if (self->scores < 0 || self->scores == index)
        first = find_obstacle (self->graph, index);
    }
  return first != NULL ? first->problem : NULL;
}

static TapModel *
copy (TapModel *self)
{
  TapModel *model = tap_model_new (tap_graph_ref (self->graph));

  g_free (model->title);
  g_free (model->format);
  g_free (model->checksum);
  g_clear_pointer (&model->labels, tap_labels_unref);
  model->path = g_strdup (self->path);
  model->title = g_strdup (self->title);
  model->format = g_strdup (self->format);
  model->checksum = g_strdup (self->checksum);
  model->n_bytes = self->n_bytes;
  model->preprocess = self->preprocess;
  model->labels = tap_labels_ref (self->labels);
  for (guint i = 0; i < self->warnings->len; i++)
    g_ptr_array_add (model->warnings, g_strdup (g_ptr_array_index (self->warnings, i)));
  model->input = self->input;
  model->scores = self->scores;
  model->n_classes = self->n_classes;
  model->scores_are_probabilities = self->scores_are_probabilities;
  return model;
}

TapModel *
tap_model_copy_with_preprocess (TapModel *self, const TapPreprocess *preprocess)
{
  TapModel *model = copy (self);

  model->preprocess = *preprocess;
  return model;
}

TapModel *
tap_model_copy_with_labels (TapModel *self, TapLabels *labels)
{
  TapModel *model = copy (self);

  tap_labels_ref (labels);
  tap_labels_unref (model->labels);
  model->labels = labels;
  return model;
}

guint64
tap_model_n_parameters (const TapModel *self)
{
  /* a tensor that several nodes share counts once */
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  guint64 n = 0;

  for (int i = 0; i < tap_graph_n_nodes (self->graph); i++)
    {
      const TapNode *node = tap_graph_get_node (self->graph, i);

      if (tap_node_n_parameters (self->graph, node) == 0)
        continue;
      for (int k = 0; k < node->n_inputs; k++)
        {
          const TapTensor *constant =
            node->inputs[k] < 0 ? NULL :
                                  tap_graph_get_value (self->graph, node->inputs[k])->constant;

          if (constant != NULL && constant->dtype == TAP_DTYPE_F32 &&
              g_hash_table_add (seen, (gpointer) constant))
            n += constant->count;
        }
    }
  return n;
}
