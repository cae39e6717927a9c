/* test-session.c - what a session promises: threads, batches, taps, cancelling, memory, concurrency
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "core/tap-error.h"
#include "engine-test.h"
#include "engine/tap-pool.h"
#include "formats/registry.h"
#include "ops/infer.h"
#include "random-graph.h"

static TapTaps *
tap_everything (const TapGraph *graph)
{
  g_autoptr (GArray) values = random_graph_values (graph);
  TapTaps *taps = tap_taps_new ();

  for (guint i = 0; i < values->len; i++)
    tap_taps_add (taps, g_array_index (values, int, i));
  return taps;
}

static void
test_threads (void)
{
  g_test_summary (
    "Results have the same bits for any number of threads, and are the same up to rounding for "
    "any set of taps");
  for (guint32 seed = 300; seed < 360; seed++)
    {
      g_autoptr (TapGraph) graph = random_graph_new (seed);
      g_autoptr (GArray) values = random_graph_values (graph);
      g_autoptr (TapTaps) all = tap_everything (graph);
      g_autoptr (TapTensor) picture = engine_test_pictures (graph, 1, seed);
      g_autoptr (TapTrace) first = NULL, first_lean = NULL;
      int output = tap_graph_get_output (graph, 0);

      for (int n = 1; n <= 5; n += 2)
        {
          g_autoptr (GError) error = NULL;
          g_autoptr (TapSession) session =
            tap_session_new (graph, &(TapSessionOptions){ .n_threads = n }, &error);
          g_autoptr (TapTaps) last = tap_taps_new_for (output, -1);
          g_autoptr (TapTrace) trace =
            engine_test_forward (session, picture, all, TAP_RUN_DEFAULT, &error);
          g_autoptr (TapTrace) lean =
            engine_test_forward (session, picture, last, TAP_RUN_DEFAULT, &error);

          g_assert_no_error (error);
          if (first == NULL)
            {
              first = tap_trace_ref (trace);
              first_lean = tap_trace_ref (lean);
            }
          for (guint i = 0; i < values->len; i++)
            engine_test_assert_equal_bits (tap_trace_get (trace, g_array_index (values, int, i)),
                                           tap_trace_get (first, g_array_index (values, int, i)));
          engine_test_assert_equal_bits (tap_trace_get (lean, output),
                                         tap_trace_get (first_lean, output));
          /* what follows a tapped value cannot be folded into the weights before it */
          g_assert_cmpfloat (
            engine_test_difference (tap_trace_get (lean, output), tap_trace_get (first, output)), <,
            1e-5);
          g_assert_null (tap_trace_get (lean, g_array_index (values, int, 0)));
        }
    }
}

static void
test_batch (void)
{
  g_test_summary ("A batch gives what its pictures give one by one");
  for (guint32 seed = 400; seed < 430; seed++)
    {
      g_autoptr (TapGraph) graph = random_graph_new (seed);
      g_autoptr (GError) error = NULL;
      g_autoptr (TapSession) session = tap_session_new (graph, NULL, &error);
      g_autoptr (GArray) values = random_graph_values (graph);
      g_autoptr (TapTaps) taps = tap_everything (graph);
      g_autoptr (TapTensor) batch = engine_test_pictures (graph, 3, seed);
      g_autoptr (TapTrace) together =
        engine_test_forward (session, batch, taps, TAP_RUN_DEFAULT, &error);
      TapShape one = batch->shape;

      g_assert_no_error (error);
      one.dims[0] = 1;
      for (int n = 0; n < 3; n++)
        {
          g_autoptr (TapTensor) picture = tap_tensor_new_f32 (
            &one, tap_tensor_f32 (batch) + (gsize) n * batch->count / 3, &error);
          g_autoptr (TapTrace) alone =
            engine_test_forward (session, picture, taps, TAP_RUN_DEFAULT, &error);

          g_assert_no_error (error);
          for (guint i = 0; i < values->len; i++)
            {
              TapTensor *a = tap_trace_get (alone, g_array_index (values, int, i));
              TapTensor *b = tap_trace_get (together, g_array_index (values, int, i));

              g_assert_cmpuint (b->count, ==, a->count * 3);
              g_assert_cmpmem (a->data, a->count * 4, tap_tensor_f32 (b) + (gsize) n * a->count,
                               a->count * 4);
            }
        }
    }
}

