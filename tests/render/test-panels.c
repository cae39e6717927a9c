/* test-panels.c - figures and small plots: sizes, colours at places, numbers as text
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "render/tap-panels.h"
#include "render/tap-plot.h"

#include <math.h>

static guint32
pixel_at (cairo_surface_t *surface, double x, double y)
{
  cairo_surface_flush (surface);
  return *(const guint32 *) (gconstpointer) (cairo_image_surface_get_data (surface) +
                                             (gsize) y * cairo_image_surface_get_stride (surface) +
                                             4 * (gsize) x) &
         0xffffff;
}

/* Whether any pixel has this colour. */
static gboolean
has_pixel (cairo_surface_t *surface, guint32 colour)
{
  for (int y = 0; y < cairo_image_surface_get_height (surface); y++)
    for (int x = 0; x < cairo_image_surface_get_width (surface); x++)
      if (pixel_at (surface, x, y) == colour)
        return TRUE;
  return FALSE;
}

static TapResult *
make_result (void)
{
  TapResult *result = tap_result_new ("occlusion", NULL);
  TapShape shape = tap_shape_new (2, (gint64) 2, (gint64) 2);
  g_autoptr (TapTensor) map =
    tap_tensor_new_f32 (&shape, (const float[]){ 0, 0.25f, 0.75f, 1 }, NULL);
  g_autoptr (TapTensor) classes = tap_tensor_new_f32 (&shape, (const float[]){ 3, 3, 3, 9 }, NULL);
  TapArray *array = tap_result_add (result, "probability", "Probability", TAP_ARRAY_MAP, map);

  array->has_range = TRUE;
  array->max = 1;
  tap_result_add (result, "winner", "Most probable class", TAP_ARRAY_CLASSES, classes);
  result->sentence = g_strdup ("A sentence.");
  return result;
}

static cairo_surface_t *
draw (const TapResult *result, const TapPanelsOptions *options)
{
  double width, height;
  cairo_surface_t *surface;
  cairo_t *cr;

  tap_panels_measure (result, options, &width, &height);
  g_assert_cmpfloat (width, >, 100);
  g_assert_cmpfloat (height, >, 100);
  surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) width, (int) height);
  cr = cairo_create (surface);
  tap_panels_draw (cr, result, options);
  g_assert_cmpint (cairo_status (cr), ==, CAIRO_STATUS_SUCCESS);
  cairo_destroy (cr);
  return surface;
}

static void
test_panels (void)
{
  g_autoptr (TapResult) result = make_result ();
  TapPanelsOptions options;

  g_test_summary ("Maps show their cells, classes their colours and legend, in light and dark");
  for (int dark = 0; dark < 2; dark++)
    {
      cairo_surface_t *surface;

      tap_panels_options_init (&options);
      options.dark = dark;
      options.captions = dark;
      surface = draw (result, &options);
      g_assert_cmphex (pixel_at (surface, 1, 1), ==, dark ? 0x242426 : 0xffffff);
      g_assert_true (
        has_pixel (surface, tap_colormap_pixel (TAP_COLORMAP_VIRIDIS, 0.25f) & 0xffffff));
      g_assert_true (
        has_pixel (surface, tap_colormap_pixel (TAP_COLORMAP_VIRIDIS, 0.75f) & 0xffffff));
      g_assert_true (has_pixel (surface, tap_colormap_category (3) & 0xffffff));
      g_assert_true (has_pixel (surface, tap_colormap_category (9) & 0xffffff));
      if (!dark) /* without captions the first map begins at the margin: 20, 240 wide */
        {
          g_assert_cmphex (pixel_at (surface, 25, 25), ==,
                           tap_colormap_pixel (TAP_COLORMAP_VIRIDIS, 0) & 0xffffff);
          g_assert_cmphex (pixel_at (surface, 255, 255), ==,
                           tap_colormap_pixel (TAP_COLORMAP_VIRIDIS, 1) & 0xffffff);
        }
      cairo_surface_destroy (surface);
    }
}

static void
test_width (void)
{
  g_autoptr (TapResult) result = make_result ();
  TapPanelsOptions options;
  double wide, tall, width, height;

  g_test_summary ("A narrow figure stacks its panels");
  tap_panels_options_init (&options);
  tap_panels_measure (result, &options, &wide, &height);
  options.width = 450;
  tap_panels_measure (result, &options, &width, &tall);
  g_assert_cmpfloat (width, <, wide);
  g_assert_cmpfloat (tall, >, height + 200);
}

