/* onnx.c - reads ONNX networks
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ONNX stores a network as one protobuf message. It is walked three times without being unpacked:
 * first the model's own fields, then what names tensors (weights, inputs), then the nodes, so that
 * the order in which a writer put them does not matter. Weights stay where they are in the mapped
 * file. Weights that older writers list as inputs as well are not inputs. */
#include "config.h"

#include "formats/formats-private.h"
#include "formats/onnx-private.h"
#include "formats/proto/onnx-proto.h"

#include <string.h>

/* Room that numbers may take beyond their room in the file. */
#define WIDENING_BUDGET (96u << 20)

gboolean
tap_onnx_fail (GError **error, int code, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, TAP_FORMAT_ERROR, code, "%s.", message);
  return FALSE;
}

gboolean
tap_onnx_spend (OnnxReader *self, gsize n, GError **error)
{
  if (n > self->budget)
    return tap_onnx_fail (
      error, TAP_FORMAT_ERROR_UNSUPPORTED,
      "The numbers in the file would take far more memory than the file itself");
  self->budget -= n;
  return TRUE;
}

static void
reader_clear (OnnxReader *self)
{
  g_clear_pointer (&self->graph, tap_graph_unref);
  g_clear_pointer (&self->opsets, g_hash_table_unref);
  g_clear_pointer (&self->metadata, g_hash_table_unref);
  g_clear_pointer (&self->functions, g_hash_table_unref);
  g_clear_pointer (&self->externals, g_hash_table_unref);
  g_clear_pointer (&self->types, g_hash_table_unref);
  g_clear_pointer (&self->branches, g_hash_table_unref);
  g_clear_pointer (&self->open_ifs, g_ptr_array_unref);
  g_clear_pointer (&self->warnings, g_ptr_array_unref);
  g_clear_pointer (&self->producer, g_free);
  g_clear_pointer (&self->producer_version, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OnnxReader, reader_clear)

/* Two fields of a small message: key and value, domain and version, domain and name. */
static gboolean
read_pair (const TapProto *parent,
           const TapProtoField *field,
           guint32 first,
           guint32 second,
           TapProtoField out[2],
           GError **error)
{
  TapProto message;
  TapProtoField part;

  out[0] = out[1] = (TapProtoField){ 0 };
  if (!tap_proto_enter (parent, field, &message, error))
    return FALSE;
  while (tap_proto_next (&message, &part, error))
    if (part.number == first)
      out[0] = part;
    else if (part.number == second)
      out[1] = part;
  return !message.failed;
}

static gboolean
read_model_field (OnnxReader *self,
                  const TapProto *model,
                  const TapProtoField *field,
                  TapProtoField *graph,
                  GError **error)
{
  TapProtoField pair[2];

  switch (field->number)
    {
    case ONNX_MODEL_IR_VERSION:
      self->ir_version = (gint64) field->value;
      break;
    case ONNX_MODEL_PRODUCER_NAME:
      g_free (self->producer);
      self->producer = tap_proto_dup_string (field);
      break;
    case ONNX_MODEL_PRODUCER_VERSION:
      g_free (self->producer_version);
      self->producer_version = tap_proto_dup_string (field);
      break;
    case ONNX_MODEL_GRAPH:
      *graph = *field;
      break;
    case ONNX_MODEL_OPSET_IMPORT:
      {
        char *domain;

        if (!read_pair (model, field, ONNX_OPSET_DOMAIN, ONNX_OPSET_VERSION, pair, error))
          return FALSE;
        domain = tap_proto_dup_string (&pair[0]);
        if (g_str_equal (domain, "ai.onnx"))
          domain[0] = '\0';
        g_hash_table_replace (self->opsets, domain,
                              GINT_TO_POINTER ((int) MIN (pair[1].value, 1000)));
        break;
      }
    case ONNX_MODEL_METADATA_PROPS:
      if (!read_pair (model, field, ONNX_ENTRY_KEY, ONNX_ENTRY_VALUE, pair, error))
        return FALSE;
      g_hash_table_replace (self->metadata, tap_proto_dup_string (&pair[0]),
                            tap_proto_dup_string (&pair[1]));
      break;
    case ONNX_MODEL_FUNCTIONS:
      {
        g_autofree char *domain = NULL, *name = NULL;

        if (!read_pair (model, field, ONNX_FUNCTION_DOMAIN, ONNX_FUNCTION_NAME, pair, error))
          return FALSE;
        domain = tap_proto_dup_string (&pair[0]);
        name = tap_proto_dup_string (&pair[1]);
        g_hash_table_replace (self->functions, g_strdup_printf ("%s %s", domain, name),
                              g_memdup2 (field, sizeof *field));
        break;
      }
    default:
      break;
    }
  return TRUE;
}

static gboolean
read_dim (const TapProto *parent, const TapProtoField *field, TapShape *shape, GError **error)
{
  TapProtoField pair[2];
  gint64 dim = -1;

  if (!read_pair (parent, field, ONNX_DIM_VALUE, ONNX_DIM_PARAM, pair, error))
    return FALSE;
  if (shape->n_dims == TAP_MAX_DIMS)
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_UNSUPPORTED, "it has more than %d dimensions",
                          TAP_MAX_DIMS);
  /* Exporters wrote 0 and -1 for "any" before there were names. */
  if (pair[0].number != 0 && pair[1].number == 0 && (gint64) pair[0].value > 0)
    dim = (gint64) pair[0].value;
  shape->dims[shape->n_dims++] = dim;
  return TRUE;
}

