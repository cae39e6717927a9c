/* cmd-predict.c - tapetum-cli predict: the most probable classes of pictures
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/commands.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "cli/tap-cli-json.h"
#include "cli/tap-cli-network.h"
#include "cli/tap-cli-options.h"
#include "cli/tap-cli-progress.h"
#include "core/tap-error.h"
#include "figure/tap-npy.h"
#include "pictures/tap-folder.h"

static const char *const suffixes[] = { ".json", ".tsv", ".npy", ".npz", NULL };

/* The answer to one picture. */
typedef struct
{
  char *picture;
  double milliseconds;
  float *probabilities;
} Answer;

static void
answer_free (gpointer data)
{
  Answer *self = data;
  g_free (self->picture);
  g_free (self->probabilities);
  g_free (self);
}

typedef struct
{
  TapCli *cli;
  TapModel *model;
  TapSession *session;
  int top; /* classes to tell */
  GPtrArray *answers;
  int status; /* of the worst picture */
} Predict;

/* Files as they are, folders as the pictures in them. */
static GPtrArray *
list_pictures (TapCli *cli, char **names, GError **error)
{
  g_autoptr (GPtrArray) pictures = g_ptr_array_new_with_free_func (g_free);
  for (char **name = names; *name != NULL; name++)
    {
      if (!g_file_test (*name, G_FILE_TEST_IS_DIR))
        {
          g_ptr_array_add (pictures, g_strdup (*name));
          continue;
        }
      g_autoptr (TapFolder) folder = tap_folder_scan (*name, cli->cancellable, error);
      if (folder == NULL)
        {
          tap_cli_prefix_path (error, *name);
          return NULL;
        }
      if (folder->entries->len == 0)
        {
          g_autofree char *shown = g_filename_display_name (*name);
          g_set_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_UNREADABLE,
                       _ ("%s: there are no pictures in this folder."), shown);
          return NULL;
        }
      for (guint i = 0; i < folder->entries->len; i++)
        {
          const TapFolderEntry *entry = g_ptr_array_index (folder->entries, i);
          g_ptr_array_add (pictures, g_strdup (entry->path));
        }
      if (folder->n_skipped > 0)
        tap_cli_note (cli,
                      ngettext ("%s: %d file that is no picture was left out.",
                                "%s: %d files that are no pictures were left out.",
                                (gulong) folder->n_skipped),
                      *name, folder->n_skipped);
    }
  return g_steal_pointer (&pictures);
}

static Answer *
predict_one (Predict *self, const char *path, GError **error)
{
  g_autoptr (TapContext) context =
    tap_cli_open_picture (self->cli, self->model, self->session, path, NULL, error);
  if (context == NULL)
    return NULL;
  TapTensor *inputs[] = { tap_context_get_input (context) };
  g_autoptr (TapTaps) taps = tap_taps_new_for (self->model->scores, -1);
  g_autoptr (TapTrace) trace = tap_session_forward (self->session, inputs, 1, taps, TAP_RUN_DEFAULT,
                                                    NULL, self->cli->cancellable, error);
  if (trace == NULL)
    return NULL;
  Answer *answer = g_new0 (Answer, 1);
  answer->picture = g_strdup (path);
  answer->milliseconds = tap_trace_get_milliseconds (trace);
  answer->probabilities = g_new (float, (gsize) self->model->n_classes);
  if (!tap_context_probabilities (context, trace, 0, answer->probabilities, error))
    {
      answer_free (answer);
      return NULL;
    }
  return answer;
}

/* One broken picture among many does not stop the others; it decides the exit status. */
static gboolean
predict_all (Predict *self, const GPtrArray *pictures, GError **error)
{
  g_autoptr (TapCliProgress) progress = tap_cli_progress_new (self->cli, NULL, NULL);
  for (guint i = 0; i < pictures->len; i++)
    {
      g_autoptr (GError) local = NULL;
      Answer *answer = predict_one (self, g_ptr_array_index (pictures, i), &local);
      tap_progress_set (tap_cli_progress_get (progress), (i + 1.0) / pictures->len);
      if (answer != NULL)
        g_ptr_array_add (self->answers, answer);
      else if (pictures->len > 1 && local->domain == TAP_PICTURE_ERROR)
        self->status = tap_cli_fail (self->cli, TAP_CLI_READING, local);
      else
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }
  return TRUE;
}

