/* test-stress.c - sessions opened, run, cancelled, replaced and closed from a lane, hundreds of times
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the window does while somebody is impatient. Every answer that arrives has to be, bit for bit, what
 * a session with one thread says when nobody disturbs it. Leaks and races are for the sanitizers to
 * see: the test runs as it is under AddressSanitizer and ThreadSanitizer. */
#include "config.h"

#include <string.h>

#include "engine/tap-session.h"
#include "example/tap-example.h"
#include "job/tap-lane.h"
#include "networks.h"
#include "ops/infer.h"

#define N_ROUNDS  200
#define N_MASKS   4
#define PATIENCE  (60 * G_USEC_PER_SEC) /* for an answer that must come; a sanitizer is slow */
#define CLOSE_ONE 12                    /* rounds that a lane lives, about */

enum
{
  NETWORK_EXAMPLE,
  NETWORK_FIRES,
  NETWORK_DEPTHWISE,
  N_NETWORKS,
};

/* A network, and what it has to answer. */
typedef struct
{
  TapModel *model;
  TapTensor *input, *pixels;
  TapRect masks[N_MASKS];
  TapTensor *scores, *patched[N_MASKS], *swept[N_MASKS], *gradient;
  int maps; /* the last value that still has extent: a second place where gradients start */
  TapTensor *maps_gradient;
  TapTaps *score_taps, *input_taps;
} Subject;

static Subject subjects[N_NETWORKS];

/* --- what one job does --- */

static TapTensor *
random_tensor (const TapShape *shape, guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  TapTensor *tensor = tap_tensor_new (TAP_DTYPE_F32, shape, NULL);

  for (gsize i = 0; i < tensor->count; i++)
    tap_tensor_f32 (tensor)[i] = (float) g_rand_double_range (rand, -1, 1);
  return tensor;
}

static TapTrace *
forward (const Subject *subject,
         TapSession *session,
         TapRunFlags flags,
         TapProgress *progress,
         GCancellable *cancellable,
         GError **error)
{
  TapTensor *inputs[] = { subject->input };

  return tap_session_forward (session, inputs, 1, subject->score_taps, flags, progress, cancellable,
                              error);
}

static TapTrace *
patch (const Subject *subject,
       TapSession *session,
       TapTrace *base,
       int mask,
       GCancellable *cancellable,
       GError **error)
{
  return tap_session_patch (session, base, &subject->masks[mask], subject->pixels,
                            subject->score_taps, NULL, cancellable, error);
}

static TapTrace *
backward (const Subject *subject,
          TapSession *session,
          TapTrace *trace,
          GCancellable *cancellable,
          GError **error)
{
  const TapSeed seeds[] = {
    { .value = subject->model->scores, .cell = 1, .weight = 1 },
    { .value = subject->maps, .gradient = subject->maps_gradient, .weight = -1 },
  };

  return tap_session_backward (session, trace, seeds, G_N_ELEMENTS (seeds), TAP_RULE_GRADIENT,
                               subject->input_taps, NULL, cancellable, error);
}

static gboolean
patch_many (const Subject *subject,
            TapSession *session,
            TapTrace *base,
            TapPatchFunc func,
            gpointer user_data,
            GCancellable *cancellable,
            GError **error)
{
  TapTensor *pixels[] = { subject->pixels };

  return tap_session_patch_many (session, base, subject->masks, pixels, N_MASKS, 1,
                                 subject->score_taps, func, user_data, NULL, cancellable, error);
}

static void
assert_same (const TapTensor *found, const TapTensor *expected)
{
  g_assert_nonnull (found);
  g_assert_true (tap_shape_equal (&found->shape, &expected->shape));
  g_assert_cmpmem (found->data, found->count * sizeof (float), expected->data,
                   expected->count * sizeof (float));
}

static gboolean
swept_cb (int position, TapTrace *trace, gpointer user_data, GError **error)
{
  const Subject *subject = user_data;

  assert_same (tap_trace_get (trace, subject->model->scores), subject->swept[position]);
  return TRUE;
}

