/* infer.c - runs the shape rules over a graph and folds its constants
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One walk in topological order. A node whose operator is not known, or is used in a way that is not
 * supported, is marked with the reason, and so is everything that needs its results; the rest of the
 * graph goes on. A node that makes no sense ends the walk with an error that names it. */
#include "config.h"

#include "ops/infer-private.h"

#include "core/tap-error.h"
#include "ops/registry.h"

/* Constants that only fed other constants are given back from this size on. */
#define WORTH_RELEASING (1 << 20)

/* --- inputs --- */

/* Position of height and width; a last dimension of 1..4 behind an unknown or large second one speaks
 * for channels last. */
static gboolean
is_channels_last (const TapShape *shape)
{
  return shape->n_dims == 4 && shape->dims[3] >= 1 && shape->dims[3] <= 4 &&
         (shape->dims[1] < 1 || shape->dims[1] > 4);
}

static gboolean
settle_input (const TapValue *value,
              gboolean given,
              int fallback_size,
              TapShape *shape,
              GError **error)
{
  gboolean last;

  *shape = value->shape;
  /* nothing declared at all: a colour picture is the best guess */
  if (shape->n_dims < 0)
    *shape = (TapShape){ 4, { -1, -1, -1, -1 } };
  last = is_channels_last (shape);
  for (int i = 0; i < shape->n_dims; i++)
    {
      gboolean spatial = shape->n_dims == 4 && (last ? i == 1 || i == 2 : i >= 2);

      /* exporters write 0 for what they do not know; a caller who says 0 means it */
      if (shape->dims[i] > 0 || (given && shape->dims[i] == 0))
        continue;
      if (i == 0)
        shape->dims[i] = 1;
      else if (spatial && fallback_size > 0)
        shape->dims[i] = fallback_size;
      else if (shape->n_dims == 4 && !spatial)
        shape->dims[i] = 3;
      else
        {
          g_autofree char *text = tap_shape_to_string (shape);

          g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID,
                       "The input “%s” of the network has the shape %s: a size has to be given.",
                       value->name, text);
          return FALSE;
        }
    }
  if (!tap_shape_count (shape, tap_dtype_size (value->dtype), NULL))
    {
      g_autofree char *text = tap_shape_to_string (shape);

      g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_TOO_LARGE,
                   "The input “%s” of the network has the shape %s, which is too large.",
                   value->name, text);
      return FALSE;
    }
  return TRUE;
}

static gboolean
set_inputs (TapInferState *state,
            TapGraph *graph,
            const TapShape *input_shapes,
            int fallback_size,
            GError **error)
{
  for (int i = 0; i < tap_graph_n_inputs (graph); i++)
    {
      TapValue *value = tap_graph_get_value (graph, tap_graph_get_input (graph, i));
      TapShape shape;

      if (value->constant != NULL)
        continue;
      if (input_shapes != NULL)
        value->shape = input_shapes[i];
      if (!settle_input (value, input_shapes != NULL, fallback_size, &shape, error))
        return FALSE;
      value->shape = shape;
      value->has_shape = TRUE;
      tap_infer_state_set (state, value->index, &shape, NULL);
    }
  for (int i = 0; i < tap_graph_n_values (graph); i++)
    {
      const TapValue *value = tap_graph_get_value (graph, i);

      if (value->constant != NULL && value->producer < 0)
        tap_infer_state_set (state, i, &value->constant->shape, value->constant);
    }
  return TRUE;
}

/* --- nodes --- */

/* What formats put in the place of weights whose numbers they cannot hold. */
static gboolean
set_unread (TapNode *node)
{
  const char *type;

  if (!g_str_equal (node->domain, "tapetum.unread"))
    return FALSE;
  type = tap_attrs_get_string (node->attrs, "type", NULL);
  node->problem =
    type != NULL ?
      g_strdup_printf ("The weights “%s” are of type %s, which is not read.", node->name, type) :
      g_strdup_printf ("The constant “%s” is of a type that is not read.", node->name);
  return TRUE;
}

static void
set_unknown (TapNode *node)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (set_unread (node))
    return;

  g_string_append_printf (text, "The operator “%s” of the node “%s” (", node->op_type, node->name);
  if (*node->domain != '\0')
    g_string_append_printf (text, "domain %s, ", node->domain);
  if (node->opset > 0)
    g_string_append_printf (text, "opset %d) is not known.", node->opset);
  else
    g_string_append (text, "no opset) is not known.");
  node->problem = g_strdup (text->str);
}

/* The node at the root of what @node lacks, or NULL when all its inputs have shapes. */
static const TapNode *
find_culprit (const TapInferState *state, const TapNode *node, const int *culprits)
{
  for (int i = 0; i < node->n_inputs; i++)
    {
      int value = node->inputs[i];

      if (value >= 0 && !state->has[value])
        return tap_graph_get_node (state->graph, culprits[value]);
    }
  return NULL;
}

