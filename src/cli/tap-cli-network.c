/* tap-cli-network.c - the network and the pictures a command works on
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/tap-cli-network.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli/tap-cli-progress.h"
#include "core/tap-error.h"
#include "formats/registry.h"

void
tap_cli_prefix_path (GError **error, const char *path)
{
  if (error == NULL || *error == NULL || g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_autofree char *name = g_filename_display_name (path);
  g_autofree char *base = g_filename_display_basename (path);
  if (strstr ((*error)->message, name) == NULL && strstr ((*error)->message, base) == NULL)
    g_prefix_error (error, "%s: ", name);
}

TapModel *
tap_cli_load_network (TapCli *cli, const char *path, GError **error)
{
  TapLoadRequest request = {
    .path = path,
    .weights_path = cli->weights,
    .labels_path = cli->labels,
    .preprocess = cli->preprocess,
    .no_checksum = cli->no_checksum,
  };
  g_autoptr (TapCliProgress) progress = tap_cli_progress_new (cli, NULL, NULL);
  TapModel *model =
    tap_format_load (&request, tap_cli_progress_get (progress), cli->cancellable, error);
  if (model == NULL)
    tap_cli_prefix_path (error, path);
  return model;
}

TapSession *
tap_cli_open_session (TapCli *cli, TapModel *model, GError **error)
{
  TapSessionOptions options = { .n_threads = cli->threads };
  TapSession *session = tap_session_new (model->graph, &options, error);
  if (session == NULL && model->path != NULL)
    tap_cli_prefix_path (error, model->path);
  return session;
}

TapContext *
tap_cli_open_decoded (TapCli *cli,
                      TapModel *model,
                      TapSession *session,
                      const TapPicture *picture,
                      const char *name,
                      TapPicture **fitted,
                      GError **error)
{
  g_autoptr (TapPicture) seen = tap_picture_fit (picture, &model->preprocess);
  if (seen == NULL)
    {
      g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_MEMORY,
                   _ ("%s: not enough memory to resize the picture to %d×%d."), name,
                   model->preprocess.width, model->preprocess.height);
      return NULL;
    }
  g_autoptr (TapTensor) input = tap_picture_to_tensor (seen, &model->preprocess, error);
  if (input == NULL)
    return NULL;
  if (fitted != NULL)
    *fitted = g_steal_pointer (&seen);
  return tap_context_new (model, session, input, name, cli->seed);
}

TapContext *
tap_cli_open_picture (TapCli *cli,
                      TapModel *model,
                      TapSession *session,
                      const char *path,
                      TapPicture **fitted,
                      GError **error)
{
  g_autoptr (TapPicture) picture = tap_picture_load (path, cli->cancellable, error);
  if (picture == NULL)
    {
      tap_cli_prefix_path (error, path);
      return NULL;
    }
  /* The recipe in a figure names the picture: a path that holds from everywhere. */
  g_autofree char *name = g_canonicalize_filename (path, NULL);
  return tap_cli_open_decoded (cli, model, session, picture, name, fitted, error);
}

void
tap_cli_note_network (TapCli *cli, const TapModel *model)
{
  g_autofree char *spec = tap_preprocess_to_string (&model->preprocess);
  const TapPreprocess *preprocess = &model->preprocess;
  if (preprocess->source != TAP_PREPROCESS_USER)
    {
      const char *source = _ (tap_preprocess_source_label (preprocess->source));
      if (preprocess->note[0] != '\0')
        /* Translators: specification, kind of source, where exactly. */
        tap_cli_note (cli, _ ("Preprocessing %s (%s: %s)."), spec, source, preprocess->note);
      else
        tap_cli_note (cli, _ ("Preprocessing %s (%s)."), spec, source);
    }
  if (model->scores >= 0 && !model->scores_are_probabilities)
    tap_cli_note (cli, _ ("The network ends in scores; a softmax makes probabilities of them."));
  for (guint i = 0; model->warnings != NULL && i < model->warnings->len; i++)
    tap_cli_note (cli, "%s", (const char *) g_ptr_array_index (model->warnings, i));
}

