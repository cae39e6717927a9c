/* tap-diagram-view.c - the network drawing: pan, zoom, select, find, by pointer and keyboard
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The drawing itself is an immutable TapDiagram made elsewhere; this widget holds where the user looks
 * (scale and offset: widget = scale × drawing + offset) and what is chosen. A view that has never been
 * moved by hand follows the size of the widget. */
#include "config.h"

#include "app/widgets/tap-camera.h"
#include "app/widgets/tap-diagram-feed.h"
#include "app/widgets/tap-diagram-view.h"

#include <adwaita.h>
#include <glib/gi18n.h>
#include <math.h>

/* A tall network fitted whole would be a thread of dots; the first look stays legible instead. */
#define FIRST_SCALE_MIN 0.62

struct _TapDiagramView
{
  GtkWidget parent_instance;

  TapDiagramFeed *feed; /* NULL until a document is set */
  TapDiagram *diagram;
  int selected; /* graph node */
  int hovered;  /* box */
  char *find;

  TapCamera camera;
  gboolean placed; /* the user, or a first fit, has chosen the view */
  int follow_node; /* to be scrolled into view once there is a size */

  double drag_x, drag_y;
  gboolean dragging;
  double pinch_scale;

  TapDiagramTip tip;
  gpointer tip_data;
};

