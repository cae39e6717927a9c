/* tap-npy.c - NumPy arrays: .npy, written and read
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The format is that of NumPy's own description (numpy.lib.format, versions 1.0 to 3.0): a magic word, the
 * length of a header, a Python dictionary as text, the numbers. Objects and structures are refused:
 * reading them means running a program. */
#include "config.h"

#include "figure/tap-npy.h"

#include "core/tap-error.h"
#include "figure/file-private.h"
#include "figure/npy-private.h"

#include <math.h>
#include <string.h>

#define MAGIC     "\x93NUMPY"
#define ALIGNMENT 64

/* --- writing ------------------------------------------------------------------------------ */

GBytes *
tap_npy_header (const TapTensor *tensor, gboolean as_int32)
{
  const TapShape *shape = &tensor->shape;
  g_autoptr (GString) text = g_string_new (NULL);
  guint8 start[10] = MAGIC "\x01";
  gsize length;

  g_string_append_printf (text, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                          as_int32                       ? "<i4" :
                          tensor->dtype == TAP_DTYPE_I64 ? "<i8" :
                                                           "<f4");
  for (int d = 0; d < shape->n_dims; d++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, d > 0 ? ", " : "", shape->dims[d]);
  g_string_append (text, shape->n_dims == 1 ? ",), }" : "), }");
  while ((sizeof start + text->len + 1) % ALIGNMENT != 0)
    g_string_append_c (text, ' ');
  g_string_append_c (text, '\n');
  length = text->len;
  start[8] = length & 255;
  start[9] = length >> 8;
  g_string_prepend_len (text, (const char *) start, sizeof start);
  return g_string_free_to_bytes (g_steal_pointer (&text));
}

static gint32
to_int32 (double value)
{
  if (isnan (value))
    return 0;
  return (gint32) CLAMP (rint (value), G_MININT32, G_MAXINT32);
}

gboolean
tap_npy_payload (const TapTensor *tensor,
                 gboolean as_int32,
                 gpointer *owned,
                 TapPiece *piece,
                 GError **error)
{
  *owned = NULL;
  piece->data = tensor->data;
  piece->length = tensor->count * tap_dtype_size (tensor->dtype);
  if (as_int32)
    {
      gint32 *values = g_try_malloc_n (MAX (tensor->count, 1), sizeof *values);

      if (values == NULL)
        {
          g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
                               "There is not enough memory to make this file.");
          return FALSE;
        }
      for (gsize i = 0; i < tensor->count; i++)
        values[i] =
          GINT32_TO_LE (tensor->dtype == TAP_DTYPE_I64 ?
                          (gint32) CLAMP (tap_tensor_i64 (tensor)[i], G_MININT32, G_MAXINT32) :
                          to_int32 (tap_tensor_f32 (tensor)[i]));
      *owned = values;
      piece->data = values;
      piece->length = tensor->count * sizeof *values;
    }
  return TRUE;
}

gboolean
tap_npy_save (const TapTensor *tensor, gboolean as_int32, const char *path, GError **error)
{
  g_autoptr (GBytes) header = tap_npy_header (tensor, as_int32);
  g_autofree gpointer owned = NULL;
  TapPiece pieces[2];

  pieces[0].data = g_bytes_get_data (header, &pieces[0].length);
  return tap_npy_payload (tensor, as_int32, &owned, &pieces[1], error) &&
         tap_file_write (path, pieces, 2, error);
}

GBytes *
tap_npy_to_bytes (const TapTensor *tensor, gboolean as_int32)
{
  g_autoptr (GBytes) header = tap_npy_header (tensor, as_int32);
  g_autofree gpointer owned = NULL;
  g_auto (TapBuffer) buffer = { 0 };
  TapPiece piece;

  if (!tap_npy_payload (tensor, as_int32, &owned, &piece, NULL))
    return NULL;
  tap_buffer_append (&buffer, g_bytes_get_data (header, NULL), g_bytes_get_size (header));
  tap_buffer_append (&buffer, piece.data, piece.length);
  return tap_buffer_steal (&buffer, NULL);
}

/* --- reading ------------------------------------------------------------------------------ */

typedef struct
{
  char kind; /* f i u b */
  int size;
  gboolean swapped;
  gboolean fortran;
  TapShape shape;
} Header;

typedef struct
{
  const char *at, *end;
} Cursor;

static void
skip_space (Cursor *c)
{
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t'))
    c->at++;
}

static gboolean
take (Cursor *c, char wanted)
{
  skip_space (c);
  if (c->at >= c->end || *c->at != wanted)
    return FALSE;
  c->at++;
  return TRUE;
}

