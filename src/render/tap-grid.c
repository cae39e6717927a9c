/* tap-grid.c - many maps as a grid: geometry, order, and drawing
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "render/tap-grid.h"

#include "render/draw-private.h"

#include <math.h>
#include <string.h>

/* NCHW, row-major, float32 */

static double
gap_for (int n_tiles)
{
  return n_tiles > 1024 ? 1 : n_tiles > 144 ? 2 : n_tiles > 16 ? 3 : 6;
}

/* Whole multiples of the map's cells are crisp; smaller than the map it stays as it is. */
static double
snap (double tile, int map)
{
  return tile >= map ? floor (tile / map) * map : tile;
}

void
tap_grid_layout (TapGridLayout *layout,
                 int n_tiles,
                 int map_width,
                 int map_height,
                 double width,
                 double height,
                 double min_tile,
                 int columns)
{
  double gap = gap_for (n_tiles);
  double aspect, best = 0;
  int chosen = 1;

  memset (layout, 0, sizeof *layout);
  map_width = MAX (map_width, 1);
  map_height = MAX (map_height, 1);
  layout->map_width = map_width;
  layout->map_height = map_height;
  layout->gap = gap;
  if (n_tiles <= 0)
    return;
  width = MAX (width, 1);
  min_tile = CLAMP (min_tile, 1, width);
  aspect = map_height / (double) map_width;

  for (int c = 1; columns <= 0 && c <= n_tiles; c++)
    {
      int rows = (n_tiles + c - 1) / c;
      double by_width = (width - gap * (c - 1)) / c;
      double by_height = (height - gap * (rows - 1)) / rows / aspect;
      double tile = MIN (by_width, by_height);

      if (by_width < min_tile)
        break;
      if (tile > best)
        {
          best = tile;
          chosen = c;
        }
    }
  if (columns > 0)
    chosen = MIN (columns, n_tiles);
  else if (best < min_tile)
    chosen = CLAMP ((int) ((width + gap) / (min_tile + gap)), 1, n_tiles);
  else
    chosen = (n_tiles + (n_tiles + chosen - 1) / chosen - 1) / ((n_tiles + chosen - 1) / chosen);

  layout->n_tiles = n_tiles;
  layout->columns = chosen;
  layout->rows = (n_tiles + chosen - 1) / chosen;
  layout->tile_width = MAX ((width - gap * (chosen - 1)) / chosen, 1);
  if (columns <= 0 && best >= min_tile)
    layout->tile_width = MIN (layout->tile_width, best);
  layout->tile_width = snap (layout->tile_width, map_width);
  layout->tile_height = layout->tile_width * aspect;
  layout->width = chosen * (layout->tile_width + gap) - gap;
  layout->height = layout->rows * (layout->tile_height + gap) - gap;
}

int
tap_grid_hit (const TapGridLayout *layout, double x, double y, int *cell_x, int *cell_y)
{
  double step_x = layout->tile_width + layout->gap, step_y = layout->tile_height + layout->gap;
  double in_x, in_y;
  int column, line, place;

  if (layout->n_tiles == 0 || !(x >= 0 && y >= 0 && x < layout->width && y < layout->height))
    return -1;
  column = (int) (x / step_x);
  line = (int) (y / step_y);
  in_x = x - column * step_x;
  in_y = y - line * step_y;
  place = line * layout->columns + column;
  if (in_x >= layout->tile_width || in_y >= layout->tile_height || place >= layout->n_tiles)
    return -1;
  if (cell_x != NULL)
    *cell_x = MIN ((int) (in_x / layout->tile_width * layout->map_width), layout->map_width - 1);
  if (cell_y != NULL)
    *cell_y = MIN ((int) (in_y / layout->tile_height * layout->map_height), layout->map_height - 1);
  return place;
}

void
tap_grid_tile_rect (const TapGridLayout *layout, int place, double *x, double *y)
{
  int columns = MAX (layout->columns, 1);

  *x = (place % columns) * (layout->tile_width + layout->gap);
  *y = (place / columns) * (layout->tile_height + layout->gap);
}

gboolean
tap_grid_array_size (const TapArray *array, int *n_units, int *map_width, int *map_height)
{
  const TapShape *shape;
  int leading;
  gint64 units = 1;

  if (array == NULL || array->tensor == NULL || array->tensor->dtype != TAP_DTYPE_F32)
    return FALSE;
  shape = &array->tensor->shape;
  switch (array->kind)
    {
    case TAP_ARRAY_MAP:
    case TAP_ARRAY_CLASSES:
      leading = 0;
      break;
    case TAP_ARRAY_STACK:
      leading = shape->n_dims == 4 ? 2 : 1;
      if (shape->n_dims == 4 && shape->dims[1] != 1)
        return FALSE;
      break;
    case TAP_ARRAY_RGB_STACK:
      leading = 2;
      if (shape->n_dims == 4 && shape->dims[1] != 3)
        return FALSE;
      break;
    case TAP_ARRAY_VECTOR:
    default:
      return FALSE;
    }
  if (shape->n_dims != leading + 2)
    return FALSE;
  if (leading > 0)
    units = shape->dims[0];
  if (units < 1 || units > G_MAXINT || shape->dims[leading] < 1 ||
      shape->dims[leading] > G_MAXINT16 || shape->dims[leading + 1] < 1 ||
      shape->dims[leading + 1] > G_MAXINT16)
    return FALSE;
  *n_units = (int) units;
  *map_height = (int) shape->dims[leading];
  *map_width = (int) shape->dims[leading + 1];
  return TRUE;
}

typedef struct
{
  double strength;
  int unit;
} Ranked;

