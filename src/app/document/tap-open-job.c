/* tap-open-job.c - opening whatever was dropped: networks, pictures, folders, labels
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Content decides. A folder is a folder of pictures; when it holds none but a network lies in it, it is that
 * network. A text file is a list of labels when a network is open or comes along. */
#include "config.h"

#include "app/document/tap-open-job.h"

#include <glib/gi18n.h>

#include "core/tap-error.h"
#include "example/tap-example.h"
#include "formats/registry.h"

TapOpenRequest *
tap_open_request_new (const char *const *paths, TapModel *model, guint generation)
{
  TapOpenRequest *self = g_new0 (TapOpenRequest, 1);

  self->paths = g_strdupv ((char **) paths);
  self->model = model != NULL ? tap_model_ref (model) : NULL;
  self->generation = generation;

  return self;
}

void
tap_open_request_free (TapOpenRequest *self)
{
  g_strfreev (self->paths);
  g_clear_pointer (&self->model, tap_model_unref);
  g_free (self);
}

void
tap_open_answer_free (TapOpenAnswer *self)
{
  g_clear_pointer (&self->model, tap_model_unref);
  g_clear_pointer (&self->folder, tap_folder_free);
  g_clear_pointer (&self->problems, g_ptr_array_unref);
  g_free (self->model_path);
  g_free (self->folder_path);
  g_free (self);
}

static gboolean
has_suffix (const char *path, const char *suffix)
{
  gsize n = strlen (path), m = strlen (suffix);

  return n >= m && g_ascii_strcasecmp (path + n - m, suffix) == 0;
}

static gboolean
looks_like_network (const char *name)
{
  const TapFormat *const *formats = tap_formats_list ();

  for (; *formats != NULL; formats++)
    for (const char *const *suffix = (*formats)->suffixes; suffix != NULL && *suffix != NULL;
         suffix++)
      if (has_suffix (name, *suffix))
        return TRUE;

  return FALSE;
}

/* The first file in @folder that has the suffix of a network, by name; NULL when there is none. */
static char *
find_network_in (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autofree char *best = NULL;
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (looks_like_network (name) && !has_suffix (name, ".caffemodel") &&
        (best == NULL || strcmp (name, best) < 0))
      {
        g_free (best);
        best = g_strdup (name);
      }

  return best != NULL ? g_build_filename (folder, best, NULL) : NULL;
}

static void
add_problem (TapOpenAnswer *answer, const GError *error)
{
  g_ptr_array_add (answer->problems, g_utf8_make_valid (error->message, -1));
}

/* Appends the entries of @more to those of the answer; classes keep their names. */
static void
merge_folder (TapOpenAnswer *answer, TapFolder *more)
{
  int offset;

  if (answer->folder == NULL)
    {
      answer->folder = more;
      return;
    }

  offset = (int) answer->folder->classes->len;
  for (guint i = 0; i < more->entries->len; i++)
    {
      TapFolderEntry *entry = g_ptr_array_index (more->entries, i);

      if (entry->class_index >= 0)
        entry->class_index += offset;
    }
  g_ptr_array_extend_and_steal (answer->folder->entries, g_steal_pointer (&more->entries));
  g_ptr_array_extend_and_steal (answer->folder->classes, g_steal_pointer (&more->classes));
  answer->folder->n_skipped += more->n_skipped;
  more->entries = g_ptr_array_new ();
  more->classes = g_ptr_array_new ();
  tap_folder_free (more);
}

static gboolean
open_network (TapOpenAnswer *answer,
              const char *path,
              const char *weights,
              TapProgress *progress,
              GCancellable *cancellable,
              GError **error)
{
  TapLoadRequest load = { .path = path, .weights_path = weights };
  TapModel *model = tap_format_load (&load, progress, cancellable, error);

  if (model == NULL)
    return FALSE;

  g_clear_pointer (&answer->model, tap_model_unref);
  answer->model = model;
  answer->only_labels = FALSE;
  g_free (answer->model_path);
  answer->model_path = g_strdup (path);

  return TRUE;
}

