/* plan-memory.c - where the values of a plan lie
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Values live from the step that makes them to the last that reads them; the largest first, each is put
 * into the lowest gap of the arena that is free for so long. Views share their input's memory, parts lie
 * in the whole, and a kernel that may work in place does when its input is read for the last time. */

#include "config.h"

#include <stdlib.h>

#include "core/tap-error.h"
#include "engine/tap-plan.h"

#define ALIGNMENT 64

gboolean
tap_block_memory_reserve (TapBlockMemory *self, gsize size, GError **error)
{
  gpointer data = NULL;

  if (size <= self->size)
    return TRUE;
  tap_block_memory_clear (self);
  if (posix_memalign (&data, ALIGNMENT, size) != 0)
    {
      g_autofree char *text = g_format_size_full (size, G_FORMAT_SIZE_IEC_UNITS);

      g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_MEMORY,
                   "There is not enough memory for the network's activations: %s are needed.",
                   text);
      return FALSE;
    }
  self->data = data;
  self->size = size;
  return TRUE;
}

void
tap_block_memory_clear (TapBlockMemory *self)
{
  free (self->data);
  self->data = NULL;
  self->size = 0;
}

typedef struct
{
  gsize offset, bytes;
  int last_use;
} Live;

/* Lowest offset at which @bytes fit between the blocks that are still in use at @step. */
static gsize
find_gap (GArray *live, gsize bytes)
{
  gsize offset = 0;

  for (guint i = 0; i < live->len; i++)
    {
      const Live *l = &g_array_index (live, Live, i);

      if (l->offset >= offset + bytes)
        break;
      offset = MAX (offset, l->offset + l->bytes);
    }
  return offset;
}

static void
add_live (GArray *live, Live block)
{
  guint at = 0;

  while (at < live->len && g_array_index (live, Live, at).offset < block.offset)
    at++;
  g_array_insert_val (live, at, block);
}

static void
drop_dead (GArray *live, int step)
{
  for (guint i = live->len; i-- > 0;)
    if (g_array_index (live, Live, i).last_use < step)
      g_array_remove_index (live, i);
}

GArray *
tap_plan_layout_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (Live));
}

gsize
tap_plan_layout_add (GArray *layout, gsize bytes, int first, int last)
{
  Live block = { 0, (bytes + ALIGNMENT - 1) & ~(gsize) (ALIGNMENT - 1), last };

  drop_dead (layout, first);
  block.offset = find_gap (layout, block.bytes);
  add_live (layout, block);
  return block.offset;
}

/* Roots of views; places of inputs and constants. */
static void
settle_roots (TapPlan *self)
{
  for (int v = 0; v < self->n_values; v++)
    {
      TapPlanValue *value = &self->values[v];
      const TapValue *known = tap_graph_get_value (self->graph, v);
      gsize count = 0;

      value->root = v;
      value->last_use = -1;
      if (value->place == TAP_PLACE_NONE)
        continue;
      tap_shape_count (&value->shape, tap_dtype_size (value->dtype), &count);
      value->bytes =
        (count * tap_dtype_size (value->dtype) + ALIGNMENT - 1) & ~(gsize) (ALIGNMENT - 1);
      if (known->constant != NULL)
        value->place = TAP_PLACE_CONSTANT;
      else if (known->producer < 0 && self->mode != TAP_PLAN_PATCH)
        value->place = TAP_PLACE_INPUT;
    }
  for (int s = 0; s < self->n_steps; s++)
    {
      const TapPlanStep *step = &self->steps[s];

      if (step->view && step->outputs[0] >= 0 && step->inputs[0] >= 0)
        self->values[step->outputs[0]].root = self->values[step->inputs[0]].root;
    }
}

/* What backward reads lives to the end of the run and beyond. */
static void
settle_needs (TapPlan *self)
{
  for (int s = 0; s < self->n_steps; s++)
    {
      const TapPlanStep *step = &self->steps[s];
      guint wanted = 0, needs;

      if (step->kernel->needs == NULL)
        continue;
      for (int i = 0; i < step->n_inputs; i++)
        if (step->inputs[i] >= 0 &&
            (self->mode == TAP_PLAN_WEIGHTS ||
             tap_graph_get_value (self->graph, step->inputs[i])->constant == NULL))
          wanted |= 1u << i;
      needs = step->kernel->needs (step->node, wanted);
      for (int i = 0; i < step->n_inputs; i++)
        if (step->inputs[i] >= 0 && (needs & TAP_CPU_INPUT (i)))
          self->values[self->values[step->inputs[i]].root].last_use = self->n_steps;
      for (int i = 0; i < step->n_outputs; i++)
        if (step->outputs[i] >= 0 && (needs & TAP_CPU_OUTPUT (i)))
          self->values[self->values[step->outputs[i]].root].last_use = self->n_steps;
    }
}

