/* tap-map-card.c - a map with its title and the meaning of its colours
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/pages/tap-map-card.h"

#include "render/tap-panels.h"
#include "render/tap-plot.h"

#include <glib/gi18n.h>

#define LEGEND_MAX 5

struct _TapMapCard
{
  GtkWidget parent_instance;

  GtkWidget *content;
  GtkLabel *title;
  TapMapView *view;
  GtkStack *key;
  GtkLabel *low, *high, *legend;
  GtkDrawingArea *bar;

  TapResult *result;
  const TapArray *array;
  TapColormap colormap;
  TapRange range;
};

G_DEFINE_FINAL_TYPE (TapMapCard, tap_map_card, GTK_TYPE_WIDGET)

static void
draw_bar_cb (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer user_data)
{
  TapMapCard *self = TAP_MAP_CARD (user_data);

  if (self->array == NULL)
    return;
  for (int x = 0; x < width; x++)
    {
      guint32 pixel = tap_colormap_pixel (self->colormap, width > 1 ? (float) x / (width - 1) : 0);

      cairo_set_source_rgb (cr, ((pixel >> 16) & 0xff) / 255.0, ((pixel >> 8) & 0xff) / 255.0,
                            (pixel & 0xff) / 255.0);
      cairo_rectangle (cr, x, 0, 1, height);
      cairo_fill (cr);
    }
}

static int
by_count (gconstpointer a, gconstpointer b)
{
  const int *x = a, *y = b;

  return x[1] != y[1] ? y[1] - x[1] : x[0] - y[0];
}

/* The classes that win somewhere, most frequent first. */
static GArray *
count_classes (const TapArray *array)
{
  g_autoptr (GHashTable) counts = g_hash_table_new (NULL, NULL);
  GArray *list = g_array_new (FALSE, FALSE, 2 * sizeof (int));
  const float *values = tap_tensor_f32 (array->tensor);
  GHashTableIter iter;
  gpointer key, value;

  for (gsize i = 0; i < array->tensor->count; i++)
    {
      gpointer k = GINT_TO_POINTER ((int) values[i]);

      g_hash_table_insert (counts, k,
                           GINT_TO_POINTER (GPOINTER_TO_INT (g_hash_table_lookup (counts, k)) + 1));
    }
  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      int pair[2] = { GPOINTER_TO_INT (key), GPOINTER_TO_INT (value) };

      g_array_append_vals (list, pair, 1);
    }
  g_array_sort (list, by_count);
  return list;
}

static void
show_legend (TapMapCard *self)
{
  g_autoptr (GArray) classes = count_classes (self->array);
  g_autoptr (GString) markup = g_string_new (NULL);

  for (guint i = 0; i < MIN (classes->len, LEGEND_MAX); i++)
    {
      int index = ((int *) (gpointer) classes->data)[2 * i];
      g_autofree char *name = tap_labels_dup_short_name (self->result->model->labels, index);
      g_autofree char *escaped = g_markup_escape_text (name, -1);

      g_string_append_printf (markup, "%s<span foreground=\"#%06x\">■</span> %s",
                              i > 0 ? "   " : "", tap_colormap_category (index) & 0xffffff,
                              escaped);
    }
  if (classes->len > LEGEND_MAX)
    {
      g_string_append (markup, "   ");
      /* Translators: how many more classes a legend leaves out */
      g_string_append_printf (markup, _ ("and %d more"), (int) classes->len - LEGEND_MAX);
    }
  gtk_label_set_markup (self->legend, markup->str);
}

static void
tap_map_card_dispose (GObject *object)
{
  TapMapCard *self = TAP_MAP_CARD (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), TAP_TYPE_MAP_CARD);
  self->array = NULL;
  g_clear_pointer (&self->result, tap_result_unref);

  G_OBJECT_CLASS (tap_map_card_parent_class)->dispose (object);
}