/* x → Relu → Reshape to 1 × 12, which is how exporters build a batch of one in. */
static TapGraph *
rigid_graph (void)
{
  TapGraph *graph = tap_graph_new ("rigid");
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 3, (gint64) 2, (gint64) 2),
           list = tap_shape_new (1, (gint64) 2);
  g_autoptr (TapTensor) target = tap_tensor_new_i64 (&list, (gint64[]){ 1, 12 }, NULL);
  int x = tap_graph_value (graph, "x"), y = tap_graph_value (graph, "y"),
      z = tap_graph_value (graph, "z");
  int to = tap_graph_value (graph, "to");

  tap_graph_add_input (graph, x, TAP_DTYPE_F32, &shape);
  tap_graph_set_constant (graph, to, target);
  tap_graph_add_node (graph, "relu", "Relu", &x, 1, &y, 1, NULL, NULL);
  tap_graph_add_node (graph, "reshape", "Reshape", (int[]){ y, to }, 2, &z, 1, NULL, NULL);
  tap_graph_add_output (graph, z);
  g_assert_true (tap_graph_sort (graph, NULL));
  g_assert_true (tap_infer_graph (graph, NULL, 0, NULL, NULL));
  return graph;
}

static void
test_rigid (void)
{
  g_autoptr (TapGraph) graph = rigid_graph ();
  g_autoptr (GError) error = NULL;
  g_autoptr (TapSession) session = tap_session_new (graph, NULL, &error);
  g_autoptr (TapTaps) taps = tap_taps_new_for (tap_graph_get_output (graph, 0), -1);
  g_autoptr (TapTensor) batch = engine_test_pictures (graph, 5, 1);
  g_autoptr (TapTrace) trace = NULL;
  TapTensor *found;

  g_test_summary ("A network with its batch built in runs picture by picture");
  trace = engine_test_forward (session, batch, taps, TAP_RUN_DEFAULT, &error);
  g_assert_no_error (error);
  found = tap_trace_get (trace, tap_graph_get_output (graph, 0));
  g_assert_cmpint (found->shape.dims[0], ==, 5);
  g_assert_cmpint (found->shape.dims[1], ==, 12);
  for (gsize i = 0; i < found->count; i++)
    g_assert_cmpfloat (tap_tensor_f32 (found)[i], ==, MAX (tap_tensor_f32 (batch)[i], 0));
}

static void
test_taps (void)
{
  g_autoptr (TapGraph) graph = rigid_graph ();
  g_autoptr (GError) error = NULL;
  g_autoptr (TapSession) session = tap_session_new (graph, NULL, &error);
  int x = tap_graph_find_value (graph, "x"), y = tap_graph_find_value (graph, "y");
  int z = tap_graph_find_value (graph, "z"), to = tap_graph_find_value (graph, "to");
  g_autoptr (TapTaps) taps = tap_taps_new_for (z, x, to, y, -1);
  g_autoptr (TapTensor) picture = engine_test_pictures (graph, 1, 2);
  g_autoptr (TapTrace) trace =
    engine_test_forward (session, picture, taps, TAP_RUN_DEFAULT, &error);

  g_test_summary ("Inputs, constants and views can be tapped");
  g_assert_no_error (error);
  engine_test_assert_equal_bits (tap_trace_get (trace, x), picture);
  g_assert_cmpint (tap_tensor_i64 (tap_trace_get (trace, to))[1], ==, 12);
  g_assert_cmpmem (tap_trace_get (trace, y)->data, 48, tap_trace_get (trace, z)->data, 48);
  g_assert_cmpint (tap_trace_get (trace, z)->shape.n_dims, ==, 2);
  g_assert_cmpfloat (tap_trace_get_milliseconds (trace), >=, 0);
}

static void
test_errors (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new ("errors");
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 3, (gint64) 2, (gint64) 2);
  int x = tap_graph_value (graph, "x"), y = tap_graph_value (graph, "y"),
      z = tap_graph_value (graph, "z");
  g_autoptr (GError) error = NULL;
  g_autoptr (TapSession) session = NULL;
  g_autoptr (TapTaps) before = tap_taps_new_for (y, -1);
  g_autoptr (TapTaps) after = tap_taps_new_for (z, -1);
  g_autoptr (TapTaps) beyond = tap_taps_new_for (1000, -1);
  g_autoptr (TapTensor) picture = engine_test_random (&shape, 1);
  g_autoptr (TapTensor) flat = NULL;
  g_autoptr (TapTrace) trace = NULL;

  g_test_summary ("What stands in the way is named; what comes before it runs");
  tap_graph_add_input (graph, x, TAP_DTYPE_F32, &shape);
  tap_graph_add_node (graph, "first", "Relu", &x, 1, &y, 1, NULL, NULL);
  tap_graph_add_node (graph, "strange", "Quux", &y, 1, &z, 1, NULL, NULL);
  tap_graph_add_output (graph, z);
  g_assert_true (tap_graph_sort (graph, NULL));
  g_assert_true (tap_infer_graph (graph, NULL, 0, NULL, NULL));
  session = tap_session_new (graph, NULL, &error);
  trace = engine_test_forward (session, picture, before, TAP_RUN_DEFAULT, &error);
  g_assert_no_error (error);
  g_assert_nonnull (trace);
  g_assert_null (engine_test_forward (session, picture, after, TAP_RUN_DEFAULT, &error));
  g_assert_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "strange"));
  g_assert_nonnull (strstr (error->message, "Quux"));
  g_clear_error (&error);
  g_assert_null (engine_test_forward (session, picture, beyond, TAP_RUN_DEFAULT, &error));
  g_assert_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_NOT_FOUND);
  g_clear_error (&error);
  shape.n_dims = 3;
  flat = engine_test_random (&shape, 1);
  g_assert_null (engine_test_forward (session, flat, before, TAP_RUN_DEFAULT, &error));
  g_assert_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT);
  g_assert_nonnull (strstr (error->message, "x"));
}

