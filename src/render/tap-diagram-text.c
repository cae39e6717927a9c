/* tap-diagram-text.c - the words in the boxes: what a layer is, in as few letters as do
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "render/tap-diagram-private.h"

#include <stdlib.h>
#include <string.h>

typedef struct
{
  const char *op;
  const char *word; /* NULL: the operator's own name */
  TapFamily family;
  gboolean attaches;
} Word;

/* sorted by op */
static const Word words[] = {
  { "Add", NULL, TAP_FAMILY_JOIN, TRUE },
  { "AveragePool", "Avg pool", TAP_FAMILY_POOL, FALSE },
  { "BatchNormalization", "Batch norm", TAP_FAMILY_NORM, TRUE },
  { "Cast", NULL, TAP_FAMILY_SHAPE, TRUE },
  { "Clip", NULL, TAP_FAMILY_ACTIVATION, TRUE },
  { "Concat", NULL, TAP_FAMILY_JOIN, FALSE },
  { "Conv", NULL, TAP_FAMILY_CONV, FALSE },
  { "ConvTranspose", "Transposed conv", TAP_FAMILY_CONV, FALSE },
  { "DepthToSpace", "Depth to space", TAP_FAMILY_SHAPE, FALSE },
  { "Div", NULL, TAP_FAMILY_JOIN, TRUE },
  { "Dropout", NULL, TAP_FAMILY_SHAPE, TRUE },
  { "Elu", "ELU", TAP_FAMILY_ACTIVATION, TRUE },
  { "Flatten", NULL, TAP_FAMILY_SHAPE, TRUE },
  { "Gelu", "GELU", TAP_FAMILY_ACTIVATION, TRUE },
  { "Gemm", "Fully connected", TAP_FAMILY_DENSE, FALSE },
  { "GlobalAveragePool", "Global avg pool", TAP_FAMILY_POOL, FALSE },
  { "GlobalLpPool", "Global Lp pool", TAP_FAMILY_POOL, FALSE },
  { "GlobalMaxPool", "Global max pool", TAP_FAMILY_POOL, FALSE },
  { "GroupNormalization", "Group norm", TAP_FAMILY_NORM, TRUE },
  { "HardSigmoid", "Hard sigmoid", TAP_FAMILY_ACTIVATION, TRUE },
  { "HardSwish", "Hard swish", TAP_FAMILY_ACTIVATION, TRUE },
  { "Identity", NULL, TAP_FAMILY_SHAPE, TRUE },
  { "InstanceNormalization", "Instance norm", TAP_FAMILY_NORM, TRUE },
  { "LRN", "Local norm", TAP_FAMILY_NORM, FALSE },
  { "LayerNormalization", "Layer norm", TAP_FAMILY_NORM, TRUE },
  { "LeakyRelu", "Leaky ReLU", TAP_FAMILY_ACTIVATION, TRUE },
  { "LogSoftmax", "Log softmax", TAP_FAMILY_SCORES, FALSE },
  { "LpPool", "Lp pool", TAP_FAMILY_POOL, FALSE },
  { "MatMul", "Fully connected", TAP_FAMILY_DENSE, FALSE },
  { "Max", NULL, TAP_FAMILY_JOIN, TRUE },
  { "MaxPool", "Max pool", TAP_FAMILY_POOL, FALSE },
  { "Min", NULL, TAP_FAMILY_JOIN, TRUE },
  { "Mish", NULL, TAP_FAMILY_ACTIVATION, TRUE },
  { "Mul", "Multiply", TAP_FAMILY_JOIN, TRUE },
  { "PRelu", "PReLU", TAP_FAMILY_ACTIVATION, TRUE },
  { "Pad", NULL, TAP_FAMILY_SHAPE, FALSE },
  { "ReduceMean", "Mean", TAP_FAMILY_POOL, FALSE },
  { "ReduceSum", "Sum over axes", TAP_FAMILY_POOL, FALSE },
  { "Relu", "ReLU", TAP_FAMILY_ACTIVATION, TRUE },
  { "Reshape", NULL, TAP_FAMILY_SHAPE, TRUE },
  { "Resize", NULL, TAP_FAMILY_SHAPE, FALSE },
  { "Selu", "SELU", TAP_FAMILY_ACTIVATION, TRUE },
  { "Sigmoid", NULL, TAP_FAMILY_ACTIVATION, TRUE },
  { "Slice", NULL, TAP_FAMILY_SHAPE, FALSE },
  { "Softmax", NULL, TAP_FAMILY_SCORES, FALSE },
  { "Softplus", NULL, TAP_FAMILY_ACTIVATION, TRUE },
  { "Split", NULL, TAP_FAMILY_SHAPE, FALSE },
  { "Squeeze", NULL, TAP_FAMILY_SHAPE, TRUE },
  { "Sub", "Subtract", TAP_FAMILY_JOIN, TRUE },
  { "Sum", "Add", TAP_FAMILY_JOIN, TRUE },
  { "Tanh", NULL, TAP_FAMILY_ACTIVATION, TRUE },
  { "Transpose", NULL, TAP_FAMILY_SHAPE, TRUE },
  { "Unsqueeze", NULL, TAP_FAMILY_SHAPE, TRUE },
  { "Upsample", NULL, TAP_FAMILY_SHAPE, FALSE },
};

