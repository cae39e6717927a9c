/* test-example.c - the built-in network knows its own pictures
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "engine/tap-session.h"
#include "example/tap-example.h"
#include "methods/tap-context.h"

static void
test_pictures (void)
{
  int n = tap_example_n_pictures ();
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GError) error = NULL;

  g_test_summary ("Pictures are sorted by class, have unique names, and decode.");
  g_assert_cmpint (n, >=, 24);
  for (int i = 0; i < n; i++)
    {
      g_autoptr (TapPicture) picture = tap_example_load_picture (i, &error);

      g_assert_no_error (error);
      g_assert_cmpint (picture->width, >=, 96);
      g_assert_true (g_hash_table_add (names, (gpointer) tap_example_picture_name (i)));
      if (i > 0)
        g_assert_cmpint (strcmp (tap_example_picture_class (i - 1), tap_example_picture_class (i)),
                         <=, 0);
    }
  g_assert_null (tap_example_picture_name (n));
  g_assert_null (tap_example_picture_class (-1));
  g_assert_null (tap_example_load_picture (n, &error));
  g_assert_error (error, G_RESOURCE_ERROR, G_RESOURCE_ERROR_NOT_FOUND);
}

static void
test_network (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TapModel) model = tap_example_load_model (NULL, &error);
  g_autoptr (TapSession) session = NULL;
  int n_right = 0, n = tap_example_n_pictures ();

  g_test_summary ("The network names nearly all of its pictures.");
  g_assert_no_error (error);
  g_assert_null (model->path);
  g_assert_cmpint (model->n_classes, ==, model->labels->n);
  session = tap_session_new (model->graph, NULL, &error);
  g_assert_no_error (error);
  for (int i = 0; i < n; i++)
    {
      g_autoptr (TapPicture) picture = tap_example_load_picture (i, NULL);
      g_autoptr (TapPicture) fitted = tap_picture_fit (picture, &model->preprocess);
      g_autoptr (TapTensor) input = tap_picture_to_tensor (fitted, &model->preprocess, &error);
      g_autoptr (TapContext) context = tap_context_new (model, session, input, "example", 0);
      g_autoptr (TapTrace) trace = tap_context_get_trace (context, -1, NULL, NULL, &error);
      g_autofree float *probabilities = g_new (float, model->n_classes);
      g_autoptr (GArray) top = NULL;

      g_assert_no_error (error);
      g_assert_true (tap_context_probabilities (context, trace, 0, probabilities, NULL));
      top = tap_scores_top (probabilities, model->n_classes, 1);
      n_right += strcmp (model->labels->names[g_array_index (top, TapScore, 0).index],
                         tap_example_picture_class (i)) == 0;
    }
  g_test_message ("%d of %d right", n_right, n);
  g_assert_cmpint (n_right * 100, >=, n * 90);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/example/pictures-decode", test_pictures);
  g_test_add_func ("/example/network-knows-them", test_network);
  return g_test_run ();
}
