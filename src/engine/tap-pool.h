/* tap-pool.h - worker threads that share the tasks of one kernel
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Used by one caller at a time. Which worker runs which task is open; tasks therefore write disjoint
 * outputs and never depend on the worker. */
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
/* Many jobs are about to follow each other: the workers wake up, and stay awake for a while between
 * jobs. To be ended; jobs outside of a burst are done just as well, but start later. */
void tap_pool_begin (TapPool *self);
void tap_pool_end (TapPool *self);
/* Returns when every task has run. Does not nest. Each worker begins with a stretch of neighbouring
 * tasks of its own, so that tasks that share memory should be neighbours. */
void tap_pool_run (TapPool *self, int n_tasks, TapPoolFunc func, gpointer data);

G_END_DECLS
