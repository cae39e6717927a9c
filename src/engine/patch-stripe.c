/* patch-stripe.c - rows of a mask over the full width, which positions beside each other share
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A cell whose window sees only columns that the mask covers does not know how far the mask reaches beyond
 * them: its number is that of a mask over the full width of the picture, a stripe. In all rows, above and below
 * the mask as well. One stripe gives that to all positions of its rows; left for them are the cells at the
 * mask's left and right edge. */

#include "config.h"

#include "engine/patch-flat.h"
#include "engine/patch-stripe.h"

#include <string.h>

/* Each worker makes a stripe of its own, so that none waits for another; the rule may not look at how many there
 * are. */
#define MAKERS         4
/* Narrower, the rectangles beside take longer than one over all columns. */
#define LEAST_COLUMNS  8
/* Multiply-adds per number from which copying it saves time, and what one takes that has fewer. */
#define WORTH_SHARING  256
#define LEAST_MACS     32
/* The share of whole passes at all positions that is worth the stripe's memory. */
#define WORTH_A_STRIPE 0.03
/* Numbers that one task copies. */
#define COPY_CELLS     16384
/* What does not depend on the picture is the same in any columns. */
static const TapRect any = { 0, 0, G_MAXINT, 1 };

static int
width_of (const TapPlan *plan, int v)
{
  return (int) tap_cpu_maps (&plan->values[v].shape).width;
}

/* Outputs whose windows see nothing but @in of @width columns; what is beside the map is the same under
 * any mask. */
static TapRect
inside_window (const TapWindow *w, const TapRect *in, int width)
{
  int first = in->x + w->pad_left, end = in->x + in->width + w->pad_left;
  int reach = (w->kernel_w - 1) * w->dilation_w;

  if (w->transposed || w->pad_left < 0 || w->pad_top < 0 || in->width <= 0)
    return (TapRect){ 0 };
  first = in->x == 0 ? 0 : (first + w->stride_w - 1) / w->stride_w;
  end = in->x + in->width == width ? w->out_w :
        end <= reach               ? 0 :
                                     (end - 1 - reach) / w->stride_w + 1;
  return (TapRect){ first, 0, MAX (MIN (end, w->out_w) - first, 0), 1 };
}

static TapRect
follow (const TapPlan *plan, const TapPatchRoute *route, int s, const TapRect *columns)
{
  const TapPlanStep *step = &plan->steps[s];
  TapRegionRule rule = route->rules[s];
  TapRect all = any;

  for (int i = 0; i < step->n_reads; i++)
    {
      int v = step->inputs[i];
      gboolean windowed = rule == TAP_REGION_WINDOW && i < step->n_inputs;
      TapRect in;

      if (v < 0 || columns[v].width == G_MAXINT)
        continue;
      in = columns[v];
      if (windowed && i == 0)
        in = inside_window (&route->windows[s], &in, width_of (plan, v));
      else if (windowed || rule == TAP_REGION_FULL || plan->values[v].shape.n_dims != 4 ||
               width_of (plan, v) != width_of (plan, step->outputs[0]))
        return (TapRect){ 0 };
      all = tap_rect_intersect (&all, &in);
    }
  return all;
}

TapRect *
tap_patch_stripe_columns (const TapPlan *plan, const TapPatchRoute *route, int x, int width)
{
  TapRect *columns = g_new (TapRect, (gsize) plan->n_values + 1);

  for (int v = 0; v < plan->n_values; v++)
    columns[v] = any;
  for (int i = 0; i < tap_graph_n_inputs (plan->graph); i++)
    if (tap_graph_get_input (plan->graph, i) == route->picture)
      columns[route->picture] = (TapRect){ x, 0, width, 1 };
  for (int s = 0; s < plan->n_steps; s++)
    {
      const TapPlanStep *step = &plan->steps[s];
      TapRect found = step->n_outputs == 1 && step->outputs[0] >= 0 ?
                        follow (plan, route, s, columns) :
                        (TapRect){ 0 };

      for (int i = 0; i < step->n_outputs; i++)
        if (step->outputs[i] >= 0)
          columns[step->outputs[i]] = found;
    }
  return columns;
}

/* Multiply-adds of a number; 0 for steps that do other things, and for views. */
static double
macs_of (const TapPlan *plan, const TapPatchRoute *route, int s)
{
  const TapPlanStep *step = &plan->steps[s];
  const TapWindow *w = &route->windows[s];

  if (step->view || step->n_outputs != 1 || step->outputs[0] < 0 ||
      route->rules[s] != TAP_REGION_WINDOW || !g_str_equal (step->node->op->name, "Conv"))
    return 0;
  return (double) plan->values[step->inputs[1]].shape.dims[1] * w->kernel_h * w->kernel_w;
}

static double
numbers_of (const TapPlan *plan, int s)
{
  return (double) tap_cpu_count (&plan->values[plan->steps[s].outputs[0]].shape);
}

/* Multiply-adds that @n positions gain by step @s of a stripe, or lose where it is needed for those after it. The
 * rows are as many either way: those of the whole map stand for them. */
