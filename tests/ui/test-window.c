/* test-window.c - the window opens the example, follows the document, exports, and never blocks
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>

#include <adwaita.h>
#include <stdlib.h>

#include "app/tap-loop-watch.h"
#include "app/tap-main-window.h"
#include "figure/tap-figure.h"

#define PATIENCE_US (60 * G_TIME_SPAN_SECOND)

/* What a person notices. Sanitizers make everything several times slower. */
#if defined(__SANITIZE_ADDRESS__)
#  define GAP_MS 400.0
#else
#  define GAP_MS 50.0
#endif

typedef gboolean (*Condition) (TapMainWindow *window);

static void
turn_for (int milliseconds)
{
  gint64 end = g_get_monotonic_time () + milliseconds * G_TIME_SPAN_MILLISECOND;

  while (g_get_monotonic_time () < end)
    if (!g_main_context_iteration (NULL, FALSE))
      g_usleep (500);
}

static void
wait_until (TapMainWindow *window, Condition condition)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_US;

  while (!condition (window))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (500);
    }
}

static gboolean
has_scores (TapMainWindow *window)
{
  TapDocument *document = tap_main_window_get_document (window);

  return tap_document_get_opening (document) == NULL && !tap_document_get_running (document) &&
         tap_document_get_scores (document) != NULL;
}

static gboolean
has_export (TapMainWindow *window)
{
  g_autoptr (TapExport) export = tap_page_dup_export (tap_main_window_get_page (window));

  return export != NULL && export->result != NULL && export->result->fraction >= 1.0;
}

static void
act (TapMainWindow *window, const char *name, GVariant *parameter)
{
  g_action_group_activate_action (G_ACTION_GROUP (window), name, parameter);
}

static TapMainWindow *
open_window (void)
{
  TapMainWindow *window = tap_main_window_new (NULL);

  gtk_window_set_default_size (GTK_WINDOW (window), 1280, 800);
  gtk_window_present (GTK_WINDOW (window));
  turn_for (200);

  return window;
}

static TapMainWindow *
open_example (void)
{
  TapMainWindow *window = open_window ();

  act (window, "open-example", NULL);
  wait_until (window, has_scores);
  turn_for (300);

  return window;
}

static void
close_window (TapMainWindow *window)
{
  TapDocument *document = g_object_ref (tap_main_window_get_document (window));

  g_object_add_weak_pointer (G_OBJECT (window), (gpointer *) &window);
  gtk_window_destroy (GTK_WINDOW (window));
  turn_for (100);
  g_assert_null (window);
  g_assert_finalize_object (document);
  turn_for (50);
}

static void
test_opens_and_closes (void)
{
  close_window (open_window ());
}

static void
test_first_answer_within_ten_seconds (void)
{
  gint64 start = g_get_monotonic_time ();
  TapMainWindow *window = open_example ();

  g_assert_cmpint (g_get_monotonic_time () - start, <, 10 * G_TIME_SPAN_SECOND);
  close_window (window);
}

static void
test_every_action_can_be_called (void)
{
  const char *const names[] = {
    "next-picture", "previous-picture", "next-layer",   "previous-layer", "zoom-in",
    "zoom-out",     "zoom-fit",         "find",         "cancel",         "copy",
    "show-strip",   "show-details",     "show-network", "show-network",   "pin-class"
  };
  TapMainWindow *window = open_example ();

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_assert_true (g_action_group_has_action (G_ACTION_GROUP (window), names[i]));
      act (window, names[i], NULL);
      turn_for (40);
    }
  for (int page = 0; page < 3; page++)
    {
      act (window, "page", g_variant_new_int32 (page));
      turn_for (40);
    }
  turn_for (200);
  close_window (window);
}

static void
test_layer_page_exports_with_recipe (void)
{
  TapMainWindow *window = open_example ();
  g_autofree char *folder = g_dir_make_tmp ("tapetum-test-XXXXXX", NULL);
  const char *const suffixes[] = { "png", "svg", "pdf", "npy", "npz", "json" };
  g_autoptr (TapExport) export = NULL;
  g_autoptr (GError) error = NULL;

  wait_until (window, has_export);
  export = tap_page_dup_export (tap_main_window_get_page (window));
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *name = g_strdup_printf ("figure.%s", suffixes[i]);
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_assert_true (tap_export_save (export, path, &error));
      g_assert_no_error (error);
      if (i == 0)
        {
          g_autofree char *recipe = tap_figure_read_recipe (path, &error);

          g_assert_no_error (error);
          g_assert_nonnull (recipe);
          g_assert_nonnull (strstr (recipe, "activations"));
        }
      g_assert_cmpint (g_remove (path), ==, 0);
    }
  g_assert_cmpint (g_remove (folder), ==, 0);
  close_window (window);
}

