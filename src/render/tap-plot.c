/* tap-plot.c - small plots: probability bars, histograms
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "render/tap-plot.h"

#include "render/draw-private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_FONT   11.0
#define DEFAULT_ACCENT 0x3584e4u
/* heights in multiples of the font size */
#define BAR_ROW        2.75
#define BAR_THICK      0.5

typedef struct
{
  guint32 text, quiet, track, bar;
} Ink;

static Ink
ink_for (const TapPlotStyle *style)
{
  guint32 accent = style->accent != 0 ? style->accent : DEFAULT_ACCENT;

  return style->dark ? (Ink){ 0xf2f2f3, 0xb6b9c0, 0x3b3c41, accent } :
                       (Ink){ 0x1f2024, 0x595d66, 0xe4e5e9, accent };
}

static double
font_size (const TapPlotStyle *style)
{
  return style->font_size > 0 ? style->font_size : DEFAULT_FONT;
}

/* Four significant figures, without the zeros that say nothing, and a true minus sign. */
char *
tap_plot_number (double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  double size = fabs (value);
  const char *format = "%.4g";
  char *end;

  if (isnan (value))
    return g_strdup ("NaN");
  if (isinf (value))
    return g_strdup (value > 0 ? "∞" : "−∞");
  if (value == 0)
    return g_strdup ("0");
  if (size < 1e-3 || size >= 1e6)
    format = "%.2e";
  else if (size < 1)
    format = "%.3f";
  g_ascii_formatd (text, sizeof text, format, value);
  /* "0.500" → "0.5", "1.20e-05" → "1.2e-05" */
  end = strchr (text, 'e');
  if (strchr (text, '.') != NULL)
    {
      char *last = (end != NULL ? end : text + strlen (text)) - 1;
      char *keep = last;

      while (*keep == '0')
        keep--;
      if (*keep == '.')
        keep--;
      memmove (keep + 1, last + 1, strlen (last + 1) + 1);
    }
  return text[0] == '-' ? g_strconcat ("−", text + 1, NULL) : g_strdup (text);
}

/* --- bars --------------------------------------------------------------------------------- */

double
tap_plot_bars_height (int n, const TapPlotStyle *style)
{
  return MAX (n, 0) * font_size (style) * BAR_ROW;
}

static char *
percentage (float value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (!isfinite (value))
    return g_strdup ("–");
  if (value > 0 && value < 0.0005f)
    return g_strdup ("< 0.1 %");
  g_ascii_formatd (text, sizeof text, "%.1f", (double) value * 100);
  return g_strconcat (text, " %", NULL);
}

static void
draw_bar (cairo_t *cr,
          PangoLayout *layout,
          const TapBar *bar,
          double y,
          double width,
          double size,
          const Ink *ink)
{
  const TapTextStyle label = { .size = size,
                               .bold = bar->marked,
                               .ellipsize = PANGO_ELLIPSIZE_END,
                               .colour = ink->text };
  const TapTextStyle number = { .size = size,
                                .bold = bar->marked,
                                .align = TAP_ALIGN_RIGHT,
                                .colour = bar->marked ? ink->text : ink->quiet };
  g_autofree char *text = percentage (bar->value);
  double value = isfinite (bar->value) ? CLAMP (bar->value, 0, 1) : 0;
  double top = y + size * 1.5, thick = size * BAR_THICK, number_width;

  tap_text_measure (layout, text, &number, &number_width, NULL);
  if (bar->label != NULL)
    tap_text_draw (cr, layout, bar->label, 0, y, MAX (width - number_width - size, 1), &label);
  tap_text_draw (cr, layout, text, width, y, -1, &number);

  tap_rounded (cr, 0, top, width, thick, thick / 2);
  tap_set_colour (cr, ink->track, 1);
  cairo_fill (cr);
  if (value * width > 0.5)
    {
      cairo_save (cr);
      tap_rounded (cr, 0, top, width, thick, thick / 2);
      cairo_clip (cr);
      tap_rounded (cr, 0, top, MAX (value * width, thick), thick, thick / 2);
      tap_set_colour (cr, ink->bar, bar->marked ? 1 : 0.62);
      cairo_fill (cr);
      cairo_restore (cr);
    }
  if (isfinite (bar->reference))
    {
      double x = CLAMP (bar->reference, 0, 1) * width;

      cairo_rectangle (cr, CLAMP (x - 1, 0, width - 2), top - 2, 2, thick + 4);
      tap_set_colour (cr, ink->text, 1);
      cairo_fill (cr);
    }
}

