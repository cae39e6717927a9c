/* tap-occlusion-page.c - drag a mask over the picture and see the answer change
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each move of the mask is a request to the probe lane, whose newest request wins: the answer (all
 * probabilities and the strongest map) is exact, and arrives while the pointer moves. The sweep runs the
 * method over all places on a lane and session of its own; its partial results fill the four maps. */
#include "config.h"

#include "app/pages/tap-occlusion-page.h"

#include "app/pages/tap-live-view.h"
#include "app/pages/tap-mask-look.h"
#include "app/pages/tap-occlusion-jobs.h"
#include "app/pages/tap-recording.h"
#include "app/pages/tap-sweep-view.h"
#include "app/widgets/tap-method-panel.h"
#include "app/widgets/tap-picture-view.h"
#include "app/widgets/tap-rate.h"
#include "app/widgets/tap-texture.h"
#include "render/tap-panels.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "app/tap-settings.h"
/* A probe younger than this is worth finishing even when the mask has moved on. */
#define PROBE_BUDGET_US (150 * 1000)

struct _TapOcclusionPage
{
  GtkWidget parent_instance;

  GtkWidget *content;
  GtkStack *stack;
  AdwStatusPage *empty;
  GtkButton *sweep_button, *cancel_button;
  GtkProgressBar *progress;
  GtkToggleButton *mask_button;
  GtkLabel *answer, *rate;
  TapPictureView *picture_view;
  TapLiveView *live_view;
  TapSweepView *sweep_view;

  TapDocument *document;
  GtkWidget *panel; /* TapMethodPanel */
  gboolean active;
  TapLane *probe_lane, *sweep_lane;
  TapGraph *graph; /* of the subject the mask was sized for */
  gboolean sweeping;

  gboolean dragging;
  TapRecording *recording;

  TapRate answers;
};

static void page_iface_init (TapPageInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TapOcclusionPage,
                               tap_occlusion_page,
                               GTK_TYPE_WIDGET,
                               G_IMPLEMENT_INTERFACE (TAP_TYPE_PAGE, page_iface_init))

static TapSubject *
get_subject (TapOcclusionPage *self)
{
  TapSubject *subject = self->document != NULL ? tap_document_get_subject (self->document) : NULL;

  return subject != NULL && subject->fitted != NULL ? subject : NULL;
}

static TapFill
get_fill (TapOcclusionPage *self)
{
  return (TapFill) tap_method_panel_get_value (TAP_METHOD_PANEL (self->panel), "fill");
}

/* The mask on screen looks like what the network gets. */
static void
show_fill (TapOcclusionPage *self)
{
  TapSubject *subject = get_subject (self);
  TapFill fill = get_fill (self);
  g_autoptr (GdkTexture) through = NULL;

  if (subject == NULL)
    return;
  through = tap_mask_look_through (subject, fill);
  tap_picture_view_set_fill (self->picture_view,
                             tap_mask_look_colour (&subject->model->preprocess, fill), through);
}

static gboolean
mask_is_on (TapOcclusionPage *self)
{
  return gtk_toggle_button_get_active (self->mask_button);
}

static void
probe (TapOcclusionPage *self)
{
  TapSubject *subject = get_subject (self);
  gboolean selected;
  int value;
  TapRect mask;

  if (!self->active || subject == NULL || !mask_is_on (self))
    return;
  tap_picture_view_get_mask (self->picture_view, &mask);
  value = tap_probe_find_layer (subject->model->graph, tap_document_get_layer (self->document),
                                &selected);
  tap_lane_submit (
    self->probe_lane,
    tap_probe_request_new (subject, &mask, get_fill (self), value,
                           value >= 0 && selected ? tap_document_get_unit (self->document) : -1),
    PROBE_BUDGET_US);
}

static void
show_answer (TapOcclusionPage *self, const TapScores *scores)
{
  TapScores *clean = tap_document_get_scores (self->document);
  int index = tap_document_get_class_index (self->document);
  g_autofree char *name = NULL, *text = NULL;
  double before, after;

  if (index < 0 || clean == NULL)
    {
      gtk_label_set_label (self->answer, "");
      return;
    }
  name = tap_document_dup_class_name (self->document, index);
  before = tap_scores_get (clean, index) * 100;
  if (scores == NULL)
    text = g_markup_printf_escaped ("%s <b>%.1f %%</b>", name, before);
  else
    {
      after = tap_scores_get (scores, index) * 100;
      /* Translators: class name, probability of the whole picture, probability under the mask */
      text = g_markup_printf_escaped (_ ("%s %.1f %% → <b>%.1f %%</b>"), name, before, after);
    }
  gtk_label_set_markup (self->answer, text);
}

