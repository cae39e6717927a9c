/* twin-move.c - operators that move, repeat or leave out cells
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each says, for the index of an output cell, which input cell it shows. */

#include "config.h"

#include <math.h>
#include <string.h>

#include "twin.h"

#define EACH_CELL(shape, cell, index)                                                              \
  for (gsize cell = 0; cell < twin_count (&(shape)) && (twin_unravel (&(shape), cell, index), 1);  \
       cell++)

/* Integers of input @input, or of the attribute. Returns how many; -1 when neither is there. */
static int
integers (const TwinCall *call, int input, const char *attr, gint64 *values)
{
  gsize n = 0;
  const gint64 *list = attr != NULL ? tap_attrs_get_ints (call->node->attrs, attr, &n) : NULL;

  if (list == NULL && (input < 0 || !twin_has (call, input)))
    return -1;
  if (list == NULL)
    n = call->inputs[input].count;
  for (gsize i = 0; i < n; i++)
    {
      double cell = list != NULL ? 0 : call->inputs[input].cells[i];

      /* “to the end” is 2^63 - 1, which a double rounds up */
      values[i] = list != NULL    ? list[i] :
                  cell >= 0x1p62  ? G_MAXINT64 :
                  cell <= -0x1p62 ? -G_MAXINT64 :
                                    (gint64) cell;
    }
  return (int) n;
}

static void
same_cells (TwinCall *call, const TapShape *shape)
{
  double *y = twin_output (call, 0, call->inputs[0].dtype, shape);

  memcpy (y, call->inputs[0].cells, call->inputs[0].count * sizeof (double));
}

static void
identity (TwinCall *call)
{
  same_cells (call, &call->inputs[0].shape);
}

static void
dropout (TwinCall *call)
{
  double *mask;

  same_cells (call, &call->inputs[0].shape);
  mask = twin_output (call, 1, TAP_DTYPE_I64, &call->inputs[0].shape);
  for (gsize i = 0; mask != NULL && i < call->inputs[0].count; i++)
    mask[i] = 1;
}

static void
flatten (TwinCall *call)
{
  const TapShape *x = &call->inputs[0].shape;
  int axis = twin_axis (twin_int (call, "axis", 1), x->n_dims);
  TapShape y = { 2, { 1, 1 } };

  for (int d = 0; d < x->n_dims; d++)
    y.dims[d >= axis] *= x->dims[d];
  same_cells (call, &y);
}

static void
reshape (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  gint64 dims[TAP_MAX_DIMS] = { 0 };
  TapShape y = { integers (call, 1, "shape", dims) };
  gsize known = 1;

  for (int d = 0; d < y.n_dims; d++)
    {
      y.dims[d] = dims[d] == 0 && twin_int (call, "allowzero", 0) == 0 ? x->shape.dims[d] : dims[d];
      known *= y.dims[d] == -1 ? 1 : (gsize) y.dims[d];
    }
  for (int d = 0; d < y.n_dims; d++)
    if (y.dims[d] == -1)
      y.dims[d] = (gint64) (x->count / known);
  same_cells (call, &y);
}

static gboolean
listed (const gint64 *axes, int n, int axis, int n_dims)
{
  for (int i = 0; i < n; i++)
    if (twin_axis (axes[i], n_dims) == axis)
      return TRUE;
  return FALSE;
}

static void
squeeze (TwinCall *call)
{
  const TapShape *x = &call->inputs[0].shape;
  gint64 axes[TAP_MAX_DIMS];
  int n = integers (call, 1, "axes", axes);
  TapShape y = { 0 };

  for (int d = 0; d < x->n_dims; d++)
    if (n < 0 ? x->dims[d] != 1 : !listed (axes, n, d, x->n_dims))
      y.dims[y.n_dims++] = x->dims[d];
  same_cells (call, &y);
}

static void
unsqueeze (TwinCall *call)
{
  const TapShape *x = &call->inputs[0].shape;
  gint64 axes[TAP_MAX_DIMS];
  int n = integers (call, 1, "axes", axes), from = 0;
  TapShape y = { x->n_dims + n };

  for (int d = 0; d < y.n_dims; d++)
    y.dims[d] = listed (axes, n, d, y.n_dims) ? 1 : x->dims[from++];
  same_cells (call, &y);
}

