/* pool-volume.c - maximum, mean and p-norm over windows in three dimensions
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include "engine/cpu/pooling.h"

#define NOWHERE G_MAXUINT32

typedef struct
{
  const TapCpuRun *run;
  TapPoolingKind kind;
  TapVolume v;
  gboolean count_padding, columns_first;
  float p;
  gsize in_cells, out_cells;
} Volume;

/* Taps of a window along the three axes that lie within the input, and the cell of tap 0. */
typedef struct
{
  gint64 start[3];
  int first[3], last[3];
  float count; /* what a sum over the window is divided by */
} Window;

static gboolean
volume_init (Volume *self, const TapCpuRun *run, TapPoolingKind kind, GError **error)
{
  const TapAttrs *attrs = run->node->attrs;

  *self = (Volume){ .run = run, .kind = kind, .in_cells = 1, .out_cells = 1 };
  if (!tap_op_volume (run->node, &run->inputs[0].shape, NULL, &self->v, error))
    return FALSE;
  self->count_padding = tap_attrs_get_int (attrs, "count_include_pad", 0) != 0;
  self->columns_first = tap_attrs_get_int (attrs, "storage_order", 0) != 0;
  self->p = (float) tap_attrs_get_int (attrs, "p", 2);
  for (int i = 0; i < 3; i++)
    {
      self->in_cells *= (gsize) self->v.axes[i].in;
      self->out_cells *= (gsize) self->v.axes[i].out;
    }
  return TRUE;
}

static Window
window_at (const Volume *self, gsize cell)
{
  Window w = { .count = 1 };

  for (int i = 2; i >= 0; i--)
    {
      const TapVolumeAxis *a = &self->v.axes[i];
      int counted;

      w.start[i] = (gint64) (cell % (gsize) a->out) * a->stride - a->pad_begin;
      cell /= (gsize) a->out;
      tap_pooling_taps (w.start[i], a->kernel, a->dilation, a->in, &w.first[i], &w.last[i]);
      counted = w.last[i] - w.first[i];
      if (self->count_padding)
        {
          int from, to;

          tap_pooling_taps (w.start[i], a->kernel, a->dilation, (gint64) a->in + a->pad_end, &from,
                            &to);
          counted = to;
        }
      w.count *= (float) MAX (counted, 1);
    }
  return w;
}

static gsize
cell_of (const Volume *self, const Window *w, int t, int r, int s)
{
  const TapVolumeAxis *a = self->v.axes;
  gint64 z = w->start[0] + (gint64) t * a[0].dilation,
         row = w->start[1] + (gint64) r * a[1].dilation,
         column = w->start[2] + (gint64) s * a[2].dilation;

  return (gsize) ((z * a[1].in + row) * a[2].in + column);
}

#define EACH_TAP(w, t, r, s)                                                                       \
  for (int t = (w).first[0]; t < (w).last[0]; t++)                                                 \
    for (int r = (w).first[1]; r < (w).last[1]; r++)                                               \
      for (int s = (w).first[2]; s < (w).last[2]; s++)

/* Where the maximum is: the first of several, or the first NaN. */
static guint32
find_max (const Volume *self, const Window *w, const float *x)
{
  guint32 best = NOWHERE;

  EACH_TAP (*w, t, r, s)
  {
    gsize at = cell_of (self, w, t, r, s);

    if (best == NOWHERE || x[at] > x[best] || (isnan (x[at]) && !isnan (x[best])))
      best = (guint32) at;
  }
  return best;
}

/* The cell as the second output counts it: through the whole input, columns first when it asks for that. */
static gint64
count_cell (const Volume *self, gsize plane, guint32 at)
{
  const TapVolumeAxis *a = self->v.axes;
  gint64 cell = at;

  if (at == NOWHERE)
    return -1;
  if (self->columns_first)
    cell =
      (cell % a[2].in * a[1].in + cell / a[2].in % a[1].in) * a[0].in + cell / a[2].in / a[1].in;
  return (gint64) (plane * self->in_cells) + cell;
}

static void
max_plane (const Volume *self, gsize plane)
{
  const TapCpuRun *run = self->run;
  const float *x = tap_cpu_f32 (&run->inputs[0]) + plane * self->in_cells;

  for (gsize i = 0; i < self->out_cells; i++)
    {
      Window w = window_at (self, i);
      gsize cell = plane * self->out_cells + i;
      guint32 at = find_max (self, &w, x);

      if (run->outputs[0].data != NULL)
        tap_cpu_f32 (&run->outputs[0])[cell] = at == NOWHERE ? -INFINITY : x[at];
      if (tap_cpu_wants_output (run, 1))
        tap_cpu_i64 (&run->outputs[1])[cell] = count_cell (self, plane, at);
      if (run->saved != NULL)
        ((guint32 *) run->saved)[cell] = at;
    }
}

