/* softmax.c - scores to probabilities
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include "engine/cpu/tap-cpu.h"

typedef struct
{
  const TapCpuRun *run;
  gboolean log;
  gsize length, inner; /* numbers per distribution; distance between its neighbours */
  gsize per_task, n;
} Softmax;

/* Everything is exact to the last bit whatever the stride: scalars through the same functions. */
static void
distribution (const Softmax *s, const float *x, float *y)
{
  const TapSimd *simd = s->run->simd;
  gsize step = s->inner;
  float max = -INFINITY, sum = 0;

  if (step == 1)
    max = simd->max (x, s->length);
  else
    for (gsize i = 0; i < s->length; i++)
      max = x[i * step] > max || x[i * step] != x[i * step] ? x[i * step] : max;
  /* A row of -∞ only would give NaN; treat it as equal scores. */
  if (max == -INFINITY)
    max = 0;

  if (step == 1)
    {
      simd->binary (TAP_BINARY_SUB, y, x, 1, &max, 0, s->length);
      if (!s->log)
        {
          simd->unary (TAP_UNARY_EXP, y, y, s->length, 0, 0);
          sum = simd->sum (y, s->length);
          simd->binary (TAP_BINARY_DIV, y, y, 1, &sum, 0, s->length);
          return;
        }
    }
  else
    for (gsize i = 0; i < s->length; i++)
      y[i * step] = x[i * step] - max;

  for (gsize i = 0; i < s->length; i++)
    {
      float e;

      simd->unary (TAP_UNARY_EXP, &e, &y[i * step], 1, 0, 0);
      sum += e;
      if (!s->log)
        y[i * step] = e;
    }
  if (s->log)
    simd->unary (TAP_UNARY_LOG, &sum, &sum, 1, 0, 0);
  for (gsize i = 0; i < s->length; i++)
    y[i * step] = s->log ? y[i * step] - sum : y[i * step] / sum;
}

static void
softmax_task (gpointer user_data, int task, int worker)
{
  const Softmax *s = user_data;
  gsize first = (gsize) task * s->per_task, last = MIN (first + s->per_task, s->n);

  for (gsize i = first; i < last; i++)
    {
      gsize offset = i / s->inner * s->inner * s->length + i % s->inner;

      distribution (s, tap_cpu_f32 (&s->run->inputs[0]) + offset,
                    tap_cpu_f32 (&s->run->outputs[0]) + offset);
    }
}

/* Up to opset 12 everything from the axis on is one distribution; since, only the axis itself. */
static gboolean
softmax (const TapCpuRun *run, gboolean log)
{
  const TapShape *x = &run->inputs[0].shape;
  gboolean flattens = run->node->opset > 0 && run->node->opset < 13;
  int axis =
    tap_cpu_axis (tap_attrs_get_int (run->node->attrs, "axis", flattens ? 1 : -1), x->n_dims);
  Softmax s = { .run = run, .log = log };

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
  s.per_task = MAX (4096 / s.length, 1);
  tap_pool_run (run->pool, (int) ((s.n + s.per_task - 1) / s.per_task), softmax_task, &s);
  return TRUE;
}

static gboolean
softmax_forward (const TapCpuRun *run, GError **error)
{
  return softmax (run, FALSE);
}

static gboolean
log_softmax_forward (const TapCpuRun *run, GError **error)
{
  return softmax (run, TRUE);
}

const TapCpuKernel tap_cpu_softmax = {
  .op = "Softmax",
  .flags = TAP_CPU_IN_PLACE,
  .forward = softmax_forward,
};

const TapCpuKernel tap_cpu_log_softmax = {
  .op = "LogSoftmax",
  .flags = TAP_CPU_IN_PLACE,
  .forward = log_softmax_forward,
};
