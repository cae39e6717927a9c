/* tap-cpu.h - what a kernel is, and what it is given to work on
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One operator or family per file, each ending in `const TapCpuKernel`s; cpu/registry.c lists them.
 * A kernel computes outputs, or a rectangle of each output image, from inputs that are all there; it
 * allocates nothing. Where run->by_cell is set, what it writes to a cell depends on the operands of
 * that cell alone, so a rectangle gets the very bits that a whole pass would give it. Nothing ever depends
 * on the number of threads. backward() stands beside forward() in the same file. */
#pragma once

#include "core/tap-graph.h"
#include "engine/cpu/simd/simd.h"
#include "engine/tap-pool.h"
#include "ops/tap-op.h"

G_BEGIN_DECLS

typedef struct
{
  TapDtype dtype;
  TapShape shape; /* n_dims -1 when an optional input is left out */
  void *data;     /* NULL when left out, or an output that nobody needs */
} TapCpuArray;

#define tap_cpu_f32(array) ((float *) (array)->data)
#define tap_cpu_i64(array) ((gint64 *) (array)->data)

/* y = scale · x + shift, with numbers of each channel. Immutable once a plan is built. */
typedef struct
{
  int
    id; /* tells it from others at the same node: the number of the last node that it stands for */
  int n;
  float *scale, *shift;
} TapAffine;

typedef struct
{
  const TapNode *node;
  const TapCpuArray *inputs;
  int n_inputs;
  const TapCpuArray *outputs;
  int n_outputs;
  int algorithm;        /* what choose() answered; 0 without one */
  const float *packed;  /* what pack() made for it, or NULL when the weights are no constants */
  const TapRect *rects; /* one per image: the part of each output to compute; NULL for everything.
                           Only kernels with TAP_CPU_REGIONS get one */
  gboolean by_cell; /* a patch will follow: the bits of an output cell may depend on the operands of
                           that cell alone. Otherwise a kernel may share work between cells (Winograd) */
  const float
    *residual;    /* laid out as output 0, to be added before the clamp; NULL for nothing. Only
                            kernels with TAP_CPU_ADDS get one */
  TapClamp clamp; /* to be applied to output 0; only kernels with TAP_CPU_CLAMPS get one */
  /* to be applied before the residual, or NULL; what is packed has it in it. Only kernels with pack_affine()
   * get one */
  const TapAffine *affine;
  /* Forward: memory of saved() bytes to leave for backward, NULL when there will be none.
   * Backward: what forward left there. 64-byte aligned. */
  void *saved;
  /* Backward only; NULL otherwise. */
  const TapCpuArray *output_grads; /* per output; data NULL where nothing flows back */
  const TapCpuArray *input_grads;  /* per input, every cell to be written; data NULL: not wanted */
  const TapSimd *simd;
  TapPool *pool;
  void *scratch; /* as much as scratch() asked for, 64-byte aligned */
} TapCpuRun;

/* Rows of one image: output rows to be computed, from input rows that are there. Those that are not there are
 * seen by no window, or lie outside the map. */
typedef struct
{
  const TapWindow *window; /* of whole maps */
  const float *x;          /* row x_first of channel 0 */
  gsize x_channel;         /* floats from a channel to the next */
  int x_first, x_rows;
  float *y;              /* row y_first of channel 0 */
  const float *residual; /* laid out as y; or NULL */
  gsize y_channel;
  int y_first, y_rows;
} TapCpuBand;

typedef enum
{
  TAP_CPU_VIEW = 1 << 0,     /* output 0 is input 0 under another shape: nothing to compute */
  TAP_CPU_IN_PLACE = 1 << 1, /* output 0 may lie over input 0 when both have one shape */
  TAP_CPU_REGIONS = 1 << 2,  /* honours rects, as the operator's TapRegionRule says */
  TAP_CPU_CLAMPS = 1 << 3,   /* can clamp as it stores */
  TAP_CPU_ADDS = 1 << 4,     /* can add a residual as it stores */
  /* backward may write input_grads[0] over output_grads[0] when both have one shape, whatever other
   * gradients are wanted */
  TAP_CPU_BACK_IN_PLACE = 1 << 5,
  /* backward can add run->residual, laid out as input_grads[0] and perhaps in its memory, as it stores */
  TAP_CPU_BACK_ADDS = 1 << 6,
  /* output_grads[0] is the gradient of every input of its shape (Add): backward is asked for others only */
  TAP_CPU_BACK_PASSES = 1 << 7,
} TapCpuFlags;

#define TAP_CPU_TOGETHER 8

/* Values of the forward run that a backward pass reads: those that are no constants and have memory of
 * their own in needs()' answer. */
