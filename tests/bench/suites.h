/* suites.h - one table each
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @filter: parts of the names of networks, NULL-terminated; empty for all */
typedef void (*BenchSuite) (char *const *filter);

void bench_suite_forward (char *const *filter);
void bench_suite_batch (char *const *filter);
void bench_suite_backward (char *const *filter);
void bench_suite_patch (char *const *filter);
void bench_suite_sweep (char *const *filter);
void bench_suite_memory (char *const *filter);
void bench_suite_start (char *const *filter);

/* A network from a file. */
void bench_file (const char *path);

/* What a fresh process of this program does for the last two; @words: what, file, threads. */
int bench_child (char *const *words);

G_END_DECLS
