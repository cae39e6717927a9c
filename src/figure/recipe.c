/* recipe.c - finds the recipe in a figure again: PNG, SVG, PDF, GIF
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The file may come from anywhere: every length is checked before it is followed, and what is found is
 * handed on only as valid UTF-8. */
#include "config.h"

#include "figure/figure-private.h"

#include <string.h>

/* Unpacked text beyond this is no recipe. */
#define RECIPE_MAX ((gsize) 4 << 20)

typedef struct
{
  const guint8 *data;
  gsize size;
} Span;

static char *
dup_text (const guint8 *data, gsize length)
{
  if (length == 0 || length > RECIPE_MAX ||
      !g_utf8_validate ((const char *) data, (gssize) length, NULL))
    return NULL;
  return g_strndup ((const char *) data, length);
}

/* --- PNG ---------------------------------------------------------------------------------- */

static char *
inflate_text (const guint8 *data, gsize length)
{
  g_autoptr (GConverter) inflater =
    G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB));
  g_autofree guint8 *out = g_try_malloc (RECIPE_MAX);
  gsize done = 0;

  while (out != NULL && done < RECIPE_MAX)
    {
      gsize read = 0, written = 0;
      GConverterResult result =
        g_converter_convert (inflater, data, length, out + done, RECIPE_MAX - done,
                             G_CONVERTER_INPUT_AT_END, &read, &written, NULL);

      if (result == G_CONVERTER_ERROR)
        return NULL;
      data += read;
      length -= read;
      done += written;
      if (result == G_CONVERTER_FINISHED)
        return dup_text (out, done);
    }
  return NULL;
}

/* Keyword, zero, then what the kind of chunk says. */
static char *
read_text_chunk (const guint8 *data, gsize length, const char *type)
{
  gsize key = strlen (TAP_RECIPE_KEY);
  gboolean packed = FALSE;

  if (length < key + 1 || memcmp (data, TAP_RECIPE_KEY, key + 1) != 0)
    return NULL;
  data += key + 1;
  length -= key + 1;
  if (memcmp (type, "zTXt", 4) == 0)
    return length > 1 ? inflate_text (data + 1, length - 1) : NULL;
  if (memcmp (type, "iTXt", 4) == 0)
    {
      if (length < 2)
        return NULL;
      packed = data[0] != 0;
      data += 2;
      length -= 2;
      for (int skipped = 0; skipped < 2; skipped++) /* language, translated keyword */
        {
          const guint8 *zero = memchr (data, 0, length);

          if (zero == NULL)
            return NULL;
          length -= (gsize) (zero + 1 - data);
          data = zero + 1;
        }
    }
  return packed ? inflate_text (data, length) : dup_text (data, length);
}

static char *
read_png (Span file)
{
  gsize at = 8;

  while (file.size - at >= 12)
    {
      const guint8 *chunk = file.data + at;
      gsize length =
        (gsize) chunk[0] << 24 | (gsize) chunk[1] << 16 | (gsize) chunk[2] << 8 | chunk[3];
      const char *type = (const char *) chunk + 4;
      char *recipe = NULL;

      if (length > file.size - at - 12)
        return NULL;
      if (memcmp (type, "iTXt", 4) == 0 || memcmp (type, "tEXt", 4) == 0 ||
          memcmp (type, "zTXt", 4) == 0)
        recipe = read_text_chunk (chunk + 8, length, type);
      if (recipe != NULL || memcmp (type, "IEND", 4) == 0)
        return recipe;
      at += length + 12;
    }
  return NULL;
}

/* --- GIF ---------------------------------------------------------------------------------- */

/* Gathers sub-blocks; returns the place behind them, or 0 when the file ends too soon. */
static gsize
gather (Span file, gsize at, GByteArray *out)
{
  while (at < file.size)
    {
      gsize n = file.data[at++];

      if (n == 0)
        return at;
      if (n > file.size - at || (out != NULL && out->len > RECIPE_MAX))
        return 0;
      if (out != NULL)
        g_byte_array_append (out, file.data + at, (guint) n);
      at += n;
    }
  return 0;
}

static gsize
table_size (guint8 flags)
{
  return flags & 0x80 ? (gsize) 3 << ((flags & 7) + 1) : 0;
}

static char *
read_gif (Span file)
{
  gsize at = 13;

  if (file.size < 13)
    return NULL;
  at += table_size (file.data[10]);
  while (at > 0 && at < file.size)
    {
      guint8 kind = file.data[at++];

      if (kind == 0x21 && at < file.size)
        {
          gboolean comment = file.data[at++] == 0xfe;
          g_autoptr (GByteArray) text = comment ? g_byte_array_new () : NULL;

          at = gather (file, at, text);
          if (at > 0 && comment && text->len > 0 && text->data[0] == '{')
            return dup_text (text->data, text->len);
        }
      else if (kind == 0x2c && file.size - at >= 10)
        {
          at += 9 + table_size (file.data[at + 8]) + 1;
          at = at < file.size ? gather (file, at, NULL) : 0;
        }
      else
        return NULL;
    }
  return NULL;
}

/* --- SVG ---------------------------------------------------------------------------------- */

