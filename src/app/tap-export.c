/* tap-export.c - a snapshot of what a page shows, ready to be written or copied
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/tap-export.h"

#include <glib/gi18n.h>
#include <math.h>

/* Pixels per drawing unit of pictures that are written. */
#define SCALE 2.0

/* A figure of more pixels than this is drawn smaller. */
#define PIXELS_MAX (64.0 * 1024 * 1024)

TapExport *
tap_export_new (const char *stem)
{
  TapExport *self = g_new0 (TapExport, 1);

  self->stem = g_strdup (stem);
  tap_panels_options_init (&self->options);

  return self;
}

void
tap_export_free (TapExport *self)
{
  g_clear_pointer (&self->result, tap_result_unref);
  g_clear_pointer (&self->picture, tap_picture_unref);
  g_clear_pointer (&self->diagram, tap_diagram_unref);
  g_clear_pointer (&self->frames, g_ptr_array_unref);
  g_free (self->stem);
  g_free (self);
}

void
tap_export_set_result (TapExport *self, TapResult *result, const TapPanelsOptions *options)
{
  g_clear_pointer (&self->result, tap_result_unref);
  self->result = tap_result_ref (result);
  self->options = *options;
}

/* After tap_export_set_result(), whose options would overwrite it. */
void
tap_export_set_picture (TapExport *self, TapPicture *picture)
{
  g_clear_pointer (&self->picture, tap_picture_unref);
  self->picture = tap_picture_ref (picture);
  self->options.picture = picture->pixels;
  self->options.picture_width = picture->width;
  self->options.picture_height = picture->height;
}

void
tap_export_set_diagram (TapExport *self, TapDiagram *diagram)
{
  g_clear_pointer (&self->diagram, tap_diagram_unref);
  self->diagram = tap_diagram_ref (diagram);
}

void
tap_export_set_frames (TapExport *self, GPtrArray *frames, int hundredths)
{
  g_clear_pointer (&self->frames, g_ptr_array_unref);
  self->frames = g_ptr_array_ref (frames);
  self->hundredths = hundredths;
}

/* Legends grow as a sweep goes on, and captions break anew: every frame gets the room of the largest, in the
 * colour of its own corner. */
static cairo_surface_t *
frame_in (cairo_surface_t *frame, int width, int height)
{
  cairo_surface_t *padded = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
  cairo_t *cr = cairo_create (padded);

  cairo_set_source_surface (cr, frame, 0, 0);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_NEAREST);
  cairo_paint (cr);
  cairo_destroy (cr);

  return padded;
}

static gboolean
add_frames (TapGif *gif, GPtrArray *frames, int width, int height, int hundredths, GError **error)
{
  for (guint i = 0; i < frames->len; i++)
    {
      cairo_surface_t *padded = frame_in (g_ptr_array_index (frames, i), width, height);
      gboolean added = tap_gif_add (gif, padded, hundredths, error);

      cairo_surface_destroy (padded);
      if (!added)
        return FALSE;
    }

  return TRUE;
}

static gboolean
save_gif (const TapExport *self, const char *path, GError **error)
{
  g_autofree char *recipe = NULL;
  int width = 0, height = 0;
  TapGif *gif;

  if (self->frames == NULL || self->frames->len == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           _ ("A GIF needs a drag or a sweep first."));
      return FALSE;
    }

  for (guint i = 0; i < self->frames->len; i++)
    {
      cairo_surface_t *frame = g_ptr_array_index (self->frames, i);

      width = MAX (width, cairo_image_surface_get_width (frame));
      height = MAX (height, cairo_image_surface_get_height (frame));
    }

  recipe = self->result != NULL ? tap_result_recipe (self->result) : NULL;
  gif = tap_gif_new (width, height, recipe);
  if (!add_frames (gif, self->frames, width, height, self->hundredths, error))
    {
      tap_gif_free (gif);
      return FALSE;
    }

  return tap_gif_save (gif, path, error);
}

gboolean
tap_export_save (const TapExport *self, const char *path, GError **error)
{
  g_autofree char *lower = g_ascii_strdown (path, -1);

  if (g_str_has_suffix (lower, ".gif"))
    return save_gif (self, path, error);
  if (self->diagram != NULL && self->result == NULL)
    return tap_figure_save_diagram (self->diagram, self->stem, self->dark, path, error);
  if (self->result != NULL)
    return tap_figure_save (self->result, &self->options, path, error);

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                       _ ("There is nothing to export yet."));
  return FALSE;
}

static void
draw (const TapExport *self, cairo_t *cr)
{
  if (self->result != NULL)
    tap_panels_draw (cr, self->result, &self->options);
  else
    {
      const TapDiagramStyle style = { .dark = self->dark,
                                      .selected = -1,
                                      .hovered = -1,
                                      .scale = SCALE };

      cairo_set_source_rgb (cr, self->dark ? 0.12 : 1.0, self->dark ? 0.12 : 1.0,
                            self->dark ? 0.12 : 1.0);
      cairo_paint (cr);
      tap_diagram_draw (self->diagram, cr, NULL, &style);
    }
}

GBytes *
tap_export_png (const TapExport *self, GError **error)
{
  g_autofree char *recipe = NULL;
  double width = 0, height = 0, scale = SCALE;
  cairo_surface_t *surface;
  GBytes *bytes;
  cairo_t *cr;

  if (self->result != NULL)
    tap_panels_measure (self->result, &self->options, &width, &height);
  else if (self->diagram != NULL)
    tap_diagram_get_size (self->diagram, &width, &height);

  if (!(width > 0 && height > 0))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           _ ("There is nothing to copy yet."));
      return NULL;
    }

  scale = MIN (scale, sqrt (PIXELS_MAX / (width * height)));
  scale = MIN (scale, 32000.0 / MAX (width, height));
  surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, (int) ceil (width * scale),
                                        (int) ceil (height * scale));
  cr = cairo_create (surface);
  cairo_scale (cr, scale, scale);
  draw (self, cr);
  cairo_destroy (cr);

  recipe = self->result != NULL ? tap_result_recipe (self->result) : NULL;
  bytes = tap_figure_png_bytes (surface, recipe, error);
  cairo_surface_destroy (surface);

  return bytes;
}