static int
compare_word (gconstpointer key, gconstpointer word)
{
  return strcmp (key, ((const Word *) word)->op);
}

static const Word *
find_word (const TapNode *node)
{
  return bsearch (node->op_type, words, G_N_ELEMENTS (words), sizeof *words, compare_word);
}

/* Values a node reads that are neither constant nor left out. */
static int
n_dynamic_inputs (const TapGraph *graph, const TapNode *node)
{
  int n = 0;

  for (int i = 0; i < node->n_inputs; i++)
    n += node->inputs[i] >= 0 && tap_graph_get_value (graph, node->inputs[i])->constant == NULL;
  return n;
}

/* "Scale" or "Shift" for arithmetic with a constant, which is no join; else NULL. */
static const char *
affine_word (const TapGraph *graph, const TapNode *node)
{
  gboolean scale = g_str_equal (node->op_type, "Mul") || g_str_equal (node->op_type, "Div");
  gboolean shift = g_str_equal (node->op_type, "Add") || g_str_equal (node->op_type, "Sub");

  if (!(scale || shift) || node->n_inputs != 2 || n_dynamic_inputs (graph, node) != 1)
    return NULL;
  return scale ? "Scale" : "Shift";
}

TapFamily
tap_diagram_family (const TapGraph *graph, const TapNode *node)
{
  const Word *word = find_word (node);

  if (node->problem != NULL)
    return TAP_FAMILY_PROBLEM;
  if (affine_word (graph, node) != NULL)
    return TAP_FAMILY_NORM;
  return word != NULL ? word->family : TAP_FAMILY_OTHER;
}

gboolean
tap_diagram_attaches (const TapGraph *graph, const TapNode *node, TapFamily head)
{
  const Word *word = find_word (node);

  if (word == NULL || !word->attaches || node->problem != NULL ||
      n_dynamic_inputs (graph, node) != 1)
    return FALSE;
  /* after a join or a pool it begins what comes next (dense blocks, pre-activation) */
  return word->family != TAP_FAMILY_NORM || head == TAP_FAMILY_CONV || head == TAP_FAMILY_DENSE;
}

/* "3×3", or NULL */
static char *
kernel_text (const TapGraph *graph, const TapNode *node)
{
  gsize n = 0;
  const gint64 *kernel = tap_attrs_get_ints (node->attrs, "kernel_shape", &n);
  gint64 from_weights[2];

  if (kernel == NULL)
    {
      TapTensor *weights = tap_node_weights (graph, node);

      if (!g_str_has_prefix (node->op_type, "Conv") || weights == NULL ||
          weights->shape.n_dims != 4)
        return NULL;
      from_weights[0] = weights->shape.dims[2];
      from_weights[1] = weights->shape.dims[3];
      kernel = from_weights;
      n = 2;
    }
  if (n == 1)
    return g_strdup_printf ("%" G_GINT64_FORMAT, kernel[0]);
  if (n == 2)
    return g_strdup_printf ("%" G_GINT64_FORMAT "×%" G_GINT64_FORMAT, kernel[0], kernel[1]);
  return NULL;
}

