/* graphs.h - small graphs for the tests of this folder
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-graph.h"

/* Adds the graph input @name. */
int graph_input (TapGraph *graph, const char *name, int n_dims, ...);
/* Adds a constant of zeros. */
int graph_weights (TapGraph *graph, const char *name, int n_dims, ...);
int graph_integers (TapGraph *graph, const char *name, int n, const gint64 *values);
/* Adds a node named after its output; inputs end with -1, -2 is one left out. (@attrs transfer full) */
int graph_node (TapGraph *graph, const char *op, const char *output, TapAttrs *attrs, ...);
TapNode *graph_find (TapGraph *graph, const char *name);
/* "kernel_shape=3,3 strides=2,2 axis:1 mode:linear alpha:0.5": lists, integers, strings, floats */
TapAttrs *graph_attrs (const char *text);
/* Sorts and infers; fails the test on an error. */
void graph_finish (TapGraph *graph, const int *outputs, int n_outputs);
/* The same where an error is expected; its message contains every @words, which end with NULL. */
void graph_expect_error (TapGraph *graph, int output, int code, ...) G_GNUC_NULL_TERMINATED;
char *graph_shape (TapGraph *graph, int value);