static void
cancel_cb (double fraction, gpointer user_data)
{
  if (fraction > 0.3)
    g_cancellable_cancel (user_data);
}

static void
test_cancel (void)
{
  g_autoptr (TapGraph) graph = random_graph_new (5);
  g_autoptr (GError) error = NULL;
  g_autoptr (TapSession) session = tap_session_new (graph, NULL, &error);
  g_autoptr (TapTaps) taps = tap_everything (graph);
  g_autoptr (TapTensor) picture = engine_test_pictures (graph, 1, 1);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (TapProgress) progress = tap_progress_new (cancel_cb, NULL, cancellable);

  g_test_summary ("A run that is cancelled stops between two nodes, and the next one is whole");
  g_assert_null (tap_session_forward (session, &picture, 1, taps, TAP_RUN_DEFAULT, progress,
                                      cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  {
    g_autoptr (TapTrace) trace =
      engine_test_forward (session, picture, taps, TAP_RUN_DEFAULT, &error);

    g_assert_no_error (error);
    g_assert_nonnull (trace);
  }
}

static void
test_budget (void)
{
  g_autoptr (TapGraph) graph = random_graph_new (5);
  g_autoptr (GError) error = NULL;
  g_autoptr (TapSession) session =
    tap_session_new (graph, &(TapSessionOptions){ .memory_budget = 1000 }, &error);
  g_autoptr (TapTaps) taps = tap_taps_new_for (tap_graph_get_output (graph, 0), -1);
  g_autoptr (TapTensor) picture = engine_test_pictures (graph, 1, 1);

  g_test_summary ("A run that needs more memory than it may have says so and does not start");
  g_assert_null (engine_test_forward (session, picture, taps, TAP_RUN_DEFAULT, &error));
  g_assert_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_MEMORY);
  g_assert_nonnull (strstr (error->message, "memory"));
}

typedef struct
{
  gint count;
  gint seen[1000];
} Tally;

static void
tally_task (gpointer data, int task, int worker)
{
  Tally *tally = data;

  g_atomic_int_inc (&tally->seen[task]);
  g_atomic_int_inc (&tally->count);
}

static void
test_pool (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  g_test_summary ("Every task of a job runs once, however jobs follow each other");
  for (int n_threads = 1; n_threads <= 4; n_threads++)
    {
      g_autoptr (TapPool) pool = tap_pool_new (n_threads);

      for (int job = 0; job < 2000; job++)
        {
          int n = g_rand_int_range (rand, 0, job % 50 == 0 ? 1000 : 8);
          Tally tally = { 0 };

          if (job % 200 == 0)
            g_usleep (500);
          tap_pool_run (pool, n, tally_task, &tally);
          g_assert_cmpint (tally.count, ==, n);
          for (int i = 0; i < n; i++)
            g_assert_cmpint (tally.seen[i], ==, 1);
        }
    }
}

static gpointer
stress_thread (gpointer data)
{
  guint32 seed = GPOINTER_TO_UINT (data);

  for (guint32 i = 0; i < 25; i++)
    {
      g_autoptr (TapGraph) graph = random_graph_new (seed * 100 + i);
      g_autoptr (GError) error = NULL;
      g_autoptr (TapSession) session =
        tap_session_new (graph, &(TapSessionOptions){ .n_threads = 2 }, &error);
      g_autoptr (TapTaps) taps = tap_everything (graph);
      g_autoptr (TapTensor) picture = engine_test_pictures (graph, 1, i);
      g_autoptr (TapTrace) a =
        engine_test_forward (session, picture, taps, TAP_RUN_FOR_PATCH, &error);
      g_autoptr (TapTrace) b =
        engine_test_forward (session, picture, taps, TAP_RUN_DEFAULT, &error);
      g_autoptr (TapTrace) again =
        engine_test_forward (session, picture, taps, TAP_RUN_FOR_PATCH, &error);
      g_autoptr (TapTrace) more =
        engine_test_forward (session, picture, taps, TAP_RUN_DEFAULT, &error);
      int output = tap_graph_get_output (graph, 0);

      g_assert_no_error (error);
      engine_test_assert_equal_bits (tap_trace_get (a, output), tap_trace_get (again, output));
      engine_test_assert_equal_bits (tap_trace_get (b, output), tap_trace_get (more, output));
      /* with other algorithms */
      g_assert_cmpfloat (
        engine_test_difference (tap_trace_get (a, output), tap_trace_get (b, output)), <=, 1e-5);
    }
  return NULL;
}

typedef struct
{
  TapSession *session;
  TapTrace *base;
  TapTensor *picture, *expected;
  const TapTaps *taps;
  int output;
} Shared;

static gpointer
shared_thread (gpointer data)
{
  const Shared *s = data;
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 3, (gint64) 3, (gint64) 3);

  for (int i = 0; i < 40; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TapTensor) pixels = engine_test_random (&shape, (guint32) i);
      TapRect region = { i % 5, i % 4, 3, 3 };
      g_autoptr (TapTrace) patched =
        tap_session_patch (s->session, s->base, &region, pixels, s->taps, NULL, NULL, &error);
      g_autoptr (TapTrace) plain = NULL;

      g_assert_no_error (error);
      g_assert_nonnull (patched);
      plain = engine_test_forward (s->session, s->picture, s->taps, TAP_RUN_DEFAULT, &error);
      g_assert_no_error (error);
      engine_test_assert_equal_bits (tap_trace_get (plain, s->output), s->expected);
    }
  return NULL;
}

