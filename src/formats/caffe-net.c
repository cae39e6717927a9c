/* caffe-net.c - layers of a Caffe prototxt, whatever its age
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Caffe changed its style twice: V0 wrote `layers { layer { name type … } bottom top }` with lower-case
 * types and parameters mixed in, V1 `layers { type: CONVOLUTION … convolution_param { } }`, and now it
 * is `layer { type: "Convolution" … }`. All become the last. Of a network that describes training and
 * testing, the TEST phase is taken; if that leaves no layer because stages are used (DIGITS), the stage
 * "deploy". */
#include "config.h"

#include "formats/caffe-private.h"

#include <string.h>

#define MAX_INPUTS 16

typedef struct
{
  const char *old, *new;
} TypeName;

/* V1LayerParameter.LayerType; numbers in enum order below. */
static const TypeName v1_types[] = {
  { "ABSVAL", "AbsVal" },
  { "ACCURACY", "Accuracy" },
  { "ARGMAX", "ArgMax" },
  { "BNLL", "BNLL" },
  { "CONCAT", "Concat" },
  { "CONTRASTIVE_LOSS", "ContrastiveLoss" },
  { "CONVOLUTION", "Convolution" },
  { "DATA", "Data" },
  { "DECONVOLUTION", "Deconvolution" },
  { "DROPOUT", "Dropout" },
  { "DUMMY_DATA", "DummyData" },
  { "ELTWISE", "Eltwise" },
  { "EUCLIDEAN_LOSS", "EuclideanLoss" },
  { "EXP", "Exp" },
  { "FLATTEN", "Flatten" },
  { "HDF5_DATA", "HDF5Data" },
  { "HDF5_OUTPUT", "HDF5Output" },
  { "HINGE_LOSS", "HingeLoss" },
  { "IM2COL", "Im2col" },
  { "IMAGE_DATA", "ImageData" },
  { "INFOGAIN_LOSS", "InfogainLoss" },
  { "INNER_PRODUCT", "InnerProduct" },
  { "LRN", "LRN" },
  { "MEMORY_DATA", "MemoryData" },
  { "MULTINOMIAL_LOGISTIC_LOSS", "MultinomialLogisticLoss" },
  { "MVN", "MVN" },
  { "POOLING", "Pooling" },
  { "POWER", "Power" },
  { "PRELU", "PReLU" },
  { "RELU", "ReLU" },
  { "SIGMOID", "Sigmoid" },
  { "SIGMOID_CROSS_ENTROPY_LOSS", "SigmoidCrossEntropyLoss" },
  { "SILENCE", "Silence" },
  { "SLICE", "Slice" },
  { "SOFTMAX", "Softmax" },
  { "SOFTMAX_LOSS", "SoftmaxWithLoss" },
  { "SPLIT", "Split" },
  { "TANH", "TanH" },
  { "THRESHOLD", "Threshold" },
  { "WINDOW_DATA", "WindowData" },
};

static const TypeName v0_types[] = {
  { "accuracy", "Accuracy" },
  { "bnll", "BNLL" },
  { "concat", "Concat" },
  { "conv", "Convolution" },
  { "data", "Data" },
  { "dropout", "Dropout" },
  { "euclidean_loss", "EuclideanLoss" },
  { "flatten", "Flatten" },
  { "hdf5_data", "HDF5Data" },
  { "hdf5_output", "HDF5Output" },
  { "im2col", "Im2col" },
  { "images", "ImageData" },
  { "infogain_loss", "InfogainLoss" },
  { "innerproduct", "InnerProduct" },
  { "lrn", "LRN" },
  { "multinomial_logistic_loss", "MultinomialLogisticLoss" },
  { "padding", "Padding" },
  { "pool", "Pooling" },
  { "relu", "ReLU" },
  { "sigmoid", "Sigmoid" },
  { "softmax", "Softmax" },
  { "softmax_loss", "SoftmaxWithLoss" },
  { "split", "Split" },
  { "tanh", "TanH" },
  { "window_data", "WindowData" },
};

static const char *
upgrade_type (const TypeName *table, gsize n, const char *type)
{
  for (gsize i = 0; i < n; i++)
    if (g_str_equal (table[i].old, type))
      return table[i].new;
  return type; /* unknown: marked later */
}

static void
layer_free (gpointer data)
{
  CaffeLayer *layer = data;

  g_ptr_array_unref (layer->bottoms);
  g_ptr_array_unref (layer->tops);
  g_free (layer);
}

void
tap_caffe_net_free (CaffeNet *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->layers, g_ptr_array_unref);
  g_clear_pointer (&self->inputs, g_ptr_array_unref);
  g_clear_pointer (&self->input_dims, g_array_unref);
  g_free (self);
}

static gboolean
is_phase (const TapTextMessage *rule, gboolean *test)
{
  const char *phase = tap_text_string (rule, "phase", NULL);

  if (phase == NULL)
    return FALSE;
  *test = g_str_equal (phase, "TEST") || g_str_equal (phase, "1");
  return TRUE;
}

/* NetStateRule against phase TEST, level 0 and @stage (or none). */
static gboolean
rule_applies (const TapTextMessage *rule, const char *stage)
{
  gboolean test;

  if (is_phase (rule, &test) && !test)
    return FALSE;
  if (tap_text_int (rule, "min_level", 0) > 0 || tap_text_int (rule, "max_level", 0) < 0)
    return FALSE;
  for (guint i = 0; i < tap_text_n_fields (rule); i++)
    {
      const TapTextField *field = tap_text_field (rule, i);
      gboolean here = stage != NULL && field->text != NULL && g_str_equal (field->text, stage);

      if ((g_str_equal (field->name, "stage") && !here) ||
          (g_str_equal (field->name, "not_stage") && here))
        return FALSE;
    }
  return TRUE;
}