/* The steps that are run together with step @s, when this is called for one step after the other. */
static void
follow_group (const TapPlan *self, int s, int *first, int *last)
{
  if (s > 0 && s <= *last)
    return;
  *first = s;
  *last = s + self->steps[s].n_siblings;
  if (self->steps[s].chain != NULL)
    *last = s + self->steps[s].chain->n_links - 1;
}

static void
settle_last_uses (TapPlan *self)
{
  int first = 0, last = 0;

  for (int v = 0; v < self->n_values; v++)
    self->values[v].last_use = -1;
  for (int s = 0; s < self->n_steps; s++)
    {
      const TapPlanStep *step = &self->steps[s];

      follow_group (self, s, &first, &last);
      for (int i = 0; i < step->n_reads; i++)
        if (step->inputs[i] >= 0)
          self->values[self->values[step->inputs[i]].root].last_use = last;
      for (int i = 0; i < step->n_outputs; i++)
        if (step->outputs[i] >= 0)
          {
            TapPlanValue *root = &self->values[self->values[step->outputs[i]].root];

            root->last_use = MAX (root->last_use, s);
          }
    }
  if (self->mode >= TAP_PLAN_BACKWARD)
    settle_needs (self);
}

/* Tapped memory, that of the value itself or of a view of it, becomes a tensor of its own. */
static void
settle_taps (TapPlan *self)
{
  for (int v = 0; v < self->n_values; v++)
    {
      TapPlanValue *root = &self->values[self->values[v].root];

      if (self->values[v].tapped && root->place == TAP_PLACE_ARENA && self->mode != TAP_PLAN_PATCH)
        root->place = TAP_PLACE_TENSOR;
    }
  for (int v = 0; v < self->n_values; v++)
    if (self->values[v].root == v && self->values[v].place == TAP_PLACE_TENSOR)
      self->tensor_bytes += self->values[v].bytes;
}

/* Whether writing over @a cell by cell would hurt a reader of @b. */
static gboolean
collide (const TapPlanValue *a, const TapPlanValue *b)
{
  gsize a_end = a->at + tap_cpu_count (&a->shape) * tap_dtype_size (a->dtype);
  gsize b_end = b->at + tap_cpu_count (&b->shape) * tap_dtype_size (b->dtype);

  if (a->root != b->root || a_end <= b->at || b_end <= a->at)
    return FALSE;
  return a->at != b->at || !tap_shape_equal (&a->shape, &b->shape);
}

static gboolean
may_overwrite (const TapPlan *self, int s)
{
  const TapPlanStep *step = &self->steps[s];
  int in = step->n_inputs > 0 ? step->inputs[0] : -1, out = step->outputs[0];
  const TapPlanValue *root;

  if (self->mode == TAP_PLAN_PATCH || !(step->kernel->flags & TAP_CPU_IN_PLACE) || in < 0 ||
      out < 0)
    return FALSE;
  root = &self->values[self->values[in].root];
  if (root->place != TAP_PLACE_ARENA || root->last_use != s || self->values[out].root != out ||
      self->values[out].place != TAP_PLACE_ARENA ||
      self->values[in].dtype != self->values[out].dtype ||
      !tap_shape_equal (&self->values[in].shape, &self->values[out].shape))
    return FALSE;
  for (int i = 1; i < step->n_inputs; i++)
    if (step->inputs[i] >= 0 && collide (&self->values[in], &self->values[step->inputs[i]]))
      return FALSE;
  /* More than two operands are joined one after the other, so none but the first may be overwritten. */
  for (int i = 2; i < step->n_inputs; i++)
    if (step->inputs[i] >= 0 && self->values[step->inputs[i]].root == self->values[in].root)
      return FALSE;
  return TRUE;
}

typedef struct
{
  int value, first, last; /* steps */
  gsize offset, bytes;
} Block;

static int
larger_first (gconstpointer a, gconstpointer b)
{
  const Block *p = a, *q = b;

  return p->bytes != q->bytes ? (p->bytes < q->bytes) - (p->bytes > q->bytes) : p->value - q->value;
}

static int
earlier_first (gconstpointer a, gconstpointer b)
{
  const Block *p = a, *q = b;

  return p->first != q->first ? p->first - q->first : p->value - q->value;
}

/* Puts one block after the other into the lowest gap between those that are in use at the same time.
 * Returns the bytes needed for all. */
