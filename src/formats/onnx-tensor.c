/* onnx-tensor.c - numbers of an ONNX TensorProto
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * FLOAT and INT64 raw data stay in the mapped file; the rest is converted: floating point of any
 * width to float32, integers and booleans to int64. Quantised weights, integers of up to 16 bits in two dimensions
 * or more, become float32, in which they are exact and take half the room. Two passes: the first learns dimensions, type
 * and how many numbers there are, so that the second fills a tensor whose size was checked against
 * what the file really holds. */
#include "config.h"

#include "formats/onnx-private.h"
#include "formats/proto/onnx-proto.h"

#include <string.h>

typedef struct
{
  const char *name;
  gsize size;      /* bytes in raw_data; 0: not read */
  gboolean is_int; /* becomes int64, else float32 */
  guint32 field;   /* where the typed form stands */
} ElementType;

static const ElementType element_types[] = {
  [ONNX_FLOAT] = { "float", 4, FALSE, ONNX_TENSOR_FLOAT_DATA },
  [ONNX_UINT8] = { "uint8", 1, TRUE, ONNX_TENSOR_INT32_DATA },
  [ONNX_INT8] = { "int8", 1, TRUE, ONNX_TENSOR_INT32_DATA },
  [ONNX_UINT16] = { "uint16", 2, TRUE, ONNX_TENSOR_INT32_DATA },
  [ONNX_INT16] = { "int16", 2, TRUE, ONNX_TENSOR_INT32_DATA },
  [ONNX_INT32] = { "int32", 4, TRUE, ONNX_TENSOR_INT32_DATA },
  [ONNX_INT64] = { "int64", 8, TRUE, ONNX_TENSOR_INT64_DATA },
  [ONNX_STRING] = { "text", 0, FALSE, 0 },
  [ONNX_BOOL] = { "bool", 1, TRUE, ONNX_TENSOR_INT32_DATA },
  [ONNX_FLOAT16] = { "float16", 2, FALSE, ONNX_TENSOR_INT32_DATA },
  [ONNX_DOUBLE] = { "double", 8, FALSE, ONNX_TENSOR_DOUBLE_DATA },
  [ONNX_UINT32] = { "uint32", 4, TRUE, ONNX_TENSOR_UINT64_DATA },
  [ONNX_UINT64] = { "uint64", 8, TRUE, ONNX_TENSOR_UINT64_DATA },
  [14] = { "complex64", 0, FALSE, 0 },
  [15] = { "complex128", 0, FALSE, 0 },
  [ONNX_BFLOAT16] = { "bfloat16", 2, FALSE, ONNX_TENSOR_INT32_DATA },
};

typedef struct
{
  char *name;
  TapShape shape;
  int data_type;
  gboolean has_raw, is_external;
  TapProtoField raw;
  gsize n_typed; /* numbers in the typed form */
  char *location;
  guint64 offset, length;
  gboolean has_length;
} TensorHead;

