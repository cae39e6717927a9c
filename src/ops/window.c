/* window.c - the geometry of sliding windows: convolution and pooling
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Everything that decides which input cells an output cell sees is settled here and nowhere else:
 * pads, auto_pad, dilation, ONNX's ceil_mode and Caffe's rule. Along each axis the number of outputs is
 *   floor: ⌊(in + pads - k_e) / s⌋ + 1,   ceiling: ⌈(in + pads - k_e) / s⌉ + 1,   k_e = d (k - 1) + 1,
 * where the ceiling drops a last window that would begin at or after in + pad_begin (PyTorch, Caffe).
 *
 * tap_window_region(): METHODS 4.2; see Araujo, Norris, Sim, "Computing receptive fields", 2019. */
#include "config.h"

#include "ops/tap-op-private.h"

#define LARGEST (1 << 30)

/* One axis, in the wide type in which it is checked. */
typedef struct
{
  gint64 kernel, stride, dilation, pad_begin, pad_end, output_pad;
  gint64 in, out;
} Axis;

static gboolean
read_list (const TapNode *node,
           const char *name,
           int n_axes,
           int per_axis,
           gint64 min,
           gint64 fallback,
           gint64 *out,
           GError **error)
{
  gsize n;
  const gint64 *values = tap_attrs_get_ints (node->attrs, name, &n);

  for (int i = 0; i < n_axes * per_axis; i++)
    out[i] = fallback;
  if (values == NULL && tap_attrs_has (node->attrs, name))
    return tap_op_fail (error, "the attribute “%s” is expected to be a list of integers", name);
  if (values == NULL || n == 0)
    return TRUE;
  if (n != (gsize) (n_axes * per_axis))
    return tap_op_fail (error,
                        "the attribute “%s” is expected to have %d numbers, found %" G_GSIZE_FORMAT,
                        name, n_axes * per_axis, n);
  for (gsize i = 0; i < n; i++)
    {
      if (values[i] < min || values[i] > LARGEST)
        return tap_op_fail (error,
                            "the attribute “%s” is expected to be at least %" G_GINT64_FORMAT
                            ", found %" G_GINT64_FORMAT,
                            name, min, values[i]);
      out[i] = values[i];
    }
  return TRUE;
}

static gboolean
read_kernel (const TapNode *node,
             const TapShape *weights,
             int n_axes,
             gint64 *kernel,
             GError **error)
{
  if (!read_list (node, "kernel_shape", n_axes, 1, 1, 0, kernel, error))
    return FALSE;
  if (weights == NULL)
    {
      if (kernel[0] == 0)
        return tap_op_fail (error, "the attribute “kernel_shape” is missing");
      return TRUE;
    }
  for (int i = 0; i < n_axes; i++)
    {
      gint64 k = weights->dims[2 + i];

      if (k < 1 || k > LARGEST)
        return tap_op_fail (error, "the weights have a kernel of %" G_GINT64_FORMAT " cells", k);
      if (kernel[i] != 0 && kernel[i] != k)
        return tap_op_fail (error,
                            "the attribute “kernel_shape” says %" G_GINT64_FORMAT
                            ", but the weights have %" G_GINT64_FORMAT,
                            kernel[i], k);
      kernel[i] = k;
    }
  return TRUE;
}

/* Shares the padding of auto_pad out; the odd cell goes to the end for SAME_UPPER. */
static void
share_padding (Axis *axis, gint64 total, gboolean upper)
{
  total = MAX (total, 0);
  axis->pad_begin = upper ? total / 2 : total - total / 2;
  axis->pad_end = total - axis->pad_begin;
}

static gboolean
resolve_axis (Axis *axis, const char *auto_pad, gboolean ceiling, GError **error)
{
  gint64 extent = axis->dilation * (axis->kernel - 1) + 1;
  gint64 room;

  if (g_str_equal (auto_pad, "SAME_UPPER") || g_str_equal (auto_pad, "SAME_LOWER"))
    {
      axis->out = (axis->in + axis->stride - 1) / axis->stride;
      share_padding (axis, (axis->out - 1) * axis->stride + extent - axis->in,
                     g_str_equal (auto_pad, "SAME_UPPER"));
      return TRUE;
    }
  if (g_str_equal (auto_pad, "VALID"))
    {
      axis->pad_begin = 0;
      axis->pad_end = 0;
    }

  room = axis->in + axis->pad_begin + axis->pad_end - extent;
  if (room < 0)
    return tap_op_fail (error,
                        "the window of %" G_GINT64_FORMAT
                        " cells does not fit into %" G_GINT64_FORMAT " with its padding",
                        extent, axis->in + axis->pad_begin + axis->pad_end);
  axis->out = (ceiling ? (room + axis->stride - 1) / axis->stride : room / axis->stride) + 1;
  if (ceiling && axis->out > 1 && (axis->out - 1) * axis->stride >= axis->in + axis->pad_begin)
    axis->out--;
  return TRUE;
}

