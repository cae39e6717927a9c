/* onnx-attribute.c - attributes of an ONNX node
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "formats/onnx-private.h"
#include "formats/proto/onnx-proto.h"

/* Widened numbers an attribute may hold; real ones have a handful. */
#define MAX_NUMBERS 65536

typedef struct
{
  char *name, *string, *reference;
  int type;
  float f;
  gint64 i;
  GArray *floats, *ints;
  GString *strings; /* joined: they are only ever shown */
  TapTensor *tensor;
  int n_graphs;
  gboolean has_f, has_i, has_s, has_t;
} Attribute;

static void
attribute_clear (Attribute *self)
{
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->string, g_free);
  g_clear_pointer (&self->reference, g_free);
  g_clear_pointer (&self->floats, g_array_unref);
  g_clear_pointer (&self->ints, g_array_unref);
  g_clear_pointer (&self->tensor, tap_tensor_unref);
  if (self->strings != NULL)
    g_string_free (self->strings, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Attribute, attribute_clear)

/* A graph inside an attribute (If, Loop, Scan) is not run, but a hostile one must not be able to hide
 * damage in its depth: walks it, counting levels. */
static gboolean
check_nested (const TapProto *parent, const TapProtoField *field, GError **error)
{
  TapProto graph, node, attribute;
  TapProtoField a, b, c;

  if (!tap_proto_enter (parent, field, &graph, error))
    return FALSE;
  while (tap_proto_next (&graph, &a, error))
    {
      if (a.number != ONNX_GRAPH_NODE)
        continue;
      if (!tap_proto_enter (&graph, &a, &node, error))
        return FALSE;
      while (tap_proto_next (&node, &b, error))
        {
          if (b.number != ONNX_NODE_ATTRIBUTE)
            continue;
          if (!tap_proto_enter (&node, &b, &attribute, error))
            return FALSE;
          while (tap_proto_next (&attribute, &c, error))
            if ((c.number == ONNX_ATTRIBUTE_G || c.number == ONNX_ATTRIBUTE_GRAPHS) &&
                !check_nested (&attribute, &c, error))
              return FALSE;
          if (attribute.failed)
            return FALSE;
        }
      if (node.failed)
        return FALSE;
    }
  return !graph.failed;
}

static gboolean
append_numbers (OnnxReader *self, Attribute *attribute, const TapProtoField *field, GError **error)
{
  gboolean is_int = field->number == ONNX_ATTRIBUTE_INTS;
  GArray **list = is_int ? &attribute->ints : &attribute->floats;
  gsize n = is_int ? tap_proto_count_varints (field) : tap_proto_count_fixed (field, 4);

  if (*list == NULL)
    *list = g_array_new (FALSE, FALSE, is_int ? sizeof (gint64) : sizeof (float));
  if ((*list)->len + n > MAX_NUMBERS)
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_UNSUPPORTED,
                          "The attribute “%.100s” lists more than %d numbers",
                          attribute->name ? attribute->name : "", MAX_NUMBERS);
  if (!tap_onnx_spend (self, n * (is_int ? 16 : 8), error))
    return FALSE;
  return is_int ? tap_proto_append_varints (field, *list, error) :
                  tap_proto_append_floats (field, *list, error);
}

static gboolean
read_tensor (OnnxReader *self,
             const TapProto *message,
             const TapProtoField *field,
             Attribute *attribute,
             GError **error)
{
  g_autofree char *name = NULL;
  const char *kind;

  g_clear_pointer (&attribute->tensor, tap_tensor_unref);
  if (!tap_onnx_read_tensor (self, message, field, &name, &attribute->tensor, &kind, error))
    return FALSE;
  attribute->has_t = TRUE;
  return TRUE;
}

static gboolean
read_part (OnnxReader *self,
           const TapProto *message,
           const TapProtoField *field,
           Attribute *attribute,
           GError **error)
{
  switch (field->number)
    {
    case ONNX_ATTRIBUTE_NAME:
      g_free (attribute->name);
      attribute->name = tap_proto_dup_string (field);
      break;
    case ONNX_ATTRIBUTE_F:
      attribute->f = tap_proto_float (field);
      attribute->has_f = TRUE;
      break;
    case ONNX_ATTRIBUTE_I:
      attribute->i = (gint64) field->value;
      attribute->has_i = TRUE;
      break;
    case ONNX_ATTRIBUTE_S:
      g_free (attribute->string);
      attribute->string = tap_proto_dup_string (field);
      attribute->has_s = TRUE;
      break;
    case ONNX_ATTRIBUTE_T:
      return read_tensor (self, message, field, attribute, error);
    case ONNX_ATTRIBUTE_G:
    case ONNX_ATTRIBUTE_GRAPHS:
      attribute->n_graphs++;
      return check_nested (message, field, error);
    case ONNX_ATTRIBUTE_FLOATS:
    case ONNX_ATTRIBUTE_INTS:
      return append_numbers (self, attribute, field, error);
    case ONNX_ATTRIBUTE_STRINGS:
      {
        g_autofree char *text = tap_proto_dup_string (field);
        if (attribute->strings == NULL)
          attribute->strings = g_string_new (NULL);
        else
          g_string_append (attribute->strings, ", ");
        g_string_append (attribute->strings, text);
        break;
      }
    case ONNX_ATTRIBUTE_TYPE:
      attribute->type = (int) MIN (field->value, G_MAXINT);
      break;
    case ONNX_ATTRIBUTE_REF_NAME:
      g_free (attribute->reference);
      attribute->reference = tap_proto_dup_string (field);
      break;
    default:
      break;
    }
  return TRUE;
}

