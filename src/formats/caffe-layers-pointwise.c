/* caffe-layers-pointwise.c - Caffe layers that keep the size of their maps
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Formulas are those of Caffe's layer documentation. BatchNorm stores sums with a scale factor: mean and
 * variance are the first two blobs divided by the third. */
#include "config.h"

#include "formats/caffe-private.h"

#include <math.h>
#include <string.h>

static gboolean
add_unary (CaffeBuilder *self,
           const CaffeLayer *layer,
           const char *op_type,
           TapAttrs *attrs,
           GError **error)
{
  int input = tap_caffe_bottom (self, layer, 0), output = tap_caffe_top (self, layer, 0);

  return tap_caffe_node (self, layer, NULL, op_type, &input, 1, &output, 1, attrs, error);
}

static gboolean
translate_plain (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  static const struct
  {
    const char *type, *op_type;
  } plain[] = { { "AbsVal", "Abs" },          { "BNLL", "Softplus" },
                { "Dropout", "Dropout" },     { "Sigmoid", "Sigmoid" },
                { "TanH", "Tanh" },           { "Mish", "Mish" },
                { "HardSwish", "HardSwish" }, { "SigmoidCrossEntropyLoss", "Sigmoid" } };

  for (gsize i = 0; i < G_N_ELEMENTS (plain); i++)
    if (g_str_equal (plain[i].type, layer->type))
      return add_unary (self, layer, plain[i].op_type, NULL, error);
  return tap_caffe_unknown (self, layer, error);
}

static gboolean
translate_relu (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  double slope = tap_text_float (tap_caffe_param (layer, "relu_param"), "negative_slope", 0);
  TapAttrs *attrs;

  if (slope == 0)
    return add_unary (self, layer, "Relu", NULL, error);
  attrs = tap_attrs_new ();
  tap_attrs_set_float (attrs, "alpha", slope);
  return add_unary (self, layer, "LeakyRelu", attrs, error);
}

static gboolean
translate_relu6 (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  int inputs[3] = { tap_caffe_bottom (self, layer, 0), tap_caffe_scalar (self, layer, "min", 0),
                    tap_caffe_scalar (self, layer, "max", 6) };
  int output = tap_caffe_top (self, layer, 0);

  return tap_caffe_node (self, layer, NULL, "Clip", inputs, 3, &output, 1, NULL, error);
}

static gboolean
translate_elu (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  TapAttrs *attrs = tap_attrs_new ();

  tap_attrs_set_float (attrs, "alpha",
                       tap_text_float (tap_caffe_param (layer, "elu_param"), "alpha", 1));
  return add_unary (self, layer, "Elu", attrs, error);
}

static gboolean
translate_swish (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  int inputs[2] = { tap_caffe_bottom (self, layer, 0), tap_caffe_inner (self, layer, "gate") };
  int output;

  if (!tap_caffe_node (self, layer, "sigmoid", "Sigmoid", &inputs[0], 1, &inputs[1], 1, NULL,
                       error))
    return FALSE;
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, "Mul", inputs, 2, &output, 1, NULL, error);
}

/* Channels of the first bottom, or -1. */
static gint64
n_channels (CaffeBuilder *self, const CaffeLayer *layer)
{
  const TapShape *shape = tap_caffe_shape (self, tap_caffe_bottom (self, layer, 0));

  return shape != NULL && shape->n_dims > 1 ? shape->dims[1] : -1;
}

static gboolean
translate_prelu (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = tap_caffe_param (layer, "prelu_param");
  gboolean missing = FALSE, shared = tap_text_bool (param, "channel_shared", FALSE);
  TapShape shape =
    tap_shape_new (3, shared ? (gint64) 1 : n_channels (self, layer), (gint64) 1, (gint64) 1);
  g_autoptr (GError) reason = NULL;
  int inputs[2] = { tap_caffe_bottom (self, layer, 0), -1 }, output;
  TapAttrs *attrs;

  if (shared)
    shape = TAP_SHAPE_SCALAR;
  inputs[1] = tap_caffe_weight (self, layer, 0, "slope", &shape, &missing, &reason);
  if (reason != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  self->n_missing += missing;
  if (inputs[1] < 0)
    return tap_caffe_unknown (self, layer, error);
  attrs = tap_attrs_new ();
  if (missing)
    tap_attrs_set_int (attrs, "missing_weights", 1);
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, "PRelu", inputs, 2, &output, 1, attrs, error);
}