static gboolean
resolve_transposed (Axis *axis, const char *auto_pad, gint64 wanted, GError **error)
{
  gint64 extent = axis->dilation * (axis->kernel - 1) + 1;
  gint64 reach = (axis->in - 1) * axis->stride + extent + axis->output_pad;
  gboolean same = g_str_has_prefix (auto_pad, "SAME_");

  if (wanted == 0 && same)
    wanted = axis->in * axis->stride;
  if (wanted > 0)
    {
      share_padding (axis, reach - wanted, g_str_equal (auto_pad, "SAME_UPPER"));
      axis->out = wanted;
    }
  else
    {
      if (g_str_equal (auto_pad, "VALID"))
        {
          axis->pad_begin = 0;
          axis->pad_end = 0;
        }
      axis->out = reach - axis->pad_begin - axis->pad_end;
    }
  if (axis->out < 1)
    return tap_op_fail (error, "the padding leaves nothing of the output");
  return TRUE;
}

static gboolean
check_auto_pad (const char *auto_pad, GError **error)
{
  static const char *const known[] = { "", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", NULL };

  if (g_strv_contains (known, auto_pad))
    return TRUE;
  return tap_op_fail (error, "the attribute “auto_pad” cannot be “%s”", auto_pad);
}

static gboolean
read_axes (const TapNode *node,
           const TapShape *input,
           const TapShape *weights,
           int n_axes,
           gboolean transposed,
           Axis *axes, /* the last @n_axes of three */
           GError **error)
{
  const char *auto_pad = tap_attrs_get_string (node->attrs, "auto_pad", "NOTSET");
  gboolean ceiling = tap_attrs_get_int (node->attrs, "ceil_mode", 0) != 0 ||
                     tap_attrs_get_int (node->attrs, "caffe_ceil", 0) != 0;
  gint64 kernel[3], stride[3], dilation[3], pads[6];
  gint64 output_pad[3] = { 0 }, wanted[3] = { 0 };

  if (!read_kernel (node, weights, n_axes, kernel, error) ||
      !read_list (node, "strides", n_axes, 1, 1, 1, stride, error) ||
      !read_list (node, "dilations", n_axes, 1, 1, 1, dilation, error) ||
      !read_list (node, "pads", n_axes, 2, 0, 0, pads, error) || !check_auto_pad (auto_pad, error))
    return FALSE;
  if (transposed && (!read_list (node, "output_padding", n_axes, 1, 0, 0, output_pad, error) ||
                     !read_list (node, "output_shape", n_axes, 1, 1, 0, wanted, error)))
    return FALSE;

  for (int i = 0; i < n_axes; i++)
    {
      Axis *axis = &axes[3 - n_axes + i];

      *axis = (Axis){
        .kernel = kernel[i],
        .stride = stride[i],
        .dilation = dilation[i],
        .pad_begin = pads[i],
        .pad_end = pads[n_axes + i],
        .output_pad = output_pad[i],
        .in = input->dims[2 + i],
      };
      if (axis->in < 1 || axis->in > LARGEST)
        return tap_op_fail (error, "the input has an extent of %" G_GINT64_FORMAT, axis->in);
      if (axis->dilation * (axis->kernel - 1) >= LARGEST)
        return tap_op_fail (error, "the window is too large");
      if (!(transposed ? resolve_transposed (axis, auto_pad, wanted[i], error) :
                         resolve_axis (axis, auto_pad, ceiling, error)))
        return FALSE;
      if (axis->out > LARGEST)
        return tap_op_fail (error, "the output would have an extent of %" G_GINT64_FORMAT,
                            axis->out);
    }
  return TRUE;
}

/* LRN within channels looks at a square around each cell. */
static gboolean
lrn_axes (const TapNode *node, const TapShape *input, Axis *axes, GError **error)
{
  gint64 size = tap_attrs_get_int (node->attrs, "size", 0);

  if (size < 1 || size > LARGEST)
    return tap_op_fail (error, "the attribute “size” is expected to be at least 1");
  for (int i = 0; i < 2; i++)
    axes[i] = (Axis){
      .kernel = size,
      .stride = 1,
      .dilation = 1,
      .pad_begin = (size - 1) / 2,
      .pad_end = size - 1 - (size - 1) / 2,
      .in = input->dims[2 + i],
      .out = input->dims[2 + i],
    };
  return TRUE;
}

/* All axes, of which those that the operator does not have are of one cell. */
static gboolean
settle (const TapNode *node,
        const TapShape *input,
        const TapShape *weights,
        int max_axes,
        Axis *axes,
        gint64 *group,
        gboolean *transposed,
        GError **error)
{
  int n_axes = input->n_dims - 2;

  for (int i = 0; i < 3; i++)
    axes[i] = (Axis){ .kernel = 1, .stride = 1, .dilation = 1, .in = 1, .out = 1 };
  *transposed = g_str_has_prefix (node->op_type, "ConvTranspose");
  *group = tap_attrs_get_int (node->attrs, "group", 1);
  if (n_axes > max_axes)
    return tap_op_decline (error, "windows in %d dimensions are not supported", n_axes);
  if (n_axes < 1)
    {
      g_autofree char *text = tap_shape_to_string (input);

      return tap_op_fail (error, "an input of 4 dimensions is expected, found %s", text);
    }
  if (weights != NULL && weights->n_dims != input->n_dims)
    {
      g_autofree char *a = tap_shape_to_string (input);
      g_autofree char *b = tap_shape_to_string (weights);

      return tap_op_fail (error, "weights of %s do not go with an input of %s", b, a);
    }
  if (*group < 1 || *group > LARGEST)
    return tap_op_fail (
      error, "the attribute “group” is expected to be at least 1, found %" G_GINT64_FORMAT, *group);

  if (g_str_equal (node->op_type, "LRN"))
    {
      if (n_axes != 2)
        return tap_op_decline (error, "normalization within channels needs two dimensions");
      return lrn_axes (node, input, axes + 1, error);
    }
  return read_axes (node, input, weights, n_axes, *transposed, axes, error);
}

gboolean
tap_op_window (const TapNode *node,
               const TapShape *input,
               const TapShape *weights,
               TapWindow *window,
               GError **error)
{
  Axis all[3], *axes = all + 1;
  gboolean transposed;
  gint64 group;

  if (!settle (node, input, weights, 2, all, &group, &transposed, error))
    return FALSE;
  *window = (TapWindow){
    .kernel_h = (int) axes[0].kernel,
    .kernel_w = (int) axes[1].kernel,
    .stride_h = (int) axes[0].stride,
    .stride_w = (int) axes[1].stride,
    .dilation_h = (int) axes[0].dilation,
    .dilation_w = (int) axes[1].dilation,
    .pad_top = (int) axes[0].pad_begin,
    .pad_left = (int) axes[1].pad_begin,
    .pad_bottom = (int) axes[0].pad_end,
    .pad_right = (int) axes[1].pad_end,
    .group = (int) group,
    .in_h = (int) axes[0].in,
    .in_w = (int) axes[1].in,
    .out_h = (int) axes[0].out,
    .out_w = (int) axes[1].out,
    .transposed = transposed,
  };
  return TRUE;
}

gboolean
tap_op_volume (const TapNode *node,
               const TapShape *input,
               const TapShape *weights,
               TapVolume *volume,
               GError **error)
{
  Axis axes[3];
  gint64 group;

  if (!settle (node, input, weights, 3, axes, &group, &volume->transposed, error))
    return FALSE;
  volume->group = (int) group;
  for (int i = 0; i < 3; i++)
    volume->axes[i] = (TapVolumeAxis){
      .kernel = (int) axes[i].kernel,
      .stride = (int) axes[i].stride,
      .dilation = (int) axes[i].dilation,
      .pad_begin = (int) axes[i].pad_begin,
      .pad_end = (int) axes[i].pad_end,
      .in = (int) axes[i].in,
      .out = (int) axes[i].out,
    };
  return TRUE;
}

gboolean
tap_op_window_shape (TapShapeContext *ctx, int weights, gint64 channels, GError **error)
{
  const TapShape *input = &ctx->inputs[0];
  TapVolume volume;

  if (!tap_op_volume (ctx->node, input, weights >= 0 ? &ctx->inputs[weights] : NULL, &volume,
                      error))
    return FALSE;
  ctx->outputs[0] = *input;
  ctx->outputs[0].dims[1] = channels;
  for (int i = 2; i < input->n_dims; i++)
    ctx->outputs[0].dims[i] = volume.axes[i + 3 - input->n_dims].out;
  return TRUE;
}

static gint64
divide_down (gint64 a, gint64 b)
{
  return a >= 0 ? a / b : -((-a + b - 1) / b);
}

static gint64
divide_up (gint64 a, gint64 b)
{
  return -divide_down (-a, b);
}

/* First and last output that sees any input of first..last, within 0..n_out-1. */
static void
region_axis (const TapWindow *window,
             gboolean rows,
             gint64 first,
             gint64 last,
             gint64 *out_first,
             gint64 *out_last)
{
  gint64 kernel = rows ? window->kernel_h : window->kernel_w;
  gint64 stride = rows ? window->stride_h : window->stride_w;
  gint64 dilation = rows ? window->dilation_h : window->dilation_w;
  gint64 pad = rows ? window->pad_top : window->pad_left;
  gint64 n_out = rows ? window->out_h : window->out_w;
  gint64 reach = dilation * (kernel - 1);

  if (window->transposed)
    {
      *out_first = first * stride - pad;
      *out_last = last * stride - pad + reach;
    }
  else
    {
      *out_first = divide_up (first + pad - reach, stride);
      *out_last = divide_down (last + pad, stride);
    }
  *out_first = MAX (*out_first, 0);
  *out_last = MIN (*out_last, n_out - 1);
}

TapRect
tap_window_region (const TapWindow *window, const TapRect *changed)
{
  TapRect inside = { .width = window->in_w, .height = window->in_h };
  gint64 top, bottom, left, right;

  inside = tap_rect_intersect (&inside, changed);
  if (tap_rect_is_empty (&inside))
    return (TapRect){ 0 };

  region_axis (window, TRUE, inside.y, (gint64) inside.y + inside.height - 1, &top, &bottom);
  region_axis (window, FALSE, inside.x, (gint64) inside.x + inside.width - 1, &left, &right);
  if (bottom < top || right < left)
    return (TapRect){ 0 };
  return (TapRect){
    .x = (int) left,
    .y = (int) top,
    .width = (int) (right - left + 1),
    .height = (int) (bottom - top + 1),
  };
}

/* Input cells first..last along one axis that the output cells @from..@to see. */
static void
source_axis (const TapWindow *w,
             gboolean vertical,
             gint64 from,
             gint64 to,
             gint64 *first,
             gint64 *last)
{
  gint64 stride = vertical ? w->stride_h : w->stride_w;
  gint64 pad = vertical ? w->pad_top : w->pad_left;
  gint64 reach = vertical ? (gint64) w->dilation_h * (w->kernel_h - 1) :
                            (gint64) w->dilation_w * (w->kernel_w - 1);
  gint64 in = vertical ? w->in_h : w->in_w;

  if (w->transposed)
    {
      *first = (MAX (from + pad - reach, 0) + stride - 1) / stride;
      *last = (to + pad) / stride;
    }
  else
    {
      *first = from * stride - pad;
      *last = to * stride - pad + reach;
    }
  *first = MAX (*first, 0);
  *last = MIN (*last, in - 1);
}

TapRect
tap_window_sources (const TapWindow *window, const TapRect *wanted)
{
  gint64 top, bottom, left, right;

  if (tap_rect_is_empty (wanted))
    return (TapRect){ 0 };
  source_axis (window, TRUE, wanted->y, (gint64) wanted->y + wanted->height - 1, &top, &bottom);
  source_axis (window, FALSE, wanted->x, (gint64) wanted->x + wanted->width - 1, &left, &right);
  if (bottom < top || right < left)
    return (TapRect){ 0 };
  return (TapRect){
    .x = (int) left,
    .y = (int) top,
    .width = (int) (right - left + 1),
    .height = (int) (bottom - top + 1),
  };
}
