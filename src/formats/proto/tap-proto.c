/* tap-proto.c - walks the fields of a protobuf message without copying it
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every length is compared with what is left before it is used, so nothing here reads past its
 * message, and nothing allocates in proportion to what the file claims. */
#include "config.h"

#include "formats/proto/tap-proto.h"

#include "core/tap-error.h"

#include <string.h>

static gboolean
fail (TapProto *self, GError **error, const char *what)
{
  self->failed = TRUE;
  g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED,
               "The file is damaged at byte %" G_GSIZE_FORMAT ": %s.",
               (gsize) (self->data - self->origin), what);
  return FALSE;
}

static gboolean
fail_short (TapProto *self, guint64 wanted, GError **error)
{
  gsize at = (gsize) (self->data - self->origin);

  self->failed = TRUE;
  if (self->depth == 0)
    g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED,
                 "The file ends at byte %" G_GSIZE_FORMAT "; %" G_GUINT64_FORMAT
                 " more are expected.",
                 at + self->left, wanted - self->left);
  else
    g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED,
                 "The file is damaged at byte %" G_GSIZE_FORMAT ": a field of %" G_GUINT64_FORMAT
                 " bytes stands where %" G_GSIZE_FORMAT " are left.",
                 at, wanted, self->left);
  return FALSE;
}

void
tap_proto_init (TapProto *self, const guint8 *data, gsize length)
{
  *self = (TapProto){ .origin = data, .data = data, .left = length };
}

gboolean
tap_proto_next (TapProto *self, TapProtoField *field, GError **error)
{
  pb_istream_t stream;
  pb_wire_type_t wire;
  guint32 number;
  bool eof = false;
  gsize payload;

  if (self->left == 0 || self->failed)
    return FALSE;

  stream = pb_istream_from_buffer (self->data, self->left);
  if (!pb_decode_tag (&stream, &wire, &number, &eof))
    return fail (self, error, "a field number is cut off or out of range");
  if (number == 0)
    return fail (self, error, "field number 0");

  *field = (TapProtoField){ .number = number, .wire = wire };
  switch (wire)
    {
    case PB_WT_VARINT:
      {
        uint64_t value;
        if (!pb_decode_varint (&stream, &value))
          return fail (self, error, "a number is cut off or longer than ten bytes");
        field->value = value;
        break;
      }
    case PB_WT_32BIT:
      {
        uint32_t value;
        if (stream.bytes_left < 4)
          return fail_short (self, self->left - stream.bytes_left + 4, error);
        if (!pb_decode_fixed32 (&stream, &value))
          return fail (self, error, "a number is cut off");
        field->value = value;
        break;
      }
    case PB_WT_64BIT:
      {
        uint64_t value;
        if (stream.bytes_left < 8)
          return fail_short (self, self->left - stream.bytes_left + 8, error);
        if (!pb_decode_fixed64 (&stream, &value))
          return fail (self, error, "a number is cut off");
        field->value = value;
        break;
      }
    case PB_WT_STRING:
      {
        uint64_t length;
        if (!pb_decode_varint (&stream, &length))
          return fail (self, error, "a length is cut off");
        payload = self->left - stream.bytes_left;
        if (length > stream.bytes_left)
          return fail_short (self, length > G_MAXINT64 ? length : payload + length, error);
        field->data = self->data + payload;
        field->length = (gsize) length;
        self->data += payload + field->length;
        self->left -= payload + field->length;
        return TRUE;
      }
    default:
      return fail (self, error, "a field of unknown kind");
    }

  self->data += self->left - stream.bytes_left;
  self->left = stream.bytes_left;
  return TRUE;
}

gboolean
tap_proto_enter (const TapProto *self, const TapProtoField *field, TapProto *child, GError **error)
{
  *child = (TapProto){ .origin = self->origin,
                       .data = field->data,
                       .left = field->length,
                       .depth = self->depth + 1 };
  if (field->wire != PB_WT_STRING)
    {
      child->data = self->data;
      return fail (child, error, "a number stands where a message belongs");
    }
  if (child->depth > TAP_PROTO_MAX_DEPTH)
    {
      child->failed = TRUE;
      g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED,
                   "The file is nested deeper than %d levels at byte %" G_GSIZE_FORMAT ".",
                   TAP_PROTO_MAX_DEPTH, (gsize) (field->data - self->origin));
      return FALSE;
    }
  return TRUE;
}

float
tap_proto_float (const TapProtoField *field)
{
  guint32 bits = (guint32) field->value;
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

double
tap_proto_double (const TapProtoField *field)
{
  double value;

  memcpy (&value, &field->value, sizeof value);
  return value;
}

char *
tap_proto_dup_string (const TapProtoField *field)
{
  if (field->wire != PB_WT_STRING || field->length == 0)
    return g_strdup ("");
  return g_utf8_make_valid ((const char *) field->data, (gssize) field->length);
}

gboolean
tap_proto_varint (const guint8 **at, const guint8 *end, guint64 *value)
{
  guint64 result = 0;

  for (int shift = 0; shift < 70 && *at < end; shift += 7)
    {
      guint8 byte = *(*at)++;
      if (shift < 64)
        result |= (guint64) (byte & 0x7f) << shift;
      if (!(byte & 0x80))
        {
          *value = result;
          return TRUE;
        }
    }
  return FALSE;
}

gsize
tap_proto_count_varints (const TapProtoField *field)
{
  gsize count = 0;

  if (field->wire != PB_WT_STRING)
    return 1;
  for (gsize i = 0; i < field->length; i++)
    count += !(field->data[i] & 0x80);
  return count;
}

gsize
tap_proto_count_fixed (const TapProtoField *field, gsize size)
{
  return field->wire == PB_WT_STRING ? field->length / size : 1;
}

gboolean
tap_proto_append_varints (const TapProtoField *field, GArray *values, GError **error)
{
  const guint8 *at = field->data, *end;
  guint64 value;

  if (field->wire != PB_WT_STRING)
    {
      g_array_append_val (values, field->value);
      return TRUE;
    }
  end = at + field->length;
  while (at < end)
    {
      if (!tap_proto_varint (&at, end, &value))
        {
          g_set_error_literal (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED,
                               "The file is damaged: a list of numbers is cut off.");
          return FALSE;
        }
      g_array_append_val (values, value);
    }
  return TRUE;
}

gboolean
tap_proto_append_floats (const TapProtoField *field, GArray *values, GError **error)
{
  if (field->wire == PB_WT_32BIT)
    {
      float value = tap_proto_float (field);
      g_array_append_val (values, value);
      return TRUE;
    }
  if (field->wire != PB_WT_STRING || field->length % 4)
    {
      g_set_error_literal (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED,
                           "The file is damaged: a list of numbers is cut off.");
      return FALSE;
    }
  /* Little-endian, as every machine this runs on. */
  g_array_append_vals (values, field->data, (guint) MIN (field->length / 4, G_MAXINT32));
  return TRUE;
}
