/* test-lane.c - the newest request wins, the budget holds, nothing is called after dispose
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "job/tap-lane.h"

typedef struct
{
  int id;
  int cost_ms;
  gboolean with_partials;
} Request;

typedef struct
{
  GMainLoop *loop;
  GArray *seen;
  GThread *thread;
  TapLane *lane;
  int last;
  int stop_at; /* id that ends the loop */
  int ticks, partials;
  double newest_partial;
  gboolean busy_in_done;
} Fixture;

static int live_requests, live_results;

static Request *
request_new (int id, int cost_ms)
{
  Request *self = g_new0 (Request, 1);

  self->id = id;
  self->cost_ms = cost_ms;
  g_atomic_int_inc (&live_requests);
  return self;
}

static void
request_free (gpointer data)
{
  g_atomic_int_add (&live_requests, -1);
  g_free (data);
}

static void
result_free (gpointer data)
{
  g_atomic_int_add (&live_results, -1);
  g_free (data);
}

static gpointer
run (gconstpointer data, TapProgress *progress, GCancellable *cancellable, GError **error)
{
  const Request *request = data;
  int *out;

  for (int i = 0; i < request->cost_ms; i++)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return NULL;
      g_usleep (1000);
      tap_progress_set (progress, (i + 1.0) / request->cost_ms);
      if (request->with_partials && tap_progress_wants_partial (progress))
        {
          TapResult *partial = tap_result_new ("test", NULL);

          partial->fraction = (i + 1.0) / request->cost_ms;
          partial->unit = request->id;
          tap_progress_partial (progress, partial);
        }
    }
  if (request->id < 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "asked to fail");
      return NULL;
    }
  out = g_new (int, 1);
  *out = request->id;
  g_atomic_int_inc (&live_results);
  return out;
}

static void
done_cb (gpointer result, const GError *error, gpointer user_data)
{
  Fixture *fixture = user_data;
  int id = result != NULL ? *(int *) result : G_MAXINT;

  g_assert_true (g_thread_self () == fixture->thread);
  g_assert_true ((result == NULL) == (error != NULL));
  if (result != NULL)
    result_free (result);
  g_assert_cmpint (id, >, fixture->last);
  fixture->last = id;
  fixture->busy_in_done = tap_lane_is_busy (fixture->lane);
  g_array_append_val (fixture->seen, id);
  if (id == fixture->stop_at)
    g_main_loop_quit (fixture->loop);
}

static void
tick_cb (double fraction, TapResult *partial, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_assert_true (g_thread_self () == fixture->thread);
  g_assert_cmpfloat (fraction, >=, 0.0);
  g_assert_cmpfloat (fraction, <=, 1.0);
  fixture->ticks++;
  if (partial != NULL)
    {
      fixture->partials++;
      fixture->newest_partial = partial->fraction;
    }
}

static void
fixture_init (Fixture *self, int stop_at)
{
  *self = (Fixture){ .loop = g_main_loop_new (NULL, FALSE),
                     .seen = g_array_new (FALSE, FALSE, sizeof (int)),
                     .thread = g_thread_self (),
                     .last = -1,
                     .stop_at = stop_at };
  self->lane = tap_lane_new ("lane", run, request_free, result_free, done_cb, tick_cb, self);
}

static void
settle (int milliseconds)
{
  gint64 until = g_get_monotonic_time () + milliseconds * 1000;

  while (g_get_monotonic_time () < until)
    {
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_usleep (2000);
    }
}

static void
fixture_clear (Fixture *self)
{
  if (self->lane != NULL)
    tap_lane_dispose (self->lane);
  self->thread = NULL; /* a callback from now on fails */
  settle (100);
  g_main_loop_unref (self->loop);
  g_array_unref (self->seen);
  g_assert_cmpint (g_atomic_int_get (&live_requests), ==, 0);
  g_assert_cmpint (g_atomic_int_get (&live_results), ==, 0);
}

typedef struct
{
  Fixture *fixture;
  int next, n, cost_ms;
  gint64 budget_us;
} Drag;

static gboolean
drag_cb (gpointer data)
{
  Drag *drag = data;

  tap_lane_submit (drag->fixture->lane, request_new (drag->next++, drag->cost_ms), drag->budget_us);
  return drag->next < drag->n;
}

/* How many of @n requests, one every 8 ms, each of 40 ms, are answered. */
static guint
frames_of_drag (gint64 budget_us, int n)
{
  Fixture fixture;
  Drag drag = { &fixture, 0, n, 40, budget_us };
  guint frames;

  fixture_init (&fixture, n - 1);
  g_timeout_add (8, drag_cb, &drag);
  g_main_loop_run (fixture.loop);
  frames = fixture.seen->len;
  g_assert_cmpint (fixture.last, ==, n - 1);
  g_assert_cmpint (fixture.ticks, >, 0);
  fixture_clear (&fixture);
  return frames;
}

