/* tap-panels.c - a result as a figure: captioned panels with colour bars and legends
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One plan serves measuring and drawing. From top to bottom: title (the sentence), the panels in rows,
 * the most probable classes where there are any, and one small line that says how to make the figure
 * again. The colour range of every panel is printed beside it. */
#include "config.h"

#include "render/tap-panels.h"

#include "render/draw-private.h"
#include "render/tap-plot.h"

#include <math.h>
#include <string.h>

/* drawing units */
#define MARGIN        20.0
#define GUTTER        24.0
#define CAPTION       22.0
#define BAR_WIDTH     12.0
#define BAR_ROOM      66.0
#define LEGEND_ROOM   170.0
#define LEGEND_ROW    17.0
#define LEGEND_MAX    16
#define MAP_SIDE      240.0
#define GRID_WIDTH    760.0
#define GRID_SIDE_MAX 8000.0
#define TITLE_SIZE    13.0
#define TEXT_SIZE     11.0
#define SMALL_SIZE    9.0
#define TITLE_LINES   3

typedef enum
{
  PANEL_PICTURE,
  PANEL_MAP,
  PANEL_CLASSES,
  PANEL_GRID,
  PANEL_VECTOR,
} PanelKind;

typedef struct
{
  PanelKind kind;
  const TapArray *array; /* NULL for the picture */
  const char *caption;
  double x, y, width, height; /* of the map itself; caption above, bar or legend right */
  double side;                /* room to the right for bar or legend */
  TapGridLayout grid;
} Panel;

typedef struct
{
  Panel *panels;
  int n;
  double width, height;
  double title_y, recipe_y;
  guint32 paper, text, quiet;
} Plan;

void
tap_panels_options_init (TapPanelsOptions *options)
{
  memset (options, 0, sizeof *options);
  options->colormap = TAP_COLORMAP_VIRIDIS;
  options->scale = TAP_GRID_SCALE_SHARED;
  options->order = TAP_GRID_BY_INDEX;
  options->captions = TRUE;
}

static void
plan_clear (Plan *plan)
{
  g_free (plan->panels);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Plan, plan_clear)

static gboolean
is_drawable (const TapArray *array)
{
  int n, w, h;

  if (array->kind == TAP_ARRAY_VECTOR)
    return array->tensor != NULL && array->tensor->dtype == TAP_DTYPE_F32 &&
           array->tensor->count > 0;
  return tap_grid_array_size (array, &n, &w, &h);
}

static PanelKind
kind_of (const TapArray *array)
{
  int n, w, h;

  switch (array->kind)
    {
    case TAP_ARRAY_CLASSES:
      return PANEL_CLASSES;
    case TAP_ARRAY_VECTOR:
      return PANEL_VECTOR;
    case TAP_ARRAY_MAP:
      return PANEL_MAP;
    case TAP_ARRAY_STACK:
    case TAP_ARRAY_RGB_STACK:
    default:
      return tap_grid_array_size (array, &n, &w, &h) && n == 1 && array->kind == TAP_ARRAY_STACK ?
               PANEL_MAP :
               PANEL_GRID;
    }
}

/* Sets the size of the map; its place comes later. */
static void
size_panel (Panel *panel, const TapPanelsOptions *options, double grid_width)
{
  int n = 1, w = 1, h = 1;
  double aspect;

  if (panel->kind == PANEL_VECTOR)
    {
      panel->width = MAP_SIDE * 2;
      panel->height = MAP_SIDE * 0.6;
      return;
    }
  if (panel->kind == PANEL_PICTURE)
    {
      w = options->picture_width;
      h = options->picture_height;
    }
  else
    tap_grid_array_size (panel->array, &n, &w, &h);
  if (panel->kind == PANEL_GRID)
    {
      tap_grid_layout (&panel->grid, n, w, h, grid_width, grid_width * 0.85, 18, 0);
      if (panel->grid.height > GRID_SIDE_MAX)
        tap_grid_layout (&panel->grid, n, w, h, grid_width, GRID_SIDE_MAX, 2, 0);
      panel->width = panel->grid.width;
      panel->height = panel->grid.height;
      panel->side =
        panel->array->kind == TAP_ARRAY_RGB_STACK || options->scale == TAP_GRID_SCALE_EACH ?
          0 :
          BAR_ROOM;
      return;
    }
  aspect = CLAMP (h / (double) w, 0.05, 20);
  panel->width = aspect <= 1 ? MAP_SIDE : MAP_SIDE / aspect;
  panel->height = aspect <= 1 ? MAP_SIDE * aspect : MAP_SIDE;
  panel->side = panel->kind == PANEL_PICTURE ? 0 :
                panel->kind == PANEL_CLASSES ? LEGEND_ROOM :
                                               BAR_ROOM;
}

