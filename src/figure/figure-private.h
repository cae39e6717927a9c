/* figure-private.h - what is written into every figure, whatever its kind
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "figure/file-private.h"
#include "figure/tap-figure.h"

G_BEGIN_DECLS

#define TAP_RECIPE_KEY "tapetum-recipe"

typedef void (*TapDrawFunc) (cairo_t *cr, gpointer user_data);

/* A drawing of width × height units. */
typedef struct
{
  TapDrawFunc draw;
  gpointer user_data;
  double width, height;
  const char *sentence; /* UTF-8, or NULL */
  const char *recipe;   /* UTF-8, or NULL */
} TapSheet;

GBytes *
tap_png_encode (cairo_surface_t *surface, const char *sentence, const char *recipe, GError **error);
GBytes *tap_svg_encode (const TapSheet *sheet, GError **error);
GBytes *tap_pdf_encode (const TapSheet *sheet, GError **error);
/* At @scale pixels a unit, or less when the picture would be too large. */
GBytes *tap_sheet_png (const TapSheet *sheet, double scale, GError **error);

/* Text of the result for .json and .tsv. */
GBytes *tap_data_json (const TapResult *result, GError **error);
GBytes *tap_data_tsv (const TapResult *result, GError **error);

G_END_DECLS
