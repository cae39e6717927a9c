/* tap-colormap.h - numbers to colours
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-result.h"
#include <cairo.h>

G_BEGIN_DECLS

typedef enum
{
  TAP_COLORMAP_VIRIDIS, /* default, sequential */
  TAP_COLORMAP_CIVIDIS,
  TAP_COLORMAP_MAGMA,
  TAP_COLORMAP_GREY,
  TAP_COLORMAP_YLORRD, /* as albioTQ's class map */
  TAP_COLORMAP_RDBU,   /* diverging, centred on 0: signed data */
  TAP_COLORMAP_JET,    /* legacy */
  TAP_N_COLORMAPS
} TapColormap;

typedef struct
{
  float min, max;
} TapRange;

const char *tap_colormap_id (TapColormap self);    /* "viridis" */
const char *tap_colormap_title (TapColormap self); /* N_() */
TapColormap tap_colormap_find (const char *id, TapColormap fallback);
/* 0xffRRGGBB; @t is clamped to 0..1; NaN gives magenta. */
guint32 tap_colormap_pixel (TapColormap self, float t);
/* Distinct colours for classes, stable by index; readable on light and dark. */
guint32 tap_colormap_category (int index);
/* Colour range of an array: its natural one, else from the data (symmetric about 0 when signed). */
TapRange tap_range_for_array (const TapArray *array);
TapRange tap_range_for_values (const float *values, gsize n, gboolean is_signed);

/* [h,w] floats to an opaque ARGB32 image surface of w×h; stride in floats. (transfer full) */
cairo_surface_t *
tap_colormap_render (TapColormap self, TapRange range, const float *values, int width, int height);
/* [3,h,w] floats to RGB: per tile (value - min) / (max - min). */
cairo_surface_t *tap_render_rgb (TapRange range, const float *values, int width, int height);
/* 8-bit RGB picture (TapPicture pixels) to a surface. */
cairo_surface_t *tap_render_picture (const guint8 *rgb, int width, int height);

G_END_DECLS
