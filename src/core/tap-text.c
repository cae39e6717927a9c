/* tap-text.c - numbers and names as text, the same in every locale
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-text-private.h"

#include <errno.h>
#include <math.h>

static void
append_number (GString *out, double value, gboolean single)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  double size = fabs (value);
  /* as many digits as stand before the point: “20”, not “2e+01” */
  int first = size >= 1.0 && size < 1e15 ? (int) floor (log10 (size)) + 1 : 1;

  for (int digits = first; digits <= 17; digits++)
    {
      char format[8];
      double back;

      g_snprintf (format, sizeof format, "%%.%dg", digits);
      g_ascii_formatd (text, sizeof text, format, value);
      back = g_ascii_strtod (text, NULL);
      if (single ? (float) back == (float) value : back == value)
        break;
    }
  g_string_append (out, text);
}

void
tap_text_append_float (GString *out, float value)
{
  append_number (out, value, TRUE);
}

void
tap_text_append_double (GString *out, double value)
{
  append_number (out, value, FALSE);
}

void
tap_text_append_json (GString *out, const char *text)
{
  g_autofree char *valid = NULL;

  if (text == NULL)
    {
      g_string_append (out, "null");
      return;
    }

  valid = g_utf8_make_valid (text, -1);
  g_string_append_c (out, '"');
  for (const char *p = valid; *p != '\0'; p++)
    switch (*p)
      {
      case '"':
        g_string_append (out, "\\\"");
        break;
      case '\\':
        g_string_append (out, "\\\\");
        break;
      case '\n':
        g_string_append (out, "\\n");
        break;
      case '\t':
        g_string_append (out, "\\t");
        break;
      default:
        if ((guchar) *p < 0x20 || *p == 0x7f)
          g_string_append_printf (out, "\\u%04x", (guint) (guchar) *p);
        else
          g_string_append_c (out, *p);
      }
  g_string_append_c (out, '"');
}

gboolean
tap_text_parse_int (const char *text, gint64 *value)
{
  char *end = NULL;

  if (text == NULL || *text == '\0' || g_ascii_isspace (*text))
    return FALSE;
  errno = 0;
  *value = g_ascii_strtoll (text, &end, 10);
  return errno == 0 && *end == '\0';
}

gboolean
tap_text_parse_double (const char *text, double *value)
{
  char *end = NULL;

  if (text == NULL || *text == '\0' || g_ascii_isspace (*text))
    return FALSE;
  errno = 0;
  *value = g_ascii_strtod (text, &end);
  /* an underflow sets errno as well and is harmless */
  return *end == '\0' && isfinite (*value);
}
