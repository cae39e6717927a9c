/* tap-method-panel.c - the controls of a method, made from its descriptor table
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/widgets/tap-method-panel.h"

#include <glib/gi18n.h>

#include "app/widgets/tap-param-row.h"

struct _TapMethodPanel
{
  GtkWidget parent_instance;

  const TapMethod *method;
  TapDocument *document;
  GPtrArray *rows; /* TapParamRow, not owned */
};

G_DEFINE_FINAL_TYPE (TapMethodPanel, tap_method_panel, GTK_TYPE_WIDGET)

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
row_changed_cb (TapMethodPanel *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
tap_method_panel_dispose (GObject *object)
{
  TapMethodPanel *self = TAP_METHOD_PANEL (object);
  GtkWidget *child;

  g_clear_object (&self->document);
  g_clear_pointer (&self->rows, g_ptr_array_unref);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (tap_method_panel_parent_class)->dispose (object);
}

static void
tap_method_panel_class_init (TapMethodPanelClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tap_method_panel_dispose;

  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "methodpanel");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);

  signals[SIGNAL_CHANGED] = g_signal_new ("changed", TAP_TYPE_METHOD_PANEL, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
tap_method_panel_init (TapMethodPanel *self)
{
  GtkLayoutManager *layout = gtk_widget_get_layout_manager (GTK_WIDGET (self));

  gtk_orientable_set_orientation (GTK_ORIENTABLE (layout), GTK_ORIENTATION_VERTICAL);
  gtk_box_layout_set_spacing (GTK_BOX_LAYOUT (layout), 6);
  self->rows = g_ptr_array_new ();
}

static gboolean
is_selection (const TapParam *param)
{
  return param->kind == TAP_PARAM_LAYER || param->kind == TAP_PARAM_UNIT ||
         param->kind == TAP_PARAM_CLASS;
}

GtkWidget *
tap_method_panel_new (const TapMethod *method, TapDocument *document, const char *const *hidden)
{
  TapMethodPanel *self = g_object_new (TAP_TYPE_METHOD_PANEL, NULL);
  GtkWidget *title;

  self->method = method;
  self->document = g_object_ref (document);

  title = gtk_label_new (_ (method->title));
  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_widget_add_css_class (title, "heading");
  gtk_widget_set_tooltip_text (title, _ (method->summary));
  gtk_widget_set_parent (title, GTK_WIDGET (self));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ (method->title), -1);

  for (const TapParam *param = method->params; param != NULL && param->id != NULL; param++)
    {
      GtkWidget *row;

      if (is_selection (param) || (hidden != NULL && g_strv_contains (hidden, param->id)))
        continue;

      row = tap_param_row_new (param);
      g_signal_connect_swapped (row, "changed", G_CALLBACK (row_changed_cb), self);
      gtk_widget_set_parent (row, GTK_WIDGET (self));
      g_ptr_array_add (self->rows, row);
    }

  return GTK_WIDGET (self);
}

static TapParamRow *
find_row (TapMethodPanel *self, const char *id)
{
  for (guint i = 0; i < self->rows->len; i++)
    {
      TapParamRow *row = g_ptr_array_index (self->rows, i);

      if (strcmp (tap_param_row_get_param (row)->id, id) == 0)
        return row;
    }

  return NULL;
}

/* A selection that the table does not accept leaves the method's own choice standing. */
static void
fill_selection (TapMethodPanel *self, TapParams *params)
{
  const char *layer = tap_document_get_layer_name (self->document);

  for (const TapParam *param = self->method->params; param != NULL && param->id != NULL; param++)
    {
      if (param->kind == TAP_PARAM_LAYER && layer != NULL)
        tap_params_set_string (params, param->id, layer, NULL);
      else if (param->kind == TAP_PARAM_UNIT)
        tap_params_set (params, param->id, tap_document_get_unit (self->document), NULL);
      else if (param->kind == TAP_PARAM_CLASS)
        tap_params_set (params, param->id, tap_document_get_class_index (self->document), NULL);
    }
}

TapParams *
tap_method_panel_dup_params (TapMethodPanel *self)
{
  TapParams *params = tap_params_new (self->method->params);

  fill_selection (self, params);
  for (guint i = 0; i < self->rows->len; i++)
    {
      TapParamRow *row = g_ptr_array_index (self->rows, i);
      const TapParam *param = tap_param_row_get_param (row);
      double value = tap_param_row_get_value (row);

      if (param->kind == TAP_PARAM_CHOICE)
        tap_params_set_string (params, param->id, param->choices[(int) value].id, NULL);
      else
        tap_params_set (params, param->id, value, NULL);
    }

  return params;
}

void
tap_method_panel_set_value (TapMethodPanel *self, const char *id, double value)
{
  TapParamRow *row = find_row (self, id);

  if (row != NULL)
    tap_param_row_set_value (row, value);
}

double
tap_method_panel_get_value (TapMethodPanel *self, const char *id)
{
  TapParamRow *row = find_row (self, id);
  const TapParam *param = tap_param_find (self->method->params, id);

  if (row != NULL)
    return tap_param_row_get_value (row);

  return param != NULL ? param->fallback : 0;
}
