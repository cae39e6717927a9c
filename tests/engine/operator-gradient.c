/* operator-gradient.c - backward kernels against finite differences of the twins
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * With L = Σ g · f (x), a kernel's answer for cell i is right when it lies between the one-sided
 * differences of L along i, give or take its own rounding. Where f is smooth they agree to 1e-6; at a kink (a
 * rectifier at 0, equal values under a maximum) every number between them is a subgradient, if L is convex:
 * cases at kinks have no negative g.
 *
 * Rounding: the kernel sums the products J[o,i] g[o] over the outputs o that see the cell, in some order, each
 * with a few roundings of J's own: (n + ROUNDINGS) u Σ |J[o,i] g[o]|; and derivatives of normalizations subtract
 * means over cells as large as the largest gradient: ROUNDINGS u max. Those of activations are differences of
 * numbers near 1 (Φ, tanh) even where they are small: 4 u |g|. */

#include "config.h"

#include <math.h>

#include "operator-gradient.h"
#include "operator-run.h"

#define STEP      1e-6
#define ROUNDINGS 24
#define SAMPLES   24

static const struct
{
  const char *op, *why;
} flat[] = {
  { "And", "truth values" },
  { "ArgMax", "places are whole numbers" },
  { "ArgMin", "places are whole numbers" },
  { "Ceil", "steps: the derivative is 0 wherever there is one" },
  { "ConstantOfShape", "depends on no numbers" },
  { "Equal", "truth values" },
  { "Floor", "steps: the derivative is 0 wherever there is one" },
  { "Greater", "truth values" },
  { "GreaterOrEqual", "truth values" },
  { "IsInf", "truth values" },
  { "IsNaN", "truth values" },
  { "Less", "truth values" },
  { "LessOrEqual", "truth values" },
  { "Not", "truth values" },
  { "Or", "truth values" },
  { "Round", "steps: the derivative is 0 wherever there is one" },
  { "Sign", "steps: the derivative is 0 wherever there is one" },
  { "Xor", "truth values" },
};

static const struct
{
  const char *op;
  guint inputs;
} parameters[] = {
  { "ConvInteger", 1u << 1 }, /* weights are whole numbers */
  { "Dropout", 1u << 1 },
  { "Resize", 1u << 1 | 1u << 2 },
  { "Upsample", 1u << 1 },
};

const char *
operator_without_gradient (const char *op)
{
  for (gsize i = 0; i < G_N_ELEMENTS (flat); i++)
    if (g_str_equal (flat[i].op, op))
      return flat[i].why;
  return NULL;
}

guint
operator_parameters (const char *op)
{
  for (gsize i = 0; i < G_N_ELEMENTS (parameters); i++)
    if (g_str_equal (parameters[i].op, op))
      return parameters[i].inputs;
  return 0;
}

typedef struct
{
  const OperatorBench *bench;
  TwinFunc twin;
  TwinArray inputs[16];
  TwinArray outputs[16];    /* at the point itself */
  TapTensor *gradients[16]; /* of L by the outputs */
  guint wanted;
  guint failures; /* before this case */
  OperatorRun forward, backward;
  double tolerance[16]; /* the largest of a cell, per input */
} Check;

/* L along one move of the inputs: from -h, at 0, to +h, and how the outputs moved. */
typedef struct
{
  double before, after; /* one-sided derivatives */
  double magnitude;     /* Σ |J g| */
  double n_terms;
} Slope;

static void
check_clear (Check *check)
{
  for (int i = 0; i < 16; i++)
    {
      twin_array_clear (&check->inputs[i]);
      twin_array_clear (&check->outputs[i]);
      g_clear_pointer (&check->gradients[i], tap_tensor_unref);
    }
  operator_run_clear (&check->forward);
  operator_run_clear (&check->backward);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Check, check_clear)

static gboolean
all_fine (const Check *check)
{
  return operator_failures () == check->failures;
}

static void
evaluate (const Check *check, TwinArray *outputs)
{
  twin_run (check->twin, check->bench->node, check->inputs, check->bench->n_inputs, outputs,
            check->bench->n_outputs);
}

