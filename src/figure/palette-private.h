/* palette-private.h - few colours for many pixels
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define TAP_PALETTE_MAX 255

typedef struct
{
  int n;
  gboolean exact; /* every colour of the pixels is in the table */
  guint8 rgb[TAP_PALETTE_MAX][3];
  gpointer finder;
  /* index of the nearest colour for each colour of 6 bits a channel; 0xffff: not asked yet */
  guint16 *nearest;
} TapPalette;

/* Colours for the pixels (0xRRGGBB) whose @wanted is set; @wanted NULL: all. */
void tap_palette_init (TapPalette *self, const guint32 *pixels, const guint8 *wanted, gsize n);
void tap_palette_clear (TapPalette *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TapPalette, tap_palette_clear)
/* Index of a colour that is (nearly) the nearest. */
int tap_palette_find (TapPalette *self, guint32 pixel);
/* Squared distance of two colours. */
int tap_colour_distance (guint32 a, guint32 b);

G_END_DECLS
