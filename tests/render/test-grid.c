/* test-grid.c - geometry, order and drawing of grids
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "render/tap-grid.h"

#include <math.h>

static TapResult *
make_stack (TapArrayKind kind, const char *name, int n, int channels, int side)
{
  TapResult *result = tap_result_new ("activations", NULL);
  TapShape shape =
    kind == TAP_ARRAY_RGB_STACK ?
      tap_shape_new (4, (gint64) n, (gint64) channels, (gint64) side, (gint64) side) :
      tap_shape_new (3, (gint64) n, (gint64) side, (gint64) side);
  g_autoptr (TapTensor) tensor = tap_tensor_new (TAP_DTYPE_F32, &shape, NULL);

  /* unit k is constant: k² mod 17 */
  for (gsize i = 0; i < tensor->count; i++)
    {
      int k = (int) (i / (tensor->count / n));

      tap_tensor_f32 (tensor)[i] = (float) (k * k % 17);
    }
  tap_result_add (result, name, "Maps", kind, tensor);
  return result;
}

static void
test_hit (void)
{
  static const struct
  {
    int n, w, h;
    double width, height, least;
  } cases[] = { { 1, 5, 5, 100, 100, 10 },        { 64, 55, 55, 800, 600, 40 },
                { 512, 7, 7, 333, 500, 24 },      { 4096, 14, 14, 1000, 700, 20 },
                { 3, 224, 100, 90, 90, 16 },      { 17, 1, 1, 200, 20, 8 },
                { 1000, 113, 57, 640, 480, 200 }, { 2, 3, 300, 5, 5, 64 } };

  g_test_summary ("The tile under each tile's middle is that tile, and none lies in the gaps");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      TapGridLayout layout;

      tap_grid_layout (&layout, cases[i].n, cases[i].w, cases[i].h, cases[i].width, cases[i].height,
                       cases[i].least, 0);
      g_assert_cmpint (layout.columns * layout.rows, >=, cases[i].n);
      g_assert_cmpint (layout.columns * (layout.rows - 1), <, cases[i].n);
      g_assert_cmpfloat (layout.width, <=, MAX (cases[i].width, 1) + 1e-6);
      if (layout.tile_width >= cases[i].w)
        g_assert_cmpfloat (fmod (layout.tile_width, cases[i].w), ==, 0);
      for (int place = 0; place < cases[i].n; place++)
        {
          double x, y;
          int cx = -1, cy = -1;

          tap_grid_tile_rect (&layout, place, &x, &y);
          g_assert_cmpint (tap_grid_hit (&layout, x + layout.tile_width * 0.5,
                                         y + layout.tile_height * 0.5, &cx, &cy),
                           ==, place);
          g_assert_cmpint (cx, ==, cases[i].w / 2);
          g_assert_cmpint (cy, ==, cases[i].h / 2);
          g_assert_cmpint (tap_grid_hit (&layout, x + layout.tile_width + layout.gap * 0.5,
                                         y + layout.tile_height * 0.5, NULL, NULL),
                           ==, -1);
        }
      g_assert_cmpint (tap_grid_hit (&layout, -1, 0, NULL, NULL), ==, -1);
      g_assert_cmpint (tap_grid_hit (&layout, NAN, 0, NULL, NULL), ==, -1);
      g_assert_cmpint (tap_grid_hit (&layout, 0, layout.height + 1, NULL, NULL), ==, -1);
    }
}

static void
test_fit (void)
{
  TapGridLayout layout;

  g_test_summary ("Tiles fill the space, and scroll when they would be too small");
  tap_grid_layout (&layout, 64, 10, 10, 1000, 1000, 20, 0);
  g_assert_cmpint (layout.columns, ==, 8);
  g_assert_cmpfloat (layout.height, <=, 1000);
  g_assert_cmpfloat (layout.tile_width, ==, 120);
  tap_grid_layout (&layout, 1000, 10, 10, 300, 200, 40, 0);
  g_assert_cmpfloat (layout.tile_width, >=, 40);
  g_assert_cmpfloat (layout.height, >, 200);
  tap_grid_layout (&layout, 0, 10, 10, 300, 200, 40, 0);
  g_assert_cmpint (layout.n_tiles, ==, 0);
}