/* The character that the entity at @text stands for, and its length; 0 when it is none. */
static gunichar
take_entity (const char *text, gsize length, gsize *used)
{
  static const struct
  {
    const char *entity;
    gunichar c;
  } known[] = { { "&lt;", '<' },    { "&gt;", '>' },   { "&amp;", '&' }, { "&quot;", '"' },
                { "&apos;", '\'' }, { "&#39;", '\'' }, { "&#34;", '"' } };
  gunichar c = 0;
  gsize n = 3;

  for (gsize k = 0; k < G_N_ELEMENTS (known); k++)
    {
      *used = strlen (known[k].entity);
      if (*used <= length && strncmp (text, known[k].entity, *used) == 0)
        return known[k].c;
    }
  /* control characters are written as numbers */
  if (length < 5 || strncmp (text, "&#x", 3) != 0)
    return 0;
  while (n < length && n < 9 && g_ascii_isxdigit (text[n]))
    c = c * 16 + (gunichar) g_ascii_xdigit_value (text[n++]);
  *used = n + 1;
  return n < length && text[n] == ';' && g_unichar_validate (c) ? c : 0;
}

static char *
unescape (const char *text, gsize length)
{
  g_autoptr (GString) out = g_string_sized_new (length);

  for (gsize i = 0; i < length;)
    {
      gsize used = 1;
      gunichar c;

      if (text[i] != '&')
        g_string_append_c (out, text[i]);
      else if ((c = take_entity (text + i, length - i, &used)) != 0)
        g_string_append_unichar (out, c);
      else
        return NULL;
      i += used;
    }
  return dup_text ((const guint8 *) out->str, out->len);
}

static char *
read_svg (Span file)
{
  const char *text = (const char *) file.data, *end = text + file.size, *start, *stop;

  start = g_strstr_len (text, (gssize) file.size, "<metadata id=\"" TAP_RECIPE_KEY "\"");
  start = start != NULL ? memchr (start, '>', (gsize) (end - start)) : NULL;
  if (start == NULL)
    return NULL;
  start++;
  stop = g_strstr_len (start, end - start, "</metadata>");
  if (stop == NULL || stop == start || (gsize) (stop - start) > RECIPE_MAX)
    return NULL;
  return unescape (start, (gsize) (stop - start));
}

/* --- PDF ---------------------------------------------------------------------------------- */

/* (text) with backslashes */
static char *
read_literal (const guint8 *at, const guint8 *end)
{
  g_autoptr (GString) out = g_string_new (NULL);
  int depth = 1;

  for (; at < end && out->len < RECIPE_MAX; at++)
    {
      if (*at == '\\' && at + 1 < end)
        {
          static const char codes[] = "n\nr\rt\tb\bf\f";
          const char *code = strchr (codes, at[1]);

          at++;
          if (*at >= '0' && *at <= '7')
            {
              int value = 0;

              for (int i = 0; i < 3 && at < end && *at >= '0' && *at <= '7'; i++)
                value = value * 8 + (*at++ - '0');
              at--;
              g_string_append_c (out, (char) value);
            }
          else
            g_string_append_c (out, code != NULL && (code - codes) % 2 == 0 ? code[1] : (char) *at);
          continue;
        }
      if (*at == '(')
        depth++;
      if (*at == ')' && --depth == 0)
        return dup_text ((const guint8 *) out->str, out->len);
      g_string_append_c (out, (char) *at);
    }
  return NULL;
}

/* <FEFF…>: UTF-16, big-endian, in hexadecimal */
static char *
read_hex (const guint8 *at, const guint8 *end)
{
  g_autoptr (GArray) units = g_array_new (FALSE, FALSE, sizeof (gunichar2));
  guint value = 0;
  int digits = 0;

  for (; at < end && *at != '>' && units->len < RECIPE_MAX; at++)
    {
      if (!g_ascii_isxdigit (*at))
        continue;
      value = value << 4 | (guint) g_ascii_xdigit_value (*at);
      if (++digits == 4)
        {
          gunichar2 unit = (gunichar2) (value & 0xffff);

          g_array_append_val (units, unit);
          value = 0;
          digits = 0;
        }
    }
  if (at >= end || units->len < 2 || g_array_index (units, gunichar2, 0) != 0xfeff)
    return NULL;
  return g_utf16_to_utf8 ((const gunichar2 *) (gconstpointer) units->data + 1, units->len - 1, NULL,
                          NULL, NULL);
}

static char *
read_pdf (Span file)
{
  static const char key[] = "/Keywords";
  const guint8 *end = file.data + file.size;

  /* the information stands at the end */
  for (gsize at = file.size; at > sizeof key; at--)
    {
      const guint8 *here = file.data + at - sizeof key;

      if (*here != '/' || memcmp (here, key, sizeof key - 1) != 0)
        continue;
      here += sizeof key - 1;
      while (here < end && g_ascii_isspace (*here))
        here++;
      if (here < end && *here == '(')
        return read_literal (here + 1, end);
      if (here < end && *here == '<')
        return read_hex (here + 1, end);
    }
  return NULL;
}

char *
tap_figure_read_recipe (const char *path, GError **error)
{
  g_autoptr (GMappedFile) mapped = g_mapped_file_new (path, FALSE, error);
  g_autofree char *name = g_filename_display_basename (path);
  g_autofree char *recipe = NULL;
  Span file;

  if (mapped == NULL)
    return NULL;
  file.data = (const guint8 *) g_mapped_file_get_contents (mapped);
  file.size = g_mapped_file_get_length (mapped);
  if (file.size >= 8 && memcmp (file.data, "\x89PNG\r\n\x1a\n", 8) == 0)
    recipe = read_png (file);
  else if (file.size >= 6 && memcmp (file.data, "GIF8", 4) == 0)
    recipe = read_gif (file);
  else if (file.size >= 5 && memcmp (file.data, "%PDF-", 5) == 0)
    recipe = read_pdf (file);
  else if (file.size > 0)
    recipe = read_svg (file);
  if (recipe == NULL || recipe[0] != '{')
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "“%s” holds no recipe of this program.",
                   name);
      return NULL;
    }
  return g_steal_pointer (&recipe);
}
