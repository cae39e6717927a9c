/* tap-trace-private.h - how the engine makes traces, and what it keeps in them
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/tap-plan.h"
#include "engine/tap-trace.h"

G_BEGIN_DECLS

struct _TapTaps
{
  GArray *values; /* int, ascending */
};

typedef enum
{
  TAP_CLEAN,
  TAP_PART, /* one rectangle of every map */
  TAP_WHOLE,
} TapExtent;

typedef struct
{
  TapExtent extent;
  TapRect rect;
} TapChange;

typedef struct _TapPatchRoute TapPatchRoute; /* patch-walk.h */

/* Every value of a run made with TAP_RUN_FOR_PATCH as it was, and copies that patches write to. */
typedef struct
{
  gconstpointer session; /* only to be compared */
  TapPlan *plan;
  TapBlockMemory clean;
  /* NULL until the first patch; guarded by the session's lock */
  TapPatchRoute *route;
} TapPatchBase;

/* patch-walk.c */
void tap_patch_route_free (TapPatchRoute *route);

/* What a run made with TAP_RUN_FOR_BACKWARD leaves: bits and switches, and the values that kernels read
 * again. Never written once the run is over. */
typedef struct
{
  gconstpointer session; /* only to be compared */
  TapPlan *plan;
  TapBlockMemory kept;
  gpointer *data;      /* per value; NULL where it is gone */
  TapTensor **fed;     /* per graph input */
  TapTensor **tensors; /* per value that is a root with a tensor of its own */
} TapBackBase;

struct _TapTrace
{
  gatomicrefcount ref;
  GHashTable *tensors; /* int → TapTensor */
  double milliseconds;
  TapPatchBase *base; /* NULL without TAP_RUN_FOR_PATCH */
  TapBackBase *back;  /* NULL without TAP_RUN_FOR_BACKWARD or _WEIGHTS */
};

TapTrace *tap_trace_new (void);
/* @tensor (transfer full) */
void tap_trace_add (TapTrace *self, int value, TapTensor *tensor);

G_END_DECLS
