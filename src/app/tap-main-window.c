/* tap-main-window.c - the window: network on the left, stage in the middle, answer on the right, pictures below
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/tap-main-window-private.h"

#include <glib/gi18n.h>

#include "app/pages/tap-layers-page.h"
#include "app/pages/tap-occlusion-page.h"
#include "app/tap-settings.h"
#include "app/widgets/tap-start-view.h"

/* More sentences than this make the bar larger than what it is about. */
#define PROBLEM_LINES_MAX 4

G_DEFINE_FINAL_TYPE (TapMainWindow, tap_main_window, ADW_TYPE_APPLICATION_WINDOW)

/* In the order of the switcher and of Alt+1 … */
static GtkWidget *(*const tap_main_window_pages[]) (void) = {
  tap_layers_page_new,
  tap_occlusion_page_new,
};

void
tap_main_window_toast (TapMainWindow *self, const char *sentence)
{
  g_autofree char *escaped = g_markup_escape_text (sentence, -1);

  adw_toast_overlay_add_toast (self->toasts, adw_toast_new (escaped));
}

/* A bar rather than a toast: it stays, it wraps, and its text can be copied. */
void
tap_main_window_show_problem (TapMainWindow *self, const char *sentence)
{
  g_autofree char *valid = g_utf8_make_valid (sentence, -1);
  guint lines = 0;

  if (!gtk_info_bar_get_revealed (self->problem_bar))
    g_string_truncate (self->problems, 0);
  if (strstr (self->problems->str, valid) == NULL)
    {
      if (self->problems->len > 0)
        g_string_append_c (self->problems, '\n');
      g_string_append (self->problems, valid);
    }
  for (const char *p = self->problems->str; *p != '\0'; p++)
    lines += *p == '\n';
  while (lines >= PROBLEM_LINES_MAX)
    {
      g_string_erase (self->problems, 0,
                      strchr (self->problems->str, '\n') + 1 - self->problems->str);
      lines--;
    }
  gtk_label_set_text (self->problem_label, self->problems->str);
  gtk_info_bar_set_revealed (self->problem_bar, TRUE);
}

static void
problem_response_cb (TapMainWindow *self)
{
  gtk_info_bar_set_revealed (self->problem_bar, FALSE);
}

/* --- following the document ------------------------------------------------------------------- */

static void
update_stacks (TapMainWindow *self)
{
  gboolean any = tap_document_get_model (self->document) != NULL ||
                 g_list_model_get_n_items (tap_document_get_pictures (self->document)) > 0;

  gtk_stack_set_visible_child_name (self->main_stack, any ? "work" : "start");
  gtk_stack_set_visible_child_name (self->title_stack, any ? "work" : "start");
  gtk_widget_set_visible (GTK_WIDGET (self->network_title), any);
}

/* Half of all Caffe networks are called "deploy": there the folder says more. */
static char *
title_of (TapModel *model)
{
  static const char *const bare[] = { "deploy", "model", "network", "net", "train_val", NULL };
  g_autofree char *folder = NULL;

  if (model->title != NULL && model->path != NULL && g_strv_contains (bare, model->title))
    {
      folder = g_path_get_dirname (model->path);
      return g_filename_display_basename (folder);
    }

  return g_utf8_make_valid (model->title != NULL ? model->title : "", -1);
}

static void
update_title (TapMainWindow *self)
{
  TapModel *model = tap_document_get_model (self->document);
  g_autofree char *title = NULL;
  g_autofree char *window_title = NULL;

  if (model == NULL)
    {
      adw_window_title_set_title (self->network_title, _ ("No network"));
      adw_window_title_set_subtitle (self->network_title, "");
      gtk_window_set_title (GTK_WINDOW (self), "Tapetum");
      return;
    }

  title = title_of (model);
  adw_window_title_set_title (self->network_title, title);
  adw_window_title_set_subtitle (self->network_title, model->format != NULL ? model->format : "");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->network_title), model->path);
  window_title = g_strdup_printf ("%s – Tapetum", title);
  gtk_window_set_title (GTK_WINDOW (self), window_title);
}

static void
model_changed_cb (TapMainWindow *self)
{
  update_stacks (self);
  update_title (self);
  tap_main_window_update_actions (self);
}

static void
pictures_changed_cb (TapMainWindow *self)
{
  update_stacks (self);
  tap_main_window_update_actions (self);
}

