/* tap-plot.h - small plots: probability bars, histograms
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Drawn at the origin of the context inside width × height; no background is painted. */
#pragma once

#include "core/tap-types.h"
#include <cairo.h>

G_BEGIN_DECLS

typedef struct
{
  gboolean dark;
  guint32 accent;   /* 0xRRGGBB: bars; 0 is the default blue */
  double font_size; /* drawing units; 0 is 11 */
} TapPlotStyle;

typedef struct
{
  const char *label; /* UTF-8; ellipsised to fit */
  float value;       /* 0..1 */
  float reference;   /* an earlier value shown as a tick (before the mask), or NAN */
  gboolean marked;   /* the chosen class: full accent and bold, others quieter */
} TapBar;

/* Height that @n bars want. */
double tap_plot_bars_height (int n, const TapPlotStyle *style);
/* Horizontal bars: label and percentage over a track. */
void tap_plot_bars (cairo_t *cr,
                    double width,
                    double height,
                    const TapBar *bars,
                    int n,
                    const TapPlotStyle *style);

#define TAP_HISTOGRAM_BINS 64

typedef struct
{
  float min, max; /* edges of the first and last bin; equal when all values are */
  guint64 counts[TAP_HISTOGRAM_BINS];
  guint64 n;          /* counted: finite values */
  guint64 n_left_out; /* NaN and infinities */
} TapHistogram;

void tap_histogram_fill (TapHistogram *self, const float *values, gsize n);
/* Bars with the range below; @log_counts: heights by log (1 + count). */
void tap_plot_histogram (cairo_t *cr,
                         double width,
                         double height,
                         const TapHistogram *histogram,
                         gboolean log_counts,
                         const TapPlotStyle *style);
/* "0.0312", "1.2e-05", "−3.4": four figures at most, for ticks and labels. (transfer full) */
char *tap_plot_number (double value);

G_END_DECLS
