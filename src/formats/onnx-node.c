/* onnx-node.c - nodes of an ONNX graph
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A Constant becomes a constant of the graph. A call of a function that the file itself defines is
 * replaced by the function's body, whose inner names get the call's name in front. Both walk the file
 * again for every call, so calls count as nodes and their bytes are taken from the budget. */
#include "config.h"

#include "formats/onnx-private.h"
#include "formats/proto/onnx-proto.h"

#include <string.h>

static void
node_clear (OnnxNode *node)
{
  g_clear_pointer (&node->name, g_free);
  g_clear_pointer (&node->op_type, g_free);
  g_clear_pointer (&node->domain, g_free);
  g_clear_pointer (&node->inputs, g_array_unref);
  g_clear_pointer (&node->outputs, g_array_unref);
  g_clear_pointer (&node->attrs, tap_attrs_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OnnxNode, node_clear)

int
tap_onnx_resolve (OnnxReader *self, const OnnxScope *scope, const char *name)
{
  g_autofree char *full = NULL;
  gpointer known;
  int value;

  if (name[0] == '\0')
    return -1;
  if (scope == NULL)
    return tap_graph_value (self->graph, name);
  if (g_hash_table_lookup_extended (scope->names, name, NULL, &known))
    return GPOINTER_TO_INT (known);
  if (scope->open)
    return tap_onnx_resolve (self, scope->parent, name);
  full = g_strconcat (scope->prefix, name, NULL);
  value = tap_graph_value (self->graph, full);
  g_hash_table_insert (scope->names, g_strdup (name), GINT_TO_POINTER (value));
  return value;
}

static gboolean
read_parts (OnnxReader *self,
            TapProto *message,
            const OnnxScope *scope,
            OnnxNode *node,
            GError **error)
{
  TapProtoField part;

  while (tap_proto_next (message, &part, error))
    {
      g_autofree char *text = NULL;
      int value;

      switch (part.number)
        {
        case ONNX_NODE_INPUT:
        case ONNX_NODE_OUTPUT:
          text = tap_proto_dup_string (&part);
          value = tap_onnx_resolve (self, scope, text);
          g_array_append_val (part.number == ONNX_NODE_INPUT ? node->inputs : node->outputs, value);
          if (tap_graph_n_values (self->graph) > TAP_ONNX_MAX_VALUES)
            return tap_onnx_fail (error, TAP_FORMAT_ERROR_UNSUPPORTED,
                                  "The graph has more than %d tensors", TAP_ONNX_MAX_VALUES);
          break;
        case ONNX_NODE_NAME:
          g_free (node->name);
          node->name = tap_proto_dup_string (&part);
          break;
        case ONNX_NODE_OP_TYPE:
          g_free (node->op_type);
          node->op_type = tap_proto_dup_string (&part);
          break;
        case ONNX_NODE_DOMAIN:
          g_free (node->domain);
          node->domain = tap_proto_dup_string (&part);
          break;
        case ONNX_NODE_ATTRIBUTE:
          if (!tap_onnx_read_attribute (self, message, &part, scope, node->attrs, error))
            {
              g_prefix_error (error, "In node “%.100s”: ", node->name ? node->name : "");
              return FALSE;
            }
          break;
        default:
          break;
        }
    }
  return !message->failed;
}

/* Removes outputs that are left out at the end; "" elsewhere gets a name nobody reads. */
static void
name_outputs (OnnxReader *self, OnnxNode *node)
{
  while (node->outputs->len > 0 && g_array_index (node->outputs, int, node->outputs->len - 1) < 0)
    g_array_set_size (node->outputs, node->outputs->len - 1);
  for (guint i = 0; i < node->outputs->len; i++)
    if (g_array_index (node->outputs, int, i) < 0)
      {
        g_autofree char *name = g_strdup_printf ("unused output %u of node %d", i, self->n_nodes);
        g_array_index (node->outputs, int, i) = tap_graph_value (self->graph, name);
      }
  while (node->inputs->len > 0 && g_array_index (node->inputs, int, node->inputs->len - 1) < 0)
    g_array_set_size (node->inputs, node->inputs->len - 1);
}

static TapTensor *
constant_value (const TapAttrs *attrs, GError **error)
{
  TapTensor *tensor = tap_attrs_get_tensor (attrs, "value");
  TapShape shape = TAP_SHAPE_SCALAR;
  const gint64 *ints;
  const float *floats;
  gsize n;

  if (tensor != NULL)
    return tap_tensor_ref (tensor);
  if (tap_attrs_has (attrs, "value_int"))
    {
      gint64 value = tap_attrs_get_int (attrs, "value_int", 0);
      return tap_tensor_new_i64 (&shape, &value, error);
    }
  if (tap_attrs_has (attrs, "value_float"))
    {
      float value = (float) tap_attrs_get_float (attrs, "value_float", 0);
      return tap_tensor_new_f32 (&shape, &value, error);
    }
  ints = tap_attrs_get_ints (attrs, "value_ints", &n);
  if (ints != NULL)
    {
      shape = tap_shape_new (1, (gint64) n);
      return tap_tensor_new_i64 (&shape, ints, error);
    }
  floats = tap_attrs_get_floats (attrs, "value_floats", &n);
  if (floats != NULL)
    {
      shape = tap_shape_new (1, (gint64) n);
      return tap_tensor_new_f32 (&shape, floats, error);
    }
  return NULL; /* text or sparse: stays a node that cannot run */
}

static gboolean
add_constant (OnnxReader *self, OnnxNode *node, gboolean *done, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (TapTensor) tensor = constant_value (node->attrs, &reason);
  const TapValue *value;
  int index;

  *done = tensor != NULL;
  if (reason != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  if (tensor == NULL)
    {
      g_free (node->domain);
      node->domain = g_strdup ("tapetum.unread");
      return TRUE;
    }
  if (node->outputs->len != 1)
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED,
                          "The constant “%.100s” has %u outputs instead of 1", node->name,
                          node->outputs->len);
  index = g_array_index (node->outputs, int, 0);
  value = tap_graph_get_value (self->graph, index);
  if (value->constant != NULL || value->producer >= 0)
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED, "The tensor “%.100s” is made twice",
                          value->name);
  tap_graph_set_constant (self->graph, index, tensor);
  if (tap_attrs_has (node->attrs, "value"))
    g_hash_table_insert (self->types, GINT_TO_POINTER (index), GINT_TO_POINTER (self->last_type));
  return TRUE;
}

