/* tap-colormap.c - numbers to colours
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Perceptually even maps first; the diverging one is for signed data and runs from blue (negative)
 * over near-white to red (positive). YlOrRd and RdBu are ColorBrewer's (Cynthia Brewer, Mark Harrower,
 * The Pennsylvania State University), interpolated linearly. */
#include "config.h"

#include "render/tap-colormap.h"

#include "render/colormap-tables.h"

#include <math.h>

#ifndef N_
#  define N_(text) (text)
#endif

#define NAN_PIXEL        0xffff00ffu
/* Cairo refuses larger image surfaces. */
#define SURFACE_SIDE_MAX 32767

static const guint32 ylorrd_knots[] = { 0xffffcc, 0xffeda0, 0xfed976, 0xfeb24c, 0xfd8d3c,
                                        0xfc4e2a, 0xe31a1c, 0xbd0026, 0x800026 };
static const guint32 rdbu_knots[] = { 0x053061, 0x2166ac, 0x4393c3, 0x92c5de, 0xd1e5f0, 0xf7f7f7,
                                      0xfddbc7, 0xf4a582, 0xd6604d, 0xb2182b, 0x67001f };

static const struct
{
  const char *id, *title;
} names[TAP_N_COLORMAPS] = {
  [TAP_COLORMAP_VIRIDIS] = { "viridis", N_ ("Viridis") },
  [TAP_COLORMAP_CIVIDIS] = { "cividis", N_ ("Cividis") },
  [TAP_COLORMAP_MAGMA] = { "magma", N_ ("Magma") },
  [TAP_COLORMAP_GREY] = { "grey", N_ ("Grey") },
  [TAP_COLORMAP_YLORRD] = { "ylorrd", N_ ("Yellow to red") },
  [TAP_COLORMAP_RDBU] = { "rdbu", N_ ("Blue to red, centred on zero") },
  [TAP_COLORMAP_JET] = { "jet", N_ ("Jet (legacy)") },
};

static guint32
between (const guint32 *knots, int n, float t)
{
  float place = t * (n - 1);
  int i = MIN ((int) place, n - 2);
  float f = place - i;
  guint32 pixel = 0;

  for (int shift = 0; shift < 24; shift += 8)
    {
      float a = (knots[i] >> shift) & 255, b = (knots[i + 1] >> shift) & 255;

      pixel |= (guint32) (a + (b - a) * f + 0.5f) << shift;
    }
  return pixel;
}

/* Red, green and blue are three trapezia, a quarter of the range apart. */
static guint32
jet (float t)
{
  guint32 pixel = 0;

  for (int c = 0; c < 3; c++)
    {
      float v = 1.5f - fabsf (4 * t - (3 - c));

      pixel = pixel << 8 | (guint32) (CLAMP (v, 0, 1) * 255 + 0.5f);
    }
  return pixel;
}

const char *
tap_colormap_id (TapColormap self)
{
  g_return_val_if_fail (self < TAP_N_COLORMAPS, NULL);
  return names[self].id;
}

const char *
tap_colormap_title (TapColormap self)
{
  g_return_val_if_fail (self < TAP_N_COLORMAPS, NULL);
  return names[self].title;
}

TapColormap
tap_colormap_find (const char *id, TapColormap fallback)
{
  for (int i = 0; id != NULL && i < TAP_N_COLORMAPS; i++)
    if (g_ascii_strcasecmp (id, names[i].id) == 0)
      return (TapColormap) i;
  return fallback;
}

guint32
tap_colormap_pixel (TapColormap self, float t)
{
  guint32 pixel;

  if (isnan (t))
    return NAN_PIXEL;
  t = CLAMP (t, 0, 1);
  switch (self)
    {
    case TAP_COLORMAP_CIVIDIS:
      pixel = cividis_table[(int) (t * 255 + 0.5f)];
      break;
    case TAP_COLORMAP_MAGMA:
      pixel = magma_table[(int) (t * 255 + 0.5f)];
      break;
    case TAP_COLORMAP_GREY:
      pixel = (guint32) (t * 255 + 0.5f) * 0x010101u;
      break;
    case TAP_COLORMAP_YLORRD:
      pixel = between (ylorrd_knots, G_N_ELEMENTS (ylorrd_knots), t);
      break;
    case TAP_COLORMAP_RDBU:
      pixel = between (rdbu_knots, G_N_ELEMENTS (rdbu_knots), t);
      break;
    case TAP_COLORMAP_JET:
      pixel = jet (t);
      break;
    case TAP_COLORMAP_VIRIDIS:
    case TAP_N_COLORMAPS:
    default:
      pixel = viridis_table[(int) (t * 255 + 0.5f)];
      break;
    }
  return 0xff000000u | pixel;
}

static float
to_srgb (float linear)
{
  linear = CLAMP (linear, 0, 1);
  return linear <= 0.0031308f ? 12.92f * linear : 1.055f * powf (linear, 1 / 2.4f) - 0.055f;
}

/* Oklab (Björn Ottosson, 2020): even lightness, so that no class shouts louder than another. */
static guint32
from_oklch (float lightness, float chroma, float hue)
{
  float a = chroma * cosf (hue), b = chroma * sinf (hue);
  float l = lightness + 0.3963377774f * a + 0.2158037573f * b;
  float m = lightness - 0.1055613458f * a - 0.0638541728f * b;
  float s = lightness - 0.0894841775f * a - 1.2914855480f * b;
  float red, green, blue;

  l = l * l * l;
  m = m * m * m;
  s = s * s * s;
  red = to_srgb (4.0767416621f * l - 3.3077115913f * m + 0.2309699292f * s);
  green = to_srgb (-1.2684380046f * l + 2.6097574011f * m - 0.3413193965f * s);
  blue = to_srgb (-0.0041960863f * l - 0.7034186147f * m + 1.7076147010f * s);
  return 0xff000000u | (guint32) (red * 255 + 0.5f) << 16 | (guint32) (green * 255 + 0.5f) << 8 |
         (guint32) (blue * 255 + 0.5f);
}

