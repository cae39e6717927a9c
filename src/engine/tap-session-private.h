/* tap-session-private.h - the inside of a session, shared by its files
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/plan-backward.h"
#include "engine/tap-packs.h"
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
  int chain_rows;        /* as in the options */
  TapPacks *packs;
  GMutex mutex;          /* guards all below, and every run */
  GPtrArray *plans;      /* TapPlan, most recently used last */
  GPtrArray *back_plans; /* TapBackPlan, likewise */
  TapBlockMemory arena, scratch;
  double *step_times; /* ms per step of the run that is on; NULL unless a profile is made */
};

/* Makes the session the caller's alone, with the workers awake, until tap_session_leave(). */
void tap_session_enter (TapSession *self);
void tap_session_leave (TapSession *self);
/* The plan for these shapes, made or found. (transfer full) */
TapPlan *tap_session_plan (TapSession *self,
                           const TapShape *input_shapes,
                           const TapTaps *taps,
                           TapPlanMode mode,
                           GError **error);
/* Fails with a sentence when @bytes more are over the budget. */
gboolean tap_session_check_budget (TapSession *self, guint64 bytes, GError **error);
/* FALSE when the inputs are not those that the graph asks for. */
gboolean
tap_session_check_inputs (TapSession *self, TapTensor *const *inputs, int n_inputs, GError **error);
/* Packs the weights that the plan's kernels want, by all workers, with the session locked. */
void tap_session_pack_plan (TapSession *self, TapPlan *plan);
/* Runs a plan, with the session locked. */
TapTrace *tap_session_run_plan (TapSession *self,
                                TapPlan *plan,
                                TapTensor *const *inputs,
                                TapProgress *progress,
                                GCancellable *cancellable,
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
/* Step @s and its siblings in one go. @arrays: room for inputs and outputs of TAP_CPU_TOGETHER steps. */
gboolean tap_session_run_siblings (TapSession *self,
                                   const TapPlan *plan,
                                   int s,
                                   gpointer const *data,
                                   TapCpuArray *arrays,
                                   GError **error);
/* The same with the workers of @pool, and memory for them. Several threads may do so at a time. */
gboolean tap_session_run_step_on (TapSession *self,
                                  const TapPlan *plan,
                                  const TapPlanStep *step,
                                  const TapCpuArray *inputs,
                                  const TapCpuArray *outputs,
                                  const TapRect *rects,
                                  void *saved,
                                  TapPool *pool,
                                  gpointer scratch,
                                  GError **error);
/* What the step's kernel is given, its packed weights among it, to be run on everything by all workers. */
gboolean tap_session_describe_step (TapSession *self,
                                    const TapPlan *plan,
                                    const TapPlanStep *step,
                                    const TapCpuArray *inputs,
                                    const TapCpuArray *outputs,
                                    TapCpuRun *run,
                                    GError **error);
/* Runs the chain that begins at step @first; @data: one pointer per value. */
gboolean tap_session_run_chain (TapSession *self,
                                const TapPlan *plan,
                                int first,
                                gpointer const *data,
                                GError **error);

G_END_DECLS
