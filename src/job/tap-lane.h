/* tap-lane.h - one background worker whose newest request wins
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-progress.h"
#include "core/tap-result.h"

G_BEGIN_DECLS

typedef gpointer (*TapLaneFunc) (gconstpointer request,
                                 TapProgress *progress,
                                 GCancellable *cancellable,
                                 GError **error);
typedef void (*TapLaneDone) (gpointer result,
                             const GError *error,
                             gpointer user_data); /* result: (transfer full) */
/* Coalesced; @partial (transfer none) (nullable): the newest partial result. */
typedef void (*TapLaneTick) (double fraction, TapResult *partial, gpointer user_data);

/* func, request_free and result_free may run in the worker and so must not touch widgets. done and tick
 * run in the thread-default context of the creator, never after tap_lane_dispose() has returned. @tick may
 * be NULL; then nobody wants partial results. */
TapLane *tap_lane_new (const char *name,
                       TapLaneFunc func,
                       GDestroyNotify request_free,
                       GDestroyNotify result_free,
                       TapLaneDone done,
                       TapLaneTick tick,
                       gpointer user_data);
/* Takes request. A running job makes way for it as soon as it is older than @budget_us; G_MAXINT64 lets it
 * finish. While dragging, choose a budget above what one job takes, or nothing is ever shown. */
void tap_lane_submit (TapLane *self, gpointer request, gint64 budget_us);
/* Drops what waits, runs, or is on its way: no done or tick for anything submitted before. */
void tap_lane_cancel (TapLane *self);
/* Something waits, runs, or is on its way to done. */
gboolean tap_lane_is_busy (TapLane *self);
/* Drops the owner's reference without waiting for the worker. */
void tap_lane_dispose (TapLane *self);

G_END_DECLS
