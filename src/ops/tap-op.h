/* tap-op.h - what an operator is: names, arity, shape rule, folding, region rule
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One operator per file, each ending in one `const TapOp tap_op_…`; ops/registry.c lists them. */
#pragma once

#include "core/tap-graph.h"

G_BEGIN_DECLS

/* What part of the output a changed rectangle of the (H×W) input can change. */
typedef enum
{
  TAP_REGION_FULL,      /* everything: softmax, reshape, matmul, global pooling … */
  TAP_REGION_POINTWISE, /* the same rectangle: relu, add, concat over channels, LRN, batch norm */
  TAP_REGION_WINDOW,    /* through a TapWindow: conv, pooling */
} TapRegionRule;

typedef struct
{
  const TapGraph *graph;
  const TapNode *node;
  const TapShape *inputs;      /* n = node->n_inputs; n_dims -1 when the input is absent */
  TapTensor *const *constants; /* per input; NULL when not constant */
  TapShape *outputs;           /* to be filled */
  TapDtype input_dtype;        /* of input 0 */
  TapDtype *output_dtypes;     /* preset to input_dtype */
} TapShapeContext;

struct _TapOp
{
  const char *name;    /* "Conv" */
  const char *summary; /* N_(): one sentence for a person */
  int min_inputs, max_inputs;
  int min_outputs, max_outputs;
  TapRegionRule region;
  /* required: checks attributes, fills outputs. The message is completed with node and file by the caller. */
  gboolean (*shape) (TapShapeContext *ctx, GError **error);
  /* optional: computes outputs (transfer full) from constant inputs of either dtype; only when all are constant */
  gboolean (*fold) (const TapShapeContext *ctx, TapTensor **outputs, GError **error);
  /* TRUE: fold() needs nothing but the shapes of the inputs (Shape, Size), constant or not */
  gboolean folds_from_shape;
  /* optional: multiply-adds of one run at these shapes; absent means 0 */
  guint64 (*macs) (const TapShapeContext *ctx);
  /* optional: the operator that stands for this one where the first input has 5 dimensions or more */
  const TapOp *in_space;
};

/* Geometry of a sliding window, all resolved (auto_pad, ceil_mode, Caffe's rule). 1-D operators are
 * seen as height 1. */
typedef struct
{
  int kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
  int pad_top, pad_left, pad_bottom, pad_right;
  int group;
  int in_h, in_w, out_h, out_w;
  gboolean transposed; /* ConvTranspose: the window slides over the output */
} TapWindow;

/* For Conv, MaxPool, AveragePool, LpPool, ConvTranspose. */
gboolean tap_op_window (const TapNode *node,
                        const TapShape *input,
                        const TapShape *weights,
                        TapWindow *window,
                        GError **error);
/* A window in three dimensions: depth, rows, columns; those that the operator does not have are of one cell. */
typedef struct
{
  int kernel, stride, dilation, pad_begin, pad_end;
  int in, out;
} TapVolumeAxis;

typedef struct
{
  TapVolumeAxis axes[3];
  int group;
  gboolean transposed; /* ConvTranspose: the window slides over the output */
} TapVolume;

/* For the same in up to three dimensions. */
gboolean tap_op_volume (const TapNode *node,
                        const TapShape *input,
                        const TapShape *weights,
                        TapVolume *volume,
                        GError **error);
/* Output cells that can see any input cell of @changed; METHODS 4.2. */
TapRect tap_window_region (const TapWindow *window, const TapRect *changed);
/* Input cells that any output cell of @wanted sees; padding is none. */
TapRect tap_window_sources (const TapWindow *window, const TapRect *wanted);

/* The region rule of one node at the graph's shapes, finer than its operator's: a Concat over rows is
 * FULL, a Softmax over channels POINTWISE, an LRN within channels WINDOW. POINTWISE means: cell (y, x) of
 * the output depends on cell (y, x) of the inputs that have the output's height and width, and on all of
 * every other input (a gate of 1×1, a scalar). FULL when the node has no shapes. */
TapRegionRule tap_op_region (const TapGraph *graph, const TapNode *node);

/* The shape with which the second operand of Add, Sub, Mul, Div, Pow, PRelu … takes part in
 * broadcasting. Before opset 7 "broadcast" and "axis" placed it, here by 1s at its end; otherwise it
 * is @b itself. */
TapShape tap_op_operand_shape (const TapNode *node, const TapShape *a, const TapShape *b);

G_END_DECLS
