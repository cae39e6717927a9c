/* tap-graph.c - nodes and values: building and reading
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-graph-private.h"

#include "core/tap-error.h"

#include <string.h>

static void
value_free (gpointer data)
{
  TapValue *value = data;

  g_free (value->name);
  g_clear_pointer (&value->constant, tap_tensor_unref);
  g_clear_pointer (&value->consumers, g_array_unref);
  g_free (value);
}

static void
node_free (gpointer data)
{
  TapNode *node = data;

  g_free (node->name);
  g_free (node->op_type);
  g_free (node->domain);
  g_free (node->inputs);
  g_free (node->outputs);
  g_free (node->problem);
  tap_attrs_free (node->attrs);
  g_free (node);
}

TapGraph *
tap_graph_new (const char *name)
{
  TapGraph *self = g_new0 (TapGraph, 1);

  g_atomic_ref_count_init (&self->ref);
  self->name = g_strdup (name != NULL ? name : "");
  self->nodes = g_ptr_array_new_with_free_func (node_free);
  self->values = g_ptr_array_new_with_free_func (value_free);
  self->value_index = g_hash_table_new (g_str_hash, g_str_equal);
  self->node_index = g_hash_table_new (g_str_hash, g_str_equal);
  self->inputs = g_array_new (FALSE, FALSE, sizeof (int));
  self->outputs = g_array_new (FALSE, FALSE, sizeof (int));
  self->is_input = g_hash_table_new (NULL, NULL);
  self->is_output = g_hash_table_new (NULL, NULL);
  return self;
}

TapGraph *
tap_graph_ref (TapGraph *self)
{
  g_atomic_ref_count_inc (&self->ref);
  return self;
}

void
tap_graph_unref (TapGraph *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref))
    return;
  g_hash_table_unref (self->value_index);
  g_hash_table_unref (self->node_index);
  g_ptr_array_unref (self->nodes);
  g_ptr_array_unref (self->values);
  g_array_unref (self->inputs);
  g_array_unref (self->outputs);
  g_hash_table_unref (self->is_input);
  g_hash_table_unref (self->is_output);
  g_free (self->name);
  g_free (self);
}

int
tap_graph_value (TapGraph *self, const char *name)
{
  int index = tap_graph_find_value (self, name);
  TapValue *value;

  if (index >= 0)
    return index;

  value = g_new0 (TapValue, 1);
  value->index = (int) self->values->len;
  value->name = g_strdup (name);
  value->producer = -1;
  value->dtype = TAP_DTYPE_F32;
  value->consumers = g_array_new (FALSE, FALSE, sizeof (int));
  g_ptr_array_add (self->values, value);
  g_hash_table_insert (self->value_index, value->name, GINT_TO_POINTER (value->index));
  return value->index;
}

void
tap_graph_add_input (TapGraph *self, int value, TapDtype dtype, const TapShape *shape)
{
  TapValue *v = tap_graph_get_value (self, value);

  v->dtype = dtype;
  v->shape = *shape;
  if (g_hash_table_add (self->is_input, v))
    g_array_append_val (self->inputs, value);
}

void
tap_graph_add_output (TapGraph *self, int value)
{
  TapValue *v = tap_graph_get_value (self, value);

  g_return_if_fail (v != NULL);

  if (g_hash_table_add (self->is_output, v))
    g_array_append_val (self->outputs, value);
}

void
tap_graph_set_constant (TapGraph *self, int value, TapTensor *constant)
{
  TapValue *v = tap_graph_get_value (self, value);

  tap_tensor_ref (constant);
  g_clear_pointer (&v->constant, tap_tensor_unref);
  v->constant = constant;
  v->shape = constant->shape;
  v->has_shape = TRUE;
  v->dtype = constant->dtype;
}

static gboolean
claim_output (TapGraph *self, const char *node, int index, int output, GError **error)
{
  TapValue *value = tap_graph_get_value (self, output);

  if (value->producer >= 0)
    {
      /* the node itself is not in the list yet: it may name one output twice */
      const char *other = value->producer < index ?
                            ((TapNode *) g_ptr_array_index (self->nodes, value->producer))->name :
                            node;

      g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID,
                   "The tensor “%s” is made twice: by the node “%s” and by the node “%s”.",
                   value->name, other, node);
      return FALSE;
    }
  if (value->constant != NULL || g_hash_table_contains (self->is_input, value))
    {
      g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID,
                   "The tensor “%s” is made by the node “%s”, but it is %s already.", value->name,
                   node, value->constant != NULL ? "a constant" : "an input of the network");
      return FALSE;
    }
  value->producer = index;
  return TRUE;
}

