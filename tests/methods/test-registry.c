/* test-registry.c - every method says what a stranger must know
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/tap-error.h"
#include "methods/registry.h"

static gboolean
is_said (const char *text)
{
  return text != NULL && *text != '\0';
}

static void
check_param (const TapParam *param)
{
  g_assert_true (is_said (param->id) && is_said (param->label) && is_said (param->help));
  g_assert_true (g_str_has_suffix (param->help, "."));
  for (const char *p = param->id; *p != '\0'; p++)
    g_assert_true (g_ascii_islower (*p) || g_ascii_isdigit (*p) || *p == '-');

  switch (param->kind)
    {
    case TAP_PARAM_INT:
    case TAP_PARAM_FLOAT:
      g_assert_cmpfloat (param->min, <, param->max);
      g_assert_cmpfloat (param->fallback, >=, param->min);
      g_assert_cmpfloat (param->fallback, <=, param->max);
      g_assert_cmpfloat (param->step, >, 0.0);
      if (param->soft_min != param->soft_max)
        {
          g_assert_cmpfloat (param->soft_min, <, param->soft_max);
          g_assert_cmpfloat (param->soft_min, >=, param->min);
          g_assert_cmpfloat (param->soft_max, <=, param->max);
        }
      break;
    case TAP_PARAM_CHOICE:
      {
        int n = 0;

        for (; param->choices[n].id != NULL; n++)
          g_assert_true (is_said (param->choices[n].label));
        g_assert_cmpint (n, >=, 2);
        g_assert_cmpfloat (param->fallback, <, n);
      }
      break;
    case TAP_PARAM_BOOL:
    case TAP_PARAM_LAYER:
    case TAP_PARAM_UNIT:
    case TAP_PARAM_CLASS:
    default:
      break;
    }
}

static void
test_walk (void)
{
  const TapMethod *const *methods = tap_methods_list ();

  g_test_summary ("Ids are sorted and unique; help, source and ranges are there.");
  for (int i = 0; methods[i] != NULL; i++)
    {
      const TapMethod *method = methods[i];

      g_assert_true (i == 0 || strcmp (methods[i - 1]->id, method->id) < 0);
      g_assert_true (is_said (method->title) && is_said (method->summary));
      g_assert_true (is_said (method->source) && method->run != NULL);
      g_assert_true (method->params != NULL);
      g_assert_true (tap_methods_find (method->id) == method);
      for (const TapParam *param = method->params; param->id != NULL; param++)
        {
          check_param (param);
          g_assert_true (tap_param_find (method->params, param->id) == param); /* unique */
        }
    }
  g_assert_null (tap_methods_find ("no such method"));
}

static void
test_defaults (void)
{
  g_test_summary ("Defaults can be written out and read back.");
  for (const TapMethod *const *m = tap_methods_list (); *m != NULL; m++)
    {
      g_autoptr (TapParams) values = tap_params_new ((*m)->params);
      g_autoptr (TapParams) copy = tap_params_new ((*m)->params);

      for (const TapParam *param = (*m)->params; param->id != NULL; param++)
        {
          g_autofree char *text = tap_params_value_to_string (values, param->id);
          g_autoptr (GError) error = NULL;

          tap_params_parse (copy, param->id, text, &error);
          g_assert_no_error (error);
        }
      g_assert_true (tap_params_equal (values, copy));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/methods/registry-is-complete", test_walk);
  g_test_add_func ("/methods/defaults-read-back", test_defaults);
  return g_test_run ();
}
