/* pooling.c - windows, borders and tasks of the pooling kernels
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "engine/cpu/pooling.h"

/* Numbers of input that a task is worth. */
#define CHUNK 16384

static gsize
pitch (gsize n)
{
  return (n + 15) & ~(gsize) 15;
}

/* Columns from the first tap to the last. */
static gsize
columns (const TapWindow *w)
{
  if (w->out_w == 0)
    return 0;
  return (gsize) (w->out_w - 1) * (gsize) w->stride_w +
         (gsize) (w->kernel_w - 1) * (gsize) w->dilation_w + 1;
}

/* What holds a row of input, and that with its padding. */
static gsize
in_pitch (const TapWindow *w)
{
  return pitch (MAX ((gsize) w->in_w, columns (w)));
}

/* All that follows from run, kind and window. */
static void
settle (TapPooling *self)
{
  const TapAttrs *attrs = self->run->node->attrs;
  const TapShape *x = &self->run->inputs[0].shape;
  const TapWindow *w = &self->w;
  gint64 reach, last;

  self->count_padding = tap_attrs_get_int (attrs, "count_include_pad", 0) != 0 ||
                        tap_attrs_get_int (attrs, "caffe_count", 0) != 0;
  self->p = (int) tap_attrs_get_int (attrs, "p", 2);
  self->channels = (gsize) x->dims[1];
  self->n_planes = (gsize) x->dims[0] * self->channels;
  self->in_plane = (gsize) w->in_h * (gsize) w->in_w;
  self->out_plane = (gsize) w->out_h * (gsize) w->out_w;
  self->reach = columns (w);
  self->in_pitch = in_pitch (w);
  self->out_pitch = pitch ((gsize) w->out_w);
  self->whole = w->out_h == 1 && w->out_w == 1 && w->kernel_h == w->in_h &&
                w->kernel_w == w->in_w && w->dilation_h == 1 && w->dilation_w == 1 &&
                w->pad_top == 0 && w->pad_left == 0;

  self->narrow = w->dilation_w == 1 && w->stride_w <= 2 && w->kernel_h <= TAP_POOLING_ROWS;

  reach = (gint64) (w->kernel_w - 1) * w->dilation_w + 1;
  last = (gint64) w->in_w + w->pad_left - reach;
  self->inner = MIN ((w->pad_left + w->stride_w - 1) / w->stride_w, w->out_w);
  self->inner_end = last < 0 ? 0 : (int) MIN (last / w->stride_w + 1, w->out_w);
  self->inner_end = MAX (self->inner_end, self->inner);
}

gboolean
tap_pooling_init (TapPooling *self, const TapCpuRun *run, TapPoolingKind kind, GError **error)
{
  gsize work;

  *self = (TapPooling){ .run = run, .kind = kind };
  if (!tap_op_window (run->node, &run->inputs[0].shape, NULL, &self->w, error))
    return FALSE;
  settle (self);
  work = MAX (MAX (self->in_plane, self->out_plane), 1);
  if (run->rects != NULL)
    work = MAX ((gsize) run->rects[0].width * (gsize) run->rects[0].height * 4, 1);
  self->planes_per_task = MAX (CHUNK / work, 1);
  return TRUE;
}

void
tap_pooling_init_band (TapPooling *self,
                       const TapCpuRun *run,
                       TapPoolingKind kind,
                       const TapCpuBand *band)
{
  *self = (TapPooling){ .run = run, .kind = kind, .w = tap_cpu_band_window (band) };
  settle (self);
  self->in_plane = band->x_channel;
  self->out_plane = band->y_channel;
  self->n_planes = self->channels;
}

void
tap_pooling_run (TapPooling *self, TapPoolFunc task)
{
  tap_pool_run (self->run->pool,
                (int) ((self->n_planes + self->planes_per_task - 1) / self->planes_per_task), task,
                self);
}

gsize
tap_pooling_scratch (const TapCpuRun *run)
{
  TapWindow w;

  if (!tap_op_window (run->node, &run->inputs[0].shape, NULL, &w, NULL))
    return 0;
  return (gsize) tap_pool_get_n_threads (run->pool) *
         (in_pitch (&w) + 2 * pitch ((gsize) w.out_w)) * sizeof (float);
}

float *
tap_pooling_row (const TapPooling *self, int worker)
{
  return (float *) self->run->scratch + (gsize) worker * (self->in_pitch + 2 * self->out_pitch);
}

TapPoolWindows
tap_pooling_windows (const TapPooling *self, int p, int q, int n, gsize *row, gsize *step)
{
  const TapWindow *w = &self->w;
  int r0, r1;
  gint64 top = tap_pooling_rows (self, p, &r0, &r1);

  *row = (gsize) (top + (gint64) r0 * w->dilation_h) * (gsize) w->in_w;
  *step = (gsize) w->dilation_h * (gsize) w->in_w;
  return (TapPoolWindows){
    .n_rows = r1 - r0,
    .first = r0 * w->kernel_w,
    .kernel = w->kernel_w,
    .stride = w->stride_w,
    .left = (ptrdiff_t) q * w->stride_w - w->pad_left,
    .width = w->in_w,
    .n = (gsize) n,
  };
}

void
tap_pooling_counts (const TapPooling *self, int p, int from, int to, int *rows, float *counts)
{
  const TapWindow *w = &self->w;
  gint64 below = self->count_padding ? w->pad_bottom : 0;
  gint64 beside = self->count_padding ? w->pad_right : 0;
  int r0, r1;

  tap_pooling_taps ((gint64) p * w->stride_h - w->pad_top, w->kernel_h, w->dilation_h,
                    w->in_h + below, &r0, &r1);
  if (self->count_padding)
    r0 = 0;
  if (*rows == r1 - r0)
    return;
  *rows = r1 - r0;
  for (int q = from; q < to; q++)
    {
      int s0, s1;

      if (q > from && q > self->inner && q < self->inner_end)
        {
          counts[q] = counts[q - 1]; /* both lie within the row */
          continue;
        }
      tap_pooling_taps ((gint64) q * w->stride_w - w->pad_left, w->kernel_w, w->dilation_w,
                        w->in_w + beside, &s0, &s1);
      if (self->count_padding)
        s0 = 0;
      counts[q] = (float) MAX ((gint64) (r1 - r0) * (s1 - s0), 1);
    }
}

void
tap_pooling_start (const TapPooling *self, gsize i)
{
  const TapCpuRun *run = self->run;
  float *dx = tap_cpu_f32 (&run->input_grads[0]) + i * self->in_plane;

  if (run->residual == NULL)
    memset (dx, 0, self->in_plane * sizeof (float));
  else if (run->residual + i * self->in_plane != dx)
    memcpy (dx, run->residual + i * self->in_plane, self->in_plane * sizeof (float));
}
