/* tap-map-view.c - one heat map: crisp cells, a value under the pointer
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The surface has one pixel per cell and is enlarged without smoothing, so that what is seen is what was
 * computed. */
#include "config.h"

#include "app/widgets/tap-map-view.h"

#include "app/widgets/tap-frame.h"

#include <glib/gi18n.h>
#include <math.h>

struct _TapMapView
{
  GtkWidget parent_instance;

  cairo_surface_t *surface;
  double aspect;
  char *placeholder;
  int cursor_x, cursor_y;
};

G_DEFINE_FINAL_TYPE (TapMapView, tap_map_view, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_HOVERED,
  SIGNAL_CELL_ACTIVATED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
cells (TapMapView *self, int *columns, int *rows)
{
  *columns = self->surface != NULL ? cairo_image_surface_get_width (self->surface) : 0;
  *rows = self->surface != NULL ? cairo_image_surface_get_height (self->surface) : 0;
}

static double
map_aspect (TapMapView *self)
{
  int columns, rows;

  if (self->aspect > 0)
    return self->aspect;
  cells (self, &columns, &rows);
  return rows > 0 ? (double) columns / rows : 1;
}

/* Where the map lies in the widget. */
static void
place (TapMapView *self, double *x, double *y, double *width, double *height)
{
  double w = gtk_widget_get_width (GTK_WIDGET (self)),
         h = gtk_widget_get_height (GTK_WIDGET (self));
  double aspect = map_aspect (self);

  *width = MIN (w, h * aspect);
  *height = *width / aspect;
  *x = floor ((w - *width) / 2);
  *y = floor ((h - *height) / 2);
}

static gboolean
cell_at (TapMapView *self, double px, double py, int *cx, int *cy)
{
  double x, y, w, h;
  int columns, rows;

  cells (self, &columns, &rows);
  place (self, &x, &y, &w, &h);
  if (columns == 0 || w <= 0 || px < x || py < y || px >= x + w || py >= y + h)
    return FALSE;
  *cx = CLAMP ((int) ((px - x) / w * columns), 0, columns - 1);
  *cy = CLAMP ((int) ((py - y) / h * rows), 0, rows - 1);
  return TRUE;
}

static void
motion_cb (GtkEventControllerMotion *controller, double x, double y, TapMapView *self)
{
  int cx = -1, cy = -1;

  cell_at (self, x, y, &cx, &cy);
  g_signal_emit (self, signals[SIGNAL_HOVERED], 0, cx, cy);
}

static void
leave_cb (GtkEventControllerMotion *controller, TapMapView *self)
{
  g_signal_emit (self, signals[SIGNAL_HOVERED], 0, -1, -1);
}

static void
pressed_cb (GtkGestureClick *gesture, int n_press, double x, double y, TapMapView *self)
{
  int cx, cy;

  gtk_widget_grab_focus (GTK_WIDGET (self));
  if (cell_at (self, x, y, &cx, &cy))
    g_signal_emit (self, signals[SIGNAL_CELL_ACTIVATED], 0, cx, cy);
}

static gboolean
key_cb (GtkEventControllerKey *controller,
        guint key,
        guint code,
        GdkModifierType state,
        TapMapView *self)
{
  int columns, rows, dx = 0, dy = 0;

  cells (self, &columns, &rows);
  if (columns == 0)
    return GDK_EVENT_PROPAGATE;
  if (key == GDK_KEY_Left)
    dx = -1;
  else if (key == GDK_KEY_Right)
    dx = 1;
  else if (key == GDK_KEY_Up)
    dy = -1;
  else if (key == GDK_KEY_Down)
    dy = 1;
  else
    return GDK_EVENT_PROPAGATE;
  g_signal_emit (self, signals[SIGNAL_CELL_ACTIVATED], 0,
                 CLAMP (self->cursor_x + dx, 0, columns - 1),
                 CLAMP (self->cursor_y + dy, 0, rows - 1));
  return GDK_EVENT_STOP;
}

static void
draw_placeholder (TapMapView *self, GtkSnapshot *snapshot)
{
  GtkWidget *widget = GTK_WIDGET (self);
  double w = gtk_widget_get_width (widget), h = gtk_widget_get_height (widget);
  g_autoptr (PangoLayout) layout = NULL;
  GskRoundedRect outline;
  GdkRGBA colour, faint;
  int text_height;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &colour);
  faint = colour;
  faint.alpha *= 0.06f;
  colour.alpha *= 0.6f;

  gsk_rounded_rect_init_from_rect (&outline, &GRAPHENE_RECT_INIT (0, 0, w, h), 8);
  gtk_snapshot_push_rounded_clip (snapshot, &outline);
  gtk_snapshot_append_color (snapshot, &faint, &GRAPHENE_RECT_INIT (0, 0, w, h));
  gtk_snapshot_pop (snapshot);

  if (self->placeholder == NULL || w < 40)
    return;
  layout = gtk_widget_create_pango_layout (widget, self->placeholder);
  pango_layout_set_width (layout, (int) (w - 24) * PANGO_SCALE);
  pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_alignment (layout, PANGO_ALIGN_CENTER);
  pango_layout_get_pixel_size (layout, NULL, &text_height);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot,
                          &GRAPHENE_POINT_INIT (12, (float) MAX (0, (h - text_height) / 2)));
  gtk_snapshot_append_layout (snapshot, layout, &colour);
  gtk_snapshot_restore (snapshot);
}

