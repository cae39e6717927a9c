/* test-figure.c - files of every kind: readable by others, recipe inside, old files unharmed
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "figure/file-private.h"
#include "figure/tap-figure.h"

#include <errno.h>
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gstdio.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#define RECIPE "{\"program\":\"Tapetum\",\"label\":\"Katze (über) \\\\ <&>\",\"list\":[1,2]}"

static char *folder;

static char *
in_folder (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static TapTensor *
make_map (int n, int height, int width)
{
  TapShape shape = n > 0 ? tap_shape_new (3, (gint64) n, (gint64) height, (gint64) width) :
                           tap_shape_new (2, (gint64) height, (gint64) width);
  TapTensor *tensor = tap_tensor_new (TAP_DTYPE_F32, &shape, NULL);

  for (gsize i = 0; i < tensor->count; i++)
    tap_tensor_f32 (tensor)[i] = (float) (0.5 + 0.5 * sin (i * 0.7));
  return tensor;
}

static TapModel *
make_model (void)
{
  TapGraph *graph = tap_graph_new ("test");
  TapModel *model;

  g_assert_true (tap_graph_sort (graph, NULL));
  model = tap_model_new (graph);
  return model;
}

static TapResult *
make_result (gboolean occlusion)
{
  g_autoptr (TapModel) model = make_model ();
  TapResult *result = tap_result_new (occlusion ? "occlusion" : "activations", model);
  g_autoptr (TapTensor) map = make_map (occlusion ? 0 : 20, 6, 9);
  TapArray *array;

  result->sentence = g_strdup ("The mask hurts most over the “face”.");
  result->params = g_strdup ("mask=32 stride=16");
  result->layer = g_strdup ("conv5");
  result->picture = g_strdup ("/somewhere/cat.jpg");
  if (!occlusion)
    {
      tap_result_add (result, "activation", "Feature maps of conv5", TAP_ARRAY_STACK, map);
      return result;
    }
  array = tap_result_add (result, "probability", "Probability of “cat”", TAP_ARRAY_MAP, map);
  array->has_range = TRUE;
  array->max = 1;
  array = tap_result_add (result, "strongest", "Strongest map", TAP_ARRAY_MAP, map);
  array->signed_range = TRUE;
  tap_result_add (result, "projection", "Projection", TAP_ARRAY_MAP, map);
  {
    g_autoptr (TapTensor) classes = make_map (0, 6, 9);

    for (gsize i = 0; i < classes->count; i++)
      tap_tensor_f32 (classes)[i] = (float) (i % 5 == 0 ? 285 : 281);
    array = tap_result_add (result, "winner", "Most probable class", TAP_ARRAY_CLASSES, classes);
    array->is_int32 = TRUE;
  }
  return result;
}

static void
check_recipe (const char *path, const char *wanted)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *recipe = tap_figure_read_recipe (path, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (recipe, ==, wanted);
}

static void
test_png (void)
{
  g_autofree char *path = in_folder ("a.png");
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, 3, 2);
  guint32 *pixels = (guint32 *) (gpointer) cairo_image_surface_get_data (surface);
  g_autoptr (GdkPixbuf) pixbuf = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  const guint8 *read;

  g_test_summary ("Another PNG reader finds the pixels, the sentence and the recipe");
  pixels[0] = 0xff112233;
  pixels[1] = 0x80402010; /* premultiplied: 80 40 20 at half */
  pixels[2] = 0;
  cairo_surface_mark_dirty (surface);
  g_assert_true (tap_figure_save_png (surface, "Ein Satz über Katzen.", RECIPE, path, &error));
  g_assert_no_error (error);
  pixbuf = gdk_pixbuf_new_from_file (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (gdk_pixbuf_get_width (pixbuf), ==, 3);
  g_assert_cmpint (gdk_pixbuf_get_height (pixbuf), ==, 2);
  read = gdk_pixbuf_get_pixels (pixbuf);
  g_assert_cmpmem (read, 8, ((const guint8[]){ 0x11, 0x22, 0x33, 0xff, 0x80, 0x40, 0x20, 0x80 }),
                   8);
  g_assert_cmpuint (read[11], ==, 0);
  g_assert_cmpstr (gdk_pixbuf_get_option (pixbuf, "tEXt::Description"), ==,
                   "Ein Satz über Katzen.");
  g_assert_cmpstr (gdk_pixbuf_get_option (pixbuf, "tEXt::tapetum-recipe"), ==, RECIPE);
  g_assert_nonnull (strstr (gdk_pixbuf_get_option (pixbuf, "tEXt::Software"), "Tapetum"));
  check_recipe (path, RECIPE);
  bytes = tap_figure_png_bytes (surface, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), 4, "\x89PNG", 4);
  cairo_surface_destroy (surface);
  g_unlink (path);
}

