/* tap-cli-report.h - a method's result in words and as JSON
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/tap-cli.h"
#include "core/tap-result.h"

G_BEGIN_DECLS

/* Names as they were typed; @picture may be NULL. Prints JSON with --json, else the sentence. */
void tap_cli_report (TapCli *cli,
                     const TapResult *result,
                     const TapParams *params,
                     const char *model_name,
                     const char *picture);

G_END_DECLS
