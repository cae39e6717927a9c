/* tap-cli-options.h - the options that commands share, and their help
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/tap-cli.h"

G_BEGIN_DECLS

typedef enum
{
  TAP_CLI_OPTION_JSON = 1 << 0,
  TAP_CLI_OPTION_NETWORK = 1 << 1, /* --weights --labels --preprocess */
  TAP_CLI_OPTION_ENGINE = 1 << 2,  /* --threads --device */
  TAP_CLI_OPTION_SEED = 1 << 3,
  TAP_CLI_OPTION_OUTPUT = 1 << 4,
} TapCliOptionSet;

/* Reads the options of @command from @argv (argv[0] is the command's name) into @cli, together with
 * @entries (nullable) and @groups (NULL-terminated, elements (transfer full)) (nullable). FALSE when the command is over: help has been
 * printed or a mistake been told; @status is then what to return. */
gboolean tap_cli_parse (TapCli *cli,
                        const char *command,
                        const char *arguments,
                        const char *summary,
                        const char *description,
                        TapCliOptionSet set,
                        const GOptionEntry *entries,
                        GOptionGroup *const *groups,
                        int argc,
                        char **argv,
                        int *status);

G_END_DECLS
