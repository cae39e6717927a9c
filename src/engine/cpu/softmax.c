/* softmax.c - scores to probabilities
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "engine/cpu/tap-cpu.h"

/* Distributions that are done side by side, or numbers of one. */
#define BLOCK 256

typedef struct
{
  const TapCpuRun *run;
  gboolean log, back;
  gsize length, inner; /* numbers per distribution; distance between its neighbours */
  gsize per_task, n;
} Softmax;

/* Numbers side by side. A row of -∞ only would give NaN; it is treated as equal scores. */
static void
row (const Softmax *s, const float *x, float *y)
{
  const TapSimd *simd = s->run->simd;
  float max = simd->max (x, s->length), sum;
  float e[BLOCK];

  if (max == -INFINITY)
    max = 0;
  simd->binary (TAP_BINARY_SUB, y, x, 1, &max, 0, s->length);
  if (!s->log)
    {
      simd->unary (TAP_UNARY_EXP, y, y, s->length, 0, 0);
      sum = simd->sum (y, s->length);
      simd->binary (TAP_BINARY_DIV, y, y, 1, &sum, 0, s->length);
      return;
    }
  sum = 0;
  for (gsize i = 0; i < s->length; i += BLOCK)
    {
      gsize n = MIN (BLOCK, s->length - i);

      simd->unary (TAP_UNARY_EXP, e, y + i, n, 0, 0);
      sum += simd->sum (e, n);
    }
  simd->unary (TAP_UNARY_LOG, &sum, &sum, 1, 0, 0);
  simd->binary (TAP_BINARY_SUB, y, y, 1, &sum, 0, s->length);
}

/* @n neighbouring distributions at a time, from their first numbers to their last. */
static void
columns (const Softmax *s, const float *x, float *y, gsize n)
{
  const TapSimd *simd = s->run->simd;
  float max[BLOCK], sum[BLOCK] = { 0 }, e[BLOCK];

  memcpy (max, x, n * sizeof (float));
  for (gsize i = 1; i < s->length; i++)
    simd->max_into (max, x + i * s->inner, n);
  for (gsize i = 0; i < n; i++)
    if (max[i] == -INFINITY)
      max[i] = 0;
  for (gsize i = 0; i < s->length; i++)
    {
      float *to = y + i * s->inner, *exponential = s->log ? e : to;

      simd->binary (TAP_BINARY_SUB, to, x + i * s->inner, 1, max, 1, n);
      simd->unary (TAP_UNARY_EXP, exponential, to, n, 0, 0);
      simd->add_into (sum, exponential, n);
    }
  if (s->log)
    simd->unary (TAP_UNARY_LOG, sum, sum, n, 0, 0);
  for (gsize i = 0; i < s->length; i++)
    simd->binary (s->log ? TAP_BINARY_SUB : TAP_BINARY_DIV, y + i * s->inner, y + i * s->inner, 1,
                  sum, 1, n);
}

/* dx = y (dy - Σ dy y); of the logarithm dy - e^y Σ dy. */
static void
row_back (const Softmax *s, const float *y, const float *dy, float *dx)
{
  const TapSimd *simd = s->run->simd;
  float sum = s->log ? simd->sum (dy, s->length) : simd->sum_product (dy, 0, y, s->length);

  simd->softmax_backward (s->log, dx, dy, y, &sum, 0, s->length);
}

static void
columns_back (const Softmax *s, const float *y, const float *dy, float *dx, gsize n)
{
  const TapSimd *simd = s->run->simd;
  float sum[BLOCK] = { 0 };

  for (gsize i = 0; i < s->length; i++)
    if (s->log)
      simd->add_into (sum, dy + i * s->inner, n);
    else
      simd->add_product_into (sum, dy + i * s->inner, y + i * s->inner, 1, n);
  for (gsize i = 0; i < s->length; i++)
    simd->softmax_backward (s->log, dx + i * s->inner, dy + i * s->inner, y + i * s->inner, sum, 1,
                            n);
}