static void
show_live (TapOcclusionPage *self, const TapProbeAnswer *answer)
{
  TapGraph *graph = answer->subject->model->graph;
  gboolean selected;
  int value = tap_probe_find_layer (graph, tap_document_get_layer (self->document), &selected);
  int producer = value >= 0 ? tap_graph_get_value (graph, value)->producer : -1;

  tap_live_view_set_probe (self->live_view, answer->probe,
                           producer >= 0 ? tap_graph_get_node (graph, producer)->name : "");
}

static TapSweepGrid
get_grid (TapOcclusionPage *self)
{
  TapMethodPanel *panel = TAP_METHOD_PANEL (self->panel);

  return (TapSweepGrid){
    .stride = tap_method_panel_get_value (panel, "stride"),
    .centred = tap_method_panel_get_value (panel, "placement") > 0,
  };
}

/* Marks the place of the sweep that the mask stands on. */
static void
show_place (TapOcclusionPage *self)
{
  TapSweepGrid grid = get_grid (self);
  double column = -1, row = -1;
  TapRect mask;

  tap_picture_view_get_mask (self->picture_view, &mask);
  if (mask_is_on (self))
    tap_sweep_grid_find (&grid, &mask, &column, &row);
  tap_sweep_view_set_place (self->sweep_view, column, row);
}

static void
recorded_cb (gpointer user_data)
{
  tap_page_export_changed (TAP_PAGE (user_data));
}

static void
panels_options (TapPanelsOptions *options)
{
  tap_panels_options_init (options);
  options->colormap = tap_settings_get_colormap ();
  options->dark = adw_style_manager_get_dark (adw_style_manager_get_default ());
}

static void
probed_cb (gpointer result, const GError *error, gpointer user_data)
{
  TapOcclusionPage *self = user_data;
  g_autoptr (TapProbeAnswer) answer = result;
  g_autoptr (TapScores) scores = NULL;
  g_autofree char *text = NULL;
  TapSubject *subject = get_subject (self);

  if (answer == NULL)
    {
      gtk_label_set_label (self->rate, error->message);
      return;
    }
  if (answer->subject != subject || !self->active || !mask_is_on (self))
    return;

  scores = tap_scores_new (answer->probe->probabilities, answer->probe->n_classes);
  tap_document_set_probe_scores (self->document, scores);
  show_answer (self, scores);
  show_live (self, answer);
  text = tap_rate_note (&self->answers, answer->probe->milliseconds);
  gtk_label_set_label (self->rate, text);
  if (self->dragging)
    tap_recording_add (self->recording,
                       tap_frame_request_new_drag (
                         subject->fitted, &answer->probe->mask,
                         tap_mask_look_colour (&subject->model->preprocess, get_fill (self)),
                         scores, tap_document_get_scores (self->document), subject->model->labels,
                         tap_document_get_class_index (self->document),
                         adw_style_manager_get_dark (adw_style_manager_get_default ())));
}

/* --- the sweep --- */

static void
set_sweeping (TapOcclusionPage *self, gboolean sweeping)
{
  self->sweeping = sweeping;
  gtk_widget_set_visible (GTK_WIDGET (self->sweep_button), !sweeping);
  gtk_widget_set_visible (GTK_WIDGET (self->cancel_button), sweeping);
  gtk_widget_set_visible (GTK_WIDGET (self->progress), sweeping);
  if (sweeping)
    gtk_progress_bar_set_fraction (self->progress, 0);
}

static void
show_result (TapOcclusionPage *self, TapResult *result)
{
  TapSubject *subject = get_subject (self);
  TapPanelsOptions options;

  tap_sweep_view_set_result (self->sweep_view, result);
  show_place (self);

  panels_options (&options);
  tap_recording_add (
    self->recording,
    tap_frame_request_new_sweep (result, subject != NULL ? subject->fitted : NULL, &options));
  tap_page_export_changed (TAP_PAGE (self));
}

static void
swept_cb (gpointer data, const GError *error, gpointer user_data)
{
  TapOcclusionPage *self = user_data;
  g_autoptr (TapResult) result = data;

  set_sweeping (self, FALSE);
  if (result == NULL)
    {
      tap_document_report (self->document, error->message);
      return;
    }
  show_result (self, result);
  gtk_label_set_label (self->rate, result->sentence);
}

