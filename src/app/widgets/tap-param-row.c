/* tap-param-row.c - one control for one parameter descriptor
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/widgets/tap-param-row.h"

#include <glib/gi18n.h>
#include <math.h>

struct _TapParamRow
{
  GtkWidget parent_instance;

  const TapParam *param;
  GtkWidget *spin, *scale; /* numbers */
  GtkWidget *drop;         /* choices */
  GtkWidget *toggle;       /* truth values */
  gboolean quiet;
};

G_DEFINE_FINAL_TYPE (TapParamRow, tap_param_row, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
emit_changed (TapParamRow *self)
{
  if (!self->quiet)
    g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

/* Number and slider have ranges of their own: the slider ends where values cease to make sense, the number
 * where they cease to be allowed. */
static void
spin_changed_cb (TapParamRow *self)
{
  if (self->scale != NULL)
    {
      gboolean quiet = self->quiet;

      self->quiet = TRUE;
      gtk_range_set_value (GTK_RANGE (self->scale),
                           gtk_spin_button_get_value (GTK_SPIN_BUTTON (self->spin)));
      self->quiet = quiet;
    }
  emit_changed (self);
}

static void
scale_changed_cb (TapParamRow *self)
{
  if (!self->quiet)
    gtk_spin_button_set_value (GTK_SPIN_BUTTON (self->spin),
                               gtk_range_get_value (GTK_RANGE (self->scale)));
}

static void
tap_param_row_dispose (GObject *object)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (tap_param_row_parent_class)->dispose (object);
}

static void
tap_param_row_class_init (TapParamRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tap_param_row_dispose;

  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "paramrow");

  signals[SIGNAL_CHANGED] = g_signal_new ("changed", TAP_TYPE_PARAM_ROW, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 0);
}

static void
tap_param_row_init (TapParamRow *self)
{
  gtk_orientable_set_orientation (
    GTK_ORIENTABLE (gtk_widget_get_layout_manager (GTK_WIDGET (self))), GTK_ORIENTATION_VERTICAL);
}

static int
digits_of (const TapParam *param)
{
  if (param->kind == TAP_PARAM_INT || param->step <= 0)
    return param->kind == TAP_PARAM_INT ? 0 : 2;

  return CLAMP ((int) ceil (-log10 (param->step)), 0, 6);
}

static void
add_number (TapParamRow *self, GtkWidget *line)
{
  const TapParam *param = self->param;
  double step = param->step > 0 ? param->step : 1;
  gboolean soft = param->soft_max > param->soft_min;

  self->spin = gtk_spin_button_new_with_range (param->min, param->max, step);
  gtk_spin_button_set_digits (GTK_SPIN_BUTTON (self->spin), digits_of (param));
  gtk_editable_set_width_chars (GTK_EDITABLE (self->spin), 5);
  gtk_editable_set_max_width_chars (GTK_EDITABLE (self->spin), 5);
  g_signal_connect_swapped (self->spin, "value-changed", G_CALLBACK (spin_changed_cb), self);
  gtk_box_append (GTK_BOX (line), self->spin);
  if (param->unit != NULL)
    {
      GtkWidget *unit = gtk_label_new (param->unit);

      gtk_widget_add_css_class (unit, "dim-label");
      gtk_box_append (GTK_BOX (line), unit);
    }

  if (soft)
    {
      self->scale = gtk_scale_new_with_range (GTK_ORIENTATION_HORIZONTAL, param->soft_min,
                                              param->soft_max, step);
      gtk_scale_set_draw_value (GTK_SCALE (self->scale), FALSE);
      gtk_accessible_update_property (GTK_ACCESSIBLE (self->scale), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                      _ (param->label), -1);
      g_signal_connect_swapped (self->scale, "value-changed", G_CALLBACK (scale_changed_cb), self);
      gtk_widget_set_parent (self->scale, GTK_WIDGET (self));
    }
}

static void
setup_choice_cb (GtkListItemFactory *factory, GtkListItem *item)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_list_item_set_child (item, label);
}

static void
setup_whole_choice_cb (GtkListItemFactory *factory, GtkListItem *item)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_list_item_set_child (item, label);
}

static void
bind_choice_cb (GtkListItemFactory *factory, GtkListItem *item)
{
  gtk_label_set_text (GTK_LABEL (gtk_list_item_get_child (item)),
                      gtk_string_object_get_string (gtk_list_item_get_item (item)));
}

