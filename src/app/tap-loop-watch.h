/* tap-loop-watch.h - how long the main loop has been away from its poll, at worst
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Main thread, default context; once. */
void tap_loop_watch_start (void);
gboolean tap_loop_watch_is_running (void);
/* Forget what has been seen. */
void tap_loop_watch_reset (void);
/* Longest time between the end of one poll and the start of the next, since the last reset. */
double tap_loop_watch_get_worst_ms (void);
/* The same, counting only the time the thread was given: what remains on a machine that is busy otherwise. */
double tap_loop_watch_get_worst_cpu_ms (void);
guint64 tap_loop_watch_get_turns (void);

G_END_DECLS
