/* tap-histogram-view.c - how the values of a layer are spread
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/widgets/tap-histogram-view.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#define HEIGHT 84

struct _TapHistogramView
{
  GtkWidget parent_instance;

  TapLayerFacts *facts;
};

G_DEFINE_FINAL_TYPE (TapHistogramView, tap_histogram_view, GTK_TYPE_WIDGET)

static guint32
accent_of (GtkWidget *widget)
{
  GdkRGBA accent;

  if (!gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), "accent_bg_color",
                                       &accent))
    return 0;

  return (guint32) (accent.red * 255) << 16 | (guint32) (accent.green * 255) << 8 |
         (guint32) (accent.blue * 255);
}

static void
tap_histogram_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  TapHistogramView *self = TAP_HISTOGRAM_VIEW (widget);
  int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  const TapPlotStyle style = {
    .dark = adw_style_manager_get_dark (adw_style_manager_get_default ()),
    .accent = accent_of (widget),
  };
  cairo_t *cr;

  if (self->facts == NULL || !self->facts->has_stats)
    return;

  cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, width, height));
  tap_plot_histogram (cr, width, height, &self->facts->histogram, TRUE, &style);
  cairo_destroy (cr);
}

static void
tap_histogram_view_measure (GtkWidget *widget,
                            GtkOrientation orientation,
                            int for_size,
                            int *minimum,
                            int *natural,
                            int *minimum_baseline,
                            int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 80 : HEIGHT;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 200 : HEIGHT;
}

static void
tap_histogram_view_finalize (GObject *object)
{
  g_clear_pointer (&TAP_HISTOGRAM_VIEW (object)->facts, tap_layer_facts_unref);

  G_OBJECT_CLASS (tap_histogram_view_parent_class)->finalize (object);
}

static void
tap_histogram_view_class_init (TapHistogramViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = tap_histogram_view_finalize;
  widget_class->snapshot = tap_histogram_view_snapshot;
  widget_class->measure = tap_histogram_view_measure;
  gtk_widget_class_set_css_name (widget_class, "histogram");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
tap_histogram_view_init (TapHistogramView *self)
{
  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark",
                           G_CALLBACK (gtk_widget_queue_draw), self, G_CONNECT_SWAPPED);
}

GtkWidget *
tap_histogram_view_new (void)
{
  return g_object_new (TAP_TYPE_HISTOGRAM_VIEW, NULL);
}

void
tap_histogram_view_set_facts (TapHistogramView *self, TapLayerFacts *facts)
{
  g_autofree char *text = NULL;

  g_return_if_fail (TAP_IS_HISTOGRAM_VIEW (self));

  if (facts != NULL)
    tap_layer_facts_ref (facts);
  g_clear_pointer (&self->facts, tap_layer_facts_unref);
  self->facts = facts;

  if (facts != NULL && facts->has_stats)
    text = g_strdup_printf (_ ("Histogram of values from %.4g to %.4g"), facts->stats.min,
                            facts->stats.max);
  else
    text = g_strdup (_ ("Histogram"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
