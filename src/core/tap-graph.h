/* tap-graph.h - nodes and values in topological order; frozen once its shapes are known
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A graph is in static single assignment form: every value has one producer (a node, the graph's
 * inputs, or a constant). Importers with in-place layers (Caffe) rename. Operators are those of
 * ONNX, by their ONNX name and attributes, in NCHW; importers translate into that vocabulary.
 * Built by one thread, then immutable and shared (reference-counted). */
#pragma once

#include "core/tap-attrs.h"

G_BEGIN_DECLS

struct _TapValue
{
  int index;
  char *name;
  TapShape shape; /* meaningful when has_shape */
  gboolean has_shape;
  TapDtype dtype;
  TapTensor *constant; /* weights, or the result of folding; NULL when computed at run time */
  int producer;        /* node index, or -1 for inputs and constants */
  GArray *consumers;   /* int node indices, after tap_graph_sort() */
};

struct _TapNode
{
  int index;       /* in topological order, after tap_graph_sort() */
  char *name;      /* unique and never empty after tap_graph_sort() */
  char *op_type;   /* as in the file: "Conv" */
  char *domain;    /* "" for the standard operators */
  int opset;       /* version of the domain the file asks for; 0 when the format has none */
  const TapOp *op; /* set by inference; NULL when the operator is not known */
  TapAttrs *attrs;
  int *inputs; /* value indices; -1 for an optional input left out */
  int n_inputs;
  int *outputs;
  int n_outputs;
  char *problem;   /* why this node cannot run, one sentence; NULL when it can */
  gboolean folded; /* every output is a constant: never run, not drawn by default */
};

TapGraph *tap_graph_new (const char *name);
TapGraph *tap_graph_ref (TapGraph *self);
void tap_graph_unref (TapGraph *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapGraph, tap_graph_unref)

/* --- building --- */
/* Index of the value called @name, made when it does not exist yet. */
int tap_graph_value (TapGraph *self, const char *name);
/* Declares a graph input; @shape may hold -1. */
void tap_graph_add_input (TapGraph *self, int value, TapDtype dtype, const TapShape *shape);
void tap_graph_add_output (TapGraph *self, int value);
void tap_graph_set_constant (TapGraph *self, int value, TapTensor *constant);
/* @attrs (transfer full) (nullable). Errors when an output already has a producer. */
TapNode *tap_graph_add_node (TapGraph *self,
                             const char *name,
                             const char *op_type,
                             const int *inputs,
                             int n_inputs,
                             const int *outputs,
                             int n_outputs,
                             TapAttrs *attrs,
                             GError **error);
/* Orders the nodes, fills consumers and indices, makes names unique. Errors name the nodes of a
 * cycle, or a tensor that nothing produces. */
gboolean tap_graph_sort (TapGraph *self, GError **error);

/* --- reading --- */
const char *tap_graph_get_name (const TapGraph *self);
int tap_graph_n_nodes (const TapGraph *self);
TapNode *tap_graph_get_node (const TapGraph *self, int index);
int tap_graph_n_values (const TapGraph *self);
TapValue *tap_graph_get_value (const TapGraph *self, int index);
int tap_graph_n_inputs (const TapGraph *self);
int tap_graph_get_input (const TapGraph *self, int i); /* value index */
int tap_graph_n_outputs (const TapGraph *self);
int tap_graph_get_output (const TapGraph *self, int i); /* value index */
/* Value index by exact name, or -1. */
int tap_graph_find_value (const TapGraph *self, const char *name);
/* Node by name, else the producer of the value of that name; NULL and a TAP_GRAPH_ERROR_NOT_FOUND
 * with the nearest names when neither exists. */
TapNode *tap_graph_find_layer (const TapGraph *self, const char *name, GError **error);
/* The value a layer is looked at by: its first output. */
TapValue *tap_graph_layer_value (const TapGraph *self, const TapNode *node);
/* Nodes a person calls layers: not folded. (transfer container) (element-type TapNode) */
GPtrArray *tap_graph_list_layers (const TapGraph *self);
/* Numbers held in constants that node reads, i.e. its trained parameters. */
guint64 tap_node_n_parameters (const TapGraph *self, const TapNode *node);
/* The node's weight constant (input 1 of Conv, ConvTranspose, Gemm; the 2-D side of MatMul), or NULL */
TapTensor *tap_node_weights (const TapGraph *self, const TapNode *node);

G_END_DECLS
