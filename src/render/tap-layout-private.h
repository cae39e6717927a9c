/* tap-layout-private.h - the layered graph that the steps of the layout share
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Vertices are the nodes, then the bends: places where an edge passes a layer in which it has no end.
 * All edges of one node that pass a layer share one bend there. Links join vertices of neighbouring
 * layers. */
#pragma once

#include "render/tap-layout.h"

G_BEGIN_DECLS

typedef struct
{
  int n_nodes, n_vertices, n_layers, n_links;
  int *rank;       /* [n_vertices] */
  double *width;   /* [n_vertices] */
  int *order;      /* [n_vertices] vertices, layer by layer, left to right */
  int *start;      /* [n_layers + 1] where a layer begins in order */
  int *place;      /* [n_vertices] index within its layer */
  int *down_start; /* [n_vertices + 1] */
  int *down;       /* [n_links] lower ends */
  int *up_start;   /* [n_vertices + 1] */
  int *up;         /* [n_links] upper ends */
  int *trunk;      /* [n_nodes] first bend of the node's edges, or -1; the next ones follow */
  int *trunk_end;  /* [n_nodes] one past the last bend */
  int *main_next;  /* [n_vertices] next vertex of the main path, or -1 */
  int main_first;
  double *x; /* [n_vertices] centres */
} TapLayered;

TapLayered *tap_layered_new (const TapLayout *layout, GCancellable *cancellable);
void tap_layered_free (TapLayered *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapLayered, tap_layered_free)
/* Left-to-right order within the layers: depth first along the main path, then barycentre sweeps. */
void tap_layered_order (TapLayered *self, GCancellable *cancellable);
/* Fills x. */
void tap_layered_place (TapLayered *self, double node_gap);

G_END_DECLS
