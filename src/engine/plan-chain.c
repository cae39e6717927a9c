/* plan-chain.c - which steps are run together, band by band
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Between a convolution that widens and one that narrows lie maps of several megabytes, written by the
 * one and read by the other through memory that others use as well. Where each step sees the one before
 * through a window, a worker can make a few rows of the last output at a time, and of all between no
 * more than these rows see: that stays in its second-level cache. Rows that two bands see are kept, so
 * that the only ones made twice are those where a worker begins. */

#include "config.h"

#include <math.h>

#include "engine/plan-chain.h"
#include "engine/tap-plan.h"

/* Bytes of the second-level cache for the buffers of a worker and the weights: half of 1 MiB, or so. */
#define BUDGET     (560 * 1024)
/* Rows that depthwise convolution does at a time. */
#define GRAIN      7
/* Values of so many bytes stay in the caches of the cores anyway. */
#define NEAR       (1024 * 1024)
/* Speeds against that of memory: moving rows in the cache; making them again, in multiply-adds per byte. */
#define CACHE_GAIN 8.0
#define MACS       6.0

typedef struct
{
  TapPlan *plan;
  const TapSimd *simd;
  int threads;
  int forced;         /* rows of a band; 0: as suits */
  gboolean *is_link;  /* per step */
  TapWindow *windows; /* per step */
  int *readers;       /* per value: how many steps read it */
  gpointer *nothing;  /* per value: no data */
} Chaining;

static void
chaining_clear (Chaining *c)
{
  g_free (c->is_link);
  g_free (c->windows);
  g_free (c->readers);
  g_free (c->nothing);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Chaining, chaining_clear)

void
tap_chain_free (TapChain *self)
{
  if (self == NULL)
    return;
  g_free (self->links);
  g_free (self);
}

/* A run of step @s by one thread, without data. */
static TapCpuRun
bind_run (const Chaining *c, const TapPlanStep *step, TapCpuArray *arrays)
{
  TapCpuArray *outputs = arrays + step->n_reads;

  tap_plan_bind (c->plan, step, c->nothing, arrays, outputs);
  return (TapCpuRun){
    .node = step->node,
    .inputs = arrays,
    .n_inputs = step->n_inputs,
    .outputs = outputs,
    .n_outputs = step->n_outputs,
    .algorithm = step->algorithm,
    .simd = c->simd,
    .pool = c->plan->alone,
  };
}

/* Whether bands of the step can be made, from its first input and constants. */
static gboolean
is_link (const Chaining *c, const TapPlanStep *step, TapWindow *window)
{
  TapCpuArray arrays[TAP_CHAIN_ARRAYS];
  TapCpuRun run;

  if (step->kernel->band == NULL || step->view || step->n_inputs < 1 || step->inputs[0] < 0 ||
      step->outputs[0] < 0 || step->n_reads + step->n_outputs > TAP_CHAIN_ARRAYS)
    return FALSE;
  for (int i = 1; i < step->n_outputs; i++)
    if (step->outputs[i] >= 0)
      return FALSE;
  for (int i = 0; i < step->n_inputs; i++)
    if (step->inputs[i] >= 0 &&
        (tap_graph_get_value (c->plan->graph, step->inputs[i])->constant != NULL) != (i > 0))
      return FALSE;
  run = bind_run (c, step, arrays);
  return step->kernel->band (&run, window) && window->out_h > 0 && window->out_w > 0;
}

static void
chaining_init (Chaining *c)
{
  const TapPlan *plan = c->plan;
  int apart = -1; /* up to here siblings, which go together already */

  c->is_link = g_new0 (gboolean, (gsize) plan->n_steps + 1);
  c->windows = g_new0 (TapWindow, (gsize) plan->n_steps + 1);
  c->readers = g_new0 (int, (gsize) plan->n_values + 1);
  c->nothing = g_new0 (gpointer, (gsize) plan->n_values + 1);
  for (int s = 0; s < plan->n_steps; s++)
    {
      const TapPlanStep *step = &plan->steps[s];

      if (step->n_siblings > 0)
        apart = s + step->n_siblings;
      c->is_link[s] = s > apart && is_link (c, step, &c->windows[s]);
      for (int i = 0; i < step->n_reads; i++)
        if (step->inputs[i] >= 0)
          c->readers[step->inputs[i]]++;
    }
}

