/* tap-score-row.c - one class of the answer: name, probability, bar, pin
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/widgets/tap-score-row.h"

#include <glib/gi18n.h>

#include "app/widgets/tap-score-bar.h"

struct _TapScoreRow
{
  GtkListBoxRow parent_instance;

  GtkWidget *mark;
  GtkWidget *name_label;
  GtkWidget *value_label;
  GtkWidget *pin_button;
  GtkWidget *bar;

  int class_index;
  char *name;
  gboolean quiet; /* the pin follows the document, nobody pressed it */
};

G_DEFINE_FINAL_TYPE (TapScoreRow, tap_score_row, GTK_TYPE_LIST_BOX_ROW)

enum
{
  SIGNAL_PIN_TOGGLED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
pin_toggled_cb (TapScoreRow *self)
{
  gboolean pinned = gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (self->pin_button));

  if (!self->quiet)
    g_signal_emit (self, signals[SIGNAL_PIN_TOGGLED], 0, pinned);
}

static void
tap_score_row_finalize (GObject *object)
{
  g_free (TAP_SCORE_ROW (object)->name);

  G_OBJECT_CLASS (tap_score_row_parent_class)->finalize (object);
}

static void
tap_score_row_class_init (TapScoreRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = tap_score_row_finalize;

  g_type_ensure (TAP_TYPE_SCORE_BAR);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               TAP_RESOURCE_PATH "/ui/tap-score-row.ui");
  gtk_widget_class_bind_template_child (widget_class, TapScoreRow, mark);
  gtk_widget_class_bind_template_child (widget_class, TapScoreRow, name_label);
  gtk_widget_class_bind_template_child (widget_class, TapScoreRow, value_label);
  gtk_widget_class_bind_template_child (widget_class, TapScoreRow, pin_button);
  gtk_widget_class_bind_template_child (widget_class, TapScoreRow, bar);
  gtk_widget_class_bind_template_callback (widget_class, pin_toggled_cb);

  signals[SIGNAL_PIN_TOGGLED] = g_signal_new ("pin-toggled", TAP_TYPE_SCORE_ROW, G_SIGNAL_RUN_LAST,
                                              0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
}

static void
tap_score_row_init (TapScoreRow *self)
{
  self->class_index = -1;
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
tap_score_row_new (void)
{
  return g_object_new (TAP_TYPE_SCORE_ROW, NULL);
}

int
tap_score_row_get_class_index (TapScoreRow *self)
{
  return self->class_index;
}

void
tap_score_row_set (TapScoreRow *self,
                   int class_index,
                   const char *name,
                   double probability,
                   double clean)
{
  char percent[32];
  g_autofree char *text = NULL;

  g_return_if_fail (TAP_IS_SCORE_ROW (self));

  if (name != NULL && g_strcmp0 (name, self->name) != 0)
    {
      g_free (self->name);
      self->name = g_strdup (name);
      gtk_label_set_text (GTK_LABEL (self->name_label), name);
      gtk_widget_set_tooltip_text (self->name_label, name);
    }
  self->class_index = class_index;

  g_snprintf (percent, sizeof percent, probability >= 0.01 ? "%.1f %%" : "%.2f %%",
              probability * 100.0);
  if (g_strcmp0 (percent, gtk_label_get_text (GTK_LABEL (self->value_label))) != 0)
    {
      gtk_label_set_text (GTK_LABEL (self->value_label), percent);
      text = g_strdup_printf ("%s, %s", self->name != NULL ? self->name : "", percent);
      gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, text,
                                      -1);
    }
  tap_score_bar_set (TAP_SCORE_BAR (self->bar), probability, clean);
}

void
tap_score_row_set_pinned (TapScoreRow *self, gboolean pinned)
{
  self->quiet = TRUE;
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (self->pin_button), pinned);
  self->quiet = FALSE;
}

void
tap_score_row_set_driving (TapScoreRow *self, gboolean driving)
{
  gtk_widget_set_opacity (self->mark, driving ? 1.0 : 0.0);
  if (driving)
    gtk_widget_add_css_class (GTK_WIDGET (self), "driving");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "driving");
}
