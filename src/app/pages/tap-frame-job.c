/* tap-frame-job.c - draws the frames of an animation off the main thread, as a drag or a sweep goes on
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/pages/tap-frame-job.h"

#include "render/tap-plot.h"

#include <math.h>

#define SWEEP_WIDTH  720.0
#define PICTURE_SIDE 384.0
#define MARGIN       16.0
#define N_BARS       5

static void
request_free (gpointer data)
{
  TapFrameRequest *self = data;

  g_clear_pointer (&self->result, tap_result_unref);
  g_clear_pointer (&self->picture, tap_picture_unref);
  g_clear_pointer (&self->scores, tap_scores_unref);
  g_clear_pointer (&self->clean, tap_scores_unref);
  g_clear_pointer (&self->labels, tap_labels_unref);
  g_free (self);
}

void
tap_frame_free (TapFrame *self)
{
  g_clear_pointer (&self->surface, cairo_surface_destroy);
  g_free (self);
}

TapFrameRequest *
tap_frame_request_new_sweep (TapResult *result,
                             TapPicture *picture,
                             const TapPanelsOptions *options)
{
  TapFrameRequest *self = g_new0 (TapFrameRequest, 1);

  self->result = tap_result_ref (result);
  self->options = *options;
  if (picture != NULL)
    {
      self->picture = tap_picture_ref (picture);
      self->options.picture = picture->pixels;
      self->options.picture_width = picture->width;
      self->options.picture_height = picture->height;
    }
  return self;
}

TapFrameRequest *
tap_frame_request_new_drag (TapPicture *picture,
                            const TapRect *mask,
                            guint32 fill,
                            TapScores *scores,
                            TapScores *clean,
                            TapLabels *labels,
                            int class_index,
                            gboolean dark)
{
  TapFrameRequest *self = g_new0 (TapFrameRequest, 1);

  self->picture = tap_picture_ref (picture);
  self->mask = *mask;
  self->fill = fill;
  self->scores = tap_scores_ref (scores);
  self->clean = clean != NULL ? tap_scores_ref (clean) : NULL;
  self->labels = tap_labels_ref (labels);
  self->class_index = class_index;
  self->dark = dark;
  return self;
}

static cairo_surface_t *
new_frame (double width, double height, gboolean dark, cairo_t **cr)
{
  cairo_surface_t *surface =
    cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) ceil (width), (int) ceil (height));
  double grey = dark ? 0.14 : 1.0;

  *cr = cairo_create (surface);
  cairo_set_source_rgb (*cr, grey, grey, grey);
  cairo_paint (*cr);
  return surface;
}

static cairo_surface_t *
draw_sweep (const TapFrameRequest *request)
{
  TapPanelsOptions options = request->options;
  cairo_surface_t *surface;
  double width, height;
  cairo_t *cr;

  options.width = 0;
  tap_panels_measure (request->result, &options, &width, &height);
  surface = new_frame (width, height, options.dark, &cr);
  tap_panels_draw (cr, request->result, &options);
  cairo_destroy (cr);
  return surface;
}

/* The bars of the clean answer keep their places, so that one sees them shrink. */
static void
draw_bars (const TapFrameRequest *request,
           cairo_t *cr,
           double width,
           double height,
           const TapPlotStyle *style)
{
  const GArray *top = request->clean != NULL ? request->clean->top : request->scores->top;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  TapBar bars[N_BARS];
  int n = 0;

  for (guint i = 0; top != NULL && i < top->len && n < N_BARS; i++)
    {
      int index = g_array_index (top, TapScore, i).index;

      g_ptr_array_add (names, tap_labels_dup_short_name (request->labels, index));
      bars[n++] = (TapBar){
        .label = g_ptr_array_index (names, names->len - 1),
        .value = tap_scores_get (request->scores, index),
        .reference = request->clean != NULL ? tap_scores_get (request->clean, index) : NAN,
        .marked = index == request->class_index,
      };
    }
  tap_plot_bars (cr, width, height, bars, n, style);
}

static cairo_surface_t *
draw_drag (const TapFrameRequest *request)
{
  const TapPicture *picture = request->picture;
  TapPlotStyle style = { .dark = request->dark, .font_size = 13 };
  double scale = PICTURE_SIDE / MAX (picture->width, picture->height);
  double w = picture->width * scale, h = picture->height * scale,
         bars = tap_plot_bars_height (N_BARS, &style);
  cairo_surface_t *surface, *source;
  cairo_t *cr;

  surface = new_frame (w + 2 * MARGIN, h + bars + 3 * MARGIN, request->dark, &cr);
  cairo_translate (cr, MARGIN, MARGIN);

  source = tap_render_picture (picture->pixels, picture->width, picture->height);
  cairo_save (cr);
  cairo_rectangle (cr, 0, 0, w, h);
  cairo_clip (cr);
  cairo_scale (cr, scale, scale);
  cairo_set_source_surface (cr, source, 0, 0);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_GOOD);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_rectangle (cr, 0, 0, picture->width, picture->height);
  cairo_fill (cr);
  cairo_rectangle (cr, request->mask.x, request->mask.y, request->mask.width, request->mask.height);
  cairo_set_source_rgb (cr, ((request->fill >> 16) & 0xff) / 255.0,
                        ((request->fill >> 8) & 0xff) / 255.0, (request->fill & 0xff) / 255.0);
  cairo_fill_preserve (cr);
  cairo_identity_matrix (cr);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_set_line_width (cr, 2);
  cairo_stroke (cr);
  cairo_restore (cr);
  cairo_surface_destroy (source);

  cairo_translate (cr, 0, h + MARGIN);
  draw_bars (request, cr, w, bars, &style);
  cairo_destroy (cr);
  return surface;
}

static gpointer
draw (gconstpointer data, TapProgress *progress, GCancellable *cancellable, GError **error)
{
  const TapFrameRequest *request = data;
  TapFrame *frame = g_new0 (TapFrame, 1);

  frame->run = request->run;
  frame->surface = request->result != NULL ? draw_sweep (request) : draw_drag (request);
  return frame;
}

TapLane *
tap_frame_job_new_lane (TapLaneDone done, gpointer user_data)
{
  return tap_lane_new ("tap-frames", draw, request_free, (GDestroyNotify) tap_frame_free, done,
                       NULL, user_data);
}
