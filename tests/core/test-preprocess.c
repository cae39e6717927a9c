/* test-preprocess.c - preprocessing specs are read and written
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-error.h"
#include "core/tap-preprocess.h"

#include <locale.h>
#include <string.h>

static void
assert_spec (int channels, const char *spec, const char *expected)
{
  TapPreprocess preprocess, again;
  g_autofree char *text = NULL, *second = NULL;
  g_autoptr (GError) error = NULL;

  tap_preprocess_init (&preprocess, 224, 224, channels);
  tap_preprocess_parse (&preprocess, spec, &error);
  g_assert_no_error (error);
  g_assert_cmpint (preprocess.source, ==, TAP_PREPROCESS_USER);
  text = tap_preprocess_to_string (&preprocess);
  g_assert_cmpstr (text, ==, expected);

  /* what is written reads back as itself */
  tap_preprocess_init (&again, 1, 1, channels);
  g_assert_true (tap_preprocess_parse (&again, text, NULL));
  second = tap_preprocess_to_string (&again);
  g_assert_cmpstr (second, ==, text);
  for (int c = 0; c < channels; c++)
    {
      g_assert_cmpfloat (again.mean[c], ==, preprocess.mean[c]);
      g_assert_cmpfloat (again.std[c], ==, preprocess.std[c]);
    }
}

static void
test_round_trips (void)
{
  assert_spec (3, "size=227,order=bgr,mean=104/117/123,std=1,resize=stretch",
               "size=227,order=bgr,mean=104/117/123,std=1,resize=stretch");
  assert_spec (3, "",
               "size=224,order=rgb,mean=123.675/116.28/103.53,std=58.395/57.12/57.375,"
               "resize=stretch");
  assert_spec (3, " resize = crop , size=224x320 ",
               "size=224x320,order=rgb,mean=123.675/116.28/103.53,std=58.395/57.12/57.375,"
               "resize=crop");
  assert_spec (3, "mean=0,std=255", "size=224,order=rgb,mean=0,std=255,resize=stretch");
  assert_spec (3, "mean=-0.5/1e-3/0.1,std=-2/0.333333/3.40282",
               "size=224,order=rgb,mean=-0.5/0.001/0.1,std=-2/0.333333/3.40282,resize=stretch");
  assert_spec (1, "size=28,mean=0,std=256,resize=pad",
               "size=28,order=grey,mean=0,std=256,resize=pad");
  assert_spec (3, "layout=nchw,order=RGB,mean=1,std=2",
               "size=224,order=rgb,mean=1,std=2,resize=stretch");
}

static void
test_refusals (void)
{
  static const char *const rows[][2] = {
    { "size=0", "size" },
    { "size=-5", "size" },
    { "size=1x2x3", "size" },
    { "size=", "size" },
    { "size=99999", "size" },
    { "order=gbr", "order" },
    { "mean=1/2", "mean" },
    { "mean=a", "mean" },
    { "mean=nan", "mean" },
    { "mean=1/2/3/4/5/6/7", "mean" },
    { "std=0", "std" },
    { "std=1/0/1", "std" },
    { "resize=squash", "resize" },
    { "colour=red", "colour" },
    { "size", "size" },
    { "mean=1,5", "5" },
    { "layout=chwn", "layout" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      TapPreprocess preprocess, before;
      g_autoptr (GError) error = NULL;

      tap_preprocess_init (&preprocess, 224, 224, 3);
      before = preprocess;
      g_assert_false (tap_preprocess_parse (&preprocess, rows[i][0], &error));
      g_assert_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER);
      g_assert_nonnull (strstr (error->message, rows[i][1]));
      /* a spec is taken whole or not at all */
      g_assert_cmpmem (&preprocess, sizeof preprocess, &before, sizeof before);
    }
}

static void
test_colour_for_one_channel (void)
{
  TapPreprocess preprocess;
  g_autoptr (GError) error = NULL;

  tap_preprocess_init (&preprocess, 28, 28, 1);
  g_assert_false (tap_preprocess_parse (&preprocess, "order=rgb", &error));
  g_assert_nonnull (strstr (error->message, "one channel"));
  g_clear_error (&error);
  g_assert_false (tap_preprocess_parse (&preprocess, "mean=1/2/3", &error));
  g_assert_nonnull (strstr (error->message, "1 channel"));
}

static void
test_comma_locale (void)
{
  static const char *const locales[] = { "de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8",
                                         "ru_RU.UTF-8" };
  gboolean found = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (locales) && !found; i++)
    found = setlocale (LC_NUMERIC, locales[i]) != NULL;
  if (!found)
    {
      g_test_skip ("no locale with a decimal comma is installed");
      return;
    }
  test_round_trips ();
  setlocale (LC_NUMERIC, "C");
}

static void
test_source_labels (void)
{
  for (int i = TAP_PREPROCESS_DEFAULT; i <= TAP_PREPROCESS_USER; i++)
    g_assert_cmpuint (strlen (tap_preprocess_source_label ((TapPreprocessSource) i)), >, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/preprocess/round-trips", test_round_trips);
  g_test_add_func ("/core/preprocess/refusals-change-nothing", test_refusals);
  g_test_add_func ("/core/preprocess/one-channel-has-no-colour", test_colour_for_one_channel);
  g_test_add_func ("/core/preprocess/comma-locale", test_comma_locale);
  g_test_add_func ("/core/preprocess/sources-have-labels", test_source_labels);
  return g_test_run ();
}
