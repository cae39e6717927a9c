/* test-plan.c - what a plan promises: nothing is overwritten that is still to be read, and what is joined
 *               or put in place changes no number
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <math.h>

#include "branches.h"
#include "core/tap-error.h"
#include "engine-test.h"
#include "engine/cpu/isa.h"
#include "engine/tap-plan.h"
#include "engine/tap-session-profile.h"
#include "ops/infer.h"
#include "plan-names.h"
#include "random-graph.h"

static TapTaps *
random_taps (const TapGraph *graph, GRand *rand, int one_in)
{
  g_autoptr (GArray) values = random_graph_values (graph);
  TapTaps *taps = tap_taps_new_for (tap_graph_get_output (graph, 0), -1);

  for (guint i = 0; i < values->len; i++)
    if (g_rand_int_range (rand, 0, one_in) == 0)
      tap_taps_add (taps, g_array_index (values, int, i));
  return taps;
}

static void
check_graph (TapGraph *graph, guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (TapPool) pool = tap_pool_new (1);
  TapShape shape = tap_graph_get_value (graph, tap_graph_get_input (graph, 0))->shape;

  for (gint64 images = 1; images <= 2; images++)
    for (int mode = TAP_PLAN_FORWARD; mode <= TAP_PLAN_WEIGHTS; mode++)
      for (int one_in = 2; one_in <= 10; one_in += 8)
        {
          g_autoptr (TapTaps) taps = random_taps (graph, rand, one_in);
          g_autoptr (GError) error = NULL;
          g_autoptr (TapPlan) plan = NULL;

          shape.dims[0] = images;
          plan = tap_plan_new (graph, &shape, taps, (TapPlanMode) mode, tap_cpu_simd (), pool, 0,
                               &error);
          g_assert_no_error (error);
          plan_names_check (plan);
        }
}

static void
test_memory (void)
{
  g_test_summary ("Whoever reads a value finds what was written to it, in every kind of plan");
  for (guint32 seed = 0; seed < 200; seed++)
    {
      g_autoptr (TapGraph) graph = seed % 20 == 0 ? random_graph_new (seed) : branches_new (seed);

      check_graph (graph, seed);
    }
}

static double
largest (const TapTensor *tensor)
{
  double most = 0;

  for (gsize i = 0; i < tensor->count; i++)
    most = MAX (most, fabs ((double) tap_tensor_f32 ((TapTensor *) tensor)[i]));
  return most;
}

/* Whether the plan for these taps takes scales and shifts of channels into weights. */
static gboolean
folds (TapGraph *graph, const TapShape *shape, const TapTaps *taps, TapPlanMode mode)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TapPool) pool = tap_pool_new (1);
  g_autoptr (TapPlan) plan =
    tap_plan_new (graph, shape, taps, mode, tap_cpu_simd (), pool, 0, &error);

  g_assert_no_error (error);
  for (int s = 0; s < plan->n_steps; s++)
    if (plan->steps[s].affine != NULL)
      return TRUE;
  return FALSE;
}

static void
test_numbers (void)
{
  int n_exact = 0, n_folded = 0;

  g_test_summary (
    "What is joined and put in place changes no bit, however many threads and taps; what is "
    "folded into weights changes how numbers are rounded");
  for (guint32 seed = 0; seed < 150; seed++)
    {
      g_autoptr (TapGraph) graph = seed % 3 == 0 ? random_graph_new (seed) : branches_new (seed);
      g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
      g_autoptr (TapTaps) all = random_taps (graph, rand, 1);
      TapShape shape = tap_graph_get_value (graph, tap_graph_get_input (graph, 0))->shape;
      g_autoptr (TapTensor) picture = NULL;
      g_autoptr (TapTrace) apart = NULL;

      shape.dims[0] = 1 + seed % 2;
      picture = engine_test_random (&shape, seed);
      for (int n = 1; n <= 3; n++)
        {
          g_autoptr (GError) error = NULL;
          g_autoptr (TapSession) session =
            tap_session_new (graph, &(TapSessionOptions){ .n_threads = n }, &error);
          g_autoptr (TapTaps) few = random_taps (graph, rand, 6);
          g_autoptr (TapTrace) joined = NULL;

          if (apart == NULL)
            apart = engine_test_forward (session, picture, all, TAP_RUN_DEFAULT, &error);
          g_assert_no_error (error);
          joined = engine_test_forward (session, picture, few, TAP_RUN_DEFAULT, &error);
          g_assert_no_error (error);
          for (int v = 0; v < tap_graph_n_values (graph); v++)
            if (tap_taps_contains (few, v))
              {
                if (!folds (graph, &shape, few, TAP_PLAN_FORWARD))
                  engine_test_assert_equal_bits (tap_trace_get (joined, v),
                                                 tap_trace_get (apart, v));
                else
                  g_assert_cmpfloat (
                    engine_test_difference (tap_trace_get (joined, v), tap_trace_get (apart, v)),
                    <=, 1e-5 * MAX (largest (tap_trace_get (apart, v)), 1));
              }
          if (folds (graph, &shape, few, TAP_PLAN_FORWARD))
            n_folded++;
          else
            n_exact++;
        }
    }
  /* the graphs are such that both are met */
  g_assert_cmpint (n_exact, >, 200);
  g_assert_cmpint (n_folded, >, 10);
}

