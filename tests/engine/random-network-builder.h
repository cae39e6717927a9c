/* random-network-builder.h - a network that grows node by node, its twins running along
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-graph.h"
#include "twin.h"

G_BEGIN_DECLS

typedef struct
{
  TapGraph *graph;
  GRand *rand;
  int value;      /* the newest */
  GArray *arrays; /* TwinArray of each value, by index */
  GArray *earlier;
  int n;
} NetBuilder;

const TwinArray *net_array_of (NetBuilder *b, int value);
const TapShape *net_shape_of (NetBuilder *b, int value);
/* 0 .. n - 1 */
int net_below (NetBuilder *b, int n);
/* Values of the graph, by index; constants within low .. high. */
int net_new_value (NetBuilder *b, TwinArray array);
TapTensor *net_random_tensor (NetBuilder *b, const TapShape *shape, double low, double high);
int net_constant (NetBuilder *b, const TapShape *shape, double low, double high);
int net_vector (NetBuilder *b, gint64 n, double low, double high);
int net_integers (NetBuilder *b, const gint64 *values, gint64 n);
int net_numbers (NetBuilder *b, const float *values, gint64 n);
/* Adds a node and runs its twin. Its first output is the newest value. @attrs (transfer full) (nullable) */
int net_node_with_outputs (NetBuilder *b,
                           const char *op,
                           TapAttrs *attrs,
                           const int *inputs,
                           int n_inputs,
                           int *outputs,
                           int n_outputs);
int net_node (NetBuilder *b, const char *op, TapAttrs *attrs, const int *inputs, int n_inputs);
int net_node_1 (NetBuilder *b, const char *op, TapAttrs *attrs, int a);
int net_node_2 (NetBuilder *b, const char *op, TapAttrs *attrs, int first, int second);

/* --- random-network-joined.c: layers that a plan does together with others --- */

void net_add_batch_norm (NetBuilder *b);
void net_add_unfolded_conv (NetBuilder *b);
void net_add_branches (NetBuilder *b);
void net_add_channels (NetBuilder *b);

G_END_DECLS
