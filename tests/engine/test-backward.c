/* test-backward.c - backward passes through whole networks, by every rule
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Random networks of every operator are compared with differences of their twins in test-networks.c; here it
 * is what a session promises, the rules, and networks of the world. */

#include "config.h"

#include <math.h>
#include <string.h>

#include "core/tap-error.h"
#include "engine-test.h"
#include "formats/registry.h"
#include "ops/infer.h"
#include "random-graph.h"
#include "twin-graph.h"

#define STEP 1e-6

/* A gradient that went through 20 convolutions of at most 576 products: each rounds once per product, relative
 * to magnitudes that random signs make some 24 times the sum; 20 · 24 · 576^½ · 2^-24. */
#define TOLERANCE 7e-4

static TapTaps *
tap_everything (const TapGraph *graph)
{
  g_autoptr (GArray) values = random_graph_values (graph);
  TapTaps *taps = tap_taps_new_for (tap_graph_get_input (graph, 0), -1);

  for (guint i = 0; i < values->len; i++)
    tap_taps_add (taps, g_array_index (values, int, i));
  return taps;
}

/* Σ weights · value @seed, were value @at moved by @step along @direction. */
static double
moved (const TwinGraph *twin,
       int at,
       const double *direction,
       double step,
       int seed,
       const TapTensor *weights)
{
  TwinArray value = twin_graph_move (twin, at, direction, step, seed);
  double sum = 0;

  for (gsize i = 0; i < value.count; i++)
    sum += (double) tap_tensor_f32 (weights)[i] * value.cells[i];
  twin_array_clear (&value);
  return sum;
}

/* Compares @gradient, of Σ weights · value @seed by value @at, with differences along a direction. */
static void
check_gradient (const TwinGraph *twin,
                int at,
                TapTensor *gradient,
                int seed,
                const TapTensor *weights)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) at);
  g_autofree double *direction = g_new (double, gradient->count + 1);
  double found = 0, size = 0, here, up, down, slack;

  for (gsize i = 0; i < gradient->count; i++)
    {
      direction[i] = g_rand_double_range (rand, -1, 1);
      found += (double) tap_tensor_f32 (gradient)[i] * direction[i];
      size += fabs ((double) tap_tensor_f32 (gradient)[i] * direction[i]);
    }
  here = moved (twin, at, direction, 0, seed, weights);
  up = (moved (twin, at, direction, STEP, seed, weights) - here) / STEP;
  down = (here - moved (twin, at, direction, -STEP, seed, weights)) / STEP;
  slack = TOLERANCE * size + 1e-7;
  if (!(found >= MIN (up, down) - slack && found <= MAX (up, down) + slack))
    {
      g_test_message ("by “%s”: %g, differences %g and %g, magnitudes %g",
                      tap_graph_get_value (twin->graph, at)->name, found, up, down, size);
      g_test_fail ();
    }
}

static void
test_seeds (void)
{
  g_test_summary ("Seeds add up, anywhere in the network, and what lies above them gets zeros");
  for (guint32 seed = 100; seed < 120; seed++)
    {
      g_autoptr (TapGraph) graph = random_graph_new (seed);
      g_autoptr (GArray) values = random_graph_values (graph);
      g_autoptr (TapSession) session = tap_session_new (graph, NULL, NULL);
      int output = tap_graph_get_output (graph, 0), input = tap_graph_get_input (graph, 0);
      int inner = g_array_index (values, int, values->len / 2);
      g_autoptr (TapTaps) all = tap_everything (graph);
      g_autoptr (TapTaps) last = tap_taps_new_for (output, -1);
      g_autoptr (TapTensor) picture = engine_test_pictures (graph, 1, seed);
      g_autoptr (TapTrace) forward = engine_test_run (session, picture, last, TAP_RUN_FOR_BACKWARD);
      TapSeed seeds[3] = {
        { .value = output, .cell = 3, .weight = 2 },
        { .value = inner, .cell = 1, .weight = -1 },
        { .value = input, .cell = 5, .weight = 0.5f },
      };
      g_autoptr (TapTrace) together =
        engine_test_back (session, forward, seeds, 3, TAP_RULE_GRADIENT, all);
      TapTrace *alone[3];
      TapTensor *above;

      for (int i = 0; i < 3; i++)
        alone[i] = engine_test_back (session, forward, &seeds[i], 1, TAP_RULE_GRADIENT, all);
      for (guint i = 0; i <= values->len; i++)
        {
          int v = i < values->len ? g_array_index (values, int, i) : input;
          const float *sum = tap_tensor_f32 (tap_trace_get (together, v)), *parts[3];
          double largest = 0;

          for (int k = 0; k < 3; k++)
            parts[k] = tap_tensor_f32 (tap_trace_get (alone[k], v));
          for (gsize c = 0; c < tap_trace_get (together, v)->count; c++)
            largest = MAX (largest, fabs ((double) sum[c]));
          for (gsize c = 0; c < tap_trace_get (together, v)->count; c++)
            g_assert_cmpfloat_with_epsilon (
              (double) sum[c], (double) parts[0][c] + (double) parts[1][c] + (double) parts[2][c],
              1e-5 * MAX (largest, 1));
        }
      /* a seed on the tap itself, and taps that it does not reach */
      g_assert_cmpfloat (tap_tensor_f32 (tap_trace_get (alone[0], output))[3], ==, 2);
      g_assert_cmpfloat (tap_tensor_f32 (tap_trace_get (alone[2], input))[5], ==, 0.5);
      above = tap_trace_get (alone[2], output);
      for (gsize c = 0; c < above->count; c++)
        g_assert_cmpfloat (tap_tensor_f32 (above)[c], ==, 0);
      for (int i = 0; i < 3; i++)
        tap_trace_unref (alone[i]);
    }
}

