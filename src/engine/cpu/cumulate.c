/* cumulate.c - sums along an axis, halves of matrices
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "engine/cpu/tap-cpu.h"

/* Sums along the axis, the other way when @reverse; of floats in double. */
static void
cumulate (const TapCpuRun *run, TapDtype dtype, gconstpointer x, gpointer y, gboolean reverse)
{
  const TapShape *shape = &run->inputs[0].shape;
  int axis = tap_cpu_axis (tap_cpu_i64 (&run->inputs[1])[0], shape->n_dims);
  gboolean exclusive = tap_attrs_get_int (run->node->attrs, "exclusive", 0) != 0;
  gsize inner = (gsize) tap_shape_product (shape, axis + 1, shape->n_dims);
  gsize n = (gsize) shape->dims[axis], count = tap_cpu_count (shape);

  for (gsize line = 0; n > 0 && line < count / n; line++)
    {
      gsize start = line / inner * n * inner + line % inner;
      double sum = 0;
      guint64 whole = 0;

      for (gsize k = 0; k < n; k++)
        {
          gsize at = start + (reverse ? n - 1 - k : k) * inner;
          double term = dtype == TAP_DTYPE_F32 ? (double) ((const float *) x)[at] : 0;
          guint64 whole_term = dtype == TAP_DTYPE_I64 ? (guint64) ((const gint64 *) x)[at] : 0;

          if (dtype == TAP_DTYPE_F32)
            ((float *) y)[at] = (float) (exclusive ? sum : sum + term);
          else
            ((gint64 *) y)[at] = (gint64) (exclusive ? whole : whole + whole_term);
          sum += term;
          whole += whole_term;
        }
    }
}

static gboolean
reversed (const TapCpuRun *run)
{
  return tap_attrs_get_int (run->node->attrs, "reverse", 0) != 0;
}

static gboolean
cum_sum_forward (const TapCpuRun *run, GError **error)
{
  cumulate (run, run->inputs[0].dtype, run->inputs[0].data, run->outputs[0].data, reversed (run));
  return TRUE;
}

/* Every cell is in the sums after it: the same from the other end. */
static gboolean
cum_sum_backward (const TapCpuRun *run, GError **error)
{
  cumulate (run, TAP_DTYPE_F32, run->output_grads[0].data, run->input_grads[0].data,
            !reversed (run));
  return TRUE;
}

static guint
axis_needs (const TapNode *node, guint wanted)
{
  return node->n_inputs > 1 ? TAP_CPU_INPUT (1) : 0;
}

/* Cell (row, column) stays where column - row is at least k above, at most k below. */
static void
keep_half (const TapCpuRun *run, TapDtype dtype, gconstpointer x, gpointer y)
{
  const TapShape *shape = &run->inputs[0].shape;
  gint64 rows = shape->dims[shape->n_dims - 2], columns = shape->dims[shape->n_dims - 1];
  gboolean upper = tap_attrs_get_int (run->node->attrs, "upper", 1) != 0;
  gint64 k = tap_cpu_has_input (run, 1) ? tap_cpu_i64 (&run->inputs[1])[0] : 0;
  gsize count = tap_cpu_count (shape);

  k = CLAMP (k, -rows, columns);
  for (gsize i = 0; i < count; i++)
    {
      gint64 row = (gint64) (i / (gsize) columns) % rows, column = (gint64) (i % (gsize) columns);
      gboolean stays = upper ? column - row >= k : column - row <= k;

      if (dtype == TAP_DTYPE_F32)
        ((float *) y)[i] = stays ? ((const float *) x)[i] : 0;
      else
        ((gint64 *) y)[i] = stays ? ((const gint64 *) x)[i] : 0;
    }
}

static gboolean
trilu_forward (const TapCpuRun *run, GError **error)
{
  keep_half (run, run->inputs[0].dtype, run->inputs[0].data, run->outputs[0].data);
  return TRUE;
}

static gboolean
trilu_backward (const TapCpuRun *run, GError **error)
{
  keep_half (run, TAP_DTYPE_F32, run->output_grads[0].data, run->input_grads[0].data);
  return TRUE;
}

const TapCpuKernel tap_cpu_cum_sum = {
  .op = "CumSum",
  .types = "*i",
  .forward = cum_sum_forward,
  .backward = cum_sum_backward,
  .needs = axis_needs,
};

const TapCpuKernel tap_cpu_trilu = {
  .op = "Trilu",
  .types = "*i",
  .flags = TAP_CPU_BACK_IN_PLACE,
  .forward = trilu_forward,
  .backward = trilu_backward,
  .needs = axis_needs,
};