/* @value · @scale + @shift as far as they do something; -1 on error. */
static int
add_affine (CaffeBuilder *self,
            const CaffeLayer *layer,
            int value,
            double scale,
            double shift,
            GError **error)
{
  int inputs[2] = { value, -1 }, output;

  if (scale != 1)
    {
      inputs[1] = tap_caffe_scalar (self, layer, "scale", scale);
      output = tap_caffe_inner (self, layer, "scaled");
      if (!tap_caffe_node (self, layer, "multiply", "Mul", inputs, 2, &output, 1, NULL, error))
        return -1;
      inputs[0] = output;
    }
  if (shift != 0)
    {
      inputs[1] = tap_caffe_scalar (self, layer, "shift", shift);
      output = tap_caffe_inner (self, layer, "shifted");
      if (!tap_caffe_node (self, layer, "add", "Add", inputs, 2, &output, 1, NULL, error))
        return -1;
      inputs[0] = output;
    }
  return inputs[0];
}

/* (shift + scale x) ^ power */
static gboolean
translate_power (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = tap_caffe_param (layer, "power_param");
  double power = tap_text_float (param, "power", 1);
  int inputs[2] = { tap_caffe_bottom (self, layer, 0), -1 }, output;

  inputs[0] = add_affine (self, layer, inputs[0], tap_text_float (param, "scale", 1),
                          tap_text_float (param, "shift", 0), error);
  if (inputs[0] < 0)
    return FALSE;
  output = tap_caffe_top (self, layer, 0);
  if (power == 1)
    return tap_caffe_node (self, layer, NULL, "Identity", inputs, 1, &output, 1, NULL, error);
  inputs[1] = tap_caffe_scalar (self, layer, "power", power);
  return tap_caffe_node (self, layer, NULL, "Pow", inputs, 2, &output, 1, NULL, error);
}

/* base ^ (shift + scale x); base -1 is e */
static gboolean
translate_exp (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = tap_caffe_param (layer, "exp_param");
  double base = tap_text_float (param, "base", -1), log_base = base > 0 ? log (base) : 1;
  int input = add_affine (self, layer, tap_caffe_bottom (self, layer, 0),
                          tap_text_float (param, "scale", 1) * log_base,
                          tap_text_float (param, "shift", 0) * log_base, error);
  int output;

  if (input < 0)
    return FALSE;
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, "Exp", &input, 1, &output, 1, NULL, error);
}

/* log_base (shift + scale x) */
static gboolean
translate_log (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = tap_caffe_param (layer, "log_param");
  double base = tap_text_float (param, "base", -1);
  int inputs[2] = { -1, -1 }, output;

  inputs[0] =
    add_affine (self, layer, tap_caffe_bottom (self, layer, 0), tap_text_float (param, "scale", 1),
                tap_text_float (param, "shift", 0), error);
  if (inputs[0] < 0)
    return FALSE;
  if (base <= 0 || base == 1)
    {
      output = tap_caffe_top (self, layer, 0);
      return tap_caffe_node (self, layer, NULL, "Log", inputs, 1, &output, 1, NULL, error);
    }
  output = tap_caffe_inner (self, layer, "natural");
  if (!tap_caffe_node (self, layer, "log", "Log", inputs, 1, &output, 1, NULL, error))
    return FALSE;
  inputs[0] = output;
  inputs[1] = tap_caffe_scalar (self, layer, "base", log (base));
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, "Div", inputs, 2, &output, 1, NULL, error);
}

/* SUM with coefficients: each bottom that has one other than 1 is scaled first. */
static gboolean
scale_bottoms (CaffeBuilder *self,
               const CaffeLayer *layer,
               const TapTextMessage *param,
               GArray *inputs,
               GError **error)
{
  guint n = tap_text_count (param, "coeff");

  if (n != 0 && n != inputs->len)
    return tap_caffe_fail (layer, error, "“coeff” is given %u times for %u bottoms", n,
                           inputs->len);
  for (guint i = 0; i < n; i++)
    {
      double coefficient = tap_text_float_at (param, "coeff", i, 1);
      g_autofree char *what = g_strdup_printf ("multiply %u", i + 1);
      int pair[2] = { g_array_index (inputs, int, i), -1 }, output;

      if (coefficient == 1)
        continue;
      pair[1] = tap_caffe_scalar (self, layer, "coefficient", coefficient);
      output = tap_caffe_inner (self, layer, "scaled");
      if (!tap_caffe_node (self, layer, what, "Mul", pair, 2, &output, 1, NULL, error))
        return FALSE;
      g_array_index (inputs, int, i) = output;
    }
  return TRUE;
}

