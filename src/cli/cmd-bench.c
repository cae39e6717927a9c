/* cmd-bench.c - tapetum-cli bench: how fast a network runs here, and where the time goes
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Random pictures: no operator takes longer for some numbers than for others, but for fully connected
 * layers, which skip zeros. A GFLOP counts multiplications and additions as the definition of the
 * convolution has them, so an algorithm that does with fewer can pass the peak. */
#include "config.h"

#include "cli/commands.h"

#include <glib/gi18n.h>
#include <stdlib.h>
#include <string.h>

#include "cli/tap-cli-bench.h"
#include "cli/tap-cli-network.h"
#include "cli/tap-cli-options.h"
#include "cli/tap-cli-progress.h"
#include "core/tap-error.h"
#include "engine/tap-peak.h"

#define DEFAULT_RUNS 20
#define MAX_RUNS     10000
#define DEFAULT_MASK 32

static void
bench_clear (TapCliBench *self)
{
  for (int i = 0; i < self->n_inputs; i++)
    g_clear_pointer (&self->inputs[i], tap_tensor_unref);
  g_free (self->inputs);
  g_free (self->forward.problem);
  g_free (self->backward.problem);
  g_free (self->patch.problem);
  g_clear_pointer (&self->outputs, tap_taps_free);
  g_clear_pointer (&self->picture, tap_taps_free);
  g_clear_pointer (&self->profile, tap_profile_free);
  g_clear_pointer (&self->progress, tap_cli_progress_free);
  g_clear_pointer (&self->session, tap_session_unref);
  g_clear_pointer (&self->model, tap_model_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TapCliBench, bench_clear)

/* --- measuring -------------------------------------------------------------------------------- */

/* Numbers as preprocessed pixels have them; other inputs get zeros. */
static TapTensor *
make_input (const TapCliBench *self, int value, GError **error)
{
  const TapValue *input = tap_graph_get_value (self->model->graph, value);
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  TapTensor *tensor = tap_tensor_new (input->dtype, &input->shape, error);
  if (tensor == NULL || value != self->model->input || input->dtype != TAP_DTYPE_F32)
    return tensor;
  for (gsize i = 0; i < tensor->count; i++)
    tap_tensor_f32 (tensor)[i] = (float) g_rand_double_range (rand, -1, 1);
  return tensor;
}

static gboolean
prepare (TapCliBench *self, GError **error)
{
  const TapGraph *graph = self->model->graph;
  self->n_inputs = tap_graph_n_inputs (graph);
  self->inputs = g_new0 (TapTensor *, (gsize) self->n_inputs + 1);
  for (int i = 0; i < self->n_inputs; i++)
    if (tap_graph_get_value (graph, tap_graph_get_input (graph, i))->constant == NULL)
      {
        self->inputs[i] = make_input (self, tap_graph_get_input (graph, i), error);
        if (self->inputs[i] == NULL)
          return FALSE;
      }
  self->outputs = tap_taps_new ();
  for (int i = 0; i < tap_graph_n_outputs (graph); i++)
    tap_taps_add (self->outputs, tap_graph_get_output (graph, i));
  self->picture = tap_taps_new_for (self->model->input, -1);
  self->seed = self->model->scores >= 0 ? self->model->scores : tap_graph_get_output (graph, 0);
  for (int v = 0; v < tap_graph_n_values (graph); v++)
    {
      const TapTensor *constant = tap_graph_get_value (graph, v)->constant;
      if (constant != NULL)
        self->weight_bytes += constant->count * tap_dtype_size (constant->dtype);
    }
  return TRUE;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  double u = *(const double *) a, v = *(const double *) b;
  return (u > v) - (u < v);
}

/* Runs once; the milliseconds, negative on error. */
typedef double (*RunFunc) (TapCliBench *self, gpointer data, GError **error);

/* @from and @to: the part of the progress bar. FALSE only when interrupted: what cannot be done is told in
 * @times. */
static gboolean
measure (TapCliBench *self,
         RunFunc run,
         gpointer data,
         TapCliTimes *times,
         double from,
         double to,
         GError **error)
{
  g_autofree double *found = g_new (double, (gsize) self->runs);
  tap_cli_progress_window (self->progress, from, to);
  for (int i = -1; i < self->runs; i++) /* the first one packs weights and makes plans */
    {
      g_autoptr (GError) local = NULL;
      double milliseconds = run (self, data, &local);
      if (milliseconds < 0)
        {
          if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
            {
              g_propagate_error (error, g_steal_pointer (&local));
              return FALSE;
            }
          times->problem = g_strdup (local != NULL ? local->message : _ ("no reason was given"));
          return TRUE;
        }
      found[MAX (i, 0)] = milliseconds;
      tap_progress_set (tap_cli_progress_get (self->progress), (i + 2.0) / (self->runs + 1.0));
    }
  qsort (found, (size_t) self->runs, sizeof *found, compare);
  times->median = found[self->runs / 2];
  times->min = found[0];
  return TRUE;
}

static TapTrace *
forward (TapCliBench *self, TapRunFlags flags, GError **error)
{
  return tap_session_forward (self->session, self->inputs, self->n_inputs, self->outputs, flags,
                              NULL, self->cli->cancellable, error);
}

static double
run_forward (TapCliBench *self, gpointer data, GError **error)
{
  g_autoptr (TapTrace) trace = forward (self, TAP_RUN_DEFAULT, error);
  return trace != NULL ? tap_trace_get_milliseconds (trace) : -1;
}

static double
run_backward (TapCliBench *self, gpointer data, GError **error)
{
  TapSeed seed = { .value = self->seed, .weight = 1 };
  g_autoptr (TapTrace) trace =
    tap_session_backward (self->session, data, &seed, 1, TAP_RULE_GRADIENT, self->picture, NULL,
                          self->cli->cancellable, error);
  return trace != NULL ? tap_trace_get_milliseconds (trace) : -1;
}

/* What a patch starts from, and where the mask stands. */
typedef struct
{
  TapTrace *base;
  TapTensor *pixels;
  int width, height, place;
} Moves;

static double
run_patch (TapCliBench *self, gpointer data, GError **error)
{
  Moves *moves = data;
  /* Steps that share no factor with the number of places visit all of them before they repeat. */
  TapRect region = { moves->place * 37 % (moves->width - self->mask + 1),
                     moves->place * 23 % (moves->height - self->mask + 1), self->mask, self->mask };
  moves->place++;
  g_autoptr (TapTrace) trace =
    tap_session_patch (self->session, moves->base, &region, moves->pixels, self->outputs, NULL,
                       self->cli->cancellable, error);
  return trace != NULL ? tap_trace_get_milliseconds (trace) : -1;
}

static gboolean
measure_backward (TapCliBench *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (TapTrace) trace = NULL;
  if (self->model->input < 0)
    {
      self->backward.problem = g_strdup (_ ("The network takes no picture."));
      return TRUE;
    }
  /* the seed has to be known to the run */
  tap_taps_add (self->outputs, self->seed);
  trace = forward (self, TAP_RUN_FOR_BACKWARD, &local);
  if (trace != NULL)
    return measure (self, run_backward, trace, &self->backward, 0.35, 0.6, error);
  self->backward.problem = g_strdup (local->message);
  return TRUE;
}

static gboolean
measure_patch (TapCliBench *self, GError **error)
{
  const TapValue *picture =
    self->model->input >= 0 ? tap_graph_get_value (self->model->graph, self->model->input) : NULL;
  Moves moves = { 0 };
  g_autoptr (GError) local = NULL;
  g_autoptr (TapTrace) base = NULL;
  g_autoptr (TapTensor) pixels = NULL;
  if (picture == NULL || picture->shape.n_dims != 4)
    {
      self->patch.problem = g_strdup (_ ("The network takes no picture."));
      return TRUE;
    }
  moves.height = (int) picture->shape.dims[2];
  moves.width = (int) picture->shape.dims[3];
  if (self->mask == 0)
    self->mask = CLAMP (MIN (moves.width, moves.height) / 4, 1, DEFAULT_MASK);
  if (self->mask > MIN (moves.width, moves.height))
    {
      self->patch.problem =
        g_strdup_printf (_ ("A mask of %d pixels is larger than the picture."), self->mask);
      return TRUE;
    }
  TapShape shape =
    tap_shape_new (4, (gint64) 1, picture->shape.dims[1], (gint64) self->mask, (gint64) self->mask);
  pixels = tap_tensor_new (picture->dtype, &shape, error);
  if (pixels == NULL)
    return FALSE;
  base = forward (self, TAP_RUN_FOR_PATCH, &local);
  if (base == NULL)
    {
      self->patch.problem = g_strdup (local->message);
      return TRUE;
    }
  moves.base = base;
  moves.pixels = pixels;
  return measure (self, run_patch, &moves, &self->patch, 0.6, 0.7, error);
}

/* In bytes; 0 where the system does not say. */
static guint64
read_peak_memory (void)
{
  g_autofree char *text = NULL;
  const char *line;
  if (!g_file_get_contents ("/proc/self/status", &text, NULL, NULL) ||
      (line = strstr (text, "VmHWM:")) == NULL)
    return 0;
  return g_ascii_strtoull (line + strlen ("VmHWM:"), NULL, 10) * 1024;
}

static gboolean
measure_all (TapCliBench *self, GError **error)
{
  self->progress = tap_cli_progress_new (self->cli, NULL, NULL);
  self->peak = tap_engine_measure_peak (self->threads);
  if (!measure (self, run_forward, NULL, &self->forward, 0, 0.35, error))
    return FALSE;
  if (self->forward.problem != NULL)
    {
      g_set_error_literal (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_UNSUPPORTED,
                           self->forward.problem);
      return FALSE;
    }
  self->peak_memory = read_peak_memory ();
  if (!measure_backward (self, error) || !measure_patch (self, error))
    return FALSE;
  self->profile = tap_session_profile (self->session, self->inputs, self->n_inputs, self->runs,
                                       self->cli->cancellable, error);
  if (self->profile == NULL)
    return FALSE;
  /* The better of two: something else may have run during the first. */
  self->peak = MAX (self->peak, tap_engine_measure_peak (self->threads));
  g_clear_pointer (&self->progress, tap_cli_progress_free);
  return TRUE;
}

int
tap_cmd_bench (TapCli *cli, int argc, char **argv)
{
  int runs = DEFAULT_RUNS, mask = 0, status;
  const GOptionEntry entries[] = {
    { "runs", 0, 0, G_OPTION_ARG_INT, &runs, N_ ("How often everything is run (default: 20)"),
      N_ ("N") },
    { "mask", 0, 0, G_OPTION_ARG_INT, &mask,
      N_ ("Side of the square that is moved over the picture, in pixels (default: 32, or a fourth "
          "of a small picture)"),
      N_ ("PX") },
    { NULL },
  };
  if (!tap_cli_parse (cli, "bench", "MODEL",
                      _ ("Tells how fast a network runs here, and where the time goes."),
                      _ ("Random pictures; median and best of the runs. Forward: up to the scores. "
                         "Backward: from a "
                         "score to the picture. Mask: what moving a square over the picture takes. "
                         "GFLOP/s count the "
                         "work by definition, so a kernel that does with less can pass the peak."),
                      TAP_CLI_OPTION_JSON | TAP_CLI_OPTION_NETWORK | TAP_CLI_OPTION_ENGINE, entries,
                      NULL, argc, argv, &status))
    return status;
  if (cli->n_arguments != 1)
    return tap_cli_usage (cli, "bench", "%s", _ ("bench takes one network."));
  if (runs < 1 || runs > MAX_RUNS)
    return tap_cli_usage (cli, "bench", _ ("--runs %d: the number of runs is 1 to %d."), runs,
                          MAX_RUNS);
  if (mask < 0)
    return tap_cli_usage (cli, "bench", _ ("--mask %d: the side of the mask is not negative."),
                          mask);

  g_autoptr (GError) error = NULL;
  g_auto (TapCliBench) self = { .cli = cli, .runs = runs, .mask = mask };
  self.threads = cli->threads > 0 ? cli->threads : (int) g_get_num_processors ();
  self.model = tap_cli_load_network (cli, cli->arguments[0], &error);
  if (self.model == NULL)
    return tap_cli_fail (cli, TAP_CLI_READING, error);
  self.session = tap_cli_open_session (cli, self.model, &error);
  if (self.session == NULL || !prepare (&self, &error) || !measure_all (&self, &error))
    {
      g_clear_pointer (&self.progress, tap_cli_progress_free);
      tap_cli_prefix_path (&error, cli->arguments[0]);
      return tap_cli_fail (cli, TAP_CLI_COMPUTING, error);
    }
  if (cli->json)
    tap_cli_bench_print_json (&self, cli->arguments[0]);
  else
    tap_cli_bench_print (&self);
  return TAP_EXIT_DONE;
}
