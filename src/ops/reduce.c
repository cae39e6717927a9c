/* reduce.c - ReduceMean and its relatives, ArgMax, ArgMin: many cells to one
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Axes come from the attribute or, in newer opsets, from the second input; without any, all of them are
 * reduced unless “noop_with_empty_axes” says otherwise. */
#include "config.h"

#include "ops/tap-op-private.h"

#include <math.h>

static gboolean
read_axes (const TapShapeContext *ctx, gboolean *reduced, GError **error)
{
  int rank = ctx->inputs[0].n_dims;
  const gint64 *axes;
  gsize n;

  if (!tap_op_get_ints (ctx, "axes", 1, &axes, &n, error))
    return FALSE;
  if (axes != NULL && n > 0)
    return tap_op_axes (axes, n, rank, reduced, error);
  for (int i = 0; i < rank; i++)
    reduced[i] = tap_attrs_get_int (ctx->node->attrs, "noop_with_empty_axes", 0) == 0;
  return TRUE;
}

static void
set_reduced (TapShapeContext *ctx, const gboolean *reduced)
{
  gboolean keep = tap_attrs_get_int (ctx->node->attrs, "keepdims", 1) != 0;
  TapShape out = { 0 };

  for (int i = 0; i < ctx->inputs[0].n_dims; i++)
    if (!reduced[i])
      out.dims[out.n_dims++] = ctx->inputs[0].dims[i];
    else if (keep)
      out.dims[out.n_dims++] = 1;
  ctx->outputs[0] = out;
}

static gboolean
reduce_shape (TapShapeContext *ctx, GError **error)
{
  gboolean reduced[TAP_MAX_DIMS];

  if (!read_axes (ctx, reduced, error))
    return FALSE;
  set_reduced (ctx, reduced);
  return TRUE;
}

static gboolean
arg_shape (TapShapeContext *ctx, GError **error)
{
  gboolean reduced[TAP_MAX_DIMS] = { FALSE };
  gint64 attr;
  int axis;

  if (!tap_op_get_int (ctx, "axis", 0, &attr, error) ||
      !tap_op_axis (attr, ctx->inputs[0].n_dims, &axis, error))
    return FALSE;
  if (ctx->inputs[0].dims[axis] < 1)
    return tap_op_fail (error, "there is nothing to choose from along axis %d", axis);
  reduced[axis] = TRUE;
  set_reduced (ctx, reduced);
  ctx->output_dtypes[0] = TAP_DTYPE_I64;
  return TRUE;
}

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
  REDUCE_NONE,
} Reduction;

static const struct
{
  const char *name;
  Reduction reduction;
} names[] = {
  { "ReduceSum", REDUCE_SUM },        { "ReduceMean", REDUCE_MEAN },
  { "ReduceProd", REDUCE_PROD },      { "ReduceMax", REDUCE_MAX },
  { "ReduceMin", REDUCE_MIN },        { "ReduceL1", REDUCE_L1 },
  { "ReduceL2", REDUCE_L2 },          { "ReduceSumSquare", REDUCE_SUM_SQUARE },
  { "ReduceLogSum", REDUCE_LOG_SUM }, { "ReduceLogSumExp", REDUCE_LOG_SUM_EXP },
};

static double
first_value (Reduction reduction)
{
  switch (reduction)
    {
    case REDUCE_PROD:
      return 1.0;
    case REDUCE_MAX:
      return -HUGE_VAL;
    case REDUCE_MIN:
      return HUGE_VAL;
    default:
      return 0.0;
    }
}

static double
next_value (Reduction reduction, double sum, double x)
{
  switch (reduction)
    {
    case REDUCE_PROD:
      return sum * x;
    case REDUCE_MAX:
      return isnan (x) ? x : MAX (sum, x);
    case REDUCE_MIN:
      return isnan (x) ? x : MIN (sum, x);
    case REDUCE_L1:
      return sum + fabs (x);
    case REDUCE_L2:
    case REDUCE_SUM_SQUARE:
      return sum + x * x;
    case REDUCE_LOG_SUM_EXP:
      return sum + exp (x);
    default:
      return sum + x;
    }
}

static double
last_value (Reduction reduction, double sum, gsize n)
{
  switch (reduction)
    {
    case REDUCE_MEAN:
      return sum / (double) n;
    case REDUCE_L2:
      return sqrt (sum);
    case REDUCE_LOG_SUM:
    case REDUCE_LOG_SUM_EXP:
      return log (sum);
    default:
      return sum;
    }
}

/* Integers count sizes: sums, products, extremes of a few. */
static gboolean
reduce_integers (Reduction reduction, const gint64 *x, gint64 *sum, GError **error)
{
  switch (reduction)
    {
    case REDUCE_SUM:
      *sum = (gint64) ((guint64) *sum + (guint64) *x);
      return TRUE;
    case REDUCE_PROD:
      *sum = (gint64) ((guint64) *sum * (guint64) *x);
      return TRUE;
    case REDUCE_MAX:
      *sum = MAX (*sum, *x);
      return TRUE;
    case REDUCE_MIN:
      *sum = MIN (*sum, *x);
      return TRUE;
    default:
      return tap_op_decline (error, "this reduction of integers is not supported");
    }
}

