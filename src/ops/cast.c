/* cast.c - Cast: numbers of another type
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two types exist here: float32 stands for all floating ones, int64 for integers and booleans. A cast to
 * a narrower integer wraps as it does in C. */
#include "config.h"

#include "ops/tap-op-private.h"

#include <math.h>

/* Element types of ONNX. */
enum
{
  ONNX_FLOAT = 1,
  ONNX_UINT8 = 2,
  ONNX_INT8 = 3,
  ONNX_UINT16 = 4,
  ONNX_INT16 = 5,
  ONNX_INT32 = 6,
  ONNX_INT64 = 7,
  ONNX_BOOL = 9,
  ONNX_FLOAT16 = 10,
  ONNX_DOUBLE = 11,
  ONNX_UINT32 = 12,
  ONNX_UINT64 = 13,
  ONNX_BFLOAT16 = 16,
};

static gint64
read_target (const TapNode *node)
{
  static const char *const names[] = { "UNDEFINED", "FLOAT",  "UINT8",  "INT8",   "UINT16",
                                       "INT16",     "INT32",  "INT64",  "STRING", "BOOL",
                                       "FLOAT16",   "DOUBLE", "UINT32", "UINT64" };
  const char *name = tap_attrs_get_string (node->attrs, "to", NULL);

  /* a name before opset 6, a number since */
  if (name != NULL)
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
      if (g_ascii_strcasecmp (names[i], name) == 0)
        return (gint64) i;
  return tap_attrs_get_int (node->attrs, "to", 0);
}

static gboolean
cast_shape (TapShapeContext *ctx, GError **error)
{
  gint64 to = read_target (ctx->node);

  switch (to)
    {
    case ONNX_FLOAT:
    case ONNX_FLOAT16:
    case ONNX_DOUBLE:
    case ONNX_BFLOAT16:
      ctx->output_dtypes[0] = TAP_DTYPE_F32;
      break;
    case ONNX_UINT8:
    case ONNX_INT8:
    case ONNX_UINT16:
    case ONNX_INT16:
    case ONNX_INT32:
    case ONNX_INT64:
    case ONNX_BOOL:
    case ONNX_UINT32:
    case ONNX_UINT64:
      ctx->output_dtypes[0] = TAP_DTYPE_I64;
      break;
    default:
      if (!tap_attrs_has (ctx->node->attrs, "to"))
        return tap_op_fail (error, "the attribute “to” is missing");
      return tap_op_decline (error, "a cast to the type %" G_GINT64_FORMAT " is not supported", to);
    }
  ctx->outputs[0] = ctx->inputs[0];
  return TRUE;
}

static gint64
narrow (gint64 value, gint64 to)
{
  switch (to)
    {
    case ONNX_UINT8:
      return (guint8) value;
    case ONNX_INT8:
      return (gint8) value;
    case ONNX_UINT16:
      return (guint16) value;
    case ONNX_INT16:
      return (gint16) value;
    case ONNX_INT32:
      return (gint32) value;
    case ONNX_UINT32:
      return (guint32) value;
    case ONNX_BOOL:
      return value != 0;
    default:
      return value;
    }
}

/* Towards zero; what does not fit goes to the nearest end, what is no number to 0. */
static gint64
truncate_f32 (float value)
{
  if (isnan (value))
    return 0;
  if (value >= 9223372036854775808.0f)
    return G_MAXINT64;
  if (value < -9223372036854775808.0f)
    return G_MININT64;
  return (gint64) value;
}

static gboolean
cast_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  const TapTensor *in = ctx->constants[0];
  gint64 to = read_target (ctx->node);
  TapTensor *out;

  if (in->dtype == TAP_DTYPE_F32 && ctx->output_dtypes[0] == TAP_DTYPE_F32)
    return tap_fold_view (ctx, outputs, error);

  out = outputs[0] = tap_fold_new (ctx, 0, error);
  if (out == NULL)
    return FALSE;
  for (gsize i = 0; i < out->count; i++)
    if (out->dtype == TAP_DTYPE_F32)
      tap_tensor_f32 (out)[i] = (float) tap_tensor_i64 (in)[i];
    else if (in->dtype == TAP_DTYPE_I64)
      tap_tensor_i64 (out)[i] = narrow (tap_tensor_i64 (in)[i], to);
    else if (to == ONNX_BOOL)
      tap_tensor_i64 (out)[i] = tap_tensor_f32 (in)[i] != 0.0f;
    else
      tap_tensor_i64 (out)[i] = narrow (truncate_f32 (tap_tensor_f32 (in)[i]), to);
  return TRUE;
}

const TapOp tap_op_cast = {
  .name = "Cast",
  .summary = N_ ("Turns numbers into another type."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_POINTWISE,
  .shape = cast_shape,
  .fold = cast_fold,
};
