/* tap-unit-view.c - one map of a layer, large: over the picture, by itself, in numbers
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/pages/tap-unit-view.h"

#include "app/widgets/tap-map-view.h"
#include "app/widgets/tap-picture-view.h"
#include "app/widgets/tap-texture.h"

#include <glib/gi18n.h>
#include <math.h>

struct _TapUnitView
{
  GtkWidget parent_instance;

  GtkWidget *content;
  GtkLabel *title;
  GtkLabel *facts;
  GtkLabel *cell_label;
  TapPictureView *picture_view;
  TapMapView *map_view;
  GtkWidget *picture_box;
  GtkScale *opacity;

  TapPicture *picture;
  gboolean has_field;
  TapReceptiveField field;

  TapResult *result;
  const TapArray *array; /* of result */
  int unit, width, height;
  gboolean is_filter;
  cairo_surface_t *surface;
  int peak_x, peak_y; /* strongest cell */
};

G_DEFINE_FINAL_TYPE (TapUnitView, tap_unit_view, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_CLOSED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static const float *
unit_values (TapUnitView *self)
{
  gsize per_unit = self->array->tensor->count / MAX (1, (gsize) self->array->tensor->shape.dims[0]);

  if (self->array->kind == TAP_ARRAY_MAP)
    return tap_tensor_f32 (self->array->tensor);
  return tap_tensor_f32 (self->array->tensor) + per_unit * self->unit;
}

static void
show_overlay (TapUnitView *self)
{
  gboolean with_picture =
    self->picture != NULL && !self->is_filter && self->surface != NULL && self->width > 1;

  gtk_widget_set_visible (self->picture_box, with_picture);
  tap_picture_view_set_overlay (self->picture_view, with_picture ? self->surface : NULL,
                                gtk_range_get_value (GTK_RANGE (self->opacity)));
}

static void
show_cell (TapUnitView *self, int x, int y, gboolean is_peak)
{
  g_autofree char *text = NULL;
  TapRect box = { 0 };

  tap_map_view_set_cursor (self->map_view, x, y);
  if (self->result == NULL || x < 0 || x >= self->width || y < 0 || y >= self->height)
    {
      gtk_label_set_label (self->cell_label, "");
      tap_picture_view_set_box (self->picture_view, NULL);
      return;
    }

  if (self->array->kind == TAP_ARRAY_RGB_STACK)
    {
      const float *v = unit_values (self);
      gsize n = (gsize) self->width * self->height, i = (gsize) y * self->width + x;

      text = g_strdup_printf (_ ("column %d, row %d: %.4g red, %.4g green, %.4g blue"), x, y, v[i],
                              v[n + i], v[2 * n + i]);
    }
  else
    {
      double value = unit_values (self)[(gsize) y * self->width + x];

      if (is_peak)
        text = g_strdup_printf (_ ("strongest at column %d, row %d: %.4g"), x, y, value);
      else
        text = g_strdup_printf (_ ("column %d, row %d: %.4g"), x, y, value);
    }
  if (self->has_field && self->picture != NULL && !self->is_filter)
    {
      g_autofree char *cell = g_steal_pointer (&text);

      box =
        tap_receptive_field_box (&self->field, y, x, self->picture->height, self->picture->width);
      /* Translators: "column 3, row 5: 1.25 – sees 35×35 pixels" */
      text = g_strdup_printf (_ ("%s – sees %d×%d pixels"), cell, box.width, box.height);
    }
  gtk_label_set_label (self->cell_label, text);
  tap_picture_view_set_box (self->picture_view, &box);
}

static void
show_unit (TapUnitView *self)
{
  g_autofree char *title = NULL, *facts = NULL, *description = NULL;
  gsize n = (gsize) self->width * self->height;
  const float *values = unit_values (self);
  TapStats stats;
  float best = -INFINITY;

  self->peak_x = self->peak_y = -1;
  tap_tensor_stats (values, self->array->kind == TAP_ARRAY_RGB_STACK ? 3 * n : n, &stats);
  if (self->array->kind != TAP_ARRAY_RGB_STACK)
    for (gsize i = 0; i < n; i++)
      if (values[i] > best)
        {
          best = values[i];
          self->peak_x = (int) (i % self->width);
          self->peak_y = (int) (i / self->width);
        }

  title = g_strdup_printf (self->is_filter ? _ ("Filter %d") : _ ("Map %d"), self->unit);
  gtk_label_set_label (self->title, title);
  if (stats.n_nan + stats.n_inf > 0)
    facts =
      g_strdup_printf (_ ("%.4g … %.4g, mean %.4g; %" G_GSIZE_FORMAT " values are not finite"),
                       stats.min, stats.max, stats.mean, stats.n_nan + stats.n_inf);
  else if (!self->is_filter && stats.min == stats.max)
    facts = g_strdup_printf (_ ("%.4g everywhere: this map is silent on this picture"), stats.min);
  else
    facts = g_strdup_printf (_ ("%.4g … %.4g, mean %.4g, deviation %.4g"), stats.min, stats.max,
                             stats.mean, stats.deviation);
  gtk_label_set_label (self->facts, facts);

  tap_map_view_set_surface (self->map_view, self->surface);
  description = g_strdup_printf ("%s: %s", title, facts);
  tap_map_view_set_description (self->map_view, description);
  show_overlay (self);
  show_cell (self, self->peak_x, self->peak_y, TRUE);
}

static void
hovered_cb (TapMapView *view, int x, int y, TapUnitView *self)
{
  tap_unit_view_set_cell (self, x, y);
}

static void
close_cb (TapUnitView *self)
{
  g_signal_emit (self, signals[SIGNAL_CLOSED], 0);
}

static void
tap_unit_view_dispose (GObject *object)
{
  TapUnitView *self = TAP_UNIT_VIEW (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), TAP_TYPE_UNIT_VIEW);
  g_clear_pointer (&self->picture, tap_picture_unref);
  g_clear_pointer (&self->result, tap_result_unref);
  g_clear_pointer (&self->surface, cairo_surface_destroy);

  G_OBJECT_CLASS (tap_unit_view_parent_class)->dispose (object);
}

