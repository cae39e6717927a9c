/* suite-runs.c - whole passes: forward of one picture and of sixteen, forward and backward
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "contest.h"
#include "suites.h"

#define ALL_PEERS   ((1u << BENCH_N_PEERS) - 1)
#define TORCH_PEERS (1u << BENCH_TORCH | 1u << BENCH_TORCH_TUNED)

typedef struct
{
  const char *title, *request;
  BenchRun run;
  guint kinds;
  int batch, from_threads, rounds;
  double flop_factor; /* passes in one run */
} Table;

static void
measure (const BenchNetwork *network, TapModel *model, const Table *table, const BenchPeers *peers)
{
  g_auto (BenchSubject) subject = { 0 };
  g_auto (BenchFigures) figures = { 0 };
  gboolean backward = table->run == bench_backward;

  bench_subject_init (&subject, model, peers->n_threads, table->batch);
  bench_contest (network, &subject, peers, table->run, table->request, table->rounds, &figures);
  figures.ours /= table->batch;
  for (int k = 0; k < BENCH_N_PEERS; k++)
    figures.peers[k] /= table->batch;
  bench_print_row (network->title, peers->n_threads, &figures, "ms",
                   bench_gflop (model) * table->flop_factor, table->kinds,
                   backward          ? 1.5 :
                   table->batch == 1 ? network->must_forward :
                                       1.0,
                   backward ? BENCH_TORCH_TUNED : BENCH_ONNXRUNTIME);
}

static void
print_table (const Table *table, char *const *filter)
{
  BenchPeers peers[2];

  for (int t = MAX (table->from_threads, bench_first_threads); t <= bench_last_threads; t++)
    bench_peers_init (&peers[t - 1], table->kinds, t);
  bench_print_head (table->title, table->kinds);
  for (const BenchNetwork *network = bench_networks; network->id != NULL; network++)
    {
      g_autoptr (TapModel) model = NULL;

      if (!bench_wanted (filter, network->id))
        continue;
      model = bench_network_open (network);
      for (int t = MAX (table->from_threads, bench_first_threads); t <= bench_last_threads; t++)
        measure (network, model, table, &peers[t - 1]);
    }
  for (int t = MAX (table->from_threads, bench_first_threads); t <= bench_last_threads; t++)
    bench_peers_clear (&peers[t - 1]);
}

void
bench_suite_forward (char *const *filter)
{
  const Table table = { "Forward, one picture", "forward",   bench_forward,   ALL_PEERS, .batch = 1,
                        .from_threads = 1,      .rounds = 5, .flop_factor = 1 };

  print_table (&table, filter);
}

void
bench_suite_batch (char *const *filter)
{
  const Table table = { "Forward, sixteen pictures, time of each",
                        "forward",
                        bench_forward,
                        1u << BENCH_ONNXRUNTIME | 1u << BENCH_TORCH_TUNED,
                        .batch = 16,
                        .from_threads = 2,
                        .rounds = 3,
                        .flop_factor = 1 };

  print_table (&table, filter);
}

void
bench_suite_backward (char *const *filter)
{
  const Table table = { "Forward and backward, from a score to the picture",
                        "backward",
                        bench_backward,
                        TORCH_PEERS,
                        .batch = 1,
                        .from_threads = 1,
                        .rounds = 5,
                        .flop_factor = 2 };

  print_table (&table, filter);
}
