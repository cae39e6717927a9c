/* peers.h - other engines in processes of their own, when they are installed
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _BenchPeer BenchPeer;

typedef enum
{
  BENCH_ONNXRUNTIME,
  BENCH_TORCH,
  BENCH_TORCH_TUNED, /* with a malloc that keeps large blocks: torch takes new ones all the time */
} BenchPeerKind;

#define BENCH_N_PEERS 3

/* NULL when it is not installed; said once. */
BenchPeer *bench_peer_new (BenchPeerKind kind, int n_threads);
void bench_peer_free (BenchPeer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BenchPeer, bench_peer_free)
/* "onnxruntime 1.31.1"; the kind's plain name when it is not installed. */
const char *bench_peer_name (BenchPeerKind kind);

/* What it answers to a line (see peer.py); NULL when it failed, said with the reason. (transfer full) */
char *bench_peer_ask (BenchPeer *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* The same, where the answer is numbers: appended to @numbers, of doubles. */
gboolean bench_peer_times (BenchPeer *self, GArray *numbers, const char *format, ...)
  G_GNUC_PRINTF (3, 4);
/* Loads the file, runs it once, and gives the scores of the first picture. */
gboolean bench_peer_load (BenchPeer *self, const char *path, int batch, GArray *scores);

G_END_DECLS
