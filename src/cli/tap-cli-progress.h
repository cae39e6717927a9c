/* tap-cli-progress.h - a bar on a terminal, silence in a pipe
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/tap-cli.h"
#include "core/tap-progress.h"

G_BEGIN_DECLS

typedef struct _TapCliProgress TapCliProgress;

/* @partial (nullable) is handed to the job for its states on the way. */
TapCliProgress *tap_cli_progress_new (TapCli *cli, TapPartialFunc partial, gpointer user_data);
/* What to give to the job. (transfer none) */
TapProgress *tap_cli_progress_get (TapCliProgress *self);
/* Several jobs under one bar: the next one fills @from to @to. */
void tap_cli_progress_window (TapCliProgress *self, double from, double to);
/* Wipes the bar. */
void tap_cli_progress_free (TapCliProgress *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapCliProgress, tap_cli_progress_free)

G_END_DECLS