static void
tap_map_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  TapMapView *self = TAP_MAP_VIEW (widget);
  double x, y, w, h;
  int columns, rows;
  cairo_t *cr;

  if (self->surface == NULL)
    {
      draw_placeholder (self, snapshot);
      return;
    }
  place (self, &x, &y, &w, &h);
  cells (self, &columns, &rows);
  if (w <= 0 || h <= 0)
    return;

  cr =
    gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, gtk_widget_get_width (widget),
                                                              gtk_widget_get_height (widget)));
  cairo_translate (cr, x, y);
  cairo_scale (cr, w / columns, h / rows);
  cairo_set_source_surface (cr, self->surface, 0, 0);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_NEAREST);
  cairo_rectangle (cr, 0, 0, columns, rows);
  cairo_fill (cr);

  if (self->cursor_x >= 0 && self->cursor_x < columns && self->cursor_y >= 0 &&
      self->cursor_y < rows)
    {
      double cw = w / columns, ch = h / rows;

      /* A white line within a dark one is seen on every colour map. */
      cairo_identity_matrix (cr);
      cairo_translate (cr, x, y);
      cairo_rectangle (cr, self->cursor_x * cw - 0.5, self->cursor_y * ch - 0.5, MAX (cw, 5) + 1,
                       MAX (ch, 5) + 1);
      cairo_set_source_rgba (cr, 0, 0, 0, 0.85);
      cairo_set_line_width (cr, 3);
      cairo_stroke_preserve (cr);
      cairo_set_source_rgb (cr, 1, 1, 1);
      cairo_set_line_width (cr, 1.2);
      cairo_stroke (cr);
    }
  cairo_destroy (cr);

  if (gtk_widget_has_focus (widget))
    {
      GdkRGBA accent = tap_frame_accent (widget);

      tap_frame_append (snapshot, &GRAPHENE_RECT_INIT (x - 2, y - 2, w + 4, h + 4), 3, 2, &accent);
    }
}

static GtkSizeRequestMode
tap_map_view_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
tap_map_view_measure (GtkWidget *widget,
                      GtkOrientation orientation,
                      int for_size,
                      int *minimum,
                      int *natural,
                      int *minimum_baseline,
                      int *natural_baseline)
{
  TapMapView *self = TAP_MAP_VIEW (widget);

  *minimum = 72;
  *natural = 72;
  if (orientation == GTK_ORIENTATION_VERTICAL && for_size > 0)
    *natural = MAX (*natural, (int) (for_size / map_aspect (self)));
}

static void
tap_map_view_dispose (GObject *object)
{
  TapMapView *self = TAP_MAP_VIEW (object);

  g_clear_pointer (&self->surface, cairo_surface_destroy);
  g_clear_pointer (&self->placeholder, g_free);

  G_OBJECT_CLASS (tap_map_view_parent_class)->dispose (object);
}

static void
tap_map_view_class_init (TapMapViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tap_map_view_dispose;
  widget_class->snapshot = tap_map_view_snapshot;
  widget_class->measure = tap_map_view_measure;
  widget_class->get_request_mode = tap_map_view_get_request_mode;

  signals[SIGNAL_HOVERED] =
    g_signal_new ("hovered", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2, G_TYPE_INT, G_TYPE_INT);
  signals[SIGNAL_CELL_ACTIVATED] =
    g_signal_new ("cell-activated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                  NULL, G_TYPE_NONE, 2, G_TYPE_INT, G_TYPE_INT);

  gtk_widget_class_set_css_name (widget_class, "tap-map");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
tap_map_view_init (TapMapView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *controller;

  self->cursor_x = self->cursor_y = -1;
  gtk_widget_set_focusable (widget, TRUE);
  gtk_widget_set_hexpand (widget, TRUE);

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

  g_signal_connect_swapped (self, "notify::has-focus", G_CALLBACK (gtk_widget_queue_draw), self);
  tap_map_view_set_description (self, _ ("Map"));
}

GtkWidget *
tap_map_view_new (void)
{
  return g_object_new (TAP_TYPE_MAP_VIEW, NULL);
}

void
tap_map_view_set_surface (TapMapView *self, cairo_surface_t *surface)
{
  g_return_if_fail (TAP_IS_MAP_VIEW (self));

  if (surface != NULL)
    cairo_surface_reference (surface);
  g_clear_pointer (&self->surface, cairo_surface_destroy);
  self->surface = surface;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
tap_map_view_set_aspect (TapMapView *self, double width_by_height)
{
  g_return_if_fail (TAP_IS_MAP_VIEW (self));
  self->aspect = width_by_height;
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

void
tap_map_view_set_placeholder (TapMapView *self, const char *text)
{
  g_return_if_fail (TAP_IS_MAP_VIEW (self));
  g_free (self->placeholder);
  self->placeholder = g_strdup (text);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
tap_map_view_set_cursor (TapMapView *self, int x, int y)
{
  g_return_if_fail (TAP_IS_MAP_VIEW (self));

  if (self->cursor_x == x && self->cursor_y == y)
    return;
  self->cursor_x = x;
  self->cursor_y = y;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
tap_map_view_set_description (TapMapView *self, const char *text)
{
  g_return_if_fail (TAP_IS_MAP_VIEW (self));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
}
