/* tap-json.c - a small reader of JSON and of Python literals, for hostile files
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "formats/text/tap-json.h"

#include "core/tap-error.h"

#include <string.h>

#define MAX_DEPTH  64
#define MAX_VALUES 1000000

typedef struct
{
  const char *start, *at, *end;
  int depth;
  guint n_values;
} Reader;

void
tap_json_free (TapJson *self)
{
  if (self == NULL)
    return;
  g_free (self->string);
  g_clear_pointer (&self->keys, g_ptr_array_unref);
  g_clear_pointer (&self->items, g_ptr_array_unref);
  g_free (self);
}

static gboolean
fail (const Reader *r, GError **error, const char *what)
{
  g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED,
               "The JSON is wrong at byte %" G_GSIZE_FORMAT ": %s.", (gsize) (r->at - r->start),
               what);
  return FALSE;
}

static void
skip_space (Reader *r)
{
  while (r->at < r->end && g_ascii_isspace (*r->at))
    r->at++;
}

static gboolean
read_hex4 (Reader *r, gunichar *code)
{
  *code = 0;
  if (r->end - r->at < 4)
    return FALSE;
  for (int i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (*r->at++);

      if (digit < 0)
        return FALSE;
      *code = *code << 4 | (gunichar) digit;
    }
  return TRUE;
}

static gboolean
read_escape (Reader *r, GString *out)
{
  static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
  const char *simple;
  gunichar code, low;
  char c;

  if (r->at >= r->end)
    return FALSE;
  c = *r->at++;
  simple = c != '\0' ? strchr (from, c) : NULL;
  if (simple != NULL)
    g_string_append_c (out, to[simple - from]);
  else if (c == 'u')
    {
      if (!read_hex4 (r, &code))
        return FALSE;
      if (code >= 0xd800 && code < 0xdc00 && r->end - r->at >= 6 && r->at[0] == '\\' &&
          r->at[1] == 'u')
        {
          r->at += 2;
          if (!read_hex4 (r, &low))
            return FALSE;
          code = 0x10000 + ((code - 0xd800) << 10) + ((low - 0xdc00) & 0x3ff);
        }
      if (code != 0 && g_unichar_validate (code))
        g_string_append_unichar (out, code);
      else
        g_string_append (out, "\357\277\275");
    }
  else
    g_string_append_c (out, c);
  return TRUE;
}

static char *
read_string (Reader *r, GError **error)
{
  g_autoptr (GString) out = g_string_new (NULL);
  char quote = *r->at++;

  while (r->at < r->end && *r->at != quote)
    {
      char c = *r->at++;

      if (c != '\\')
        g_string_append_c (out, c);
      else if (!read_escape (r, out))
        {
          fail (r, error, "a bad escape in a string");
          return NULL;
        }
    }
  if (r->at >= r->end)
    {
      fail (r, error, "a string has no end");
      return NULL;
    }
  r->at++;
  return g_utf8_make_valid (out->str, (gssize) out->len);
}

static gboolean
read_word (Reader *r, TapJson *value, GError **error)
{
  static const struct
  {
    const char *word;
    TapJsonKind kind;
    double number;
  } words[] = {
    { "null", TAP_JSON_NULL, 0 }, { "None", TAP_JSON_NULL, 0 },  { "true", TAP_JSON_BOOL, 1 },
    { "True", TAP_JSON_BOOL, 1 }, { "false", TAP_JSON_BOOL, 0 }, { "False", TAP_JSON_BOOL, 0 },
  };
  char number[64], *stop;
  gsize n = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    {
      gsize length = strlen (words[i].word);

      if ((gsize) (r->end - r->at) >= length && memcmp (r->at, words[i].word, length) == 0)
        {
          value->kind = words[i].kind;
          value->number = words[i].number;
          r->at += length;
          return TRUE;
        }
    }
  while (r->at + n < r->end && n < sizeof number - 1 &&
         (g_ascii_isdigit (r->at[n]) || strchr ("+-.eE", r->at[n]) != NULL) && r->at[n] != '\0')
    {
      number[n] = r->at[n];
      n++;
    }
  number[n] = '\0';
  value->kind = TAP_JSON_NUMBER;
  value->number = g_ascii_strtod (number, &stop);
  if (n == 0 || stop != number + n)
    return fail (r, error, "a value is expected");
  r->at += n;
  return TRUE;
}

static TapJson *read_value (Reader *r, GError **error);

static char *
read_key (Reader *r, GError **error)
{
  if (*r->at == '"' || *r->at == '\'')
    return read_string (r, error);
  if (g_ascii_isdigit (*r->at) || *r->at == '-')
    {
      const char *start = r->at++;

      while (r->at < r->end && g_ascii_isdigit (*r->at))
        r->at++;
      return g_strndup (start, (gsize) (r->at - start));
    }
  fail (r, error, "a name is expected");
  return NULL;
}

static gboolean
read_items (Reader *r, TapJson *value, char close, GError **error)
{
  r->at++;
  for (;;)
    {
      TapJson *item;

      skip_space (r);
      if (r->at < r->end && *r->at == close)
        {
          r->at++;
          return TRUE;
        }
      if (r->at >= r->end)
        return fail (r, error, "the text ends inside a list");
      if (value->kind == TAP_JSON_OBJECT)
        {
          char *key = read_key (r, error);

          if (key == NULL)
            return FALSE;
          g_ptr_array_add (value->keys, key);
          skip_space (r);
          if (r->at >= r->end || *r->at != ':')
            return fail (r, error, "“:” is expected");
          r->at++;
        }
      item = read_value (r, error);
      if (item == NULL)
        return FALSE;
      g_ptr_array_add (value->items, item);
      skip_space (r);
      if (r->at < r->end && *r->at == ',')
        r->at++;
      else if (r->at >= r->end || *r->at != close)
        return fail (r, error, "“,” is expected");
    }
}

static TapJson *
read_value (Reader *r, GError **error)
{
  g_autoptr (TapJson) value = g_new0 (TapJson, 1);
  gboolean good;

  skip_space (r);
  if (++r->n_values > MAX_VALUES)
    {
      fail (r, error, "too many values");
      return NULL;
    }
  if (r->at >= r->end)
    {
      fail (r, error, "the text ends where a value is expected");
      return NULL;
    }
  switch (*r->at)
    {
    case '"':
    case '\'':
      value->kind = TAP_JSON_STRING;
      value->string = read_string (r, error);
      good = value->string != NULL;
      break;
    case '{':
    case '[':
    case '(':
      if (++r->depth > MAX_DEPTH)
        {
          fail (r, error, "nested deeper than 64");
          return NULL;
        }
      value->kind = *r->at == '{' ? TAP_JSON_OBJECT : TAP_JSON_ARRAY;
      value->items = g_ptr_array_new_with_free_func ((GDestroyNotify) tap_json_free);
      if (value->kind == TAP_JSON_OBJECT)
        value->keys = g_ptr_array_new_with_free_func (g_free);
      good = read_items (r, value, *r->at == '{' ? '}' : *r->at == '[' ? ']' : ')', error);
      r->depth--;
      break;
    default:
      good = read_word (r, value, error);
      break;
    }
  return good ? g_steal_pointer (&value) : NULL;
}

TapJson *
tap_json_parse (const char *text, gsize length, GError **error)
{
  Reader r = { .start = text, .at = text, .end = text + length };
  g_autoptr (TapJson) value = NULL;

  if (length >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0)
    r.at += 3;
  value = read_value (&r, error);
  if (value == NULL)
    return NULL;
  skip_space (&r);
  if (r.at < r.end)
    {
      fail (&r, error, "text follows the value");
      return NULL;
    }
  return g_steal_pointer (&value);
}

const TapJson *
tap_json_get (const TapJson *self, const char *key)
{
  if (self == NULL || self->kind != TAP_JSON_OBJECT)
    return NULL;
  for (guint i = self->keys->len; i > 0; i--)
    if (g_str_equal (g_ptr_array_index (self->keys, i - 1), key) && i - 1 < self->items->len)
      return g_ptr_array_index (self->items, i - 1);
  return NULL;
}

double
tap_json_get_number (const TapJson *self, const char *key, double fallback)
{
  const TapJson *value = tap_json_get (self, key);

  return value != NULL && (value->kind == TAP_JSON_NUMBER || value->kind == TAP_JSON_BOOL) ?
           value->number :
           fallback;
}

const char *
tap_json_get_string (const TapJson *self, const char *key, const char *fallback)
{
  const TapJson *value = tap_json_get (self, key);

  return value != NULL && value->kind == TAP_JSON_STRING ? value->string : fallback;
}
