/* bench-drag.c - how often a second the answer follows a mask that is dragged in the window
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *   bench-drag [NETWORK PICTURE]
 *
 * The real window with the real pointer: xdotool drags the mask in circles, 125 positions a second, while
 * this program counts the answers that reach the bars beside the picture, and how many of them were drawn.
 * Without arguments it takes SqueezeNet of the shared data, else the built-in example. */
#include "config.h"

#include <adwaita.h>
#include <math.h>

#include "app/tap-loop-watch.h"
#include "app/tap-main-window.h"
#include "app/widgets/tap-picture-view.h"

#define PATIENCE_US (60 * G_TIME_SPAN_SECOND)
#define MOVES       600
#define INTERVAL_S  "0.008"
#define MUST        30

typedef struct
{
  GArray *answers; /* gint64: when each came */
  int drawn;       /* frames that showed a new one */
  gboolean fresh, dragging;
} Count;

static void
turn_for (int milliseconds)
{
  gint64 end = g_get_monotonic_time () + milliseconds * G_TIME_SPAN_MILLISECOND;

  while (g_get_monotonic_time () < end)
    if (!g_main_context_iteration (NULL, FALSE))
      g_usleep (500);
}

static gboolean
wait_for_scores (TapDocument *document)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_US;

  while (tap_document_get_scores (document) == NULL || tap_document_get_running (document))
    {
      if (g_get_monotonic_time () > end)
        return FALSE;
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (500);
    }
  return TRUE;
}

/* The picture in which the mask can be dragged: the one that is on the screen. */
static GtkWidget *
find_picture (GtkWidget *widget)
{
  if (TAP_IS_PICTURE_VIEW (widget) && gtk_widget_get_mapped (widget))
    return widget;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find_picture (child);

      if (found != NULL)
        return found;
    }
  return NULL;
}

/* xdotool's words for a drag in circles of @radius around (@x, @y), begun at its centre. */
static char **
drag_words (double x, double y, double radius)
{
  GPtrArray *words = g_ptr_array_new ();

  g_ptr_array_add (words, g_strdup ("xdotool"));
  for (int i = 0; i < MOVES; i++)
    {
      double turn = 2 * G_PI * i / 150, far = radius * MIN (1, i / 50.0);

      g_ptr_array_add (words, g_strdup ("mousemove"));
      g_ptr_array_add (words, g_strdup_printf ("%d", (int) (x + far * cos (turn))));
      g_ptr_array_add (words, g_strdup_printf ("%d", (int) (y + far * sin (turn))));
      g_ptr_array_add (words, g_strdup (i == 0 ? "mousedown" : "sleep"));
      g_ptr_array_add (words, g_strdup (i == 0 ? "1" : INTERVAL_S));
    }
  g_ptr_array_add (words, g_strdup ("mouseup"));
  g_ptr_array_add (words, g_strdup ("1"));
  g_ptr_array_add (words, NULL);
  return (char **) g_ptr_array_free (words, FALSE);
}

static void
answered_cb (TapDocument *document, GParamSpec *pspec, Count *count)
{
  gint64 now = g_get_monotonic_time ();

  if (!count->dragging || tap_document_get_probe_scores (document) == NULL)
    return;
  g_array_append_val (count->answers, now);
  count->fresh = TRUE;
}

static void
painted_cb (GdkFrameClock *clock, Count *count)
{
  count->drawn += count->fresh;
  count->fresh = FALSE;
}

static void
dropped_cb (GObject *process, GAsyncResult *result, gpointer user_data)
{
  Count *count = user_data;

  g_subprocess_wait_finish (G_SUBPROCESS (process), result, NULL);
  count->dragging = FALSE;
}

