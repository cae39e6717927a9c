/* tap-diagram-build.c - layers to stacks, visible stacks and blocks to cards, cards to the layout
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "render/tap-diagram-private.h"

#include <string.h>

/* drawing units */
#define CARD_WIDTH      192.0
#define HEAD_HEIGHT     40.0
#define ATTACHED_HEIGHT 19.0
#define BLOCK_HEIGHT    46.0
#define HEADING_WIDTH   150.0
#define HEADING_HEIGHT  24.0
#define INPUT_WIDTH     168.0
#define INPUT_HEIGHT    28.0
#define LAYER_GAP       28.0
#define NODE_GAP        22.0
#define MARGIN          24.0
#define FRAME_PADDING   11.0

/* --- stacks ------------------------------------------------------------------------------- */

static void
stack_free (gpointer data)
{
  TapStack *stack = data;

  g_array_unref (stack->nodes);
  g_array_unref (stack->before);
  g_free (stack);
}

static void
block_free (gpointer data)
{
  TapBlock *block = data;

  g_free (block->title);
  g_free (block->prefix);
  g_free (block->signature);
  g_free (block);
}

TapStack *
tap_blocks_stack (const TapBlocks *self, int i)
{
  return g_ptr_array_index (self->stacks, i);
}

TapBlock *
tap_blocks_block (const TapBlocks *self, int i)
{
  return g_ptr_array_index (self->blocks, i);
}

void
tap_blocks_free (TapBlocks *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->stacks);
  g_ptr_array_unref (self->blocks);
  tap_graph_unref (self->graph);
  g_free (self);
}

static TapStack *
add_stack (TapBlocks *self, int input)
{
  TapStack *stack = g_new0 (TapStack, 1);

  stack->input = input;
  stack->nodes = g_array_new (FALSE, FALSE, sizeof (int));
  stack->before = g_array_new (FALSE, FALSE, sizeof (int));
  stack->block = stack->run = -1;
  g_ptr_array_add (self->stacks, stack);
  return stack;
}

/* The one layer that reads what @node makes, or -1. */
static int
only_reader (const TapGraph *graph, const TapNode *node)
{
  int reader = -1;

  for (int i = 0; i < node->n_outputs; i++)
    {
      const TapValue *value;

      if (node->outputs[i] < 0)
        continue;
      value = tap_graph_get_value (graph, node->outputs[i]);
      for (guint k = 0; value->consumers != NULL && k < value->consumers->len; k++)
        {
          int consumer = g_array_index (value->consumers, int, k);

          if (tap_graph_get_node (graph, consumer)->folded)
            continue;
          if (reader >= 0 && reader != consumer)
            return -1;
          reader = consumer;
        }
    }
  return reader;
}

/* Every input stands right before the first stack that reads it, so that the graph stays narrow. */
static void
add_inputs_of (TapBlocks *self, const TapNode *node, int *stack_of_value)
{
  for (int i = 0; i < node->n_inputs; i++)
    {
      const TapValue *value;

      if (node->inputs[i] < 0 || stack_of_value[node->inputs[i]] >= 0)
        continue;
      value = tap_graph_get_value (self->graph, node->inputs[i]);
      if (value->producer < 0 && value->constant == NULL)
        {
          add_stack (self, node->inputs[i]);
          stack_of_value[node->inputs[i]] = (int) self->stacks->len - 1;
        }
    }
}

static void
add_before (TapBlocks *self, TapStack *stack, const TapNode *node, const int *stack_of_value)
{
  int own = (int) self->stacks->len - 1;

  for (int i = 0; i < node->n_inputs; i++)
    {
      int other = node->inputs[i] >= 0 ? stack_of_value[node->inputs[i]] : -1;
      gboolean known = other < 0 || other == own;

      for (guint k = 0; k < stack->before->len && !known; k++)
        known = g_array_index (stack->before, int, k) == other;
      if (!known)
        g_array_append_val (stack->before, other);
    }
}

