/* tap-cli.h - what every command is given, and the command table
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-types.h"

G_BEGIN_DECLS

/* The contract with scripts; never renumber. */
typedef enum
{
  TAP_EXIT_DONE = 0,
  TAP_EXIT_FAILED = 1,
  TAP_EXIT_USAGE = 2,
  TAP_EXIT_INPUT = 3, /* a file is at fault; the message says which and where */
  TAP_EXIT_RESOURCES = 4,
  TAP_EXIT_INTERRUPTED = 130,
} TapExit;

/* What was going on when an error came up: the same “permission denied” is the input's fault while
 * reading and ours while writing. */
typedef enum
{
  TAP_CLI_READING,
  TAP_CLI_COMPUTING,
  TAP_CLI_WRITING,
} TapCliPhase;

typedef struct
{
  GCancellable *cancellable; /* set off by SIGINT and SIGTERM */
  GString *out;              /* standard output: collected, written in one piece at the end */

  /* The options that commands share; which of them a command takes is TapCliOptionSet. */
  gboolean json;
  gboolean quiet;
  char *output;     /* -o, a file name, or NULL */
  char *labels;     /* --labels */
  char *weights;    /* --weights */
  char *preprocess; /* --preprocess */
  int threads;      /* --threads, 0: one per core */
  guint64 seed;     /* --seed */

  gboolean no_checksum; /* nobody is told the network's, and it takes long */

  char **arguments; /* what is left after the options, file names, NULL-terminated */
  int n_arguments;
} TapCli;

TapCli *tap_cli_new (void);
void tap_cli_free (TapCli *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapCli, tap_cli_free)

/* To standard output. */
void tap_cli_print (TapCli *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* “tapetum-cli: …” on standard error, one line, whatever the message holds. */
void tap_cli_message (TapCli *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* The same, but not with --quiet. */
void tap_cli_note (TapCli *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Says what @error says and returns the exit status that goes with it. */
int tap_cli_fail (TapCli *self, TapCliPhase phase, const GError *error);
/* A mistake on the command line: says it, points at the help of @command, returns TAP_EXIT_USAGE. */
int tap_cli_usage (TapCli *self, const char *command, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* Writes what was collected. A reader that has gone away is no failure. */
int tap_cli_flush (TapCli *self, int status);

/* A number with a point, whatever the language: “0.5073”. (transfer full) */
char *tap_cli_number (const char *format, double value);
/* “1,240,000” reads badly in a script: groups of three, separated by narrow spaces. (transfer full) */
char *tap_cli_count (guint64 value);
/* @text padded with blanks to @columns as a terminal counts them; to the left when @columns is
 * negative. (transfer full) */
char *tap_cli_pad (const char *text, int columns);

typedef struct
{
  const char *name;
  const char *arguments; /* for the help: "MODEL PICTURE…"; not translated */
  const char *summary;   /* N_() */
  int (*run) (TapCli *cli, int argc, char **argv);
} TapCommand;

/* Sorted by how likely they are wanted; ends with a NULL name. */
extern const TapCommand tap_commands[];

G_END_DECLS
