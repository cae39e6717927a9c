/* tap-score-bar.c - a probability as a bar, with a tick where it was before
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/widgets/tap-score-bar.h"

#include <math.h>

#define BAR_HEIGHT 8
#define TICK_WIDTH 2.0f

struct _TapScoreBar
{
  GtkWidget parent_instance;

  double value, tick;
};

G_DEFINE_FINAL_TYPE (TapScoreBar, tap_score_bar, GTK_TYPE_WIDGET)

static void
append_box (GtkSnapshot *snapshot, const graphene_rect_t *bounds, float radius, const GdkRGBA *rgba)
{
  GskRoundedRect outline;

  gsk_rounded_rect_init_from_rect (&outline, bounds, radius);
  gtk_snapshot_push_rounded_clip (snapshot, &outline);
  gtk_snapshot_append_color (snapshot, rgba, bounds);
  gtk_snapshot_pop (snapshot);
}

static void
tap_score_bar_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  TapScoreBar *self = TAP_SCORE_BAR (widget);
  GtkStyleContext *style = gtk_widget_get_style_context (widget);
  float width = (float) gtk_widget_get_width (widget);
  float height = (float) gtk_widget_get_height (widget);
  float filled = width * (float) self->value;
  gboolean rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  GdkRGBA foreground, accent;
  graphene_rect_t box;

  gtk_style_context_get_color (style, &foreground);
  if (!gtk_style_context_lookup_color (style, "accent_bg_color", &accent))
    accent = foreground;

  {
    GdkRGBA trough = foreground;

    trough.alpha *= 0.12f;
    graphene_rect_init (&box, 0, 0, width, height);
    append_box (snapshot, &box, height / 2, &trough);
  }

  if (filled > 0)
    {
      float shown = MAX (filled, 1.0f);

      graphene_rect_init (&box, rtl ? width - shown : 0, 0, shown, height);
      append_box (snapshot, &box, MIN (height, shown) / 2, &accent);
    }

  if (self->tick >= 0)
    {
      float x = (width - TICK_WIDTH) * (float) (rtl ? 1 - self->tick : self->tick);
      graphene_rect_t tick;

      graphene_rect_init (&tick, roundf (x), -2, TICK_WIDTH, height + 4);
      gtk_snapshot_append_color (snapshot, &foreground, &tick);
    }
}

static void
tap_score_bar_measure (GtkWidget *widget,
                       GtkOrientation orientation,
                       int for_size,
                       int *minimum,
                       int *natural,
                       int *minimum_baseline,
                       int *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 40 : BAR_HEIGHT;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 160 : BAR_HEIGHT;
}

static void
tap_score_bar_class_init (TapScoreBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->snapshot = tap_score_bar_snapshot;
  widget_class->measure = tap_score_bar_measure;
  gtk_widget_class_set_css_name (widget_class, "scorebar");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_METER);
}

static void
tap_score_bar_init (TapScoreBar *self)
{
  self->tick = -1;
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_VALUE_MIN, 0.0,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_MAX, 100.0,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_NOW, 0.0, -1);
}

GtkWidget *
tap_score_bar_new (void)
{
  return g_object_new (TAP_TYPE_SCORE_BAR, NULL);
}

void
tap_score_bar_set (TapScoreBar *self, double value, double tick)
{
  g_return_if_fail (TAP_IS_SCORE_BAR (self));

  value = isfinite (value) ? CLAMP (value, 0.0, 1.0) : 0.0;
  tick = isfinite (tick) ? MIN (tick, 1.0) : -1.0;
  if (value == self->value && tick == self->tick)
    return;

  self->value = value;
  self->tick = tick;
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_VALUE_NOW,
                                  value * 100.0, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
