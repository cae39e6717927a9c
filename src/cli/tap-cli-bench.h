/* tap-cli-bench.h - what bench has measured, in words and as JSON
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/tap-cli-progress.h"
#include "cli/tap-cli.h"
#include "core/tap-model.h"
#include "engine/tap-session-profile.h"

G_BEGIN_DECLS

/* One kind of run. */
typedef struct
{
  double median, min; /* ms */
  char *problem;      /* why there are none; one sentence */
} TapCliTimes;

typedef struct
{
  TapCli *cli;
  TapModel *model;
  TapSession *session;
  TapCliProgress *progress;
  TapTensor **inputs;
  int n_inputs;
  TapTaps *outputs, *picture;
  int seed; /* the value that backward passes start from */
  int runs, threads;
  int mask; /* side in pixels; 0: not chosen yet */
  TapCliTimes forward, backward, patch;
  TapProfile *profile;
  double peak;         /* GFLOP/s */
  guint64 peak_memory; /* of the process, bytes; 0 when the system does not say */
  guint64 weight_bytes;
} TapCliBench;

/* Both to standard output, when everything has been measured. @name: the file as it was typed */
void tap_cli_bench_print (const TapCliBench *self);
void tap_cli_bench_print_json (const TapCliBench *self, const char *name);

G_END_DECLS
