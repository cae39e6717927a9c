/* conv-volume.c - convolution in three dimensions, and its adjoint
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A convolution leads from a fine volume to a coarse one, a transposed one from coarse to fine, and the way
 * back of each is the other. Fine cell z and coarse cell o meet at tap t where z = o stride - pad + t dilation.
 * Rows of the result are made one at a time, tap by tap in one order: plain, since networks of pictures have
 * few of these. */

#include "config.h"

#include "engine/cpu/conv.h"

typedef struct
{
  const TapCpuRun *run;
  TapVolumeAxis axes[3]; /* in: fine cells, out: coarse ones, of either kind */
  gsize images, groups;
  gsize fine, coarse; /* channels per group: the weights are [groups × coarse][fine][taps] */
  gsize n_taps;
  gsize fine_cells, coarse_cells;
  const float *x, *w, *bias;
  float *y;
} Volume;

static gboolean
volume_init (Volume *self, const TapCpuRun *run, GError **error)
{
  const TapShape *x = &run->inputs[0].shape, *w = &run->inputs[1].shape;
  TapVolume v;

  if (!tap_op_volume (run->node, x, w, &v, error))
    return FALSE;
  *self = (Volume){
    .run = run,
    .images = (gsize) x->dims[0],
    .groups = (gsize) v.group,
    .fine = (gsize) w->dims[1],
    .coarse = (gsize) w->dims[0] / (gsize) v.group,
    .n_taps = 1,
    .fine_cells = 1,
    .coarse_cells = 1,
    .w = tap_cpu_f32 (&run->inputs[1]),
  };
  for (int i = 0; i < 3; i++)
    {
      self->axes[i] = v.axes[i];
      if (v.transposed)
        {
          self->axes[i].in = v.axes[i].out;
          self->axes[i].out = v.axes[i].in;
        }
      self->n_taps *= (gsize) v.axes[i].kernel;
      self->fine_cells *= (gsize) self->axes[i].in;
      self->coarse_cells *= (gsize) self->axes[i].out;
    }
  return TRUE;
}

/* Coarse cells first .. last - 1 of a row lie within the fine one at tap @s. */
static void
row_range (const TapVolumeAxis *a, int s, gint64 *first, gint64 *last)
{
  gint64 start = (gint64) s * a->dilation - a->pad_begin;

  *first = start < 0 ? (-start + a->stride - 1) / a->stride : 0;
  *last = start >= a->in ? 0 : MIN ((a->in - 1 - start) / a->stride + 1, a->out);
  *last = MAX (*first, *last);
}

/* Fine cell of coarse cell @o at tap @t, -1 beyond the borders. */
static gint64
fine_at (const TapVolumeAxis *a, gint64 o, int t)
{
  gint64 z = o * a->stride - a->pad_begin + (gint64) t * a->dilation;

  return z < a->in ? MAX (z, -1) : -1;
}

/* Coarse cell of fine cell @z at tap @t, -1 when there is none. */
static gint64
coarse_at (const TapVolumeAxis *a, gint64 z, int t)
{
  gint64 o = z + a->pad_begin - (gint64) t * a->dilation;

  return o >= 0 && o % a->stride == 0 && o / a->stride < a->out ? o / a->stride : -1;
}

/* y[q] += w x[q stride + start] for the coarse cells of a row. */
static void
add_row (const Volume *v, float *y, const float *x, int s, float w)
{
  const TapVolumeAxis *a = &v->axes[2];
  gint64 first, last;

  row_range (a, s, &first, &last);
  x += first * a->stride - a->pad_begin + (gint64) s * a->dilation;
  if (a->stride == 1)
    v->run->simd->add_scaled_into (y + first, x, w, (gsize) (last - first));
  else
    for (gint64 q = first; q < last; q++, x += a->stride)
      y[q] += w * *x;
}

/* y[q stride + start] += w x[q] */
static void
spread_row (const Volume *v, float *y, const float *x, int s, float w)
{
  const TapVolumeAxis *a = &v->axes[2];
  gint64 first, last;

  row_range (a, s, &first, &last);
  y += first * a->stride - a->pad_begin + (gint64) s * a->dilation;
  if (a->stride == 1)
    v->run->simd->add_scaled_into (y, x + first, w, (gsize) (last - first));
  else
    for (gint64 q = first; q < last; q++, y += a->stride)
      *y += w * x[q];
}

static void
fill (float *y, float value, gint64 n)
{
  for (gint64 i = 0; i < n; i++)
    y[i] = value;
}