/* x → 1×1 → a, b → Concat, as in SqueezeNet; and a sum behind it, as in ResNet. */
static TapGraph *
fire_new (void)
{
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (GArray) channels = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  Branches b = { tap_graph_new ("fire"), rand, values, channels };
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 16, (gint64) 7, (gint64) 7);
  TapAttrs *attrs = tap_attrs_new ();
  int x = tap_graph_value (b.graph, "x"), parts[2], sum[2];

  tap_graph_add_input (b.graph, x, TAP_DTYPE_F32, &shape);
  tap_attrs_set_int (attrs, "axis", 1);
  for (int i = 0; i < 3; i++)
    {
      TapShape w =
        tap_shape_new (4, (gint64) (i < 2 ? 8 : 16), (gint64) 16, (gint64) 1, (gint64) 1);
      g_autofree char *name = g_strdup_printf ("w%d", i);
      g_autoptr (TapTensor) weights = engine_test_random (&w, (guint32) i);
      int inputs[2] = { x, tap_graph_value (b.graph, name) };

      tap_graph_set_constant (b.graph, inputs[1], weights);
      sum[1] = branches_add_node (&b, "Conv", NULL, inputs, 2);
      if (i < 2)
        parts[i] = branches_add_node (&b, "Relu", NULL, &sum[1], 1);
      if (i == 1)
        sum[0] = branches_add_node (&b, "Concat", attrs, parts, 2);
    }
  x = branches_add_node (&b, "Add", NULL, sum, 2);
  return engine_test_finish_graph (b.graph, branches_add_node (&b, "Relu", NULL, &x, 1));
}

static void
test_reuse (void)
{
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (GArray) channels = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autoptr (GError) error = NULL;
  Branches b = { tap_graph_new ("chain"), rand, values, channels };
  g_autoptr (TapGraph) graph = b.graph;
  g_autoptr (TapPool) pool = tap_pool_new (1);
  g_autoptr (TapPlan) plan = NULL;
  g_autoptr (TapTaps) taps = NULL;
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 16, (gint64) 8, (gint64) 8);
  int v = tap_graph_value (graph, "x");

  g_test_summary ("A chain of layers needs the memory of two, whatever its length");
  tap_graph_add_input (graph, v, TAP_DTYPE_F32, &shape);
  for (int i = 0; i < 9; i++)
    {
      TapAttrs *attrs = tap_attrs_new ();

      tap_attrs_set_ints (attrs, "kernel_shape", (gint64[]){ 3, 3 }, 2);
      tap_attrs_set_ints (attrs, "pads", (gint64[]){ 1, 1, 1, 1 }, 4);
      v = branches_add_node (&b, "MaxPool", attrs, &v, 1);
    }
  tap_graph_add_output (graph, v);
  tap_graph_sort (graph, &error);
  g_assert_no_error (error);
  tap_infer_graph (graph, NULL, 0, NULL, &error);
  g_assert_no_error (error);
  taps = tap_taps_new_for (v, -1);
  plan = tap_plan_new (graph, &shape, taps, TAP_PLAN_FORWARD, tap_cpu_simd (), pool, 0, &error);
  g_assert_no_error (error);
  /* the last one is a tensor of its own */
  g_assert_cmpuint (plan->arena_bytes, ==, 2 * 16 * 8 * 8 * 4);
}

static void
test_packing_budget (void)
{
  g_test_summary (
    "Weights that may not be packed are used as they are, and give the same up to rounding");
  for (guint32 seed = 0; seed < 40; seed++)
    {
      g_autoptr (TapGraph) graph = random_graph_new (seed);
      g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
      g_autoptr (TapTaps) taps = random_taps (graph, rand, 3);
      TapShape shape = tap_graph_get_value (graph, tap_graph_get_input (graph, 0))->shape;
      g_autoptr (TapTensor) picture = engine_test_random (&shape, seed);
      g_autoptr (TapTrace) packed = NULL;

      for (guint64 budget = 0; budget <= 1; budget++)
        {
          g_autoptr (GError) error = NULL;
          g_autoptr (TapSession) session = tap_session_new (
            graph, &(TapSessionOptions){ .n_threads = 2, .packing_budget = budget }, &error);
          g_autoptr (TapTrace) trace =
            engine_test_forward (session, picture, taps, TAP_RUN_DEFAULT, &error);

          g_assert_no_error (error);
          if (packed == NULL)
            packed = g_steal_pointer (&trace);
          else
            for (int v = 0; v < tap_graph_n_values (graph); v++)
              if (tap_taps_contains (taps, v))
                g_assert_cmpfloat (
                  engine_test_difference (tap_trace_get (trace, v), tap_trace_get (packed, v)), <,
                  1e-4);
        }
    }
}