static void
test_drag (void)
{
  guint reflex = frames_of_drag (0, 120);
  guint budgeted = frames_of_drag (G_USEC_PER_SEC, 120);

  g_test_summary ("With a budget a drag shows frames; cancelling on every event starves it.");
  g_test_message ("cancelling always: %u frames of 120, with a budget: %u", reflex, budgeted);
  g_assert_cmpuint (budgeted, >, 5);
  g_assert_cmpuint (reflex, <, budgeted);
}

static void
test_budget (void)
{
  Fixture fixture;
  gint64 start;

  g_test_summary (
    "A long job makes way when the budget ends, with no further submit to remind it.");
  fixture_init (&fixture, 1);
  start = g_get_monotonic_time ();
  tap_lane_submit (fixture.lane, request_new (0, 20000), 0);
  settle (20);
  tap_lane_submit (fixture.lane, request_new (1, 1), 100 * 1000);
  g_main_loop_run (fixture.loop);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 100 * 1000);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 10 * G_USEC_PER_SEC);
  g_assert_cmpuint (fixture.seen->len, ==, 1);
  fixture_clear (&fixture);
}

static void
test_patience (void)
{
  Fixture fixture;

  g_test_summary (
    "Without end to the budget, the running job finishes and the waiting one follows.");
  fixture_init (&fixture, 2);
  tap_lane_submit (fixture.lane, request_new (0, 60), G_MAXINT64);
  settle (20);
  tap_lane_submit (fixture.lane, request_new (1, 1), G_MAXINT64); /* replaced while it waits */
  tap_lane_submit (fixture.lane, request_new (2, 1), G_MAXINT64);
  g_main_loop_run (fixture.loop);
  g_assert_cmpuint (fixture.seen->len, ==, 2);
  g_assert_false (fixture.busy_in_done);
  fixture_clear (&fixture);
}

static void
test_partials (void)
{
  Fixture fixture;
  Request *request = request_new (0, 100);

  g_test_summary ("Partial results arrive, newest first to last, while the job runs.");
  fixture_init (&fixture, 0);
  request->with_partials = TRUE;
  tap_lane_submit (fixture.lane, request, 0);
  g_main_loop_run (fixture.loop);
  g_assert_cmpint (fixture.partials, >, 2);
  g_assert_cmpfloat (fixture.newest_partial, >, 0.3);
  fixture_clear (&fixture);
}

static void
test_cancel (void)
{
  Fixture fixture;

  g_test_summary ("After cancel nobody hears of what was submitted before.");
  fixture_init (&fixture, 7);
  for (int id = 0; id < 5; id++)
    {
      tap_lane_submit (fixture.lane, request_new (id, id), G_MAXINT64);
      g_usleep (3000);
      tap_lane_cancel (fixture.lane);
    }
  g_assert_cmpint (fixture.last, ==, -1);
  settle (50);
  g_assert_cmpint (fixture.last, ==, -1);
  g_assert_false (tap_lane_is_busy (fixture.lane));
  tap_lane_submit (fixture.lane, request_new (7, 1), 0);
  g_assert_true (tap_lane_is_busy (fixture.lane));
  g_main_loop_run (fixture.loop);
  fixture_clear (&fixture);
}

static void
test_errors (void)
{
  Fixture fixture;

  g_test_summary ("A failure is delivered as an error.");
  fixture_init (&fixture, G_MAXINT);
  tap_lane_submit (fixture.lane, request_new (-1, 1), 0);
  g_main_loop_run (fixture.loop);
  g_assert_cmpuint (fixture.seen->len, ==, 1);
  fixture_clear (&fixture);
}

static void
test_dispose_race (void)
{
  g_test_summary ("Three hundred lanes made, fed and dropped leave nothing behind.");
  for (int round = 0; round < 300; round++)
    {
      Fixture fixture;

      fixture_init (&fixture, -2);
      for (int i = 0; i < 5; i++)
        {
          Request *request = request_new (i, round % 4);

          request->with_partials = round % 5 == 0;
          tap_lane_submit (fixture.lane, request, round % 2 ? 0 : G_MAXINT64);
        }
      if (round % 3)
        g_usleep (round % 7 * 300);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      tap_lane_dispose (fixture.lane);
      fixture.thread = NULL;
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_main_loop_unref (fixture.loop);
      g_array_unref (fixture.seen);
    }
  settle (300);
  g_assert_cmpint (g_atomic_int_get (&live_requests), ==, 0);
  g_assert_cmpint (g_atomic_int_get (&live_results), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lane/drag-shows-frames", test_drag);
  g_test_add_func ("/lane/budget-ends-by-itself", test_budget);
  g_test_add_func ("/lane/patience-finishes", test_patience);
  g_test_add_func ("/lane/partials-arrive", test_partials);
  g_test_add_func ("/lane/cancel-is-silent", test_cancel);
  g_test_add_func ("/lane/errors-are-delivered", test_errors);
  g_test_add_func ("/lane/dispose-race", test_dispose_race);
  return g_test_run ();
}