static gboolean
read_tensor_type (const TapProto *parent,
                  const TapProtoField *field,
                  int *elem_type,
                  TapShape *shape,
                  gboolean *has_shape,
                  GError **error)
{
  TapProto type, dims;
  TapProtoField part, dim;

  if (!tap_proto_enter (parent, field, &type, error))
    return FALSE;
  while (tap_proto_next (&type, &part, error))
    if (part.number == ONNX_TENSOR_TYPE_ELEM)
      *elem_type = (int) MIN (part.value, G_MAXINT);
    else if (part.number == ONNX_TENSOR_TYPE_SHAPE)
      {
        *has_shape = TRUE;
        if (!tap_proto_enter (&type, &part, &dims, error))
          return FALSE;
        while (tap_proto_next (&dims, &dim, error))
          if (dim.number == ONNX_SHAPE_DIM && !read_dim (&dims, &dim, shape, error))
            return FALSE;
        if (dims.failed)
          return FALSE;
      }
  return !type.failed;
}

static gboolean
read_value_info (const TapProto *parent,
                 const TapProtoField *field,
                 char **name,
                 int *elem_type,
                 TapShape *shape,
                 gboolean *has_shape,
                 GError **error)
{
  TapProtoField pair[2], part;
  TapProto type;

  *elem_type = 0;
  *shape = (TapShape){ 0 };
  *has_shape = FALSE;
  if (!read_pair (parent, field, ONNX_VALUE_NAME, ONNX_VALUE_TYPE, pair, error))
    return FALSE;
  *name = tap_proto_dup_string (&pair[0]);
  if (pair[1].number == 0)
    return TRUE;
  if (!tap_proto_enter (parent, &pair[1], &type, error))
    return FALSE;
  while (tap_proto_next (&type, &part, error))
    if (part.number == ONNX_TYPE_TENSOR &&
        !read_tensor_type (&type, &part, elem_type, shape, has_shape, error))
      {
        g_prefix_error (error, "In the type of tensor “%.100s”: ", *name);
        return FALSE;
      }
  return !type.failed;
}

/* A weight of a kind that cannot be held becomes a node that cannot run, so that the graph still shows. */
static gboolean
add_unread (OnnxReader *self, const char *name, const char *kind, GError **error)
{
  int output = tap_graph_value (self->graph, name);
  TapAttrs *attrs = tap_attrs_new ();
  TapNode *node;

  tap_attrs_set_string (attrs, "type", kind);
  node = tap_graph_add_node (self->graph, name, "Constant", NULL, 0, &output, 1, attrs, error);
  if (node == NULL)
    return FALSE;
  g_free (node->domain);
  node->domain = g_strdup ("tapetum.unread");
  g_ptr_array_add (
    self->warnings,
    g_strdup_printf ("The weights “%.100s” are of type %s, which is not read.", name, kind));
  return TRUE;
}

