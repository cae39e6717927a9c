/* suite-masks.c - a square moved over the picture: one move, and all of a sweep
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The bound of a move is the multiply-adds of a whole pass over those that the square can change: each
 * layer only where its windows reach it ("rect"), or also without the cells whose windows lie wholly
 * inside, which are all alike ("ring"). Means over all positions of the sweep. */

#include "config.h"

#include <string.h>

#include "contest.h"
#include "ops/infer.h"
#include "suites.h"

#define MASK   32
#define STRIDE 8
#define SIZE   224
#define ACROSS ((SIZE - MASK) / STRIDE + 1)

/* --- the bound --- */

/* Cells from..to of one axis, both included: those that change, and those that see nothing else. */
typedef struct
{
  gboolean spatial;
  int from, to, inner_from, inner_to;
} Reach;

static int
floor_div (int a, int b)
{
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static void
through_window (Reach *reach, int kernel, int stride, int pad)
{
  reach->from = -floor_div (-(reach->from + pad - kernel + 1), stride);
  reach->to = floor_div (reach->to + pad, stride);
  reach->inner_from = -floor_div (-(reach->inner_from + pad), stride);
  reach->inner_to = floor_div (reach->inner_to + pad - kernel + 1, stride);
}

static Reach
reach_of_node (const TapGraph *graph, const TapNode *node, const Reach *reaches, int axis)
{
  const TapValue *value = tap_graph_get_value (graph, node->outputs[0]);
  int length = (int) value->shape.dims[2 + axis];
  Reach reach = { TRUE, G_MAXINT, -1, 0, G_MAXINT };
  gsize n;
  const gint64 *kernel = tap_attrs_get_ints (node->attrs, "kernel_shape", &n);

  for (int i = 0; i < node->n_inputs; i++)
    {
      const Reach *in = node->inputs[i] >= 0 ? &reaches[node->inputs[i]] : NULL;

      if (in == NULL || !in->spatial)
        continue;
      reach.from = MIN (reach.from, in->from);
      reach.to = MAX (reach.to, in->to);
      reach.inner_from = MAX (reach.inner_from, in->inner_from);
      reach.inner_to = MIN (reach.inner_to, in->inner_to);
    }
  if (strcmp (node->op_type, "GlobalAveragePool") == 0)
    return (Reach){ TRUE, 0, length - 1, 1, 0 };
  if (kernel != NULL)
    through_window (&reach, (int) kernel[axis],
                    (int) tap_attrs_get_ints (node->attrs, "strides", &n)[axis],
                    (int) tap_attrs_get_ints (node->attrs, "pads", &n)[axis]);
  reach.from = MAX (reach.from, 0);
  reach.to = MIN (reach.to, length - 1);
  reach.inner_from = MAX (reach.inner_from, reach.from);
  reach.inner_to = MIN (reach.inner_to, reach.to);
  return reach;
}

/* Per value, for a mask whose first row or column is @first. (transfer full) */
static Reach *
reaches_of_mask (const TapModel *model, int axis, int first, int mask)
{
  const TapGraph *graph = model->graph;
  Reach *reaches = g_new0 (Reach, tap_graph_n_values (graph));

  reaches[model->input] = (Reach){ TRUE, first, first + mask - 1, first, first + mask - 1 };
  for (int i = 0; i < tap_graph_n_nodes (graph); i++)
    {
      const TapNode *node = tap_graph_get_node (graph, i);
      const TapValue *value = tap_graph_get_value (graph, node->outputs[0]);

      if (!node->folded && value->shape.n_dims == 4)
        reaches[value->index] = reach_of_node (graph, node, reaches, axis);
    }
  return reaches;
}

/* The maps that a fully connected layer reads, or NULL: it reads another one, and changes as a whole. */
static const TapValue *
maps_behind (const TapGraph *graph, const TapNode *node)
{
  const TapValue *value = tap_graph_get_value (graph, node->inputs[0]);

  while (value->shape.n_dims != 4)
    {
      const TapNode *before =
        value->producer >= 0 ? tap_graph_get_node (graph, value->producer) : NULL;

      if (before == NULL || strcmp (before->op_type, "Gemm") == 0)
        return NULL;
      value = tap_graph_get_value (graph, before->inputs[0]);
    }
  return value;
}

static double
extent (const Reach *reach)
{
  return MAX (0, reach->to - reach->from + 1);
}

static double
inner_extent (const Reach *reach)
{
  return MAX (0, reach->inner_to - reach->inner_from + 1);
}

/* Adds the multiply-adds of one position. */
static void
count_position (const TapModel *model,
                const Reach *rows,
                const Reach *columns,
                double *rect,
                double *ring)
{
  const TapGraph *graph = model->graph;

  for (int i = 0; i < tap_graph_n_nodes (graph); i++)
    {
      const TapNode *node = tap_graph_get_node (graph, i);
      int v = node->outputs[0];
      const TapValue *value = tap_graph_get_value (graph, v);
      double macs = (double) tap_infer_macs (graph, node), share = 1, inner = 0;
      double cells =
        (double) (value->shape.n_dims == 4 ? value->shape.dims[2] * value->shape.dims[3] : 1);

      if (strcmp (node->op_type, "Conv") == 0)
        {
          share = extent (&rows[v]) * extent (&columns[v]) / cells;
          inner = inner_extent (&rows[v]) * inner_extent (&columns[v]) / cells;
        }
      else if (strcmp (node->op_type, "Gemm") == 0)
        {
          const TapValue *maps = maps_behind (graph, node);

          if (maps != NULL)
            share = extent (&rows[maps->index]) * extent (&columns[maps->index]) /
                    (double) (maps->shape.dims[2] * maps->shape.dims[3]);
        }
      else
        continue;
      *rect += macs * share;
      *ring += macs * (share - inner);
    }
}

static void
bounds (const TapModel *model, int mask, double *rect, double *ring)
{
  int across = (SIZE - mask) / STRIDE + 1;
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) columns = g_ptr_array_new_with_free_func (g_free);
  double whole = bench_gflop (model) * 5e8 * across * across, changed = 0, outside = 0;

  for (int i = 0; i < across; i++)
    {
      g_ptr_array_add (rows, reaches_of_mask (model, 0, i * STRIDE, mask));
      g_ptr_array_add (columns, reaches_of_mask (model, 1, i * STRIDE, mask));
    }
  for (int y = 0; y < across; y++)
    for (int x = 0; x < across; x++)
      count_position (model, g_ptr_array_index (rows, y), g_ptr_array_index (columns, x), &changed,
                      &outside);
  *rect = whole / changed;
  *ring = whole / outside;
}

