/* tap-film-tile.c - one picture of the film strip: thumbnail and class
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/widgets/tap-film-tile.h"

#include <glib/gi18n.h>

#include "render/tap-colormap.h"

#define THUMB_MIN 48

struct _TapFilmTile
{
  GtkWidget parent_instance;

  GtkWidget *picture;
  GtkWidget *stripe;
  GtkWidget *label;

  TapPictureItem *item;
  TapThumbnails *thumbnails; /* not owned */
  guint request;
  GCancellable *cancellable; /* of an example picture */
};

G_DEFINE_FINAL_TYPE (TapFilmTile, tap_film_tile, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_DECODED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static GdkTexture *
texture_for (TapPicture *picture)
{
  gsize size = (gsize) picture->width * (gsize) picture->height * 3;
  g_autoptr (GBytes) bytes = g_bytes_new_with_free_func (
    picture->pixels, size, (GDestroyNotify) tap_picture_unref, tap_picture_ref (picture));

  return gdk_memory_texture_new (picture->width, picture->height, GDK_MEMORY_R8G8B8, bytes,
                                 (gsize) picture->width * 3);
}

static void
show_picture (TapFilmTile *self, TapPicture *picture)
{
  g_autoptr (GdkTexture) texture = texture_for (picture);

  gtk_picture_set_paintable (GTK_PICTURE (self->picture), GDK_PAINTABLE (texture));
}

static void
show_broken (TapFilmTile *self, const char *message)
{
  gtk_label_set_text (GTK_LABEL (self->label), _ ("Unreadable"));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), message);
  gtk_widget_add_css_class (GTK_WIDGET (self), "broken");
}

static void
thumbnail_cb (TapPicture *picture, const GError *error, gpointer user_data)
{
  TapFilmTile *self = user_data;

  self->request = 0;
  if (picture != NULL)
    show_picture (self, picture);
  else
    show_broken (self, error->message);
  g_signal_emit (self, signals[SIGNAL_DECODED], 0);
}

static void
load_example (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  TapPicture *picture = tap_picture_item_load (data, cancellable, &error);

  if (picture != NULL)
    g_task_return_pointer (task, picture, (GDestroyNotify) tap_picture_unref);
  else
    g_task_return_error (task, error);
}

/* @user_data holds a reference, dropped here in the main thread. */
static void
example_loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (TapFilmTile) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TapPicture) picture = g_task_propagate_pointer (G_TASK (result), &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return;

  g_clear_object (&self->cancellable);
  if (picture != NULL)
    show_picture (self, picture);
  else
    show_broken (self, error->message);
}

static void
ask_example (TapFilmTile *self)
{
  g_autoptr (GTask) task = NULL;

  self->cancellable = g_cancellable_new ();
  task = g_task_new (NULL, self->cancellable, example_loaded_cb, g_object_ref (self));
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (
    task, tap_picture_item_new_example (tap_picture_item_get_example (self->item)), g_object_unref);
  g_task_run_in_thread (task, load_example);
}

static void
stop_asking (TapFilmTile *self)
{
  if (self->request != 0)
    tap_thumbnails_cancel (self->thumbnails, self->request);
  self->request = 0;
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

/* Classes are told apart by the name below and, besides, by a stripe of their colour. */
static void
draw_stripe (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer user_data)
{
  TapFilmTile *self = user_data;
  int index = self->item != NULL ? tap_picture_item_get_class_index (self->item) : -1;
  guint32 colour;

  if (index < 0)
    return;

  colour = tap_colormap_category (index);
  cairo_set_source_rgb (cr, (colour >> 16 & 0xff) / 255.0, (colour >> 8 & 0xff) / 255.0,
                        (colour & 0xff) / 255.0);
  cairo_paint (cr);
}

static void
tap_film_tile_dispose (GObject *object)
{
  TapFilmTile *self = TAP_FILM_TILE (object);
  GtkWidget *child;

  stop_asking (self);
  g_clear_object (&self->item);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (tap_film_tile_parent_class)->dispose (object);
}

static void
tap_film_tile_class_init (TapFilmTileClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tap_film_tile_dispose;

  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "filmtile");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);

  signals[SIGNAL_DECODED] = g_signal_new ("decoded", TAP_TYPE_FILM_TILE, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 0);
}

static void
tap_film_tile_init (TapFilmTile *self)
{
  gtk_orientable_set_orientation (
    GTK_ORIENTABLE (gtk_widget_get_layout_manager (GTK_WIDGET (self))), GTK_ORIENTATION_VERTICAL);

  self->picture = gtk_picture_new ();
  gtk_picture_set_content_fit (GTK_PICTURE (self->picture), GTK_CONTENT_FIT_COVER);
  gtk_widget_set_size_request (self->picture, THUMB_MIN, THUMB_MIN);
  gtk_widget_set_vexpand (self->picture, TRUE);
  gtk_widget_set_overflow (self->picture, GTK_OVERFLOW_HIDDEN);
  gtk_widget_add_css_class (self->picture, "thumb");
  gtk_widget_set_parent (self->picture, GTK_WIDGET (self));

  self->stripe = gtk_drawing_area_new ();
  gtk_drawing_area_set_content_height (GTK_DRAWING_AREA (self->stripe), 3);
  gtk_drawing_area_set_draw_func (GTK_DRAWING_AREA (self->stripe), draw_stripe, self, NULL);
  gtk_widget_set_parent (self->stripe, GTK_WIDGET (self));

  self->label = gtk_label_new (NULL);
  gtk_label_set_ellipsize (GTK_LABEL (self->label), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (self->label), 8);
  gtk_label_set_width_chars (GTK_LABEL (self->label), 8);
  gtk_widget_add_css_class (self->label, "caption");
  gtk_widget_set_parent (self->label, GTK_WIDGET (self));
}

GtkWidget *
tap_film_tile_new (void)
{
  return g_object_new (TAP_TYPE_FILM_TILE, NULL);
}

static void
describe (TapFilmTile *self)
{
  const char *name = tap_picture_item_get_name (self->item);
  const char *class_name = tap_picture_item_get_class_name (self->item);
  g_autofree char *text = NULL;

  if (class_name != NULL)
    text = g_strdup_printf ("%s — %s", name, class_name);
  else
    text = g_strdup (name);

  gtk_label_set_text (GTK_LABEL (self->label), class_name != NULL ? class_name : name);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
}

void
tap_film_tile_set_item (TapFilmTile *self, TapPictureItem *item, TapThumbnails *thumbnails)
{
  const char *path;
  g_autoptr (TapPicture) known = NULL;

  g_return_if_fail (TAP_IS_FILM_TILE (self));

  stop_asking (self);
  gtk_picture_set_paintable (GTK_PICTURE (self->picture), NULL);
  gtk_widget_remove_css_class (GTK_WIDGET (self), "broken");
  g_set_object (&self->item, item);
  self->thumbnails = thumbnails;
  if (item == NULL)
    return;

  describe (self);
  gtk_widget_set_visible (self->stripe, tap_picture_item_get_class_index (item) >= 0);
  gtk_widget_queue_draw (self->stripe);

  path = tap_picture_item_get_path (item);
  if (path == NULL)
    ask_example (self);
  else if ((known = tap_thumbnails_lookup (thumbnails, path)) != NULL)
    show_picture (self, known);
  else
    self->request = tap_thumbnails_request (thumbnails, path, thumbnail_cb, self);
}