/* One coarse row of rows, gathered: every tap of every fine channel of the group. */
static void
gather_row (const Volume *v, gsize image, gsize k, int o, int p, float *y)
{
  const TapVolumeAxis *d = &v->axes[0], *h = &v->axes[1];
  gsize group = k / v->coarse;
  const float *w = v->w + k * v->fine * v->n_taps;

  for (gsize c = 0; c < v->fine; c++)
    {
      const float *x = v->x + ((image * v->groups + group) * v->fine + c) * v->fine_cells;

      for (int t = 0; t < d->kernel; t++)
        for (int r = 0; r < h->kernel; r++, w += v->axes[2].kernel)
          {
            gint64 z = fine_at (d, o, t), row = fine_at (h, p, r);

            for (int s = 0; z >= 0 && row >= 0 && s < v->axes[2].kernel; s++)
              add_row (v, y, x + (z * h->in + row) * v->axes[2].in, s, w[s]);
          }
    }
}

static void
gather_task (gpointer user_data, int task, int worker)
{
  const Volume *v = user_data;
  int depth = v->axes[0].out, rows = v->axes[1].out, columns = v->axes[2].out;
  gsize map = (gsize) (task / depth), n_maps = v->groups * v->coarse;
  float *y = v->y + map * v->coarse_cells + (gsize) (task % depth) * (gsize) rows * (gsize) columns;

  for (int p = 0; p < rows; p++, y += columns)
    {
      fill (y, v->bias != NULL ? v->bias[map % n_maps] : 0, columns);
      gather_row (v, map / n_maps, map % n_maps, task % depth, p, y);
    }
}

/* One fine row: from every coarse row that meets it at some tap. */
static void
spread_to_row (const Volume *v, gsize image, gsize c, int z, int row, float *y)
{
  const TapVolumeAxis *d = &v->axes[0], *h = &v->axes[1];
  gsize group = c / v->fine;

  for (gsize k = group * v->coarse; k < (group + 1) * v->coarse; k++)
    {
      const float *x = v->x + (image * v->groups * v->coarse + k) * v->coarse_cells;
      const float *w = v->w + (k * v->fine + c % v->fine) * v->n_taps;

      for (int t = 0; t < d->kernel; t++)
        for (int r = 0; r < h->kernel; r++, w += v->axes[2].kernel)
          {
            gint64 o = coarse_at (d, z, t), p = coarse_at (h, row, r);

            for (int s = 0; o >= 0 && p >= 0 && s < v->axes[2].kernel; s++)
              spread_row (v, y, x + (o * h->out + p) * v->axes[2].out, s, w[s]);
          }
    }
}

static void
spread_task (gpointer user_data, int task, int worker)
{
  const Volume *v = user_data;
  int depth = v->axes[0].in, rows = v->axes[1].in, columns = v->axes[2].in;
  gsize map = (gsize) (task / depth), n_maps = v->groups * v->fine;
  float *y = v->y + map * v->fine_cells + (gsize) (task % depth) * (gsize) rows * (gsize) columns;

  for (int row = 0; row < rows; row++, y += columns)
    {
      fill (y, v->bias != NULL ? v->bias[map % n_maps] : 0, columns);
      spread_to_row (v, map / n_maps, map % n_maps, task % depth, row, y);
    }
}

static void
run_gather (Volume *v, const float *fine, const float *bias, float *coarse)
{
  v->x = fine;
  v->bias = bias;
  v->y = coarse;
  tap_pool_run (v->run->pool, (int) (v->images * v->groups * v->coarse) * v->axes[0].out,
                gather_task, v);
}

static void
run_spread (Volume *v, const float *coarse, const float *bias, float *fine)
{
  v->x = coarse;
  v->bias = bias;
  v->y = fine;
  tap_pool_run (v->run->pool, (int) (v->images * v->groups * v->fine) * v->axes[0].in, spread_task,
                v);
}

/* --- gradients of the weights: x fine, bias: coarse numbers --- */

/* Σ over the rows of one image that meet at tap t, r, s. */
static double
sum_meetings (const Volume *v, const float *fine, const float *coarse, int t, int r, int s)
{
  const TapVolumeAxis *d = &v->axes[0], *h = &v->axes[1], *a = &v->axes[2];
  gint64 first, last;
  double sum = 0;

  row_range (a, s, &first, &last);
  for (gint64 o = 0; o < d->out; o++)
    for (gint64 p = 0; p < h->out; p++)
      {
        gint64 z = fine_at (d, o, t), row = fine_at (h, p, r);
        const float *x = fine + (z * h->in + row) * a->in - a->pad_begin + (gint64) s * a->dilation;
        const float *y = coarse + (o * h->out + p) * a->out;

        for (gint64 q = first; z >= 0 && row >= 0 && q < last; q++)
          sum += (double) x[q * a->stride] * (double) y[q];
      }
  return sum;
}

