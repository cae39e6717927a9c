/* global-pool.c - one number for each map
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "engine/cpu/tap-cpu.h"

typedef struct
{
  const TapCpuRun *run;
  gboolean max;
  gsize area, n_planes, planes_per_task;
} Global;

static void
global_task (gpointer user_data, int task, int worker)
{
  const Global *g = user_data;
  const float *x = tap_cpu_f32 (&g->run->inputs[0]);
  float *y = tap_cpu_f32 (&g->run->outputs[0]);
  gsize first = (gsize) task * g->planes_per_task;
  gsize last = MIN (first + g->planes_per_task, g->n_planes);

  for (gsize i = first; i < last; i++)
    y[i] = g->max ? g->run->simd->max (x + i * g->area, g->area) :
                    g->run->simd->sum (x + i * g->area, g->area) / (float) g->area;
}

static gboolean
global_forward (const TapCpuRun *run, gboolean max)
{
  const TapShape *x = &run->inputs[0].shape;
  Global g = { .run = run, .max = max };

  g.area = (gsize) tap_shape_product (x, 2, x->n_dims);
  g.n_planes = (gsize) tap_shape_product (x, 0, 2);
  g.planes_per_task = MAX (16384 / MAX (g.area, 1), 1);
  tap_pool_run (run->pool, (int) ((g.n_planes + g.planes_per_task - 1) / g.planes_per_task),
                global_task, &g);
  return TRUE;
}

static gboolean
average_forward (const TapCpuRun *run, GError **error)
{
  return global_forward (run, FALSE);
}

static gboolean
max_forward (const TapCpuRun *run, GError **error)
{
  return global_forward (run, TRUE);
}

const TapCpuKernel tap_cpu_global_average_pool = {
  .op = "GlobalAveragePool",
  .forward = average_forward,
};

const TapCpuKernel tap_cpu_global_max_pool = {
  .op = "GlobalMaxPool",
  .forward = max_forward,
};
