/* test-document.c - the document opens, decodes, runs, and forgets what is no longer asked
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>

#include <gtk/gtk.h>

#include "app/document/tap-document.h"

#define PATIENCE_US (30 * G_TIME_SPAN_SECOND)

typedef gboolean (*Condition) (TapDocument *document);

static void
wait_until (TapDocument *document, Condition condition)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_US;

  while (!condition (document))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      if (!g_main_context_iteration (NULL, FALSE))
        g_usleep (1000);
    }
}

static gboolean
is_idle (TapDocument *document)
{
  return tap_document_get_opening (document) == NULL && !tap_document_get_running (document);
}

static gboolean
has_scores (TapDocument *document)
{
  return is_idle (document) && tap_document_get_scores (document) != NULL;
}

static gboolean
is_opened (TapDocument *document)
{
  return tap_document_get_opening (document) == NULL;
}

static void
collect_cb (TapDocument *document, const char *sentence, gpointer user_data)
{
  g_ptr_array_add (user_data, g_strdup (sentence));
}

static TapDocument *
open_example (void)
{
  TapDocument *document = tap_document_new ();

  tap_document_open_example (document);
  g_assert_nonnull (tap_document_get_opening (document));
  wait_until (document, has_scores);

  return document;
}

/* Lanes let go of their last references a moment after the document. */
static void
close_document (TapDocument *document)
{
  g_assert_finalize_object (document);
  for (int i = 0; i < 20; i++)
    {
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_usleep (2000);
    }
}

static void
test_example_gives_an_answer (void)
{
  TapDocument *document = open_example ();
  TapModel *model = tap_document_get_model (document);
  TapScores *scores = tap_document_get_scores (document);
  TapLayerFacts *facts = tap_document_get_facts (document);
  double sum = 0;

  g_assert_nonnull (model);
  g_assert_cmpint (scores->n, ==, model->n_classes);
  for (int i = 0; i < scores->n; i++)
    sum += scores->values[i];
  g_assert_cmpfloat_with_epsilon (sum, 1.0, 1e-4);
  g_assert_cmpint (tap_document_get_class_index (document), ==, tap_scores_best (scores));
  g_assert_nonnull (tap_document_get_activations (document));
  g_assert_nonnull (facts);
  g_assert_true (facts->has_stats);
  g_assert_cmpint (facts->node, ==, tap_document_get_layer (document));
  g_assert_null (tap_document_get_run_problem (document));

  close_document (document);
}

static void
test_newest_picture_wins (void)
{
  TapDocument *document = open_example ();
  guint n = g_list_model_get_n_items (tap_document_get_pictures (document));

  g_assert_cmpuint (n, >, 5);
  for (guint i = 0; i < n; i++)
    {
      tap_document_set_position (document, i);
      g_main_context_iteration (NULL, FALSE);
    }
  tap_document_set_position (document, 3);
  wait_until (document, has_scores);
  g_assert_cmpstr (tap_document_get_subject (document)->name, ==,
                   tap_picture_item_get_name (tap_document_get_item (document)));

  close_document (document);
}

static void
test_walking_stops_at_the_ends (void)
{
  TapDocument *document = open_example ();
  guint n = g_list_model_get_n_items (tap_document_get_pictures (document));

  tap_document_walk (document, -1);
  g_assert_cmpuint (tap_document_get_position (document), ==, 0);
  tap_document_walk (document, 100000);
  g_assert_cmpuint (tap_document_get_position (document), ==, n - 1);

  close_document (document);
}

static void
test_chosen_class_drives (void)
{
  TapDocument *document = open_example ();
  int best = tap_document_get_class_index (document);
  int other = best == 0 ? 1 : 0;

  tap_document_set_chosen_class (document, other);
  g_assert_cmpint (tap_document_get_class_index (document), ==, other);
  tap_document_walk (document, 1);
  wait_until (document, has_scores);
  g_assert_cmpint (tap_document_get_class_index (document), ==, other);
  tap_document_set_chosen_class (document, -1);
  g_assert_cmpint (tap_document_get_class_index (document), ==,
                   tap_scores_best (tap_document_get_scores (document)));

  tap_document_set_pinned (document, other, TRUE);
  tap_document_set_pinned (document, other, TRUE);
  g_assert_cmpuint (tap_document_get_pinned (document)->len, ==, 1);
  tap_document_set_pinned (document, 1000000, TRUE);
  g_assert_cmpuint (tap_document_get_pinned (document)->len, ==, 1);

  close_document (document);
}

static void
test_every_layer_has_facts (void)
{
  TapDocument *document = open_example ();
  int n = tap_graph_n_nodes (tap_document_get_model (document)->graph);

  for (int i = 0; i < n; i++)
    {
      tap_document_set_layer (document, i);
      wait_until (document, is_idle);
      g_assert_nonnull (tap_document_get_facts (document));
      g_assert_cmpint (tap_document_get_facts (document)->node, ==, i);
      g_assert_nonnull (tap_document_get_scores (document));
    }

  close_document (document);
}

