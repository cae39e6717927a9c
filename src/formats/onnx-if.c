/* onnx-if.c - If whose condition is known while the network loads
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * PyTorch's exporters write If for what their Python decides by a shape. The condition comes out of shape
 * inference, which wants a whole graph: so the file is read, the conditions are looked up among the folded constants,
 * and it is read again with the nodes of the branch in the place of the If, until no more become known. Where the file
 * leaves sizes open, two sizes have to agree. Others stay in the graph as nodes that cannot run. */
#include "config.h"

#include "formats/onnx-private.h"
#include "formats/proto/onnx-proto.h"
#include "ops/infer.h"

#include <string.h>

#define MAX_ROUNDS 16

/* An If that stands in the graph as it is. */
typedef struct
{
  char *key;
  int condition; /* value */
} Open;

static void
open_free (Open *self)
{
  g_free (self->key);
  g_free (self);
}

/* One If of one call of a function. */
static char *
key_of (const OnnxScope *scope, const TapProtoField *field)
{
  return g_strdup_printf ("%s %p", scope != NULL ? scope->prefix : "", (gconstpointer) field->data);
}

void
tap_onnx_ifs_init (OnnxReader *self)
{
  self->branches = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->open_ifs = g_ptr_array_new_with_free_func ((GDestroyNotify) open_free);
}

/* The graph in attribute @wanted of the node at @message. */
static gboolean
find_branch (TapProto message, const char *wanted, TapProto *attribute, TapProtoField *graph)
{
  TapProtoField part, piece;

  while (tap_proto_next (&message, &part, NULL))
    {
      gboolean is_it = FALSE, has_graph = FALSE;
      TapProto again;

      if (part.number != ONNX_NODE_ATTRIBUTE || !tap_proto_enter (&message, &part, &again, NULL))
        continue;
      *attribute = again;
      while (tap_proto_next (&again, &piece, NULL))
        if (piece.number == ONNX_ATTRIBUTE_NAME)
          is_it = piece.length == strlen (wanted) && memcmp (piece.data, wanted, piece.length) == 0;
        else if (piece.number == ONNX_ATTRIBUTE_G)
          {
            *graph = piece;
            has_graph = TRUE;
          }
      if (is_it && has_graph)
        return TRUE;
    }
  return FALSE;
}

/* A name that the branch itself gives becomes a value of its own. */
static int
define (OnnxReader *self, OnnxScope *scope, const char *name)
{
  g_autofree char *full = g_strconcat (scope->prefix, name, NULL);
  int value = tap_graph_value (self->graph, full);

  g_hash_table_replace (scope->names, g_strdup (name), GINT_TO_POINTER (value));
  return value;
}

static gboolean
read_weights (OnnxReader *self,
              OnnxScope *scope,
              const TapProto *graph,
              const TapProtoField *field,
              GError **error)
{
  g_autofree char *name = NULL;
  g_autoptr (TapTensor) tensor = NULL;
  const char *kind;
  int value;

  if (!tap_onnx_spend (self, field->length, error) ||
      !tap_onnx_read_tensor (self, graph, field, &name, &tensor, &kind, error))
    return FALSE;
  if (tensor == NULL)
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_UNSUPPORTED,
                          "The weights “%.100s” are of type %s, which is not read", name, kind);
  value = define (self, scope, name);
  if (tap_graph_get_value (self->graph, value)->constant != NULL)
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED, "The tensor “%.100s” is given twice",
                          name);
  tap_graph_set_constant (self->graph, value, tensor);
  g_hash_table_insert (self->types, GINT_TO_POINTER (value), GINT_TO_POINTER (self->last_type));
  return TRUE;
}

static gboolean
define_outputs (OnnxReader *self,
                OnnxScope *scope,
                const TapProto *graph,
                const TapProtoField *field,
                GError **error)
{
  TapProto node;
  TapProtoField part;

  if (!tap_proto_enter (graph, field, &node, error))
    return FALSE;
  while (tap_proto_next (&node, &part, error))
    if (part.number == ONNX_NODE_OUTPUT && part.length > 0)
      {
        g_autofree char *name = tap_proto_dup_string (&part);

        if (!g_hash_table_contains (scope->names, name))
          define (self, scope, name);
      }
  return !node.failed;
}

/* What the branch hands out becomes output @i of the If. */
static gboolean
hand_out (OnnxReader *self,
          const OnnxNode *call,
          const OnnxScope *scope,
          const TapProtoField *field,
          const TapProto *graph,
          guint i,
          GError **error)
{
  g_autofree char *name = NULL, *node_name = NULL;
  g_autoptr (GArray) from = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (GArray) to = g_array_new (FALSE, FALSE, sizeof (int));
  OnnxNode node = { .op_type = (char *) "Identity",
                    .domain = (char *) "",
                    .inputs = from,
                    .outputs = to };
  TapProto message;
  TapProtoField part;
  gboolean fine;
  int value;

  if (!tap_proto_enter (graph, field, &message, error))
    return FALSE;
  while (tap_proto_next (&message, &part, error))
    if (part.number == ONNX_VALUE_NAME)
      {
        g_free (name);
        name = tap_proto_dup_string (&part);
      }
  if (message.failed)
    return FALSE;
  value = name != NULL ? tap_onnx_resolve (self, scope, name) : -1;
  if (value < 0 || i >= call->outputs->len)
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED,
                          "A branch of “%.100s” has other outputs than the node", call->name);
  if (g_array_index (call->outputs, int, i) < 0)
    return TRUE;
  node.name = node_name = g_strdup_printf ("%s/output %u", call->name, i + 1);
  node.attrs = tap_attrs_new ();
  g_array_append_val (from, value);
  g_array_append_val (to, g_array_index (call->outputs, int, i));
  fine = tap_onnx_add_node (self, &node, error);
  g_clear_pointer (&node.attrs, tap_attrs_free);
  return fine;
}

