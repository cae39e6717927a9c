/* tap-preprocess-chip.c - how pictures are fed to the network, and the editor for it
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Changes apply at once: the answer beside the editor is the check. */
#include "config.h"

#include "app/widgets/tap-preprocess-chip.h"

#include <glib/gi18n.h>

/* While a number is being typed the network need not run for every digit. */
#define APPLY_DELAY_MS 200

struct _TapPreprocessChip
{
  AdwBin parent_instance;

  GtkWidget *button;
  GtkWidget *label;
  GtkWidget *source_label;
  GtkWidget *width_spin, *height_spin;
  GtkWidget *order_drop;
  GtkWidget *resize_drop;
  GtkWidget *mean_0, *mean_1, *mean_2;
  GtkWidget *std_0, *std_1, *std_2;
  GtkWidget *spec_label;
  GtkWidget *reset_button;

  TapDocument *document;
  GSignalGroup *signals;
  gboolean filling;
  guint apply_id;
};

G_DEFINE_FINAL_TYPE (TapPreprocessChip, tap_preprocess_chip, ADW_TYPE_BIN)

static const char *
order_text (const TapPreprocess *p)
{
  if (p->channels == 1)
    return _ ("Grey");

  return p->order == TAP_ORDER_BGR ? _ ("BGR") : _ ("RGB");
}

/* "RGB, 227 px, mean 104/117/123 — guessed" */
static char *
chip_text (const TapPreprocess *p)
{
  g_autoptr (GString) text = g_string_new (order_text (p));
  gboolean zero = TRUE, same = TRUE;
  int n = CLAMP (p->channels, 1, 3);

  if (p->width == p->height)
    g_string_append_printf (text, ", %d px", p->width);
  else
    g_string_append_printf (text, ", %d×%d px", p->height, p->width);

  for (int i = 0; i < n; i++)
    {
      zero = zero && p->mean[i] == 0.0f;
      same = same && p->mean[i] == p->mean[0];
    }
  if (zero)
    g_string_append_printf (text, ", %s", _ ("no mean"));
  else if (same)
    g_string_append_printf (text, _ (", mean %.4g"), p->mean[0]);
  else
    g_string_append_printf (text, _ (", mean %.0f/%.0f/%.0f"), p->mean[0], p->mean[1], p->mean[2]);

  if (p->resize == TAP_RESIZE_CROP)
    g_string_append_printf (text, ", %s", _ ("cropped"));
  else if (p->resize == TAP_RESIZE_PAD)
    g_string_append_printf (text, ", %s", _ ("padded"));
  g_string_append_printf (text, " — %s", _ (tap_preprocess_source_label (p->source)));

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
set_spin (GtkWidget *spin, double value, gboolean visible)
{
  if (gtk_spin_button_get_value (GTK_SPIN_BUTTON (spin)) != value)
    gtk_spin_button_set_value (GTK_SPIN_BUTTON (spin), value);
  gtk_widget_set_visible (spin, visible);
}

static void
fill_editor (TapPreprocessChip *self, const TapPreprocess *p)
{
  g_autofree char *spec = tap_preprocess_to_string (p);
  gboolean colour = p->channels >= 3;

  self->filling = TRUE;
  set_spin (self->width_spin, p->width, TRUE);
  set_spin (self->height_spin, p->height, TRUE);
  gtk_drop_down_set_selected (GTK_DROP_DOWN (self->order_drop), p->order);
  gtk_widget_set_sensitive (self->order_drop, colour);
  gtk_drop_down_set_selected (GTK_DROP_DOWN (self->resize_drop), p->resize);
  set_spin (self->mean_0, p->mean[0], TRUE);
  set_spin (self->mean_1, p->mean[1], colour);
  set_spin (self->mean_2, p->mean[2], colour);
  set_spin (self->std_0, p->std[0], TRUE);
  set_spin (self->std_1, p->std[1], colour);
  set_spin (self->std_2, p->std[2], colour);
  gtk_label_set_text (GTK_LABEL (self->spec_label), spec);
  self->filling = FALSE;
}

static void
update (TapPreprocessChip *self)
{
  TapModel *model = tap_document_get_model (self->document);
  const TapPreprocess *p;
  g_autofree char *text = NULL;
  g_autofree char *description = NULL;

  gtk_widget_set_visible (GTK_WIDGET (self), model != NULL);
  if (model == NULL)
    return;

  p = &model->preprocess;
  text = chip_text (p);
  gtk_label_set_text (GTK_LABEL (self->label), text);
  /* Translators: %s says how pictures are fed to the network: "RGB, 227 px, …" */
  description = g_strdup_printf (_ ("Preprocessing: %s"), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  description, -1);
  gtk_widget_set_tooltip_text (self->button, description);
  gtk_label_set_text (GTK_LABEL (self->source_label),
                      p->note[0] != '\0' ? p->note : _ (tap_preprocess_source_label (p->source)));
  gtk_widget_set_sensitive (self->reset_button, p->source == TAP_PREPROCESS_USER);

  /* What is being typed wins over what has just been applied. */
  if (self->apply_id == 0)
    fill_editor (self, p);
}

static gboolean
apply_cb (gpointer data)
{
  TapPreprocessChip *self = data;
  TapModel *model = tap_document_get_model (self->document);
  GtkWidget *const mean[] = { self->mean_0, self->mean_1, self->mean_2 };
  GtkWidget *const std[] = { self->std_0, self->std_1, self->std_2 };
  TapPreprocess p;

  self->apply_id = 0;
  if (model == NULL)
    return G_SOURCE_REMOVE;

  p = model->preprocess;
  p.width = gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (self->width_spin));
  p.height = gtk_spin_button_get_value_as_int (GTK_SPIN_BUTTON (self->height_spin));
  if (p.channels >= 3)
    p.order = gtk_drop_down_get_selected (GTK_DROP_DOWN (self->order_drop));
  p.resize = gtk_drop_down_get_selected (GTK_DROP_DOWN (self->resize_drop));
  for (int i = 0; i < 3; i++)
    {
      p.mean[i] = (float) gtk_spin_button_get_value (GTK_SPIN_BUTTON (mean[i]));
      p.std[i] = (float) gtk_spin_button_get_value (GTK_SPIN_BUTTON (std[i]));
      if (p.std[i] == 0.0f)
        p.std[i] = 1.0f;
    }
  p.source = TAP_PREPROCESS_USER;
  p.note[0] = '\0';
  tap_document_set_preprocess (self->document, &p);

  return G_SOURCE_REMOVE;
}