/* The button may be narrower than its text, the list not. */
static void
set_factories (GtkDropDown *drop)
{
  g_autoptr (GtkListItemFactory) narrow = gtk_signal_list_item_factory_new ();
  g_autoptr (GtkListItemFactory) whole = gtk_signal_list_item_factory_new ();

  g_signal_connect (narrow, "setup", G_CALLBACK (setup_choice_cb), NULL);
  g_signal_connect (narrow, "bind", G_CALLBACK (bind_choice_cb), NULL);
  g_signal_connect (whole, "setup", G_CALLBACK (setup_whole_choice_cb), NULL);
  g_signal_connect (whole, "bind", G_CALLBACK (bind_choice_cb), NULL);
  gtk_drop_down_set_factory (drop, narrow);
  gtk_drop_down_set_list_factory (drop, whole);
}

/* Characters of a choice beside which a label still fits. */
#define SHORT_CHOICE 16

static gboolean
has_long_choice (const TapParam *param)
{
  for (const TapChoice *choice = param->choices; choice != NULL && choice->id != NULL; choice++)
    if (g_utf8_strlen (_ (choice->label), -1) > SHORT_CHOICE)
      return TRUE;

  return FALSE;
}

/* Long choices get a line of their own, under the label. */
static void
add_choices (TapParamRow *self, GtkWidget *line)
{
  GtkStringList *names = gtk_string_list_new (NULL);

  for (const TapChoice *choice = self->param->choices; choice != NULL && choice->id != NULL;
       choice++)
    gtk_string_list_append (names, _ (choice->label));
  self->drop = gtk_drop_down_new (G_LIST_MODEL (names), NULL);
  set_factories (GTK_DROP_DOWN (self->drop));
  g_signal_connect_swapped (self->drop, "notify::selected", G_CALLBACK (emit_changed), self);
  if (has_long_choice (self->param))
    {
      gtk_widget_set_margin_top (self->drop, 6);
      gtk_widget_set_parent (self->drop, GTK_WIDGET (self));
      return;
    }
  gtk_widget_set_halign (self->drop, GTK_ALIGN_END);
  gtk_box_append (GTK_BOX (line), self->drop);
}

static void
add_switch (TapParamRow *self, GtkWidget *line)
{
  self->toggle = gtk_switch_new ();
  gtk_widget_set_valign (self->toggle, GTK_ALIGN_CENTER);
  g_signal_connect_swapped (self->toggle, "notify::active", G_CALLBACK (emit_changed), self);
  gtk_box_append (GTK_BOX (line), self->toggle);
}

GtkWidget *
tap_param_row_new (const TapParam *param)
{
  TapParamRow *self = g_object_new (TAP_TYPE_PARAM_ROW, NULL);
  GtkWidget *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *label = gtk_label_new (_ (param->label));
  GtkWidget *control;

  self->param = param;
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_set_hexpand (label, TRUE);
  gtk_box_append (GTK_BOX (line), label);
  gtk_widget_set_parent (line, GTK_WIDGET (self));

  if (param->kind == TAP_PARAM_CHOICE)
    add_choices (self, line);
  else if (param->kind == TAP_PARAM_BOOL)
    add_switch (self, line);
  else
    add_number (self, line);

  control = self->drop != NULL ? self->drop : gtk_widget_get_next_sibling (label);
  gtk_label_set_mnemonic_widget (GTK_LABEL (label), control);
  gtk_accessible_update_property (GTK_ACCESSIBLE (control), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ (param->label), -1);
  if (param->help != NULL)
    gtk_widget_set_tooltip_text (GTK_WIDGET (self), _ (param->help));
  tap_param_row_set_value (self, param->fallback);

  return GTK_WIDGET (self);
}

const TapParam *
tap_param_row_get_param (TapParamRow *self)
{
  return self->param;
}

double
tap_param_row_get_value (TapParamRow *self)
{
  if (self->drop != NULL)
    return gtk_drop_down_get_selected (GTK_DROP_DOWN (self->drop));
  if (self->toggle != NULL)
    return gtk_switch_get_active (GTK_SWITCH (self->toggle));

  return gtk_spin_button_get_value (GTK_SPIN_BUTTON (self->spin));
}

void
tap_param_row_set_value (TapParamRow *self, double value)
{
  self->quiet = TRUE;
  if (self->drop != NULL)
    gtk_drop_down_set_selected (GTK_DROP_DOWN (self->drop), (guint) MAX (value, 0));
  else if (self->toggle != NULL)
    gtk_switch_set_active (GTK_SWITCH (self->toggle), value != 0);
  else
    gtk_spin_button_set_value (GTK_SPIN_BUTTON (self->spin), value);
  self->quiet = FALSE;
}