/* Whether step @s + 1 reads what step @s makes, and nobody else does. */
static gboolean
is_joined (const Chaining *c, int s)
{
  const TapPlanStep *step = &c->plan->steps[s];
  int value = step->outputs[0];

  return s + 1 < c->plan->n_steps && c->is_link[s] && c->is_link[s + 1] &&
         c->plan->steps[s + 1].inputs[0] == value && c->readers[value] == 1 &&
         !c->plan->values[value].tapped && step->n_reads == step->n_inputs;
}

/* Rows of the input that @rows output rows see at most. */
static int
rows_seen (const TapWindow *w, int rows)
{
  gint64 seen = (gint64) (rows - 1) * w->stride_h + (gint64) (w->kernel_h - 1) * w->dilation_h + 1;

  return (int) MIN (seen, w->in_h);
}

/* Floats of one channel in a buffer: an odd number of cache lines, lest channels share their sets. */
static gsize
channel_floats (int rows, int width)
{
  return ((((gsize) rows * (gsize) width + 15) / 16) | 1) * 16;
}

static int
channels_of (const Chaining *c, int s)
{
  return (int) c->plan->values[c->plan->steps[s].outputs[0]].shape.dims[1];
}

/* Multiply-adds of a cell of step @s, which are also its weights of one channel. */
static gsize
cell_macs (const Chaining *c, int s)
{
  const TapPlanStep *step = &c->plan->steps[s];
  const TapShape *w = step->n_inputs > 1 ? &c->plan->values[step->inputs[1]].shape : NULL;

  return w != NULL && w->n_dims > 1 ? (gsize) tap_shape_product (w, 1, w->n_dims) : 0;
}

/* Bytes of the buffers of steps @first .. @last for bands of @rows, and of the weights. */
static gsize
near_bytes (const Chaining *c, int first, int last, int rows)
{
  gsize bytes = 0;

  for (int s = first; s <= last; s++)
    bytes += (gsize) channels_of (c, s) * cell_macs (c, s) * sizeof (float);
  for (int s = last; s > first; s--)
    {
      rows = rows_seen (&c->windows[s], rows);
      bytes += (gsize) channels_of (c, s - 1) * channel_floats (rows, c->windows[s - 1].out_w) *
               sizeof (float);
    }
  return bytes;
}

/* Rows of a band: as many as the budget has room for, the same for all. 0: not even one. */
static int
choose_rows (const Chaining *c, int first, int last)
{
  int out_h = c->windows[last].out_h, rows = out_h, threads = c->threads, n;

  if (c->forced > 0)
    return MIN (c->forced, out_h);
  while (rows > 0 && near_bytes (c, first, last, rows) > BUDGET)
    rows--;
  if (rows == 0)
    return 0;
  n = (out_h + rows - 1) / rows;
  /* some for those who are done early */
  if (threads > 1)
    n = MAX (n, 2 * threads);
  n = (n + threads - 1) / threads * threads;
  rows = (out_h + n - 1) / n;
  return rows > GRAIN ? rows - rows % GRAIN : rows;
}

