/* filters.c - the weights of a layer as pictures
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Filters that see the three colours are colour pictures, and the only ones a person reads at a glance; networks
 * that take BGR have theirs turned round so that red is red. Deeper filters see many maps: one slice of each
 * is shown, or how strongly each place of the window is weighted over all of them. Where the window is a
 * single cell, and in fully connected layers, the whole layer is one matrix.
 * Layout: K filters, C inputs, row-major windows. */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "core/tap-error.h"
#include "methods/tap-context-private.h"
#include "methods/tap-method.h"

typedef enum
{
  VIEW_AUTO,
  VIEW_RGB,
  VIEW_SLICES,
  VIEW_NORM,
  VIEW_MATRIX,
} View;

static const TapChoice views[] = {
  { "auto", N_ ("What suits the layer") },    { "rgb", N_ ("Colours") },
  { "slices", N_ ("Slices of one input") },   { "norm", N_ ("Strength over all inputs") },
  { "matrix", N_ ("Matrix of all weights") }, { NULL, NULL },
};

static const TapParam params[] = {
  { .id = "layer",
    .kind = TAP_PARAM_LAYER,
    .label = N_ ("Layer"),
    .help = N_ ("The layer whose weights are shown; when none is named, the first that has any.") },
  { .id = "view",
    .kind = TAP_PARAM_CHOICE,
    .label = N_ ("View"),
    .help = N_ ("Colours for filters with three inputs, one input's slices, the strength over all "
                "inputs, or every weight in one matrix."),
    .choices = views,
    .fallback = VIEW_AUTO },
  { .id = "input",
    .kind = TAP_PARAM_INT,
    .label = N_ ("Input"),
    .help = N_ ("Which input channel the slices are taken from."),
    .min = 0,
    .max = 65535,
    .soft_max = 63,
    .step = 1,
    .fallback = 0 },
  { NULL },
};

/* One layer's weights as [K,C,height,width], whatever order the operator keeps them in. */
typedef struct
{
  TapTensor *tensor;
  gint64 k, c, height, width;
  gint64 k_step, c_step; /* how far apart in memory */
  gint64 group;
} Weights;

static gboolean
not_applicable (GError **error, const char *layer, const char *why)
{
  g_set_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_NOT_APPLICABLE, "Layer “%s” %s.", layer,
               why);
  return FALSE;
}

static gboolean
read_weights (Weights *self, const TapGraph *graph, const TapNode *node, GError **error)
{
  const TapShape *shape;
  gboolean outputs_last;

  memset (self, 0, sizeof *self);
  self->tensor = tap_node_weights (graph, node);
  if (self->tensor == NULL || self->tensor->dtype != TAP_DTYPE_F32 || self->tensor->count == 0)
    return not_applicable (error, node->name, "has no weights");
  if (tap_attrs_get_int (node->attrs, "missing_weights", 0) != 0)
    {
      g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_UNSUPPORTED,
                   "The weights of layer “%s” are missing.", node->name);
      return FALSE;
    }

  shape = &self->tensor->shape;
  self->group = MAX (tap_attrs_get_int (node->attrs, "group", 1), 1);
  self->height = self->width = 1;
  if (shape->n_dims == 2)
    {
      /* Gemm keeps [C,K] unless transB; MatMul multiplies from the right or, as input 0, from the left. */
      gboolean is_gemm = strcmp (node->op_type, "Gemm") == 0;
      gboolean from_left = !is_gemm && node->n_inputs > 0 && node->inputs[0] >= 0 &&
                           tap_graph_get_value (graph, node->inputs[0])->constant == self->tensor;

      outputs_last = is_gemm ? tap_attrs_get_int (node->attrs, "transB", 0) == 0 : !from_left;
      self->group = 1;
    }
  else if (shape->n_dims == 3 || shape->n_dims == 4)
    {
      outputs_last = strcmp (node->op_type, "ConvTranspose") == 0;
      self->width = shape->dims[shape->n_dims - 1];
      self->height = shape->n_dims == 4 ? shape->dims[2] : 1;
    }
  else
    return not_applicable (error, node->name, "has weights of a shape that cannot be drawn");

  self->k = shape->dims[outputs_last ? 1 : 0];
  self->c = shape->dims[outputs_last ? 0 : 1];
  self->k_step = self->height * self->width * (outputs_last ? 1 : self->c);
  self->c_step = self->height * self->width * (outputs_last ? self->k : 1);
  return TRUE;
}