static void
add_panel (Plan *plan, PanelKind kind, const TapArray *array, const char *caption)
{
  Panel *panel = &plan->panels[plan->n++];

  memset (panel, 0, sizeof *panel);
  panel->kind = kind;
  panel->array = array;
  panel->caption = caption;
}

/* Maps stand in columns: two for four, three for more, fewer where a width is asked for that holds fewer.
 * A grid has a row to itself. */
static void
place_panels (Plan *plan, const TapPanelsOptions *options)
{
  double caption = options->captions ? CAPTION : 0;
  double columns[3] = { 0 }, widest = 0, y = plan->height, row_height = 0;
  int per_row = plan->n == 4 ? 2 : 3;

  for (int i = 0; i < plan->n; i++)
    if (plan->panels[i].kind != PANEL_GRID)
      widest = MAX (widest, plan->panels[i].width + plan->panels[i].side);
  if (options->width > 0 && widest > 0)
    per_row =
      CLAMP ((int) ((options->width - 2 * MARGIN + GUTTER) / (widest + GUTTER)), 1, per_row);

  /* widths of the columns first, then places */
  for (int pass = 0; pass < 2; pass++)
    for (int i = 0, column = 0; i < plan->n; i++)
      {
        Panel *panel = &plan->panels[i];
        gboolean alone = panel->kind == PANEL_GRID;

        if (i == 0)
          row_height = 0;
        if (column == per_row || (alone && column > 0))
          {
            y += pass > 0 ? row_height + GUTTER : 0;
            row_height = 0;
            column = 0;
          }
        if (pass == 0 && !alone)
          columns[column] = MAX (columns[column], panel->width + panel->side);
        panel->x = MARGIN;
        for (int c = 0; c < column; c++)
          panel->x += columns[c] + GUTTER;
        panel->y = y + caption;
        row_height = MAX (row_height, panel->height + caption);
        plan->width = MAX (plan->width, panel->x + panel->width + panel->side + MARGIN);
        column = alone ? per_row : column + 1;
      }
  plan->height = y + row_height;
}

static TapTextStyle
title_style (const Plan *plan)
{
  return (TapTextStyle){ .size = TITLE_SIZE,
                         .bold = TRUE,
                         .ellipsize = PANGO_ELLIPSIZE_END,
                         .colour = plan->text,
                         .lines = TITLE_LINES };
}

