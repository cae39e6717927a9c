/* tap-peak.c - what the machine could do at most
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "engine/tap-peak.h"

#include "engine/cpu/isa.h"
#include "engine/tap-pool.h"

/* Rounds of one task: some 0.3 ms. Short enough for a worker that wakes late to find one. */
#define ROUNDS 200000
#define TASKS  24
#define RUNS   12

typedef struct
{
  float sums[TASKS]; /* to be used for something */
} Sink;

static void
run_task (gpointer data, int task, int worker)
{
  Sink *sink = data;

  sink->sums[task] = tap_cpu_simd ()->multiply_adds (ROUNDS);
}

double
tap_engine_measure_peak (int n_threads)
{
  g_autoptr (TapPool) pool = tap_pool_new (n_threads);
  int n_tasks = TASKS / 4 * MIN (tap_pool_get_n_threads (pool), 4);
  double flop = 2.0 * ROUNDS * TAP_PEAK_CHAINS * tap_cpu_simd ()->lanes * n_tasks, best = 0;
  Sink sink;

  for (int i = 0; i < RUNS; i++)
    {
      gint64 start = g_get_monotonic_time ();

      tap_pool_run (pool, n_tasks, run_task, &sink);
      best = MAX (best, flop / (double) (g_get_monotonic_time () - start) / 1e3);
    }
  return best;
}
