/* tap-panels.h - a result as a figure: captioned panels with colour bars and legends
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "render/tap-grid.h"

G_BEGIN_DECLS

typedef struct
{
  TapColormap colormap; /* for unsigned arrays; signed ones use RDBU */
  TapGridScale scale;
  TapGridOrder order;
  gboolean dark;
  gboolean captions;
  double width;          /* wanted width in drawing units; 0: natural */
  const guint8 *picture; /* the fitted picture to show beside or under maps (RGB), or NULL */
  int picture_width, picture_height;
} TapPanelsOptions;

void tap_panels_options_init (TapPanelsOptions *options);
/* Natural size of the figure of @result in drawing units. */
void tap_panels_measure (const TapResult *result,
                         const TapPanelsOptions *options,
                         double *width,
                         double *height);
/* activations, filters: the grid with its colour bar; occlusion: four panels, categories with a legend. Works on any cairo surface (image, SVG, PDF). */
void tap_panels_draw (cairo_t *cr, const TapResult *result, const TapPanelsOptions *options);
/* One captioned map, for the occlusion page: colours, nearest cells, no frame. */
cairo_surface_t *tap_panels_array_surface (const TapArray *array, TapColormap colormap);

G_END_DECLS
