/* caffe.c - reads Caffe networks: a prototxt, and the caffemodel beside it
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Either file can be opened; the other is looked for beside it. Layers become the operators of ONNX in
 * NCHW, which is Caffe's own layout. What is only there for training (losses, accuracy, labels) is left
 * out; SoftmaxWithLoss becomes the softmax it contains. */
#include "config.h"

#include "formats/caffe-private.h"
#include "formats/formats-private.h"
#include "formats/proto/caffe-proto.h"
#include "formats/proto/tap-proto.h"

#include <string.h>

#define PROTOTXT_MAX     (16u << 20)
#define PLACEHOLDERS_MAX (2u << 30)

/* Layers that make no difference to what a picture gives. */
static const char *const dropped[] = {
  "Accuracy",     "ContrastiveLoss",         "EuclideanLoss", "HDF5Output",   "HingeLoss",
  "InfogainLoss", "MultinomialLogisticLoss", "Silence",       "SmoothL1Loss", NULL
};

static const char *const data_types[] = { "AnnotatedData", "Data",  "DummyData",  "HDF5Data",
                                          "ImageData",     "Input", "MemoryData", "VideoData",
                                          "WindowData",    NULL };

/* --- inputs --- */

/* Dimensions that a data layer gives; -1 where it does not say. */
static TapShape
data_shape (const CaffeLayer *layer, guint top)
{
  static const char *const params[] = { "input_param", "dummy_data_param", NULL };
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) -1, (gint64) -1, (gint64) -1);
  const TapTextMessage *param;
  gint64 crop;

  for (int i = 0; params[i] != NULL; i++)
    {
      const TapTextField *field;

      param = tap_caffe_param (layer, params[i]);
      field = tap_text_find (param, "shape", MIN (top, 16));
      if (field == NULL)
        field = tap_text_find (param, "shape", 0);
      if (field != NULL && field->message != NULL)
        {
          shape.n_dims = (int) MIN (tap_text_count (field->message, "dim"), TAP_MAX_DIMS);
          for (int d = 0; d < shape.n_dims; d++)
            shape.dims[d] = tap_text_int_at (field->message, "dim", (guint) d, -1);
          return shape;
        }
    }
  param = tap_caffe_param (layer, "dummy_data_param");
  if (!layer->is_v0 && tap_text_count (param, "channels") > 0)
    {
      shape.dims[1] = tap_text_int_at (param, "channels", 0, -1);
      shape.dims[2] = tap_text_int_at (param, "height", 0, -1);
      shape.dims[3] = tap_text_int_at (param, "width", 0, -1);
      return shape;
    }
  param = tap_caffe_param (layer, "memory_data_param");
  if (!layer->is_v0 && tap_text_count (param, "channels") > 0)
    {
      shape.dims[1] = tap_text_int (param, "channels", -1);
      shape.dims[2] = tap_text_int (param, "height", -1);
      shape.dims[3] = tap_text_int (param, "width", -1);
      return shape;
    }
  crop = layer->is_v0 ?
           tap_text_int (layer->message, "cropsize", -1) :
           tap_text_int (tap_text_message (layer->message, "transform_param"), "crop_size", -1);
  if (crop > 0)
    shape.dims[2] = shape.dims[3] = crop;
  return shape;
}

/* Channels that the first convolution reading @blob was trained on, or -1. */
static gint64
channels_from_weights (const CaffeBuilder *self, const char *blob)
{
  for (guint i = 0; i < self->net->layers->len; i++)
    {
      const CaffeLayer *layer = g_ptr_array_index (self->net->layers, i);
      TapTensor *weights = tap_caffe_weights_get (self->weights, layer->name, 0);

      if (layer->bottoms->len == 0 || !g_str_equal (g_ptr_array_index (layer->bottoms, 0), blob) ||
          weights == NULL || !g_str_equal (layer->type, "Convolution") ||
          weights->shape.n_dims != 4)
        continue;
      return weights->shape.dims[1] *
             CLAMP (tap_text_int (tap_caffe_param (layer, "convolution_param"), "group", 1), 1, 64);
    }
  return -1;
}

