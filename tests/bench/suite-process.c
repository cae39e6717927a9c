/* suite-process.c - fresh processes: the most memory they have, and the time to the first scores
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "contest.h"
#include "formats/registry.h"
#include "suites.h"

#define ROUNDS 5

/* MiB; 0 where the system does not say. */
static double
peak_memory (void)
{
  g_autofree char *text = NULL;
  const char *line;

  if (!g_file_get_contents ("/proc/self/status", &text, NULL, NULL) ||
      (line = strstr (text, "VmHWM:")) == NULL)
    return 0;
  return g_ascii_strtod (line + strlen ("VmHWM:"), NULL) / 1024;
}

int
bench_child (char *const *words)
{
  TapLoadRequest request = { .path = words[1], .no_checksum = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (TapModel) model = tap_format_load (&request, NULL, NULL, &error);
  g_auto (BenchSubject) subject = { 0 };
  g_autofree char *problem = NULL;
  double time;

  if (model == NULL)
    {
      g_print ("failed %s\n", error->message);
      return EXIT_FAILURE;
    }
  bench_subject_init (&subject, model, atoi (words[2]), 1);
  time = strcmp (words[0], "backward") == 0 ? bench_backward (&subject, &problem) :
                                              bench_forward (&subject, &problem);
  if (time < 0)
    g_print ("failed %s\n", problem);
  else
    g_print ("%.1f\n", peak_memory ());
  return EXIT_SUCCESS;
}

/* What the child printed; @seconds (out): how long it took. NULL and @problem when it failed. */
static char *
run_child (const char *what, const char *path, double *milliseconds, char **problem)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GSubprocess) process =
    g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, NULL, self != NULL ? self : "tap-bench",
                      "child", what, path, "2", NULL);
  char *text = NULL;

  if (process == NULL || !g_subprocess_communicate_utf8 (process, NULL, NULL, &text, NULL, NULL) ||
      text == NULL)
    {
      *problem = g_strdup ("the process could not be run");
      return NULL;
    }
  *milliseconds = (double) (g_get_monotonic_time () - start) / 1e3;
  g_strchomp (text);
  if (!g_str_has_prefix (text, "failed") && *text != '\0')
    return text;
  *problem = g_strdup (*text != '\0' ? text + strlen ("failed ") : "the process ended early");
  g_free (text);
  return NULL;
}

static void
memory_figures (const char *path, gboolean backward, guint kinds, BenchFigures *figures)
{
  double time;
  g_autofree char *text = NULL;

  *figures = (BenchFigures){ 0 };
  text = run_child (backward ? "backward" : "forward", path, &time, &figures->problem);
  figures->ours = text != NULL ? g_ascii_strtod (text, NULL) : 0;
  for (int k = 0; k < BENCH_N_PEERS; k++)
    {
      g_autoptr (BenchPeer) peer = (kinds & (1u << k)) ? bench_peer_new (k, 2) : NULL;
      g_autofree char *answer = NULL;
      g_autofree char *started = NULL;

      if (peer == NULL || (started = bench_peer_ask (peer, "start %s 2 1", path)) == NULL)
        continue;
      answer = bench_peer_ask (peer, "memory %s", backward ? "backward" : "forward");
      figures->peers[k] = answer != NULL ? g_ascii_strtod (answer, NULL) : 0;
    }
}

static void
memory_table (const char *title, gboolean backward, guint kinds, char *const *filter)
{
  bench_print_head (title, kinds);
  for (const BenchNetwork *network = bench_networks; network->id != NULL; network++)
    {
      g_autofree char *path = NULL;
      g_auto (BenchFigures) figures = { 0 };

      if (!bench_wanted (filter, network->id))
        continue;
      path = bench_network_path (network);
      memory_figures (path, backward, kinds, &figures);
      bench_print_row (network->title, 2, &figures, "MiB", 0, kinds, 0, 0);
      if (backward && network->must_memory_mib > 0 && figures.ours > 0)
        bench_judge (network->title, figures.ours, network->must_memory_mib, "MiB");
    }
}

void
bench_suite_memory (char *const *filter)
{
  memory_table ("Most memory of a process: forward, one picture", FALSE,
                1u << BENCH_ONNXRUNTIME | 1u << BENCH_TORCH, filter);
  memory_table ("Most memory of a process: forward and backward to the picture", TRUE,
                1u << BENCH_TORCH, filter);
}

static void
start_figures (const char *path, guint kinds, BenchFigures *figures)
{
  g_autoptr (GArray) ours = g_array_new (FALSE, FALSE, sizeof (double));
  GArray *theirs[BENCH_N_PEERS] = { NULL };

  *figures = (BenchFigures){ 0 };
  for (int r = 0; r < ROUNDS && figures->problem == NULL; r++)
    {
      double time;
      g_autofree char *text = run_child ("start", path, &time, &figures->problem);

      if (text != NULL)
        g_array_append_val (ours, time);
      for (int k = 0; k < BENCH_N_PEERS; k++)
        {
          gint64 start = g_get_monotonic_time ();
          g_autoptr (BenchPeer) peer = (kinds & (1u << k)) ? bench_peer_new (k, 2) : NULL;

          if (peer == NULL || !bench_peer_load (peer, path, 1, NULL))
            continue;
          time = (double) (g_get_monotonic_time () - start) / 1e3;
          if (theirs[k] == NULL)
            theirs[k] = g_array_new (FALSE, FALSE, sizeof (double));
          g_array_append_val (theirs[k], time);
        }
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
bench_suite_start (char *const *filter)
{
  const guint kinds = 1u << BENCH_ONNXRUNTIME | 1u << BENCH_TORCH;

  bench_print_head ("From the start of the process to the first scores, files in the cache\n"
                    "(of the peers' time, Python and its imports are a good part)",
                    kinds);
  for (const BenchNetwork *network = bench_networks; network->id != NULL; network++)
    {
      g_autofree char *path = NULL;
      g_auto (BenchFigures) figures = { 0 };

      if (!network->in_cold || !bench_wanted (filter, network->id))
        continue;
      path = bench_network_path (network);
      start_figures (path, kinds, &figures);
      bench_print_row (network->title, 2, &figures, "ms", 0, kinds, 1, BENCH_ONNXRUNTIME);
    }
}