/* @outputs: at -h and +h. */
static Slope
slope_between (const Check *check, TwinArray *low, TwinArray *high)
{
  Slope slope = { 0 };

  for (int o = 0; o < check->bench->n_outputs; o++)
    for (gsize i = 0; check->gradients[o] != NULL && i < low[o].count; i++)
      {
        double g = (double) tap_tensor_f32 (check->gradients[o])[i];
        double down = low[o].cells[i], here = check->outputs[o].cells[i], up = high[o].cells[i];

        if (down == here && up == here)
          continue;
        slope.before += g * (here - down) / STEP;
        slope.after += g * (up - here) / STEP;
        slope.magnitude += fabs (g) * (fabs (up - here) + fabs (here - down)) / (2 * STEP);
        slope.n_terms++;
      }
  return slope;
}

/* Along @direction (per input, or NULL), or cell @cell of input @input when it is NULL. */
static Slope
differentiate (Check *check, double *const *direction, int input, gsize cell)
{
  TwinArray ends[2][16] = { 0 };
  Slope slope;

  for (int side = 0; side < 2; side++)
    {
      double step = side == 0 ? -STEP : STEP;
      double kept = direction == NULL ? check->inputs[input].cells[cell] : 0;

      if (direction == NULL)
        check->inputs[input].cells[cell] += step;
      for (int i = 0; direction != NULL && i < check->bench->n_inputs; i++)
        for (gsize k = 0; direction[i] != NULL && k < check->inputs[i].count; k++)
          check->inputs[i].cells[k] += step * direction[i][k];
      evaluate (check, ends[side]);
      if (direction == NULL)
        check->inputs[input].cells[cell] = kept;
      for (int i = 0; direction != NULL && i < check->bench->n_inputs; i++)
        for (gsize k = 0; direction[i] != NULL && k < check->inputs[i].count; k++)
          check->inputs[i].cells[k] = (double) tap_tensor_f32 (check->bench->inputs[i])[k];
    }
  slope = slope_between (check, ends[0], ends[1]);
  for (int o = 0; o < check->bench->n_outputs; o++)
    {
      twin_array_clear (&ends[0][o]);
      twin_array_clear (&ends[1][o]);
    }
  return slope;
}

static gboolean
between (double found, const Slope *slope, double tolerance)
{
  return found >= MIN (slope->before, slope->after) - tolerance &&
         found <= MAX (slope->before, slope->after) + tolerance;
}

/* Differences of numbers of this size lose this much by their own rounding, in double. */
static double
difference_error (const Check *check)
{
  double size = 0;

  for (int o = 0; o < check->bench->n_outputs; o++)
    for (gsize i = 0; check->gradients[o] != NULL && i < check->outputs[o].count; i++)
      size = MAX (size, fabs (check->outputs[o].cells[i]));
  return 64 * size * 1.1e-16 / STEP;
}

static void
check_cells (Check *check, int input, GRand *rand, double *largest)
{
  const float *found = tap_cpu_f32 (&check->backward.arrays[input]);
  gsize count = check->inputs[input].count;
  gsize n = (check->bench->item->flags & CASE_SAMPLED) ? MIN (SAMPLES, count) : count;
  g_autofree Slope *slopes = g_new (Slope, n + 1);
  g_autofree gsize *cells = g_new (gsize, n + 1);
  double top = 0, rest = difference_error (check);
  gsize kinks = 0;

  for (gsize i = 0; i < n; i++)
    {
      cells[i] = n == count ? i : (gsize) g_rand_int_range (rand, 0, (gint32) count);
      slopes[i] = differentiate (check, NULL, input, cells[i]);
      top = MAX (top, slopes[i].magnitude);
    }
  *largest = MAX (*largest, top);
  for (gsize i = 0; i < n; i++)
    {
      double tolerance = (slopes[i].n_terms + ROUNDINGS) * TWIN_UNIT * slopes[i].magnitude +
                         ROUNDINGS * TWIN_UNIT * top + 4 * TWIN_UNIT +
                         rest * (1 + slopes[i].n_terms);

      check->tolerance[input] = MAX (check->tolerance[input], tolerance);
      if (isnan (slopes[i].before + slopes[i].after))
        continue; /* a power of a negative number, by its exponent */
      kinks += fabs (slopes[i].after - slopes[i].before) > 1e-3 * top;
      if (!between ((double) found[cells[i]], &slopes[i], tolerance))
        {
          operator_fail (check->bench,
                         "gradient of input %d, cell %" G_GSIZE_FORMAT
                         ": %.9g, expected %.9g to %.9g ± %.2g",
                         input, cells[i], (double) found[cells[i]], slopes[i].before,
                         slopes[i].after, tolerance);
          return;
        }
    }
  if (kinks > n / 5 + 1 && !(check->bench->item->flags & CASE_KINKS))
    operator_fail (check->bench, "%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " cells lie at kinks",
                   kinks, n);
}