guint32
tap_colormap_category (int index)
{
  static const float lightness[] = { 0.67f, 0.79f, 0.59f };
  static const float chroma[] = { 0.15f, 0.12f, 0.14f };
  guint i = (guint) MAX (index, 0);
  /* Steps of the golden angle keep any few neighbours far apart on the colour circle. */
  double hue = fmod (0.61 + i * 0.61803398875, 1.0) * 2 * G_PI;

  if (index < 0)
    return 0xff9a9996u;
  return from_oklch (lightness[i % 3], chroma[i % 3], (float) hue);
}

TapRange
tap_range_for_values (const float *values, gsize n, gboolean is_signed)
{
  TapRange range = { INFINITY, -INFINITY };

  for (gsize i = 0; i < n; i++)
    if (isfinite (values[i]))
      {
        range.min = MIN (range.min, values[i]);
        range.max = MAX (range.max, values[i]);
      }
  if (range.min > range.max)
    return (TapRange){ is_signed ? -1 : 0, 1 };
  if (is_signed)
    {
      float most = MAX (fabsf (range.min), fabsf (range.max));

      return (TapRange){ most > 0 ? -most : -1, most > 0 ? most : 1 };
    }
  return range;
}

TapRange
tap_range_for_array (const TapArray *array)
{
  if (array->has_range)
    return (TapRange){ array->min, array->max };
  if (array->tensor == NULL || array->tensor->dtype != TAP_DTYPE_F32)
    return (TapRange){ 0, 1 };
  return tap_range_for_values (tap_tensor_f32 (array->tensor), array->tensor->count,
                               array->signed_range);
}

/* (transfer full): cairo's error surface never leaves this file, an empty pixel does */
static cairo_surface_t *
new_surface (int width, int height)
{
  cairo_surface_t *surface = NULL;

  if (width > 0 && height > 0 && width <= SURFACE_SIDE_MAX && height <= SURFACE_SIDE_MAX)
    surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
  if (surface != NULL && cairo_surface_status (surface) == CAIRO_STATUS_SUCCESS)
    return surface;
  g_clear_pointer (&surface, cairo_surface_destroy);
  return cairo_image_surface_create (CAIRO_FORMAT_RGB24, 1, 1);
}

static gboolean
has_size (cairo_surface_t *surface, int width, int height)
{
  return cairo_image_surface_get_width (surface) == width &&
         cairo_image_surface_get_height (surface) == height;
}

static guint32 *
row (cairo_surface_t *surface, int y)
{
  return (guint32 *) (gpointer) (cairo_image_surface_get_data (surface) +
                                 (gsize) y * cairo_image_surface_get_stride (surface));
}

/* A constant map shows the middle of a diverging range and the foot of a sequential one. */
static float
scale_of (TapRange range)
{
  return range.max > range.min ? 1 / (range.max - range.min) : 0;
}

cairo_surface_t *
tap_colormap_render (TapColormap self, TapRange range, const float *values, int width, int height)
{
  cairo_surface_t *surface = new_surface (width, height);
  guint32 table[256];
  float scale = scale_of (range) * 255;

  if (!has_size (surface, width, height))
    return surface;
  for (int i = 0; i < 256; i++)
    table[i] = tap_colormap_pixel (self, i / 255.0f);
  for (int y = 0; y < height; y++)
    {
      const float *from = values + (gsize) y * width;
      guint32 *to = row (surface, y);

      for (int x = 0; x < width; x++)
        {
          float t = (from[x] - range.min) * scale + 0.5f;

          /* the comparison is false for NaN */
          to[x] = t >= 0 ? table[t < 255 ? (int) t : 255] : isnan (from[x]) ? NAN_PIXEL : table[0];
        }
    }
  cairo_surface_mark_dirty (surface);
  return surface;
}

cairo_surface_t *
tap_render_rgb (TapRange range, const float *values, int width, int height)
{
  cairo_surface_t *surface = new_surface (width, height);
  float scale = scale_of (range) * 255;
  gsize plane = (gsize) MAX (width, 0) * MAX (height, 0);

  if (!has_size (surface, width, height))
    return surface;
  for (int y = 0; y < height; y++)
    {
      guint32 *to = row (surface, y);

      for (int x = 0; x < width; x++)
        {
          guint32 pixel = 0xff;

          for (int c = 0; c < 3; c++)
            {
              float t = (values[c * plane + (gsize) y * width + x] - range.min) * scale + 0.5f;

              pixel = pixel << 8 | (t >= 0 ? (t < 255 ? (guint32) t : 255) : 0);
            }
          to[x] = pixel;
        }
    }
  cairo_surface_mark_dirty (surface);
  return surface;
}

cairo_surface_t *
tap_render_picture (const guint8 *rgb, int width, int height)
{
  cairo_surface_t *surface = new_surface (width, height);

  if (!has_size (surface, width, height))
    return surface;
  for (int y = 0; y < height; y++)
    {
      const guint8 *from = rgb + (gsize) y * width * 3;
      guint32 *to = row (surface, y);

      for (int x = 0; x < width; x++, from += 3)
        to[x] = 0xff000000u | (guint32) from[0] << 16 | (guint32) from[1] << 8 | from[2];
    }
  cairo_surface_mark_dirty (surface);
  return surface;
}
