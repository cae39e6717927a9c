/* patch-reads.c - changes through operators that look elsewhere than through a window
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows and columns go their own ways: padding, resizing, slicing, joining, blocks of cells. What an index of the
 * output reads is an interval; of what many indices read, and of the indices that read a change, the smallest
 * interval round them is taken. */

#include "config.h"

#include "engine/patch-reads.h"

typedef struct
{
  gsize n; /* indices of the output; 0 for inputs that do not change */
  TapCpuCells *cells;
} Axis;

struct _TapPatchReads
{
  int n_inputs;
  Axis *axes; /* per input: rows, columns */
};

void
tap_patch_reads_free (TapPatchReads *self)
{
  if (self == NULL)
    return;
  for (int i = 0; i < 2 * self->n_inputs; i++)
    g_free (self->axes[i].cells);
  g_free (self->axes);
  g_free (self);
}

static gboolean
fill_input (TapPatchReads *self, const TapCpuKernel *kernel, const TapCpuRun *run, int input)
{
  const TapShape *x = &run->inputs[input].shape, *y = &run->outputs[0].shape;

  if (x->n_dims < 4 || y->n_dims < 4 || x->dims[0] != y->dims[0])
    return FALSE;
  for (int k = 0; k < 2; k++)
    {
      Axis *axis = &self->axes[2 * input + k];
      int d = y->n_dims - 2 + k;

      axis->n = (gsize) y->dims[d];
      axis->cells = g_new (TapCpuCells, axis->n + 1);
      if (!kernel->reads (run, input, d, axis->cells))
        return FALSE;
    }
  return TRUE;
}

TapPatchReads *
tap_patch_reads_new (const TapPlan *plan, const TapPlanStep *step)
{
  g_autofree gpointer *data = g_new0 (gpointer, (gsize) plan->n_values + 1);
  g_autofree TapCpuArray *arrays = g_new0 (TapCpuArray, 2 * (gsize) plan->max_io + 1);
  TapCpuArray *outputs = arrays + plan->max_io;
  TapCpuRun run = { .node = step->node,
                    .inputs = arrays,
                    .n_inputs = step->n_inputs,
                    .outputs = outputs,
                    .n_outputs = step->n_outputs };
  TapPatchReads *self;

  if (step->kernel->reads == NULL || !(step->kernel->flags & TAP_CPU_REGIONS) ||
      step->n_reads != step->n_inputs)
    return NULL;
  for (int i = 0; i < step->n_inputs; i++)
    if (step->inputs[i] >= 0)
      {
        TapTensor *constant = tap_graph_get_value (plan->graph, step->inputs[i])->constant;

        data[step->inputs[i]] = constant != NULL ? constant->data : NULL;
      }
  tap_plan_bind (plan, step, data, arrays, outputs);
  self = g_new0 (TapPatchReads, 1);
  self->n_inputs = step->n_inputs;
  self->axes = g_new0 (Axis, 2 * (gsize) step->n_inputs + 1);
  for (int i = 0; i < step->n_inputs; i++)
    if (step->inputs[i] >= 0 && data[step->inputs[i]] == NULL &&
        !fill_input (self, step->kernel, &run, i))
      {
        tap_patch_reads_free (self);
        return NULL;
      }
  return self;
}

/* Indices of the output that read any of the cells from @start on. */
static void
follow (const Axis *axis, int start, int length, int *first, int *n)
{
  int last = -1;

  *first = 0;
  for (int i = 0; i < (int) axis->n; i++)
    if (axis->cells[i].first < start + length && axis->cells[i].last >= start &&
        axis->cells[i].first <= axis->cells[i].last)
      {
        if (last < 0)
          *first = i;
        last = i;
      }
  *n = last < 0 ? 0 : last - *first + 1;
}

static void
find_sources (const Axis *axis, int start, int length, int *first, int *n)
{
  int last = -1;

  *first = G_MAXINT;
  for (int i = start; i < start + length; i++)
    if (axis->cells[i].first <= axis->cells[i].last)
      {
        *first = MIN (*first, axis->cells[i].first);
        last = MAX (last, axis->cells[i].last);
      }
  *n = last < 0 ? 0 : last - *first + 1;
}

TapRect
tap_patch_reads_follow (const TapPatchReads *self, int input, const TapRect *changed)
{
  const Axis *axes = &self->axes[2 * input];
  TapRect rect;

  follow (&axes[0], changed->y, changed->height, &rect.y, &rect.height);
  follow (&axes[1], changed->x, changed->width, &rect.x, &rect.width);
  return tap_rect_is_empty (&rect) ? (TapRect){ 0 } : rect;
}

TapRect
tap_patch_reads_sources (const TapPatchReads *self, int input, const TapRect *wanted)
{
  const Axis *axes = &self->axes[2 * input];
  TapRect rect;

  find_sources (&axes[0], wanted->y, wanted->height, &rect.y, &rect.height);
  find_sources (&axes[1], wanted->x, wanted->width, &rect.x, &rect.width);
  return tap_rect_is_empty (&rect) ? (TapRect){ 0 } : rect;
}