static double
gain_of (const TapPlan *plan,
         const TapPatchRoute *route,
         int s,
         const TapRect *columns,
         int n,
         gboolean *shared)
{
  double macs = macs_of (plan, route, s), cost;
  int v = plan->steps[s].outputs[0];

  *shared = FALSE;
  if (plan->steps[s].view || v < 0 || plan->values[v].shape.n_dims != 4)
    return 0;
  cost = (double) MAKERS * numbers_of (plan, s) * MAX (macs, LEAST_MACS);
  *shared = macs >= WORTH_SHARING && columns[v].width < G_MAXINT &&
            columns[v].width >= LEAST_COLUMNS &&
            (double) n * columns[v].width > (double) MAKERS * width_of (plan, v);
  return *shared ? cost * n * columns[v].width / (MAKERS * width_of (plan, v)) - cost : -cost;
}

gboolean
tap_patch_stripe_choose (const TapPlan *plan,
                         const TapPatchRoute *route,
                         const TapRect *columns,
                         int n,
                         const gboolean *needed,
                         gboolean *shared,
                         gboolean *steps)
{
  double gain = 0, best = 0, all = 0;
  int end = 0;

  for (int s = 0; s < plan->n_steps; s++)
    {
      shared[s] = FALSE;
      if (needed[s])
        gain += gain_of (plan, route, s, columns, n, &shared[s]);
      if (macs_of (plan, route, s) > 0)
        all += macs_of (plan, route, s) * numbers_of (plan, s);
      if (gain > best)
        {
          best = gain;
          end = s + 1;
        }
    }
  if (best < WORTH_A_STRIPE * n * all)
    end = 0;
  for (int s = 0; s < plan->n_steps; s++)
    {
      steps[s] = needed[s] && s < end;
      shared[s] = shared[s] && s < end;
    }
  return end > 0;
}

int
tap_patch_stripe_cut (const TapPatchWalk *walk,
                      int s,
                      const TapRect *rect,
                      TapRect *middle,
                      TapRect sides[2])
{
  int v = walk->plan->steps[s].outputs[0], n = 0;
  int end = rect->x + rect->width, right;
  const TapChange *have;

  if (walk->stripe == NULL || !walk->shared[s])
    return -1;
  have = &walk->stripe->changes[v];
  *middle = (TapRect){ walk->columns[v].x, rect->y, walk->columns[v].width, rect->height };
  *middle = tap_rect_intersect (middle, rect);
  if (tap_rect_is_empty (middle) ||
      !(have->extent == TAP_WHOLE ||
        (have->extent == TAP_PART && have->rect.y <= rect->y && have->rect.x <= middle->x &&
         have->rect.y + have->rect.height >= rect->y + rect->height &&
         have->rect.x + have->rect.width >= middle->x + middle->width)))
    return -1;
  right = middle->x + middle->width;
  if (middle->x > rect->x)
    sides[n++] = (TapRect){ rect->x, rect->y, middle->x - rect->x, rect->height };
  if (right < end)
    sides[n++] = (TapRect){ right, rect->y, end - right, rect->height };
  return n;
}

typedef struct
{
  TapCpuPlanes planes;
  TapRect rect;
  gsize planes_per_task;
  const float *from;
  float *to;
} Copy;

static void
copy_task (gpointer data, int task, int worker)
{
  const Copy *c = data;
  gsize first = (gsize) task * c->planes_per_task;
  gsize last = MIN (first + c->planes_per_task, c->planes.images * c->planes.channels);

  for (gsize i = first; i < last; i++)
    for (int row = 0; row < c->rect.height; row++)
      {
        gsize at =
          (i * c->planes.height + (gsize) (c->rect.y + row)) * c->planes.width + (gsize) c->rect.x;

        memcpy (c->to + at, c->from + at, (gsize) c->rect.width * sizeof (float));
      }
}

static void
copy (TapPatchWalk *walk, int v, const TapRect *rect)
{
  Copy c = {
    .planes = tap_cpu_planes (&walk->plan->values[v].shape),
    .rect = *rect,
    .from = walk->stripe->data[v],
    .to = walk->data[v],
  };
  gsize n_planes = c.planes.images * c.planes.channels;

  if (tap_rect_is_empty (rect))
    return;
  c.planes_per_task = MAX (COPY_CELLS / ((gsize) rect->width * (gsize) rect->height), 1);
  tap_pool_run (walk->pool, (int) ((n_planes + c.planes_per_task - 1) / c.planes_per_task),
                copy_task, &c);
}

void
tap_patch_stripe_copy (TapPatchWalk *walk, int s, const TapRect *middle, const TapRect *flat)
{
  int v = walk->plan->steps[s].outputs[0];
  int below = flat->y + 1 - middle->y, bottom = flat->y + flat->height;

  /* at the edge of the map some columns under the mask see what is beside it */
  if (tap_rect_is_empty (flat) || flat->x != middle->x || flat->width != middle->width)
    {
      copy (walk, v, middle);
      return;
    }
  copy (walk, v, &(TapRect){ middle->x, middle->y, middle->width, below });
  tap_patch_flat_fill (walk, s, flat);
  copy (walk, v,
        &(TapRect){ middle->x, bottom, middle->width, middle->y + middle->height - bottom });
}
