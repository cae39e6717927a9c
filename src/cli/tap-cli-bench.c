/* tap-cli-bench.c - what bench has measured, in words and as JSON
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/tap-cli-bench.h"

#include <glib/gi18n.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/tap-cli-json.h"

/* --- JSON ------------------------------------------------------------------------------------- */

/* 0 for no time at all: what takes less than the clock can tell. */
static double
rate (double gflop, double milliseconds)
{
  return milliseconds > 0 ? gflop / milliseconds * 1e3 : 0;
}

static void
json_times (JsonBuilder *builder,
            const char *name,
            const TapCliBench *self,
            const TapCliTimes *times,
            gboolean whole)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
  tap_json_string (builder, "problem", times->problem);
  if (times->problem == NULL)
    {
      tap_json_number (builder, "median_ms", times->median);
      tap_json_number (builder, "min_ms", times->min);
    }
  if (times->problem == NULL && whole)
    {
      double gflops = rate (self->profile->gflop, times->median);
      tap_json_number (builder, "gflop_per_second", gflops);
      tap_json_number (builder, "share_of_peak", gflops / self->peak);
    }
  if (times == &self->patch)
    tap_json_int (builder, "mask", self->mask);
  json_builder_end_object (builder);
}

static void
json_step (JsonBuilder *builder, const TapCliBench *self, int index)
{
  const TapProfileStep *step = &self->profile->steps[index];
  double gflops = rate (step->gflop, step->milliseconds);
  json_builder_begin_object (builder);
  tap_json_int (builder, "index", index);
  tap_json_string (builder, "name", step->node->name);
  tap_json_string (builder, "operators", step->ops);
  tap_json_string (builder, "algorithm", step->algorithm);
  tap_json_shape (builder, "shape", &step->shape);
  tap_json_number (builder, "milliseconds", step->milliseconds);
  tap_json_number (builder, "share_of_time", step->milliseconds / self->profile->milliseconds);
  tap_json_number (builder, "gflop", step->gflop);
  tap_json_number (builder, "gflop_per_second", gflops);
  tap_json_number (builder, "share_of_peak", gflops / self->peak);
  json_builder_end_object (builder);
}

void
tap_cli_bench_print_json (const TapCliBench *self, const char *name)
{
  const TapProfile *profile = self->profile;
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autofree char *engine = tap_engine_describe ();
  json_builder_begin_object (builder);
  tap_json_string (builder, "model", name);
  tap_json_string (builder, "engine", engine);
  tap_json_int (builder, "threads", self->threads);
  tap_json_int (builder, "runs", self->runs);
  tap_json_number (builder, "gflop", profile->gflop);
  tap_json_number (builder, "peak_gflop_per_second", self->peak);
  json_times (builder, "forward", self, &self->forward, TRUE);
  tap_json_number (builder, "images_per_second", 1e3 / self->forward.median);
  json_times (builder, "backward", self, &self->backward, TRUE);
  json_times (builder, "patch", self, &self->patch, FALSE);
  json_builder_set_member_name (builder, "memory");
  json_builder_begin_object (builder);
  tap_json_int (builder, "process_bytes", (gint64) self->peak_memory);
  tap_json_int (builder, "weight_bytes", (gint64) self->weight_bytes);
  tap_json_int (builder, "packed_bytes", (gint64) profile->packed_bytes);
  tap_json_int (builder, "activation_bytes", (gint64) profile->arena_bytes);
  tap_json_int (builder, "scratch_bytes", (gint64) profile->scratch_bytes);
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "layers");
  json_builder_begin_array (builder);
  for (int i = 0; i < profile->n_steps; i++)
    json_step (builder, self, i);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  g_autofree char *text = tap_json_finish (builder);
  tap_cli_print (self->cli, "%s", text);
}

/* --- text ------------------------------------------------------------------------------------- */

static void
print_fact (TapCli *cli, const char *label, const char *text)
{
  g_autofree char *padded = tap_cli_pad (label, 14);
  tap_cli_print (cli, "%s%s\n", padded, text);
}

/* A number to the right of @columns. (transfer full) */
static char *
column (const char *format, double value, int columns)
{
  g_autofree char *number = tap_cli_number (format, value);
  return tap_cli_pad (number, -columns);
}

