/* tap-class-picker.c - a button whose popover finds a class by name
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The list of a thousand names is made when the popover opens, not with every network. */
#include "config.h"

#include "app/widgets/tap-class-picker.h"

#include <glib/gi18n.h>

struct _TapClassPicker
{
  AdwBin parent_instance;

  GtkWidget *button;
  GtkWidget *popover;
  GtkWidget *search_entry;
  GtkWidget *list_view;

  TapDocument *document;
  GtkStringList *names; /* "285 Egyptian cat": the number comes first */
  GtkFilter *filter;
};

G_DEFINE_FINAL_TYPE (TapClassPicker, tap_class_picker, ADW_TYPE_BIN)

enum
{
  SIGNAL_PICKED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
search_changed_cb (TapClassPicker *self)
{
  gtk_string_filter_set_search (GTK_STRING_FILTER (self->filter),
                                gtk_editable_get_text (GTK_EDITABLE (self->search_entry)));
}

static void
pick (TapClassPicker *self, guint position)
{
  GtkSelectionModel *model = gtk_list_view_get_model (GTK_LIST_VIEW (self->list_view));
  g_autoptr (GtkStringObject) object = g_list_model_get_item (G_LIST_MODEL (model), position);

  if (object == NULL)
    return;

  gtk_popover_popdown (GTK_POPOVER (self->popover));
  g_signal_emit (self, signals[SIGNAL_PICKED], 0,
                 (int) g_ascii_strtoll (gtk_string_object_get_string (object), NULL, 10));
}

static void
activated_cb (TapClassPicker *self, guint position)
{
  pick (self, position);
}

static void
entry_activated_cb (TapClassPicker *self)
{
  pick (self, 0);
}

static void
fill (TapClassPicker *self)
{
  TapModel *model = self->document != NULL ? tap_document_get_model (self->document) : NULL;
  int n = model != NULL ? model->n_classes : 0;
  g_auto (GStrv) names = g_new0 (char *, n + 1);

  for (int i = 0; i < n; i++)
    {
      g_autofree char *label = tap_labels_dup_name (model->labels, i);
      g_autofree char *valid = g_utf8_make_valid (label, -1);

      names[i] = g_strdup_printf ("%d  %s", i, valid);
    }
  gtk_string_list_splice (self->names, 0, g_list_model_get_n_items (G_LIST_MODEL (self->names)),
                          (const char *const *) names);
}

static void
shown_cb (TapClassPicker *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->search_entry), "");
  fill (self);
  gtk_widget_grab_focus (self->search_entry);
}

static void
closed_cb (TapClassPicker *self)
{
  gtk_string_list_splice (self->names, 0, g_list_model_get_n_items (G_LIST_MODEL (self->names)),
                          NULL);
}

static void
setup_cb (GtkListItemFactory *factory, GtkListItem *list_item)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_list_item_set_child (list_item, label);
}

static void
bind_cb (GtkListItemFactory *factory, GtkListItem *list_item)
{
  GtkStringObject *object = gtk_list_item_get_item (list_item);

  gtk_label_set_text (GTK_LABEL (gtk_list_item_get_child (list_item)),
                      gtk_string_object_get_string (object));
}

static void
tap_class_picker_dispose (GObject *object)
{
  TapClassPicker *self = TAP_CLASS_PICKER (object);

  g_clear_object (&self->document);
  g_clear_object (&self->names);
  g_clear_object (&self->filter);

  G_OBJECT_CLASS (tap_class_picker_parent_class)->dispose (object);
}

static void
tap_class_picker_class_init (TapClassPickerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tap_class_picker_dispose;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               TAP_RESOURCE_PATH "/ui/tap-class-picker.ui");
  gtk_widget_class_bind_template_child (widget_class, TapClassPicker, button);
  gtk_widget_class_bind_template_child (widget_class, TapClassPicker, popover);
  gtk_widget_class_bind_template_child (widget_class, TapClassPicker, search_entry);
  gtk_widget_class_bind_template_child (widget_class, TapClassPicker, list_view);
  gtk_widget_class_bind_template_callback (widget_class, search_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, entry_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, shown_cb);
  gtk_widget_class_bind_template_callback (widget_class, closed_cb);

  signals[SIGNAL_PICKED] = g_signal_new ("picked", TAP_TYPE_CLASS_PICKER, G_SIGNAL_RUN_LAST, 0,
                                         NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
}

static void
tap_class_picker_init (TapClassPicker *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  GtkExpression *text = gtk_property_expression_new (GTK_TYPE_STRING_OBJECT, NULL, "string");
  GtkFilterListModel *filtered;
  g_autoptr (GtkNoSelection) selection = NULL;

  gtk_widget_init_template (GTK_WIDGET (self));

  self->names = gtk_string_list_new (NULL);
  self->filter = GTK_FILTER (gtk_string_filter_new (text));
  filtered = gtk_filter_list_model_new (G_LIST_MODEL (g_object_ref (self->names)),
                                        g_object_ref (self->filter));
  selection = gtk_no_selection_new (G_LIST_MODEL (filtered));

  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), NULL);
  gtk_list_view_set_factory (GTK_LIST_VIEW (self->list_view), factory);
  gtk_list_view_set_model (GTK_LIST_VIEW (self->list_view), GTK_SELECTION_MODEL (selection));
}

GtkWidget *
tap_class_picker_new (void)
{
  return g_object_new (TAP_TYPE_CLASS_PICKER, NULL);
}

void
tap_class_picker_set_document (TapClassPicker *self, TapDocument *document)
{
  g_return_if_fail (TAP_IS_CLASS_PICKER (self));

  g_set_object (&self->document, document);
}

void
tap_class_picker_popup (TapClassPicker *self)
{
  if (gtk_widget_is_sensitive (GTK_WIDGET (self)))
    gtk_menu_button_popup (GTK_MENU_BUTTON (self->button));
}