static gboolean
pulse_cb (gpointer data)
{
  TapMainWindow *self = data;

  gtk_progress_bar_pulse (self->busy_bar);
  return G_SOURCE_CONTINUE;
}

static void
opening_changed_cb (TapMainWindow *self)
{
  const char *opening = tap_document_get_opening (self->document);
  double progress = tap_document_get_progress (self->document);

  if (opening != NULL)
    gtk_label_set_text (self->busy_label, opening);
  gtk_revealer_set_reveal_child (self->busy_revealer, opening != NULL);

  if (opening == NULL || progress >= 0)
    g_clear_handle_id (&self->pulse_id, g_source_remove);
  else if (self->pulse_id == 0)
    self->pulse_id = g_timeout_add (120, pulse_cb, self);
  if (progress >= 0)
    gtk_progress_bar_set_fraction (self->busy_bar, progress);
}

static void
failed_cb (TapMainWindow *self, const char *sentence)
{
  tap_main_window_show_problem (self, sentence);
}

static void
opened_cb (TapMainWindow *self, const char *path)
{
  g_autofree char *uri = g_filename_to_uri (path, NULL, NULL);
  g_autofree char *type = g_content_type_guess (path, NULL, 0, NULL);
  g_autofree char *mime = g_content_type_get_mime_type (type);
  /* The group tells what was opened from what a dialog of ours has saved, which GTK adds by itself. */
  char *groups[] = { (char *) TAP_RECENT_GROUP, NULL };
  const GtkRecentData data = {
    .mime_type = mime != NULL ? mime : (char *) "application/octet-stream",
    .app_name = (char *) g_get_application_name (),
    .app_exec = (char *) "tapetum %u",
    .groups = groups,
  };

  gtk_info_bar_set_revealed (self->problem_bar, FALSE);
  if (uri != NULL && gtk_recent_manager_add_full (gtk_recent_manager_get_default (), uri, &data))
    tap_main_window_update_recent (self);
}

/* What the reader of a network ought to know is said once, when it is opened. */
static void
warnings_cb (TapMainWindow *self)
{
  TapModel *model = tap_document_get_model (self->document);

  if (model != NULL && model->warnings != NULL && model->warnings->len > 0)
    tap_main_window_toast (self, g_ptr_array_index (model->warnings, 0));
}

/* --- pages ------------------------------------------------------------------------------------ */

static void
page_shown_cb (TapMainWindow *self)
{
  GtkWidget *child = adw_view_stack_get_visible_child (self->stage);
  TapPage *page = child != NULL ? TAP_PAGE (child) : NULL;

  if (page == self->page)
    return;

  if (self->page != NULL)
    tap_page_set_active (self->page, FALSE);
  self->page = page;
  tap_details_pane_set_page (self->details_pane, page);
  if (page != NULL)
    tap_page_set_active (page, TRUE);
  tap_main_window_update_actions (self);
}

static void
export_changed_cb (TapMainWindow *self)
{
  tap_main_window_update_actions (self);
}

static void
add_pages (TapMainWindow *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (tap_main_window_pages); i++)
    {
      TapPage *page = TAP_PAGE (tap_main_window_pages[i]());
      AdwViewStackPage *stack_page;

      tap_page_set_document (page, self->document);
      tap_details_pane_add_page (self->details_pane, page);
      stack_page = adw_view_stack_add_titled (self->stage, GTK_WIDGET (page),
                                              tap_page_get_id (page), tap_page_get_title (page));
      adw_view_stack_page_set_icon_name (stack_page, tap_page_get_icon_name (page));
      g_signal_connect_object (page, "export-changed", G_CALLBACK (export_changed_cb), self,
                               G_CONNECT_SWAPPED);
    }
  page_shown_cb (self);
}

/* --- dropping --------------------------------------------------------------------------------- */

static gboolean
drop_cb (TapMainWindow *self, const GValue *value)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) paths = NULL;
  GSList *files = g_value_get_boxed (value);

  for (GSList *l = files; l != NULL; l = l->next)
    {
      g_autofree char *path = g_file_get_path (l->data);

      if (path != NULL)
        g_strv_builder_add (builder, path);
    }
  paths = g_strv_builder_end (builder);
  if (paths[0] == NULL)
    return FALSE;

  tap_document_open (self->document, (const char *const *) paths);
  return TRUE;
}