/* --- one move --- */

typedef struct
{
  BenchSubject *subject;
  TapTrace *base;
  TapTensor *pixels;
  int mask;
} Moves;

static gboolean
moves_init (Moves *self, BenchSubject *subject, int mask, char **problem)
{
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 3, (gint64) mask, (gint64) mask);
  g_autoptr (GError) error = NULL;

  *self = (Moves){ .subject = subject, .mask = mask };
  self->base = tap_session_forward (subject->session, &subject->picture, 1, subject->scores,
                                    TAP_RUN_FOR_PATCH, NULL, NULL, &error);
  if (self->base == NULL)
    *problem = g_strdup (error->message);
  self->pixels = tap_tensor_new (TAP_DTYPE_F32, &shape, NULL);
  return self->base != NULL;
}

static void
moves_clear (Moves *self)
{
  g_clear_pointer (&self->base, tap_trace_unref);
  g_clear_pointer (&self->pixels, tap_tensor_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Moves, moves_clear)

static double
move (Moves *self, int x, int y)
{
  TapRect region = { x, y, self->mask, self->mask };
  gint64 start = g_get_monotonic_time ();
  g_autoptr (TapTrace) trace =
    tap_session_patch (self->subject->session, self->base, &region, self->pixels,
                       self->subject->scores, NULL, NULL, NULL);

  g_assert_nonnull (trace);
  return (double) (g_get_monotonic_time () - start) / 1e3;
}

/* Moves from place to place, as a hand does, @whole passes among them. */
static void
measure_moves (const BenchNetwork *network, TapModel *model, int n_threads, int mask)
{
  g_auto (BenchSubject) subject = { 0 };
  g_auto (Moves) moves = { 0 };
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) wholes = g_array_new (FALSE, FALSE, sizeof (double));
  g_autofree char *problem = NULL;
  int across = (SIZE - mask) / STRIDE + 1;
  double rect, ring, time, whole;

  bench_subject_init (&subject, model, n_threads, 1);
  if (bench_forward (&subject, &problem) < 0 || !moves_init (&moves, &subject, mask, &problem))
    {
      g_print ("%-16s %7d   not possible: %s\n", network->title, n_threads, problem);
      return;
    }
  move (&moves, 0, 0);
  for (int i = 0; i < 40; i++)
    {
      /* A step of 37 visits every place before it comes back. */
      int place = i * 37 % (across * across);

      time = move (&moves, place % across * STRIDE, place / across * STRIDE);
      g_array_append_val (times, time);
      if (i % 8 == 0)
        {
          whole = bench_forward (&subject, NULL);
          g_array_append_val (wholes, whole);
        }
    }
  bounds (model, mask, &rect, &ring);
  time = bench_median (times);
  whole = bench_median (wholes);
  g_print ("%-16s %7d %6d %9.2f ms %9.2f ms %8.2f× %9.2f× %9.2f× %9.0f %%\n", network->title,
           n_threads, mask, time, whole, whole / time, rect, ring, 100 * whole / time / rect);
  if (mask == MASK && n_threads == 2 && network->must_patch_ms > 0)
    bench_judge (network->title, time, network->must_patch_ms, "ms a move");
}

