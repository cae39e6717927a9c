/* engine-test.h - what the engine's tests share
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-graph.h"
#include "engine/tap-session.h"

G_BEGIN_DECLS

/* A folder of the shared data, or NULL after skipping the test. (transfer full) */
char *engine_test_shared (const char *path);
/* A TensorProto. NULL: of a kind that is not held (text). (transfer full) */
TapTensor *engine_test_read_tensor (const char *path, gboolean *is_bool);
/* A model file as a sorted graph without shapes. Fails the test on errors. (transfer full) */
TapGraph *engine_test_load_graph (const char *path);
/* Gives a graph its output, an order and shapes; returns it. */
TapGraph *engine_test_finish_graph (TapGraph *graph, int output);
/* Uniform in -1 .. 1, from a seed. (transfer full) */
TapTensor *engine_test_random (const TapShape *shape, guint32 seed);
/* A batch of @n for the first input of @graph. (transfer full) */
TapTensor *engine_test_pictures (const TapGraph *graph, gint64 n, guint32 seed);
/* The first input of the graph gets this; the others zeros. */
TapTrace *engine_test_forward (TapSession *session,
                               TapTensor *input,
                               const TapTaps *taps,
                               TapRunFlags flags,
                               GError **error);
/* The same of a session that has to succeed. (transfer full) */
TapTrace *
engine_test_run (TapSession *session, TapTensor *input, const TapTaps *taps, TapRunFlags flags);
TapTrace *engine_test_back (TapSession *session,
                            TapTrace *forward,
                            const TapSeed *seeds,
                            int n_seeds,
                            const TapRule *rule,
                            const TapTaps *taps);
/* Largest |a - b| / max (1, |b|); infinities and NaNs have to be equal. */
double engine_test_difference (const TapTensor *a, const TapTensor *b);
void engine_test_assert_equal_bits (TapTensor *a, TapTensor *b);

G_END_DECLS