static void
drop_enter_cb (TapMainWindow *self)
{
  gtk_widget_add_css_class (GTK_WIDGET (self->toasts), "drop-here");
}

static void
drop_leave_cb (TapMainWindow *self)
{
  gtk_widget_remove_css_class (GTK_WIDGET (self->toasts), "drop-here");
}

static void
add_drop_target (TapMainWindow *self)
{
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  g_signal_connect_swapped (target, "drop", G_CALLBACK (drop_cb), self);
  g_signal_connect_swapped (target, "enter", G_CALLBACK (drop_enter_cb), self);
  g_signal_connect_swapped (target, "leave", G_CALLBACK (drop_leave_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}

/* --- size ------------------------------------------------------------------------------------- */

static void
restore_size (TapMainWindow *self)
{
  int width = tap_settings_get_int ("window-width", 1280);
  int height = tap_settings_get_int ("window-height", 800);
  int details = tap_settings_get_int ("details-pane-width", 300);
  int network = tap_settings_get_int ("network-pane-width", 280);
  int strip = tap_settings_get_int ("strip-height", 116);

  gtk_window_set_default_size (GTK_WINDOW (self), width, height);
  if (tap_settings_get_boolean ("window-maximized", FALSE))
    gtk_window_maximize (GTK_WINDOW (self));
  gtk_widget_set_size_request (GTK_WIDGET (self->network_pane), 180, -1);
  gtk_paned_set_position (self->network_paned, network);
  /* The right and lower panes keep their size when the window changes, so what is remembered is theirs. */
  gtk_paned_set_position (self->details_paned, MAX (width - network - details, 300));
  gtk_paned_set_position (self->strip_paned, MAX (height - 46 - strip, 200));
}

static void
remember_size (TapMainWindow *self)
{
  int width, height;

  gtk_window_get_default_size (GTK_WINDOW (self), &width, &height);
  tap_settings_set_boolean ("window-maximized", gtk_window_is_maximized (GTK_WINDOW (self)));
  if (!gtk_window_is_maximized (GTK_WINDOW (self)) && width >= 320 && height >= 240)
    {
      tap_settings_set_int ("window-width", width);
      tap_settings_set_int ("window-height", height);
    }
  if (!gtk_widget_get_mapped (GTK_WIDGET (self->network_paned)))
    return;

  if (gtk_widget_get_visible (GTK_WIDGET (self->network_pane)))
    tap_settings_set_int ("network-pane-width",
                          MAX (gtk_widget_get_width (GTK_WIDGET (self->network_pane)), 120));
  if (gtk_widget_get_visible (GTK_WIDGET (self->details_pane)))
    tap_settings_set_int ("details-pane-width",
                          MAX (gtk_widget_get_width (GTK_WIDGET (self->details_pane)), 120));
  if (gtk_widget_get_visible (GTK_WIDGET (self->film_strip)))
    tap_settings_set_int ("strip-height",
                          MAX (gtk_widget_get_height (GTK_WIDGET (self->film_strip)), 60));
}

static gboolean
tap_main_window_close_request (GtkWindow *window)
{
  remember_size (TAP_MAIN_WINDOW (window));

  return GTK_WINDOW_CLASS (tap_main_window_parent_class)->close_request (window);
}

/* --- life ------------------------------------------------------------------------------------- */

static void
tap_main_window_dispose (GObject *object)
{
  TapMainWindow *self = TAP_MAIN_WINDOW (object);

  g_clear_handle_id (&self->pulse_id, g_source_remove);
  if (self->chooser != NULL)
    gtk_native_dialog_destroy (GTK_NATIVE_DIALOG (self->chooser));
  g_clear_object (&self->chooser);
  self->page = NULL;

  G_OBJECT_CLASS (tap_main_window_parent_class)->dispose (object);

  g_clear_object (&self->document);
}

static void
tap_main_window_finalize (GObject *object)
{
  g_string_free (TAP_MAIN_WINDOW (object)->problems, TRUE);

  G_OBJECT_CLASS (tap_main_window_parent_class)->finalize (object);
}

static void
tap_main_window_class_init (TapMainWindowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = tap_main_window_dispose;
  object_class->finalize = tap_main_window_finalize;
  GTK_WINDOW_CLASS (klass)->close_request = tap_main_window_close_request;

  g_type_ensure (TAP_TYPE_DETAILS_PANE);
  g_type_ensure (TAP_TYPE_FILM_STRIP);
  g_type_ensure (TAP_TYPE_NETWORK_PANE);
  g_type_ensure (TAP_TYPE_START_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               TAP_RESOURCE_PATH "/ui/tap-main-window.ui");
  gtk_widget_class_bind_template_child (widget_class, TapMainWindow, toasts);
  gtk_widget_class_bind_template_child (widget_class, TapMainWindow, header);
  gtk_widget_class_bind_template_child (widget_class, TapMainWindow, title_stack);
  gtk_widget_class_bind_template_child (widget_class, TapMainWindow, switcher);
  gtk_widget_class_bind_template_child (widget_class, TapMainWindow, network_title);
  gtk_widget_class_bind_template_child (widget_class, TapMainWindow, main_stack);
  gtk_widget_class_bind_template_child (widget_class, TapMainWindow, busy_revealer);
  gtk_widget_class_bind_template_child (widget_class, TapMainWindow, busy_label);
  gtk_widget_class_bind_template_child (widget_class, TapMainWindow, busy_bar);
  gtk_widget_class_bind_template_child (widget_class, TapMainWindow, problem_bar);
  gtk_widget_class_bind_template_child (widget_class, TapMainWindow, problem_label);
  gtk_widget_class_bind_template_child (widget_class, TapMainWindow, network_paned);
  gtk_widget_class_bind_template_child (widget_class, TapMainWindow, details_paned);
  gtk_widget_class_bind_template_child (widget_class, TapMainWindow, strip_paned);
  gtk_widget_class_bind_template_child (widget_class, TapMainWindow, network_pane);
  gtk_widget_class_bind_template_child (widget_class, TapMainWindow, stage);
  gtk_widget_class_bind_template_child (widget_class, TapMainWindow, details_pane);
  gtk_widget_class_bind_template_child (widget_class, TapMainWindow, film_strip);
  gtk_widget_class_bind_template_child (widget_class, TapMainWindow, recent_section);
  gtk_widget_class_bind_template_callback (widget_class, problem_response_cb);
}

static void
follow_document (TapMainWindow *self)
{
  const struct
  {
    const char *signal;
    GCallback callback;
  } follow[] = {
    { "notify::model", G_CALLBACK (model_changed_cb) },
    { "notify::position", G_CALLBACK (pictures_changed_cb) },
    { "notify::n-skipped", G_CALLBACK (pictures_changed_cb) },
    { "notify::opening", G_CALLBACK (opening_changed_cb) },
    { "notify::progress", G_CALLBACK (opening_changed_cb) },
    { "notify::activations", G_CALLBACK (export_changed_cb) },
    { "failed", G_CALLBACK (failed_cb) },
    { "opened", G_CALLBACK (opened_cb) },
  };

  for (guint i = 0; i < G_N_ELEMENTS (follow); i++)
    g_signal_connect_object (self->document, follow[i].signal, follow[i].callback, self,
                             G_CONNECT_SWAPPED);
  g_signal_connect_object (self->document, "opened", G_CALLBACK (warnings_cb), self,
                           G_CONNECT_SWAPPED | G_CONNECT_AFTER);
}

static void
tap_main_window_init (TapMainWindow *self)
{
  self->problems = g_string_new (NULL);
  self->document = tap_document_new ();
  tap_document_set_n_threads (self->document, tap_settings_get_int ("threads", 0));

  gtk_widget_init_template (GTK_WIDGET (self));

  tap_main_window_install_actions (self);
  tap_network_pane_set_document (self->network_pane, self->document);
  tap_details_pane_set_document (self->details_pane, self->document);
  tap_film_strip_set_document (self->film_strip, self->document);
  follow_document (self);
  add_pages (self);
  g_signal_connect_object (self->stage, "notify::visible-child", G_CALLBACK (page_shown_cb), self,
                           G_CONNECT_SWAPPED);
  add_drop_target (self);
  restore_size (self);
  update_title (self);
  tap_main_window_update_recent (self);
  tap_main_window_update_actions (self);
}

TapMainWindow *
tap_main_window_new (TapApplication *application)
{
  return g_object_new (TAP_TYPE_MAIN_WINDOW, "application", application, NULL);
}

TapDocument *
tap_main_window_get_document (TapMainWindow *self)
{
  return self->document;
}

TapPage *
tap_main_window_get_page (TapMainWindow *self)
{
  return self->page;
}