static void
mark (TapGraph *graph, const TapNode *node, int culprit, int *culprits)
{
  for (int i = 0; i < node->n_outputs; i++)
    if (node->outputs[i] >= 0)
      {
        TapValue *value = tap_graph_get_value (graph, node->outputs[i]);

        value->has_shape = FALSE;
        value->dtype = TAP_DTYPE_F32;
        culprits[node->outputs[i]] = culprit;
      }
}

static void
apply (TapGraph *graph, TapInferState *state, TapNode *node, TapInferStep *step)
{
  gboolean folded = node->n_outputs > 0;

  for (int i = 0; i < node->n_outputs; i++)
    {
      TapValue *value;

      folded = folded && step->constants[i] != NULL;
      if (node->outputs[i] < 0)
        continue;
      value = tap_graph_get_value (graph, node->outputs[i]);
      value->dtype = step->dtypes[i];
      value->shape = step->shapes[i];
      value->has_shape = TRUE;
      if (step->constants[i] != NULL)
        tap_graph_set_constant (graph, value->index, step->constants[i]);
      tap_infer_state_set (state, value->index, &step->shapes[i], step->constants[i]);
    }
  node->folded = folded;
}

/* FALSE only when the whole graph is to be refused. */
static gboolean
infer_node (TapGraph *graph, TapInferState *state, TapNode *node, int *culprits, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  TapInferStep step = { NULL };
  const TapNode *culprit;
  gboolean fine;

  node->op = tap_ops_find (node->op_type, node->domain);
  node->folded = FALSE;
  g_clear_pointer (&node->problem, g_free);

  if (node->op == NULL)
    {
      set_unknown (node);
      mark (graph, node, node->index, culprits);
      return TRUE;
    }
  culprit = find_culprit (state, node, culprits);
  if (culprit != NULL)
    {
      node->problem =
        g_strdup_printf ("The node “%s” needs the result of “%s” (%s), which cannot run.",
                         node->name, culprit->name, culprit->op_type);
      mark (graph, node, culprit->index, culprits);
      return TRUE;
    }

  if (node->op->in_space != NULL && node->n_inputs > 0 && node->inputs[0] >= 0 &&
      state->shapes[node->inputs[0]].n_dims >= 5)
    node->op = node->op->in_space;
  fine = tap_infer_step (state, node, node->op, &step, &local_error);
  if (fine)
    apply (graph, state, node, &step);
  tap_infer_step_clear (node, &step);
  if (fine)
    return TRUE;

  if (g_error_matches (local_error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_UNSUPPORTED))
    {
      g_autofree char *opset =
        node->opset > 0 ? g_strdup_printf (", opset %d", node->opset) : g_strdup ("");

      node->problem = g_strdup_printf ("The node “%s” (%s%s) cannot run: %s.", node->name,
                                       node->op_type, opset, local_error->message);
      mark (graph, node, node->index, culprits);
      return TRUE;
    }
  g_set_error (error, local_error->domain, local_error->code, "The node “%s” (%s) is wrong: %s.",
               node->name, node->op_type, local_error->message);
  return FALSE;
}

/* Large constants that were steps on the way to others need not stay. */
static void
release_intermediates (TapGraph *graph)
{
  g_autofree gboolean *is_output = g_new0 (gboolean, (gsize) tap_graph_n_values (graph) + 1);

  for (int i = 0; i < tap_graph_n_outputs (graph); i++)
    is_output[tap_graph_get_output (graph, i)] = TRUE;
  for (int i = 0; i < tap_graph_n_values (graph); i++)
    {
      TapValue *value = tap_graph_get_value (graph, i);
      gboolean needed = is_output[i] || value->producer < 0 || value->consumers->len == 0;

      if (value->constant == NULL || value->constant->count < WORTH_RELEASING)
        continue;
      for (guint c = 0; c < value->consumers->len && !needed; c++)
        needed = !tap_graph_get_node (graph, g_array_index (value->consumers, int, c))->folded;
      if (!needed)
        g_clear_pointer (&value->constant, tap_tensor_unref);
    }
}

gboolean
tap_infer_graph (TapGraph *graph,
                 const TapShape *input_shapes,
                 int fallback_size,
                 GCancellable *cancellable,
                 GError **error)
{
  g_autofree int *culprits = g_new0 (int, (gsize) tap_graph_n_values (graph) + 1);
  TapInferState state;
  gboolean fine;

  tap_infer_state_init (&state, graph);
  fine = set_inputs (&state, graph, input_shapes, fallback_size, error);
  for (int i = 0; fine && i < tap_graph_n_nodes (graph); i++)
    fine = !g_cancellable_set_error_if_cancelled (cancellable, error) &&
           infer_node (graph, &state, tap_graph_get_node (graph, i), culprits, error);
  tap_infer_state_clear (&state);
  if (fine)
    release_intermediates (graph);
  return fine;
}

guint64
tap_infer_macs (const TapGraph *graph, const TapNode *node)
{
  g_autofree TapShape *inputs = NULL, *outputs = NULL;
  g_autofree TapTensor **constants = NULL;
  TapShapeContext ctx;

  if (!tap_infer_context (graph, node, &ctx, &inputs, &constants, &outputs) ||
      node->op->macs == NULL || node->folded)
    return 0;
  return node->op->macs (&ctx);
}
