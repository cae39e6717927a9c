/* draw-private.h - what every drawing in this room needs: text, rounded boxes, crisp maps
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <pango/pangocairo.h>

G_BEGIN_DECLS

typedef enum
{
  TAP_ALIGN_LEFT,
  TAP_ALIGN_CENTRE,
  TAP_ALIGN_RIGHT,
} TapAlign;

typedef struct
{
  double size; /* drawing units */
  gboolean bold;
  TapAlign align;
  PangoEllipsizeMode ellipsize;
  guint32 colour; /* 0xRRGGBB */
  double alpha;   /* 0 means opaque */
  int lines;      /* wrapped to at most so many; 0 or 1: one line */
} TapTextStyle;

/* A layout for many texts of one drawing; g_object_unref() it. */
PangoLayout *tap_text_layout (cairo_t *cr);
/* One line inside @width (< 0: as long as it is) with its top at @y. */
void tap_text_draw (cairo_t *cr,
                    PangoLayout *layout,
                    const char *text,
                    double x,
                    double y,
                    double width,
                    const TapTextStyle *style);
void tap_text_measure (PangoLayout *layout,
                       const char *text,
                       const TapTextStyle *style,
                       double *width,
                       double *height);

/* Height of a text wrapped into @width, without a context to draw on. */
double tap_text_height (const char *text, double width, const TapTextStyle *style);

void tap_set_colour (cairo_t *cr, guint32 rgb, double alpha);
void tap_rounded (cairo_t *cr, double x, double y, double width, double height, double radius);
/* @surface stretched over the rectangle with hard cells. On SVG and PDF it is enlarged first, since
 * many viewers smooth pictures whatever the file says. */
void tap_draw_cells (cairo_t *cr,
                     cairo_surface_t *surface,
                     double x,
                     double y,
                     double width,
                     double height);
/* A photograph: smoothed. */
void tap_draw_picture (cairo_t *cr,
                       cairo_surface_t *surface,
                       double x,
                       double y,
                       double width,
                       double height);
gboolean tap_target_is_vector (cairo_t *cr);

G_END_DECLS