static gsize
place_blocks (GArray *blocks)
{
  g_autofree const Block **placed = g_new (const Block *, blocks->len + 1); /* by offset */
  gsize needed = 0;

  for (guint i = 0; i < blocks->len; i++)
    {
      Block *block = &g_array_index (blocks, Block, i);
      guint at = i;

      block->offset = 0;
      for (guint k = 0; k < i; k++)
        {
          const Block *other = placed[k];

          if (other->last < block->first || other->first > block->last)
            continue;
          if (other->offset >= block->offset + block->bytes)
            break;
          block->offset = MAX (block->offset, other->offset + other->bytes);
        }
      for (; at > 0 && placed[at - 1]->offset > block->offset; at--)
        placed[at] = placed[at - 1];
      placed[at] = block;
      needed = MAX (needed, block->offset + block->bytes);
    }
  return needed;
}

/* Everything that has to be somewhere in the arena, and when. (transfer full) */
static GArray *
list_blocks (const TapPlan *self)
{
  GArray *blocks = g_array_new (FALSE, FALSE, sizeof (Block));
  g_autofree int *first = g_new (int, (gsize) self->n_values + 1);
  int head = 0, last = 0;

  for (int v = 0; v < self->n_values; v++)
    first[v] = G_MAXINT;
  for (int s = 0; s < self->n_steps; s++)
    {
      follow_group (self, s, &head, &last);
      for (int i = 0; i < self->steps[s].n_outputs; i++)
        if (self->steps[s].outputs[i] >= 0)
          {
            int root = self->values[self->steps[s].outputs[i]].root;

            first[root] = MIN (first[root], head);
          }
    }
  for (int v = 0; v < self->n_values; v++)
    {
      const TapPlanValue *value = &self->values[v];
      Block block = { v, first[v], value->last_use, 0, value->bytes };

      if (value->root == v && value->place == TAP_PLACE_ARENA)
        g_array_append_val (blocks, block);
    }
  return blocks;
}

static void
settle_offsets (TapPlan *self)
{
  g_autoptr (GArray) blocks = list_blocks (self);

  if (self->mode == TAP_PLAN_PATCH)
    for (guint i = 0; i < blocks->len; i++)
      {
        Block *block = &g_array_index (blocks, Block, i);

        block->offset = self->arena_bytes;
        self->arena_bytes += block->bytes;
      }
  else
    {
      gsize in_order;

      g_array_sort (blocks, earlier_first);
      in_order = place_blocks (blocks);
      g_array_sort (blocks, larger_first);
      self->arena_bytes = place_blocks (blocks);
      if (in_order < self->arena_bytes)
        {
          g_array_sort (blocks, earlier_first);
          self->arena_bytes = place_blocks (blocks);
        }
    }
  for (guint i = 0; i < blocks->len; i++)
    {
      const Block *block = &g_array_index (blocks, Block, i);

      self->values[block->value].offset = block->offset;
    }
  for (int v = 0; v < self->n_values; v++)
    if (self->values[v].root != v)
      self->values[v].offset = self->values[self->values[v].root].offset + self->values[v].at;
}

/* What backward reads gets out of the arena, which the next run writes over. */
static void
settle_kept (TapPlan *self)
{
  for (int v = 0; v < self->n_values; v++)
    {
      TapPlanValue *value = &self->values[v];

      if (value->root != v || value->place != TAP_PLACE_ARENA || value->last_use < self->n_steps)
        continue;
      value->place = TAP_PLACE_KEPT;
      value->offset = self->kept_bytes;
      self->kept_bytes += value->bytes;
    }
}

/* Lets steps write over their inputs. A value that is overwritten passes its memory on, so chains of
 * activations all lie in one place; its readers so far are done by then. */
static void
settle_overwrites (TapPlan *self)
{
  for (int s = 0; s < self->n_steps; s++)
    if (may_overwrite (self, s))
      {
        int out = self->steps[s].outputs[0], root = self->values[self->steps[s].inputs[0]].root;
        int last = self->values[out].last_use;

        for (int v = 0; v < self->n_values; v++)
          if (self->values[v].root == out)
            {
              self->values[v].root = root;
              self->values[v].at += self->values[self->steps[s].inputs[0]].at;
            }
        self->values[root].last_use = MAX (self->values[root].last_use, last);
      }
}

void
tap_plan_place (TapPlan *self)
{
  settle_roots (self);
  settle_last_uses (self);
  settle_taps (self);
  /* Backward passes look after each value as a whole. */
  if (self->mode < TAP_PLAN_BACKWARD)
    tap_plan_place_pieces (self);
  settle_overwrites (self);
  settle_kept (self);
  settle_offsets (self);
}