static void
add_input (CaffeBuilder *self, const char *blob, TapShape shape)
{
  if (g_hash_table_contains (self->blobs, blob))
    return;
  if (shape.n_dims == 4 && shape.dims[1] <= 0)
    shape.dims[1] = channels_from_weights (self, blob);
  tap_caffe_input (self, blob, &shape);
}

/* A blob that nothing before wrote: labels of a data layer, or the only input when the file forgot it. */
static gboolean
settle_bottoms (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  for (guint i = 0; i < layer->bottoms->len; i++)
    {
      const char *blob = g_ptr_array_index (layer->bottoms, i);

      if (g_hash_table_contains (self->blobs, blob))
        continue;
      if (tap_graph_n_inputs (self->graph) == 0)
        {
          add_input (self, blob,
                     tap_shape_new (4, (gint64) 1, (gint64) -1, (gint64) -1, (gint64) -1));
          g_ptr_array_add (self->warnings,
                           g_strdup_printf ("The network declares no input; “%.100s” was taken for "
                                            "one.",
                                            blob));
          continue;
        }
      g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID,
                   "The layer “%.100s” (line %d) reads the blob “%.100s”, which nothing before it "
                   "makes.",
                   layer->name, layer->line, blob);
      return FALSE;
    }
  return TRUE;
}

/* --- layers --- */

static CaffeTranslate
find_translation (const char *type)
{
  const CaffeTranslation *const tables[] = { tap_caffe_window_layers, tap_caffe_pointwise_layers,
                                             tap_caffe_shape_layers };

  for (gsize t = 0; t < G_N_ELEMENTS (tables); t++)
    for (int i = 0; tables[t][i].type != NULL; i++)
      if (g_str_equal (tables[t][i].type, type))
        return tables[t][i].translate;
  return tap_caffe_unknown;
}

