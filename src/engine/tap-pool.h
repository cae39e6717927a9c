/* tap-pool.h - worker threads that share the tasks of one kernel
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Used by one caller at a time. Tasks are handed out one by one, so which worker runs which is open;
 * tasks therefore write disjoint outputs and never depend on the worker. */
#pragma once

#include "core/tap-types.h"

G_BEGIN_DECLS

typedef struct _TapPool TapPool;
/* @worker: 0 (the caller) to n_threads - 1: which piece of scratch memory may be used */
typedef void (*TapPoolFunc) (gpointer data, int task, int worker);

/* 0: one thread per core. Threads that the system refuses are done without. */
TapPool *tap_pool_new (int n_threads);
void tap_pool_free (TapPool *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapPool, tap_pool_free)
int tap_pool_get_n_threads (const TapPool *self);
/* Returns when every task has run. Does not nest. */
void tap_pool_run (TapPool *self, int n_tasks, TapPoolFunc func, gpointer data);

G_END_DECLS
