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

/* Where the extreme was, the first of equal ones; a NaN that wins is one. */
static gsize
find_extreme (const Reduce *r, const float *x, float extreme)
{
  for (gsize i = 0; i < r->length; i++)
    {
      float v = x[walk (i, r->n_reduced, r->dims, r->strides)];

      if (v == extreme || (isnan (v) && isnan (extreme)))
        return i;
    }
  return 0;
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
        {
          const float *x = tap_cpu_f32 (&r->run->inputs[0]) + offset;
          float y = reduce_floats (r, x);

          tap_cpu_f32 (&r->run->outputs[0])[i] = y;
          if (r->run->saved != NULL)
            ((guint32 *) r->run->saved)[i] = (guint32) find_extreme (r, x, y);
        }
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

/* The product of all others. */
static double
product_without (const Reduce *r, const float *x, gsize but)
{
  double product = 1;

  for (gsize i = 0; i < r->length; i++)
    if (i != but)
      product *= (double) x[walk (i, r->n_reduced, r->dims, r->strides)];
  return product;
}

/* ∂y/∂x at the reduced cell @i, whose number is @v; @sum and @max as whole_of() found them. At the kink of
 * a norm it is 0, and NaN stays. */
static double
slope (const Reduce *r, const float *x, gsize i, double v, double sum, double max)
{
  switch (r->kind)
    {
    case REDUCE_MEAN:
      return 1 / (double) r->length;
    case REDUCE_PROD:
      return v != 0 ? sum / v : product_without (r, x, i);
    case REDUCE_L1:
      return v > 0 ? 1 : v < 0 ? -1 : v;
    case REDUCE_L2:
      return sum > 0 ? v / sqrt (sum) : sum;
    case REDUCE_SUM_SQUARE:
      return 2 * v;
    case REDUCE_LOG_SUM:
      return 1 / sum;
    case REDUCE_LOG_SUM_EXP:
      return exp (v - max) / sum;
    default:
      return 1;
    }
}

/* What slope() wants to know of all cells together. */
static double
whole_of (const Reduce *r, const float *x, double *max)
{
  double sum = r->kind == REDUCE_PROD ? 1 : 0;

  *max = -INFINITY;
  for (gsize i = 0; r->kind == REDUCE_LOG_SUM_EXP && i < r->length; i++)
    *max = MAX (*max, (double) x[walk (i, r->n_reduced, r->dims, r->strides)]);
  if (!isfinite (*max))
    *max = 0;
  for (gsize i = 0; i < r->length; i++)
    {
      double v = (double) x[walk (i, r->n_reduced, r->dims, r->strides)];

      sum = r->kind == REDUCE_PROD ? sum * v :
            r->kind == REDUCE_L2   ? sum + v * v :
                                     sum + (r->kind == REDUCE_LOG_SUM_EXP ? exp (v - *max) : v);
    }
  return sum;
}

static gboolean
reads_input (Reduction kind)
{
  return kind != REDUCE_SUM && kind != REDUCE_MEAN && kind != REDUCE_MAX && kind != REDUCE_MIN;
}

static void
back_task (gpointer user_data, int task, int worker)
{
  const Reduce *r = user_data;
  gsize first = (gsize) task * r->per_task, last = MIN (first + r->per_task, r->n);
  gboolean extreme = r->kind == REDUCE_MAX || r->kind == REDUCE_MIN;

  for (gsize o = first; o < last; o++)
    {
      gsize offset = walk (o, r->n_kept, r->kept_dims, r->kept_strides);
      const float *x = reads_input (r->kind) ? tap_cpu_f32 (&r->run->inputs[0]) + offset : NULL;
      float *dx = tap_cpu_f32 (&r->run->input_grads[0]) + offset;
      double dy = (double) tap_cpu_f32 (&r->run->output_grads[0])[o], max = 0;
      double sum = x != NULL ? whole_of (r, x, &max) : 0;

      for (gsize i = 0; i < r->length; i++)
        {
          gsize at = walk (i, r->n_reduced, r->dims, r->strides);

          if (extreme)
            dx[at] = i == ((const guint32 *) r->run->saved)[o] ? (float) dy : 0;
          else
            dx[at] = (float) (dy * slope (r, x, i, x != NULL ? (double) x[at] : 0, sum, max));
        }
    }
}

/* Cells of the input by the output cell that they are reduced to. FALSE: there are none. */
static gboolean
sort_axes (const TapCpuRun *run, Reduction kind, Reduce *r)
{
  const TapShape *x = &run->inputs[0].shape;
  gboolean reduced[TAP_MAX_DIMS];
  gint64 strides[TAP_MAX_DIMS];

  *r = (Reduce){ .run = run, .kind = kind, .dense = TRUE, .n = 1, .length = 1 };
  read_axes (run, reduced);
  tap_cpu_dense_strides (x, strides);
  for (int d = 0; d < x->n_dims; d++)
    if (reduced[d])
      {
        r->dims[r->n_reduced] = x->dims[d];
        r->strides[r->n_reduced++] = strides[d];
        r->length *= (gsize) x->dims[d];
      }
    else
      {
        if (r->n_reduced > 0 && x->dims[d] != 1)
          r->dense = FALSE;
        r->kept_dims[r->n_kept] = x->dims[d];
        r->kept_strides[r->n_kept++] = strides[d];
        r->n *= (gsize) x->dims[d];
      }
  r->per_task = MAX (8192 / MAX (r->length, 1), 1);
  return r->n > 0;
}

static gboolean
reduce (const TapCpuRun *run, Reduction kind)
{
  Reduce r;

  if (sort_axes (run, kind, &r))
    tap_pool_run (run->pool, (int) ((r.n + r.per_task - 1) / r.per_task), reduce_task, &r);
  return TRUE;
}

static gboolean
reduce_back (const TapCpuRun *run, Reduction kind)
{
  Reduce r;

  if (sort_axes (run, kind, &r))
    tap_pool_run (run->pool, (int) ((r.n + r.per_task - 1) / r.per_task), back_task, &r);
  return TRUE;
}

/* Which cell was the extreme, per output cell. */
static gsize
extreme_saved (const TapCpuRun *run)
{
  return run->inputs[0].dtype == TAP_DTYPE_F32 ?
           tap_cpu_count (&run->outputs[0].shape) * sizeof (guint32) :
           0;
}

static guint
needs_input (const TapNode *node, guint wanted)
{
  return TAP_CPU_INPUT (0);
}

#define REDUCE(id, type, kind, needs_func, saved_func)                                             \
  static gboolean id##_forward (const TapCpuRun *run, GError **error)                              \
  {                                                                                                \
    return reduce (run, kind);                                                                     \
  }                                                                                                \
  static gboolean id##_backward (const TapCpuRun *run, GError **error)                             \
  {                                                                                                \
    return reduce_back (run, kind);                                                                \
  }                                                                                                \
  const TapCpuKernel tap_cpu_##id = {                                                              \
    .op = type,                                                                                    \
    .types = "*i",                                                                                 \
    .forward = id##_forward,                                                                       \
    .backward = id##_backward,                                                                     \
    .needs = needs_func,                                                                           \
    .saved = saved_func,                                                                           \
  };

REDUCE (reduce_l1, "ReduceL1", REDUCE_L1, needs_input, NULL)
REDUCE (reduce_l2, "ReduceL2", REDUCE_L2, needs_input, NULL)
REDUCE (reduce_log_sum, "ReduceLogSum", REDUCE_LOG_SUM, needs_input, NULL)
REDUCE (reduce_log_sum_exp, "ReduceLogSumExp", REDUCE_LOG_SUM_EXP, needs_input, NULL)
REDUCE (reduce_max, "ReduceMax", REDUCE_MAX, NULL, extreme_saved)
REDUCE (reduce_mean, "ReduceMean", REDUCE_MEAN, NULL, NULL)
REDUCE (reduce_min, "ReduceMin", REDUCE_MIN, NULL, extreme_saved)
REDUCE (reduce_prod, "ReduceProd", REDUCE_PROD, needs_input, NULL)
REDUCE (reduce_sum, "ReduceSum", REDUCE_SUM, NULL, NULL)
REDUCE (reduce_sum_square, "ReduceSumSquare", REDUCE_SUM_SQUARE, needs_input, NULL)
