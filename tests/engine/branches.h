/* branches.h - graphs of branches that are split, joined and added
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-graph.h"

G_BEGIN_DECLS

typedef struct
{
  TapGraph *graph;
  GRand *rand;
  GArray *values, *channels; /* int */
} Branches;

/* Adds a node with one output, which is returned. @attrs: (transfer full) (nullable) */
int branches_add_node (Branches *b, const char *op, TapAttrs *attrs, const int *inputs, int n);
/* A constant of one integer. */
int branches_add_integer (Branches *b, gint64 number);
/* Values of one extent, split, joined and added in every way. (transfer full) */
TapGraph *branches_new (guint32 seed);

G_END_DECLS
