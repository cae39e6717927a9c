/* tap-network-pane.c - the network as a drawing, with find, zoom and collapsing
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/widgets/tap-network-pane.h"

#include <glib/gi18n.h>

#include "app/widgets/tap-diagram-view.h"

struct _TapNetworkPane
{
  GtkWidget parent_instance;

  GtkWidget *find_entry;
  GtkWidget *stack;
  TapDiagramView *diagram_view;
  GtkWidget *tools;
  GtkWidget *match_label;
  GtkWidget *collapse_button;

  TapDocument *document;
  GSignalGroup *signals;
};

G_DEFINE_FINAL_TYPE (TapNetworkPane, tap_network_pane, GTK_TYPE_WIDGET)

static TapGraph *
get_graph (TapNetworkPane *self)
{
  TapModel *model = self->document != NULL ? tap_document_get_model (self->document) : NULL;

  return model != NULL ? model->graph : NULL;
}

static void
model_changed_cb (TapNetworkPane *self)
{
  gboolean any = get_graph (self) != NULL;

  gtk_stack_set_visible_child_name (GTK_STACK (self->stack), any ? "diagram" : "none");
  gtk_widget_set_sensitive (self->tools, any);
  gtk_widget_set_sensitive (self->find_entry, any);
}

static void
collapse_toggled_cb (TapNetworkPane *self)
{
  tap_diagram_view_set_collapse (
    self->diagram_view, gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (self->collapse_button)));
}

static void
find_changed_cb (TapNetworkPane *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->find_entry));
  gboolean any = *text != '\0';
  int n = tap_diagram_view_set_find (self->diagram_view, any ? text : NULL);
  g_autofree char *label = NULL;

  if (any && n > 0)
    label = g_strdup_printf (ngettext ("%d match", "%d matches", n), n);
  else if (any)
    label = g_strdup (_ ("Nothing found"));
  gtk_label_set_text (GTK_LABEL (self->match_label), label != NULL ? label : "");
}

static void
find_next_cb (TapNetworkPane *self)
{
  tap_diagram_view_find_next (self->diagram_view, TRUE);
}

static void
find_previous_cb (TapNetworkPane *self)
{
  tap_diagram_view_find_next (self->diagram_view, FALSE);
}

static void
find_stopped_cb (TapNetworkPane *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->find_entry), "");
  gtk_widget_grab_focus (GTK_WIDGET (self->diagram_view));
}

static void
zoom_in_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  tap_network_pane_zoom (TAP_NETWORK_PANE (widget), 1.25);
}

static void
zoom_out_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  tap_network_pane_zoom (TAP_NETWORK_PANE (widget), 0.8);
}

static void
fit_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  tap_network_pane_fit (TAP_NETWORK_PANE (widget));
}

static void
tap_network_pane_dispose (GObject *object)
{
  TapNetworkPane *self = TAP_NETWORK_PANE (object);

  g_clear_object (&self->signals);
  g_clear_object (&self->document);
  gtk_widget_dispose_template (GTK_WIDGET (self), TAP_TYPE_NETWORK_PANE);

  G_OBJECT_CLASS (tap_network_pane_parent_class)->dispose (object);
}

static void
tap_network_pane_class_init (TapNetworkPaneClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tap_network_pane_dispose;

  g_type_ensure (TAP_TYPE_DIAGRAM_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               TAP_RESOURCE_PATH "/ui/tap-network-pane.ui");
  gtk_widget_class_bind_template_child (widget_class, TapNetworkPane, find_entry);
  gtk_widget_class_bind_template_child (widget_class, TapNetworkPane, stack);
  gtk_widget_class_bind_template_child (widget_class, TapNetworkPane, diagram_view);
  gtk_widget_class_bind_template_child (widget_class, TapNetworkPane, tools);
  gtk_widget_class_bind_template_child (widget_class, TapNetworkPane, match_label);
  gtk_widget_class_bind_template_child (widget_class, TapNetworkPane, collapse_button);
  gtk_widget_class_bind_template_callback (widget_class, find_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, find_next_cb);
  gtk_widget_class_bind_template_callback (widget_class, find_previous_cb);
  gtk_widget_class_bind_template_callback (widget_class, find_stopped_cb);
  gtk_widget_class_bind_template_callback (widget_class, collapse_toggled_cb);
  gtk_widget_class_set_css_name (widget_class, "networkpane");
  gtk_widget_class_install_action (widget_class, "network.zoom-in", NULL, zoom_in_action);
  gtk_widget_class_install_action (widget_class, "network.zoom-out", NULL, zoom_out_action);
  gtk_widget_class_install_action (widget_class, "network.fit", NULL, fit_action);
}

static void
tap_network_pane_init (TapNetworkPane *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  self->signals = g_signal_group_new (TAP_TYPE_DOCUMENT);
  g_signal_group_connect_swapped (self->signals, "notify::model", G_CALLBACK (model_changed_cb),
                                  self);
}

GtkWidget *
tap_network_pane_new (void)
{
  return g_object_new (TAP_TYPE_NETWORK_PANE, NULL);
}

void
tap_network_pane_set_document (TapNetworkPane *self, TapDocument *document)
{
  g_return_if_fail (TAP_IS_NETWORK_PANE (self));

  if (!g_set_object (&self->document, document))
    return;

  g_signal_group_set_target (self->signals, document);
  tap_diagram_view_set_document (self->diagram_view, document);
  model_changed_cb (self);
}

void
tap_network_pane_find (TapNetworkPane *self)
{
  gtk_widget_grab_focus (self->find_entry);
}

void
tap_network_pane_zoom (TapNetworkPane *self, double factor)
{
  tap_diagram_view_zoom_by (self->diagram_view, factor);
}

void
tap_network_pane_fit (TapNetworkPane *self)
{
  tap_diagram_view_fit (self->diagram_view);
}

TapDiagram *
tap_network_pane_dup_diagram (TapNetworkPane *self)
{
  return get_graph (self) != NULL ? tap_diagram_view_dup_diagram (self->diagram_view) : NULL;
}
