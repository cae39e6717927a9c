/* tap-session.h - a graph prepared on an engine: forward and patch
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Threads: a session is used by one thread at a time (a lock makes a second caller wait); traces may be
 * read from any. Inside, kernels share a pool of @n_threads workers; results do not depend on it. */
#pragma once

#include "core/tap-graph.h"
#include "core/tap-progress.h"
#include "engine/tap-rule.h"
#include "engine/tap-trace.h"

G_BEGIN_DECLS

typedef struct
{
  int n_threads;         /* 0: one per core */
  guint64 memory_budget; /* bytes of activations; 0: three quarters of what the machine has free */
  /* bytes of copies of weights in the order of the kernels, for all sessions on the graph; weights that do
   * not fit are used as they lie in the file: more slowly, and the same but for rounding. 0: half of what
   * the machine has free, for each layer */
  guint64 packing_budget;
  /* rows of a band where layers are run together, for tests; 0: where and as many as suit the machine; below
   * 0: every layer alone. The bits are the same */
  int chain_rows;
} TapSessionOptions;

typedef enum
{
  TAP_RUN_DEFAULT = 0,
  TAP_RUN_FOR_PATCH = 1 << 0, /* keep (privately) what tap_session_patch() needs */
  TAP_RUN_FOR_BACKWARD =
    1 << 1, /* keep (privately) what tap_session_backward() needs: signs, switches */
  TAP_RUN_FOR_WEIGHTS = 1 << 2, /* the same, and what the gradients of weights need */
} TapRunFlags;

/* Where a backward pass starts: a number at one cell of a value, or one for each of its cells. */
typedef struct
{
  int value;           /* index in the graph */
  TapTensor *gradient; /* of the value's shape at run time; NULL: one cell */
  gint64 cell;         /* the cell, counted through the value row by row, batch included */
  float weight;        /* what to start with there, or the factor of @gradient */
} TapSeed;

/* Every function here may be called from any thread. One that runs something holds the session's lock; a
 * second caller waits for it. Graphs, taps and inputs are borrowed for the call; what is kept of them is
 * referenced. Tensors and traces that come out are immutable, and may be read and dropped in any thread. */

/* @graph: sorted and inferred; referenced. @options may be NULL. Starts the session's threads, computes
 * nothing. (transfer full)
 * Errors: TAP_ENGINE_ERROR_MEMORY. A graph with nodes that cannot run is accepted: forward fails only if a
 *   tap depends on one. */
TapSession *tap_session_new (TapGraph *graph, const TapSessionOptions *options, GError **error);
TapSession *tap_session_ref (TapSession *self);
/* The last one waits for the session's threads to end: some microseconds. @self may be NULL. */
void tap_session_unref (TapSession *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapSession, tap_session_unref)
TapGraph *tap_session_get_graph (TapSession *self); /* (transfer none) */
/* Makes packed weights now rather than in the first run. Runs in other threads may come in between.
 * Errors: TAP_ENGINE_ERROR_MEMORY; G_IO_ERROR_CANCELLED. A graph that cannot be run up to its outputs is no
 *   error: nothing is done. */
gboolean tap_session_warm_up (TapSession *self, GCancellable *cancellable, GError **error);

/* Runs what the taps need and nothing else. What scales and shifts channels (BatchNormalization) between values
 * that are not tapped is taken into the weights before it, so other taps may change how numbers are
 * rounded. (transfer full)
 * @inputs: one per input of the graph, NULL for those that are constants; @progress (nullable): set by the
 *   calling thread, 0 to 1; @cancellable (nullable).
 * Shapes: inputs[i] is [N, …] with the graph input's own trailing dims (N any; other spatial sizes are
 *   allowed where the operators allow them).
 * Errors: TAP_ENGINE_ERROR_UNSUPPORTED names the node in the way; _INPUT names expected and found;
 *   G_IO_ERROR_CANCELLED between nodes. */
TapTrace *tap_session_forward (TapSession *self,
                               TapTensor *const *inputs,
                               int n_inputs,
                               const TapTaps *taps,
                               TapRunFlags flags,
                               TapProgress *progress,
                               GCancellable *cancellable,
                               GError **error);