/* Runs all there is; FALSE when cancelled, which is the only way to fail. */
static gboolean
run_all (const Subject *subject,
         TapSession *session,
         TapProgress *progress,
         GCancellable *cancellable,
         GError **error)
{
  int scores = subject->model->scores;
  g_autoptr (TapTrace) plain =
    forward (subject, session, TAP_RUN_DEFAULT, progress, cancellable, error);
  g_autoptr (TapTrace) base = NULL;
  g_autoptr (TapTrace) kept = NULL;
  g_autoptr (TapTrace) back = NULL;

  if (plain == NULL)
    return FALSE;
  assert_same (tap_trace_get (plain, scores), subject->scores);
  base = forward (subject, session, TAP_RUN_FOR_PATCH, progress, cancellable, error);
  for (int i = 0; base != NULL && i < N_MASKS; i++)
    {
      g_autoptr (TapTrace) patched = patch (subject, session, base, i, cancellable, error);

      if (patched == NULL)
        return FALSE;
      assert_same (tap_trace_get (patched, scores), subject->patched[i]);
    }
  if (base == NULL ||
      !patch_many (subject, session, base, swept_cb, (gpointer) subject, cancellable, error))
    return FALSE;
  kept = forward (subject, session, TAP_RUN_FOR_BACKWARD, progress, cancellable, error);
  if (kept == NULL)
    return FALSE;
  back = backward (subject, session, kept, cancellable, error);
  if (back == NULL)
    return FALSE;
  assert_same (tap_trace_get (back, subject->model->input), subject->gradient);
  return TRUE;
}

/* --- the lane --- */

static int live_requests, live_answers;

typedef struct
{
  int id;
  const Subject *subject;
  TapSession *session; /* NULL: one is opened */
  gboolean warm_up;
} Request;

typedef struct
{
  int id;
  TapSession *session;
} Answer;

static void
request_free (gpointer data)
{
  Request *request = data;

  g_clear_pointer (&request->session, tap_session_unref);
  g_free (request);
  g_atomic_int_add (&live_requests, -1);
}

static void
answer_free (gpointer data)
{
  Answer *answer = data;

  g_clear_pointer (&answer->session, tap_session_unref);
  g_free (answer);
  g_atomic_int_add (&live_answers, -1);
}

static TapSession *
open_session (const Subject *subject, int n_threads)
{
  TapSessionOptions options = { .n_threads = n_threads };
  g_autoptr (GError) error = NULL;
  TapSession *session = tap_session_new (subject->model->graph, &options, &error);

  g_assert_no_error (error);
  return session;
}

