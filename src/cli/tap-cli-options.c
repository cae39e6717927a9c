/* tap-cli-options.c - the options that commands share, and their help
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/tap-cli-options.h"

#include <glib/gi18n.h>
#include <string.h>

/* Where GOption leaves what needs a second look. */
typedef struct
{
  gboolean help, version;
  char *device;
  char *seed;
  char **arguments;
} Raw;

static void
raw_clear (Raw *raw)
{
  g_free (raw->device);
  g_free (raw->seed);
  g_strfreev (raw->arguments);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Raw, raw_clear)

static void
add_entries (GOptionGroup *group, TapCli *cli, Raw *raw, TapCliOptionSet set)
{
  const GOptionEntry always[] = {
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &cli->quiet, N_ ("Say nothing but errors"), NULL },
    { "help", 'h', 0, G_OPTION_ARG_NONE, &raw->help, N_ ("Show this help"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &raw->version, N_ ("Show the version"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->arguments, NULL, NULL },
    { NULL },
  };
  const GOptionEntry json[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &cli->json, N_ ("Print one JSON document"), NULL },
    { NULL },
  };
  const GOptionEntry network[] = {
    { "weights", 0, 0, G_OPTION_ARG_FILENAME, &cli->weights,
      N_ ("Weights of a Caffe network (default: found beside the prototxt)"), N_ ("FILE") },
    { "labels", 0, 0, G_OPTION_ARG_FILENAME, &cli->labels,
      N_ ("Names of the classes, one a line (default: found beside the network)"), N_ ("FILE") },
    { "preprocess", 0, 0, G_OPTION_ARG_STRING, &cli->preprocess,
      N_ (
        "How a picture becomes the input, e.g. "
        "size=227,order=bgr,mean=104/117/123,std=1,resize=stretch (default: found, else guessed)"),
      N_ ("SPEC") },
    { NULL },
  };
  const GOptionEntry engine[] = {
    { "threads", 0, 0, G_OPTION_ARG_INT, &cli->threads,
      N_ ("Threads that compute (default: one per core)"), N_ ("N") },
    { "device", 0, 0, G_OPTION_ARG_STRING, &raw->device,
      N_ ("Where to compute: auto, cpu or cuda (default: auto)"), N_ ("DEVICE") },
    { NULL },
  };
  const GOptionEntry seed[] = {
    { "seed", 0, 0, G_OPTION_ARG_STRING, &raw->seed, N_ ("Seed of everything random (default: 0)"),
      N_ ("N") },
    { NULL },
  };
  const GOptionEntry output[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &cli->output,
      N_ ("Write the result here; the suffix picks the form"), N_ ("FILE") },
    { NULL },
  };

  if (set & TAP_CLI_OPTION_OUTPUT)
    g_option_group_add_entries (group, output);
  if (set & TAP_CLI_OPTION_JSON)
    g_option_group_add_entries (group, json);
  if (set & TAP_CLI_OPTION_NETWORK)
    g_option_group_add_entries (group, network);
  if (set & TAP_CLI_OPTION_ENGINE)
    g_option_group_add_entries (group, engine);
  if (set & TAP_CLI_OPTION_SEED)
    g_option_group_add_entries (group, seed);
  g_option_group_add_entries (group, always);
}

static gboolean
check_device (TapCli *cli, const char *command, const char *device, int *status)
{
  if (device == NULL || strcmp (device, "auto") == 0 || strcmp (device, "cpu") == 0)
    return TRUE;
  if (strcmp (device, "cuda") == 0)
    {
      tap_cli_message (cli, _ ("--device cuda: there is no CUDA engine in this installation."));
      *status = TAP_EXIT_RESOURCES;
    }
  else
    *status =
      tap_cli_usage (cli, command, _ ("--device %s: the devices are auto, cpu and cuda."), device);
  return FALSE;
}

static gboolean
check_values (TapCli *cli, const char *command, const Raw *raw, int *status)
{
  if (raw->seed != NULL &&
      !g_ascii_string_to_unsigned (raw->seed, 10, 0, G_MAXUINT64, &cli->seed, NULL))
    {
      *status = tap_cli_usage (cli, command, _ ("--seed %s: the seed is a whole number from 0 up."),
                               raw->seed);
      return FALSE;
    }
  if (cli->threads < 0 || cli->threads > 1024)
    {
      *status = tap_cli_usage (
        cli, command, _ ("--threads %d: the number of threads is 0 to 1024."), cli->threads);
      return FALSE;
    }
  if (cli->output != NULL && cli->output[0] == '\0')
    {
      *status = tap_cli_usage (cli, command, _ ("--output needs the name of a file."));
      return FALSE;
    }
  return check_device (cli, command, raw->device, status);
}

gboolean
tap_cli_parse (TapCli *cli,
               const char *command,
               const char *arguments,
               const char *summary,
               const char *description,
               TapCliOptionSet set,
               const GOptionEntry *entries,
               GOptionGroup *const *groups,
               int argc,
               char **argv,
               int *status)
{
  g_auto (Raw) raw = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GOptionContext) context = g_option_context_new (arguments);
  /* GLib's own --help would print and exit by itself. */
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_set_summary (context, summary);
  g_option_context_set_description (context, description);

  GOptionGroup *main_group = g_option_group_new (command, "", "", cli, NULL);
  g_option_group_set_translation_domain (main_group, GETTEXT_PACKAGE);
  if (entries != NULL)
    g_option_group_add_entries (main_group, entries);
  add_entries (main_group, cli, &raw, set);
  g_option_context_set_main_group (context, main_group);
  for (; groups != NULL && *groups != NULL; groups++)
    g_option_context_add_group (context, *groups);

  /* GOption shuffles the array and names the program after its first element. */
  g_auto (GStrv) copy = g_new0 (char *, argc + 1);
  for (int i = 0; i < argc; i++)
    copy[i] = g_strdup (argv[i]);
  g_autofree char *program = g_strdup_printf ("tapetum-cli %s", command);
  g_free (copy[0]);
  copy[0] = g_strdup (program);

  if (!g_option_context_parse_strv (context, &copy, &error))
    {
      g_autofree char *sentence =
        g_strdup_printf ("%s%s", error->message, g_str_has_suffix (error->message, ".") ? "" : ".");
      *status = tap_cli_usage (cli, command, "%s", sentence);
      return FALSE;
    }
  if (raw.help || raw.version)
    {
      g_set_prgname (program);
      g_autofree char *help = g_option_context_get_help (context, FALSE, NULL);
      g_set_prgname ("tapetum-cli");
      if (raw.help)
        tap_cli_print (cli, "%s%s", help, g_str_has_suffix (help, "\n") ? "" : "\n");
      else
        tap_cli_print (cli, "tapetum-cli %s\n", TAP_VERSION);
      *status = TAP_EXIT_DONE;
      return FALSE;
    }
  if (!check_values (cli, command, &raw, status))
    return FALSE;

  cli->arguments = g_steal_pointer (&raw.arguments);
  if (cli->arguments == NULL)
    cli->arguments = g_new0 (char *, 1);
  cli->n_arguments = (int) g_strv_length (cli->arguments);
  return TRUE;
}
