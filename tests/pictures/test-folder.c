/* test-folder.c - which files of a folder are pictures, in which order, in which class
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/tap-error.h"
#include "pictures/tap-folder.h"

static char *
put (const char *folder, const char *name, const char *contents, gssize n)
{
  char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, contents, n, NULL));
  return path;
}

static void
drop (const char *folder)
{
  const char *argv[] = { "rm", "-rf", "--", folder, NULL };

  g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                NULL);
}

static const char *
relative (const TapFolder *scan, guint i, const char *folder)
{
  const TapFolderEntry *entry = g_ptr_array_index (scan->entries, i);

  g_assert_true (g_str_has_prefix (entry->path, folder));
  return entry->path + strlen (folder) + 1;
}

static void
test_scan (void)
{
  static const char *const names[] = { "pic10.png",   "pic2.png",       "notes.txt",
                                       "cats/10.jpg", "cats/9.jpg",     "cats/deep/a.webp",
                                       "dogs/x.jpeg", "empty/none.txt", ".hidden.png",
                                       "plain",       "dogs/README",    "dogs/also.GIF" };
  static const struct
  {
    const char *name;
    int class_index;
  } expected[] = { { "pic2.png", -1 },     { "pic10.png", -1 },  { "picture", -1 },
                   { "cats/9.jpg", 0 },    { "cats/10.jpg", 0 }, { "cats/deep/a.webp", 0 },
                   { "dogs/also.GIF", 1 }, { "dogs/x.jpeg", 1 } };
  g_autofree char *folder = g_dir_make_tmp ("tapetum-XXXXXX", NULL);
  g_autofree char *fifo = g_build_filename (folder, "pipe.png", NULL);
  g_autofree char *loop = g_build_filename (folder, "dogs", "loop", NULL);
  g_autofree char *dangling = g_build_filename (folder, "gone.png", NULL);
  g_autoptr (TapFolder) scan = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("Natural order, subfolders as classes, everything else skipped and counted.");
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    g_free (put (folder, names[i], "text", -1));
  g_free (put (folder, "picture", "\x89PNG\r\n\x1a\n....", 12)); /* no suffix: known by its bytes */
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_assert_cmpint (symlink (folder, loop), ==, 0);
  g_assert_cmpint (symlink ("nowhere", dangling), ==, 0);

  scan = tap_folder_scan (folder, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (scan->entries->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < scan->entries->len; i++)
    {
      const TapFolderEntry *entry = g_ptr_array_index (scan->entries, i);

      g_assert_cmpstr (relative (scan, i, folder), ==, expected[i].name);
      g_assert_cmpint (entry->class_index, ==, expected[i].class_index);
    }
  g_assert_cmpuint (scan->classes->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (scan->classes, 0), ==, "cats");
  g_assert_cmpstr (g_ptr_array_index (scan->classes, 1), ==, "dogs");
  /* notes.txt, none.txt, plain, README, the pipe, the loop, the dangling link */
  g_assert_cmpint (scan->n_skipped, ==, 7);
  drop (folder);
}

static void
test_odd_names (void)
{
  g_autofree char *folder = g_dir_make_tmp ("tapetum-XXXXXX", NULL);
  g_autoptr (TapFolder) scan = NULL;

  g_test_summary ("Names that are not UTF-8, or hold a newline, are listed as they are.");
  g_free (put (folder, "caf\xe9.png", "x", 1));
  g_free (put (folder, "two\nlines.png", "x", 1));
  g_free (put (folder, "caf\xe9s/a.png", "x", 1));
  scan = tap_folder_scan (folder, NULL, NULL);
  g_assert_cmpuint (scan->entries->len, ==, 3);
  g_assert_cmpstr (relative (scan, 0, folder), ==, "caf\xe9.png");
  g_assert_true (g_utf8_validate (g_ptr_array_index (scan->classes, 0), -1, NULL));
  drop (folder);
}

static void
test_single (void)
{
  g_autofree char *folder = g_dir_make_tmp ("tapetum-XXXXXX", NULL);
  g_autofree char *picture = put (folder, "a.png", "\x89PNG\r\n\x1a\n", 8);
  g_autofree char *text = put (folder, "b.png", "hello", 5);
  g_autofree char *absent = g_build_filename (folder, "c.png", NULL);
  g_autoptr (TapFolder) scan = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("One picture's path gives a folder of one; a text file is refused.");
  scan = tap_folder_scan (picture, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (scan->entries->len, ==, 1);
  g_assert_null (tap_folder_scan (text, NULL, &error));
  g_assert_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_UNREADABLE);
  g_clear_error (&error);
  g_assert_null (tap_folder_scan (absent, NULL, &error));
  g_assert_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_UNREADABLE);
  drop (folder);
}

static void
test_cancel (void)
{
  g_autofree char *folder = g_dir_make_tmp ("tapetum-XXXXXX", NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_test_summary ("A cancelled scan says so.");
  g_free (put (folder, "a.png", "x", 1));
  g_cancellable_cancel (cancellable);
  g_assert_null (tap_folder_scan (folder, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  drop (folder);
}

static void
test_many (void)
{
  g_autofree char *folder = g_dir_make_tmp ("tapetum-XXXXXX", NULL);
  g_autoptr (TapFolder) scan = NULL;
  gint64 start;

  g_test_summary ("Thousands of files are listed in a fraction of a second.");
  for (int i = 0; i < 4000; i++)
    {
      g_autofree char *path = g_strdup_printf ("%s/picture %d.jpg", folder, i);

      g_close (g_creat (path, 0600), NULL);
    }
  start = g_get_monotonic_time ();
  scan = tap_folder_scan (folder, NULL, NULL);
  g_test_message ("4000 files in %" G_GINT64_FORMAT " µs", g_get_monotonic_time () - start);
  g_assert_cmpuint (scan->entries->len, ==, 4000);
  g_assert_true (g_str_has_suffix (relative (scan, 999, folder), "picture 999.jpg"));
  g_assert_cmpint (g_get_monotonic_time () - start, <, 2 * G_USEC_PER_SEC);
  drop (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/folder/scan-sorts-and-skips", test_scan);
  g_test_add_func ("/folder/odd-names-are-kept", test_odd_names);
  g_test_add_func ("/folder/single-picture-is-a-folder", test_single);
  g_test_add_func ("/folder/cancel-is-heard", test_cancel);
  g_test_add_func ("/folder/thousands-are-fast", test_many);
  return g_test_run ();
}