static void
test_joined (void)
{
  g_autoptr (TapGraph) graph = fire_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (TapSession) session =
    tap_session_new (graph, &(TapSessionOptions){ .n_threads = 2 }, &error);
  TapShape shape = tap_graph_get_value (graph, tap_graph_get_input (graph, 0))->shape;
  g_autoptr (TapTensor) picture = engine_test_random (&shape, 1);
  g_autoptr (TapProfile) profile = tap_session_profile (session, &picture, 1, 3, NULL, &error);

  g_test_summary ("Activations, sums and Concat cost no step of their own where a convolution is");
  g_assert_no_error (error);
  /* two parts, and the third convolution with the sum and the activation behind it */
  g_assert_cmpint (profile->n_steps, ==, 3);
  g_assert_cmpstr (profile->steps[0].ops, ==, "Conv + Relu");
  g_assert_cmpstr (profile->steps[1].ops, ==, "Conv + Relu");
  g_assert_cmpstr (profile->steps[2].ops, ==, "Conv + Add + Relu");
  /* 2 · 49 cells · 16 inputs · (8 + 8 + 16) outputs, and one addition for each cell of the sum */
  g_assert_cmpfloat_with_epsilon (profile->gflop, 1e-9 * 2 * 49 * 16 * 32, 1e-12);
  for (int s = 0; s < profile->n_steps; s++)
    g_assert_cmpfloat (profile->steps[s].milliseconds, >=, 0);
  /* the whole of the Concat and the sum; nothing else is ever alive */
  g_assert_cmpuint (profile->arena_bytes, ==, 16 * 49 * 4);
}

static void
test_no_steps (void)
{
  static const char *const expected[] = { "Sigmoid", "Add + Relu", "Neg", "Sub", "Mul" };
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autoptr (GError) error = NULL;
  Branches b = { tap_graph_new ("none"), rand, NULL, NULL };
  g_autoptr (TapGraph) graph = b.graph;
  g_autoptr (TapSession) session = NULL;
  g_autoptr (TapProfile) profile = NULL;
  g_autoptr (TapTensor) picture = NULL;
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 4, (gint64) 3, (gint64) 5);
  int x = tap_graph_value (graph, "x"), v, w, parts[2];
  TapAttrs *attrs = tap_attrs_new ();

  g_test_summary ("A clamp after a sum or a Concat, and a Slice of channels, cost no step");
  tap_graph_add_input (graph, x, TAP_DTYPE_F32, &shape);
  v = branches_add_node (&b, "Sigmoid", NULL, &x, 1);
  v = branches_add_node (&b, "Add", NULL, (int[]){ x, v }, 2);
  v = branches_add_node (&b, "Relu", NULL, &v, 1);
  v = branches_add_node (&b, "Slice", NULL,
                         (int[]){ v, branches_add_integer (&b, 1), branches_add_integer (&b, 3),
                                  branches_add_integer (&b, 1) },
                         4);
  w = branches_add_node (&b, "Neg", NULL, &v, 1);
  parts[0] = branches_add_node (&b, "Sub", NULL, (int[]){ v, w }, 2);
  parts[1] = branches_add_node (&b, "Mul", NULL, (int[]){ v, v }, 2);
  tap_attrs_set_int (attrs, "axis", 1);
  v = branches_add_node (&b, "Concat", attrs, parts, 2);
  tap_graph_add_output (graph, branches_add_node (&b, "Relu", NULL, &v, 1));
  tap_graph_sort (graph, &error);
  g_assert_no_error (error);
  tap_infer_graph (graph, NULL, 0, NULL, &error);
  g_assert_no_error (error);
  session = tap_session_new (graph, &(TapSessionOptions){ .n_threads = 1 }, &error);
  picture = engine_test_random (&shape, 1);
  profile = tap_session_profile (session, &picture, 1, 1, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (profile->n_steps, ==, (int) G_N_ELEMENTS (expected));
  for (int s = 0; s < profile->n_steps; s++)
    g_assert_cmpstr (profile->steps[s].ops, ==, expected[s]);
}

