/* tap-details-pane.c - the right column: answer, preprocessing, controls of the page, facts
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/widgets/tap-details-pane.h"

#include "app/widgets/tap-answer-view.h"
#include "app/widgets/tap-facts-view.h"
#include "app/widgets/tap-preprocess-chip.h"

struct _TapDetailsPane
{
  AdwBin parent_instance;

  TapAnswerView *answer;
  TapPreprocessChip *chip;
  GtkWidget *panels;
  GtkWidget *panels_box;
  TapFactsView *facts;
};

G_DEFINE_FINAL_TYPE (TapDetailsPane, tap_details_pane, ADW_TYPE_BIN)

static void
tap_details_pane_class_init (TapDetailsPaneClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  g_type_ensure (TAP_TYPE_ANSWER_VIEW);
  g_type_ensure (TAP_TYPE_FACTS_VIEW);
  g_type_ensure (TAP_TYPE_PREPROCESS_CHIP);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               TAP_RESOURCE_PATH "/ui/tap-details-pane.ui");
  gtk_widget_class_bind_template_child (widget_class, TapDetailsPane, answer);
  gtk_widget_class_bind_template_child (widget_class, TapDetailsPane, chip);
  gtk_widget_class_bind_template_child (widget_class, TapDetailsPane, panels);
  gtk_widget_class_bind_template_child (widget_class, TapDetailsPane, panels_box);
  gtk_widget_class_bind_template_child (widget_class, TapDetailsPane, facts);
}

static void
tap_details_pane_init (TapDetailsPane *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
tap_details_pane_new (void)
{
  return g_object_new (TAP_TYPE_DETAILS_PANE, NULL);
}

void
tap_details_pane_set_document (TapDetailsPane *self, TapDocument *document)
{
  tap_answer_view_set_document (self->answer, document);
  tap_preprocess_chip_set_document (self->chip, document);
  tap_facts_view_set_document (self->facts, document);
}

void
tap_details_pane_add_page (TapDetailsPane *self, TapPage *page)
{
  GtkWidget *panel = tap_page_get_panel (page);

  if (panel != NULL)
    gtk_stack_add_named (GTK_STACK (self->panels), panel, tap_page_get_id (page));
}

void
tap_details_pane_set_page (TapDetailsPane *self, TapPage *page)
{
  GtkWidget *panel = page != NULL ? tap_page_get_panel (page) : NULL;

  gtk_widget_set_visible (self->panels_box, panel != NULL);
  if (panel != NULL)
    gtk_stack_set_visible_child (GTK_STACK (self->panels), panel);
}

void
tap_details_pane_pick_class (TapDetailsPane *self)
{
  tap_answer_view_pick_class (self->answer);
}