static gboolean
inline_branch (OnnxReader *self,
               const TapProto *attribute,
               const TapProtoField *at,
               const OnnxNode *call,
               OnnxScope *scope,
               GError **error)
{
  TapProto graph;
  TapProtoField field;

  for (int pass = 0; pass < 3; pass++)
    {
      guint n_out = 0;

      if (!tap_proto_enter (attribute, at, &graph, error))
        return FALSE;
      while (tap_proto_next (&graph, &field, error))
        {
          gboolean good = TRUE;

          if (pass == 0 && field.number == ONNX_GRAPH_INITIALIZER)
            good = read_weights (self, scope, &graph, &field, error);
          else if (pass == 0 && field.number == ONNX_GRAPH_NODE)
            good = define_outputs (self, scope, &graph, &field, error);
          else if (pass == 1 && field.number == ONNX_GRAPH_NODE)
            good = tap_onnx_read_node (self, &graph, &field, scope, error);
          else if (pass == 2 && field.number == ONNX_GRAPH_OUTPUT)
            good = hand_out (self, call, scope, &field, &graph, n_out++, error);
          if (!good)
            return FALSE;
        }
      if (graph.failed)
        return FALSE;
    }
  return TRUE;
}

gboolean
tap_onnx_add_if (OnnxReader *self,
                 const TapProto *message,
                 const TapProtoField *field,
                 const OnnxNode *node,
                 const OnnxScope *outer,
                 gboolean *done,
                 GError **error)
{
  g_autofree char *key = key_of (outer, field), *prefix = g_strdup_printf ("%s/", node->name);
  g_autoptr (GHashTable) names = NULL;
  int branch = GPOINTER_TO_INT (g_hash_table_lookup (self->branches, key));
  OnnxScope scope = { .parent = outer, .prefix = prefix, .open = TRUE };
  TapProtoField graph;
  TapProto attribute;

  *done = FALSE;
  if (node->inputs->len != 1)
    return TRUE;
  if (branch == 0 ||
      !find_branch (*message, branch == 1 ? "then_branch" : "else_branch", &attribute, &graph))
    {
      Open *open = g_new (Open, 1);

      open->key = g_steal_pointer (&key);
      open->condition = g_array_index (node->inputs, int, 0);
      g_ptr_array_add (self->open_ifs, open);
      return TRUE;
    }
  scope.depth = outer != NULL ? outer->depth + 1 : 1;
  if (scope.depth > TAP_ONNX_MAX_DEPTH)
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_UNSUPPORTED,
                          "Branches and functions lie more than %d deep in “%.100s”",
                          TAP_ONNX_MAX_DEPTH, node->name);
  names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  scope.names = names;
  scope.attrs = outer != NULL ? outer->attrs : NULL;
  scope.opsets = outer != NULL ? outer->opsets : NULL;
  *done = TRUE;
  return inline_branch (self, &attribute, &graph, node, &scope, error);
}

/* Which branch each open If would take if what is open were @size, 0 where that is not known. FALSE: the graph
 * has no shapes at this size. */
static gboolean
look_up (OnnxReader *self, int size, int *branches)
{
  if (!tap_infer_graph (self->graph, NULL, size, self->cancellable, NULL))
    return FALSE;
  for (guint i = 0; i < self->open_ifs->len; i++)
    {
      const Open *open = g_ptr_array_index (self->open_ifs, i);
      const TapTensor *constant =
        open->condition >= 0 ? tap_graph_get_value (self->graph, open->condition)->constant : NULL;

      branches[i] = constant == NULL || constant->dtype != TAP_DTYPE_I64 || constant->count != 1 ?
                      0 :
                    tap_tensor_i64 (constant)[0] != 0 ? 1 :
                                                        2;
    }
  return TRUE;
}

/* Settles the open Ifs that can be. FALSE with an error: the file cannot be read again. */
static gboolean
decide (OnnxReader *self, TapOnnxReadFunc read, guint *n_decided, GError **error)
{
  guint n = self->open_ifs->len;
  g_autofree int *first = g_new0 (int, n + 1), *second = g_new0 (int, n + 1);
  g_autoptr (GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  gboolean known = look_up (self, 0, first);

  *n_decided = 0;
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (keys, g_strdup (((Open *) g_ptr_array_index (self->open_ifs, i))->key));
  if (known)
    memcpy (second, first, n * sizeof (int));
  else
    {
      if (!read (self, error))
        return FALSE;
      known = look_up (self, 224, first);
      if (!read (self, error))
        return FALSE;
      known = known && look_up (self, 320, second);
    }
  for (guint i = 0; known && i < n; i++)
    if (first[i] != 0 && first[i] == second[i])
      {
        g_hash_table_replace (self->branches, g_strdup (g_ptr_array_index (keys, i)),
                              GINT_TO_POINTER (first[i]));
        (*n_decided)++;
      }
  return read (self, error);
}

gboolean
tap_onnx_settle_ifs (OnnxReader *self, TapOnnxReadFunc read, GError **error)
{
  for (int round = 0; round < MAX_ROUNDS && self->open_ifs->len > 0; round++)
    {
      guint n_decided;

      if (!decide (self, read, &n_decided, error))
        return FALSE;
      if (n_decided == 0)
        break;
    }
  return TRUE;
}
