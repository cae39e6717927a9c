/* test-result.c - results carry their arrays and a recipe that is JSON; progress passes them on
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-progress.h"
#include "core/tap-result.h"

#include <math.h>
#include <string.h>

static TapResult *
make (void)
{
  char *names[] = { g_strdup ("a \"quoted\" \\ name"), g_strdup ("tab\there"), NULL };
  g_autoptr (TapLabels) labels = tap_labels_new (g_memdup2 (names, sizeof names), "labels.txt");
  g_autoptr (TapModel) plain = tap_model_new (tap_graph_new ("net"));
  g_autoptr (TapModel) model = tap_model_copy_with_labels (plain, labels);
  TapShape shape = { 2, { 2, 3 } };
  g_autoptr (TapTensor) tensor = tap_tensor_new (TAP_DTYPE_F32, &shape, NULL);
  TapResult *result = tap_result_new ("occlusion", model);
  TapScore scores[] = { { 1, 0.75f }, { 0, NAN } };

  tap_result_add (result, "probability", "Probability", TAP_ARRAY_MAP, tensor)->has_range = TRUE;
  tap_result_add (result, "winner", "Winner", TAP_ARRAY_CLASSES, tensor)->is_int32 = TRUE;
  result->params = g_strdup ("mask=32 layer=\"\"");
  result->picture = g_strdup ("/tmp/caf\xe9\n.jpg"); /* Latin-1 and a line break */
  result->layer = g_strdup ("conv1");
  result->class_index = 1;
  result->sentence = g_strdup ("Grün ist die Hoffnung.");
  result->seed = G_MAXUINT64;
  result->top = g_array_new (FALSE, FALSE, sizeof (TapScore));
  g_array_append_vals (result->top, scores, 2);
  return result;
}

static void
test_recipe (void)
{
  g_autoptr (TapResult) result = make ();
  g_autofree char *recipe = tap_result_recipe (result);

  g_assert_true (g_utf8_validate (recipe, -1, NULL));
  g_assert_true (
    g_str_has_prefix (recipe, "{\"program\":\"Tapetum\",\"version\":\"" TAP_VERSION "\","));
  g_assert_true (g_str_has_suffix (recipe, "}"));
  g_assert_nonnull (strstr (recipe, "\"parameters\":\"mask=32 layer=\\\"\\\"\""));
  g_assert_nonnull (strstr (recipe, "\"seed\":\"18446744073709551615\""));
  g_assert_nonnull (strstr (recipe, "\"picture\":\"/tmp/caf\xef\xbf\xbd\\n.jpg\""));
  g_assert_nonnull (strstr (recipe, "\"class\":{\"index\":1,\"label\":\"tab\\there\"}"));
  g_assert_nonnull (strstr (recipe, "{\"name\":\"winner\",\"shape\":[2,3]}"));
  g_assert_nonnull (strstr (recipe, "{\"index\":1,\"label\":\"tab\\there\",\"probability\":0.75}"));
  g_assert_nonnull (
    strstr (recipe, "\"label\":\"a \\\"quoted\\\" \\\\ name\",\"probability\":null"));
  g_assert_nonnull (strstr (recipe, "Grün"));
  g_assert_null (strstr (recipe, "\"fraction\""));
  for (const char *p = recipe; *p != '\0'; p++)
    g_assert_cmpuint ((guchar) *p, >=, 0x20);
}

/* Python's own reader is the judge, where there is one. */
static void
test_recipe_is_json (void)
{
  g_autoptr (TapResult) result = make ();
  g_autofree char *recipe = tap_result_recipe (result);
  g_autofree char *python = g_find_program_in_path ("python3");
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char *out = NULL;
  g_autoptr (GError) error = NULL;

  if (python == NULL)
    {
      g_test_skip ("python3 is not installed");
      return;
    }
  process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                              &error, python, "-c",
                              "import json, sys; d = json.load(sys.stdin); "
                              "print(d['method'], d['class']['label'], d['arrays'][0]['shape'])",
                              NULL);
  g_assert_no_error (error);
  g_subprocess_communicate_utf8 (process, recipe, NULL, &out, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_subprocess_get_successful (process));
  g_assert_cmpstr (out, ==, "occlusion tab\there [2, 3]\n");
}

static void
test_find (void)
{
  g_autoptr (TapResult) result = make ();

  g_assert_true (tap_result_find (result, "winner")->is_int32);
  g_assert_null (tap_result_find (result, "nothing"));
}

static void
count_cb (double fraction, gpointer user_data)
{
  double *last = user_data;

  *last = fraction;
}

static void
partial_cb (TapResult *partial, gpointer user_data)
{
  double *last = user_data;

  *last = 100.0;
  tap_result_unref (partial);
}

static void
test_progress (void)
{
  double last = -1.0;
  g_autoptr (TapProgress) quiet = tap_progress_new (count_cb, NULL, &last);
  g_autoptr (TapProgress) eager = tap_progress_new (NULL, partial_cb, &last);

  tap_progress_set (NULL, 0.5);
  tap_progress_partial (NULL, make ());
  g_assert_false (tap_progress_wants_partial (NULL));
  tap_progress_set (quiet, 1.5);
  g_assert_cmpfloat (last, ==, 1.0);
  g_assert_false (tap_progress_wants_partial (quiet));
  tap_progress_partial (quiet, make ());
  g_assert_cmpfloat (last, ==, 1.0);
  tap_progress_set (eager, 0.5);
  tap_progress_partial (eager, make ());
  g_assert_cmpfloat (last, ==, 100.0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/result/recipe", test_recipe);
  g_test_add_func ("/core/result/recipe-is-json", test_recipe_is_json);
  g_test_add_func ("/core/result/find", test_find);
  g_test_add_func ("/core/progress/sinks", test_progress);
  return g_test_run ();
}
