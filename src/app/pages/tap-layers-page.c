/* tap-layers-page.c - the selected layer: its feature maps on the selected picture, its filters
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Feature maps come with the document's clean run; filters are asked for here, on a lane of their own.
 * Either result is drawn by the grid lane at the size of the view; a click opens the unit view. */
#include "config.h"

#include "app/pages/tap-layers-page.h"

#include "app/pages/tap-grid-job.h"
#include "app/pages/tap-unit-view.h"
#include "app/widgets/tap-grid-view.h"
#include "methods/registry.h"

#include <adwaita.h>
#include <glib/gi18n.h>

#include "app/tap-settings.h"
#define MIN_TILE    34.0
#define GRID_MARGIN 12

struct _TapLayersPage
{
  GtkWidget parent_instance;

  GtkWidget *content;
  GtkToggleButton *maps_button, *filters_button;
  GtkLabel *caption;
  GtkDropDown *order, *scale, *colormap;
  GtkStack *stack;
  GtkScrolledWindow *scroller;
  TapGridView *grid;
  AdwStatusPage *empty;
  GtkLabel *readout;
  TapUnitView *unit_view;
  GtkRevealer *revealer;

  TapDocument *document;
  gboolean active;
  TapLane *filter_lane, *grid_lane;
  TapResult *filters;  /* of filters_layer */
  char *filters_layer; /* asked for last; NULL none */
  TapGraph *filters_graph;
  char *filters_problem;
  TapGridDrawing *drawing; /* shown */
  int drawn_width, drawn_height;
};

