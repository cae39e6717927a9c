/* contest.h - the engine and its peers in turns, and the row that comes of it
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "measure.h"
#include "peers.h"

G_BEGIN_DECLS

/* Between turns: until the threads of the last one have stopped to look for more work. OpenBLAS does so
 * for some 50 ms. */
#define BENCH_PAUSE_US 100000

typedef struct
{
  BenchPeer *peers[BENCH_N_PEERS]; /* NULL: not installed, or not wanted */
  int n_threads;
} BenchPeers;

/* @kinds: bits, 1 << BenchPeerKind */
void bench_peers_init (BenchPeers *self, guint kinds, int n_threads);
void bench_peers_clear (BenchPeers *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BenchPeers, bench_peers_clear)

typedef double (*BenchRun) (BenchSubject *subject, char **problem);

typedef struct
{
  double ours, peers[BENCH_N_PEERS]; /* ms of a run, medians; 0 when there is none */
  char *problem;                     /* why ours is not there */
} BenchFigures;

void bench_figures_clear (BenchFigures *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BenchFigures, bench_figures_clear)

/* Loads @network everywhere and lets all run in turns, @rounds times: what disturbs the machine for a
 * while disturbs all of them. @request: what peers are asked for, "forward". Also says when the scores
 * of a peer are others than ours. */
void bench_contest (const BenchNetwork *network,
                    BenchSubject *subject,
                    const BenchPeers *peers,
                    BenchRun run,
                    const char *request,
                    int rounds,
                    BenchFigures *figures);

/* Heads the columns of the peers of @kinds. */
void bench_print_head (const char *title, guint kinds);
/* Prints a row: @ours and @theirs, in @unit, less being better; @gflop of one run, 0: no such column.
 * @must: factor over @against (a BenchPeerKind) that is asked for, 0: none. */
void bench_print_row (const char *name,
                      int n_threads,
                      const BenchFigures *figures,
                      const char *unit,
                      double gflop,
                      guint kinds,
                      double must,
                      BenchPeerKind against);
/* “must … ms: holds”, printed behind a row, and remembered when it does not. */
void bench_judge (const char *name, double found, double limit, const char *unit);
/* What was missed since the program started, one line each; their number. */
int bench_print_missed (void);

/* The numbers of threads that are measured: 1 and 2, or only one of them. */
extern int bench_first_threads, bench_last_threads;

/* Whether one of the words is in @id or @filter is empty. */
gboolean bench_wanted (char *const *filter, const char *id);

G_END_DECLS
