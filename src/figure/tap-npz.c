/* tap-npz.c - several NumPy arrays in one stored zip archive
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * As numpy.savez writes it: no compression, one entry NAME.npy per array, sizes and sums in the local
 * headers (no data descriptors). Archives and entries beyond 4 GiB get ZIP64 fields (APPNOTE 4.3.14, 4.5.3).
 * All dates are the first that zip knows: equal numbers make equal files. */
#include "config.h"

#include "figure/tap-npy.h"

#include "figure/npy-private.h"

#include <string.h>

#define LIMIT32   G_GUINT64_CONSTANT (0xffffffff)
#define DOS_EPOCH 0x0021 /* 1980-01-01 */

typedef struct
{
  GBytes *header; /* of the .npy */
  gpointer owned;
  TapPiece payload;
  char *name;
  guint32 crc;
  guint64 size, offset;
} Entry;

static void
entry_clear (gpointer data)
{
  Entry *entry = data;

  g_clear_pointer (&entry->header, g_bytes_unref);
  g_free (entry->owned);
  g_free (entry->name);
}

/* CRC-32 of ISO 3309, eight bytes at a time. */
static guint32
crc32_update (guint32 crc, const guint8 *data, gsize length)
{
  static guint32 tables[8][256];
  static gsize ready;

  if (g_once_init_enter (&ready))
    {
      for (guint32 i = 0; i < 256; i++)
        {
          guint32 c = i;

          for (int bit = 0; bit < 8; bit++)
            c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
          tables[0][i] = c;
        }
      for (int t = 1; t < 8; t++)
        for (int i = 0; i < 256; i++)
          tables[t][i] = tables[t - 1][i] >> 8 ^ tables[0][tables[t - 1][i] & 255];
      g_once_init_leave (&ready, 1);
    }
  crc = ~crc;
  for (; length >= 8; length -= 8, data += 8)
    {
      guint32 low = crc ^ ((guint32) data[0] | (guint32) data[1] << 8 | (guint32) data[2] << 16 |
                           (guint32) data[3] << 24);

      crc = tables[7][low & 255] ^ tables[6][low >> 8 & 255] ^ tables[5][low >> 16 & 255] ^
            tables[4][low >> 24] ^ tables[3][data[4]] ^ tables[2][data[5]] ^ tables[1][data[6]] ^
            tables[0][data[7]];
    }
  for (; length > 0; length--, data++)
    crc = crc >> 8 ^ tables[0][(crc ^ *data) & 255];
  return ~crc;
}

static void
put (GByteArray *out, guint64 value, int n_bytes)
{
  for (int i = 0; i < n_bytes; i++)
    {
      guint8 byte = value >> (8 * i) & 255;

      g_byte_array_append (out, &byte, 1);
    }
}

static void
put_local (GByteArray *out, const Entry *entry)
{
  gboolean large = entry->size >= LIMIT32;
  gsize name_length = strlen (entry->name);

  put (out, 0x04034b50, 4);
  put (out, large ? 45 : 20, 2);
  put (out, 0x0800, 2); /* the name is UTF-8 */
  put (out, 0, 2);      /* stored */
  put (out, 0, 2);
  put (out, DOS_EPOCH, 2);
  put (out, entry->crc, 4);
  put (out, large ? LIMIT32 : entry->size, 4);
  put (out, large ? LIMIT32 : entry->size, 4);
  put (out, name_length, 2);
  put (out, large ? 20 : 0, 2);
  g_byte_array_append (out, (const guint8 *) entry->name, name_length);
  if (large)
    {
      put (out, 1, 2);
      put (out, 16, 2);
      put (out, entry->size, 8);
      put (out, entry->size, 8);
    }
}