static void
test_concurrent (void)
{
  GThread *threads[8];
  g_autoptr (TapGraph) graph = random_graph_new (9);
  g_autoptr (GError) error = NULL;
  g_autoptr (TapSession) session =
    tap_session_new (graph, &(TapSessionOptions){ .n_threads = 2 }, &error);
  g_autoptr (TapTensor) picture = engine_test_pictures (graph, 1, 1);
  int output = tap_graph_get_output (graph, 0);
  g_autoptr (TapTaps) taps = tap_taps_new_for (output, -1);
  g_autoptr (TapTrace) base =
    engine_test_forward (session, picture, taps, TAP_RUN_FOR_PATCH, &error);
  g_autoptr (TapTrace) plain =
    engine_test_forward (session, picture, taps, TAP_RUN_DEFAULT, &error);
  Shared shared = { session, base, picture, tap_trace_get (plain, output), taps, output };

  g_test_summary (
    "Sessions in several threads, and one session shared by several, give right answers");
  for (guint i = 0; i < 4; i++)
    threads[i] = g_thread_new ("stress", stress_thread, GUINT_TO_POINTER (i + 50));
  for (guint i = 4; i < 8; i++)
    threads[i] = g_thread_new ("shared", shared_thread, &shared);
  for (guint i = 0; i < 8; i++)
    g_thread_join (threads[i]);
}

static void
test_warm_up (void)
{
  g_autoptr (TapGraph) graph = random_graph_new (7);
  g_autoptr (GError) error = NULL;
  g_autoptr (TapSession) session = tap_session_new (graph, NULL, &error);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();

  g_test_summary ("Warming up packs weights, and can be cancelled");
  g_assert_true (tap_session_warm_up (session, NULL, &error));
  g_assert_no_error (error);
  g_cancellable_cancel (cancelled);
  g_assert_false (tap_session_warm_up (session, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_describe (void)
{
  g_autofree char *text = tap_engine_describe ();

  g_test_summary ("The engine says what it computes with");
  g_test_message ("%s", text);
  g_assert_true (g_str_has_prefix (text, "CPU, "));
  if (g_strcmp0 (g_getenv ("TAPETUM_CPU"), "portable") == 0)
    g_assert_nonnull (strstr (text, "portable"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/session/describe", test_describe);
  g_test_add_func ("/engine/session/pool", test_pool);
  g_test_add_func ("/engine/session/threads", test_threads);
  g_test_add_func ("/engine/session/batch", test_batch);
  g_test_add_func ("/engine/session/rigid", test_rigid);
  g_test_add_func ("/engine/session/taps", test_taps);
  g_test_add_func ("/engine/session/errors", test_errors);
  g_test_add_func ("/engine/session/cancel", test_cancel);
  g_test_add_func ("/engine/session/budget", test_budget);
  g_test_add_func ("/engine/session/warm-up", test_warm_up);
  g_test_add_func ("/engine/session/concurrent", test_concurrent);
  return g_test_run ();
}