static void
test_taps (void)
{
  g_test_summary ("A gradient has the same bits whatever else is wanted, on any number of threads");
  for (guint32 seed = 200; seed < 230; seed++)
    {
      g_autoptr (TapGraph) graph = random_graph_new (seed);
      g_autoptr (GArray) values = random_graph_values (graph);
      int output = tap_graph_get_output (graph, 0), input = tap_graph_get_input (graph, 0);
      g_autoptr (TapTaps) all = tap_everything (graph);
      g_autoptr (TapTaps) last = tap_taps_new_for (output, -1);
      g_autoptr (TapTensor) picture = engine_test_pictures (graph, 1, seed);
      TapSeed start = { .value = output, .cell = 1, .weight = 1 };
      g_autoptr (TapTrace) first = NULL;

      for (int n = 1; n <= 5; n += 2)
        {
          g_autoptr (TapSession) session =
            tap_session_new (graph, &(TapSessionOptions){ .n_threads = n }, NULL);
          g_autoptr (TapTrace) forward =
            engine_test_run (session, picture, n == 3 ? all : last, TAP_RUN_FOR_BACKWARD);
          g_autoptr (TapTrace) trace =
            engine_test_back (session, forward, &start, 1, TAP_RULE_GRADIENT, all);

          if (first == NULL)
            first = tap_trace_ref (trace);
          for (guint i = 0; i <= values->len; i++)
            {
              int v = i < values->len ? g_array_index (values, int, i) : input;
              g_autoptr (TapTaps) one = tap_taps_new_for (v, -1);
              g_autoptr (TapTrace) lean = NULL;

              engine_test_assert_equal_bits (tap_trace_get (trace, v), tap_trace_get (first, v));
              if (n != 1)
                continue;
              lean = engine_test_back (session, forward, &start, 1, TAP_RULE_GRADIENT, one);
              engine_test_assert_equal_bits (tap_trace_get (lean, v), tap_trace_get (first, v));
            }
        }
    }
}

static void
test_again (void)
{
  g_test_summary ("Many passes go back from one forward run, which stays as it was whatever runs "
                  "in between");
  for (guint32 seed = 300; seed < 320; seed++)
    {
      g_autoptr (TapGraph) graph = random_graph_new (seed);
      g_autoptr (GArray) values = random_graph_values (graph);
      g_autoptr (TapSession) session = tap_session_new (graph, NULL, NULL);
      int output = tap_graph_get_output (graph, 0), input = tap_graph_get_input (graph, 0);
      g_autoptr (TapTaps) all = tap_everything (graph);
      g_autoptr (TapTaps) taps = tap_taps_new_for (input, -1);
      g_autoptr (TapTensor) picture = engine_test_pictures (graph, 1, seed);
      g_autoptr (TapTensor) other = engine_test_pictures (graph, 2, seed + 1);
      g_autoptr (TapTrace) plain = engine_test_run (session, picture, all, TAP_RUN_DEFAULT);
      g_autoptr (TapTrace) forward = engine_test_run (session, picture, all, TAP_RUN_FOR_BACKWARD);
      TapTrace *first[10] = { NULL };

      for (int round = 0; round < 2; round++)
        for (int c = 0; c < 10; c++)
          {
            TapSeed start = { .value = output, .cell = c, .weight = 1 };
            g_autoptr (TapTrace) trace = engine_test_back (
              session, forward, &start, 1, c % 2 == 0 ? TAP_RULE_GRADIENT : TAP_RULE_GUIDED, taps);

            if (round == 0)
              first[c] = tap_trace_ref (trace);
            else
              engine_test_assert_equal_bits (tap_trace_get (trace, input),
                                             tap_trace_get (first[c], input));
            if (c == 5)
              {
                g_autoptr (TapTrace) between =
                  engine_test_run (session, other, all, TAP_RUN_FOR_BACKWARD);
                g_autoptr (TapTrace) away =
                  engine_test_back (session, between, &start, 1, TAP_RULE_GRADIENT, all);

                g_assert_nonnull (tap_trace_get (away, input));
              }
          }
      for (guint i = 0; i < values->len; i++)
        engine_test_assert_equal_bits (tap_trace_get (plain, g_array_index (values, int, i)),
                                       tap_trace_get (forward, g_array_index (values, int, i)));
      for (int c = 0; c < 10; c++)
        tap_trace_unref (first[c]);
    }
}

