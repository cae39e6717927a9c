/* test-window.c - windows see what a slow search finds, and changed rectangles reach exactly that far
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "graphs.h"

#include "ops/tap-op.h"

/* Does output @o look at input @i along one axis? Written from the definition, window by window. */
static gboolean
sees (int o, int i, int kernel, int stride, int dilation, int pad, gboolean transposed)
{
  for (int r = 0; r < kernel; r++)
    if (transposed ? i * stride + r * dilation - pad == o : o * stride + r * dilation - pad == i)
      return TRUE;
  return FALSE;
}

static TapNode *
make_node (TapGraph *graph, const char *op, int h, int w, const gint64 *kernel, TapAttrs *attrs)
{
  int x = graph_input (graph, "x", 4, 1, 2, h, w);
  int weights = g_str_has_prefix (op, "Conv") ?
                  graph_weights (graph, "w", 4, 2, 2, (int) kernel[0], (int) kernel[1]) :
                  -1;

  if (weights < 0)
    tap_attrs_set_ints (attrs, "kernel_shape", kernel, 2);
  graph_node (graph, op, "n", attrs, x, weights, -1);
  return graph_find (graph, "n");
}

static void
check_axis (int in,
            int out,
            int first,
            int last,
            int lo,
            int hi,
            int kernel,
            int stride,
            int dilation,
            int pad,
            gboolean transposed)
{
  int expected_lo = out, expected_hi = -1;

  for (int o = 0; o < out; o++)
    for (int i = MAX (first, 0); i <= MIN (last, in - 1); i++)
      if (sees (o, i, kernel, stride, dilation, pad, transposed))
        {
          expected_lo = MIN (expected_lo, o);
          expected_hi = MAX (expected_hi, o);
        }
  if (expected_hi < 0)
    return;
  if (dilation == 1 && !(transposed && stride > kernel))
    {
      g_assert_cmpint (lo, ==, expected_lo);
      g_assert_cmpint (hi, ==, expected_hi);
    }
  /* holes between dilated taps may be inside the rectangle, never the other way round */
  g_assert_cmpint (lo, <=, expected_lo);
  g_assert_cmpint (hi, >=, expected_hi);
}

static void
test_regions (void)
{
  static const char *const ops[] = { "Conv", "MaxPool", "ConvTranspose" };

  for (int round = 0; round < 4000; round++)
    {
      const char *op = ops[g_test_rand_int_range (0, 3)];
      gboolean transposed = op[4] == 'T';
      int h = g_test_rand_int_range (1, 14), w = g_test_rand_int_range (1, 14);
      gint64 kernel[] = { g_test_rand_int_range (1, 5), g_test_rand_int_range (1, 5) };
      gint64 strides[] = { g_test_rand_int_range (1, 4), g_test_rand_int_range (1, 4) };
      gint64 dilations[] = { g_test_rand_int_range (1, 3), g_test_rand_int_range (1, 3) };
      gint64 pads[] = { g_test_rand_int_range (0, 3), g_test_rand_int_range (0, 3),
                        g_test_rand_int_range (0, 3), g_test_rand_int_range (0, 3) };
      TapAttrs *attrs = tap_attrs_new ();
      g_autoptr (TapGraph) graph = tap_graph_new (NULL);
      TapShape in = { 4, { 1, 2, h, w } }, weights = { 4, { 2, 2, kernel[0], kernel[1] } };
      TapRect changed = { g_test_rand_int_range (-3, 14), g_test_rand_int_range (-3, 14),
                          g_test_rand_int_range (1, 6), g_test_rand_int_range (1, 6) };
      TapWindow window;
      TapRect region;
      TapNode *node;

      tap_attrs_set_ints (attrs, "strides", strides, 2);
      tap_attrs_set_ints (attrs, "dilations", dilations, 2);
      tap_attrs_set_ints (attrs, "pads", pads, 4);
      tap_attrs_set_int (attrs, "ceil_mode", g_test_rand_int_range (0, 2));
      node = make_node (graph, op, h, w, kernel, attrs);
      if (!tap_op_window (node, &in, op[0] == 'C' ? &weights : NULL, &window, NULL))
        continue;
      g_assert_cmpint (window.transposed, ==, transposed);
      region = tap_window_region (&window, &changed);
      if (tap_rect_is_empty (&region))
        continue;
      check_axis (h, window.out_h, changed.y, changed.y + changed.height - 1, region.y,
                  region.y + region.height - 1, (int) kernel[0], (int) strides[0],
                  (int) dilations[0], (int) pads[0], transposed);
      check_axis (w, window.out_w, changed.x, changed.x + changed.width - 1, region.x,
                  region.x + region.width - 1, (int) kernel[1], (int) strides[1],
                  (int) dilations[1], (int) pads[1], transposed);
    }
}

