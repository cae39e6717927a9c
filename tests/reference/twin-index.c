/* twin-index.c - cells by their indices, figures along axes, halves of matrices
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "twin-private.h"

static gint64
wrap (double index, gint64 n)
{
  return (gint64) index + (index < 0 ? n : 0);
}

static void
cum_sum (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  int axis = twin_axis ((gint64) call->inputs[1].cells[0], x->shape.n_dims);
  gboolean reverse = twin_int (call, "reverse", 0) != 0;
  gboolean exclusive = twin_int (call, "exclusive", 0) != 0;

  twin_output (call, 0, x->dtype, &x->shape);
  for (gsize i = 0; i < x->count; i++)
    {
      gint64 index[TAP_MAX_DIMS], own;
      double sum = 0, size = 0;

      twin_unravel (&x->shape, i, index);
      own = index[axis];
      for (gint64 k = 0; k < x->shape.dims[axis]; k++)
        {
          double term;

          if (reverse ? k < own : k > own)
            continue;
          index[axis] = k;
          term = k == own && exclusive ? 0 : x->cells[twin_ravel (&x->shape, index)];
          sum += term;
          size += fabs (term);
        }
      twin_set (&call->outputs[0], i, sum, x->dtype == TAP_DTYPE_F32 ? 2 : 0, size);
    }
}

static void
trilu (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  double *y = twin_output (call, 0, x->dtype, &x->shape);
  double k = twin_has (call, 1) ? call->inputs[1].cells[0] : 0;

  for (gsize i = 0; i < x->count; i++)
    {
      gint64 index[TAP_MAX_DIMS], apart;

      twin_unravel (&x->shape, i, index);
      apart = index[x->shape.n_dims - 1] - index[x->shape.n_dims - 2];
      if (twin_int (call, "upper", 1) != 0 ? (double) apart >= k : (double) apart <= k)
        y[i] = x->cells[i];
    }
}

/* output[i, …] = data[batch, indices[i], …] */
static void
gather_nd (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0], *indices = &call->inputs[1];
  int batch = (int) twin_int (call, "batch_dims", 0), n = indices->shape.n_dims - 1;
  int depth = (int) indices->shape.dims[n];
  TapShape shape = { n };
  double *y;

  memcpy (shape.dims, indices->shape.dims, (gsize) n * sizeof (gint64));
  for (int d = batch + depth; d < x->shape.n_dims; d++)
    shape.dims[shape.n_dims++] = x->shape.dims[d];
  y = twin_output (call, 0, x->dtype, &shape);
  for (gsize i = 0; i < call->outputs[0].count; i++)
    {
      gint64 index[TAP_MAX_DIMS], at[TAP_MAX_DIMS], list[TAP_MAX_DIMS];

      twin_unravel (&shape, i, index);
      memcpy (list, index, (gsize) n * sizeof (gint64));
      for (int d = 0; d < x->shape.n_dims; d++)
        if (d < batch)
          at[d] = index[d];
        else if (d < batch + depth)
          {
            list[n] = d - batch;
            at[d] = wrap (indices->cells[twin_ravel (&indices->shape, list)], x->shape.dims[d]);
          }
        else
          at[d] = index[n + d - batch - depth];
      y[i] = x->cells[twin_ravel (&x->shape, at)];
    }
}

static void
put (TwinCall *call, gsize cell, double update)
{
  gboolean add = g_str_equal (twin_string (call, "reduction", "none"), "add");
  TwinArray *y = &call->outputs[0];

  if (!add)
    y->cells[cell] = update;
  else
    {
      y->cells[cell] += update;
      if (y->dtype == TAP_DTYPE_F32)
        y->errors[cell] += 4 * TWIN_UNIT * (fabs (y->cells[cell]) + fabs (update));
    }
}

static void
start (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  double *y = twin_output (call, 0, x->dtype, &x->shape);

  memcpy (y, x->cells, x->count * sizeof (double));
}

static void
scatter_elements (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0], *indices = &call->inputs[1];
  int axis = twin_axis (twin_int (call, "axis", 0), x->shape.n_dims);

  start (call);
  for (gsize i = 0; i < indices->count; i++)
    {
      gint64 index[TAP_MAX_DIMS];

      twin_unravel (&indices->shape, i, index);
      index[axis] = wrap (indices->cells[i], x->shape.dims[axis]);
      put (call, twin_ravel (&x->shape, index), call->inputs[2].cells[i]);
    }
}

static void
scatter_nd (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0], *indices = &call->inputs[1], *updates = &call->inputs[2];
  int n = indices->shape.n_dims - 1, depth = (int) indices->shape.dims[n];

  start (call);
  for (gsize i = 0; i < updates->count; i++)
    {
      gint64 index[TAP_MAX_DIMS], list[TAP_MAX_DIMS], at[TAP_MAX_DIMS];

      twin_unravel (&updates->shape, i, index);
      memcpy (list, index, (gsize) n * sizeof (gint64));
      for (int d = 0; d < x->shape.n_dims; d++)
        if (d < depth)
          {
            list[n] = d;
            at[d] = wrap (indices->cells[twin_ravel (&indices->shape, list)], x->shape.dims[d]);
          }
        else
          at[d] = index[n + d - depth];
      put (call, twin_ravel (&x->shape, at), updates->cells[i]);
    }
}

