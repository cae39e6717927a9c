/* contest.c - the engine and its peers in turns, and the row that comes of it
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "contest.h"

#include <math.h>
#include <string.h>

/* One turn of each: as many runs as fit, at least one, after one that is not counted: the caches belong to
 * whoever ran before. */
#define TURN_MS   70
#define TOLERANCE 1e-4

int bench_first_threads = 1, bench_last_threads = 2;

static GPtrArray *missed;

void
bench_peers_init (BenchPeers *self, guint kinds, int n_threads)
{
  *self = (BenchPeers){ .n_threads = n_threads };
  for (int k = 0; k < BENCH_N_PEERS; k++)
    if (kinds & (1u << k))
      self->peers[k] = bench_peer_new (k, n_threads);
}

void
bench_peers_clear (BenchPeers *self)
{
  for (int k = 0; k < BENCH_N_PEERS; k++)
    g_clear_pointer (&self->peers[k], bench_peer_free);
}

void
bench_figures_clear (BenchFigures *self)
{
  g_clear_pointer (&self->problem, g_free);
}

static void G_GNUC_PRINTF (1, 2) miss (const char *format, ...)
{
  va_list args;

  if (missed == NULL)
    missed = g_ptr_array_new_with_free_func (g_free);
  va_start (args, format);
  g_ptr_array_add (missed, g_strdup_vprintf (format, args));
  va_end (args);
}

static void
compare_scores (const BenchNetwork *network,
                BenchSubject *subject,
                const char *name,
                GArray *theirs)
{
  float ours[8];
  int n = bench_scores (subject, ours, (int) MIN (theirs->len, 8));
  double worst = 0, largest = 0;

  for (int i = 0; i < n; i++)
    {
      double score = g_array_index (theirs, double, i);

      worst = MAX (worst, fabs (score - (double) ours[i]));
      largest = MAX (largest, fabs (score));
    }
  if (n > 0 && !(worst <= TOLERANCE * largest))
    {
      g_print ("%s: our scores are %.2g of the largest away from those of %s.\n", network->title,
               worst / largest, name);
      miss ("%s: the scores differ from those of %s", network->title, name);
    }
}

static int
runs_in_turn (double milliseconds)
{
  return CLAMP ((int) (TURN_MS / MAX (milliseconds, 0.1)), 1, 30);
}

static void
take_turn (BenchSubject *subject, BenchRun run, GArray *times, char **problem)
{
  int n = times->len > 0 ? runs_in_turn (g_array_index (times, double, 0)) : 1;

  run (subject, problem);
  for (int i = 0; i < n && *problem == NULL; i++)
    {
      double time = run (subject, problem);

      if (time >= 0)
        g_array_append_val (times, time);
    }
}

void
bench_contest (const BenchNetwork *network,
               BenchSubject *subject,
               const BenchPeers *peers,
               BenchRun run,
               const char *request,
               int rounds,
               BenchFigures *figures)
{
  g_autofree char *path = bench_network_path (network);
  g_autoptr (GArray) ours = g_array_new (FALSE, FALSE, sizeof (double));
  GArray *theirs[BENCH_N_PEERS] = { NULL };

  *figures = (BenchFigures){ 0 };
  run (subject, &figures->problem); /* packs weights, makes the plan */
  for (int k = 0; k < BENCH_N_PEERS; k++)
    if (peers->peers[k] != NULL)
      {
        g_autoptr (GArray) scores = g_array_new (FALSE, FALSE, sizeof (double));

        theirs[k] = g_array_new (FALSE, FALSE, sizeof (double));
        if (bench_peer_load (peers->peers[k], path, (int) subject->picture->shape.dims[0], scores))
          compare_scores (network, subject, bench_peer_name (k), scores);
        bench_peer_times (peers->peers[k], NULL, "%s 1", request);
      }
  for (int r = 0; r < rounds; r++)
    {
      for (int k = 0; k < BENCH_N_PEERS; k++)
        if (theirs[k] != NULL)
          {
            g_usleep (BENCH_PAUSE_US);
            bench_peer_times (peers->peers[k], NULL, "%s 1", request);
            bench_peer_times (
              peers->peers[k], theirs[k], "%s %d", request,
              theirs[k]->len > 0 ? runs_in_turn (g_array_index (theirs[k], double, 0)) : 1);
          }
      g_usleep (BENCH_PAUSE_US);
      take_turn (subject, run, ours, &figures->problem);
    }
  figures->ours = bench_median (ours);
  for (int k = 0; k < BENCH_N_PEERS; k++)
    if (theirs[k] != NULL)
      {
        figures->peers[k] = bench_median (theirs[k]);
        g_array_unref (theirs[k]);
      }
}