G_DEFINE_FINAL_TYPE (TapDiagramView, tap_diagram_view, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_NODE_SELECTED,
  SIGNAL_BLOCK_TOGGLED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
update_label (TapDiagramView *self)
{
  g_autofree char *label = NULL;
  int box = self->diagram != NULL ? tap_diagram_find_box (self->diagram, self->selected) : -1;

  if (box >= 0)
    {
      const TapDiagramBox *b = tap_diagram_get_box (self->diagram, box);

      /* Translators: layer name, what it does, shape of its output */
      label = g_strdup_printf (_ ("Network drawing. Selected: %s, %s, %s"), b->title, b->subtitle,
                               b->shape);
    }
  else
    label = g_strdup (_ ("Network drawing"));

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

/* The camera, with the sizes of now. */
static TapCamera *
get_camera (TapDiagramView *self)
{
  self->camera.view_width = gtk_widget_get_width (GTK_WIDGET (self));
  self->camera.view_height = gtk_widget_get_height (GTK_WIDGET (self));
  self->camera.width = self->camera.height = 0;
  if (self->diagram != NULL)
    tap_diagram_get_size (self->diagram, &self->camera.width, &self->camera.height);
  return &self->camera;
}

static void
scroll_to (TapDiagramView *self, int node)
{
  const TapDiagramBox *box;
  int i;

  if (self->diagram == NULL || node < 0)
    return;
  if (gtk_widget_get_width (GTK_WIDGET (self)) <= 0)
    {
      self->follow_node = node;
      return;
    }
  i = tap_diagram_find_box (self->diagram, node);
  if (i < 0)
    return;
  box = tap_diagram_get_box (self->diagram, i);
  tap_camera_show (get_camera (self), box->x, box->y, box->width, box->height);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
zoom_at (TapDiagramView *self, double factor, double px, double py)
{
  tap_camera_zoom_at (get_camera (self), factor, px, py);
  self->placed = TRUE;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static int
box_at (TapDiagramView *self, double x, double y)
{
  if (self->diagram == NULL)
    return -1;
  tap_camera_to_drawing (&self->camera, &x, &y);
  return tap_diagram_hit (self->diagram, x, y);
}

static void
choose_box (TapDiagramView *self, int i)
{
  const TapDiagramBox *box = tap_diagram_get_box (self->diagram, i);

  if (box->node < 0)
    return;
  self->selected = box->node;
  update_label (self);
  scroll_to (self, box->node);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit (self, signals[SIGNAL_NODE_SELECTED], 0, box->node);
}

static void
toggle_box (TapDiagramView *self, int i)
{
  const TapDiagramBox *box = tap_diagram_get_box (self->diagram, i);

  if (box->is_block && box->block >= 0)
    g_signal_emit (self, signals[SIGNAL_BLOCK_TOGGLED], 0, box->block);
}

static void
pressed_cb (GtkGestureClick *gesture, int n_press, double x, double y, TapDiagramView *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self));
  self->dragging = FALSE;
}

static void
released_cb (GtkGestureClick *gesture, int n_press, double x, double y, TapDiagramView *self)
{
  int box;

  if (self->dragging)
    return;
  box = box_at (self, x, y);
  if (box < 0)
    return;
  if (n_press == 2)
    toggle_box (self, box);
  else if (n_press == 1)
    choose_box (self, box);
}

static void
drag_begin_cb (GtkGestureDrag *gesture, double x, double y, TapDiagramView *self)
{
  self->drag_x = self->camera.x;
  self->drag_y = self->camera.y;
}

static void
drag_update_cb (GtkGestureDrag *gesture, double dx, double dy, TapDiagramView *self)
{
  if (!self->dragging && hypot (dx, dy) < 5)
    return;
  if (!self->dragging)
    gtk_widget_set_cursor_from_name (GTK_WIDGET (self), "grabbing");
  self->dragging = TRUE;
  self->placed = TRUE;
  self->camera.x = self->drag_x + dx;
  self->camera.y = self->drag_y + dy;
  tap_camera_clamp (get_camera (self));
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
drag_end_cb (GtkGestureDrag *gesture, double dx, double dy, TapDiagramView *self)
{
  gtk_widget_set_cursor (GTK_WIDGET (self), NULL);
}

static gboolean
scroll_cb (GtkEventControllerScroll *controller, double dx, double dy, TapDiagramView *self)
{
  GdkModifierType state =
    gtk_event_controller_get_current_event_state (GTK_EVENT_CONTROLLER (controller));
  double step = 48;

  if (state & GDK_CONTROL_MASK)
    {
      GdkEvent *event = gtk_event_controller_get_current_event (GTK_EVENT_CONTROLLER (controller));
      double px = gtk_widget_get_width (GTK_WIDGET (self)) / 2.0,
             py = gtk_widget_get_height (GTK_WIDGET (self)) / 2.0;
      double ex, ey;

      if (gdk_event_get_position (event, &ex, &ey))
        {
          GtkNative *native = gtk_widget_get_native (GTK_WIDGET (self));
          double nx, ny;

          gtk_native_get_surface_transform (native, &nx, &ny);
          gtk_widget_translate_coordinates (GTK_WIDGET (native), GTK_WIDGET (self), ex - nx,
                                            ey - ny, &px, &py);
        }
      zoom_at (self, pow (1.15, -dy), px, py);
      return GDK_EVENT_STOP;
    }

  if (state & GDK_SHIFT_MASK)
    {
      double swap = dx;

      dx = dy;
      dy = swap;
    }
  self->placed = TRUE;
  self->camera.x -= dx * step;
  self->camera.y -= dy * step;
  tap_camera_clamp (get_camera (self));
  gtk_widget_queue_draw (GTK_WIDGET (self));
  return GDK_EVENT_STOP;
}

static void
pinch_begin_cb (GtkGesture *gesture, GdkEventSequence *sequence, TapDiagramView *self)
{
  self->pinch_scale = self->camera.scale;
}

static void
pinch_cb (GtkGestureZoom *gesture, double scale, TapDiagramView *self)
{
  double x, y;

  if (gtk_gesture_get_bounding_box_center (GTK_GESTURE (gesture), &x, &y))
    zoom_at (self, self->pinch_scale * scale / self->camera.scale, x, y);
}

static void
motion_cb (GtkEventControllerMotion *controller, double x, double y, TapDiagramView *self)
{
  int box = box_at (self, x, y);

  if (box == self->hovered)
    return;
  self->hovered = box;
  gtk_widget_trigger_tooltip_query (GTK_WIDGET (self));
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
leave_cb (GtkEventControllerMotion *controller, TapDiagramView *self)
{
  self->hovered = -1;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static gboolean
key_cb (GtkEventControllerKey *controller,
        guint key,
        guint code,
        GdkModifierType state,
        TapDiagramView *self)
{
  int box, direction = -1;

  if (self->diagram == NULL || (state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) != 0)
    return GDK_EVENT_PROPAGATE;

  box = tap_diagram_find_box (self->diagram, self->selected);
  switch (key)
    {
    case GDK_KEY_Up:
      direction = 0;
      break;
    case GDK_KEY_Down:
      direction = 1;
      break;
    case GDK_KEY_Left:
      direction = 2;
      break;
    case GDK_KEY_Right:
      direction = 3;
      break;
    case GDK_KEY_Return:
    case GDK_KEY_KP_Enter:
    case GDK_KEY_space:
      if (box < 0)
        return GDK_EVENT_PROPAGATE;
      toggle_box (self, box);
      return GDK_EVENT_STOP;
    case GDK_KEY_plus:
    case GDK_KEY_equal:
    case GDK_KEY_KP_Add:
      tap_diagram_view_zoom_by (self, 1.25);
      return GDK_EVENT_STOP;
    case GDK_KEY_minus:
    case GDK_KEY_KP_Subtract:
      tap_diagram_view_zoom_by (self, 1 / 1.25);
      return GDK_EVENT_STOP;
    case GDK_KEY_0:
    case GDK_KEY_Home:
      tap_diagram_view_fit (self);
      return GDK_EVENT_STOP;
    default:
      return GDK_EVENT_PROPAGATE;
    }

  if (box < 0)
    {
      if (tap_diagram_n_boxes (self->diagram) > 0)
        choose_box (self, 0);
      return GDK_EVENT_STOP;
    }
  box = tap_diagram_neighbour (self->diagram, box, direction);
  if (box >= 0)
    choose_box (self, box);
  return GDK_EVENT_STOP;
}

static gboolean
tap_diagram_view_query_tooltip (GtkWidget *widget,
                                int x,
                                int y,
                                gboolean keyboard,
                                GtkTooltip *tooltip)
{
  TapDiagramView *self = TAP_DIAGRAM_VIEW (widget);
  int box = keyboard ? -1 : box_at (self, x, y);
  g_autofree char *text = NULL;
  const TapDiagramBox *b;
  GdkRectangle area;

  if (box < 0 || self->tip == NULL)
    return FALSE;
  b = tap_diagram_get_box (self->diagram, box);
  text = self->tip (b->node, self->tip_data);
  if (text == NULL)
    return FALSE;
  area = (GdkRectangle){ b->x * self->camera.scale + self->camera.x,
                         b->y * self->camera.scale + self->camera.y, b->width * self->camera.scale,
                         b->height * self->camera.scale };
  gtk_tooltip_set_tip_area (tooltip, &area);
  gtk_tooltip_set_text (tooltip, text);
  return TRUE;
}

static void
tap_diagram_view_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  TapDiagramView *self = TAP_DIAGRAM_VIEW (widget);

  if (self->diagram == NULL)
    return;
  if (!self->placed && width > 1 && height > 1)
    tap_camera_fit (get_camera (self), FIRST_SCALE_MIN);
  else
    tap_camera_clamp (get_camera (self));
  if (self->follow_node >= 0)
    {
      int node = self->follow_node;

      self->follow_node = -1;
      scroll_to (self, node);
    }
}

static void
tap_diagram_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  TapDiagramView *self = TAP_DIAGRAM_VIEW (widget);
  int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  TapDiagramStyle style = { 0 };
  GdkRGBA accent = { 0.21f, 0.52f, 0.89f, 1.0f };
  cairo_rectangle_t clip;
  graphene_rect_t bounds;
  cairo_t *cr;

  if (self->diagram == NULL || width <= 0 || height <= 0)
    return;

  gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), "accent_bg_color",
                                  &accent);
  style.dark = adw_style_manager_get_dark (adw_style_manager_get_default ());
  style.selected = self->selected;
  style.hovered = self->hovered;
  style.focused = gtk_widget_has_focus (widget);
  style.find = self->find;
  style.scale = self->camera.scale;
  style.accent = ((guint32) (accent.red * 255) << 16) | ((guint32) (accent.green * 255) << 8) |
                 (guint32) (accent.blue * 255);

  clip =
    (cairo_rectangle_t){ -self->camera.x / self->camera.scale, -self->camera.y / self->camera.scale,
                         width / self->camera.scale, height / self->camera.scale };
  graphene_rect_init (&bounds, 0, 0, width, height);
  cr = gtk_snapshot_append_cairo (snapshot, &bounds);
  cairo_translate (cr, self->camera.x, self->camera.y);
  cairo_scale (cr, self->camera.scale, self->camera.scale);
  tap_diagram_draw (self->diagram, cr, &clip, &style);
  cairo_destroy (cr);
}

static void
tap_diagram_view_dispose (GObject *object)
{
  TapDiagramView *self = TAP_DIAGRAM_VIEW (object);

  g_clear_pointer (&self->feed, tap_diagram_feed_free);
  g_clear_pointer (&self->diagram, tap_diagram_unref);
  g_clear_pointer (&self->find, g_free);
  self->tip = NULL;

  G_OBJECT_CLASS (tap_diagram_view_parent_class)->dispose (object);
}

static void
tap_diagram_view_class_init (TapDiagramViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = tap_diagram_view_dispose;
  widget_class->snapshot = tap_diagram_view_snapshot;
  widget_class->size_allocate = tap_diagram_view_size_allocate;
  widget_class->query_tooltip = tap_diagram_view_query_tooltip;

  signals[SIGNAL_NODE_SELECTED] =
    g_signal_new ("node-selected", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                  NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  signals[SIGNAL_BLOCK_TOGGLED] =
    g_signal_new ("block-toggled", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                  NULL, G_TYPE_NONE, 1, G_TYPE_INT);

  gtk_widget_class_set_css_name (widget_class, "tap-diagram");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
tap_diagram_view_init (TapDiagramView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkGesture *gesture;
  GtkEventController *controller;

  self->selected = self->hovered = self->follow_node = -1;
  self->camera.scale = 1;

  gtk_widget_set_focusable (widget, TRUE);
  gtk_widget_set_overflow (widget, GTK_OVERFLOW_HIDDEN);
  gtk_widget_set_has_tooltip (widget, TRUE);
  gtk_widget_set_hexpand (widget, TRUE);
  gtk_widget_set_vexpand (widget, TRUE);

  gesture = gtk_gesture_drag_new ();
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (gesture), 0);
  g_signal_connect (gesture, "drag-begin", G_CALLBACK (drag_begin_cb), self);
  g_signal_connect (gesture, "drag-update", G_CALLBACK (drag_update_cb), self);
  g_signal_connect (gesture, "drag-end", G_CALLBACK (drag_end_cb), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (gesture));

  gesture = gtk_gesture_click_new ();
  g_signal_connect (gesture, "pressed", G_CALLBACK (pressed_cb), self);
  g_signal_connect (gesture, "released", G_CALLBACK (released_cb), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (gesture));

  gesture = gtk_gesture_zoom_new ();
  g_signal_connect (gesture, "begin", G_CALLBACK (pinch_begin_cb), self);
  g_signal_connect (gesture, "scale-changed", G_CALLBACK (pinch_cb), self);
  gtk_widget_add_controller (widget, GTK_EVENT_CONTROLLER (gesture));

  controller = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);
  g_signal_connect (controller, "scroll", G_CALLBACK (scroll_cb), self);
  gtk_widget_add_controller (widget, controller);

  controller = gtk_event_controller_motion_new ();
  g_signal_connect (controller, "motion", G_CALLBACK (motion_cb), self);
  g_signal_connect (controller, "leave", G_CALLBACK (leave_cb), self);
  gtk_widget_add_controller (widget, controller);

  controller = gtk_event_controller_key_new ();
  g_signal_connect (controller, "key-pressed", G_CALLBACK (key_cb), self);
  gtk_widget_add_controller (widget, controller);

  g_signal_connect_swapped (self, "notify::has-focus", G_CALLBACK (gtk_widget_queue_draw), self);
  g_signal_connect_object (adw_style_manager_get_default (), "notify::dark",
                           G_CALLBACK (gtk_widget_queue_draw), self, G_CONNECT_SWAPPED);
  update_label (self);
}

GtkWidget *
tap_diagram_view_new (void)
{
  return g_object_new (TAP_TYPE_DIAGRAM_VIEW, NULL);
}

void
tap_diagram_view_set_diagram (TapDiagramView *self, TapDiagram *diagram, gboolean keep_view)
{
  g_return_if_fail (TAP_IS_DIAGRAM_VIEW (self));

  if (diagram != NULL)
    tap_diagram_ref (diagram);
  g_clear_pointer (&self->diagram, tap_diagram_unref);
  self->diagram = diagram;
  self->hovered = -1;

  if (!keep_view)
    {
      self->placed = FALSE;
      self->selected = -1;
      if (gtk_widget_get_width (GTK_WIDGET (self)) > 1)
        tap_camera_fit (get_camera (self), FIRST_SCALE_MIN);
    }
  else
    {
      tap_camera_clamp (get_camera (self));
      scroll_to (self, self->selected);
    }
  update_label (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

TapDiagram *
tap_diagram_view_dup_diagram (TapDiagramView *self)
{
  g_return_val_if_fail (TAP_IS_DIAGRAM_VIEW (self), NULL);
  return self->diagram != NULL ? tap_diagram_ref (self->diagram) : NULL;
}

void
tap_diagram_view_set_document (TapDiagramView *self, TapDocument *document)
{
  g_return_if_fail (TAP_IS_DIAGRAM_VIEW (self));

  g_clear_pointer (&self->feed, tap_diagram_feed_free);
  if (document != NULL)
    self->feed = tap_diagram_feed_new (self, document);
}

void
tap_diagram_view_set_collapse (TapDiagramView *self, gboolean collapse)
{
  g_return_if_fail (TAP_IS_DIAGRAM_VIEW (self));
  if (self->feed != NULL)
    tap_diagram_feed_set_collapse (self->feed, collapse);
}

void
tap_diagram_view_set_selected (TapDiagramView *self, int node)
{
  g_return_if_fail (TAP_IS_DIAGRAM_VIEW (self));

  if (self->selected == node)
    return;
  self->selected = node;
  scroll_to (self, node);
  update_label (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

int
tap_diagram_view_get_selected (TapDiagramView *self)
{
  g_return_val_if_fail (TAP_IS_DIAGRAM_VIEW (self), -1);
  return self->selected;
}

static gboolean
box_matches (const TapDiagramBox *box, const char *needle)
{
  g_autofree char *text = g_strdup_printf ("%s %s %s", box->title, box->subtitle, box->shape);
  g_autofree char *folded = g_utf8_strdown (text, -1);

  return strstr (folded, needle) != NULL;
}

int
tap_diagram_view_set_find (TapDiagramView *self, const char *text)
{
  int n = 0;

  g_return_val_if_fail (TAP_IS_DIAGRAM_VIEW (self), 0);

  g_clear_pointer (&self->find, g_free);
  if (text != NULL && *text != '\0')
    self->find = g_utf8_strdown (text, -1);
  if (self->find != NULL && self->diagram != NULL)
    for (int i = 0; i < tap_diagram_n_boxes (self->diagram); i++)
      n += box_matches (tap_diagram_get_box (self->diagram, i), self->find);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  return n;
}

void
tap_diagram_view_find_next (TapDiagramView *self, gboolean forward)
{
  int n, start;

  g_return_if_fail (TAP_IS_DIAGRAM_VIEW (self));
  if (self->find == NULL || self->diagram == NULL)
    return;

  n = tap_diagram_n_boxes (self->diagram);
  start = tap_diagram_find_box (self->diagram, self->selected);
  for (int k = 1; k <= n; k++)
    {
      int i = forward ? (start + k) % n : (MAX (start, 0) - k + n) % n;

      if (box_matches (tap_diagram_get_box (self->diagram, i), self->find))
        {
          choose_box (self, i);
          return;
        }
    }
}

void
tap_diagram_view_fit (TapDiagramView *self)
{
  g_return_if_fail (TAP_IS_DIAGRAM_VIEW (self));
  self->placed = TRUE;
  tap_camera_fit (get_camera (self), 0);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
tap_diagram_view_zoom_by (TapDiagramView *self, double factor)
{
  g_return_if_fail (TAP_IS_DIAGRAM_VIEW (self));
  zoom_at (self, factor, gtk_widget_get_width (GTK_WIDGET (self)) / 2.0,
           gtk_widget_get_height (GTK_WIDGET (self)) / 2.0);
}

void
tap_diagram_view_set_tip_func (TapDiagramView *self, TapDiagramTip func, gpointer user_data)
{
  g_return_if_fail (TAP_IS_DIAGRAM_VIEW (self));
  self->tip = func;
  self->tip_data = user_data;
}