/* Branches of 1×1 convolutions with biases, activations and a sum, as in Inception; @x: the picture. */
static TapGraph *
inception_new (GRand *rand, const TapShape *x)
{
  static const int outs[] = { 8, 16, 17, 24, 40, 64, 5 };
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (GArray) channels = g_array_new (FALSE, FALSE, sizeof (int));
  Branches b = { tap_graph_new ("inception"), rand, values, channels };
  TapAttrs *attrs = tap_attrs_new ();
  int input = tap_graph_value (b.graph, "x"), parts[5], n = g_rand_int_range (rand, 2, 6);

  tap_graph_add_input (b.graph, input, TAP_DTYPE_F32, x);
  for (int i = 0; i < n; i++)
    {
      gint64 out = outs[g_rand_int_range (rand, 0, G_N_ELEMENTS (outs))];
      TapShape w = tap_shape_new (4, out, x->dims[1], (gint64) 1, (gint64) 1);
      TapShape bias = tap_shape_new (1, out);
      g_autofree char *name = g_strdup_printf ("w%d", i), *shift = g_strdup_printf ("b%d", i);
      g_autoptr (TapTensor) weights = engine_test_random (&w, g_rand_int (rand));
      g_autoptr (TapTensor) biases = engine_test_random (&bias, g_rand_int (rand));
      int inputs[3] = { input, tap_graph_value (b.graph, name), tap_graph_value (b.graph, shift) };

      tap_graph_set_constant (b.graph, inputs[1], weights);
      tap_graph_set_constant (b.graph, inputs[2], biases);
      parts[i] = branches_add_node (&b, "Conv", NULL, inputs, g_rand_boolean (rand) ? 3 : 2);
      if (out == x->dims[1])
        parts[i] = branches_add_node (&b, "Add", NULL, (int[]){ input, parts[i] }, 2);
      if (g_rand_boolean (rand))
        parts[i] = branches_add_node (&b, "Relu", NULL, &parts[i], 1);
    }
  tap_attrs_set_int (attrs, "axis", 1);
  return engine_test_finish_graph (b.graph, branches_add_node (&b, "Concat", attrs, parts, n));
}

/* Steps that are run in one go with others. */
static int
count_siblings (TapGraph *graph, const TapShape *shape, const TapTaps *taps, TapPlanMode mode)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TapPool) pool = tap_pool_new (1);
  g_autoptr (TapPlan) plan =
    tap_plan_new (graph, shape, taps, mode, tap_cpu_simd (), pool, 0, &error);
  int n = 0;

  g_assert_no_error (error);
  plan_names_check (plan);
  for (int s = 0; s < plan->n_steps; s++)
    if (plan->steps[s].n_siblings > 0)
      n += plan->steps[s].n_siblings + 1;
  return n;
}

static void
test_siblings (void)
{
  int n_joined = 0;

  g_test_summary ("Convolutions of one value in one go give the bits that each gives alone");
  for (guint32 seed = 0; seed < 60; seed++)
    {
      g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
      gint64 side = g_rand_int_range (rand, 1, 30);
      TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) g_rand_int_range (rand, 1, 70), side,
                                      (gint64) g_rand_int_range (rand, 1, 30));
      g_autoptr (TapGraph) graph = inception_new (rand, &shape);
      g_autoptr (TapTaps) taps = random_taps (graph, rand, 4);
      g_autoptr (TapTensor) picture = NULL;
      g_autoptr (TapTrace) alone = NULL;

      shape.dims[0] = 1 + seed % 3;
      picture = engine_test_random (&shape, seed);
      g_assert_cmpint (count_siblings (graph, &shape, taps, TAP_PLAN_PATCH), ==, 0);
      n_joined += count_siblings (graph, &shape, taps, TAP_PLAN_FORWARD);
      for (int n = 1; n <= 3; n++)
        {
          g_autoptr (GError) error = NULL;
          g_autoptr (TapSession) session =
            tap_session_new (graph, &(TapSessionOptions){ .n_threads = n }, &error);
          g_autoptr (TapTrace) together =
            engine_test_forward (session, picture, taps, TAP_RUN_DEFAULT, &error);

          g_assert_no_error (error);
          /* a run for patches does one after the other */
          if (alone == NULL)
            alone = engine_test_forward (session, picture, taps, TAP_RUN_FOR_PATCH, &error);
          g_assert_no_error (error);
          for (int v = 0; v < tap_graph_n_values (graph); v++)
            if (tap_taps_contains (taps, v))
              engine_test_assert_equal_bits (tap_trace_get (together, v), tap_trace_get (alone, v));
        }
    }
  g_assert_cmpint (n_joined, >, 120);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/plan/memory", test_memory);
  g_test_add_func ("/engine/plan/numbers", test_numbers);
  g_test_add_func ("/engine/plan/reuse", test_reuse);
  g_test_add_func ("/engine/plan/packing-budget", test_packing_budget);
  g_test_add_func ("/engine/plan/joined", test_joined);
  g_test_add_func ("/engine/plan/no-steps", test_no_steps);
  g_test_add_func ("/engine/plan/siblings", test_siblings);
  return g_test_run ();
}