/* Whether a plain Softmax reads the same blob, so that the loss need not make another. */
static gboolean
has_softmax (const CaffeNet *net, const CaffeLayer *loss)
{
  for (guint i = 0; i < net->layers->len && loss->bottoms->len > 0; i++)
    {
      const CaffeLayer *layer = g_ptr_array_index (net->layers, i);

      if (g_str_equal (layer->type, "Softmax") && layer->bottoms->len > 0 &&
          g_str_equal (g_ptr_array_index (layer->bottoms, 0), g_ptr_array_index (loss->bottoms, 0)))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_dropped (const CaffeNet *net, const CaffeLayer *layer)
{
  return g_strv_contains (dropped, layer->type) ||
         (g_str_equal (layer->type, "SoftmaxWithLoss") && has_softmax (net, layer));
}

static gboolean
add_layer (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  if (g_strv_contains (data_types, layer->type))
    {
      for (guint i = 0; i < layer->tops->len && i < 16; i++)
        {
          /* The second top of a data layer is labels. */
          if (i > 0 && !g_str_equal (layer->type, "Input") &&
              !g_str_equal (layer->type, "DummyData"))
            break;
          add_input (self, g_ptr_array_index (layer->tops, i), data_shape (layer, i));
        }
      return TRUE;
    }
  if (is_dropped (self->net, layer))
    return TRUE;
  /* A loss also reads labels, which are not there. */
  if (g_str_has_suffix (layer->type, "Loss") && layer->bottoms->len > 1)
    g_ptr_array_set_size (layer->bottoms, 1);
  if (!settle_bottoms (self, layer, error))
    return FALSE;
  if (layer->bottoms->len == 0)
    return tap_caffe_unknown (self, layer, error);
  return find_translation (layer->type) (self, layer, error);
}

static void
find_last_writers (CaffeBuilder *self)
{
  for (guint i = 0; i < self->net->layers->len; i++)
    {
      CaffeLayer *layer = g_ptr_array_index (self->net->layers, i);

      if (is_dropped (self->net, layer))
        continue;
      for (guint t = 0; t < layer->tops->len; t++)
        g_hash_table_replace (self->last_writer, g_ptr_array_index (layer->tops, t), layer);
      if (layer->tops->len == 0)
        g_hash_table_replace (self->last_writer, (gpointer) layer->name, layer);
    }
}

/* Whatever nobody reads is an output. */
static gboolean
add_outputs (CaffeBuilder *self, GError **error)
{
  int n_values = tap_graph_n_values (self->graph), n_outputs = 0;
  g_autofree gboolean *read = g_new0 (gboolean, n_values + 1);

  for (int i = 0; i < tap_graph_n_nodes (self->graph); i++)
    {
      const TapNode *node = tap_graph_get_node (self->graph, i);

      for (int k = 0; k < node->n_inputs; k++)
        if (node->inputs[k] >= 0)
          read[node->inputs[k]] = TRUE;
    }
  for (int i = 0; i < tap_graph_n_nodes (self->graph) && n_outputs < 1000; i++)
    {
      const TapNode *node = tap_graph_get_node (self->graph, i);

      for (int k = 0; k < node->n_outputs; k++)
        if (node->outputs[k] >= 0 && !read[node->outputs[k]])
          {
            tap_graph_add_output (self->graph, node->outputs[k]);
            n_outputs++;
          }
    }
  return tap_graph_sort (self->graph, error);
}

static TapModel *
build (const CaffeNet *net, const CaffeWeights *weights, GCancellable *cancellable, GError **error)
{
  g_autoptr (TapGraph) graph = tap_graph_new (net->name);
  g_autoptr (GArray) shapes = g_array_new (FALSE, FALSE, sizeof (TapShape));
  g_autoptr (GHashTable) blobs = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) last_writer = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  CaffeBuilder self = { .graph = graph,
                        .net = net,
                        .weights = weights,
                        .shapes = shapes,
                        .blobs = blobs,
                        .last_writer = last_writer,
                        .warnings = warnings,
                        .placeholder_budget = PLACEHOLDERS_MAX };
  TapModel *model;

  find_last_writers (&self);
  for (guint i = 0; i < net->inputs->len; i++)
    add_input (&self, g_ptr_array_index (net->inputs, i),
               g_array_index (net->input_dims, TapShape, i));
  for (guint i = 0; i < net->layers->len; i++)
    if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
        !add_layer (&self, g_ptr_array_index (net->layers, i), error))
      return NULL;
  if (tap_graph_n_nodes (graph) == 0)
    {
      g_set_error_literal (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED,
                           "The network has no layers that compute anything.");
      return NULL;
    }
  if (!add_outputs (&self, error))
    return NULL;

  model = tap_model_new (g_steal_pointer (&graph));
  g_free (model->format);
  model->format = g_strdup_printf ("Caffe%s%s", net->style != NULL ? ", " : "",
                                   net->style != NULL ? net->style : "");
  for (guint i = 0; i < warnings->len; i++)
    g_ptr_array_add (model->warnings, g_strdup (g_ptr_array_index (warnings, i)));
  if (weights != NULL && self.n_missing > 0)
    g_ptr_array_add (
      model->warnings,
      g_strdup_printf ("The file of weights has none for %u of the layers.", self.n_missing));
  return model;
}

/* --- the two files --- */

static gboolean
is_prototxt (const guint8 *data, gsize n)
{
  return tap_formats_is_text (data, MIN (n, 4096));
}

/* The file with @suffix beside @path: of the same stem, called @usual, or the only one. */
static char *
find_beside (const char *path, const char *suffix, const char *usual, guint *n_found)
{
  g_autoptr (GPtrArray) files = tap_formats_list_folder (path);
  g_autofree char *stem = tap_formats_stem (path);
  g_autofree char *same = g_strconcat (stem, suffix, NULL);
  const char *only = NULL, *named = NULL, *exact = NULL;

  *n_found = 0;
  for (guint i = 0; i < files->len; i++)
    {
      const char *file = g_ptr_array_index (files, i);
      g_autofree char *base = g_path_get_basename (file);

      if (!g_str_has_suffix (base, suffix) || strstr (base, "solver") != NULL)
        continue;
      ++*n_found;
      only = file;
      if (g_str_equal (base, same))
        exact = file;
      if (usual != NULL && g_str_equal (base, usual))
        named = file;
    }
  if (exact != NULL)
    return g_strdup (exact);
  if (named != NULL)
    return g_strdup (named);
  return *n_found == 1 ? g_strdup (only) : NULL;
}