static void
weights_task (gpointer user_data, int task, int worker)
{
  const Volume *v = user_data;
  gsize k = (gsize) task / v->fine, c = (gsize) task % v->fine, group = k / v->coarse;
  float *dw = v->y + (gsize) task * v->n_taps;

  for (int t = 0; t < v->axes[0].kernel; t++)
    for (int r = 0; r < v->axes[1].kernel; r++)
      for (int s = 0; s < v->axes[2].kernel; s++)
        {
          double sum = 0;

          for (gsize n = 0; n < v->images; n++)
            sum +=
              sum_meetings (v, v->x + ((n * v->groups + group) * v->fine + c) * v->fine_cells,
                            v->bias + (n * v->groups * v->coarse + k) * v->coarse_cells, t, r, s);
          *dw++ = (float) sum;
        }
}

/* db[k] = Σ over images and cells */
static void
bias_back (const float *dy, gsize images, gsize maps, gsize cells, float *db)
{
  for (gsize k = 0; k < maps; k++)
    {
      double sum = 0;

      for (gsize n = 0; n < images; n++)
        for (gsize i = 0; i < cells; i++)
          sum += (double) dy[(n * maps + k) * cells + i];
      db[k] = (float) sum;
    }
}

static void
parameters_back (Volume *v, gboolean transposed)
{
  const TapCpuRun *run = v->run;
  const float *x = tap_cpu_f32 (&run->inputs[0]), *dy = tap_cpu_f32 (&run->output_grads[0]);

  if (run->input_grads[1].data != NULL)
    {
      v->x = transposed ? dy : x;
      v->bias = transposed ? x : dy;
      v->y = tap_cpu_f32 (&run->input_grads[1]);
      tap_pool_run (run->pool, (int) (v->groups * v->coarse * v->fine), weights_task, v);
    }
  if (run->n_inputs > 2 && run->input_grads[2].data != NULL)
    bias_back (dy, v->images, v->groups * (transposed ? v->fine : v->coarse),
               transposed ? v->fine_cells : v->coarse_cells, tap_cpu_f32 (&run->input_grads[2]));
}

/**
 * conv_forward:
 *
 * Cross-correlation in space.
 *
 * Shapes: x [N,C,D,H,W], w [K,C/group,T,R,S], bias [K], y [N,K,O,P,Q].
 * Units: those of x times w.
 * Edges: padding counts as 0.
 * Errors: none that inference has not found.
 */
static gboolean
conv_forward (const TapCpuRun *run, GError **error)
{
  Volume v;

  if (!volume_init (&v, run, error))
    return FALSE;
  run_gather (&v, tap_cpu_f32 (&run->inputs[0]),
              tap_cpu_has_input (run, 2) ? tap_cpu_f32 (&run->inputs[2]) : NULL,
              tap_cpu_f32 (&run->outputs[0]));
  return TRUE;
}

static gboolean
conv_backward (const TapCpuRun *run, GError **error)
{
  Volume v;

  if (!volume_init (&v, run, error))
    return FALSE;
  if (run->input_grads[0].data != NULL)
    run_spread (&v, tap_cpu_f32 (&run->output_grads[0]), NULL, tap_cpu_f32 (&run->input_grads[0]));
  parameters_back (&v, FALSE);
  return TRUE;
}

/* The adjoint of a convolution with these weights, plus a bias. w [C,K/group,T,R,S]. */
static gboolean
transposed_forward (const TapCpuRun *run, GError **error)
{
  Volume v;

  if (!volume_init (&v, run, error))
    return FALSE;
  run_spread (&v, tap_cpu_f32 (&run->inputs[0]),
              tap_cpu_has_input (run, 2) ? tap_cpu_f32 (&run->inputs[2]) : NULL,
              tap_cpu_f32 (&run->outputs[0]));
  return TRUE;
}

static gboolean
transposed_backward (const TapCpuRun *run, GError **error)
{
  Volume v;

  if (!volume_init (&v, run, error))
    return FALSE;
  if (run->input_grads[0].data != NULL)
    run_gather (&v, tap_cpu_f32 (&run->output_grads[0]), NULL, tap_cpu_f32 (&run->input_grads[0]));
  parameters_back (&v, TRUE);
  return TRUE;
}

const TapCpuKernel tap_cpu_conv_3d = {
  .op = "Conv3D",
  .forward = conv_forward,
  .backward = conv_backward,
  .needs = tap_conv_needs,
};

const TapCpuKernel tap_cpu_conv_transpose_3d = {
  .op = "ConvTranspose3D",
  .forward = transposed_forward,
  .backward = transposed_backward,
  .needs = tap_conv_needs,
};
