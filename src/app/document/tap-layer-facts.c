/* tap-layer-facts.c - what is known about one layer: from the graph, and from the clean run
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/document/tap-layer-facts.h"

#include <glib/gi18n.h>

#include "ops/tap-op.h"

G_DEFINE_BOXED_TYPE (TapLayerFacts, tap_layer_facts, tap_layer_facts_ref, tap_layer_facts_unref)

/* "64×113×113": the batch says nothing about a layer. */
static char *
shape_text (const TapValue *value)
{
  TapShape shape = value->shape;

  if (!value->has_shape)
    return NULL;

  if (shape.n_dims > 1)
    {
      for (int i = 1; i < shape.n_dims; i++)
        shape.dims[i - 1] = shape.dims[i];
      shape.n_dims--;
    }

  return tap_shape_to_string (&shape);
}

static void
append_part (GString *text, char *part)
{
  if (text->len > 0)
    g_string_append (text, ", ");
  g_string_append (text, part);
  g_free (part);
}

static void
append_window (GString *text, const TapWindow *w, gboolean is_conv)
{
  append_part (text, g_strdup_printf (_ ("kernel %d×%d"), w->kernel_h, w->kernel_w));

  if (w->stride_h == w->stride_w)
    append_part (text, g_strdup_printf (_ ("stride %d"), w->stride_h));
  else
    append_part (text, g_strdup_printf (_ ("stride %d×%d"), w->stride_h, w->stride_w));

  if (w->pad_top != 0 || w->pad_left != 0 || w->pad_bottom != 0 || w->pad_right != 0)
    {
      if (w->pad_top == w->pad_left && w->pad_top == w->pad_bottom && w->pad_top == w->pad_right)
        append_part (text, g_strdup_printf (_ ("padding %d"), w->pad_top));
      else
        append_part (text,
                     /* Translators: zeros added around a map: top, left, bottom, right */
                     g_strdup_printf (_ ("padding %d/%d/%d/%d"), w->pad_top, w->pad_left,
                                      w->pad_bottom, w->pad_right));
    }
  if (w->dilation_h > 1 || w->dilation_w > 1)
    append_part (text, g_strdup_printf (_ ("dilation %d×%d"), w->dilation_h, w->dilation_w));
  if (is_conv && w->group > 1)
    append_part (text, g_strdup_printf (ngettext ("%d group", "%d groups", w->group), w->group));
}

/* Geometry for sliding windows, else the attributes as the file has them. */
static char *
settings_text (TapGraph *graph, const TapNode *node)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const TapValue *input = NULL;
  g_autoptr (GPtrArray) names = NULL;

  if (node->n_inputs > 0 && node->inputs[0] >= 0)
    input = tap_graph_get_value (graph, node->inputs[0]);

  if (node->op != NULL && node->op->region == TAP_REGION_WINDOW && node->problem == NULL &&
      input != NULL && input->has_shape)
    {
      TapTensor *weights = tap_node_weights (graph, node);
      TapWindow window = { 0 };

      if (tap_op_window (node, &input->shape, weights != NULL ? &weights->shape : NULL, &window,
                         NULL))
        {
          append_window (text, &window, weights != NULL);
          return g_string_free (g_steal_pointer (&text), FALSE);
        }
    }

  names = tap_attrs_list (node->attrs);
  for (guint i = 0; i < names->len && i < 6; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *value = tap_attrs_to_string (node->attrs, name);

      if (value != NULL && g_utf8_validate (value, -1, NULL) && strlen (value) <= 40)
        append_part (text, g_strdup_printf ("%s %s", name, value));
    }

  return text->len > 0 ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

TapLayerFacts *
tap_layer_facts_new (TapModel *model, int node_index, TapTensor *values)
{
  TapGraph *graph = model->graph;
  TapNode *node = tap_graph_get_node (graph, node_index);
  TapValue *value = tap_graph_layer_value (graph, node);
  TapLayerFacts *self = g_new0 (TapLayerFacts, 1);

  g_atomic_ref_count_init (&self->ref);
  self->node = node_index;
  self->name = g_utf8_make_valid (node->name, -1);
  self->op_type = g_utf8_make_valid (node->op_type, -1);
  self->summary = node->op != NULL ? g_strdup (node->op->summary) : NULL;
  self->problem = node->problem != NULL ? g_utf8_make_valid (node->problem, -1) : NULL;
  self->settings = settings_text (graph, node);
  self->n_parameters = tap_node_n_parameters (graph, node);
  self->macs = node->problem == NULL ? tap_infer_macs (graph, node) : 0;

  if (value != NULL)
    {
      self->shape = shape_text (value);
      self->has_field = value->has_shape && model->input >= 0 &&
                        tap_infer_receptive_field (graph, model->input, value->index, &self->field);
    }

  if (values != NULL && values->dtype == TAP_DTYPE_F32 && values->count > 0)
    {
      self->has_stats = TRUE;
      tap_tensor_stats (tap_tensor_f32 (values), values->count, &self->stats);
      tap_histogram_fill (&self->histogram, tap_tensor_f32 (values), values->count);
    }

  return self;
}

TapLayerFacts *
tap_layer_facts_ref (TapLayerFacts *self)
{
  g_atomic_ref_count_inc (&self->ref);
  return self;
}

void
tap_layer_facts_unref (TapLayerFacts *self)
{
  if (!g_atomic_ref_count_dec (&self->ref))
    return;

  g_free (self->name);
  g_free (self->op_type);
  g_free (self->summary);
  g_free (self->problem);
  g_free (self->shape);
  g_free (self->settings);
  g_free (self);
}
