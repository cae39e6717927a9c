/* patch-walk.h - following a changed rectangle of the picture through a plan
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/tap-session-private.h"

G_BEGIN_DECLS

/* A copy of every value of the base, in which a patch is computed. */
typedef struct
{
  TapBlockMemory memory; /* laid out as the base */
  TapChange *dirty;      /* per value: bounds of where it may not be clean */
} TapPatchShadow;

/* How changes spread from step to step, found out once per base. */
struct _TapPatchRoute
{
  int picture;          /* the value that holds the picture */
  int *makers;          /* per value: the step that makes it, or -1 */
  TapRegionRule *rules; /* per step */
  TapWindow *windows;   /* per step, for TAP_REGION_WINDOW */
  GPtrArray *shadows;   /* TapPatchShadow */
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
/* Makes the route when there is none yet, and at least @n_shadows shadows. Errors: memory. */
gboolean
tap_patch_base_prepare (TapSession *session, TapPatchBase *base, guint n_shadows, GError **error);
/* Per step: whether @taps depend on it. (transfer full) */
gboolean *tap_patch_base_find_needed (const TapPatchBase *base, const TapTaps *taps);

/* One patch under way. */
typedef struct
{
  TapSession *session;
  const TapPlan *plan;
  const TapPatchBase *base;
  const TapPatchRoute *route;
  TapPatchShadow *shadow;
  TapPool *pool;
  gpointer scratch;
  TapChange *changes; /* per value */
  TapRect *settled;   /* per value: where it has been looked after already */
  gpointer *data; /* per value: in the base as long as it is clean, in the shadow from then on */
  TapCpuArray *arrays;
} TapPatchWalk;

void tap_patch_walk_init (TapPatchWalk *self,
                          TapSession *session,
                          const TapPatchBase *base,
                          guint shadow,
                          TapPool *pool,
                          gpointer scratch);
void tap_patch_walk_clear (TapPatchWalk *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TapPatchWalk, tap_patch_walk_clear)
/* Forgets the patch before, and lays @pixels over @region of the picture. */
void tap_patch_walk_begin (TapPatchWalk *self, const TapRect *region, const TapTensor *pixels);
/* Runs what @needed asks for and the change reaches; @needed as from tap_patch_base_find_needed(). */
gboolean tap_patch_walk_run (TapPatchWalk *self,
                             const gboolean *needed,
                             TapProgress *progress,
                             GCancellable *cancellable,
                             GError **error);
/* Writes the whole of a value to @to. */
void tap_patch_walk_copy (TapPatchWalk *self, int value, gpointer to);

G_END_DECLS
