/* receptive-field.c - which pixels one cell of a layer sees
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Along each axis the field of cell i is the interval [low + i · jump, high + i · jump] of the input,
 * pixel n being [n, n + 1]. A window with k_e = d (k - 1) + 1 maps
 *   low' = low - pad · jump,   high' = high + (k_e - 1 - pad) · jump,   jump' = jump · stride,
 * which is Araujo, Norris and Sim (2019) in other letters (METHODS 4.1). Where paths join, the field is
 * the smallest interval that holds all of them. Where cells do not repeat evenly (enlarging by a
 * factor) the interval holds the field of every cell. */
#include "config.h"

#include "ops/infer-private.h"
#include "ops/tap-op-private.h"

#include <math.h>

typedef struct
{
  double low, high, jump;
} Interval;

typedef enum
{
  SEES_NOTHING, /* constants, other inputs */
  SEES_FIELD,
  SEES_ALL,
} Sight;

typedef struct
{
  Sight sight;
  int axis[2]; /* dimensions of height and width; -1 when there is none */
  Interval at[2];
} Field;

static void
window_interval (Interval *at, int kernel, int stride, int dilation, int pad, gboolean transposed)
{
  double reach = (double) dilation * (kernel - 1);

  if (transposed)
    {
      /* output o sees inputs (o + pad - reach) / stride … (o + pad) / stride */
      at->low += (pad - reach) / stride * at->jump;
      at->high += (double) pad / stride * at->jump;
      at->jump /= stride;
      return;
    }
  at->low -= pad * at->jump;
  at->high += (reach - pad) * at->jump;
  at->jump *= stride;
}

static gboolean
through_window (const TapGraph *graph, const TapNode *node, Field *field)
{
  const TapShape *in = &tap_graph_get_value (graph, node->inputs[0])->shape;
  const TapShape *weights = g_str_has_prefix (node->op_type, "Conv") ?
                              &tap_graph_get_value (graph, node->inputs[1])->shape :
                              NULL;
  TapWindow window;

  if (!tap_op_window (node, in, weights, &window, NULL) || field->axis[1] != in->n_dims - 1 ||
      field->axis[0] != (in->n_dims == 4 ? 2 : -1))
    return FALSE;
  window_interval (&field->at[0], window.kernel_h, window.stride_h, window.dilation_h,
                   window.pad_top, window.transposed);
  window_interval (&field->at[1], window.kernel_w, window.stride_w, window.dilation_w,
                   window.pad_left, window.transposed);
  return TRUE;
}

/* Another size of the same map: every cell of the output lies within one cell of its place. */
static void
scale_interval (Interval *at, double scale, gboolean exact_blocks)
{
  double old_jump = at->jump;
  double margin = exact_blocks ? 0.0 : old_jump;

  if (scale == 1.0)
    return;
  at->jump = old_jump / scale;
  if (scale > 1.0)
    {
      /* the first and the last copy of a cell see the same pixels */
      at->low -= margin + old_jump - at->jump;
      at->high += margin;
      return;
    }
  at->low -= margin;
  at->high += margin + at->jump - old_jump;
}

static gboolean
through_scale (const TapShape *in, const TapShape *out, gboolean exact_blocks, Field *field)
{
  if (in->n_dims != out->n_dims)
    return FALSE;
  for (int i = 0; i < 2; i++)
    if (field->axis[i] >= 0)
      scale_interval (&field->at[i],
                      (double) out->dims[field->axis[i]] / (double) in->dims[field->axis[i]],
                      exact_blocks);
  return TRUE;
}

static gboolean
through_transpose (const TapNode *node, int rank, Field *field)
{
  gsize n;
  const gint64 *perm = tap_attrs_get_ints (node->attrs, "perm", &n);
  int moved[2] = { -1, -1 };

  for (int i = 0; i < rank; i++)
    {
      int from = perm != NULL && i < (int) n ? (int) perm[i] : rank - 1 - i;

      for (int k = 0; k < 2; k++)
        if (field->axis[k] >= 0 && field->axis[k] == (from < 0 ? from + rank : from))
          moved[k] = i;
    }
  field->axis[0] = moved[0];
  field->axis[1] = moved[1];
  return TRUE;
}

