/* tap-application.c - the program: one instance, its actions, its preferences
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/tap-application.h"

#include <glib/gi18n.h>

#include "app/tap-loop-watch.h"
#include "app/tap-main-window.h"
#include "app/tap-preferences.h"
#include "app/tap-settings.h"
#include "engine/tap-session.h"
#include "tapetum-resources.h"

struct _TapApplication
{
  AdwApplication parent_instance;
};

G_DEFINE_FINAL_TYPE (TapApplication, tap_application, ADW_TYPE_APPLICATION)

static void
apply_colour_scheme (void)
{
  g_autofree char *scheme = tap_settings_dup_string ("colour-scheme", "system");
  AdwColorScheme wanted = ADW_COLOR_SCHEME_DEFAULT;

  if (strcmp (scheme, "light") == 0)
    wanted = ADW_COLOR_SCHEME_FORCE_LIGHT;
  else if (strcmp (scheme, "dark") == 0)
    wanted = ADW_COLOR_SCHEME_FORCE_DARK;
  adw_style_manager_set_color_scheme (adw_style_manager_get_default (), wanted);
}

static TapMainWindow *
ensure_window (TapApplication *self)
{
  GtkWindow *window = gtk_application_get_active_window (GTK_APPLICATION (self));

  if (window != NULL && !TAP_IS_MAIN_WINDOW (window))
    window = gtk_window_get_transient_for (window);

  return window != NULL ? TAP_MAIN_WINDOW (window) : tap_main_window_new (self);
}

static void
tap_application_activate (GApplication *application)
{
  gtk_window_present (GTK_WINDOW (ensure_window (TAP_APPLICATION (application))));
}

/* Networks and pictures in any order; content decides which is which. */
static void
tap_application_open (GApplication *application, GFile **files, int n_files, const char *hint)
{
  TapMainWindow *window = ensure_window (TAP_APPLICATION (application));
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) paths = NULL;
  gboolean any = FALSE;

  gtk_window_present (GTK_WINDOW (window));
  for (int i = 0; i < n_files; i++)
    {
      g_autofree char *path = g_file_get_path (files[i]);
      g_autofree char *uri = g_file_get_uri (files[i]);

      if (path == NULL)
        {
          /* Translators: %s is an address such as https://… */
          g_autofree char *sentence =
            g_strdup_printf (_ ("“%s” is not a file on this computer."), uri);

          tap_document_report (tap_main_window_get_document (window), sentence);
          continue;
        }
      g_strv_builder_add (builder, path);
      any = TRUE;
    }

  paths = g_strv_builder_end (builder);
  if (any)
    tap_document_open (tap_main_window_get_document (window), (const char *const *) paths);
}

static void
quit_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  GList *windows = g_list_copy (gtk_application_get_windows (user_data));

  /* Windows remember their size as they close. */
  for (GList *l = windows; l != NULL; l = l->next)
    gtk_window_close (l->data);
  g_list_free (windows);
  g_application_quit (user_data);
}

static void
about_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  g_autofree char *engine = tap_engine_describe ();
  g_autofree char *debug = g_strdup_printf (
    "Tapetum %s\nEngine: %s\nGTK %u.%u.%u, libadwaita %u.%u.%u, GLib %u.%u.%u\n", TAP_VERSION,
    engine, gtk_get_major_version (), gtk_get_minor_version (), gtk_get_micro_version (),
    adw_get_major_version (), adw_get_minor_version (), adw_get_micro_version (),
    glib_major_version, glib_minor_version, glib_micro_version);
  g_autofree char *comments = g_strdup_printf (
    /* Translators: %s describes the engine: processor and threads */
    _ (
      "The tapetum is the mirror behind a cat’s retina that sends light back through the eye. This "
      "program sends a network’s answer back through its layers until it lands on the picture.\n\n"
      "Engine: %s\n\n"
      "No telemetry, no network access, no account: everything is computed on this computer."),
    engine);

  adw_show_about_window (gtk_application_get_active_window (user_data), "application-name",
                         "Tapetum", "application-icon", TAP_APP_ID, "version", TAP_VERSION,
                         "developer-name", _ ("The Tapetum authors"), "copyright",
                         "© 2026 The Tapetum authors", "license-type", GTK_LICENSE_GPL_3_0,
                         "comments", comments, "debug-info", debug, "debug-info-filename",
                         "tapetum.txt", NULL);
}

static void
preferences_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  TapMainWindow *window = ensure_window (user_data);
  GtkWidget *preferences = tap_preferences_new (tap_main_window_get_document (window));

  gtk_window_set_transient_for (GTK_WINDOW (preferences), GTK_WINDOW (window));
  gtk_window_present (GTK_WINDOW (preferences));
}

/* What `tapetum --example` asks of the instance that runs. */
static void
open_example_action (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  TapMainWindow *window = ensure_window (user_data);

  gtk_window_present (GTK_WINDOW (window));
  tap_document_open_example (tap_main_window_get_document (window));
}

static const GActionEntry app_actions[] = {
  { .name = "open-example", .activate = open_example_action },
  { .name = "quit", .activate = quit_action },
  { .name = "about", .activate = about_action },
  { .name = "preferences", .activate = preferences_action },
};

