/* tap-layout.h - layered layout of a directed acyclic graph, pure geometry
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Longest-path layers, barycentre ordering, aligned x, edges bundled by source, top to bottom. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct
{
  double width, height; /* in */
  double x, y;          /* out: centre */
  int layer;            /* out */
} TapLayoutNode;

typedef struct
{
  int from, to; /* in */
  GArray
    *points; /* out: double pairs x0,y0,x1,y1…, a polyline to be smoothed; owned by the layout */
} TapLayoutEdge;

typedef struct
{
  TapLayoutNode *nodes;
  int n_nodes;
  TapLayoutEdge *edges;
  int n_edges;
  double width, height; /* out: bounding box from 0,0 */
} TapLayout;

TapLayout *tap_layout_new (int n_nodes, int n_edges);
void tap_layout_free (TapLayout *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapLayout, tap_layout_free)
/* FALSE when cancelled. Cycles are not accepted (from < to topologically is the caller's care). */
gboolean
tap_layout_run (TapLayout *self, double layer_gap, double node_gap, GCancellable *cancellable);

G_END_DECLS
