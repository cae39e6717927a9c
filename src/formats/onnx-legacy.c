/* onnx-legacy.c - what ONNX said differently in its first six opsets
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Until opset 6, arithmetic did not broadcast like NumPy: `broadcast = 1, axis = k` laid the second
 * operand along the axes from k on, so that a bias of [C] went with [N,C,H,W] by axis = 1. The modern
 * form gives it trailing axes of 1, for which the rank of the first operand has to be known. Ranks
 * are followed through the graph by a rule of thumb: the file lists nodes in order, and the operators
 * of that age either keep the rank of their first input or make a matrix. */
#include "config.h"

#include "formats/onnx-private.h"

/* First opset in which the operators below are as they are now. */
#define MODERN_OPSET 7

static const char *const broadcasting[] = { "Add", "Sub", "Mul",   "Div",     "Pow",  "And",
                                            "Or",  "Xor", "Equal", "Greater", "Less", NULL };

void
tap_onnx_set_rank (OnnxReader *self, int value, int rank)
{
  g_hash_table_replace (self->ranks, GINT_TO_POINTER (value + 1), GINT_TO_POINTER (rank + 1));
}

int
tap_onnx_get_rank (OnnxReader *self, int value)
{
  return GPOINTER_TO_INT (g_hash_table_lookup (self->ranks, GINT_TO_POINTER (value + 1))) - 1;
}

static TapTensor *
input_constant (OnnxReader *self, const OnnxNode *node, guint i)
{
  int value = i < node->inputs->len ? g_array_index (node->inputs, int, i) : -1;

  return value >= 0 ? tap_graph_get_value (self->graph, value)->constant : NULL;
}

static int
output_rank (OnnxReader *self, const OnnxNode *node)
{
  int first = node->inputs->len > 0 ? g_array_index (node->inputs, int, 0) : -1;
  int rank = first >= 0 ? tap_onnx_get_rank (self, first) : -1;
  gsize n;

  if (g_str_equal (node->op_type, "Gemm") || g_str_equal (node->op_type, "Flatten"))
    return 2;
  if (g_str_equal (node->op_type, "Reshape"))
    {
      TapTensor *shape = input_constant (self, node, 1);
      if (shape != NULL)
        return (int) MIN (shape->count, TAP_MAX_DIMS);
      return tap_attrs_get_ints (node->attrs, "shape", &n) != NULL ? (int) MIN (n, TAP_MAX_DIMS) :
                                                                     -1;
    }
  if (g_str_equal (node->op_type, "Squeeze") || g_str_equal (node->op_type, "Unsqueeze"))
    {
      if (tap_attrs_get_ints (node->attrs, "axes", &n) == NULL || rank < 0)
        return -1;
      return node->op_type[0] == 'S' ? MAX (0, rank - (int) MIN (n, TAP_MAX_DIMS)) :
                                       MIN (TAP_MAX_DIMS, rank + (int) MIN (n, TAP_MAX_DIMS));
    }
  return rank;
}

/* A value that is @value with @n axes of 1 behind its own. */
static int
append_axes (OnnxReader *self, OnnxNode *node, int value, int rank, int n, GError **error)
{
  const TapValue *source = tap_graph_get_value (self->graph, value);
  g_autofree char *name = g_strdup_printf ("%s (for %s)", source->name, node->name);
  int wide = tap_graph_value (self->graph, name);
  gint64 axes[TAP_MAX_DIMS];
  OnnxNode unsqueeze = { 0 };
  gboolean added;

  if (source->constant != NULL)
    {
      TapShape shape = source->constant->shape;
      g_autoptr (TapTensor) tensor = NULL;

      for (int i = 0; i < n; i++)
        shape.dims[shape.n_dims++] = 1;
      tensor = tap_tensor_reshape (source->constant, &shape, error);
      if (tensor == NULL)
        return -1;
      tap_graph_set_constant (self->graph, wide, tensor);
      return wide;
    }

  for (int i = 0; i < n; i++)
    axes[i] = rank + i;
  unsqueeze.name = g_strdup (name);
  unsqueeze.op_type = g_strdup ("Unsqueeze");
  unsqueeze.domain = g_strdup ("");
  unsqueeze.opset = node->opset;
  unsqueeze.attrs = tap_attrs_new ();
  tap_attrs_set_ints (unsqueeze.attrs, "axes", axes, (gsize) n);
  unsqueeze.inputs = g_array_new (FALSE, FALSE, sizeof (int));
  unsqueeze.outputs = g_array_new (FALSE, FALSE, sizeof (int));
  g_array_append_val (unsqueeze.inputs, value);
  g_array_append_val (unsqueeze.outputs, wide);
  added = tap_onnx_add_node (self, &unsqueeze, error);
  g_free (unsqueeze.name);
  g_free (unsqueeze.op_type);
  g_free (unsqueeze.domain);
  g_array_unref (unsqueeze.inputs);
  g_array_unref (unsqueeze.outputs);
  tap_attrs_free (unsqueeze.attrs);
  return added ? wide : -1;
}