static void
sum_plane (const Volume *self, gsize plane)
{
  const float *x = tap_cpu_f32 (&self->run->inputs[0]) + plane * self->in_cells;
  float *y = tap_cpu_f32 (&self->run->outputs[0]) + plane * self->out_cells;

  for (gsize i = 0; i < self->out_cells; i++)
    {
      Window w = window_at (self, i);
      double sum = 0;

      EACH_TAP (w, t, r, s)
      {
        double value = (double) x[cell_of (self, &w, t, r, s)];

        sum += self->kind == TAP_POOLING_LP ? pow (fabs (value), (double) self->p) : value;
      }
      y[i] = (float) (self->kind == TAP_POOLING_LP ? pow (sum, 1 / (double) self->p) :
                                                     sum / (double) w.count);
    }
}

static void
forward_task (gpointer user_data, int task, int worker)
{
  const Volume *self = user_data;

  if (self->kind == TAP_POOLING_MAX)
    max_plane (self, (gsize) task);
  else
    sum_plane (self, (gsize) task);
}

/* A mean hands the same to each cell; a norm as the cell's share in it, where there is one. */
static void
spread_window (const Volume *self, const Window *w, float dy, float y, const float *x, float *dx)
{
  float each = self->kind == TAP_POOLING_AVERAGE ? dy / w->count : 0;

  EACH_TAP (*w, t, r, s)
  {
    gsize at = cell_of (self, w, t, r, s);

    if (self->kind == TAP_POOLING_AVERAGE)
      dx[at] += each;
    else if (y > 0 && x[at] != 0)
      dx[at] += dy * copysignf (powf (fabsf (x[at]) / y, self->p - 1), x[at]);
  }
}

static void
backward_task (gpointer user_data, int task, int worker)
{
  const Volume *self = user_data;
  const TapCpuRun *run = self->run;
  gsize in = (gsize) task * self->in_cells, out = (gsize) task * self->out_cells;
  const float *dy = tap_cpu_f32 (&run->output_grads[0]) + out;
  float *dx = tap_cpu_f32 (&run->input_grads[0]) + in;
  gboolean norm = self->kind == TAP_POOLING_LP;

  for (gsize i = 0; i < self->in_cells; i++)
    dx[i] = 0;
  for (gsize i = 0; i < self->out_cells; i++)
    if (self->kind == TAP_POOLING_MAX)
      {
        guint32 at = ((const guint32 *) run->saved)[out + i];

        if (at != NOWHERE)
          dx[at] += dy[i];
      }
    else
      {
        Window w = window_at (self, i);

        spread_window (self, &w, dy[i], norm ? tap_cpu_f32 (&run->outputs[0])[out + i] : 0,
                       norm ? tap_cpu_f32 (&run->inputs[0]) + in : NULL, dx);
      }
}

static gboolean
run_planes (const TapCpuRun *run, TapPoolingKind kind, TapPoolFunc task, GError **error)
{
  Volume self;

  if (!volume_init (&self, run, kind, error))
    return FALSE;
  tap_pool_run (run->pool, (int) tap_shape_product (&run->inputs[0].shape, 0, 2), task, &self);
  return TRUE;
}

/**
 * max_forward:
 *
 * Takes the maximum over each window, and leaves for the way back where it was.
 *
 * Shapes: x [N,C,D,H,W]; y and Indices [N,C,O,P,Q] as tap_op_volume() says.
 * Units: those of x; Indices count cells of the whole input.
 * Edges: padding never wins; equal values yield the lowest index; NaN wins.
 * Errors: none that inference has not found.
 */
static gboolean
max_forward (const TapCpuRun *run, GError **error)
{
  return run_planes (run, TAP_POOLING_MAX, forward_task, error);
}

static gboolean
max_backward (const TapCpuRun *run, GError **error)
{
  return run_planes (run, TAP_POOLING_MAX, backward_task, error);
}

static gsize
max_saved (const TapCpuRun *run)
{
  return tap_cpu_count (&run->outputs[0].shape) * sizeof (guint32);
}

/* Edges: padding counts as 0 and is counted only when the node says so. */
static gboolean
average_forward (const TapCpuRun *run, GError **error)
{
  return run_planes (run, TAP_POOLING_AVERAGE, forward_task, error);
}

static gboolean
average_backward (const TapCpuRun *run, GError **error)
{
  return run_planes (run, TAP_POOLING_AVERAGE, backward_task, error);
}

static gboolean
lp_forward (const TapCpuRun *run, GError **error)
{
  return run_planes (run, TAP_POOLING_LP, forward_task, error);
}

static gboolean
lp_backward (const TapCpuRun *run, GError **error)
{
  return run_planes (run, TAP_POOLING_LP, backward_task, error);
}

static guint
lp_needs (const TapNode *node, guint wanted)
{
  return TAP_CPU_INPUT (0) | TAP_CPU_OUTPUT (0);
}

const TapCpuKernel tap_cpu_average_pool_3d = {
  .op = "AveragePool3D",
  .forward = average_forward,
  .backward = average_backward,
};

const TapCpuKernel tap_cpu_lp_pool_3d = {
  .op = "LpPool3D",
  .forward = lp_forward,
  .backward = lp_backward,
  .needs = lp_needs,
};

const TapCpuKernel tap_cpu_max_pool_3d = {
  .op = "MaxPool3D",
  .forward = max_forward,
  .backward = max_backward,
  .saved = max_saved,
};
