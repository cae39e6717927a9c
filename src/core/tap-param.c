/* tap-param.c - values of a method's parameters, checked against its table
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every value has a number; layers, and classes given by label, have a text besides. */
#include "config.h"

#include "core/tap-param.h"

#include "core/tap-error.h"
#include "core/tap-text-private.h"

#include <math.h>
#include <string.h>

typedef struct
{
  double number;
  char *text; /* layer name, class label; NULL when the number says it all */
} Value;

struct _TapParams
{
  const TapParam *table;
  int n;
  Value *values;
};

static int
count_params (const TapParam *table)
{
  int n = 0;

  while (table != NULL && table[n].id != NULL)
    n++;
  return n;
}

static int
count_choices (const TapParam *param)
{
  int n = 0;

  while (param->choices != NULL && param->choices[n].id != NULL)
    n++;
  return n;
}

static Value *
find_value (const TapParams *self, const char *id, const TapParam **param)
{
  const TapParam *found = tap_param_find (self->table, id);

  if (param != NULL)
    *param = found;
  return found != NULL ? &self->values[found - self->table] : NULL;
}

static gboolean
set_unknown (const TapParams *self, const char *id, GError **error)
{
  g_autoptr (GString) known = g_string_new (NULL);

  for (int i = 0; i < self->n; i++)
    g_string_append_printf (known, "%s%s", i > 0 ? ", " : "", self->table[i].id);
  g_set_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER,
               "There is no parameter “%s”; there is: %s.", id, self->n > 0 ? known->str : "none");
  return FALSE;
}

static gboolean
set_mismatch (const TapParam *param, const char *text, const char *expected, GError **error)
{
  g_set_error (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER,
               "The parameter “%s” cannot be “%s”: %s is expected.", param->id, text, expected);
  return FALSE;
}

static gboolean
check_number (const TapParam *param, double value, GError **error)
{
  gboolean whole = param->kind != TAP_PARAM_FLOAT;
  double min = param->min, max = param->max;
  g_autoptr (GString) text = NULL;

  switch (param->kind)
    {
    case TAP_PARAM_BOOL:
      min = 0.0;
      max = 1.0;
      break;
    case TAP_PARAM_CHOICE:
      min = 0.0;
      max = count_choices (param) - 1;
      break;
    case TAP_PARAM_UNIT:
    case TAP_PARAM_CLASS:
      /* the table need not know how many there are; the method checks against the network */
      min = -1.0;
      max = param->max > 0.0 ? param->max : G_MAXINT;
      break;
    case TAP_PARAM_INT:
    case TAP_PARAM_FLOAT:
    case TAP_PARAM_LAYER:
    default:
      break;
    }
  if (isfinite (value) && value >= min && value <= max && (!whole || value == floor (value)))
    return TRUE;

  text = g_string_new (NULL);
  g_string_append_printf (text, "The parameter “%s” cannot be ", param->id);
  tap_text_append_double (text, value);
  g_string_append_printf (text, ": a %s from ", whole ? "whole number" : "number");
  tap_text_append_double (text, min);
  g_string_append (text, " to ");
  tap_text_append_double (text, max);
  g_string_append (text, " is expected.");
  g_set_error_literal (error, TAP_METHOD_ERROR, TAP_METHOD_ERROR_PARAMETER, text->str);
  return FALSE;
}

static gboolean
set_choice (const TapParam *param, Value *value, const char *id, GError **error)
{
  g_autoptr (GString) known = g_string_new (NULL);
  int n = count_choices (param);

  for (int i = 0; i < n; i++)
    {
      if (g_str_equal (param->choices[i].id, id))
        {
          value->number = i;
          return TRUE;
        }
      g_string_append_printf (known, "%s%s",
                              i == 0    ? "" :
                              i + 1 < n ? ", " :
                                          " or ",
                              param->choices[i].id);
    }
  return set_mismatch (param, id, known->str, error);
}

static gboolean
parse_bool (const char *text, double *value)
{
  static const char *const yes[] = { "true", "yes", "on", "1", NULL };
  static const char *const no[] = { "false", "no", "off", "0", NULL };
  g_autofree char *lower = g_ascii_strdown (text, -1);

  *value = g_strv_contains (yes, lower) ? 1.0 : 0.0;
  return *value == 1.0 || g_strv_contains (no, lower);
}

TapParams *
tap_params_new (const TapParam *table)
{
  TapParams *self = g_new0 (TapParams, 1);

  self->table = table;
  self->n = count_params (table);
  self->values = g_new0 (Value, (gsize) self->n + 1);
  for (int i = 0; i < self->n; i++)
    {
      self->values[i].number = table[i].fallback;
      if (table[i].kind == TAP_PARAM_LAYER)
        self->values[i].text = g_strdup ("");
    }
  return self;
}

TapParams *
tap_params_copy (const TapParams *self)
{
  TapParams *copy = tap_params_new (self->table);

  for (int i = 0; i < self->n; i++)
    {
      g_free (copy->values[i].text);
      copy->values[i].number = self->values[i].number;
      copy->values[i].text = g_strdup (self->values[i].text);
    }
  return copy;
}

void
tap_params_free (TapParams *self)
{
  if (self == NULL)
    return;
  for (int i = 0; i < self->n; i++)
    g_free (self->values[i].text);
  g_free (self->values);
  g_free (self);
}

const TapParam *
tap_params_get_table (const TapParams *self)
{
  return self->table;
}

const TapParam *
tap_param_find (const TapParam *table, const char *id)
{
  for (const TapParam *param = table; param != NULL && param->id != NULL; param++)
    if (g_str_equal (param->id, id))
      return param;
  return NULL;
}

