/* draw.c - what every drawing in this room needs: text, rounded boxes, crisp maps
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "render/draw-private.h"

#include <math.h>

/* Cells of an enlarged map are at least this many pixels per drawing unit on vector surfaces. */
#define VECTOR_OVERSAMPLING 2.0
/* Enlarged maps stop growing here. */
#define VECTOR_PIXELS_MAX   (4096.0 * 4096.0)

void
tap_set_colour (cairo_t *cr, guint32 rgb, double alpha)
{
  cairo_set_source_rgba (cr, ((rgb >> 16) & 255) / 255.0, ((rgb >> 8) & 255) / 255.0,
                         (rgb & 255) / 255.0, alpha);
}

void
tap_rounded (cairo_t *cr, double x, double y, double width, double height, double radius)
{
  double r = MIN (radius, MIN (width, height) / 2);

  cairo_new_sub_path (cr);
  cairo_arc (cr, x + width - r, y + r, r, -G_PI_2, 0);
  cairo_arc (cr, x + width - r, y + height - r, r, 0, G_PI_2);
  cairo_arc (cr, x + r, y + height - r, r, G_PI_2, G_PI);
  cairo_arc (cr, x + r, y + r, r, G_PI, 1.5 * G_PI);
  cairo_close_path (cr);
}

gboolean
tap_target_is_vector (cairo_t *cr)
{
  switch (cairo_surface_get_type (cairo_get_target (cr)))
    {
    case CAIRO_SURFACE_TYPE_SVG:
    case CAIRO_SURFACE_TYPE_PDF:
    case CAIRO_SURFACE_TYPE_PS:
      return TRUE;
    default:
      return FALSE;
    }
}

/* (transfer full): every pixel of @surface as @factor × @factor pixels; NULL when it cannot be had */
static cairo_surface_t *
enlarge (cairo_surface_t *surface, int factor)
{
  int width = cairo_image_surface_get_width (surface);
  int height = cairo_image_surface_get_height (surface);
  cairo_surface_t *large =
    cairo_image_surface_create (CAIRO_FORMAT_RGB24, width * factor, height * factor);
  const guchar *source;
  guchar *target;
  int source_stride, target_stride;

  if (cairo_surface_status (large) != CAIRO_STATUS_SUCCESS)
    {
      cairo_surface_destroy (large);
      return NULL;
    }
  cairo_surface_flush (surface);
  source = cairo_image_surface_get_data (surface);
  target = cairo_image_surface_get_data (large);
  source_stride = cairo_image_surface_get_stride (surface);
  target_stride = cairo_image_surface_get_stride (large);
  for (int y = 0; y < height * factor; y++)
    {
      const guint32 *from =
        (const guint32 *) (gconstpointer) (source + (y / factor) * source_stride);
      guint32 *to = (guint32 *) (gpointer) (target + (gsize) y * target_stride);

      for (int x = 0; x < width * factor; x++)
        to[x] = from[x / factor];
    }
  cairo_surface_mark_dirty (large);
  return large;
}

void
tap_draw_cells (cairo_t *cr,
                cairo_surface_t *surface,
                double x,
                double y,
                double width,
                double height)
{
  cairo_surface_t *drawn = cairo_surface_reference (surface);
  int w = cairo_image_surface_get_width (surface);
  int h = cairo_image_surface_get_height (surface);

  if (w > 0 && h > 0 && width > 0 && height > 0)
    {
      if (tap_target_is_vector (cr))
        {
          double wanted = ceil (MAX (width / w, height / h) * VECTOR_OVERSAMPLING);
          double most = floor (sqrt (VECTOR_PIXELS_MAX / ((double) w * h)));
          int factor = (int) MAX (1, MIN (wanted, most));
          cairo_surface_t *large = factor > 1 ? enlarge (surface, factor) : NULL;

          if (large != NULL)
            {
              cairo_surface_destroy (drawn);
              drawn = large;
            }
        }
      double device_x = width, device_y = height;

      cairo_user_to_device_distance (cr, &device_x, &device_y);
      cairo_save (cr);
      cairo_translate (cr, x, y);
      cairo_rectangle (cr, 0, 0, width, height);
      cairo_clip (cr);
      cairo_scale (cr, width / cairo_image_surface_get_width (drawn),
                   height / cairo_image_surface_get_height (drawn));
      cairo_set_source_surface (cr, drawn, 0, 0);
      /* made smaller, cells have to be averaged; made larger, they keep their edges */
      cairo_pattern_set_filter (cairo_get_source (cr), fabs (device_x) < w || fabs (device_y) < h ?
                                                         CAIRO_FILTER_GOOD :
                                                         CAIRO_FILTER_NEAREST);
      cairo_paint (cr);
      cairo_restore (cr);
    }
  cairo_surface_destroy (drawn);
}

