/* conv-block.h - the input of a convolution laid out for the direct kernels
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The kernels want the pixels of neighbouring outputs one float apart and know nothing of borders. A
 * block holds what some output rows and columns see: padding as zeros, and rows split by phase where
 * the stride is more than one (columns 0, s, 2s … first, then 1, s + 1 …). Pads may be below zero:
 * windows that begin within the input, as the phases of an adjoint have them. */
#pragma once

#include "engine/cpu/tap-cpu.h"

G_BEGIN_DECLS

#define TAP_MAX_TAPS 1024

typedef struct
{
  TapWindow window;
  int channels;         /* of one group */
  gsize plane;          /* floats from a channel of the input to the next */
  gboolean direct;      /* the input itself will do: no padding, no column stride */
  gboolean flat;        /* 1×1, stride 1, all of each row: rows may be run together */
  int row_step;         /* block rows from one output row to the next */
  int row_extent;       /* block rows that one output row sees */
  gboolean rows_packed; /* only the rows that some tap sees are there */
  int phases;           /* column phases that are there */
} TapConvGeometry;

typedef struct
{
  const float *x;
  gsize x_row, x_channel;
} TapConvBlock;

void tap_conv_geometry (const TapWindow *window, int channels, TapConvGeometry *g);
/* Floats of a block for this many output rows and columns. */
gsize tap_conv_block_floats (const TapConvGeometry *g, int rows, int width);
/* Offsets of the taps, for blocks of @width output columns. */
void tap_conv_taps (const TapConvGeometry *g, int width, ptrdiff_t *taps);
/* Copies what @rect of the outputs sees of channels @first .. @last - 1 of a group that begins at @x. */
void tap_conv_block_fill (const TapConvGeometry *g,
                          const TapSimd *simd,
                          const TapRect *rect,
                          const float *x,
                          int first,
                          int last,
                          float *block);
/* The part of a block made for @whole that @rect sees. */
TapConvBlock tap_conv_block_part (const TapConvGeometry *g,
                                  const TapRect *whole,
                                  const TapRect *rect,
                                  const float *block);

G_END_DECLS