static gboolean
take_word (Cursor *c, const char *word)
{
  gsize length = strlen (word);

  skip_space (c);
  if ((gsize) (c->end - c->at) < length || strncmp (c->at, word, length) != 0)
    return FALSE;
  c->at += length;
  return TRUE;
}

/* A string in either quotes, without escapes (there are none in these headers). */
static gboolean
take_string (Cursor *c, char *out, gsize room)
{
  char quote;
  gsize n = 0;

  skip_space (c);
  if (c->at >= c->end || (*c->at != '\'' && *c->at != '"'))
    return FALSE;
  quote = *c->at++;
  while (c->at < c->end && *c->at != quote && n + 1 < room)
    out[n++] = *c->at++;
  out[n] = '\0';
  return take (c, quote);
}

static gboolean
take_shape (Cursor *c, TapShape *shape)
{
  shape->n_dims = 0;
  if (!take (c, '('))
    return FALSE;
  while (!take (c, ')'))
    {
      gint64 value = 0;
      int digits = 0;

      skip_space (c);
      while (c->at < c->end && g_ascii_isdigit (*c->at) && digits < 18)
        {
          value = value * 10 + (*c->at++ - '0');
          digits++;
        }
      if (digits == 0 || shape->n_dims == TAP_MAX_DIMS)
        return FALSE;
      shape->dims[shape->n_dims++] = value;
      if (!take (c, ','))
        {
          if (!take (c, ')'))
            return FALSE;
          break;
        }
    }
  return TRUE;
}

static gboolean
refuse (GError **error, const char *name, TapFormatError code, const char *why)
{
  g_set_error (error, TAP_FORMAT_ERROR, code, "“%s” %s.", name, why);
  return FALSE;
}

static gboolean
read_descr (Cursor *c, Header *header, const char *name, GError **error)
{
  static const char *const known[] = { "f4", "f8", "i4", "i8", "u1", "b1" };
  char text[32], order;

  skip_space (c);
  if (c->at < c->end && *c->at == '[')
    return refuse (error, name, TAP_FORMAT_ERROR_UNSUPPORTED,
                   "holds structured records; only plain numbers are read");
  if (!take_string (c, text, sizeof text))
    return refuse (error, name, TAP_FORMAT_ERROR_DAMAGED, "has a header that is cut or garbled");
  order = text[0];
  if (strchr ("<>|=", order) == NULL || order == '\0')
    return refuse (error, name, TAP_FORMAT_ERROR_DAMAGED,
                   "does not say in which order its bytes are");
  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_equal (text + 1, known[i]))
      {
        header->kind = known[i][0];
        header->size = known[i][1] - '0';
        header->swapped =
          order == (G_BYTE_ORDER == G_LITTLE_ENDIAN ? '>' : '<') && header->size > 1;
        return TRUE;
      }
  g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_UNSUPPORTED,
               "“%s” holds numbers of the kind “%s”; f4, f8, i4, i8, u1 and b1 are read.", name,
               text);
  return FALSE;
}

static gboolean
read_header (Cursor *c, Header *header, const char *name, GError **error)
{
  int seen = 0;

  memset (header, 0, sizeof *header);
  if (!take (c, '{'))
    return refuse (error, name, TAP_FORMAT_ERROR_DAMAGED, "has no header that can be read");
  while (!take (c, '}'))
    {
      char key[32];

      if (!take_string (c, key, sizeof key) || !take (c, ':'))
        return refuse (error, name, TAP_FORMAT_ERROR_DAMAGED,
                       "has a header that is cut or garbled");
      if (g_str_equal (key, "descr"))
        {
          if (!read_descr (c, header, name, error))
            return FALSE;
          seen |= 1;
        }
      else if (g_str_equal (key, "fortran_order"))
        {
          header->fortran = take_word (c, "True");
          if (!header->fortran && !take_word (c, "False"))
            return refuse (error, name, TAP_FORMAT_ERROR_DAMAGED, "has a garbled fortran_order");
          seen |= 2;
        }
      else if (g_str_equal (key, "shape"))
        {
          if (!take_shape (c, &header->shape))
            return refuse (error, name, TAP_FORMAT_ERROR_DAMAGED,
                           "has a garbled shape, or one of more than 8 dimensions");
          seen |= 4;
        }
      else
        return refuse (error, name, TAP_FORMAT_ERROR_DAMAGED, "has an unknown word in its header");
      if (!take (c, ',') && !(c->at < c->end && *c->at == '}'))
        return refuse (error, name, TAP_FORMAT_ERROR_DAMAGED,
                       "has a header that is cut or garbled");
    }
  return seen == 7 ||
         refuse (error, name, TAP_FORMAT_ERROR_DAMAGED, "does not give its type, order and shape");
}

