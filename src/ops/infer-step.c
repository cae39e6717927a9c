/* infer-step.c - one step of shape inference: arity, shape rule, sizes, folding
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/infer-private.h"
#include "ops/tap-op-private.h"

#include "core/tap-error.h"

/* Enough for every real network (VGG-19 with generated weights needs 0.6 GB), and a bound for those
 * that want to be a bomb. */
#define FOLD_BUDGET (G_GUINT64_CONSTANT (2) << 30)
/* The same for time: a small file may ask for the sum of a large constant, again and again. */
#define FOLD_WORK   (G_GUINT64_CONSTANT (4) << 30)

void
tap_infer_state_init (TapInferState *self, const TapGraph *graph)
{
  gsize n = (gsize) tap_graph_n_values (graph);

  self->graph = graph;
  self->n_values = (int) n;
  self->shapes = g_new0 (TapShape, n + 1);
  self->has = g_new0 (gboolean, n + 1);
  self->constants = g_new0 (TapTensor *, n + 1);
  self->budget = FOLD_BUDGET;
  self->work = FOLD_WORK;
}

void
tap_infer_state_clear (TapInferState *self)
{
  for (int i = 0; i < self->n_values; i++)
    tap_tensor_unref (self->constants[i]);
  g_free (self->constants);
  g_free (self->shapes);
  g_free (self->has);
}

void
tap_infer_state_set (TapInferState *self, int value, const TapShape *shape, TapTensor *constant)
{
  self->shapes[value] = *shape;
  self->has[value] = TRUE;
  if (constant != NULL)
    tap_tensor_ref (constant);
  tap_tensor_unref (self->constants[value]);
  self->constants[value] = constant;
}

static gboolean
check_arity (const TapNode *node, const TapOp *op, GError **error)
{
  int n = node->n_inputs;

  while (n > 0 && node->inputs[n - 1] < 0)
    n--;
  if (n > op->max_inputs)
    return tap_op_decline (error, "it has %d inputs, but at most %d are understood", n,
                           op->max_inputs);
  for (int i = 0; i < op->min_inputs; i++)
    if (i >= n || node->inputs[i] < 0)
      return tap_op_fail (error, "%d inputs are expected, but input %d is missing", op->min_inputs,
                          i + 1);
  if (node->n_outputs < op->min_outputs)
    return tap_op_fail (error, "%d outputs are expected, found %d", op->min_outputs,
                        node->n_outputs);
  if (node->n_outputs > op->max_outputs)
    return tap_op_decline (error, "it has %d outputs, but at most %d are understood",
                           node->n_outputs, op->max_outputs);
  return TRUE;
}

static gboolean
check_sizes (const TapShapeContext *ctx, guint64 *n_bytes, GError **error)
{
  *n_bytes = 0;
  for (int i = 0; i < ctx->node->n_outputs; i++)
    {
      gsize size = tap_dtype_size (ctx->output_dtypes[i]), count;

      if (!tap_shape_count (&ctx->outputs[i], size, &count))
        {
          g_autofree char *text = tap_shape_to_string (&ctx->outputs[i]);

          g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_TOO_LARGE,
                       "its output of %s is too large, the limit is %" G_GUINT64_FORMAT " GiB",
                       text, TAP_TENSOR_BYTES_MAX >> 30);
          return FALSE;
        }
      *n_bytes += (guint64) count * size;
    }
  return TRUE;
}

/* Takes the constant inputs of one type off the work that may still be done. */
static gboolean
charge_inputs (TapInferState *self, const TapShapeContext *ctx, TapDtype dtype, GError **error)
{
  for (int i = 0; i < ctx->node->n_inputs; i++)
    {
      const TapTensor *constant = ctx->constants[i];
      guint64 n_bytes;

      if (constant == NULL || constant->dtype != dtype)
        continue;
      n_bytes = (guint64) constant->count * tap_dtype_size (dtype);
      if (n_bytes > self->work)
        return tap_op_decline (error, "there is too much to compute while loading");
      self->work -= n_bytes;
    }
  return TRUE;
}

static gboolean
can_fold (const TapShapeContext *ctx, const TapOp *op)
{
  if (op->fold == NULL)
    return FALSE;
  if (op->folds_from_shape)
    return TRUE;
  for (int i = 0; i < ctx->node->n_inputs; i++)
    if (ctx->node->inputs[i] >= 0 && ctx->constants[i] == NULL)
      return FALSE;
  return TRUE;
}