static gboolean
drag (TapMainWindow *window, Count *count)
{
  GtkWidget *picture = find_picture (GTK_WIDGET (window));
  graphene_rect_t bounds;
  g_auto (GStrv) words = NULL;
  g_autoptr (GSubprocess) process = NULL;

  if (picture == NULL || !gtk_widget_compute_bounds (picture, GTK_WIDGET (window), &bounds))
    return FALSE;
  words =
    drag_words (bounds.origin.x + bounds.size.width / 2, bounds.origin.y + bounds.size.height / 2,
                MIN (bounds.size.width, bounds.size.height) / 4);
  process = g_subprocess_newv ((const char *const *) words, G_SUBPROCESS_FLAGS_NONE, NULL);
  if (process == NULL)
    return FALSE;
  count->dragging = TRUE;
  g_subprocess_wait_async (process, NULL, dropped_cb, count);
  while (count->dragging)
    if (!g_main_context_iteration (NULL, FALSE))
      g_usleep (200);
  return TRUE;
}

static int
report (const char *title, const Count *count)
{
  guint n = count->answers->len;
  double seconds, rate, worst = 0;

  if (n < 2)
    {
      g_print ("%s: no answers came.\n", title);
      return 1;
    }
  seconds = (double) (g_array_index (count->answers, gint64, n - 1) -
                      g_array_index (count->answers, gint64, 0)) /
            G_USEC_PER_SEC;
  for (guint i = 1; i < n; i++)
    worst = MAX (worst, (double) (g_array_index (count->answers, gint64, i) -
                                  g_array_index (count->answers, gint64, i - 1)) /
                          1e3);
  rate = (n - 1) / seconds;
  g_print (
    "%s: %.0f answers a second over %.1f s, %.0f of them drawn; longest pause %.0f ms, longest "
    "time away from the main loop %.1f ms; must ≥ %d: %s\n",
    title, rate, seconds, count->drawn / seconds, worst, tap_loop_watch_get_worst_ms (), MUST,
    rate >= MUST ? "holds" : "MISSED");
  return 0;
}

int
main (int argc, char **argv)
{
  const char *root = g_getenv ("TAPETUM_SHARED_DATA");
  g_autofree char *network = g_build_filename (
    root != NULL ? root : "", "models/squeezenet1_1_torchvision_onnx/squeezenet1_1.onnx", NULL);
  g_autofree char *pictures = g_build_filename (root != NULL ? root : "", "images", NULL);
  const char *paths[] = { argc > 2 ? argv[1] : network, argc > 2 ? argv[2] : pictures, NULL };
  g_autoptr (GArray) answers = g_array_new (FALSE, FALSE, sizeof (gint64));
  Count count = { .answers = answers };
  gboolean given = argc > 2 || g_file_test (paths[0], G_FILE_TEST_EXISTS);
  TapMainWindow *window;
  TapDocument *document;
  int status = 1;

  if (!gtk_init_check ())
    {
      g_print ("There is no display.\n");
      return 77;
    }
  adw_init ();
  tap_application_init_resources ();
  g_set_application_name ("Tapetum");
  window = tap_main_window_new (NULL);
  document = tap_main_window_get_document (window);
  gtk_window_set_default_size (GTK_WINDOW (window), 1280, 800);
  gtk_window_present (GTK_WINDOW (window));
  turn_for (300);
  if (given)
    tap_document_open (document, paths);
  else
    tap_document_open_example (document);
  if (!wait_for_scores (document))
    {
      g_print ("%s could not be opened with a picture.\n", paths[0]);
      return 1;
    }
  g_action_group_activate_action (G_ACTION_GROUP (window), "page", g_variant_new_int32 (1));
  turn_for (1500);
  tap_loop_watch_start ();
  tap_loop_watch_reset ();
  g_signal_connect (document, "notify::probe-scores", G_CALLBACK (answered_cb), &count);
  g_signal_connect (gtk_widget_get_frame_clock (GTK_WIDGET (window)), "after-paint",
                    G_CALLBACK (painted_cb), &count);
  if (!drag (window, &count))
    g_print ("The mask cannot be dragged: xdotool is not installed, or no picture is shown.\n");
  else
    status = report (given ? argc > 2 ? argv[1] : "SqueezeNet 1.1 in the window" :
                             "The example in the window",
                     &count);
  g_signal_handlers_disconnect_by_data (document, &count);
  g_signal_handlers_disconnect_by_data (gtk_widget_get_frame_clock (GTK_WIDGET (window)), &count);
  gtk_window_destroy (GTK_WINDOW (window));
  turn_for (100);
  return status;
}
