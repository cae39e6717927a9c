/* whole-normalization.c - normalisation by figures over whole axes
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * LpNormalization: y = x / |x|. MeanVarianceNormalization: y = (x - m) / (s + 1e-9), m the mean and s the
 * deviation, as the function is that ONNX defines it by. Sums are made in double, cell by cell. */

#include "config.h"

#include <math.h>

#include "engine/cpu/tap-cpu.h"

#define EPSILON 1e-9

typedef struct
{
  const TapCpuRun *run;
  gboolean centred; /* MeanVarianceNormalization */
  int p;
  gsize n_groups, n; /* cells with figures of their own, and how many of each */
  int n_kept, n_axes;
  gsize kept_sizes[TAP_MAX_DIMS], kept_strides[TAP_MAX_DIMS];
  gsize sizes[TAP_MAX_DIMS], strides[TAP_MAX_DIMS];
} Groups;

typedef struct
{
  double mean, norm, divisor;
} Figures;

static Groups
groups_new (const TapCpuRun *run)
{
  static const gint64 usual[] = { 0, 2, 3 };
  const TapAttrs *attrs = run->node->attrs;
  const TapShape *x = &run->inputs[0].shape;
  Groups self = { .run = run, .n_groups = 1, .n = 1 };
  gboolean over[TAP_MAX_DIMS] = { FALSE };
  gint64 strides[TAP_MAX_DIMS];
  gsize n_axes = 0;
  const gint64 *axes = tap_attrs_get_ints (attrs, "axes", &n_axes);

  self.centred = g_str_equal (run->node->op->name, "MeanVarianceNormalization");
  self.p = (int) tap_attrs_get_int (attrs, "p", 2);
  if (axes == NULL)
    {
      axes = usual;
      n_axes = G_N_ELEMENTS (usual);
    }
  if (!self.centred)
    over[tap_cpu_axis (tap_attrs_get_int (attrs, "axis", -1), x->n_dims)] = TRUE;
  for (gsize i = 0; self.centred && i < n_axes; i++)
    over[tap_cpu_axis (axes[i], x->n_dims)] = TRUE;
  tap_cpu_dense_strides (x, strides);
  for (int d = 0; d < x->n_dims; d++)
    if (over[d])
      {
        self.sizes[self.n_axes] = (gsize) x->dims[d];
        self.strides[self.n_axes++] = (gsize) strides[d];
        self.n *= (gsize) x->dims[d];
      }
    else
      {
        self.kept_sizes[self.n_kept] = (gsize) x->dims[d];
        self.kept_strides[self.n_kept++] = (gsize) strides[d];
        self.n_groups *= (gsize) x->dims[d];
      }
  return self;
}

static gsize
offset_of (gsize i, const gsize *sizes, const gsize *strides, int n)
{
  gsize offset = 0;

  for (int d = n - 1; d >= 0; d--)
    {
      offset += i % sizes[d] * strides[d];
      i /= sizes[d];
    }
  return offset;
}

static gsize
cell_of (const Groups *self, gsize start, gsize i)
{
  return start + offset_of (i, self->sizes, self->strides, self->n_axes);
}

static Figures
figures_of (const Groups *self, gsize start)
{
  const float *x = tap_cpu_f32 (&self->run->inputs[0]);
  Figures f = { 0 };

  for (gsize i = 0; self->centred && i < self->n; i++)
    f.mean += (double) x[cell_of (self, start, i)] / (double) self->n;
  for (gsize i = 0; i < self->n; i++)
    {
      double value = (double) x[cell_of (self, start, i)] - f.mean;

      f.norm += self->p == 1 ? fabs (value) : value * value;
    }
  if (self->centred)
    f.norm = sqrt (f.norm / (double) self->n);
  else if (self->p == 2)
    f.norm = sqrt (f.norm);
  f.divisor = f.norm + (self->centred ? EPSILON : 0);
  return f;
}

static void
forward_task (gpointer user_data, int task, int worker)
{
  const Groups *self = user_data;
  gsize start = offset_of ((gsize) task, self->kept_sizes, self->kept_strides, self->n_kept);
  Figures f = figures_of (self, start);

  for (gsize i = 0; i < self->n; i++)
    {
      gsize at = cell_of (self, start, i);
      double x = (double) tap_cpu_f32 (&self->run->inputs[0])[at] - f.mean;

      tap_cpu_f32 (&self->run->outputs[0])[at] = (float) (f.divisor == 0 ? 0 : x / f.divisor);
    }
}

/* With v = x - mean: dx = (dy - mean of dy) / d - Σ dy v / d² · ∂d/∂x. */
static void
backward_task (gpointer user_data, int task, int worker)
{
  const Groups *self = user_data;
  const float *x = tap_cpu_f32 (&self->run->inputs[0]);
  const float *dy = tap_cpu_f32 (&self->run->output_grads[0]);
  gsize start = offset_of ((gsize) task, self->kept_sizes, self->kept_strides, self->n_kept);
  Figures f = figures_of (self, start);
  double sum = 0, product = 0;

  for (gsize i = 0; i < self->n; i++)
    {
      gsize at = cell_of (self, start, i);

      sum += self->centred ? (double) dy[at] / (double) self->n : 0;
      product += (double) dy[at] * ((double) x[at] - f.mean);
    }
  for (gsize i = 0; i < self->n; i++)
    {
      gsize at = cell_of (self, start, i);
      double v = (double) x[at] - f.mean, slope = 0;

      if (f.norm > 0 && (self->centred || self->p == 2))
        slope = v / f.norm / (self->centred ? (double) self->n : 1);
      else if (f.norm > 0)
        slope = (v > 0) - (v < 0);
      tap_cpu_f32 (&self->run->input_grads[0])[at] =
        f.divisor == 0 ?
          0 :
          (float) (((double) dy[at] - sum) / f.divisor - product / f.divisor / f.divisor * slope);
    }
}

/* Edges: where the norm is 0, LpNormalization gives 0 and passes nothing back. */
static gboolean
normalization_forward (const TapCpuRun *run, GError **error)
{
  Groups self = groups_new (run);

  tap_pool_run (run->pool, (int) self.n_groups, forward_task, &self);
  return TRUE;
}

static gboolean
normalization_backward (const TapCpuRun *run, GError **error)
{
  Groups self = groups_new (run);

  tap_pool_run (run->pool, (int) self.n_groups, backward_task, &self);
  return TRUE;
}

static guint
normalization_needs (const TapNode *node, guint wanted)
{
  return TAP_CPU_INPUT (0);
}

const TapCpuKernel tap_cpu_lp_normalization = {
  .op = "LpNormalization",
  .forward = normalization_forward,
  .backward = normalization_backward,
  .needs = normalization_needs,
};

const TapCpuKernel tap_cpu_mean_variance_normalization = {
  .op = "MeanVarianceNormalization",
  .forward = normalization_forward,
  .backward = normalization_backward,
  .needs = normalization_needs,
};