static void
put_central (GByteArray *out, const Entry *entry)
{
  gboolean large = entry->size >= LIMIT32, far = entry->offset >= LIMIT32;
  gsize name_length = strlen (entry->name);
  int extra = (large ? 16 : 0) + (far ? 8 : 0);

  put (out, 0x02014b50, 4);
  put (out, 0x0300 | (extra > 0 ? 45 : 20), 2); /* made on a Unix */
  put (out, extra > 0 ? 45 : 20, 2);
  put (out, 0x0800, 2);
  put (out, 0, 2);
  put (out, 0, 2);
  put (out, DOS_EPOCH, 2);
  put (out, entry->crc, 4);
  put (out, large ? LIMIT32 : entry->size, 4);
  put (out, large ? LIMIT32 : entry->size, 4);
  put (out, name_length, 2);
  put (out, extra > 0 ? extra + 4 : 0, 2);
  put (out, 0, 2);
  put (out, 0, 2);
  put (out, 0, 2);
  put (out, (guint64) 0100644 << 16, 4);
  put (out, far ? LIMIT32 : entry->offset, 4);
  g_byte_array_append (out, (const guint8 *) entry->name, name_length);
  if (extra > 0)
    {
      put (out, 1, 2);
      put (out, extra, 2);
      if (large)
        {
          put (out, entry->size, 8);
          put (out, entry->size, 8);
        }
      if (far)
        put (out, entry->offset, 8);
    }
}

static void
put_end (GByteArray *out, gsize n, guint64 offset, guint64 size)
{
  if (offset >= LIMIT32 || n >= 0xffff)
    {
      put (out, 0x06064b50, 4);
      put (out, 44, 8);
      put (out, 0x032d, 2);
      put (out, 45, 2);
      put (out, 0, 4);
      put (out, 0, 4);
      put (out, n, 8);
      put (out, n, 8);
      put (out, size, 8);
      put (out, offset, 8);
      put (out, 0x07064b50, 4);
      put (out, 0, 4);
      put (out, offset + size, 8);
      put (out, 1, 4);
    }
  put (out, 0x06054b50, 4);
  put (out, 0, 2);
  put (out, 0, 2);
  put (out, MIN (n, 0xffff), 2);
  put (out, MIN (n, 0xffff), 2);
  put (out, size, 4);
  put (out, MIN (offset, LIMIT32), 4);
  put (out, 0, 2);
}

gboolean
tap_npz_save (const TapNpzEntry *entries, gsize n, const char *path, GError **error)
{
  g_autoptr (GArray) list = g_array_new (FALSE, TRUE, sizeof (Entry));
  g_autoptr (GPtrArray) heads =
    g_ptr_array_new_with_free_func ((GDestroyNotify) g_byte_array_unref);
  g_autoptr (GByteArray) directory = g_byte_array_new ();
  g_autofree TapPiece *pieces = g_new0 (TapPiece, 3 * n + 1);
  guint64 offset = 0;

  g_array_set_clear_func (list, entry_clear);
  g_array_set_size (list, (guint) n);
  for (gsize i = 0; i < n; i++)
    {
      Entry *entry = &g_array_index (list, Entry, i);
      GByteArray *head = g_byte_array_new ();
      gsize header_size;
      const guint8 *header;

      g_ptr_array_add (heads, head);
      entry->name = g_strconcat (entries[i].name, ".npy", NULL);
      entry->header = tap_npy_header (entries[i].tensor, entries[i].as_int32);
      if (!tap_npy_payload (entries[i].tensor, entries[i].as_int32, &entry->owned, &entry->payload,
                            error))
        return FALSE;
      header = g_bytes_get_data (entry->header, &header_size);
      entry->crc = crc32_update (0, header, header_size);
      entry->crc = crc32_update (entry->crc, entry->payload.data, entry->payload.length);
      entry->size = header_size + entry->payload.length;
      entry->offset = offset;
      put_local (head, entry);
      put_central (directory, entry);
      pieces[3 * i] = (TapPiece){ head->data, head->len };
      pieces[3 * i + 1] = (TapPiece){ header, header_size };
      pieces[3 * i + 2] = entry->payload;
      offset += head->len + entry->size;
    }
  put_end (directory, n, offset, directory->len);
  pieces[3 * n] = (TapPiece){ directory->data, directory->len };
  return tap_file_write (path, pieces, 3 * n + 1, error);
}
