/* tap-layout-order.c - who stands left of whom in each layer
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A depth-first walk that takes the main path first puts everything else on its right, the outermost
 * detour last: nested detours then do not cross. Barycentre sweeps (Sugiyama et al. 1981) mend what is
 * left, and the order with the fewest crossings (counted as in Barth, Mutzel and Jünger 2004) stays. */
#include "config.h"

#include "render/tap-layout-private.h"

#include <stdlib.h>
#include <string.h>

#define SWEEPS    12
/* Counting crossings and sorting grows with this many links; beyond, the walk's order is good enough. */
#define LINKS_MAX 400000

static gint64
count_crossings (const TapLayered *self, int *tree)
{
  gint64 crossings = 0;

  for (int l = 0; l + 1 < self->n_layers; l++)
    {
      int n = self->start[l + 2] - self->start[l + 1], total = 0;

      if (n < 2 || self->start[l + 1] - self->start[l] < 2)
        continue;
      memset (tree, 0, (n + 1) * sizeof *tree);
      for (int i = self->start[l]; i < self->start[l + 1]; i++)
        {
          int v = self->order[i];

          for (int k = self->down_start[v]; k < self->down_start[v + 1]; k++)
            {
              int below = 0;

              for (int p = self->place[self->down[k]] + 1; p > 0; p -= p & -p)
                below += tree[p];
              crossings += total - below;
            }
          for (int k = self->down_start[v]; k < self->down_start[v + 1]; k++)
            {
              for (int p = self->place[self->down[k]] + 1; p <= n; p += p & -p)
                tree[p]++;
              total++;
            }
        }
    }
  return crossings;
}

static void
push_children (const TapLayered *self, int v, GArray *stack)
{
  int first = self->down_start[v], end = self->down_start[v + 1];

  /* taken from the end: bends first in, so that detours come after real branches */
  for (int k = end - 1; k >= first; k--)
    if (self->down[k] >= self->n_nodes && self->down[k] != self->main_next[v])
      g_array_append_val (stack, self->down[k]);
  for (int k = end - 1; k >= first; k--)
    if (self->down[k] < self->n_nodes && self->down[k] != self->main_next[v])
      g_array_append_val (stack, self->down[k]);
  if (self->main_next[v] >= 0)
    g_array_append_val (stack, self->main_next[v]);
}

static void
walk (TapLayered *self)
{
  g_autoptr (GArray) stack = g_array_new (FALSE, FALSE, sizeof (int));
  g_autofree gboolean *seen = g_new0 (gboolean, self->n_vertices + 1);
  g_autofree int *fill = g_memdup2 (self->start, (self->n_layers + 1) * sizeof *self->start);
  int v;

  for (v = self->n_vertices - 1; v >= 0; v--)
    if (self->up_start[v] == self->up_start[v + 1] && v != self->main_first)
      g_array_append_val (stack, v);
  if (self->main_first >= 0)
    g_array_append_val (stack, self->main_first);
  while (stack->len > 0)
    {
      v = g_array_index (stack, int, stack->len - 1);
      g_array_set_size (stack, stack->len - 1);
      if (seen[v])
        continue;
      seen[v] = TRUE;
      self->order[fill[self->rank[v]]++] = v;
      push_children (self, v, stack);
    }
  for (int l = 0; l < self->n_layers; l++)
    for (int i = self->start[l]; i < self->start[l + 1]; i++)
      self->place[self->order[i]] = i - self->start[l];
}

typedef struct
{
  double key;
  int place, vertex;
} Keyed;

static int
compare_keyed (gconstpointer a, gconstpointer b)
{
  const Keyed *first = a, *second = b;

  if (first->key != second->key)
    return first->key < second->key ? -1 : 1;
  return first->place - second->place;
}

/* Sorts one layer by the mean place of the neighbours above or below. */
static void
sort_layer (TapLayered *self, int l, gboolean by_upper, Keyed *keyed)
{
  int first = self->start[l], n = self->start[l + 1] - first;
  const int *from = by_upper ? self->up_start : self->down_start;
  const int *list = by_upper ? self->up : self->down;

  if (n < 2)
    return;
  for (int i = 0; i < n; i++)
    {
      int v = self->order[first + i], degree = from[v + 1] - from[v];
      double sum = 0;

      for (int k = from[v]; k < from[v + 1]; k++)
        sum += self->place[list[k]];
      keyed[i] = (Keyed){ degree > 0 ? sum / degree : i, i, v };
    }
  qsort (keyed, n, sizeof *keyed, compare_keyed);
  for (int i = 0; i < n; i++)
    {
      self->order[first + i] = keyed[i].vertex;
      self->place[keyed[i].vertex] = i;
    }
}

void
tap_layered_order (TapLayered *self, GCancellable *cancellable)
{
  g_autofree int *tree = NULL, *best = NULL;
  g_autofree Keyed *keyed = NULL;
  gint64 fewest;
  int widest = 0;

  walk (self);
  for (int l = 0; l < self->n_layers; l++)
    widest = MAX (widest, self->start[l + 1] - self->start[l]);
  tree = g_new (int, widest + 2);
  if (self->n_links > LINKS_MAX)
    return;
  fewest = count_crossings (self, tree);
  if (fewest == 0)
    return;
  keyed = g_new (Keyed, widest + 1);
  best = g_memdup2 (self->order, self->n_vertices * sizeof *self->order);
  for (int sweep = 0, idle = 0; sweep < SWEEPS && idle < 4 && fewest > 0; sweep++)
    {
      gint64 crossings;

      if (g_cancellable_is_cancelled (cancellable))
        return;
      for (int i = 0; i < self->n_layers; i++)
        sort_layer (self, sweep % 2 == 0 ? i : self->n_layers - 1 - i, sweep % 2 == 0, keyed);
      crossings = count_crossings (self, tree);
      idle++;
      if (crossings < fewest)
        {
          fewest = crossings;
          memcpy (best, self->order, self->n_vertices * sizeof *best);
          idle = 0;
        }
    }
  memcpy (self->order, best, self->n_vertices * sizeof *best);
  for (int l = 0; l < self->n_layers; l++)
    for (int i = self->start[l]; i < self->start[l + 1]; i++)
      self->place[self->order[i]] = i - self->start[l];
}