void
bench_print_head (const char *title, guint kinds)
{
  g_print ("\n%s\n%-16s %7s %22s", title, "", "threads", "ours");
  for (int k = 0; k < BENCH_N_PEERS; k++)
    if (kinds & (1u << k))
      g_print ("   %29s", bench_peer_name (k));
  g_print ("\n");
}

/* Three digits that count. */
static char *
figure (double value, const char *unit)
{
  return g_strdup_printf ("%.*f %s", value < 10 ? 2 : value < 100 ? 1 : 0, value, unit);
}

void
bench_print_row (const char *name,
                 int n_threads,
                 const BenchFigures *figures,
                 const char *unit,
                 double gflop,
                 guint kinds,
                 double must,
                 BenchPeerKind against)
{
  g_autofree char *ours = figure (figures->ours, unit);

  if (figures->ours <= 0)
    {
      g_print ("%-16s %7d   not possible: %s\n", name, n_threads,
               figures->problem != NULL ? figures->problem : "no reason given");
      if (must > 0)
        miss ("%s, %d threads: not possible", name, n_threads);
      return;
    }
  g_print ("%-16s %7d %10s", name, n_threads, ours);
  if (gflop > 0)
    g_print ("%4.0f GF/s%3.0f%%", gflop / figures->ours * 1e3,
             gflop / figures->ours * 1e5 / bench_peak (n_threads));
  else
    g_print ("%12s", "");
  for (int k = 0; k < BENCH_N_PEERS; k++)
    if (kinds & (1u << k))
      {
        g_autofree char *theirs = figure (figures->peers[k], unit);

        if (figures->peers[k] > 0)
          g_print ("   %20s  %5.2f×", theirs, figures->peers[k] / figures->ours);
        else
          g_print ("   %29s", "–");
      }
  if (must > 0 && figures->peers[against] > 0)
    {
      double ratio = figures->peers[against] / figures->ours;

      g_print ("   must ≥ %.1f× %s: %s", must, bench_peer_name (against),
               ratio >= must ? "holds" : "MISSED");
      if (ratio < must)
        miss ("%s, %d threads: %.2f× %s instead of %.1f×", name, n_threads, ratio,
              bench_peer_name (against), must);
    }
  g_print ("\n");
}

void
bench_judge (const char *name, double found, double limit, const char *unit)
{
  g_print ("%-16s   must ≤ %.0f %s: %s\n", "", limit, unit, found <= limit ? "holds" : "MISSED");
  if (found > limit)
    miss ("%s: %.1f %s instead of %.0f", name, found, unit, limit);
}

int
bench_print_missed (void)
{
  if (missed == NULL)
    return 0;
  g_print ("\nMissed:\n");
  for (guint i = 0; i < missed->len; i++)
    g_print ("  %s\n", (const char *) g_ptr_array_index (missed, i));
  return (int) missed->len;
}

gboolean
bench_wanted (char *const *filter, const char *id)
{
  gboolean wanted = filter == NULL || *filter == NULL;

  for (; filter != NULL && *filter != NULL; filter++)
    wanted |= strstr (id, *filter) != NULL;
  return wanted;
}