static void page_iface_init (TapPageInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (TapLayersPage,
                               tap_layers_page,
                               GTK_TYPE_WIDGET,
                               G_IMPLEMENT_INTERFACE (TAP_TYPE_PAGE, page_iface_init))

/* --- filters, in the background --- */

typedef struct
{
  TapSubject *subject;
  char *layer;
} FilterRequest;

static void
filter_request_free (gpointer data)
{
  FilterRequest *request = data;

  tap_subject_unref (request->subject);
  g_free (request->layer);
  g_free (request);
}

static gpointer
compute_filters (gconstpointer data,
                 TapProgress *progress,
                 GCancellable *cancellable,
                 GError **error)
{
  const FilterRequest *request = data;
  const TapMethod *method = tap_methods_find ("filters");
  g_autoptr (TapParams) params = tap_params_new (method->params);
  TapContext *context = tap_subject_get_context (request->subject, TAP_ROLE_STUDY, FALSE, error);

  if (context == NULL || !tap_params_set_string (params, "layer", request->layer, error))
    return NULL;
  return method->run (context, params, progress, cancellable, error);
}

/* The layer whose weights are shown for @node: itself, or the nearest one above it that has any. */
static TapNode *
find_filter_layer (TapGraph *graph, int node)
{
  for (int steps = 0; node >= 0 && steps < 64; steps++)
    {
      TapNode *n = tap_graph_get_node (graph, node);

      if (tap_node_weights (graph, n) != NULL)
        return n;
      node = n->n_inputs > 0 && n->inputs[0] >= 0 ?
               tap_graph_get_value (graph, n->inputs[0])->producer :
               -1;
    }
  return NULL;
}

static gboolean
showing_filters (TapLayersPage *self)
{
  /* The other button of a group is still inactive while this one is being switched off. */
  return !gtk_toggle_button_get_active (self->maps_button);
}

static TapResult *
shown_result (TapLayersPage *self)
{
  if (self->document == NULL)
    return NULL;
  return showing_filters (self) ? self->filters : tap_document_get_activations (self->document);
}

/* --- drawing --- */

static void
request_drawing (TapLayersPage *self)
{
  TapResult *result = shown_result (self);
  TapGridRequest *request;
  int width = gtk_widget_get_width (GTK_WIDGET (self->scroller)),
      height = gtk_widget_get_height (GTK_WIDGET (self->scroller));

  if (!self->active || result == NULL || width < 32 || height < 32)
    return;

  request = tap_grid_request_new (result, 0);
  request->order = (TapGridOrder) gtk_drop_down_get_selected (self->order);
  request->scale = (TapGridScale) gtk_drop_down_get_selected (self->scale);
  request->colormap = (TapColormap) gtk_drop_down_get_selected (self->colormap);
  request->width = width - 2 * GRID_MARGIN;
  request->height = height - 2 * GRID_MARGIN;
  request->min_tile = MIN_TILE;
  request->device_scale = gtk_widget_get_scale_factor (GTK_WIDGET (self));
  self->drawn_width = width;
  self->drawn_height = height;
  tap_lane_submit (self->grid_lane, request, 50 * 1000);
}

static void
show_unit (TapLayersPage *self)
{
  int unit = tap_document_get_unit (self->document);
  TapLayerFacts *facts = tap_document_get_facts (self->document);
  const TapArray *array;
  int n, width, height;

  if (self->drawing == NULL)
    {
      gtk_revealer_set_reveal_child (self->revealer, FALSE);
      return;
    }
  array = tap_grid_drawing_get_array (self->drawing);
  if (!tap_grid_array_size (array, &n, &width, &height) || unit < 0 || unit >= n ||
      array->kind == TAP_ARRAY_VECTOR)
    {
      tap_grid_view_set_selected (self->grid, unit);
      gtk_revealer_set_reveal_child (self->revealer, FALSE);
      return;
    }
  tap_grid_view_set_selected (self->grid, unit);
  tap_unit_view_set_picture (self->unit_view, tap_document_get_picture (self->document));
  tap_unit_view_set_field (self->unit_view,
                           facts != NULL && facts->has_field ? &facts->field : NULL);
  tap_unit_view_set_unit (self->unit_view, self->drawing->request.result, array, unit,
                          showing_filters (self), self->drawing->request.colormap,
                          self->drawing->request.scale, self->drawing->shared);
  gtk_revealer_set_reveal_child (self->revealer, TRUE);
}

static void
update_caption (TapLayersPage *self)
{
  TapResult *result = shown_result (self);
  g_autofree char *markup = NULL;
  const TapArray *array;
  const char *name;
  int n, width, height;

  if (result == NULL || result->arrays->len == 0)
    {
      gtk_label_set_label (self->caption, "");
      return;
    }
  array = g_ptr_array_index (result->arrays, 0);
  if (!tap_grid_array_size (array, &n, &width, &height))
    return;
  name = result->layer != NULL ? result->layer : "";
  if (showing_filters (self))
    markup =
      g_markup_printf_escaped (g_dngettext (GETTEXT_PACKAGE, "<b>%s</b> · %d filter of %d×%d",
                                            "<b>%s</b> · %d filters of %d×%d", n),
                               name, n, width, height);
  else if (array->kind == TAP_ARRAY_VECTOR)
    markup = g_markup_printf_escaped (
      g_dngettext (GETTEXT_PACKAGE, "<b>%s</b> · %d value", "<b>%s</b> · %d values", n), name, n);
  else
    markup = g_markup_printf_escaped (g_dngettext (GETTEXT_PACKAGE, "<b>%s</b> · %d map of %d×%d",
                                                   "<b>%s</b> · %d maps of %d×%d", n),
                                      name, n, width, height);
  gtk_label_set_markup (self->caption, markup);
}

static void
show_empty (TapLayersPage *self, const char *icon, const char *title, const char *description)
{
  adw_status_page_set_icon_name (self->empty, icon);
  adw_status_page_set_title (self->empty, title);
  adw_status_page_set_description (self->empty, description);
  gtk_stack_set_visible_child_name (self->stack, "empty");
}

/* What stands in the middle: the grid, or one sentence why there is none. */
static void
update_stage (TapLayersPage *self)
{
  TapSubject *subject = tap_document_get_subject (self->document);
  const char *problem = tap_document_get_run_problem (self->document);
  TapResult *result = shown_result (self);
  g_autofree char *escaped = NULL;

  update_caption (self);
  if (result != NULL)
    {
      gtk_stack_set_visible_child_name (self->stack, "grid");
      request_drawing (self);
    }
  else if (subject == NULL)
    show_empty (self, "image-x-generic-symbolic", _ ("No Network"),
                _ ("Open a network to look inside it."));
  else if (showing_filters (self) && self->filters_problem != NULL)
    {
      escaped = g_markup_escape_text (self->filters_problem, -1);
      show_empty (self, "view-grid-symbolic", _ ("No Filters Here"), escaped);
    }
  else if (!showing_filters (self) && subject->fitted == NULL)
    show_empty (self, "image-x-generic-symbolic", _ ("No Picture"),
                _ ("Choose a picture below, or open a folder of pictures, to see what this layer "
                   "makes of it."));
  else if (!showing_filters (self) && problem != NULL)
    {
      escaped = g_markup_escape_text (problem, -1);
      show_empty (self, "dialog-warning-symbolic", _ ("This Layer Cannot Run"), escaped);
    }
  tap_page_export_changed (TAP_PAGE (self));
}

static void
drawn_cb (gpointer result, const GError *error, gpointer user_data)
{
  TapLayersPage *self = user_data;
  TapGridDrawing *drawing = result;

  if (drawing == NULL)
    {
      tap_document_report (self->document, error->message);
      return;
    }
  if (drawing->request.result != shown_result (self))
    {
      tap_grid_drawing_free (drawing);
      return;
    }
  g_clear_pointer (&self->drawing, tap_grid_drawing_free);
  self->drawing = drawing;
  tap_grid_view_set_grid (
    self->grid, &drawing->layout,
    g_memdup2 (drawing->order, sizeof (int) * (gsize) drawing->layout.n_tiles), drawing->texture);
  show_unit (self);
}

static void
filters_cb (gpointer result, const GError *error, gpointer user_data)
{
  TapLayersPage *self = user_data;

  g_clear_pointer (&self->filters, tap_result_unref);
  g_clear_pointer (&self->filters_problem, g_free);
  self->filters = result;
  if (error != NULL)
    self->filters_problem = g_strdup (error->message);
  if (showing_filters (self))
    update_stage (self);
}

/* Asks for the filters of the selected layer unless these are at hand. */
static void
ask_filters (TapLayersPage *self)
{
  TapSubject *subject = tap_document_get_subject (self->document);
  int layer = tap_document_get_layer (self->document);
  FilterRequest *request;
  TapNode *node;

  if (subject == NULL || layer < 0)
    return;
  node = find_filter_layer (subject->model->graph, layer);
  if (node != NULL && self->filters_graph == subject->model->graph &&
      g_strcmp0 (self->filters_layer, node->name) == 0)
    return;

  tap_lane_cancel (self->filter_lane);
  g_clear_pointer (&self->filters, tap_result_unref);
  g_clear_pointer (&self->filters_problem, g_free);
  g_clear_pointer (&self->filters_layer, g_free);
  g_clear_pointer (&self->filters_graph, tap_graph_unref);
  if (node == NULL)
    {
      self->filters_problem = g_strdup (_ ("Neither this layer nor any above it has weights."));
      return;
    }
  self->filters_layer = g_strdup (node->name);
  self->filters_graph = tap_graph_ref (subject->model->graph);
  request = g_new0 (FilterRequest, 1);
  request->subject = tap_subject_ref (subject);
  request->layer = g_strdup (node->name);
  tap_lane_submit (self->filter_lane, request, 0);
}

static void
refresh (TapLayersPage *self)
{
  if (!self->active || self->document == NULL)
    return;
  if (showing_filters (self))
    ask_filters (self);
  update_stage (self);
}

static void
unit_changed_cb (TapLayersPage *self)
{
  if (self->active)
    show_unit (self);
}

static void
unit_selected_cb (TapGridView *grid, int unit, TapLayersPage *self)
{
  tap_document_set_unit (self->document, unit);
}

static void
unit_closed_cb (TapUnitView *view, TapLayersPage *self)
{
  tap_document_set_unit (self->document, -1);
  gtk_widget_grab_focus (GTK_WIDGET (self->grid));
}

static void
hovered_cb (TapGridView *grid, int unit, int x, int y, TapLayersPage *self)
{
  g_autofree char *text = NULL;
  const TapArray *array;
  gsize per_unit;

  if (unit < 0 || self->drawing == NULL)
    {
      gtk_label_set_label (self->readout,
                           _ ("Point at a map for its numbers, click to see it large"));
      return;
    }
  array = tap_grid_drawing_get_array (self->drawing);
  per_unit = array->tensor->count / MAX (1, (gsize) array->tensor->shape.dims[0]);
  if (array->kind == TAP_ARRAY_VECTOR)
    text = g_strdup_printf (_ ("Unit %d: %.5g"), unit, tap_tensor_f32 (array->tensor)[unit]);
  else if (x >= 0 && y >= 0)
    {
      const float *v =
        tap_tensor_f32 (array->tensor) + per_unit * (array->kind == TAP_ARRAY_MAP ? 0 : unit);
      gsize i = (gsize) y * self->drawing->layout.map_width + x;

      if (array->kind == TAP_ARRAY_RGB_STACK)
        text = g_strdup_printf (_ ("Filter %d, column %d, row %d: %.4g red, %.4g green, %.4g blue"),
                                unit, x, y, v[i], v[per_unit / 3 + i], v[2 * (per_unit / 3) + i]);
      else if (showing_filters (self))
        text = g_strdup_printf (_ ("Filter %d, column %d, row %d: %.5g"), unit, x, y, v[i]);
      else
        text = g_strdup_printf (_ ("Map %d, column %d, row %d: %.5g"), unit, x, y, v[i]);
      if (unit == tap_document_get_unit (self->document))
        tap_unit_view_set_cell (self->unit_view, x, y);
    }
  if (text != NULL)
    gtk_label_set_label (self->readout, text);
}

static void
tap_layers_page_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  TapLayersPage *self = TAP_LAYERS_PAGE (widget);

  gtk_widget_size_allocate (self->content, &(GtkAllocation){ 0, 0, width, height }, baseline);
  if (gtk_widget_get_width (GTK_WIDGET (self->scroller)) != self->drawn_width ||
      gtk_widget_get_height (GTK_WIDGET (self->scroller)) != self->drawn_height)
    request_drawing (self);
}

