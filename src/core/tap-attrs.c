/* tap-attrs.c - typed attributes of a node
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-attrs.h"

#include "core/tap-text-private.h"

#include <string.h>

typedef enum
{
  ATTR_INT,
  ATTR_FLOAT,
  ATTR_STRING,
  ATTR_INTS,
  ATTR_FLOATS,
  ATTR_TENSOR,
} AttrKind;

typedef struct
{
  AttrKind kind;
  gsize n;
  union
  {
    gint64 i;
    double f;
    char *string;
    gint64 *ints;
    float *floats;
    TapTensor *tensor;
  };
} Attr;

struct _TapAttrs
{
  GHashTable *table; /* char* → Attr* */
};

static void
attr_free (gpointer data)
{
  Attr *attr = data;

  switch (attr->kind)
    {
    case ATTR_INT:
    case ATTR_FLOAT:
      break;
    case ATTR_STRING:
      g_free (attr->string);
      break;
    case ATTR_INTS:
      g_free (attr->ints);
      break;
    case ATTR_FLOATS:
      g_free (attr->floats);
      break;
    case ATTR_TENSOR:
      tap_tensor_unref (attr->tensor);
      break;
    }
  g_free (attr);
}

static Attr *
attr_copy (const Attr *attr)
{
  Attr *copy = g_memdup2 (attr, sizeof *attr);

  switch (attr->kind)
    {
    case ATTR_INT:
    case ATTR_FLOAT:
      break;
    case ATTR_STRING:
      copy->string = g_strdup (attr->string);
      break;
    case ATTR_INTS:
      copy->ints = g_memdup2 (attr->ints, attr->n * sizeof *attr->ints);
      break;
    case ATTR_FLOATS:
      copy->floats = g_memdup2 (attr->floats, attr->n * sizeof *attr->floats);
      break;
    case ATTR_TENSOR:
      tap_tensor_ref (copy->tensor);
      break;
    }
  return copy;
}

static Attr *
add (TapAttrs *self, const char *name, AttrKind kind)
{
  Attr *attr = g_new0 (Attr, 1);

  attr->kind = kind;
  g_hash_table_replace (self->table, g_strdup (name), attr);
  return attr;
}

static const Attr *
find (const TapAttrs *self, const char *name)
{
  return self != NULL ? g_hash_table_lookup (self->table, name) : NULL;
}

TapAttrs *
tap_attrs_new (void)
{
  TapAttrs *self = g_new0 (TapAttrs, 1);

  self->table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, attr_free);
  return self;
}

TapAttrs *
tap_attrs_copy (const TapAttrs *self)
{
  TapAttrs *copy = tap_attrs_new ();
  GHashTableIter iter;
  gpointer name, attr;

  g_hash_table_iter_init (&iter, self->table);
  while (g_hash_table_iter_next (&iter, &name, &attr))
    g_hash_table_insert (copy->table, g_strdup (name), attr_copy (attr));
  return copy;
}

void
tap_attrs_free (TapAttrs *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->table);
  g_free (self);
}

void
tap_attrs_set_int (TapAttrs *self, const char *name, gint64 value)
{
  add (self, name, ATTR_INT)->i = value;
}

void
tap_attrs_set_float (TapAttrs *self, const char *name, double value)
{
  add (self, name, ATTR_FLOAT)->f = value;
}

void
tap_attrs_set_string (TapAttrs *self, const char *name, const char *value)
{
  add (self, name, ATTR_STRING)->string = g_strdup (value != NULL ? value : "");
}

void
tap_attrs_set_ints (TapAttrs *self, const char *name, const gint64 *values, gsize n)
{
  Attr *attr = add (self, name, ATTR_INTS);

  /* an empty list is a list all the same: keep a pointer that is not NULL */
  attr->ints = g_new0 (gint64, MAX (n, 1));
  if (n > 0)
    memcpy (attr->ints, values, n * sizeof *values);
  attr->n = n;
}

