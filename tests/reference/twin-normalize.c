/* twin-normalize.c - normalizations, softmax, matrix products
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include "twin.h"

/* Roundings of an exponential, a logarithm or a power of float32. */
#define ELEMENTARY 8

static void
batch_normalization (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  double epsilon = twin_float (call, "epsilon", 1e-5);
  gsize inner = 1;

  for (int d = 2; d < x->shape.n_dims; d++)
    inner *= (gsize) x->shape.dims[d];
  twin_output (call, 0, TAP_DTYPE_F32, &x->shape);
  for (gsize i = 0; i < x->count; i++)
    {
      gsize c = i / inner % (gsize) x->shape.dims[1];
      double scale = call->inputs[1].cells[c] / sqrt (call->inputs[4].cells[c] + epsilon);
      double mean = call->inputs[3].cells[c], bias = call->inputs[2].cells[c];

      /* also as a x + b, with a and b rounded */
      twin_set (&call->outputs[0], i, (x->cells[i] - mean) * scale + bias, 8,
                fabs (scale * x->cells[i]) + fabs (scale * mean) + fabs (bias));
    }
}

typedef struct
{
  double mean, variance, size; /* size: mean of magnitudes */
} Moments;

static Moments
moments_of (const double *x, gsize n)
{
  Moments m = { 0 };

  for (gsize i = 0; i < n; i++)
    {
      m.mean += x[i] / (double) n;
      m.size += fabs (x[i]) / (double) n;
    }
  for (gsize i = 0; i < n; i++)
    m.variance += (x[i] - m.mean) * (x[i] - m.mean) / (double) n;
  return m;
}

/* (x - mean) / √(variance + ε) · scale + bias of one cell out of @n. The mean is off by n roundings of the mean
 * magnitude, which the factor carries over; the factor itself by those of the variance, in whose sum the error of
 * the mean counts twice. */
static void
set_normalized (TwinArray *y,
                gsize cell,
                double x,
                const Moments *m,
                gsize n,
                double epsilon,
                double scale,
                double bias)
{
  double factor = 1 / sqrt (m->variance + epsilon);
  double deviation = sqrt (m->variance), value = (x - m->mean) * factor;
  double carried = (m->size + fabs (x)) * factor * fabs (scale);
  double stretched = fabs (value * scale) * (1 + factor * factor * deviation * m->size);

  twin_set (y, cell, value * scale + bias, (double) n + 12, carried + stretched + fabs (bias));
}

static void
instance_normalization (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  gsize area = x->count / (gsize) (x->shape.dims[0] * x->shape.dims[1]);
  double epsilon = twin_float (call, "epsilon", 1e-5);

  twin_output (call, 0, TAP_DTYPE_F32, &x->shape);
  for (gsize i = 0; i < x->count; i++)
    {
      gsize c = i / area % (gsize) x->shape.dims[1];
      Moments m = moments_of (x->cells + i / area * area, area);

      set_normalized (&call->outputs[0], i, x->cells[i], &m, area, epsilon,
                      call->inputs[1].cells[c], call->inputs[2].cells[c]);
    }
}

static void
group_normalization (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  gsize groups = (gsize) twin_int (call, "num_groups", 1), channels = (gsize) x->shape.dims[1];
  gsize area = x->count / ((gsize) x->shape.dims[0] * channels), length = area * channels / groups;
  double epsilon = twin_float (call, "epsilon", 1e-5);

  twin_output (call, 0, TAP_DTYPE_F32, &x->shape);
  for (gsize i = 0; i < x->count; i++)
    {
      gsize c = i / area % channels;
      Moments m = moments_of (x->cells + i / length * length, length);

      /* scale and bias of each group before opset 21, of each channel since */
      if (call->inputs[1].count != channels || twin_opset (call) < 21)
        c = c / (channels / groups);
      set_normalized (&call->outputs[0], i, x->cells[i], &m, length, epsilon,
                      call->inputs[1].cells[c], call->inputs[2].cells[c]);
    }
}

static void
layer_normalization (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  int axis = twin_axis (twin_int (call, "axis", -1), x->shape.n_dims);
  double epsilon = twin_float (call, "epsilon", 1e-5);
  TapShape moments_shape = x->shape, tail = { x->shape.n_dims - axis };
  gsize length;

  for (int d = axis; d < x->shape.n_dims; d++)
    {
      tail.dims[d - axis] = x->shape.dims[d];
      moments_shape.dims[d] = 1;
    }
  length = twin_count (&tail);
  twin_output (call, 0, TAP_DTYPE_F32, &x->shape);
  twin_output (call, 1, TAP_DTYPE_F32, &moments_shape);
  twin_output (call, 2, TAP_DTYPE_F32, &moments_shape);
  for (gsize i = 0; i < x->count; i++)
    {
      gint64 index[TAP_MAX_DIMS];
      Moments m = moments_of (x->cells + i / length * length, length);
      double factor = 1 / sqrt (m.variance + epsilon), bias = 0, scale;

      twin_unravel (&tail, i % length, index);
      scale = call->inputs[1].cells[twin_broadcast_cell (&call->inputs[1].shape, &tail, index)];
      if (twin_has (call, 2))
        bias = call->inputs[2].cells[twin_broadcast_cell (&call->inputs[2].shape, &tail, index)];
      set_normalized (&call->outputs[0], i, x->cells[i], &m, length, epsilon, scale, bias);
      if (call->n_outputs > 1)
        twin_set (&call->outputs[1], i / length, m.mean, (double) length + 1, m.size);
      if (call->n_outputs > 2)
        twin_set (&call->outputs[2], i / length, factor, (double) length + 12,
                  factor * (1 + factor * factor * sqrt (m.variance) * m.size));
    }
}

