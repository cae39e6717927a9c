/* onnx-writer.c - a graph as an ONNX file, so that others can be measured on the same network
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Protocol buffers by hand: a field is its number and wire type, then a varint or a length and bytes.
 * Field numbers are those of onnx.proto. */

#include "config.h"

#include "onnx-writer.h"

#include <errno.h>
#include <gio/gio.h>
#include <stdio.h>

enum
{
  ONNX_FLOAT = 1,
  ONNX_ATTRIBUTE_INT = 2,
  ONNX_ATTRIBUTE_INTS = 7,
};

static void
put_varint (GString *out, guint64 value)
{
  for (; value >= 0x80; value >>= 7)
    g_string_append_c (out, (char) (value | 0x80));
  g_string_append_c (out, (char) value);
}

static void
put_int (GString *out, guint field, gint64 value)
{
  put_varint (out, field << 3);
  put_varint (out, (guint64) value);
}

/* The head of a field of @length bytes. */
static void
put_length (GString *out, guint field, guint64 length)
{
  put_varint (out, field << 3 | 2);
  put_varint (out, length);
}

static void
put_text (GString *out, guint field, const char *text)
{
  put_length (out, field, strlen (text));
  g_string_append (out, text);
}

/* @message (transfer full) */
static void
put_message (GString *out, guint field, GString *message)
{
  put_length (out, field, message->len);
  g_string_append_len (out, message->str, (gssize) message->len);
  g_string_free (message, TRUE);
}

static GString *
attribute (const TapAttrs *attrs, const char *name)
{
  GString *out = g_string_new (NULL);
  gsize n;
  const gint64 *values = tap_attrs_get_ints (attrs, name, &n);

  put_text (out, 1, name);
  if (values == NULL)
    put_int (out, 3, tap_attrs_get_int (attrs, name, 0));
  for (gsize i = 0; i < n; i++)
    put_int (out, 8, values[i]);
  put_int (out, 20, values != NULL ? ONNX_ATTRIBUTE_INTS : ONNX_ATTRIBUTE_INT);
  return out;
}

static GString *
node_message (const TapGraph *graph, const TapNode *node)
{
  GString *out = g_string_new (NULL);
  g_autoptr (GPtrArray) names = tap_attrs_list (node->attrs);

  for (int i = 0; i < node->n_inputs; i++)
    put_text (out, 1,
              node->inputs[i] >= 0 ? tap_graph_get_value (graph, node->inputs[i])->name : "");
  for (int i = 0; i < node->n_outputs; i++)
    put_text (out, 2, tap_graph_get_value (graph, node->outputs[i])->name);
  put_text (out, 3, node->name);
  put_text (out, 4, node->op_type);
  for (guint i = 0; i < names->len; i++)
    put_message (out, 5, attribute (node->attrs, g_ptr_array_index (names, i)));
  return out;
}

/* A graph's input or output: name, type, and for inputs the shape. */
static GString *
value_message (const TapValue *value, gboolean with_shape)
{
  GString *out = g_string_new (NULL), *shape = g_string_new (NULL);
  GString *tensor = g_string_new (NULL), *type = g_string_new (NULL);

  for (int i = 0; i < value->shape.n_dims; i++)
    {
      GString *dim = g_string_new (NULL);

      if (value->shape.dims[i] >= 0)
        put_int (dim, 1, value->shape.dims[i]);
      else
        put_text (dim, 2, "n");
      put_message (shape, 1, dim);
    }
  put_int (tensor, 1, ONNX_FLOAT);
  if (with_shape)
    put_message (tensor, 2, shape);
  else
    g_string_free (shape, TRUE);
  put_message (type, 1, tensor);
  put_text (out, 1, value->name);
  put_message (out, 2, type);
  return out;
}

/* Everything of a constant but its numbers, which follow. */
static GString *
tensor_head (const TapValue *value)
{
  const TapTensor *tensor = value->constant;
  GString *head = g_string_new (NULL), *out = g_string_new (NULL);
  gsize bytes = tensor->count * sizeof (float);

  for (int i = 0; i < tensor->shape.n_dims; i++)
    put_int (head, 1, tensor->shape.dims[i]);
  put_int (head, 2, ONNX_FLOAT);
  put_text (head, 8, value->name);
  put_length (head, 9, bytes);
  put_length (out, 5, head->len + bytes);
  g_string_append_len (out, head->str, (gssize) head->len);
  g_string_free (head, TRUE);
  return out;
}

static GString *
graph_head (const TapGraph *graph)
{
  GString *out = g_string_new (NULL);

  for (int i = 0; i < tap_graph_n_nodes (graph); i++)
    put_message (out, 1, node_message (graph, tap_graph_get_node (graph, i)));
  put_text (out, 2, tap_graph_get_name (graph));
  for (int i = 0; i < tap_graph_n_inputs (graph); i++)
    put_message (out, 11,
                 value_message (tap_graph_get_value (graph, tap_graph_get_input (graph, i)), TRUE));
  for (int i = 0; i < tap_graph_n_outputs (graph); i++)
    put_message (
      out, 12, value_message (tap_graph_get_value (graph, tap_graph_get_output (graph, i)), FALSE));
  return out;
}

static GString *
model_head (guint64 graph_length)
{
  GString *out = g_string_new (NULL), *opset = g_string_new (NULL);

  put_text (opset, 1, "");
  put_int (opset, 2, 13);
  put_int (out, 1, 7);
  put_text (out, 2, "tapetum");
  put_message (out, 8, opset);
  put_length (out, 7, graph_length);
  return out;
}

static gboolean
put_file (FILE *file, GString *text)
{
  gboolean fine = fwrite (text->str, 1, text->len, file) == text->len;

  g_string_free (text, TRUE);
  return fine;
}

gboolean
bench_write_onnx (const TapGraph *graph, const char *path, GError **error)
{
  g_autofree char *unfinished = g_strconcat (path, ".part", NULL);
  GString *head = graph_head (graph);
  guint64 length = head->len;
  FILE *file = fopen (unfinished, "wb");
  gboolean fine = file != NULL;

  for (int i = 0; i < tap_graph_n_values (graph); i++)
    if (tap_graph_get_value (graph, i)->constant != NULL)
      {
        GString *tensor = tensor_head (tap_graph_get_value (graph, i));

        length += tensor->len + tap_graph_get_value (graph, i)->constant->count * sizeof (float);
        g_string_free (tensor, TRUE);
      }
  fine = fine && put_file (file, model_head (length));
  fine = fine && fwrite (head->str, 1, head->len, file) == head->len;
  for (int i = 0; fine && i < tap_graph_n_values (graph); i++)
    {
      const TapTensor *tensor = tap_graph_get_value (graph, i)->constant;

      if (tensor != NULL)
        fine = put_file (file, tensor_head (tap_graph_get_value (graph, i))) &&
               fwrite (tensor->data, sizeof (float), tensor->count, file) == tensor->count;
    }
  g_string_free (head, TRUE);
  if (file != NULL && fclose (file) != 0)
    fine = FALSE;
  /* A run that was interrupted leaves nothing that looks whole. */
  if (fine && rename (unfinished, path) == 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "%s: %s", path,
               g_strerror (errno));
  return FALSE;
}
