/* plan-backward.h - what a backward pass does, in which order, in which memory
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A list of jobs on buffers of gradients. A gradient is written by the reader of the value that comes last
 * in the network, the others add to it in reverse order; what only hands numbers on (views, Add, the
 * pieces of a Concat, a rule that passes) shares the buffer, and whoever wants to write into a buffer that
 * others still read writes elsewhere. Immutable once built. */
#pragma once

#include "engine/tap-plan.h"
#include "engine/tap-rule.h"

G_BEGIN_DECLS

/* A run of floats in a buffer; buffer -1: none. */
typedef struct
{
  int buffer;
  gsize offset; /* bytes */
} TapBackPlace;

typedef enum
{
  TAP_BACK_JOB_SEED,    /* to = from + the seeds of a value; from: none is 0, or to itself */
  TAP_BACK_JOB_COPY,    /* to = from */
  TAP_BACK_JOB_RECTIFY, /* to = max (0, from) */
  TAP_BACK_JOB_ADD,     /* to = from + other */
  TAP_BACK_JOB_KERNEL,  /* the backward function of a step */
} TapBackJobKind;

typedef struct
{
  TapBackJobKind kind;
  int step;  /* of the forward plan; what the time is spent for */
  int value; /* SEED: whose */
  TapBackPlace to, from, other;
  gsize count; /* floats */
  /* KERNEL: places of output_grads and input_grads, in one block */
  TapBackPlace *grads;
  TapBackPlace residual; /* to be added to input_grads[0] */
  int algorithm;
  double cost; /* share of the whole run, 0 .. 1 */
} TapBackJob;

typedef struct
{
  gsize bytes, offset;
  int first, last; /* jobs */
  int value;       /* a tapped value whose tensor it is, -1: in the arena */
} TapBackBuffer;

typedef struct
{
  TapPlan *plan;       /* key */
  const TapRule *rule; /* key */
  TapTaps *taps;       /* key: values whose gradients are wanted */
  TapTaps *seeds;      /* key: values that seeds are on */
  GArray *jobs;        /* TapBackJob */
  GArray *buffers;     /* TapBackBuffer */
  int *tapped;         /* per tap: the buffer whose tensor it is, -1: nothing reaches it */
  gsize arena_bytes, scratch_bytes, tensor_bytes;
} TapBackPlan;

/* @plan is made for backward passes; seeds and taps are numbers in it. Shapes and places only: no
 * numbers are looked at. */
TapBackPlan *tap_back_plan_new (TapPlan *plan,
                                const TapRule *rule,
                                const TapTaps *taps,
                                const TapTaps *seeds,
                                const TapSimd *simd,
                                TapPool *pool);
void tap_back_plan_free (TapBackPlan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapBackPlan, tap_back_plan_free)
gboolean tap_back_plan_matches (const TapBackPlan *self,
                                const TapPlan *plan,
                                const TapRule *rule,
                                const TapTaps *taps,
                                const TapTaps *seeds);

/* plan-backward-settle.c: offsets of the buffers and costs of the jobs, when all of them are there. */
void tap_back_plan_settle (TapBackPlan *self);

/* The arrays of a kernel's gradients, with the beginnings of the buffers from @data. */
void tap_back_plan_bind (const TapBackPlan *self,
                         const TapBackJob *job,
                         char *const *data,
                         TapCpuArray *output_grads,
                         TapCpuArray *input_grads);

G_END_DECLS
