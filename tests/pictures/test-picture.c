/* test-picture.c - decoding, resizing and the way into the network, against OpenCV and Pillow
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/tap-error.h"
#include "pictures/tap-picture.h"

static TapPicture *
golden (const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "pictures", "golden", name, NULL);
  g_autoptr (GError) error = NULL;
  TapPicture *picture = tap_picture_load (path, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (picture);
  return picture;
}

static int
worst_difference (const TapPicture *a, const TapPicture *b)
{
  int worst = 0;

  g_assert_cmpint (a->width, ==, b->width);
  g_assert_cmpint (a->height, ==, b->height);
  for (int i = 0; i < a->width * a->height * 3; i++)
    worst = MAX (worst, ABS (a->pixels[i] - b->pixels[i]));
  return worst;
}

static void
test_resize (void)
{
  static const int sizes[][2] = { { 62, 46 },  { 31, 23 },  { 32, 32 }, { 17, 40 },
                                  { 100, 75 }, { 124, 92 }, { 1, 1 },   { 62, 20 } };
  g_autoptr (TapPicture) source = golden ("source.png");

  g_test_summary ("Resizing equals OpenCV's INTER_LINEAR to the bit.");
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *name = g_strdup_printf ("resize-%dx%d.png", sizes[i][0], sizes[i][1]);
      g_autoptr (TapPicture) expected = golden (name);
      g_autoptr (TapPicture) got = tap_picture_resize (source, sizes[i][0], sizes[i][1]);

      g_assert_cmpint (worst_difference (got, expected), ==, 0);
    }
}

static void
test_resize_window (void)
{
  static const int sizes[][2] = { { 40, 30 }, { 31, 23 }, { 62, 46 }, { 90, 200 } };
  g_autoptr (TapPicture) source = golden ("source.png");

  g_test_summary ("A window of a resized picture is that part of the whole.");
  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (TapPicture) whole = tap_picture_resize (source, sizes[i][0], sizes[i][1]);
      g_autoptr (TapPicture) part =
        tap_picture_resize_window (source, sizes[i][0], sizes[i][1], 5, 3, 20, 17);

      for (int y = 0; y < 17; y++)
        g_assert_cmpmem (part->pixels + y * 20 * 3, 20 * 3,
                         whole->pixels + ((y + 3) * sizes[i][0] + 5) * 3, 20 * 3);
    }
}

static void
test_fit (void)
{
  g_autoptr (TapPicture) source = golden ("source.png");
  TapPreprocess preprocess;

  g_test_summary ("Crop and pad place the picture as the reference does.");
  for (int size = 28; size <= 56; size += 28)
    {
      g_autofree char *name = g_strdup_printf ("crop-%d.png", size);
      g_autoptr (TapPicture) expected = golden (name);
      g_autoptr (TapPicture) got = NULL;

      tap_preprocess_init (&preprocess, size, size, 3);
      preprocess.resize = TAP_RESIZE_CROP;
      got = tap_picture_fit (source, &preprocess);
      g_assert_cmpint (worst_difference (got, expected), ==, 0);
    }
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (TapPicture) expected = golden (i == 0 ? "pad-40x40.png" : "pad-64x32.png");
      g_autoptr (TapPicture) got = NULL;

      tap_preprocess_init (&preprocess, expected->height, expected->width, 3);
      preprocess.resize = TAP_RESIZE_PAD;
      got = tap_picture_fit (source, &preprocess);
      g_assert_cmpint (worst_difference (got, expected), ==, 0);
    }
}

static void
test_fit_extreme (void)
{
  g_autoptr (TapPicture) line = tap_picture_new (1, 30000, "line");
  g_autoptr (TapPicture) dot = tap_picture_new (1, 1, "dot");

  g_test_summary ("A picture of one column fits any network without growing memory.");
  for (int mode = TAP_RESIZE_STRETCH; mode <= TAP_RESIZE_PAD; mode++)
    {
      TapPreprocess preprocess;
      g_autoptr (TapPicture) a = NULL;
      g_autoptr (TapPicture) b = NULL;

      tap_preprocess_init (&preprocess, 600, 224, 3);
      preprocess.resize = mode;
      a = tap_picture_fit (line, &preprocess);
      b = tap_picture_fit (dot, &preprocess);
      g_assert_cmpint (a->width, ==, 224);
      g_assert_cmpint (b->height, ==, 600);
    }
}

static void
test_tensor (void)
{
  g_autoptr (TapPicture) picture = tap_picture_new (2, 1, "two");
  g_autoptr (GError) error = NULL;
  TapPreprocess preprocess;
  float colour[4];
  const guint8 rgb[] = { 10, 20, 30 };

  g_test_summary ("Channels come in the network's order, less mean, by deviation.");
  memcpy (picture->pixels, "\x0a\x14\x1e\xff\x00\x80", 6);
  tap_preprocess_init (&preprocess, 1, 2, 3);
  g_assert_true (tap_preprocess_parse (&preprocess, "order=bgr,mean=1/2/3,std=2/4/8", NULL));
  {
    g_autoptr (TapTensor) tensor = tap_picture_to_tensor (picture, &preprocess, &error);
    const float expected[] = { 29 / 2.0f, 127 / 2.0f, 18 / 4.0f, -2 / 4.0f, 7 / 8.0f, 252 / 8.0f };

    g_assert_no_error (error);
    g_assert_cmpint (tensor->shape.n_dims, ==, 4);
    g_assert_cmpmem (tensor->data, 6 * sizeof (float), expected, sizeof expected);
  }
  tap_preprocess_colour (&preprocess, rgb, colour);
  g_assert_cmpfloat (colour[0], ==, 29 / 2.0f);
  g_assert_cmpfloat (colour[2], ==, 7 / 8.0f);

  preprocess.channels = 4;
  g_assert_null (tap_picture_to_tensor (picture, &preprocess, &error));
  g_assert_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_UNREADABLE);
  g_clear_error (&error);
  preprocess.channels = 3;
  preprocess.width = 3;
  g_assert_null (tap_picture_to_tensor (picture, &preprocess, &error));
  g_assert_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_UNREADABLE);
}

static void
test_grey (void)
{
  g_autoptr (TapPicture) source = golden ("source.png");
  g_autoptr (TapPicture) expected = golden ("grey.png");
  g_autoptr (TapTensor) tensor = NULL;
  TapPreprocess preprocess;

  g_test_summary ("A network of one channel gets OpenCV's 8-bit grey.");
  tap_preprocess_init (&preprocess, source->height, source->width, 1);
  preprocess.mean[0] = 0.0f;
  preprocess.std[0] = 1.0f;
  tensor = tap_picture_to_tensor (source, &preprocess, NULL);
  g_assert_cmpint (tensor->shape.dims[1], ==, 1);
  for (gsize i = 0; i < tensor->count; i++)
    g_assert_cmpfloat (tap_tensor_f32 (tensor)[i], ==, expected->pixels[i * 3]);
}

static void
test_kinds (void)
{
  static const struct
  {
    const char *in, *out;
    int tolerance; /* CMYK is converted by a rule of thumb that each library rounds its own way */
  } kinds[] = {
    { "alpha-in.png", "alpha.png", 0 },         { "deep-in.png", "deep.png", 0 },
    { "deep-grey-in.png", "deep-grey.png", 0 }, { "grey-in.jpg", "grey-jpeg.png", 0 },
    { "cmyk-in.jpg", "cmyk.png", 2 },           { "bits-in.png", "bits.png", 0 },
    { "bmp-in.bmp", "plain.png", 0 },           { "tiff-in.tiff", "plain.png", 0 },
    { "frames-in.gif", "frames.png", 0 },       { "turn-1.jpg", "turn-1.png", 0 },
    { "turn-2.jpg", "turn-2.png", 0 },          { "turn-3.jpg", "turn-3.png", 0 },
    { "turn-4.jpg", "turn-4.png", 0 },          { "turn-5.jpg", "turn-5.png", 0 },
    { "turn-6.jpg", "turn-6.png", 0 },          { "turn-7.jpg", "turn-7.png", 0 },
    { "turn-8.jpg", "turn-8.png", 0 },
  };

  g_test_summary (
    "Alpha, 16 bits, grey, CMYK, palettes, EXIF turns and animations come out right.");
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autoptr (TapPicture) got = golden (kinds[i].in);
      g_autoptr (TapPicture) expected = golden (kinds[i].out);

      g_test_message ("%s: %d", kinds[i].in, worst_difference (got, expected));
      g_assert_cmpint (worst_difference (got, expected), <=, kinds[i].tolerance);
    }
}

