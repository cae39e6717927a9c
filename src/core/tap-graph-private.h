/* tap-graph-private.h - what the files of TapGraph share
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-graph.h"

G_BEGIN_DECLS

struct _TapGraph
{
  gatomicrefcount ref;
  char *name;
  GPtrArray *nodes;        /* TapNode */
  GPtrArray *values;       /* TapValue */
  GHashTable *value_index; /* name → index, the names owned by the values */
  GHashTable *node_index;  /* name → index, after sorting; the names owned by the nodes */
  GArray *inputs;          /* int */
  GArray *outputs;         /* int */
  GHashTable *is_input;    /* the same as sets: files may list a million */
  GHashTable *is_output;
};

G_END_DECLS
