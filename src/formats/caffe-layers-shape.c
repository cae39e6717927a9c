/* caffe-layers-shape.c - Caffe layers that move, cut, join and count
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "formats/caffe-private.h"

#include <math.h>
#include <string.h>

/* @axis counted from the start; FALSE when it lies outside. */
static gboolean
read_axis (const CaffeLayer *layer, const TapShape *shape, gint64 *axis, GError **error)
{
  gint64 rank = shape != NULL ? shape->n_dims : TAP_MAX_DIMS;

  if (*axis < 0 && shape != NULL)
    *axis += rank;
  if (*axis < -rank || *axis >= rank || (shape != NULL && *axis < 0))
    return tap_caffe_fail (layer, error, "“axis” is %" G_GINT64_FORMAT, *axis);
  return TRUE;
}

static const TapShape *
bottom_shape (CaffeBuilder *self, const CaffeLayer *layer, guint i)
{
  return tap_caffe_shape (self, tap_caffe_bottom (self, layer, i));
}

static gboolean
translate_concat (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = tap_caffe_param (layer, "concat_param");
  gint64 axis = tap_text_int (param, "axis", tap_text_int (param, "concat_dim", 1));
  g_autoptr (GArray) inputs = g_array_new (FALSE, FALSE, sizeof (int));
  TapAttrs *attrs;
  int output;

  if (!read_axis (layer, bottom_shape (self, layer, 0), &axis, error))
    return FALSE;
  for (guint i = 0; i < layer->bottoms->len; i++)
    {
      int value = tap_caffe_bottom (self, layer, i);

      g_array_append_val (inputs, value);
    }
  attrs = tap_attrs_new ();
  tap_attrs_set_int (attrs, "axis", axis);
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, "Concat", (const int *) (gpointer) inputs->data,
                         (int) inputs->len, &output, 1, attrs, error);
}

static gboolean
translate_slice (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = tap_caffe_param (layer, "slice_param");
  const TapShape *shape = bottom_shape (self, layer, 0);
  gint64 axis = tap_text_int (param, "axis", tap_text_int (param, "slice_dim", 1)), at = 0, whole;
  guint n = layer->tops->len, n_points = tap_text_count (param, "slice_point");
  g_autoptr (GArray) sizes = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) outputs = g_array_new (FALSE, FALSE, sizeof (int));
  int inputs[2] = { tap_caffe_bottom (self, layer, 0), -1 };
  TapAttrs *attrs;

  if (!read_axis (layer, shape, &axis, error))
    return FALSE;
  if (shape == NULL || n > 1000)
    return tap_caffe_unknown (self, layer, error);
  whole = shape->dims[axis];
  if (n == 0 || (n_points != 0 && n_points != n - 1) || (n_points == 0 && whole % n != 0))
    return tap_caffe_fail (layer, error,
                           "%u tops and %u slice points do not divide %" G_GINT64_FORMAT, n,
                           n_points, whole);
  for (guint i = 0; i < n; i++)
    {
      gint64 end = i == n - 1    ? whole :
                   n_points == 0 ? whole / n * (i + 1) :
                                   tap_text_int_at (param, "slice_point", i, 0);
      gint64 size = end - at;
      int output;

      if (size < 1 || end > whole)
        return tap_caffe_fail (
          layer, error, "the slice point %" G_GINT64_FORMAT " is out of order or range", end);
      g_array_append_val (sizes, size);
      output = tap_caffe_top (self, layer, i);
      g_array_append_val (outputs, output);
      at = end;
    }
  inputs[1] = tap_caffe_ints (self, layer, "sizes", (const gint64 *) (gpointer) sizes->data,
                              (int) sizes->len);
  attrs = tap_attrs_new ();
  tap_attrs_set_int (attrs, "axis", axis);
  return tap_caffe_node (self, layer, NULL, "Split", inputs, 2,
                         (const int *) (gpointer) outputs->data, (int) outputs->len, attrs, error);
}