int
tap_cli_fail_scores (TapCli *cli, const TapModel *model, const char *command)
{
  const char *obstacle = tap_model_get_obstacle (model);
  g_autofree char *name =
    model->path != NULL ? g_filename_display_name (model->path) : g_strdup (model->title);
  if (obstacle != NULL)
    {
      /* on one line with what was odd about the file, which may well be the reason */
      g_autoptr (GString) text = g_string_new (obstacle);
      for (guint i = 0; i < model->warnings->len; i++)
        g_string_append_printf (text, " %s", (const char *) g_ptr_array_index (model->warnings, i));
      tap_cli_message (cli, "%s: %s", name, text->str);
    }
  else
    /* Translators: name of a file; name of a command. */
    tap_cli_message (cli, _ ("%s: the network does not end in class scores, which %s needs."), name,
                     command);
  return TAP_EXIT_INPUT;
}

static gboolean
is_whole_number (const char *text, gint64 *value)
{
  return g_ascii_string_to_signed (text, 10, G_MININT, G_MAXINT, value, NULL);
}

static char *
fold (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autofree char *copy = g_utf8_casefold (g_strstrip (valid), -1);
  return g_utf8_normalize (copy, -1, G_NORMALIZE_ALL);
}

/* How well @label answers to @wanted: 3 whole, 2 one of its synonyms, 1 a part, 0 not at all. */
static int
rate (const char *label, const char *wanted)
{
  g_autofree char *whole = fold (label);
  if (strcmp (whole, wanted) == 0)
    return 3;
  g_auto (GStrv) synonyms = g_strsplit (whole, ",", -1);
  for (int i = 0; synonyms[i] != NULL; i++)
    if (strcmp (g_strstrip (synonyms[i]), wanted) == 0)
      return 2;
  return strstr (whole, wanted) != NULL ? 1 : 0;
}

int
tap_cli_find_class (const TapModel *model, const char *text, GError **error)
{
  gint64 index;
  if (is_whole_number (text, &index))
    {
      if (index >= -1 && index < model->n_classes)
        return (int) index;
      g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_NOT_FOUND,
                   _ ("There is no class %s: the classes of the network are 0 to %d."), text,
                   model->n_classes - 1);
      return -2;
    }

  g_autofree char *wanted = fold (text);
  int best = 0, found = -2, n_found = 0;
  g_autoptr (GString) near = g_string_new (NULL);
  for (int i = 0; wanted[0] != '\0' && i < MIN (model->labels->n, model->n_classes); i++)
    {
      int rating = rate (model->labels->names[i], wanted);
      if (rating == 0 || rating < best)
        continue;
      if (rating > best)
        {
          best = rating;
          n_found = 0;
          g_string_truncate (near, 0);
        }
      if (n_found == 0)
        found = i;
      if (n_found < 4)
        g_string_append_printf (near, "%s%d %s", n_found > 0 ? "; " : "", i,
                                model->labels->names[i]);
      n_found++;
    }
  if (n_found == 1)
    return found;
  if (n_found == 0)
    g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_NOT_FOUND, _ ("No class is called “%s”."),
                 text);
  else
    g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_NOT_FOUND,
                 _ ("%d classes answer to “%s”: %s%s."), n_found, text, near->str,
                 n_found > 4 ? "; …" : "");
  return -2;
}

char *
tap_cli_find_layer (const TapModel *model, const char *text, GError **error)
{
  g_autoptr (GError) local = NULL;
  TapNode *node = tap_graph_find_layer (model->graph, text, &local);
  if (node != NULL)
    return g_strdup (node->name);

  /* Names come first: exporters like to call things “123”. */
  gint64 index;
  g_autoptr (GPtrArray) layers = tap_graph_list_layers (model->graph);
  if (is_whole_number (text, &index) && index >= 0 && index < layers->len)
    return g_strdup (((TapNode *) g_ptr_array_index (layers, index))->name);
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}