typedef struct
{
  GBytes *text, *binary; /* binary may be NULL */
  char *text_path, *binary_path;
} Pair;

static void
pair_clear (Pair *pair)
{
  g_clear_pointer (&pair->text, g_bytes_unref);
  g_clear_pointer (&pair->binary, g_bytes_unref);
  g_free (pair->text_path);
  g_free (pair->binary_path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

/* Text was opened: weights are welcome, but not needed. */
static gboolean
find_weights (const TapLoadRequest *request, Pair *pair, GPtrArray *warnings, GError **error)
{
  guint n = 0;

  if (request->weights_path != NULL)
    pair->binary_path = g_strdup (request->weights_path);
  else if (request->path != NULL)
    pair->binary_path = find_beside (request->path, ".caffemodel", NULL, &n);
  if (pair->binary_path != NULL)
    {
      pair->binary = tap_formats_map (pair->binary_path, error);
      return pair->binary != NULL;
    }
  g_ptr_array_add (
    warnings, n > 1 ? g_strdup_printf ("There are %u caffemodels beside the network; name one "
                                       "with --weights.",
                                       n) :
                      g_strdup ("There is no caffemodel beside the network: its layers have no "
                                "weights and cannot run."));
  return TRUE;
}

/* Weights were opened: without the text nothing can be done. */
static gboolean
find_text (const TapLoadRequest *request, Pair *pair, GError **error)
{
  guint n = 0;

  if (request->weights_path != NULL)
    pair->text_path = g_strdup (request->weights_path);
  else if (request->path != NULL)
    pair->text_path = find_beside (request->path, ".prototxt", "deploy.prototxt", &n);
  if (pair->text_path == NULL)
    {
      g_autofree char *name =
        request->path != NULL ? g_filename_display_basename (request->path) : g_strdup ("The file");

      g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_MISSING_FILE,
                   n > 1 ?
                     "%s holds the weights of a Caffe network, and several prototxt files lie "
                     "beside it: open the one that describes it." :
                     "%s holds the weights of a Caffe network: the prototxt that describes it "
                     "must lie beside it.",
                   name);
      return FALSE;
    }
  pair->text = tap_formats_map (pair->text_path, error);
  return pair->text != NULL;
}

static TapPrototext *
parse_text (const Pair *pair, const char *name, GError **error)
{
  gsize n;
  const char *data = g_bytes_get_data (pair->text, &n);
  TapPrototext *text;

  if (n > PROTOTXT_MAX)
    {
      g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_UNSUPPORTED,
                   "%s is too large for the text of a network.", name);
      return NULL;
    }
  text = tap_prototext_parse (n > 0 ? data : "", n, error);
  if (text == NULL)
    g_prefix_error (error, "%s, ", name);
  return text;
}

static gboolean
open_pair (const TapLoadRequest *request,
           GBytes *bytes,
           Pair *pair,
           GPtrArray *warnings,
           GError **error)
{
  gsize n;
  const guint8 *data = g_bytes_get_data (bytes, &n);

  if (is_prototxt (data, n))
    {
      pair->text = g_bytes_ref (bytes);
      pair->text_path = g_strdup (request->path);
      return find_weights (request, pair, warnings, error);
    }
  pair->binary = g_bytes_ref (bytes);
  pair->binary_path = g_strdup (request->path);
  return find_text (request, pair, error);
}