/* The same as “60 %”. */
static char *
percent (const char *format, double share, int columns)
{
  g_autofree char *number = tap_cli_number (format, 100 * share);
  g_autofree char *text = g_strconcat (number, " %", NULL);
  return tap_cli_pad (text, -columns);
}

static void
print_times (const TapCliBench *self, const char *label, const TapCliTimes *times, gboolean whole)
{
  TapCli *cli = self->cli;
  g_autofree char *padded = tap_cli_pad (label, 14);
  if (times->problem != NULL)
    {
      tap_cli_print (cli, "%s", padded);
      /* Translators: a sentence. */
      tap_cli_print (cli, _ ("not possible: %s"), times->problem);
      tap_cli_print (cli, "\n");
      return;
    }
  g_autofree char *median = column ("%.2f", times->median, 10);
  g_autofree char *min = column ("%.2f", times->min, 10);
  tap_cli_print (cli, "%s%s%s", padded, median, min);
  if (whole)
    {
      double gflops = rate (self->profile->gflop, times->median);
      g_autofree char *speed = column ("%.0f", gflops, 10);
      g_autofree char *share = percent ("%.0f", gflops / self->peak, 10);
      tap_cli_print (cli, "%s%s", speed, share);
    }
  tap_cli_print (cli, "\n");
}

static void
print_summary (const TapCliBench *self)
{
  TapCli *cli = self->cli;
  const TapProfile *profile = self->profile;
  g_autofree char *engine = tap_engine_describe ();
  g_autofree char *threads = g_strdup_printf ("%d", self->threads);
  g_autofree char *gflop = tap_cli_number ("%.3f", profile->gflop);
  g_autofree char *speed = tap_cli_number ("%.0f", self->peak);
  /* Translators: a number of billions of operations. */
  g_autofree char *work = g_strdup_printf (_ ("%s GFLOP for one picture"), gflop);
  /* Translators: a number, billions of operations a second. */
  g_autofree char *peak = g_strdup_printf (_ ("%s GFLOP/s, measured now"), speed);
  g_autofree char *median_title = tap_cli_pad (_ ("median ms"), -10);
  g_autofree char *min_title = tap_cli_pad (_ ("best ms"), -10);
  g_autofree char *speed_title = tap_cli_pad (_ ("GFLOP/s"), -10);
  g_autofree char *share_title = tap_cli_pad (_ ("of peak"), -10);
  /* Translators: side of a square, in pixels. */
  g_autofree char *move = g_strdup_printf (_ ("mask of %d"), self->mask);

  print_fact (cli, _ ("network"), self->model->title);
  print_fact (cli, _ ("engine"), engine);
  print_fact (cli, _ ("threads"), threads);
  print_fact (cli, _ ("work"), work);
  print_fact (cli, _ ("peak"), peak);
  tap_cli_print (cli, "\n%14s%s%s%s%s\n", "", median_title, min_title, speed_title, share_title);
  print_times (self, _ ("forward"), &self->forward, TRUE);
  print_times (self, _ ("backward"), &self->backward, TRUE);
  print_times (self, self->mask > 0 ? move : _ ("mask"), &self->patch, FALSE);
}