static void
test_kinds (void)
{
  g_autoptr (TapResult) result = tap_result_new ("activations", NULL);
  TapShape stack = tap_shape_new (4, (gint64) 600, (gint64) 1, (gint64) 3, (gint64) 5);
  TapShape vector = tap_shape_new (1, (gint64) 1000);
  TapShape odd = tap_shape_new (2, (gint64) 0, (gint64) 4);
  g_autoptr (TapTensor) maps = tap_tensor_new (TAP_DTYPE_F32, &stack, NULL);
  g_autoptr (TapTensor) scores = tap_tensor_new (TAP_DTYPE_F32, &vector, NULL);
  g_autoptr (TapTensor) nothing = tap_tensor_new (TAP_DTYPE_F32, &odd, NULL);
  const guint8 picture[12] = { 0 };
  TapPanelsOptions options;

  g_test_summary ("Grids, vectors, pictures, and arrays without anything in them are all drawn");
  tap_tensor_f32 (scores)[7] = NAN;
  tap_tensor_f32 (scores)[8] = -2;
  tap_result_add (result, "activation", "Maps", TAP_ARRAY_STACK, maps);
  tap_result_add (result, "scores", "Scores", TAP_ARRAY_VECTOR, scores);
  tap_result_add (result, "nothing", "Nothing", TAP_ARRAY_MAP, nothing);
  tap_panels_options_init (&options);
  options.picture = picture;
  options.picture_width = options.picture_height = 2;
  for (int i = 0; i < 2; i++)
    {
      options.scale = i;
      options.order = i;
      cairo_surface_destroy (draw (result, &options));
    }
}

static void
test_numbers (void)
{
  static const struct
  {
    double value;
    const char *text;
  } cases[] = { { 0, "0" },
                { 1, "1" },
                { 0.5, "0.5" },
                { -3.4, "−3.4" },
                { 1.2e-5, "1.2e-05" },
                { 123456, "1.235e+05" },
                { 1000, "1000" },
                { NAN, "NaN" },
                { -INFINITY, "−∞" } };

  g_test_summary ("Ticks have four figures at most and no idle zeros");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = tap_plot_number (cases[i].value);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

static void
test_histogram (void)
{
  const float values[] = { 0, 1, 2, 64, NAN, INFINITY };
  const float wide[] = { -G_MAXFLOAT, G_MAXFLOAT };
  TapHistogram histogram;

  g_test_summary ("Histograms count every finite value once, whatever the range");
  tap_histogram_fill (&histogram, values, G_N_ELEMENTS (values));
  g_assert_cmpuint (histogram.n, ==, 4);
  g_assert_cmpuint (histogram.n_left_out, ==, 2);
  g_assert_cmpuint (histogram.counts[0], ==, 1);
  g_assert_cmpuint (histogram.counts[2], ==, 1);
  g_assert_cmpuint (histogram.counts[63], ==, 1);
  tap_histogram_fill (&histogram, wide, 2);
  g_assert_cmpuint (histogram.counts[0] + histogram.counts[63], ==, 2);
  tap_histogram_fill (&histogram, NULL, 0);
  g_assert_cmpuint (histogram.n, ==, 0);
}

static void
test_bars (void)
{
  const TapBar bars[] = { { "cat", 0.75f, NAN, TRUE },
                          { "a\xff"
                            "b",
                            0, 0.5f, FALSE },
                          { NULL, NAN, NAN, FALSE } };
  const TapPlotStyle style = { .accent = 0x2ec27e };
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 200, 120);
  cairo_t *cr = cairo_create (surface);
  TapHistogram histogram;
  int filled = 0;

  g_test_summary ("A bar is as long as its probability; broken labels and values do no harm");
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  g_assert_cmpfloat (tap_plot_bars_height (3, &style), <, 120);
  tap_plot_bars (cr, 200, 120, bars, 3, &style);
  for (int x = 0; x < 200; x++)
    filled += pixel_at (surface, x, 19) == 0x2ec27e;
  g_assert_cmpint (filled, >=, 146);
  g_assert_cmpint (filled, <=, 152);
  tap_histogram_fill (&histogram, (const float[]){ 1, 1 }, 2);
  tap_plot_histogram (cr, 200, 100, &histogram, TRUE, &style);
  g_assert_cmpint (cairo_status (cr), ==, CAIRO_STATUS_SUCCESS);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/render/panels/cells", test_panels);
  g_test_add_func ("/render/panels/width", test_width);
  g_test_add_func ("/render/panels/kinds", test_kinds);
  g_test_add_func ("/render/plot/numbers", test_numbers);
  g_test_add_func ("/render/plot/histogram", test_histogram);
  g_test_add_func ("/render/plot/bars", test_bars);
  return g_test_run ();
}