static TapModel *
caffe_load (const TapLoadRequest *request,
            GBytes *bytes,
            TapProgress *progress,
            GCancellable *cancellable,
            GError **error)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (TapPrototext) text = NULL;
  g_autoptr (CaffeWeights) weights = NULL;
  g_autoptr (CaffeNet) net = NULL;
  g_autoptr (GError) reason = NULL;
  g_autofree char *name = NULL;
  GBytes *parts[2];
  TapModel *model;

  if (!open_pair (request, bytes, &pair, warnings, error))
    return NULL;
  name = pair.text_path != NULL ? g_filename_display_basename (pair.text_path) :
                                  g_strdup ("the prototxt");
  text = parse_text (&pair, name, error);
  if (text == NULL)
    return NULL;
  net = tap_caffe_net_read (text, error);
  if (net == NULL)
    {
      g_prefix_error (error, "%s, ", name);
      return NULL;
    }
  if (pair.binary != NULL)
    {
      weights = tap_caffe_weights_read (pair.binary, cancellable, error);
      if (weights == NULL)
        {
          g_autofree char *binary = pair.binary_path != NULL ?
                                      g_filename_display_basename (pair.binary_path) :
                                      g_strdup ("the caffemodel");

          g_prefix_error (error, "%s: ", binary);
          return NULL;
        }
    }
  model = build (net, weights, cancellable, &reason);
  /* A value of the wrong kind was read as its default: say that, and not what came of it. */
  if (!tap_prototext_check (text, error))
    {
      g_prefix_error (error, "%s, ", name);
      tap_model_unref (model);
      return NULL;
    }
  if (model == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  for (guint i = 0; i < warnings->len; i++)
    g_ptr_array_add (model->warnings, g_strdup (g_ptr_array_index (warnings, i)));
  tap_caffe_find_transform (model, tap_prototext_root (text), pair.text_path, name);
  parts[0] = pair.text;
  parts[1] = pair.binary;
  if (!request->no_checksum)
    tap_formats_checksum (model, parts, pair.binary != NULL ? 2 : 1);
  return model;
}

/* --- sniffing --- */

/* Words with which a prototxt speaks of layers. */
static gboolean
speaks_of_layers (const guint8 *head, gsize n)
{
  static const char *const words[] = { "layer", "layers", "input_dim", "input_shape", NULL };
  g_autofree char *text = g_utf8_make_valid ((const char *) head, (gssize) n);

  for (int i = 0; words[i] != NULL; i++)
    for (const char *at = strstr (text, words[i]); at != NULL; at = strstr (at + 1, words[i]))
      {
        const char *end = at + strlen (words[i]);

        while (g_ascii_isspace (*end))
          end++;
        if ((at == text || g_ascii_isspace (at[-1]) || at[-1] == '}') &&
            (*end == '{' || *end == ':' || *end == '<'))
          return TRUE;
      }
  return FALSE;
}

/* NetParameter: a printable name, then layers. */
static gboolean
is_caffemodel (const guint8 *head, gsize n, gsize file_size)
{
  TapProto net;
  TapProtoField field;

  tap_proto_init (&net, head, n);
  while (net.left > 0)
    {
      const guint8 *at = net.data, *end = net.data + net.left;
      guint64 key, length;

      if (!tap_proto_varint (&at, end, &key))
        return FALSE;
      if (key == (CAFFE_NET_LAYER << 3 | 2) || key == (CAFFE_NET_LAYERS << 3 | 2))
        return tap_proto_varint (&at, end, &length) && length <= file_size && at < end &&
               (*at == (1 << 3 | 2) || *at == (2 << 3 | 2) || *at == (3 << 3 | 2) ||
                *at == (4 << 3 | 2));
      if (!tap_proto_next (&net, &field, NULL))
        return FALSE;
      if (field.number == CAFFE_NET_NAME)
        {
          if (field.wire != PB_WT_STRING || !tap_formats_is_text (field.data, field.length))
            return FALSE;
        }
      else if (field.number > 8)
        return FALSE;
    }
  return FALSE;
}

static int
caffe_sniff (const guint8 *head, gsize n, gsize file_size, const char *name)
{
  gboolean text_name = name != NULL && g_str_has_suffix (name, ".prototxt");
  gboolean binary_name = name != NULL && g_str_has_suffix (name, ".caffemodel");

  if (tap_formats_is_text (head, n))
    return speaks_of_layers (head, n) ? (text_name ? 100 : 90) : text_name ? 60 : 0;
  if (is_caffemodel (head, n, file_size))
    return binary_name ? 100 : 85;
  return text_name || binary_name ? 60 : 0;
}

static const char *const caffe_suffixes[] = { ".prototxt", ".caffemodel", NULL };

const TapFormat tap_format_caffe = {
  .id = "caffe",
  .title = "Caffe",
  .suffixes = caffe_suffixes,
  .sniff = caffe_sniff,
  .load = caffe_load,
};
