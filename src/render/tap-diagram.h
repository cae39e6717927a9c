/* tap-diagram.h - the network as a drawing: blocks, boxes, edges, hit testing
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Immutable once made (made off the main thread); drawing state (selection, theme) is passed in.
 *
 * Every layer that is not inside a closed block has a box of its own. Layers that merely finish their
 * producer (batch norm, activation, dropout) are thin boxes glued under it. Graph inputs are small
 * boxes whose node is -1. Activating a box with is_block set toggles box->block in the set of open
 * blocks: a closed block opens; the heading of an open one (expanded_block set as well) closes it. */
#pragma once

#include "core/tap-graph.h"
#include "render/tap-layout.h"
#include <cairo.h>

G_BEGIN_DECLS

typedef struct _TapDiagram TapDiagram;

/* One box: a layer, or a collapsed run of layers / repeated block. */
typedef struct
{
  int node;        /* layer index in the graph; for a block its last layer; -1 for a graph input */
  int first, last; /* range of graph nodes in the block; both == node for a plain layer */
  int repeat;      /* how many equal blocks stand here when > 1 ("×6"), else 1 */
  gboolean is_block;
  gboolean expanded_block;    /* belongs to a block that has been opened, or heads it */
  gboolean attached;          /* thin: glued under the box before it */
  int block;                  /* id of the block this box is, or lies in; -1 none */
  char *title;                /* "conv1", "fire2" */
  char *subtitle;             /* "Conv 3×3 / 2, 64", "6 layers" */
  char *shape;                /* "64×113×113" */
  gboolean problem;           /* cannot run */
  double x, y, width, height; /* top left, drawing units */
} TapDiagramBox;

typedef struct
{
  gboolean dark;
  int selected; /* graph node, or -1 */
  int hovered;  /* box index, or -1 */
  gboolean focused;
  const char *find; /* lower-case text to highlight, or NULL */
  double scale;     /* current zoom: small text is left out when unreadable */
  guint32 accent;   /* 0xRRGGBB */
} TapDiagramStyle;

/* @open_blocks: set of block ids that are opened (GHashTable of GINT_TO_POINTER), or NULL for all closed.
 * @collapse: FALSE draws every layer. NULL only when cancelled. */
TapDiagram *tap_diagram_new (TapGraph *graph,
                             gboolean collapse,
                             GHashTable *open_blocks,
                             GCancellable *cancellable);
TapDiagram *tap_diagram_ref (TapDiagram *self);
void tap_diagram_unref (TapDiagram *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapDiagram, tap_diagram_unref)
void tap_diagram_get_size (const TapDiagram *self, double *width, double *height);
int tap_diagram_n_boxes (const TapDiagram *self);
const TapDiagramBox *tap_diagram_get_box (const TapDiagram *self, int i);
/* Box under a point in drawing units, or -1. */
int tap_diagram_hit (const TapDiagram *self, double x, double y);
/* The box that shows graph node @node (its block when collapsed), or -1. */
int tap_diagram_find_box (const TapDiagram *self, int node);
/* Box reached from @box by an arrow key: GDK-free direction 0 up 1 down 2 left 3 right; -1 none. */
int tap_diagram_neighbour (const TapDiagram *self, int box, int direction);
/* Draws the part inside @clip (drawing units; NULL: everything) at the origin of @cr (already scaled). */
void tap_diagram_draw (const TapDiagram *self,
                       cairo_t *cr,
                       const cairo_rectangle_t *clip,
                       const TapDiagramStyle *style);

G_END_DECLS
