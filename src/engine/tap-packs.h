/* tap-packs.h - weights in the kernels' own order, made once for all sessions on a graph
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/cpu/tap-cpu.h"

G_BEGIN_DECLS

typedef struct _TapPacks TapPacks;

/* Those of @graph, found or made; sessions that stand at the same time share them. (transfer full) */
TapPacks *tap_packs_get (TapGraph *graph);
void tap_packs_unref (TapPacks *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapPacks, tap_packs_unref)

/* How much may be packed in all; 0: what the machine can spare. */
void tap_packs_set_budget (TapPacks *self, guint64 bytes);
/* The weights of @node in the order of @algorithm, with @affine (NULL for none) in them, packed now or before; NULL when there is nothing to
 * pack, or no room for it: kernels then read the weights as they are. Any thread may call; one packs, the others that want the same wait. (transfer none) */
gboolean tap_packs_take (TapPacks *self,
                         const TapNode *node,
                         int algorithm,
                         const TapAffine *affine,
                         TapTensor **packed,
                         GError **error);
/* The same for the caller alone, whatever the budget. (transfer full) */
TapTensor *tap_packs_make (TapPacks *self,
                           const TapNode *node,
                           int algorithm,
                           const TapAffine *affine,
                           GError **error);
/* Bytes of all that was packed so far. */
guint64 tap_packs_get_bytes (TapPacks *self);

G_END_DECLS