/* Frames of a sweep grow with their legends. */
static void
test_animation_of_uneven_frames (void)
{
  g_autoptr (TapExport) export = tap_export_new ("sweep");
  g_autoptr (GPtrArray) frames =
    g_ptr_array_new_with_free_func ((GDestroyNotify) cairo_surface_destroy);
  g_autofree char *folder = g_dir_make_tmp ("tapetum-test-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "sweep.gif", NULL);
  g_autoptr (GdkPixbuf) read = NULL;
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < 4; i++)
    g_ptr_array_add (frames, cairo_image_surface_create (CAIRO_FORMAT_RGB24, 40 + i, 60 - i));
  tap_export_set_frames (export, frames, 5);
  g_assert_true (tap_export_save (export, path, &error));
  g_assert_no_error (error);
  read = gdk_pixbuf_new_from_file (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (gdk_pixbuf_get_width (read), ==, 43);
  g_assert_cmpint (gdk_pixbuf_get_height (read), ==, 60);

  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_remove (folder), ==, 0);
}

/* On a machine with more to do than it can, waiting is nobody's fault: only work counts there. */
static double
blocked_ms (void)
{
  double load = 0;

  if (getloadavg (&load, 1) == 1 && load > g_get_num_processors () + 1)
    return tap_loop_watch_get_worst_cpu_ms ();

  return tap_loop_watch_get_worst_ms ();
}

static void
test_sweep_does_not_block (void)
{
  TapMainWindow *window = open_example ();
  double best = G_MAXDOUBLE;

  act (window, "page", g_variant_new_int32 (1));
  turn_for (500);
  tap_loop_watch_start ();
  for (int i = 0; i < 3 && best >= GAP_MS; i++)
    {
      TapDocument *document = tap_main_window_get_document (window);

      tap_document_walk (document, 1);
      wait_until (window, has_scores);
      turn_for (200);
      tap_loop_watch_reset ();
      act (window, "perform", g_variant_new_string ("sweep"));
      turn_for (50);
      wait_until (window, has_export);
      turn_for (100);
      best = MIN (best, blocked_ms ());
      g_test_message ("longest time away: %.1f ms, %.1f ms of them working",
                      tap_loop_watch_get_worst_ms (), tap_loop_watch_get_worst_cpu_ms ());
    }
  g_assert_cmpfloat (best, <, GAP_MS);
  close_window (window);
}

static void
test_closes_while_sweeping (void)
{
  for (int i = 0; i < 4; i++)
    {
      TapMainWindow *window = open_example ();

      act (window, "page", g_variant_new_int32 (1));
      act (window, "perform", g_variant_new_string ("sweep"));
      turn_for (i * 40);
      close_window (window);
    }
}

static void
test_problem_is_shown_and_nothing_lost (void)
{
  TapMainWindow *window = open_example ();
  TapDocument *document = tap_main_window_get_document (window);
  TapModel *model = tap_document_get_model (document);

  tap_document_open (document, (const char *const[]){ "/nowhere/at/all.onnx", NULL });
  wait_until (window, has_scores);
  g_assert_true (tap_document_get_model (document) == model);
  act (window, "cancel", NULL);
  turn_for (50);
  close_window (window);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!gtk_init_check ())
    {
      g_print ("1..0 # SKIP no display\n");
      return 0;
    }
  adw_init ();
  tap_application_init_resources ();

  g_test_add_func ("/window/opens-and-closes", test_opens_and_closes);
  g_test_add_func ("/window/first-answer-within-ten-seconds", test_first_answer_within_ten_seconds);
  g_test_add_func ("/window/every-action-can-be-called", test_every_action_can_be_called);
  g_test_add_func ("/window/layer-page-exports-with-recipe", test_layer_page_exports_with_recipe);
  g_test_add_func ("/window/animation-of-uneven-frames", test_animation_of_uneven_frames);
  g_test_add_func ("/window/sweep-does-not-block", test_sweep_does_not_block);
  g_test_add_func ("/window/closes-while-sweeping", test_closes_while_sweeping);
  g_test_add_func ("/window/problem-is-shown-and-nothing-lost",
                   test_problem_is_shown_and_nothing_lost);

  return g_test_run ();
}