static void
test_bytes (void)
{
  g_autofree char *path =
    g_test_build_filename (G_TEST_DIST, "pictures", "golden", "turn-6.jpg", NULL);
  g_autoptr (TapPicture) expected = golden ("turn-6.png");
  g_autoptr (TapPicture) got = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  char *contents;
  gsize n;

  g_test_summary ("Bytes decode as the file does.");
  g_assert_true (g_file_get_contents (path, &contents, &n, NULL));
  bytes = g_bytes_new_take (contents, n);
  got = tap_picture_load_bytes (bytes, "in memory", &error);
  g_assert_no_error (error);
  g_assert_cmpint (worst_difference (got, expected), ==, 0);
  g_assert_cmpstr (got->name, ==, "in memory");
}

static void
test_shrink (void)
{
  g_autoptr (TapPicture) picture = tap_picture_new (7, 5, "flat");
  g_autoptr (TapPicture) half = NULL;

  g_test_summary ("Shrinking averages areas and keeps flat colours.");
  memset (picture->pixels, 77, 7 * 5 * 3);
  half = tap_picture_shrink (picture, 3, 2);
  for (int i = 0; i < 3 * 2 * 3; i++)
    g_assert_cmpint (half->pixels[i], ==, 77);
}

static void
assert_refused (const char *path, int code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TapPicture) picture = tap_picture_load (path, NULL, &error);

  g_assert_null (picture);
  g_assert_error (error, TAP_PICTURE_ERROR, code);
  g_test_message ("%s", error->message);
}

