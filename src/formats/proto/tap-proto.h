/* tap-proto.h - walks the fields of a protobuf message without copying it
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A thin layer over nanopb's decoding primitives (tag, varint, fixed). Those are used directly, with
 * our own field numbers (onnx-proto.h, caffe-proto.h), rather than through generated message
 * descriptors: the primitives never allocate, need no generator at build time, do not depend on how
 * the installed nanopb was configured (PB_FIELD_32BIT), and leave every length-delimited field as
 * (pointer, length) in the mapped file, which is all that a 500 MB tensor needs. */
#pragma once

#include "core/tap-types.h"

#include <pb_decode.h>

G_BEGIN_DECLS

#define TAP_PROTO_MAX_DEPTH 64

typedef struct
{
  const guint8 *origin; /* first byte of the file, for offsets in messages */
  const guint8 *data;   /* next byte to read */
  gsize left;           /* bytes to the end of this message */
  int depth;
  gboolean failed; /* tap_proto_next() returned FALSE with an error, not at the end */
} TapProto;

typedef struct
{
  guint32 number;
  pb_wire_type_t wire;
  guint64 value;      /* PB_WT_VARINT, PB_WT_32BIT, PB_WT_64BIT: the bits */
  const guint8 *data; /* PB_WT_STRING: the bytes, inside the file */
  gsize length;
} TapProtoField;

void tap_proto_init (TapProto *self, const guint8 *data, gsize length);
/* FALSE at the end of the message, or with an error and self->failed set. */
gboolean tap_proto_next (TapProto *self, TapProtoField *field, GError **error);
/* Starts on the message inside @field. Errors when @field is no message, or at more than
 * TAP_PROTO_MAX_DEPTH levels. */
gboolean
tap_proto_enter (const TapProto *self, const TapProtoField *field, TapProto *child, GError **error);

float tap_proto_float (const TapProtoField *field);
double tap_proto_double (const TapProtoField *field);
/* Valid UTF-8 whatever the file holds; "" when @field is no string. (transfer full) */
char *tap_proto_dup_string (const TapProtoField *field);
/* Numbers that @field, one of a repeated scalar, packed or not, adds. */
gsize tap_proto_count_varints (const TapProtoField *field);
gsize tap_proto_count_fixed (const TapProtoField *field, gsize size);
/* Appends them; an error names a varint that is cut off. @values is a GArray of gint64. */
gboolean tap_proto_append_varints (const TapProtoField *field, GArray *values, GError **error);
/* GArray of float, from fixed32. */
gboolean tap_proto_append_floats (const TapProtoField *field, GArray *values, GError **error);
/* Reads one varint at *@at, which moves; FALSE when it is cut off or longer than ten bytes. */
gboolean tap_proto_varint (const guint8 **at, const guint8 *end, guint64 *value);

G_END_DECLS