static void
test_panels (void)
{
  static const char *const suffixes[] = { "png", "svg", "pdf" };

  g_test_summary ("Figures of activations and occlusion are written in all forms, light and dark");
  for (int kind = 0; kind < 2; kind++)
    {
      g_autoptr (TapResult) result = make_result (kind);
      g_autofree char *recipe = tap_result_recipe (result);
      TapPanelsOptions options;

      tap_panels_options_init (&options);
      options.dark = kind;
      for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
        {
          g_autofree char *name = g_strdup_printf ("panels-%d.%s", kind, suffixes[i]);
          g_autofree char *path = in_folder (name);
          g_autoptr (GError) error = NULL;

          tap_figure_save (result, &options, path, &error);
          g_assert_no_error (error);
          check_recipe (path, recipe);
          g_unlink (path);
        }
    }
}

static void
on_text_cb (GMarkupParseContext *context,
            const char *text,
            gsize length,
            gpointer user_data,
            GError **error)
{
  if (g_strcmp0 (g_markup_parse_context_get_element (context), "metadata") == 0)
    g_string_append_len (user_data, text, (gssize) length);
}

static void
test_svg (void)
{
  const GMarkupParser parser = { .text = on_text_cb };
  g_autoptr (GString) found = g_string_new (NULL);
  g_autoptr (GMarkupParseContext) context = g_markup_parse_context_new (&parser, 0, found, NULL);
  g_autoptr (TapResult) result = make_result (TRUE);
  g_autofree char *recipe = tap_result_recipe (result);
  g_autofree char *path = in_folder ("a.svg");
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  TapPanelsOptions options;
  gsize size;

  g_test_summary ("The SVG is well-formed XML, its metadata element is the recipe");
  tap_panels_options_init (&options);
  g_assert_true (tap_figure_save (result, &options, path, &error));
  g_assert_true (g_file_get_contents (path, &text, &size, &error));
  g_assert_true (g_markup_parse_context_parse (context, text, (gssize) size, &error));
  g_assert_true (g_markup_parse_context_end_parse (context, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (found->str, ==, recipe);
  g_unlink (path);
}

static void
test_data (void)
{
  g_autoptr (TapResult) result = make_result (TRUE);
  g_autofree char *json = in_folder ("a.json");
  g_autofree char *tsv = in_folder ("a.tsv");
  g_autofree char *npz = in_folder ("a.NPZ");
  g_autofree char *odd = in_folder ("a.xyz");
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_auto (GStrv) cells = NULL;
  g_autoptr (GError) error = NULL;
  TapPanelsOptions options;

  g_test_summary ("Tables hold the numbers, unknown suffixes are answered with the known ones");
  tap_panels_options_init (&options);
  g_assert_true (tap_figure_save (result, &options, json, &error));
  g_assert_true (tap_figure_save (result, &options, tsv, &error));
  g_assert_true (tap_figure_save (result, &options, npz, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (tsv, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 7);
  cells = g_strsplit (lines[2], "\t", -1);
  g_assert_cmpuint (g_strv_length (cells), ==, 9);
  g_assert_cmpfloat ((float) g_ascii_strtod (cells[4], NULL), ==,
                     (float) (0.5 + 0.5 * sin (22 * 0.7)));
  g_assert_false (tap_figure_save (result, &options, odd, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_assert_nonnull (strstr (error->message, ".npz"));
  g_unlink (json);
  g_unlink (tsv);
  g_unlink (npz);
}

static int
count_files (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  int n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
test_atomic (void)
{
  g_autofree char *path = in_folder ("kept");
  g_autofree char *nowhere = in_folder ("no/such/folder.png");
  g_autofree char *big = g_malloc0 (1 << 20);
  const TapPiece piece = { big, 1 << 20 };
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  struct rlimit old, small;

  g_test_summary ("A write that fails leaves the old file as it was, and nothing else behind");
  g_assert_true (g_file_set_contents (path, "old", 3, NULL));
  g_chmod (path, 0640);
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &old), ==, 0);
  small = old;
  small.rlim_cur = 4096;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &small), ==, 0);
  g_assert_false (tap_file_write (path, &piece, 1, &error));
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &old), ==, 0);
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "old");
  g_assert_cmpint (count_files (), ==, 1);

  g_assert_false (tap_file_write (nowhere, &piece, 1, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "there is no folder"));
  g_clear_error (&error);
  g_assert_false (tap_file_write (folder, &piece, 1, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY);
  g_clear_error (&error);
  if (g_file_test ("/dev/full", G_FILE_TEST_EXISTS))
    {
      g_assert_false (tap_file_write ("/dev/full", &piece, 1, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
      g_assert_nonnull (strstr (error->message, "disk is full"));
    }
  g_unlink (path);
}

static void
test_replace (void)
{
  g_autofree char *path = in_folder ("file");
  g_autofree char *link = in_folder ("link");
  g_autofree char *text = NULL;
  const TapPiece pieces[] = { { "new", 3 }, { "er", 2 } };
  GStatBuf info;

  g_test_summary ("Replacing keeps the rights of the file and follows a link to it");
  g_assert_true (g_file_set_contents (path, "old", 3, NULL));
  g_chmod (path, 0640);
  if (symlink ("file", link) == 0)
    {
      g_assert_true (tap_file_write (link, pieces, 2, NULL));
      g_assert_true (g_file_test (link, G_FILE_TEST_IS_SYMLINK));
    }
  else
    g_assert_true (tap_file_write (path, pieces, 2, NULL));
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "newer");
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0640);
  g_unlink (link);
  g_unlink (path);
}

static void
test_no_recipe (void)
{
  static const char *const names[] = { "a.png", "a.svg", "a.pdf", "a.gif" };
  g_autoptr (TapResult) result = make_result (TRUE);
  g_autoptr (GRand) random = g_rand_new_with_seed (5);
  TapPanelsOptions options;

  g_test_summary ("Damaged figures and other files yield no recipe, and no crash");
  tap_panels_options_init (&options);
  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autofree char *path = in_folder (names[k]);
      g_autofree char *data = NULL;
      gsize size;

      if (g_str_has_suffix (path, ".gif"))
        {
          TapGif *gif = tap_gif_new (8, 8, RECIPE);
          cairo_surface_t *frame = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 8, 8);

          g_assert_true (tap_gif_add (gif, frame, 10, NULL));
          g_assert_true (tap_gif_save (gif, path, NULL));
          cairo_surface_destroy (frame);
          check_recipe (path, RECIPE);
        }
      else
        g_assert_true (tap_figure_save (result, &options, path, NULL));
      g_assert_true (g_file_get_contents (path, &data, &size, NULL));
      for (int round = 0; round < 60; round++)
        {
          g_autofree char *copy = g_memdup2 (data, size);
          gsize cut = round % 2 == 0 ? size : (gsize) g_rand_int_range (random, 0, (int) size);
          g_autofree char *recipe = NULL;
          g_autoptr (GError) error = NULL;

          for (int flips = 0; flips < 8; flips++)
            copy[g_rand_int_range (random, 0, (int) MIN (size, 2000))] ^= 1 << flips;
          g_assert_true (g_file_set_contents (path, copy, (gssize) cut, NULL));
          recipe = tap_figure_read_recipe (path, &error);
          g_assert_true ((recipe == NULL) == (error != NULL));
        }
      g_unlink (path);
    }
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("tap-figure-XXXXXX", NULL);
  g_test_add_func ("/figure/png", test_png);
  g_test_add_func ("/figure/panels", test_panels);
  g_test_add_func ("/figure/svg", test_svg);
  g_test_add_func ("/figure/data", test_data);
  g_test_add_func ("/figure/atomic", test_atomic);
  g_test_add_func ("/figure/replace", test_replace);
  g_test_add_func ("/figure/no-recipe", test_no_recipe);
  status = g_test_run ();
  g_rmdir (folder);
  g_free (folder);
  return status;
}
