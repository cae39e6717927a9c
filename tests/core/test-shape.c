/* test-shape.c - products of dimensions never overflow, rectangles behave
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-shape.h"

static TapShape
shape (int n, gint64 a, gint64 b, gint64 c)
{
  return (TapShape){ n, { a, b, c } };
}

static void
test_count (void)
{
  static const struct
  {
    int n;
    gint64 a, b, c;
    gsize size;
    gboolean fine;
    gsize count;
  } rows[] = {
    { 0, 0, 0, 0, 4, TRUE, 1 },
    { 3, 2, 3, 4, 4, TRUE, 24 },
    { 3, 2, 0, 4, 4, TRUE, 0 },
    { 2, -1, 4, 0, 4, FALSE, 0 },
    /* the fault table: a checked multiply */
    { 3, 4194305, 4194305, 211106198978564, 4, FALSE, 0 },
    /* a zero does not hide what lies beside it */
    { 3, G_MAXINT64, 0, G_MAXINT64, 4, FALSE, 0 },
    { 2, G_GINT64_CONSTANT (1) << 32, G_GINT64_CONSTANT (1) << 32, 0, 4, FALSE, 0 },
    { 1, (G_GINT64_CONSTANT (8) << 30) / 4, 0, 0, 4, TRUE, (G_GUINT64_CONSTANT (8) << 30) / 4 },
    { 1, (G_GINT64_CONSTANT (8) << 30) / 4 + 1, 0, 0, 4, FALSE, 0 },
    { 1, (G_GINT64_CONSTANT (8) << 30) / 4, 0, 0, 8, FALSE, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      TapShape s = shape (rows[i].n, rows[i].a, rows[i].b, rows[i].c);
      gsize count = 0;

      g_assert_cmpint (tap_shape_count (&s, rows[i].size, &count), ==, rows[i].fine);
      g_assert_cmpuint (count, ==, rows[i].count);
    }
}

static void
test_product (void)
{
  TapShape s = shape (3, 2, 3, 4), huge = shape (3, G_MAXINT64, 3, 4);

  g_assert_cmpint (tap_shape_product (&s, 0, 3), ==, 24);
  g_assert_cmpint (tap_shape_product (&s, 1, 3), ==, 12);
  g_assert_cmpint (tap_shape_product (&s, 2, 2), ==, 1);
  g_assert_cmpint (tap_shape_product (&huge, 0, 3), ==, G_MAXINT64);
}

/* numpy.broadcast_shapes((2, 1, 4), (3, 1)) == (2, 3, 4), and so on */
static void
test_broadcast (void)
{
  TapShape a = shape (3, 2, 1, 4), b = shape (2, 3, 1, 0), c = shape (1, 5, 0, 0);
  TapShape scalar = TAP_SHAPE_SCALAR, out, expected = shape (3, 2, 3, 4);

  g_assert_true (tap_shape_broadcast (&a, &b, &out));
  g_assert_true (tap_shape_equal (&out, &expected));
  g_assert_true (tap_shape_broadcast (&scalar, &a, &out));
  g_assert_true (tap_shape_equal (&out, &a));
  g_assert_false (tap_shape_broadcast (&a, &c, &out));
  /* the result may be one of the operands */
  g_assert_true (tap_shape_broadcast (&a, &b, &a));
  g_assert_true (tap_shape_equal (&a, &expected));
}

static void
test_text (void)
{
  TapShape known = tap_shape_new (3, (gint64) 1, (gint64) 3, (gint64) 224);
  TapShape symbolic = shape (2, -1, 10, 0), scalar = TAP_SHAPE_SCALAR;
  g_autofree char *a = tap_shape_to_string (&known);
  g_autofree char *b = tap_shape_to_string (&symbolic);
  g_autofree char *c = tap_shape_to_string (&scalar);

  g_assert_cmpstr (a, ==, "1×3×224");
  g_assert_cmpstr (b, ==, "?×10");
  g_assert_cmpstr (c, ==, "scalar");
  g_assert_true (tap_shape_is_known (&known));
  g_assert_false (tap_shape_is_known (&symbolic));
}

static void
test_rectangles (void)
{
  TapRect a = { 1, 2, 4, 4 }, b = { 3, 0, 5, 4 }, empty = { 9, 9, 0, 3 }, away = { 20, 20, 1, 1 },
          r;

  r = tap_rect_union (&a, &b);
  g_assert_true (r.x == 1 && r.y == 0 && r.width == 7 && r.height == 6);
  r = tap_rect_intersect (&a, &b);
  g_assert_true (r.x == 3 && r.y == 2 && r.width == 2 && r.height == 2);
  r = tap_rect_union (&a, &empty);
  g_assert_true (r.x == 1 && r.y == 2 && r.width == 4 && r.height == 4);
  r = tap_rect_union (&empty, &a);
  g_assert_true (r.x == 1 && r.width == 4);
  r = tap_rect_intersect (&a, &away);
  g_assert_true (tap_rect_is_empty (&r));
  g_assert_true (tap_rect_is_empty (&empty));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/shape/count-is-checked", test_count);
  g_test_add_func ("/core/shape/product", test_product);
  g_test_add_func ("/core/shape/broadcast-as-numpy", test_broadcast);
  g_test_add_func ("/core/shape/text", test_text);
  g_test_add_func ("/core/shape/rectangles", test_rectangles);
  return g_test_run ();
}