static const float *
window_of (const Weights *self, gint64 k, gint64 c)
{
  return tap_tensor_f32 (self->tensor) + k * self->k_step + c * self->c_step;
}

/* Whether the layer reads the picture, perhaps through steps that have no weights of their own. */
static gboolean
sees_picture (const TapModel *model, const TapNode *node)
{
  for (int steps = 0; steps < 16; steps++)
    {
      int input = node->n_inputs > 0 ? node->inputs[0] : -1;
      const TapValue *value = input >= 0 ? tap_graph_get_value (model->graph, input) : NULL;

      if (value == NULL)
        return FALSE;
      if (input == model->input)
        return TRUE;
      if (value->producer < 0)
        return FALSE;
      node = tap_graph_get_node (model->graph, value->producer);
      if (tap_node_weights (model->graph, node) != NULL)
        return FALSE;
    }
  return FALSE;
}

static TapNode *
find_layer (TapContext *context, const char *name, GError **error)
{
  TapGraph *graph = tap_context_get_model (context)->graph;
  g_autoptr (GPtrArray) layers = NULL;

  if (name != NULL && *name != '\0')
    return tap_graph_find_layer (graph, name, error);

  layers = tap_graph_list_layers (graph);
  for (guint i = 0; i < layers->len; i++)
    {
      TapNode *node = g_ptr_array_index (layers, i);
      TapTensor *weights = tap_node_weights (graph, node);

      if (weights != NULL && weights->dtype == TAP_DTYPE_F32)
        return node;
    }
  g_set_error_literal (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_NOT_APPLICABLE,
                       "The network has no layer with weights.");
  return NULL;
}

static gboolean
choose_view (const Weights *weights,
             const TapNode *node,
             const TapParams *values,
             View *view,
             GError **error)
{
  gboolean single = weights->height * weights->width == 1;

  *view = (View) tap_params_get_int (values, "view");
  if (*view == VIEW_AUTO)
    *view = weights->c == 3 && weights->group == 1 && !single ? VIEW_RGB :
            single                                            ? VIEW_MATRIX :
            weights->c == 1                                   ? VIEW_SLICES :
                                                                VIEW_NORM;
  if (*view == VIEW_RGB && weights->c != 3)
    return not_applicable (error, node->name, "does not see three inputs, so it has no colours");
  if (*view == VIEW_SLICES && tap_params_get_int (values, "input") >= weights->c)
    {
      g_set_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER,
                   "Filters of “%s” have inputs 0 to %d, but input %d is asked for.", node->name,
                   (int) (weights->c - 1), tap_params_get_int (values, "input"));
      return FALSE;
    }
  return TRUE;
}

static void
fill_rgb (const Weights *weights, gboolean is_bgr, float *out)
{
  gsize plane = (gsize) (weights->height * weights->width);

  for (gint64 k = 0; k < weights->k; k++)
    for (int c = 0; c < 3; c++, out += plane)
      memcpy (out, window_of (weights, k, is_bgr ? 2 - c : c), plane * sizeof (float));
}

static void
fill_norm (const Weights *weights, float *out)
{
  gint64 plane = weights->height * weights->width;

  for (gint64 k = 0; k < weights->k; k++)
    for (gint64 i = 0; i < plane; i++)
      {
        double sum = 0.0;

        for (gint64 c = 0; c < weights->c; c++)
          sum += pow (window_of (weights, k, c)[i], 2.0);
        *out++ = (float) sqrt (sum);
      }
}

/**
 * fill:
 *
 * Shapes: rgb [K,3,h,w]; slices and norm [K,h,w]; matrix [K,C·h·w].
 * Units: those of the weights; norm is L2 over the inputs.
 */
static TapTensor *
fill (const Weights *weights, View view, int input, gboolean is_bgr, GError **error)
{
  gint64 plane = weights->height * weights->width;
  TapShape shape =
    view == VIEW_RGB ? tap_shape_new (4, weights->k, (gint64) 3, weights->height, weights->width) :
    view == VIEW_MATRIX ? tap_shape_new (2, weights->k, weights->c * plane) :
                          tap_shape_new (3, weights->k, weights->height, weights->width);
  g_autoptr (TapTensor) tensor = tap_tensor_new_uninit (TAP_DTYPE_F32, &shape, error);
  float *out;

  if (tensor == NULL)
    return NULL;
  out = tap_tensor_f32 (tensor);
  if (view == VIEW_RGB)
    fill_rgb (weights, is_bgr, out);
  else if (view == VIEW_NORM)
    fill_norm (weights, out);
  else
    for (gint64 k = 0; k < weights->k; k++)
      for (gint64 c = 0; c < weights->c; c++)
        if (view == VIEW_MATRIX || c == input)
          {
            memcpy (out, window_of (weights, k, c), (gsize) plane * sizeof (float));
            out += plane;
          }
  return g_steal_pointer (&tensor);
}