/* Index in the file of each C-order index, for Fortran order. */
static gsize
fortran_place (const TapShape *shape, gsize index)
{
  gsize place = 0;
  gint64 coordinate[TAP_MAX_DIMS];

  for (int d = shape->n_dims - 1; d >= 0; d--)
    {
      coordinate[d] = (gint64) (index % (gsize) shape->dims[d]);
      index /= (gsize) shape->dims[d];
    }
  for (int d = shape->n_dims - 1; d >= 0; d--)
    place = place * (gsize) shape->dims[d] + (gsize) coordinate[d];
  return place;
}

static double
number_at (const guint8 *at, const Header *header)
{
  union
  {
    guint8 bytes[8];
    float f4;
    double f8;
    gint32 i4;
  } value = { { 0 } };

  for (int i = 0; i < header->size; i++)
    value.bytes[header->swapped ? header->size - 1 - i : i] = at[i];
  if (header->kind == 'f')
    return header->size == 4 ? (double) value.f4 : value.f8;
  if (header->kind == 'i')
    return value.i4;
  return header->kind == 'b' ? value.bytes[0] != 0 : value.bytes[0];
}

static gint64
integer_at (const guint8 *at, const Header *header)
{
  gint64 value;

  if (header->size != 8)
    return (gint64) number_at (at, header);
  memcpy (&value, at, sizeof value);
  return header->swapped ? (gint64) GUINT64_SWAP_LE_BE ((guint64) value) : value;
}

static TapTensor *
convert (const guint8 *data, gsize count, const Header *header, GError **error)
{
  TapDtype dtype = header->kind == 'f' ? TAP_DTYPE_F32 : TAP_DTYPE_I64;
  g_autoptr (TapTensor) tensor = tap_tensor_new_uninit (dtype, &header->shape, error);

  if (tensor == NULL)
    return NULL;
  for (gsize i = 0; i < count; i++)
    {
      gsize place = header->fortran ? fortran_place (&header->shape, i) : i;
      const guint8 *at = data + place * header->size;

      if (dtype == TAP_DTYPE_F32)
        tap_tensor_f32 (tensor)[i] = (float) number_at (at, header);
      else
        tap_tensor_i64 (tensor)[i] = integer_at (at, header);
    }
  return g_steal_pointer (&tensor);
}

TapTensor *
tap_npy_parse (GBytes *bytes, const char *name, GError **error)
{
  gsize size, length, start, count;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  Cursor cursor;
  Header header;

  if (size < 10 || memcmp (data, MAGIC, 6) != 0)
    {
      refuse (error, name, TAP_FORMAT_ERROR_UNSUPPORTED, "is not a NumPy array");
      return NULL;
    }
  if (data[6] < 1 || data[6] > 3)
    {
      g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_UNSUPPORTED,
                   "“%s” is a NumPy array of version %d; versions 1 to 3 are read.", name, data[6]);
      return NULL;
    }
  start = data[6] == 1 ? 10 : 12;
  length = size < start ? G_MAXSIZE :
           data[6] == 1 ? (gsize) data[8] | (gsize) data[9] << 8 :
                          (gsize) data[8] | (gsize) data[9] << 8 | (gsize) data[10] << 16 |
                            (gsize) data[11] << 24;
  if (size < start || length > size - start)
    {
      refuse (error, name, TAP_FORMAT_ERROR_DAMAGED, "ends within its header");
      return NULL;
    }
  cursor = (Cursor){ (const char *) data + start, (const char *) data + start + length };
  if (!read_header (&cursor, &header, name, error))
    return NULL;
  start += length;
  if (!tap_shape_count (&header.shape, MAX (header.size, 4), &count))
    {
      refuse (error, name, TAP_FORMAT_ERROR_DAMAGED, "claims more numbers than can be held");
      return NULL;
    }
  if (count > (size - start) / header.size)
    {
      g_set_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED,
                   "“%s” is cut short: %" G_GSIZE_FORMAT " numbers are announced, %" G_GSIZE_FORMAT
                   " are there.",
                   name, count, (size - start) / header.size);
      return NULL;
    }
  if (G_BYTE_ORDER == G_LITTLE_ENDIAN && !header.swapped && !header.fortran &&
      ((header.kind == 'f' && header.size == 4) || (header.kind == 'i' && header.size == 8)))
    return tap_tensor_new_for_bytes (header.kind == 'f' ? TAP_DTYPE_F32 : TAP_DTYPE_I64,
                                     &header.shape, bytes, start, error);
  return convert (data + start, count, &header, error);
}

TapTensor *
tap_npy_load (const char *path, GError **error)
{
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, error);
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *name = g_filename_display_basename (path);

  if (file == NULL)
    return NULL;
  bytes = g_mapped_file_get_bytes (file);
  return tap_npy_parse (bytes, name, error);
}
