/* tap-live-view.c - the strongest map under the mask, following the pointer
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/pages/tap-live-view.h"

#include "app/tap-settings.h"
#include "app/widgets/tap-map-view.h"
#include "render/tap-colormap.h"

#include <glib/gi18n.h>

struct _TapLiveView
{
  GtkWidget parent_instance;

  GtkWidget *content;
  TapMapView *map_view;
  GtkLabel *title, *facts;
};

G_DEFINE_FINAL_TYPE (TapLiveView, tap_live_view, GTK_TYPE_WIDGET)

static void
tap_live_view_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), TAP_TYPE_LIVE_VIEW);

  G_OBJECT_CLASS (tap_live_view_parent_class)->dispose (object);
}

static void
tap_live_view_class_init (TapLiveViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tap_live_view_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               TAP_RESOURCE_PATH "/ui/tap-live-view.ui");
  gtk_widget_class_bind_template_child (widget_class, TapLiveView, content);
  gtk_widget_class_bind_template_child (widget_class, TapLiveView, map_view);
  gtk_widget_class_bind_template_child (widget_class, TapLiveView, title);
  gtk_widget_class_bind_template_child (widget_class, TapLiveView, facts);
  g_type_ensure (TAP_TYPE_MAP_VIEW);
}

static void
tap_live_view_init (TapLiveView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
tap_live_view_new (void)
{
  return g_object_new (TAP_TYPE_LIVE_VIEW, NULL);
}

void
tap_live_view_set_probe (TapLiveView *self, const TapOcclusionProbe *probe, const char *layer)
{
  g_autofree char *title = NULL, *facts = NULL;
  cairo_surface_t *surface;
  const TapTensor *map;
  TapRange range;
  TapStats stats;

  g_return_if_fail (TAP_IS_LIVE_VIEW (self));

  map = probe != NULL ? probe->map : NULL;
  gtk_widget_set_visible (GTK_WIDGET (self), map != NULL);
  if (map == NULL)
    return;

  range = tap_range_for_values (tap_tensor_f32 (map), map->count, FALSE);
  surface = tap_colormap_render (tap_settings_get_colormap (), range, tap_tensor_f32 (map),
                                 (int) map->shape.dims[1], (int) map->shape.dims[0]);
  tap_map_view_set_surface (self->map_view, surface);
  cairo_surface_destroy (surface);

  tap_tensor_stats (tap_tensor_f32 (map), map->count, &stats);
  title = g_strdup_printf (_ ("Map %d of %s, under the mask"), probe->unit, layer);
  facts =
    g_strdup_printf (_ ("total %.4g, highest %.4g"), stats.mean * (double) map->count, stats.max);
  gtk_label_set_label (self->title, title);
  gtk_label_set_label (self->facts, facts);
  tap_map_view_set_description (self->map_view, title);
}