TapBlocks *
tap_blocks_new (TapGraph *graph, gboolean collapse, GCancellable *cancellable)
{
  g_autoptr (TapBlocks) self = g_new0 (TapBlocks, 1);
  int n_nodes = tap_graph_n_nodes (graph), n_values = tap_graph_n_values (graph);
  g_autofree int *stack_of_value = g_new (int, n_values + 1);
  g_autofree gboolean *taken = g_new0 (gboolean, n_nodes + 1);

  self->graph = tap_graph_ref (graph);
  self->stacks = g_ptr_array_new_with_free_func (stack_free);
  self->blocks = g_ptr_array_new_with_free_func (block_free);
  for (int v = 0; v < n_values; v++)
    stack_of_value[v] = -1;
  for (int n = 0; n < n_nodes; n++)
    {
      TapNode *node = tap_graph_get_node (graph, n);
      TapFamily head = tap_diagram_family (graph, node);
      TapStack *stack;

      if (taken[n] || node->folded)
        continue;
      if (n % 256 == 0 && g_cancellable_is_cancelled (cancellable))
        return NULL;
      add_inputs_of (self, node, stack_of_value);
      stack = add_stack (self, -1);
      for (int at = n; at >= 0;)
        {
          int reader;

          node = tap_graph_get_node (graph, at);
          taken[at] = TRUE;
          g_array_append_val (stack->nodes, at);
          add_before (self, stack, node, stack_of_value);
          for (int i = 0; i < node->n_outputs; i++)
            if (node->outputs[i] >= 0)
              stack_of_value[node->outputs[i]] = (int) self->stacks->len - 1;
          reader = only_reader (graph, node);
          at = reader > at && !taken[reader] && stack->nodes->len < 6 &&
                   tap_diagram_attaches (graph, tap_graph_get_node (graph, reader), head) ?
                 reader :
                 -1;
        }
    }
  if (collapse)
    tap_blocks_find (self);
  return g_steal_pointer (&self);
}

/* --- cards -------------------------------------------------------------------------------- */

typedef struct
{
  TapDiagram *diagram;
  const TapBlocks *blocks;
  GHashTable *open;
  int *card_of_stack; /* where edges from a stack begin */
  int *heading;       /* card per block or run, when open; -1 */
} Builder;

static gboolean
is_open (const Builder *b, int block)
{
  return b->open != NULL && g_hash_table_contains (b->open, GINT_TO_POINTER (block));
}

static TapCard *
add_card (Builder *b, double width)
{
  TapCard card = { .first_box = (int) b->diagram->boxes->len, .width = width };

  g_array_append_val (b->diagram->cards, card);
  return &g_array_index (b->diagram->cards, TapCard, b->diagram->cards->len - 1);
}

static TapDiagramBox *
add_box (Builder *b, TapCard *card, TapFamily family, double height, char *search)
{
  TapBoxDetail detail = { family, (int) b->diagram->cards->len - 1, search };
  TapDiagramBox box = {
    .node = -1,
    .first = -1,
    .last = -1,
    .repeat = 1,
    .block = -1,
    .y = card->height, /* within the card for now */
    .width = card->width,
    .height = height,
  };

  card->n_boxes++;
  card->height += height;
  g_array_append_val (b->diagram->details, detail);
  g_array_append_val (b->diagram->boxes, box);
  return &g_array_index (b->diagram->boxes, TapDiagramBox, b->diagram->boxes->len - 1);
}

static char *
search_text (const TapNode *node, const char *operation)
{
  g_autofree char *text = g_strdup_printf ("%s\n%s\n%s", node->name, node->op_type, operation);

  return g_utf8_strdown (text, -1);
}

static void
add_input (Builder *b, const TapStack *stack)
{
  const TapValue *value = tap_graph_get_value (b->blocks->graph, stack->input);
  TapCard *card = add_card (b, INPUT_WIDTH);
  TapDiagramBox *box =
    add_box (b, card, TAP_FAMILY_INPUT, INPUT_HEIGHT, g_utf8_strdown (value->name, -1));

  box->title = g_strdup (value->name);
  box->shape = tap_diagram_shape (value);
}

