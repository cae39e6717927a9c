/* tap-recording.c - the frames of the latest drag or sweep, for an animation
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/pages/tap-recording.h"

#define FRAMES_MAX 150

struct _TapRecording
{
  TapLane *lane;
  int run; /* counts drags and sweeps */
  GPtrArray *frames;
  TapRecordingChanged changed;
  gpointer user_data;
};

static void
frame_cb (gpointer result, const GError *error, gpointer user_data)
{
  TapRecording *self = user_data;
  g_autoptr (TapFrame) frame = result;

  if (frame == NULL || frame->run != self->run || self->frames->len >= FRAMES_MAX)
    return;
  g_ptr_array_add (self->frames, g_steal_pointer (&frame->surface));
  self->changed (self->user_data);
}

TapRecording *
tap_recording_new (TapRecordingChanged changed, gpointer user_data)
{
  TapRecording *self = g_new0 (TapRecording, 1);

  self->changed = changed;
  self->user_data = user_data;
  self->frames = g_ptr_array_new_with_free_func ((GDestroyNotify) cairo_surface_destroy);
  self->lane = tap_frame_job_new_lane (frame_cb, self);
  return self;
}

void
tap_recording_free (TapRecording *self)
{
  tap_lane_dispose (self->lane);
  g_ptr_array_unref (self->frames);
  g_free (self);
}

void
tap_recording_begin (TapRecording *self)
{
  self->run++;
  g_ptr_array_set_size (self->frames, 0);
}

void
tap_recording_add (TapRecording *self, TapFrameRequest *request)
{
  request->run = self->run;
  tap_lane_submit (self->lane, request, G_MAXINT64);
}

GPtrArray *
tap_recording_dup_frames (TapRecording *self)
{
  GPtrArray *frames;

  if (self->frames->len == 0)
    return NULL;
  frames = g_ptr_array_new_with_free_func ((GDestroyNotify) cairo_surface_destroy);
  for (guint i = 0; i < self->frames->len; i++)
    g_ptr_array_add (frames, cairo_surface_reference (g_ptr_array_index (self->frames, i)));
  return frames;
}