/* One copy per top. */
static gboolean
translate_split (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  int input = tap_caffe_bottom (self, layer, 0);

  for (guint i = 0; i < layer->tops->len; i++)
    {
      g_autofree char *what = i > 0 ? g_strdup_printf ("copy %u", i + 1) : NULL;
      int output = tap_caffe_top (self, layer, i);

      if (!tap_caffe_node (self, layer, what, "Identity", &input, 1, &output, 1, NULL, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
add_reshape (CaffeBuilder *self, const CaffeLayer *layer, const gint64 *dims, int n, GError **error)
{
  int inputs[2] = { tap_caffe_bottom (self, layer, 0), -1 }, output;

  inputs[1] = tap_caffe_ints (self, layer, "shape", dims, n);
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, "Reshape", inputs, 2, &output, 1, NULL, error);
}

static gboolean
translate_flatten (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = layer->is_v0 ? NULL : tap_caffe_param (layer, "flatten_param");
  const TapShape *shape = bottom_shape (self, layer, 0);
  gint64 axis = tap_text_int (param, "axis", 1), end = tap_text_int (param, "end_axis", -1);
  gint64 dims[TAP_MAX_DIMS], joined = 1;
  int n = 0;

  if (shape == NULL || (axis == 1 && end == -1))
    {
      int input = tap_caffe_bottom (self, layer, 0), output = tap_caffe_top (self, layer, 0);
      TapAttrs *attrs = tap_attrs_new ();

      tap_attrs_set_int (attrs, "axis", CLAMP (axis, 0, TAP_MAX_DIMS));
      return tap_caffe_node (self, layer, NULL, "Flatten", &input, 1, &output, 1, attrs, error);
    }
  if (!read_axis (layer, shape, &axis, error) || !read_axis (layer, shape, &end, error))
    return FALSE;
  if (end < axis)
    return tap_caffe_fail (layer, error, "“end_axis” lies before “axis”");
  for (int i = 0; i < shape->n_dims; i++)
    if (i < axis)
      dims[n++] = 0; /* as it is */
    else if (i > end)
      dims[n++] = shape->dims[i];
    else
      {
        joined *= MAX (shape->dims[i], 1);
        if (i == end)
          dims[n++] = joined;
      }
  return add_reshape (self, layer, dims, n, error);
}

static gboolean
translate_reshape (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = tap_caffe_param (layer, "reshape_param");
  const TapTextMessage *wanted = tap_text_message (param, "shape");
  const TapShape *shape = bottom_shape (self, layer, 0);
  gint64 axis = tap_text_int (param, "axis", 0), n_axes = tap_text_int (param, "num_axes", -1);
  gint64 dims[TAP_MAX_DIMS];
  guint n_dims = tap_text_count (wanted, "dim");
  int n = 0, rank = shape != NULL ? shape->n_dims : 4;

  if (axis < 0)
    axis += rank + 1;
  if (n_axes < 0)
    n_axes = rank - axis;
  if (axis < 0 || axis > rank || n_axes < 0 || axis + n_axes > rank ||
      axis + n_dims + (rank - axis - n_axes) > TAP_MAX_DIMS)
    return tap_caffe_fail (layer, error, "the axes to reshape are not there");
  if (shape == NULL && (axis != 0 || n_axes != rank))
    return tap_caffe_unknown (self, layer, error);

  for (; n < axis; n++)
    dims[n] = 0;
  for (guint i = 0; i < n_dims; i++)
    {
      gint64 dim = tap_text_int_at (wanted, "dim", i, 0);

      if (dim < -1)
        return tap_caffe_fail (layer, error, "a dimension is %" G_GINT64_FORMAT, dim);
      if (dim == 0 && n >= rank)
        return tap_caffe_fail (layer, error, "dimension %d cannot be copied", n);
      /* 0 copies the axis in the same place, in ONNX as here. The batch is always 1. */
      dims[n] = n == 0 && dim > 1 && shape != NULL && shape->dims[0] == 1 && n_dims > 1 &&
                    tap_text_count (wanted, "dim") == (guint) rank &&
                    tap_shape_product (shape, 0, rank) % dim != 0 ?
                  1 :
                  dim;
      n++;
    }
  for (int i = (int) (axis + n_axes); shape != NULL && i < rank; i++)
    dims[n++] = shape->dims[i];
  return add_reshape (self, layer, dims, n, error);
}

static gboolean
translate_permute (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = tap_caffe_param (layer, "permute_param");
  const TapShape *shape = bottom_shape (self, layer, 0);
  int rank = shape != NULL ? shape->n_dims : 4, n = 0, input, output;
  gboolean used[TAP_MAX_DIMS] = { FALSE };
  gint64 perm[TAP_MAX_DIMS];
  TapAttrs *attrs;

  for (guint i = 0; i < tap_text_count (param, "order") && i < TAP_MAX_DIMS; i++)
    {
      gint64 axis = tap_text_int_at (param, "order", i, 0);

      if (axis < 0 || axis >= rank || used[axis])
        return tap_caffe_fail (layer, error, "“order” is not a permutation");
      used[axis] = TRUE;
      perm[n++] = axis;
    }
  for (int axis = 0; axis < rank; axis++)
    if (!used[axis])
      perm[n++] = axis;
  attrs = tap_attrs_new ();
  tap_attrs_set_ints (attrs, "perm", perm, (gsize) n);
  input = tap_caffe_bottom (self, layer, 0);
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, "Transpose", &input, 1, &output, 1, attrs, error);
}

/* Cuts bottom 0 to the size of bottom 1, from "axis" on. */
static gboolean
translate_crop (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = tap_caffe_param (layer, "crop_param");
  const TapShape *shape = bottom_shape (self, layer, 0), *like = bottom_shape (self, layer, 1);
  gint64 axis = tap_text_int (param, "axis", 2), starts[TAP_MAX_DIMS], ends[TAP_MAX_DIMS],
         axes[TAP_MAX_DIMS];
  guint n_offsets = tap_text_count (param, "offset");
  int n = 0, inputs[4], output;

  if (shape == NULL || like == NULL)
    return tap_caffe_unknown (self, layer, error);
  if (!read_axis (layer, shape, &axis, error))
    return FALSE;
  if (like->n_dims != shape->n_dims ||
      (n_offsets > 1 && (gint64) n_offsets != shape->n_dims - axis))
    return tap_caffe_fail (layer, error, "the bottoms or offsets do not go together");
  for (gint64 i = axis; i < shape->n_dims; i++, n++)
    {
      axes[n] = i;
      starts[n] =
        n_offsets == 0 ? 0 : tap_text_int_at (param, "offset", n_offsets == 1 ? 0 : (guint) n, 0);
      ends[n] = starts[n] + like->dims[i];
      if (starts[n] < 0 || starts[n] > shape->dims[i] || ends[n] > shape->dims[i])
        return tap_caffe_fail (layer, error,
                               "the cut from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
                               " does not fit into %" G_GINT64_FORMAT,
                               starts[n], ends[n], shape->dims[i]);
    }
  inputs[0] = tap_caffe_bottom (self, layer, 0);
  inputs[1] = tap_caffe_ints (self, layer, "starts", starts, n);
  inputs[2] = tap_caffe_ints (self, layer, "ends", ends, n);
  inputs[3] = tap_caffe_ints (self, layer, "axes", axes, n);
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, "Slice", inputs, 4, &output, 1, NULL, error);
}

static gboolean
add_resize (CaffeBuilder *self,
            const CaffeLayer *layer,
            gint64 height,
            gint64 width,
            const char *mode,
            const char *coordinates,
            GError **error)
{
  const TapShape *shape = bottom_shape (self, layer, 0);
  gint64 sizes[4];
  int inputs[4] = { tap_caffe_bottom (self, layer, 0), -1, -1, -1 }, output;
  TapAttrs *attrs;

  if (height < 1 || width < 1 || height > 65536 || width > 65536)
    return tap_caffe_fail (layer, error, "the size %" G_GINT64_FORMAT "×%" G_GINT64_FORMAT, height,
                           width);
  memcpy (sizes, shape->dims, sizeof sizes);
  sizes[2] = height;
  sizes[3] = width;
  inputs[3] = tap_caffe_ints (self, layer, "sizes", sizes, 4);
  attrs = tap_attrs_new ();
  tap_attrs_set_string (attrs, "mode", mode);
  tap_attrs_set_string (attrs, "coordinate_transformation_mode", coordinates);
  if (g_str_equal (mode, "nearest"))
    tap_attrs_set_string (attrs, "nearest_mode", "floor");
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, "Resize", inputs, 4, &output, 1, attrs, error);
}