static void
make_plan (Plan *plan, const TapResult *result, const TapPanelsOptions *options)
{
  double wanted = options->width > 0 ? options->width : GRID_WIDTH + BAR_ROOM + 2 * MARGIN;
  gboolean has_grid = FALSE;
  double above;

  memset (plan, 0, sizeof *plan);
  plan->paper = options->dark ? 0x242426 : 0xffffff;
  plan->text = options->dark ? 0xf2f2f3 : 0x1f2024;
  plan->quiet = options->dark ? 0xb6b9c0 : 0x595d66;
  plan->panels = g_new0 (Panel, result->arrays->len + 2);
  for (guint i = 0; i < result->arrays->len; i++)
    if (is_drawable (g_ptr_array_index (result->arrays, i)))
      has_grid = has_grid || kind_of (g_ptr_array_index (result->arrays, i)) == PANEL_GRID;
  if (!has_grid && options->picture != NULL && options->picture_width > 0 &&
      options->picture_height > 0)
    add_panel (plan, PANEL_PICTURE, NULL, "Picture");
  for (guint i = 0; i < result->arrays->len; i++)
    {
      const TapArray *array = g_ptr_array_index (result->arrays, i);

      if (is_drawable (array))
        add_panel (plan, kind_of (array), array, array->title != NULL ? array->title : array->name);
    }
  for (int i = 0; i < plan->n; i++)
    size_panel (&plan->panels[i], options, MAX (wanted - BAR_ROOM - 2 * MARGIN, 120));

  plan->height = 0;
  place_panels (plan, options);
  plan->width = MAX (plan->width, options->captions ? 320 : 2 * MARGIN);
  /* the sentence is as wide as the panels, and moves them down by its height */
  plan->title_y = MARGIN;
  above = MARGIN;
  if (options->captions && result->sentence != NULL)
    {
      const TapTextStyle title = title_style (plan);

      above += tap_text_height (result->sentence, plan->width - 2 * MARGIN, &title) + TITLE_SIZE;
    }
  for (int i = 0; i < plan->n; i++)
    plan->panels[i].y += above;
  plan->height += above;
  if (options->captions)
    {
      plan->recipe_y = plan->height + GUTTER * 0.7;
      plan->height = plan->recipe_y + SMALL_SIZE * 1.5;
    }
  plan->height += MARGIN;
}

void
tap_panels_measure (const TapResult *result,
                    const TapPanelsOptions *options,
                    double *width,
                    double *height)
{
  g_auto (Plan) plan;

  make_plan (&plan, result, options);
  *width = ceil (plan.width);
  *height = ceil (plan.height);
}

/* --- colour bars and legends -------------------------------------------------------------- */

static void
draw_bar (cairo_t *cr,
          PangoLayout *layout,
          const Plan *plan,
          const Panel *panel,
          TapColormap colormap,
          TapRange range)
{
  const TapTextStyle tick = { .size = SMALL_SIZE + 1, .colour = plan->quiet };
  double height = MIN (panel->height, MAP_SIDE * 1.5), x = panel->x + panel->width + 10;
  float ramp[256];
  cairo_surface_t *surface;

  for (int i = 0; i < 256; i++)
    ramp[i] = (255 - i) / 255.0f;
  surface = tap_colormap_render (colormap, (TapRange){ 0, 1 }, ramp, 1, 256);
  tap_draw_cells (cr, surface, x, panel->y, BAR_WIDTH, height);
  cairo_surface_destroy (surface);
  cairo_rectangle (cr, x + 0.25, panel->y + 0.25, BAR_WIDTH - 0.5, height - 0.5);
  tap_set_colour (cr, plan->quiet, 0.7);
  cairo_set_line_width (cr, 0.5);
  cairo_stroke (cr);
  for (int i = 0; i < 3; i++)
    {
      double value = range.max - i * 0.5 * ((double) range.max - range.min);
      double y = panel->y + i * 0.5 * height;
      g_autofree char *text =
        tap_plot_number (fabs (value) < 1e-6 * fabs ((double) range.max) ? 0 : value);

      cairo_rectangle (cr, x + BAR_WIDTH, CLAMP (y - 0.4, panel->y, panel->y + height - 0.8), 3,
                       0.8);
      tap_set_colour (cr, plan->quiet, 1);
      cairo_fill (cr);
      if (height >= 40 || i != 1)
        tap_text_draw (cr, layout, text, x + BAR_WIDTH + 6,
                       y - (i == 0 ? 2 :
                            i == 1 ? 6.5 :
                                     11),
                       -1, &tick);
    }
}

typedef struct
{
  int index, count;
} Present;

static int
compare_present (gconstpointer a, gconstpointer b)
{
  const Present *first = a, *second = b;

  if (first->count != second->count)
    return second->count - first->count;
  return first->index - second->index;
}

