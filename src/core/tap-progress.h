/* tap-progress.h - how far a job is, settable from any thread
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A sink is called from the worker's thread and has to be quick and thread-safe. All functions accept
 * a NULL progress. */
#pragma once

#include "core/tap-types.h"

G_BEGIN_DECLS

typedef void (*TapProgressFunc) (double fraction, gpointer user_data);
/* @partial: an immutable TapResult (transfer full) that shows the state so far; may be NULL-sunk. */
typedef void (*TapPartialFunc) (TapResult *partial, gpointer user_data);

TapProgress *tap_progress_new (TapProgressFunc func, TapPartialFunc partial, gpointer user_data);
void tap_progress_free (TapProgress *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapProgress, tap_progress_free)
void tap_progress_set (TapProgress *self, double fraction);
/* Whether anybody wants partial results; if so, tap_progress_partial() delivers one. */
gboolean tap_progress_wants_partial (TapProgress *self);
void tap_progress_partial (TapProgress *self, TapResult *partial);

G_END_DECLS
