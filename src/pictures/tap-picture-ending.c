/* tap-picture-ending.c - whether a picture file has come to its end
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Decoders that are made to show pictures while they arrive do not mind when the rest never comes. Here half
 * a picture has to be an error, so the skeleton of the common formats is followed: the chunks of PNG up to
 * IEND, the segments of JPEG up to its end marker (and not that of a thumbnail inside a segment), and of BMP
 * as many bytes as its rows take. */
#include "config.h"

#include "pictures/tap-picture-ending.h"

#include <string.h>

static guint32
little_endian (const guint8 *bytes)
{
  return (guint32) bytes[0] | (guint32) bytes[1] << 8 | (guint32) bytes[2] << 16 |
         (guint32) bytes[3] << 24;
}

/* Header, palette, and rows padded to whole words. */
static guint64
bmp_size (const guint8 *head)
{
  guint64 width = little_endian (head + 18);
  gint32 height = (gint32) little_endian (head + 22); /* negative: top row first */
  guint64 depth = head[28];

  return little_endian (head + 10) +
         (width * depth + 31) / 32 * 4 * (guint64) ABS ((gint64) height);
}

static TapEndingKind
kind_of (const guint8 *head, gsize n)
{
  if (n >= 8 && memcmp (head, "\x89PNG\r\n\x1a\n", 8) == 0)
    return TAP_ENDING_PNG;
  if (n >= 3 && memcmp (head, "\xff\xd8\xff", 3) == 0)
    return TAP_ENDING_JPEG;
  /* Uncompressed only, with the common long header: run lengths may leave rows out. */
  if (n >= 34 && memcmp (head, "BM", 2) == 0 && little_endian (head + 14) >= 40 &&
      little_endian (head + 30) == 0)
    return TAP_ENDING_BMP;
  return TAP_ENDING_OTHER;
}

static void
feed_png (TapEnding *self, guint8 byte)
{
  self->field[self->n_field++] = byte;
  if (self->n_field < 8)
    return;

  self->n_field = 0;
  self->complete = memcmp (self->field + 4, "IEND", 4) == 0;
  self->skip = ((guint64) self->field[0] << 24 | (guint64) self->field[1] << 16 |
                (guint64) self->field[2] << 8 | self->field[3]) +
               4; /* data and checksum */
}

static void
feed_jpeg (TapEnding *self, guint8 byte)
{
  switch (self->in_field)
    {
    case 0: /* between segments, or in the scan: only 0xff matters */
      self->in_field = byte == 0xff ? 1 : 0;
      break;

    case 1:
      if (byte == 0xff) /* fill byte */
        break;
      self->complete = byte == 0xd9;
      /* stuffed zero, start, restart and the parameterless TEM carry no length */
      self->in_field = byte <= 0x01 || (byte >= 0xd0 && byte <= 0xd9) ? 0 : 2;
      self->n_field = 0;
      break;

    default:
      self->field[self->n_field++] = byte;
      if (self->n_field == 2)
        {
          gsize length = (gsize) self->field[0] << 8 | self->field[1];

          self->skip = length > 2 ? length - 2 : 0;
          self->in_field = 0;
        }
      break;
    }
}

void
tap_ending_feed (TapEnding *self, const guint8 *bytes, gsize n)
{
  gsize at = 0;

  if (self->kind == TAP_ENDING_UNKNOWN)
    {
      self->kind = kind_of (bytes, n);
      self->skip = self->kind == TAP_ENDING_PNG ? 8 :
                   self->kind == TAP_ENDING_BMP ? bmp_size (bytes) :
                                                  0;
    }
  if (self->kind == TAP_ENDING_OTHER)
    return;

  while (at < n && !self->complete)
    {
      gsize step = (gsize) MIN (self->skip, (guint64) (n - at));

      at += step;
      self->skip -= step;
      if (self->kind == TAP_ENDING_BMP)
        self->complete = self->skip == 0;
      if (at == n || self->complete)
        break;
      if (self->kind == TAP_ENDING_PNG)
        feed_png (self, bytes[at++]);
      else
        feed_jpeg (self, bytes[at++]);
    }
}