static gboolean
open_folder (TapOpenAnswer *answer,
             const char *path,
             TapProgress *progress,
             GCancellable *cancellable,
             GError **error)
{
  TapFolder *folder = tap_folder_scan (path, cancellable, error);
  g_autofree char *network = NULL;

  if (folder == NULL)
    return FALSE;

  if (folder->entries->len > 0)
    {
      merge_folder (answer, folder);
      g_free (answer->folder_path);
      answer->folder_path = g_strdup (path);
      return TRUE;
    }

  tap_folder_free (folder);
  network = find_network_in (path);
  if (network != NULL)
    return open_network (answer, network, NULL, progress, cancellable, error);

  g_set_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_UNREADABLE,
               /* Translators: %s is a folder */
               _ ("There are no pictures and no network in “%s”."), path);
  return FALSE;
}

/* Labels for @path's network; FALSE without an error when it does not look like a list of labels. */
static gboolean
open_labels (TapOpenAnswer *answer, TapModel *model, const char *path, GError **error)
{
  g_autoptr (TapLabels) labels = tap_labels_load (path, error);
  TapModel *labelled;

  if (labels == NULL)
    return FALSE;

  labelled = tap_model_copy_with_labels (model, labels);
  answer->only_labels = answer->model == NULL;
  g_clear_pointer (&answer->model, tap_model_unref);
  answer->model = labelled;

  return TRUE;
}

/* The caffemodel among the dropped files, when there is exactly one. */
static const char *
find_weights (char **paths)
{
  const char *weights = NULL;

  for (char **path = paths; *path != NULL; path++)
    if (has_suffix (*path, ".caffemodel"))
      {
        if (weights != NULL)
          return NULL;
        weights = *path;
      }

  return weights;
}

static gboolean
is_label_list (const char *path)
{
  return has_suffix (path, ".txt") || has_suffix (path, ".labels") || has_suffix (path, ".names");
}

static gboolean
open_one (const TapOpenRequest *request,
          TapOpenAnswer *answer,
          const char *path,
          const char *weights,
          TapProgress *progress,
          GCancellable *cancellable,
          GError **error)
{
  TapModel *model = answer->model != NULL ? answer->model : request->model;

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return open_folder (answer, path, progress, cancellable, error);

  if (tap_folder_is_picture (path))
    {
      TapFolder *folder = tap_folder_scan (path, cancellable, error);

      if (folder == NULL)
        return FALSE;
      merge_folder (answer, folder);
      g_free (answer->folder_path);
      answer->folder_path = g_strdup (path);
      return TRUE;
    }

  if (model != NULL && is_label_list (path))
    return open_labels (answer, model, path, error);

  return open_network (answer, path, has_suffix (path, ".prototxt") ? weights : NULL, progress,
                       cancellable, error);
}

static gboolean
open_paths (const TapOpenRequest *request,
            TapOpenAnswer *answer,
            TapProgress *progress,
            GCancellable *cancellable,
            GError **error)
{
  const char *weights = find_weights (request->paths);
  gboolean has_prototxt = FALSE;

  for (char **path = request->paths; *path != NULL; path++)
    has_prototxt = has_prototxt || has_suffix (*path, ".prototxt");

  /* Labels come last, so that they meet the network that came with them. */
  for (int labels = 0; labels < 2; labels++)
    for (char **path = request->paths; *path != NULL; path++)
      {
        g_autoptr (GError) local = NULL;

        if (is_label_list (*path) != (labels == 1) || (has_prototxt && *path == weights))
          continue;

        if (!open_one (request, answer, *path, weights, progress, cancellable, &local))
          {
            if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
              {
                g_propagate_error (error, g_steal_pointer (&local));
                return FALSE;
              }
            add_problem (answer, local);
          }
      }

  return TRUE;
}

gpointer
tap_open_job_run (gconstpointer data,
                  TapProgress *progress,
                  GCancellable *cancellable,
                  GError **error)
{
  const TapOpenRequest *request = data;
  g_autoptr (TapOpenAnswer) answer = g_new0 (TapOpenAnswer, 1);

  answer->generation = request->generation;
  answer->problems = g_ptr_array_new_with_free_func (g_free);

  if (request->paths == NULL)
    {
      answer->model = tap_example_load_model (cancellable, error);
      answer->is_example = TRUE;
      return answer->model != NULL ? g_steal_pointer (&answer) : NULL;
    }

  if (!open_paths (request, answer, progress, cancellable, error))
    return NULL;

  return g_steal_pointer (&answer);
}
