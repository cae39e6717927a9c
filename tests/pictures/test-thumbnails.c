/* test-thumbnails.c - order, cache, errors and shutdown of the thumbnail service
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-error.h"
#include "pictures/tap-thumbnails.h"

typedef struct
{
  TapThumbnails *thumbnails;
  int n_pictures, n_errors;
  GThread *thread;
  guint cancel_next; /* cancelled by the first callback */
  gboolean dispose;  /* by the first callback */
} Seen;

static char *
golden_path (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "pictures", "golden", name, NULL);
}

static void
seen_cb (TapPicture *picture, const GError *error, gpointer user_data)
{
  Seen *seen = user_data;

  g_assert_true (g_thread_self () == seen->thread);
  g_assert_true ((picture == NULL) == (error != NULL));
  if (picture != NULL)
    {
      g_assert_cmpint (MAX (picture->width, picture->height), <=, 32);
      seen->n_pictures++;
    }
  else
    seen->n_errors++;
  if (seen->cancel_next != 0)
    {
      tap_thumbnails_cancel (seen->thumbnails, seen->cancel_next);
      seen->cancel_next = 0;
    }
  if (seen->dispose)
    tap_thumbnails_dispose (seen->thumbnails);
}

static void
wait_for (Seen *seen, int n)
{
  gint64 until = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  while (seen->n_pictures + seen->n_errors < n && g_get_monotonic_time () < until)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpint (seen->n_pictures + seen->n_errors, ==, n);
}

static void
settle (void)
{
  gint64 until = g_get_monotonic_time () + 100 * 1000;

  while (g_get_monotonic_time () < until)
    g_main_context_iteration (NULL, FALSE);
}

static void
test_requests (void)
{
  TapThumbnails *thumbnails = tap_thumbnails_new (32, 1 << 20);
  Seen seen = { thumbnails, 0, 0, g_thread_self (), 0, FALSE };
  g_autofree char *source = golden_path ("source.png");
  g_autofree char *text = golden_path ("VERSIONS");
  g_autoptr (TapPicture) kept = NULL;

  g_test_summary ("Pictures and errors arrive in the owner's thread; the cache answers at once.");
  g_assert_null (tap_thumbnails_lookup (thumbnails, source));
  tap_thumbnails_request (thumbnails, source, seen_cb, &seen);
  tap_thumbnails_request (thumbnails, source, seen_cb, &seen);
  tap_thumbnails_request (thumbnails, text, seen_cb, &seen);
  g_assert_cmpint (seen.n_pictures, ==, 0);
  wait_for (&seen, 3);
  g_assert_cmpint (seen.n_pictures, ==, 2);
  g_assert_cmpint (seen.n_errors, ==, 1);
  g_assert_cmpuint (tap_thumbnails_n_broken (thumbnails), ==, 1);

  kept = tap_thumbnails_lookup (thumbnails, source);
  g_assert_cmpint (kept->width, ==, 32); /* 62×46 */
  g_assert_cmpint (kept->height, ==, 24);
  tap_thumbnails_request (thumbnails, source, seen_cb, &seen);
  tap_thumbnails_request (thumbnails, text, seen_cb, &seen);
  wait_for (&seen, 5);
  g_assert_cmpuint (tap_thumbnails_n_broken (thumbnails), ==, 1);
  tap_thumbnails_dispose (thumbnails);
}

static void
test_cancel (void)
{
  TapThumbnails *thumbnails = tap_thumbnails_new (32, 1 << 20);
  Seen seen = { thumbnails, 0, 0, g_thread_self (), 0, FALSE };
  g_autofree char *source = golden_path ("source.png");
  guint first, second;

  g_test_summary ("A cancelled request is never answered, even when cancelled by its neighbour.");
  first = tap_thumbnails_request (thumbnails, source, seen_cb, &seen);
  tap_thumbnails_cancel (thumbnails, first);
  tap_thumbnails_cancel (thumbnails, first);
  settle ();
  g_assert_cmpint (seen.n_pictures, ==, 0);

  tap_thumbnails_request (thumbnails, source, seen_cb, &seen);
  second = tap_thumbnails_request (thumbnails, source, seen_cb, &seen);
  seen.cancel_next = second;
  wait_for (&seen, 1);
  settle ();
  g_assert_cmpint (seen.n_pictures, ==, 1);
  tap_thumbnails_dispose (thumbnails);
}

static void
test_no_cache (void)
{
  static const char *const names[] = { "turn-1.png", "turn-2.png", "turn-3.png", "turn-4.png",
                                       "turn-5.png", "turn-6.png", "turn-7.png", "turn-8.png" };
  TapThumbnails *thumbnails = tap_thumbnails_new (32, 0); /* nothing is kept */
  Seen seen = { thumbnails, 0, 0, g_thread_self (), 0, FALSE };

  g_test_summary ("A cache of no size still answers everybody.");
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = golden_path (names[i]);

      tap_thumbnails_request (thumbnails, path, seen_cb, &seen);
    }
  wait_for (&seen, G_N_ELEMENTS (names));
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = golden_path (names[i]);

      g_assert_null (tap_thumbnails_lookup (thumbnails, path));
    }
  tap_thumbnails_dispose (thumbnails);
}

static void
test_dispose (void)
{
  g_autofree char *source = golden_path ("source.png");
  g_autofree char *text = golden_path ("VERSIONS");

  g_test_summary ("Nothing is called after dispose, from a callback or in a race.");
  for (int round = 0; round < 200; round++)
    {
      TapThumbnails *thumbnails = tap_thumbnails_new (32, 1 << 20);
      Seen seen = { thumbnails, 0, 0, g_thread_self (), 0, FALSE };

      tap_thumbnails_request (thumbnails, source, seen_cb, &seen);
      tap_thumbnails_request (thumbnails, text, seen_cb, &seen);
      if (round % 3 == 0)
        g_usleep (round % 7 * 100);
      if (round % 2 == 0)
        g_main_context_iteration (NULL, FALSE);
      tap_thumbnails_dispose (thumbnails);
      seen.thread = NULL; /* a callback from now on fails */
      g_main_context_iteration (NULL, FALSE);
    }
  {
    TapThumbnails *thumbnails = tap_thumbnails_new (32, 1 << 20);
    Seen seen = { thumbnails, 0, 0, g_thread_self (), 0, TRUE };

    tap_thumbnails_request (thumbnails, source, seen_cb, &seen);
    tap_thumbnails_request (thumbnails, source, seen_cb, &seen);
    wait_for (&seen, 1);
    settle ();
    g_assert_cmpint (seen.n_pictures, ==, 1);
  }
  settle ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/thumbnails/requests-are-answered", test_requests);
  g_test_add_func ("/thumbnails/cancelled-stay-silent", test_cancel);
  g_test_add_func ("/thumbnails/no-cache-still-answers", test_no_cache);
  g_test_add_func ("/thumbnails/nothing-after-dispose", test_dispose);
  return g_test_run ();
}