static gboolean
translate_eltwise (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = tap_caffe_param (layer, "eltwise_param");
  const char *operation = tap_text_string (param, "operation", "SUM");
  gboolean product = g_str_equal (operation, "PROD") || g_str_equal (operation, "0");
  gboolean maximum = g_str_equal (operation, "MAX") || g_str_equal (operation, "2");
  g_autoptr (GArray) inputs = g_array_new (FALSE, FALSE, sizeof (int));
  int output, pair[2];

  if (layer->bottoms->len < 1 || layer->bottoms->len > 1000)
    return tap_caffe_fail (layer, error, "it has %u bottoms", layer->bottoms->len);
  for (guint i = 0; i < layer->bottoms->len; i++)
    {
      int value = tap_caffe_bottom (self, layer, i);

      g_array_append_val (inputs, value);
    }
  if (product)
    {
      pair[0] = g_array_index (inputs, int, 0);
      for (guint i = 1; i + 1 < inputs->len; i++)
        {
          g_autofree char *what = g_strdup_printf ("product %u", i);

          pair[1] = g_array_index (inputs, int, i);
          output = tap_caffe_inner (self, layer, what);
          if (!tap_caffe_node (self, layer, what, "Mul", pair, 2, &output, 1, NULL, error))
            return FALSE;
          pair[0] = output;
        }
      pair[1] = g_array_index (inputs, int, inputs->len - 1);
      output = tap_caffe_top (self, layer, 0);
      return tap_caffe_node (self, layer, NULL, inputs->len > 1 ? "Mul" : "Identity", pair,
                             inputs->len > 1 ? 2 : 1, &output, 1, NULL, error);
    }
  if (!maximum && !scale_bottoms (self, layer, param, inputs, error))
    return FALSE;
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL,
                         maximum          ? "Max" :
                         inputs->len == 2 ? "Add" :
                                            "Sum",
                         (const int *) (gpointer) inputs->data, (int) inputs->len, &output, 1, NULL,
                         error);
}

/* A constant of @n numbers: @number each, or @source · @factor. */
static int
channel_constant (CaffeBuilder *self,
                  const CaffeLayer *layer,
                  const char *what,
                  gint64 n,
                  const TapTensor *source,
                  float factor)
{
  TapShape shape = tap_shape_new (1, n);
  g_autoptr (TapTensor) tensor = tap_tensor_new_uninit (TAP_DTYPE_F32, &shape, NULL);

  if (tensor == NULL)
    return -1;
  for (gsize i = 0; i < tensor->count; i++)
    tap_tensor_f32 (tensor)[i] = source != NULL ? tap_tensor_f32 (source)[i] * factor : factor;
  return tap_caffe_constant (self, layer, what, tensor);
}

static gboolean
translate_batch_norm (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = tap_caffe_param (layer, "batch_norm_param");
  TapTensor *mean = tap_caffe_weights_get (self->weights, layer->name, 0);
  TapTensor *variance = tap_caffe_weights_get (self->weights, layer->name, 1);
  TapTensor *sum = tap_caffe_weights_get (self->weights, layer->name, 2);
  gint64 n = n_channels (self, layer);
  float factor = 1;
  int inputs[5] = { tap_caffe_bottom (self, layer, 0) }, output;
  gboolean missing = mean == NULL || variance == NULL;
  TapAttrs *attrs;

  if (!missing)
    {
      if (n < 0)
        n = (gint64) mean->count;
      if (mean->count != (gsize) n || variance->count != (gsize) n)
        return tap_caffe_fail (layer, error,
                               "its statistics are expected for %" G_GINT64_FORMAT
                               " channels, but the file has %" G_GSIZE_FORMAT,
                               n, mean->count);
      if (sum != NULL && sum->count == 1)
        factor = tap_tensor_f32 (sum)[0] == 0 ? 0 : 1 / tap_tensor_f32 (sum)[0];
    }
  self->n_missing += missing;
  if (n < 1 || n > (1 << 24))
    return tap_caffe_unknown (self, layer, error);
  inputs[1] = channel_constant (self, layer, "scale", n, NULL, 1);
  inputs[2] = channel_constant (self, layer, "shift", n, NULL, 0);
  inputs[3] =
    channel_constant (self, layer, "mean", n, missing ? NULL : mean, missing ? 0 : factor);
  inputs[4] =
    channel_constant (self, layer, "variance", n, missing ? NULL : variance, missing ? 1 : factor);
  for (int i = 1; i < 5; i++)
    if (inputs[i] < 0)
      return tap_caffe_unknown (self, layer, error);
  attrs = tap_attrs_new ();
  tap_attrs_set_float (attrs, "epsilon", tap_text_float (param, "eps", 1e-5));
  if (missing)
    tap_attrs_set_int (attrs, "missing_weights", 1);
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, "BatchNormalization", inputs, 5, &output, 1, attrs,
                         error);
}

