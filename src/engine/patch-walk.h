/* patch-walk.h - following a changed rectangle of the picture through a plan
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/patch-reads.h"
#include "engine/tap-session-private.h"

G_BEGIN_DECLS

/* A copy of every value of the base, in which a patch is computed. */
typedef struct
{
  TapBlockMemory memory; /* laid out as the base */
  TapChange *dirty;      /* per value: bounds of where it may not be clean */
  gboolean taken;        /* a walk is at work in it; guarded by the session's lock */
} TapPatchShadow;

/* How changes spread from step to step, found out once per base. */
struct _TapPatchRoute
{
  int picture; /* the value that holds the picture */
  int n_steps;
  int *makers;           /* per value: the step that makes it, or -1 */
  TapRegionRule *rules;  /* per step */
  TapWindow *windows;    /* per step, for TAP_REGION_WINDOW */
  TapPatchReads **reads; /* per step, for TAP_REGION_FULL; NULL where that is all there is to say */
  GPtrArray *shadows;    /* TapPatchShadow */
};

/* The graph input that holds the picture: the first that is fed; -1 without one. */
int tap_patch_find_picture (const TapGraph *graph);
/* tap-session-patch.c: whether patches of @taps can be made of @base, and whether @pixels go into @region
 * of its picture. */
gboolean
tap_session_check_base (TapSession *self, TapTrace *base, const TapTaps *taps, GError **error);
gboolean tap_session_check_region (const TapPlan *plan,
                                   const TapRect *region,
                                   const TapTensor *pixels,
                                   GError **error);
/* A shadow that no walk is at work in, with the session locked; makes the route when there is none yet.
 * (transfer none) Errors: memory. */
TapPatchShadow *
tap_patch_base_take_shadow (TapSession *session, TapPatchBase *base, GError **error);
/* Per step: whether @taps depend on it. (transfer full) */
gboolean *tap_patch_base_find_needed (const TapPatchBase *base, const TapTaps *taps);

/* One patch under way. */
typedef struct TapPatchWalk
{
  TapSession *session;
  const TapPlan *plan;
  const TapPatchBase *base;
  const TapPatchRoute *route;
  TapPatchShadow *shadow;
  TapPool *pool;
  gpointer scratch;
  gboolean
    near; /* numbers need be right only but for rounding: TapCpuKernel.forward_near may serve */
  TapBlockMemory near_scratch;
  TapChange *changes; /* per value */
  TapRect *flats;     /* per value: where each channel is one number, a part of the change */
  TapRect *settled;   /* per value: where it has been looked after already */
  gpointer *data; /* per value: in the base as long as it is clean, in the shadow from then on */
  TapCpuArray *arrays;
  int next; /* the step to go on with */
  /* patch-stripe.c: a walk with the mask's rows over the full width, whose numbers may be taken; or NULL */
  const struct TapPatchWalk *stripe;
  const gboolean *shared; /* per step: whether they are */
  TapRect *columns;       /* per value: where they are this patch's */
} TapPatchWalk;

/* @shadow: taken for it. */
void tap_patch_walk_init (TapPatchWalk *self,
                          TapSession *session,
                          const TapPatchBase *base,
                          TapPatchShadow *shadow,
                          TapPool *pool,
                          gpointer scratch);
/* Gives its shadow back: with the session locked. */
void tap_patch_walk_clear (TapPatchWalk *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TapPatchWalk, tap_patch_walk_clear)
/* Forgets the patch before, and lays @pixels over @region of the picture. */
void tap_patch_walk_begin (TapPatchWalk *self, const TapRect *region, const TapTensor *pixels);
/* Runs what @needed asks for and the change reaches; @needed as from tap_patch_base_find_needed(). Goes on
 * where it stopped: after at least one step, once the clock (g_get_monotonic_time()) is past @until; 0: at the
 * end. */
gboolean tap_patch_walk_run (TapPatchWalk *self,
                             const gboolean *needed,
                             gint64 until,
                             TapProgress *progress,
                             GCancellable *cancellable,
                             GError **error);
/* Whether all steps have been run. */
gboolean tap_patch_walk_is_done (const TapPatchWalk *self);
/* Writes the whole of a value to @to. */
void tap_patch_walk_copy (TapPatchWalk *self, int value, gpointer to);

G_END_DECLS
