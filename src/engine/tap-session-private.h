/* tap-session-private.h - the inside of a session, shared by its files
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/tap-session.h"
#include "engine/tap-trace-private.h"

G_BEGIN_DECLS

struct _TapSession
{
  gatomicrefcount ref;
  TapGraph *graph;
  const TapSimd *simd;
  TapPool *pool;
  guint64 memory_budget; /* 0: ask the machine at every run */
  GMutex mutex;          /* guards all below, and every run */
  TapTensor **packed;    /* per node */
  gboolean *packed_done; /* per node */
  GPtrArray *plans;      /* TapPlan, most recently used last */
  TapBlockMemory arena, scratch;
};

/* The plan for these shapes, made or found. (transfer full) */
TapPlan *tap_session_plan (TapSession *self,
                           const TapShape *input_shapes,
                           const TapTaps *taps,
                           gboolean keep,
                           GError **error);
/* Fails with a sentence when @bytes more are over the budget. */
gboolean tap_session_check_budget (TapSession *self, guint64 bytes, GError **error);
gboolean tap_session_pack (TapSession *self, const TapNode *node, GError **error);
/* Runs one step on arrays that are bound; @rects as in TapCpuRun. */
gboolean tap_session_run_step (TapSession *self,
                               const TapPlanStep *step,
                               const TapCpuArray *inputs,
                               const TapCpuArray *outputs,
                               const TapRect *rects,
                               GError **error);

G_END_DECLS
