/* tap-frame-job.h - draws the frames of an animation off the main thread, as a drag or a sweep goes on
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/tap-scores.h"
#include "job/tap-lane.h"
#include "pictures/tap-picture.h"
#include "render/tap-panels.h"

G_BEGIN_DECLS

typedef struct
{
  int run; /* which drag or sweep this frame belongs to; the recording fills it in */
  /* of a sweep: the state so far */
  TapResult *result;
  TapPanelsOptions options;
  /* of a drag: the picture, the mask on it, the answer under it and the clean one */
  TapPicture *picture;
  TapRect mask;
  guint32 fill;
  TapScores *scores, *clean;
  TapLabels *labels;
  int class_index;
  gboolean dark;
} TapFrameRequest;

typedef struct
{
  int run;
  cairo_surface_t *surface;
} TapFrame;

TapFrameRequest *tap_frame_request_new_sweep (TapResult *result,
                                              TapPicture *picture,
                                              const TapPanelsOptions *options);
TapFrameRequest *tap_frame_request_new_drag (TapPicture *picture,
                                             const TapRect *mask,
                                             guint32 fill,
                                             TapScores *scores,
                                             TapScores *clean,
                                             TapLabels *labels,
                                             int class_index,
                                             gboolean dark);
void tap_frame_free (TapFrame *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapFrame, tap_frame_free)

/* Requests are TapFrameRequest, results TapFrame. A frame that comes too fast is left out. */
TapLane *tap_frame_job_new_lane (TapLaneDone done, gpointer user_data);

G_END_DECLS