/* Two ways to round sums of a few hundred products: some 30 roundings of the largest, each way. */
static void
assert_near (const TapTensor *found, const float *expected)
{
  double largest = 0;

  for (gsize i = 0; i < found->count; i++)
    largest = MAX (largest, fabs ((double) expected[i]));
  for (gsize i = 0; i < found->count; i++)
    g_assert_cmpfloat_with_epsilon ((double) tap_tensor_f32 (found)[i], (double) expected[i],
                                    1e-5 * largest);
}

static void
test_batch (void)
{
  g_test_summary ("In a batch each picture gets the gradient that it gets alone");
  for (guint32 seed = 400; seed < 420; seed++)
    {
      g_autoptr (TapGraph) graph = random_graph_new (seed);
      g_autoptr (TapSession) session = tap_session_new (graph, NULL, NULL);
      int output = tap_graph_get_output (graph, 0), input = tap_graph_get_input (graph, 0);
      g_autoptr (TapTaps) last = tap_taps_new_for (output, -1);
      g_autoptr (TapTaps) taps = tap_taps_new_for (input, -1);
      g_autoptr (TapTensor) batch = engine_test_pictures (graph, 3, seed);
      g_autoptr (TapTrace) forward = engine_test_run (session, batch, last, TAP_RUN_FOR_BACKWARD);
      gint64 cells = (gint64) tap_trace_get (forward, output)->count / 3;
      gsize each = batch->count / 3;
      TapSeed seeds[2] = {
        { .value = output, .cell = 4, .weight = 1 },
        { .value = output, .cell = 2 * cells + 7, .weight = 1 },
      };
      g_autoptr (TapTrace) trace =
        engine_test_back (session, forward, seeds, 2, TAP_RULE_GRADIENT, taps);
      const float *found = tap_tensor_f32 (tap_trace_get (trace, input));
      TapShape one = batch->shape;

      one.dims[0] = 1;
      for (gsize i = 0; i < each; i++)
        g_assert_cmpfloat (found[each + i], ==, 0);
      for (int n = 0; n < 3; n += 2)
        {
          g_autoptr (TapTensor) picture =
            tap_tensor_new_f32 (&one, tap_tensor_f32 (batch) + (gsize) n * each, NULL);
          g_autoptr (TapTrace) alone =
            engine_test_run (session, picture, last, TAP_RUN_FOR_BACKWARD);
          TapSeed start = { .value = output, .cell = n == 0 ? 4 : 7, .weight = 1 };
          g_autoptr (TapTrace) lean =
            engine_test_back (session, alone, &start, 1, TAP_RULE_GRADIENT, taps);

          assert_near (tap_trace_get (lean, input), found + (gsize) n * each);
        }
    }
}

