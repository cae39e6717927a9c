/* tap-recording.h - the frames of the latest drag or sweep, for an animation
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Frames are drawn on a lane of its own. Beginning a new run forgets the frames of the last one, and those
 * still being drawn for it. Main thread only. */
#pragma once

#include "app/pages/tap-frame-job.h"

G_BEGIN_DECLS

typedef struct _TapRecording TapRecording;
typedef void (*TapRecordingChanged) (gpointer user_data);

/* @changed: a frame was added. */
TapRecording *tap_recording_new (TapRecordingChanged changed, gpointer user_data);
/* No callback runs after this. */
void tap_recording_free (TapRecording *self);
void tap_recording_begin (TapRecording *self);
/* @request (transfer full), its run filled in here. */
void tap_recording_add (TapRecording *self, TapFrameRequest *request);
/* (transfer container) (element-type cairo_surface_t); NULL when there are none */
GPtrArray *tap_recording_dup_frames (TapRecording *self);

G_END_DECLS
