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

/* Where the maximum is: at the first NaN, where it is NaN. */
static guint32
first_equal (const float *x, gsize n, float max)
{
  for (gsize i = 0; i < n; i++)
    if (x[i] == max || x[i] != x[i])
      return (guint32) i;
  return 0;
}

static void
global_task (gpointer user_data, int task, int worker)
{
  const Global *g = user_data;
  const float *x = tap_cpu_f32 (&g->run->inputs[0]);
  float *y = tap_cpu_f32 (&g->run->outputs[0]);
  gsize first = (gsize) task * g->planes_per_task;
  gsize last = MIN (first + g->planes_per_task, g->n_planes);

  for (gsize i = first; i < last; i++)
    {
      const float *plane = x + i * g->area;

      y[i] = g->max ? g->run->simd->max (plane, g->area) :
                      g->run->simd->sum (plane, g->area) / (float) g->area;
      if (g->max && g->run->saved != NULL)
        ((guint32 *) g->run->saved)[i] = first_equal (plane, g->area, y[i]);
    }
}

static Global
global_new (const TapCpuRun *run, gboolean max)
{
  const TapShape *x = &run->inputs[0].shape;
  Global g = { .run = run, .max = max };

  g.area = (gsize) tap_shape_product (x, 2, x->n_dims);
  g.n_planes = (gsize) tap_shape_product (x, 0, 2);
  g.planes_per_task = MAX (16384 / MAX (g.area, 1), 1);
  return g;
}

static gboolean
run_planes (Global *g, TapPoolFunc task)
{
  tap_pool_run (g->run->pool, (int) ((g->n_planes + g->planes_per_task - 1) / g->planes_per_task),
                task, g);
  return TRUE;
}

static gboolean
average_forward (const TapCpuRun *run, GError **error)
{
  Global g = global_new (run, FALSE);

  return run_planes (&g, global_task);
}

static gboolean
max_forward (const TapCpuRun *run, GError **error)
{
  Global g = global_new (run, TRUE);

  return run_planes (&g, global_task);
}

/* A mean hands to each cell the same; a maximum all to the first cell that held it. */
static void
back_task (gpointer user_data, int task, int worker)
{
  const Global *g = user_data;
  const float *dy = tap_cpu_f32 (&g->run->output_grads[0]);
  float *dx = tap_cpu_f32 (&g->run->input_grads[0]);
  const float zero = 0;
  gsize first = (gsize) task * g->planes_per_task;
  gsize last = MIN (first + g->planes_per_task, g->n_planes);

  for (gsize i = first; i < last; i++)
    {
      float *plane = dx + i * g->area;
      float each = g->max ? 0 : dy[i] / (float) g->area;

      g->run->simd->binary (TAP_BINARY_ADD, plane, &each, 0, &zero, 0, g->area);
      if (g->max && g->area > 0)
        plane[((const guint32 *) g->run->saved)[i]] = dy[i];
    }
}

static gboolean
average_backward (const TapCpuRun *run, GError **error)
{
  Global g = global_new (run, FALSE);

  return run_planes (&g, back_task);
}

static gboolean
max_backward (const TapCpuRun *run, GError **error)
{
  Global g = global_new (run, TRUE);

  return run_planes (&g, back_task);
}

/* Which cell it was, for each map. */
static gsize
max_saved (const TapCpuRun *run)
{
  return (gsize) tap_shape_product (&run->inputs[0].shape, 0, 2) * sizeof (guint32);
}

const TapCpuKernel tap_cpu_global_average_pool = {
  .op = "GlobalAveragePool",
  .forward = average_forward,
  .backward = average_backward,
};

const TapCpuKernel tap_cpu_global_max_pool = {
  .op = "GlobalMaxPool",
  .forward = max_forward,
  .backward = max_backward,
  .saved = max_saved,
};