/* A reshape that leaves height and width as they are, such as the halves of a channel shuffle. */
static gboolean
through_reshape (const TapShape *in, const TapShape *out, Field *field)
{
  for (int k = 0; k < 2; k++)
    {
      int axis = field->axis[k];
      gboolean found = FALSE;

      if (axis < 0)
        continue;
      for (int i = 0; i < out->n_dims && !found; i++)
        if (out->dims[i] == in->dims[axis] && in->dims[axis] > 1 &&
            tap_shape_product (out, i + 1, out->n_dims) ==
              tap_shape_product (in, axis + 1, in->n_dims))
          {
            field->axis[k] = i;
            found = TRUE;
          }
      if (!found)
        return FALSE;
    }
  return TRUE;
}

static gboolean
through_slice (const TapGraph *graph, const TapNode *node, Field *field)
{
  const TapShape *in = &tap_graph_get_value (graph, node->inputs[0])->shape;
  const TapShape *out = &tap_graph_get_value (graph, node->outputs[0])->shape;
  const gint64 *lists[4] = { NULL };
  gsize n[4] = { 0 };

  if (tap_op_opset (node) < 10)
    {
      lists[0] = tap_attrs_get_ints (node->attrs, "starts", &n[0]);
      lists[2] = tap_attrs_get_ints (node->attrs, "axes", &n[2]);
    }
  else
    for (int i = 0; i < 4; i++)
      {
        /* starts, ends, axes, steps */
        const TapTensor *list = i + 1 < node->n_inputs && node->inputs[i + 1] >= 0 ?
                                  tap_graph_get_value (graph, node->inputs[i + 1])->constant :
                                  NULL;

        lists[i] = list != NULL ? tap_tensor_i64 (list) : NULL;
        n[i] = list != NULL ? list->count : 0;
      }
  for (gsize i = 0; i < n[0]; i++)
    {
      gint64 axis = lists[2] != NULL && i < n[2] ? lists[2][i] : (gint64) i;
      gint64 step = lists[3] != NULL && i < n[3] ? lists[3][i] : 1;
      gint64 start = lists[0][i];

      axis += axis < 0 ? in->n_dims : 0;
      for (int k = 0; k < 2; k++)
        if (field->axis[k] == axis)
          {
            if (step < 1 || out->dims[axis] < 1)
              return FALSE;
            start += start < 0 ? in->dims[axis] : 0;
            start = CLAMP (start, 0, in->dims[axis]);
            field->at[k].low += (double) start * field->at[k].jump;
            field->at[k].high += (double) start * field->at[k].jump;
            field->at[k].jump *= (double) step;
          }
    }
  return TRUE;
}

static gboolean
through_pad (const TapGraph *graph, const TapNode *node, Field *field)
{
  const TapShape *in = &tap_graph_get_value (graph, node->inputs[0])->shape;
  const TapTensor *list = node->n_inputs > 1 && node->inputs[1] >= 0 ?
                            tap_graph_get_value (graph, node->inputs[1])->constant :
                            NULL;
  gboolean constant =
    g_str_equal (tap_attrs_get_string (node->attrs, "mode", "constant"), "constant");
  gsize n;
  const gint64 *pads = tap_attrs_get_ints (node->attrs, "pads", &n);

  if (pads == NULL)
    pads = tap_attrs_get_ints (node->attrs, "paddings", &n);
  if (pads == NULL && list != NULL)
    {
      pads = tap_tensor_i64 (list);
      n = list->count;
    }
  /* pads of chosen axes are rare enough to be called “everything” */
  if (pads == NULL || n != 2 * (gsize) in->n_dims)
    return FALSE;
  for (int k = 0; k < 2; k++)
    if (field->axis[k] >= 0)
      {
        gint64 begin = pads[field->axis[k]], end = pads[in->n_dims + field->axis[k]];
        double shift = (double) begin * field->at[k].jump;

        field->at[k].low -= shift;
        field->at[k].high -= shift;
        /* a reflected margin sees pixels on the other side of the edge */
        if (!constant && (begin > 0 || end > 0))
          {
            field->at[k].low -= 2.0 * (double) MAX (end, 0) * field->at[k].jump;
            field->at[k].high += 2.0 * (double) MAX (begin, 0) * field->at[k].jump;
          }
      }
  return TRUE;
}