static char *
make_json (const Predict *self, const char *model_name)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree char *spec = tap_preprocess_to_string (&self->model->preprocess);
  json_builder_begin_object (builder);
  tap_json_string (builder, "model", model_name);
  tap_json_string (builder, "preprocessing", spec);
  tap_json_string (builder, "preprocessing_source",
                   tap_preprocess_source_label (self->model->preprocess.source));
  tap_json_bool (builder, "softmax_added", !self->model->scores_are_probabilities);
  tap_json_string (builder, "device", "cpu");
  json_builder_set_member_name (builder, "predictions");
  json_builder_begin_array (builder);
  for (guint i = 0; i < self->answers->len; i++)
    {
      const Answer *answer = g_ptr_array_index (self->answers, i);
      g_autoptr (GArray) top =
        tap_scores_top (answer->probabilities, self->model->n_classes, self->top);
      json_builder_begin_object (builder);
      tap_json_string (builder, "picture", answer->picture);
      tap_json_number (builder, "milliseconds", answer->milliseconds);
      tap_json_scores (builder, "classes", self->model->labels, top);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  return tap_json_finish (builder);
}

static void
print_text (const Predict *self)
{
  for (guint i = 0; i < self->answers->len; i++)
    {
      const Answer *answer = g_ptr_array_index (self->answers, i);
      g_autofree char *name = g_filename_display_name (answer->picture);
      g_autoptr (GArray) top =
        tap_scores_top (answer->probabilities, self->model->n_classes, self->top);
      tap_cli_print (self->cli, "%s\n", name);
      for (guint k = 0; k < top->len; k++)
        {
          const TapScore *score = &g_array_index (top, TapScore, k);
          g_autofree char *label = tap_labels_dup_name (self->model->labels, score->index);
          g_autofree char *percent = isnan (score->probability) ?
                                       g_strdup ("    nan") :
                                       tap_cli_number ("%7.2f", 100.0 * score->probability);
          tap_cli_print (self->cli, "%s %%  %4d  %s\n", percent, score->index, label);
        }
    }
}

/* Damaged weights, or an overflow on the way. */
static void
note_no_numbers (const Predict *self)
{
  for (guint i = 0; i < self->answers->len; i++)
    {
      const Answer *answer = g_ptr_array_index (self->answers, i);
      int n_bad = 0;
      for (int c = 0; c < self->model->n_classes; c++)
        n_bad += !isfinite (answer->probabilities[c]);
      if (n_bad == 0)
        continue;
      g_autofree char *name = g_filename_display_name (answer->picture);
      /* Translators: name of a picture; two numbers. */
      tap_cli_note (self->cli, _ ("%s: %d of the %d probabilities are not finite numbers."), name,
                    n_bad, self->model->n_classes);
    }
}

/* Tabs and newlines would break the table. */
static char *
tsv_field (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  return g_strdelimit (g_steal_pointer (&valid), "\t\r\n", ' ');
}

static char *
make_tsv (const Predict *self)
{
  GString *text = g_string_new ("picture\trank\tindex\tlabel\tprobability\n");
  for (guint i = 0; i < self->answers->len; i++)
    {
      const Answer *answer = g_ptr_array_index (self->answers, i);
      g_autofree char *name = tsv_field (answer->picture);
      g_autoptr (GArray) top =
        tap_scores_top (answer->probabilities, self->model->n_classes, self->top);
      for (guint k = 0; k < top->len; k++)
        {
          const TapScore *score = &g_array_index (top, TapScore, k);
          g_autofree char *full = tap_labels_dup_name (self->model->labels, score->index);
          g_autofree char *label = tsv_field (full);
          g_autofree char *number = tap_cli_number ("%.9g", score->probability);
          g_string_append_printf (text, "%s\t%u\t%d\t%s\t%s\n", name, k + 1, score->index, label,
                                  number);
        }
    }
  return g_string_free (text, FALSE);
}

/* [pictures, classes], all of the classes. */
static TapTensor *
make_tensor (const Predict *self, GError **error)
{
  TapShape shape = tap_shape_new (2, (gint64) self->answers->len, (gint64) self->model->n_classes);
  TapTensor *tensor = tap_tensor_new (TAP_DTYPE_F32, &shape, error);
  if (tensor == NULL)
    return NULL;
  for (guint i = 0; i < self->answers->len; i++)
    {
      const Answer *answer = g_ptr_array_index (self->answers, i);
      memcpy (tap_tensor_f32 (tensor) + (gsize) i * (gsize) self->model->n_classes,
              answer->probabilities, sizeof (float) * (gsize) self->model->n_classes);
    }
  return tensor;
}

