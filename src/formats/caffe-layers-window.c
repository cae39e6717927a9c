/* caffe-layers-window.c - Caffe layers with a window or with weights over it all
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Caffe correlates, as ONNX does; pads are symmetric. Pooled sizes are rounded up unless round_mode says
 * otherwise, and averages divide by the window clipped to the padded picture: both are attributes of the
 * pooling operators here (ops/README.md). LRN divides alpha by the number of cells, as ONNX does. */
#include "config.h"

#include "formats/caffe-private.h"

#include <string.h>

/* "kernel_size" once or per axis, or "kernel_h" and "kernel_w"; V0 has "kernelsize". */
static gboolean
read_axes (const CaffeLayer *layer,
           const TapTextMessage *param,
           const char *name,
           const char *prefix,
           int rank,
           gint64 fallback,
           gint64 *out,
           GError **error)
{
  g_autofree char *h = g_strdup_printf ("%s_h", prefix), *w = g_strdup_printf ("%s_w", prefix);
  guint n = tap_text_count (param, name);

  for (int i = 0; i < rank; i++)
    out[i] = n == 0 ? fallback :
                      tap_text_int_at (param, name, n == 1 ? 0 : MIN ((guint) i, n - 1), fallback);
  if (rank == 2)
    {
      out[0] = tap_text_int (param, h, out[0]);
      out[1] = tap_text_int (param, w, out[1]);
    }
  if (n > 1 && n != (guint) rank)
    return tap_caffe_fail (layer, error, "“%s” is given %u times for %d axes", name, n, rank);
  for (int i = 0; i < rank; i++)
    if (out[i] < 0 || out[i] > G_MAXINT)
      return tap_caffe_fail (layer, error, "“%s” is %" G_GINT64_FORMAT, name, out[i]);
  return TRUE;
}

static TapAttrs *
window_attrs (const gint64 *kernel,
              const gint64 *stride,
              const gint64 *pad,
              const gint64 *dilation,
              int rank)
{
  TapAttrs *attrs = tap_attrs_new ();
  gint64 pads[2 * TAP_MAX_DIMS];

  for (int i = 0; i < rank; i++)
    pads[i] = pads[rank + i] = pad[i];
  tap_attrs_set_ints (attrs, "kernel_shape", kernel, (gsize) rank);
  tap_attrs_set_ints (attrs, "strides", stride, (gsize) rank);
  tap_attrs_set_ints (attrs, "pads", pads, (gsize) (2 * rank));
  if (dilation != NULL)
    tap_attrs_set_ints (attrs, "dilations", dilation, (gsize) rank);
  return attrs;
}

static int
spatial_rank (CaffeBuilder *self, const CaffeLayer *layer)
{
  const TapShape *shape = tap_caffe_shape (self, tap_caffe_bottom (self, layer, 0));

  return shape != NULL && shape->n_dims > 2 ? shape->n_dims - 2 : 2;
}

/* Output channels, checked; V0 and V1 have the same name. */
static gboolean
read_outputs (const CaffeLayer *layer, const TapTextMessage *param, gint64 *n, GError **error)
{
  *n = tap_text_int (param, "num_output", 0);
  if (*n < 1 || *n > G_MAXINT)
    return tap_caffe_fail (layer, error, "“num_output” is %" G_GINT64_FORMAT, *n);
  return TRUE;
}

static gboolean
has_bias (const CaffeLayer *layer, const TapTextMessage *param)
{
  return tap_text_bool (param, layer->is_v0 ? "biasterm" : "bias_term", TRUE);
}

/* A node whose weights could not even be stood in for, or the node with a mark. */
static gboolean
add_weighted (CaffeBuilder *self,
              const CaffeLayer *layer,
              const char *op_type,
              int inputs[3],
              int n_inputs,
              TapAttrs *attrs,
              gboolean missing,
              GError **error)
{
  int output;

  for (int i = 0; i < n_inputs; i++)
    if (inputs[i] < 0)
      {
        tap_attrs_free (attrs);
        self->n_missing++;
        return tap_caffe_unknown (self, layer, error);
      }
  if (missing)
    {
      self->n_missing++;
      tap_attrs_set_int (attrs, "missing_weights", 1);
    }
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, op_type, inputs, n_inputs, &output, 1, attrs, error);
}