/* Index and L2 norm of the largest filter. */
static int
find_largest (const Weights *weights, double *norm)
{
  int largest = 0;

  *norm = -1.0;
  for (gint64 k = 0; k < weights->k; k++)
    {
      double sum = 0.0;

      for (gint64 c = 0; c < weights->c; c++)
        for (gint64 i = 0; i < weights->height * weights->width; i++)
          sum += pow (window_of (weights, k, c)[i], 2.0);
      if (sqrt (sum) > *norm)
        {
          *norm = sqrt (sum);
          largest = (int) k;
        }
    }
  return largest;
}

static char *
title_of (const char *layer, View view, int input)
{
  switch (view)
    {
    case VIEW_RGB:
      return g_strdup_printf ("Filters of “%s”, in colour", layer);
    case VIEW_SLICES:
      return g_strdup_printf ("Filters of “%s”, input %d", layer, input);
    case VIEW_NORM:
      return g_strdup_printf ("Filters of “%s”, strength over all inputs", layer);
    case VIEW_AUTO:
    case VIEW_MATRIX:
    default:
      return g_strdup_printf ("Weights of “%s”, units × inputs", layer);
    }
}

static char *
describe (const char *layer, const Weights *weights, int largest, double norm)
{
  g_autofree char *text = tap_number_to_string (norm);

  if (weights->height * weights->width == 1)
    return g_strdup_printf ("Layer “%s” has %d units that weigh %d inputs; the largest is unit %d "
                            "(norm %s).",
                            layer, (int) weights->k, (int) weights->c, largest, text);
  return g_strdup_printf ("Layer “%s” has %d filters of %d×%d cells over %d inputs; the largest is "
                          "filter %d (norm %s).",
                          layer, (int) weights->k, (int) weights->height, (int) weights->width,
                          (int) weights->c, largest, text);
}

static TapResult *
filters_run (TapContext *context,
             const TapParams *values,
             TapProgress *progress,
             GCancellable *cancellable,
             GError **error)
{
  static const TapArrayKind kinds[] = { TAP_ARRAY_STACK, TAP_ARRAY_RGB_STACK, TAP_ARRAY_STACK,
                                        TAP_ARRAY_STACK, TAP_ARRAY_MAP };
  gint64 start = g_get_monotonic_time ();
  TapModel *model = tap_context_get_model (context);
  int input = tap_params_get_int (values, "input");
  g_autoptr (TapResult) result = NULL;
  g_autoptr (TapTensor) tensor = NULL;
  g_autofree char *title = NULL;
  gboolean is_bgr;
  double norm;
  Weights weights;
  TapNode *node;
  View view;

  node = find_layer (context, tap_params_get_string (values, "layer"), error);
  if (node == NULL || !read_weights (&weights, model->graph, node, error) ||
      !choose_view (&weights, node, values, &view, error) ||
      g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  is_bgr = model->preprocess.order == TAP_ORDER_BGR && sees_picture (model, node);
  tensor = fill (&weights, view, input, is_bgr, error);
  if (tensor == NULL)
    return NULL;

  result = tap_context_new_result (context, "filters", values);
  title = title_of (node->name, view, input);
  tap_result_add (result, "filters", title, kinds[view], tensor)->signed_range =
    view == VIEW_SLICES || view == VIEW_MATRIX;
  result->layer = g_strdup (node->name);
  result->unit = find_largest (&weights, &norm);
  result->sentence = describe (node->name, &weights, result->unit, norm);
  tap_progress_set (progress, 1.0);
  result->milliseconds = (double) (g_get_monotonic_time () - start) / 1000.0;
  return g_steal_pointer (&result);
}

const TapMethod tap_method_filters = {
  .id = "filters",
  .title = N_ ("Filters"),
  .summary = N_ ("Shows the weights of a layer as pictures; needs no picture of your own."),
  .source = "Krizhevsky, Sutskever & Hinton 2012, figure 3",
  .needs = TAP_NEEDS_MODEL,
  .params = params,
  .run = filters_run,
};