static gboolean
read_initializer (OnnxReader *self,
                  const TapProto *graph,
                  const TapProtoField *field,
                  GError **error)
{
  g_autofree char *name = NULL;
  g_autoptr (TapTensor) tensor = NULL;
  const TapValue *value;
  const char *kind;
  int index;

  if (!tap_onnx_read_tensor (self, graph, field, &name, &tensor, &kind, error))
    return FALSE;
  if (name[0] == '\0')
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED, "A weight tensor has no name");
  if (tensor == NULL)
    return add_unread (self, name, kind, error);

  index = tap_graph_value (self->graph, name);
  if (tap_graph_n_values (self->graph) > TAP_ONNX_MAX_VALUES)
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_UNSUPPORTED, "The graph has more than %d tensors",
                          TAP_ONNX_MAX_VALUES);
  value = tap_graph_get_value (self->graph, index);
  if (value->constant != NULL || value->producer >= 0)
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED, "The tensor “%.100s” is given twice",
                          name);
  tap_graph_set_constant (self->graph, index, tensor);
  g_hash_table_insert (self->types, GINT_TO_POINTER (index), GINT_TO_POINTER (self->last_type));
  return TRUE;
}

/* TensorFlow's exporters keep pictures as [N,H,W,C]. */
static gboolean
is_channels_last (const TapShape *shape)
{
  return shape->n_dims == 4 && (shape->dims[3] == 3 || shape->dims[3] == 1) &&
         shape->dims[1] != 3 && shape->dims[1] != 1 && shape->dims[2] != 1;
}

/* The graph's input becomes [N,C,H,W]; a transposition makes what the file expects. */
static gboolean
add_channels_last (OnnxReader *self, int value, TapShape shape, GError **error)
{
  static const gint64 perm[] = { 0, 2, 3, 1 };
  const char *name = tap_graph_get_value (self->graph, value)->name;
  g_autofree char *first_name = g_strdup_printf ("%s (N×C×H×W)", name);
  g_autofree char *node_name = g_strdup_printf ("%s (to N×H×W×C)", name);
  int input = tap_graph_value (self->graph, first_name);
  TapShape first = shape;
  TapAttrs *attrs = tap_attrs_new ();

  first.dims[1] = shape.dims[3];
  first.dims[2] = shape.dims[1];
  first.dims[3] = shape.dims[2];
  tap_graph_add_input (self->graph, input, TAP_DTYPE_F32, &first);
  tap_attrs_set_ints (attrs, "perm", perm, G_N_ELEMENTS (perm));
  return tap_graph_add_node (self->graph, node_name, "Transpose", &input, 1, &value, 1, attrs,
                             error) != NULL;
}

static gboolean
is_real (int elem_type)
{
  return elem_type == 0 || elem_type == ONNX_FLOAT || elem_type == ONNX_FLOAT16 ||
         elem_type == ONNX_DOUBLE || elem_type == ONNX_BFLOAT16;
}

static gboolean
is_whole (int elem_type)
{
  return (elem_type >= ONNX_UINT8 && elem_type <= ONNX_INT64) || elem_type == ONNX_UINT32 ||
         elem_type == ONNX_UINT64;
}

static gboolean
read_input (OnnxReader *self, const TapProto *graph, const TapProtoField *field, GError **error)
{
  g_autofree char *name = NULL;
  gboolean has_shape;
  const TapValue *value;
  TapShape shape;
  int elem_type, index;

  if (!read_value_info (graph, field, &name, &elem_type, &shape, &has_shape, error))
    return FALSE;
  if (name[0] == '\0')
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED, "An input of the graph has no name");
  index = tap_graph_value (self->graph, name);
  value = tap_graph_get_value (self->graph, index);
  if (value->constant != NULL || value->producer >= 0)
    return TRUE; /* a weight, listed again as IR versions before 4 do */
  for (int i = 0; i < tap_graph_n_inputs (self->graph); i++)
    if (tap_graph_get_input (self->graph, i) == index)
      return tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED, "The input “%.100s” is declared twice",
                            name);
  if (tap_graph_n_inputs (self->graph) >= 1000)
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_UNSUPPORTED,
                          "The graph has more than 1000 inputs");
  if (!has_shape)
    shape = tap_shape_new (4, (gint64) -1, (gint64) -1, (gint64) -1, (gint64) -1);
  for (int i = 0; i < shape.n_dims; i++)
    if (shape.dims[i] > G_MAXINT)
      {
        g_autofree char *text = tap_shape_to_string (&shape);

        g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_TOO_LARGE,
                     "The input “%.100s” of %s is too large.", name, text);
        return FALSE;
      }
  if (elem_type == ONNX_STRING)
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_UNSUPPORTED, "The input “%.100s” takes text",
                          name);
  g_hash_table_insert (self->types, GINT_TO_POINTER (index), GINT_TO_POINTER (elem_type));
  /* a picture in bytes: the network's first step is to cast it, so the numbers may be floats at once */
  if (shape.n_dims == 4 && is_whole (elem_type))
    {
      self->takes_whole_pixels = TRUE;
      elem_type = ONNX_FLOAT;
    }
  if (is_channels_last (&shape))
    return add_channels_last (self, index, shape, error);
  tap_graph_add_input (self->graph, index, is_real (elem_type) ? TAP_DTYPE_F32 : TAP_DTYPE_I64,
                       &shape);
  return TRUE;
}