/* --- local response --- */

/* Σ x² of the cells that @index sees, and how many there are. */
static double
squares (const TwinCall *call, const gint64 *index, gint64 size, gboolean within)
{
  const TwinArray *x = &call->inputs[0];
  gint64 before = (size - 1) / 2, after = size - 1 - before, at[TAP_MAX_DIMS];
  double sum = 0;

  for (int d = 0; d < x->shape.n_dims; d++)
    at[d] = index[d];
  if (!within)
    {
      for (at[1] = MAX (index[1] - before, 0);
           at[1] <= MIN (index[1] + after, x->shape.dims[1] - 1); at[1]++)
        sum += pow (x->cells[twin_ravel (&x->shape, at)], 2);
      return sum;
    }
  for (at[2] = MAX (index[2] - before, 0); at[2] <= MIN (index[2] + after, x->shape.dims[2] - 1);
       at[2]++)
    for (at[3] = MAX (index[3] - before, 0); at[3] <= MIN (index[3] + after, x->shape.dims[3] - 1);
         at[3]++)
      sum += pow (x->cells[twin_ravel (&x->shape, at)], 2);
  return sum;
}

static void
lrn (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  gboolean within =
    g_str_equal (twin_string (call, "norm_region", "ACROSS_CHANNELS"), "WITHIN_CHANNEL");
  gint64 size = twin_int (call, "size", 1), n_cells = within ? size * size : size;
  double alpha = twin_float (call, "alpha", 1e-4), beta = twin_float (call, "beta", 0.75);
  double bias = twin_float (call, "bias", 1);

  if (twin_int (call, "raw_alpha", 0) == 0)
    alpha /= (double) n_cells;
  twin_output (call, 0, TAP_DTYPE_F32, &x->shape);
  for (gsize i = 0; i < x->count; i++)
    {
      gint64 index[TAP_MAX_DIMS];
      double sum, value;

      twin_unravel (&x->shape, i, index);
      sum = bias + alpha * squares (call, index, size, within);
      value = x->cells[i] * pow (sum, -beta);
      /* the sum is off by n_cells roundings, of which the power makes beta times as many */
      twin_set (&call->outputs[0], i, value,
                beta * ((double) n_cells + 4) + ELEMENTARY * (1 + fabs (beta * log (sum))),
                fabs (value));
    }
}

static void
image_scaler (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  gsize n, area = x->count / (gsize) (x->shape.dims[0] * x->shape.dims[1]);
  const float *bias = tap_attrs_get_floats (call->node->attrs, "bias", &n);
  double scale = twin_float (call, "scale", 1);

  twin_output (call, 0, TAP_DTYPE_F32, &x->shape);
  for (gsize i = 0; i < x->count; i++)
    {
      double b = bias != NULL ? (double) bias[i / area % (gsize) x->shape.dims[1]] : 0;

      twin_set (&call->outputs[0], i, scale * x->cells[i] + b, 2,
                fabs (scale * x->cells[i]) + fabs (b));
    }
}

/* --- softmax --- */

/* Cells that are one distribution with cell @i: every @step'th of @length from *first on. Since opset 13
 * along one axis, before over everything from the axis on. */
static void
distribution (const TwinCall *call, gsize i, gsize *first, gsize *step, gsize *length)
{
  const TapShape *x = &call->inputs[0].shape;
  gboolean flattens = twin_opset (call) < 13;
  int axis = twin_axis (twin_int (call, "axis", flattens ? 1 : -1), x->n_dims);

  *step = *length = 1;
  for (int d = axis; d < x->n_dims; d++)
    if (flattens || d == axis)
      *length *= (gsize) x->dims[d];
    else
      *step *= (gsize) x->dims[d];
  *first = i / (*step * *length) * (*step * *length) + i % *step;
}