/* The second operand of Scale and Bias: a blob, or the second bottom, with axes of 1 behind it so that it lies
 * along the axes from @axis on. -1 with or without an error. */
static int
second_operand (CaffeBuilder *self,
                const CaffeLayer *layer,
                gboolean from_bottom,
                guint blob,
                const char *what,
                gint64 axis,
                gint64 n_axes,
                gboolean *missing,
                GError **error)
{
  const TapShape *first = tap_caffe_shape (self, tap_caffe_bottom (self, layer, 0));
  TapShape shape = TAP_SHAPE_SCALAR;

  if (from_bottom)
    {
      int value = tap_caffe_bottom (self, layer, 1), wide;
      const TapShape *second = tap_caffe_shape (self, value);
      gint64 axes[TAP_MAX_DIMS];
      int behind, inputs[2];

      if (first == NULL || second == NULL)
        return -1;
      behind = first->n_dims - (int) axis - second->n_dims;
      if (behind <= 0 || second->n_dims + behind > TAP_MAX_DIMS)
        return value;
      for (int i = 0; i < behind; i++)
        axes[i] = second->n_dims + i;
      inputs[0] = value;
      inputs[1] = tap_caffe_ints (self, layer, "axes", axes, behind);
      wide = tap_caffe_inner (self, layer, "wide");
      return tap_caffe_node (self, layer, "unsqueeze", "Unsqueeze", inputs, 2, &wide, 1, NULL,
                             error) ?
               wide :
               -1;
    }

  if (first == NULL)
    {
      /* As good as always: one number per map. */
      shape = tap_shape_new (3, (gint64) -1, (gint64) 1, (gint64) 1);
      if (axis != 1 || n_axes != 1)
        return -1;
    }
  else
    {
      if (n_axes < 0 || axis + n_axes > first->n_dims)
        n_axes = first->n_dims - axis;
      for (gint64 i = axis; i < first->n_dims; i++)
        shape.dims[shape.n_dims++] = i < axis + n_axes ? first->dims[i] : 1;
    }
  return tap_caffe_weight (self, layer, blob, what, &shape, missing, error);
}

static gboolean
translate_scale (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  gboolean is_bias = g_str_equal (layer->type, "Bias"), missing = FALSE, with_bias;
  gboolean two = layer->bottoms->len > 1;
  const TapTextMessage *param = tap_caffe_param (layer, is_bias ? "bias_param" : "scale_param");
  const TapShape *shape = tap_caffe_shape (self, tap_caffe_bottom (self, layer, 0));
  gint64 axis = tap_text_int (param, "axis", 1), n_axes = tap_text_int (param, "num_axes", 1);
  int inputs[2] = { tap_caffe_bottom (self, layer, 0), -1 }, bias = -1, output;
  g_autoptr (GError) reason = NULL;
  TapAttrs *attrs;

  if (axis < 0 && shape != NULL)
    axis += shape->n_dims;
  if (axis < 0 || (shape != NULL && axis >= shape->n_dims) || axis >= TAP_MAX_DIMS || n_axes < -1 ||
      n_axes > TAP_MAX_DIMS)
    return tap_caffe_fail (layer, error,
                           "“axis” is %" G_GINT64_FORMAT " and “num_axes” %" G_GINT64_FORMAT, axis,
                           n_axes);
  with_bias = !is_bias && tap_text_bool (param, "bias_term", FALSE);
  inputs[1] = second_operand (self, layer, two, 0, is_bias ? "bias" : "scale", axis, n_axes,
                              &missing, &reason);
  if (with_bias && reason == NULL && inputs[1] >= 0)
    bias =
      second_operand (self, layer, FALSE, two ? 0 : 1, "bias", axis, n_axes, &missing, &reason);
  if (reason != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  self->n_missing += missing;
  if (inputs[1] < 0 || (with_bias && bias < 0))
    return tap_caffe_unknown (self, layer, error);

  attrs = tap_attrs_new ();
  if (missing)
    tap_attrs_set_int (attrs, "missing_weights", 1);
  output = with_bias ? tap_caffe_inner (self, layer, "scaled") : tap_caffe_top (self, layer, 0);
  if (!tap_caffe_node (self, layer, with_bias ? "multiply" : NULL, is_bias ? "Add" : "Mul", inputs,
                       2, &output, 1, attrs, error))
    return FALSE;
  if (!with_bias)
    return TRUE;
  inputs[0] = output;
  inputs[1] = bias;
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, "Add", inputs, 2, &output, 1, NULL, error);
}

