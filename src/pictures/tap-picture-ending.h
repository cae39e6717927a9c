/* tap-picture-ending.h - whether a picture file has come to its end, inside this room only
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum
{
  TAP_ENDING_UNKNOWN, /* before the first bytes */
  TAP_ENDING_PNG,
  TAP_ENDING_JPEG,
  TAP_ENDING_BMP,
  TAP_ENDING_OTHER, /* the decoder itself complains */
} TapEndingKind;

typedef struct
{
  TapEndingKind kind;
  gboolean complete;
  guint64 skip; /* bytes of no interest that follow */
  guint8 field[8];
  gsize n_field;
  gsize in_field; /* JPEG: 0 between markers, 1 after 0xff, 2 in a length */
} TapEnding;

/* Bytes of the file in order, in pieces of any size but the first, which has 34 or is all. */
void tap_ending_feed (TapEnding *self, const guint8 *bytes, gsize n);

G_END_DECLS