static void
tensor_head_clear (TensorHead *head)
{
  g_clear_pointer (&head->name, g_free);
  g_clear_pointer (&head->location, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TensorHead, tensor_head_clear)

static float
half_to_float (guint16 half)
{
  guint32 sign = (guint32) (half & 0x8000) << 16, exponent = (half >> 10) & 31,
          fraction = half & 1023, bits;
  float value;

  if (exponent == 0)
    {
      value = (float) fraction * 5.9604644775390625e-8f; /* 2^-24: subnormal */
      return sign ? -value : value;
    }
  if (exponent == 31)
    bits = sign | 0x7f800000 | fraction << 13;
  else
    bits = sign | (exponent + 112) << 23 | fraction << 13;
  memcpy (&value, &bits, sizeof value);
  return value;
}

static float
brain_to_float (guint16 brain)
{
  guint32 bits = (guint32) brain << 16;
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

static TapDtype
held_as (const TensorHead *head)
{
  const ElementType *type = &element_types[head->data_type];
  gboolean weights = head->shape.n_dims >= 2 && type->size <= 2 && head->data_type != ONNX_BOOL;

  return type->is_int && !weights ? TAP_DTYPE_I64 : TAP_DTYPE_F32;
}

static void
store_integer (TapTensor *tensor, gsize i, gint64 value)
{
  if (tensor->dtype == TAP_DTYPE_I64)
    tap_tensor_i64 (tensor)[i] = value;
  else
    tap_tensor_f32 (tensor)[i] = (float) value;
}

/* Element @i of little-endian bytes at @data. */
static void
convert_raw (int data_type, const guint8 *data, TapTensor *tensor)
{
  const ElementType *type = &element_types[data_type];

  for (gsize i = 0; i < tensor->count; i++)
    {
      guint64 bits = 0;

      for (gsize b = 0; b < type->size; b++)
        bits |= (guint64) data[i * type->size + b] << (8 * b);
      switch (data_type)
        {
        case ONNX_FLOAT16:
          tap_tensor_f32 (tensor)[i] = half_to_float ((guint16) bits);
          break;
        case ONNX_BFLOAT16:
          tap_tensor_f32 (tensor)[i] = brain_to_float ((guint16) bits);
          break;
        case ONNX_DOUBLE:
          {
            double value;
            memcpy (&value, &bits, sizeof value);
            tap_tensor_f32 (tensor)[i] = (float) value;
            break;
          }
        case ONNX_INT8:
          store_integer (tensor, i, (gint8) bits);
          break;
        case ONNX_INT16:
          store_integer (tensor, i, (gint16) bits);
          break;
        case ONNX_INT32:
          store_integer (tensor, i, (gint32) bits);
          break;
        case ONNX_BOOL:
          store_integer (tensor, i, bits != 0);
          break;
        default: /* unsigned, and int64 */
          store_integer (tensor, i, (gint64) bits);
          break;
        }
    }
}

static void
store_typed (int data_type, guint64 bits, TapTensor *tensor, gsize i)
{
  switch (data_type)
    {
    case ONNX_FLOAT:
      {
        guint32 low = (guint32) bits;
        memcpy (&tap_tensor_f32 (tensor)[i], &low, sizeof low);
        break;
      }
    case ONNX_DOUBLE:
      {
        double value;
        memcpy (&value, &bits, sizeof value);
        tap_tensor_f32 (tensor)[i] = (float) value;
        break;
      }
    case ONNX_FLOAT16:
      tap_tensor_f32 (tensor)[i] = half_to_float ((guint16) bits);
      break;
    case ONNX_BFLOAT16:
      tap_tensor_f32 (tensor)[i] = brain_to_float ((guint16) bits);
      break;
    case ONNX_BOOL:
      store_integer (tensor, i, bits != 0);
      break;
    case ONNX_INT32: /* negative ones are written with ten bytes, or wrongly with five */
      store_integer (tensor, i, (gint32) bits);
      break;
    default:
      store_integer (tensor, i, (gint64) bits);
      break;
    }
}

/* Width of one number in the packed typed form; 0 for varints. */
static gsize
typed_width (guint32 field)
{
  return field == ONNX_TENSOR_FLOAT_DATA ? 4 : field == ONNX_TENSOR_DOUBLE_DATA ? 8 : 0;
}

static gboolean
read_external_entry (TensorHead *head,
                     const TapProto *parent,
                     const TapProtoField *field,
                     GError **error)
{
  g_autofree char *key = NULL, *value = NULL;
  TapProto entry;
  TapProtoField part;

  if (!tap_proto_enter (parent, field, &entry, error))
    return FALSE;
  while (tap_proto_next (&entry, &part, error))
    {
      char **slot = part.number == ONNX_ENTRY_KEY   ? &key :
                    part.number == ONNX_ENTRY_VALUE ? &value :
                                                      NULL;
      if (slot == NULL)
        continue;
      g_free (*slot);
      *slot = tap_proto_dup_string (&part);
    }
  if (entry.failed)
    return FALSE;
  if (key == NULL || value == NULL)
    return TRUE;

  if (g_str_equal (key, "location"))
    {
      g_free (head->location);
      head->location = g_steal_pointer (&value);
    }
  else if (g_str_equal (key, "offset") || g_str_equal (key, "length"))
    {
      guint64 number;

      if (!g_ascii_string_to_unsigned (value, 10, 0, G_MAXINT64, &number, NULL))
        return tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED,
                              "The %s of external data is “%.40s”, which is not a number", key,
                              value);
      if (key[0] == 'o')
        head->offset = number;
      else
        {
          head->length = number;
          head->has_length = TRUE;
        }
    }
  return TRUE;
}

static gboolean
read_dims (TensorHead *head, const TapProtoField *field, GError **error)
{
  g_autoptr (GArray) dims = NULL;

  if (tap_proto_count_varints (field) + (gsize) head->shape.n_dims > TAP_MAX_DIMS)
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_UNSUPPORTED,
                          "The tensor “%.100s” has more than %d dimensions",
                          head->name ? head->name : "", TAP_MAX_DIMS);
  dims = g_array_new (FALSE, FALSE, sizeof (gint64));
  if (!tap_proto_append_varints (field, dims, error))
    return FALSE;
  for (guint i = 0; i < dims->len; i++)
    head->shape.dims[head->shape.n_dims++] = g_array_index (dims, gint64, i);
  return TRUE;
}