TapNode *
tap_graph_add_node (TapGraph *self,
                    const char *name,
                    const char *op_type,
                    const int *inputs,
                    int n_inputs,
                    const int *outputs,
                    int n_outputs,
                    TapAttrs *attrs,
                    GError **error)
{
  g_autoptr (TapAttrs) own_attrs = attrs != NULL ? attrs : tap_attrs_new ();
  int index = (int) self->nodes->len;
  const char *shown = name;
  TapNode *node;

  if (shown == NULL || *shown == '\0')
    {
      /* an unnamed node goes by what it makes, as most viewers have it */
      shown = op_type;
      for (int i = n_outputs - 1; i >= 0; i--)
        if (outputs[i] >= 0)
          shown = tap_graph_get_value (self, outputs[i])->name;
    }

  for (int i = 0; i < n_outputs; i++)
    if (outputs[i] >= 0 && !claim_output (self, shown, index, outputs[i], error))
      {
        while (--i >= 0)
          if (outputs[i] >= 0)
            tap_graph_get_value (self, outputs[i])->producer = -1;
        return NULL;
      }

  node = g_new0 (TapNode, 1);
  node->index = index;
  node->name = g_strdup (shown);
  node->op_type = g_strdup (op_type);
  node->domain = g_strdup ("");
  node->attrs = g_steal_pointer (&own_attrs);
  node->inputs = g_memdup2 (inputs, sizeof (int) * (gsize) n_inputs);
  node->n_inputs = n_inputs;
  node->outputs = g_memdup2 (outputs, sizeof (int) * (gsize) n_outputs);
  node->n_outputs = n_outputs;
  g_ptr_array_add (self->nodes, node);
  return node;
}

const char *
tap_graph_get_name (const TapGraph *self)
{
  return self->name;
}

int
tap_graph_n_nodes (const TapGraph *self)
{
  return (int) self->nodes->len;
}

TapNode *
tap_graph_get_node (const TapGraph *self, int index)
{
  g_return_val_if_fail (index >= 0 && index < (int) self->nodes->len, NULL);
  return g_ptr_array_index (self->nodes, index);
}

int
tap_graph_n_values (const TapGraph *self)
{
  return (int) self->values->len;
}

TapValue *
tap_graph_get_value (const TapGraph *self, int index)
{
  g_return_val_if_fail (index >= 0 && index < (int) self->values->len, NULL);
  return g_ptr_array_index (self->values, index);
}

int
tap_graph_n_inputs (const TapGraph *self)
{
  return (int) self->inputs->len;
}

int
tap_graph_get_input (const TapGraph *self, int i)
{
  g_return_val_if_fail (i >= 0 && i < (int) self->inputs->len, -1);
  return g_array_index (self->inputs, int, i);
}

int
tap_graph_n_outputs (const TapGraph *self)
{
  return (int) self->outputs->len;
}

int
tap_graph_get_output (const TapGraph *self, int i)
{
  g_return_val_if_fail (i >= 0 && i < (int) self->outputs->len, -1);
  return g_array_index (self->outputs, int, i);
}

int
tap_graph_find_value (const TapGraph *self, const char *name)
{
  gpointer index;

  if (g_hash_table_lookup_extended (self->value_index, name, NULL, &index))
    return GPOINTER_TO_INT (index);
  return -1;
}

TapValue *
tap_graph_layer_value (const TapGraph *self, const TapNode *node)
{
  for (int i = 0; i < node->n_outputs; i++)
    if (node->outputs[i] >= 0)
      return tap_graph_get_value (self, node->outputs[i]);
  return NULL;
}

GPtrArray *
tap_graph_list_layers (const TapGraph *self)
{
  GPtrArray *layers = g_ptr_array_new ();

  for (guint i = 0; i < self->nodes->len; i++)
    {
      TapNode *node = g_ptr_array_index (self->nodes, i);

      if (!node->folded && tap_graph_layer_value (self, node) != NULL)
        g_ptr_array_add (layers, node);
    }
  return layers;
}

static TapTensor *
get_constant (const TapGraph *self, const TapNode *node, int input)
{
  if (input >= node->n_inputs || node->inputs[input] < 0)
    return NULL;
  return tap_graph_get_value (self, node->inputs[input])->constant;
}

guint64
tap_node_n_parameters (const TapGraph *self, const TapNode *node)
{
  /* settings that ONNX passes as tensors are not trained */
  static const char *const settings[] = { "Clip",   "ConstantOfShape", "Dropout",
                                          "Expand", "Gather",          "Pad",
                                          "Range",  "Reshape",         "Resize",
                                          "Slice",  "Upsample",        NULL };
  guint64 n = 0;

  if (node->folded || g_strv_contains (settings, node->op_type))
    return 0;
  for (int i = 0; i < node->n_inputs; i++)
    {
      const TapTensor *constant = get_constant (self, node, i);
      gboolean again = FALSE;

      /* a node with thousands of inputs is no layer that shares its weights with itself */
      for (int j = 0; j < MIN (i, 64); j++)
        again = again || node->inputs[j] == node->inputs[i];
      if (constant != NULL && constant->dtype == TAP_DTYPE_F32 && !again)
        n += constant->count;
    }
  return n;
}

TapTensor *
tap_node_weights (const TapGraph *self, const TapNode *node)
{
  if (g_str_equal (node->op_type, "Conv") || g_str_equal (node->op_type, "ConvTranspose") ||
      g_str_equal (node->op_type, "Gemm"))
    return get_constant (self, node, 1);
  if (g_str_equal (node->op_type, "MatMul"))
    for (int i = 1; i >= 0; i--)
      {
        TapTensor *constant = get_constant (self, node, i);

        if (constant != NULL && constant->shape.n_dims == 2)
          return constant;
      }
  return NULL;
}