static void
print_memory (const TapCliBench *self)
{
  g_autofree char *number = tap_cli_number ("%.1f", 1e3 / self->forward.median);
  /* Translators: a number. */
  g_autofree char *pictures = g_strdup_printf (_ ("%s pictures a second"), number);
  g_autofree char *process = g_format_size_full (self->peak_memory, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *weights = g_format_size_full (self->weight_bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *packed =
    g_format_size_full (self->profile->packed_bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree char *activations = g_format_size_full (
    self->profile->arena_bytes + self->profile->scratch_bytes, G_FORMAT_SIZE_IEC_UNITS);
  /* Translators: amounts of memory, as “21 MiB”. */
  g_autofree char *parts =
    g_strdup_printf (_ ("%s at most; weights %s, in the kernels' order %s, activations %s"),
                     process, weights, packed, activations);
  tap_cli_print (self->cli, "\n");
  print_fact (self->cli, _ ("speed"), pictures);
  print_fact (self->cli, _ ("memory"), parts);
}

/* Of the terminal that standard output is; 0 when it is none. */
static int
terminal_columns (void)
{
  struct winsize size;
  return isatty (STDOUT_FILENO) && ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* The end of a name, which tells more than its beginning, in @columns; all of it where that would leave
 * next to nothing. (transfer full) */
static char *
fit_name (const char *name, int columns)
{
  g_autofree char *valid = g_utf8_make_valid (name, -1);
  glong length = g_utf8_strlen (valid, -1);
  if (columns < 10 || length <= columns)
    return g_steal_pointer (&valid);
  return g_strconcat ("…", g_utf8_offset_to_pointer (valid, length - columns + 1), NULL);
}

typedef struct
{
  int how, op, shape, name; /* columns; how and name may be 0: none, and as many as it takes */
} Layout;

static Layout
lay_out (const TapProfile *profile)
{
  Layout layout = { 0, 9, 9, 0 };
  for (int i = 0; i < profile->n_steps; i++)
    {
      const TapProfileStep *step = &profile->steps[i];
      g_autofree char *shape = tap_shape_to_string (&step->shape);
      if (step->algorithm != NULL)
        layout.how = MAX (layout.how, MAX (6, (int) g_utf8_strlen (step->algorithm, -1)));
      layout.op = MAX (layout.op, (int) MIN (g_utf8_strlen (step->ops, -1), 18));
      layout.shape = MAX (layout.shape, (int) MIN (g_utf8_strlen (shape, -1), 14));
    }
  int used = 8 + 8 + 9 + 9 + layout.op + layout.shape + 6 + (layout.how > 0 ? layout.how + 2 : 0);
  int columns = terminal_columns ();
  layout.name = columns > used ? columns - used : 0;
  return layout;
}

/* @numbers (transfer full): the four columns of numbers, padded */
static void
print_line (TapCli *cli,
            const Layout *layout,
            char *numbers[4],
            const char *how,
            const char *op,
            const char *shape,
            const char *name)
{
  for (int i = 0; i < 4; i++)
    {
      tap_cli_print (cli, "%s", numbers[i]);
      g_free (numbers[i]);
    }
  g_autofree char *op_column = tap_cli_pad (op, layout->op);
  g_autofree char *shape_column = tap_cli_pad (shape, layout->shape);
  tap_cli_print (cli, "  %s  %s", op_column, shape_column);
  if (layout->how > 0)
    {
      g_autofree char *how_column = tap_cli_pad (how != NULL ? how : "", layout->how);
      tap_cli_print (cli, "  %s", how_column);
    }
  g_autofree char *fitting = fit_name (name, layout->name);
  tap_cli_print (cli, "  %s\n", fitting);
}

/* Numbers first and names last: whatever is too long for the terminal is a name. */
static void
print_layers (const TapCliBench *self)
{
  const TapProfile *profile = self->profile;
  Layout layout = lay_out (profile);
  char *titles[] = { tap_cli_pad (_ ("ms"), -8), tap_cli_pad (_ ("of time"), -8),
                     tap_cli_pad (_ ("GFLOP/s"), -9), tap_cli_pad (_ ("of peak"), -9) };
  tap_cli_print (self->cli, "\n");
  print_line (self->cli, &layout, titles, _ ("kernel"), _ ("operators"), _ ("shape"), _ ("layer"));
  for (int i = 0; i < profile->n_steps; i++)
    {
      const TapProfileStep *step = &profile->steps[i];
      double gflops = rate (step->gflop, step->milliseconds);
      gboolean counts = step->gflop > 0;
      g_autofree char *shape = tap_shape_to_string (&step->shape);
      char *numbers[] = {
        column ("%.3f", step->milliseconds, 8),
        percent ("%.1f", step->milliseconds / profile->milliseconds, 8),
        counts ? column ("%.0f", gflops, 9) : tap_cli_pad ("", -9),
        counts ? percent ("%.0f", gflops / self->peak, 9) : tap_cli_pad ("", -9),
      };
      print_line (self->cli, &layout, numbers, step->algorithm, step->ops, shape, step->node->name);
    }
}

void
tap_cli_bench_print (const TapCliBench *self)
{
  print_summary (self);
  print_memory (self);
  print_layers (self);
}
