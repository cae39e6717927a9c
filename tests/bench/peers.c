/* peers.c - other engines in processes of their own, when they are installed
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * They are measured as their users would run them, but for what a careful user sets: OpenBLAS is told what
 * the processor is (OPENBLAS_CORETYPE, which tap_blas() puts into the environment), as many threads are
 * allowed as ours has, and OpenMP keeps its threads apart. */

#include "config.h"

#include "peers.h"

#include <string.h>

#include "engine/cpu/blas.h"

struct _BenchPeer
{
  BenchPeerKind kind;
  int n_threads;
  GSubprocess *process;
  GOutputStream *input;
  GDataInputStream *output;
};

static char *names[BENCH_N_PEERS];
static gboolean told[BENCH_N_PEERS];

/* The interpreters to try: torch is Debian's, onnxruntime whoever's has it. */
static const char *const pythons[] = { "python3", "/usr/bin/python3" };

const char *
bench_peer_name (BenchPeerKind kind)
{
  static const char *const plain[] = { "onnxruntime", "torch", "torch, large malloc" };

  return names[kind] != NULL ? names[kind] : plain[kind];
}

static GSubprocess *
spawn (BenchPeerKind kind, const char *python, int n_threads)
{
  g_autoptr (GSubprocessLauncher) launcher =
    g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                               G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  g_autofree char *count = g_strdup_printf ("%d", n_threads);

  tap_blas ();
  g_subprocess_launcher_setenv (launcher, "OPENBLAS_NUM_THREADS", count, TRUE);
  g_subprocess_launcher_setenv (launcher, "OMP_NUM_THREADS", count, TRUE);
  g_subprocess_launcher_setenv (launcher, "OMP_PROC_BIND", "true", TRUE);
  g_subprocess_launcher_setenv (launcher, "PYTHONDONTWRITEBYTECODE", "1", TRUE);
  g_subprocess_launcher_unsetenv (launcher, "MALLOC_CHECK_");
  if (kind == BENCH_TORCH_TUNED)
    {
      g_subprocess_launcher_setenv (launcher, "MALLOC_MMAP_THRESHOLD_", "4294967296", TRUE);
      g_subprocess_launcher_setenv (launcher, "MALLOC_TRIM_THRESHOLD_", "4294967296", TRUE);
    }
  return g_subprocess_launcher_spawn (launcher, NULL, python, BENCH_PEER_SCRIPT,
                                      kind == BENCH_ONNXRUNTIME ? "onnxruntime" : "torch", NULL);
}

BenchPeer *
bench_peer_new (BenchPeerKind kind, int n_threads)
{
  for (gsize i = 0; i < G_N_ELEMENTS (pythons); i++)
    {
      g_autoptr (GSubprocess) process = spawn (kind, pythons[i], n_threads);
      g_autoptr (GDataInputStream) output = NULL;
      g_autofree char *line = NULL;
      g_auto (GStrv) words = NULL;
      BenchPeer *self;

      if (process == NULL)
        continue;
      output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));
      line = g_data_input_stream_read_line (output, NULL, NULL, NULL);
      words = g_strsplit (line != NULL ? line : "", " ", 3);
      if (g_strv_length (words) < 3 || strcmp (words[0], "ready") != 0)
        continue;
      if (names[kind] == NULL)
        names[kind] = g_strdup_printf ("%s %s%s", words[1], words[2],
                                       kind == BENCH_TORCH_TUNED ? ", large malloc" : "");
      self = g_new0 (BenchPeer, 1);
      self->kind = kind;
      self->n_threads = n_threads;
      self->process = g_steal_pointer (&process);
      self->input = g_subprocess_get_stdin_pipe (self->process);
      self->output = g_steal_pointer (&output);
      return self;
    }
  if (!told[kind])
    g_print ("%s is not installed: left out.\n", bench_peer_name (kind));
  told[kind] = TRUE;
  return NULL;
}

void
bench_peer_free (BenchPeer *self)
{
  if (self == NULL)
    return;
  g_output_stream_write_all (self->input, "quit\n", 5, NULL, NULL, NULL);
  g_subprocess_wait (self->process, NULL, NULL);
  g_object_unref (self->output);
  g_object_unref (self->process);
  g_free (self);
}

static char *G_GNUC_PRINTF (2, 0) ask (BenchPeer *self, const char *format, va_list args)
{
  g_autofree char *request = g_strdup_vprintf (format, args);
  g_autofree char *line = g_strconcat (request, "\n", NULL);
  g_autofree char *answer = NULL;

  if (g_output_stream_write_all (self->input, line, strlen (line), NULL, NULL, NULL) &&
      g_output_stream_flush (self->input, NULL, NULL))
    answer = g_data_input_stream_read_line (self->output, NULL, NULL, NULL);
  if (answer != NULL && !g_str_has_prefix (answer, "failed"))
    return g_steal_pointer (&answer);
  g_print ("%s, %s: %s\n", bench_peer_name (self->kind), request,
           answer != NULL ? answer : "has ended");
  return NULL;
}

char *
bench_peer_ask (BenchPeer *self, const char *format, ...)
{
  va_list args;
  char *answer;

  va_start (args, format);
  answer = ask (self, format, args);
  va_end (args);
  return answer;
}

static void
read_numbers (const char *text, GArray *numbers)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);

  for (char **word = words; *word != NULL; word++)
    {
      double number = g_ascii_strtod (*word, NULL);

      if (numbers != NULL && **word != '\0')
        g_array_append_val (numbers, number);
    }
}

gboolean
bench_peer_times (BenchPeer *self, GArray *numbers, const char *format, ...)
{
  va_list args;
  g_autofree char *answer = NULL;

  va_start (args, format);
  answer = ask (self, format, args);
  va_end (args);
  if (answer != NULL)
    read_numbers (answer, numbers);
  return answer != NULL;
}

gboolean
bench_peer_load (BenchPeer *self, const char *path, int batch, GArray *scores)
{
  g_autofree char *answer = bench_peer_ask (self, "load %s %d %d", path, self->n_threads, batch);

  if (answer == NULL || !g_str_has_prefix (answer, "ok "))
    return FALSE;
  read_numbers (answer + strlen ("ok "), scores);
  return TRUE;
}