static void
one_hot (TwinCall *call)
{
  const TwinArray *indices = &call->inputs[0], *values = &call->inputs[2];
  int axis = twin_axis (twin_int (call, "axis", -1), indices->shape.n_dims + 1);
  double depth = call->inputs[1].cells[0];
  TapShape shape = { indices->shape.n_dims + 1 };
  double *y;

  for (int d = 0; d < shape.n_dims; d++)
    shape.dims[d] = d == axis ? (gint64) depth : indices->shape.dims[d > axis ? d - 1 : d];
  y = twin_output (call, 0, values->dtype, &shape);
  for (gsize i = 0; i < call->outputs[0].count; i++)
    {
      gint64 index[TAP_MAX_DIMS], from[TAP_MAX_DIMS];
      double at;

      twin_unravel (&shape, i, index);
      for (int d = 0; d < indices->shape.n_dims; d++)
        from[d] = index[d >= axis ? d + 1 : d];
      at = indices->cells[twin_ravel (&indices->shape, from)];
      y[i] = values->cells[(double) index[axis] == (at < 0 ? at + depth : at)];
    }
}

static void
is_inf (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  double *y = twin_output (call, 0, TAP_DTYPE_I64, &x->shape);

  for (gsize i = 0; i < x->count; i++)
    y[i] = (x->cells[i] == INFINITY && twin_int (call, "detect_positive", 1) != 0) ||
           (x->cells[i] == -INFINITY && twin_int (call, "detect_negative", 1) != 0);
}

static void
is_nan (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  double *y = twin_output (call, 0, TAP_DTYPE_I64, &x->shape);

  for (gsize i = 0; i < x->count; i++)
    y[i] = isnan (x->cells[i]) != 0;
}

/* Whether cells @i and @j differ along no axis but those of @over. */
static gboolean
in_one_group (const TapShape *shape, gsize i, gsize j, const gboolean *over)
{
  gint64 a[TAP_MAX_DIMS], b[TAP_MAX_DIMS];

  twin_unravel (shape, i, a);
  twin_unravel (shape, j, b);
  for (int d = 0; d < shape->n_dims; d++)
    if (a[d] != b[d] && !over[d])
      return FALSE;
  return TRUE;
}

/* Σ of (x - @from)^power, or of |x - @from|, over the group of cell @i. */
static double
group_sum (const TwinArray *x, gsize i, const gboolean *over, double from, int power, double *n)
{
  double sum = 0;

  *n = 0;
  for (gsize j = 0; j < x->count; j++)
    if (in_one_group (&x->shape, i, j, over))
      {
        double v = x->cells[j] - from;

        sum += power == 2 ? v * v : power == 1 ? v : fabs (v);
        *n += 1;
      }
  return sum;
}

static void
lp_normalization (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  gboolean over[TAP_MAX_DIMS] = { FALSE };
  gboolean squares = twin_int (call, "p", 2) == 2;

  over[twin_axis (twin_int (call, "axis", -1), x->shape.n_dims)] = TRUE;
  twin_output (call, 0, TAP_DTYPE_F32, &x->shape);
  for (gsize i = 0; i < x->count; i++)
    {
      double n, norm = group_sum (x, i, over, 0, squares ? 2 : 0, &n);
      double y = norm == 0 ? 0 : x->cells[i] / (squares ? sqrt (norm) : norm);

      twin_set (&call->outputs[0], i, y, n + 4, fabs (y));
    }
}

static void
mean_variance_normalization (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  gboolean over[TAP_MAX_DIMS] = { FALSE };

  for (gsize k = 0; k < TAP_MAX_DIMS; k++)
    {
      /* [0, 2, 3] when it does not say */
      gint64 fallback = tap_attrs_has (call->node->attrs, "axes") || k > 2 ? -100 :
                        k == 0                                             ? 0 :
                                                                             (gint64) k + 1;
      gint64 axis = twin_ints (call, "axes", k, fallback);

      if (axis > -100)
        over[twin_axis (axis, x->shape.n_dims)] = TRUE;
    }
  twin_output (call, 0, TAP_DTYPE_F32, &x->shape);
  for (gsize i = 0; i < x->count; i++)
    {
      double n, mean = group_sum (x, i, over, 0, 1, &n) / n;
      double deviation = sqrt (group_sum (x, i, over, mean, 2, &n) / n);

      twin_set (&call->outputs[0], i, (x->cells[i] - mean) / (deviation + 1e-9), n + 6,
                (fabs (x->cells[i]) + fabs (mean)) / (deviation + 1e-9));
    }
}

const Twin twins_index[] = {
  { "CumSum", cum_sum },
  { "GatherND", gather_nd },
  { "IsInf", is_inf },
  { "IsNaN", is_nan },
  { "LpNormalization", lp_normalization },
  { "MeanVarianceNormalization", mean_variance_normalization },
  { "OneHot", one_hot },
  { "ScatterElements", scatter_elements },
  { "ScatterND", scatter_nd },
  { "Trilu", trilu },
  { NULL, NULL },
};
