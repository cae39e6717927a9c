/* tap-main-window-export.c - writing and copying what the page in front shows
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The page hands over an immutable snapshot; a thread draws and writes it. Threads see no widget: the
 * window is held by the callback data and let go of in the main thread. */
#include "config.h"

#include "app/tap-main-window-private.h"

#include <glib/gi18n.h>

#include "app/tap-settings.h"

typedef struct
{
  TapExport *export;
  char *path; /* NULL: for the clipboard */
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_clear_pointer (&job->export, tap_export_free);
  g_free (job->path);
  g_free (job);
}

static void
write_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Job *job = data;
  GError *error = NULL;

  if (job->path == NULL)
    {
      GBytes *bytes = tap_export_png (job->export, &error);

      if (bytes != NULL)
        g_task_return_pointer (task, bytes, (GDestroyNotify) g_bytes_unref);
      else
        g_task_return_error (task, error);
    }
  else if (tap_export_save (job->export, job->path, &error))
    g_task_return_pointer (task, NULL, NULL);
  else
    g_task_return_error (task, error);
}

static void
saved_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TapMainWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  const Job *job = g_task_get_task_data (G_TASK (result));
  g_autofree char *name = g_filename_display_basename (job->path);
  g_autofree char *sentence = NULL;

  g_task_propagate_pointer (G_TASK (result), &error);
  if (error != NULL)
    {
      tap_main_window_show_problem (self, error->message);
      return;
    }

  /* Translators: %s is the name of a file */
  sentence = g_strdup_printf (_ ("Saved “%s”"), name);
  tap_main_window_toast (self, sentence);
}

static void
copied_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TapMainWindow) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) png = g_task_propagate_pointer (G_TASK (result), &error);
  g_autoptr (GdkTexture) texture = NULL;
  GdkContentProvider *providers[2];
  g_autoptr (GdkContentProvider) both = NULL;

  if (png == NULL)
    {
      tap_main_window_show_problem (self, error->message);
      return;
    }

  /* PNG bytes first: they carry the recipe. */
  texture = gdk_texture_new_from_bytes (png, &error);
  if (texture == NULL)
    {
      tap_main_window_show_problem (self, error->message);
      return;
    }
  providers[0] = gdk_content_provider_new_for_bytes ("image/png", png);
  providers[1] = gdk_content_provider_new_typed (GDK_TYPE_TEXTURE, texture);
  both = gdk_content_provider_new_union (providers, G_N_ELEMENTS (providers));
  gdk_clipboard_set_content (gtk_widget_get_clipboard (GTK_WIDGET (self)), both);
  tap_main_window_toast (self, _ ("Picture copied"));
}

static void
start (TapMainWindow *self, TapExport *export, char *path)
{
  g_autoptr (GTask) task =
    g_task_new (NULL, NULL, path != NULL ? saved_cb : copied_cb, g_object_ref (self));
  Job *job = g_new0 (Job, 1);

  job->export = export;
  job->path = path;
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, write_in_thread);
}

static const char *const picture_suffixes[] = { "png", "svg", "pdf", NULL };
static const char *const number_suffixes[] = { "npy", "npz", "json", NULL };
static const char *const animation_suffixes[] = { "gif", NULL };

static void
add_suffixes (GtkFileChooserNative *chooser, const char *name, const char *const *suffixes)
{
  GtkFileFilter *filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, name);
  for (; *suffixes != NULL; suffixes++)
    gtk_file_filter_add_suffix (filter, *suffixes);
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (chooser), filter);
  g_object_unref (filter);
}

/* A name without a suffix gets the one that the dialog proposed. */
static char *
with_suffix (char *path, const char *suffix)
{
  g_autofree char *name = g_path_get_basename (path);
  char *longer;

  if (strchr (name, '.') != NULL)
    return path;

  longer = g_strconcat (path, ".", suffix, NULL);
  g_free (path);
  return longer;
}

