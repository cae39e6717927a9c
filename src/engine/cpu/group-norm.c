/* group-norm.c - InstanceNormalization, GroupNormalization: shift and scale by the picture's own statistics
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A group of maps that lie side by side has one mean μ and one 1/σ, which are left for the way back. With
 * x̂ = (x - μ) / σ and g = dy · scale, dx = (g - mean (g) - x̂ mean (g x̂)) / σ. */

#include "config.h"

#include <math.h>
#include <string.h>

#include "engine/cpu/tap-cpu.h"

typedef struct
{
  const TapCpuRun *run;
  gsize area, channels, channels_per_group, scales;
  gsize n_groups;
  float epsilon;
  float *statistics; /* per group: μ, 1/σ; or NULL */
  float *sums;       /* backward, per map: Σ dy, Σ dy x̂ */
} Groups;

/* Which number of scale and shift goes with a channel. */
static gsize
scale_of (const Groups *g, gsize channel)
{
  return g->scales == g->channels ? channel : channel / g->channels_per_group;
}

static void
group_task (gpointer user_data, int task, int worker)
{
  const Groups *g = user_data;
  const TapSimd *simd = g->run->simd;
  gsize length = g->channels_per_group * g->area;
  const float *x = tap_cpu_f32 (&g->run->inputs[0]) + (gsize) task * length;
  float *y = tap_cpu_f32 (&g->run->outputs[0]) + (gsize) task * length;
  const float *scale = tap_cpu_f32 (&g->run->inputs[1]), *shift = tap_cpu_f32 (&g->run->inputs[2]);
  float mean = simd->sum (x, length) / (float) length;
  float variance = simd->sum_square_deviation (x, mean, length) / (float) length;
  float inverse = 1.0f / sqrtf (variance + g->epsilon);

  for (gsize i = 0; i < g->channels_per_group; i++)
    {
      gsize k = scale_of (g, ((gsize) task * g->channels_per_group + i) % g->channels);
      float factor = scale[k] * inverse;

      simd->unary (TAP_UNARY_AFFINE, y + i * g->area, x + i * g->area, g->area, factor,
                   shift[k] - mean * factor);
      if (g->run->clamp.active)
        simd->unary (TAP_UNARY_CLAMP, y + i * g->area, y + i * g->area, g->area, g->run->clamp.low,
                     g->run->clamp.high);
    }
  if (g->statistics != NULL)
    {
      g->statistics[2 * task] = mean;
      g->statistics[2 * task + 1] = inverse;
    }
}

/* FALSE: there is nothing to do. */
static gboolean
groups_init (Groups *g, const TapCpuRun *run)
{
  const TapShape *x = &run->inputs[0].shape;
  gboolean instance = g_str_equal (run->node->op->name, "InstanceNormalization");
  gint64 n_groups = tap_attrs_get_int (run->node->attrs, "num_groups", 1);

  *g = (Groups){ .run = run, .statistics = run->saved };
  g->channels = (gsize) x->dims[1];
  g->area = (gsize) tap_shape_product (x, 2, x->n_dims);
  if (x->dims[0] == 0 || g->channels == 0 || g->area == 0)
    return FALSE;
  g->channels_per_group = instance ? 1 : g->channels / (gsize) n_groups;
  g->n_groups = (gsize) x->dims[0] * (g->channels / g->channels_per_group);
  g->scales = tap_cpu_count (&run->inputs[1].shape);
  g->epsilon = (float) tap_attrs_get_float (run->node->attrs, "epsilon", 1e-5);
  return TRUE;
}

static gboolean
groups_forward (const TapCpuRun *run, GError **error)
{
  Groups g;

  if (groups_init (&g, run))
    tap_pool_run (run->pool, (int) g.n_groups, group_task, &g);
  return TRUE;
}