static gboolean
modernise_broadcast (OnnxReader *self, OnnxNode *node, GError **error)
{
  int a, b, rank_a, rank_b, axis, wide;

  if (node->inputs->len != 2 || tap_attrs_get_int (node->attrs, "broadcast", 0) == 0 ||
      !tap_attrs_has (node->attrs, "axis"))
    return TRUE; /* equal shapes, or aligned at the end as NumPy does */
  a = g_array_index (node->inputs, int, 0);
  b = g_array_index (node->inputs, int, 1);
  if (a < 0 || b < 0)
    return TRUE;
  rank_a = tap_onnx_get_rank (self, a);
  rank_b = tap_onnx_get_rank (self, b);
  if (rank_a < 0)
    rank_a = 4; /* a picture, most likely */
  if (rank_b < 0)
    return TRUE;
  axis = (int) CLAMP (tap_attrs_get_int (node->attrs, "axis", 0), -TAP_MAX_DIMS, TAP_MAX_DIMS);
  if (axis < 0)
    axis += rank_a;
  if (axis < 0 || axis + rank_b >= rank_a || rank_a > TAP_MAX_DIMS)
    return TRUE;

  wide = append_axes (self, node, b, rank_b, rank_a - axis - rank_b, error);
  if (wide < 0)
    return FALSE;
  g_array_index (node->inputs, int, 1) = wide;
  return TRUE;
}

/* An attribute that became an input. */
static gboolean
move_to_input (OnnxReader *self, OnnxNode *node, const char *attribute, GError **error)
{
  g_autofree char *name = NULL;
  g_autoptr (TapTensor) tensor = NULL;
  const gint64 *values;
  TapShape shape;
  gsize n;
  int value;

  values = tap_attrs_get_ints (node->attrs, attribute, &n);
  if (values == NULL || node->inputs->len != 1)
    return TRUE;
  shape = tap_shape_new (1, (gint64) n);
  tensor = tap_tensor_new_i64 (&shape, values, error);
  if (tensor == NULL)
    return FALSE;
  name = g_strdup_printf ("%s (%s)", node->name, attribute);
  value = tap_graph_value (self->graph, name);
  if (tap_graph_get_value (self->graph, value)->constant == NULL)
    tap_graph_set_constant (self->graph, value, tensor);
  g_array_append_val (node->inputs, value);
  return TRUE;
}

gboolean
tap_onnx_modernise (OnnxReader *self, OnnxNode *node, GError **error)
{
  guint n_outputs = node->outputs->len;

  if (node->domain[0] == '\0' && node->opset < MODERN_OPSET && node->opset > 0)
    {
      int rank = output_rank (self, node);

      if (g_strv_contains (broadcasting, node->op_type))
        {
          if (!modernise_broadcast (self, node, error))
            return FALSE;
        }
      else if (g_str_equal (node->op_type, "Reshape") &&
               !move_to_input (self, node, "shape", error))
        return FALSE;
      for (guint i = 0; i < n_outputs && rank >= 0; i++)
        tap_onnx_set_rank (self, g_array_index (node->outputs, int, i), rank);
    }
  return tap_onnx_add_node (self, node, error);
}
