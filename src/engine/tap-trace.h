/* tap-trace.h - the tapped tensors of one run, immutable
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-tensor.h"

G_BEGIN_DECLS

/* A set of value indices that a run is to keep. For one thread at a time until it is handed to a run, which
 * copies what it needs. */
TapTaps *tap_taps_new (void);
TapTaps *tap_taps_new_for (int value, ...); /* ends with -1 */
TapTaps *tap_taps_copy (const TapTaps *self);
void tap_taps_free (TapTaps *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapTaps, tap_taps_free)
void tap_taps_add (TapTaps *self, int value);
gboolean tap_taps_contains (const TapTaps *self, int value);

/* Immutable: any thread may read, reference and drop it, while its session goes on or is gone. */
TapTrace *tap_trace_ref (TapTrace *self);
void tap_trace_unref (TapTrace *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapTrace, tap_trace_unref)
/* (transfer none); NULL when the value was not tapped. Shape as at run time (batch included). */
TapTensor *tap_trace_get (TapTrace *self, int value);
/* What the run took, waiting for the session included. */
double tap_trace_get_milliseconds (const TapTrace *self);

G_END_DECLS