void
tap_attrs_set_floats (TapAttrs *self, const char *name, const float *values, gsize n)
{
  Attr *attr = add (self, name, ATTR_FLOATS);

  attr->floats = g_new0 (float, MAX (n, 1));
  if (n > 0)
    memcpy (attr->floats, values, n * sizeof *values);
  attr->n = n;
}

void
tap_attrs_set_tensor (TapAttrs *self, const char *name, TapTensor *value)
{
  TapTensor *tensor = tap_tensor_ref (value);

  add (self, name, ATTR_TENSOR)->tensor = tensor;
}

gboolean
tap_attrs_has (const TapAttrs *self, const char *name)
{
  return find (self, name) != NULL;
}

gint64
tap_attrs_get_int (const TapAttrs *self, const char *name, gint64 fallback)
{
  const Attr *attr = find (self, name);

  return attr != NULL && attr->kind == ATTR_INT ? attr->i : fallback;
}

double
tap_attrs_get_float (const TapAttrs *self, const char *name, double fallback)
{
  const Attr *attr = find (self, name);

  if (attr != NULL && attr->kind == ATTR_FLOAT)
    return attr->f;
  /* some writers store alpha = 1 as an integer */
  if (attr != NULL && attr->kind == ATTR_INT)
    return (double) attr->i;
  return fallback;
}

const char *
tap_attrs_get_string (const TapAttrs *self, const char *name, const char *fallback)
{
  const Attr *attr = find (self, name);

  return attr != NULL && attr->kind == ATTR_STRING ? attr->string : fallback;
}

const gint64 *
tap_attrs_get_ints (const TapAttrs *self, const char *name, gsize *n)
{
  const Attr *attr = find (self, name);
  gboolean found = attr != NULL && attr->kind == ATTR_INTS;

  *n = found ? attr->n : 0;
  return found ? attr->ints : NULL;
}

const float *
tap_attrs_get_floats (const TapAttrs *self, const char *name, gsize *n)
{
  const Attr *attr = find (self, name);
  gboolean found = attr != NULL && attr->kind == ATTR_FLOATS;

  *n = found ? attr->n : 0;
  return found ? attr->floats : NULL;
}

TapTensor *
tap_attrs_get_tensor (const TapAttrs *self, const char *name)
{
  const Attr *attr = find (self, name);

  return attr != NULL && attr->kind == ATTR_TENSOR ? attr->tensor : NULL;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

GPtrArray *
tap_attrs_list (const TapAttrs *self)
{
  GPtrArray *names = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name;

  if (self != NULL)
    {
      g_hash_table_iter_init (&iter, self->table);
      while (g_hash_table_iter_next (&iter, &name, NULL))
        g_ptr_array_add (names, name);
    }
  g_ptr_array_sort (names, compare_names);
  return names;
}

char *
tap_attrs_to_string (const TapAttrs *self, const char *name)
{
  const gsize most = 16; /* more are cut: this is for people */
  const Attr *attr = find (self, name);
  GString *text = g_string_new (NULL);

  if (attr == NULL)
    return g_string_free (text, FALSE);

  switch (attr->kind)
    {
    case ATTR_INT:
      g_string_append_printf (text, "%" G_GINT64_FORMAT, attr->i);
      break;
    case ATTR_FLOAT:
      tap_text_append_float (text, (float) attr->f);
      break;
    case ATTR_STRING:
      {
        g_autofree char *valid = g_utf8_make_valid (attr->string, -1);

        g_string_append (text, valid);
        break;
      }
    case ATTR_INTS:
    case ATTR_FLOATS:
      for (gsize i = 0; i < MIN (attr->n, most); i++)
        {
          if (i > 0)
            g_string_append (text, ", ");
          if (attr->kind == ATTR_INTS)
            g_string_append_printf (text, "%" G_GINT64_FORMAT, attr->ints[i]);
          else
            tap_text_append_float (text, attr->floats[i]);
        }
      if (attr->n > most)
        g_string_append (text, ", …");
      break;
    case ATTR_TENSOR:
      {
        g_autofree char *shape = tap_shape_to_string (&attr->tensor->shape);

        g_string_append_printf (text, "tensor %s", shape);
        break;
      }
    }
  return g_string_free (text, FALSE);
}