/* What would the tapped values be if the pixels of @region were @pixels? (transfer full) @base is a trace of this session
 * of one picture made with TAP_RUN_FOR_PATCH and taps that include @taps. Only what the region can
 * change is computed, and where @pixels are of one colour what lies wholly under them only once, by the same
 * kernels in the same order: the result equals a full pass made with
 * TAP_RUN_FOR_PATCH bit for bit. Such a pass never uses an algorithm that shares work between cells
 * (Winograd); one made otherwise may, and differs by rounding: some 1e-5 of the value's largest magnitude,
 * or of 1.
 * Shapes: pixels [1,C,region.height,region.width], in the network's input space (preprocessed).
 * Errors: TAP_ENGINE_ERROR_INPUT when @base is of another session or was not made for patches, or a shape or
 *   the region does not suit; TAP_ENGINE_ERROR_MEMORY; G_IO_ERROR_CANCELLED between nodes.
 * @base stays valid and unchanged; calls with one base are independent of each other. */
TapTrace *tap_session_patch (TapSession *self,
                             TapTrace *base,
                             const TapRect *region,
                             TapTensor *pixels,
                             const TapTaps *taps,
                             TapProgress *progress,
                             GCancellable *cancellable,
                             GError **error);

/* Gets the trace of one position (transfer none). FALSE ends the work. Called by the thread that called
 * tap_session_patch_many(), which has let go of the session meanwhile. */
typedef gboolean (*TapPatchFunc) (int position,
                                  TapTrace *trace,
                                  gpointer user_data,
                                  GError **error);

/* tap_session_patch() for @n regions of one base: @func gets their traces in order, some at a time. Threads
 * work on positions side by side, and what follows the maps (fully connected layers) is done for several
 * positions at once, always for the same ones, so results depend on neither threads nor time. Regions of one size
 * and pixels of one colour that follow each other in the same rows may share what is computed under a mask over the
 * full width: sweep row by row. That takes a copy of @base's values per thread more, and is done without where there
 * is not the memory.
 * Shapes: pixels[i] as for a single patch; @n_pixels is @n, or 1 when all regions are of one size and get the
 *   same pixels. Values equal those of single patches but for rounding, within 1e-5 of the value's largest
 *   magnitude, or of 1: convolutions may use Winograd's algorithm, on rectangles that go by what is shared, and behind
 *   the maps sums may be made in another order. Cells that no change reaches are those of @base, bit for bit.
 * @progress is set every few tens of milliseconds, with no lock held: a sink may wait there while something more
 *   urgent runs, single patches of the same base among it. Cancelling is seen as often. Work stops for that
 *   between two layers of a position, and within a large fully connected layer.
 * Errors: those of tap_session_patch(), and what @func sets. */
gboolean tap_session_patch_many (TapSession *self,
                                 TapTrace *base,
                                 const TapRect *regions,
                                 TapTensor *const *pixels,
                                 int n,
                                 int n_pixels,
                                 const TapTaps *taps,
                                 TapPatchFunc func,
                                 gpointer user_data,
                                 TapProgress *progress,
                                 GCancellable *cancellable,
                                 GError **error);

/* Sends the seeds back through the network: for every tap the sum over seeds of weight · ∂seed/∂tap,
 * as @rule understands ∂ (TAP_RULE_GRADIENT is the mathematical one). (transfer full)
 * @forward: a trace of this session made with TAP_RUN_FOR_BACKWARD (or _WEIGHTS, when a tap is a weight).
 * Shapes: of each tapped value at run time, weights included; zero where no seed reaches.
 * Edges: seeds may lie on any values of numbers, a tap among them, and add up; nothing flows back through
 *   what has no derivative (ArgMax, Floor, comparisons). The bits depend neither on other taps nor on
 *   threads; a batch gives what its pictures give alone but for rounding.
 * Errors: TAP_ENGINE_ERROR_INPUT when @forward was not made for this (TAP_RUN_FOR_PATCH wins over the
 *   flags), a seed or tap was not computed in it or holds integers, or a seed does not fit its value;
 *   G_IO_ERROR_CANCELLED between nodes. @forward stays valid. */
TapTrace *tap_session_backward (TapSession *self,
                                TapTrace *forward,
                                const TapSeed *seeds,
                                int n_seeds,
                                const TapRule *rule,
                                const TapTaps *taps,
                                TapProgress *progress,
                                GCancellable *cancellable,
                                GError **error);

/* One line for `info` and About: "CPU, AVX-512, 2 threads; OpenBLAS 0.3.21 SkylakeX". (transfer full) */
char *tap_engine_describe (void);

G_END_DECLS