static void
tick_cb (double fraction, TapResult *partial, gpointer user_data)
{
  TapOcclusionPage *self = user_data;

  if (!self->sweeping)
    return;
  gtk_progress_bar_set_fraction (self->progress, fraction);
  if (partial != NULL)
    show_result (self, partial);
}

static void
sweep_cb (TapOcclusionPage *self)
{
  TapSubject *subject = get_subject (self);

  if (subject == NULL || subject->model->scores < 0)
    return;
  tap_recording_begin (self->recording);
  self->dragging = FALSE;
  set_sweeping (self, TRUE);
  tap_lane_submit (
    self->sweep_lane,
    tap_sweep_request_new (subject, tap_method_panel_dup_params (TAP_METHOD_PANEL (self->panel))),
    0);
}

static void
cancel_cb (TapOcclusionPage *self)
{
  tap_lane_cancel (self->sweep_lane);
  set_sweeping (self, FALSE);
}

static void
clear_sweep (TapOcclusionPage *self)
{
  cancel_cb (self);
  tap_sweep_view_set_result (self->sweep_view, NULL);
  tap_recording_begin (self->recording);
  tap_page_export_changed (TAP_PAGE (self));
}

/* --- what the user does --- */

static void
mask_changed_cb (TapPictureView *view, TapOcclusionPage *self)
{
  TapRect mask;

  if (!self->dragging)
    {
      tap_recording_begin (self->recording);
      self->dragging = TRUE;
    }
  tap_picture_view_get_mask (view, &mask);
  if (mask.width != (int) tap_method_panel_get_value (TAP_METHOD_PANEL (self->panel), "mask"))
    tap_method_panel_set_value (TAP_METHOD_PANEL (self->panel), "mask", mask.width);
  if (!mask_is_on (self))
    gtk_toggle_button_set_active (self->mask_button, TRUE);
  probe (self);
  if (tap_sweep_view_get_result (self->sweep_view) != NULL)
    show_place (self);
}

static void
mask_released_cb (TapPictureView *view, TapOcclusionPage *self)
{
  self->dragging = FALSE;
}

static void
mask_toggled_cb (TapOcclusionPage *self)
{
  gboolean on = mask_is_on (self);

  tap_picture_view_set_mask_enabled (self->picture_view, on && get_subject (self) != NULL);
  if (on)
    probe (self);
  else if (self->document != NULL)
    {
      tap_lane_cancel (self->probe_lane);
      tap_document_set_probe_scores (self->document, NULL);
      show_answer (self, NULL);
      tap_live_view_set_probe (self->live_view, NULL, NULL);
      gtk_label_set_label (self->rate, "");
    }
}

static void
panel_changed_cb (TapOcclusionPage *self)
{
  int size = (int) tap_method_panel_get_value (TAP_METHOD_PANEL (self->panel), "mask");
  TapRect mask;

  tap_picture_view_get_mask (self->picture_view, &mask);
  if (mask.width != size)
    tap_picture_view_set_mask (self->picture_view, mask.x + (mask.width - size) / 2,
                               mask.y + (mask.height - size) / 2, size);
  show_fill (self);
  probe (self);
}

static void
place_chosen_cb (TapSweepView *view, int column, int row, TapOcclusionPage *self)
{
  TapSweepGrid grid = get_grid (self);
  TapRect mask;

  tap_picture_view_get_mask (self->picture_view, &mask);
  tap_sweep_grid_place (&grid, column, row, &mask);
  tap_picture_view_set_mask (self->picture_view, mask.x, mask.y, mask.width);
  gtk_toggle_button_set_active (self->mask_button, TRUE);
  probe (self);
  show_place (self);
}

/* --- following the document --- */

static void
show_empty (TapOcclusionPage *self, const char *title, const char *description)
{
  adw_status_page_set_title (self->empty, title);
  adw_status_page_set_description (self->empty, description);
  gtk_stack_set_visible_child_name (self->stack, "empty");
}

/* A mask that covers about a fifth of the picture's side, and about fourteen places a side to sweep; the
 * last place ends at the border, so that no corner stays uncovered. */
static void
fit_mask (TapOcclusionPage *self, const TapSubject *subject)
{
  int side = MIN (subject->fitted->width, subject->fitted->height);
  int size = MAX (2, side / 5), stride = MAX (1, side / 14);

  size += (side - size) % stride;
  tap_method_panel_set_value (TAP_METHOD_PANEL (self->panel), "mask", size);
  tap_method_panel_set_value (TAP_METHOD_PANEL (self->panel), "stride", stride);
  tap_picture_view_set_mask (self->picture_view, (subject->fitted->width - size) / 2,
                             (subject->fitted->height - size) / 2, size);
}

