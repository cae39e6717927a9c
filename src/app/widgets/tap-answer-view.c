/* tap-answer-view.c - what the network says: the most probable classes, and those that are pinned
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Follows the mask: while a probe stands, its probabilities are shown and the clean ones are ticks. A
 * class that falls out of the first five under the mask is what one wants to watch, so the class that
 * drives the maps always has a row. */
#include "config.h"

#include "app/widgets/tap-answer-view.h"

#include <glib/gi18n.h>

#include "app/widgets/tap-class-picker.h"
#include "app/widgets/tap-score-row.h"

#define N_TOP    5
#define ROWS_MAX 24

struct _TapAnswerView
{
  GtkWidget parent_instance;

  GtkWidget *state_label;
  GtkWidget *spinner;
  GtkWidget *follow_button;
  TapClassPicker *picker;
  GtkWidget *stack;
  GtkWidget *list_box;
  GtkWidget *problem_label;
  GtkWidget *softmax_label;

  TapDocument *document;
  GSignalGroup *signals;
  GPtrArray *rows; /* TapScoreRow, not owned; shown or not */
};

G_DEFINE_FINAL_TYPE (TapAnswerView, tap_answer_view, GTK_TYPE_WIDGET)

static void
pin_toggled_cb (TapAnswerView *self, gboolean pinned, TapScoreRow *row)
{
  tap_document_set_pinned (self->document, tap_score_row_get_class_index (row), pinned);
}

static TapScoreRow *
ensure_row (TapAnswerView *self, guint i)
{
  while (self->rows->len <= i)
    {
      GtkWidget *row = tap_score_row_new ();

      g_signal_connect_object (row, "pin-toggled", G_CALLBACK (pin_toggled_cb), self,
                               G_CONNECT_SWAPPED);
      gtk_list_box_append (GTK_LIST_BOX (self->list_box), row);
      g_ptr_array_add (self->rows, row);
    }

  return g_ptr_array_index (self->rows, i);
}

static gboolean
contains (const int *classes, guint n, int index)
{
  for (guint i = 0; i < n; i++)
    if (classes[i] == index)
      return TRUE;

  return FALSE;
}

/* The first five of what is shown, then the class that drives the maps, then the pinned ones. */
static guint
choose_classes (TapAnswerView *self, TapScores *scores, int classes[ROWS_MAX])
{
  GArray *pinned = tap_document_get_pinned (self->document);
  int driving = tap_document_get_class_index (self->document);
  guint n = 0;

  for (guint i = 0; i < scores->top->len && i < N_TOP; i++)
    classes[n++] = g_array_index (scores->top, TapScore, i).index;
  if (driving >= 0 && !contains (classes, n, driving))
    classes[n++] = driving;
  for (guint i = 0; i < pinned->len && n < ROWS_MAX; i++)
    if (!contains (classes, n, g_array_index (pinned, int, i)))
      classes[n++] = g_array_index (pinned, int, i);

  return n;
}

static void
update_rows (TapAnswerView *self)
{
  TapScores *clean = tap_document_get_scores (self->document);
  TapScores *probe = tap_document_get_probe_scores (self->document);
  TapScores *scores = probe != NULL ? probe : clean;
  int driving = tap_document_get_class_index (self->document);
  int classes[ROWS_MAX];
  guint n = scores != NULL ? choose_classes (self, scores, classes) : 0;

  for (guint i = 0; i < n; i++)
    {
      TapScoreRow *row = ensure_row (self, i);
      double before = probe != NULL && clean != NULL ? tap_scores_get (clean, classes[i]) : -1.0;
      g_autofree char *name = NULL;

      if (classes[i] != tap_score_row_get_class_index (row))
        name = tap_document_dup_class_name (self->document, classes[i]);
      tap_score_row_set (row, classes[i], name, tap_scores_get (scores, classes[i]), before);
      tap_score_row_set_pinned (row, tap_document_is_pinned (self->document, classes[i]));
      tap_score_row_set_driving (row, classes[i] == driving);
      gtk_widget_set_visible (GTK_WIDGET (row), TRUE);
    }
  for (guint i = n; i < self->rows->len; i++)
    gtk_widget_set_visible (g_ptr_array_index (self->rows, i), FALSE);

  gtk_stack_set_visible_child_name (GTK_STACK (self->stack), n > 0 ? "scores" : "none");
  gtk_label_set_text (GTK_LABEL (self->state_label), probe != NULL ? _ ("under the mask") : "");
}

static void
update_state (TapAnswerView *self)
{
  TapModel *model = tap_document_get_model (self->document);
  const char *problem = tap_document_get_run_problem (self->document);
  gboolean running = tap_document_get_running (self->document);

  gtk_spinner_set_spinning (GTK_SPINNER (self->spinner), running);
  gtk_widget_set_visible (self->follow_button, tap_document_get_chosen_class (self->document) >= 0);
  gtk_widget_set_sensitive (GTK_WIDGET (self->picker), model != NULL && model->n_classes > 0);
  gtk_label_set_text (GTK_LABEL (self->problem_label), problem != NULL ? problem : "");
  gtk_widget_set_visible (self->problem_label, problem != NULL);
  gtk_widget_set_visible (self->softmax_label, model != NULL && model->n_classes > 0 &&
                                                 !model->scores_are_probabilities);
}