/* Appends " / 2" for strides, " dilated 2"; nothing for ones. */
static void
append_step (GString *text, const TapNode *node, const char *attribute, const char *sign)
{
  gsize n = 0;
  const gint64 *steps = tap_attrs_get_ints (node->attrs, attribute, &n);

  if (steps == NULL || n == 0 || (steps[0] == 1 && steps[n - 1] == 1))
    return;
  g_string_append_printf (text, " %s %" G_GINT64_FORMAT, sign, steps[0]);
  if (n > 1 && steps[1] != steps[0])
    g_string_append_printf (text, "×%" G_GINT64_FORMAT, steps[1]);
}

/* Channels or features that come out, or 0. */
static gint64
n_units (const TapGraph *graph, const TapNode *node, TapTensor *weights)
{
  const TapValue *value = tap_graph_layer_value (graph, node);

  if (value != NULL && value->has_shape && value->shape.n_dims >= 2 && value->shape.dims[1] > 0)
    return value->shape.dims[1];
  if (weights != NULL && strcmp (node->op_type, "Conv") == 0 && weights->shape.n_dims > 0)
    return weights->shape.dims[0];
  return 0;
}

char *
tap_diagram_operation (const TapGraph *graph, const TapNode *node, gboolean with_units)
{
  const Word *word = find_word (node);
  const char *affine = affine_word (graph, node);
  GString *text = g_string_new (affine != NULL                     ? affine :
                                word != NULL && word->word != NULL ? word->word :
                                                                     node->op_type);
  gint64 group = tap_attrs_get_int (node->attrs, "group", 1);
  gboolean is_conv = g_str_has_prefix (node->op_type, "Conv");
  g_autofree char *kernel = kernel_text (graph, node);

  if (is_conv && group > 1)
    {
      TapTensor *weights = tap_node_weights (graph, node);
      gboolean each = weights != NULL && weights->shape.n_dims >= 2 && weights->shape.dims[1] == 1;

      g_string_assign (text, each ? "Depthwise" : "Group conv");
    }
  if (kernel != NULL)
    {
      g_string_append_printf (text, " %s", kernel);
      append_step (text, node, "strides", "/");
      append_step (text, node, "dilations", "dilated");
    }
  if (with_units && (is_conv || (word != NULL && word->family == TAP_FAMILY_DENSE)))
    {
      gint64 units = n_units (graph, node, tap_node_weights (graph, node));

      if (units > 0)
        g_string_append_printf (text, ", %" G_GINT64_FORMAT, units);
    }
  return g_string_free (text, FALSE);
}

char *
tap_diagram_shape (const TapValue *value)
{
  TapShape shape;

  if (value == NULL || !value->has_shape || value->shape.n_dims == 0)
    return NULL;
  shape = value->shape;
  /* the batch goes without saying */
  if (shape.n_dims >= 2)
    {
      shape.n_dims--;
      memmove (shape.dims, shape.dims + 1, shape.n_dims * sizeof shape.dims[0]);
    }
  while (shape.n_dims > 1 && shape.dims[shape.n_dims - 1] == 1)
    shape.n_dims--;
  return tap_shape_to_string (&shape);
}

char *
tap_diagram_title (const TapNode *node, const char *prefix)
{
  const char *name = node->name;
  gsize length;
  const char *slash;

  if (prefix != NULL && *prefix != '\0' && g_str_has_prefix (name, prefix))
    {
      const char *rest = name + strlen (prefix);

      while (*rest != '\0' && strchr ("/._:-", *rest) != NULL)
        rest++;
      if (*rest != '\0')
        name = rest;
    }
  while (*name == '/' && name[1] != '\0')
    name++;
  /* exporters of modules in modules repeat themselves: "features/features.0" */
  slash = strchr (name, '/');
  if (slash != NULL && strncmp (name, slash + 1, (gsize) (slash - name)) == 0 &&
      slash[1 + (slash - name)] == '.')
    name = slash + 1;
  /* exporters append the operator to the module's name: "features.0/Conv" */
  slash = strrchr (name, '/');
  length = strlen (name);
  if (slash != NULL && slash > name && g_str_has_prefix (slash + 1, node->op_type))
    {
      const char *rest = slash + 1 + strlen (node->op_type);

      if (*rest == '\0' || (*rest == '_' && g_ascii_isdigit (rest[1])))
        length = slash - name;
    }
  return g_strndup (name, length);
}
