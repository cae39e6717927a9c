/* wire.h - writes protobuf messages by hand, right ones and wrong ones
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include <string.h>

G_BEGIN_DECLS

typedef GByteArray Wire;

static inline Wire *
wire_new (void)
{
  return g_byte_array_new ();
}

static inline void
wire_varint (Wire *self, guint64 value)
{
  do
    {
      guint8 byte = (guint8) (value & 0x7f) | (value > 0x7f ? 0x80 : 0);

      g_byte_array_append (self, &byte, 1);
      value >>= 7;
    }
  while (value > 0);
}

static inline void
wire_int (Wire *self, guint number, gint64 value)
{
  wire_varint (self, number << 3);
  wire_varint (self, (guint64) value);
}

static inline void
wire_data (Wire *self, guint number, gconstpointer data, gsize n)
{
  wire_varint (self, number << 3 | 2);
  wire_varint (self, n);
  g_byte_array_append (self, data, (guint) n);
}

static inline void
wire_text (Wire *self, guint number, const char *text)
{
  wire_data (self, number, text, strlen (text));
}

/* @inner (transfer full) */
static inline void
wire_message (Wire *self, guint number, Wire *inner)
{
  wire_data (self, number, inner->data, inner->len);
  g_byte_array_unref (inner);
}

static inline GBytes *
wire_bytes (Wire *self)
{
  return g_byte_array_free_to_bytes (self);
}

/* --- ONNX --- */

static inline Wire *
wire_pair (const char *key, const char *value)
{
  Wire *self = wire_new ();

  wire_text (self, 1, key);
  wire_text (self, 2, value);
  return self;
}

/* ValueInfoProto of a tensor whose elements are of type @element, 1 for floats; @n dims. */
static inline Wire *
wire_typed_value (const char *name, int element, const gint64 *dims, int n)
{
  Wire *self = wire_new (), *type = wire_new (), *tensor = wire_new (), *shape = wire_new ();

  for (int i = 0; i < n; i++)
    {
      Wire *dim = wire_new ();

      if (dims[i] == G_MININT64)
        wire_text (dim, 2, "N");
      else
        wire_int (dim, 1, dims[i]);
      wire_message (shape, 1, dim);
    }
  wire_int (tensor, 1, element);
  wire_message (tensor, 2, shape);
  wire_message (type, 1, tensor);
  wire_text (self, 1, name);
  wire_message (self, 2, type);
  return self;
}

static inline Wire *
wire_value (const char *name, const gint64 *dims, int n)
{
  return wire_typed_value (name, 1, dims, n);
}

static inline Wire *
wire_ints (const char *name, const gint64 *values, int n)
{
  Wire *self = wire_new ();

  wire_text (self, 1, name);
  for (int i = 0; i < n; i++)
    wire_int (self, 8, values[i]);
  wire_int (self, 20, 7);
  return self;
}

static inline Wire *
wire_attr_int (const char *name, gint64 value)
{
  Wire *self = wire_new ();

  wire_text (self, 1, name);
  wire_int (self, 3, value);
  wire_int (self, 20, 2);
  return self;
}

/* NodeProto; inputs and outputs separated by spaces. */
static inline Wire *
wire_node (const char *op, const char *name, const char *inputs, const char *outputs)
{
  Wire *self = wire_new ();
  g_auto (GStrv) in = g_strsplit (inputs, " ", -1), out = g_strsplit (outputs, " ", -1);

  for (int i = 0; in[i] != NULL && inputs[0] != '\0'; i++)
    wire_text (self, 1, in[i]);
  for (int i = 0; out[i] != NULL && outputs[0] != '\0'; i++)
    wire_text (self, 2, out[i]);
  wire_text (self, 3, name);
  wire_text (self, 4, op);
  return self;
}

/* TensorProto of @n raw bytes. */
static inline Wire *
wire_tensor (const char *name, int type, const gint64 *dims, int n_dims, gconstpointer raw, gsize n)
{
  Wire *self = wire_new ();

  for (int i = 0; i < n_dims; i++)
    wire_int (self, 1, dims[i]);
  wire_int (self, 2, type);
  wire_text (self, 8, name);
  if (raw != NULL)
    wire_data (self, 9, raw, n);
  return self;
}

/* ModelProto around @graph (transfer full), opset 13. */
static inline Wire *
wire_model (Wire *graph)
{
  Wire *self = wire_new (), *opset = wire_new ();

  wire_int (self, 1, 8);
  wire_message (self, 7, graph);
  wire_text (opset, 1, "");
  wire_int (opset, 2, 13);
  wire_message (self, 8, opset);
  return self;
}

G_END_DECLS