void
tap_plot_bars (cairo_t *cr,
               double width,
               double height,
               const TapBar *bars,
               int n,
               const TapPlotStyle *style)
{
  g_autoptr (PangoLayout) layout = NULL;
  const Ink ink = ink_for (style);
  double size = font_size (style);

  if (n <= 0 || width <= 0)
    return;
  layout = tap_text_layout (cr);
  cairo_save (cr);
  for (int i = 0; i < n && (i + 1) * size * BAR_ROW <= height + 0.5; i++)
    draw_bar (cr, layout, &bars[i], i * size * BAR_ROW, width, size, &ink);
  cairo_restore (cr);
}

/* --- histogram ---------------------------------------------------------------------------- */

void
tap_histogram_fill (TapHistogram *self, const float *values, gsize n)
{
  double scale;

  memset (self, 0, sizeof *self);
  for (gsize i = 0; i < n; i++)
    {
      if (!isfinite (values[i]))
        {
          self->n_left_out++;
          continue;
        }
      if (self->n == 0)
        self->min = self->max = values[i];
      self->min = MIN (self->min, values[i]);
      self->max = MAX (self->max, values[i]);
      self->n++;
    }
  if (self->n == 0)
    return;
  /* in double: max - min of floats may pass the range of floats */
  scale = self->max > self->min ? TAP_HISTOGRAM_BINS / ((double) self->max - self->min) : 0;
  for (gsize i = 0; i < n; i++)
    if (isfinite (values[i]))
      {
        int bin = (int) (((double) values[i] - self->min) * scale);

        self->counts[CLAMP (bin, 0, TAP_HISTOGRAM_BINS - 1)]++;
      }
}

static double
bar_height (guint64 count, guint64 most, gboolean log_counts)
{
  if (most == 0)
    return 0;
  return log_counts ? log1p ((double) count) / log1p ((double) most) : count / (double) most;
}

void
tap_plot_histogram (cairo_t *cr,
                    double width,
                    double height,
                    const TapHistogram *histogram,
                    gboolean log_counts,
                    const TapPlotStyle *style)
{
  g_autoptr (PangoLayout) layout = NULL;
  const Ink ink = ink_for (style);
  double size = font_size (style), floor_y = height - size * 1.7;
  double step = width / TAP_HISTOGRAM_BINS;
  TapTextStyle tick = { .size = size * 0.92, .colour = ink.quiet };
  g_autofree char *low = tap_plot_number (histogram->min);
  g_autofree char *high = tap_plot_number (histogram->max);
  guint64 most = 0;

  if (width <= 0 || floor_y <= 4)
    return;
  layout = tap_text_layout (cr);
  cairo_save (cr);
  for (int i = 0; i < TAP_HISTOGRAM_BINS; i++)
    most = MAX (most, histogram->counts[i]);
  for (int i = 0; i < TAP_HISTOGRAM_BINS; i++)
    {
      double h = bar_height (histogram->counts[i], most, log_counts) * (floor_y - 2);

      /* a single value must remain visible beside a million */
      if (histogram->counts[i] > 0)
        cairo_rectangle (cr, i * step, floor_y - MAX (h, 1), MAX (step - (step > 3 ? 0.7 : 0), 0.5),
                         MAX (h, 1));
    }
  tap_set_colour (cr, ink.bar, 0.8);
  cairo_fill (cr);
  cairo_rectangle (cr, 0, floor_y, width, 1);
  tap_set_colour (cr, ink.quiet, 0.6);
  cairo_fill (cr);
  if (histogram->n > 0)
    {
      double zero = -histogram->min / ((double) histogram->max - histogram->min);

      tap_text_draw (cr, layout, low, 0, floor_y + 3, -1, &tick);
      if (histogram->max > histogram->min)
        {
          tick.align = TAP_ALIGN_RIGHT;
          tap_text_draw (cr, layout, high, width, floor_y + 3, -1, &tick);
        }
      if (histogram->max > histogram->min && zero > 0.2 && zero < 0.8)
        {
          cairo_rectangle (cr, zero * width - 0.5, floor_y, 1, 4);
          tap_set_colour (cr, ink.quiet, 1);
          cairo_fill (cr);
          tick.align = TAP_ALIGN_CENTRE;
          tap_text_draw (cr, layout, "0", zero * width, floor_y + 3, -1, &tick);
        }
    }
  cairo_restore (cr);
}
