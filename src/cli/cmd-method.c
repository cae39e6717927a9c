/* cmd-method.c - tapetum-cli METHOD: any method of the registry as a command
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Nothing here knows a method: arguments, options, ranges and help come from its descriptor. */
#include "config.h"

#include "cli/commands.h"

#include <glib/gi18n.h>

#include "cli/tap-cli-figure.h"
#include "cli/tap-cli-network.h"
#include "cli/tap-cli-options.h"
#include "cli/tap-cli-params.h"
#include "cli/tap-cli-report.h"
#include "core/tap-error.h"

static gboolean
needs_picture (const TapMethod *method)
{
  return (method->needs & (TAP_NEEDS_PICTURE | TAP_NEEDS_FORWARD)) != 0;
}

static gboolean
parse (TapCli *cli,
       const TapMethod *method,
       TapCliParams *given,
       TapCliFigure *figure,
       int argc,
       char **argv,
       int *status)
{
  /* Translators: %s is the title of a method. */
  g_autofree char *title = g_strdup_printf (_ ("Options of “%s”:"), _ (method->title));
  const char *arguments = needs_picture (method) ? "MODEL PICTURE" : "MODEL [PICTURE]";
  g_autofree char *summary =
    method->source != NULL ?
      g_strdup_printf ("%s\n%s: %s", _ (method->summary), _ ("Source"), method->source) :
      g_strdup (_ (method->summary));
  GOptionGroup *params = tap_cli_params_group (given, title);
  GOptionGroup *drawing = tap_cli_figure_group (figure, given);

  return tap_cli_parse (
    cli, method->id, arguments, summary,
    _ ("The suffix of the file picks the form: .png .svg .pdf .gif for a picture, .npy for the "
       "principal array, .npz for all of them, .tsv and .json."),
    TAP_CLI_OPTION_JSON | TAP_CLI_OPTION_NETWORK | TAP_CLI_OPTION_ENGINE | TAP_CLI_OPTION_SEED |
      TAP_CLI_OPTION_OUTPUT,
    NULL, (GOptionGroup *[]){ params, drawing, NULL }, argc, argv, status);
}

/* Everything that can be wrong with the request itself, before a file is opened. */
static gboolean
check_request (TapCli *cli,
               const TapMethod *method,
               const TapCliParams *given,
               TapCliFigure *figure,
               int *status)
{
  g_autoptr (GError) error = NULL;
  if (cli->n_arguments < 1 || cli->n_arguments > 2 ||
      (cli->n_arguments < 2 && needs_picture (method)))
    {
      *status = tap_cli_usage (cli, method->id,
                               needs_picture (method) ? _ ("%s takes a network and a picture.") :
                                                        _ ("%s takes a network."),
                               method->id);
      return FALSE;
    }
  if (!tap_cli_params_check (given, &error) || !tap_cli_figure_read (figure, &error) ||
      (cli->output != NULL && !tap_cli_figure_check_path (cli->output, &error)))
    {
      *status = tap_cli_fail (cli, TAP_CLI_READING, error);
      return FALSE;
    }
  return TRUE;
}

/* The picture, or a context without one. */
static TapContext *
open_context (TapCli *cli,
              TapModel *model,
              TapSession *session,
              TapPicture **fitted,
              GError **error)
{
  if (cli->n_arguments > 1)
    return tap_cli_open_picture (cli, model, session, cli->arguments[1], fitted, error);
  return tap_context_new (model, session, NULL, NULL, cli->seed);
}

int
tap_cmd_method (TapCli *cli, const TapMethod *method, int argc, char **argv)
{
  int status;
  g_autoptr (TapCliParams) given = tap_cli_params_new (method->params);
  g_auto (TapCliFigure) figure;
  tap_cli_figure_init (&figure);
  if (!parse (cli, method, given, &figure, argc, argv, &status) ||
      !check_request (cli, method, given, &figure, &status))
    return status;

  g_autoptr (GError) error = NULL;
  g_autoptr (TapModel) model = tap_cli_load_network (cli, cli->arguments[0], &error);
  if (model == NULL)
    return tap_cli_fail (cli, TAP_CLI_READING, error);
  if ((method->needs & TAP_NEEDS_CLASSES) &&
      (model->scores < 0 || tap_model_get_obstacle (model) != NULL))
    return tap_cli_fail_scores (cli, model, method->id);
  g_autoptr (TapParams) params = tap_cli_params_resolve (given, model, &error);
  if (params == NULL)
    return tap_cli_fail (cli, TAP_CLI_READING, error);

  g_autoptr (TapSession) session = tap_cli_open_session (cli, model, &error);
  if (session == NULL)
    return tap_cli_fail (cli, TAP_CLI_READING, error);
  g_autoptr (TapPicture) fitted = NULL;
  g_autoptr (TapContext) context = open_context (cli, model, session, &fitted, &error);
  if (context == NULL)
    return tap_cli_fail (cli, TAP_CLI_READING, error);

  TapCliPhase phase;
  g_autoptr (TapResult) result = tap_cli_figure_make (cli, &figure, method, context, params, fitted,
                                                      cli->output, &phase, &error);
  if (result == NULL)
    return tap_cli_fail (cli, phase, error);
  tap_cli_report (cli, result, params, cli->arguments[0],
                  cli->n_arguments > 1 ? cli->arguments[1] : NULL);
  if (cli->n_arguments > 1)
    tap_cli_note_network (cli, model);
  return TAP_EXIT_DONE;
}
