/* patch-tail.h - the end of a network, for the patches of many positions at once
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/patch-walk.h"

G_BEGIN_DECLS

/* Steps behind which nothing has a place any more: flattening, global pooling, fully connected layers. */
typedef struct
{
  TapSession *session;
  const TapPlan *plan;
  int room;        /* positions that there is memory for */
  gboolean *steps; /* per step: whether it belongs to the tail and @needed asks for it */
  gboolean *made;  /* per value: a step of the tail makes it */
  gpointer *data;  /* per value that the tail makes or reads: @room pieces */
  GArray *reads;   /* int: values from outside that change from position to position */
  TapBlockMemory memory;
  TapCpuArray *arrays;
  /* the run that is on */
  int n;               /* pieces */
  int step, row;       /* to go on with; the row of its weights */
  TapBlockMemory part; /* outputs of some rows */
  double ns_per_cost;  /* measured; a cost is a weight, and what becomes of it */
} TapPatchTail;

/* Empty when nothing can be joined. @room: for how many positions at most; there may be room for fewer when
 * the work cannot be cut otherwise. Errors: memory. (transfer full) */
TapPatchTail *tap_patch_tail_new (TapSession *session,
                                  const TapPatchBase *base,
                                  const gboolean *needed,
                                  int room,
                                  GError **error);
void tap_patch_tail_free (TapPatchTail *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapPatchTail, tap_patch_tail_free)
/* Piece @i of a value that the tail makes or reads. */
gpointer tap_patch_tail_get (const TapPatchTail *self, int value, int i);
/* Starts a run for the first @n pieces. */
void tap_patch_tail_begin (TapPatchTail *self, int n);
/* Goes on for about so many microseconds, with the session locked. How the run is cut leaves no trace in its
 * results. */
gboolean tap_patch_tail_run (TapPatchTail *self, gint64 microseconds, GError **error);
gboolean tap_patch_tail_is_done (const TapPatchTail *self);

G_END_DECLS
