/* tap-film-strip.c - the pictures that are open, along the bottom
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The list view makes tiles only for what is near the view, and tiles ask for thumbnails only while
 * they are bound, so the number of files does not matter. */
#include "config.h"

#include "app/widgets/tap-film-strip.h"

#include <glib/gi18n.h>

#include "app/document/tap-picture-list.h"
#include "app/widgets/tap-film-tile.h"
#include "pictures/tap-thumbnails.h"

#define THUMB_SIZE        192
#define THUMB_CACHE_BYTES (96 << 20)

struct _TapFilmStrip
{
  GtkWidget parent_instance;

  GtkWidget *stack;
  GtkWidget *name_label;
  GtkWidget *count_label;
  GtkWidget *scroller;
  GtkWidget *list_view;

  TapDocument *document;
  GSignalGroup *signals;
  GtkSingleSelection *selection;
  TapThumbnails *thumbnails;
  gboolean following; /* the document moves the selection, not the user */
};

G_DEFINE_FINAL_TYPE (TapFilmStrip, tap_film_strip, GTK_TYPE_WIDGET)

static void
update_counts (TapFilmStrip *self)
{
  GListModel *pictures = tap_document_get_pictures (self->document);
  guint n = g_list_model_get_n_items (pictures);
  int n_classes = tap_picture_list_get_n_classes (TAP_PICTURE_LIST (pictures));
  int n_skipped =
    tap_document_get_n_skipped (self->document) + (int) tap_thumbnails_n_broken (self->thumbnails);
  g_autoptr (GString) text = g_string_new (NULL);

  gtk_stack_set_visible_child_name (GTK_STACK (self->stack), n > 0 ? "strip" : "none");
  g_string_append_printf (text, ngettext ("%u picture", "%u pictures", n), n);
  if (n_classes > 0)
    {
      g_string_append (text, " · ");
      g_string_append_printf (text, ngettext ("%d class", "%d classes", n_classes), n_classes);
    }
  if (n_skipped > 0)
    {
      g_string_append (text, " · ");
      g_string_append_printf (text, ngettext ("%d file skipped", "%d files skipped", n_skipped),
                              n_skipped);
    }
  gtk_label_set_text (GTK_LABEL (self->count_label), text->str);
}

static void
update_name (TapFilmStrip *self)
{
  TapPictureItem *item = tap_document_get_item (self->document);
  const char *class_name = item != NULL ? tap_picture_item_get_class_name (item) : NULL;
  g_autofree char *text = NULL;

  if (class_name != NULL)
    text = g_strdup_printf ("%s — %s", tap_picture_item_get_name (item), class_name);
  else if (item != NULL)
    text = g_strdup (tap_picture_item_get_name (item));
  gtk_label_set_text (GTK_LABEL (self->name_label), text != NULL ? text : "");
}

/* GtkListView gives no geometry, but its tiles are of one width. */
static void
scroll_to (TapFilmStrip *self, guint position)
{
  GtkAdjustment *adjustment =
    gtk_scrolled_window_get_hadjustment (GTK_SCROLLED_WINDOW (self->scroller));
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->selection));
  double upper = gtk_adjustment_get_upper (adjustment);
  double page = gtk_adjustment_get_page_size (adjustment);
  double from = gtk_adjustment_get_value (adjustment);
  double tile, x;

  if (n == 0 || position >= n || page <= 0 || upper <= page)
    return;

  tile = upper / n;
  x = tile * position;
  if (x < from)
    gtk_adjustment_set_value (adjustment, MAX (x - tile / 2, 0));
  else if (x + tile > from + page)
    gtk_adjustment_set_value (adjustment, MIN (x + tile * 1.5 - page, upper - page));
}

static void
position_changed_cb (TapFilmStrip *self)
{
  guint position = tap_document_get_position (self->document);

  self->following = TRUE;
  gtk_single_selection_set_selected (self->selection, position);
  self->following = FALSE;
  scroll_to (self, position);
  update_name (self);
}

static void
selected_cb (TapFilmStrip *self)
{
  if (!self->following && self->document != NULL)
    tap_document_set_position (self->document, gtk_single_selection_get_selected (self->selection));
}

static void
items_changed_cb (TapFilmStrip *self)
{
  update_counts (self);
}

static void
decoded_cb (TapFilmStrip *self)
{
  if (tap_thumbnails_n_broken (self->thumbnails) > 0)
    update_counts (self);
}

static void
setup_cb (TapFilmStrip *self, GtkListItem *list_item)
{
  GtkWidget *tile = tap_film_tile_new ();

  g_signal_connect_object (tile, "decoded", G_CALLBACK (decoded_cb), self, G_CONNECT_SWAPPED);
  gtk_list_item_set_child (list_item, tile);
}