static void
test_golden (void)
{
  const TapRule *const rules[] = { TAP_RULE_GRADIENT, TAP_RULE_GUIDED, TAP_RULE_DECONVNET };
  g_autofree char *model =
    g_test_build_filename (G_TEST_DIST, "engine", "golden", "gradients.onnx", NULL);
  g_autofree char *path =
    g_test_build_filename (G_TEST_DIST, "engine", "golden", "gradients.f32", NULL);
  g_autoptr (TapGraph) graph = engine_test_load_graph (model);
  g_autoptr (TapSession) session = NULL;
  g_autoptr (TapTensor) picture = NULL;
  g_autoptr (TapTensor) start = NULL;
  g_autoptr (TapTaps) last = NULL;
  g_autoptr (TapTaps) taps = NULL;
  g_autoptr (TapTrace) forward = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *bytes = NULL;
  TapShape picture_shape = tap_shape_new (4, (gint64) 1, (gint64) 3, (gint64) 20, (gint64) 20),
           seed_shape = tap_shape_new (2, (gint64) 1, (gint64) 6);
  const float *numbers;
  int input, weights;
  gsize size;

  g_test_summary ("Gradient, guided back-propagation, deconvnet and the gradient by weights are "
                  "those of PyTorch");
  g_assert_true (tap_infer_graph (graph, NULL, 0, NULL, &error));
  g_assert_true (g_file_get_contents (path, &bytes, &size, &error));
  g_assert_cmpuint (size, ==, (4 * 1200 + 6 + 216) * sizeof (float));
  numbers = (const float *) (const void *) bytes;
  picture = tap_tensor_new_f32 (&picture_shape, numbers, &error);
  start = tap_tensor_new_f32 (&seed_shape, numbers + 1200, &error);
  numbers += 1206;
  session = tap_session_new (graph, NULL, &error);
  input = tap_graph_get_input (graph, 0);
  weights = tap_graph_get_node (graph, 0)->inputs[1];
  last = tap_taps_new_for (tap_graph_get_output (graph, 0), -1);
  taps = tap_taps_new_for (input, weights, -1);
  forward = engine_test_run (session, picture, last, TAP_RUN_FOR_WEIGHTS);
  for (int i = 0; i < 3; i++)
    {
      g_autoptr (TapTrace) trace = engine_test_back (
        session, forward,
        &(TapSeed){ .value = tap_graph_get_output (graph, 0), .gradient = start, .weight = 1 }, 1,
        rules[i], taps);

      assert_near (tap_trace_get (trace, input), numbers + 1200 * i);
      if (i == 0)
        assert_near (tap_trace_get (trace, weights), numbers + 3600);
    }
}

/* A network of the shared data; NULL after skipping the test. (transfer full) */
static TapGraph *
load_shared (const char *path)
{
  g_autofree char *full = engine_test_shared (path);
  TapLoadRequest request = { .path = full };
  g_autoptr (GError) error = NULL;
  g_autoptr (TapModel) model = NULL;

  if (full == NULL)
    return NULL;
  model = tap_format_load (&request, NULL, NULL, &error);
  g_assert_no_error (error);
  return tap_graph_ref (model->graph);
}

static void
test_squeezenet (void)
{
  const TapRule *const rules[] = { TAP_RULE_GRADIENT, TAP_RULE_GUIDED, TAP_RULE_DECONVNET };
  g_autoptr (TapGraph) graph =
    load_shared ("models/squeezenet1_1_torchvision_onnx/squeezenet1_1.onnx");
  g_autofree char *path =
    g_test_build_filename (G_TEST_DIST, "engine", "golden", "squeezenet.f32", NULL);
  g_autofree char *bytes = NULL;
  const float *expected;
  gsize size;

  g_test_summary ("On SqueezeNet all three rules give what PyTorch gives");
  if (graph == NULL)
    return;
  g_assert_true (g_file_get_contents (path, &bytes, &size, NULL));
  g_assert_cmpuint (size, ==, 3 * 1552 * sizeof (float));
  expected = (const float *) (const void *) bytes;
  for (int i = 0; i < 3; i++, expected += 1552)
    {
      g_autoptr (TapSession) session = tap_session_new (graph, NULL, NULL);
      g_autoptr (TapTensor) picture = engine_test_pictures (graph, 1, 0);
      int output = tap_graph_get_output (graph, 0), input = tap_graph_get_input (graph, 0);
      g_autoptr (TapTaps) last = tap_taps_new_for (output, -1);
      g_autoptr (TapTaps) taps = tap_taps_new_for (input, -1);
      g_autoptr (TapTrace) forward = NULL;
      g_autoptr (TapTrace) trace = NULL;
      double difference = 0, norm = 0;
      guint32 state = 7;

      for (gsize c = 0; c < picture->count; c++)
        {
          state = 1664525 * state + 1013904223;
          tap_tensor_f32 (picture)[c] = (float) (state >> 8) / 8388608 - 1;
        }
      forward = engine_test_run (session, picture, last, TAP_RUN_FOR_BACKWARD);
      trace =
        engine_test_back (session, forward, &(TapSeed){ .value = output, .cell = 281, .weight = 1 },
                          1, rules[i], taps);
      for (gsize c = 0; c < 1552; c++)
        {
          double found = (double) tap_tensor_f32 (tap_trace_get (trace, input))[c * 97];

          difference += (found - (double) expected[c]) * (found - (double) expected[c]);
          norm += (double) expected[c] * (double) expected[c];
        }
      /* Rounding decides for the few of 2 million rectifiers that stand within 1e-5 of 0. */
      g_test_message ("%s: %g", rules[i]->id, sqrt (difference / norm));
      g_assert_cmpfloat (difference, <=, 1e-8 * norm);
    }
}

