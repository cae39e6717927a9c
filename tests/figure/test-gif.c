/* test-gif.c - animations: decoded by another program, close to the frames, with their times
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "figure/tap-figure.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define WIDTH    320
#define HEIGHT   240
#define N_FRAMES 12

static float
smooth (int x, int y, int cell, guint seed)
{
  float values[2][2], fx = (float) (x % cell) / cell, fy = (float) (y % cell) / cell;

  for (int i = 0; i < 2; i++)
    for (int k = 0; k < 2; k++)
      {
        guint h = (guint) (x / cell + k) * 374761393u + (guint) (y / cell + i) * 668265263u + seed;

        h = (h ^ h >> 13) * 1274126177u;
        values[i][k] = (float) ((h ^ h >> 16) & 0xffff) / 65535.0f;
      }
  return (values[0][0] * (1 - fx) + values[0][1] * fx) * (1 - fy) +
         (values[1][0] * (1 - fx) + values[1][1] * fx) * fy;
}

/* Clouds of several sizes in three channels stand for a photograph; a heat map glows over it and a grey
 * square moves. */
static cairo_surface_t *
make_frame (int number)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, WIDTH, HEIGHT);
  guint32 *pixels = (guint32 *) (gpointer) cairo_image_surface_get_data (surface);

  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++)
      {
        float heat = expf (-(powf (x - 90 - 12 * number, 2) + powf (y - 120, 2)) / 2500);
        guint32 colour = tap_colormap_pixel (TAP_COLORMAP_MAGMA, heat), pixel = 0;

        for (int c = 0; c < 3; c++)
          {
            float v = 0.5f * smooth (x, y, 80, c) + 0.3f * smooth (x, y, 20, 7 + c) +
                      0.2f * smooth (x, y, 5, 20);
            float mixed =
              v * 255 * (1 - heat * 0.6f) + (float) (colour >> (16 - 8 * c) & 255) * heat * 0.6f;

            pixel = pixel << 8 | (guint32) mixed;
          }
        if (x >= 20 * number && x < 20 * number + 48 && y >= 40 && y < 88)
          pixel = 0x808080;
        pixels[y * WIDTH + x] = pixel;
      }
  cairo_surface_mark_dirty (surface);
  return surface;
}

static double
psnr (cairo_surface_t *frame, GdkPixbuf *decoded)
{
  const guint32 *pixels = (const guint32 *) (gconstpointer) cairo_image_surface_get_data (frame);
  const guint8 *read = gdk_pixbuf_get_pixels (decoded);
  int stride = gdk_pixbuf_get_rowstride (decoded), channels = gdk_pixbuf_get_n_channels (decoded);
  double sum = 0;

  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDTH; x++)
      for (int c = 0; c < 3; c++)
        sum += pow ((double) (pixels[y * WIDTH + x] >> (16 - 8 * c) & 255) -
                      read[y * stride + x * channels + c],
                    2);
  return 10 * log10 (255.0 * 255.0 / MAX (sum / (3.0 * WIDTH * HEIGHT), 1e-9));
}

static void
test_quality (void)
{
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "tap-test-quality.gif", NULL);
  TapGif *gif = tap_gif_new (WIDTH, HEIGHT, "{\"a\":1}");
  g_autoptr (GdkPixbufAnimation) animation = NULL;
  g_autoptr (GdkPixbufAnimationIter) iter = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *recipe = NULL;
  GStatBuf info;
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  GTimeVal now = { 1000, 0 };
  G_GNUC_END_IGNORE_DEPRECATIONS
  double worst = 1000, sum = 0;
  gint64 start;

  g_test_summary ("Heat maps over a photograph keep 33 dB or more in every frame");
  for (int i = 0; i < N_FRAMES; i++)
    {
      cairo_surface_t *frame = make_frame (i);

      g_assert_true (tap_gif_add (gif, frame, 10, &error));
      cairo_surface_destroy (frame);
    }
  start = g_get_monotonic_time ();
  g_assert_true (tap_gif_save (gif, path, &error));
  g_assert_no_error (error);
  g_stat (path, &info);
  g_test_message ("%.1f ms a frame, %ld bytes",
                  (g_get_monotonic_time () - start) / 1000.0 / N_FRAMES, (long) info.st_size);

  animation = gdk_pixbuf_animation_new_from_file (path, &error);
  g_assert_no_error (error);
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  iter = gdk_pixbuf_animation_get_iter (animation, &now);
  for (int i = 0; i < N_FRAMES; i++)
    {
      cairo_surface_t *frame = make_frame (i);
      double quality = psnr (frame, gdk_pixbuf_animation_iter_get_pixbuf (iter));

      g_assert_cmpint (gdk_pixbuf_animation_iter_get_delay_time (iter), ==, 100);
      worst = MIN (worst, quality);
      sum += quality;
      cairo_surface_destroy (frame);
      g_time_val_add (&now, 100000);
      gdk_pixbuf_animation_iter_advance (iter, &now);
    }
  G_GNUC_END_IGNORE_DEPRECATIONS
  g_test_message ("PSNR: %.1f dB at worst, %.1f on average", worst, sum / N_FRAMES);
  g_assert_cmpfloat (worst, >=, 33);
  recipe = tap_figure_read_recipe (path, &error);
  g_assert_cmpstr (recipe, ==, "{\"a\":1}");
  g_unlink (path);
}

static void
test_few_colours (void)
{
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "tap-test-few.gif", NULL);
  TapGif *gif = tap_gif_new (16, 4, NULL);
  cairo_surface_t *frame = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 16, 4);
  guint32 *pixels = (guint32 *) (gpointer) cairo_image_surface_get_data (frame);
  g_autoptr (GdkPixbuf) still = NULL;
  const guint8 *read;

  g_test_summary ("Up to 255 colours are kept exactly, equal frames become one longer one");
  for (int i = 0; i < 64; i++)
    pixels[i] = 0x040404u * (guint) i + 3;
  cairo_surface_mark_dirty (frame);
  for (int i = 0; i < 3; i++)
    g_assert_true (tap_gif_add (gif, frame, 5, NULL));
  g_assert_true (tap_gif_save (gif, path, NULL));
  still = gdk_pixbuf_new_from_file (path, NULL);
  read = gdk_pixbuf_get_pixels (still);
  for (int i = 0; i < 64; i++)
    for (int c = 0; c < 3; c++)
      g_assert_cmpint (read[(i / 16) * gdk_pixbuf_get_rowstride (still) +
                            (i % 16) * gdk_pixbuf_get_n_channels (still) + c],
                       ==, pixels[i] >> (16 - 8 * c) & 255);
  cairo_surface_destroy (frame);
  g_unlink (path);
}

static void
test_refusals (void)
{
  TapGif *gif = tap_gif_new (10, 10, NULL);
  cairo_surface_t *frame = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 9, 10);
  g_autoptr (GError) error = NULL;

  g_test_summary ("Frames of another size and empty animations are refused");
  g_assert_false (tap_gif_add (gif, frame, 5, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (tap_gif_save (gif, "/nonexistent/a.gif", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
  cairo_surface_destroy (frame);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/figure/gif/quality", test_quality);
  g_test_add_func ("/figure/gif/few-colours", test_few_colours);
  g_test_add_func ("/figure/gif/refusals", test_refusals);
  return g_test_run ();
}
