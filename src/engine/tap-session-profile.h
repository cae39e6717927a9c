/* tap-session-profile.h - where the time of a run goes, step by step
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * For benchmarks and for people who wonder which layer is slow. The steps are those that really run: a
 * convolution with the activation and the sum that are applied as it stores is one of them. */
#pragma once

#include "engine/tap-session.h"

G_BEGIN_DECLS

typedef struct
{
  const TapNode *node;   /* of the session's graph: the first of those that the step computes */
  char *ops;             /* operators of the step, in order: "Conv + Add + Relu" */
  const char *algorithm; /* how: "direct", "winograd"; NULL for operators with one way only */
  TapShape shape;        /* of its first output */
  double gflop;          /* 10⁹ multiplications and additions, were it computed by definition */
  double milliseconds;   /* median over the runs */
} TapProfileStep;

typedef struct
{
  TapProfileStep *steps; /* in the order of the run; those that only rename memory are not there */
  int n_steps;
  double gflop;        /* of all steps */
  double milliseconds; /* median of the whole run: steps, memory, and handing out the taps */
  guint64 arena_bytes; /* activations, as planned */
  guint64 scratch_bytes;
  guint64 packed_bytes; /* copies of weights in the order of the kernels so far */
} TapProfile;

/* Times @n_runs forward runs (at least 1) of @inputs up to the graph's outputs, after one that is not
 * counted: it packs weights.
 * Shapes: as tap_session_forward(); what the graph takes only piece by piece is refused.
 * Errors: those of tap_session_forward(); G_IO_ERROR_CANCELLED between nodes. (transfer full) */
TapProfile *tap_session_profile (TapSession *self,
                                 TapTensor *const *inputs,
                                 int n_inputs,
                                 int n_runs,
                                 GCancellable *cancellable,
                                 GError **error);
void tap_profile_free (TapProfile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapProfile, tap_profile_free)

G_END_DECLS
