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
} TapPatchTail;

/* Empty when nothing can be joined. Errors: memory. (transfer full) */
TapPatchTail *tap_patch_tail_new (TapSession *session,
                                  const TapPatchBase *base,
                                  const gboolean *needed,
                                  int room,
                                  GError **error);
void tap_patch_tail_free (TapPatchTail *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapPatchTail, tap_patch_tail_free)
/* Piece @i of a value that the tail makes or reads. */
gpointer tap_patch_tail_get (const TapPatchTail *self, int value, int i);
/* Runs it for the first @n pieces, with the session locked. */
gboolean tap_patch_tail_run (TapPatchTail *self, int n, GError **error);

G_END_DECLS