/* a · x + y, of squeeze-and-excitation networks */
static gboolean
translate_axpy (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  int inputs[2] = { tap_caffe_bottom (self, layer, 0), tap_caffe_bottom (self, layer, 1) };
  int product = tap_caffe_inner (self, layer, "scaled"), output;

  if (layer->bottoms->len != 3)
    return tap_caffe_fail (layer, error, "it has %u bottoms instead of 3", layer->bottoms->len);
  if (!tap_caffe_node (self, layer, "multiply", "Mul", inputs, 2, &product, 1, NULL, error))
    return FALSE;
  inputs[0] = product;
  inputs[1] = tap_caffe_bottom (self, layer, 2);
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, "Add", inputs, 2, &output, 1, NULL, error);
}

static gboolean
translate_softmax (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  gboolean loss = g_str_equal (layer->type, "SoftmaxWithLoss");
  const TapTextMessage *param = layer->is_v0 ? NULL : tap_caffe_param (layer, "softmax_param");
  int input = tap_caffe_bottom (self, layer, 0), output;
  TapAttrs *attrs = tap_attrs_new ();

  tap_attrs_set_int (attrs, "axis", tap_text_int (param, "axis", 1));
  /* The second top of the loss is the probabilities; the first, a number, is not made. */
  output = tap_caffe_top (self, layer, loss && layer->tops->len > 1 ? 1 : 0);
  return tap_caffe_node (self, layer, NULL, "Softmax", &input, 1, &output, 1, attrs, error);
}

static gboolean
translate_mvn (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = tap_caffe_param (layer, "mvn_param");
  gint64 n = n_channels (self, layer), axes[2] = { 2, 3 };
  int inputs[3] = { tap_caffe_bottom (self, layer, 0), -1, -1 }, output;
  TapAttrs *attrs;

  if (tap_text_bool (param, "across_channels", FALSE) || n < 1 || n > (1 << 24))
    return tap_caffe_unknown (self, layer, error);
  if (!tap_text_bool (param, "normalize_variance", TRUE))
    {
      int pair[2] = { inputs[0], tap_caffe_ints (self, layer, "axes", axes, 2) };

      inputs[1] = tap_caffe_inner (self, layer, "mean");
      if (!tap_caffe_node (self, layer, "mean", "ReduceMean", pair, 2, &inputs[1], 1, NULL, error))
        return FALSE;
      output = tap_caffe_top (self, layer, 0);
      return tap_caffe_node (self, layer, NULL, "Sub", inputs, 2, &output, 1, NULL, error);
    }
  inputs[1] = channel_constant (self, layer, "scale", n, NULL, 1);
  inputs[2] = channel_constant (self, layer, "shift", n, NULL, 0);
  attrs = tap_attrs_new ();
  tap_attrs_set_float (attrs, "epsilon", 1e-18); /* Caffe adds 1e-9 to the deviation */
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, "InstanceNormalization", inputs, 3, &output, 1, attrs,
                         error);
}

const CaffeTranslation tap_caffe_pointwise_layers[] = {
  { "AbsVal", translate_plain },
  { "Axpy", translate_axpy },
  { "BNLL", translate_plain },
  { "BatchNorm", translate_batch_norm },
  { "Bias", translate_scale },
  { "Dropout", translate_plain },
  { "ELU", translate_elu },
  { "Eltwise", translate_eltwise },
  { "Exp", translate_exp },
  { "HardSwish", translate_plain },
  { "Log", translate_log },
  { "MVN", translate_mvn },
  { "Mish", translate_plain },
  { "PReLU", translate_prelu },
  { "Power", translate_power },
  { "ReLU", translate_relu },
  { "ReLU6", translate_relu6 },
  { "Scale", translate_scale },
  { "Sigmoid", translate_plain },
  { "SigmoidCrossEntropyLoss", translate_plain },
  { "Softmax", translate_softmax },
  { "SoftmaxWithLoss", translate_softmax },
  { "Swish", translate_swish },
  { "TanH", translate_plain },
  { NULL, NULL },
};
