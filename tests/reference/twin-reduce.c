/* twin-reduce.c - many cells to one: reductions, ArgMax, TopK, global pooling
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include "twin.h"

/* Which axes go; all of them when none is named, unless the node says otherwise. */
static void
read_axes (const TwinCall *call, gboolean *gone)
{
  int n_dims = call->inputs[0].shape.n_dims;
  gsize n = 0;
  const gint64 *axes = tap_attrs_get_ints (call->node->attrs, "axes", &n);
  gboolean second = axes == NULL && twin_has (call, 1);

  if (second)
    n = call->inputs[1].count;
  for (int d = 0; d < n_dims; d++)
    gone[d] = n == 0 && twin_int (call, "noop_with_empty_axes", 0) == 0;
  for (gsize i = 0; i < n; i++)
    gone[twin_axis (second ? (gint64) call->inputs[1].cells[i] : axes[i], n_dims)] = TRUE;
}

static TapShape
shape_without (const TapShape *x, const gboolean *gone, gboolean keep)
{
  TapShape y = { 0 };

  for (int d = 0; d < x->n_dims; d++)
    if (!gone[d] || keep)
      y.dims[y.n_dims++] = gone[d] ? 1 : x->dims[d];
  return y;
}

typedef struct
{
  double sum, size, squares, product, max, min, absolute, exponentials, n;
} Totals;

static void
take (Totals *t, double v)
{
  t->sum += v;
  t->size += fabs (v);
  t->squares += v * v;
  t->product *= v;
  t->max = isnan (v) || v > t->max ? v : t->max;
  t->min = isnan (v) || v < t->min ? v : t->min;
  t->absolute += fabs (v);
  t->n++;
}

/* A float32 sum of n terms in any order: n roundings of the sum of magnitudes. A logarithm turns a relative
 * error into an absolute one. */
static void
finish (const char *op, const Totals *t, TwinArray *y, gsize cell)
{
  double n = t->n + 1;

  if (g_str_equal (op, "ReduceSum"))
    twin_set (y, cell, t->sum, n, t->size);
  else if (g_str_equal (op, "ReduceMean"))
    twin_set (y, cell, t->sum / t->n, n + 1, t->size / t->n);
  else if (g_str_equal (op, "ReduceProd"))
    twin_set (y, cell, t->product, n, fabs (t->product));
  else if (g_str_equal (op, "ReduceMax"))
    twin_set (y, cell, t->max, 0, 0);
  else if (g_str_equal (op, "ReduceMin"))
    twin_set (y, cell, t->min, 0, 0);
  else if (g_str_equal (op, "ReduceL1"))
    twin_set (y, cell, t->absolute, n, t->absolute);
  else if (g_str_equal (op, "ReduceL2"))
    twin_set (y, cell, sqrt (t->squares), n + 2, sqrt (t->squares));
  else if (g_str_equal (op, "ReduceSumSquare"))
    twin_set (y, cell, t->squares, n + 1, t->squares);
  else if (g_str_equal (op, "ReduceLogSum"))
    twin_set (y, cell, log (t->sum), n + 8, fabs (log (t->sum)) + t->size / fabs (t->sum));
  else
    {
      double top = isfinite (t->max) ? t->max : 0;

      twin_set (y, cell, log (t->exponentials) + top, n + 8 + fabs (t->max) + fabs (t->min),
                fabs (log (t->exponentials)) + fabs (top) + 1);
    }
}

static void
reduce (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  gboolean gone[TAP_MAX_DIMS], integers = x->dtype == TAP_DTYPE_I64;
  gint64 index[TAP_MAX_DIMS];
  g_autofree Totals *totals = NULL;
  TapShape kept, shape;

  read_axes (call, gone);
  shape = shape_without (&x->shape, gone, twin_int (call, "keepdims", 1) != 0);
  kept = shape_without (&x->shape, gone, TRUE);
  twin_output (call, 0, x->dtype, &shape);
  totals = g_new0 (Totals, call->outputs[0].count + 1);
  for (gsize i = 0; i < call->outputs[0].count; i++)
    totals[i] = (Totals){ .product = 1, .max = -INFINITY, .min = INFINITY };
  for (int pass = 0; pass < 2; pass++)
    for (gsize i = 0; i < x->count; i++)
      {
        Totals *t;

        twin_unravel (&x->shape, i, index);
        t = &totals[twin_broadcast_cell (&kept, &x->shape, index)];
        if (pass == 0)
          take (t, x->cells[i]);
        else
          t->exponentials += exp (x->cells[i] - (isfinite (t->max) ? t->max : 0));
      }
  for (gsize i = 0; i < call->outputs[0].count; i++)
    {
      finish (call->node->op_type, &totals[i], &call->outputs[0], i);
      if (integers)
        twin_set (&call->outputs[0], i, trunc (call->outputs[0].cells[i]), 0, 0);
      if (integers)
        call->outputs[0].errors[i] = 0;
    }
}

