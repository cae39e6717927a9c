/* variadic.c - Max, Min, Mean, Sum of any number of inputs, broadcast
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

#include <math.h>

static double
combine (const char *op, double a, double b)
{
  if (g_str_equal (op, "Max"))
    return isnan (a) || a > b ? a : b;
  if (g_str_equal (op, "Min"))
    return isnan (a) || a < b ? a : b;
  return a + b;
}

static gint64
combine_integers (const char *op, gint64 a, gint64 b)
{
  if (g_str_equal (op, "Max"))
    return MAX (a, b);
  if (g_str_equal (op, "Min"))
    return MIN (a, b);
  return (gint64) ((guint64) a + (guint64) b);
}

static gboolean
variadic_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  const char *op = ctx->node->op_type;
  gboolean mean = g_str_equal (op, "Mean");
  TapTensor *out = outputs[0] = tap_fold_new (ctx, 0, error);
  g_autoptr (TapTensor) spread = NULL;
  gint64 from_strides[TAP_MAX_DIMS], to_strides[TAP_MAX_DIMS];

  if (out == NULL)
    return FALSE;
  spread = tap_tensor_new_uninit (out->dtype, &out->shape, error);
  if (spread == NULL)
    return FALSE;
  if (mean && out->dtype == TAP_DTYPE_I64)
    return tap_op_decline (error, "a mean of integers is not supported");

  tap_fold_strides (&out->shape, to_strides);
  for (int i = 0; i < ctx->node->n_inputs; i++)
    {
      const TapTensor *in = ctx->constants[i];

      if (in->dtype != out->dtype)
        return tap_op_decline (error, "integers and other numbers are mixed");
      tap_fold_broadcast_strides (&in->shape, &out->shape, from_strides);
      tap_fold_copy (i == 0 ? out->data : spread->data, to_strides, in->data, from_strides,
                     &out->shape, tap_dtype_size (out->dtype));
      for (gsize k = 0; i > 0 && k < out->count; k++)
        if (out->dtype == TAP_DTYPE_I64)
          tap_tensor_i64 (out)[k] =
            combine_integers (op, tap_tensor_i64 (out)[k], tap_tensor_i64 (spread)[k]);
        else
          tap_tensor_f32 (out)[k] =
            (float) combine (op, tap_tensor_f32 (out)[k], tap_tensor_f32 (spread)[k]);
    }
  for (gsize k = 0; mean && k < out->count; k++)
    tap_tensor_f32 (out)[k] /= (float) ctx->node->n_inputs;
  return TRUE;
}

#define VARIADIC(symbol, op_name, text)                                                            \
  const TapOp tap_op_##symbol = {                                                                  \
    .name = op_name,                                                                               \
    .summary = text,                                                                               \
    .min_inputs = 1,                                                                               \
    .max_inputs = G_MAXINT,                                                                        \
    .min_outputs = 1,                                                                              \
    .max_outputs = 1,                                                                              \
    .region = TAP_REGION_POINTWISE,                                                                \
    .shape = tap_op_shape_broadcast,                                                               \
    .fold = variadic_fold,                                                                         \
  }

VARIADIC (max, "Max", N_ ("The largest of its inputs, cell by cell."));
VARIADIC (mean, "Mean", N_ ("The mean of its inputs, cell by cell."));
VARIADIC (min, "Min", N_ ("The smallest of its inputs, cell by cell."));
VARIADIC (sum, "Sum", N_ ("The sum of its inputs, cell by cell."));
