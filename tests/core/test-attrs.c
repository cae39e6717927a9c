/* test-attrs.c - attributes keep their kind
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-attrs.h"

static TapAttrs *
make (void)
{
  const gint64 pads[] = { 1, 2, 3 };
  const float scales[] = { 0.5f, 2.0f };
  TapShape shape = { 1, { 2 } };
  g_autoptr (TapTensor) tensor = tap_tensor_new_f32 (&shape, scales, NULL);
  TapAttrs *attrs = tap_attrs_new ();

  tap_attrs_set_int (attrs, "group", 4);
  tap_attrs_set_float (attrs, "alpha", 0.1);
  tap_attrs_set_string (attrs, "mode", "linear");
  tap_attrs_set_ints (attrs, "pads", pads, 3);
  tap_attrs_set_floats (attrs, "scales", scales, 2);
  tap_attrs_set_tensor (attrs, "value", tensor);
  tap_attrs_set_ints (attrs, "empty", NULL, 0);
  return attrs;
}

static void
test_kinds (void)
{
  g_autoptr (TapAttrs) attrs = make ();
  gsize n;

  g_assert_cmpint (tap_attrs_get_int (attrs, "group", 1), ==, 4);
  g_assert_cmpfloat (tap_attrs_get_float (attrs, "group", 1), ==, 4.0);
  g_assert_cmpfloat (tap_attrs_get_float (attrs, "alpha", 1), ==, 0.1);
  g_assert_cmpint (tap_attrs_get_int (attrs, "alpha", 7), ==, 7);
  g_assert_cmpint (tap_attrs_get_int (attrs, "nothing", 9), ==, 9);
  g_assert_cmpstr (tap_attrs_get_string (attrs, "mode", "x"), ==, "linear");
  g_assert_cmpstr (tap_attrs_get_string (attrs, "group", "x"), ==, "x");
  g_assert_cmpint (tap_attrs_get_ints (attrs, "pads", &n)[2], ==, 3);
  g_assert_cmpuint (n, ==, 3);
  g_assert_null (tap_attrs_get_ints (attrs, "scales", &n));
  g_assert_cmpuint (n, ==, 0);
  g_assert_nonnull (tap_attrs_get_ints (attrs, "empty", &n));
  g_assert_cmpfloat (tap_attrs_get_floats (attrs, "scales", &n)[1], ==, 2.0f);
  g_assert_cmpuint (tap_attrs_get_tensor (attrs, "value")->count, ==, 2);
  g_assert_null (tap_attrs_get_tensor (attrs, "mode"));
  g_assert_true (tap_attrs_has (attrs, "empty"));
  g_assert_false (tap_attrs_has (attrs, "nothing"));
}

static void
test_copy (void)
{
  TapAttrs *attrs = make ();
  g_autoptr (TapAttrs) copy = tap_attrs_copy (attrs);
  gsize n;

  tap_attrs_set_int (attrs, "group", 5);
  tap_attrs_free (attrs);
  g_assert_cmpint (tap_attrs_get_int (copy, "group", 1), ==, 4);
  g_assert_cmpint (tap_attrs_get_ints (copy, "pads", &n)[0], ==, 1);
  g_assert_cmpfloat (tap_tensor_f32 (tap_attrs_get_tensor (copy, "value"))[0], ==, 0.5f);
}

static void
test_text (void)
{
  static const char *const expected[][2] = {
    { "alpha", "0.1" },    { "empty", "" },        { "group", "4" },        { "mode", "linear" },
    { "pads", "1, 2, 3" }, { "scales", "0.5, 2" }, { "value", "tensor 2" },
  };
  g_autoptr (TapAttrs) attrs = make ();
  g_autoptr (GPtrArray) names = tap_attrs_list (attrs);

  g_assert_cmpuint (names->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *text = tap_attrs_to_string (attrs, names->pdata[i]);

      g_assert_cmpstr (names->pdata[i], ==, expected[i][0]);
      g_assert_cmpstr (text, ==, expected[i][1]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/attrs/kinds-are-kept", test_kinds);
  g_test_add_func ("/core/attrs/copies-are-independent", test_copy);
  g_test_add_func ("/core/attrs/text-is-sorted", test_text);
  return g_test_run ();
}
