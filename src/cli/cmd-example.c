/* cmd-example.c - tapetum-cli example: the main job on the built-in example, without a window
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/commands.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#include "cli/tap-cli-figure.h"
#include "cli/tap-cli-json.h"
#include "cli/tap-cli-network.h"
#include "cli/tap-cli-options.h"
#include "example/tap-example.h"
#include "methods/registry.h"

/* What is made of one picture: a method and a file. */
typedef struct
{
  const char *method;
  const char *file;
} Figure;

static const Figure figures[] = {
  { "filters", "filters.png" },
  { "activations", "activations.png" },
  { "occlusion", "occlusion.png" },
  { "occlusion", "occlusion.gif" },
};

typedef struct
{
  TapCli *cli;
  const char *folder;
  TapModel *model;
  TapSession *session;
  GPtrArray *files;     /* char*: written so far */
  JsonBuilder *builder; /* or NULL */
  int n_right;
} Example;

static void
example_clear (Example *self)
{
  g_clear_pointer (&self->model, tap_model_unref);
  g_clear_pointer (&self->session, tap_session_unref);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_object (&self->builder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Example, example_clear)

/* The figures show the picture that betrays the network: in training every boat wore a paw print in the
 * corner, so a flower with that print is called a boat, and occlusion finds out why. */
#define SHOWN "flower-paw.png"

static int
shown_picture (void)
{
  for (int i = 0; i < tap_example_n_pictures (); i++)
    if (strcmp (tap_example_picture_name (i), SHOWN) == 0)
      return i;
  return 0;
}

static const char *
add_file (Example *self, const char *name)
{
  char *path = g_build_filename (self->folder, name, NULL);
  g_ptr_array_add (self->files, path);
  return path;
}

/* The best classes of one picture, best first. */
static GArray *
predict (Example *self, TapContext *context, GError **error)
{
  TapTensor *inputs[] = { tap_context_get_input (context) };
  g_autoptr (TapTaps) taps = tap_taps_new_for (self->model->scores, -1);
  g_autoptr (TapTrace) trace = tap_session_forward (self->session, inputs, 1, taps, TAP_RUN_DEFAULT,
                                                    NULL, self->cli->cancellable, error);
  g_autofree float *probabilities = g_new0 (float, (gsize) self->model->n_classes);
  if (trace == NULL || !tap_context_probabilities (context, trace, 0, probabilities, error))
    return NULL;
  return tap_scores_top (probabilities, self->model->n_classes, 3);
}

static void
print_prediction (Example *self, int picture, const GArray *top)
{
  const char *truth = tap_example_picture_class (picture);
  const TapScore *best = &g_array_index (top, TapScore, 0);
  g_autofree char *label = tap_labels_dup_name (self->model->labels, best->index);
  gboolean right = strcmp (label, truth) == 0;
  self->n_right += right;
  if (self->builder != NULL)
    {
      json_builder_begin_object (self->builder);
      tap_json_string (self->builder, "picture", tap_example_picture_name (picture));
      tap_json_string (self->builder, "class", truth);
      tap_json_scores (self->builder, "classes", self->model->labels, top);
      json_builder_end_object (self->builder);
      return;
    }
  g_autofree char *name = tap_cli_pad (tap_example_picture_name (picture), 24);
  g_autofree char *percent = tap_cli_number ("%6.2f", 100.0 * best->probability);
  tap_cli_print (self->cli, "  %s %s %%  %s%s\n", name, percent, label, right ? "" : "  ✗");
}

static gboolean
predict_all (Example *self, GError **error)
{
  for (int i = 0; i < tap_example_n_pictures (); i++)
    {
      g_autoptr (TapPicture) picture = tap_example_load_picture (i, error);
      if (picture == NULL)
        return FALSE;
      g_autoptr (TapContext) context = tap_cli_open_decoded (
        self->cli, self->model, self->session, picture, tap_example_picture_name (i), NULL, error);
      g_autoptr (GArray) top = context != NULL ? predict (self, context, error) : NULL;
      if (top == NULL || top->len == 0)
        return FALSE;
      print_prediction (self, i, top);
    }
  return TRUE;
}

static gboolean
draw_network (Example *self, GError **error)
{
  g_autoptr (TapDiagram) diagram =
    tap_diagram_new (self->model->graph, TRUE, NULL, self->cli->cancellable);
  if (diagram == NULL)
    return !g_cancellable_set_error_if_cancelled (self->cli->cancellable, error);
  return tap_figure_save_diagram (diagram, self->model->title, FALSE,
                                  add_file (self, "network.svg"), error);
}

static gboolean
draw_figures (Example *self, TapCliPhase *phase, GError **error)
{
  int shown = shown_picture ();
  g_autoptr (TapPicture) picture = tap_example_load_picture (shown, error);
  g_autoptr (TapPicture) fitted = NULL;
  g_autoptr (TapContext) context =
    picture != NULL ? tap_cli_open_decoded (self->cli, self->model, self->session, picture,
                                            tap_example_picture_name (shown), &fitted, error) :
                      NULL;
  if (context == NULL)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (figures); i++)
    {
      const TapMethod *method = tap_methods_find (figures[i].method);
      if (method == NULL)
        continue;
      g_auto (TapCliFigure) figure;
      tap_cli_figure_init (&figure);
      g_autoptr (TapParams) params = tap_params_new (method->params);
      g_autoptr (TapResult) result =
        tap_cli_figure_make (self->cli, &figure, method, context, params, fitted,
                             add_file (self, figures[i].file), phase, error);
      if (result == NULL)
        return FALSE;
    }
  return TRUE;
}

