/* infer-shapes.c - the shapes that other inputs would give, without touching the graph
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Engines ask this before they run a batch or a picture of another size. The answer is no when the
 * graph has the old sizes built in: a Reshape to a fixed 1 × 512, a constant computed from the shape of
 * a value that a kernel reads as numbers. A batch is accepted only if every value keeps its pictures
 * apart, one after the other in the first dimension; otherwise pictures would mix silently. */
#include "config.h"

#include "ops/infer-private.h"
#include "ops/tap-op-private.h"

#include "core/tap-error.h"

#include <string.h>

static gboolean
same_tensor (const TapTensor *a, const TapTensor *b)
{
  return a == b || (a != NULL && b != NULL && a->dtype == b->dtype &&
                    tap_shape_equal (&a->shape, &b->shape) &&
                    memcmp (a->data, b->data, a->count * tap_dtype_size (a->dtype)) == 0);
}

/* Inputs that only say what shape the output has; kernels go by the output's shape. */
static gboolean
is_shape_input (const TapNode *node, int input)
{
  if (g_str_equal (node->op_type, "Reshape") || g_str_equal (node->op_type, "Expand"))
    return input == 1;
  return g_str_equal (node->op_type, "Resize") && input == 3;
}

static gboolean
set_rigid (const TapNode *node, GError **error)
{
  g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
               "The node “%s” (%s) is fixed to the network's own input shape.", node->name,
               node->op_type);
  return FALSE;
}

/* A constant that depends on the shape of something computed has to be made again. */
static gboolean
is_dynamic (const TapGraph *graph, const TapNode *node, const gboolean *dynamic)
{
  for (int i = 0; i < node->n_inputs; i++)
    if (node->inputs[i] >= 0)
      {
        const TapValue *value = tap_graph_get_value (graph, node->inputs[i]);

        if (dynamic[value->index] || (node->op->folds_from_shape && value->constant == NULL))
          return TRUE;
      }
  return FALSE;
}

static gboolean
walk_node (TapInferState *state, const TapNode *node, gboolean *dynamic, GError **error)
{
  const TapGraph *graph = state->graph;
  g_autoptr (GError) local_error = NULL;
  TapInferStep step = { NULL };

  if (node->op == NULL || node->problem != NULL)
    return TRUE;
  if (node->folded && !is_dynamic (graph, node, dynamic))
    {
      for (int i = 0; i < node->n_outputs; i++)
        if (node->outputs[i] >= 0)
          {
            const TapValue *value = tap_graph_get_value (graph, node->outputs[i]);

            tap_infer_state_set (state, value->index, &value->shape, value->constant);
          }
      return TRUE;
    }

  for (int i = 0; i < node->n_inputs && !node->folded; i++)
    if (node->inputs[i] >= 0 && dynamic[node->inputs[i]] && !is_shape_input (node, i) &&
        !same_tensor (state->constants[node->inputs[i]],
                      tap_graph_get_value (graph, node->inputs[i])->constant))
      return set_rigid (node, error);

  if (!tap_infer_step (state, node, node->op, &step, &local_error))
    {
      tap_infer_step_clear (node, &step);
      g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
                   "The node “%s” (%s) cannot take the input: %s.", node->name, node->op_type,
                   local_error->message);
      return FALSE;
    }
  for (int i = 0; i < node->n_outputs; i++)
    if (node->outputs[i] >= 0)
      {
        dynamic[node->outputs[i]] = node->folded;
        tap_infer_state_set (state, node->outputs[i], &step.shapes[i],
                             node->folded ? step.constants[i] : NULL);
      }
  tap_infer_step_clear (node, &step);
  return TRUE;
}

static gboolean
walk (const TapGraph *graph,
      const TapShape *input_shapes,
      TapShape *out,
      gboolean *out_has,
      GError **error)
{
  g_autofree gboolean *dynamic = g_new0 (gboolean, (gsize) tap_graph_n_values (graph) + 1);
  TapInferState state;
  gboolean fine = TRUE;

  tap_infer_state_init (&state, graph);
  for (int i = 0; i < tap_graph_n_values (graph); i++)
    {
      const TapValue *value = tap_graph_get_value (graph, i);

      if (value->producer < 0 && value->constant != NULL)
        tap_infer_state_set (&state, i, &value->constant->shape, value->constant);
    }
  for (int i = 0; i < tap_graph_n_inputs (graph); i++)
    {
      int value = tap_graph_get_input (graph, i);

      if (tap_graph_get_value (graph, value)->constant == NULL)
        tap_infer_state_set (&state, value, &input_shapes[i], NULL);
    }
  for (int i = 0; fine && i < tap_graph_n_nodes (graph); i++)
    fine = walk_node (&state, tap_graph_get_node (graph, i), dynamic, error);
  if (fine)
    {
      memcpy (out, state.shapes, sizeof *out * (gsize) state.n_values);
      memcpy (out_has, state.has, sizeof *out_has * (gsize) state.n_values);
    }
  tap_infer_state_clear (&state);
  return fine;
}

/* --- batches --- */

static const TapTensor *
get_integers (const TapGraph *graph, const TapNode *node, int input)
{
  const TapTensor *constant;

  if (input >= node->n_inputs || node->inputs[input] < 0)
    return NULL;
  constant = tap_graph_get_value (graph, node->inputs[input])->constant;
  return constant != NULL && constant->dtype == TAP_DTYPE_I64 ? constant : NULL;
}

