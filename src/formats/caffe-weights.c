/* caffe-weights.c - blobs of a binary caffemodel, by layer name
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Only names and blobs are looked at; the layers' parameters come from the prototxt. Data that stands
 * in one packed run, as Caffe writes it, stays in the mapped file where its address allows. */
#include "config.h"

#include "formats/caffe-private.h"
#include "formats/proto/caffe-proto.h"
#include "formats/proto/tap-proto.h"

#include <string.h>

#define MAX_BLOBS 100000

typedef struct
{
  TapShape shape;
  gint64 legacy[4];
  gboolean has_shape, has_legacy;
  gsize n_float, n_double; /* numbers */
  guint n_runs;
  TapProtoField run; /* the last packed run of floats */
} BlobHead;

static gboolean
fail (GError **error, const char *layer, const char *what)
{
  g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED,
               "The weights of layer “%.100s” are damaged: %s.", layer, what);
  return FALSE;
}

static gboolean
read_shape (const TapProto *parent,
            const TapProtoField *field,
            const char *layer,
            TapShape *shape,
            GError **error)
{
  TapProto message;
  TapProtoField part;

  *shape = (TapShape){ 0 };
  if (!tap_proto_enter (parent, field, &message, error))
    return FALSE;
  while (tap_proto_next (&message, &part, error))
    {
      g_autoptr (GArray) dims = NULL;

      if (part.number != CAFFE_SHAPE_DIM)
        continue;
      if (tap_proto_count_varints (&part) + (gsize) shape->n_dims > TAP_MAX_DIMS)
        return fail (error, layer, "more than 8 dimensions");
      dims = g_array_new (FALSE, FALSE, sizeof (gint64));
      if (!tap_proto_append_varints (&part, dims, error))
        return FALSE;
      for (guint i = 0; i < dims->len; i++)
        shape->dims[shape->n_dims++] = g_array_index (dims, gint64, i);
    }
  return !message.failed;
}

static gboolean
read_head (TapProto message, const char *layer, BlobHead *head, GError **error)
{
  TapProtoField field;

  while (tap_proto_next (&message, &field, error))
    switch (field.number)
      {
      case CAFFE_BLOB_NUM:
      case CAFFE_BLOB_CHANNELS:
      case CAFFE_BLOB_HEIGHT:
      case CAFFE_BLOB_WIDTH:
        head->legacy[field.number - CAFFE_BLOB_NUM] = (gint64) field.value;
        head->has_legacy = TRUE;
        break;
      case CAFFE_BLOB_SHAPE:
        if (!read_shape (&message, &field, layer, &head->shape, error))
          return FALSE;
        head->has_shape = TRUE;
        break;
      case CAFFE_BLOB_DATA:
        if (field.wire == PB_WT_STRING)
          {
            head->run = field;
            head->n_runs++;
            if (field.length % 4 != 0)
              return fail (error, layer, "a number is cut off");
          }
        else if (field.wire != PB_WT_32BIT)
          return fail (error, layer, "the numbers are of another type");
        head->n_float += tap_proto_count_fixed (&field, 4);
        break;
      case CAFFE_BLOB_DOUBLE_DATA:
        if ((field.wire != PB_WT_STRING || field.length % 8 != 0) && field.wire != PB_WT_64BIT)
          return fail (error, layer, "a number is cut off");
        head->n_double += tap_proto_count_fixed (&field, 8);
        break;
      default:
        break;
      }
  return !message.failed;
}

static void
gather_floats (TapProto message, TapTensor *tensor)
{
  TapProtoField field;
  gsize at = 0;

  while (tap_proto_next (&message, &field, NULL))
    {
      gsize n;

      if (field.number != CAFFE_BLOB_DATA)
        continue;
      n = MIN (tap_proto_count_fixed (&field, 4), tensor->count - at);
      if (field.wire == PB_WT_STRING)
        memcpy (tap_tensor_f32 (tensor) + at, field.data, n * 4);
      else if (n > 0)
        tap_tensor_f32 (tensor)[at] = tap_proto_float (&field);
      at += n;
    }
}

static void
gather_doubles (TapProto message, TapTensor *tensor)
{
  TapProtoField field;
  gsize at = 0;

  while (tap_proto_next (&message, &field, NULL))
    {
      gsize n;

      if (field.number != CAFFE_BLOB_DOUBLE_DATA)
        continue;
      n = MIN (tap_proto_count_fixed (&field, 8), tensor->count - at);
      for (gsize i = 0; i < n; i++)
        {
          double value = tap_proto_double (&field);

          if (field.wire == PB_WT_STRING)
            memcpy (&value, field.data + 8 * i, 8);
          tap_tensor_f32 (tensor)[at + i] = (float) value;
        }
      at += n;
    }
}