static gboolean
read_head (TapProto *message, TensorHead *head, GError **error)
{
  TapProtoField field;

  head->name = g_strdup ("");
  while (tap_proto_next (message, &field, error))
    switch (field.number)
      {
      case ONNX_TENSOR_DIMS:
        if (!read_dims (head, &field, error))
          return FALSE;
        break;
      case ONNX_TENSOR_DATA_TYPE:
        head->data_type = (int) MIN (field.value, G_MAXINT);
        break;
      case ONNX_TENSOR_NAME:
        g_free (head->name);
        head->name = tap_proto_dup_string (&field);
        break;
      case ONNX_TENSOR_RAW_DATA:
        head->has_raw = field.wire == PB_WT_STRING;
        head->raw = field;
        break;
      case ONNX_TENSOR_EXTERNAL_DATA:
        if (!read_external_entry (head, message, &field, error))
          return FALSE;
        break;
      case ONNX_TENSOR_DATA_LOCATION:
        head->is_external = field.value == 1;
        break;
      default:
        break;
      }
  return !message->failed;
}

static gsize
count_typed (TapProto message, guint32 number)
{
  gsize width = typed_width (number), count = 0;
  TapProtoField field;

  while (tap_proto_next (&message, &field, NULL))
    if (field.number == number)
      count += width > 0 ? tap_proto_count_fixed (&field, width) : tap_proto_count_varints (&field);
  return count;
}

static gboolean
fill_typed (TapProto message, int data_type, TapTensor *tensor, GError **error)
{
  guint32 number = element_types[data_type].field;
  gsize width = typed_width (number), at = 0;
  TapProtoField field;

  while (tap_proto_next (&message, &field, NULL))
    {
      const guint8 *data = field.data, *end;

      if (field.number != number)
        continue;
      if (field.wire != PB_WT_STRING)
        {
          if (at < tensor->count)
            store_typed (data_type, field.value, tensor, at++);
          continue;
        }
      end = data + field.length;
      while (data < end && at < tensor->count)
        {
          guint64 bits = 0;

          if (width == 0)
            {
              if (!tap_proto_varint (&data, end, &bits))
                return tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED,
                                      "The file is damaged: a list of numbers is cut off");
            }
          else
            {
              if ((gsize) (end - data) < width)
                break;
              for (gsize b = 0; b < width; b++)
                bits |= (guint64) *data++ << (8 * b);
            }
          store_typed (data_type, bits, tensor, at++);
        }
    }
  return TRUE;
}

/* Tensor over @length bytes of @bytes at @offset, which lie in the model or in a neighbour. */
static TapTensor *
tensor_from_raw (OnnxReader *self,
                 const TensorHead *head,
                 gsize count,
                 GBytes *bytes,
                 gsize offset,
                 GError **error)
{
  const ElementType *type = &element_types[head->data_type];
  TapDtype dtype = held_as (head);
  gsize wide = count * tap_dtype_size (dtype);
  TapTensor *tensor;

  if (head->data_type == ONNX_FLOAT || head->data_type == ONNX_INT64)
    return tap_tensor_new_for_bytes (dtype, &head->shape, bytes, offset, error);

  /* up to four times the file's own bytes are no bomb */
  if (wide > 4 * count * type->size && !tap_onnx_spend (self, wide - count * type->size, error))
    return NULL;
  tensor = tap_tensor_new_uninit (dtype, &head->shape, error);
  if (tensor != NULL)
    convert_raw (head->data_type, (const guint8 *) g_bytes_get_data (bytes, NULL) + offset, tensor);
  return tensor;
}

