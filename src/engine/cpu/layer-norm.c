/* layer-norm.c - LayerNormalization: shift and scale of rows by their own statistics
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A row is everything from an axis on. Its mean μ and 1/σ are left for the way back; with
 * x̂ = (x - μ) / σ and g = dy · scale, dx = (g - mean (g) - x̂ mean (g x̂)) / σ. */

#include "config.h"

#include <math.h>
#include <string.h>

#include "engine/cpu/binary.h"

/* Numbers of scale and shift whose gradients a task sums. */
#define BLOCK 256

typedef struct
{
  const TapCpuRun *run;
  TapOperand scale, shift; /* as seen through a row; they may be smaller */
  gboolean dense;          /* and are not */
  gsize length, rows, rows_per_task;
  float epsilon;
} Layer;

/* y = x ∘ operand for a row */
static void
join_row (const Layer *l, TapBinary op, float *y, const float *x, const TapOperand *operand)
{
  TapCursor at;

  tap_cursor_init (&at, operand, 0);
  for (gsize i = 0; i < l->length;)
    {
      gsize n = MIN (tap_cursor_even (&at), l->length - i);

      l->run->simd->binary (op, y + i, x + i, 1, tap_cursor_data (&at), tap_cursor_step (&at), n);
      tap_cursor_advance (&at, n);
      i += n;
    }
}

static void
layer_task (gpointer user_data, int task, int worker)
{
  const Layer *l = user_data;
  const TapSimd *simd = l->run->simd;
  float *statistics = l->run->saved;
  gsize first = (gsize) task * l->rows_per_task, last = MIN (first + l->rows_per_task, l->rows);

  for (gsize i = first; i < last; i++)
    {
      const float *x = tap_cpu_f32 (&l->run->inputs[0]) + i * l->length;
      float mean = simd->sum (x, l->length) / (float) l->length;
      float variance = simd->sum_square_deviation (x, mean, l->length) / (float) l->length;
      float inverse = 1.0f / sqrtf (variance + l->epsilon);

      if (tap_cpu_wants_output (l->run, 0))
        {
          float *y = tap_cpu_f32 (&l->run->outputs[0]) + i * l->length;

          if (l->dense)
            {
              simd->normalize (y, x, mean, inverse, l->scale.data, l->shift.data, l->length);
            }
          else
            {
              simd->binary (TAP_BINARY_SUB, y, x, 1, &mean, 0, l->length);
              simd->binary (TAP_BINARY_MUL, y, y, 1, &inverse, 0, l->length);
              join_row (l, TAP_BINARY_MUL, y, y, &l->scale);
              if (l->shift.data != NULL)
                join_row (l, TAP_BINARY_ADD, y, y, &l->shift);
            }
        }
      if (tap_cpu_wants_output (l->run, 1))
        tap_cpu_f32 (&l->run->outputs[1])[i] = mean;
      if (tap_cpu_wants_output (l->run, 2))
        tap_cpu_f32 (&l->run->outputs[2])[i] = inverse;
      if (statistics != NULL)
        {
          statistics[2 * i] = mean;
          statistics[2 * i + 1] = inverse;
        }
    }
}

/* One number for each of a row, or nothing. */
static gboolean
is_dense (const Layer *l, const TapOperand *operand)
{
  return operand->n == 0 || (operand->n == 1 && (l->length == 1 || operand->strides[0] == 1));
}

/* FALSE: there is nothing to do. */
static gboolean
layer_init (Layer *l, const TapCpuRun *run)
{
  const TapShape *x = &run->inputs[0].shape;
  int axis = tap_cpu_axis (tap_attrs_get_int (run->node->attrs, "axis", -1), x->n_dims);

  TapShape row = { .n_dims = x->n_dims - axis };

  *l = (Layer){ .run = run };
  for (int d = axis; d < x->n_dims; d++)
    row.dims[d - axis] = x->dims[d];
  tap_operand_init (&l->scale, tap_cpu_f32 (&run->inputs[1]), &run->inputs[1].shape, &row);
  if (run->n_inputs > 2 && run->inputs[2].shape.n_dims >= 0)
    tap_operand_init (&l->shift, tap_cpu_f32 (&run->inputs[2]), &run->inputs[2].shape, &row);
  l->length = (gsize) tap_shape_product (x, axis, x->n_dims);
  l->rows = (gsize) tap_shape_product (x, 0, axis);
  l->dense = is_dense (l, &l->scale) && is_dense (l, &l->shift);
  if (l->length == 0 || l->rows == 0)
    return FALSE;
  l->epsilon = (float) tap_attrs_get_float (run->node->attrs, "epsilon", 1e-5);
  l->rows_per_task = MAX (8192 / l->length, 1);
  return TRUE;
}

static void
run_rows (Layer *l, TapPoolFunc task)
{
  tap_pool_run (l->run->pool, (int) ((l->rows + l->rows_per_task - 1) / l->rows_per_task), task, l);
}

static gboolean
layer_forward (const TapCpuRun *run, GError **error)
{
  Layer l;

  if (layer_init (&l, run))
    run_rows (&l, layer_task);
  return TRUE;
}

static const float *
flowing (const TapCpuRun *run, int output)
{
  return output < run->n_outputs ? tap_cpu_f32 (&run->output_grads[output]) : NULL;
}

