/* test-param.c - parameters are read, checked and written
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-error.h"
#include "core/tap-param.h"

#include <locale.h>
#include <math.h>
#include <string.h>

static const TapChoice fills[] = { { "black", "Black" },
                                   { "grey", "Grey" },
                                   { "mean", "Mean" },
                                   { 0 } };

static const TapParam table[] = {
  { .id = "mask", .kind = TAP_PARAM_INT, .min = 1, .max = 512, .fallback = 32 },
  { .id = "sigma", .kind = TAP_PARAM_FLOAT, .min = 0, .max = 10, .fallback = 0.1 },
  { .id = "fill", .kind = TAP_PARAM_CHOICE, .choices = fills, .fallback = 1 },
  { .id = "centred", .kind = TAP_PARAM_BOOL },
  { .id = "layer", .kind = TAP_PARAM_LAYER },
  { .id = "unit", .kind = TAP_PARAM_UNIT, .fallback = -1 },
  { .id = "class", .kind = TAP_PARAM_CLASS, .fallback = -1 },
  { .id = NULL },
};

static void
assert_text (const TapParams *params, const char *expected)
{
  g_autofree char *found = tap_params_to_string (params);

  g_assert_cmpstr (found, ==, expected);
}

static void
test_defaults (void)
{
  g_autoptr (TapParams) params = tap_params_new (table);

  g_assert_cmpint (tap_params_get_int (params, "mask"), ==, 32);
  g_assert_cmpstr (tap_params_get_string (params, "fill"), ==, "grey");
  g_assert_cmpstr (tap_params_get_string (params, "layer"), ==, "");
  g_assert_null (tap_params_get_string (params, "class"));
  assert_text (params, "mask=32 sigma=0.1 fill=grey centred=false layer=\"\" unit=-1 class=-1");
}

static void
test_parse (void)
{
  g_autoptr (TapParams) params = tap_params_new (table);

  g_assert_true (tap_params_parse (params, "mask", "16", NULL));
  g_assert_true (tap_params_parse (params, "sigma", "2.5", NULL));
  g_assert_true (tap_params_parse (params, "fill", "mean", NULL));
  g_assert_true (tap_params_parse (params, "centred", "yes", NULL));
  g_assert_true (tap_params_parse (params, "layer", "fire 2=\"x\"", NULL));
  g_assert_true (tap_params_parse (params, "unit", "7", NULL));
  g_assert_true (tap_params_parse (params, "class", "tabby cat", NULL));
  g_assert_cmpstr (tap_params_get_string (params, "class"), ==, "tabby cat");
  g_assert_cmpint (tap_params_get_int (params, "class"), ==, -1);
  assert_text (params, "mask=16 sigma=2.5 fill=mean centred=true layer=\"fire 2=\\\"x\\\"\" unit=7 "
                       "class=\"tabby cat\"");
  g_assert_true (tap_params_parse (params, "class", "281", NULL));
  g_assert_null (tap_params_get_string (params, "class"));
  g_assert_cmpint (tap_params_get_int (params, "class"), ==, 281);
}

static void
test_refusals (void)
{
  static const char *const rows[][3] = {
    { "mask", "0", "1 to 512" },
    { "mask", "513", "1 to 512" },
    { "mask", "3.5", "whole" },
    { "mask", "12px", "whole" },
    { "mask", "", "whole" },
    { "mask", " 3", "whole" },
    { "mask", "99999999999999999999", "whole" },
    { "sigma", "nan", "number" },
    { "sigma", "inf", "number" },
    { "sigma", "1,5", "number" },
    { "sigma", "10.5", "0 to 10" },
    { "fill", "pink", "black, grey or mean" },
    { "centred", "maybe", "true" },
    { "unit", "-2", "-1" },
    { "colour", "3", "mask, sigma" },
  };
  g_autoptr (TapParams) params = tap_params_new (table);
  g_autoptr (TapParams) before = tap_params_copy (params);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (tap_params_parse (params, rows[i][0], rows[i][1], &error));
      g_assert_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER);
      g_assert_nonnull (strstr (error->message, rows[i][0]));
      if (strstr (error->message, rows[i][2]) == NULL)
        g_error ("“%s” lacks “%s”", error->message, rows[i][2]);
    }
  g_assert_true (tap_params_equal (params, before));
  g_assert_false (tap_params_set (params, "mask", NAN, NULL));
  g_assert_false (tap_params_set (params, "mask", 2.5, NULL));
  g_assert_false (tap_params_set (params, "layer", 2.0, NULL));
}

static void
test_equality (void)
{
  g_autoptr (TapParams) a = tap_params_new (table), b = tap_params_copy (a);

  g_assert_true (tap_params_equal (a, b));
  g_assert_cmpuint (tap_params_hash (a), ==, tap_params_hash (b));
  g_assert_true (tap_params_set_string (b, "layer", "conv1", NULL));
  g_assert_false (tap_params_equal (a, b));
  g_assert_cmpuint (tap_params_hash (a), !=, tap_params_hash (b));
  g_assert_true (tap_params_set_string (b, "layer", "", NULL));
  g_assert_true (tap_params_equal (a, b));
}

static void
test_comma_locale (void)
{
  static const char *const locales[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8",
                                         "ru_RU.UTF-8" };
  g_autoptr (TapParams) params = tap_params_new (table);
  gboolean found = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (locales) && !found; i++)
    found = setlocale (LC_NUMERIC, locales[i]) != NULL;
  if (!found)
    {
      g_test_skip ("no locale with a decimal comma is installed");
      return;
    }
  g_assert_true (tap_params_parse (params, "sigma", "2.5", NULL));
  g_assert_cmpfloat (tap_params_get (params, "sigma"), ==, 2.5);
  assert_text (params, "mask=32 sigma=2.5 fill=grey centred=false layer=\"\" unit=-1 class=-1");
  setlocale (LC_NUMERIC, "C");
}

static void
test_empty_table (void)
{
  g_autoptr (TapParams) params = tap_params_new (NULL);

  assert_text (params, "");
  g_assert_false (tap_params_parse (params, "x", "1", NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/param/defaults", test_defaults);
  g_test_add_func ("/core/param/parse-and-write", test_parse);
  g_test_add_func ("/core/param/refusals-say-what-is-expected", test_refusals);
  g_test_add_func ("/core/param/equality-and-hash", test_equality);
  g_test_add_func ("/core/param/comma-locale", test_comma_locale);
  g_test_add_func ("/core/param/empty-table", test_empty_table);
  return g_test_run ();
}
