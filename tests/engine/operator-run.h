/* operator-run.h - one call of one kernel, with fences round everything it may write
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/cpu/tap-cpu.h"
#include "operator-cases.h"

G_BEGIN_DECLS

/* Memory that is checked for writes before its begin and after its end. */
typedef struct
{
  char *block;
  gpointer data;
  gsize bytes;
} FencedBlock;

/* Filled with a pattern that is no number. */
void fenced_block_init (FencedBlock *self, gsize bytes);
/* FALSE when something was written outside. */
gboolean fenced_block_intact (const FencedBlock *self);
void fenced_block_clear (FencedBlock *self);

typedef struct
{
  int n_threads;         /* 0: 1 */
  gboolean by_cell;      /* as a patch would run it */
  const TapRect *rects;  /* or NULL */
  const float *residual; /* or NULL */
  TapClamp clamp;
  gboolean in_place;     /* output 0 lies over input 0, or input_grads[0] over output_grads[0] */
  gboolean for_backward; /* leaves what backward() reads */
  guint outputs;         /* which outputs are asked for, by bits; 0: all */
  gpointer const *start; /* what outputs hold before; NULL: the pattern */
} ForwardOptions;

typedef struct
{
  TapCpuArray arrays[16];
  FencedBlock blocks[16];
  int n;
  FencedBlock saved; /* of a forward run for backward */
} OperatorRun;

/* Runs forward() at the kernel; an answer of FALSE, a write outside of the outputs or a changed input fails the
 * test. */
gboolean
operator_run_forward (OperatorRun *self, const OperatorBench *bench, const ForwardOptions *options);

typedef struct
{
  int n_threads;
  guint wanted;                /* inputs, by bits */
  TapTensor *const *gradients; /* per output; NULL where nothing flows back */
  const float *residual;       /* or NULL */
  gboolean in_place;
} BackwardOptions;

/* @forward: run for backward. Arrays are those of the inputs' gradients, which include those that a kernel with
 * TAP_CPU_BACK_PASSES leaves to its caller. */
gboolean operator_run_backward (OperatorRun *self,
                                const OperatorBench *bench,
                                const OperatorRun *forward,
                                const BackwardOptions *options);
void operator_run_clear (OperatorRun *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OperatorRun, operator_run_clear)
/* Both hold the same bits in array @i. */
gboolean operator_run_equal (const OperatorRun *a, const OperatorRun *b, int i);
/* Says it and fails the test. Returns FALSE. */
gboolean operator_fail (const OperatorBench *bench, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* How often that was. */
guint operator_failures (void);

G_END_DECLS
