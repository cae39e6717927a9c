/* tap-prototext.c - reads protobuf's text format into a tree, for hostile files
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *   message = { field [","|";"] }
 *   field   = name ( ":" scalar | ":" list | [":"] "{" message "}" | [":"] "<" message ">" )
 *   list    = "[" value { "," value } "]"      the field, repeated
 *   scalar  = string { string } | number | identifier
 *
 * with # comments to the end of the line. Depth and the number of fields are bounded, so that a file
 * cannot take more than a bounded multiple of its size. */
#include "config.h"

#include "formats/text/tap-prototext.h"

#include "core/tap-error.h"

#include <math.h>
#include <string.h>

#define MAX_DEPTH  64
#define MAX_FIELDS 400000

struct _TapTextMessage
{
  TapPrototext *owner;
  GArray *fields; /* TapTextField */
};

struct _TapPrototext
{
  GStringChunk *strings;
  GPtrArray *messages; /* owned; the first is the root */
  char *problem;       /* of the first bad value */
};

typedef struct
{
  TapPrototext *out;
  const char *at, *end;
  int line, column;
  int depth;
  guint n_fields;
} Reader;

static gboolean read_fields (Reader *r, TapTextMessage *message, char close, GError **error);

static gboolean fail_at (GError **error, int line, int column, const char *format, ...)
  G_GNUC_PRINTF (4, 5);

static gboolean
fail_at (GError **error, int line, int column, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED, "line %d, column %d: %s.", line,
               column, what);
  return FALSE;
}

static gboolean
fail (const Reader *r, GError **error, const char *what)
{
  return fail_at (error, r->line, r->column, "%s", what);
}

static char
advance (Reader *r)
{
  char c = *r->at++;

  if (c == '\n')
    {
      r->line++;
      r->column = 1;
    }
  else if (((guchar) c & 0xc0) != 0x80) /* count characters, not bytes */
    r->column++;
  return c;
}

static void
skip_space (Reader *r)
{
  while (r->at < r->end)
    if (g_ascii_isspace (*r->at))
      advance (r);
    else if (*r->at == '#')
      while (r->at < r->end && *r->at != '\n')
        advance (r);
    else
      return;
}

static gboolean
is_at (const Reader *r, char c)
{
  return r->at < r->end && *r->at == c;
}

static gboolean
is_name_char (char c)
{
  return g_ascii_isalnum (c) || c == '_';
}

static TapTextMessage *
new_message (TapPrototext *out)
{
  TapTextMessage *message = g_new0 (TapTextMessage, 1);

  message->owner = out;
  g_ptr_array_add (out->messages, message);
  return message;
}

static void
message_free (gpointer data)
{
  TapTextMessage *message = data;

  g_clear_pointer (&message->fields, g_array_unref);
  g_free (message);
}

static gboolean
add_field (Reader *r, TapTextMessage *message, const TapTextField *field, GError **error)
{
  if (++r->n_fields > MAX_FIELDS)
    return fail (r, error, "the file has more than 400000 fields");
  if (message->fields == NULL)
    message->fields = g_array_new (FALSE, FALSE, sizeof (TapTextField));
  g_array_append_val (message->fields, *field);
  return TRUE;
}

static gboolean
read_escape (Reader *r, GString *text)
{
  static const char from[] = "abfnrtv\\'\"?", to[] = "\a\b\f\n\r\t\v\\'\"?";
  const char *simple;
  int value = 0;

  if (r->at >= r->end)
    return FALSE;
  simple = *r->at != '\0' ? strchr (from, *r->at) : NULL;
  if (simple != NULL)
    {
      advance (r);
      g_string_append_c (text, to[simple - from]);
      return TRUE;
    }
  if (*r->at == 'x' || *r->at == 'X')
    {
      advance (r);
      for (int i = 0; i < 2 && r->at < r->end && g_ascii_isxdigit (*r->at); i++)
        value = value * 16 + g_ascii_xdigit_value (advance (r));
    }
  else if (*r->at >= '0' && *r->at <= '7')
    for (int i = 0; i < 3 && r->at < r->end && *r->at >= '0' && *r->at <= '7'; i++)
      value = value * 8 + (advance (r) - '0');
  else
    return FALSE;
  g_string_append_c (text, (char) value);
  return TRUE;
}

/* One or more strings in a row, which join. */
static gboolean
read_strings (Reader *r, TapTextField *field, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *valid = NULL;

  while (is_at (r, '"') || is_at (r, '\''))
    {
      char quote = advance (r);

      while (r->at < r->end && *r->at != quote && *r->at != '\n')
        {
          char c = advance (r);

          if (c != '\\')
            g_string_append_c (text, c);
          else if (!read_escape (r, text))
            return fail (r, error, "an escape that is not known");
        }
      if (!is_at (r, quote))
        return fail (r, error, "the string has no end");
      advance (r);
      skip_space (r);
    }
  valid = g_utf8_make_valid (text->str, (gssize) text->len);
  field->text = g_string_chunk_insert (r->out->strings, valid);
  field->quoted = TRUE;
  return TRUE;
}