static void
tap_map_card_class_init (TapMapCardClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tap_map_card_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               TAP_RESOURCE_PATH "/ui/tap-map-card.ui");
  gtk_widget_class_bind_template_child (widget_class, TapMapCard, content);
  gtk_widget_class_bind_template_child (widget_class, TapMapCard, title);
  gtk_widget_class_bind_template_child (widget_class, TapMapCard, view);
  gtk_widget_class_bind_template_child (widget_class, TapMapCard, key);
  gtk_widget_class_bind_template_child (widget_class, TapMapCard, low);
  gtk_widget_class_bind_template_child (widget_class, TapMapCard, high);
  gtk_widget_class_bind_template_child (widget_class, TapMapCard, legend);
  gtk_widget_class_bind_template_child (widget_class, TapMapCard, bar);
  g_type_ensure (TAP_TYPE_MAP_VIEW);
}

static void
tap_map_card_init (TapMapCard *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_drawing_area_set_draw_func (self->bar, draw_bar_cb, self, NULL);
}

GtkWidget *
tap_map_card_new (void)
{
  return g_object_new (TAP_TYPE_MAP_CARD, NULL);
}

void
tap_map_card_set_placeholder (TapMapCard *self, const char *title, const char *text)
{
  g_return_if_fail (TAP_IS_MAP_CARD (self));
  gtk_label_set_label (self->title, title);
  tap_map_view_set_placeholder (self->view, text);
  tap_map_view_set_description (self->view, title);
}

void
tap_map_card_set_array (TapMapCard *self,
                        TapResult *result,
                        const TapArray *array,
                        TapColormap colormap)
{
  cairo_surface_t *surface;

  g_return_if_fail (TAP_IS_MAP_CARD (self));

  tap_result_ref (result);
  g_clear_pointer (&self->result, tap_result_unref);
  self->result = result;
  self->array = array;
  self->colormap = array->signed_range ? TAP_COLORMAP_RDBU : colormap;
  self->range = tap_range_for_array (array);

  surface = tap_panels_array_surface (array, self->colormap);
  tap_map_view_set_surface (self->view, surface);
  cairo_surface_destroy (surface);
  gtk_label_set_label (self->title, array->title);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->title), array->title);
  tap_map_view_set_description (self->view, array->title);

  if (array->kind == TAP_ARRAY_CLASSES)
    {
      show_legend (self);
      gtk_stack_set_visible_child_name (self->key, "legend");
    }
  else
    {
      g_autofree char *low = tap_plot_number (self->range.min),
                      *high = tap_plot_number (self->range.max);

      gtk_label_set_label (self->low, low);
      gtk_label_set_label (self->high, high);
      gtk_widget_queue_draw (GTK_WIDGET (self->bar));
      gtk_stack_set_visible_child_name (self->key, "bar");
    }
}

void
tap_map_card_clear (TapMapCard *self)
{
  g_return_if_fail (TAP_IS_MAP_CARD (self));
  self->array = NULL;
  g_clear_pointer (&self->result, tap_result_unref);
  tap_map_view_set_surface (self->view, NULL);
  tap_map_view_set_cursor (self->view, -1, -1);
  gtk_stack_set_visible_child_name (self->key, "none");
}

TapMapView *
tap_map_card_get_view (TapMapCard *self)
{
  g_return_val_if_fail (TAP_IS_MAP_CARD (self), NULL);
  return self->view;
}

char *
tap_map_card_dup_cell_text (TapMapCard *self, int x, int y)
{
  const TapShape *shape;
  gint64 rows, columns;
  float value;

  g_return_val_if_fail (TAP_IS_MAP_CARD (self), NULL);
  if (self->array == NULL || self->array->tensor->shape.n_dims < 2)
    return NULL;
  shape = &self->array->tensor->shape;
  rows = shape->dims[shape->n_dims - 2];
  columns = shape->dims[shape->n_dims - 1];
  if (x < 0 || y < 0 || x >= columns || y >= rows)
    return NULL;
  value = tap_tensor_f32 (self->array->tensor)[y * columns + x];
  if (self->array->kind == TAP_ARRAY_CLASSES)
    return tap_labels_dup_short_name (self->result->model->labels, (int) value);
  return tap_plot_number (value);
}