#define TAP_CPU_INPUT(i)  (1u << (i))
#define TAP_CPU_OUTPUT(i) (1u << (16 + (i)))

/* Cells first .. last along one axis; none when first > last. */
typedef struct
{
  int first, last;
} TapCpuCells;

typedef struct
{
  const char *op; /* name of the TapOp */
  TapCpuFlags flags;
  /* optional: kinds of the inputs, one letter each, the last one for all that follow: f numbers,
   * i integers, * either, = as the first input. Absent: all are numbers */
  const char *types;
  /* optional: which of the kernel's algorithms to use, a number of its own. May look at shapes,
   * attributes, simd and by_cell, never at data or threads. Absent: 0 */
  int (*choose) (const TapCpuRun *run);
  /* optional: what people call an algorithm: "direct", "winograd". Absent: there is only one */
  const char *(*algorithm_name) (int algorithm);
  /* optional: the algorithm whose packed weights an algorithm works with. Absent: its own */
  int (*packing) (int algorithm);
  /* optional: weights in the order of an algorithm, forward or backward, once per session and
   * algorithm. @constants: per input, NULL when computed at run time. NULL without an error: nothing to
   * pack. (transfer full) */
  TapTensor *(*pack) (const TapNode *node,
                      int algorithm,
                      TapTensor *const *constants,
                      GError **error);
  /* optional: pack() for outputs that are scaled and shifted by channel after. Absent: they cannot be */
  TapTensor *(*pack_affine) (const TapNode *node,
                             int algorithm,
                             TapTensor *const *constants,
                             const TapAffine *affine,
                             GError **error);
  /* optional: bytes of scratch; data pointers are not set yet. Absent: none */
  gsize (*scratch) (const TapCpuRun *run);
  /* required, unless TAP_CPU_VIEW. Errors: values met at run time that the operator does not allow */
  gboolean (*forward) (const TapCpuRun *run, GError **error);
  /* optional: whether the run can be one of several on the same input 0, which forward_together() does as
   * one, at most TAP_CPU_TOGETHER, with the bits that forward() gives each. Data pointers are not set yet */
  gboolean (*goes_together) (const TapCpuRun *run);
  gboolean (*forward_together) (const TapCpuRun *runs, int n, GError **error);

  /* optional, for maps whose cells come from elsewhere than the same place or a window: per index of output 0 along
   * @axis, one of the last two, the cells of @input that it reads along its own axis for rows or columns, in whatever
   * channels. Asked only where TapRegionRule says that everything changes, both have four dimensions or more, and images
   * stay apart; data of constants is there. FALSE: that is the rule. With TAP_CPU_REGIONS */
  gboolean (*reads) (const TapCpuRun *run, int input, int axis, TapCpuCells *cells);

  /* --- band by band: input 0 is seen through a window, all else is constant; all three or none --- */
  /* Whether forward_band() can do this run, which has an algorithm and shapes but no data; @window: of whole
   * maps */
  gboolean (*band) (const TapCpuRun *run, TapWindow *window);
  /* Bytes of scratch for bands of at most @rows */
  gsize (*band_scratch) (const TapCpuRun *run, const TapWindow *window, int rows);
  /* Some rows of output 0 with the bits of forward(). run->pool is of one thread; inputs[0], outputs[0] and
   * residual of the run are not looked at */
  void (*forward_band) (const TapCpuRun *run, const TapCpuBand *band);

  /* --- backward: input_grads = (∂ outputs / ∂ inputs)ᵀ · output_grads --- */
  /* required for backward, unless TAP_CPU_VIEW. Absent: nothing flows through (integers, ArgMax, …).
   * inputs[i].data and outputs[i].data are there for constants and for what needs() names, else NULL;
   * shapes always. At least one input_grads[i].data and one output_grads[i].data is there. */
  gboolean (*backward) (const TapCpuRun *run, GError **error);
  /* optional: the forward values that backward reads, when the gradients of the inputs in @wanted
   * (bit i: input i) are asked for. Absent: none */
  guint (*needs) (const TapNode *node, guint wanted);
  /* optional: bytes that forward leaves for backward: switches, signs as bits. Absent: none */
  gsize (*saved) (const TapCpuRun *run);
  /* optional, as choose() and scratch() for the backward pass; algorithms share one set of numbers, as
   * pack() serves both. Absent: the algorithm of the forward pass, with its weights. Data pointers are not
   * set yet, but input_grads[i].data is not NULL where it is wanted */
  int (*choose_backward) (const TapCpuRun *run);
  gsize (*scratch_backward) (const TapCpuRun *run);

  /* --- rectangles of one picture that need be right only but for rounding; all optional, or none --- */
  /* they are computed in squares of so many cells, from the first cell of each rectangle on; what the last
   * squares see is read, and has to be there, even where they stick out. Results depend on nothing else */
  int near_grain;
  /* what that takes, and what forward() takes, in one unit. FALSE: it cannot be done */
  gboolean (*near_costs) (
    const TapCpuRun *run, const TapRect *rects, int n, double *near, double *by_cell);
  gsize (*near_scratch) (const TapCpuRun *run, const TapRect *rects, int n);
  void (*forward_near) (const TapCpuRun *run, const TapRect *rects, int n);
} TapCpuKernel;