static void
tap_unit_view_class_init (TapUnitViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tap_unit_view_dispose;

  signals[SIGNAL_CLOSED] = g_signal_new ("closed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0,
                                         NULL, NULL, NULL, G_TYPE_NONE, 0);

  gtk_widget_class_set_template_from_resource (widget_class, TAP_RESOURCE_PATH "/ui/tap-unit-view.ui");
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_bind_template_child (widget_class, TapUnitView, content);
  gtk_widget_class_bind_template_child (widget_class, TapUnitView, title);
  gtk_widget_class_bind_template_child (widget_class, TapUnitView, facts);
  gtk_widget_class_bind_template_child (widget_class, TapUnitView, cell_label);
  gtk_widget_class_bind_template_child (widget_class, TapUnitView, picture_view);
  gtk_widget_class_bind_template_child (widget_class, TapUnitView, picture_box);
  gtk_widget_class_bind_template_child (widget_class, TapUnitView, map_view);
  gtk_widget_class_bind_template_child (widget_class, TapUnitView, opacity);
  gtk_widget_class_bind_template_callback (widget_class, hovered_cb);
  gtk_widget_class_bind_template_callback (widget_class, close_cb);
  gtk_widget_class_bind_template_callback (widget_class, show_overlay);
  g_type_ensure (TAP_TYPE_PICTURE_VIEW);
  g_type_ensure (TAP_TYPE_MAP_VIEW);
}

static void
tap_unit_view_init (TapUnitView *self)
{
  self->unit = -1;
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
tap_unit_view_new (void)
{
  return g_object_new (TAP_TYPE_UNIT_VIEW, NULL);
}

void
tap_unit_view_set_picture (TapUnitView *self, TapPicture *picture)
{
  g_autoptr (GdkTexture) texture = NULL;

  g_return_if_fail (TAP_IS_UNIT_VIEW (self));
  if (self->picture == picture)
    return;
  if (picture != NULL)
    {
      tap_picture_ref (picture);
      texture = tap_texture_new_for_picture (picture);
    }
  g_clear_pointer (&self->picture, tap_picture_unref);
  self->picture = picture;
  tap_picture_view_set_texture (self->picture_view, texture);
  show_overlay (self);
}

void
tap_unit_view_set_field (TapUnitView *self, const TapReceptiveField *field)
{
  g_return_if_fail (TAP_IS_UNIT_VIEW (self));
  self->has_field = field != NULL;
  if (field != NULL)
    self->field = *field;
  if (self->result != NULL)
    show_cell (self, self->peak_x, self->peak_y, TRUE);
}

void
tap_unit_view_set_unit (TapUnitView *self,
                        TapResult *result,
                        const TapArray *array,
                        int unit,
                        gboolean is_filter,
                        TapColormap colormap,
                        TapGridScale scale,
                        TapRange shared)
{
  int n, width, height;

  g_return_if_fail (TAP_IS_UNIT_VIEW (self));
  if (!tap_grid_array_size (array, &n, &width, &height) || unit < 0 || unit >= n)
    return;

  tap_result_ref (result);
  g_clear_pointer (&self->result, tap_result_unref);
  g_clear_pointer (&self->surface, cairo_surface_destroy);
  self->result = result;
  self->array = array;
  self->unit = unit;
  self->width = width;
  self->height = height;
  self->is_filter = is_filter;
  self->surface = tap_grid_tile (array, unit, colormap, scale, shared);
  show_unit (self);
}

void
tap_unit_view_set_cell (TapUnitView *self, int x, int y)
{
  g_return_if_fail (TAP_IS_UNIT_VIEW (self));
  if (x < 0 || y < 0)
    show_cell (self, self->peak_x, self->peak_y, TRUE);
  else
    show_cell (self, x, y, FALSE);
}
