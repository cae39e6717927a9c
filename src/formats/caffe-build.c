/* caffe-build.c - turns Caffe's named blobs into a graph, and follows shapes while it does
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * In Caffe, layers may write over the blob they read (ReLU mostly does). A graph has one writer per
 * value, so a blob becomes one value per writer: the last has the blob's name, earlier ones are
 * "blob (layer)". A layer may become several nodes; the one that writes its top has its name.
 *
 * Shapes are followed with the operators' own rules, because some layers cannot be translated without
 * (Crop, Slice without points), and weights that are missing need a shape to stand for them. */
#include "config.h"

#include "formats/caffe-private.h"
#include "ops/registry.h"

#include <string.h>

gboolean
tap_caffe_fail (const CaffeLayer *layer, GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED,
               "The layer “%.100s” (%.60s, line %d) is wrong: %s.", layer->name, layer->type,
               layer->line, what);
  return FALSE;
}

static TapShape *
shape_slot (CaffeBuilder *self, int value)
{
  while (self->shapes->len <= (guint) value)
    {
      TapShape unknown = { .n_dims = -1 };

      g_array_append_val (self->shapes, unknown);
    }
  return &g_array_index (self->shapes, TapShape, value);
}

const TapShape *
tap_caffe_shape (CaffeBuilder *self, int value)
{
  const TapShape *shape;

  if (value < 0)
    return NULL;
  shape = shape_slot (self, value);
  return shape->n_dims >= 0 ? shape : NULL;
}

/* A value of that name that does not exist yet. */
static int
new_value (CaffeBuilder *self, const char *name)
{
  g_autofree char *other = NULL;

  /* One counter for all names: a file of equal names is not to cost its square. */
  while (tap_graph_find_value (self->graph, other != NULL ? other : name) >= 0)
    {
      g_free (other);
      other = g_strdup_printf ("%s #%u", name, ++self->serial);
    }
  return tap_graph_value (self->graph, other != NULL ? other : name);
}

static void
set_blob (CaffeBuilder *self, const char *blob, int value)
{
  g_hash_table_replace (self->blobs, (gpointer) blob, GINT_TO_POINTER (value + 1));
}

int
tap_caffe_bottom (CaffeBuilder *self, const CaffeLayer *layer, guint i)
{
  const char *blob;

  if (i >= layer->bottoms->len)
    return -1;
  blob = g_ptr_array_index (layer->bottoms, i);
  return GPOINTER_TO_INT (g_hash_table_lookup (self->blobs, blob)) - 1;
}

int
tap_caffe_top (CaffeBuilder *self, const CaffeLayer *layer, guint i)
{
  const char *blob = i < layer->tops->len ? g_ptr_array_index (layer->tops, i) : layer->name;
  gboolean last = g_hash_table_lookup (self->last_writer, blob) == layer;
  g_autofree char *name = last ? g_strdup (blob) : g_strdup_printf ("%s (%s)", blob, layer->name);
  int value = new_value (self, name);

  set_blob (self, blob, value);
  return value;
}

int
tap_caffe_inner (CaffeBuilder *self, const CaffeLayer *layer, const char *what)
{
  g_autofree char *name = g_strdup_printf ("%s (%s)", layer->name, what);

  return new_value (self, name);
}

void
tap_caffe_input (CaffeBuilder *self, const char *blob, const TapShape *shape)
{
  TapShape one = *shape;
  int value = new_value (self, blob);

  /* Pictures come one at a time, whatever batch the file was written for. */
  if (one.n_dims > 1)
    one.dims[0] = 1;
  for (int i = 0; i < one.n_dims; i++)
    if (one.dims[i] <= 0)
      one.dims[i] = -1;
  tap_graph_add_input (self->graph, value, TAP_DTYPE_F32, &one);
  set_blob (self, blob, value);
  if (tap_shape_is_known (&one))
    *shape_slot (self, value) = one;
}

/* Shapes of the outputs of @node by its operator's rule, where all inputs are known. Whatever is wrong
 * comes up again in inference, which says it better. */
static void
follow_shapes (CaffeBuilder *self, TapNode *node)
{
  const TapOp *op = tap_ops_find (node->op_type, node->domain);
  g_autofree TapShape *inputs = g_new0 (TapShape, node->n_inputs + 1);
  g_autofree TapShape *outputs = g_new0 (TapShape, node->n_outputs + 1);
  g_autofree TapTensor **constants = g_new0 (TapTensor *, node->n_inputs + 1);
  g_autofree TapDtype *dtypes = g_new0 (TapDtype, node->n_outputs + 1);
  TapShapeContext ctx = { .graph = self->graph,
                          .node = node,
                          .inputs = inputs,
                          .constants = constants,
                          .outputs = outputs,
                          .output_dtypes = dtypes };

  if (op == NULL || node->n_inputs < op->min_inputs || node->n_inputs > op->max_inputs ||
      node->n_outputs < op->min_outputs || node->n_outputs > op->max_outputs)
    return;
  for (int i = 0; i < node->n_inputs; i++)
    {
      const TapShape *shape = tap_caffe_shape (self, node->inputs[i]);

      if (shape == NULL)
        return;
      inputs[i] = *shape;
      constants[i] = tap_graph_get_value (self->graph, node->inputs[i])->constant;
    }
  if (!op->shape (&ctx, NULL))
    return;
  for (int i = 0; i < node->n_outputs; i++)
    if (tap_shape_count (&outputs[i], 8, NULL))
      *shape_slot (self, node->outputs[i]) = outputs[i];
}

