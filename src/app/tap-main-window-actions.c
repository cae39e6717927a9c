/* tap-main-window-actions.c - what the window can be asked to do
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/tap-main-window-private.h"

#include <glib/gi18n.h>

#include "app/tap-settings.h"
#include "formats/registry.h"

#define N_RECENT 9

static void
set_enabled (TapMainWindow *self, const char *name, gboolean enabled)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self), name);

  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), enabled);
}

/* --- opening ---------------------------------------------------------------------------------- */

static void
remember_folder (GFile *file)
{
  g_autoptr (GFile) parent = g_file_get_parent (file);
  g_autofree char *path = parent != NULL ? g_file_get_path (parent) : NULL;

  if (path != NULL)
    tap_settings_set_string ("last-folder", path);
}

static void
chosen_cb (TapMainWindow *self, int response, GtkFileChooserNative *chooser)
{
  if (response == GTK_RESPONSE_ACCEPT)
    {
      g_autoptr (GListModel) files = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (chooser));
      g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
      g_auto (GStrv) paths = NULL;

      for (guint i = 0; i < g_list_model_get_n_items (files); i++)
        {
          g_autoptr (GFile) file = g_list_model_get_item (files, i);
          g_autofree char *path = g_file_get_path (file);

          if (path != NULL)
            g_strv_builder_add (builder, path);
          if (i == 0)
            remember_folder (file);
        }
      paths = g_strv_builder_end (builder);
      tap_document_open (self->document, (const char *const *) paths);
    }

  if (self->chooser == chooser)
    g_clear_object (&self->chooser);
}

static GtkFileFilter *
network_filter (void)
{
  GtkFileFilter *filter = gtk_file_filter_new ();
  const TapFormat *const *formats = tap_formats_list ();

  gtk_file_filter_set_name (filter, _ ("Networks"));
  for (; *formats != NULL; formats++)
    for (const char *const *suffix = (*formats)->suffixes; suffix != NULL && *suffix != NULL;
         suffix++)
      gtk_file_filter_add_suffix (filter, **suffix == '.' ? *suffix + 1 : *suffix);

  return filter;
}

static GtkFileFilter *
picture_filter (void)
{
  GtkFileFilter *filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, _ ("Pictures"));
  gtk_file_filter_add_pixbuf_formats (filter);

  return filter;
}

static GtkFileFilter *
label_filter (void)
{
  GtkFileFilter *filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, _ ("Lists of labels"));
  gtk_file_filter_add_suffix (filter, "txt");
  gtk_file_filter_add_suffix (filter, "names");
  gtk_file_filter_add_suffix (filter, "labels");

  return filter;
}

static void
add_filter (GtkFileChooserNative *chooser, GtkFileFilter *filter)
{
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (chooser), filter);
  g_object_unref (filter);
}

static GtkFileFilter *
any_filter (void)
{
  GtkFileFilter *filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, _ ("All files"));
  gtk_file_filter_add_pattern (filter, "*");

  return filter;
}

/* @kind: 'a' anything, 'n' networks, 'p' pictures, 'l' labels: which files are offered first. What the
 * chosen file is, its content decides. */
static void
choose (TapMainWindow *self, const char *title, GtkFileChooserAction action, int kind)
{
  g_autofree char *last = tap_settings_dup_string ("last-folder", "");

  if (self->chooser != NULL)
    {
      gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
      return;
    }

  self->chooser =
    gtk_file_chooser_native_new (title, GTK_WINDOW (self), action, _ ("_Open"), _ ("_Cancel"));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (self->chooser), TRUE);
  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (self->chooser),
                                        action == GTK_FILE_CHOOSER_ACTION_OPEN);
  if (action == GTK_FILE_CHOOSER_ACTION_OPEN)
    {
      if (kind == 'a')
        add_filter (self->chooser, any_filter ());
      if (kind == 'a' || kind == 'n')
        add_filter (self->chooser, network_filter ());
      if (kind == 'a' || kind == 'p')
        add_filter (self->chooser, picture_filter ());
      if (kind == 'l')
        add_filter (self->chooser, label_filter ());
      if (kind != 'a')
        add_filter (self->chooser, any_filter ());
    }
  if (*last != '\0')
    {
      g_autoptr (GFile) folder = g_file_new_for_path (last);

      gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (self->chooser), folder, NULL);
    }
  g_signal_connect_object (self->chooser, "response", G_CALLBACK (chosen_cb), self,
                           G_CONNECT_SWAPPED);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (self->chooser));
}

