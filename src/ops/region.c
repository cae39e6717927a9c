/* region.c - what a changed rectangle of an input can change, for one node at its shapes
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

static const TapShape *
input_shape (const TapGraph *graph, const TapNode *node, int input)
{
  if (input >= node->n_inputs || node->inputs[input] < 0)
    return NULL;
  return &tap_graph_get_value (graph, node->inputs[input])->shape;
}

static gboolean
has_shapes (const TapGraph *graph, const TapNode *node)
{
  if (node->op == NULL || node->problem != NULL)
    return FALSE;
  for (int i = 0; i < node->n_inputs; i++)
    if (node->inputs[i] >= 0 && !tap_graph_get_value (graph, node->inputs[i])->has_shape)
      return FALSE;
  for (int i = 0; i < node->n_outputs; i++)
    if (node->outputs[i] >= 0 && !tap_graph_get_value (graph, node->outputs[i])->has_shape)
      return FALSE;
  return TRUE;
}

static gint64
get_axis (const TapNode *node, gint64 fallback, int rank)
{
  gint64 axis = tap_attrs_get_int (node->attrs, "axis", fallback);

  return axis < 0 ? axis + rank : axis;
}

/* Broadcast operands either have the output's height and width, or are taken whole; one that is
 * repeated along only one of them, or lies in other dimensions, follows no simple rule. */
static gboolean
broadcasts_pointwise (const TapGraph *graph, const TapNode *node, const TapShape *out)
{
  for (int i = 0; i < node->n_inputs; i++)
    {
      const TapValue *value;
      TapShape shape;
      gint64 h, w;

      if (node->inputs[i] < 0)
        continue;
      value = tap_graph_get_value (graph, node->inputs[i]);
      if (value->constant != NULL)
        continue;
      shape = i == 0 ? value->shape :
                       tap_op_operand_shape (node, input_shape (graph, node, 0), &value->shape);
      h = shape.n_dims >= 2 ? shape.dims[shape.n_dims - 2] : 1;
      w = shape.n_dims >= 1 ? shape.dims[shape.n_dims - 1] : 1;
      if ((h != out->dims[2] || w != out->dims[3]) && (h != 1 || w != 1))
        return FALSE;
    }
  return TRUE;
}

TapRegionRule
tap_op_region (const TapGraph *graph, const TapNode *node)
{
  const TapShape *in, *out;

  if (!has_shapes (graph, node) || node->n_inputs < 1)
    return TAP_REGION_FULL;
  in = input_shape (graph, node, 0);
  out = tap_graph_layer_value (graph, node) != NULL ? &tap_graph_layer_value (graph, node)->shape :
                                                      NULL;
  if (in == NULL || out == NULL || out->n_dims != 4)
    return TAP_REGION_FULL;

  if (g_str_equal (node->op_type, "Concat") || g_str_equal (node->op_type, "Split"))
    {
      gint64 axis = get_axis (node, node->op_type[0] == 'C' ? 1 : 0, 4);

      /* along the first axis other pictures come in, each with a rectangle of its own */
      return axis == 1 ? TAP_REGION_POINTWISE : TAP_REGION_FULL;
    }
  if (g_str_has_suffix (node->op_type, "Softmax") && tap_op_opset (node) >= 13)
    return get_axis (node, -1, 4) < 2 ? TAP_REGION_POINTWISE : TAP_REGION_FULL;
  if (g_str_equal (node->op_type, "LRN") &&
      g_str_equal (tap_attrs_get_string (node->attrs, "norm_region", ""), "WITHIN_CHANNEL"))
    return TAP_REGION_WINDOW;
  if (g_str_equal (node->op_type, "Slice"))
    return in->n_dims == 4 && in->dims[2] == out->dims[2] && in->dims[3] == out->dims[3] &&
               (node->n_inputs < 5 || node->inputs[4] < 0) ?
             TAP_REGION_POINTWISE :
             TAP_REGION_FULL;
  if (node->op->region == TAP_REGION_POINTWISE && !broadcasts_pointwise (graph, node, out))
    return TAP_REGION_FULL;
  return node->op->region;
}