/* ⟨g, J v⟩ = ⟨Jᵀ g, v⟩ for a v of ±1 over all inputs together. */
static void
check_direction (Check *check, GRand *rand, double largest)
{
  double *direction[16] = { NULL }, product = 0, tolerance;
  gsize n = 0;
  Slope slope;

  for (int i = 0; i < check->bench->n_inputs; i++)
    {
      if (!(check->wanted & 1u << i))
        continue;
      direction[i] = g_new (double, check->inputs[i].count + 1);
      for (gsize k = 0; k < check->inputs[i].count; k++)
        {
          direction[i][k] = g_rand_boolean (rand) ? 1 : -1;
          product += direction[i][k] * (double) tap_cpu_f32 (&check->backward.arrays[i])[k];
        }
      n += check->inputs[i].count;
    }
  slope = differentiate (check, direction, 0, 0);
  tolerance = (slope.n_terms + ROUNDINGS) * TWIN_UNIT * slope.magnitude +
              (ROUNDINGS * largest + 4) * TWIN_UNIT * (double) n +
              difference_error (check) * (1 + slope.n_terms);
  if (!isnan (slope.before + slope.after) && !between (product, &slope, tolerance))
    operator_fail (check->bench, "⟨Jᵀg, v⟩ is %.9g, ⟨g, Jv⟩ %.9g to %.9g ± %.2g", product,
                   slope.before, slope.after, tolerance);
  for (int i = 0; i < check->bench->n_inputs; i++)
    g_free (direction[i]);
}

static gboolean
run_backward (const Check *check, OperatorRun *run, const BackwardOptions *options)
{
  BackwardOptions all = *options;

  all.gradients = check->gradients;
  return operator_run_backward (run, check->bench, &check->forward, &all);
}

static void
check_same (const Check *check, const OperatorRun *run, guint wanted, const char *what)
{
  for (int i = 0; i < check->bench->n_inputs; i++)
    if ((wanted & 1u << i) && !operator_run_equal (run, &check->backward, i))
      operator_fail (check->bench, "the gradient of input %d has other bits %s", i, what);
}

/* Alone, a gradient may come from another algorithm. */
static void
check_alone (const Check *check, int input)
{
  g_auto (OperatorRun) run = { 0 };
  const float *whole = tap_cpu_f32 (&check->backward.arrays[input]);

  if (!run_backward (check, &run, &(BackwardOptions){ .n_threads = 2, .wanted = 1u << input }))
    return;
  for (gsize k = 0; k < check->inputs[input].count; k++)
    {
      float found = tap_cpu_f32 (&run.arrays[input])[k];

      if (found == whole[k] || (isnan (found) && isnan (whole[k])) ||
          fabs ((double) found - (double) whole[k]) <= 2 * check->tolerance[input])
        continue;
      operator_fail (check->bench,
                     "gradient of input %d alone, cell %" G_GSIZE_FORMAT ": %.9g instead of %.9g",
                     input, k, (double) found, (double) whole[k]);
      return;
    }
}

/* The gradient of input 0, added to what flows in from elsewhere; also in that memory. */
static void
check_adding (const Check *check, GRand *rand)
{
  g_auto (OperatorRun) run = { 0 };
  g_autofree float *residual = g_new (float, check->inputs[0].count + 1);

  for (gsize k = 0; k < check->inputs[0].count; k++)
    residual[k] = (float) g_rand_double_range (rand, -1, 1);
  if (!run_backward (
        check, &run,
        &(BackwardOptions){ .n_threads = 2, .wanted = check->wanted, .residual = residual }))
    return;
  for (gsize k = 0; k < check->inputs[0].count; k++)
    {
      double sum = (double) tap_cpu_f32 (&check->backward.arrays[0])[k] + (double) residual[k];
      double found = (double) tap_cpu_f32 (&run.arrays[0])[k];

      if (fabs (found - sum) <= 2 * check->tolerance[0] + 2 * TWIN_UNIT * (fabs (sum) + 1))
        continue;
      operator_fail (check->bench, "gradient added, cell %" G_GSIZE_FORMAT ": %.9g instead of %.9g",
                     k, found, sum);
      return;
    }
}

