/* main.c - tapetum-cli: finds the command and gives it its arguments
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "methods/registry.h"

const TapCommand tap_commands[] = {
  { "info", "MODEL", N_ ("The network: inputs, layers, shapes, parameters, operations"),
    tap_cmd_info },
  { "predict", "MODEL PICTURE…", N_ ("The most probable classes of pictures"), tap_cmd_predict },
  { "list", "methods|layers|formats|operators", N_ ("What there is"), tap_cmd_list },
  { "replay", "FIGURE", N_ ("Make a figure again from the recipe inside it"), tap_cmd_replay },
  { "bench", "MODEL", N_ ("How fast the network runs here, layer by layer"), tap_cmd_bench },
  { "example", "", N_ ("The main job on the built-in example"), tap_cmd_example },
  { NULL },
};

static void
print_help (TapCli *cli)
{
  tap_cli_print (cli, "%s\n", _ ("Usage: tapetum-cli COMMAND [OPTION…] ARGUMENT…"));
  tap_cli_print (cli, "\n%s\n", _ ("Looks inside convolutional neural networks."));
  tap_cli_print (cli, "\n%s\n", _ ("Commands:"));
  for (const TapCommand *command = tap_commands; command->name != NULL; command++)
    {
      g_autofree char *words = g_strdup_printf (
        "%s %s", command->name, strcmp (command->name, "list") == 0 ? "WHAT" : command->arguments);
      g_autofree char *padded = tap_cli_pad (words, 26);
      tap_cli_print (cli, "  %s  %s\n", padded, _ (command->summary));
    }
  tap_cli_print (cli, "\n%s\n", _ ("Methods, as METHOD MODEL PICTURE -o FILE:"));
  for (const TapMethod *const *m = tap_methods_list (); *m != NULL; m++)
    {
      g_autofree char *padded = tap_cli_pad ((*m)->id, 26);
      tap_cli_print (cli, "  %s  %s\n", padded, _ ((*m)->summary));
    }
  tap_cli_print (cli, "\n%s\n  -h, --help  %s\n  --version   %s\n", _ ("Options:"),
                 _ ("Show this help; after a command, that command's"), _ ("Show the version"));
  tap_cli_print (
    cli, "\n%s\n",
    _ ("Exit status: 0 done, 1 failed, 2 wrong usage, 3 a file is at fault, 4 out of resources, "
       "130 interrupted."));
}

static void
print_version (TapCli *cli)
{
  tap_cli_print (cli, "tapetum-cli %s\n%s\n%s\n", TAP_VERSION,
                 _ ("Licence GPL-3.0-or-later, with permission to link CUDA and cuDNN."),
                 _ ("There is no warranty, to the extent permitted by law."));
}

static int
dispatch (TapCli *cli, int argc, char **argv)
{
  if (argc < 2)
    return tap_cli_usage (cli, NULL, "%s", _ ("There is no command."));
  const char *word = argv[1];
  if (strcmp (word, "-h") == 0 || strcmp (word, "--help") == 0 ||
      (strcmp (word, "help") == 0 && argc < 3))
    {
      print_help (cli);
      return TAP_EXIT_DONE;
    }
  if (strcmp (word, "--version") == 0)
    {
      print_version (cli);
      return TAP_EXIT_DONE;
    }
  if (strcmp (word, "help") == 0)
    {
      char *again[] = { argv[0], argv[2], (char *) "--help", NULL };
      return dispatch (cli, 3, again);
    }
  if (word[0] == '-')
    return tap_cli_usage (cli, NULL, _ ("%s: options follow a command."), word);

  for (const TapCommand *command = tap_commands; command->name != NULL; command++)
    if (strcmp (word, command->name) == 0)
      return command->run (cli, argc - 1, argv + 1);
  const TapMethod *method = tap_methods_find (word);
  if (method != NULL)
    return tap_cmd_method (cli, method, argc - 1, argv + 1);
  return tap_cli_usage (cli, NULL, _ ("%s: there is no such command or method."), word);
}

/* --- interruption ----------------------------------------------------------------------------- */

/* Those that nobody has had ignored (nohup, background jobs). */
static void
fill_signals (sigset_t *set)
{
  static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
  sigemptyset (set);
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      struct sigaction action;
      if (sigaction (numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
        sigaddset (set, numbers[i]);
    }
}

/* Cancelling takes locks, which a signal handler may not; a thread that waits for signals may. The
 * first one asks nicely; the second ends the program. */
static gpointer
wait_for_signals (gpointer data)
{
  GCancellable *cancellable = data;
  sigset_t set;
  int number;
  fill_signals (&set);
  if (sigwait (&set, &number) != 0)
    return NULL;
  g_cancellable_cancel (cancellable);
  sigwait (&set, &number);
  _exit (TAP_EXIT_INTERRUPTED);
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, TAP_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_prgname ("tapetum-cli");

  /* Before any other thread starts, so that all of them inherit it. A reader that goes away shows
   * as a failed write. */
  sigset_t set;
  fill_signals (&set);
  pthread_sigmask (SIG_BLOCK, &set, NULL);
  signal (SIGPIPE, SIG_IGN);

  g_autoptr (TapCli) cli = tap_cli_new ();
  GThread *waiter = g_thread_new ("signals", wait_for_signals, g_object_ref (cli->cancellable));
  g_thread_unref (waiter); /* ends with the program */
  int status = dispatch (cli, argc, argv);
  return tap_cli_flush (cli, status);
}