static void
target_chosen_cb (TapMainWindow *self, int response, GtkFileChooserNative *chooser)
{
  TapExport *export = g_object_steal_data (G_OBJECT (chooser), "tap-export");
  const char *suffix = g_object_get_data (G_OBJECT (chooser), "tap-suffix");

  if (response == GTK_RESPONSE_ACCEPT && export != NULL)
    {
      g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (chooser));
      char *path = g_file_get_path (file);

      if (path != NULL)
        {
          g_autofree char *folder = g_path_get_dirname (path);

          tap_settings_set_string ("last-export-folder", folder);
          start (self, g_steal_pointer (&export), with_suffix (path, suffix));
        }
    }

  g_clear_pointer (&export, tap_export_free);
  if (self->chooser == chooser)
    g_clear_object (&self->chooser);
}

/* Letters that some file systems refuse, and the separator. */
static char *
file_name (const char *stem, const char *suffix)
{
  g_autofree char *clean = g_strdup (stem != NULL && *stem != '\0' ? stem : "tapetum");

  g_strdelimit (clean, "/\\:*?\"<>|\n\t", '-');

  return g_strconcat (clean, ".", suffix, NULL);
}

static void
choose_target (TapMainWindow *self, TapExport *export, TapMainWindowExport what)
{
  const char *suffix = what == TAP_MAIN_WINDOW_EXPORT_ANIMATION ? "gif" :
                       what == TAP_MAIN_WINDOW_EXPORT_NETWORK   ? "svg" :
                                                                  "png";
  g_autofree char *name = file_name (export->stem, suffix);
  g_autofree char *last = tap_settings_dup_string ("last-export-folder", "");

  self->chooser = gtk_file_chooser_native_new (
    _ ("Export"), GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_SAVE, _ ("_Export"), _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (self->chooser), name);
  if (*last != '\0')
    {
      g_autoptr (GFile) folder = g_file_new_for_path (last);

      gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (self->chooser), folder, NULL);
    }
  if (what == TAP_MAIN_WINDOW_EXPORT_ANIMATION)
    add_suffixes (self->chooser, _ ("Animation (GIF)"), animation_suffixes);
  else
    {
      add_suffixes (self->chooser, _ ("Pictures and drawings (PNG, SVG, PDF)"), picture_suffixes);
      if (what == TAP_MAIN_WINDOW_EXPORT_PAGE)
        add_suffixes (self->chooser, _ ("Numbers (NPY, NPZ, JSON)"), number_suffixes);
    }

  g_object_set_data_full (G_OBJECT (self->chooser), "tap-export", export,
                          (GDestroyNotify) tap_export_free);
  g_object_set_data (G_OBJECT (self->chooser), "tap-suffix", (gpointer) suffix);
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (target_chosen_cb), self,
                           G_CONNECT_SWAPPED);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static TapExport *
network_export (TapMainWindow *self)
{
  g_autoptr (TapDiagram) diagram = tap_network_pane_dup_diagram (self->network_pane);
  TapModel *model = tap_document_get_model (self->document);
  TapExport *export;

  if (diagram == NULL || model == NULL)
    return NULL;

  export = tap_export_new (model->title);
  tap_export_set_diagram (export, diagram);

  return export;
}

void
tap_main_window_export (TapMainWindow *self, TapMainWindowExport what)
{
  TapExport *export;

  if (self->chooser != NULL)
    return;

  if (what == TAP_MAIN_WINDOW_EXPORT_NETWORK)
    export = network_export (self);
  else
    export = self->page != NULL ? tap_page_dup_export (self->page) : NULL;

  if (export == NULL)
    tap_main_window_toast (self, _ ("There is nothing to export yet"));
  else
    choose_target (self, export, what);
}

void
tap_main_window_copy (TapMainWindow *self)
{
  TapExport *export = self->page != NULL ? tap_page_dup_export (self->page) : NULL;

  if (export == NULL)
    tap_main_window_toast (self, _ ("There is nothing to copy yet"));
  else
    start (self, export, NULL);
}
