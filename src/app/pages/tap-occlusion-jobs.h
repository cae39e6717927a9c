/* tap-occlusion-jobs.h - what the occlusion page asks of its workers: one mask, or a whole sweep
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/tap-subject.h"
#include "job/tap-lane.h"
#include "methods/occlusion.h"
#include "methods/registry.h"

G_BEGIN_DECLS

typedef struct
{
  TapSubject *subject;
  TapRect mask;
  TapFill fill;
  int layer_value; /* whose strongest map is wanted, or -1 */
  int unit;        /* -1: the strongest on the clean picture */
} TapProbeRequest;

typedef struct
{
  TapSubject *subject;
  TapOcclusionProbe *probe;
} TapProbeAnswer;

typedef struct
{
  TapSubject *subject;
  TapParams *params;
} TapSweepRequest;

/* The value whose strongest map is followed: that of node @layer if it has maps (then @selected is TRUE),
 * else the last that has; -1 when none has. */
int tap_probe_find_layer (TapGraph *graph, int layer, gboolean *selected);
TapProbeRequest *tap_probe_request_new (TapSubject *subject,
                                        const TapRect *mask,
                                        TapFill fill,
                                        int layer_value,
                                        int unit);
void tap_probe_answer_free (TapProbeAnswer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapProbeAnswer, tap_probe_answer_free)
/* @params (transfer full) */
TapSweepRequest *tap_sweep_request_new (TapSubject *subject, TapParams *params);

/* Answers are TapProbeAnswer. */
TapLane *tap_probe_new_lane (TapLaneDone done, gpointer user_data);
/* Answers, and partial ones, are TapResult. */
TapLane *tap_sweep_new_lane (TapLaneDone done, TapLaneTick tick, gpointer user_data);

G_END_DECLS