static void
test_refusals (void)
{
  /* A PNG that claims 65535×65535, up to where its data would begin. */
  static const guint8 huge[] = { 0x89, 'P',  'N', 'G', '\r', '\n', 0x1a, '\n', 0,    0,    0,
                                 13,   'I',  'H', 'D', 'R',  0,    0,    0xff, 0xff, 0,    0,
                                 0xff, 0xff, 8,   2,   0,    0,    0,    0x39, 0x67, 0x4e, 0x07,
                                 0,    0,    1,   0,   'I',  'D',  'A',  'T',  0x78, 0x9c };
  g_autofree char *folder = g_dir_make_tmp ("tapetum-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "x.png", NULL);
  g_autofree char *fifo = g_build_filename (folder, "fifo.png", NULL);

  g_test_summary ("What is no picture is refused with a sentence, and a FIFO is never waited for.");
  assert_refused (path, TAP_PICTURE_ERROR_UNREADABLE); /* absent */
  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  assert_refused (path, TAP_PICTURE_ERROR_UNREADABLE);
  g_assert_true (g_file_set_contents (path, "not a picture at all\n", -1, NULL));
  assert_refused (path, TAP_PICTURE_ERROR_UNREADABLE);
  g_assert_true (g_file_set_contents (path, (const char *) huge, sizeof huge, NULL));
  assert_refused (path, TAP_PICTURE_ERROR_TOO_LARGE);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  assert_refused (fifo, TAP_PICTURE_ERROR_UNREADABLE);
  assert_refused (folder, TAP_PICTURE_ERROR_UNREADABLE);
  g_unlink (path);
  g_unlink (fifo);
  g_rmdir (folder);
}

static void
test_truncations (void)
{
  static const char *const names[] = { "turn-1.jpg",   "grey-in.jpg",  "source.png",
                                       "bmp-in.bmp",   "tiff-in.tiff", "frames-in.gif",
                                       "alpha-in.png", "deep-in.png" };

  g_test_summary ("Half a file is an error, and no prefix of one crashes.");
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path =
        g_test_build_filename (G_TEST_DIST, "pictures", "golden", names[i], NULL);
      g_autofree char *contents = NULL;
      gsize n;

      g_assert_true (g_file_get_contents (path, &contents, &n, NULL));
      for (gsize end = 0; end < n; end += 1 + n / 60)
        {
          g_autoptr (GBytes) bytes = g_bytes_new_static (contents, end);
          g_autoptr (GError) error = NULL;
          g_autoptr (TapPicture) picture = tap_picture_load_bytes (bytes, names[i], &error);

          g_assert_true ((picture == NULL) == (error != NULL));
          if (end < n / 2 && strcmp (names[i], "frames-in.gif") != 0)
            g_assert_null (picture);
        }
    }
}