static void
subject_changed_cb (TapOcclusionPage *self)
{
  TapSubject *subject = get_subject (self);
  g_autoptr (GdkTexture) texture = NULL;
  const char *obstacle;

  clear_sweep (self);
  tap_document_set_probe_scores (self->document, NULL);
  if (subject == NULL)
    {
      if (tap_document_get_model (self->document) == NULL)
        show_empty (self, _ ("No Network"),
                    _ ("Open a network and a picture to cover parts of it."));
      else
        show_empty (
          self, _ ("No Picture"),
          _ ("Choose a picture below, or open a folder of pictures, and drag a mask over it."));
      return;
    }
  obstacle = tap_model_get_obstacle (subject->model);
  if (obstacle != NULL || subject->model->scores < 0)
    {
      /* the page reads markup, and names of layers may look like it */
      g_autofree char *reason = obstacle != NULL ? g_markup_escape_text (obstacle, -1) : NULL;

      show_empty (self, _ ("No Classes"),
                  reason != NULL ? reason :
                                   _ ("This network does not end in class scores, so there is no "
                                      "answer to watch."));
      return;
    }

  texture = tap_texture_new_for_picture (subject->fitted);
  tap_picture_view_set_texture (self->picture_view, texture);
  if (self->graph != subject->model->graph)
    {
      g_clear_pointer (&self->graph, tap_graph_unref);
      self->graph = tap_graph_ref (subject->model->graph);
      fit_mask (self, subject);
    }
  tap_sweep_view_set_aspect (self->sweep_view,
                             (double) subject->fitted->width / subject->fitted->height);
  gtk_stack_set_visible_child_name (self->stack, "stage");
  tap_picture_view_set_mask_enabled (self->picture_view, mask_is_on (self));
  show_fill (self);
  probe (self);
}

static void
scores_changed_cb (TapOcclusionPage *self)
{
  show_answer (self, tap_document_get_probe_scores (self->document));
}

static void
layer_changed_cb (TapOcclusionPage *self)
{
  probe (self);
}