static void
test_preprocessing_changes_the_answer_and_back (void)
{
  TapDocument *document = open_example ();
  float before = tap_document_get_scores (document)->values[0];
  TapPreprocess p = tap_document_get_model (document)->preprocess;

  p.mean[0] += 90;
  p.order = p.order == TAP_ORDER_RGB ? TAP_ORDER_BGR : TAP_ORDER_RGB;
  p.source = TAP_PREPROCESS_USER;
  tap_document_set_preprocess (document, &p);
  wait_until (document, has_scores);
  g_assert_cmpfloat (tap_document_get_scores (document)->values[0], !=, before);
  tap_document_reset_preprocess (document);
  wait_until (document, has_scores);
  g_assert_cmpfloat (tap_document_get_scores (document)->values[0], ==, before);

  close_document (document);
}

/* A network made for 96 pixels and fed 31: says so, and lives on. */
static void
test_impossible_preprocessing_is_told (void)
{
  TapDocument *document = open_example ();
  TapPreprocess p = tap_document_get_model (document)->preprocess;

  p.channels = 1;
  p.order = TAP_ORDER_GREY;
  tap_document_set_preprocess (document, &p);
  wait_until (document, is_idle);
  g_assert_nonnull (tap_document_get_run_problem (document));
  tap_document_reset_preprocess (document);
  wait_until (document, has_scores);
  g_assert_null (tap_document_get_run_problem (document));

  close_document (document);
}

static void
test_bad_files_lose_nothing (void)
{
  TapDocument *document = open_example ();
  TapModel *model = tap_document_get_model (document);
  g_autoptr (GPtrArray) sentences = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *folder = g_dir_make_tmp ("tapetum-test-XXXXXX", NULL);
  g_autofree char *page = g_build_filename (folder, "net.onnx", NULL);
  g_autofree char *none = g_build_filename (folder, "not-there.onnx", NULL);
  const char *const paths[] = { page, none, NULL };
  const char *const empty[] = { folder, NULL };

  g_assert_true (g_file_set_contents (page, "<!DOCTYPE html><html><body>404", -1, NULL));
  g_signal_connect (document, "failed", G_CALLBACK (collect_cb), sentences);
  tap_document_open (document, paths);
  wait_until (document, is_opened);
  g_assert_cmpuint (sentences->len, ==, 2);
  g_assert_true (tap_document_get_model (document) == model);
  g_assert_nonnull (tap_document_get_scores (document));

  g_assert_cmpint (g_remove (page), ==, 0);
  tap_document_open (document, empty);
  wait_until (document, is_opened);
  g_assert_cmpuint (sentences->len, ==, 3);
  g_assert_nonnull (strstr (g_ptr_array_index (sentences, 2), folder));

  g_assert_cmpint (g_remove (folder), ==, 0);
  close_document (document);
}

static void
test_disposed_while_busy (void)
{
  for (int i = 0; i < 20; i++)
    {
      TapDocument *document = tap_document_new ();

      tap_document_open_example (document);
      for (int k = 0; k < i * 3; k++)
        {
          g_main_context_iteration (NULL, FALSE);
          g_usleep (1000);
        }
      close_document (document);
    }
}

static gboolean
has_second_model (TapDocument *document)
{
  TapModel *model = tap_document_get_model (document);

  return has_scores (document) && model != NULL && model->path != NULL;
}

static void
test_network_pictures_and_labels_together (void)
{
  const char *data = g_getenv ("TAPETUM_SHARED_DATA");
  g_autofree char *network = NULL;
  g_autofree char *pictures = NULL;
  TapDocument *document;

  network = g_build_filename (data ? data : "", "models", "squeezenet_v1.1_caffe", NULL);
  pictures = g_build_filename (data ? data : "", "images", "photos", NULL);
  if (data == NULL || !g_file_test (network, G_FILE_TEST_IS_DIR) ||
      !g_file_test (pictures, G_FILE_TEST_IS_DIR))
    {
      g_test_skip ("the shared data is not here");
      return;
    }

  document = tap_document_new ();
  tap_document_open (document, (const char *const[]){ pictures, network, NULL });
  wait_until (document, has_second_model);
  g_assert_cmpint (tap_document_get_scores (document)->n, ==, 1000);

  /* Another network keeps the pictures. */
  tap_document_open_example (document);
  wait_until (document, has_scores);

  close_document (document);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/document/example-gives-an-answer", test_example_gives_an_answer);
  g_test_add_func ("/document/newest-picture-wins", test_newest_picture_wins);
  g_test_add_func ("/document/walking-stops-at-the-ends", test_walking_stops_at_the_ends);
  g_test_add_func ("/document/chosen-class-drives", test_chosen_class_drives);
  g_test_add_func ("/document/every-layer-has-facts", test_every_layer_has_facts);
  g_test_add_func ("/document/preprocessing-changes-the-answer-and-back",
                   test_preprocessing_changes_the_answer_and_back);
  g_test_add_func ("/document/impossible-preprocessing-is-told",
                   test_impossible_preprocessing_is_told);
  g_test_add_func ("/document/bad-files-lose-nothing", test_bad_files_lose_nothing);
  g_test_add_func ("/document/disposed-while-busy", test_disposed_while_busy);
  g_test_add_func ("/document/network-pictures-and-labels-together",
                   test_network_pictures_and_labels_together);

  return g_test_run ();
}