static void
add_layers (Builder *b, const TapStack *stack)
{
  TapGraph *graph = b->blocks->graph;
  int block = stack->block >= 0 ? stack->block : stack->run;
  const char *prefix = block >= 0 ? tap_blocks_block (b->blocks, block)->prefix : NULL;
  TapCard *card = add_card (b, CARD_WIDTH);

  for (guint i = 0; i < stack->nodes->len; i++)
    {
      int n = g_array_index (stack->nodes, int, i);
      const TapNode *node = tap_graph_get_node (graph, n);
      char *operation = tap_diagram_operation (graph, node, TRUE);
      TapDiagramBox *box =
        add_box (b, card, tap_diagram_family (graph, node), i == 0 ? HEAD_HEIGHT : ATTACHED_HEIGHT,
                 search_text (node, operation));

      box->node = box->first = box->last = n;
      box->attached = i > 0;
      box->problem = node->problem != NULL;
      box->block = block;
      box->expanded_block = block >= 0;
      box->title = tap_diagram_title (node, prefix);
      box->subtitle = operation;
      box->shape = tap_diagram_shape (tap_graph_layer_value (graph, node));
      b->diagram->box_of_node[n] = (int) b->diagram->boxes->len - 1;
    }
}

/* One card for everything between two stacks: a closed block or run, or the heading of an open one. */
static void
add_block (Builder *b, int id, gboolean heading)
{
  TapGraph *graph = b->blocks->graph;
  const TapBlock *block = tap_blocks_block (b->blocks, id);
  TapCard *card = add_card (b, heading ? HEADING_WIDTH : CARD_WIDTH);
  GString *search = g_string_new (block->title);
  TapDiagramBox *box;
  int n_layers = 0, first = G_MAXINT, last = -1, out = -1;
  gboolean problem = FALSE;

  for (int s = block->first; s <= block->last; s++)
    {
      const TapStack *stack = tap_blocks_stack (b->blocks, s);

      for (guint i = 0; i < stack->nodes->len; i++)
        {
          int n = g_array_index (stack->nodes, int, i);
          const TapNode *node = tap_graph_get_node (graph, n);

          n_layers++;
          first = MIN (first, n);
          last = MAX (last, n);
          if (s == block->last)
            out = n;
          problem = problem || node->problem != NULL;
          if (!heading)
            {
              b->diagram->box_of_node[n] = (int) b->diagram->boxes->len;
              g_string_append_printf (search, "\n%s\n%s", node->name, node->op_type);
            }
        }
    }
  box = add_box (b, card, problem && !heading ? TAP_FAMILY_PROBLEM : TAP_FAMILY_BLOCK,
                 heading ? HEADING_HEIGHT : BLOCK_HEIGHT, g_utf8_strdown (search->str, -1));
  box->node = out >= 0 ? out : last;
  box->first = first;
  box->last = last;
  box->repeat = block->repeat;
  box->is_block = TRUE;
  box->expanded_block = heading;
  box->block = id;
  box->problem = problem;
  box->title = g_strdup (block->title);
  box->subtitle = g_strdup_printf ("%d layers", n_layers);
  if (!heading && out >= 0)
    box->shape = tap_diagram_shape (tap_graph_layer_value (graph, tap_graph_get_node (graph, out)));
  g_string_free (search, TRUE);
}