static gboolean
reduce_fold (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  const TapTensor *in = ctx->constants[0];
  Reduction reduction = REDUCE_NONE;
  gboolean reduced[TAP_MAX_DIMS];
  gint64 strides[TAP_MAX_DIMS], index[TAP_MAX_DIMS] = { 0 };
  TapShape kept = in->shape;
  g_autofree double *sums = NULL;
  TapTensor *out;
  gint64 at = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (names[i].name, ctx->node->op_type))
      reduction = names[i].reduction;
  if (!read_axes (ctx, reduced, error))
    return FALSE;
  out = outputs[0] = tap_fold_new (ctx, 0, error);
  if (out == NULL)
    return FALSE;
  sums = g_try_new (double, MAX (out->count, 1));
  if (sums == NULL)
    return tap_op_decline (error, "there is not enough memory");

  for (int d = 0; d < kept.n_dims; d++)
    kept.dims[d] = reduced[d] ? 1 : kept.dims[d];
  tap_fold_strides (&kept, strides);
  for (int d = 0; d < kept.n_dims; d++)
    strides[d] = reduced[d] ? 0 : strides[d];
  for (gsize i = 0; i < out->count; i++)
    {
      sums[i] = first_value (reduction);
      if (out->dtype == TAP_DTYPE_I64)
        tap_tensor_i64 (out)[i] = reduction == REDUCE_PROD ? 1 :
                                  reduction == REDUCE_MAX  ? G_MININT64 :
                                  reduction == REDUCE_MIN  ? G_MAXINT64 :
                                                             0;
    }

  for (gsize i = 0; i < in->count; i++)
    {
      if (in->dtype == TAP_DTYPE_F32)
        sums[at] = next_value (reduction, sums[at], tap_tensor_f32 (in)[i]);
      else if (!reduce_integers (reduction, &tap_tensor_i64 (in)[i], &tap_tensor_i64 (out)[at],
                                 error))
        return FALSE;
      for (int d = in->shape.n_dims - 1; d >= 0; d--)
        {
          at += strides[d];
          if (++index[d] < in->shape.dims[d])
            break;
          at -= index[d] * strides[d];
          index[d] = 0;
        }
    }
  for (gsize i = 0; out->dtype == TAP_DTYPE_F32 && i < out->count; i++)
    tap_tensor_f32 (out)[i] = (float) last_value (reduction, sums[i], in->count / out->count);
  return TRUE;
}

#define REDUCE(symbol, op_name, text)                                                              \
  const TapOp tap_op_##symbol = {                                                                  \
    .name = op_name,                                                                               \
    .summary = text,                                                                               \
    .min_inputs = 1,                                                                               \
    .max_inputs = 2,                                                                               \
    .min_outputs = 1,                                                                              \
    .max_outputs = 1,                                                                              \
    .region = TAP_REGION_FULL,                                                                     \
    .shape = reduce_shape,                                                                         \
    .fold = reduce_fold,                                                                           \
  }

REDUCE (reduce_l1, "ReduceL1", N_ ("Sum of absolute values along axes."));
REDUCE (reduce_l2, "ReduceL2", N_ ("Euclidean norm along axes."));
REDUCE (reduce_log_sum, "ReduceLogSum", N_ ("Logarithm of the sum along axes."));
REDUCE (reduce_log_sum_exp,
        "ReduceLogSumExp",
        N_ ("Logarithm of the sum of exponentials along axes."));
REDUCE (reduce_max, "ReduceMax", N_ ("Largest value along axes."));
REDUCE (reduce_mean, "ReduceMean", N_ ("Mean along axes."));
REDUCE (reduce_min, "ReduceMin", N_ ("Smallest value along axes."));
REDUCE (reduce_prod, "ReduceProd", N_ ("Product along axes."));
REDUCE (reduce_sum, "ReduceSum", N_ ("Sum along axes."));
REDUCE (reduce_sum_square, "ReduceSumSquare", N_ ("Sum of squares along axes."));

#define ARG(symbol, op_name, text)                                                                 \
  const TapOp tap_op_##symbol = {                                                                  \
    .name = op_name,                                                                               \
    .summary = text,                                                                               \
    .min_inputs = 1,                                                                               \
    .max_inputs = 1,                                                                               \
    .min_outputs = 1,                                                                              \
    .max_outputs = 1,                                                                              \
    .region = TAP_REGION_FULL,                                                                     \
    .shape = arg_shape,                                                                            \
  }

ARG (arg_max, "ArgMax", N_ ("Where along an axis the largest value is."));
ARG (arg_min, "ArgMin", N_ ("Where along an axis the smallest value is."));
