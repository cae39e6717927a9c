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
 * run in the thread-default context of the creator, never after tap_lane_dispose() has returned. */
TapLane *tap_lane_new (const char *name,
                       TapLaneFunc func,
                       GDestroyNotify request_free,
                       GDestroyNotify result_free,
                       TapLaneDone done,
                       TapLaneTick tick,
                       gpointer user_data);
/* Takes request. A running job older than @budget_us makes way for it. */
void tap_lane_submit (TapLane *self, gpointer request, gint64 budget_us);
void tap_lane_cancel (TapLane *self);
gboolean tap_lane_is_busy (TapLane *self);
/* Drops the owner's reference without waiting for the worker. */
void tap_lane_dispose (TapLane *self);

G_END_DECLS
