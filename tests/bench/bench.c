/* bench.c - tap-bench: the tables of how fast the engine is, beside its peers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 *   tap-bench [OPTION…] SUITE [NETWORK…]   a table; "all" for all of them
 *   tap-bench FILE…                        the networks in these files, without peers
 *
 * README.md says how to read them. --strict: the exit status is 1 when something is missed. --threads N:
 * only one (1) or two (2). */

#include "config.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "contest.h"
#include "suites.h"

static void
run_convolutions (const char *program, int n_threads, const char *path)
{
  g_autofree char *threads = g_strdup_printf ("%d", n_threads);
  g_autoptr (GSubprocess) process =
    g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, NULL, program, "--threads", threads, path, NULL);

  if (process == NULL || !g_subprocess_wait (process, NULL, NULL))
    g_print ("tap-bench-conv cannot be run.\n");
}

/* The convolutions have a program of their own, which stands beside this one. */
static void
suite_convolution (char *const *filter)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = self != NULL ? g_path_get_dirname (self) : g_strdup (".");
  g_autofree char *program = g_build_filename (folder, "tap-bench-conv", NULL);

  for (const BenchNetwork *network = bench_networks; network->id != NULL; network++)
    {
      g_autofree char *path = NULL;

      if (!bench_wanted (filter, network->id))
        continue;
      path = bench_network_path (network);
      g_print ("\n");
      for (int t = bench_first_threads; t <= bench_last_threads; t++)
        run_convolutions (program, t, path);
    }
}

static const struct
{
  const char *id;
  BenchSuite run;
} suites[] = {
  { "forward", bench_suite_forward },   { "backward", bench_suite_backward },
  { "patch", bench_suite_patch },       { "sweep", bench_suite_sweep },
  { "memory", bench_suite_memory },     { "start", bench_suite_start },
  { "convolution", suite_convolution }, { "batch", bench_suite_batch },
};

static int
usage (void)
{
  g_printerr (
    "Usage: tap-bench [--strict] [--threads 1|2] SUITE [NETWORK…] or tap-bench FILE…\nSuites: all");
  for (gsize i = 0; i < G_N_ELEMENTS (suites); i++)
    g_printerr (", %s", suites[i].id);
  g_printerr ("\n");
  return 2;
}

int
main (int argc, char **argv)
{
  gboolean strict = FALSE, found = FALSE;
  char **words = argv + 1;

  setlocale (LC_ALL, "");
  /* The engine chooses, for its peers as well: some systems set what suits another processor. */
  g_unsetenv ("OPENBLAS_CORETYPE");
  for (; *words != NULL && g_str_has_prefix (*words, "--"); words++)
    if (strcmp (*words, "--strict") == 0)
      strict = TRUE;
    else if (strcmp (*words, "--threads") == 0 && words[1] != NULL)
      bench_first_threads = bench_last_threads = strcmp (*++words, "1") == 0 ? 1 : 2;
    else
      return usage ();
  if (*words == NULL)
    return usage ();
  if (strcmp (*words, "child") == 0 && argc == 5)
    return bench_child (words + 1);
  bench_print_machine ();
  if (g_file_test (*words, G_FILE_TEST_EXISTS))
    {
      for (; *words != NULL; words++)
        bench_file (*words);
      return EXIT_SUCCESS;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (suites); i++)
    if (strcmp (*words, "all") == 0 || strcmp (*words, suites[i].id) == 0)
      {
        suites[i].run (words + 1);
        found = TRUE;
      }
  if (!found)
    return usage ();
  return bench_print_missed () > 0 && strict ? EXIT_FAILURE : EXIT_SUCCESS;
}