static void
add_cards (Builder *b)
{
  const TapBlocks *blocks = b->blocks;

  for (guint i = 0; i < blocks->blocks->len; i++)
    b->heading[i] = -1;
  for (int s = 0; s < (int) blocks->stacks->len; s++)
    {
      const TapStack *stack = tap_blocks_stack (blocks, s);
      const int levels[] = { stack->run, stack->block };
      int closed = -1;

      for (int i = 0; i < 2 && closed < 0; i++)
        {
          if (levels[i] < 0)
            continue;
          if (!is_open (b, levels[i]))
            closed = levels[i];
          if (tap_blocks_block (blocks, levels[i])->first == s)
            {
              b->heading[levels[i]] = (int) b->diagram->cards->len;
              add_block (b, levels[i], closed < 0);
            }
        }
      if (closed >= 0)
        {
          b->card_of_stack[s] = b->heading[closed];
          continue;
        }
      b->card_of_stack[s] = (int) b->diagram->cards->len;
      if (stack->input >= 0)
        add_input (b, stack);
      else
        add_layers (b, stack);
    }
}

/* --- wires -------------------------------------------------------------------------------- */

static void
add_wire (Builder *b, GHashTable *seen, int from, int to)
{
  TapWire wire = { .from = from, .to = to };
  gint64 *key;

  if (from == to)
    return;
  key = g_new (gint64, 1);
  *key = ((gint64) from << 32) | to;
  if (g_hash_table_add (seen, key))
    g_array_append_val (b->diagram->wires, wire);
}

/* What enters an open block from outside goes through its heading. */
static void
add_wires (Builder *b)
{
  const TapBlocks *blocks = b->blocks;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);

  for (int s = 0; s < (int) blocks->stacks->len; s++)
    {
      const TapStack *stack = tap_blocks_stack (blocks, s);
      const int levels[] = { stack->run, stack->block };

      for (guint i = 0; i < stack->before->len; i++)
        {
          int before = g_array_index (stack->before, int, i);
          int at = b->card_of_stack[before];

          for (int k = 0; k < 2; k++)
            if (levels[k] >= 0 && is_open (b, levels[k]) && b->heading[levels[k]] >= 0 &&
                before < tap_blocks_block (blocks, levels[k])->first)
              {
                add_wire (b, seen, at, b->heading[levels[k]]);
                at = b->heading[levels[k]];
              }
            else if (levels[k] >= 0 && !is_open (b, levels[k]))
              break;
          add_wire (b, seen, at, b->card_of_stack[s]);
        }
    }
}

static void
bound_wire (TapWire *wire)
{
  wire->x1 = wire->y1 = G_MAXDOUBLE;
  wire->x2 = wire->y2 = -G_MAXDOUBLE;
  for (guint i = 0; i + 1 < wire->points->len; i += 2)
    {
      double x = g_array_index (wire->points, double, i);
      double y = g_array_index (wire->points, double, i + 1);

      wire->x1 = MIN (wire->x1, x);
      wire->x2 = MAX (wire->x2, x);
      wire->y1 = MIN (wire->y1, y);
      wire->y2 = MAX (wire->y2, y);
    }
}

static gboolean
lay_out (TapDiagram *self, GCancellable *cancellable)
{
  g_autoptr (TapLayout) layout = tap_layout_new ((int) self->cards->len, (int) self->wires->len);

  for (guint i = 0; i < self->cards->len; i++)
    {
      layout->nodes[i].width = tap_diagram_card (self, i)->width;
      layout->nodes[i].height = tap_diagram_card (self, i)->height;
    }
  for (guint i = 0; i < self->wires->len; i++)
    {
      layout->edges[i].from = tap_diagram_wire (self, i)->from;
      layout->edges[i].to = tap_diagram_wire (self, i)->to;
    }
  if (!tap_layout_run (layout, LAYER_GAP, NODE_GAP, cancellable))
    return FALSE;
  self->width = layout->width + 2 * MARGIN;
  self->height = layout->height + 2 * MARGIN;
  for (guint i = 0; i < self->cards->len; i++)
    {
      TapCard *card = tap_diagram_card (self, i);

      card->layer = layout->nodes[i].layer;
      card->x = layout->nodes[i].x - card->width / 2 + MARGIN;
      card->y = layout->nodes[i].y - card->height / 2 + MARGIN;
      for (int k = 0; k < card->n_boxes; k++)
        {
          tap_diagram_box (self, card->first_box + k)->x = card->x;
          tap_diagram_box (self, card->first_box + k)->y += card->y;
        }
    }
  for (guint i = 0; i < self->wires->len; i++)
    {
      TapWire *wire = tap_diagram_wire (self, i);

      wire->points = g_steal_pointer (&layout->edges[i].points);
      for (guint k = 0; k < wire->points->len; k++)
        g_array_index (wire->points, double, k) += MARGIN;
      bound_wire (wire);
    }
  return TRUE;
}