static void
test_flips (void)
{
  static const char *const names[] = { "turn-6.jpg",   "cmyk-in.jpg",     "bits-in.png",
                                       "bmp-in.bmp",   "tiff-in.tiff",    "frames-in.gif",
                                       "alpha-in.png", "deep-grey-in.png" };
  g_autoptr (GRand) random = g_rand_new_with_seed (5);

  g_test_summary ("Flipped bits give a picture or an error, never a crash.");
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path =
        g_test_build_filename (G_TEST_DIST, "pictures", "golden", names[i], NULL);
      g_autofree char *contents = NULL;
      gsize n;

      g_assert_true (g_file_get_contents (path, &contents, &n, NULL));
      for (int round = 0; round < 60; round++)
        {
          g_autofree char *copy = g_memdup2 (contents, n);
          g_autoptr (GBytes) bytes = NULL;
          g_autoptr (GError) error = NULL;
          g_autoptr (TapPicture) picture = NULL;

          for (int k = 0; k < 1 + round % 4; k++)
            copy[g_rand_int_range (random, 0, (gint32) n)] ^= 1 << g_rand_int_range (random, 0, 8);
          bytes = g_bytes_new_static (copy, n);
          picture = tap_picture_load_bytes (bytes, names[i], &error);
          g_assert_true ((picture == NULL) == (error != NULL));
        }
    }
}

static void
test_photographs (void)
{
  static const char *const names[] = { "chelsea.png", "coffee.png", "parrot.jpg", "pets.jpg" };
  const char *shared = g_getenv ("TAPETUM_SHARED_DATA");
  g_autofree char *photos =
    g_build_filename (shared != NULL ? shared : "", "images", "photos", NULL);

  g_test_summary ("Photographs resized to 224 and 227 pixels equal OpenCV's to the bit.");
  if (!g_file_test (photos, G_FILE_TEST_IS_DIR))
    {
      g_test_skip ("the shared pictures are not here");
      return;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    for (int size = 224; size <= 227; size += 3)
      {
        g_autofree char *path = g_build_filename (photos, names[i], NULL);
        g_autofree char *stem = g_strndup (names[i], strlen (names[i]) - 4);
        g_autofree char *exact_name = g_strdup_printf ("%s_%d.png", stem, size);
        g_autofree char *exact = g_build_filename (shared, "images", "exact", exact_name, NULL);
        g_autoptr (TapPicture) expected = tap_picture_load (exact, NULL, NULL);
        g_autoptr (TapPicture) source = tap_picture_load (path, NULL, NULL);
        g_autoptr (TapPicture) got = tap_picture_resize (source, size, size);

        g_assert_cmpint (worst_difference (got, expected), ==, 0);
      }
}

static void
test_scaled (void)
{
  const char *shared = g_getenv ("TAPETUM_SHARED_DATA");
  g_autofree char *path =
    g_build_filename (shared != NULL ? shared : "", "images", "photos", "cat_720p.jpg", NULL);
  g_autoptr (TapPicture) picture = NULL;
  g_autoptr (GError) error = NULL;

  g_test_summary ("A JPEG is decoded at the power of two that still has the side asked for.");
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("the shared pictures are not here");
      return;
    }
  picture = tap_picture_load_at (path, 128, NULL, &error); /* 1280×720 */
  g_assert_no_error (error);
  g_assert_cmpint (picture->width, ==, 320);
  g_assert_cmpint (picture->height, ==, 180);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/picture/resize-equals-opencv", test_resize);
  g_test_add_func ("/picture/resize-window-is-a-part", test_resize_window);
  g_test_add_func ("/picture/fit-places-as-reference", test_fit);
  g_test_add_func ("/picture/fit-bears-extremes", test_fit_extreme);
  g_test_add_func ("/picture/tensor-is-normalised", test_tensor);
  g_test_add_func ("/picture/grey-equals-opencv", test_grey);
  g_test_add_func ("/picture/kinds-decode-right", test_kinds);
  g_test_add_func ("/picture/bytes-decode-as-files", test_bytes);
  g_test_add_func ("/picture/shrink-averages", test_shrink);
  g_test_add_func ("/picture/others-are-refused", test_refusals);
  g_test_add_func ("/picture/truncations-are-errors", test_truncations);
  g_test_add_func ("/picture/flips-never-crash", test_flips);
  g_test_add_func ("/picture/photographs-equal-opencv", test_photographs);
  g_test_add_func ("/picture/jpeg-decodes-scaled", test_scaled);
  return g_test_run ();
}