static int
compare_ranked (gconstpointer a, gconstpointer b)
{
  const Ranked *first = a, *second = b;

  if (first->strength != second->strength)
    return first->strength > second->strength ? -1 : 1;
  return first->unit - second->unit;
}

/* Filters have no strongest place, only a length. */
static gboolean
is_filters (const TapArray *array)
{
  return array->kind == TAP_ARRAY_RGB_STACK ||
         (array->name != NULL &&
          (strstr (array->name, "filter") != NULL || strstr (array->name, "weight") != NULL));
}

int *
tap_grid_order (const TapArray *array, TapGridOrder order)
{
  int n, w, h;
  gsize step;
  const float *values;
  g_autofree Ranked *ranked = NULL;
  int *units;

  if (!tap_grid_array_size (array, &n, &w, &h))
    return g_new0 (int, 1);
  units = g_new (int, n);
  for (int k = 0; k < n; k++)
    units[k] = k;
  if (order == TAP_GRID_BY_INDEX)
    return units;

  values = tap_tensor_f32 (array->tensor);
  step = array->tensor->count / n;
  ranked = g_new (Ranked, n);
  for (int k = 0; k < n; k++)
    {
      const float *tile = values + k * step;
      double sum = 0;

      if (is_filters (array))
        for (gsize i = 0; i < step; i++)
          sum += (double) tile[i] * tile[i];
      else
        for (gsize i = 0; i < step; i++)
          sum += tile[i];
      ranked[k] = (Ranked){ isnan (sum) ? -INFINITY : sum, k };
    }
  qsort (ranked, n, sizeof *ranked, compare_ranked);
  for (int k = 0; k < n; k++)
    units[k] = ranked[k].unit;
  return units;
}

static cairo_surface_t *
render_classes (const float *values, int width, int height)
{
  g_autofree guint8 *rgb = g_try_malloc_n ((gsize) width * height, 3);

  if (rgb == NULL)
    return tap_render_picture (NULL, 0, 0);
  for (gsize i = 0; i < (gsize) width * height; i++)
    {
      guint32 pixel = tap_colormap_category (
        isfinite (values[i]) && fabsf (values[i]) < 1e9f ? (int) lrintf (values[i]) : -1);

      rgb[3 * i] = pixel >> 16 & 255;
      rgb[3 * i + 1] = pixel >> 8 & 255;
      rgb[3 * i + 2] = pixel & 255;
    }
  return tap_render_picture (rgb, width, height);
}

cairo_surface_t *
tap_grid_tile (const TapArray *array,
               int unit,
               TapColormap colormap,
               TapGridScale scale,
               TapRange shared)
{
  int n, w, h;
  const float *values;
  gsize step;

  if (!tap_grid_array_size (array, &n, &w, &h) || unit < 0 || unit >= n)
    return tap_render_picture (NULL, 0, 0);
  step = array->tensor->count / n;
  values = tap_tensor_f32 (array->tensor) + unit * step;
  if (array->kind == TAP_ARRAY_CLASSES)
    return render_classes (values, w, h);
  if (scale == TAP_GRID_SCALE_EACH)
    shared = tap_range_for_values (values, step, array->signed_range);
  if (array->kind == TAP_ARRAY_RGB_STACK)
    return tap_render_rgb (shared, values, w, h);
  return tap_colormap_render (array->signed_range ? TAP_COLORMAP_RDBU : colormap, shared, values, w,
                              h);
}

/* On paper the whole grid is one picture: thousands of small ones make slow and large files. */
static void
draw_as_one (cairo_t *cr,
             const TapGridLayout *layout,
             const TapArray *array,
             const int *order,
             TapColormap colormap,
             TapGridScale scale,
             TapRange shared)
{
  double factor = MIN (3, sqrt (2.4e7 / MAX (layout->width * layout->height, 1)));
  cairo_surface_t *whole = cairo_image_surface_create (
    CAIRO_FORMAT_ARGB32, (int) ceil (layout->width * factor), (int) ceil (layout->height * factor));
  cairo_t *inner;

  if (cairo_surface_status (whole) == CAIRO_STATUS_SUCCESS)
    {
      inner = cairo_create (whole);
      cairo_scale (inner, factor, factor);
      tap_grid_draw (inner, layout, array, order, colormap, scale, shared);
      cairo_destroy (inner);
      cairo_save (cr);
      cairo_scale (cr, 1 / factor, 1 / factor);
      cairo_set_source_surface (cr, whole, 0, 0);
      cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_NEAREST);
      cairo_paint (cr);
      cairo_restore (cr);
    }
  cairo_surface_destroy (whole);
}

void
tap_grid_draw (cairo_t *cr,
               const TapGridLayout *layout,
               const TapArray *array,
               const int *order,
               TapColormap colormap,
               TapGridScale scale,
               TapRange shared)
{
  double x1, y1, x2, y2;

  if (layout->n_tiles > 24 && tap_target_is_vector (cr))
    {
      draw_as_one (cr, layout, array, order, colormap, scale, shared);
      return;
    }
  cairo_clip_extents (cr, &x1, &y1, &x2, &y2);
  for (int place = 0; place < layout->n_tiles; place++)
    {
      cairo_surface_t *tile;
      double x, y;

      tap_grid_tile_rect (layout, place, &x, &y);
      if (x >= x2 || y >= y2 || x + layout->tile_width <= x1 || y + layout->tile_height <= y1)
        continue;
      tile = tap_grid_tile (array, order != NULL ? order[place] : place, colormap, scale, shared);
      tap_draw_cells (cr, tile, x, y, layout->tile_width, layout->tile_height);
      cairo_surface_destroy (tile);
    }
}
