/* tap-grid-view.c - a grid of maps: hover for numbers, click to choose, arrows to walk
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/widgets/tap-grid-view.h"

#include "app/widgets/tap-frame.h"

#include <glib/gi18n.h>
#include <math.h>

struct _TapGridView
{
  GtkWidget parent_instance;

  TapGridLayout layout;
  int *order;
  GdkTexture *texture;
  int selected; /* unit */
  int hovered;  /* place */
};

G_DEFINE_FINAL_TYPE (TapGridView, tap_grid_view, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_UNIT_SELECTED,
  SIGNAL_UNIT_ACTIVATED,
  SIGNAL_HOVERED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static int
place_of (TapGridView *self, int unit)
{
  for (int i = 0; unit >= 0 && i < self->layout.n_tiles; i++)
    if (self->order[i] == unit)
      return i;
  return -1;
}

static void
update_label (TapGridView *self)
{
  g_autofree char *label = NULL;
  g_autofree char *maps = g_strdup_printf (
    g_dngettext (GETTEXT_PACKAGE, "Grid of %d map", "Grid of %d maps", self->layout.n_tiles),
    self->layout.n_tiles);

  if (self->selected >= 0)
    /* Translators: "Grid of 64 maps, map 12 selected" */
    label = g_strdup_printf (_ ("%s, map %d selected"), maps, self->selected);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  label != NULL ? label : maps, -1);
}

/* The grid is centred across the width it is given. */
static double
left_edge (TapGridView *self)
{
  return MAX (0, floor ((gtk_widget_get_width (GTK_WIDGET (self)) - self->layout.width) / 2));
}

static int
hit (TapGridView *self, double x, double y, int *cell_x, int *cell_y)
{
  if (self->layout.n_tiles == 0)
    return -1;
  return tap_grid_hit (&self->layout, x - left_edge (self), y, cell_x, cell_y);
}

/* Brings a tile into the visible part of the scrolled window around us. */
static void
reveal (TapGridView *self, int place)
{
  GtkWidget *scrolled = gtk_widget_get_ancestor (GTK_WIDGET (self), GTK_TYPE_SCROLLED_WINDOW);
  GtkAdjustment *adjustment;
  double x, y;

  if (scrolled == NULL || place < 0)
    return;
  tap_grid_tile_rect (&self->layout, place, &x, &y);
  adjustment = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scrolled));
  gtk_adjustment_clamp_page (adjustment, y - self->layout.gap,
                             y + self->layout.tile_height + self->layout.gap);
}

static void
select_place (TapGridView *self, int place)
{
  if (place < 0 || place >= self->layout.n_tiles)
    return;
  self->selected = self->order[place];
  update_label (self);
  reveal (self, place);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit (self, signals[SIGNAL_UNIT_SELECTED], 0, self->selected);
}

static void
pressed_cb (GtkGestureClick *gesture, int n_press, double x, double y, TapGridView *self)
{
  int place = hit (self, x, y, NULL, NULL);

  gtk_widget_grab_focus (GTK_WIDGET (self));
  if (place < 0)
    return;
  if (n_press == 1)
    select_place (self, place);
  else if (n_press == 2)
    g_signal_emit (self, signals[SIGNAL_UNIT_ACTIVATED], 0, self->order[place]);
}

static void
motion_cb (GtkEventControllerMotion *controller, double x, double y, TapGridView *self)
{
  int cell_x = -1, cell_y = -1;
  int place = hit (self, x, y, &cell_x, &cell_y);

  if (place != self->hovered)
    {
      self->hovered = place;
      gtk_widget_queue_draw (GTK_WIDGET (self));
    }
  g_signal_emit (self, signals[SIGNAL_HOVERED], 0, place >= 0 ? self->order[place] : -1, cell_x,
                 cell_y);
}

static void
leave_cb (GtkEventControllerMotion *controller, TapGridView *self)
{
  self->hovered = -1;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit (self, signals[SIGNAL_HOVERED], 0, -1, -1, -1);
}

static gboolean
key_cb (GtkEventControllerKey *controller,
        guint key,
        guint code,
        GdkModifierType state,
        TapGridView *self)
{
  int place = place_of (self, self->selected), n = self->layout.n_tiles;

  if (n == 0 || (state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) != 0)
    return GDK_EVENT_PROPAGATE;

  switch (key)
    {
    case GDK_KEY_Left:
      place -= 1;
      break;
    case GDK_KEY_Right:
      place += 1;
      break;
    case GDK_KEY_Up:
      place -= self->layout.columns;
      break;
    case GDK_KEY_Down:
      place += self->layout.columns;
      break;
    case GDK_KEY_Home:
      place = 0;
      break;
    case GDK_KEY_End:
      place = n - 1;
      break;
    case GDK_KEY_Return:
    case GDK_KEY_KP_Enter:
      if (place >= 0)
        g_signal_emit (self, signals[SIGNAL_UNIT_ACTIVATED], 0, self->order[place]);
      return GDK_EVENT_STOP;
    default:
      return GDK_EVENT_PROPAGATE;
    }
  if (place >= 0 && place < n)
    select_place (self, place);
  return GDK_EVENT_STOP;
}

