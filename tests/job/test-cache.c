/* test-cache.c - the least recently used answer goes first, and the bound holds
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "job/tap-cache.h"

static gpointer
value_ref (gpointer value)
{
  return g_bytes_ref (value);
}

static void
value_unref (gpointer value)
{
  g_bytes_unref (value);
}

static void
put (TapCache *cache, const char *key, gsize n)
{
  g_autoptr (GBytes) bytes = g_bytes_new (key, 1);

  tap_cache_put (cache, key, bytes, n);
}

static gboolean
has (TapCache *cache, const char *key)
{
  g_autoptr (GBytes) bytes = tap_cache_get (cache, key);

  g_assert_true (bytes == NULL || *(const char *) g_bytes_get_data (bytes, NULL) == key[0]);
  return bytes != NULL;
}

static void
test_order (void)
{
  g_autoptr (TapCache) cache = tap_cache_new (100, value_ref, value_unref);

  g_test_summary ("What was not asked for the longest goes first.");
  put (cache, "a", 40);
  put (cache, "b", 40);
  g_assert_true (has (cache, "a"));
  put (cache, "c", 40);
  g_assert_true (has (cache, "a"));
  g_assert_false (has (cache, "b"));
  g_assert_true (has (cache, "c"));
  g_assert_cmpuint (tap_cache_get_bytes (cache), ==, 80);
}

static void
test_bounds (void)
{
  g_autoptr (TapCache) cache = tap_cache_new (100, value_ref, value_unref);

  g_test_summary ("A value larger than the cache is not kept; a newer answer replaces the older.");
  put (cache, "a", 50);
  put (cache, "b", 101);
  g_assert_true (has (cache, "a"));
  g_assert_false (has (cache, "b"));
  put (cache, "a", 70);
  g_assert_cmpuint (tap_cache_get_bytes (cache), ==, 70);
  put (cache, "a", 200); /* an answer that cannot be kept must not leave the old one */
  g_assert_false (has (cache, "a"));
  g_assert_cmpuint (tap_cache_get_bytes (cache), ==, 0);
  put (cache, "c", 100);
  tap_cache_clear (cache);
  g_assert_false (has (cache, "c"));
}

static gpointer
hammer (gpointer data)
{
  TapCache *cache = data;
  g_autoptr (GRand) random = g_rand_new_with_seed (3);

  for (int i = 0; i < 20000; i++)
    {
      char key[2] = { (char) ('a' + g_rand_int_range (random, 0, 20)), '\0' };

      if (i % 3 == 0)
        put (cache, key, (gsize) g_rand_int_range (random, 1, 40));
      else
        has (cache, key);
      g_assert_cmpuint (tap_cache_get_bytes (cache), <=, 100);
    }
  return NULL;
}

static void
test_threads (void)
{
  g_autoptr (TapCache) cache = tap_cache_new (100, value_ref, value_unref);
  GThread *threads[4];

  g_test_summary ("Threads share it without losing count.");
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("hammer", hammer, cache);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cache/least-used-goes-first", test_order);
  g_test_add_func ("/cache/bounds-hold", test_bounds);
  g_test_add_func ("/cache/threads-share", test_threads);
  return g_test_run ();
}