static void
test_resnet (void)
{
  g_autoptr (TapGraph) graph = load_shared ("models/resnet20_cifar10_onnx/resnet20_cifar10.onnx");
  g_autoptr (TapSession) session = NULL;
  g_autoptr (TapTensor) picture = NULL;
  g_autoptr (TapTensor) weights = NULL;
  g_autoptr (TapTaps) last = NULL;
  g_autoptr (TapTaps) taps = NULL;
  g_autoptr (TapTrace) forward = NULL;
  g_autoptr (TapTrace) trace = NULL;
  g_auto (TwinGraph) twin = { 0 };
  int output;

  g_test_summary ("On a residual network gradients by the picture and by weights are those of the "
                  "twins");
  if (graph == NULL)
    return;
  output = tap_graph_get_output (graph, 0);
  session = tap_session_new (graph, NULL, NULL);
  picture = engine_test_pictures (graph, 1, 4);
  last = tap_taps_new_for (output, -1);
  taps = tap_taps_new_for (tap_graph_get_input (graph, 0), -1);
  for (int i = 0; i < tap_graph_n_nodes (graph); i += 7)
    {
      const TapNode *node = tap_graph_get_node (graph, i);

      if (g_str_equal (node->op_type, "Conv"))
        tap_taps_add (taps, node->inputs[1]);
    }
  forward = engine_test_run (session, picture, last, TAP_RUN_FOR_WEIGHTS);
  weights = engine_test_random (&tap_trace_get (forward, output)->shape, 5);
  trace = engine_test_back (session, forward,
                            &(TapSeed){ .value = output, .gradient = weights, .weight = 1 }, 1,
                            TAP_RULE_GRADIENT, taps);
  twin_graph_init (&twin, graph, &picture);
  for (int v = 0; v < tap_graph_n_values (graph); v++)
    if (tap_taps_contains (taps, v))
      check_gradient (&twin, v, tap_trace_get (trace, v), output, weights);
}

static void
assert_refused (TapTrace *trace, GError **error, GQuark domain, int code)
{
  g_assert_null (trace);
  g_assert_error (*error, domain, code);
  g_test_message ("%s", (*error)->message);
  g_clear_error (error);
}