/* --- helpers for kernels, common.c --- */

static inline gboolean
tap_cpu_has_input (const TapCpuRun *run, int i)
{
  return i < run->n_inputs && run->inputs[i].data != NULL;
}

static inline gboolean
tap_cpu_wants_output (const TapCpuRun *run, int i)
{
  return i < run->n_outputs && run->outputs[i].data != NULL;
}

gsize tap_cpu_count (const TapShape *shape);
/* Counts a negative axis from the end. */
int tap_cpu_axis (gint64 axis, int n_dims);

/* An array seen as images × channels × height × width; dimensions that are not there count 1. Beyond
 * four dimensions the last ones go into width. */
typedef struct
{
  gsize images, channels, height, width;
} TapCpuPlanes;

TapCpuPlanes tap_cpu_planes (const TapShape *shape);
/* The same as rectangles see it: of more than four dimensions, too, the last two are height and width, and those
 * between the first and them channels. */
TapCpuPlanes tap_cpu_maps (const TapShape *shape);
/* The part of output 0's image @n to compute. */
TapRect tap_cpu_rect (const TapCpuRun *run, gsize n);
/* The window that leads from the rows of a band to its rows: a map of its own, with pads perhaps below zero. */
TapWindow tap_cpu_band_window (const TapCpuBand *band);

/* Calls @func for runs of neighbouring cells of output 0 that together are the part to compute; a run
 * never leaves its plane when @by_plane. */
typedef void (*TapCpuSpanFunc) (const TapCpuRun *run,
                                gpointer data,
                                gsize offset,
                                gsize n,
                                gsize image,
                                gsize channel);
void tap_cpu_spans (const TapCpuRun *run, gboolean by_plane, TapCpuSpanFunc func, gpointer data);

/* y[i0, i1, …] = x[Σ i·strides] for elements of @size 4 or 8 bytes; y is dense. At most
 * 2 × TAP_MAX_DIMS dimensions. */
void tap_cpu_strided_copy (const TapCpuRun *run,
                           gsize size,
                           void *y,
                           const void *x,
                           int n_dims,
                           const gint64 *dims,
                           const gint64 *strides);
/* Its adjoint for floats: x[Σ i·strides] = Σ y[i0, i1, …], summed over the dimensions with stride 0 in double;
 * along all others no cell of x may be met twice. Cells of x that are not met are left alone. */
void tap_cpu_strided_sum (const TapCpuRun *run,
                          float *x,
                          const float *y,
                          int n_dims,
                          const gint64 *dims,
                          const gint64 *strides);
/* Writes @n zeros. */
void tap_cpu_zero (const TapCpuRun *run, float *x, gsize n);
/* Strides of @in as seen through @out by broadcasting (0 where repeated). */
void tap_cpu_broadcast_strides (const TapShape *in, const TapShape *out, gint64 *strides);
void tap_cpu_dense_strides (const TapShape *shape, gint64 *strides);
/* For reads(): each cell of output 0 stays in its place in a map of input 0. FALSE when these are not of one size. */
gboolean tap_cpu_reads_same (const TapCpuRun *run, int axis, TapCpuCells *cells);
/* Values of an integer input, or of the attribute of older opsets. FALSE when neither is there. */
gboolean
tap_cpu_ints (const TapCpuRun *run, int input, const char *attr, const gint64 **values, gsize *n);

/* --- move.c --- */

/* Whether output 0 is cells of input 0 that follow each other there, and with which they begin. Data of constants
 * has to be there, and nothing else. */
gboolean tap_cpu_lies_in_input (const TapCpuRun *run, gsize *first);

/* --- normalization.c --- */

/* What a chain of steps becomes that only scale and shift by channel: run->affine of input 0. No node is
 * of this kind, so it is not in the registry. */
extern const TapCpuKernel tap_cpu_affine;

/* --- registry.c --- */

/* NULL-terminated, sorted by operator. */
const TapCpuKernel *const *tap_cpu_kernels (void);
const TapCpuKernel *tap_cpu_find (const char *op);

G_END_DECLS
