/* infer-private.h - one step of shape inference, shared by both of its walks
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ops/infer.h"

G_BEGIN_DECLS

/* What is known about every value on a walk; n = tap_graph_n_values(). */
typedef struct
{
  const TapGraph *graph;
  int n_values;
  TapShape *shapes;
  gboolean *has;
  TapTensor **constants; /* owned references */
  guint64 budget;        /* bytes that folding may still fill */
  guint64 work;          /* bytes that it may still read and write */
} TapInferState;

/* Outputs of one node. */
typedef struct
{
  TapShape *shapes;
  TapDtype *dtypes;
  TapTensor **constants; /* NULL unless folded */
} TapInferStep;

void tap_infer_state_init (TapInferState *self, const TapGraph *graph);
void tap_infer_state_clear (TapInferState *self);
void
tap_infer_state_set (TapInferState *self, int value, const TapShape *shape, TapTensor *constant);

/* Applies the rule of @op to @node and folds it when it can. All present inputs must have shapes.
 * TAP_ENGINE_ERROR_UNSUPPORTED when the node is merely not supported. */
gboolean tap_infer_step (TapInferState *self,
                         const TapNode *node,
                         const TapOp *op,
                         TapInferStep *step,
                         GError **error);
void tap_infer_step_clear (const TapNode *node, TapInferStep *step);

/* Fills @ctx from the shapes that the graph itself has; FALSE when one is missing. @inputs and
 * @outputs are to be freed. */
gboolean tap_infer_context (const TapGraph *graph,
                            const TapNode *node,
                            TapShapeContext *ctx,
                            TapShape **inputs,
                            TapTensor ***constants,
                            TapShape **outputs);

G_END_DECLS