static gboolean
read_word (Reader *r, TapTextField *field, GError **error)
{
  const char *start = r->at;

  while (r->at < r->end &&
         (is_name_char (*r->at) || *r->at == '-' || *r->at == '+' || *r->at == '.'))
    advance (r);
  if (r->at == start)
    return fail (r, error, "a value is expected");
  field->text = g_string_chunk_insert_len (r->out->strings, start, r->at - start);
  return TRUE;
}

static gboolean
read_message (Reader *r, TapTextField *field, GError **error)
{
  char close = advance (r) == '{' ? '}' : '>';

  if (++r->depth > MAX_DEPTH)
    return fail (r, error, "nested deeper than 64 levels");
  field->message = new_message (r->out);
  if (!read_fields (r, field->message, close, error))
    return FALSE;
  r->depth--;
  return TRUE;
}

static gboolean
read_value (Reader *r, TapTextMessage *message, TapTextField field, GError **error)
{
  gboolean good;

  field.line = r->line;
  field.column = r->column;
  if (is_at (r, '{') || is_at (r, '<'))
    good = read_message (r, &field, error);
  else if (is_at (r, '"') || is_at (r, '\''))
    good = read_strings (r, &field, error);
  else
    good = read_word (r, &field, error);
  return good && add_field (r, message, &field, error);
}

static gboolean
read_list (Reader *r, TapTextMessage *message, const TapTextField *field, GError **error)
{
  advance (r);
  for (;;)
    {
      skip_space (r);
      if (is_at (r, ']'))
        {
          advance (r);
          return TRUE;
        }
      if (!read_value (r, message, *field, error))
        return FALSE;
      skip_space (r);
      if (is_at (r, ','))
        advance (r);
      else if (!is_at (r, ']'))
        return fail (r, error, "“,” or “]” is expected");
    }
}

static gboolean
read_field (Reader *r, TapTextMessage *message, GError **error)
{
  const char *start = r->at;
  g_autofree char *name = NULL;
  TapTextField field = { 0 };
  gboolean colon;

  if (is_at (r, '[')) /* an extension's name in brackets */
    {
      while (r->at < r->end && *r->at != ']' && *r->at != '\n')
        advance (r);
      if (!is_at (r, ']'))
        return fail (r, error, "“]” is expected");
      advance (r);
    }
  else
    while (r->at < r->end && is_name_char (*r->at))
      advance (r);
  if (r->at == start)
    return fail (r, error, "the name of a field is expected");
  name = g_utf8_make_valid (start, r->at - start);
  field.name = g_string_chunk_insert_const (r->out->strings, name);

  skip_space (r);
  colon = is_at (r, ':');
  if (colon)
    {
      advance (r);
      skip_space (r);
    }
  if (!colon && !is_at (r, '{') && !is_at (r, '<'))
    return fail_at (error, r->line, r->column, "“:” or “{” is expected after “%.60s”", name);
  if (is_at (r, '['))
    return read_list (r, message, &field, error);
  return read_value (r, message, field, error);
}

static gboolean
read_fields (Reader *r, TapTextMessage *message, char close, GError **error)
{
  for (;;)
    {
      skip_space (r);
      if (r->at >= r->end)
        return close == '\0' || fail (r, error,
                                      close == '}' ? "the file ends where “}” is expected" :
                                                     "the file ends where “>” is expected");
      if (close != '\0' && *r->at == close)
        {
          advance (r);
          return TRUE;
        }
      if (!read_field (r, message, error))
        return FALSE;
      skip_space (r);
      if (is_at (r, ',') || is_at (r, ';'))
        advance (r);
    }
}

TapPrototext *
tap_prototext_parse (const char *data, gsize length, GError **error)
{
  g_autoptr (TapPrototext) self = g_new0 (TapPrototext, 1);
  Reader r = { .out = self, .at = data, .end = data + length, .line = 1, .column = 1 };

  self->strings = g_string_chunk_new (4096);
  self->messages = g_ptr_array_new_with_free_func (message_free);
  if (length >= 3 && memcmp (data, "\xef\xbb\xbf", 3) == 0)
    r.at += 3;
  if (!read_fields (&r, new_message (self), '\0', error))
    return NULL;
  return g_steal_pointer (&self);
}

void
tap_prototext_free (TapPrototext *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->messages, g_ptr_array_unref);
  g_clear_pointer (&self->strings, g_string_chunk_free);
  g_free (self->problem);
  g_free (self);
}