static gboolean
read_output (OnnxReader *self, const TapProto *graph, const TapProtoField *field, GError **error)
{
  TapProtoField pair[2];
  g_autofree char *name = NULL;

  if (!read_pair (graph, field, ONNX_VALUE_NAME, ONNX_VALUE_TYPE, pair, error))
    return FALSE;
  name = tap_proto_dup_string (&pair[0]);
  if (name[0] == '\0')
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED, "An output of the graph has no name");
  if (tap_graph_n_outputs (self->graph) >= 2000)
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_UNSUPPORTED,
                          "The graph has more than 2000 outputs");
  tap_graph_add_output (self->graph, tap_graph_value (self->graph, name));
  return TRUE;
}

static gboolean
read_sparse (OnnxReader *self, const TapProto *graph, const TapProtoField *field, GError **error)
{
  /* SparseTensorProto.values carries the name. */
  TapProto message;
  TapProtoField part, pair[2];
  g_autofree char *name = NULL;

  if (!tap_proto_enter (graph, field, &message, error))
    return FALSE;
  while (tap_proto_next (&message, &part, error))
    if (part.number == 1 && name == NULL)
      {
        if (!read_pair (&message, &part, ONNX_TENSOR_NAME, ONNX_TENSOR_DATA_TYPE, pair, error))
          return FALSE;
        name = tap_proto_dup_string (&pair[0]);
      }
  if (message.failed)
    return FALSE;
  return name == NULL || name[0] == '\0' || add_unread (self, name, "sparse", error);
}

/* @pass 0: what is constant; 1: inputs; 2: nodes; 3: outputs. */
static gboolean
read_graph (OnnxReader *self,
            const TapProto *model,
            const TapProtoField *at,
            int pass,
            GError **error)
{
  TapProto graph;
  TapProtoField field;

  if (!tap_proto_enter (model, at, &graph, error))
    return FALSE;
  while (tap_proto_next (&graph, &field, error))
    {
      gboolean good = TRUE;

      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      if (pass == 0 && field.number == ONNX_GRAPH_INITIALIZER)
        good = read_initializer (self, &graph, &field, error);
      else if (pass == 0 && field.number == ONNX_GRAPH_SPARSE_INITIALIZER)
        good = read_sparse (self, &graph, &field, error);
      else if (pass == 1 && field.number == ONNX_GRAPH_INPUT)
        good = read_input (self, &graph, &field, error);
      else if (pass == 2 && field.number == ONNX_GRAPH_NODE)
        good = tap_onnx_read_node (self, &graph, &field, NULL, error);
      else if (pass == 3 && field.number == ONNX_GRAPH_OUTPUT)
        good = read_output (self, &graph, &field, error);
      if (!good)
        return FALSE;
    }
  return !graph.failed;
}

static char *
describe_format (const OnnxReader *self)
{
  GString *text = g_string_new ("ONNX");
  int opset = GPOINTER_TO_INT (g_hash_table_lookup (self->opsets, ""));

  if (opset > 0)
    g_string_append_printf (text, ", opset %d", opset);
  if (self->producer != NULL && self->producer[0] != '\0')
    g_string_append_printf (text, ", %.60s", self->producer);
  if (self->producer_version != NULL && self->producer_version[0] != '\0')
    g_string_append_printf (text, " %.30s", self->producer_version);
  return g_string_free (text, FALSE);
}

static char *
read_graph_name (const TapProto *model, const TapProtoField *at)
{
  TapProto graph;
  TapProtoField field;

  if (tap_proto_enter (model, at, &graph, NULL))
    while (tap_proto_next (&graph, &field, NULL))
      if (field.number == ONNX_GRAPH_NAME && field.length < 1000)
        return tap_proto_dup_string (&field);
  return g_strdup ("");
}

