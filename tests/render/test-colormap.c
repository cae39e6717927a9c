/* test-colormap.c - colours against OpenCV's tables, ranges, and values that are not numbers
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "render/tap-colormap.h"

#include <math.h>
#include <stdio.h>

static guint32
pixel_at (cairo_surface_t *surface, int x, int y)
{
  cairo_surface_flush (surface);
  return *(const guint32 *) (gconstpointer) (cairo_image_surface_get_data (surface) +
                                             (gsize) y * cairo_image_surface_get_stride (surface) +
                                             4 * (gsize) x) &
         0xffffff;
}

static void
test_tables (void)
{
  g_autofree char *path =
    g_test_build_filename (G_TEST_DIST, "render", "golden", "colormaps.txt", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  int n = 0;

  g_test_summary ("viridis, cividis and magma equal OpenCV's tables");
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (int i = 0; lines[i] != NULL; i++)
    {
      char name[16];
      int index;
      unsigned rgb;

      if (sscanf (lines[i], "%15s %d %x", name, &index, &rgb) != 3 || name[0] == '#')
        continue;
      g_assert_cmphex (
        tap_colormap_pixel (tap_colormap_find (name, TAP_COLORMAP_JET), index / 255.0f), ==,
        0xff000000u | rgb);
      n++;
    }
  g_assert_cmpint (n, ==, 54);
}

static void
test_ends (void)
{
  g_test_summary ("Every map is found by its id, clamps, and shows NaN in magenta");
  for (int i = 0; i < TAP_N_COLORMAPS; i++)
    {
      g_assert_cmpint (tap_colormap_find (tap_colormap_id (i), TAP_N_COLORMAPS), ==, i);
      g_assert_nonnull (tap_colormap_title (i));
      g_assert_cmphex (tap_colormap_pixel (i, -5), ==, tap_colormap_pixel (i, 0));
      g_assert_cmphex (tap_colormap_pixel (i, 7), ==, tap_colormap_pixel (i, 1));
      g_assert_cmphex (tap_colormap_pixel (i, NAN), ==, 0xffff00ff);
    }
  g_assert_cmpint (tap_colormap_find ("nothing", TAP_COLORMAP_MAGMA), ==, TAP_COLORMAP_MAGMA);
  /* negative is blue, zero nearly white, positive red */
  g_assert_cmphex (tap_colormap_pixel (TAP_COLORMAP_RDBU, 0) & 0xff, >, 0x50);
  g_assert_cmphex (tap_colormap_pixel (TAP_COLORMAP_RDBU, 0.5f), ==, 0xfff7f7f7);
  g_assert_cmphex (tap_colormap_pixel (TAP_COLORMAP_RDBU, 1) >> 16 & 0xff, >, 0x50);
}

static void
test_ranges (void)
{
  const float values[] = { -1, 3, NAN, INFINITY, 2 };
  TapRange range = tap_range_for_values (values, 5, FALSE);

  g_test_summary ("Ranges leave out what is not a number and are symmetric for signed data");
  g_assert_cmpfloat (range.min, ==, -1);
  g_assert_cmpfloat (range.max, ==, 3);
  range = tap_range_for_values (values, 5, TRUE);
  g_assert_cmpfloat (range.min, ==, -3);
  g_assert_cmpfloat (range.max, ==, 3);
  range = tap_range_for_values (values + 2, 1, FALSE);
  g_assert_cmpfloat (range.min, <, range.max);
}

static void
test_render (void)
{
  const float values[] = { 0, 0.5f, 1, NAN, -3, INFINITY };
  const float rgb[] = { 0, 1, 1, 0, 0.5f, NAN };
  const guint8 picture[] = { 1, 2, 3, 250, 251, 252 };
  cairo_surface_t *surface =
    tap_colormap_render (TAP_COLORMAP_VIRIDIS, (TapRange){ 0, 1 }, values, 3, 2);

  g_test_summary ("Maps, RGB tiles and pictures become the pixels they should");
  for (int i = 0; i < 6; i++)
    g_assert_cmphex (pixel_at (surface, i % 3, i / 3), ==,
                     tap_colormap_pixel (TAP_COLORMAP_VIRIDIS, values[i]) & 0xffffff);
  cairo_surface_destroy (surface);

  surface = tap_render_rgb ((TapRange){ 0, 1 }, rgb, 2, 1);
  g_assert_cmphex (pixel_at (surface, 0, 0), ==, 0x00ff80);
  g_assert_cmphex (pixel_at (surface, 1, 0), ==, 0xff0000);
  cairo_surface_destroy (surface);

  surface = tap_render_picture (picture, 2, 1);
  g_assert_cmphex (pixel_at (surface, 1, 0), ==, 0xfafbfc);
  cairo_surface_destroy (surface);

  /* impossible sizes give an empty picture, not a crash */
  surface = tap_colormap_render (TAP_COLORMAP_GREY, (TapRange){ 0, 1 }, values, 40000, 1);
  g_assert_cmpint (cairo_surface_status (surface), ==, CAIRO_STATUS_SUCCESS);
  cairo_surface_destroy (surface);
}

static void
test_categories (void)
{
  g_test_summary ("The first twelve class colours are far apart and readable on light and dark");
  for (int i = 0; i < 12; i++)
    {
      guint32 a = tap_colormap_category (i);
      double luminance = 0.2126 * (a >> 16 & 255) + 0.7152 * (a >> 8 & 255) + 0.0722 * (a & 255);

      g_assert_cmphex (a, ==, tap_colormap_category (i));
      g_assert_cmpfloat (luminance, >, 60);
      g_assert_cmpfloat (luminance, <, 215);
      for (int k = 0; k < i; k++)
        {
          guint32 b = tap_colormap_category (k);
          double distance = 0;

          for (int shift = 0; shift < 24; shift += 8)
            distance += pow ((int) (a >> shift & 255) - (int) (b >> shift & 255), 2);
          g_assert_cmpfloat (sqrt (distance), >, 30);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/render/colormap/tables", test_tables);
  g_test_add_func ("/render/colormap/ends", test_ends);
  g_test_add_func ("/render/colormap/ranges", test_ranges);
  g_test_add_func ("/render/colormap/render", test_render);
  g_test_add_func ("/render/colormap/categories", test_categories);
  return g_test_run ();
}