static void
test_requests (void)
{
  g_autoptr (TapGraph) graph = random_graph_new (3);
  g_autoptr (GError) error = NULL;
  g_autoptr (TapSession) session = tap_session_new (graph, NULL, &error);
  g_autoptr (TapSession) other = tap_session_new (graph, NULL, &error);
  int output = tap_graph_get_output (graph, 0), input = tap_graph_get_input (graph, 0);
  int first = tap_graph_get_node (graph, 0)->outputs[0];
  g_autoptr (TapTaps) last = tap_taps_new_for (output, -1);
  g_autoptr (TapTaps) early = tap_taps_new_for (first, -1);
  g_autoptr (TapTaps) taps = tap_taps_new_for (input, -1);
  g_autoptr (TapTaps) beyond = tap_taps_new_for (100000, -1);
  g_autoptr (TapTaps) weight = tap_taps_new ();
  g_autoptr (TapTensor) picture = engine_test_pictures (graph, 1, 1);
  g_autoptr (TapTensor) wrong = engine_test_pictures (graph, 2, 1);
  g_autoptr (TapTrace) plain = engine_test_run (session, picture, last, TAP_RUN_DEFAULT);
  g_autoptr (TapTrace) forward = engine_test_run (session, picture, last, TAP_RUN_FOR_BACKWARD);
  g_autoptr (TapTrace) part = engine_test_run (session, picture, early, TAP_RUN_FOR_BACKWARD);
  g_autoptr (TapTrace) nothing = NULL;
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  TapSeed good = { .value = output, .cell = 1, .weight = 1 }, bad = good;

#define BACK(session, trace, seed, taps, cancel)                                                   \
  tap_session_backward (session, trace, seed, 1, TAP_RULE_GRADIENT, taps, NULL, cancel, &error)

  g_test_summary ("Backward passes that make no sense are refused in a sentence");
  assert_refused (BACK (session, plain, &good, taps, NULL), &error, TAP_ENGINE_ERROR,
                  TAP_ENGINE_ERROR_INPUT);
  assert_refused (BACK (other, forward, &good, taps, NULL), &error, TAP_ENGINE_ERROR,
                  TAP_ENGINE_ERROR_INPUT);
  assert_refused (BACK (session, part, &good, taps, NULL), &error, TAP_ENGINE_ERROR,
                  TAP_ENGINE_ERROR_INPUT);
  assert_refused (BACK (session, forward, &good, beyond, NULL), &error, TAP_GRAPH_ERROR,
                  TAP_GRAPH_ERROR_NOT_FOUND);
  bad.value = -1;
  assert_refused (BACK (session, forward, &bad, taps, NULL), &error, TAP_GRAPH_ERROR,
                  TAP_GRAPH_ERROR_NOT_FOUND);
  bad = good;
  bad.cell = 10;
  assert_refused (BACK (session, forward, &bad, taps, NULL), &error, TAP_ENGINE_ERROR,
                  TAP_ENGINE_ERROR_INPUT);
  bad = good;
  bad.gradient = wrong;
  assert_refused (BACK (session, forward, &bad, taps, NULL), &error, TAP_ENGINE_ERROR,
                  TAP_ENGINE_ERROR_INPUT);
  for (int v = 0; v < tap_graph_n_values (graph); v++)
    if (tap_graph_get_value (graph, v)->constant != NULL)
      tap_taps_add (weight, v);
  assert_refused (BACK (session, forward, &good, weight, NULL), &error, TAP_ENGINE_ERROR,
                  TAP_ENGINE_ERROR_INPUT);
  g_cancellable_cancel (cancelled);
  assert_refused (BACK (session, forward, &good, taps, cancelled), &error, G_IO_ERROR,
                  G_IO_ERROR_CANCELLED);

  /* no seeds: zeros */
  nothing =
    tap_session_backward (session, forward, NULL, 0, TAP_RULE_GRADIENT, taps, NULL, NULL, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < picture->count; i++)
    g_assert_cmpfloat (tap_tensor_f32 (tap_trace_get (nothing, input))[i], ==, 0);
}

static void
remember (double fraction, gpointer data)
{
  double *last = data;

  g_assert_cmpfloat (fraction, >=, *last);
  *last = fraction;
}

static void
test_progress (void)
{
  g_autoptr (TapGraph) graph = random_graph_new (5);
  g_autoptr (TapSession) session = tap_session_new (graph, NULL, NULL);
  int output = tap_graph_get_output (graph, 0), input = tap_graph_get_input (graph, 0);
  g_autoptr (TapTaps) last = tap_taps_new_for (output, -1);
  g_autoptr (TapTaps) taps = tap_taps_new_for (input, -1);
  g_autoptr (TapTensor) picture = engine_test_pictures (graph, 1, 1);
  g_autoptr (TapTrace) forward = engine_test_run (session, picture, last, TAP_RUN_FOR_BACKWARD);
  g_autoptr (GError) error = NULL;
  double reached = 0;
  g_autoptr (TapProgress) progress = tap_progress_new (remember, NULL, &reached);
  TapSeed start = { .value = output, .cell = 1, .weight = 1 };
  g_autoptr (TapTrace) trace = tap_session_backward (session, forward, &start, 1, TAP_RULE_GRADIENT,
                                                     taps, progress, NULL, &error);

  g_test_summary ("Progress rises to 1");
  g_assert_no_error (error);
  g_assert_nonnull (trace);
  g_assert_cmpfloat_with_epsilon (reached, 1, 1e-9);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/backward/requests", test_requests);
  g_test_add_func ("/engine/backward/progress", test_progress);
  g_test_add_func ("/engine/backward/seeds", test_seeds);
  g_test_add_func ("/engine/backward/taps", test_taps);
  g_test_add_func ("/engine/backward/again", test_again);
  g_test_add_func ("/engine/backward/batch", test_batch);
  g_test_add_func ("/engine/backward/golden", test_golden);
  g_test_add_func ("/engine/backward/squeezenet", test_squeezenet);
  g_test_add_func ("/engine/backward/resnet", test_resnet);
  return g_test_run ();
}