/* Interp of DeepLab and PSPNet: bilinear, corners aligned. */
static gboolean
translate_interp (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = tap_caffe_param (layer, "interp_param");
  const TapShape *shape = bottom_shape (self, layer, 0);
  gint64 shrink = tap_text_int (param, "shrink_factor", 1);
  gint64 zoom = tap_text_int (param, "zoom_factor", 1);
  gint64 height = tap_text_int (param, "height", 0), width = tap_text_int (param, "width", 0);

  if (shape == NULL || shape->n_dims != 4 || tap_text_int (param, "pad_beg", 0) != 0 ||
      tap_text_int (param, "pad_end", 0) != 0)
    return tap_caffe_unknown (self, layer, error);
  if (shrink < 1 || zoom < 1 || shrink > 65536 || zoom > 65536)
    return tap_caffe_fail (layer, error, "the factors have to be at least 1");
  if (height == 0 || width == 0)
    {
      height = (shape->dims[2] - 1) / shrink + 1;
      width = (shape->dims[3] - 1) / shrink + 1;
      height += (height - 1) * (zoom - 1);
      width += (width - 1) * (zoom - 1);
    }
  return add_resize (self, layer, height, width, "linear", "align_corners", error);
}

/* Upsample of several forks: nearest neighbour by a whole factor. */
static gboolean
translate_upsample (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  gint64 scale = tap_text_int (tap_caffe_param (layer, "upsample_param"), "scale", 2);
  const TapShape *shape = bottom_shape (self, layer, 0);

  if (shape == NULL || shape->n_dims != 4 || layer->bottoms->len != 1)
    return tap_caffe_unknown (self, layer, error);
  if (scale < 1 || scale > 1024)
    return tap_caffe_fail (layer, error, "“scale” is %" G_GINT64_FORMAT, scale);
  return add_resize (self, layer, shape->dims[2] * scale, shape->dims[3] * scale, "nearest",
                     "asymmetric", error);
}

