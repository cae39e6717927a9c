/* tap-graph-sort.c - puts the nodes of a graph in an order in which they can run
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Kahn's algorithm; among the nodes that are ready the one that stands first in the file goes first, so
 * that a file in order keeps its order. Nothing recurses: graphs may be as deep as the file is long. */
#include "config.h"

#include "core/tap-graph-private.h"

#include "core/tap-error.h"

/* --- a heap of ints, smallest first --- */

static void
heap_push (GArray *heap, int item)
{
  guint i = heap->len;

  g_array_append_val (heap, item);
  while (i > 0 && g_array_index (heap, int, (i - 1) / 2) > item)
    {
      g_array_index (heap, int, i) = g_array_index (heap, int, (i - 1) / 2);
      i = (i - 1) / 2;
    }
  g_array_index (heap, int, i) = item;
}

static int
heap_pop (GArray *heap)
{
  int top = g_array_index (heap, int, 0);
  int last = g_array_index (heap, int, heap->len - 1);
  guint n = heap->len - 1;
  guint i = 0;

  g_array_set_size (heap, n);
  if (n == 0)
    return top;
  for (;;)
    {
      guint child = 2 * i + 1;

      if (child >= n)
        break;
      if (child + 1 < n && g_array_index (heap, int, child + 1) < g_array_index (heap, int, child))
        child++;
      if (g_array_index (heap, int, child) >= last)
        break;
      g_array_index (heap, int, i) = g_array_index (heap, int, child);
      i = child;
    }
  g_array_index (heap, int, i) = last;
  return top;
}

/* --- checks --- */

static gboolean
is_available (const TapGraph *self, const TapValue *value, const gboolean *is_input)
{
  return value->producer >= 0 || value->constant != NULL || is_input[value->index];
}

static gboolean
check_defined (const TapGraph *self, GError **error)
{
  g_autofree gboolean *is_input = g_new0 (gboolean, self->values->len + 1);

  for (guint i = 0; i < self->inputs->len; i++)
    is_input[g_array_index (self->inputs, int, i)] = TRUE;

  for (guint i = 0; i < self->nodes->len; i++)
    {
      const TapNode *node = g_ptr_array_index (self->nodes, i);

      for (int k = 0; k < node->n_inputs; k++)
        {
          const TapValue *value;

          if (node->inputs[k] < 0)
            continue;
          value = g_ptr_array_index (self->values, node->inputs[k]);
          if (!is_available (self, value, is_input))
            {
              g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID,
                           "The node “%s” (%s) reads the tensor “%s”, which nothing produces.",
                           node->name, node->op_type, value->name);
              return FALSE;
            }
        }
    }
  for (guint i = 0; i < self->outputs->len; i++)
    {
      const TapValue *value =
        g_ptr_array_index (self->values, g_array_index (self->outputs, int, i));

      if (!is_available (self, value, is_input))
        {
          g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID,
                       "The output “%s” of the network is produced by nothing.", value->name);
          return FALSE;
        }
    }
  return TRUE;
}

/* Walks backwards through nodes that wait, until one comes up again: from there on it is a cycle. */
static void
set_cycle_error (const TapGraph *self, const int *waiting, GError **error)
{
  const guint most = 6;
  g_autofree int *seen_at = g_new0 (int, self->nodes->len);
  g_autoptr (GArray) path = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (GString) names = g_string_new (NULL);
  int at = 0;
  guint length;

  while (waiting[at] == 0)
    at++;
  while (seen_at[at] == 0)
    {
      const TapNode *node = g_ptr_array_index (self->nodes, at);

      g_array_append_val (path, at);
      seen_at[at] = (int) path->len;
      for (int k = 0; k < node->n_inputs; k++)
        {
          int producer =
            node->inputs[k] < 0 ?
              -1 :
              ((TapValue *) g_ptr_array_index (self->values, node->inputs[k]))->producer;

          if (producer >= 0 && waiting[producer] > 0)
            {
              at = producer;
              break;
            }
        }
    }

  length = path->len - (guint) (seen_at[at] - 1);
  /* the walk went against the arrows: read it from its end */
  for (guint i = 0; i < MIN (length, most); i++)
    {
      const TapNode *node =
        g_ptr_array_index (self->nodes, g_array_index (path, int, path->len - 1 - i));

      g_string_append_printf (names, "%s“%s”", i > 0 ? " → " : "", node->name);
    }
  if (length > most)
    g_string_append_printf (names, " → … (%u nodes)", length);
  g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID,
               "The network has a cycle and cannot be put in order: %s.", names->str);
}

/* --- names --- */

