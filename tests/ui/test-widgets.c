/* test-widgets.c - every widget class can be made and leaves nothing behind
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <adwaita.h>

#include "app/pages/tap-layers-page.h"
#include "app/pages/tap-live-view.h"
#include "app/pages/tap-map-card.h"
#include "app/pages/tap-occlusion-page.h"
#include "app/pages/tap-sweep-view.h"
#include "app/pages/tap-unit-view.h"
#include "app/tap-application.h"
#include "app/tap-preferences.h"
#include "app/widgets/tap-answer-view.h"
#include "app/widgets/tap-class-picker.h"
#include "app/widgets/tap-details-pane.h"
#include "app/widgets/tap-diagram-view.h"
#include "app/widgets/tap-facts-view.h"
#include "app/widgets/tap-film-strip.h"
#include "app/widgets/tap-film-tile.h"
#include "app/widgets/tap-grid-view.h"
#include "app/widgets/tap-histogram-view.h"
#include "app/widgets/tap-map-view.h"
#include "app/widgets/tap-method-panel.h"
#include "app/widgets/tap-network-pane.h"
#include "app/widgets/tap-param-row.h"
#include "app/widgets/tap-picture-view.h"
#include "app/widgets/tap-preprocess-chip.h"
#include "app/widgets/tap-score-bar.h"
#include "app/widgets/tap-score-row.h"
#include "app/widgets/tap-start-view.h"
#include "methods/registry.h"

/* GTK's own macros below do not pass -Werror=format in 4.8. */
#pragma GCC diagnostic ignored "-Wformat"

static void
spin (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_makes_and_leaves (gconstpointer data)
{
  GtkWidget *(*make) (void) = (GtkWidget * (*) (void) ) data;
  GtkWidget *widget = g_object_ref_sink (make ());

  spin ();
  g_assert_finalize_object (widget);
}

/* In a window, so that measuring and drawing run as well. */
static void
test_shows (gconstpointer data)
{
  GtkWidget *(*make) (void) = (GtkWidget * (*) (void) ) data;
  GtkWidget *window = gtk_window_new ();

  gtk_window_set_default_size (GTK_WINDOW (window), 400, 300);
  gtk_window_set_child (GTK_WINDOW (window), make ());
  gtk_window_present (GTK_WINDOW (window));
  for (int i = 0; i < 20; i++)
    {
      spin ();
      g_usleep (2000);
    }
  gtk_window_destroy (GTK_WINDOW (window));
  spin ();
}

static void
test_panels_of_all_methods (void)
{
  const TapMethod *const *methods = tap_methods_list ();

  for (; *methods != NULL; methods++)
    {
      TapDocument *document = tap_document_new ();
      GtkWidget *panel = g_object_ref_sink (tap_method_panel_new (*methods, document, NULL));
      g_autoptr (TapParams) params = tap_method_panel_dup_params (TAP_METHOD_PANEL (panel));
      g_autoptr (TapParams) fallback = tap_params_new ((*methods)->params);

      /* Untouched controls stand for the table's own defaults. */
      g_assert_true (tap_params_equal (params, fallback));
      for (const TapParam *p = (*methods)->params; p->id != NULL; p++)
        if (p->kind == TAP_PARAM_INT || p->kind == TAP_PARAM_FLOAT)
          {
            tap_method_panel_set_value (TAP_METHOD_PANEL (panel), p->id, p->max);
            g_assert_cmpfloat (tap_method_panel_get_value (TAP_METHOD_PANEL (panel), p->id), ==,
                               p->max);
          }
      g_assert_finalize_object (panel);
      g_assert_finalize_object (document);
    }
}

static void
test_score_bar_is_a_meter (void)
{
  GtkWidget *bar = g_object_ref_sink (tap_score_bar_new ());

  gtk_test_accessible_assert_role (GTK_ACCESSIBLE (bar), GTK_ACCESSIBLE_ROLE_METER);
  tap_score_bar_set (TAP_SCORE_BAR (bar), 0.25, 0.5);
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (bar), GTK_ACCESSIBLE_PROPERTY_VALUE_NOW,
                                       25.0);
  g_assert_finalize_object (bar);
}

