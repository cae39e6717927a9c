/* twin-graph.h - a whole network of twins, in double
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "twin.h"

G_BEGIN_DECLS

typedef struct
{
  TapGraph *graph;   /* sorted, with shapes */
  TwinArray *values; /* one per value; shape n_dims -1: not computed */
  int n_values;
} TwinGraph;

/* Runs every node that is not folded. @inputs: as the graph has them. Nodes without a twin are a mistake of
 * the test. */
void twin_graph_init (TwinGraph *self, TapGraph *graph, TapTensor *const *inputs);
void twin_graph_clear (TwinGraph *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TwinGraph, twin_graph_clear)

/* What @output would be if @value were other by @step · @direction (one number per cell); only what depends on
 * it is computed. (transfer full) */
TwinArray twin_graph_move (const TwinGraph *self,
                           int value,
                           const double *direction,
                           double step,
                           int output);
/* A network of the same inputs in which each cell of each value is off by its bound, up or down at random:
 * what rounding can do at worst, and usually does not. */
void twin_graph_init_shaken (TwinGraph *self, const TwinGraph *from, GRand *rand);

G_END_DECLS