static char *
function_key (const char *domain, const char *op_type)
{
  return g_strdup_printf ("%s %s", domain, op_type);
}

static void
scope_clear (OnnxScope *scope)
{
  g_clear_pointer (&scope->prefix, g_free);
  g_clear_pointer (&scope->names, g_hash_table_unref);
  g_clear_pointer (&scope->opsets, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OnnxScope, scope_clear)

/* An attribute that the caller left out takes the function's default. */
static gboolean
read_default (OnnxReader *self,
              const TapProto *body,
              const TapProtoField *part,
              TapAttrs *attrs,
              GError **error)
{
  g_autoptr (TapAttrs) one = tap_attrs_new ();
  g_autoptr (GPtrArray) names = NULL;

  if (!tap_onnx_spend (self, part->length, error) ||
      !tap_onnx_read_attribute (self, body, part, NULL, one, error))
    return FALSE;
  names = tap_attrs_list (one);
  if (names->len == 0 || tap_attrs_has (attrs, g_ptr_array_index (names, 0)))
    return TRUE;
  return tap_onnx_read_attribute (self, body, part, NULL, attrs, error);
}

static gboolean
read_opset (OnnxScope *scope, const TapProto *body, const TapProtoField *part, GError **error)
{
  g_autofree char *domain = g_strdup ("");
  guint64 version = 0;
  TapProto message;
  TapProtoField field;

  if (!tap_proto_enter (body, part, &message, error))
    return FALSE;
  while (tap_proto_next (&message, &field, error))
    if (field.number == ONNX_OPSET_DOMAIN)
      {
        g_free (domain);
        domain = tap_proto_dup_string (&field);
      }
    else if (field.number == ONNX_OPSET_VERSION)
      version = field.value;
  if (message.failed)
    return FALSE;
  if (scope->opsets == NULL)
    scope->opsets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_replace (scope->opsets, g_steal_pointer (&domain),
                        GINT_TO_POINTER ((int) MIN (version, 1000)));
  return TRUE;
}

/* Binds formal names to the values of the call, then reads the body in that scope. */
static gboolean
inline_call (OnnxReader *self,
             const TapProtoField *function,
             OnnxNode *call,
             const OnnxScope *outer,
             GError **error)
{
  g_auto (OnnxScope) scope = { 0 };
  TapProto body, again;
  TapProtoField part;
  guint n_in = 0, n_out = 0;

  scope.parent = outer;
  scope.depth = outer != NULL ? outer->depth + 1 : 1;
  if (scope.depth > TAP_ONNX_MAX_DEPTH)
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_UNSUPPORTED,
                          "The function “%.100s” calls functions more than %d deep", call->op_type,
                          TAP_ONNX_MAX_DEPTH);
  scope.prefix = g_strdup_printf ("%s/", call->name);
  scope.names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  scope.attrs = call->attrs;

  tap_proto_init (&body, function->data, function->length);
  body.origin = g_bytes_get_data (self->bytes, NULL);
  body.depth = 1;
  again = body;
  while (tap_proto_next (&body, &part, error))
    if (part.number == ONNX_FUNCTION_INPUT || part.number == ONNX_FUNCTION_OUTPUT)
      {
        gboolean is_in = part.number == ONNX_FUNCTION_INPUT;
        GArray *actual = is_in ? call->inputs : call->outputs;
        guint i = is_in ? n_in++ : n_out++;

        if (i < actual->len)
          g_hash_table_replace (scope.names, tap_proto_dup_string (&part),
                                GINT_TO_POINTER (g_array_index (actual, int, i)));
        else if (is_in)
          g_hash_table_replace (scope.names, tap_proto_dup_string (&part), GINT_TO_POINTER (-1));
      }
    else if (part.number == ONNX_FUNCTION_ATTRIBUTE_PROTO)
      {
        if (!read_default (self, &body, &part, call->attrs, error))
          return FALSE;
      }
    else if (part.number == ONNX_FUNCTION_OPSET && !read_opset (&scope, &body, &part, error))
      return FALSE;
  if (body.failed)
    return FALSE;

  while (tap_proto_next (&again, &part, error))
    if (part.number == ONNX_FUNCTION_NODE &&
        !tap_onnx_read_node (self, &again, &part, &scope, error))
      return FALSE;
  return !again.failed;
}