static void
open_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  choose (user_data, _ ("Open Networks or Pictures"), GTK_FILE_CHOOSER_ACTION_OPEN, 'a');
}

static void
open_network_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  choose (user_data, _ ("Open a Network"), GTK_FILE_CHOOSER_ACTION_OPEN, 'n');
}

static void
open_pictures_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  choose (user_data, _ ("Open Pictures"), GTK_FILE_CHOOSER_ACTION_OPEN, 'p');
}

static void
open_folder_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  choose (user_data, _ ("Open a Folder of Pictures"), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, 0);
}

static void
open_labels_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  choose (user_data, _ ("Open Labels"), GTK_FILE_CHOOSER_ACTION_OPEN, 'l');
}

static void
open_example_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  tap_document_open_example (TAP_MAIN_WINDOW (user_data)->document);
}

static void
open_recent_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  const char *const paths[] = { g_variant_get_string (parameter, NULL), NULL };

  tap_document_open (TAP_MAIN_WINDOW (user_data)->document, paths);
}

static void
cancel_opening_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  tap_document_cancel_opening (TAP_MAIN_WINDOW (user_data)->document);
}

/* --- the page in front ------------------------------------------------------------------------ */

static void
export_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  tap_main_window_export (user_data, TAP_MAIN_WINDOW_EXPORT_PAGE);
}

static void
export_animation_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  tap_main_window_export (user_data, TAP_MAIN_WINDOW_EXPORT_ANIMATION);
}

static void
export_network_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  tap_main_window_export (user_data, TAP_MAIN_WINDOW_EXPORT_NETWORK);
}

static void
copy_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  tap_main_window_copy (user_data);
}

static void
perform_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  TapMainWindow *self = user_data;
  const char *intention = g_variant_get_string (parameter, NULL);

  if (self->page == NULL || tap_page_perform (self->page, intention))
    return;

  /* Another page may know how: go there. */
  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self->stage)); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (TAP_IS_PAGE (child) && TAP_PAGE (child) != self->page)
      {
        TapPage *before = self->page;

        adw_view_stack_set_visible_child (self->stage, child);
        if (tap_page_perform (TAP_PAGE (child), intention))
          return;
        adw_view_stack_set_visible_child (self->stage, GTK_WIDGET (before));
      }
}

static void
cancel_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  TapMainWindow *self = user_data;

  if (tap_document_get_opening (self->document) != NULL)
    tap_document_cancel_opening (self->document);
  else if (gtk_info_bar_get_revealed (self->problem_bar))
    gtk_info_bar_set_revealed (self->problem_bar, FALSE);
  else if (self->page != NULL)
    tap_page_perform (self->page, "cancel");
}

static void
page_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  TapMainWindow *self = user_data;
  g_autoptr (GtkSelectionModel) pages = adw_view_stack_get_pages (self->stage);
  g_autoptr (AdwViewStackPage) page =
    g_list_model_get_item (G_LIST_MODEL (pages), (guint) g_variant_get_int32 (parameter));

  if (page != NULL)
    adw_view_stack_set_visible_child (self->stage, adw_view_stack_page_get_child (page));
}

/* --- walking ---------------------------------------------------------------------------------- */

static void
next_picture_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  tap_document_walk (TAP_MAIN_WINDOW (user_data)->document, 1);
}

