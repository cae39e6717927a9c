/* test-mutations.c - damaged networks: always a network or one sentence, in time
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * 2,000 damaged copies of every network, made in memory. Networks whose weights are generated or folded
 * while loading (the light ones of ONNX make up to 0.6 GB) are read every time, but inferred only every
 * so often; how often depends on their size alone. */
#include "config.h"

#include "mutate.h"

#include "core/tap-error.h"
#include "formats/formats-private.h"

#include <string.h>
#include <time.h>

#define N_MUTATIONS       2000
#define N_MUTATIONS_SMALL 500 /* of our own small networks, which say less */

static void
check_error (const GError *error, gboolean raw, const char *file, guint i)
{
  g_assert_nonnull (error);
  /* the registry tidies what a format says */
  if (raw && strlen (error->message) >= 10)
    return;
  if (strlen (error->message) < 10 || !g_utf8_validate (error->message, -1, NULL) ||
      strchr (error->message, '\n') != NULL || strlen (error->message) > 1000)
    g_error ("%s, mutation %u: “%s” is no sentence", file, i, error->message);
}

/* Between two inferences. */
static guint
stride_of (const TapModel *model)
{
  guint64 constants = 0;

  for (int i = 0; i < tap_graph_n_nodes (model->graph); i++)
    {
      const TapNode *node = tap_graph_get_node (model->graph, i);

      for (int k = 0; node->folded && k < node->n_outputs; k++)
        {
          gsize count;

          if (tap_shape_count (&tap_graph_get_value (model->graph, node->outputs[k])->shape, 1,
                               &count))
            constants += count;
        }
    }
  return 1 + (guint) (constants / 1000000) + (guint) tap_graph_n_nodes (model->graph) / 200;
}

static void
test_file (gconstpointer user_data)
{
  const char *path = user_data;
  g_autofree char *name = g_path_get_basename (path);
  g_autoptr (GMappedFile) mapped = g_mapped_file_new (path, FALSE, NULL);
  g_autoptr (GBytes) sound = NULL;
  g_autoptr (Mutator) mutator = NULL;
  g_autoptr (TapModel) model = NULL;
  g_autoptr (GError) first = NULL;
  TapLoadRequest request = { .path = path, .no_checksum = TRUE };
  const TapFormat *format = g_str_has_suffix (path, ".onnx") ? &tap_format_onnx : &tap_format_caffe;
  guint n_good = 0, n_bad = 0, stride, n;
  clock_t slowest = 0;

  g_assert_nonnull (mapped);
  sound = g_mapped_file_get_bytes (mapped);
  model = tap_format_load_bytes (sound, name, &request, NULL, &first);
  g_assert_no_error (first);
  stride = stride_of (model);
  g_clear_pointer (&model, tap_model_unref);

  mutator = mutator_new (sound, name);
  n = strstr (path, "golden") != NULL ? N_MUTATIONS_SMALL : N_MUTATIONS;
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GBytes) bytes = mutator_next (mutator, i);
      g_autoptr (GError) error = NULL;
      clock_t start = clock (); /* of this process: the machine may be busy */

      if (i % stride == 0)
        model = tap_format_load_bytes (bytes, name, &request, NULL, &error);
      else
        model = format->load (&request, bytes, NULL, NULL, &error);
      slowest = MAX (slowest, clock () - start);
      if (model != NULL)
        {
          g_assert_no_error (error);
          n_good++;
        }
      else
        {
          check_error (error, i % stride != 0, name, i);
          n_bad++;
        }
      g_clear_pointer (&model, tap_model_unref);
    }
  g_test_message ("%s: %u loaded, %u refused, every %u inferred, slowest %.0f ms", name, n_good,
                  n_bad, stride, (double) slowest * 1000 / CLOCKS_PER_SEC);
  /* Two seconds, with room for sanitizers. */
  g_assert_cmpint (slowest, <, 10 * CLOCKS_PER_SEC);
}

static gboolean
is_network (const char *name)
{
  return g_str_has_suffix (name, ".onnx") || g_str_has_suffix (name, ".prototxt") ||
         g_str_has_suffix (name, ".caffemodel");
}

static void
add_folder (GPtrArray *paths, const char *group, const char *folder, int depth)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR) && depth > 0)
        add_folder (paths, group, path, depth - 1);
      else if (is_network (name))
        {
          g_autofree char *test = g_strdup_printf ("/mutations/%s/%s", group, name);

          /* freed by us: GTest forgets the data of tests that are not asked for */
          g_test_add_data_func (test, path, test_file);
          g_ptr_array_add (paths, g_steal_pointer (&path));
        }
    }
}

static void
test_absent (void)
{
  g_test_skip ("the shared networks are not here");
}

int
main (int argc, char **argv)
{
  const char *shared = g_getenv ("TAPETUM_SHARED_DATA");
  g_autofree char *models = NULL, *light = NULL, *golden = NULL;
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);

  g_test_init (&argc, &argv, NULL);
  g_test_summary ("Damaged networks are refused with a sentence, or read; nothing else happens.");
  golden = g_test_build_filename (G_TEST_DIST, "formats", "golden", NULL);
  add_folder (paths, "golden", golden, 0);
  if (shared != NULL && g_file_test (shared, G_FILE_TEST_IS_DIR))
    {
      models = g_build_filename (shared, "models", NULL);
      light = g_build_filename (shared, "conformance", "onnx_light_models", NULL);
      add_folder (paths, "models", models, 1);
      add_folder (paths, "light", light, 0);
    }
  else
    g_test_add_func ("/mutations/shared", test_absent);
  return g_test_run ();
}