typedef struct
{
  const char *action;
  const char *accels[4];
} Accels;

/* Keep in step with ui/help-overlay.ui. */
static const Accels accels[] = {
  { "app.quit", { "<Control>q" } },
  { "app.preferences", { "<Control>comma" } },
  { "window.close", { "<Control>w" } },
  { "win.show-help-overlay", { "<Control>question", "F1" } },
  { "win.open", { "<Control>o" } },
  { "win.open-folder", { "<Control><Shift>o" } },
  { "win.export", { "<Control>e", "<Control>s" } },
  { "win.export-animation", { "<Control><Alt>e" } },
  { "win.export-network", { "<Control><Shift>e" } },
  { "win.copy", { "<Control><Shift>c" } },
  { "win.find", { "<Control>f" } },
  { "win.pin-class", { "<Control>k" } },
  { "win.next-picture", { "<Control>Right" } },
  { "win.previous-picture", { "<Control>Left" } },
  { "win.next-layer", { "<Alt>Down" } },
  { "win.previous-layer", { "<Alt>Up" } },
  { "win.page(0)", { "<Alt>1" } },
  { "win.page(1)", { "<Alt>2" } },
  { "win.perform::sweep", { "<Control>r" } },
  { "win.cancel", { "Escape" } },
  { "win.show-network", { "F9" } },
  { "win.show-details", { "<Shift>F9" } },
  { "win.show-strip", { "<Control>F9" } },
  { "win.zoom-in", { "<Control>plus", "<Control>equal", "<Control>KP_Add" } },
  { "win.zoom-out", { "<Control>minus", "<Control>KP_Subtract" } },
  { "win.zoom-fit", { "<Control>0" } },
  { "win.fullscreen", { "F11" } },
};

static void
tap_application_startup (GApplication *application)
{
  GtkApplication *gtk_application = GTK_APPLICATION (application);

  G_APPLICATION_CLASS (tap_application_parent_class)->startup (application);

  g_action_map_add_action_entries (G_ACTION_MAP (application), app_actions,
                                   G_N_ELEMENTS (app_actions), application);
  for (guint i = 0; i < G_N_ELEMENTS (accels); i++)
    gtk_application_set_accels_for_action (gtk_application, accels[i].action,
                                           (const char **) accels[i].accels);

  gtk_window_set_default_icon_name (TAP_APP_ID);
  apply_colour_scheme ();
  if (tap_settings_get () != NULL)
    g_signal_connect (tap_settings_get (), "changed::colour-scheme",
                      G_CALLBACK (apply_colour_scheme), NULL);

  if (g_getenv ("TAPETUM_LOOP_WATCH") != NULL)
    tap_loop_watch_start ();
}

static void
tap_application_shutdown (GApplication *application)
{
  if (tap_loop_watch_is_running ())
    g_message (
      "Longest time away from the main loop: %.1f ms (%.1f ms working) in %" G_GUINT64_FORMAT
      " turns",
      tap_loop_watch_get_worst_ms (), tap_loop_watch_get_worst_cpu_ms (),
      tap_loop_watch_get_turns ());

  G_APPLICATION_CLASS (tap_application_parent_class)->shutdown (application);
}

static int
tap_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  g_autoptr (GError) error = NULL;

  if (g_variant_dict_contains (options, "version"))
    {
      g_print ("tapetum %s\n", TAP_VERSION);
      return 0;
    }
  if (!g_variant_dict_contains (options, "example"))
    return -1;

  if (!g_application_register (application, NULL, &error))
    {
      g_printerr ("tapetum: %s\n", error->message);
      return 1;
    }
  g_action_group_activate_action (G_ACTION_GROUP (application), "open-example", NULL);
  return -1;
}

static void
tap_application_class_init (TapApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  application_class->startup = tap_application_startup;
  application_class->shutdown = tap_application_shutdown;
  application_class->activate = tap_application_activate;
  application_class->open = tap_application_open;
  application_class->handle_local_options = tap_application_handle_local_options;
}

static void
tap_application_init (TapApplication *self)
{
  const GOptionEntry options[] = {
    { "example", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, NULL, N_ ("Open the built-in example"),
      NULL },
    { "version", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, NULL, N_ ("Show the version"), NULL },
    { NULL },
  };

  g_application_add_main_option_entries (G_APPLICATION (self), options);
  g_application_set_option_context_parameter_string (G_APPLICATION (self),
                                                     _ ("[NETWORK] [PICTURE|FOLDER…]"));
  g_application_set_option_context_summary (G_APPLICATION (self),
                                            _ ("Look inside convolutional neural networks."));
}

void
tap_application_init_resources (void)
{
  static gsize once;

  if (g_once_init_enter (&once))
    {
      tapetum_register_resource ();
      g_once_init_leave (&once, 1);
    }
}

TapApplication *
tap_application_new (void)
{
  tap_application_init_resources ();

  return g_object_new (TAP_TYPE_APPLICATION, "application-id", TAP_APP_ID, "flags",
                       G_APPLICATION_HANDLES_OPEN, "resource-base-path", TAP_RESOURCE_PATH, NULL);
}
