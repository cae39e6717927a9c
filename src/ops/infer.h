/* infer.h - runs the shape rules over a graph, folds constants, and freezes it
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ops/tap-op.h"

G_BEGIN_DECLS

/* Resolves operators, checks attributes and arity, folds what is constant (with a size budget), fills
 * shapes. The graph must be sorted. @input_shapes: one per graph input, or NULL to use the declared
 * ones; symbolic batch becomes 1, symbolic channels 3, symbolic height and width @fallback_size (0: error asks for one).
 * An unknown operator is no error: node->problem is set and everything downstream has no shape. */
gboolean tap_infer_graph (TapGraph *graph,
                          const TapShape *input_shapes,
                          int fallback_size,
                          GCancellable *cancellable,
                          GError **error);

/* Shapes of all values (n = tap_graph_n_values) were @input_shapes fed, without touching the graph.
 * @out_has: which are known. For batches and other input sizes. TAP_ENGINE_ERROR_INPUT when the graph has its
 * own size built in, or a batch would mix its pictures; then they have to be run one by one. The target
 * constants of Reshape, Expand and Resize may be stale: kernels go by the shapes given here. */
gboolean tap_infer_shapes (const TapGraph *graph,
                           const TapShape *input_shapes,
                           TapShape *out,
                           gboolean *out_has,
                           GError **error);

/* Multiply-adds of one node at the graph's own shapes. */
guint64 tap_infer_macs (const TapGraph *graph, const TapNode *node);

/* Receptive field of one cell of a layer on the picture input (METHODS 4.1; a union of paths in a DAG).
 * FALSE when the layer has no spatial extent or sees everything. Pixels; start is the centre of cell 0. */
typedef struct
{
  double size_y, size_x;   /* extent of the field */
  double jump_y, jump_x;   /* pixels between neighbouring cells */
  double start_y, start_x; /* centre of the first cell's field */
} TapReceptiveField;
gboolean tap_infer_receptive_field (const TapGraph *graph,
                                    int from_value,
                                    int to_value,
                                    TapReceptiveField *field);
/* Box of cell (y, x), clipped to the picture. */
TapRect tap_receptive_field_box (const TapReceptiveField *field,
                                 int y,
                                 int x,
                                 int picture_h,
                                 int picture_w);

G_END_DECLS