const TapTextMessage *
tap_prototext_root (const TapPrototext *self)
{
  return g_ptr_array_index (self->messages, 0);
}

gboolean
tap_prototext_check (const TapPrototext *self, GError **error)
{
  if (self->problem == NULL)
    return TRUE;
  g_set_error_literal (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED, self->problem);
  return FALSE;
}

static void
complain (const TapTextMessage *self, const TapTextField *field, const char *expected)
{
  if (self->owner->problem != NULL)
    return;
  self->owner->problem =
    field->text != NULL ?
      g_strdup_printf ("line %d, column %d: “%s” is “%.60s”, but %s is expected.", field->line,
                       field->column, field->name, field->text, expected) :
      g_strdup_printf ("line %d, column %d: “%s” is a group, but %s is expected.", field->line,
                       field->column, field->name, expected);
}

guint
tap_text_n_fields (const TapTextMessage *self)
{
  return self != NULL && self->fields != NULL ? self->fields->len : 0;
}

const TapTextField *
tap_text_field (const TapTextMessage *self, guint i)
{
  return &g_array_index (self->fields, TapTextField, i);
}

const TapTextField *
tap_text_find (const TapTextMessage *self, const char *name, guint i)
{
  for (guint at = 0; at < tap_text_n_fields (self); at++)
    if (g_str_equal (tap_text_field (self, at)->name, name) && i-- == 0)
      return tap_text_field (self, at);
  return NULL;
}

guint
tap_text_count (const TapTextMessage *self, const char *name)
{
  guint n = 0;

  for (guint at = 0; at < tap_text_n_fields (self); at++)
    n += g_str_equal (tap_text_field (self, at)->name, name);
  return n;
}

static const TapTextField *
find_last (const TapTextMessage *self, const char *name)
{
  for (guint at = tap_text_n_fields (self); at > 0; at--)
    if (g_str_equal (tap_text_field (self, at - 1)->name, name))
      return tap_text_field (self, at - 1);
  return NULL;
}

const TapTextMessage *
tap_text_message (const TapTextMessage *self, const char *name)
{
  const TapTextField *field = find_last (self, name);

  if (field != NULL && field->message == NULL)
    complain (self, field, "a group in braces");
  return field != NULL ? field->message : NULL;
}

const char *
tap_text_string (const TapTextMessage *self, const char *name, const char *fallback)
{
  const TapTextField *field = find_last (self, name);

  if (field == NULL)
    return fallback;
  if (field->text == NULL)
    {
      complain (self, field, "a text");
      return fallback;
    }
  return field->text;
}

static gint64
get_int (const TapTextMessage *self, const TapTextField *field, gint64 fallback)
{
  gint64 value;
  char *end;

  if (field == NULL)
    return fallback;
  if (field->text == NULL || field->quoted)
    {
      complain (self, field, "a whole number");
      return fallback;
    }
  value = g_ascii_strtoll (field->text, &end, 0);
  if (end == field->text || *end != '\0')
    {
      complain (self, field, "a whole number");
      return fallback;
    }
  return value;
}

gint64
tap_text_int (const TapTextMessage *self, const char *name, gint64 fallback)
{
  return get_int (self, find_last (self, name), fallback);
}

gint64
tap_text_int_at (const TapTextMessage *self, const char *name, guint i, gint64 fallback)
{
  return get_int (self, tap_text_find (self, name, i), fallback);
}

static double
get_float (const TapTextMessage *self, const TapTextField *field, double fallback)
{
  double value;
  char *end;

  if (field == NULL)
    return fallback;
  if (field->text != NULL && !field->quoted)
    {
      value = g_ascii_strtod (field->text, &end);
      if (end != field->text &&
          (*end == '\0' || ((*end == 'f' || *end == 'F') && end[1] == '\0')) && isfinite (value))
        return value;
    }
  complain (self, field, "a number");
  return fallback;
}

double
tap_text_float (const TapTextMessage *self, const char *name, double fallback)
{
  return get_float (self, find_last (self, name), fallback);
}

double
tap_text_float_at (const TapTextMessage *self, const char *name, guint i, double fallback)
{
  return get_float (self, tap_text_find (self, name, i), fallback);
}

gboolean
tap_text_bool (const TapTextMessage *self, const char *name, gboolean fallback)
{
  const TapTextField *field = find_last (self, name);

  if (field == NULL)
    return fallback;
  if (field->text != NULL && !field->quoted)
    {
      if (g_str_equal (field->text, "true") || g_str_equal (field->text, "True") ||
          g_str_equal (field->text, "t") || g_str_equal (field->text, "1"))
        return TRUE;
      if (g_str_equal (field->text, "false") || g_str_equal (field->text, "False") ||
          g_str_equal (field->text, "f") || g_str_equal (field->text, "0"))
        return FALSE;
    }
  complain (self, field, "true or false");
  return fallback;
}
