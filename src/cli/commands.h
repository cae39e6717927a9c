/* commands.h - one line for each command; the table is in main.c
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/tap-cli.h"
#include "methods/tap-method.h"

G_BEGIN_DECLS

int tap_cmd_info (TapCli *cli, int argc, char **argv);
int tap_cmd_predict (TapCli *cli, int argc, char **argv);
int tap_cmd_list (TapCli *cli, int argc, char **argv);
int tap_cmd_replay (TapCli *cli, int argc, char **argv);
int tap_cmd_bench (TapCli *cli, int argc, char **argv);
int tap_cmd_example (TapCli *cli, int argc, char **argv);
/* Every method of the registry is a command. */
int tap_cmd_method (TapCli *cli, const TapMethod *method, int argc, char **argv);

G_END_DECLS
