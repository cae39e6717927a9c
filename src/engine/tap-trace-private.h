/* tap-trace-private.h - how the engine makes traces, and what it keeps in them for patches
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/tap-plan.h"
#include "engine/tap-trace.h"

G_BEGIN_DECLS

struct _TapTaps
{
  GArray *values; /* int, ascending */
};

/* Every value of a run made with TAP_RUN_FOR_PATCH, twice: as it was, and as a copy that patches write
 * to and restore. */
typedef struct
{
  gconstpointer session; /* only to be compared */
  TapPlan *plan;
  TapBlockMemory clean;
  TapBlockMemory shadow; /* empty until the first patch; guarded by the session's lock */
} TapPatchBase;

struct _TapTrace
{
  gatomicrefcount ref;
  GHashTable *tensors; /* int → TapTensor */
  double milliseconds;
  TapPatchBase *base; /* NULL without TAP_RUN_FOR_PATCH */
};

TapTrace *tap_trace_new (void);
/* @tensor (transfer full) */
void tap_trace_add (TapTrace *self, int value, TapTensor *tensor);

G_END_DECLS
