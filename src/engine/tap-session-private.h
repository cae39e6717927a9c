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
  GHashTable *packed;    /* node and algorithm → TapTensor, NULL where there is nothing to pack */
  GPtrArray *plans;      /* TapPlan, most recently used last */
  TapBlockMemory arena, scratch;
};

/* The plan for these shapes, made or found. (transfer full) */
TapPlan *tap_session_plan (TapSession *self,
                           const TapShape *input_shapes,
                           const TapTaps *taps,
                           TapPlanMode mode,
                           GError **error);
/* Fails with a sentence when @bytes more are over the budget. */
gboolean tap_session_check_budget (TapSession *self, guint64 bytes, GError **error);
/* The node's weights in the order of @algorithm, packed now or before; NULL when there are none.
 * (transfer none) */
gboolean tap_session_pack (TapSession *self,
                           const TapNode *node,
                           int algorithm,
                           TapTensor **packed,
                           GError **error);
/* Runs one step on arrays that are bound; @rects and @saved as in TapCpuRun. */
gboolean tap_session_run_step (TapSession *self,
                               const TapPlan *plan,
                               const TapPlanStep *step,
                               const TapCpuArray *inputs,
                               const TapCpuArray *outputs,
                               const TapRect *rects,
                               void *saved,
                               GError **error);

G_END_DECLS