/* What no output looks at changes nothing: the last column under a stride of 2. */
static void
test_nothing_changes (void)
{
  const gint64 kernel[] = { 1, 1 };
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  TapNode *node = make_node (graph, "Conv", 6, 6, kernel, graph_attrs ("strides=2,2"));
  TapShape in = { 4, { 1, 2, 6, 6 } }, weights = { 4, { 2, 2, 1, 1 } };
  TapRect changed = { 5, 5, 1, 1 }, outside = { 9, 9, 3, 3 }, region;
  TapWindow window;

  g_assert_true (tap_op_window (node, &in, &weights, &window, NULL));
  region = tap_window_region (&window, &changed);
  g_assert_true (tap_rect_is_empty (&region));
  region = tap_window_region (&window, &outside);
  g_assert_true (tap_rect_is_empty (&region));
}

/* Caffe: ceil((in + 2 pad - k) / s) + 1, less the last one if it begins at or after in + pad.
 * The right column is worked by hand from that formula. */
static void
test_caffe_sizes (void)
{
  static const int rows[][5] = {
    /* in, k, s, pad, out */
    { 55, 3, 2, 0, 27 }, { 227, 3, 2, 0, 113 }, { 112, 3, 2, 0, 56 }, { 28, 3, 2, 0, 14 },
    { 14, 3, 1, 1, 14 }, { 24, 2, 2, 0, 12 },   { 7, 7, 1, 0, 1 },    { 6, 3, 2, 1, 4 },
    { 3, 2, 2, 1, 2 },   { 32, 3, 2, 0, 16 },   { 15, 3, 2, 0, 7 },   { 1, 3, 2, 1, 1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const gint64 kernel[] = { rows[i][1], rows[i][1] };
      const gint64 strides[] = { rows[i][2], rows[i][2] };
      const gint64 pads[] = { rows[i][3], rows[i][3], rows[i][3], rows[i][3] };
      TapShape in = { 4, { 1, 2, rows[i][0], rows[i][0] } };
      TapAttrs *attrs = tap_attrs_new ();
      g_autoptr (TapGraph) graph = tap_graph_new (NULL);
      TapWindow window;
      TapNode *node;

      tap_attrs_set_ints (attrs, "strides", strides, 2);
      tap_attrs_set_ints (attrs, "pads", pads, 4);
      tap_attrs_set_int (attrs, "caffe_ceil", 1);
      node = make_node (graph, "MaxPool", rows[i][0], rows[i][0], kernel, attrs);
      g_assert_true (tap_op_window (node, &in, NULL, &window, NULL));
      g_assert_cmpint (window.out_h, ==, rows[i][4]);
      g_assert_cmpint (window.out_w, ==, rows[i][4]);
    }
}

static void
test_lrn_within_channels (void)
{
  g_autoptr (TapGraph) graph = tap_graph_new (NULL);
  int x = graph_input (graph, "x", 4, 1, 2, 9, 7);
  int y = graph_node (graph, "LRN", "n", graph_attrs ("size:5 norm_region:WITHIN_CHANNEL"), x, -1);
  TapShape in = { 4, { 1, 2, 9, 7 } };
  TapRect changed = { 3, 4, 1, 1 }, region;
  TapWindow window;

  graph_finish (graph, &y, 1);
  g_assert_cmpint (tap_op_region (graph, graph_find (graph, "n")), ==, TAP_REGION_WINDOW);
  g_assert_true (tap_op_window (graph_find (graph, "n"), &in, NULL, &window, NULL));
  region = tap_window_region (&window, &changed);
  g_assert_cmpint (region.x, ==, 1);
  g_assert_cmpint (region.y, ==, 2);
  g_assert_cmpint (region.width, ==, 5);
  g_assert_cmpint (region.height, ==, 5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/window/regions-equal-a-slow-search", test_regions);
  g_test_add_func ("/ops/window/unseen-cells-change-nothing", test_nothing_changes);
  g_test_add_func ("/ops/window/caffe-rounds-up-and-drops-the-last", test_caffe_sizes);
  g_test_add_func ("/ops/window/lrn-within-channels-is-a-window", test_lrn_within_channels);
  return g_test_run ();
}