static gboolean
save (const Predict *self, const char *model_name, GError **error)
{
  const char *path = self->cli->output;
  g_autofree char *lower = g_ascii_strdown (path, -1);
  if (g_str_has_suffix (lower, ".npy") || g_str_has_suffix (lower, ".npz"))
    {
      g_autoptr (TapTensor) tensor = make_tensor (self, error);
      if (tensor == NULL)
        return FALSE;
      if (g_str_has_suffix (lower, ".npy"))
        return tap_npy_save (tensor, FALSE, path, error);
      TapNpzEntry entry = { .name = "probability", .tensor = tensor };
      return tap_npz_save (&entry, 1, path, error);
    }
  g_autofree char *text =
    g_str_has_suffix (lower, ".tsv") ? make_tsv (self) : make_json (self, model_name);
  return g_file_set_contents_full (
    path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0666, error);
}

static gboolean
check_output (TapCli *cli)
{
  if (cli->output == NULL)
    return TRUE;
  g_autofree char *lower = g_ascii_strdown (cli->output, -1);
  for (int i = 0; suffixes[i] != NULL; i++)
    if (g_str_has_suffix (lower, suffixes[i]))
      return TRUE;
  return FALSE;
}

static void
predict_clear (Predict *self)
{
  g_clear_pointer (&self->model, tap_model_unref);
  g_clear_pointer (&self->session, tap_session_unref);
  g_clear_pointer (&self->answers, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Predict, predict_clear)

int
tap_cmd_predict (TapCli *cli, int argc, char **argv)
{
  int top = 5, status;
  const GOptionEntry entries[] = {
    { "top", 'k', 0, G_OPTION_ARG_INT, &top, N_ ("Classes to tell; 0 means all (default: 5)"),
      N_ ("N") },
    { NULL },
  };
  if (!tap_cli_parse (cli, "predict", "MODEL PICTURE…",
                      _ ("Tells the most probable classes of pictures, or of the pictures in "
                         "folders."),
                      _ ("-o writes .json or .tsv, or all probabilities as .npy or .npz."),
                      TAP_CLI_OPTION_JSON | TAP_CLI_OPTION_NETWORK | TAP_CLI_OPTION_ENGINE |
                        TAP_CLI_OPTION_SEED | TAP_CLI_OPTION_OUTPUT,
                      entries, NULL, argc, argv, &status))
    return status;
  if (cli->n_arguments < 2)
    return tap_cli_usage (cli, "predict", "%s",
                          _ ("predict takes a network and at least one picture."));
  if (top < 0)
    return tap_cli_usage (cli, "predict", _ ("--top %d: the number of classes is 0 or more."), top);
  if (!check_output (cli))
    return tap_cli_usage (
      cli, "predict", _ ("%s: predictions are written to .json, .tsv, .npy or .npz."), cli->output);

  g_autoptr (GError) error = NULL;
  g_auto (Predict) self = { .cli = cli };
  self.answers = g_ptr_array_new_with_free_func (answer_free);
  cli->no_checksum = TRUE;
  self.model = tap_cli_load_network (cli, cli->arguments[0], &error);
  if (self.model == NULL)
    return tap_cli_fail (cli, TAP_CLI_READING, error);
  if (self.model->scores < 0 || tap_model_get_obstacle (self.model) != NULL)
    return tap_cli_fail_scores (cli, self.model, "predict");
  self.top = top == 0 ? self.model->n_classes : MIN (top, self.model->n_classes);
  g_autoptr (GPtrArray) pictures = list_pictures (cli, cli->arguments + 1, &error);
  if (pictures == NULL)
    return tap_cli_fail (cli, TAP_CLI_READING, error);
  self.session = tap_cli_open_session (cli, self.model, &error);
  if (self.session == NULL || !predict_all (&self, pictures, &error))
    {
      if (error != NULL && error->domain == TAP_ENGINE_ERROR)
        tap_cli_prefix_path (&error, cli->arguments[0]);
      return tap_cli_fail (cli, TAP_CLI_READING, error);
    }

  if (cli->output != NULL && !save (&self, cli->arguments[0], &error))
    return tap_cli_fail (cli, TAP_CLI_WRITING, error);
  if (cli->json)
    {
      g_autofree char *text = make_json (&self, cli->arguments[0]);
      tap_cli_print (cli, "%s", text);
    }
  else if (cli->output == NULL)
    print_text (&self);
  tap_cli_note_network (cli, self.model);
  note_no_numbers (&self);
  return self.status;
}