/* IR version 1 left the type out. */
static int
guess_type (const Attribute *attribute)
{
  if (attribute->type != 0)
    return attribute->type;
  if (attribute->has_t)
    return ONNX_ATTR_TENSOR;
  if (attribute->n_graphs > 0)
    return ONNX_ATTR_GRAPH;
  if (attribute->floats != NULL)
    return ONNX_ATTR_FLOATS;
  if (attribute->ints != NULL)
    return ONNX_ATTR_INTS;
  if (attribute->strings != NULL)
    return ONNX_ATTR_STRINGS;
  if (attribute->has_s)
    return ONNX_ATTR_STRING;
  return attribute->has_f ? ONNX_ATTR_FLOAT : ONNX_ATTR_INT;
}

static void
store (const Attribute *attribute, TapAttrs *attrs)
{
  const char *name = attribute->name;

  switch (guess_type (attribute))
    {
    case ONNX_ATTR_FLOAT:
      tap_attrs_set_float (attrs, name, attribute->f);
      break;
    case ONNX_ATTR_INT:
      tap_attrs_set_int (attrs, name, attribute->i);
      break;
    case ONNX_ATTR_STRING:
      tap_attrs_set_string (attrs, name, attribute->string ? attribute->string : "");
      break;
    case ONNX_ATTR_TENSOR:
      if (attribute->tensor != NULL)
        tap_attrs_set_tensor (attrs, name, attribute->tensor);
      break;
    case ONNX_ATTR_FLOATS:
      tap_attrs_set_floats (
        attrs, name, attribute->floats ? (const float *) (gpointer) attribute->floats->data : NULL,
        attribute->floats ? attribute->floats->len : 0);
      break;
    case ONNX_ATTR_INTS:
      tap_attrs_set_ints (
        attrs, name, attribute->ints ? (const gint64 *) (gpointer) attribute->ints->data : NULL,
        attribute->ints ? attribute->ints->len : 0);
      break;
    case ONNX_ATTR_STRINGS:
      tap_attrs_set_string (attrs, name, attribute->strings ? attribute->strings->str : "");
      break;
    default:
      tap_attrs_set_string (attrs, name, attribute->n_graphs > 0 ? "(graph)" : "(not read)");
      break;
    }
}

/* Copies what the caller of a function passed as @reference. */
static void
store_reference (const Attribute *attribute, const OnnxScope *scope, TapAttrs *attrs)
{
  const char *name = attribute->name, *from = attribute->reference;
  const TapAttrs *caller = scope != NULL ? scope->attrs : NULL;
  gsize n;

  if (caller == NULL || !tap_attrs_has (caller, from))
    return;
  switch (attribute->type)
    {
    case ONNX_ATTR_FLOAT:
      tap_attrs_set_float (attrs, name, tap_attrs_get_float (caller, from, 0));
      break;
    case ONNX_ATTR_INT:
      tap_attrs_set_int (attrs, name, tap_attrs_get_int (caller, from, 0));
      break;
    case ONNX_ATTR_STRING:
    case ONNX_ATTR_STRINGS:
      tap_attrs_set_string (attrs, name, tap_attrs_get_string (caller, from, ""));
      break;
    case ONNX_ATTR_TENSOR:
      if (tap_attrs_get_tensor (caller, from) != NULL)
        tap_attrs_set_tensor (attrs, name, tap_attrs_get_tensor (caller, from));
      break;
    case ONNX_ATTR_FLOATS:
      {
        const float *values = tap_attrs_get_floats (caller, from, &n);
        tap_attrs_set_floats (attrs, name, values, n);
        break;
      }
    case ONNX_ATTR_INTS:
      {
        const gint64 *values = tap_attrs_get_ints (caller, from, &n);
        tap_attrs_set_ints (attrs, name, values, n);
        break;
      }
    default:
      break;
    }
}

gboolean
tap_onnx_read_attribute (OnnxReader *self,
                         const TapProto *parent,
                         const TapProtoField *field,
                         const OnnxScope *scope,
                         TapAttrs *attrs,
                         GError **error)
{
  g_auto (Attribute) attribute = { 0 };
  TapProto message;
  TapProtoField part;

  if (!tap_proto_enter (parent, field, &message, error))
    return FALSE;
  while (tap_proto_next (&message, &part, error))
    if (!read_part (self, &message, &part, &attribute, error))
      return FALSE;
  if (message.failed)
    return FALSE;
  if (attribute.name == NULL || attribute.name[0] == '\0')
    return tap_onnx_fail (error, TAP_FORMAT_ERROR_DAMAGED, "An attribute has no name");

  if (attribute.reference != NULL && attribute.reference[0] != '\0')
    store_reference (&attribute, scope, attrs);
  else
    store (&attribute, attrs);
  return TRUE;
}