void
tap_draw_picture (cairo_t *cr,
                  cairo_surface_t *surface,
                  double x,
                  double y,
                  double width,
                  double height)
{
  cairo_save (cr);
  cairo_rectangle (cr, x, y, width, height);
  cairo_clip (cr);
  cairo_translate (cr, x, y);
  cairo_scale (cr, width / cairo_image_surface_get_width (surface),
               height / cairo_image_surface_get_height (surface));
  cairo_set_source_surface (cr, surface, 0, 0);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_GOOD);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_paint (cr);
  cairo_restore (cr);
}

PangoLayout *
tap_text_layout (cairo_t *cr)
{
  PangoLayout *layout = pango_cairo_create_layout (cr);
  cairo_font_options_t *options = cairo_font_options_create ();

  /* Unhinted metrics: the drawing zooms, and its text must not jump about while it does. */
  cairo_font_options_set_hint_metrics (options, CAIRO_HINT_METRICS_OFF);
  cairo_font_options_set_hint_style (options, CAIRO_HINT_STYLE_NONE);
  pango_cairo_context_set_font_options (pango_layout_get_context (layout), options);
  pango_layout_context_changed (layout);
  pango_layout_set_single_paragraph_mode (layout, TRUE);
  cairo_font_options_destroy (options);
  return layout;
}

static void
prepare (PangoLayout *layout, const char *text, double width, const TapTextStyle *style)
{
  PangoFontDescription *font = pango_font_description_new ();

  pango_font_description_set_family_static (font, "Sans");
  pango_font_description_set_absolute_size (font, style->size * PANGO_SCALE);
  pango_font_description_set_weight (font,
                                     style->bold ? PANGO_WEIGHT_SEMIBOLD : PANGO_WEIGHT_NORMAL);
  pango_layout_set_font_description (layout, font);
  pango_font_description_free (font);
  pango_layout_set_width (layout, width < 0 ? -1 : (int) (width * PANGO_SCALE));
  pango_layout_set_ellipsize (layout, width < 0 ? PANGO_ELLIPSIZE_NONE : style->ellipsize);
  pango_layout_set_alignment (layout, style->align == TAP_ALIGN_LEFT   ? PANGO_ALIGN_LEFT :
                                      style->align == TAP_ALIGN_CENTRE ? PANGO_ALIGN_CENTER :
                                                                         PANGO_ALIGN_RIGHT);
  /* a negative height is a number of lines */
  pango_layout_set_height (layout, style->lines > 1 ? -style->lines : -1);
  pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
  if (g_utf8_validate (text, -1, NULL))
    pango_layout_set_text (layout, text, -1);
  else
    {
      g_autofree char *valid = g_utf8_make_valid (text, -1);

      pango_layout_set_text (layout, valid, -1);
    }
}

void
tap_text_draw (cairo_t *cr,
               PangoLayout *layout,
               const char *text,
               double x,
               double y,
               double width,
               const TapTextStyle *style)
{
  prepare (layout, text, width, style);
  tap_set_colour (cr, style->colour, style->alpha > 0 ? style->alpha : 1);
  if (width < 0 && style->align != TAP_ALIGN_LEFT)
    {
      PangoRectangle logical;

      pango_layout_get_extents (layout, NULL, &logical);
      x -= logical.width / (double) PANGO_SCALE * (style->align == TAP_ALIGN_RIGHT ? 1 : 0.5);
    }
  cairo_move_to (cr, x, y);
  pango_cairo_show_layout (cr, layout);
}

void
tap_text_measure (PangoLayout *layout,
                  const char *text,
                  const TapTextStyle *style,
                  double *width,
                  double *height)
{
  PangoRectangle logical;

  prepare (layout, text, -1, style);
  pango_layout_get_extents (layout, NULL, &logical);
  if (width != NULL)
    *width = logical.width / (double) PANGO_SCALE;
  if (height != NULL)
    *height = logical.height / (double) PANGO_SCALE;
}

double
tap_text_height (const char *text, double width, const TapTextStyle *style)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_A8, 1, 1);
  cairo_t *cr = cairo_create (surface);
  PangoLayout *layout = tap_text_layout (cr);
  PangoRectangle logical;

  prepare (layout, text, width, style);
  pango_layout_get_extents (layout, NULL, &logical);
  g_object_unref (layout);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
  return logical.height / (double) PANGO_SCALE;
}
