/* reduce.c - sums, means, extremes along axes
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The common case, a mean over the last dimensions (global pooling in another name), is a run of
 * neighbouring numbers and goes to the vector sum; anything else walks by strides. */

#include "config.h"

#include <math.h>

#include "core/tap-error.h"
#include "engine/cpu/tap-cpu.h"

typedef enum
{
  REDUCE_SUM,
  REDUCE_MEAN,
  REDUCE_PROD,
  REDUCE_MAX,
  REDUCE_MIN,
  REDUCE_L1,
  REDUCE_L2,
  REDUCE_SUM_SQUARE,
  REDUCE_LOG_SUM,
  REDUCE_LOG_SUM_EXP,
} Reduction;

typedef struct
{
  const TapCpuRun *run;
  Reduction kind;
  gboolean dense; /* the reduced numbers lie side by side */
  int n_kept, n_reduced;
  gint64 kept_dims[TAP_MAX_DIMS], kept_strides[TAP_MAX_DIMS];
  gint64 dims[TAP_MAX_DIMS], strides[TAP_MAX_DIMS];
  gsize n, length, per_task;
} Reduce;

static gsize
walk (gsize index, int n, const gint64 *dims, const gint64 *strides)
{
  gint64 offset = 0;

  for (int d = n - 1; d >= 0; d--)
    {
      offset += (gint64) (index % (gsize) dims[d]) * strides[d];
      index /= (gsize) dims[d];
    }
  return (gsize) offset;
}

static float
reduce_floats (const Reduce *r, const float *x)
{
  const TapSimd *simd = r->run->simd;
  double sum = r->kind == REDUCE_PROD ? 1 :
               r->kind == REDUCE_MAX  ? -INFINITY :
               r->kind == REDUCE_MIN  ? INFINITY :
                                        0;
  double max = -INFINITY;

  if (r->dense && (r->kind == REDUCE_SUM || r->kind == REDUCE_MEAN))
    {
      float total = simd->sum (x, r->length);

      return r->kind == REDUCE_MEAN ? total / (float) r->length : total;
    }
  if (r->kind == REDUCE_LOG_SUM_EXP)
    {
      for (gsize i = 0; i < r->length; i++)
        max = MAX (max, (double) x[walk (i, r->n_reduced, r->dims, r->strides)]);
      if (!isfinite (max))
        max = 0;
    }
  for (gsize i = 0; i < r->length; i++)
    {
      double v = (double) x[walk (i, r->n_reduced, r->dims, r->strides)];

      switch (r->kind)
        {
        case REDUCE_PROD:
          sum *= v;
          break;
        case REDUCE_MAX:
          sum = v > sum || isnan (v) ? v : sum;
          break;
        case REDUCE_MIN:
          sum = v < sum || isnan (v) ? v : sum;
          break;
        case REDUCE_L1:
          sum += fabs (v);
          break;
        case REDUCE_L2:
        case REDUCE_SUM_SQUARE:
          sum += v * v;
          break;
        case REDUCE_LOG_SUM_EXP:
          sum += exp (v - max);
          break;
        default:
          sum += v;
        }
    }
  switch (r->kind)
    {
    case REDUCE_MEAN:
      return (float) (sum / (double) r->length);
    case REDUCE_L2:
      return (float) sqrt (sum);
    case REDUCE_LOG_SUM:
      return (float) log (sum);
    case REDUCE_LOG_SUM_EXP:
      return (float) (log (sum) + max);
    default:
      return (float) sum;
    }
}

static gint64
reduce_integers (const Reduce *r, const gint64 *x)
{
  guint64 sum = r->kind == REDUCE_PROD ? 1 : 0;
  gint64 extreme = r->kind == REDUCE_MAX ? G_MININT64 : G_MAXINT64;

  for (gsize i = 0; i < r->length; i++)
    {
      gint64 v = x[walk (i, r->n_reduced, r->dims, r->strides)];

      if (r->kind == REDUCE_PROD)
        sum *= (guint64) v;
      else if (r->kind == REDUCE_MAX)
        extreme = MAX (extreme, v);
      else if (r->kind == REDUCE_MIN)
        extreme = MIN (extreme, v);
      else if (r->kind == REDUCE_L1)
        sum += v < 0 ? 0 - (guint64) v : (guint64) v;
      else if (r->kind == REDUCE_SUM_SQUARE)
        sum += (guint64) v * (guint64) v;
      else
        sum += (guint64) v;
    }
  if (r->kind == REDUCE_MAX || r->kind == REDUCE_MIN)
    return extreme;
  return r->kind == REDUCE_MEAN && r->length > 0 ? (gint64) sum / (gint64) r->length : (gint64) sum;
}