static void
make_names_unique (TapGraph *self)
{
  g_autoptr (GHashTable) next = g_hash_table_new (g_str_hash, g_str_equal);

  g_hash_table_remove_all (self->node_index);
  for (guint i = 0; i < self->nodes->len; i++)
    {
      TapNode *node = g_ptr_array_index (self->nodes, i);

      if (*node->name == '\0')
        {
          g_free (node->name);
          node->name = g_strdup_printf ("%s_%u", node->op_type, i);
        }
      if (g_hash_table_contains (self->node_index, node->name))
        {
          /* the counter is kept per name: a file with 10⁵ equal names is not to cost 10¹⁰ */
          const TapNode *first = g_ptr_array_index (
            self->nodes, GPOINTER_TO_INT (g_hash_table_lookup (self->node_index, node->name)));
          int n = GPOINTER_TO_INT (g_hash_table_lookup (next, node->name));
          char *name = NULL;

          do
            {
              g_free (name);
              n = MAX (n, 1) + 1;
              name = g_strdup_printf ("%s_%d", node->name, n);
            }
          while (g_hash_table_contains (self->node_index, name));
          g_hash_table_insert (next, first->name, GINT_TO_POINTER (n));
          g_free (node->name);
          node->name = name;
        }
      g_hash_table_insert (self->node_index, node->name, GINT_TO_POINTER ((int) i));
    }
}

/* --- the sort --- */

static void
fill_consumers (TapGraph *self)
{
  for (guint i = 0; i < self->values->len; i++)
    g_array_set_size (((TapValue *) g_ptr_array_index (self->values, i))->consumers, 0);

  for (guint i = 0; i < self->nodes->len; i++)
    {
      const TapNode *node = g_ptr_array_index (self->nodes, i);

      for (int k = 0; k < node->n_inputs; k++)
        {
          int index = (int) i;
          GArray *consumers;

          if (node->inputs[k] < 0)
            continue;
          consumers = ((TapValue *) g_ptr_array_index (self->values, node->inputs[k]))->consumers;
          if (consumers->len == 0 || g_array_index (consumers, int, consumers->len - 1) != index)
            g_array_append_val (consumers, index);
        }
    }
}

static void
reorder (TapGraph *self, const GArray *order)
{
  GPtrArray *sorted = g_ptr_array_new_full (order->len, NULL);

  for (guint i = 0; i < order->len; i++)
    {
      TapNode *node = g_ptr_array_index (self->nodes, g_array_index (order, int, i));

      node->index = (int) i;
      for (int k = 0; k < node->n_outputs; k++)
        if (node->outputs[k] >= 0)
          ((TapValue *) g_ptr_array_index (self->values, node->outputs[k]))->producer = (int) i;
      g_ptr_array_add (sorted, node);
    }
  for (guint i = 0; i < order->len; i++)
    g_ptr_array_index (self->nodes, i) = g_ptr_array_index (sorted, i);
  g_ptr_array_unref (sorted);
}

gboolean
tap_graph_sort (TapGraph *self, GError **error)
{
  g_autofree int *waiting = g_new0 (int, self->nodes->len + 1);
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (GArray) ready = g_array_new (FALSE, FALSE, sizeof (int));

  if (!check_defined (self, error))
    return FALSE;

  /* consumers by file position first; filled again once the order is known */
  fill_consumers (self);
  for (guint i = 0; i < self->values->len; i++)
    {
      const TapValue *value = g_ptr_array_index (self->values, i);

      if (value->producer >= 0)
        for (guint k = 0; k < value->consumers->len; k++)
          waiting[g_array_index (value->consumers, int, k)]++;
    }
  for (guint i = 0; i < self->nodes->len; i++)
    if (waiting[i] == 0)
      heap_push (ready, (int) i);

  while (ready->len > 0)
    {
      int at = heap_pop (ready);
      const TapNode *node = g_ptr_array_index (self->nodes, at);

      g_array_append_val (order, at);
      for (int k = 0; k < node->n_outputs; k++)
        {
          const GArray *consumers;

          if (node->outputs[k] < 0)
            continue;
          consumers = ((TapValue *) g_ptr_array_index (self->values, node->outputs[k]))->consumers;
          for (guint c = 0; c < consumers->len; c++)
            if (--waiting[g_array_index (consumers, int, c)] == 0)
              heap_push (ready, g_array_index (consumers, int, c));
        }
    }
  if (order->len < self->nodes->len)
    {
      set_cycle_error (self, waiting, error);
      return FALSE;
    }

  reorder (self, order);
  fill_consumers (self);
  make_names_unique (self);
  return TRUE;
}
