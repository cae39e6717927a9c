/* conv-transpose.c - transposed convolution: each input cell paints its kernel onto the output
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Seen from the output, the taps that reach a row are those whose distance divides by the stride. A row
 * starts from the bias and takes channel by channel, tap by tap. */

#include "config.h"

#include "engine/cpu/tap-cpu.h"

typedef struct
{
  const TapCpuRun *run;
  TapWindow w;
  gsize in_channels, out_channels, in_per_group, out_per_group;
} Transposed;

/* y[q] += w · x[i] wherever q = i·stride - pad + s·dilation lies within the row */
static void
paint (const Transposed *t, float *y, const float *x, float weight, gint64 shift)
{
  const TapWindow *w = &t->w;
  gint64 first = shift < 0 ? (-shift + w->stride_w - 1) / w->stride_w : 0;
  gint64 end = shift < w->out_w ? (w->out_w - 1 - shift) / w->stride_w + 1 : 0;

  end = MIN (end, w->in_w);
  if (first >= end)
    return;
  if (w->stride_w == 1)
    t->run->simd->add_scaled_into (y + first + shift, x + first, weight, (gsize) (end - first));
  else
    for (gint64 i = first; i < end; i++)
      y[i * w->stride_w + shift] += weight * x[i];
}

/* A task is one map of one image. */
static void
transposed_task (gpointer user_data, int task, int worker)
{
  const Transposed *t = user_data;
  const TapWindow *w = &t->w;
  gsize image = (gsize) task / t->out_channels, m = (gsize) task % t->out_channels;
  gsize group = m / t->out_per_group, k = m % t->out_per_group;
  gsize in_plane = (gsize) w->in_h * (gsize) w->in_w,
        taps = (gsize) w->kernel_h * (gsize) w->kernel_w;
  const float *bias = tap_cpu_has_input (t->run, 2) ? tap_cpu_f32 (&t->run->inputs[2]) : NULL;
  float *y = tap_cpu_f32 (&t->run->outputs[0]) + (gsize) task * (gsize) w->out_h * (gsize) w->out_w;

  for (int p = 0; p < w->out_h; p++, y += w->out_w)
    {
      for (int q = 0; q < w->out_w; q++)
        y[q] = bias != NULL ? bias[m] : 0;
      for (gsize i = 0; i < t->in_per_group; i++)
        {
          gsize c = group * t->in_per_group + i;
          const float *x =
            tap_cpu_f32 (&t->run->inputs[0]) + (image * t->in_channels + c) * in_plane;
          const float *weights =
            tap_cpu_f32 (&t->run->inputs[1]) + (c * t->out_per_group + k) * taps;

          for (int r = 0; r < w->kernel_h; r++)
            {
              gint64 row = (gint64) p + w->pad_top - (gint64) r * w->dilation_h;

              if (row < 0 || row % w->stride_h != 0 || row / w->stride_h >= w->in_h)
                continue;
              for (int s = 0; s < w->kernel_w; s++)
                paint (t, y, x + (row / w->stride_h) * w->in_w, weights[r * w->kernel_w + s],
                       (gint64) s * w->dilation_w - w->pad_left);
            }
        }
    }
}

/**
 * transposed_forward:
 *
 * The adjoint of a convolution with these weights, plus a bias.
 *
 * Shapes: x [N,C,H,W], w [C,K/group,R,S], bias [K], y [N,K,P,Q] as tap_op_window() says.
 * Units: those of x times w.
 * Edges: what would be painted beyond the output is dropped.
 * Errors: none that inference has not found.
 */
static gboolean
transposed_forward (const TapCpuRun *run, GError **error)
{
  const TapShape *x = &run->inputs[0].shape, *y = &run->outputs[0].shape;
  Transposed t = { .run = run };

  if (!tap_op_window (run->node, x, &run->inputs[1].shape, &t.w, error))
    return FALSE;
  t.in_channels = (gsize) x->dims[1];
  t.out_channels = (gsize) y->dims[1];
  t.in_per_group = t.in_channels / (gsize) t.w.group;
  t.out_per_group = t.out_channels / (gsize) t.w.group;
  tap_pool_run (run->pool, (int) ((gsize) x->dims[0] * t.out_channels), transposed_task, &t);
  return TRUE;
}

const TapCpuKernel tap_cpu_conv_transpose = {
  .op = "ConvTranspose",
  .forward = transposed_forward,
};