static void
reduce_task (gpointer user_data, int task, int worker)
{
  const Reduce *r = user_data;
  gsize first = (gsize) task * r->per_task, last = MIN (first + r->per_task, r->n);

  for (gsize i = first; i < last; i++)
    {
      gsize offset = walk (i, r->n_kept, r->kept_dims, r->kept_strides);

      if (r->run->inputs[0].dtype == TAP_DTYPE_I64)
        tap_cpu_i64 (&r->run->outputs[0])[i] =
          reduce_integers (r, tap_cpu_i64 (&r->run->inputs[0]) + offset);
      else
        tap_cpu_f32 (&r->run->outputs[0])[i] =
          reduce_floats (r, tap_cpu_f32 (&r->run->inputs[0]) + offset);
    }
}

/* Axes by attribute or by the second input; without any, all are reduced. */
static void
read_axes (const TapCpuRun *run, gboolean *reduced)
{
  int rank = run->inputs[0].shape.n_dims;
  const gint64 *axes = NULL;
  gsize n = 0;

  if (!tap_cpu_ints (run, 1, "axes", &axes, &n))
    n = 0;
  for (int d = 0; d < rank; d++)
    reduced[d] = n == 0 && tap_attrs_get_int (run->node->attrs, "noop_with_empty_axes", 0) == 0;
  for (gsize i = 0; i < n; i++)
    reduced[tap_cpu_axis (axes[i], rank)] = TRUE;
}

static gboolean
reduce (const TapCpuRun *run, Reduction kind)
{
  const TapShape *x = &run->inputs[0].shape;
  Reduce r = { .run = run, .kind = kind, .dense = TRUE, .n = 1, .length = 1 };
  gboolean reduced[TAP_MAX_DIMS];
  gint64 strides[TAP_MAX_DIMS];

  read_axes (run, reduced);
  tap_cpu_dense_strides (x, strides);
  for (int d = 0; d < x->n_dims; d++)
    if (reduced[d])
      {
        r.dims[r.n_reduced] = x->dims[d];
        r.strides[r.n_reduced++] = strides[d];
        r.length *= (gsize) x->dims[d];
      }
    else
      {
        if (r.n_reduced > 0 && x->dims[d] != 1)
          r.dense = FALSE;
        r.kept_dims[r.n_kept] = x->dims[d];
        r.kept_strides[r.n_kept++] = strides[d];
        r.n *= (gsize) x->dims[d];
      }
  if (r.n == 0)
    return TRUE;
  r.per_task = MAX (8192 / MAX (r.length, 1), 1);
  tap_pool_run (run->pool, (int) ((r.n + r.per_task - 1) / r.per_task), reduce_task, &r);
  return TRUE;
}

#define REDUCE(id, type, kind)                                                                     \
  static gboolean id##_forward (const TapCpuRun *run, GError **error)                              \
  {                                                                                                \
    return reduce (run, kind);                                                                     \
  }                                                                                                \
  const TapCpuKernel tap_cpu_##id = {                                                              \
    .op = type,                                                                                    \
    .types = "*i",                                                                                 \
    .forward = id##_forward,                                                                       \
  };

REDUCE (reduce_l1, "ReduceL1", REDUCE_L1)
REDUCE (reduce_l2, "ReduceL2", REDUCE_L2)
REDUCE (reduce_log_sum, "ReduceLogSum", REDUCE_LOG_SUM)
REDUCE (reduce_log_sum_exp, "ReduceLogSumExp", REDUCE_LOG_SUM_EXP)
REDUCE (reduce_max, "ReduceMax", REDUCE_MAX)
REDUCE (reduce_mean, "ReduceMean", REDUCE_MEAN)
REDUCE (reduce_min, "ReduceMin", REDUCE_MIN)
REDUCE (reduce_prod, "ReduceProd", REDUCE_PROD)
REDUCE (reduce_sum, "ReduceSum", REDUCE_SUM)
REDUCE (reduce_sum_square, "ReduceSumSquare", REDUCE_SUM_SQUARE)