/* The axes that a reduction or softmax runs over are not height or width. */
static gboolean
through_axes (const TapGraph *graph, const TapNode *node, Field *field)
{
  const TapShape *in = &tap_graph_get_value (graph, node->inputs[0])->shape;
  const TapShape *out = &tap_graph_get_value (graph, node->outputs[0])->shape;

  if (out->n_dims != in->n_dims)
    return FALSE;
  for (int k = 0; k < 2; k++)
    if (field->axis[k] >= 0 && out->dims[field->axis[k]] != in->dims[field->axis[k]])
      return FALSE;
  return TRUE;
}

static gboolean
softmax_stays (const TapNode *node, int rank, const Field *field)
{
  gboolean flattens = tap_op_opset (node) < 13;
  gint64 axis = tap_attrs_get_int (node->attrs, "axis", flattens ? 1 : -1);

  axis += axis < 0 ? rank : 0;
  return !flattens && axis != field->axis[0] && axis != field->axis[1];
}

/* Blocks of pixels become channels, or channels become blocks of pixels. */
static gboolean
through_depth (const TapNode *node, Field *field)
{
  double block = (double) tap_attrs_get_int (node->attrs, "blocksize", 1);

  for (int k = 0; k < 2; k++)
    {
      Interval *at = &field->at[k];

      if (g_str_equal (node->op_type, "SpaceToDepth"))
        {
          at->high += (block - 1.0) * at->jump;
          at->jump *= block;
        }
      else
        scale_interval (at, block, TRUE);
    }
  return field->axis[0] == 2 && field->axis[1] == 3;
}

/* Turns the field of the node's first input into that of its first output; FALSE: it sees everything. */
static gboolean
pass_through (const TapGraph *graph, const TapNode *node, TapRegionRule rule, Field *field)
{
  const char *op = node->op_type;
  const TapShape *in = &tap_graph_get_value (graph, node->inputs[0])->shape;
  const TapShape *out = &tap_graph_layer_value (graph, node)->shape;

  switch (rule)
    {
    case TAP_REGION_WINDOW:
      return through_window (graph, node, field);
    case TAP_REGION_POINTWISE:
      return through_axes (graph, node, field) &&
             (!g_str_has_suffix (op, "Softmax") || softmax_stays (node, in->n_dims, field));
    case TAP_REGION_FULL:
    default:
      break;
    }
  if (node->op->region == TAP_REGION_WINDOW)
    return through_window (graph, node, field);
  if (node->op->region == TAP_REGION_POINTWISE || g_str_has_prefix (op, "Reduce"))
    return through_axes (graph, node, field);
  if (g_str_has_suffix (op, "Softmax"))
    return softmax_stays (node, in->n_dims, field);
  if (g_str_equal (op, "Transpose"))
    return through_transpose (node, in->n_dims, field);
  if (g_str_equal (op, "Reshape") || g_str_equal (op, "Squeeze") || g_str_equal (op, "Unsqueeze"))
    return through_reshape (in, out, field);
  if (g_str_equal (op, "Resize") || g_str_equal (op, "Upsample"))
    return through_scale (in, out, FALSE, field);
  if (g_str_equal (op, "DepthToSpace") || g_str_equal (op, "SpaceToDepth"))
    return through_depth (node, field);
  if (g_str_equal (op, "Slice"))
    return through_slice (graph, node, field);
  if (g_str_equal (op, "Pad"))
    return through_pad (graph, node, field);
  return FALSE;
}

static void
join (Field *field, const Field *other)
{
  if (field->sight == SEES_NOTHING)
    {
      *field = *other;
      return;
    }
  if (field->sight == SEES_ALL || other->sight == SEES_NOTHING)
    return;
  if (other->sight == SEES_ALL || field->axis[0] != other->axis[0] ||
      field->axis[1] != other->axis[1])
    {
      field->sight = SEES_ALL;
      return;
    }
  for (int k = 0; k < 2; k++)
    {
      /* maps that are added up have cells in the same places; anything else has no common box */
      if (fabs (field->at[k].jump - other->at[k].jump) > 1e-6 * field->at[k].jump)
        field->sight = SEES_ALL;
      field->at[k].low = MIN (field->at[k].low, other->at[k].low);
      field->at[k].high = MAX (field->at[k].high, other->at[k].high);
    }
}

