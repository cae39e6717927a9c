/* tap-grid.h - many maps as a grid: geometry, order, and drawing
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pure geometry plus Cairo; the widget asks it which tile is under the pointer, export draws the same. */
#pragma once

#include "render/tap-colormap.h"

G_BEGIN_DECLS

typedef enum
{
  TAP_GRID_SCALE_SHARED, /* one colour range for all tiles */
  TAP_GRID_SCALE_EACH,   /* each tile its own */
} TapGridScale;

typedef enum
{
  TAP_GRID_BY_INDEX,
  TAP_GRID_BY_STRENGTH, /* mean, descending; filters: L2 norm */
} TapGridOrder;

typedef struct
{
  int n_tiles, columns, rows;
  int map_width, map_height;           /* cells */
  double tile_width, tile_height, gap; /* drawing units */
  double width, height;                /* of the whole grid */
} TapGridLayout;

/* Tiles as large as fit @width × @height but at least @min_tile units wide (then the grid is taller than @height and scrolls);
 * whole multiples of the map size when larger than it. columns 0: chosen. */
void tap_grid_layout (TapGridLayout *layout,
                      int n_tiles,
                      int map_width,
                      int map_height,
                      double width,
                      double height,
                      double min_tile,
                      int columns);
/* Tile number (place, not unit) at a point, or -1; cell within the tile in @cell_x, @cell_y (nullable). */
int tap_grid_hit (const TapGridLayout *layout, double x, double y, int *cell_x, int *cell_y);
void tap_grid_tile_rect (const TapGridLayout *layout, int place, double *x, double *y);
/* Unit shown at each place. (transfer full), n = number of units */
int *tap_grid_order (const TapArray *array, TapGridOrder order);
/* One unit of a STACK, RGB_STACK or MAP array as a surface of map size. */
cairo_surface_t *tap_grid_tile (const TapArray *array,
                                int unit,
                                TapColormap colormap,
                                TapGridScale scale,
                                TapRange shared);
/* Everything into @cr at its current origin. */
void tap_grid_draw (cairo_t *cr,
                    const TapGridLayout *layout,
                    const TapArray *array,
                    const int *order,
                    TapColormap colormap,
                    TapGridScale scale,
                    TapRange shared);
/* rows columns of a stack array: n units, width, height */
gboolean tap_grid_array_size (const TapArray *array, int *n_units, int *map_width, int *map_height);

G_END_DECLS