static gboolean
translate_convolution (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = tap_caffe_param (layer, "convolution_param");
  gboolean transposed = g_str_equal (layer->type, "Deconvolution"), missing = FALSE;
  gboolean depthwise = strstr (layer->type, "epthwise") != NULL;
  g_autoptr (GError) reason = NULL;
  int rank = spatial_rank (self, layer), inputs[3] = { tap_caffe_bottom (self, layer, 0), -1, -1 };
  int n_inputs = has_bias (layer, param) ? 3 : 2;
  const TapShape *shape = tap_caffe_shape (self, inputs[0]);
  gint64 kernel[TAP_MAX_DIMS], stride[TAP_MAX_DIMS], pad[TAP_MAX_DIMS], dilation[TAP_MAX_DIMS];
  gint64 n, group, channels = shape != NULL && shape->n_dims > 1 ? shape->dims[1] : -1;
  TapShape wanted, bias;
  TapAttrs *attrs;

  if (rank > TAP_MAX_DIMS - 2 || !read_outputs (layer, param, &n, error) ||
      !read_axes (layer, param, layer->is_v0 ? "kernelsize" : "kernel_size", "kernel", rank, 0,
                  kernel, error) ||
      !read_axes (layer, param, "stride", "stride", rank, 1, stride, error) ||
      !read_axes (layer, param, "pad", "pad", rank, 0, pad, error) ||
      !read_axes (layer, param, "dilation", "dilation", rank, 1, dilation, error))
    return FALSE;
  group = depthwise && channels > 0 ? channels : tap_text_int (param, "group", 1);
  if (group < 1 || n % group != 0 || (channels > 0 && channels % group != 0))
    return tap_caffe_fail (layer, error,
                           "“group” is %" G_GINT64_FORMAT
                           ", which does not divide %" G_GINT64_FORMAT
                           " inputs and %" G_GINT64_FORMAT " outputs",
                           group, channels, n);
  for (int i = 0; i < rank; i++)
    if (kernel[i] < 1 || stride[i] < 1 || dilation[i] < 1)
      return tap_caffe_fail (layer, error, "kernel, stride and dilation have to be at least 1");

  wanted = transposed ? tap_shape_new (2, channels, n / group) :
                        tap_shape_new (2, n, channels > 0 ? channels / group : (gint64) -1);
  for (int i = 0; i < rank; i++)
    wanted.dims[wanted.n_dims++] = kernel[i];
  bias = tap_shape_new (1, n);

  inputs[1] = tap_caffe_weight (self, layer, 0, "weights", &wanted, &missing, &reason);
  if (n_inputs == 3 && reason == NULL)
    inputs[2] = tap_caffe_weight (self, layer, 1, "bias", &bias, &missing, &reason);
  if (reason != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  attrs = window_attrs (kernel, stride, pad, dilation, rank);
  tap_attrs_set_int (attrs, "group", group);
  return add_weighted (self, layer, transposed ? "ConvTranspose" : "Conv", inputs, n_inputs, attrs,
                       missing, error);
}

static gboolean
rounds_up (const TapTextMessage *param)
{
  const char *mode = tap_text_string (param, "round_mode", NULL);

  if (mode != NULL)
    return !g_str_equal (mode, "FLOOR") && !g_str_equal (mode, "1");
  return tap_text_bool (param, "ceil_mode", TRUE); /* of some forks */
}

static gboolean
translate_pooling (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = tap_caffe_param (layer, "pooling_param");
  const char *pool = tap_text_string (param, "pool", "MAX");
  gboolean average = g_str_equal (pool, "AVE") || g_str_equal (pool, "1");
  int rank = spatial_rank (self, layer), input = tap_caffe_bottom (self, layer, 0), outputs[2];
  gint64 kernel[TAP_MAX_DIMS], stride[TAP_MAX_DIMS], pad[TAP_MAX_DIMS];
  int n_outputs = 1;
  TapAttrs *attrs;

  if (!average && !g_str_equal (pool, "MAX") && !g_str_equal (pool, "0"))
    return tap_caffe_unknown (self, layer, error); /* STOCHASTIC */
  if (tap_text_bool (param, "global_pooling", FALSE))
    {
      outputs[0] = tap_caffe_top (self, layer, 0);
      return tap_caffe_node (self, layer, NULL, average ? "GlobalAveragePool" : "GlobalMaxPool",
                             &input, 1, outputs, 1, NULL, error);
    }
  if (rank > TAP_MAX_DIMS - 2 ||
      !read_axes (layer, param, layer->is_v0 ? "kernelsize" : "kernel_size", "kernel", rank, 0,
                  kernel, error) ||
      !read_axes (layer, param, "stride", "stride", rank, 1, stride, error) ||
      !read_axes (layer, param, "pad", "pad", rank, 0, pad, error))
    return FALSE;
  for (int i = 0; i < rank; i++)
    if (kernel[i] < 1 || stride[i] < 1)
      return tap_caffe_fail (layer, error, "kernel and stride have to be at least 1");
  attrs = window_attrs (kernel, stride, pad, NULL, rank);
  if (rounds_up (param))
    tap_attrs_set_int (attrs, "caffe_ceil", 1);
  if (average)
    tap_attrs_set_int (attrs, "caffe_count", 1);
  outputs[0] = tap_caffe_top (self, layer, 0);
  if (!average && layer->tops->len > 1)
    outputs[n_outputs++] = tap_caffe_top (self, layer, 1);
  return tap_caffe_node (self, layer, NULL, average ? "AveragePool" : "MaxPool", &input, 1, outputs,
                         n_outputs, attrs, error);
}

/* [N, …] becomes [product before @axis, product from there on]; networks mostly have axis 1. */
static int
flatten (CaffeBuilder *self, const CaffeLayer *layer, int input, gint64 axis, GError **error)
{
  const TapShape *shape = tap_caffe_shape (self, input);
  TapAttrs *attrs;
  int flat;

  if (shape != NULL && shape->n_dims == 2 && axis == 1)
    return input;
  attrs = tap_attrs_new ();
  tap_attrs_set_int (attrs, "axis", axis);
  flat = tap_caffe_inner (self, layer, "flat");
  return tap_caffe_node (self, layer, "flatten", "Flatten", &input, 1, &flat, 1, attrs, error) ?
           flat :
           -1;
}

/* With an axis behind the first, the rows of the product go back to where they came from. */
static gboolean
restore_rows (CaffeBuilder *self,
              const CaffeLayer *layer,
              const TapShape *shape,
              gint64 axis,
              gint64 n,
              int product,
              GError **error)
{
  gint64 dims[TAP_MAX_DIMS] = { 0 };
  int inputs[2] = { product, -1 }, output = tap_caffe_top (self, layer, 0);

  for (int i = 1; i < axis; i++)
    dims[i] = shape->dims[i];
  dims[0] = -1;
  dims[axis] = n;
  inputs[1] = tap_caffe_ints (self, layer, "rows", dims, (int) axis + 1);
  return tap_caffe_node (self, layer, "reshape", "Reshape", inputs, 2, &output, 1, NULL, error);
}

static gboolean
translate_inner_product (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = tap_caffe_param (layer, "inner_product_param");
  gboolean transpose = tap_text_bool (param, "transpose", FALSE), missing = FALSE;
  gint64 n, axis = tap_text_int (param, "axis", 1), fan_in = -1;
  int inputs[3] = { tap_caffe_bottom (self, layer, 0), -1, -1 };
  int n_inputs = has_bias (layer, param) ? 3 : 2, product;
  const TapShape *known = tap_caffe_shape (self, inputs[0]);
  TapShape shape = known != NULL ? *known : TAP_SHAPE_SCALAR, wanted, bias;
  g_autoptr (GError) reason = NULL;
  TapAttrs *attrs;

  if (!read_outputs (layer, param, &n, error))
    return FALSE;
  if (axis < 0 && known != NULL)
    axis += shape.n_dims;
  if (axis < 1 || axis >= TAP_MAX_DIMS || (known != NULL && axis >= shape.n_dims))
    return tap_caffe_fail (layer, error, "“axis” is %" G_GINT64_FORMAT, axis);
  if (known == NULL && axis != 1)
    return tap_caffe_unknown (self, layer, error);
  if (known != NULL)
    fan_in = tap_shape_product (&shape, (int) axis, shape.n_dims);

  wanted = transpose ? tap_shape_new (2, fan_in, n) : tap_shape_new (2, n, fan_in);
  bias = tap_shape_new (1, n);
  inputs[1] = tap_caffe_weight (self, layer, 0, "weights", &wanted, &missing, &reason);
  if (n_inputs == 3 && reason == NULL)
    inputs[2] = tap_caffe_weight (self, layer, 1, "bias", &bias, &missing, &reason);
  if (reason != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  if (inputs[1] < 0 || (n_inputs == 3 && inputs[2] < 0))
    {
      self->n_missing++;
      return tap_caffe_unknown (self, layer, error);
    }
  inputs[0] = flatten (self, layer, inputs[0], axis, error);
  if (inputs[0] < 0)
    return FALSE;
  attrs = tap_attrs_new ();
  tap_attrs_set_int (attrs, "transB", !transpose);
  if (axis == 1)
    return add_weighted (self, layer, "Gemm", inputs, n_inputs, attrs, missing, error);
  if (missing)
    {
      self->n_missing++;
      tap_attrs_set_int (attrs, "missing_weights", 1);
    }
  product = tap_caffe_inner (self, layer, "product");
  return tap_caffe_node (self, layer, NULL, "Gemm", inputs, n_inputs, &product, 1, attrs, error) &&
         restore_rows (self, layer, &shape, axis, n, product, error);
}

static gboolean
translate_lrn (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = tap_caffe_param (layer, "lrn_param");
  const char *region = tap_text_string (param, "norm_region", "ACROSS_CHANNELS");
  gboolean within = g_str_equal (region, "WITHIN_CHANNEL") || g_str_equal (region, "1");
  int input = tap_caffe_bottom (self, layer, 0), output;
  gint64 size = tap_text_int (param, "local_size", 5);
  TapAttrs *attrs;

  if (size < 1 || size > G_MAXINT)
    return tap_caffe_fail (layer, error, "“local_size” is %" G_GINT64_FORMAT, size);
  attrs = tap_attrs_new ();
  tap_attrs_set_int (attrs, "size", size);
  tap_attrs_set_float (attrs, "alpha", tap_text_float (param, "alpha", 1));
  tap_attrs_set_float (attrs, "beta", tap_text_float (param, "beta", 0.75));
  tap_attrs_set_float (attrs, "bias", within ? 1 : tap_text_float (param, "k", 1));
  if (within)
    tap_attrs_set_string (attrs, "norm_region", "WITHIN_CHANNEL");
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, "LRN", &input, 1, &output, 1, attrs, error);
}

/* V0 only: the pad of the convolution that follows. */
static gboolean
translate_padding (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  gint64 pad = tap_text_int (layer->message, "pad", 0);
  gint64 pads[8] = { 0, 0, pad, pad, 0, 0, pad, pad };
  int inputs[2] = { tap_caffe_bottom (self, layer, 0), -1 }, output;

  if (pad < 0 || pad > 65536)
    return tap_caffe_fail (layer, error, "“pad” is %" G_GINT64_FORMAT, pad);
  inputs[1] = tap_caffe_ints (self, layer, "pads", pads, 8);
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, "Pad", inputs, 2, &output, 1, NULL, error);
}

const CaffeTranslation tap_caffe_window_layers[] = {
  { "Convolution", translate_convolution },
  { "ConvolutionDepthwise", translate_convolution },
  { "Deconvolution", translate_convolution },
  { "DepthwiseConvolution", translate_convolution },
  { "InnerProduct", translate_inner_product },
  { "LRN", translate_lrn },
  { "Padding", translate_padding },
  { "Pooling", translate_pooling },
  { NULL, NULL },
};