static TapTensor *
read_external (OnnxReader *self, const TensorHead *head, gsize count, GError **error)
{
  gsize wanted = count * element_types[head->data_type].size, available;
  GBytes *file; /* owned by self->externals */
  gboolean in_place;

  if (head->location == NULL)
    {
      tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED,
                     "The tensor “%.100s” lies in another file, but no file is named", head->name);
      return NULL;
    }
  if (head->has_length && head->length != wanted)
    {
      tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED,
                     "The tensor “%.100s” needs %" G_GSIZE_FORMAT
                     " bytes, but its external data is %" G_GUINT64_FORMAT " long",
                     head->name, wanted, head->length);
      return NULL;
    }
  file = tap_onnx_external (self, head->location, error);
  if (file == NULL)
    return NULL;
  available = g_bytes_get_size (file);
  if (head->offset > available || wanted > available - head->offset)
    {
      tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED,
                     "The tensor “%.100s” lies at byte %" G_GUINT64_FORMAT
                     " of “%.200s”, which ends at byte %" G_GSIZE_FORMAT "; %" G_GUINT64_FORMAT
                     " more are expected",
                     head->name, head->offset, head->location, available,
                     head->offset + wanted - available);
      return NULL;
    }
  in_place = (head->data_type == ONNX_FLOAT && head->offset % 4 == 0) ||
             (head->data_type == ONNX_INT64 && head->offset % 8 == 0);
  if (!in_place && !tap_onnx_spend (self, count * 4, error))
    return NULL;
  return tensor_from_raw (self, head, count, file, (gsize) head->offset, error);
}

static TapTensor *
read_inline (OnnxReader *self,
             const TapProto *message,
             const TensorHead *head,
             gsize count,
             GError **error)
{
  const ElementType *type = &element_types[head->data_type];
  TapDtype dtype = held_as (head);
  g_autoptr (TapTensor) tensor = NULL;
  gsize n_typed;

  if (head->has_raw)
    {
      if (head->raw.length != count * type->size)
        {
          g_autofree char *shape = tap_shape_to_string (&head->shape);

          tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED,
                         "The tensor “%.100s” of %s %s needs %" G_GSIZE_FORMAT
                         " bytes, but %" G_GSIZE_FORMAT " are there",
                         head->name, type->name, shape, count * type->size, head->raw.length);
          return NULL;
        }
      return tensor_from_raw (self, head, count, self->bytes,
                              (gsize) (head->raw.data - message->origin), error);
    }

  n_typed = count_typed (*message, type->field);
  if (n_typed != count)
    {
      g_autofree char *shape = tap_shape_to_string (&head->shape);

      tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED,
                     "The tensor “%.100s” of %s %s needs %" G_GSIZE_FORMAT
                     " numbers, but %" G_GSIZE_FORMAT " are there",
                     head->name, type->name, shape, count, n_typed);
      return NULL;
    }
  if (typed_width (type->field) == 0 &&
      !tap_onnx_spend (self, count * (tap_dtype_size (dtype) - 1), error))
    return NULL;
  tensor = tap_tensor_new_uninit (dtype, &head->shape, error);
  if (tensor == NULL || !fill_typed (*message, head->data_type, tensor, error))
    return NULL;
  return g_steal_pointer (&tensor);
}

gboolean
tap_onnx_read_tensor (OnnxReader *self,
                      const TapProto *parent,
                      const TapProtoField *field,
                      char **name,
                      TapTensor **tensor,
                      const char **kind,
                      GError **error)
{
  g_auto (TensorHead) head = { 0 };
  TapProto message, again;
  gsize count;

  if (!tap_proto_enter (parent, field, &message, error))
    return FALSE;
  again = message;
  if (!read_head (&message, &head, error))
    return FALSE;

  *kind = NULL;
  *tensor = NULL;
  self->last_type = head.data_type;
  if (head.data_type <= 0 || head.data_type >= (int) G_N_ELEMENTS (element_types) ||
      element_types[head.data_type].size == 0)
    {
      *kind = head.data_type > 0 && head.data_type < (int) G_N_ELEMENTS (element_types) ?
                element_types[head.data_type].name :
                NULL;
      if (*kind == NULL)
        *kind = head.data_type == 0 ? "undefined" : "8-bit or 4-bit float";
      *name = g_steal_pointer (&head.name);
      return TRUE;
    }

  for (int i = 0; i < head.shape.n_dims; i++)
    if (head.shape.dims[i] < 0)
      return tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED,
                            "The tensor “%.100s” has the dimension %" G_GINT64_FORMAT, head.name,
                            head.shape.dims[i]);
  if (!tap_shape_count (&head.shape, 8, &count))
    {
      g_autofree char *shape = tap_shape_to_string (&head.shape);

      g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_TOO_LARGE,
                   "The tensor “%.100s” of %s is too large.", head.name, shape);
      return FALSE;
    }

  *tensor = head.is_external ? read_external (self, &head, count, error) :
                               read_inline (self, &again, &head, count, error);
  if (*tensor == NULL)
    return FALSE;
  *name = g_steal_pointer (&head.name);
  return TRUE;
}
