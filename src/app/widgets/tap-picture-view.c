/* tap-picture-view.c - the picture as the network sees it, with a mask to drag, a map laid over it, a box
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Everything is in pixels of the network's input; the view only scales. The mask may hang over the border
 * by up to all but one pixel, so that corners can be covered by any size of mask. */
#include "config.h"

#include "app/widgets/tap-picture-view.h"

#include "app/widgets/tap-frame.h"

#include <glib/gi18n.h>
#include <math.h>

#define HANDLE     9.0 /* drawn, half a side */
#define HANDLE_HIT 14  /* around it, in widget pixels */
#define MASK_MIN   2

typedef enum
{
  GRIP_NONE,
  GRIP_MOVE,
  GRIP_TOP_LEFT,
  GRIP_TOP_RIGHT,
  GRIP_BOTTOM_LEFT,
  GRIP_BOTTOM_RIGHT,
} Grip;

struct _TapPictureView
{
  GtkWidget parent_instance;

  GdkTexture *texture;
  cairo_surface_t *overlay;
  double overlay_opacity;
  TapRect box;

  gboolean mask_enabled;
  TapRect mask;
  guint32 fill;
  GdkTexture *through;

  Grip grip;
  TapRect grabbed; /* the mask when the drag began */
};

G_DEFINE_FINAL_TYPE (TapPictureView, tap_picture_view, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_MASK_CHANGED,
  SIGNAL_MASK_RELEASED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
picture_size (TapPictureView *self, int *width, int *height)
{
  *width = self->texture != NULL ? gdk_texture_get_width (self->texture) : 0;
  *height = self->texture != NULL ? gdk_texture_get_height (self->texture) : 0;
}

/* Widget = scale × picture + (x, y). */
static double
place (TapPictureView *self, double *x, double *y)
{
  double w = gtk_widget_get_width (GTK_WIDGET (self)),
         h = gtk_widget_get_height (GTK_WIDGET (self)), margin = self->mask_enabled ? HANDLE : 0;
  double scale;
  int width, height;

  picture_size (self, &width, &height);
  if (width == 0 || height == 0)
    {
      *x = *y = 0;
      return 1;
    }
  scale = MAX (0.01, MIN ((w - 2 * margin) / width, (h - 2 * margin) / height));
  *x = floor ((w - width * scale) / 2);
  *y = floor ((h - height * scale) / 2);
  return scale;
}

static void
update_label (TapPictureView *self)
{
  g_autofree char *label = NULL;

  if (self->mask_enabled)
    label = g_strdup_printf (_ ("Picture with a mask of %d pixels at column %d, row %d. Arrow keys "
                                "move it, plus and minus resize it."),
                             self->mask.width, self->mask.x, self->mask.y);
  else
    label = g_strdup (_ ("Picture as the network sees it"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

/* Keeps at least one pixel of the mask on the picture. FALSE when nothing changed. */
static gboolean
move_mask (TapPictureView *self, int x, int y, int size)
{
  int width, height;
  TapRect mask;

  picture_size (self, &width, &height);
  if (width == 0)
    return FALSE;
  size = CLAMP (size, MASK_MIN, MAX (width, height));
  mask = (TapRect){ CLAMP (x, 1 - size, width - 1), CLAMP (y, 1 - size, height - 1), size, size };
  if (memcmp (&mask, &self->mask, sizeof mask) == 0)
    return FALSE;
  self->mask = mask;
  update_label (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  return TRUE;
}

static void
change_mask (TapPictureView *self, int x, int y, int size)
{
  if (move_mask (self, x, y, size))
    g_signal_emit (self, signals[SIGNAL_MASK_CHANGED], 0);
}

static void
resize_about_centre (TapPictureView *self, int size)
{
  int delta;

  size = MAX (MASK_MIN, size);
  delta = (self->mask.width - size) / 2;
  change_mask (self, self->mask.x + delta, self->mask.y + delta, size);
}

static gboolean
near (double x, double y, double px, double py)
{
  return fabs (x - px) <= HANDLE_HIT && fabs (y - py) <= HANDLE_HIT;
}

static Grip
grip_at (TapPictureView *self, double px, double py)
{
  double x, y, scale = place (self, &x, &y);
  double left = x + self->mask.x * scale, top = y + self->mask.y * scale;
  double right = left + self->mask.width * scale, bottom = top + self->mask.height * scale;
  int width, height;

  picture_size (self, &width, &height);
  if (!self->mask_enabled || width == 0)
    return GRIP_NONE;

  /* On a mask smaller than its handles moving is what people want. */
  if (right - left > 4 * HANDLE)
    {
      if (near (px, py, left, top))
        return GRIP_TOP_LEFT;
      if (near (px, py, right, top))
        return GRIP_TOP_RIGHT;
      if (near (px, py, left, bottom))
        return GRIP_BOTTOM_LEFT;
      if (near (px, py, right, bottom))
        return GRIP_BOTTOM_RIGHT;
    }
  if (px >= x && py >= y && px < x + width * scale && py < y + height * scale)
    return GRIP_MOVE;
  return GRIP_NONE;
}

static const char *
grip_cursor (Grip grip)
{
  switch (grip)
    {
    case GRIP_MOVE:
      return "move";
    case GRIP_TOP_LEFT:
    case GRIP_BOTTOM_RIGHT:
      return "nwse-resize";
    case GRIP_TOP_RIGHT:
    case GRIP_BOTTOM_LEFT:
      return "nesw-resize";
    case GRIP_NONE:
    default:
      return NULL;
    }
}

static void
drag_begin_cb (GtkGestureDrag *gesture, double px, double py, TapPictureView *self)
{
  double x, y, scale = place (self, &x, &y);

  gtk_widget_grab_focus (GTK_WIDGET (self));
  self->grip = grip_at (self, px, py);
  if (self->grip == GRIP_NONE)
    {
      gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_DENIED);
      return;
    }
  gtk_gesture_set_state (GTK_GESTURE (gesture), GTK_EVENT_SEQUENCE_CLAIMED);

  /* Pressing outside the mask brings it under the pointer. */
  if (self->grip == GRIP_MOVE)
    {
      double ix = (px - x) / scale, iy = (py - y) / scale;

      if (ix < self->mask.x || iy < self->mask.y || ix >= self->mask.x + self->mask.width ||
          iy >= self->mask.y + self->mask.height)
        change_mask (self, (int) lround (ix - self->mask.width / 2.0),
                     (int) lround (iy - self->mask.height / 2.0), self->mask.width);
    }
  self->grabbed = self->mask;
}

static void
drag_update_cb (GtkGestureDrag *gesture, double dx, double dy, TapPictureView *self)
{
  double x, y, scale = place (self, &x, &y);
  int ix = (int) lround (dx / scale), iy = (int) lround (dy / scale), size;
  TapRect g = self->grabbed;

  switch (self->grip)
    {
    case GRIP_MOVE:
      change_mask (self, g.x + ix, g.y + iy, g.width);
      break;
    case GRIP_BOTTOM_RIGHT:
      change_mask (self, g.x, g.y, g.width + MAX (ix, iy));
      break;
    case GRIP_TOP_LEFT:
      size = MAX (MASK_MIN, g.width - MIN (ix, iy));
      change_mask (self, g.x + g.width - size, g.y + g.height - size, size);
      break;
    case GRIP_TOP_RIGHT:
      size = MAX (MASK_MIN, g.width + MAX (ix, -iy));
      change_mask (self, g.x, g.y + g.height - size, size);
      break;
    case GRIP_BOTTOM_LEFT:
      size = MAX (MASK_MIN, g.width + MAX (-ix, iy));
      change_mask (self, g.x + g.width - size, g.y, size);
      break;
    case GRIP_NONE:
    default:
      break;
    }
}

static void
drag_end_cb (GtkGestureDrag *gesture, double dx, double dy, TapPictureView *self)
{
  if (self->grip != GRIP_NONE)
    g_signal_emit (self, signals[SIGNAL_MASK_RELEASED], 0);
  self->grip = GRIP_NONE;
}

static void
motion_cb (GtkEventControllerMotion *controller, double x, double y, TapPictureView *self)
{
  if (self->grip == GRIP_NONE)
    gtk_widget_set_cursor_from_name (GTK_WIDGET (self), grip_cursor (grip_at (self, x, y)));
}

static gboolean
scroll_cb (GtkEventControllerScroll *controller, double dx, double dy, TapPictureView *self)
{
  if (!self->mask_enabled || self->texture == NULL || dy == 0)
    return GDK_EVENT_PROPAGATE;
  resize_about_centre (self, self->mask.width + (dy < 0 ? 2 : -2) * MAX (1, self->mask.width / 24));
  g_signal_emit (self, signals[SIGNAL_MASK_RELEASED], 0);
  return GDK_EVENT_STOP;
}

static gboolean
key_cb (GtkEventControllerKey *controller,
        guint key,
        guint code,
        GdkModifierType state,
        TapPictureView *self)
{
  int step = (state & GDK_SHIFT_MASK) ? 1 : MAX (1, self->mask.width / 4);
  TapRect m = self->mask;

  if (!self->mask_enabled || self->texture == NULL ||
      (state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) != 0)
    return GDK_EVENT_PROPAGATE;

  switch (key)
    {
    case GDK_KEY_Left:
      change_mask (self, m.x - step, m.y, m.width);
      break;
    case GDK_KEY_Right:
      change_mask (self, m.x + step, m.y, m.width);
      break;
    case GDK_KEY_Up:
      change_mask (self, m.x, m.y - step, m.width);
      break;
    case GDK_KEY_Down:
      change_mask (self, m.x, m.y + step, m.width);
      break;
    case GDK_KEY_plus:
    case GDK_KEY_equal:
    case GDK_KEY_KP_Add:
      resize_about_centre (self, m.width + 2 * MAX (1, m.width / 16));
      break;
    case GDK_KEY_minus:
    case GDK_KEY_KP_Subtract:
      resize_about_centre (self, m.width - 2 * MAX (1, m.width / 16));
      break;
    default:
      return GDK_EVENT_PROPAGATE;
    }
  g_signal_emit (self, signals[SIGNAL_MASK_RELEASED], 0);
  return GDK_EVENT_STOP;
}

/* Dark outside, light inside: visible on any picture. */
static void
append_double_frame (GtkSnapshot *snapshot, graphene_rect_t rect, const GdkRGBA *inner)
{
  const GdkRGBA dark = { 0, 0, 0, 0.75f };
  graphene_rect_t outer = rect;

  graphene_rect_inset (&outer, -2.5f, -2.5f);
  tap_frame_append (snapshot, &outer, 0, 4, &dark);
  graphene_rect_inset (&rect, -1.5f, -1.5f);
  tap_frame_append (snapshot, &rect, 0, 2, inner);
}

static void
draw_mask (TapPictureView *self,
           GtkSnapshot *snapshot,
           double x,
           double y,
           double scale,
           const graphene_rect_t *picture)
{
  graphene_rect_t rect = GRAPHENE_RECT_INIT (x + self->mask.x * scale, y + self->mask.y * scale,
                                             self->mask.width * scale, self->mask.height * scale);
  graphene_rect_t covered;
  const GdkRGBA white = { 1, 1, 1, 1 };

  if (!graphene_rect_intersection (&rect, picture, &covered))
    return;
  if (self->through != NULL)
    {
      gtk_snapshot_push_clip (snapshot, &covered);
      gtk_snapshot_append_texture (snapshot, self->through, picture);
      gtk_snapshot_pop (snapshot);
    }
  else
    {
      GdkRGBA fill = { ((self->fill >> 16) & 0xff) / 255.0f, ((self->fill >> 8) & 0xff) / 255.0f,
                       (self->fill & 0xff) / 255.0f, 1 };

      gtk_snapshot_append_color (snapshot, &fill, &covered);
    }
  append_double_frame (snapshot, rect, &white);

  if (rect.size.width > 4 * HANDLE)
    for (int i = 0; i < 4; i++)
      {
        double cx = rect.origin.x + (i % 2) * rect.size.width,
               cy = rect.origin.y + (i / 2) * rect.size.height;
        graphene_rect_t handle =
          GRAPHENE_RECT_INIT (cx - HANDLE / 2, cy - HANDLE / 2, HANDLE, HANDLE);
        GskRoundedRect round;

        gsk_rounded_rect_init_from_rect (&round, &handle, HANDLE / 2);
        gtk_snapshot_push_rounded_clip (snapshot, &round);
        gtk_snapshot_append_color (snapshot, &white, &handle);
        gtk_snapshot_pop (snapshot);
        gtk_snapshot_append_border (snapshot, &round, (float[4]){ 1.5f, 1.5f, 1.5f, 1.5f },
                                    (GdkRGBA[4]){ { 0, 0, 0, 0.75f },
                                                  { 0, 0, 0, 0.75f },
                                                  { 0, 0, 0, 0.75f },
                                                  { 0, 0, 0, 0.75f } });
      }
}

static void
tap_picture_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  TapPictureView *self = TAP_PICTURE_VIEW (widget);
  GdkRGBA accent = tap_frame_accent (widget);
  double x, y, scale;
  graphene_rect_t picture;
  int width, height;

  picture_size (self, &width, &height);
  if (width == 0)
    return;
  scale = place (self, &x, &y);
  picture = GRAPHENE_RECT_INIT (x, y, width * scale, height * scale);

  gtk_snapshot_append_texture (snapshot, self->texture, &picture);

  if (self->overlay != NULL && self->overlay_opacity > 0)
    {
      cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &picture);

      cairo_translate (cr, x, y);
      cairo_scale (cr, width * scale / cairo_image_surface_get_width (self->overlay),
                   height * scale / cairo_image_surface_get_height (self->overlay));
      cairo_set_source_surface (cr, self->overlay, 0, 0);
      cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_NEAREST);
      cairo_paint_with_alpha (cr, self->overlay_opacity);
      cairo_destroy (cr);
    }
  if (!tap_rect_is_empty (&self->box))
    append_double_frame (snapshot,
                         GRAPHENE_RECT_INIT (x + self->box.x * scale, y + self->box.y * scale,
                                             self->box.width * scale, self->box.height * scale),
                         &accent);
  if (self->mask_enabled)
    draw_mask (self, snapshot, x, y, scale, &picture);

  if (self->mask_enabled && gtk_widget_has_focus (widget))
    {
      graphene_rect_t ring = picture;

      graphene_rect_inset (&ring, -3, -3);
      tap_frame_append (snapshot, &ring, 0, 2, &accent);
    }
}

static GtkSizeRequestMode
tap_picture_view_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
tap_picture_view_measure (GtkWidget *widget,
                          GtkOrientation orientation,
                          int for_size,
                          int *minimum,
                          int *natural,
                          int *minimum_baseline,
                          int *natural_baseline)
{
  TapPictureView *self = TAP_PICTURE_VIEW (widget);
  int width, height;

  *minimum = 96;
  *natural = 200;
  picture_size (self, &width, &height);
  if (orientation == GTK_ORIENTATION_VERTICAL && for_size > 0 && width > 0)
    *natural = MAX (*minimum, (int) ((gint64) for_size * height / width));
}

static void
tap_picture_view_dispose (GObject *object)
{
  TapPictureView *self = TAP_PICTURE_VIEW (object);

  g_clear_object (&self->texture);
  g_clear_object (&self->through);
  g_clear_pointer (&self->overlay, cairo_surface_destroy);

  G_OBJECT_CLASS (tap_picture_view_parent_class)->dispose (object);
}

static void
tap_picture_view_class_init (TapPictureViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tap_picture_view_dispose;
  widget_class->snapshot = tap_picture_view_snapshot;
  widget_class->measure = tap_picture_view_measure;
  widget_class->get_request_mode = tap_picture_view_get_request_mode;

  signals[SIGNAL_MASK_CHANGED] =
    g_signal_new ("mask-changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 0);
  signals[SIGNAL_MASK_RELEASED] =
    g_signal_new ("mask-released", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                  NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_css_name (widget_class, "tap-picture");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
tap_picture_view_init (TapPictureView *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  GtkEventController *controller;

  self->fill = 0x808080;
  self->mask = (TapRect){ 0, 0, 32, 32 };
  gtk_widget_set_hexpand (widget, TRUE);
  gtk_widget_set_overflow (widget, GTK_OVERFLOW_HIDDEN);

  controller = GTK_EVENT_CONTROLLER (gtk_gesture_drag_new ());
  g_signal_connect (controller, "drag-begin", G_CALLBACK (drag_begin_cb), self);
  g_signal_connect (controller, "drag-update", G_CALLBACK (drag_update_cb), self);
  g_signal_connect (controller, "drag-end", G_CALLBACK (drag_end_cb), self);
  gtk_widget_add_controller (widget, controller);

  controller = gtk_event_controller_motion_new ();
  g_signal_connect (controller, "motion", G_CALLBACK (motion_cb), self);
  gtk_widget_add_controller (widget, controller);

  controller = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_VERTICAL);
  g_signal_connect (controller, "scroll", G_CALLBACK (scroll_cb), self);
  gtk_widget_add_controller (widget, controller);

  controller = gtk_event_controller_key_new ();
  g_signal_connect (controller, "key-pressed", G_CALLBACK (key_cb), self);
  gtk_widget_add_controller (widget, controller);

  g_signal_connect_swapped (self, "notify::has-focus", G_CALLBACK (gtk_widget_queue_draw), self);
  update_label (self);
}

GtkWidget *
tap_picture_view_new (void)
{
  return g_object_new (TAP_TYPE_PICTURE_VIEW, NULL);
}

void
tap_picture_view_set_texture (TapPictureView *self, GdkTexture *texture)
{
  g_return_if_fail (TAP_IS_PICTURE_VIEW (self));

  if (!g_set_object (&self->texture, texture))
    return;
  if (texture != NULL)
    move_mask (self, self->mask.x, self->mask.y, self->mask.width);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

void
tap_picture_view_set_overlay (TapPictureView *self, cairo_surface_t *surface, double opacity)
{
  g_return_if_fail (TAP_IS_PICTURE_VIEW (self));

  if (surface != NULL)
    cairo_surface_reference (surface);
  g_clear_pointer (&self->overlay, cairo_surface_destroy);
  self->overlay = surface;
  self->overlay_opacity = opacity;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
tap_picture_view_set_box (TapPictureView *self, const TapRect *box)
{
  TapRect none = { 0 };

  g_return_if_fail (TAP_IS_PICTURE_VIEW (self));
  self->box = box != NULL ? *box : none;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
tap_picture_view_set_mask_enabled (TapPictureView *self, gboolean enabled)
{
  g_return_if_fail (TAP_IS_PICTURE_VIEW (self));
  self->mask_enabled = enabled;
  gtk_widget_set_focusable (GTK_WIDGET (self), enabled);
  update_label (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
tap_picture_view_set_mask (TapPictureView *self, int x, int y, int size)
{
  g_return_if_fail (TAP_IS_PICTURE_VIEW (self));
  if (self->texture != NULL)
    move_mask (self, x, y, size);
  else
    self->mask = (TapRect){ x, y, MAX (MASK_MIN, size), MAX (MASK_MIN, size) };
}

void
tap_picture_view_get_mask (TapPictureView *self, TapRect *mask)
{
  g_return_if_fail (TAP_IS_PICTURE_VIEW (self));
  *mask = self->mask;
}

void
tap_picture_view_set_fill (TapPictureView *self, guint32 rgb, GdkTexture *through)
{
  g_return_if_fail (TAP_IS_PICTURE_VIEW (self));
  self->fill = rgb;
  g_set_object (&self->through, through);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