void
bench_suite_patch (char *const *filter)
{
  static const int masks[] = { 16, 32, 64, 100 };

  g_print ("\nOne move of a mask; the whole pass beside it, and what the multiply-adds allow\n"
           "%-16s %7s %6s %12s %12s %9s %10s %10s %11s\n",
           "", "threads", "mask", "move", "whole pass", "speed-up", "rect bound", "ring bound",
           "of rect");
  for (const BenchNetwork *network = bench_networks; network->id != NULL; network++)
    {
      g_autoptr (TapModel) model = NULL;

      if (!bench_wanted (filter, network->id))
        continue;
      model = bench_network_open (network);
      for (gsize m = 0; m < G_N_ELEMENTS (masks); m++)
        for (int t = MAX (masks[m] == MASK ? 1 : 2, bench_first_threads); t <= bench_last_threads;
             t++)
          measure_moves (network, model, t, masks[m]);
    }
}

/* --- a sweep --- */

/* Rows of positions that are measured, of all of them: the first, the middle, the last and two between. */
#define ROWS    5
/* Pictures in a batch of the peers, and milliseconds from which two batches are enough. */
#define BATCH   16
#define SLOW_MS 700

/* Milliseconds of a batch: the best of a few, the first of which warms up. 0 when there are none. */
static double
batch_of_peer (BenchPeer *peer, const char *path, int n_threads)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));
  g_autofree char *started = bench_peer_ask (peer, "start %s %d %d", path, n_threads, BATCH);
  double best = 0;

  if (started == NULL || !bench_peer_times (peer, times, "masks 1 %d %d", MASK, STRIDE))
    return 0;
  bench_peer_times (peer, times, "masks %d %d %d",
                    g_array_index (times, double, 0) < SLOW_MS ? 3 : 1, MASK, STRIDE);
  for (guint i = 0; i < times->len; i++)
    best =
      best > 0 ? MIN (best, g_array_index (times, double, i)) : g_array_index (times, double, i);
  return best;
}

static gboolean
ignore_cb (int position, TapTrace *trace, gpointer user_data, GError **error)
{
  return TRUE;
}

/* Milliseconds of the rows; negative when it cannot be done. */
static double
sweep_rows (Moves *moves, char **problem)
{
  TapRect regions[ROWS * ACROSS];
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;

  for (int i = 0; i < ROWS * ACROSS; i++)
    regions[i] =
      (TapRect){ i % ACROSS * STRIDE, i / ACROSS * (ACROSS - 1) / (ROWS - 1) * STRIDE, MASK, MASK };
  if (tap_session_patch_many (moves->subject->session, moves->base, regions, &moves->pixels,
                              ROWS * ACROSS, 1, moves->subject->scores, ignore_cb, NULL, NULL, NULL,
                              &error))
    return (double) (g_get_monotonic_time () - start) / 1e3;
  *problem = g_strdup (error->message);
  return -1;
}

static void
sweep_figures (BenchSubject *subject,
               const BenchPeers *peers,
               const char *path,
               BenchFigures *figures)
{
  g_auto (Moves) moves = { 0 };
  const double scale = 1e-3 * ACROSS * ACROSS;

  *figures = (BenchFigures){ 0 };
  for (int k = 0; k < BENCH_N_PEERS; k++)
    if (peers->peers[k] != NULL)
      {
        figures->peers[k] = batch_of_peer (peers->peers[k], path, peers->n_threads) / BATCH * scale;
        g_usleep (BENCH_PAUSE_US);
      }
  if (!moves_init (&moves, subject, MASK, &figures->problem))
    return;
  figures->ours = sweep_rows (&moves, &figures->problem) / (ROWS * ACROSS) * scale;
}

void
bench_suite_sweep (char *const *filter)
{
  const guint kinds = (1u << BENCH_N_PEERS) - 1;
  BenchPeers peers[2];

  for (int t = bench_first_threads; t <= bench_last_threads; t++)
    bench_peers_init (&peers[t - 1], kinds, t);
  bench_print_head (
    "Occlusion sweep, mask 32, stride 8: 625 positions. Scaled up: ours from 125 of\n"
    "them, peers from their best batch of 16, each picture a copy with its square",
    kinds);
  for (const BenchNetwork *network = bench_networks; network->id != NULL; network++)
    {
      g_autoptr (TapModel) model = NULL;
      g_autofree char *path = NULL;

      if (!network->in_sweep || !bench_wanted (filter, network->id))
        continue;
      model = bench_network_open (network);
      path = bench_network_path (network);
      for (int t = bench_first_threads; t <= bench_last_threads; t++)
        {
          g_auto (BenchSubject) subject = { 0 };
          g_auto (BenchFigures) figures = { 0 };

          bench_subject_init (&subject, model, t, 1);
          sweep_figures (&subject, &peers[t - 1], path, &figures);
          bench_print_row (network->title, t, &figures, "s", 0, kinds, 8, BENCH_TORCH);
        }
    }
  for (int t = bench_first_threads; t <= bench_last_threads; t++)
    bench_peers_clear (&peers[t - 1]);
}