static gboolean
translate_arg_max (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = tap_caffe_param (layer, "argmax_param");
  const TapTextField *field = tap_text_find (param, "axis", 0);
  gint64 axis = tap_text_int (param, "axis", 1);
  int input = tap_caffe_bottom (self, layer, 0), output;
  TapAttrs *attrs;

  if (tap_text_bool (param, "out_max_val", FALSE) || tap_text_int (param, "top_k", 1) != 1)
    return tap_caffe_unknown (self, layer, error);
  if (field == NULL)
    {
      int flat = tap_caffe_inner (self, layer, "flat");

      if (!tap_caffe_node (self, layer, "flatten", "Flatten", &input, 1, &flat, 1, NULL, error))
        return FALSE;
      input = flat;
    }
  else if (!read_axis (layer, bottom_shape (self, layer, 0), &axis, error))
    return FALSE;
  attrs = tap_attrs_new ();
  tap_attrs_set_int (attrs, "axis", axis);
  tap_attrs_set_int (attrs, "keepdims", 1);
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, "ArgMax", &input, 1, &output, 1, attrs, error);
}

static gboolean
translate_reduction (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  static const struct
  {
    const char *operation, *number, *op_type;
  } kinds[] = { { "SUM", "1", "ReduceSum" },
                { "ASUM", "2", "ReduceL1" },
                { "SUMSQ", "3", "ReduceSumSquare" },
                { "MEAN", "4", "ReduceMean" } };
  const TapTextMessage *param = tap_caffe_param (layer, "reduction_param");
  const char *operation = tap_text_string (param, "operation", "SUM"), *op_type = NULL;
  const TapShape *shape = bottom_shape (self, layer, 0);
  gint64 axis = tap_text_int (param, "axis", 0), axes[TAP_MAX_DIMS];
  double coefficient = tap_text_float (param, "coeff", 1);
  int n = 0, inputs[2] = { tap_caffe_bottom (self, layer, 0), -1 }, output;
  TapAttrs *attrs;

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (operation, kinds[i].operation) || g_str_equal (operation, kinds[i].number))
      op_type = kinds[i].op_type;
  if (op_type == NULL || shape == NULL)
    return tap_caffe_unknown (self, layer, error);
  if (!read_axis (layer, shape, &axis, error))
    return FALSE;
  for (gint64 i = axis; i < shape->n_dims; i++)
    axes[n++] = i;
  inputs[1] = tap_caffe_ints (self, layer, "axes", axes, n);
  attrs = tap_attrs_new ();
  tap_attrs_set_int (attrs, "keepdims", 0);
  output =
    coefficient != 1 ? tap_caffe_inner (self, layer, "reduced") : tap_caffe_top (self, layer, 0);
  if (!tap_caffe_node (self, layer, coefficient != 1 ? "reduce" : NULL, op_type, inputs, 2, &output,
                       1, attrs, error))
    return FALSE;
  if (coefficient == 1)
    return TRUE;
  inputs[0] = output;
  inputs[1] = tap_caffe_scalar (self, layer, "coefficient", coefficient);
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, "Mul", inputs, 2, &output, 1, NULL, error);
}