static gpointer
run_request (gconstpointer data, TapProgress *progress, GCancellable *cancellable, GError **error)
{
  const Request *request = data;
  g_autoptr (TapSession) session = request->session != NULL ?
                                     tap_session_ref (request->session) :
                                     open_session (request->subject, 1 + request->id % 3);
  Answer *answer;

  if (request->warm_up && !tap_session_warm_up (session, cancellable, error))
    return NULL;
  if (!run_all (request->subject, session, progress, cancellable, error))
    {
      g_assert_true (error == NULL || g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
      return NULL;
    }
  answer = g_new0 (Answer, 1);
  answer->id = request->id;
  answer->session = g_steal_pointer (&session);
  g_atomic_int_inc (&live_answers);
  return answer;
}

typedef struct
{
  TapLane *lane;
  GRand *rand;
  int newest, answered, n_answers;
  const Subject *subject; /* shown now */
  TapSession *session;    /* of it, NULL until the first answer */
} Window;

static void
done_cb (gpointer result, const GError *error, gpointer user_data)
{
  Window *window = user_data;
  Answer *answer = result;

  g_assert_no_error (error);
  g_assert_nonnull (answer);
  g_assert_cmpint (answer->id, >, window->answered);
  window->answered = answer->id;
  window->n_answers++;
  /* of the network shown, or of the one before: then it is kept all the same, to be replaced */
  g_clear_pointer (&window->session, tap_session_unref);
  if (tap_session_get_graph (answer->session) == window->subject->model->graph)
    window->session = tap_session_ref (answer->session);
  answer_free (answer);
}

static void
tick_cb (double fraction, TapResult *partial, gpointer user_data)
{
  g_assert_cmpfloat (fraction, >=, 0);
  g_assert_cmpfloat (fraction, <=, 1);
}

static void
open_lane (Window *window)
{
  window->lane =
    tap_lane_new ("stress", run_request, request_free, answer_free, done_cb, tick_cb, window);
}

static void
submit (Window *window, gint64 budget_us)
{
  Request *request = g_new0 (Request, 1);

  g_atomic_int_inc (&live_requests);
  request->id = ++window->newest;
  request->subject = window->subject;
  request->session = window->session != NULL ? tap_session_ref (window->session) : NULL;
  request->warm_up = g_rand_boolean (window->rand);
  tap_lane_submit (window->lane, request, budget_us);
}

/* Serves the main context for some microseconds, or until everything is answered. */
static void
wait (Window *window, gint64 microseconds, gboolean for_answer)
{
  gint64 until = g_get_monotonic_time () + microseconds;

  while (g_get_monotonic_time () < until && !(for_answer && window->answered == window->newest))
    if (!g_main_context_iteration (NULL, FALSE))
      g_usleep (50);
}

static void
replace_network (Window *window)
{
  window->subject = &subjects[g_rand_int_range (window->rand, 0, N_NETWORKS)];
  g_clear_pointer (&window->session, tap_session_unref);
  tap_lane_cancel (window->lane);
}

static void
test_lane (void)
{
  Window window = { .rand = g_rand_new_with_seed (3), .subject = &subjects[0] };
  const gint64 budgets[] = { 0, 2000, 20000, G_MAXINT64 };

  g_test_summary (
    "200 times a network is opened, run, cancelled, replaced or closed at any moment, and "
    "every answer is the right one");
  open_lane (&window);
  for (int round = 0; round < N_ROUNDS; round++)
    {
      replace_network (&window);
      for (int i = g_rand_int_range (window.rand, 1, 4); i > 0; i--)
        {
          submit (&window, budgets[g_rand_int_range (window.rand, 0, G_N_ELEMENTS (budgets))]);
          wait (&window, g_rand_int_range (window.rand, 0, 9000), FALSE);
        }
      if (round % 5 == 0)
        {
          wait (&window, PATIENCE, TRUE);
          g_assert_cmpint (window.answered, ==, window.newest);
        }
      if (g_rand_int_range (window.rand, 0, CLOSE_ONE) == 0)
        {
          tap_lane_dispose (window.lane);
          open_lane (&window);
          window.answered = window.newest;
        }
    }
  submit (&window, 0);
  wait (&window, PATIENCE, TRUE);
  g_assert_cmpint (window.answered, ==, window.newest);
  g_assert_cmpint (window.n_answers, >=, N_ROUNDS / 5);
  tap_lane_dispose (window.lane);
  g_clear_pointer (&window.session, tap_session_unref);
  /* Lanes end by themselves, in their own time. */
  wait (&window, 200000, FALSE);
  for (gint64 until = g_get_monotonic_time () + PATIENCE;
       g_get_monotonic_time () < until &&
       (g_atomic_int_get (&live_requests) > 0 || g_atomic_int_get (&live_answers) > 0);)
    wait (&window, 20000, FALSE);
  g_assert_cmpint (g_atomic_int_get (&live_requests), ==, 0);
  g_assert_cmpint (g_atomic_int_get (&live_answers), ==, 0);
  g_rand_free (window.rand);
}

/* --- threads of our own --- */

typedef struct
{
  const Subject *subject;
  TapSession *session; /* NULL: one of its own */
  int rounds;
} Worker;

static gpointer
worker_main (gpointer data)
{
  const Worker *worker = data;
  g_autoptr (TapSession) session =
    worker->session != NULL ? tap_session_ref (worker->session) : open_session (worker->subject, 2);

  for (int i = 0; i < worker->rounds; i++)
    g_assert_true (run_all (worker->subject, session, NULL, NULL, NULL));
  return NULL;
}

static void
run_workers (Worker *workers, int n)
{
  g_autofree GThread **threads = g_new (GThread *, (gsize) n);

  for (int i = 0; i < n; i++)
    threads[i] = g_thread_new ("stress", worker_main, &workers[i]);
  for (int i = 0; i < n; i++)
    g_thread_join (threads[i]);
}

static void
test_two_sessions (void)
{
  g_test_summary ("two sessions at once on one graph answer as one does alone");
  for (int s = 0; s < N_NETWORKS; s++)
    {
      Worker workers[2] = { { &subjects[s], NULL, 8 }, { &subjects[s], NULL, 8 } };

      run_workers (workers, 2);
    }
}

static void
test_one_session (void)
{
  g_test_summary ("threads that share a session wait for each other, and get right answers");
  for (int s = 0; s < N_NETWORKS; s++)
    {
      g_autoptr (TapSession) session = open_session (&subjects[s], 2);
      Worker workers[3] = { { &subjects[s], session, 4 },
                            { &subjects[s], session, 4 },
                            { &subjects[s], session, 4 } };

      run_workers (workers, 3);
    }
}

typedef struct
{
  GAsyncQueue *traces;
  const Subject *subject;
} Reader;

static gpointer
reader_main (gpointer data)
{
  Reader *reader = data;

  for (;;)
    {
      g_autoptr (TapTrace) trace = g_async_queue_pop (reader->traces);

      /* The one without scores says that it is over. */
      if (tap_trace_get (trace, reader->subject->model->scores) == NULL)
        return NULL;
      assert_same (tap_trace_get (trace, reader->subject->model->scores), reader->subject->scores);
    }
}

static void
test_traces (void)
{
  const Subject *subject = &subjects[NETWORK_FIRES];
  g_autoptr (TapSession) session = open_session (subject, 2);
  g_autoptr (GAsyncQueue) queue = g_async_queue_new ();
  Reader reader = { queue, subject };
  GThread *threads[2];
  g_autoptr (TapTrace) end = NULL;

  g_test_summary ("traces may be read and dropped in other threads while the session goes on");
  for (int t = 0; t < 2; t++)
    threads[t] = g_thread_new ("reader", reader_main, &reader);
  for (int i = 0; i < 60; i++)
    {
      g_autoptr (TapTrace) trace = forward (
        subject, session, i % 3 == 0 ? TAP_RUN_FOR_PATCH : TAP_RUN_DEFAULT, NULL, NULL, NULL);

      /* Three holders, the last of which drops it wherever it may be. */
      if (i % 3 != 0)
        for (int t = 0; t < 2; t++)
          g_async_queue_push (queue, tap_trace_ref (trace));
    }
  {
    TapTensor *inputs[] = { subject->input };

    end = tap_session_forward (session, inputs, 1, subject->input_taps, TAP_RUN_DEFAULT, NULL, NULL,
                               NULL);
  }
  for (int t = 0; t < 2; t++)
    g_async_queue_push (queue, tap_trace_ref (end));
  for (int t = 0; t < 2; t++)
    g_thread_join (threads[t]);
}

/* --- the networks --- */

/* One of the networks of the benchmarks, for small pictures. (transfer full) */
static TapModel *
small_model (const char *id, int size)
{
  TapGraph *graph = bench_network_build (bench_network_find (id));
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 3, (gint64) size, (gint64) size);
  g_autoptr (GError) error = NULL;
  TapModel *model;

  tap_infer_graph (graph, &shape, 0, NULL, &error);
  g_assert_no_error (error);
  model = tap_model_new (graph);
  tap_model_complete (model);
  return model;
}