static void
transpose (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  int n = x->shape.n_dims;
  gint64 index[TAP_MAX_DIMS], from[TAP_MAX_DIMS];
  TapShape shape = { n };
  double *y;

  for (int d = 0; d < n; d++)
    shape.dims[d] = x->shape.dims[twin_ints (call, "perm", (gsize) d, n - 1 - d)];
  y = twin_output (call, 0, x->dtype, &shape);
  EACH_CELL (shape, cell, index)
  {
    for (int d = 0; d < n; d++)
      from[twin_ints (call, "perm", (gsize) d, n - 1 - d)] = index[d];
    y[cell] = x->cells[twin_ravel (&x->shape, from)];
  }
}

static void
concat (TwinCall *call)
{
  TapShape shape = call->inputs[0].shape;
  /* opset 1 had a default */
  int axis = twin_axis (twin_int (call, "axis", 1), shape.n_dims);
  gint64 index[TAP_MAX_DIMS];
  double *y;

  for (int i = 1; i < call->n_inputs; i++)
    shape.dims[axis] += call->inputs[i].shape.dims[axis];
  y = twin_output (call, 0, call->inputs[0].dtype, &shape);
  EACH_CELL (shape, cell, index)
  {
    int i = 0;

    for (; index[axis] >= call->inputs[i].shape.dims[axis]; i++)
      index[axis] -= call->inputs[i].shape.dims[axis];
    y[cell] = call->inputs[i].cells[twin_ravel (&call->inputs[i].shape, index)];
  }
}

static void
split (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  int axis = twin_axis (twin_int (call, "axis", 0), x->shape.n_dims);
  gint64 sizes[64], index[TAP_MAX_DIMS], start = 0, length = x->shape.dims[axis];
  int n = integers (call, 1, "split", sizes);

  for (int o = 0; o < call->n_outputs; o++)
    {
      gint64 each = (gint64) ceil ((double) length / call->n_outputs);
      TapShape shape = x->shape;
      double *y;

      shape.dims[axis] = n >= 0 ? sizes[o] : MIN (each, length - start);
      y = twin_output (call, o, x->dtype, &shape);
      EACH_CELL (shape, cell, index)
      {
        index[axis] += start;
        y[cell] = x->cells[twin_ravel (&x->shape, index)];
      }
      start += shape.dims[axis];
    }
}

/* What Python's slice gives: first cell and number of cells. */
static void
cut (gint64 dim, gint64 start, gint64 end, gint64 step, gint64 *first, gint64 *count)
{
  start += start < 0 ? dim : 0;
  end += end < 0 ? dim : 0;
  *count = 0;
  if (step > 0)
    {
      *first = CLAMP (start, 0, dim);
      for (gint64 i = *first; i < MIN (end, dim); i += step)
        (*count)++;
    }
  else
    {
      *first = CLAMP (start, -1, dim - 1);
      for (gint64 i = *first; i > MAX (end, -1); i += step)
        (*count)++;
    }
}

static void
slice (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  gboolean old = twin_opset (call) < 10;
  gint64 starts[TAP_MAX_DIMS], ends[TAP_MAX_DIMS], axes[TAP_MAX_DIMS], steps[TAP_MAX_DIMS];
  gint64 first[TAP_MAX_DIMS] = { 0 }, step[TAP_MAX_DIMS], index[TAP_MAX_DIMS];
  int n = integers (call, old ? -1 : 1, old ? "starts" : NULL, starts);
  gboolean has_axes, has_steps;
  TapShape shape = x->shape;
  double *y;

  integers (call, old ? -1 : 2, old ? "ends" : NULL, ends);
  has_axes = integers (call, old ? -1 : 3, old ? "axes" : NULL, axes) >= 0;
  has_steps = integers (call, old ? -1 : 4, NULL, steps) >= 0;
  for (int d = 0; d < TAP_MAX_DIMS; d++)
    step[d] = 1;
  for (int i = 0; i < n; i++)
    {
      int d = has_axes ? twin_axis (axes[i], x->shape.n_dims) : i;

      step[d] = has_steps ? steps[i] : 1;
      cut (x->shape.dims[d], starts[i], ends[i], step[d], &first[d], &shape.dims[d]);
    }
  y = twin_output (call, 0, x->dtype, &shape);
  EACH_CELL (shape, cell, index)
  {
    for (int d = 0; d < shape.n_dims; d++)
      index[d] = first[d] + index[d] * step[d];
    y[cell] = x->cells[twin_ravel (&x->shape, index)];
  }
}

/* numpy.pad: where index @i comes from; -1 for the constant. */
static gint64
padded_from (gint64 i, gint64 dim, const char *mode)
{
  if (i >= 0 && i < dim)
    return i;
  if (g_str_equal (mode, "edge"))
    return CLAMP (i, 0, dim - 1);
  if (g_str_equal (mode, "reflect"))
    return i < 0 ? -i : 2 * (dim - 1) - i;
  if (g_str_equal (mode, "wrap"))
    return (i + dim) % dim;
  return -1;
}