static void
previous_picture_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  tap_document_walk (TAP_MAIN_WINDOW (user_data)->document, -1);
}

static void
walk_layers (TapMainWindow *self, int delta)
{
  TapModel *model = tap_document_get_model (self->document);
  g_autoptr (GPtrArray) layers = NULL;
  int at = -1;

  if (model == NULL)
    return;

  layers = tap_graph_list_layers (model->graph);
  for (guint i = 0; i < layers->len; i++)
    if (((const TapNode *) g_ptr_array_index (layers, i))->index ==
        tap_document_get_layer (self->document))
      at = (int) i;
  at = CLAMP (at + delta, 0, (int) layers->len - 1);
  if (layers->len > 0)
    tap_document_set_layer (self->document,
                            ((const TapNode *) g_ptr_array_index (layers, at))->index);
}

static void
next_layer_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  walk_layers (user_data, 1);
}

static void
previous_layer_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  walk_layers (user_data, -1);
}

/* --- panes ------------------------------------------------------------------------------------ */

static void
find_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  TapMainWindow *self = user_data;

  g_action_group_change_action_state (G_ACTION_GROUP (self), "show-network",
                                      g_variant_new_boolean (TRUE));
  tap_network_pane_find (self->network_pane);
}

static void
pin_class_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  TapMainWindow *self = user_data;

  g_action_group_change_action_state (G_ACTION_GROUP (self), "show-details",
                                      g_variant_new_boolean (TRUE));
  tap_details_pane_pick_class (self->details_pane);
}

static void
zoom_in_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  tap_network_pane_zoom (TAP_MAIN_WINDOW (user_data)->network_pane, 1.25);
}

static void
zoom_out_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  tap_network_pane_zoom (TAP_MAIN_WINDOW (user_data)->network_pane, 0.8);
}

static void
zoom_fit_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  tap_network_pane_fit (TAP_MAIN_WINDOW (user_data)->network_pane);
}

static void
show_network_changed (GSimpleAction *action, GVariant *state, gpointer user_data)
{
  gtk_widget_set_visible (GTK_WIDGET (TAP_MAIN_WINDOW (user_data)->network_pane),
                          g_variant_get_boolean (state));
  g_simple_action_set_state (action, state);
}

static void
show_details_changed (GSimpleAction *action, GVariant *state, gpointer user_data)
{
  gtk_widget_set_visible (GTK_WIDGET (TAP_MAIN_WINDOW (user_data)->details_pane),
                          g_variant_get_boolean (state));
  g_simple_action_set_state (action, state);
}

static void
show_strip_changed (GSimpleAction *action, GVariant *state, gpointer user_data)
{
  gtk_widget_set_visible (GTK_WIDGET (TAP_MAIN_WINDOW (user_data)->film_strip),
                          g_variant_get_boolean (state));
  g_simple_action_set_state (action, state);
}

static void
fullscreen_changed (GSimpleAction *action, GVariant *state, gpointer user_data)
{
  if (g_variant_get_boolean (state))
    gtk_window_fullscreen (user_data);
  else
    gtk_window_unfullscreen (user_data);
  g_simple_action_set_state (action, state);
}

