/* choose.c - ArgMax, ArgMin, TopK: the largest and smallest along an axis
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include "engine/cpu/tap-cpu.h"

typedef struct
{
  const TapCpuArray *x;
  gsize outer, length, inner;
  gboolean largest;
} Choice;

static void
describe (const TapCpuRun *run, gint64 fallback, Choice *c)
{
  const TapShape *x = &run->inputs[0].shape;
  int axis = tap_cpu_axis (tap_attrs_get_int (run->node->attrs, "axis", fallback), x->n_dims);

  c->x = &run->inputs[0];
  c->outer = (gsize) tap_shape_product (x, 0, axis);
  c->length = (gsize) x->dims[axis];
  c->inner = (gsize) tap_shape_product (x, axis + 1, x->n_dims);
}

static double
value (const Choice *c, gsize at)
{
  return c->x->dtype == TAP_DTYPE_I64 ? (double) tap_cpu_i64 (c->x)[at] :
                                        (double) tap_cpu_f32 (c->x)[at];
}

/* NaN is larger than anything. */
static gboolean
better (const Choice *c, double a, double b)
{
  if (isnan (a) || isnan (b))
    return c->largest ? isnan (a) && !isnan (b) : !isnan (a) && isnan (b);
  return c->largest ? a > b : a < b;
}

static gboolean
arg_forward (const TapCpuRun *run, gboolean largest)
{
  gboolean last = tap_attrs_get_int (run->node->attrs, "select_last_index", 0) != 0;
  gint64 *y = tap_cpu_i64 (&run->outputs[0]);
  Choice c = { .largest = largest };

  describe (run, 0, &c);
  for (gsize o = 0; o < c.outer; o++)
    for (gsize i = 0; i < c.inner; i++)
      {
        gsize start = o * c.length * c.inner + i, best = 0;

        for (gsize k = 1; k < c.length; k++)
          {
            double a = value (&c, start + k * c.inner), b = value (&c, start + best * c.inner);

            if (better (&c, a, b) || (last && a == b))
              best = k;
          }
        y[o * c.inner + i] = (gint64) best;
      }
  return TRUE;
}

static gboolean
arg_max_forward (const TapCpuRun *run, GError **error)
{
  return arg_forward (run, TRUE);
}

static gboolean
arg_min_forward (const TapCpuRun *run, GError **error)
{
  return arg_forward (run, FALSE);
}

/* How many are chosen: either output may be left out. */
static gsize
count_chosen (const TapCpuRun *run, const Choice *c)
{
  int output = run->outputs[0].shape.n_dims < 0 ? 1 : 0;

  if (c->length == 0 || c->outer * c->inner == 0)
    return 0;
  return tap_cpu_count (&run->outputs[output].shape) / (c->outer * c->inner);
}

/* The places of the chosen. */
static gsize
topk_saved (const TapCpuRun *run)
{
  Choice c;

  describe (run, -1, &c);
  return run->inputs[0].dtype == TAP_DTYPE_F32 ?
           count_chosen (run, &c) * c.outer * c.inner * sizeof (guint32) :
           0;
}

/* The k best, best first, by repeated search: k is small wherever networks ask for it. Equal values come
 * in the order of their places. */
static gboolean
topk_forward (const TapCpuRun *run, GError **error)
{
  gboolean wants_values = run->outputs[0].data != NULL,
           wants_places = tap_cpu_wants_output (run, 1);
  Choice c = { .largest = tap_attrs_get_int (run->node->attrs, "largest", 1) != 0 };
  guint32 *kept = run->saved;
  gsize k;

  describe (run, -1, &c);
  k = count_chosen (run, &c);
  for (gsize o = 0; o < c.outer; o++)
    for (gsize i = 0; i < c.inner; i++)
      {
        gsize start = o * c.length * c.inner + i, previous = 0;

        for (gsize j = 0; j < k; j++)
          {
            gsize best = c.length, to = (o * k + j) * c.inner + i;

            for (gsize p = 0; p < c.length; p++)
              {
                double a = value (&c, start + p * c.inner);

                /* only what comes after the one before, in the order (value, place) */
                if (j > 0)
                  {
                    double b = value (&c, start + previous * c.inner);

                    if (better (&c, a, b) || (!better (&c, b, a) && p <= previous))
                      continue;
                  }
                if (best == c.length || better (&c, a, value (&c, start + best * c.inner)))
                  best = p;
              }
            previous = best < c.length ? best : previous;
            if (wants_values && c.x->dtype == TAP_DTYPE_I64)
              tap_cpu_i64 (&run->outputs[0])[to] = tap_cpu_i64 (c.x)[start + previous * c.inner];
            else if (wants_values)
              tap_cpu_f32 (&run->outputs[0])[to] = tap_cpu_f32 (c.x)[start + previous * c.inner];
            if (wants_places)
              tap_cpu_i64 (&run->outputs[1])[to] = (gint64) previous;
            if (kept != NULL)
              kept[to] = (guint32) previous;
          }
      }
  return TRUE;
}

static gboolean
topk_backward (const TapCpuRun *run, GError **error)
{
  const float *dy = tap_cpu_f32 (&run->output_grads[0]);
  const guint32 *kept = run->saved;
  float *dx = tap_cpu_f32 (&run->input_grads[0]);
  gsize k;
  Choice c;

  describe (run, -1, &c);
  tap_cpu_zero (run, dx, tap_cpu_count (&run->inputs[0].shape));
  k = count_chosen (run, &c);
  for (gsize o = 0; o < c.outer; o++)
    for (gsize j = 0; j < k * c.inner; j++)
      dx[(o * c.length + kept[o * k * c.inner + j]) * c.inner + j % c.inner] =
        dy[o * k * c.inner + j];
  return TRUE;
}

const TapCpuKernel tap_cpu_arg_max = {
  .op = "ArgMax",
  .types = "*",
  .forward = arg_max_forward,
};

const TapCpuKernel tap_cpu_arg_min = {
  .op = "ArgMin",
  .types = "*",
  .forward = arg_min_forward,
};

const TapCpuKernel tap_cpu_topk = {
  .op = "TopK",
  .types = "*i",
  .forward = topk_forward,
  .backward = topk_backward,
  .saved = topk_saved,
};