gboolean
tap_onnx_add_node (OnnxReader *self, OnnxNode *node, GError **error)
{
  TapNode *added;

  if (++self->n_nodes > TAP_ONNX_MAX_NODES)
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_UNSUPPORTED, "The graph has more than %d nodes",
                          TAP_ONNX_MAX_NODES);
  for (guint i = 0; i < node->outputs->len; i++)
    {
      const TapValue *value =
        tap_graph_get_value (self->graph, g_array_index (node->outputs, int, i));
      if (value->constant != NULL)
        return tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED,
                              "The tensor “%.100s” is made twice: by node “%.100s” and as a weight",
                              value->name, node->name);
    }
  tap_onnx_note_types (self, node);
  added = tap_graph_add_node (self->graph, node->name, node->op_type,
                              (const int *) (gpointer) node->inputs->data, (int) node->inputs->len,
                              (const int *) (gpointer) node->outputs->data,
                              (int) node->outputs->len, g_steal_pointer (&node->attrs), error);
  if (added == NULL)
    return FALSE;
  g_free (added->domain);
  added->domain = g_strdup (node->domain);
  added->opset = node->opset;
  return TRUE;
}

gboolean
tap_onnx_read_node (OnnxReader *self,
                    const TapProto *parent,
                    const TapProtoField *field,
                    const OnnxScope *scope,
                    GError **error)
{
  g_auto (OnnxNode) node = { 0 };
  g_autofree char *key = NULL, *plain = NULL;
  const TapProtoField *function;
  GHashTable *opsets = scope != NULL && scope->opsets != NULL ? scope->opsets : self->opsets;
  gboolean done;
  TapProto message, whole;

  /* A body is read once per call. */
  if (scope != NULL && !tap_onnx_spend (self, field->length + 4 * strlen (scope->prefix), error))
    return FALSE;
  if (!tap_proto_enter (parent, field, &message, error))
    return FALSE;
  whole = message;
  node.inputs = g_array_new (FALSE, FALSE, sizeof (int));
  node.outputs = g_array_new (FALSE, FALSE, sizeof (int));
  node.attrs = tap_attrs_new ();
  if (!read_parts (self, &message, scope, &node, error))
    return FALSE;

  if (node.op_type == NULL || node.op_type[0] == '\0')
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED, "Node “%.100s” names no operator",
                          node.name ? node.name : "");
  if (node.domain == NULL || g_str_equal (node.domain, "ai.onnx"))
    {
      g_free (node.domain);
      node.domain = g_strdup ("");
    }
  if (node.name == NULL || node.name[0] == '\0')
    {
      /* The output's name says more than a number; tap_graph_sort() settles clashes. */
      int first = node.outputs->len > 0 ? g_array_index (node.outputs, int, 0) : -1;
      g_free (node.name);
      node.name =
        g_strdup (first >= 0 ? tap_graph_get_value (self->graph, first)->name : node.op_type);
    }
  else if (scope != NULL)
    {
      plain = node.name;
      node.name = g_strconcat (scope->prefix, plain, NULL);
    }
  node.opset = GPOINTER_TO_INT (g_hash_table_lookup (opsets, node.domain));

  key = function_key (node.domain, node.op_type);
  function = g_hash_table_lookup (self->functions, key);
  if (function != NULL)
    {
      if (++self->n_nodes > TAP_ONNX_MAX_NODES)
        return tap_onnx_fail (error, TAP_FORMAT_ERROR_UNSUPPORTED,
                              "The graph has more than %d nodes", TAP_ONNX_MAX_NODES);
      return inline_call (self, function, &node, scope, error);
    }

  name_outputs (self, &node);
  if (g_str_equal (node.op_type, "Constant") && node.domain[0] == '\0')
    {
      if (!add_constant (self, &node, &done, error))
        return FALSE;
      if (done)
        {
          self->n_nodes++;
          return TRUE;
        }
    }
  done = FALSE;
  if (g_str_equal (node.op_type, "If") && node.domain[0] == '\0' &&
      !tap_onnx_add_if (self, &whole, field, &node, scope, &done, error))
    return FALSE;
  if (done)
    return TRUE;
  if (!tap_onnx_add_quantized (self, &node, &done, error))
    return FALSE;
  return done || tap_onnx_add_node (self, &node, error);
}