static void
tap_occlusion_page_set_document (TapPage *page, TapDocument *document)
{
  TapOcclusionPage *self = TAP_OCCLUSION_PAGE (page);

  g_set_object (&self->document, document);
  self->panel =
    g_object_ref_sink (tap_method_panel_new (tap_methods_find ("occlusion"), document, NULL));
  g_signal_connect_object (self->panel, "changed", G_CALLBACK (panel_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "notify::subject", G_CALLBACK (subject_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "notify::scores", G_CALLBACK (scores_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "notify::class-index", G_CALLBACK (scores_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "notify::layer", G_CALLBACK (layer_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "notify::unit", G_CALLBACK (layer_changed_cb), self,
                           G_CONNECT_SWAPPED);
  subject_changed_cb (self);
}

static void
tap_occlusion_page_set_active (TapPage *page, gboolean active)
{
  TapOcclusionPage *self = TAP_OCCLUSION_PAGE (page);

  if (self->active == active)
    return;
  self->active = active;
  if (active)
    probe (self);
  else
    {
      tap_lane_cancel (self->probe_lane);
      tap_document_set_probe_scores (self->document, NULL);
    }
}

static GtkWidget *
tap_occlusion_page_get_panel (TapPage *page)
{
  return TAP_OCCLUSION_PAGE (page)->panel;
}

static TapExport *
tap_occlusion_page_dup_export (TapPage *page)
{
  TapOcclusionPage *self = TAP_OCCLUSION_PAGE (page);
  TapSubject *subject = get_subject (self);
  TapResult *result = tap_sweep_view_get_result (self->sweep_view);
  g_autoptr (GPtrArray) frames = tap_recording_dup_frames (self->recording);
  g_autoptr (TapExport) export = NULL;
  g_autofree char *stem = NULL, *base = NULL;
  TapPanelsOptions options;
  char *dot;

  if (subject == NULL || (result == NULL && frames == NULL))
    return NULL;
  base = g_path_get_basename (subject->name);
  dot = strrchr (base, '.');
  if (dot != NULL && dot != base)
    *dot = '\0';
  stem = g_strdup_printf ("%s-occlusion", base);
  export = tap_export_new (stem);
  panels_options (&options);
  export->dark = options.dark;
  if (result != NULL)
    {
      tap_export_set_result (export, result, &options);
      tap_export_set_picture (export, subject->fitted);
    }
  if (frames != NULL)
    tap_export_set_frames (export, frames, 8);
  return g_steal_pointer (&export);
}

static gboolean
tap_occlusion_page_perform (TapPage *page, const char *intention)
{
  TapOcclusionPage *self = TAP_OCCLUSION_PAGE (page);

  if (g_str_equal (intention, "sweep"))
    sweep_cb (self);
  else if (g_str_equal (intention, "cancel"))
    cancel_cb (self);
  else if (g_str_equal (intention, "toggle-mask"))
    gtk_toggle_button_set_active (self->mask_button, !mask_is_on (self));
  else
    return FALSE;
  return TRUE;
}

static void
page_iface_init (TapPageInterface *iface)
{
  iface->id = "occlusion";
  iface->title = N_ ("Occlusion");
  iface->icon_name = "view-conceal-symbolic";
  iface->set_document = tap_occlusion_page_set_document;
  iface->set_active = tap_occlusion_page_set_active;
  iface->dup_export = tap_occlusion_page_dup_export;
  iface->get_panel = tap_occlusion_page_get_panel;
  iface->perform = tap_occlusion_page_perform;
}

static void
tap_occlusion_page_dispose (GObject *object)
{
  TapOcclusionPage *self = TAP_OCCLUSION_PAGE (object);

  g_clear_pointer (&self->probe_lane, tap_lane_dispose);
  g_clear_pointer (&self->sweep_lane, tap_lane_dispose);
  g_clear_pointer (&self->recording, tap_recording_free);
  gtk_widget_dispose_template (GTK_WIDGET (self), TAP_TYPE_OCCLUSION_PAGE);
  g_clear_object (&self->panel);
  g_clear_object (&self->document);
  g_clear_pointer (&self->graph, tap_graph_unref);

  G_OBJECT_CLASS (tap_occlusion_page_parent_class)->dispose (object);
}

static void
tap_occlusion_page_class_init (TapOcclusionPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tap_occlusion_page_dispose;
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               TAP_RESOURCE_PATH "/ui/tap-occlusion-page.ui");
  gtk_widget_class_bind_template_child (widget_class, TapOcclusionPage, content);
  gtk_widget_class_bind_template_child (widget_class, TapOcclusionPage, stack);
  gtk_widget_class_bind_template_child (widget_class, TapOcclusionPage, empty);
  gtk_widget_class_bind_template_child (widget_class, TapOcclusionPage, sweep_button);
  gtk_widget_class_bind_template_child (widget_class, TapOcclusionPage, cancel_button);
  gtk_widget_class_bind_template_child (widget_class, TapOcclusionPage, progress);
  gtk_widget_class_bind_template_child (widget_class, TapOcclusionPage, mask_button);
  gtk_widget_class_bind_template_child (widget_class, TapOcclusionPage, answer);
  gtk_widget_class_bind_template_child (widget_class, TapOcclusionPage, rate);
  gtk_widget_class_bind_template_child (widget_class, TapOcclusionPage, picture_view);
  gtk_widget_class_bind_template_child (widget_class, TapOcclusionPage, live_view);
  gtk_widget_class_bind_template_child (widget_class, TapOcclusionPage, sweep_view);
  gtk_widget_class_bind_template_callback (widget_class, sweep_cb);
  gtk_widget_class_bind_template_callback (widget_class, cancel_cb);
  gtk_widget_class_bind_template_callback (widget_class, mask_toggled_cb);
  gtk_widget_class_bind_template_callback (widget_class, mask_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, mask_released_cb);
  gtk_widget_class_bind_template_callback (widget_class, place_chosen_cb);
  g_type_ensure (TAP_TYPE_PICTURE_VIEW);
  g_type_ensure (TAP_TYPE_LIVE_VIEW);
  g_type_ensure (TAP_TYPE_SWEEP_VIEW);
}

static void
tap_occlusion_page_init (TapOcclusionPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->probe_lane = tap_probe_new_lane (probed_cb, self);
  self->sweep_lane = tap_sweep_new_lane (swept_cb, tick_cb, self);
  self->recording = tap_recording_new (recorded_cb, self);
}

GtkWidget *
tap_occlusion_page_new (void)
{
  return g_object_new (TAP_TYPE_OCCLUSION_PAGE, NULL);
}