static gboolean
read_all (OnnxReader *self, GError **error)
{
  TapProtoField graph = { 0 }, field;
  g_autofree char *name = NULL;
  TapProto model, first;
  const guint8 *data;
  gsize size;

  g_clear_pointer (&self->graph, tap_graph_unref);
  g_hash_table_remove_all (self->types);
  g_ptr_array_set_size (self->open_ifs, 0);
  g_ptr_array_set_size (self->warnings, 0);
  self->n_nodes = 0;
  self->budget = WIDENING_BUDGET;
  data = g_bytes_get_data (self->bytes, &size);
  tap_proto_init (&model, data, size);
  first = model;
  while (tap_proto_next (&model, &field, error))
    if (!read_model_field (self, &first, &field, &graph, error))
      return FALSE;
  if (model.failed)
    return FALSE;
  if (graph.number == 0)
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED, "The file holds no graph");
  /* Before opsets were listed there was one. */
  if (g_hash_table_size (self->opsets) == 0)
    g_hash_table_insert (self->opsets, g_strdup (""), GINT_TO_POINTER (1));

  name = read_graph_name (&first, &graph);
  self->graph = tap_graph_new (name);
  for (int pass = 0; pass < 4; pass++)
    if (!read_graph (self, &first, &graph, pass, error))
      return FALSE;
  if (self->n_nodes == 0)
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED, "The graph holds no nodes");
  return tap_graph_sort (self->graph, error);
}

static TapModel *
onnx_load (const TapLoadRequest *request,
           GBytes *bytes,
           TapProgress *progress,
           GCancellable *cancellable,
           GError **error)
{
  g_auto (OnnxReader) self = { 0 };
  TapModel *model;

  self.request = request;
  self.bytes = bytes;
  self.cancellable = cancellable;
  self.opsets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self.functions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self.externals =
    g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
  self.types = g_hash_table_new (NULL, NULL);
  tap_onnx_ifs_init (&self);
  self.warnings = g_ptr_array_new_with_free_func (g_free);

  if (!read_all (&self, error) || !tap_onnx_settle_ifs (&self, read_all, error))
    return NULL;

  model = tap_model_new (g_steal_pointer (&self.graph));
  g_free (model->format);
  model->format = describe_format (&self);
  for (guint i = 0; i < self.warnings->len; i++)
    g_ptr_array_add (model->warnings, g_strdup (g_ptr_array_index (self.warnings, i)));
  tap_onnx_apply_metadata (&self, model);

  if (g_hash_table_size (self.externals) > 0 && !request->no_checksum)
    tap_onnx_checksum (&self, model);
  return model;
}

/* The model's fields, as far as the head shows them. */
static int
onnx_sniff (const guint8 *head, gsize n, gsize file_size, const char *name)
{
  gboolean by_name = name != NULL && g_str_has_suffix (name, ".onnx");
  gboolean has_ir = FALSE, has_graph = FALSE, has_opset = FALSE;
  TapProto model;
  TapProtoField field;

  tap_proto_init (&model, head, n);
  while (model.left > 0)
    {
      const guint8 *at = model.data, *end = model.data + model.left;
      guint64 key, length;

      /* The graph is larger than the head: look at its key and length only. */
      if (tap_proto_varint (&at, end, &key) && key == (ONNX_MODEL_GRAPH << 3 | 2) &&
          tap_proto_varint (&at, end, &length) && length <= file_size)
        {
          has_graph = TRUE;
          if (length > (guint64) (end - at))
            break;
        }
      if (!tap_proto_next (&model, &field, NULL))
        break;
      if (field.number == ONNX_MODEL_IR_VERSION)
        has_ir = field.wire == PB_WT_VARINT && field.value > 0 && field.value < 100;
      else if (field.number == ONNX_MODEL_OPSET_IMPORT)
        has_opset = field.wire == PB_WT_STRING;
      else if (field.number > ONNX_MODEL_FUNCTIONS)
        return by_name ? 30 : 0;
    }
  if (has_graph && (has_ir || has_opset))
    return by_name ? 100 : 90;
  return by_name ? 50 : 0;
}

static const char *const onnx_suffixes[] = { ".onnx", NULL };

const TapFormat tap_format_onnx = {
  .id = "onnx",
  .title = "ONNX",
  .suffixes = onnx_suffixes,
  .sniff = onnx_sniff,
  .load = onnx_load,
};
