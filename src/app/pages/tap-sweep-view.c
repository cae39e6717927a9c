/* tap-sweep-view.c - the four maps of an occlusion sweep, filled as it goes on
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/pages/tap-sweep-view.h"

#include "app/pages/tap-map-card.h"

#include <glib/gi18n.h>

#include "app/tap-settings.h"
#define N_CARDS 4

/* The projection lies on the picture, not on the grid of places. */
#define PROJECTION 2

static const char *const card_arrays[N_CARDS] = {
  "probability",
  "strongest",
  "projection",
  "winner",
};

struct _TapSweepView
{
  GtkWidget parent_instance;

  GtkWidget *content;
  TapMapCard *card_0, *card_1, *card_2, *card_3;

  TapResult *result;
  int rows, columns;
};

G_DEFINE_FINAL_TYPE (TapSweepView, tap_sweep_view, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_PLACE_CHOSEN,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static TapMapCard *
get_card (TapSweepView *self, int i)
{
  TapMapCard *cards[N_CARDS] = { self->card_0, self->card_1, self->card_2, self->card_3 };

  return cards[i];
}

static void
cell_activated_cb (TapMapView *view, int x, int y, TapSweepView *self)
{
  if (self->result != NULL && view != tap_map_card_get_view (get_card (self, PROJECTION)))
    g_signal_emit (self, signals[SIGNAL_PLACE_CHOSEN], 0, x, y);
}

static void
cell_hovered_cb (TapMapView *view, int x, int y, TapSweepView *self)
{
  for (int i = 0; i < N_CARDS; i++)
    {
      TapMapCard *card = get_card (self, i);
      g_autofree char *text = NULL;

      if (tap_map_card_get_view (card) != view)
        continue;
      text = tap_map_card_dup_cell_text (card, x, y);
      gtk_widget_set_tooltip_text (GTK_WIDGET (view), text);
    }
}

static void
tap_sweep_view_dispose (GObject *object)
{
  TapSweepView *self = TAP_SWEEP_VIEW (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), TAP_TYPE_SWEEP_VIEW);
  g_clear_pointer (&self->result, tap_result_unref);

  G_OBJECT_CLASS (tap_sweep_view_parent_class)->dispose (object);
}

static void
tap_sweep_view_class_init (TapSweepViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tap_sweep_view_dispose;

  signals[SIGNAL_PLACE_CHOSEN] =
    g_signal_new ("place-chosen", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                  G_TYPE_NONE, 2, G_TYPE_INT, G_TYPE_INT);

  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               TAP_RESOURCE_PATH "/ui/tap-sweep-view.ui");
  gtk_widget_class_bind_template_child (widget_class, TapSweepView, content);
  gtk_widget_class_bind_template_child (widget_class, TapSweepView, card_0);
  gtk_widget_class_bind_template_child (widget_class, TapSweepView, card_1);
  gtk_widget_class_bind_template_child (widget_class, TapSweepView, card_2);
  gtk_widget_class_bind_template_child (widget_class, TapSweepView, card_3);
  g_type_ensure (TAP_TYPE_MAP_CARD);
}

static void
tap_sweep_view_init (TapSweepView *self)
{
  const char *titles[N_CARDS] = {
    _ ("Probability of the class"),
    _ ("Strongest map"),
    _ ("Projection"),
    _ ("Most probable class"),
  };
  const char *texts[N_CARDS] = {
    _ ("How sure the network stays with each part covered"),
    _ ("How strong the leading feature map stays"),
    _ ("Where that map answers in the picture"),
    _ ("What the network sees instead"),
  };

  gtk_widget_init_template (GTK_WIDGET (self));
  self->rows = self->columns = 1;
  for (int i = 0; i < N_CARDS; i++)
    {
      TapMapView *view = tap_map_card_get_view (get_card (self, i));

      tap_map_card_set_placeholder (get_card (self, i), titles[i], texts[i]);
      g_signal_connect_object (view, "cell-activated", G_CALLBACK (cell_activated_cb), self, 0);
      g_signal_connect_object (view, "hovered", G_CALLBACK (cell_hovered_cb), self, 0);
    }
}

GtkWidget *
tap_sweep_view_new (void)
{
  return g_object_new (TAP_TYPE_SWEEP_VIEW, NULL);
}

void
tap_sweep_view_set_result (TapSweepView *self, TapResult *result)
{
  g_return_if_fail (TAP_IS_SWEEP_VIEW (self));

  if (result != NULL)
    tap_result_ref (result);
  g_clear_pointer (&self->result, tap_result_unref);
  self->result = result;

  for (int i = 0; i < N_CARDS; i++)
    {
      const TapArray *array = result != NULL ? tap_result_find (result, card_arrays[i]) : NULL;

      if (array == NULL)
        {
          tap_map_card_clear (get_card (self, i));
          continue;
        }
      tap_map_card_set_array (get_card (self, i), result, array, tap_settings_get_colormap ());
      if (i == 0)
        {
          self->rows = (int) array->tensor->shape.dims[0];
          self->columns = (int) array->tensor->shape.dims[1];
        }
    }
}

TapResult *
tap_sweep_view_get_result (TapSweepView *self)
{
  g_return_val_if_fail (TAP_IS_SWEEP_VIEW (self), NULL);
  return self->result;
}

void
tap_sweep_view_set_aspect (TapSweepView *self, double aspect)
{
  g_return_if_fail (TAP_IS_SWEEP_VIEW (self));
  for (int i = 0; i < N_CARDS; i++)
    tap_map_view_set_aspect (tap_map_card_get_view (get_card (self, i)), aspect);
}

void
tap_sweep_view_set_place (TapSweepView *self, double column, double row)
{
  gboolean none = column < 0 || row < 0;

  g_return_if_fail (TAP_IS_SWEEP_VIEW (self));
  for (int i = 0; i < N_CARDS; i++)
    if (i != PROJECTION)
      tap_map_view_set_cursor (tap_map_card_get_view (get_card (self, i)),
                               none ? -1 : CLAMP ((int) (column + 0.5), 0, self->columns - 1),
                               none ? -1 : CLAMP ((int) (row + 0.5), 0, self->rows - 1));
}