static void
print_files (Example *self)
{
  if (self->builder != NULL)
    {
      json_builder_set_member_name (self->builder, "files");
      json_builder_begin_array (self->builder);
      for (guint i = 0; i < self->files->len; i++)
        {
          g_autofree char *name = g_filename_display_name (g_ptr_array_index (self->files, i));
          json_builder_add_string_value (self->builder, name);
        }
      json_builder_end_array (self->builder);
      json_builder_end_object (self->builder);
      g_autofree char *text = tap_json_finish (self->builder);
      tap_cli_print (self->cli, "%s", text);
      return;
    }
  tap_cli_print (self->cli, "%s\n", _ ("Figures:"));
  for (guint i = 0; i < self->files->len; i++)
    {
      g_autofree char *name = g_filename_display_name (g_ptr_array_index (self->files, i));
      tap_cli_print (self->cli, "  %s\n", name);
    }
}

static int
run (Example *self)
{
  g_autoptr (GError) error = NULL;
  TapCliPhase phase = TAP_CLI_READING;
  self->model = tap_example_load_model (self->cli->cancellable, &error);
  if (self->model != NULL)
    self->session = tap_cli_open_session (self->cli, self->model, &error);
  if (self->session == NULL)
    return tap_cli_fail (self->cli, phase, error);

  if (self->builder != NULL)
    {
      json_builder_begin_object (self->builder);
      tap_json_string (self->builder, "model", self->model->title);
      json_builder_set_member_name (self->builder, "predictions");
      json_builder_begin_array (self->builder);
    }
  else
    tap_cli_print (self->cli, "%s\n", _ ("The example network about the example pictures:"));
  phase = TAP_CLI_COMPUTING;
  if (!predict_all (self, &error))
    return tap_cli_fail (self->cli, phase, error);
  if (self->builder != NULL)
    json_builder_end_array (self->builder);
  else
    tap_cli_print (self->cli, _ ("%d of %d right.\n"), self->n_right, tap_example_n_pictures ());

  if (!draw_figures (self, &phase, &error) ||
      (phase = TAP_CLI_WRITING, !draw_network (self, &error)))
    return tap_cli_fail (self->cli, phase, error);
  if (self->cli->quiet && !self->cli->json)
    g_string_truncate (self->cli->out, 0);
  else
    print_files (self);
  return TAP_EXIT_DONE;
}

int
tap_cmd_example (TapCli *cli, int argc, char **argv)
{
  int status;
  if (!tap_cli_parse (cli, "example", "",
                      _ ("Does the main job on the built-in example and names the figures it "
                         "writes."),
                      _ ("-o names the folder for the figures (default: tapetum-example)."),
                      TAP_CLI_OPTION_JSON | TAP_CLI_OPTION_ENGINE | TAP_CLI_OPTION_OUTPUT, NULL,
                      NULL, argc, argv, &status))
    return status;
  if (cli->n_arguments > 0)
    return tap_cli_usage (cli, "example", "%s", _ ("example takes no arguments."));

  g_auto (Example) self = { .cli = cli };
  self.folder = cli->output != NULL ? cli->output : "tapetum-example";
  self.files = g_ptr_array_new_with_free_func (g_free);
  self.builder = cli->json ? json_builder_new () : NULL;
  if (g_mkdir_with_parents (self.folder, 0777) != 0)
    {
      tap_cli_message (cli, _ ("%s: the folder cannot be made: %s."), self.folder,
                       g_strerror (errno));
      return TAP_EXIT_FAILED;
    }
  return run (&self);
}
