/* tap-preferences.c - the few things a user may want otherwise
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/tap-preferences.h"

#include <glib/gi18n.h>

#include "app/tap-settings.h"
#include "render/tap-colormap.h"

struct _TapPreferences
{
  AdwPreferencesWindow parent_instance;

  AdwComboRow *scheme_row;
  AdwComboRow *colormap_row;
  GtkSpinButton *threads_spin;

  TapDocument *document;
};

G_DEFINE_FINAL_TYPE (TapPreferences, tap_preferences, ADW_TYPE_PREFERENCES_WINDOW)

static const char *const schemes[] = { "system", "light", "dark" };

static void
scheme_changed_cb (TapPreferences *self)
{
  guint selected = adw_combo_row_get_selected (self->scheme_row);

  if (selected < G_N_ELEMENTS (schemes))
    tap_settings_set_string ("colour-scheme", schemes[selected]);
}

static void
colormap_changed_cb (TapPreferences *self)
{
  guint selected = adw_combo_row_get_selected (self->colormap_row);

  if (selected < TAP_N_COLORMAPS)
    tap_settings_set_string ("colormap", tap_colormap_id ((TapColormap) selected));
}

static void
threads_changed_cb (TapPreferences *self)
{
  int n = gtk_spin_button_get_value_as_int (self->threads_spin);

  tap_settings_set_int ("threads", n);
  if (self->document != NULL)
    tap_document_set_n_threads (self->document, n);
}

static void
show_settings (TapPreferences *self)
{
  g_autofree char *scheme = tap_settings_dup_string ("colour-scheme", "system");
  g_autofree char *colormap = tap_settings_dup_string ("colormap", "viridis");
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  guint selected = 0;

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (strcmp (scheme, schemes[i]) == 0)
      selected = i;
  adw_combo_row_set_selected (self->scheme_row, selected);

  for (int i = 0; i < TAP_N_COLORMAPS; i++)
    gtk_string_list_append (names, _ (tap_colormap_title (i)));
  adw_combo_row_set_model (self->colormap_row, G_LIST_MODEL (names));
  adw_combo_row_set_selected (self->colormap_row,
                              tap_colormap_find (colormap, TAP_COLORMAP_VIRIDIS));

  gtk_spin_button_set_value (self->threads_spin, tap_settings_get_int ("threads", 0));
}

static void
tap_preferences_dispose (GObject *object)
{
  g_clear_object (&TAP_PREFERENCES (object)->document);

  G_OBJECT_CLASS (tap_preferences_parent_class)->dispose (object);
}

static void
tap_preferences_class_init (TapPreferencesClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tap_preferences_dispose;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               TAP_RESOURCE_PATH "/ui/tap-preferences.ui");
  gtk_widget_class_bind_template_child (widget_class, TapPreferences, scheme_row);
  gtk_widget_class_bind_template_child (widget_class, TapPreferences, colormap_row);
  gtk_widget_class_bind_template_child (widget_class, TapPreferences, threads_spin);
}

static void
tap_preferences_init (TapPreferences *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  show_settings (self);

  g_signal_connect_swapped (self->scheme_row, "notify::selected", G_CALLBACK (scheme_changed_cb),
                            self);
  g_signal_connect_swapped (self->colormap_row, "notify::selected",
                            G_CALLBACK (colormap_changed_cb), self);
  g_signal_connect_swapped (self->threads_spin, "value-changed", G_CALLBACK (threads_changed_cb),
                            self);
}

GtkWidget *
tap_preferences_new (TapDocument *document)
{
  TapPreferences *self = g_object_new (TAP_TYPE_PREFERENCES, NULL);

  self->document = document != NULL ? g_object_ref (document) : NULL;

  return GTK_WIDGET (self);
}
