/* twin.c - the list of twins, and what they share
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "twin.h"

static const Twin *const families[] = {
  twins_binary,    twins_einsum,   twins_index,  twins_move,   twins_normalize,
  twins_pointwise, twins_quantize, twins_reduce, twins_resize, twins_window,
};

TwinFunc
twin_find (const char *op)
{
  for (gsize f = 0; f < G_N_ELEMENTS (families); f++)
    for (const Twin *twin = families[f]; twin->op != NULL; twin++)
      if (g_str_equal (twin->op, op))
        return twin->run;
  return NULL;
}

TwinArray
twin_array_new (TapTensor *tensor)
{
  TwinArray array = { .shape = { .n_dims = -1 } };

  if (tensor == NULL)
    return array;
  array = (TwinArray){ tensor->dtype, tensor->shape, tensor->count };
  array.cells = g_new (double, tensor->count + 1);
  for (gsize i = 0; i < tensor->count; i++)
    array.cells[i] = tensor->dtype == TAP_DTYPE_F32 ? (double) tap_tensor_f32 (tensor)[i] :
                                                      (double) tap_tensor_i64 (tensor)[i];
  return array;
}

TwinArray
twin_array_copy (const TwinArray *array)
{
  TwinArray copy = *array;

  copy.errors = NULL;
  if (array->cells != NULL)
    copy.cells = g_memdup2 (array->cells, (array->count + 1) * sizeof (double));
  return copy;
}

void
twin_array_clear (TwinArray *array)
{
  g_clear_pointer (&array->cells, g_free);
  g_clear_pointer (&array->errors, g_free);
}

void
twin_run (TwinFunc run,
          const TapNode *node,
          const TwinArray *inputs,
          int n_inputs,
          TwinArray *outputs,
          int n_outputs)
{
  TwinCall call = { node, inputs, n_inputs, outputs, n_outputs };

  for (int i = 0; i < n_outputs; i++)
    outputs[i] = (TwinArray){ .shape = { .n_dims = -1 } };
  run (&call);
}

double *
twin_output (TwinCall *call, int i, TapDtype dtype, const TapShape *shape)
{
  TwinArray *y;

  if (i >= call->n_outputs)
    return NULL;
  y = &call->outputs[i];
  *y = (TwinArray){ dtype, *shape, twin_count (shape) };
  y->cells = g_new0 (double, y->count + 1);
  y->errors = g_new0 (double, y->count + 1);
  return y->cells;
}

void
twin_set (TwinArray *array, gsize cell, double value, double roundings, double magnitude)
{
  array->cells[cell] = value;
  /* numbers below the normal ones lose what is smaller than the last place */
  if (roundings > 0)
    array->errors[cell] = roundings * TWIN_UNIT * magnitude + roundings * (double) FLT_MIN;
}

gboolean
twin_has (const TwinCall *call, int input)
{
  return input < call->n_inputs && call->inputs[input].shape.n_dims >= 0;
}

int
twin_opset (const TwinCall *call)
{
  return call->node->opset > 0 ? call->node->opset : 21;
}

gint64
twin_int (const TwinCall *call, const char *name, gint64 fallback)
{
  return tap_attrs_get_int (call->node->attrs, name, fallback);
}

/* Attributes are float32 in the file. */
double
twin_float (const TwinCall *call, const char *name, double fallback)
{
  return (double) (float) tap_attrs_get_float (call->node->attrs, name, fallback);
}

const char *
twin_string (const TwinCall *call, const char *name, const char *fallback)
{
  return tap_attrs_get_string (call->node->attrs, name, fallback);
}

gint64
twin_ints (const TwinCall *call, const char *name, gsize i, gint64 fallback)
{
  gsize n;
  const gint64 *values = tap_attrs_get_ints (call->node->attrs, name, &n);

  return values != NULL && i < n ? values[i] : fallback;
}

int
twin_axis (gint64 axis, int n_dims)
{
  return (int) (axis < 0 ? axis + n_dims : axis);
}

void
twin_unravel (const TapShape *shape, gsize cell, gint64 *index)
{
  for (int d = shape->n_dims - 1; d >= 0; d--)
    {
      index[d] = (gint64) (cell % (gsize) shape->dims[d]);
      cell /= (gsize) shape->dims[d];
    }
}

gsize
twin_ravel (const TapShape *shape, const gint64 *index)
{
  gsize cell = 0;

  for (int d = 0; d < shape->n_dims; d++)
    cell = cell * (gsize) shape->dims[d] + (gsize) index[d];
  return cell;
}

gsize
twin_count (const TapShape *shape)
{
  gsize count = 1;

  for (int d = 0; d < shape->n_dims; d++)
    count *= (gsize) shape->dims[d];
  return count;
}

gsize
twin_broadcast_cell (const TapShape *from, const TapShape *to, const gint64 *index)
{
  gint64 seen[TAP_MAX_DIMS];

  for (int d = 0; d < from->n_dims; d++)
    seen[d] = from->dims[d] == 1 ? 0 : index[to->n_dims - from->n_dims + d];
  return twin_ravel (from, seen);
}

TapShape
twin_broadcast_shape (const TapShape *a, const TapShape *b)
{
  TapShape out = { MAX (a->n_dims, b->n_dims) };

  for (int d = 0; d < out.n_dims; d++)
    {
      int i = d - (out.n_dims - a->n_dims), j = d - (out.n_dims - b->n_dims);
      gint64 m = i >= 0 ? a->dims[i] : 1, n = j >= 0 ? b->dims[j] : 1;

      out.dims[d] = m == 1 ? n : m;
    }
  return out;
}