static Field
node_field (const TapGraph *graph, const TapNode *node, const Field *fields)
{
  Field result = { SEES_NOTHING, { -1, -1 }, { { 0 } } };
  TapRegionRule rule = tap_op_region (graph, node);

  for (int i = 0; i < node->n_inputs; i++)
    {
      Field field;

      if (node->inputs[i] < 0 || fields[node->inputs[i]].sight == SEES_NOTHING)
        continue;
      field = fields[node->inputs[i]];
      /* operators other than pointwise ones have one input that is a picture */
      if (field.sight == SEES_FIELD &&
          ((i > 0 && node->op->region != TAP_REGION_POINTWISE) ||
           tap_graph_layer_value (graph, node) == NULL ||
           !pass_through (graph, node, rule, &field) ||
           (node->op->region == TAP_REGION_POINTWISE &&
            tap_graph_get_value (graph, node->inputs[i])->shape.n_dims !=
              tap_graph_layer_value (graph, node)->shape.n_dims)))
        field.sight = SEES_ALL;
      join (&result, &field);
    }
  return result;
}

/* The picture input itself: one pixel for each cell. */
static Field
pixel_field (const TapShape *shape)
{
  Field field = { SEES_FIELD, { -1, -1 }, { { 0.0, 1.0, 1.0 }, { 0.0, 1.0, 1.0 } } };

  field.axis[1] = shape->n_dims - 1;
  if (shape->n_dims == 4)
    {
      gboolean last = shape->dims[3] <= 4 && shape->dims[1] > 4;

      field.axis[0] = last ? 1 : 2;
      field.axis[1] = last ? 2 : 3;
    }
  return field;
}

gboolean
tap_infer_receptive_field (const TapGraph *graph,
                           int from_value,
                           int to_value,
                           TapReceptiveField *field)
{
  g_autofree Field *fields = g_new0 (Field, (gsize) tap_graph_n_values (graph) + 1);
  const TapValue *from = tap_graph_get_value (graph, from_value);
  const TapValue *to = tap_graph_get_value (graph, to_value);
  const Field *found = &fields[to_value];

  if (!from->has_shape || !to->has_shape || from->shape.n_dims < 3)
    return FALSE;
  fields[from_value] = pixel_field (&from->shape);
  for (int i = 0; i < tap_graph_n_nodes (graph) && i <= to->producer; i++)
    {
      const TapNode *node = tap_graph_get_node (graph, i);

      if (node->folded || node->op == NULL || node->problem != NULL)
        continue;
      for (int k = 0; k < node->n_outputs; k++)
        if (node->outputs[k] >= 0 && node->outputs[k] != from_value)
          fields[node->outputs[k]] = node_field (graph, node, fields);
    }
  if (found->sight != SEES_FIELD)
    return FALSE;

  *field = (TapReceptiveField){
    .size_y = found->at[0].high - found->at[0].low,
    .size_x = found->at[1].high - found->at[1].low,
    .jump_y = found->at[0].jump,
    .jump_x = found->at[1].jump,
    .start_y = (found->at[0].high + found->at[0].low) / 2.0,
    .start_x = (found->at[1].high + found->at[1].low) / 2.0,
  };
  return TRUE;
}

static void
clip_axis (double low, double high, int limit, int *first, int *length)
{
  /* sums of halves are exact; factors of a third are not */
  double a = floor (low + 1e-6), b = ceil (high - 1e-6);

  a = CLAMP (a, 0.0, limit);
  b = CLAMP (b, a, limit);
  *first = (int) a;
  *length = (int) (b - a);
}

TapRect
tap_receptive_field_box (const TapReceptiveField *field, int y, int x, int picture_h, int picture_w)
{
  double centre_y = field->start_y + y * field->jump_y;
  double centre_x = field->start_x + x * field->jump_x;
  TapRect box;

  clip_axis (centre_y - field->size_y / 2.0, centre_y + field->size_y / 2.0, picture_h, &box.y,
             &box.height);
  clip_axis (centre_x - field->size_x / 2.0, centre_x + field->size_x / 2.0, picture_w, &box.x,
             &box.width);
  return box;
}