static int
last_maps (const TapGraph *graph)
{
  for (int i = tap_graph_n_nodes (graph) - 1; i >= 0; i--)
    {
      const TapValue *value =
        tap_graph_get_value (graph, tap_graph_get_node (graph, i)->outputs[0]);

      if (value->shape.n_dims == 4 && value->shape.dims[2] > 1)
        return value->index;
    }
  g_assert_not_reached ();
}

static gboolean
keep_cb (int position, TapTrace *trace, gpointer user_data, GError **error)
{
  Subject *self = user_data;

  self->swept[position] = tap_tensor_ref (tap_trace_get (trace, self->model->scores));
  return TRUE;
}

/* (transfer full) @model */
static void
subject_init (Subject *self, TapModel *model)
{
  const TapShape *shape = &tap_graph_get_value (model->graph, model->input)->shape;
  int width = (int) shape->dims[3], side = width / 4;
  TapShape mask = tap_shape_new (4, (gint64) 1, shape->dims[1], (gint64) side, (gint64) side);
  g_autoptr (TapSession) session = NULL;
  g_autoptr (TapTrace) plain = NULL;
  g_autoptr (TapTrace) base = NULL;
  g_autoptr (TapTrace) kept = NULL;
  g_autoptr (TapTrace) back = NULL;
  TapStats stats;

  self->model = model;
  self->input = random_tensor (shape, 5);
  self->pixels = random_tensor (&mask, 6);
  self->maps = last_maps (model->graph);
  self->maps_gradient = random_tensor (&tap_graph_get_value (model->graph, self->maps)->shape, 7);
  self->score_taps = tap_taps_new_for (model->scores, self->maps, -1);
  self->input_taps = tap_taps_new_for (model->input, -1);
  session = open_session (self, 1);
  plain = forward (self, session, TAP_RUN_DEFAULT, NULL, NULL, NULL);
  self->scores = tap_tensor_ref (tap_trace_get (plain, model->scores));
  base = forward (self, session, TAP_RUN_FOR_PATCH, NULL, NULL, NULL);
  for (int i = 0; i < N_MASKS; i++)
    {
      g_autoptr (TapTrace) patched = NULL;

      self->masks[i] = (TapRect){ i * (width - side) / (N_MASKS - 1), i * side / 2, side, side };
      patched = patch (self, session, base, i, NULL, NULL);
      self->patched[i] = tap_tensor_ref (tap_trace_get (patched, model->scores));
    }
  g_assert_true (patch_many (self, session, base, keep_cb, self, NULL, NULL));
  kept = forward (self, session, TAP_RUN_FOR_BACKWARD, NULL, NULL, NULL);
  back = backward (self, session, kept, NULL, NULL);
  self->gradient = tap_tensor_ref (tap_trace_get (back, model->input));
  /* Equal answers say little if there is nothing in them. */
  tap_tensor_stats (tap_tensor_f32 (self->gradient), self->gradient->count, &stats);
  g_assert_cmpuint (stats.n_zero, <, self->gradient->count / 2);
  g_assert_cmpuint (stats.n_nan + stats.n_inf, ==, 0);
}