static void
test_score_row_tells_name_and_number (void)
{
  GtkWidget *row = g_object_ref_sink (tap_score_row_new ());

  tap_score_row_set (TAP_SCORE_ROW (row), 3, "Egyptian cat", 0.934, -1);
  g_assert_cmpint (tap_score_row_get_class_index (TAP_SCORE_ROW (row)), ==, 3);
  gtk_test_accessible_assert_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       "Egyptian cat, 93.4 %");
  g_assert_finalize_object (row);
}

static GtkWidget *
make_preferences (void)
{
  return tap_preferences_new (NULL);
}

static void
test_preferences (void)
{
  GtkWidget *window = make_preferences ();

  gtk_window_present (GTK_WINDOW (window));
  spin ();
  gtk_window_destroy (GTK_WINDOW (window));
  spin ();
}

static void
test_shortcuts_window (void)
{
  g_autoptr (GtkBuilder) builder =
    gtk_builder_new_from_resource (TAP_RESOURCE_PATH "/gtk/help-overlay.ui");
  GtkWindow *window = GTK_WINDOW (gtk_builder_get_object (builder, "help_overlay"));

  gtk_window_present (window);
  for (int i = 0; i < 20; i++)
    {
      spin ();
      g_usleep (2000);
    }
  gtk_window_destroy (window);
  spin ();
}

typedef struct
{
  const char *name;
  GtkWidget *(*make) (void);
} Maker;

static const Maker makers[] = {
  { "answer-view", tap_answer_view_new },
  { "class-picker", tap_class_picker_new },
  { "details-pane", tap_details_pane_new },
  { "diagram-view", tap_diagram_view_new },
  { "facts-view", tap_facts_view_new },
  { "film-strip", tap_film_strip_new },
  { "film-tile", tap_film_tile_new },
  { "grid-view", tap_grid_view_new },
  { "histogram-view", tap_histogram_view_new },
  { "layers-page", tap_layers_page_new },
  { "live-view", tap_live_view_new },
  { "map-card", tap_map_card_new },
  { "map-view", tap_map_view_new },
  { "network-pane", tap_network_pane_new },
  { "occlusion-page", tap_occlusion_page_new },
  { "sweep-view", tap_sweep_view_new },
  { "picture-view", tap_picture_view_new },
  { "preprocess-chip", tap_preprocess_chip_new },
  { "score-bar", tap_score_bar_new },
  { "start-view", tap_start_view_new },
  { "unit-view", tap_unit_view_new },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!gtk_init_check ())
    {
      g_print ("1..0 # SKIP no display\n");
      return 0;
    }
  adw_init ();
  tap_application_init_resources ();

  for (guint i = 0; i < G_N_ELEMENTS (makers); i++)
    {
      g_autofree char *makes = g_strdup_printf ("/widgets/%s/makes-and-leaves", makers[i].name);
      g_autofree char *shows = g_strdup_printf ("/widgets/%s/shows", makers[i].name);

      g_test_add_data_func (makes, (gconstpointer) makers[i].make, test_makes_and_leaves);
      g_test_add_data_func (shows, (gconstpointer) makers[i].make, test_shows);
    }
  g_test_add_func ("/widgets/method-panel/all-methods", test_panels_of_all_methods);
  g_test_add_func ("/widgets/score-bar/is-a-meter", test_score_bar_is_a_meter);
  g_test_add_func ("/widgets/score-row/tells-name-and-number",
                   test_score_row_tells_name_and_number);
  g_test_add_func ("/widgets/preferences", test_preferences);
  g_test_add_func ("/widgets/shortcuts-window", test_shortcuts_window);

  return g_test_run ();
}
