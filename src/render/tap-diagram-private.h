/* tap-diagram-private.h - what the steps of the diagram share
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Layers are glued to stacks, stacks are grouped to blocks, what is visible of them is laid out as
 * cards; each card holds one or more boxes from top to bottom. */
#pragma once

#include "render/tap-diagram.h"

G_BEGIN_DECLS

typedef enum
{
  TAP_FAMILY_OTHER,
  TAP_FAMILY_CONV,
  TAP_FAMILY_POOL,
  TAP_FAMILY_NORM,
  TAP_FAMILY_ACTIVATION,
  TAP_FAMILY_JOIN,
  TAP_FAMILY_DENSE,
  TAP_FAMILY_SHAPE,
  TAP_FAMILY_SCORES,
  TAP_FAMILY_BLOCK,
  TAP_FAMILY_INPUT,
  TAP_FAMILY_PROBLEM,
  TAP_N_FAMILIES
} TapFamily;

/* 0xRRGGBB each */
typedef struct
{
  guint32 fill, hover, border, bar, title, text;
} TapFamilyColours;

typedef struct
{
  guint32 background, frame, frame_border, edge, find, warning, warning_text;
  double frame_alpha;
} TapDiagramColours;

const TapFamilyColours *tap_diagram_family_colours (TapFamily family, gboolean dark);
const TapDiagramColours *tap_diagram_colours (gboolean dark);

/* --- words --- */

TapFamily tap_diagram_family (const TapGraph *graph, const TapNode *node);
/* Whether @node merely finishes a stack that a layer of the family @head begins. */
gboolean tap_diagram_attaches (const TapGraph *graph, const TapNode *node, TapFamily head);
/* Also tells blocks apart: "Conv 3×3 / 2". (transfer full) */
char *tap_diagram_operation (const TapGraph *graph, const TapNode *node, gboolean with_units);
/* "64×113×113", or NULL. (transfer full) */
char *tap_diagram_shape (const TapValue *value);
/* A name without the prefix of its block and without an exporter's echo of the operator. (transfer full) */
char *tap_diagram_title (const TapNode *node, const char *prefix);

/* --- stacks and blocks --- */

typedef struct
{
  int input;      /* value index when this is a graph input, else -1 */
  GArray *nodes;  /* int: graph nodes, head first; empty for an input */
  GArray *before; /* int: stacks it reads, each once */
  int block, run; /* indices into TapBlocks.blocks, or -1 */
} TapStack;

typedef struct
{
  int first, last; /* stacks */
  int repeat;      /* 1 for a block, its number of blocks for a run */
  int run;         /* the run a block lies in, or -1 */
  char *title;
  char *prefix;    /* of the names inside, or NULL */
  char *signature; /* equal for blocks that are built alike */
} TapBlock;

typedef struct
{
  TapGraph *graph;
  GPtrArray *stacks; /* TapStack, in topological order */
  GPtrArray *blocks; /* TapBlock: index is the id */
} TapBlocks;

TapBlocks *tap_blocks_new (TapGraph *graph, gboolean collapse, GCancellable *cancellable);
void tap_blocks_free (TapBlocks *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapBlocks, tap_blocks_free)
/* Fills blocks, and block and run of the stacks. */
void tap_blocks_find (TapBlocks *self);
TapStack *tap_blocks_stack (const TapBlocks *self, int i);
TapBlock *tap_blocks_block (const TapBlocks *self, int i);

/* --- the drawing --- */

typedef struct
{
  TapFamily family;
  int card;
  char *search; /* lower case: names and operators inside */
} TapBoxDetail;

typedef struct
{
  int first_box, n_boxes;
  int layer;
  double x, y, width, height;
} TapCard;

typedef struct
{
  int from, to;   /* cards */
  GArray *points; /* double pairs */
  double x1, y1, x2, y2;
} TapWire;

typedef struct
{
  int block, depth;
  double x, y, width, height;
} TapFrame;

struct _TapDiagram
{
  gatomicrefcount ref;
  double width, height;
  GArray *boxes;   /* TapDiagramBox */
  GArray *details; /* TapBoxDetail, one per box */
  GArray *cards;   /* TapCard */
  GArray *wires;   /* TapWire */
  GArray *frames;  /* TapFrame, outer first */
  int n_nodes;
  int *box_of_node; /* [n_nodes], -1 when not drawn */
};

#define tap_diagram_box(d, i)    (&g_array_index ((d)->boxes, TapDiagramBox, i))
#define tap_diagram_detail(d, i) (&g_array_index ((d)->details, TapBoxDetail, i))
#define tap_diagram_card(d, i)   (&g_array_index ((d)->cards, TapCard, i))
#define tap_diagram_wire(d, i)   (&g_array_index ((d)->wires, TapWire, i))

G_END_DECLS