/* A quiet ground behind everything that belongs to an open block. */
static void
add_frames (Builder *b)
{
  TapDiagram *self = b->diagram;

  for (int depth = 0; depth < 2; depth++)
    for (int id = 0; id < (int) b->blocks->blocks->len; id++)
      {
        const TapBlock *block = tap_blocks_block (b->blocks, id);
        double x1 = G_MAXDOUBLE, y1 = G_MAXDOUBLE, x2 = -G_MAXDOUBLE, y2 = -G_MAXDOUBLE;
        double padding = FRAME_PADDING - (depth > 0 || block->repeat == 1 ? 3 : 0);
        int first = b->heading[id], last;
        TapFrame frame = { .block = id, .depth = depth };

        if (first < 0 || !is_open (b, id) || depth != (block->run >= 0 ? 1 : 0))
          continue;
        last = MAX (b->card_of_stack[block->last], first);
        for (int c = first; c <= last; c++)
          {
            const TapCard *card = tap_diagram_card (self, c);

            x1 = MIN (x1, card->x);
            y1 = MIN (y1, card->y);
            x2 = MAX (x2, card->x + card->width);
            y2 = MAX (y2, card->y + card->height);
          }
        for (guint w = 0; w < self->wires->len; w++)
          {
            const TapWire *wire = tap_diagram_wire (self, w);

            if (wire->from >= first && wire->to <= last)
              {
                x1 = MIN (x1, wire->x1);
                x2 = MAX (x2, wire->x2);
              }
          }
        frame.x = x1 - padding;
        frame.y = y1 - padding;
        frame.width = x2 - x1 + 2 * padding;
        frame.height = y2 - y1 + 2 * padding;
        g_array_append_val (self->frames, frame);
      }
}

TapDiagram *
tap_diagram_new (TapGraph *graph,
                 gboolean collapse,
                 GHashTable *open_blocks,
                 GCancellable *cancellable)
{
  g_autoptr (TapBlocks) blocks = tap_blocks_new (graph, collapse, cancellable);
  g_autoptr (TapDiagram) self = NULL;
  g_autofree int *card_of_stack = NULL, *heading = NULL;
  Builder builder;

  if (blocks == NULL)
    return NULL;
  self = g_new0 (TapDiagram, 1);
  g_atomic_ref_count_init (&self->ref);
  self->boxes = g_array_new (FALSE, FALSE, sizeof (TapDiagramBox));
  self->details = g_array_new (FALSE, FALSE, sizeof (TapBoxDetail));
  self->cards = g_array_new (FALSE, FALSE, sizeof (TapCard));
  self->wires = g_array_new (FALSE, FALSE, sizeof (TapWire));
  self->frames = g_array_new (FALSE, FALSE, sizeof (TapFrame));
  self->n_nodes = tap_graph_n_nodes (graph);
  self->box_of_node = g_new (int, self->n_nodes + 1);
  for (int n = 0; n < self->n_nodes; n++)
    self->box_of_node[n] = -1;

  card_of_stack = g_new0 (int, blocks->stacks->len + 1);
  heading = g_new0 (int, blocks->blocks->len + 1);
  builder = (Builder){ self, blocks, open_blocks, card_of_stack, heading };
  add_cards (&builder);
  add_wires (&builder);
  if (!lay_out (self, cancellable))
    return NULL;
  add_frames (&builder);
  return g_steal_pointer (&self);
}