static void
subject_clear (Subject *self)
{
  tap_tensor_unref (self->input);
  tap_tensor_unref (self->pixels);
  tap_tensor_unref (self->scores);
  for (int i = 0; i < N_MASKS; i++)
    {
      tap_tensor_unref (self->patched[i]);
      tap_tensor_unref (self->swept[i]);
    }
  tap_tensor_unref (self->gradient);
  tap_tensor_unref (self->maps_gradient);
  tap_taps_free (self->score_taps);
  tap_taps_free (self->input_taps);
  tap_model_unref (self->model);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  subject_init (&subjects[NETWORK_EXAMPLE], tap_example_load_model (NULL, &error));
  g_assert_no_error (error);
  subject_init (&subjects[NETWORK_FIRES], small_model ("squeezenet1_1", 64));
  subject_init (&subjects[NETWORK_DEPTHWISE], small_model ("mobilenet_v2", 64));

  g_test_add_func ("/engine/stress/lane", test_lane);
  g_test_add_func ("/engine/stress/two-sessions", test_two_sessions);
  g_test_add_func ("/engine/stress/one-session", test_one_session);
  g_test_add_func ("/engine/stress/traces", test_traces);
  status = g_test_run ();

  for (int s = 0; s < N_NETWORKS; s++)
    subject_clear (&subjects[s]);
  return status;
}