gboolean
tap_caffe_node (CaffeBuilder *self,
                const CaffeLayer *layer,
                const char *what,
                const char *op_type,
                const int *inputs,
                int n_inputs,
                const int *outputs,
                int n_outputs,
                TapAttrs *attrs,
                GError **error)
{
  g_autofree char *name =
    what != NULL ? g_strdup_printf ("%s (%s)", layer->name, what) : g_strdup (layer->name);
  TapNode *node = tap_graph_add_node (self->graph, name, op_type, inputs, n_inputs, outputs,
                                      n_outputs, attrs, error);

  if (node == NULL)
    return FALSE;
  follow_shapes (self, node);
  return TRUE;
}

int
tap_caffe_constant (CaffeBuilder *self,
                    const CaffeLayer *layer,
                    const char *what,
                    TapTensor *tensor)
{
  int value = tap_caffe_inner (self, layer, what);

  tap_graph_set_constant (self->graph, value, tensor);
  *shape_slot (self, value) = tensor->shape;
  return value;
}

int
tap_caffe_scalar (CaffeBuilder *self, const CaffeLayer *layer, const char *what, double number)
{
  float value = (float) number;
  g_autoptr (TapTensor) tensor = tap_tensor_new_f32 (&TAP_SHAPE_SCALAR, &value, NULL);

  return tensor != NULL ? tap_caffe_constant (self, layer, what, tensor) : -1;
}

int
tap_caffe_ints (CaffeBuilder *self,
                const CaffeLayer *layer,
                const char *what,
                const gint64 *values,
                int n)
{
  TapShape shape = tap_shape_new (1, (gint64) n);
  g_autoptr (TapTensor) tensor = tap_tensor_new_i64 (&shape, values, NULL);

  return tensor != NULL ? tap_caffe_constant (self, layer, what, tensor) : -1;
}

/* Zeros for weights that are not there: pages that are never touched cost nothing, but their number
 * is bounded all the same. */
static int
add_placeholder (CaffeBuilder *self,
                 const CaffeLayer *layer,
                 const char *what,
                 const TapShape *shape,
                 gboolean *missing)
{
  g_autoptr (TapTensor) tensor = NULL;
  gsize count;

  *missing = TRUE;
  if (!tap_shape_count (shape, 4, &count) || count * 4 > self->placeholder_budget)
    return -1;
  tensor = tap_tensor_new (TAP_DTYPE_F32, shape, NULL);
  if (tensor == NULL)
    return -1;
  self->placeholder_budget -= count * 4;
  return tap_caffe_constant (self, layer, what, tensor);
}

int
tap_caffe_weight (CaffeBuilder *self,
                  const CaffeLayer *layer,
                  guint i,
                  const char *what,
                  const TapShape *shape,
                  gboolean *missing,
                  GError **error)
{
  TapTensor *blob = tap_caffe_weights_get (self->weights, layer->name, i);
  g_autoptr (TapTensor) fitted = NULL;
  TapShape full = *shape;
  gsize known = 1, count;
  int open = -1;

  if (blob == NULL)
    return add_placeholder (self, layer, what, shape, missing);

  for (int d = 0; d < full.n_dims; d++)
    if (full.dims[d] < 0)
      open = d;
    else if (!g_size_checked_mul (&known, known, (gsize) full.dims[d]))
      known = 0;
  if (open >= 0 && known > 0 && blob->count % known == 0)
    full.dims[open] = (gint64) (blob->count / known);
  if (!tap_shape_count (&full, 4, &count) || count != blob->count)
    {
      g_autofree char *expected = tap_shape_to_string (&full);
      g_autofree char *found = tap_shape_to_string (&blob->shape);

      tap_caffe_fail (layer, error, "its weights are expected to be %s, but the file has %s",
                      expected, found);
      return -1;
    }
  fitted = tap_tensor_reshape (blob, &full, error);
  return fitted != NULL ? tap_caffe_constant (self, layer, what, fitted) : -1;
}

gboolean
tap_caffe_unknown (CaffeBuilder *self, const CaffeLayer *layer, GError **error)
{
  g_autoptr (GArray) inputs = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (GArray) outputs = g_array_new (FALSE, FALSE, sizeof (int));
  TapNode *node;

  for (guint i = 0; i < layer->bottoms->len; i++)
    {
      int value = tap_caffe_bottom (self, layer, i);

      g_array_append_val (inputs, value);
    }
  for (guint i = 0; i < layer->tops->len; i++)
    {
      int value = tap_caffe_top (self, layer, i);

      g_array_append_val (outputs, value);
    }
  if (outputs->len == 0)
    return TRUE;
  node = tap_graph_add_node (
    self->graph, layer->name, layer->type, (const int *) (gpointer) inputs->data, (int) inputs->len,
    (const int *) (gpointer) outputs->data, (int) outputs->len, NULL, error);
  if (node == NULL)
    return FALSE;
  g_free (node->domain);
  node->domain = g_strdup ("caffe");
  return TRUE;
}
