/* tap-facts-view.c - what is known about the selected layer
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/widgets/tap-facts-view.h"

#include <glib/gi18n.h>

#include "app/widgets/tap-histogram-view.h"

struct _TapFactsView
{
  GtkWidget parent_instance;

  GtkWidget *stack;
  GtkWidget *name_label;
  GtkWidget *summary_label;
  GtkWidget *problem_label;
  GtkWidget *grid;
  TapHistogramView *histogram;

  TapDocument *document;
  GSignalGroup *signals;
  int n_lines;
};

G_DEFINE_FINAL_TYPE (TapFactsView, tap_facts_view, GTK_TYPE_WIDGET)

/* "1.23 million": a person compares sizes, not digits; the exact number is the tooltip. */
static char *
count_text (guint64 n)
{
  if (n >= 1000000000)
    return g_strdup_printf (_ ("%.2f billion"), (double) n / 1e9);
  if (n >= 1000000)
    return g_strdup_printf (_ ("%.2f million"), (double) n / 1e6);

  return g_strdup_printf ("%'" G_GUINT64_FORMAT, n);
}

static void
add_line (TapFactsView *self, const char *title, char *value, const char *tooltip)
{
  GtkWidget *left = gtk_label_new (title);
  GtkWidget *right = gtk_label_new (value);

  gtk_label_set_xalign (GTK_LABEL (left), 0);
  gtk_label_set_yalign (GTK_LABEL (left), 0);
  gtk_widget_add_css_class (left, "dim-label");
  gtk_label_set_xalign (GTK_LABEL (right), 0);
  gtk_label_set_wrap (GTK_LABEL (right), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (right), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_selectable (GTK_LABEL (right), TRUE);
  gtk_widget_set_focusable (right, FALSE);
  gtk_widget_set_hexpand (right, TRUE);
  gtk_widget_add_css_class (right, "numeric");
  gtk_widget_set_tooltip_text (right, tooltip);
  gtk_accessible_update_relation (GTK_ACCESSIBLE (right), GTK_ACCESSIBLE_RELATION_LABELLED_BY, left,
                                  NULL, -1);
  gtk_grid_attach (GTK_GRID (self->grid), left, 0, self->n_lines, 1, 1);
  gtk_grid_attach (GTK_GRID (self->grid), right, 1, self->n_lines, 1, 1);
  self->n_lines++;
  g_free (value);
}

static void
add_count (TapFactsView *self, const char *title, guint64 n)
{
  g_autofree char *exact = g_strdup_printf ("%" G_GUINT64_FORMAT, n);

  add_line (self, title, count_text (n), exact);
}

static void
clear_lines (TapFactsView *self)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (self->grid)) != NULL)
    gtk_grid_remove (GTK_GRID (self->grid), child);
  self->n_lines = 0;
}

static void
add_stats (TapFactsView *self, const TapStats *stats, gsize n)
{
  g_autofree char *min = tap_plot_number (stats->min);
  g_autofree char *mean = tap_plot_number (stats->mean);
  g_autofree char *max = tap_plot_number (stats->max);

  add_line (self, _ ("Values"), g_strdup_printf ("%s … %s", min, max), _ ("Smallest and largest"));
  add_line (self, _ ("Mean"), g_steal_pointer (&mean), NULL);
  if (n > 0)
    add_line (self, _ ("Zero"),
              g_strdup_printf ("%.1f %%", 100.0 * (double) stats->n_zero / (double) n),
              _ ("Share of the values that are zero"));
  if (stats->n_nan + stats->n_inf > 0)
    add_line (self, _ ("Not numbers"),
              g_strdup_printf ("%" G_GSIZE_FORMAT, stats->n_nan + stats->n_inf),
              _ ("Values that are infinite or not a number; drawn in magenta"));
}

static void
update (TapFactsView *self)
{
  TapLayerFacts *facts = tap_document_get_facts (self->document);

  tap_histogram_view_set_facts (self->histogram, facts);
  gtk_stack_set_visible_child_name (GTK_STACK (self->stack), facts != NULL ? "facts" : "none");
  clear_lines (self);
  if (facts == NULL)
    return;

  gtk_label_set_text (GTK_LABEL (self->name_label), facts->name);
  gtk_widget_set_tooltip_text (self->name_label, facts->name);
  gtk_label_set_text (GTK_LABEL (self->summary_label),
                      facts->summary != NULL ? _ (facts->summary) : "");
  gtk_widget_set_visible (self->summary_label, facts->summary != NULL);
  gtk_label_set_text (GTK_LABEL (self->problem_label),
                      facts->problem != NULL ? facts->problem : "");
  gtk_widget_set_visible (self->problem_label, facts->problem != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->histogram), facts->has_stats);

  add_line (self, _ ("Operator"), g_strdup (facts->op_type), NULL);
  if (facts->settings != NULL)
    add_line (self, _ ("Settings"), g_strdup (facts->settings), NULL);
  if (facts->shape != NULL)
    add_line (self, _ ("Shape"), g_strdup (facts->shape), _ ("Maps × height × width"));
  add_count (self, _ ("Parameters"), facts->n_parameters);
  if (facts->macs > 0)
    add_count (self, _ ("Multiply-adds"), facts->macs);
  if (facts->has_field)
    add_line (
      self, _ ("Sees"),
      /* Translators: receptive field of one cell, height × width in pixels, and the distance
               * between the fields of neighbouring cells */
      g_strdup_printf (_ ("%g×%g px, every %g px"), facts->field.size_y, facts->field.size_x,
                       facts->field.jump_x),
      _ ("Receptive field: the part of the picture that one value depends on"));
  if (facts->has_stats)
    add_stats (self, &facts->stats, facts->histogram.n + facts->histogram.n_left_out);
}

static void
facts_changed_cb (TapFactsView *self)
{
  update (self);
}

static void
tap_facts_view_dispose (GObject *object)
{
  TapFactsView *self = TAP_FACTS_VIEW (object);
  GtkWidget *child;

  g_clear_object (&self->signals);
  g_clear_object (&self->document);
  gtk_widget_dispose_template (GTK_WIDGET (self), TAP_TYPE_FACTS_VIEW);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (tap_facts_view_parent_class)->dispose (object);
}

static void
tap_facts_view_class_init (TapFactsViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tap_facts_view_dispose;

  g_type_ensure (TAP_TYPE_HISTOGRAM_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               TAP_RESOURCE_PATH "/ui/tap-facts-view.ui");
  gtk_widget_class_bind_template_child (widget_class, TapFactsView, stack);
  gtk_widget_class_bind_template_child (widget_class, TapFactsView, name_label);
  gtk_widget_class_bind_template_child (widget_class, TapFactsView, summary_label);
  gtk_widget_class_bind_template_child (widget_class, TapFactsView, problem_label);
  gtk_widget_class_bind_template_child (widget_class, TapFactsView, grid);
  gtk_widget_class_bind_template_child (widget_class, TapFactsView, histogram);
}

static void
tap_facts_view_init (TapFactsView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  self->signals = g_signal_group_new (TAP_TYPE_DOCUMENT);
  g_signal_group_connect_swapped (self->signals, "notify::facts", G_CALLBACK (facts_changed_cb),
                                  self);
}

GtkWidget *
tap_facts_view_new (void)
{
  return g_object_new (TAP_TYPE_FACTS_VIEW, NULL);
}

void
tap_facts_view_set_document (TapFactsView *self, TapDocument *document)
{
  g_return_if_fail (TAP_IS_FACTS_VIEW (self));

  if (!g_set_object (&self->document, document))
    return;

  g_signal_group_set_target (self->signals, document);
  update (self);
}