static void
test_order (void)
{
  g_autoptr (TapResult) maps = make_stack (TAP_ARRAY_STACK, "activation", 17, 1, 3);
  g_autoptr (TapResult) filters = make_stack (TAP_ARRAY_RGB_STACK, "filters", 5, 3, 3);
  const TapArray *array = g_ptr_array_index (maps->arrays, 0);
  g_autofree int *by_index = tap_grid_order (array, TAP_GRID_BY_INDEX);
  g_autofree int *by_strength = tap_grid_order (array, TAP_GRID_BY_STRENGTH);
  g_autofree int *by_norm =
    tap_grid_order (g_ptr_array_index (filters->arrays, 0), TAP_GRID_BY_STRENGTH);

  g_test_summary ("Strength sorts downward and keeps the index where equal");
  for (int i = 0; i < 17; i++)
    g_assert_cmpint (by_index[i], ==, i);
  for (int i = 1; i < 17; i++)
    {
      int before = by_strength[i - 1], here = by_strength[i];

      g_assert_cmpint (before * before % 17, >=, here * here % 17);
      if (before * before % 17 == here * here % 17)
        g_assert_cmpint (before, <, here);
    }
  g_assert_cmpint (by_norm[0], ==, 4);
  g_assert_cmpint (by_norm[4], ==, 0);
}

static void
test_draw (void)
{
  g_autoptr (TapResult) maps = make_stack (TAP_ARRAY_STACK, "activation", 4096, 1, 2);
  const TapArray *array = g_ptr_array_index (maps->arrays, 0);
  g_autofree int *order = tap_grid_order (array, TAP_GRID_BY_STRENGTH);
  TapRange range = tap_range_for_array (array);
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 700, 700);
  cairo_t *cr = cairo_create (surface);
  TapGridLayout layout;
  gint64 start;

  g_test_summary ("A grid of 4,096 tiles shows each unit's colour at its place");
  start = g_get_monotonic_time ();
  tap_grid_layout (&layout, 4096, 2, 2, 700, 700, 2, 0);
  g_test_message ("layout of 4096 tiles: %.3f ms", (g_get_monotonic_time () - start) / 1000.0);
  start = g_get_monotonic_time ();
  tap_grid_draw (cr, &layout, array, order, TAP_COLORMAP_VIRIDIS, TAP_GRID_SCALE_SHARED, range);
  g_test_message ("drawing: %.1f ms", (g_get_monotonic_time () - start) / 1000.0);
  cairo_surface_flush (surface);
  for (int place = 0; place < 4096; place += 5)
    {
      double x, y;
      guint32 pixel;

      tap_grid_tile_rect (&layout, place, &x, &y);
      pixel = *(const guint32 *) (gconstpointer) (cairo_image_surface_get_data (surface) +
                                                  (gsize) (y + layout.tile_height / 2) *
                                                    cairo_image_surface_get_stride (surface) +
                                                  4 * (gsize) (x + layout.tile_width / 2));
      g_assert_cmphex (pixel & 0xffffff, ==,
                       tap_colormap_pixel (TAP_COLORMAP_VIRIDIS,
                                           (float) (order[place] * order[place] % 17) / 16.0f) &
                         0xffffff);
    }
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

static void
test_refusals (void)
{
  g_autoptr (TapResult) result = make_stack (TAP_ARRAY_RGB_STACK, "odd", 2, 4, 3);
  TapArray *array = g_ptr_array_index (result->arrays, 0);
  cairo_surface_t *surface;
  int n, w, h;

  g_test_summary ("Arrays that are no maps are refused, units that do not exist are empty");
  g_assert_false (tap_grid_array_size (array, &n, &w, &h));
  surface = tap_grid_tile (array, 0, TAP_COLORMAP_GREY, TAP_GRID_SCALE_EACH, (TapRange){ 0, 1 });
  g_assert_cmpint (cairo_image_surface_get_width (surface), ==, 1);
  cairo_surface_destroy (surface);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/render/grid/hit", test_hit);
  g_test_add_func ("/render/grid/fit", test_fit);
  g_test_add_func ("/render/grid/order", test_order);
  g_test_add_func ("/render/grid/draw", test_draw);
  g_test_add_func ("/render/grid/refusals", test_refusals);
  return g_test_run ();
}
