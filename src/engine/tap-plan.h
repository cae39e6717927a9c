/* tap-plan.h - what to run for some taps at some input shapes, in which order, in which memory
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Immutable once built, reference-counted. */
#pragma once

#include "engine/plan-chain.h"
#include "engine/tap-trace.h"

G_BEGIN_DECLS

/* Where the numbers of a value are while the plan runs. */
typedef enum
{
  TAP_PLACE_NONE,     /* nobody needs it, or it never leaves a fused kernel */
  TAP_PLACE_INPUT,    /* in the tensor that was fed */
  TAP_PLACE_CONSTANT, /* in the graph */
  TAP_PLACE_ARENA,    /* at an offset of the arena */
  TAP_PLACE_TENSOR,   /* in a tensor of its own, because it is tapped */
  TAP_PLACE_KEPT,     /* at an offset of the block that is kept for backward passes */
} TapPlace;

/* What is to be done with a run. */
typedef enum
{
  TAP_PLAN_FORWARD, /* nothing but its taps */
  TAP_PLAN_PATCH, /* patches follow: every value has memory of its own, and kernels work by cell */
  TAP_PLAN_BACKWARD, /* gradients of values follow: what kernels need for that is kept */
  TAP_PLAN_WEIGHTS,  /* the same, and gradients of weights */
} TapPlanMode;

typedef struct
{
  TapShape shape;
  TapDtype dtype;
  int root; /* the value in whose memory it lies; itself unless it is a view or made in place */
  TapPlace place;
  gsize at;            /* bytes from where the root's memory begins */
  gsize offset, bytes; /* offset: of the value itself, in the arena or the kept block */
  int last_use;        /* step that reads it or a view of it last; -1 */
  gboolean tapped;
} TapPlanValue;

typedef struct
{
  const TapNode *node;
  const TapCpuKernel *kernel;
  int *inputs, *outputs; /* values, -1 for what is left out; the node's own, but for a fused end */
  int n_inputs, n_outputs;
  int n_reads;       /* the inputs, and after them a value that the kernel adds as it stores */
  TapClamp clamp;    /* of the activation that was fused onto it */
  TapAffine *affine; /* of the nodes after it that scale and shift by channel; NULL for none */
  gboolean view;     /* nothing to run: the outputs lie in the memory of the inputs, or around it */
  int algorithm;     /* of the kernel */
  gsize scratch;
  gsize saved, saved_offset; /* bytes left for a backward pass, and where in the kept block */
  double cost;               /* share of the whole run, 0 .. 1 */
  int
    n_siblings; /* steps after it that are run with it, in one go, by one kernel on one input; 0 for most */
  TapChain *chain; /* this step and those after it, to be run together; NULL for almost all */
} TapPlanStep;

typedef struct _TapPlan
{
  gatomicrefcount ref;
  TapGraph *graph;
  TapShape *input_shapes; /* key: one per graph input */
  TapTaps *taps;          /* key */
  TapPlanMode mode;       /* key */
  TapPlanValue *values;
  int n_values;
  TapPlanStep *steps;
  int n_steps;
  gsize arena_bytes, scratch_bytes, tensor_bytes;
  gsize kept_bytes; /* for backward passes: what kernels leave, and values that they read again */
  int max_io;       /* the most inputs or outputs that a step has */
  TapPool *alone;   /* of one thread, for chains; NULL without */
  gboolean packed;  /* the weights of all steps are; guarded by the session's lock */
} TapPlan;

/* Errors: TAP_ENGINE_ERROR_UNSUPPORTED names the node in the way of a tap; _INPUT when the shapes do not
 * suit the graph. @simd and @pool: what scratch sizes depend on. @chain_rows: as in TapSessionOptions. */
TapPlan *tap_plan_new (TapGraph *graph,
                       const TapShape *input_shapes,
                       const TapTaps *taps,
                       TapPlanMode mode,
                       const TapSimd *simd,
                       TapPool *pool,
                       int chain_rows,
                       GError **error);
TapPlan *tap_plan_ref (TapPlan *self);
void tap_plan_unref (TapPlan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapPlan, tap_plan_unref)
gboolean tap_plan_matches (const TapPlan *self,
                           const TapShape *input_shapes,
                           const TapTaps *taps,
                           TapPlanMode mode);
/* The arrays of a step, with data pointers from @data (one per value). */
void tap_plan_bind (const TapPlan *self,
                    const TapPlanStep *step,
                    gpointer const *data,
                    TapCpuArray *inputs,
                    TapCpuArray *outputs);

/* plan-fuse.c: lets kernels do the steps after them; values that are then nobody's are unmarked. */
void tap_plan_fuse (TapPlan *self, gboolean *value_needed);
/* plan-fold.c: the step that makes @x of @to's channels scaled and shifted, as that; FALSE when it is none, or
 * not with numbers known by now. @to comes with n and arrays, and holds what was done to x before. */
gboolean tap_plan_fold (const TapPlan *self, const TapPlanStep *step, int x, TapAffine *to);
TapAffine *tap_affine_new (int n);
void tap_affine_free (TapAffine *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapAffine, tap_affine_free)
/* plan-siblings.c: brings steps together that a kernel can do in one go. */
void tap_plan_join_siblings (TapPlan *self, const TapSimd *simd, TapPool *pool);
/* plan-chain.c: finds steps to be run band by band; values between them are unmarked. Algorithms are
 * known by then. */
void tap_plan_chain (TapPlan *self,
                     const TapSimd *simd,
                     TapPool *pool,
                     int rows,
                     gboolean *value_needed);
/* plan-pieces.c: puts the parts of a Concat and the pieces of a Split into the memory of the whole. */
void tap_plan_place_pieces (TapPlan *self);
/* plan-memory.c: fills root, place and offset of every value. */
void tap_plan_place (TapPlan *self);

/* The offset in one block of @bytes that are in use from step @first to @last, without touching what else is
 * in use then. Blocks are added in the order of @first. */
GArray *tap_plan_layout_new (void);
gsize tap_plan_layout_add (GArray *layout, gsize bytes, int first, int last);

/* A large block, aligned to a cache line, whose absence is an error and not the end. */
typedef struct
{
  gpointer data;
  gsize size;
} TapBlockMemory;

/* Makes the block at least this large; its contents are lost when it grows. */
gboolean tap_block_memory_reserve (TapBlockMemory *self, gsize size, GError **error);
void tap_block_memory_clear (TapBlockMemory *self);

G_END_DECLS