/* Rows of dx. What flows back through the Mean and InvStdDev outputs adds to its two sums. */
static void
layer_back_task (gpointer user_data, int task, int worker)
{
  const Layer *l = user_data;
  const TapCpuRun *run = l->run;
  const TapSimd *simd = run->simd;
  const float *statistics = run->saved;
  float length = (float) l->length;
  gsize first = (gsize) task * l->rows_per_task, last = MIN (first + l->rows_per_task, l->rows);

  for (gsize i = first; i < last; i++)
    {
      const float *x = tap_cpu_f32 (&run->inputs[0]) + i * l->length;
      float *dx = tap_cpu_f32 (&run->input_grads[0]) + i * l->length;
      float mean = statistics[2 * i], inverse = statistics[2 * i + 1], slope = 0, shift = 0;

      memset (dx, 0, flowing (run, 0) == NULL ? l->length * sizeof (float) : 0);
      if (flowing (run, 0) != NULL)
        {
          join_row (l, TAP_BINARY_MUL, dx, flowing (run, 0) + i * l->length, &l->scale);
          shift = -inverse * simd->sum (dx, l->length);
          slope = -inverse * inverse * inverse * simd->sum_product (x, mean, dx, l->length);
        }
      if (flowing (run, 1) != NULL)
        shift += flowing (run, 1)[i];
      if (flowing (run, 2) != NULL)
        slope -= flowing (run, 2)[i] * inverse * inverse * inverse;
      simd->combine (dx, dx, inverse, x, mean, slope / length, shift / length, l->length);
    }
}

/* Adds the sums of cells @first .. of a row to the gradient of what was seen there. */
static void
add_sums (const TapOperand *operand, float *grad, gsize first, gsize n, const double *sums)
{
  TapCursor at;

  tap_cursor_init (&at, operand, first);
  for (gsize i = 0; i < n;)
    {
      gsize length = MIN (tap_cursor_even (&at), n - i), step = tap_cursor_step (&at);

      for (gsize k = 0; k < length; k++)
        grad[(gsize) at.offset + k * step] += (float) sums[i + k];
      tap_cursor_advance (&at, length);
      i += length;
    }
}

/* BLOCK numbers of the gradients of scale and shift: row upon row. */
static void
layer_columns_task (gpointer user_data, int task, int worker)
{
  const Layer *l = user_data;
  const TapCpuRun *run = l->run;
  const float *statistics = run->saved, *dy = flowing (run, 0);
  gsize first = (gsize) task * BLOCK, n = MIN (BLOCK, l->length - first);
  float *scale = tap_cpu_f32 (&run->input_grads[1]);
  float *shift = run->n_inputs > 2 ? tap_cpu_f32 (&run->input_grads[2]) : NULL;
  double scales[BLOCK] = { 0 }, shifts[BLOCK] = { 0 };

  for (gsize i = 0; i < l->rows; i++)
    {
      gsize offset = i * l->length + first;

      for (gsize k = 0; k < n && shift != NULL; k++)
        shifts[k] += (double) dy[offset + k];
      for (gsize k = 0; k < n && scale != NULL; k++)
        scales[k] += (double) (dy[offset + k] *
                               ((tap_cpu_f32 (&run->inputs[0])[offset + k] - statistics[2 * i]) *
                                statistics[2 * i + 1]));
    }
  if (scale != NULL)
    add_sums (&l->scale, scale, first, n, scales);
  if (shift != NULL)
    add_sums (&l->shift, shift, first, n, shifts);
}

/* The same where one number is seen in several places: one after the other. */
static void
layer_all_columns_task (gpointer user_data, int task, int worker)
{
  const Layer *l = user_data;

  for (gsize i = 0; i < (l->length + BLOCK - 1) / BLOCK; i++)
    layer_columns_task (user_data, (int) i, worker);
}

static gboolean
layer_backward (const TapCpuRun *run, GError **error)
{
  Layer l;

  for (int i = 1; i < run->n_inputs; i++)
    if (run->input_grads[i].data != NULL) /* sums start from here */
      memset (run->input_grads[i].data, 0, tap_cpu_count (&run->inputs[i].shape) * sizeof (float));
  if (!layer_init (&l, run))
    return TRUE;
  if (flowing (run, 0) != NULL &&
      (run->input_grads[1].data != NULL || (run->n_inputs > 2 && run->input_grads[2].data != NULL)))
    {
      if (l.dense)
        tap_pool_run (run->pool, (int) ((l.length + BLOCK - 1) / BLOCK), layer_columns_task, &l);
      else
        tap_pool_run (run->pool, 1, layer_all_columns_task, &l);
    }
  if (run->input_grads[0].data != NULL)
    run_rows (&l, layer_back_task);
  return TRUE;
}

static guint
layer_needs (const TapNode *node, guint wanted)
{
  return ((wanted & 1) != 0 ? TAP_CPU_INPUT (0) | TAP_CPU_INPUT (1) : 0) |
         ((wanted & 2) != 0 ? TAP_CPU_INPUT (0) : 0);
}

/* Two numbers for each row. */
static gsize
layer_saved (const TapCpuRun *run)
{
  Layer l;

  return layer_init (&l, run) ? l.rows * 2 * sizeof (float) : 0;
}

const TapCpuKernel tap_cpu_layer_normalization = {
  .op = "LayerNormalization",
  .flags = TAP_CPU_BACK_IN_PLACE,
  .forward = layer_forward,
  .backward = layer_backward,
  .needs = layer_needs,
  .saved = layer_saved,
};