/* Distributions first .. last - 1, in stretches of neighbours. */
static void
softmax_task (gpointer user_data, int task, int worker)
{
  const Softmax *s = user_data;
  const TapCpuRun *run = s->run;
  gsize first = (gsize) task * s->per_task, last = MIN (first + s->per_task, s->n);

  for (gsize i = first, n; i < last; i += n)
    {
      gsize offset = i / s->inner * s->inner * s->length + i % s->inner;

      n = MIN (MIN (s->inner - i % s->inner, last - i), BLOCK);
      if (s->back)
        {
          const float *y = tap_cpu_f32 (&run->outputs[0]) + offset;
          const float *dy = tap_cpu_f32 (&run->output_grads[0]) + offset;
          float *dx = tap_cpu_f32 (&run->input_grads[0]) + offset;

          if (s->inner == 1)
            row_back (s, y, dy, dx);
          else
            columns_back (s, y, dy, dx, n);
        }
      else
        {
          const float *x = tap_cpu_f32 (&run->inputs[0]) + offset;
          float *y = tap_cpu_f32 (&run->outputs[0]) + offset;

          if (s->inner == 1)
            row (s, x, y);
          else
            columns (s, x, y, n);
        }
    }
}

/* Up to opset 12 everything from the axis on is one distribution; since, only the axis itself. */
static gboolean
softmax (const TapCpuRun *run, gboolean log, gboolean back)
{
  const TapShape *x = &run->inputs[0].shape;
  gboolean flattens = run->node->opset > 0 && run->node->opset < 13;
  int axis =
    tap_cpu_axis (tap_attrs_get_int (run->node->attrs, "axis", flattens ? 1 : -1), x->n_dims);
  Softmax s = { .run = run, .log = log, .back = back };

  if (x->n_dims == 0)
    s.length = s.inner = s.n = 1;
  else
    {
      s.length = (gsize) (flattens ? tap_shape_product (x, axis, x->n_dims) : x->dims[axis]);
      s.inner = (gsize) (flattens ? 1 : tap_shape_product (x, axis + 1, x->n_dims));
      s.n = (gsize) tap_shape_product (x, 0, axis) * s.inner;
    }
  if (s.length == 0 || s.n == 0)
    return TRUE;
  s.per_task = MAX (4096 / s.length, s.inner > 1 ? MIN (64, s.inner) : 1);
  tap_pool_run (run->pool, (int) ((s.n + s.per_task - 1) / s.per_task), softmax_task, &s);
  return TRUE;
}

static gboolean
softmax_forward (const TapCpuRun *run, GError **error)
{
  return softmax (run, FALSE, FALSE);
}

static gboolean
softmax_backward (const TapCpuRun *run, GError **error)
{
  return softmax (run, FALSE, TRUE);
}

static gboolean
log_softmax_forward (const TapCpuRun *run, GError **error)
{
  return softmax (run, TRUE, FALSE);
}

static gboolean
log_softmax_backward (const TapCpuRun *run, GError **error)
{
  return softmax (run, TRUE, TRUE);
}

static guint
softmax_needs (const TapNode *node, guint wanted)
{
  return TAP_CPU_OUTPUT (0);
}

const TapCpuKernel tap_cpu_softmax = {
  .op = "Softmax",
  .flags = TAP_CPU_IN_PLACE | TAP_CPU_BACK_IN_PLACE,
  .forward = softmax_forward,
  .backward = softmax_backward,
  .needs = softmax_needs,
};

const TapCpuKernel tap_cpu_log_softmax = {
  .op = "LogSoftmax",
  .flags = TAP_CPU_IN_PLACE | TAP_CPU_BACK_IN_PLACE,
  .forward = log_softmax_forward,
  .backward = log_softmax_backward,
  .needs = softmax_needs,
};