static void
tap_layers_page_measure (GtkWidget *widget,
                         GtkOrientation orientation,
                         int for_size,
                         int *minimum,
                         int *natural,
                         int *minimum_baseline,
                         int *natural_baseline)
{
  gtk_widget_measure (TAP_LAYERS_PAGE (widget)->content, orientation, for_size, minimum, natural,
                      minimum_baseline, natural_baseline);
}

/* --- as a page --- */

static void
tap_layers_page_set_document (TapPage *page, TapDocument *document)
{
  TapLayersPage *self = TAP_LAYERS_PAGE (page);

  g_set_object (&self->document, document);
  g_signal_connect_object (document, "notify::subject", G_CALLBACK (refresh), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "notify::layer", G_CALLBACK (refresh), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "notify::activations", G_CALLBACK (refresh), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "notify::run-problem", G_CALLBACK (refresh), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "notify::unit", G_CALLBACK (unit_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "notify::facts", G_CALLBACK (unit_changed_cb), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (document, "notify::picture", G_CALLBACK (unit_changed_cb), self,
                           G_CONNECT_SWAPPED);
}

static void
tap_layers_page_set_active (TapPage *page, gboolean active)
{
  TapLayersPage *self = TAP_LAYERS_PAGE (page);

  self->active = active;
  refresh (self);
}

static TapExport *
tap_layers_page_dup_export (TapPage *page)
{
  TapLayersPage *self = TAP_LAYERS_PAGE (page);
  TapResult *result = shown_result (self);
  g_autofree char *stem = NULL;
  TapPanelsOptions options;
  TapPicture *picture;
  TapExport *export;

  if (result == NULL)
    return NULL;
  stem = g_strdup_printf ("%s-%s", showing_filters (self) ? "filters" : "maps",
                          result->layer != NULL ? result->layer : "layer");
  export = tap_export_new (stem);
  export->dark = adw_style_manager_get_dark (adw_style_manager_get_default ());
  tap_panels_options_init (&options);
  options.order = (TapGridOrder) gtk_drop_down_get_selected (self->order);
  options.scale = (TapGridScale) gtk_drop_down_get_selected (self->scale);
  options.colormap = (TapColormap) gtk_drop_down_get_selected (self->colormap);
  options.dark = export->dark;
  tap_export_set_result (export, result, &options);
  picture = tap_document_get_picture (self->document);
  if (!showing_filters (self) && picture != NULL)
    tap_export_set_picture (export, picture);
  return export;
}

static gboolean
tap_layers_page_perform (TapPage *page, const char *intention)
{
  TapLayersPage *self = TAP_LAYERS_PAGE (page);

  if (g_str_equal (intention, "maps"))
    gtk_toggle_button_set_active (self->maps_button, TRUE);
  else if (g_str_equal (intention, "filters"))
    gtk_toggle_button_set_active (self->filters_button, TRUE);
  else
    return FALSE;
  return TRUE;
}

static void
page_iface_init (TapPageInterface *iface)
{
  iface->id = "layers";
  iface->title = N_ ("Layers");
  iface->icon_name = "view-grid-symbolic";
  iface->set_document = tap_layers_page_set_document;
  iface->set_active = tap_layers_page_set_active;
  iface->dup_export = tap_layers_page_dup_export;
  iface->perform = tap_layers_page_perform;
}

static void
tap_layers_page_dispose (GObject *object)
{
  TapLayersPage *self = TAP_LAYERS_PAGE (object);

  g_clear_pointer (&self->filter_lane, tap_lane_dispose);
  g_clear_pointer (&self->grid_lane, tap_lane_dispose);
  gtk_widget_dispose_template (GTK_WIDGET (self), TAP_TYPE_LAYERS_PAGE);
  g_clear_object (&self->document);
  g_clear_pointer (&self->filters, tap_result_unref);
  g_clear_pointer (&self->filters_layer, g_free);
  g_clear_pointer (&self->filters_graph, tap_graph_unref);
  g_clear_pointer (&self->filters_problem, g_free);
  g_clear_pointer (&self->drawing, tap_grid_drawing_free);

  G_OBJECT_CLASS (tap_layers_page_parent_class)->dispose (object);
}

static void
tap_layers_page_class_init (TapLayersPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = tap_layers_page_dispose;
  widget_class->size_allocate = tap_layers_page_size_allocate;
  widget_class->measure = tap_layers_page_measure;

  gtk_widget_class_set_template_from_resource (widget_class,
                                               TAP_RESOURCE_PATH "/ui/tap-layers-page.ui");
  gtk_widget_class_bind_template_child (widget_class, TapLayersPage, content);
  gtk_widget_class_bind_template_child (widget_class, TapLayersPage, maps_button);
  gtk_widget_class_bind_template_child (widget_class, TapLayersPage, filters_button);
  gtk_widget_class_bind_template_child (widget_class, TapLayersPage, caption);
  gtk_widget_class_bind_template_child (widget_class, TapLayersPage, order);
  gtk_widget_class_bind_template_child (widget_class, TapLayersPage, scale);
  gtk_widget_class_bind_template_child (widget_class, TapLayersPage, colormap);
  gtk_widget_class_bind_template_child (widget_class, TapLayersPage, stack);
  gtk_widget_class_bind_template_child (widget_class, TapLayersPage, scroller);
  gtk_widget_class_bind_template_child (widget_class, TapLayersPage, grid);
  gtk_widget_class_bind_template_child (widget_class, TapLayersPage, empty);
  gtk_widget_class_bind_template_child (widget_class, TapLayersPage, readout);
  gtk_widget_class_bind_template_child (widget_class, TapLayersPage, unit_view);
  gtk_widget_class_bind_template_child (widget_class, TapLayersPage, revealer);
  gtk_widget_class_bind_template_callback (widget_class, refresh);
  gtk_widget_class_bind_template_callback (widget_class, unit_selected_cb);
  gtk_widget_class_bind_template_callback (widget_class, unit_closed_cb);
  gtk_widget_class_bind_template_callback (widget_class, hovered_cb);
  g_type_ensure (TAP_TYPE_GRID_VIEW);
  g_type_ensure (TAP_TYPE_UNIT_VIEW);
}

static void
tap_layers_page_init (TapLayersPage *self)
{
  g_autoptr (GtkStringList) colormaps = gtk_string_list_new (NULL);

  gtk_widget_init_template (GTK_WIDGET (self));
  for (int i = 0; i < TAP_N_COLORMAPS; i++)
    gtk_string_list_append (colormaps, _ (tap_colormap_title ((TapColormap) i)));
  gtk_drop_down_set_model (self->colormap, G_LIST_MODEL (colormaps));
  gtk_drop_down_set_selected (self->colormap, tap_settings_get_colormap ());
  hovered_cb (self->grid, -1, -1, -1, self);

  self->filter_lane = tap_lane_new ("tap-filters", compute_filters, filter_request_free,
                                    (GDestroyNotify) tap_result_unref, filters_cb, NULL, self);
  self->grid_lane = tap_grid_job_new_lane (drawn_cb, self);
}

GtkWidget *
tap_layers_page_new (void)
{
  return g_object_new (TAP_TYPE_LAYERS_PAGE, NULL);
}