double
tap_params_get (const TapParams *self, const char *id)
{
  const Value *value = find_value (self, id, NULL);

  g_return_val_if_fail (value != NULL, 0.0);
  return value->number;
}

int
tap_params_get_int (const TapParams *self, const char *id)
{
  return (int) CLAMP (tap_params_get (self, id), G_MININT, G_MAXINT);
}

const char *
tap_params_get_string (const TapParams *self, const char *id)
{
  const TapParam *param;
  const Value *value = find_value (self, id, &param);

  g_return_val_if_fail (value != NULL, NULL);
  if (param->kind == TAP_PARAM_CHOICE)
    return param->choices[(int) value->number].id;
  return value->text;
}

gboolean
tap_params_set (TapParams *self, const char *id, double number, GError **error)
{
  const TapParam *param;
  Value *value = find_value (self, id, &param);

  if (value == NULL)
    return set_unknown (self, id, error);
  if (param->kind == TAP_PARAM_LAYER)
    return set_mismatch (param, "a number", "the name of a layer", error);
  if (!check_number (param, number, error))
    return FALSE;
  value->number = number;
  g_clear_pointer (&value->text, g_free);
  return TRUE;
}

gboolean
tap_params_set_string (TapParams *self, const char *id, const char *text, GError **error)
{
  const TapParam *param;
  Value *value = find_value (self, id, &param);

  if (value == NULL)
    return set_unknown (self, id, error);
  switch (param->kind)
    {
    case TAP_PARAM_CHOICE:
      return set_choice (param, value, text, error);
    case TAP_PARAM_LAYER:
      g_free (value->text);
      value->text = g_strdup (text != NULL ? text : "");
      return TRUE;
    case TAP_PARAM_INT:
    case TAP_PARAM_FLOAT:
    case TAP_PARAM_BOOL:
    case TAP_PARAM_UNIT:
    case TAP_PARAM_CLASS:
    default:
      return tap_params_parse (self, id, text, error);
    }
}

gboolean
tap_params_parse (TapParams *self, const char *id, const char *text, GError **error)
{
  const TapParam *param;
  Value *value = find_value (self, id, &param);
  double number;
  gint64 whole;

  if (value == NULL)
    return set_unknown (self, id, error);

  switch (param->kind)
    {
    case TAP_PARAM_CHOICE:
    case TAP_PARAM_LAYER:
      return tap_params_set_string (self, id, text, error);
    case TAP_PARAM_BOOL:
      if (!parse_bool (text, &number))
        return set_mismatch (param, text, "true or false", error);
      return tap_params_set (self, id, number, error);
    case TAP_PARAM_FLOAT:
      if (!tap_text_parse_double (text, &number))
        return set_mismatch (param, text, "a number", error);
      return tap_params_set (self, id, number, error);
    case TAP_PARAM_CLASS:
      if (*text != '\0' && !tap_text_parse_int (text, &whole))
        {
          /* a label: whoever has the network looks it up */
          g_free (value->text);
          value->text = g_strdup (text);
          value->number = -1.0;
          return TRUE;
        }
      G_GNUC_FALLTHROUGH;
    case TAP_PARAM_INT:
    case TAP_PARAM_UNIT:
    default:
      if (!tap_text_parse_int (text, &whole))
        return set_mismatch (param, text, "a whole number", error);
      return tap_params_set (self, id, (double) whole, error);
    }
}

char *
tap_params_value_to_string (const TapParams *self, const char *id)
{
  const TapParam *param;
  const Value *value = find_value (self, id, &param);
  GString *text;

  g_return_val_if_fail (value != NULL, NULL);
  if (param->kind == TAP_PARAM_BOOL)
    return g_strdup (value->number != 0.0 ? "true" : "false");
  if (param->kind == TAP_PARAM_CHOICE || value->text != NULL)
    return g_strdup (tap_params_get_string (self, id));

  text = g_string_new (NULL);
  tap_text_append_double (text, value->number);
  return g_string_free (text, FALSE);
}

/* Quotes what a reader would split or misread. */
static void
append_value (GString *out, const char *text)
{
  if (*text != '\0' && strpbrk (text, " \t\n\"\\=") == NULL)
    {
      g_string_append (out, text);
      return;
    }
  g_string_append_c (out, '"');
  for (const char *p = text; *p != '\0'; p++)
    {
      if (*p == '"' || *p == '\\')
        g_string_append_c (out, '\\');
      g_string_append_c (out, *p);
    }
  g_string_append_c (out, '"');
}

char *
tap_params_to_string (const TapParams *self)
{
  GString *out = g_string_new (NULL);

  for (int i = 0; i < self->n; i++)
    {
      g_autofree char *text = tap_params_value_to_string (self, self->table[i].id);

      g_string_append_printf (out, "%s%s=", i > 0 ? " " : "", self->table[i].id);
      append_value (out, text);
    }
  return g_string_free (out, FALSE);
}

guint
tap_params_hash (const TapParams *self)
{
  guint hash = 5381;

  for (int i = 0; i < self->n; i++)
    {
      hash = hash * 33 + g_double_hash (&self->values[i].number);
      if (self->values[i].text != NULL)
        hash = hash * 33 + g_str_hash (self->values[i].text);
    }
  return hash;
}

gboolean
tap_params_equal (const TapParams *a, const TapParams *b)
{
  if (a->table != b->table)
    return FALSE;
  for (int i = 0; i < a->n; i++)
    if (a->values[i].number != b->values[i].number ||
        g_strcmp0 (a->values[i].text, b->values[i].text) != 0)
      return FALSE;
  return TRUE;
}