static void
pad (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  int opset = twin_opset (call);
  const char *mode = twin_string (call, "mode", "constant");
  gint64 pads[2 * TAP_MAX_DIMS], axes[TAP_MAX_DIMS], index[TAP_MAX_DIMS];
  gint64 before[TAP_MAX_DIMS] = { 0 };
  int n = integers (call, opset < 11 ? -1 : 1,
                    opset < 2  ? "paddings" :
                    opset < 11 ? "pads" :
                                 NULL,
                    pads);
  int n_axes = opset < 18 ? -1 : integers (call, 3, NULL, axes);
  double fill = opset < 11         ? twin_float (call, "value", 0) :
                twin_has (call, 2) ? call->inputs[2].cells[0] :
                                     0;
  TapShape shape = x->shape;
  double *y;

  for (int i = 0; i < n / 2; i++)
    {
      int d = n_axes >= 0 ? twin_axis (axes[i], shape.n_dims) : i;

      before[d] = pads[i];
      shape.dims[d] += pads[i] + pads[n / 2 + i];
    }
  y = twin_output (call, 0, x->dtype, &shape);
  EACH_CELL (shape, cell, index)
  {
    gboolean outside = FALSE;

    for (int d = 0; d < shape.n_dims; d++)
      {
        index[d] = padded_from (index[d] - before[d], x->shape.dims[d], mode);
        outside |= index[d] < 0;
      }
    y[cell] = outside ? fill : x->cells[twin_ravel (&x->shape, index)];
  }
}

static void
gather (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0], *at = &call->inputs[1];
  int axis = twin_axis (twin_int (call, "axis", 0), x->shape.n_dims);
  TapShape shape = { x->shape.n_dims - 1 + at->shape.n_dims };
  gint64 index[TAP_MAX_DIMS], from[TAP_MAX_DIMS];
  double *y;

  for (int d = 0; d < shape.n_dims; d++)
    shape.dims[d] = d < axis                    ? x->shape.dims[d] :
                    d < axis + at->shape.n_dims ? at->shape.dims[d - axis] :
                                                  x->shape.dims[d - at->shape.n_dims + 1];
  y = twin_output (call, 0, x->dtype, &shape);
  EACH_CELL (shape, cell, index)
  {
    for (int d = 0; d < x->shape.n_dims; d++)
      from[d] = d < axis ? index[d] :
                d > axis ? index[d + at->shape.n_dims - 1] :
                           twin_axis ((gint64) at->cells[twin_ravel (&at->shape, index + axis)],
                                      (int) x->shape.dims[axis]);
    y[cell] = x->cells[twin_ravel (&x->shape, from)];
  }
}

static void
gather_elements (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0], *at = &call->inputs[1];
  int axis = twin_axis (twin_int (call, "axis", 0), x->shape.n_dims);
  gint64 index[TAP_MAX_DIMS];
  double *y = twin_output (call, 0, x->dtype, &at->shape);

  EACH_CELL (at->shape, cell, index)
  {
    index[axis] = twin_axis ((gint64) at->cells[cell], (int) x->shape.dims[axis]);
    y[cell] = x->cells[twin_ravel (&x->shape, index)];
  }
}

static void
expand (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  gint64 dims[TAP_MAX_DIMS], index[TAP_MAX_DIMS];
  TapShape wish = { integers (call, 1, NULL, dims) }, shape;
  double *y;

  /* -1 is PyTorch's “as it is” */
  for (int d = 0; d < wish.n_dims; d++)
    wish.dims[d] = dims[d] == -1 ? 1 : dims[d];
  shape = twin_broadcast_shape (&x->shape, &wish);
  y = twin_output (call, 0, x->dtype, &shape);
  EACH_CELL (shape, cell, index)
  y[cell] = x->cells[twin_broadcast_cell (&x->shape, &shape, index)];
}

static void
tile (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  gint64 index[TAP_MAX_DIMS];
  TapShape shape = x->shape;
  double *y;

  for (int d = 0; d < shape.n_dims; d++)
    shape.dims[d] *= (gint64) call->inputs[1].cells[d];
  y = twin_output (call, 0, x->dtype, &shape);
  EACH_CELL (shape, cell, index)
  {
    for (int d = 0; d < shape.n_dims; d++)
      index[d] %= x->shape.dims[d];
    y[cell] = x->cells[twin_ravel (&x->shape, index)];
  }
}