static gboolean
fold (TapInferState *self,
      TapShapeContext *ctx,
      const TapOp *op,
      guint64 n_bytes,
      TapInferStep *step,
      GError **error)
{
  g_autoptr (GError) local_error = NULL;

  /* views cost nothing, whatever their size */
  if (op->fold == tap_fold_view || ctx->node->n_inputs == 0)
    n_bytes = 0;
  else if (!op->folds_from_shape && !charge_inputs (self, ctx, TAP_DTYPE_F32, error))
    return FALSE;
  if (n_bytes > self->budget)
    return tap_op_decline (error,
                           "its constant result of %" G_GUINT64_FORMAT
                           " MiB is beyond what may be computed while loading",
                           n_bytes >> 20);
  if (!op->fold (ctx, step->constants, &local_error))
    {
      for (int i = 0; i < ctx->node->n_outputs; i++)
        g_clear_pointer (&step->constants[i], tap_tensor_unref);
      /* what cannot be folded may still run */
      if (g_error_matches (local_error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_UNSUPPORTED))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  self->budget -= n_bytes;
  return TRUE;
}

gboolean
tap_infer_step (TapInferState *self,
                const TapNode *node,
                const TapOp *op,
                TapInferStep *step,
                GError **error)
{
  gsize n_in = (gsize) node->n_inputs, n_out = (gsize) node->n_outputs;
  g_autofree TapShape *inputs = g_new0 (TapShape, n_in + 1);
  g_autofree TapTensor **constants = g_new0 (TapTensor *, n_in + 1);
  TapShapeContext ctx = { .graph = self->graph, .node = node };
  guint64 n_bytes;

  step->shapes = g_new0 (TapShape, n_out + 1);
  step->dtypes = g_new0 (TapDtype, n_out + 1);
  step->constants = g_new0 (TapTensor *, n_out + 1);
  if (!check_arity (node, op, error))
    return FALSE;

  ctx.input_dtype = TAP_DTYPE_F32;
  for (int i = 0; i < node->n_inputs; i++)
    {
      int value = node->inputs[i];

      inputs[i].n_dims = -1;
      if (value < 0)
        continue;
      inputs[i] = self->shapes[value];
      constants[i] = self->constants[value];
    }
  ctx.inputs = inputs;
  ctx.constants = constants;
  ctx.outputs = step->shapes;
  ctx.output_dtypes = step->dtypes;
  ctx.input_dtype = tap_op_input_dtype (&ctx, 0);
  for (int i = 0; i < node->n_outputs; i++)
    ctx.output_dtypes[i] = ctx.input_dtype;

  /* shape rules read lists of integers, such as indices */
  if (!charge_inputs (self, &ctx, TAP_DTYPE_I64, error) || !op->shape (&ctx, error) ||
      !check_sizes (&ctx, &n_bytes, error))
    return FALSE;
  return !can_fold (&ctx, op) || fold (self, &ctx, op, n_bytes, step, error);
}

void
tap_infer_step_clear (const TapNode *node, TapInferStep *step)
{
  if (step->constants != NULL)
    for (int i = 0; i < node->n_outputs; i++)
      tap_tensor_unref (step->constants[i]);
  g_clear_pointer (&step->constants, g_free);
  g_clear_pointer (&step->shapes, g_free);
  g_clear_pointer (&step->dtypes, g_free);
}

gboolean
tap_infer_context (const TapGraph *graph,
                   const TapNode *node,
                   TapShapeContext *ctx,
                   TapShape **inputs,
                   TapTensor ***constants,
                   TapShape **outputs)
{
  gboolean known = node->op != NULL;

  *inputs = g_new0 (TapShape, (gsize) node->n_inputs + 1);
  *constants = g_new0 (TapTensor *, (gsize) node->n_inputs + 1);
  *outputs = g_new0 (TapShape, (gsize) node->n_outputs + 1);
  for (int i = 0; i < node->n_inputs; i++)
    {
      const TapValue *value;

      (*inputs)[i].n_dims = -1;
      if (node->inputs[i] < 0)
        continue;
      value = tap_graph_get_value (graph, node->inputs[i]);
      known = known && value->has_shape;
      (*inputs)[i] = value->shape;
      (*constants)[i] = value->constant;
    }
  for (int i = 0; i < node->n_outputs; i++)
    {
      const TapValue *value;

      if (node->outputs[i] < 0)
        continue;
      value = tap_graph_get_value (graph, node->outputs[i]);
      known = known && value->has_shape;
      (*outputs)[i] = value->shape;
    }
  *ctx = (TapShapeContext){
    .graph = graph,
    .node = node,
    .inputs = *inputs,
    .constants = *constants,
    .outputs = *outputs,
  };
  return known;
}