/* --- along one axis --- */

/* Cell @i of line @line along @axis. */
static gsize
line_cell (const TapShape *x, int axis, gsize line, gsize i)
{
  gsize inner = 1;

  for (int d = axis + 1; d < x->n_dims; d++)
    inner *= (gsize) x->dims[d];
  return (line / inner * (gsize) x->dims[axis] + i) * inner + line % inner;
}

static void
arg (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  int axis = twin_axis (twin_int (call, "axis", 0), x->shape.n_dims);
  gboolean gone[TAP_MAX_DIMS] = { FALSE }, last = twin_int (call, "select_last_index", 0) != 0;
  double sign = g_str_equal (call->node->op_type, "ArgMax") ? 1 : -1;
  TapShape shape;
  double *y;

  gone[axis] = TRUE;
  shape = shape_without (&x->shape, gone, twin_int (call, "keepdims", 1) != 0);
  y = twin_output (call, 0, TAP_DTYPE_I64, &shape);
  for (gsize line = 0; line < call->outputs[0].count; line++)
    for (gsize i = 1; i < (gsize) x->shape.dims[axis]; i++)
      {
        double a = sign * x->cells[line_cell (&x->shape, axis, line, i)];
        double b = sign * x->cells[line_cell (&x->shape, axis, line, (gsize) y[line])];

        if (a > b || (last && a == b))
          y[line] = (double) i;
      }
}

typedef struct
{
  double value;
  gsize place;
} Entry;

static int
by_value (gconstpointer a, gconstpointer b, gpointer sign)
{
  const Entry *x = a, *y = b;
  double d = *(double *) sign * (y->value - x->value);

  return d > 0 ? 1 : d < 0 ? -1 : x->place < y->place ? -1 : 1;
}

static void
topk (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  int axis = twin_axis (twin_int (call, "axis", -1), x->shape.n_dims);
  gsize length = (gsize) x->shape.dims[axis];
  gint64 k = twin_has (call, 1) ? (gint64) call->inputs[1].cells[0] : twin_int (call, "k", 0);
  double sign = twin_int (call, "largest", 1) != 0 ? 1 : -1;
  g_autofree Entry *entries = g_new (Entry, length + 1);
  TapShape shape = x->shape;
  double *values, *places;

  shape.dims[axis] = k;
  values = twin_output (call, 0, x->dtype, &shape);
  places = twin_output (call, 1, TAP_DTYPE_I64, &shape);
  for (gsize line = 0; line < x->count / length; line++)
    {
      for (gsize i = 0; i < length; i++)
        entries[i] = (Entry){ x->cells[line_cell (&x->shape, axis, line, i)], i };
      g_qsort_with_data (entries, (gint) length, sizeof (Entry), by_value, &sign);
      for (gsize i = 0; i < (gsize) k; i++)
        {
          values[line_cell (&shape, axis, line, i)] = entries[i].value;
          if (places != NULL)
            places[line_cell (&shape, axis, line, i)] = (double) entries[i].place;
        }
    }
}

static void
global_pool (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  gboolean max = g_str_equal (call->node->op_type, "GlobalMaxPool");
  TapShape shape = x->shape;
  gsize area;

  for (int d = 2; d < shape.n_dims; d++)
    shape.dims[d] = 1;
  twin_output (call, 0, TAP_DTYPE_F32, &shape);
  area = x->count / call->outputs[0].count;
  for (gsize i = 0; i < call->outputs[0].count; i++)
    {
      Totals t = { .max = -INFINITY };

      for (gsize k = 0; k < area; k++)
        take (&t, x->cells[i * area + k]);
      if (max)
        twin_set (&call->outputs[0], i, t.max, 0, 0);
      else
        twin_set (&call->outputs[0], i, t.sum / t.n, t.n + 1, t.size / t.n);
    }
}

const Twin twins_reduce[] = {
  { "ArgMax", arg },
  { "ArgMin", arg },
  { "GlobalAveragePool", global_pool },
  { "GlobalMaxPool", global_pool },
  { "ReduceL1", reduce },
  { "ReduceL2", reduce },
  { "ReduceLogSum", reduce },
  { "ReduceLogSumExp", reduce },
  { "ReduceMax", reduce },
  { "ReduceMean", reduce },
  { "ReduceMin", reduce },
  { "ReduceProd", reduce },
  { "ReduceSum", reduce },
  { "ReduceSumSquare", reduce },
  { "TopK", topk },
  { NULL, NULL },
};
