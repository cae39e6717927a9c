/* einsum.c - sums of products over named axes
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One loop for both directions: the gradient of an operand is the sum of products of what flows back and the
 * other operands, over all axes that it does not have. */

#include "config.h"

#include "engine/cpu/tap-cpu.h"
#include "ops/einsum.h"

#define CHUNK 256

typedef struct
{
  int n_labels, n_factors;
  gint64 sizes[TAP_EINSUM_LABELS];
  const gint64 *strides[TAP_EINSUM_OPERANDS + 1];
  const float *factors[TAP_EINSUM_OPERANDS + 1];
  const gint64 *target;
  float *y;
  int outer[TAP_EINSUM_LABELS], n_outer; /* labels of the target, the last one fastest */
  int inner[TAP_EINSUM_LABELS], n_inner; /* the others */
  gsize n_cells, n_terms;
} Sum;

/* Shares the labels out; the fastest of the inner ones is the one with the smallest steps. */
static void
sum_init (Sum *self, const TapEinsum *einsum)
{
  self->n_labels = einsum->n_labels;
  self->n_cells = self->n_terms = 1;
  for (int l = 0; l < einsum->n_labels; l++)
    {
      self->sizes[l] = einsum->sizes[l];
      if (self->target[l] != 0)
        {
          self->outer[self->n_outer++] = l;
          self->n_cells *= (gsize) self->sizes[l];
        }
      else
        {
          int at = self->n_inner++;

          for (; at > 0 && self->strides[0][self->inner[at - 1]] < self->strides[0][l]; at--)
            self->inner[at] = self->inner[at - 1];
          self->inner[at] = l;
          self->n_terms *= (gsize) self->sizes[l];
        }
    }
}

/* Where index @cell of the labels @labels lies in an array. */
static gint64
offset_of (const Sum *self, const int *labels, int n, const gint64 *strides, gsize cell)
{
  gint64 offset = 0;

  for (int i = n - 1; i >= 0; i--)
    {
      gsize size = (gsize) self->sizes[labels[i]];

      offset += (gint64) (cell % size) * strides[labels[i]];
      cell /= size;
    }
  return offset;
}

/* Sums over the last inner label, all others given by @term. */
static double
sum_row (const Sum *self, const gint64 *starts, gsize term, gsize n)
{
  const float *at[TAP_EINSUM_OPERANDS + 1];
  gint64 steps[TAP_EINSUM_OPERANDS + 1];
  int last = self->n_inner > 0 ? self->inner[self->n_inner - 1] : -1;
  double sum = 0;

  for (int f = 0; f < self->n_factors; f++)
    {
      at[f] = self->factors[f] + starts[f] +
              offset_of (self, self->inner, self->n_inner, self->strides[f], term);
      steps[f] = last >= 0 ? self->strides[f][last] : 0;
    }
  if (self->n_factors == 2)
    {
      for (gsize i = 0; i < n; i++)
        sum += (double) at[0][(gint64) i * steps[0]] * (double) at[1][(gint64) i * steps[1]];
      return sum;
    }
  for (gsize i = 0; i < n; i++)
    {
      double product = 1;

      for (int f = 0; f < self->n_factors; f++)
        product *= (double) at[f][(gint64) i * steps[f]];
      sum += product;
    }
  return sum;
}

static void
cells_task (gpointer user_data, int task, int worker)
{
  const Sum *self = user_data;
  gsize first = (gsize) task * CHUNK, end = MIN (first + CHUNK, self->n_cells);
  gsize n = self->n_inner > 0 ? (gsize) self->sizes[self->inner[self->n_inner - 1]] : 1;

  for (gsize cell = first; cell < end; cell++)
    {
      gint64 starts[TAP_EINSUM_OPERANDS + 1];
      double sum = 0;

      for (int f = 0; f < self->n_factors; f++)
        starts[f] = offset_of (self, self->outer, self->n_outer, self->strides[f], cell);
      for (gsize term = 0; term < self->n_terms; term += n)
        sum += sum_row (self, starts, term, n);
      self->y[offset_of (self, self->outer, self->n_outer, self->target, cell)] = (float) sum;
    }
}

static void
run_sum (const TapCpuRun *run, Sum *self)
{
  tap_pool_run (run->pool, (int) ((self->n_cells + CHUNK - 1) / CHUNK), cells_task, self);
}

static gboolean
resolve (const TapCpuRun *run, TapEinsum *einsum, GError **error)
{
  TapShape shapes[TAP_EINSUM_OPERANDS];

  for (int i = 0; i < run->n_inputs; i++)
    shapes[i] = run->inputs[i].shape;
  return tap_einsum_init (einsum, run->node, shapes, run->n_inputs, error);
}

/**
 * einsum_forward:
 *
 * Sums the products of all operands over the axes that the output does not have, in double.
 *
 * Shapes: as the equation says.
 * Units: those of the product.
 * Edges: an axis of no cells sums to 0.
 * Errors: none that inference has not found.
 */
static gboolean
einsum_forward (const TapCpuRun *run, GError **error)
{
  TapEinsum einsum;
  Sum sum = { .n_factors = run->n_inputs, .target = einsum.output };

  if (!resolve (run, &einsum, error))
    return FALSE;
  for (int i = 0; i < run->n_inputs; i++)
    {
      sum.strides[i] = einsum.operands[i];
      sum.factors[i] = tap_cpu_f32 (&run->inputs[i]);
    }
  sum.y = tap_cpu_f32 (&run->outputs[0]);
  sum_init (&sum, &einsum);
  run_sum (run, &sum);
  return TRUE;
}

static gboolean
einsum_backward (const TapCpuRun *run, GError **error)
{
  TapEinsum einsum;

  if (!resolve (run, &einsum, error))
    return FALSE;
  for (int k = 0; k < run->n_inputs; k++)
    {
      Sum sum = { .n_factors = 1, .target = einsum.operands[k] };

      if (run->input_grads[k].data == NULL)
        continue;
      sum.strides[0] = einsum.output;
      sum.factors[0] = tap_cpu_f32 (&run->output_grads[0]);
      for (int i = 0; i < run->n_inputs; i++)
        if (i != k)
          {
            sum.strides[sum.n_factors] = einsum.operands[i];
            sum.factors[sum.n_factors++] = tap_cpu_f32 (&run->inputs[i]);
          }
      sum.y = tap_cpu_f32 (&run->input_grads[k]);
      /* off the diagonal of a letter that stands twice nothing flows */
      tap_cpu_zero (run, sum.y, tap_cpu_count (&run->inputs[k].shape));
      sum_init (&sum, &einsum);
      run_sum (run, &sum);
    }
  return TRUE;
}

static guint
einsum_needs (const TapNode *node, guint wanted)
{
  guint needs = 0;

  for (int i = 0; i < node->n_inputs; i++)
    if (wanted & ~(1u << i))
      needs |= TAP_CPU_INPUT (i);
  return needs;
}

const TapCpuKernel tap_cpu_einsum = {
  .op = "Einsum",
  .forward = einsum_forward,
  .backward = einsum_backward,
  .needs = einsum_needs,
};