/* What it gains to run steps @first .. @last as a chain, in bytes of memory that need not be moved. */
static double
gain (const Chaining *c, int first, int last)
{
  int rows = choose_rows (c, first, last), bands, halo = 0;
  double sum = 0;

  if (first == last || c->forced > 0)
    return first == last ? 0 : last - first;
  if (rows == 0)
    return -1;
  bands = (c->windows[last].out_h + rows - 1) / rows;
  for (int s = last; s > first; s--)
    {
      const TapWindow *w = &c->windows[s], *before = &c->windows[s - 1];
      const TapPlanValue *value = &c->plan->values[c->plan->steps[s].inputs[0]];
      double bytes = (double) tap_cpu_count (&value->shape) * sizeof (float);
      double row = (double) channels_of (c, s - 1) * before->out_w,
             images = (double) value->shape.dims[0];
      int overlap = MAX ((w->kernel_h - 1) * w->dilation_h + 1 - w->stride_h, 0);

      if (bytes > NEAR)
        sum += 2 * bytes;
      sum -= images * (bands - 1) * overlap * row * 2 * sizeof (float) / CACHE_GAIN;
      halo = halo * w->stride_h + overlap;
      sum -= (c->threads - 1) * halo * row * (double) cell_macs (c, s - 1) / MACS;
    }
  return sum;
}

static TapChain *
chain_new (const Chaining *c, int first, int last)
{
  TapChain *chain = g_new0 (TapChain, 1);
  int rows = choose_rows (c, first, last);
  gsize scratch = 0;

  chain->n_links = last - first + 1;
  chain->links = g_new0 (TapChainLink, chain->n_links);
  chain->images = (int) c->plan->values[c->plan->steps[last].outputs[0]].shape.dims[0];
  chain->band_rows = rows;
  chain->n_bands = (c->windows[last].out_h + rows - 1) / rows;
  for (int s = last; s >= first; s--)
    {
      TapChainLink *link = &chain->links[s - first];
      TapPlanStep *step = &c->plan->steps[s];
      TapCpuArray arrays[TAP_CHAIN_ARRAYS];
      TapCpuRun run = bind_run (c, step, arrays);

      link->window = c->windows[s];
      link->channels = channels_of (c, s);
      link->rows = rows;
      scratch = MAX (scratch, step->kernel->band_scratch (&run, &link->window, rows));
      rows = rows_seen (&link->window, rows);
      if (s == last)
        continue;
      link->channel = channel_floats (link->rows, link->window.out_w);
      link->at = chain->scratch_at;
      chain->scratch_at += (gsize) link->channels * link->channel * sizeof (float);
    }
  chain->worker_bytes = (chain->scratch_at + scratch + 63) & ~(gsize) 63;
  return chain;
}

/* Cuts the steps from @first on, of which @n are joined, into the chains that gain most. */
static void
cut (const Chaining *c, int first, int n, gboolean *value_needed)
{
  g_autofree double *best = g_new0 (double, (gsize) n + 1); /* of the first steps */
  g_autofree int *from = g_new0 (int, (gsize) n + 1); /* where the last of their chains begins */

  for (int end = 1; end <= n; end++)
    {
      best[end] = -INFINITY;
      for (int start = end - 1; start >= MAX (end - TAP_CHAIN_LINKS, 0); start--)
        {
          double sum = best[start] + gain (c, first + start, first + end - 1);

          if (sum > best[end])
            {
              best[end] = sum;
              from[end] = start;
            }
        }
    }
  for (int end = n; end > 0; end = from[end])
    if (end - from[end] > 1)
      {
        c->plan->steps[first + from[end]].chain = chain_new (c, first + from[end], first + end - 1);
        for (int s = first + from[end]; s < first + end - 1; s++)
          value_needed[c->plan->steps[s].outputs[0]] = FALSE;
      }
}

void
tap_plan_chain (TapPlan *self, const TapSimd *simd, TapPool *pool, int rows, gboolean *value_needed)
{
  g_auto (Chaining) c = {
    .plan = self,
    .simd = simd,
    .threads = tap_pool_get_n_threads (pool),
    .forced = rows,
  };

  self->alone = tap_pool_new (1);
  chaining_init (&c);
  for (int s = 0, n; s < self->n_steps; s += n)
    {
      for (n = 1; is_joined (&c, s + n - 1);)
        n++;
      cut (&c, s, n, value_needed);
    }
}