static const GActionEntry window_actions[] = {
  { .name = "open", .activate = open_action },
  { .name = "open-network", .activate = open_network_action },
  { .name = "open-pictures", .activate = open_pictures_action },
  { .name = "open-folder", .activate = open_folder_action },
  { .name = "open-labels", .activate = open_labels_action },
  { .name = "open-example", .activate = open_example_action },
  { .name = "open-recent", .activate = open_recent_action, .parameter_type = "s" },
  { .name = "cancel-opening", .activate = cancel_opening_action },
  { .name = "export", .activate = export_action },
  { .name = "export-animation", .activate = export_animation_action },
  { .name = "export-network", .activate = export_network_action },
  { .name = "copy", .activate = copy_action },
  { .name = "perform", .activate = perform_action, .parameter_type = "s" },
  { .name = "cancel", .activate = cancel_action },
  { .name = "page", .activate = page_action, .parameter_type = "i" },
  { .name = "next-picture", .activate = next_picture_action },
  { .name = "previous-picture", .activate = previous_picture_action },
  { .name = "next-layer", .activate = next_layer_action },
  { .name = "previous-layer", .activate = previous_layer_action },
  { .name = "find", .activate = find_action },
  { .name = "pin-class", .activate = pin_class_action },
  { .name = "zoom-in", .activate = zoom_in_action },
  { .name = "zoom-out", .activate = zoom_out_action },
  { .name = "zoom-fit", .activate = zoom_fit_action },
  { .name = "show-network", .state = "true", .change_state = show_network_changed },
  { .name = "show-details", .state = "true", .change_state = show_details_changed },
  { .name = "show-strip", .state = "true", .change_state = show_strip_changed },
  { .name = "fullscreen", .state = "false", .change_state = fullscreen_changed },
};

void
tap_main_window_install_actions (TapMainWindow *self)
{
  g_action_map_add_action_entries (G_ACTION_MAP (self), window_actions,
                                   G_N_ELEMENTS (window_actions), self);
}

void
tap_main_window_update_actions (TapMainWindow *self)
{
  g_autoptr (TapExport) ready = self->page != NULL ? tap_page_dup_export (self->page) : NULL;
  TapModel *model = tap_document_get_model (self->document);
  gboolean network = model != NULL;
  gboolean pictures = g_list_model_get_n_items (tap_document_get_pictures (self->document)) > 0;
  gboolean drawn = ready != NULL && (ready->result != NULL || ready->diagram != NULL);

  set_enabled (self, "export", drawn);
  set_enabled (self, "copy", drawn);
  set_enabled (self, "export-animation",
               ready != NULL && ready->frames != NULL && ready->frames->len > 0);
  set_enabled (self, "export-network", network);
  set_enabled (self, "open-labels", network && model->n_classes > 0);
  set_enabled (self, "find", network);
  set_enabled (self, "pin-class", network && model->n_classes > 0);
  set_enabled (self, "zoom-in", network);
  set_enabled (self, "zoom-out", network);
  set_enabled (self, "zoom-fit", network);
  set_enabled (self, "next-layer", network);
  set_enabled (self, "previous-layer", network);
  set_enabled (self, "next-picture", pictures);
  set_enabled (self, "previous-picture", pictures);
}

/* Only what this program has opened, newest first. */
void
tap_main_window_update_recent (TapMainWindow *self)
{
  GList *items = gtk_recent_manager_get_items (gtk_recent_manager_get_default ());
  int n = 0;

  g_menu_remove_all (self->recent_section);
  for (GList *l = items; l != NULL && n < N_RECENT; l = l->next)
    {
      GtkRecentInfo *info = l->data;
      g_autofree char *path = g_filename_from_uri (gtk_recent_info_get_uri (info), NULL, NULL);
      g_autofree char *folder = NULL, *name = NULL, *where = NULL, *text = NULL, *label = NULL;
      g_auto (GStrv) parts = NULL;
      g_autoptr (GMenuItem) item = NULL;

      if (path == NULL || !gtk_recent_info_has_group (info, TAP_RECENT_GROUP))
        continue;

      /* the folder too: many networks are called deploy.prototxt */
      folder = g_path_get_dirname (path);
      name = g_filename_display_basename (path);
      where = g_filename_display_basename (folder);
      text = g_strdup_printf ("%s – %s", name, where);
      parts = g_strsplit (text, "_", -1); /* not a mnemonic */
      label = g_strjoinv ("__", parts);
      item = g_menu_item_new (label, NULL);
      g_menu_item_set_action_and_target (item, "win.open-recent", "s", path);
      g_menu_append_item (self->recent_section, item);
      n++;
    }
  g_list_free_full (items, (GDestroyNotify) gtk_recent_info_unref);
}
