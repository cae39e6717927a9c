/* plan-backward-settle.c - where the gradients of a backward pass lie, and what its jobs cost
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "engine/plan-backward.h"
#include "ops/infer.h"

/* What a job costs per number, beside the multiply-adds of a kernel. */
#define CELL_COST 2.0

static void
touch (TapBackPlan *self, TapBackPlace place, int job)
{
  TapBackBuffer *buffer;

  if (place.buffer < 0)
    return;
  buffer = &g_array_index (self->buffers, TapBackBuffer, place.buffer);
  if (buffer->first < 0)
    buffer->first = job;
  buffer->last = job;
}

/* Lifetimes of the buffers, and with them offsets in one arena. */
static void
settle_buffers (TapBackPlan *self)
{
  g_autoptr (GArray) layout = tap_plan_layout_new ();

  for (int j = 0; j < (int) self->jobs->len; j++)
    {
      const TapBackJob *job = &g_array_index (self->jobs, TapBackJob, j);
      const TapPlanStep *step = job->step >= 0 ? &self->plan->steps[job->step] : NULL;

      if (job->kind == TAP_BACK_JOB_KERNEL)
        {
          for (int i = 0; i < step->n_inputs + step->n_outputs; i++)
            touch (self, job->grads[i], j);
          touch (self, job->residual, j);
          continue;
        }
      touch (self, job->to, j);
      if (job->kind != TAP_BACK_JOB_SEED || job->from.buffer >= 0)
        touch (self, job->from, j);
      if (job->kind == TAP_BACK_JOB_ADD)
        touch (self, job->other, j);
    }
  /* Buffers are numbered in the order in which they are first used. */
  for (guint i = 0; i < self->buffers->len; i++)
    {
      TapBackBuffer *buffer = &g_array_index (self->buffers, TapBackBuffer, i);

      if (buffer->value >= 0)
        {
          self->tensor_bytes += buffer->bytes;
          continue;
        }
      buffer->offset = tap_plan_layout_add (layout, buffer->bytes, buffer->first, buffer->last);
      self->arena_bytes = MAX (self->arena_bytes, buffer->offset + buffer->bytes);
    }
}

static void
settle_costs (TapBackPlan *self)
{
  double total = 0;

  for (guint j = 0; j < self->jobs->len; j++)
    {
      TapBackJob *job = &g_array_index (self->jobs, TapBackJob, j);
      const TapPlanStep *step;

      job->cost = CELL_COST * (double) job->count;
      if (job->kind == TAP_BACK_JOB_KERNEL)
        {
          step = &self->plan->steps[job->step];
          job->cost = (double) tap_infer_macs (self->plan->graph, step->node);
          for (int i = 0; i < step->n_inputs; i++)
            if (job->grads[step->n_outputs + i].buffer >= 0)
              job->cost +=
                CELL_COST * (double) tap_cpu_count (&self->plan->values[step->inputs[i]].shape);
        }
      total += job->cost;
    }
  for (guint j = 0; j < self->jobs->len; j++)
    g_array_index (self->jobs, TapBackJob, j).cost /= MAX (total, 1);
}

void
tap_back_plan_settle (TapBackPlan *self)
{
  settle_buffers (self);
  settle_costs (self);
}