static TapTensor *
read_blob (GBytes *bytes, const TapProto *message, const char *layer, GError **error)
{
  BlobHead head = { 0 };
  TapTensor *tensor;
  gsize count, found;

  if (!read_head (*message, layer, &head, error))
    return NULL;
  found = head.n_float > 0 ? head.n_float : head.n_double;
  if (!head.has_shape)
    {
      if (head.has_legacy)
        head.shape =
          tap_shape_new (4, head.legacy[0], head.legacy[1], head.legacy[2], head.legacy[3]);
      else
        head.shape = tap_shape_new (1, (gint64) found);
    }
  if (!tap_shape_count (&head.shape, 4, &count) || count != found)
    {
      g_autofree char *text = tap_shape_to_string (&head.shape);

      g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED,
                   "The weights of layer “%.100s” are said to be %s, but %" G_GSIZE_FORMAT
                   " numbers are there.",
                   layer, text, found);
      return NULL;
    }
  if (head.n_float > 0 && head.n_runs == 1 && head.run.length == count * 4)
    return tap_tensor_new_for_bytes (TAP_DTYPE_F32, &head.shape, bytes,
                                     (gsize) (head.run.data - message->origin), error);
  tensor = tap_tensor_new_uninit (TAP_DTYPE_F32, &head.shape, error);
  if (tensor != NULL && head.n_float > 0)
    gather_floats (*message, tensor);
  else if (tensor != NULL)
    gather_doubles (*message, tensor);
  return tensor;
}

/* Name and blobs of one layer, of any of the three styles. */
static gboolean
read_layer (CaffeWeights *self,
            const TapProto *parent,
            const TapProtoField *field,
            guint32 name_number,
            guint32 blobs_number,
            guint *n_blobs,
            GError **error)
{
  g_autoptr (GPtrArray) blobs = NULL;
  g_autofree char *name = g_strdup ("");
  TapProto message, again, blob;
  TapProtoField part;

  if (!tap_proto_enter (parent, field, &message, error))
    return FALSE;
  again = message;
  while (tap_proto_next (&message, &part, error))
    if (part.number == name_number)
      {
        g_free (name);
        name = tap_proto_dup_string (&part);
      }
    else if (part.number == CAFFE_V1_LAYER && name_number == CAFFE_V1_NAME &&
             part.wire == PB_WT_STRING &&
             !read_layer (self, &message, &part, CAFFE_V0_NAME, CAFFE_V0_BLOBS, n_blobs, error))
      return FALSE;
  if (message.failed)
    return FALSE;

  blobs = g_ptr_array_new_with_free_func ((GDestroyNotify) tap_tensor_unref);
  while (tap_proto_next (&again, &part, error))
    if (part.number == blobs_number)
      {
        TapTensor *tensor;

        if (++*n_blobs > MAX_BLOBS)
          return fail (error, name, "the file has more than 100000 blobs");
        if (!tap_proto_enter (&again, &part, &blob, error))
          return FALSE;
        tensor = read_blob (self->bytes, &blob, name, error);
        if (tensor == NULL)
          return FALSE;
        g_ptr_array_add (blobs, tensor);
      }
  if (again.failed)
    return FALSE;
  if (blobs->len > 0 && !g_hash_table_contains (self->layers, name))
    g_hash_table_insert (self->layers, g_steal_pointer (&name), g_steal_pointer (&blobs));
  return TRUE;
}

CaffeWeights *
tap_caffe_weights_read (GBytes *bytes, GCancellable *cancellable, GError **error)
{
  g_autoptr (CaffeWeights) self = g_new0 (CaffeWeights, 1);
  guint n_blobs = 0;
  TapProto net;
  TapProtoField field;
  const guint8 *data;
  gsize size;

  self->bytes = g_bytes_ref (bytes);
  self->layers =
    g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  data = g_bytes_get_data (bytes, &size);
  tap_proto_init (&net, data, size);
  while (tap_proto_next (&net, &field, error))
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return NULL;
      if (field.number == CAFFE_NET_LAYER &&
          !read_layer (self, &net, &field, CAFFE_LAYER_NAME, CAFFE_LAYER_BLOBS, &n_blobs, error))
        return NULL;
      if (field.number == CAFFE_NET_LAYERS &&
          !read_layer (self, &net, &field, CAFFE_V1_NAME, CAFFE_V1_BLOBS, &n_blobs, error))
        return NULL;
    }
  return net.failed ? NULL : g_steal_pointer (&self);
}

void
tap_caffe_weights_free (CaffeWeights *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->layers, g_hash_table_unref);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_free (self);
}

TapTensor *
tap_caffe_weights_get (const CaffeWeights *self, const char *layer, guint i)
{
  GPtrArray *blobs = self != NULL ? g_hash_table_lookup (self->layers, layer) : NULL;

  return blobs != NULL && i < blobs->len ? g_ptr_array_index (blobs, i) : NULL;
}

TapTensor *
tap_caffe_blob_read (GBytes *bytes, GError **error)
{
  TapProto message;
  const guint8 *data;
  gsize size;

  data = g_bytes_get_data (bytes, &size);
  tap_proto_init (&message, data, size);
  return read_blob (bytes, &message, "mean", error);
}
