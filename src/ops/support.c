/* support.c - what shape rules share: errors, reading attributes, simple rules
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

#include "core/tap-error.h"

#include <stdarg.h>

#define NEWEST_OPSET 21

gboolean
tap_op_fail (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID, format, args);
  va_end (args);
  return FALSE;
}

gboolean
tap_op_decline (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_UNSUPPORTED, format, args);
  va_end (args);
  return FALSE;
}

int
tap_op_opset (const TapNode *node)
{
  return node->opset > 0 ? node->opset : NEWEST_OPSET;
}

gboolean
tap_op_has_input (const TapShapeContext *ctx, int input)
{
  return input < ctx->node->n_inputs && ctx->node->inputs[input] >= 0;
}

gboolean
tap_op_check_rank (const TapShapeContext *ctx, int input, int min, int max, GError **error)
{
  const TapShape *shape = &ctx->inputs[input];
  g_autofree char *text = NULL;

  if (!tap_op_has_input (ctx, input))
    return tap_op_fail (error, "input %d is missing", input + 1);
  if (shape->n_dims >= min && shape->n_dims <= max)
    return TRUE;

  text = tap_shape_to_string (shape);
  if (min == max)
    return tap_op_fail (error, "input %d is expected to have %d dimensions, found %s", input + 1,
                        min, text);
  return tap_op_fail (error, "input %d is expected to have %d to %d dimensions, found %s",
                      input + 1, min, max, text);
}

gboolean
tap_op_get_int (const TapShapeContext *ctx,
                const char *name,
                gint64 fallback,
                gint64 *value,
                GError **error)
{
  const TapAttrs *attrs = ctx->node->attrs;

  *value = tap_attrs_get_int (attrs, name, fallback);
  if (tap_attrs_has (attrs, name) &&
      tap_attrs_get_int (attrs, name, 0) != tap_attrs_get_int (attrs, name, 1))
    return tap_op_fail (error, "the attribute “%s” is expected to be an integer", name);
  return TRUE;
}

static gboolean
get_list (const TapShapeContext *ctx,
          int input,
          TapDtype dtype,
          gconstpointer *values,
          gsize *n,
          GError **error)
{
  const TapTensor *constant;

  if (input < 0 || !tap_op_has_input (ctx, input))
    return TRUE;

  constant = ctx->constants[input];
  if (constant == NULL)
    return tap_op_decline (error, "its input “%s” is only known when the network runs",
                           tap_graph_get_value (ctx->graph, ctx->node->inputs[input])->name);
  if (constant->dtype != dtype || constant->shape.n_dims > 1)
    {
      g_autofree char *text = tap_shape_to_string (&constant->shape);

      return tap_op_fail (error, "the input “%s” is expected to be a list of %s, found %s of %s",
                          tap_graph_get_value (ctx->graph, ctx->node->inputs[input])->name,
                          dtype == TAP_DTYPE_I64 ? "integers" : "numbers",
                          constant->dtype == TAP_DTYPE_I64 ? "integers" : "numbers", text);
    }
  *values = constant->data;
  *n = constant->count;
  return TRUE;
}

gboolean
tap_op_get_ints (const TapShapeContext *ctx,
                 const char *name,
                 int input,
                 const gint64 **values,
                 gsize *n,
                 GError **error)
{
  *values = NULL;
  *n = 0;
  if (name != NULL && tap_attrs_has (ctx->node->attrs, name))
    {
      *values = tap_attrs_get_ints (ctx->node->attrs, name, n);
      if (*values == NULL)
        return tap_op_fail (error, "the attribute “%s” is expected to be a list of integers", name);
      return TRUE;
    }
  return get_list (ctx, input, TAP_DTYPE_I64, (gconstpointer *) values, n, error);
}

gboolean
tap_op_get_floats (const TapShapeContext *ctx,
                   const char *name,
                   int input,
                   const float **values,
                   gsize *n,
                   GError **error)
{
  *values = NULL;
  *n = 0;
  if (name != NULL && tap_attrs_has (ctx->node->attrs, name))
    {
      *values = tap_attrs_get_floats (ctx->node->attrs, name, n);
      if (*values == NULL)
        return tap_op_fail (error, "the attribute “%s” is expected to be a list of numbers", name);
      return TRUE;
    }
  return get_list (ctx, input, TAP_DTYPE_F32, (gconstpointer *) values, n, error);
}

gboolean
tap_op_axis (gint64 axis, int rank, int *out, GError **error)
{
  if (axis < -(gint64) rank || axis >= rank)
    return tap_op_fail (error, "the axis %" G_GINT64_FORMAT " does not exist in %d dimensions",
                        axis, rank);
  *out = (int) (axis < 0 ? axis + rank : axis);
  return TRUE;
}

gboolean
tap_op_axes (const gint64 *axes, gsize n, int rank, gboolean *set, GError **error)
{
  for (int i = 0; i < rank; i++)
    set[i] = FALSE;
  for (gsize i = 0; i < n; i++)
    {
      int axis;

      if (!tap_op_axis (axes[i], rank, &axis, error))
        return FALSE;
      if (set[axis])
        return tap_op_fail (error, "the axis %d is named twice", axis);
      set[axis] = TRUE;
    }
  return TRUE;
}

TapDtype
tap_op_input_dtype (const TapShapeContext *ctx, int input)
{
  if (!tap_op_has_input (ctx, input))
    return ctx->input_dtype;
  if (ctx->constants[input] != NULL)
    return ctx->constants[input]->dtype;
  return tap_graph_get_value (ctx->graph, ctx->node->inputs[input])->dtype;
}

gboolean
tap_op_shape_same (TapShapeContext *ctx, GError **error)
{
  for (int i = 0; i < ctx->node->n_outputs; i++)
    ctx->outputs[i] = ctx->inputs[0];
  return TRUE;
}

gboolean
tap_op_shape_broadcast (TapShapeContext *ctx, GError **error)
{
  TapShape shape = ctx->inputs[0];

  for (int i = 1; i < ctx->node->n_inputs; i++)
    {
      TapShape operand;

      if (!tap_op_has_input (ctx, i))
        return tap_op_fail (error, "input %d is missing", i + 1);
      operand = tap_op_operand_shape (ctx->node, &ctx->inputs[0], &ctx->inputs[i]);
      if (!tap_shape_broadcast (&shape, &operand, &shape))
        {
          g_autofree char *a = tap_shape_to_string (&shape);
          g_autofree char *b = tap_shape_to_string (&ctx->inputs[i]);

          return tap_op_fail (error, "the shapes %s and %s do not go together", a, b);
        }
    }
  ctx->outputs[0] = shape;
  return TRUE;
}

TapShape
tap_op_operand_shape (const TapNode *node, const TapShape *a, const TapShape *b)
{
  TapShape shape = *b;
  gint64 axis;

  if (tap_op_opset (node) >= 7)
    return shape;

  if (g_str_equal (node->op_type, "PRelu"))
    axis = b->n_dims == 1 && b->dims[0] != 1 ? 1 : -1;
  else if (tap_attrs_get_int (node->attrs, "broadcast", 0) != 0)
    axis = tap_attrs_get_int (node->attrs, "axis", -1);
  else
    return shape;

  /* axis says where the first dimension of b lies in a; ones fill the rest */
  if (axis < 0 || axis + b->n_dims > a->n_dims)
    return shape;
  while (axis + shape.n_dims < a->n_dims)
    shape.dims[shape.n_dims++] = 1;
  return shape;
}
