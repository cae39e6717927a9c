/* conv-block.c - the input of a convolution laid out for the direct kernels
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "engine/cpu/conv-block.h"

void
tap_conv_geometry (const TapWindow *window, int channels, TapConvGeometry *g)
{
  const TapWindow *w = window;
  gboolean padded = w->pad_top > 0 || w->pad_left > 0;

  /* Whatever is said of the far pads, what counts is whether a window reaches beyond the input. */
  if ((gint64) (w->out_h - 1) * w->stride_h - w->pad_top +
          (gint64) (w->kernel_h - 1) * w->dilation_h >=
        w->in_h ||
      (gint64) (w->out_w - 1) * w->stride_w - w->pad_left +
          (gint64) (w->kernel_w - 1) * w->dilation_w >=
        w->in_w)
    padded = TRUE;
  g->window = *w;
  g->channels = channels;
  g->plane = (gsize) w->in_h * (gsize) w->in_w;
  g->direct = !padded && w->stride_w == 1;
  g->flat = g->direct && w->kernel_h == 1 && w->kernel_w == 1 && w->stride_h == 1 &&
            w->pad_top == 0 && w->pad_left == 0 && w->in_w == w->out_w;
  g->rows_packed = w->dilation_h == 1 && w->kernel_h < w->stride_h;
  g->row_step = g->rows_packed ? w->kernel_h : w->stride_h;
  g->row_extent = g->rows_packed ? w->kernel_h : (w->kernel_h - 1) * w->dilation_h + 1;
  g->phases = w->dilation_w == 1 ? MIN (w->stride_w, w->kernel_w) : w->stride_w;
}

/* Columns of each phase that @width outputs see. */
static gsize
phase_length (const TapConvGeometry *g, int width)
{
  const TapWindow *w = &g->window;

  return (gsize) (width - 1) + (gsize) ((w->kernel_w - 1) * w->dilation_w) / (gsize) w->stride_w +
         1;
}

static gsize
channel_floats (const TapConvGeometry *g, int rows, int width)
{
  gsize n_rows = (gsize) (rows - 1) * (gsize) g->row_step + (gsize) g->row_extent;
  gsize n = n_rows * (gsize) g->phases * phase_length (g, width);

  /* Channels at a multiple of 4096 bytes would all fall into one set of the cache. */
  return n % 512 < 16 && n >= 512 ? n + 16 : n;
}

gsize
tap_conv_block_floats (const TapConvGeometry *g, int rows, int width)
{
  return (gsize) g->channels * channel_floats (g, rows, width);
}

void
tap_conv_taps (const TapConvGeometry *g, int width, ptrdiff_t *taps)
{
  const TapWindow *w = &g->window;
  ptrdiff_t length = (ptrdiff_t) phase_length (g, width);

  for (int r = 0; r < w->kernel_h; r++)
    for (int s = 0; s < w->kernel_w; s++)
      {
        ptrdiff_t column = (ptrdiff_t) s * w->dilation_w;

        if (g->direct)
          *taps++ = (ptrdiff_t) r * w->dilation_h * w->in_w + column;
        else
          *taps++ = ((ptrdiff_t) r * w->dilation_h * g->phases + column % w->stride_w) * length +
                    column / w->stride_w;
      }
}

void
tap_conv_block_fill (const TapConvGeometry *g,
                     const TapSimd *simd,
                     const TapRect *rect,
                     const float *x,
                     int first,
                     int last,
                     float *block)
{
  const TapWindow *w = &g->window;
  gsize length = phase_length (g, rect->width);
  gsize row_floats = (gsize) g->phases * length;
  gsize per_channel = channel_floats (g, rect->height, rect->width);
  int n_rows = (rect->height - 1) * g->row_step + g->row_extent;
  gint64 left = (gint64) rect->x * w->stride_w - w->pad_left;

  for (int c = first; c < last; c++)
    for (int i = 0; i < n_rows; i++)
      {
        gint64 row = g->rows_packed ?
                       (gint64) (rect->y + i / g->row_step) * w->stride_h + i % g->row_step :
                       (gint64) rect->y * w->stride_h + i;
        float *to = block + (gsize) c * per_channel + (gsize) i * row_floats;

        row -= w->pad_top;
        if (row < 0 || row >= w->in_h)
          memset (to, 0, row_floats * sizeof (float));
        else
          for (int p = 0; p < g->phases; p++)
            simd->conv_fill (to + (gsize) p * length, length,
                             x + (gsize) c * g->plane + (gsize) row * (gsize) w->in_w, left + p,
                             (gsize) w->stride_w, (gsize) w->in_w);
      }
}

TapConvBlock
tap_conv_block_part (const TapConvGeometry *g,
                     const TapRect *whole,
                     const TapRect *rect,
                     const float *block)
{
  gsize row_floats = (gsize) g->phases * phase_length (g, whole->width);
  TapConvBlock part = {
    .x_row = (gsize) g->row_step * row_floats,
    .x_channel = channel_floats (g, whole->height, whole->width),
  };

  part.x = block + (gsize) (rect->y - whole->y) * part.x_row + (gsize) (rect->x - whole->x);
  return part;
}