static void
scores_changed_cb (TapAnswerView *self)
{
  update_rows (self);
}

static void
state_changed_cb (TapAnswerView *self)
{
  update_state (self);
}

/* Another network: equal numbers may mean other names. */
static void
model_changed_cb (TapAnswerView *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    tap_score_row_set (g_ptr_array_index (self->rows, i), -1, "", 0.0, -1.0);
  update_state (self);
  update_rows (self);
}

static void
class_changed_cb (TapAnswerView *self)
{
  update_rows (self);
  update_state (self);
}

/* Choosing the chosen class again lets go of it. */
static void
row_activated_cb (TapAnswerView *self, TapScoreRow *row)
{
  int index = tap_score_row_get_class_index (row);

  if (index == tap_document_get_chosen_class (self->document))
    index = -1;
  tap_document_set_chosen_class (self->document, index);
}

static void
follow_cb (TapAnswerView *self)
{
  tap_document_set_chosen_class (self->document, -1);
}

static void
picked_cb (TapAnswerView *self, int index)
{
  tap_document_set_pinned (self->document, index, TRUE);
}

static void
tap_answer_view_dispose (GObject *object)
{
  TapAnswerView *self = TAP_ANSWER_VIEW (object);
  GtkWidget *child;

  g_clear_object (&self->signals);
  g_clear_object (&self->document);
  g_clear_pointer (&self->rows, g_ptr_array_unref);
  gtk_widget_dispose_template (GTK_WIDGET (self), TAP_TYPE_ANSWER_VIEW);
  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self))) != NULL)
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (tap_answer_view_parent_class)->dispose (object);
}

static void
tap_answer_view_class_init (TapAnswerViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tap_answer_view_dispose;

  g_type_ensure (TAP_TYPE_CLASS_PICKER);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               TAP_RESOURCE_PATH "/ui/tap-answer-view.ui");
  gtk_widget_class_bind_template_child (widget_class, TapAnswerView, state_label);
  gtk_widget_class_bind_template_child (widget_class, TapAnswerView, spinner);
  gtk_widget_class_bind_template_child (widget_class, TapAnswerView, follow_button);
  gtk_widget_class_bind_template_child (widget_class, TapAnswerView, picker);
  gtk_widget_class_bind_template_child (widget_class, TapAnswerView, stack);
  gtk_widget_class_bind_template_child (widget_class, TapAnswerView, list_box);
  gtk_widget_class_bind_template_child (widget_class, TapAnswerView, problem_label);
  gtk_widget_class_bind_template_child (widget_class, TapAnswerView, softmax_label);
  gtk_widget_class_bind_template_callback (widget_class, row_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, follow_cb);
  gtk_widget_class_bind_template_callback (widget_class, picked_cb);
}

static void
tap_answer_view_init (TapAnswerView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  self->rows = g_ptr_array_new ();
  self->signals = g_signal_group_new (TAP_TYPE_DOCUMENT);
  g_signal_group_connect_swapped (self->signals, "notify::model", G_CALLBACK (model_changed_cb),
                                  self);
  g_signal_group_connect_swapped (self->signals, "notify::scores", G_CALLBACK (scores_changed_cb),
                                  self);
  g_signal_group_connect_swapped (self->signals, "notify::probe-scores",
                                  G_CALLBACK (scores_changed_cb), self);
  g_signal_group_connect_swapped (self->signals, "notify::pinned", G_CALLBACK (scores_changed_cb),
                                  self);
  g_signal_group_connect_swapped (self->signals, "notify::class-index",
                                  G_CALLBACK (class_changed_cb), self);
  g_signal_group_connect_swapped (self->signals, "notify::chosen-class",
                                  G_CALLBACK (class_changed_cb), self);
  g_signal_group_connect_swapped (self->signals, "notify::running", G_CALLBACK (state_changed_cb),
                                  self);
  g_signal_group_connect_swapped (self->signals, "notify::run-problem",
                                  G_CALLBACK (state_changed_cb), self);
}

GtkWidget *
tap_answer_view_new (void)
{
  return g_object_new (TAP_TYPE_ANSWER_VIEW, NULL);
}

void
tap_answer_view_set_document (TapAnswerView *self, TapDocument *document)
{
  g_return_if_fail (TAP_IS_ANSWER_VIEW (self));

  if (!g_set_object (&self->document, document))
    return;

  g_signal_group_set_target (self->signals, document);
  tap_class_picker_set_document (self->picker, document);
  model_changed_cb (self);
}

void
tap_answer_view_pick_class (TapAnswerView *self)
{
  tap_class_picker_popup (self->picker);
}