/* Classes of the map, the most frequent first. (element-type Present) */
static GArray *
list_present (const TapArray *array)
{
  g_autoptr (GHashTable) counts = g_hash_table_new (NULL, NULL);
  GArray *list = g_array_new (FALSE, FALSE, sizeof (Present));
  const float *values = tap_tensor_f32 (array->tensor);
  GHashTableIter iter;
  gpointer key, count;

  for (gsize i = 0; i < array->tensor->count; i++)
    if (isfinite (values[i]) && fabsf (values[i]) < 1e9f)
      {
        key = GINT_TO_POINTER ((int) lrintf (values[i]));
        count = g_hash_table_lookup (counts, key);
        g_hash_table_insert (counts, key, GINT_TO_POINTER (GPOINTER_TO_INT (count) + 1));
      }
  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &key, &count))
    {
      Present present = { GPOINTER_TO_INT (key), GPOINTER_TO_INT (count) };

      g_array_append_val (list, present);
    }
  g_array_sort (list, compare_present);
  return list;
}

static void
draw_legend (cairo_t *cr,
             PangoLayout *layout,
             const Plan *plan,
             const Panel *panel,
             const TapResult *result)
{
  g_autoptr (GArray) present = list_present (panel->array);
  const TapTextStyle name = { .size = TEXT_SIZE - 1,
                              .ellipsize = PANGO_ELLIPSIZE_END,
                              .colour = plan->text };
  const TapTextStyle more = { .size = SMALL_SIZE, .colour = plan->quiet };
  int room = MAX (1, MIN (LEGEND_MAX, (int) (panel->height / LEGEND_ROW)));
  int shown = (int) present->len <= room ? (int) present->len : room - 1;
  double x = panel->x + panel->width + 12;

  for (int i = 0; i < shown; i++)
    {
      const Present *entry = &g_array_index (present, Present, i);
      double y = panel->y + i * LEGEND_ROW;
      g_autofree char *label = result->model != NULL && result->model->labels != NULL ?
                                 tap_labels_dup_short_name (result->model->labels, entry->index) :
                                 g_strdup_printf ("%d", entry->index);

      tap_rounded (cr, x, y + 1, 12, 12, 3);
      tap_set_colour (cr, tap_colormap_category (entry->index) & 0xffffff, 1);
      cairo_fill (cr);
      tap_text_draw (cr, layout, label, x + 18, y, LEGEND_ROOM - 34, &name);
    }
  if (shown < (int) present->len)
    {
      g_autofree char *text = g_strdup_printf ("and %d more", (int) present->len - shown);

      tap_text_draw (cr, layout, text, x + 18, panel->y + shown * LEGEND_ROW + 1, LEGEND_ROOM - 34,
                     &more);
    }
}

/* --- panels ------------------------------------------------------------------------------- */

static void
draw_vector (cairo_t *cr, const Plan *plan, const Panel *panel)
{
  const float *values = tap_tensor_f32 (panel->array->tensor);
  gsize n = panel->array->tensor->count;
  gsize columns = MIN (n, (gsize) panel->width);
  TapRange range = tap_range_for_array (panel->array);
  double low = MIN (range.min, 0), high = MAX (range.max, 0), zero;

  if (high <= low)
    high = low + 1;
  zero = panel->y + panel->height * high / (high - low);
  /* of values that share a column the largest is shown */
  for (gsize c = 0; c < columns; c++)
    {
      gsize from = c * n / columns, to = (c + 1) * n / columns;
      double value = 0, y;

      for (gsize i = from; i < to; i++)
        if (isfinite (values[i]) && fabs (values[i]) > fabs (value))
          value = values[i];
      y = panel->y + panel->height * (high - value) / (high - low);
      cairo_rectangle (cr, panel->x + c * panel->width / columns, MIN (y, zero),
                       MAX (panel->width / columns * 0.85, 0.5), fabs (zero - y));
    }
  tap_set_colour (cr, 0x3584e4, 1);
  cairo_fill (cr);
  cairo_rectangle (cr, panel->x, zero, panel->width, 0.8);
  tap_set_colour (cr, plan->quiet, 1);
  cairo_fill (cr);
}