static void
softmax (TwinCall *call)
{
  const TwinArray *x = &call->inputs[0];
  gboolean logarithm = g_str_equal (call->node->op_type, "LogSoftmax");

  twin_output (call, 0, TAP_DTYPE_F32, &x->shape);
  for (gsize i = 0; i < x->count; i++)
    {
      gsize first, step, length;
      double max = -INFINITY, sum = 0, z;

      distribution (call, i, &first, &step, &length);
      for (gsize k = 0; k < length; k++)
        max = MAX (max, x->cells[first + k * step]);
      for (gsize k = 0; k < length; k++)
        sum += exp (x->cells[first + k * step] - max);
      z = x->cells[i] - max;
      /* exp turns the rounding of its argument into a relative error of that size */
      if (logarithm)
        twin_set (&call->outputs[0], i, z - log (sum), (double) length + 2 * ELEMENTARY,
                  fabs (x->cells[i]) + fabs (max) + log (sum) + 1);
      else
        twin_set (&call->outputs[0], i, exp (z) / sum,
                  (double) length + 2 * ELEMENTARY + 2 * (fabs (max) + fabs (x->cells[i])),
                  exp (z) / sum);
    }
}

/* --- matrices --- */

static void
gemm (TwinCall *call)
{
  const TwinArray *a = &call->inputs[0], *b = &call->inputs[1];
  gboolean a_turned = twin_int (call, "transA", 0) != 0,
           b_turned = twin_int (call, "transB", 0) != 0;
  gint64 m = a->shape.dims[a_turned], k = a->shape.dims[!a_turned], n = b->shape.dims[!b_turned];
  double alpha = twin_float (call, "alpha", 1), beta = twin_float (call, "beta", 1);
  TapShape shape = tap_shape_new (2, m, n);

  twin_output (call, 0, TAP_DTYPE_F32, &shape);
  for (gint64 i = 0; i < m; i++)
    for (gint64 j = 0; j < n; j++)
      {
        double sum = 0, size = 0, c = 0;

        for (gint64 l = 0; l < k; l++)
          {
            double term = a->cells[a_turned ? l * m + i : i * k + l] *
                          b->cells[b_turned ? j * k + l : l * n + j];

            sum += term;
            size += fabs (term);
          }
        if (twin_has (call, 2))
          c = beta *
              call->inputs[2]
                .cells[twin_broadcast_cell (&call->inputs[2].shape, &shape, (gint64[]){ i, j })];
        twin_set (&call->outputs[0], (gsize) (i * n + j), alpha * sum + c, (double) k + 4,
                  fabs (alpha) * size + fabs (c));
      }
}

/* numpy.matmul: a vector on the left is a row, on the right a column, and goes again. */
static void
matmul (TwinCall *call)
{
  const TwinArray *a = &call->inputs[0], *b = &call->inputs[1];
  TapShape left = a->shape, right = b->shape, stack, shape, whole;
  gint64 m, k, n, index[TAP_MAX_DIMS];

  if (left.n_dims == 1)
    left = (TapShape){ 2, { 1, left.dims[0] } };
  if (right.n_dims == 1)
    right = (TapShape){ 2, { right.dims[0], 1 } };
  m = left.dims[left.n_dims - 2];
  k = left.dims[left.n_dims - 1];
  n = right.dims[right.n_dims - 1];
  left.n_dims -= 2;
  right.n_dims -= 2;
  stack = twin_broadcast_shape (&left, &right);
  shape = whole = stack;
  if (a->shape.n_dims > 1)
    shape.dims[shape.n_dims++] = m;
  if (b->shape.n_dims > 1)
    shape.dims[shape.n_dims++] = n;
  whole.dims[whole.n_dims++] = m;
  whole.dims[whole.n_dims++] = n;
  twin_output (call, 0, TAP_DTYPE_F32, &shape);
  for (gsize cell = 0; cell < call->outputs[0].count; cell++)
    {
      double sum = 0, size = 0;
      gsize a_first, b_first;
      gint64 i, j;

      twin_unravel (&whole, cell, index);
      i = index[stack.n_dims];
      j = index[stack.n_dims + 1];
      a_first = twin_broadcast_cell (&left, &stack, index) * (gsize) (m * k);
      b_first = twin_broadcast_cell (&right, &stack, index) * (gsize) (k * n);
      for (gint64 l = 0; l < k; l++)
        {
          double term =
            a->cells[a_first + (gsize) (i * k + l)] * b->cells[b_first + (gsize) (l * n + j)];

          sum += term;
          size += fabs (term);
        }
      twin_set (&call->outputs[0], cell, sum, (double) k + 2, size);
    }
}

const Twin twins_normalize[] = {
  { "BatchNormalization", batch_normalization },
  { "Gemm", gemm },
  { "GroupNormalization", group_normalization },
  { "ImageScaler", image_scaler },
  { "InstanceNormalization", instance_normalization },
  { "LRN", lrn },
  { "LayerNormalization", layer_normalization },
  { "LogSoftmax", softmax },
  { "MatMul", matmul },
  { "Softmax", softmax },
  { NULL, NULL },
};