static void
edited_cb (TapPreprocessChip *self)
{
  if (self->filling || self->document == NULL)
    return;

  g_clear_handle_id (&self->apply_id, g_source_remove);
  self->apply_id = g_timeout_add (APPLY_DELAY_MS, apply_cb, self);
}

static void
reset_cb (TapPreprocessChip *self)
{
  g_clear_handle_id (&self->apply_id, g_source_remove);
  tap_document_reset_preprocess (self->document);
}

static void
model_changed_cb (TapPreprocessChip *self)
{
  update (self);
}

static void
tap_preprocess_chip_dispose (GObject *object)
{
  TapPreprocessChip *self = TAP_PREPROCESS_CHIP (object);

  g_clear_handle_id (&self->apply_id, g_source_remove);
  g_clear_object (&self->signals);
  g_clear_object (&self->document);

  G_OBJECT_CLASS (tap_preprocess_chip_parent_class)->dispose (object);
}

static void
tap_preprocess_chip_class_init (TapPreprocessChipClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tap_preprocess_chip_dispose;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               TAP_RESOURCE_PATH "/ui/tap-preprocess-chip.ui");
  gtk_widget_class_bind_template_child (widget_class, TapPreprocessChip, button);
  gtk_widget_class_bind_template_child (widget_class, TapPreprocessChip, label);
  gtk_widget_class_bind_template_child (widget_class, TapPreprocessChip, source_label);
  gtk_widget_class_bind_template_child (widget_class, TapPreprocessChip, width_spin);
  gtk_widget_class_bind_template_child (widget_class, TapPreprocessChip, height_spin);
  gtk_widget_class_bind_template_child (widget_class, TapPreprocessChip, order_drop);
  gtk_widget_class_bind_template_child (widget_class, TapPreprocessChip, resize_drop);
  gtk_widget_class_bind_template_child (widget_class, TapPreprocessChip, mean_0);
  gtk_widget_class_bind_template_child (widget_class, TapPreprocessChip, mean_1);
  gtk_widget_class_bind_template_child (widget_class, TapPreprocessChip, mean_2);
  gtk_widget_class_bind_template_child (widget_class, TapPreprocessChip, std_0);
  gtk_widget_class_bind_template_child (widget_class, TapPreprocessChip, std_1);
  gtk_widget_class_bind_template_child (widget_class, TapPreprocessChip, std_2);
  gtk_widget_class_bind_template_child (widget_class, TapPreprocessChip, spec_label);
  gtk_widget_class_bind_template_child (widget_class, TapPreprocessChip, reset_button);
  gtk_widget_class_bind_template_callback (widget_class, edited_cb);
  gtk_widget_class_bind_template_callback (widget_class, reset_cb);
}

static void
tap_preprocess_chip_init (TapPreprocessChip *self)
{
  self->filling = TRUE;
  gtk_widget_init_template (GTK_WIDGET (self));
  self->filling = FALSE;

  self->signals = g_signal_group_new (TAP_TYPE_DOCUMENT);
  g_signal_group_connect_swapped (self->signals, "notify::model", G_CALLBACK (model_changed_cb),
                                  self);
}

GtkWidget *
tap_preprocess_chip_new (void)
{
  return g_object_new (TAP_TYPE_PREPROCESS_CHIP, NULL);
}

void
tap_preprocess_chip_set_document (TapPreprocessChip *self, TapDocument *document)
{
  g_return_if_fail (TAP_IS_PREPROCESS_CHIP (self));

  if (!g_set_object (&self->document, document))
    return;

  g_signal_group_set_target (self->signals, document);
  update (self);
}
