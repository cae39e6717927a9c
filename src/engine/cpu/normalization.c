/* normalization.c - BatchNormalization: shift and scale by trained statistics
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include "engine/cpu/tap-cpu.h"

/* Cells between the product and the clamp, so that they are still in the cache. */
#define BLOCK 2048

static float
batch_epsilon (const TapCpuRun *run)
{
  return (float) tap_attrs_get_float (run->node->attrs, "epsilon", 1e-5);
}

static float
batch_factor (const TapCpuRun *run, float epsilon, gsize channel)
{
  return tap_cpu_f32 (&run->inputs[1])[channel] /
         sqrtf (tap_cpu_f32 (&run->inputs[4])[channel] + epsilon);
}

static void
affine_cells (const TapCpuRun *run, gsize offset, gsize n, float factor, float shift)
{
  const TapSimd *simd = run->simd;
  const float *x = tap_cpu_f32 (&run->inputs[0]) + offset;
  float *y = tap_cpu_f32 (&run->outputs[0]) + offset;

  for (gsize i = 0; i < n; i += BLOCK)
    {
      gsize length = MIN (BLOCK, n - i);

      simd->unary (TAP_UNARY_AFFINE, y + i, x + i, length, factor, shift);
      if (run->clamp.active)
        simd->unary (TAP_UNARY_CLAMP, y + i, y + i, length, run->clamp.low, run->clamp.high);
    }
}

static void
batch_span (const TapCpuRun *run, gpointer data, gsize offset, gsize n, gsize image, gsize channel)
{
  float factor = batch_factor (run, *(const float *) data, channel);
  float shift =
    tap_cpu_f32 (&run->inputs[2])[channel] - tap_cpu_f32 (&run->inputs[3])[channel] * factor;

  affine_cells (run, offset, n, factor, shift);
}

/**
 * batch_forward:
 *
 * y = (x - mean) / √(variance + ε) · scale + shift per channel, as one product and one sum.
 *
 * Shapes: x, y [N,C,…]; the four others [C].
 * Units: those of x.
 * Edges: none.
 * Errors: none that inference has not found.
 */
static gboolean
batch_forward (const TapCpuRun *run, GError **error)
{
  float epsilon = batch_epsilon (run);

  tap_cpu_spans (run, TRUE, batch_span, &epsilon);
  return TRUE;
}

static void
batch_back_span (const TapCpuRun *run,
                 gpointer data,
                 gsize offset,
                 gsize n,
                 gsize image,
                 gsize channel)
{
  float factor = batch_factor (run, *(const float *) data, channel);

  run->simd->binary (TAP_BINARY_MUL, tap_cpu_f32 (&run->input_grads[0]) + offset,
                     tap_cpu_f32 (&run->output_grads[0]) + offset, 1, &factor, 0, n);
}

static float *
wanted (const TapCpuRun *run, int input)
{
  return input < run->n_inputs ? tap_cpu_f32 (&run->input_grads[input]) : NULL;
}

/* What flows back to the four numbers of a channel: sums over its maps, image by image. */
static void
batch_channel_task (gpointer user_data, int task, int worker)
{
  const TapCpuRun *run = user_data;
  TapCpuPlanes planes = tap_cpu_planes (&run->inputs[0].shape);
  gsize area = planes.height * planes.width, channel = (gsize) task;
  gboolean moments = wanted (run, 1) != NULL || wanted (run, 4) != NULL;
  double sum = 0, moment = 0, inverse = 0;

  for (gsize n = 0; n < planes.images; n++)
    {
      gsize offset = (n * planes.channels + channel) * area;
      const float *dy = tap_cpu_f32 (&run->output_grads[0]) + offset;

      sum += (double) run->simd->sum (dy, area);
      if (moments)
        moment += (double) run->simd->sum_product (
          tap_cpu_f32 (&run->inputs[0]) + offset, tap_cpu_f32 (&run->inputs[3])[channel], dy, area);
    }
  if (wanted (run, 2) != NULL)
    wanted (run, 2)[channel] = (float) sum;
  if (moments || wanted (run, 3) != NULL)
    inverse =
      1 / sqrt ((double) tap_cpu_f32 (&run->inputs[4])[channel] + (double) batch_epsilon (run));
  if (wanted (run, 1) != NULL)
    wanted (run, 1)[channel] = (float) (moment * inverse);
  if (wanted (run, 3) != NULL)
    wanted (run, 3)[channel] =
      (float) (-sum * (double) tap_cpu_f32 (&run->inputs[1])[channel] * inverse);
  if (wanted (run, 4) != NULL)
    wanted (run, 4)[channel] = (float) (-0.5 * moment * inverse * inverse * inverse *
                                        (double) tap_cpu_f32 (&run->inputs[1])[channel]);
}

/* Edges: mean and variance are inputs like the others, not functions of x. */
static gboolean
batch_backward (const TapCpuRun *run, GError **error)
{
  float epsilon = batch_epsilon (run);
  TapCpuPlanes planes = tap_cpu_planes (&run->inputs[0].shape);

  for (int i = 1; i < 5; i++)
    if (wanted (run, i) != NULL)
      {
        tap_pool_run (run->pool, (int) planes.channels, batch_channel_task, (gpointer) run);
        break;
      }
  if (wanted (run, 0) != NULL)
    tap_cpu_spans (run, TRUE, batch_back_span, &epsilon);
  return TRUE;
}

static guint
batch_needs (const TapNode *node, guint asked)
{
  static const guint needs[5] = {
    TAP_CPU_INPUT (1) | TAP_CPU_INPUT (4),
    TAP_CPU_INPUT (0) | TAP_CPU_INPUT (3) | TAP_CPU_INPUT (4),
    0,
    TAP_CPU_INPUT (1) | TAP_CPU_INPUT (4),
    TAP_CPU_INPUT (0) | TAP_CPU_INPUT (1) | TAP_CPU_INPUT (3) | TAP_CPU_INPUT (4),
  };
  guint all = 0;

  for (int i = 0; i < 5; i++)
    if ((asked >> i & 1) != 0)
      all |= needs[i];
  return all;
}

const TapCpuKernel tap_cpu_batch_normalization = {
  .op = "BatchNormalization",
  .flags = TAP_CPU_REGIONS | TAP_CPU_IN_PLACE | TAP_CPU_CLAMPS | TAP_CPU_BACK_IN_PLACE,
  .forward = batch_forward,
  .backward = batch_backward,
  .needs = batch_needs,
};

static void
affine_span (const TapCpuRun *run, gpointer data, gsize offset, gsize n, gsize image, gsize channel)
{
  affine_cells (run, offset, n, run->affine->scale[channel], run->affine->shift[channel]);
}

static gboolean
affine_forward (const TapCpuRun *run, GError **error)
{
  tap_cpu_spans (run, TRUE, affine_span, NULL);
  return TRUE;
}

const TapCpuKernel tap_cpu_affine = {
  .op = "BatchNormalization",
  .flags = TAP_CPU_REGIONS | TAP_CPU_IN_PLACE | TAP_CPU_CLAMPS,
  .forward = affine_forward,
};
