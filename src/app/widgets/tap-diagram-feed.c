/* tap-diagram-feed.c - keeps a network drawing in step with the document
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/widgets/tap-diagram-feed.h"

#include "job/tap-lane.h"

#include <glib/gi18n.h>

struct _TapDiagramFeed
{
  TapDiagramView *view;  /* unowned: it owns us */
  TapDocument *document; /* owned */
  TapLane *lane;
  TapGraph *graph; /* what is drawn or being drawn */
  GHashTable *open_blocks;
  gboolean collapse;
  gboolean fresh; /* the next drawing is of another network */
};

typedef struct
{
  TapGraph *graph;
  GHashTable *open_blocks;
  gboolean collapse;
} Request;

static void
request_free (gpointer data)
{
  Request *request = data;

  tap_graph_unref (request->graph);
  g_hash_table_unref (request->open_blocks);
  g_free (request);
}

static gpointer
lay_out (gconstpointer data, TapProgress *progress, GCancellable *cancellable, GError **error)
{
  const Request *request = data;
  TapDiagram *diagram =
    tap_diagram_new (request->graph, request->collapse, request->open_blocks, cancellable);

  if (diagram == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Cancelled");
  return diagram;
}

static void
laid_out_cb (gpointer result, const GError *error, gpointer user_data)
{
  TapDiagramFeed *self = user_data;
  g_autoptr (TapDiagram) diagram = result;

  if (diagram == NULL)
    return;
  tap_diagram_view_set_diagram (self->view, diagram, !self->fresh);
  self->fresh = FALSE;
  tap_diagram_view_set_selected (self->view, tap_document_get_layer (self->document));
}

/* The worker gets a copy of the set: ours changes in the main thread. */
static GHashTable *
copy_blocks (GHashTable *blocks)
{
  GHashTable *copy = g_hash_table_new (NULL, NULL);
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, blocks);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_hash_table_add (copy, key);
  return copy;
}

static void
submit (TapDiagramFeed *self)
{
  Request *request;

  if (self->graph == NULL)
    return;
  request = g_new0 (Request, 1);
  request->graph = tap_graph_ref (self->graph);
  request->open_blocks = copy_blocks (self->open_blocks);
  request->collapse = self->collapse;
  tap_lane_submit (self->lane, request, 0);
}

static void
model_changed_cb (TapDiagramFeed *self)
{
  TapModel *model = tap_document_get_model (self->document);
  TapGraph *graph = model != NULL ? model->graph : NULL;

  if (graph == self->graph)
    return;
  g_clear_pointer (&self->graph, tap_graph_unref);
  g_hash_table_remove_all (self->open_blocks);
  self->fresh = TRUE;
  if (graph == NULL)
    {
      tap_lane_cancel (self->lane);
      tap_diagram_view_set_diagram (self->view, NULL, FALSE);
      return;
    }
  self->graph = tap_graph_ref (graph);
  submit (self);
}

static void
layer_changed_cb (TapDiagramFeed *self)
{
  tap_diagram_view_set_selected (self->view, tap_document_get_layer (self->document));
}

static void
node_selected_cb (TapDiagramView *view, int node, TapDiagramFeed *self)
{
  tap_document_set_layer (self->document, node);
}

static void
block_toggled_cb (TapDiagramView *view, int block, TapDiagramFeed *self)
{
  gpointer key = GINT_TO_POINTER (block);

  if (!g_hash_table_remove (self->open_blocks, key))
    g_hash_table_add (self->open_blocks, key);
  submit (self);
}

static char *
tip_cb (int index, gpointer user_data)
{
  TapDiagramFeed *self = user_data;
  g_autofree char *shape = NULL;
  GString *text;
  TapNode *node;
  TapValue *value;
  guint64 n_parameters;

  if (self->graph == NULL || index < 0 || index >= tap_graph_n_nodes (self->graph))
    return NULL;
  node = tap_graph_get_node (self->graph, index);
  value = tap_graph_layer_value (self->graph, node);
  n_parameters = tap_node_n_parameters (self->graph, node);

  text = g_string_new (node->name);
  g_string_append_printf (text, "\n%s", node->op_type);
  if (value != NULL && value->has_shape)
    {
      shape = tap_shape_to_string (&value->shape);
      g_string_append_printf (text, " · %s", shape);
    }
  if (n_parameters > 0)
    {
      /* Translators: a number of trained weights, with thousands separators */
      g_string_append_printf (text, "\n");
      g_string_append_printf (text, _ ("%'" G_GUINT64_FORMAT " parameters"), n_parameters);
    }
  if (node->problem != NULL)
    g_string_append_printf (text, "\n%s", node->problem);
  return g_string_free (text, FALSE);
}

TapDiagramFeed *
tap_diagram_feed_new (TapDiagramView *view, TapDocument *document)
{
  TapDiagramFeed *self = g_new0 (TapDiagramFeed, 1);

  self->view = view;
  self->document = g_object_ref (document);
  self->open_blocks = g_hash_table_new (NULL, NULL);
  self->collapse = TRUE;
  self->lane = tap_lane_new ("tap-layout", lay_out, request_free,
                             (GDestroyNotify) tap_diagram_unref, laid_out_cb, NULL, self);

  g_signal_connect_swapped (document, "notify::model", G_CALLBACK (model_changed_cb), self);
  g_signal_connect_swapped (document, "notify::layer", G_CALLBACK (layer_changed_cb), self);
  g_signal_connect (view, "node-selected", G_CALLBACK (node_selected_cb), self);
  g_signal_connect (view, "block-toggled", G_CALLBACK (block_toggled_cb), self);
  tap_diagram_view_set_tip_func (view, tip_cb, self);
  model_changed_cb (self);

  return self;
}

void
tap_diagram_feed_free (TapDiagramFeed *self)
{
  tap_diagram_view_set_tip_func (self->view, NULL, NULL);
  g_signal_handlers_disconnect_by_data (self->view, self);
  g_signal_handlers_disconnect_by_data (self->document, self);
  tap_lane_dispose (self->lane);
  g_clear_pointer (&self->graph, tap_graph_unref);
  g_hash_table_unref (self->open_blocks);
  g_object_unref (self->document);
  g_free (self);
}

void
tap_diagram_feed_set_collapse (TapDiagramFeed *self, gboolean collapse)
{
  if (self->collapse == collapse)
    return;
  self->collapse = collapse;
  submit (self);
}