static gboolean
any_applies (const TapTextMessage *layer, const char *name, const char *stage)
{
  for (guint i = 0; i < tap_text_n_fields (layer); i++)
    if (g_str_equal (tap_text_field (layer, i)->name, name) &&
        rule_applies (tap_text_field (layer, i)->message, stage))
      return TRUE;
  return FALSE;
}

static gboolean
is_included (const TapTextMessage *layer, const char *stage)
{
  gboolean test;

  if (is_phase (layer, &test) && !test)
    return FALSE;
  if (tap_text_find (layer, "include", 0) != NULL)
    return any_applies (layer, "include", stage);
  return !any_applies (layer, "exclude", stage);
}

static GPtrArray *
list_strings (const TapTextMessage *message, const char *name)
{
  GPtrArray *list = g_ptr_array_new ();

  for (guint i = 0; i < tap_text_n_fields (message); i++)
    {
      const TapTextField *field = tap_text_field (message, i);

      if (g_str_equal (field->name, name) && field->text != NULL)
        g_ptr_array_add (list, (gpointer) field->text);
    }
  return list;
}

static gboolean
add_layer (CaffeNet *self, const TapTextField *field, gboolean old, GError **error)
{
  const TapTextMessage *outer = field->message;
  const TapTextMessage *inner = old ? tap_text_message (outer, "layer") : NULL;
  const TapTextMessage *named = inner != NULL ? inner : outer;
  CaffeLayer *layer;
  const char *type;

  type = tap_text_string (named, "type", NULL);
  if (type == NULL)
    {
      g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED,
                   "line %d, column %d: the layer “%.100s” has no type.", field->line,
                   field->column, tap_text_string (named, "name", ""));
      return FALSE;
    }
  layer = g_new0 (CaffeLayer, 1);
  layer->message = named;
  layer->is_v0 = inner != NULL;
  layer->line = field->line;
  layer->bottoms = list_strings (outer, "bottom");
  layer->tops = list_strings (outer, "top");
  layer->type = inner != NULL ? upgrade_type (v0_types, G_N_ELEMENTS (v0_types), type) :
                old           ? upgrade_type (v1_types, G_N_ELEMENTS (v1_types), type) :
                                type;
  layer->name = tap_text_string (named, "name", NULL);
  if (layer->name == NULL || layer->name[0] == '\0')
    layer->name = layer->tops->len > 0 ? g_ptr_array_index (layer->tops, 0) : layer->type;
  g_ptr_array_add (self->layers, layer);
  if (self->style == NULL || old)
    self->style = inner != NULL ? "V0 layers" : old ? "V1 layers" : NULL;
  return TRUE;
}

static gboolean
collect (CaffeNet *self, const TapTextMessage *root, const char *stage, GError **error)
{
  for (guint i = 0; i < tap_text_n_fields (root); i++)
    {
      const TapTextField *field = tap_text_field (root, i);
      gboolean old = g_str_equal (field->name, "layers");

      if ((!old && !g_str_equal (field->name, "layer")) || field->message == NULL)
        continue;
      if (is_included (field->message, stage) && !add_layer (self, field, old, error))
        return FALSE;
    }
  return TRUE;
}

/* `input`, with `input_shape` or four `input_dim` each. */
static void
collect_inputs (CaffeNet *self, const TapTextMessage *root)
{
  guint n_dims = tap_text_count (root, "input_dim");

  self->inputs = list_strings (root, "input");
  self->input_dims = g_array_new (FALSE, FALSE, sizeof (TapShape));
  g_ptr_array_set_size (self->inputs, (int) MIN (self->inputs->len, MAX_INPUTS));
  for (guint i = 0; i < self->inputs->len; i++)
    {
      const TapTextField *field = tap_text_find (root, "input_shape", i);
      TapShape shape = tap_shape_new (4, (gint64) -1, (gint64) -1, (gint64) -1, (gint64) -1);

      if (field != NULL && field->message != NULL)
        {
          shape.n_dims = (int) MIN (tap_text_count (field->message, "dim"), TAP_MAX_DIMS);
          for (int d = 0; d < shape.n_dims; d++)
            shape.dims[d] = tap_text_int_at (field->message, "dim", (guint) d, -1);
        }
      else if (n_dims >= 4 * (i + 1))
        for (guint d = 0; d < 4; d++)
          shape.dims[d] = tap_text_int_at (root, "input_dim", 4 * i + d, -1);
      g_array_append_val (self->input_dims, shape);
    }
}

CaffeNet *
tap_caffe_net_read (const TapPrototext *text, GError **error)
{
  g_autoptr (CaffeNet) self = g_new0 (CaffeNet, 1);
  const TapTextMessage *root = tap_prototext_root (text);

  self->name = tap_text_string (root, "name", "");
  self->layers = g_ptr_array_new_with_free_func (layer_free);
  collect_inputs (self, root);
  if (!collect (self, root, NULL, error))
    return NULL;
  if (self->layers->len == 0 && !collect (self, root, "deploy", error))
    return NULL;
  if (!tap_prototext_check (text, error))
    return NULL;
  if (self->layers->len == 0)
    {
      g_set_error_literal (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_NOT_A_NETWORK,
                           "The text describes no layers.");
      return NULL;
    }
  if (self->layers->len > 20000)
    {
      g_set_error_literal (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_UNSUPPORTED,
                           "The network has more than 20000 layers.");
      return NULL;
    }
  return g_steal_pointer (&self);
}

const TapTextMessage *
tap_caffe_param (const CaffeLayer *layer, const char *name)
{
  return layer->is_v0 ? layer->message : tap_text_message (layer->message, name);
}