static void
bind_cb (TapFilmStrip *self, GtkListItem *list_item)
{
  tap_film_tile_set_item (TAP_FILM_TILE (gtk_list_item_get_child (list_item)),
                          gtk_list_item_get_item (list_item), self->thumbnails);
}

static void
unbind_cb (TapFilmStrip *self, GtkListItem *list_item)
{
  GtkWidget *tile = gtk_list_item_get_child (list_item);

  if (tile != NULL)
    tap_film_tile_set_item (TAP_FILM_TILE (tile), NULL, NULL);
}

/* The wheel moves along the strip, whichever way it turns. */
static gboolean
scroll_cb (TapFilmStrip *self, double dx, double dy, GtkEventControllerScroll *controller)
{
  GtkAdjustment *adjustment =
    gtk_scrolled_window_get_hadjustment (GTK_SCROLLED_WINDOW (self->scroller));
  double step = gtk_adjustment_get_page_size (adjustment) / 6;

  if (dx != 0 || dy == 0)
    return GDK_EVENT_PROPAGATE;

  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) + dy * step);
  return GDK_EVENT_STOP;
}

static void
tap_film_strip_dispose (GObject *object)
{
  TapFilmStrip *self = TAP_FILM_STRIP (object);

  /* Unbinds the tiles, which still need the service. */
  if (self->list_view != NULL)
    gtk_list_view_set_model (GTK_LIST_VIEW (self->list_view), NULL);
  g_clear_object (&self->signals);
  g_clear_object (&self->selection);
  g_clear_object (&self->document);
  gtk_widget_dispose_template (GTK_WIDGET (self), TAP_TYPE_FILM_STRIP);
  g_clear_pointer (&self->thumbnails, tap_thumbnails_dispose);

  G_OBJECT_CLASS (tap_film_strip_parent_class)->dispose (object);
}

static void
tap_film_strip_class_init (TapFilmStripClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tap_film_strip_dispose;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               TAP_RESOURCE_PATH "/ui/tap-film-strip.ui");
  gtk_widget_class_bind_template_child (widget_class, TapFilmStrip, stack);
  gtk_widget_class_bind_template_child (widget_class, TapFilmStrip, name_label);
  gtk_widget_class_bind_template_child (widget_class, TapFilmStrip, count_label);
  gtk_widget_class_bind_template_child (widget_class, TapFilmStrip, scroller);
  gtk_widget_class_bind_template_child (widget_class, TapFilmStrip, list_view);
  gtk_widget_class_set_css_name (widget_class, "filmstrip");
}

static void
tap_film_strip_init (TapFilmStrip *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  GtkEventController *wheel =
    gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_BOTH_AXES);

  gtk_widget_init_template (GTK_WIDGET (self));

  self->thumbnails = tap_thumbnails_new (THUMB_SIZE, THUMB_CACHE_BYTES);
  self->selection = gtk_single_selection_new (NULL);
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  g_signal_connect_object (self->selection, "notify::selected", G_CALLBACK (selected_cb), self,
                           G_CONNECT_SWAPPED);

  g_signal_connect_object (factory, "setup", G_CALLBACK (setup_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (factory, "bind", G_CALLBACK (bind_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (factory, "unbind", G_CALLBACK (unbind_cb), self, G_CONNECT_SWAPPED);
  gtk_list_view_set_factory (GTK_LIST_VIEW (self->list_view), factory);
  gtk_list_view_set_model (GTK_LIST_VIEW (self->list_view), GTK_SELECTION_MODEL (self->selection));

  gtk_event_controller_set_propagation_phase (wheel, GTK_PHASE_CAPTURE);
  g_signal_connect_swapped (wheel, "scroll", G_CALLBACK (scroll_cb), self);
  gtk_widget_add_controller (self->scroller, wheel);

  self->signals = g_signal_group_new (TAP_TYPE_DOCUMENT);
  g_signal_group_connect_swapped (self->signals, "notify::position",
                                  G_CALLBACK (position_changed_cb), self);
  g_signal_group_connect_swapped (self->signals, "notify::n-skipped", G_CALLBACK (items_changed_cb),
                                  self);
}

GtkWidget *
tap_film_strip_new (void)
{
  return g_object_new (TAP_TYPE_FILM_STRIP, NULL);
}

void
tap_film_strip_set_document (TapFilmStrip *self, TapDocument *document)
{
  g_return_if_fail (TAP_IS_FILM_STRIP (self));

  if (!g_set_object (&self->document, document))
    return;

  g_signal_group_set_target (self->signals, document);
  self->following = TRUE;
  gtk_single_selection_set_model (self->selection, tap_document_get_pictures (document));
  self->following = FALSE;
  update_counts (self);
  position_changed_cb (self);
}
