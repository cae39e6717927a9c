/* tap-grid-job.c - draws a grid of maps off the main thread
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The grid is drawn at the very pixels it will be shown at, so that cells stay crisp without scaling. */
#include "config.h"

#include "app/pages/tap-grid-job.h"

#include "app/widgets/tap-texture.h"

#include <glib/gi18n.h>
#include <math.h>

/* GSK and Cairo both stop at 32767; textures of software GL well before that. */
#define TEXTURE_SIDE_MAX 16384

TapGridRequest *
tap_grid_request_new (TapResult *result, int array)
{
  TapGridRequest *self = g_new0 (TapGridRequest, 1);

  self->result = tap_result_ref (result);
  self->array = array;
  self->device_scale = 1;
  return self;
}

static void
request_clear (TapGridRequest *self)
{
  g_clear_pointer (&self->result, tap_result_unref);
}

void
tap_grid_request_free (TapGridRequest *self)
{
  request_clear (self);
  g_free (self);
}

void
tap_grid_drawing_free (TapGridDrawing *self)
{
  request_clear (&self->request);
  g_free (self->order);
  g_clear_object (&self->texture);
  g_free (self);
}

const TapArray *
tap_grid_drawing_get_array (const TapGridDrawing *self)
{
  return g_ptr_array_index (self->request.result->arrays, self->request.array);
}

static gpointer
draw (gconstpointer data, TapProgress *progress, GCancellable *cancellable, GError **error)
{
  const TapGridRequest *request = data;
  g_autoptr (TapGridDrawing) self = g_new0 (TapGridDrawing, 1);
  const TapArray *array;
  cairo_surface_t *surface;
  double scale;
  cairo_t *cr;
  int n, width, height;

  self->request = *request;
  tap_result_ref (request->result);
  array = tap_grid_drawing_get_array (self);

  if (!tap_grid_array_size (array, &n, &width, &height))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                           _ ("These numbers cannot be drawn as a grid of maps"));
      return NULL;
    }
  tap_grid_layout (&self->layout, n, width, height, request->width, request->height,
                   request->min_tile, 0);
  self->order = tap_grid_order (array, request->order);
  self->shared = tap_range_for_array (array);

  /* A very long grid is drawn more coarsely rather than not at all. */
  scale = request->device_scale;
  scale = MIN (scale, TEXTURE_SIDE_MAX / MAX (self->layout.width, self->layout.height));

  surface = cairo_image_surface_create (CAIRO_FORMAT_ARGB32,
                                        MAX (1, (int) ceil (self->layout.width * scale)),
                                        MAX (1, (int) ceil (self->layout.height * scale)));
  cr = cairo_create (surface);
  cairo_scale (cr, scale, scale);
  tap_grid_draw (cr, &self->layout, array, self->order, request->colormap, request->scale,
                 self->shared);
  cairo_destroy (cr);
  if (cairo_surface_status (surface) != CAIRO_STATUS_SUCCESS)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                           _ ("There is not enough memory to draw this grid"));
      cairo_surface_destroy (surface);
      return NULL;
    }
  self->texture = tap_texture_new_for_surface (surface);
  cairo_surface_destroy (surface);
  return g_steal_pointer (&self);
}

TapLane *
tap_grid_job_new_lane (TapLaneDone done, gpointer user_data)
{
  return tap_lane_new ("tap-grid", draw, (GDestroyNotify) tap_grid_request_free,
                       (GDestroyNotify) tap_grid_drawing_free, done, NULL, user_data);
}