/* Threads and writing over the output's gradient change no bit. */
static void
check_variants (const Check *check, GRand *rand)
{
  const TapCpuKernel *kernel = tap_cpu_find (check->bench->node->op->name);
  gboolean passed = (kernel->flags & TAP_CPU_BACK_PASSES) != 0;

  for (int n_threads = 1; n_threads <= 3; n_threads++)
    {
      g_auto (OperatorRun) run = { 0 };
      gboolean in_place = n_threads == 2 && (kernel->flags & TAP_CPU_BACK_IN_PLACE) && !passed &&
                          (check->wanted & 1) && check->gradients[0] != NULL &&
                          tap_shape_equal (&check->inputs[0].shape, &check->outputs[0].shape);

      if (run_backward (check, &run,
                        &(BackwardOptions){
                          .n_threads = n_threads,
                          .wanted = check->wanted,
                          .in_place = in_place,
                        }))
        check_same (check, &run, check->wanted,
                    in_place ? "when written over the output's" : "on another number of threads");
    }
  for (int i = 0; i < check->bench->n_inputs; i++)
    if (check->wanted & 1u << i)
      check_alone (check, i);
  if ((kernel->flags & TAP_CPU_BACK_ADDS) && (check->wanted & 1) && !passed)
    check_adding (check, rand);
}

/* Which outputs carry a gradient: those of @mask, of numbers. FALSE: none. */
static gboolean
set_gradients (Check *check, guint mask, GRand *rand)
{
  gboolean any = FALSE;

  for (int o = 0; o < check->bench->n_outputs; o++)
    {
      g_clear_pointer (&check->gradients[o], tap_tensor_unref);
      if (!(mask & 1u << o) || check->outputs[o].dtype != TAP_DTYPE_F32)
        continue;
      check->gradients[o] = tap_tensor_new (TAP_DTYPE_F32, &check->outputs[o].shape, NULL);
      for (gsize i = 0; i < check->gradients[o]->count; i++)
        tap_tensor_f32 (check->gradients[o])[i] =
          (float) g_rand_double_range (rand, (check->bench->item->flags & CASE_KINKS) ? 0 : -1, 1);
      any = TRUE;
    }
  return any;
}

static void
check_outputs (Check *check, guint mask, GRand *rand)
{
  double largest = 0;

  if (!set_gradients (check, mask, rand))
    return;
  operator_run_clear (&check->backward);
  if (!run_backward (check, &check->backward, &(BackwardOptions){ .wanted = check->wanted }))
    return;
  for (int i = 0; i < check->bench->n_inputs && all_fine (check); i++)
    if (check->wanted & 1u << i)
      check_cells (check, i, rand, &largest);
  if (all_fine (check))
    check_direction (check, rand, largest);
  if (all_fine (check))
    check_variants (check, rand);
}

void
operator_check_gradient (const OperatorBench *bench, TwinFunc twin)
{
  g_auto (Check) check = { .bench = bench, .twin = twin, .failures = operator_failures () };
  g_autofree char *line = operator_case_describe (bench->item);
  g_autoptr (GRand) rand = g_rand_new_with_seed (g_str_hash (line) + 1);
  guint out_of = operator_parameters (bench->item->op);

  for (int i = 0; i < bench->n_inputs; i++)
    {
      check.inputs[i] = twin_array_new (bench->inputs[i]);
      if (bench->inputs[i] != NULL && bench->inputs[i]->dtype == TAP_DTYPE_F32 &&
          !(out_of & 1u << i))
        check.wanted |= 1u << i;
    }
  if (check.wanted == 0)
    return;
  evaluate (&check, check.outputs);
  if (!operator_run_forward (&check.forward, bench,
                             &(ForwardOptions){ .n_threads = 2, .for_backward = TRUE }))
    return;
  check_outputs (&check, ~0u, rand);
  for (int o = 0; o < bench->n_outputs && bench->n_outputs > 1 && all_fine (&check); o++)
    check_outputs (&check, 1u << o, rand);
}