static void
depth_to_space (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  const gint64 *d = x->shape.dims;
  gint64 b = twin_int (call, "blocksize", 1), index[TAP_MAX_DIMS];
  gboolean columns_first = g_str_equal (twin_string (call, "mode", "DCR"), "CRD");
  TapShape shape = tap_shape_new (4, d[0], d[1] / (b * b), d[2] * b, d[3] * b);
  double *y = twin_output (call, 0, x->dtype, &shape);

  EACH_CELL (shape, cell, index)
  {
    gint64 dy = index[2] % b, dx = index[3] % b, c = index[1];

    index[1] = columns_first ? (c * b + dy) * b + dx : (dy * b + dx) * shape.dims[1] + c;
    index[2] /= b;
    index[3] /= b;
    y[cell] = x->cells[twin_ravel (&x->shape, index)];
  }
}

static void
space_to_depth (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  const gint64 *d = x->shape.dims;
  gint64 b = twin_int (call, "blocksize", 1), index[TAP_MAX_DIMS];
  TapShape shape = tap_shape_new (4, d[0], d[1] * b * b, d[2] / b, d[3] / b);
  double *y = twin_output (call, 0, x->dtype, &shape);

  EACH_CELL (shape, cell, index)
  {
    gint64 block = index[1] / d[1];

    index[1] %= d[1];
    index[2] = index[2] * b + block / b;
    index[3] = index[3] * b + block % b;
    y[cell] = x->cells[twin_ravel (&x->shape, index)];
  }
}

static double
converted (double value, gint64 to)
{
  static const struct
  {
    gint64 type;
    double span, low;
  } types[] = {
    { 2, 0x1p8, 0 },        { 3, 0x1p8, -0x1p7 },   { 4, 0x1p16, 0 },
    { 5, 0x1p16, -0x1p15 }, { 6, 0x1p32, -0x1p31 }, { 12, 0x1p32, 0 },
  };

  if (to == 9)
    return value != 0;
  value = isnan (value) ? 0 : trunc (value);
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (types[i].type == to)
      value -= floor ((value - types[i].low) / types[i].span) * types[i].span;
  return value;
}

static void
cast (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  const char *name = twin_string (call, "to", NULL);
  gint64 to = name == NULL                ? twin_int (call, "to", 0) :
              g_str_equal (name, "FLOAT") ? 1 :
              g_str_equal (name, "BOOL")  ? 9 :
                                            6;
  gboolean number = to == 1 || to == 10 || to == 11 || to == 16;
  double *y = twin_output (call, 0, number ? TAP_DTYPE_F32 : TAP_DTYPE_I64, &x->shape);

  /* the engine's own numbers are float32, whatever the float is called */
  for (gsize i = 0; i < x->count; i++)
    y[i] = !number                   ? converted (x->cells[i], to) :
           x->dtype == TAP_DTYPE_I64 ? (double) (float) x->cells[i] :
                                       x->cells[i];
}

static void
constant_of_shape (TwinCall *call)
{
  TapTensor *value = tap_attrs_get_tensor (call->node->attrs, "value");
  gint64 dims[TAP_MAX_DIMS];
  TapShape shape = { integers (call, 0, NULL, dims) };
  double *y;

  for (int d = 0; d < shape.n_dims; d++)
    shape.dims[d] = dims[d];
  y = twin_output (call, 0, value != NULL ? value->dtype : TAP_DTYPE_F32, &shape);
  for (gsize i = 0; i < call->outputs[0].count; i++)
    y[i] = value == NULL                 ? 0 :
           value->dtype == TAP_DTYPE_F32 ? (double) tap_tensor_f32 (value)[0] :
                                           (double) tap_tensor_i64 (value)[0];
}

const Twin twins_move[] = {
  { "Cast", cast },
  { "Concat", concat },
  { "ConstantOfShape", constant_of_shape },
  { "DepthToSpace", depth_to_space },
  { "Dropout", dropout },
  { "Expand", expand },
  { "Flatten", flatten },
  { "Gather", gather },
  { "GatherElements", gather_elements },
  { "Identity", identity },
  { "Pad", pad },
  { "Reshape", reshape },
  { "Slice", slice },
  { "SpaceToDepth", space_to_depth },
  { "Split", split },
  { "Squeeze", squeeze },
  { "Tile", tile },
  { "Transpose", transpose },
  { "Unsqueeze", unsqueeze },
  { NULL, NULL },
};
