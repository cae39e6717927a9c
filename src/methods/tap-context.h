/* tap-context.h - what a method gets to work with
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-model.h"
#include "core/tap-result.h"
#include "engine/tap-session.h"

G_BEGIN_DECLS

/* One picture in front of one network. Lives in one thread at a time. Keeps the clean forward trace
 * between calls, so that a drag computes it once. @input, @picture_name: NULL for methods that look at the
 * network alone. */
TapContext *tap_context_new (TapModel *model,
                             TapSession *session,
                             TapTensor *input,
                             const char *picture_name,
                             guint64 seed);
TapContext *tap_context_ref (TapContext *self);
void tap_context_unref (TapContext *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapContext, tap_context_unref)

TapModel *tap_context_get_model (TapContext *self);
TapSession *tap_context_get_session (TapContext *self);
TapTensor *tap_context_get_input (TapContext *self);
const char *tap_context_get_picture (TapContext *self);
guint64 tap_context_get_seed (TapContext *self);

/* The clean forward pass, ready for patches, with at least @value (or -1) and the scores tapped; kept. When
 * the scores cannot be computed but @value can, they are left out. (transfer full) */
TapTrace *tap_context_get_trace (TapContext *self,
                                 int value,
                                 TapProgress *progress,
                                 GCancellable *cancellable,
                                 GError **error);
/* Softmax applied where the network ends in logits. @probabilities: n_classes floats of image @image in @trace. */
gboolean tap_context_probabilities (TapContext *self,
                                    TapTrace *trace,
                                    int image,
                                    float *probabilities,
                                    GError **error);
/* Best first, ties by index. (transfer full) (element-type TapScore) */
GArray *tap_scores_top (const float *probabilities, int n, int k);
/* The layer a parameter names, or the last one with spatial extent when it is empty; the last one of all
 * when none has any. */
TapNode *tap_context_resolve_layer (TapContext *self, const char *name, GError **error);
/* The class a parameter of kind TAP_PARAM_CLASS means: an index, a label (whole, or the first of its
 * synonyms), or -1 for the most probable of @probabilities. -1 is returned on error only. */
int tap_context_resolve_class (TapContext *self,
                               const TapParams *params,
                               const char *id,
                               const float *probabilities,
                               GError **error);

G_END_DECLS
