/* tap-peak.c - what the machine could do at most
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "engine/tap-peak.h"

#include "engine/cpu/isa.h"
#include "engine/tap-pool.h"

/* Rounds of one task: some 0.3 ms. Short enough for a worker that wakes late to find one. */
#define ROUNDS  200000
/* For each thread. */
#define TASKS   6
/* Long enough for the system to spread new threads over the cores. */
#define PEAK_US 120000

static void
run_task (gpointer data, int task, int worker)
{
  float *sums = data;

  sums[task] = tap_cpu_simd ()->multiply_adds (ROUNDS);
}

double
tap_engine_measure_peak (int n_threads)
{
  g_autoptr (TapPool) pool = tap_pool_new (n_threads);
  int n_tasks = TASKS * tap_pool_get_n_threads (pool);
  gint64 begin = g_get_monotonic_time (), start;
  double flop = 2.0 * ROUNDS * TAP_PEAK_CHAINS * tap_cpu_simd ()->lanes * n_tasks, best = 0;
  g_autofree float *sums = g_new (float, (gsize) n_tasks); /* to be used for something */

  for (start = begin; start < begin + PEAK_US; start = g_get_monotonic_time ())
    {
      tap_pool_run (pool, n_tasks, run_task, sums);
      best = MAX (best, flop / (double) MAX (g_get_monotonic_time () - start, 1) / 1e3);
    }
  return best;
}