/* A step along the first dimension would leave pictures out or turn their order round. */
static gboolean
steps_through_pictures (const TapGraph *graph, const TapNode *node)
{
  const TapTensor *axes = get_integers (graph, node, 3);
  const TapTensor *steps = get_integers (graph, node, 4);
  int rank = tap_graph_get_value (graph, node->inputs[0])->shape.n_dims;

  for (gsize i = 0; steps != NULL && i < steps->count; i++)
    {
      gint64 axis = axes != NULL && i < axes->count ? tap_tensor_i64 (axes)[i] : (gint64) i;

      if ((axis == 0 || axis == -rank) && tap_tensor_i64 (steps)[i] != 1)
        return TRUE;
    }
  return FALSE;
}

/* Operators that work along the first dimension when their axis says so. */
static gboolean
mixes_pictures (const TapGraph *graph, const TapNode *node)
{
  static const char *const along_axis[] = { "ArgMax",         "ArgMin",  "Concat",     "Gather",
                                            "GatherElements", "Softmax", "LogSoftmax", "Split",
                                            "TopK",           NULL };
  const TapValue *input;
  gint64 axis;

  if (node->n_inputs < 1 || node->inputs[0] < 0)
    return FALSE;
  input = tap_graph_get_value (graph, node->inputs[0]);

  if (g_strv_contains (along_axis, node->op_type))
    {
      gint64 fallback = 0;

      if (g_str_has_suffix (node->op_type, "Softmax"))
        fallback = tap_op_opset (node) < 13 ? 1 : -1;
      else if (g_str_equal (node->op_type, "TopK"))
        fallback = -1;
      else if (g_str_equal (node->op_type, "Concat"))
        fallback = 1;
      axis = tap_attrs_get_int (node->attrs, "axis", fallback);
      return axis == 0 || axis == -(gint64) input->shape.n_dims;
    }
  if (g_str_equal (node->op_type, "Tile"))
    {
      const TapTensor *repeats = get_integers (graph, node, 1);

      return repeats == NULL || repeats->count < 1 || tap_tensor_i64 (repeats)[0] != 1;
    }
  return g_str_equal (node->op_type, "Slice") && steps_through_pictures (graph, node);
}

/* @many has to be @one with @ratio_n / @ratio_1 times as much in its first dimension. */
static gboolean
keeps_apart (const TapShape *one, const TapShape *many, gint64 ratio_1, gint64 ratio_n)
{
  if (one->n_dims != many->n_dims || one->n_dims < 1)
    return FALSE;
  for (int i = 1; i < one->n_dims; i++)
    if (one->dims[i] != many->dims[i])
      return FALSE;
  return many->dims[0] * ratio_1 == one->dims[0] * ratio_n;
}

static gboolean
check_batch (const TapGraph *graph,
             const TapShape *one,
             const TapShape *many,
             gboolean *batched,
             gint64 ratio_1,
             gint64 ratio_n,
             GError **error)
{
  for (int i = 0; i < tap_graph_n_nodes (graph); i++)
    {
      const TapNode *node = tap_graph_get_node (graph, i);
      gboolean any = FALSE;

      if (node->op == NULL || node->problem != NULL || node->folded)
        continue;
      for (int k = 0; k < node->n_inputs; k++)
        any = any || (node->inputs[k] >= 0 && batched[node->inputs[k]]);
      if (!any)
        continue;
      if (mixes_pictures (graph, node))
        return set_rigid (node, error);
      for (int k = 0; k < node->n_outputs; k++)
        if (node->outputs[k] >= 0)
          {
            int value = node->outputs[k];

            batched[value] = TRUE;
            if (!keeps_apart (&one[value], &many[value], ratio_1, ratio_n))
              return set_rigid (node, error);
          }
    }
  return TRUE;
}

gboolean
tap_infer_shapes (const TapGraph *graph,
                  const TapShape *input_shapes,
                  TapShape *out,
                  gboolean *out_has,
                  GError **error)
{
  gsize n_values = (gsize) tap_graph_n_values (graph);
  int n_inputs = tap_graph_n_inputs (graph);
  g_autofree TapShape *own = g_new0 (TapShape, (gsize) n_inputs + 1);
  g_autofree TapShape *one = NULL;
  g_autofree gboolean *one_has = NULL;
  g_autofree gboolean *batched = g_new0 (gboolean, n_values + 1);
  gint64 ratio_1 = 1, ratio_n = 1;

  for (int i = 0; i < n_inputs; i++)
    {
      const TapValue *value = tap_graph_get_value (graph, tap_graph_get_input (graph, i));
      gint64 before = value->shape.n_dims > 0 ? value->shape.dims[0] : 1;
      gint64 after = input_shapes[i].n_dims > 0 ? input_shapes[i].dims[0] : 1;

      own[i] = input_shapes[i];
      if (value->constant != NULL)
        continue;
      if (input_shapes[i].n_dims != value->shape.n_dims ||
          !tap_shape_count (&input_shapes[i], tap_dtype_size (value->dtype), NULL))
        {
          g_autofree char *expected = tap_shape_to_string (&value->shape);
          g_autofree char *found = tap_shape_to_string (&input_shapes[i]);

          g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
                       "The input “%s” is expected to be like %s, found %s.", value->name, expected,
                       found);
          return FALSE;
        }
      if (before == after)
        continue;
      if (ratio_1 != ratio_n && (before != ratio_1 || after != ratio_n))
        {
          g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT,
                       "The inputs of the network differ in their number of pictures.");
          return FALSE;
        }
      ratio_1 = before;
      ratio_n = after;
      own[i].dims[0] = before;
      batched[value->index] = TRUE;
    }

  if (!walk (graph, input_shapes, out, out_has, error))
    return FALSE;
  if (ratio_1 == ratio_n)
    return TRUE;

  one = g_new0 (TapShape, n_values + 1);
  one_has = g_new0 (gboolean, n_values + 1);
  return walk (graph, own, one, one_has, error) &&
         check_batch (graph, one, out, batched, ratio_1, ratio_n, error);
}