static void
draw_panel (cairo_t *cr,
            PangoLayout *layout,
            const Plan *plan,
            const Panel *panel,
            const TapResult *result,
            const TapPanelsOptions *options)
{
  const TapTextStyle caption = { .size = TEXT_SIZE,
                                 .bold = TRUE,
                                 .ellipsize = PANGO_ELLIPSIZE_END,
                                 .colour = plan->text };
  TapColormap colormap = options->colormap;
  TapRange range = { 0, 1 };
  cairo_surface_t *surface = NULL;

  if (options->captions && panel->caption != NULL)
    tap_text_draw (cr, layout, panel->caption, panel->x, panel->y - CAPTION + 3,
                   panel->width + MAX (panel->side - 8, 0), &caption);
  if (panel->array != NULL)
    {
      range = tap_range_for_array (panel->array);
      colormap = panel->array->signed_range ? TAP_COLORMAP_RDBU : colormap;
    }
  switch (panel->kind)
    {
    case PANEL_PICTURE:
      surface =
        tap_render_picture (options->picture, options->picture_width, options->picture_height);
      break;
    case PANEL_MAP:
    case PANEL_CLASSES:
      surface = tap_panels_array_surface (panel->array, colormap);
      break;
    case PANEL_GRID:
      {
        g_autofree int *order = tap_grid_order (panel->array, options->order);

        cairo_save (cr);
        cairo_translate (cr, panel->x, panel->y);
        tap_grid_draw (cr, &panel->grid, panel->array, order, colormap, options->scale, range);
        cairo_restore (cr);
        break;
      }
    case PANEL_VECTOR:
    default:
      draw_vector (cr, plan, panel);
      break;
    }
  if (surface != NULL)
    {
      if (panel->kind == PANEL_PICTURE)
        tap_draw_picture (cr, surface, panel->x, panel->y, panel->width, panel->height);
      else
        tap_draw_cells (cr, surface, panel->x, panel->y, panel->width, panel->height);
      cairo_surface_destroy (surface);
    }
  if (panel->kind == PANEL_CLASSES)
    draw_legend (cr, layout, plan, panel, result);
  else if (panel->side > 0)
    draw_bar (cr, layout, plan, panel, colormap, range);
}

/* What was looked at, and how: enough to ask for the same figure on the command line. */
static char *
recipe_line (const TapResult *result)
{
  GString *line = g_string_new (result->method);

  if (result->model != NULL && result->model->title != NULL)
    g_string_append_printf (line, " · %s", result->model->title);
  if (result->picture != NULL)
    {
      g_autofree char *name = g_path_get_basename (result->picture);

      g_string_append_printf (line, " · %s", name);
    }
  if (result->layer != NULL)
    g_string_append_printf (line, " · layer %s", result->layer);
  if (result->params != NULL && *result->params != '\0')
    g_string_append_printf (line, " · %s", result->params);
  g_string_append_printf (line, " · Tapetum %s", TAP_VERSION);
  return g_string_free (line, FALSE);
}

void
tap_panels_draw (cairo_t *cr, const TapResult *result, const TapPanelsOptions *options)
{
  g_auto (Plan) plan;
  g_autoptr (PangoLayout) layout = tap_text_layout (cr);

  make_plan (&plan, result, options);
  cairo_save (cr);
  cairo_rectangle (cr, 0, 0, ceil (plan.width), ceil (plan.height));
  tap_set_colour (cr, plan.paper, 1);
  cairo_fill (cr);
  if (options->captions && result->sentence != NULL)
    {
      const TapTextStyle title = title_style (&plan);

      tap_text_draw (cr, layout, result->sentence, MARGIN, plan.title_y, plan.width - 2 * MARGIN,
                     &title);
    }
  for (int i = 0; i < plan.n; i++)
    draw_panel (cr, layout, &plan, &plan.panels[i], result, options);
  if (options->captions)
    {
      const TapTextStyle small = { .size = SMALL_SIZE,
                                   .ellipsize = PANGO_ELLIPSIZE_END,
                                   .colour = plan.quiet };
      g_autofree char *line = recipe_line (result);

      tap_text_draw (cr, layout, line, MARGIN, plan.recipe_y, plan.width - 2 * MARGIN, &small);
    }
  cairo_restore (cr);
}

cairo_surface_t *
tap_panels_array_surface (const TapArray *array, TapColormap colormap)
{
  return tap_grid_tile (array, 0, colormap, TAP_GRID_SCALE_SHARED, tap_range_for_array (array));
}