static void
group_back_task (gpointer user_data, int task, int worker)
{
  const Groups *g = user_data;
  const TapCpuRun *run = g->run;
  const TapSimd *simd = run->simd;
  gsize length = g->channels_per_group * g->area, first = (gsize) task * g->channels_per_group;
  float mean = g->statistics[2 * task], inverse = g->statistics[2 * task + 1];
  double sum = 0, moment = 0;

  for (gsize i = first; i < first + g->channels_per_group; i++)
    {
      const float *dy = tap_cpu_f32 (&run->output_grads[0]) + i * g->area;
      float *sums = g->sums + 2 * i;

      sums[0] = simd->sum (dy, g->area);
      sums[1] = 0;
      if (run->inputs[0].data != NULL)
        sums[1] = inverse * simd->sum_product (tap_cpu_f32 (&run->inputs[0]) + i * g->area, mean,
                                               dy, g->area);
      if (run->input_grads[0].data != NULL)
        {
          double scale = (double) tap_cpu_f32 (&run->inputs[1])[scale_of (g, i % g->channels)];

          sum += scale * (double) sums[0];
          moment += scale * (double) sums[1];
        }
    }
  if (run->input_grads[0].data == NULL)
    return;
  for (gsize i = first; i < first + g->channels_per_group; i++)
    {
      float scale = tap_cpu_f32 (&run->inputs[1])[scale_of (g, i % g->channels)];

      simd->combine (tap_cpu_f32 (&run->input_grads[0]) + i * g->area,
                     tap_cpu_f32 (&run->output_grads[0]) + i * g->area, scale * inverse,
                     tap_cpu_f32 (&run->inputs[0]) + i * g->area, mean,
                     (float) (-moment / (double) length) * inverse * inverse,
                     (float) (-sum / (double) length) * inverse, g->area);
    }
}

/* What flows back to scales (@which 1) or shifts (0): sums over the maps that they are for, in order. */
static void
sum_maps (const Groups *g, int which, float *grad)
{
  gsize each = g->scales == g->channels ? 1 : g->channels_per_group;
  gsize images = g->n_groups * g->channels_per_group / g->channels;

  for (gsize k = 0; k < g->scales; k++)
    {
      double sum = 0;

      for (gsize n = 0; n < images; n++)
        for (gsize i = 0; i < each; i++)
          sum += (double) g->sums[2 * (n * g->channels + k * each + i) + (gsize) which];
      grad[k] = (float) sum;
    }
}

static gboolean
groups_backward (const TapCpuRun *run, GError **error)
{
  Groups g;

  for (int i = 1; i < 3; i++)
    if (run->input_grads[i].data != NULL)
      memset (run->input_grads[i].data, 0, tap_cpu_count (&run->inputs[i].shape) * sizeof (float));
  if (!groups_init (&g, run))
    return TRUE;
  g.sums = run->scratch;
  tap_pool_run (run->pool, (int) g.n_groups, group_back_task, &g);
  if (run->input_grads[1].data != NULL)
    sum_maps (&g, 1, tap_cpu_f32 (&run->input_grads[1]));
  if (run->input_grads[2].data != NULL)
    sum_maps (&g, 0, tap_cpu_f32 (&run->input_grads[2]));
  return TRUE;
}

static guint
groups_needs (const TapNode *node, guint wanted)
{
  return ((wanted & 1) != 0 ? TAP_CPU_INPUT (0) | TAP_CPU_INPUT (1) : 0) |
         ((wanted & 2) != 0 ? TAP_CPU_INPUT (0) : 0);
}

/* Two numbers for each group, of which there are at most as many as maps. */
static gsize
groups_saved (const TapCpuRun *run)
{
  return (gsize) tap_shape_product (&run->inputs[0].shape, 0, 2) * 2 * sizeof (float);
}

const TapCpuKernel tap_cpu_instance_normalization = {
  .op = "InstanceNormalization",
  .flags = TAP_CPU_CLAMPS | TAP_CPU_BACK_IN_PLACE,
  .forward = groups_forward,
  .backward = groups_backward,
  .needs = groups_needs,
  .saved = groups_saved,
  .scratch_backward = groups_saved,
};

const TapCpuKernel tap_cpu_group_normalization = {
  .op = "GroupNormalization",
  .flags = TAP_CPU_CLAMPS | TAP_CPU_BACK_IN_PLACE,
  .forward = groups_forward,
  .backward = groups_backward,
  .needs = groups_needs,
  .saved = groups_saved,
  .scratch_backward = groups_saved,
};