static void
tap_grid_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  TapGridView *self = TAP_GRID_VIEW (widget);
  GdkRGBA accent = tap_frame_accent (widget);
  double left = left_edge (self), x, y;
  int selected = place_of (self, self->selected);

  if (self->texture == NULL)
    return;
  gtk_snapshot_append_texture (
    snapshot, self->texture,
    &GRAPHENE_RECT_INIT (left, 0, self->layout.width, self->layout.height));

  if (self->hovered >= 0 && self->hovered != selected && self->hovered < self->layout.n_tiles)
    {
      GdkRGBA soft = accent;

      soft.alpha = 0.6f;
      tap_grid_tile_rect (&self->layout, self->hovered, &x, &y);
      tap_frame_append (snapshot,
                        &GRAPHENE_RECT_INIT (left + x - 1, y - 1, self->layout.tile_width + 2,
                                             self->layout.tile_height + 2),
                        2, 2, &soft);
    }
  if (selected >= 0)
    {
      tap_grid_tile_rect (&self->layout, selected, &x, &y);
      tap_frame_append (snapshot,
                        &GRAPHENE_RECT_INIT (left + x - 3, y - 3, self->layout.tile_width + 6,
                                             self->layout.tile_height + 6),
                        2, 3, &accent);
    }
}

static void
tap_grid_view_measure (GtkWidget *widget,
                       GtkOrientation orientation,
                       int for_size,
                       int *minimum,
                       int *natural,
                       int *minimum_baseline,
                       int *natural_baseline)
{
  TapGridView *self = TAP_GRID_VIEW (widget);

  /* Narrower than the grid drawn last is fine: the owner lays it out again for the new width. */
  *minimum = *natural =
    orientation == GTK_ORIENTATION_HORIZONTAL ? 64 : (int) ceil (self->layout.height);
}

static void
tap_grid_view_dispose (GObject *object)
{
  TapGridView *self = TAP_GRID_VIEW (object);

  g_clear_object (&self->texture);
  g_clear_pointer (&self->order, g_free);
  self->layout.n_tiles = 0;

  G_OBJECT_CLASS (tap_grid_view_parent_class)->dispose (object);
}

static void
tap_grid_view_class_init (TapGridViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tap_grid_view_dispose;
  widget_class->snapshot = tap_grid_view_snapshot;
  widget_class->measure = tap_grid_view_measure;

  signals[SIGNAL_UNIT_SELECTED] =
    g_signal_new ("unit-selected", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                  NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  signals[SIGNAL_UNIT_ACTIVATED] =
    g_signal_new ("unit-activated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                  NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  signals[SIGNAL_HOVERED] =
    g_signal_new ("hovered", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 3, G_TYPE_INT, G_TYPE_INT, G_TYPE_INT);

  gtk_widget_class_set_css_name (widget_class, "tap-grid");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
tap_grid_view_init (TapGridView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *controller;

  self->selected = self->hovered = -1;
  gtk_widget_set_focusable (widget, TRUE);

  controller = GTK_EVENT_CONTROLLER (gtk_gesture_click_new ());
  g_signal_connect (controller, "pressed", G_CALLBACK (pressed_cb), self);
  gtk_widget_add_controller (widget, controller);

  controller = gtk_event_controller_motion_new ();
  g_signal_connect (controller, "motion", G_CALLBACK (motion_cb), self);
  g_signal_connect (controller, "leave", G_CALLBACK (leave_cb), self);
  gtk_widget_add_controller (widget, controller);

  controller = gtk_event_controller_key_new ();
  g_signal_connect (controller, "key-pressed", G_CALLBACK (key_cb), self);
  gtk_widget_add_controller (widget, controller);
  update_label (self);
}

GtkWidget *
tap_grid_view_new (void)
{
  return g_object_new (TAP_TYPE_GRID_VIEW, NULL);
}

void
tap_grid_view_set_grid (TapGridView *self,
                        const TapGridLayout *layout,
                        int *order,
                        GdkTexture *texture)
{
  g_return_if_fail (TAP_IS_GRID_VIEW (self));

  g_free (self->order);
  self->order = order;
  self->layout = *layout;
  g_set_object (&self->texture, texture);
  self->hovered = -1;
  update_label (self);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

void
tap_grid_view_clear (TapGridView *self)
{
  TapGridLayout none = { 0 };

  g_return_if_fail (TAP_IS_GRID_VIEW (self));
  tap_grid_view_set_grid (self, &none, NULL, NULL);
}

void
tap_grid_view_set_selected (TapGridView *self, int unit)
{
  g_return_if_fail (TAP_IS_GRID_VIEW (self));

  if (self->selected == unit)
    return;
  self->selected = unit;
  update_label (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

int
tap_grid_view_get_selected (TapGridView *self)
{
  g_return_val_if_fail (TAP_IS_GRID_VIEW (self), -1);
  return self->selected;
}