static gboolean
translate_tile (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapTextMessage *param = tap_caffe_param (layer, "tile_param");
  const TapShape *shape = bottom_shape (self, layer, 0);
  gint64 axis = tap_text_int (param, "axis", 1), tiles = tap_text_int (param, "tiles", 1);
  gint64 repeats[TAP_MAX_DIMS];
  int inputs[2] = { tap_caffe_bottom (self, layer, 0), -1 }, output;

  if (shape == NULL)
    return tap_caffe_unknown (self, layer, error);
  if (!read_axis (layer, shape, &axis, error))
    return FALSE;
  if (tiles < 1 || tiles > 65536)
    return tap_caffe_fail (layer, error, "“tiles” is %" G_GINT64_FORMAT, tiles);
  for (int i = 0; i < shape->n_dims; i++)
    repeats[i] = i == axis ? tiles : 1;
  inputs[1] = tap_caffe_ints (self, layer, "repeats", repeats, shape->n_dims);
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, "Tile", inputs, 2, &output, 1, NULL, error);
}

/* ShuffleNet: channels as [group, C/group], transposed. */
static gboolean
translate_shuffle (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  const TapShape *shape = bottom_shape (self, layer, 0);
  gint64 group = tap_text_int (tap_caffe_param (layer, "shuffle_channel_param"), "group", 1);
  static const gint64 perm[] = { 0, 2, 1, 3, 4 };
  gint64 split[5], joined[4];
  int inputs[2] = { tap_caffe_bottom (self, layer, 0), -1 }, output;
  TapAttrs *attrs;

  if (shape == NULL || shape->n_dims != 4)
    return tap_caffe_unknown (self, layer, error);
  if (group < 1 || shape->dims[1] % group != 0)
    return tap_caffe_fail (layer, error, "“group” is %" G_GINT64_FORMAT, group);
  split[0] = joined[0] = 0;
  split[1] = group;
  split[2] = shape->dims[1] / group;
  joined[1] = shape->dims[1];
  split[3] = joined[2] = shape->dims[2];
  split[4] = joined[3] = shape->dims[3];

  inputs[1] = tap_caffe_ints (self, layer, "groups", split, 5);
  output = tap_caffe_inner (self, layer, "split");
  if (!tap_caffe_node (self, layer, "split", "Reshape", inputs, 2, &output, 1, NULL, error))
    return FALSE;
  inputs[0] = output;
  attrs = tap_attrs_new ();
  tap_attrs_set_ints (attrs, "perm", perm, 5);
  output = tap_caffe_inner (self, layer, "shuffled");
  if (!tap_caffe_node (self, layer, "transpose", "Transpose", inputs, 1, &output, 1, attrs, error))
    return FALSE;
  inputs[0] = output;
  inputs[1] = tap_caffe_ints (self, layer, "shape", joined, 4);
  output = tap_caffe_top (self, layer, 0);
  return tap_caffe_node (self, layer, NULL, "Reshape", inputs, 2, &output, 1, NULL, error);
}

const CaffeTranslation tap_caffe_shape_layers[] = {
  { "ArgMax", translate_arg_max },
  { "Concat", translate_concat },
  { "Crop", translate_crop },
  { "Flatten", translate_flatten },
  { "Interp", translate_interp },
  { "Permute", translate_permute },
  { "Reduction", translate_reduction },
  { "Reshape", translate_reshape },
  { "ShuffleChannel", translate_shuffle },
  { "Slice", translate_slice },
  { "Split", translate_split },
  { "Tile", translate_tile },
  { "Upsample", translate_upsample },
  { NULL, NULL },
};
