/* tap-layout.c - layered layout of a directed acyclic graph, pure geometry
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The steps are those of Sugiyama, Tagawa and Toda (1981): layers by longest path, order within the
 * layers, then coordinates. The longest path of the graph is kept as one straight line with everything
 * else beside it, and the edges of one node run together as far as they go (a DenseNet would otherwise
 * have a hundred thousand bends). Deliberately without network simplex: networks are long and thin,
 * and longest paths do as well. */
#include "config.h"

#include "render/tap-layout.h"

#include "render/tap-layout-private.h"

#include <math.h>
#include <string.h>

/* More bends than this are not made: the edges that pass most layers go straight instead. */
#define BENDS_MAX 400000
/* Heads of several arrows into one box stand this far apart. */
#define PORT_GAP  12.0

TapLayout *
tap_layout_new (int n_nodes, int n_edges)
{
  TapLayout *self = g_new0 (TapLayout, 1);

  self->n_nodes = MAX (n_nodes, 0);
  self->n_edges = MAX (n_edges, 0);
  self->nodes = g_new0 (TapLayoutNode, self->n_nodes + 1);
  self->edges = g_new0 (TapLayoutEdge, self->n_edges + 1);
  return self;
}

void
tap_layout_free (TapLayout *self)
{
  if (self == NULL)
    return;
  for (int e = 0; e < self->n_edges; e++)
    g_clear_pointer (&self->edges[e].points, g_array_unref);
  g_free (self->edges);
  g_free (self->nodes);
  g_free (self);
}

void
tap_layered_free (TapLayered *self)
{
  if (self == NULL)
    return;
  g_free (self->rank);
  g_free (self->width);
  g_free (self->order);
  g_free (self->start);
  g_free (self->place);
  g_free (self->down_start);
  g_free (self->down);
  g_free (self->up_start);
  g_free (self->up);
  g_free (self->trunk);
  g_free (self->trunk_end);
  g_free (self->main_next);
  g_free (self->x);
  g_free (self);
}

static gboolean
is_edge (const TapLayout *layout, int e)
{
  const TapLayoutEdge *edge = &layout->edges[e];

  return edge->from >= 0 && edge->from < layout->n_nodes && edge->to >= 0 &&
         edge->to < layout->n_nodes && edge->from != edge->to;
}

/* Rows of a compressed list of the edges that leave each node. */
static void
list_edges (const TapLayout *layout, int **start_out, int **edges_out)
{
  int *start = g_new0 (int, layout->n_nodes + 2);
  int *edges = g_new (int, layout->n_edges + 1);

  for (int e = 0; e < layout->n_edges; e++)
    if (is_edge (layout, e))
      start[layout->edges[e].from + 2]++;
  for (int i = 0; i < layout->n_nodes; i++)
    start[i + 2] += start[i + 1];
  for (int e = 0; e < layout->n_edges; e++)
    if (is_edge (layout, e))
      edges[start[layout->edges[e].from + 1]++] = e;
  *start_out = start;
  *edges_out = edges;
}

/* Longest path from the sources; then nodes that only feed others move down to whom they feed.
 * Nodes of a cycle (a mistake of the caller) stay in layer 0 and their edges are left out. */
static void
rank_nodes (const TapLayout *layout, const int *start, const int *edges, int *rank)
{
  int n = layout->n_nodes, head = 0, tail = 0;
  g_autofree int *open = g_new0 (int, n + 1);
  g_autofree int *fan_in = g_new0 (int, n + 1);
  g_autofree int *queue = g_new (int, n + 1);

  for (int e = 0; e < layout->n_edges; e++)
    if (is_edge (layout, e))
      fan_in[layout->edges[e].to]++;
  memcpy (open, fan_in, n * sizeof *open);
  for (int i = 0; i < n; i++)
    if (open[i] == 0)
      queue[tail++] = i;
  while (head < tail)
    {
      int u = queue[head++];

      for (int k = start[u]; k < start[u + 1]; k++)
        {
          int v = layout->edges[edges[k]].to;

          rank[v] = MAX (rank[v], rank[u] + 1);
          if (--open[v] == 0)
            queue[tail++] = v;
        }
    }
  for (int i = tail - 1; i >= 0; i--)
    {
      int u = queue[i], fan_out = start[u + 1] - start[u], nearest = G_MAXINT;

      for (int k = start[u]; k < start[u + 1]; k++)
        nearest = MIN (nearest, rank[layout->edges[edges[k]].to]);
      if (fan_out > 0 && nearest > rank[u] + 1 && (fan_in[u] == 0 || fan_out > fan_in[u]))
        rank[u] = nearest - 1;
    }
}

/* How far below its node each bundle of edges reaches, shortened when there would be too many bends. */
static gint64
measure_trunks (const TapLayout *layout,
                const int *start,
                const int *edges,
                const int *rank,
                int *reach)
{
  int limit = G_MAXINT;
  gint64 bends;

  do
    {
      int longest = 0;

      bends = 0;
      for (int u = 0; u < layout->n_nodes; u++)
        {
          reach[u] = 0;
          for (int k = start[u]; k < start[u + 1]; k++)
            {
              int span = rank[layout->edges[edges[k]].to] - rank[u] - 1;

              if (span > reach[u] && span <= limit)
                reach[u] = span;
            }
          bends += reach[u];
          longest = MAX (longest, reach[u]);
        }
      limit = longest / 2;
    }
  while (bends > BENDS_MAX);
  return bends;
}

/* The vertex above @to on the way from @from, or -1 when the edge does without bends. */
static int
last_before (const TapLayered *self, int from, int to)
{
  int span = self->rank[to] - self->rank[from] - 1;

  if (span < 0)
    return -1;
  if (span == 0)
    return from;
  return span <= self->trunk_end[from] - self->trunk[from] ? self->trunk[from] + span - 1 : -1;
}

static void
link_vertices (TapLayered *self, const TapLayout *layout)
{
  int n = self->n_vertices;
  /* ends of all links first, then sorted into rows */
  g_autofree int *upper = g_new (int, n + layout->n_edges + 1);
  g_autofree int *lower = g_new (int, n + layout->n_edges + 1);
  g_autofree int *fill = g_new0 (int, n + 1);
  int count = 0;

  for (int e = 0; e < layout->n_edges; e++)
    if (is_edge (layout, e))
      {
        int above = last_before (self, layout->edges[e].from, layout->edges[e].to);

        if (above >= 0)
          {
            upper[count] = above;
            lower[count++] = layout->edges[e].to;
          }
      }
  for (int u = 0; u < self->n_nodes; u++)
    for (int b = self->trunk[u]; b < self->trunk_end[u]; b++)
      {
        upper[count] = b == self->trunk[u] ? u : b - 1;
        lower[count++] = b;
      }
  self->n_links = count;
  self->down_start = g_new0 (int, n + 1);
  self->up_start = g_new0 (int, n + 1);
  self->down = g_new (int, count + 1);
  self->up = g_new (int, count + 1);
  for (int i = 0; i < count; i++)
    {
      self->down_start[upper[i] + 1]++;
      self->up_start[lower[i] + 1]++;
    }
  for (int v = 0; v < n; v++)
    {
      self->down_start[v + 1] += self->down_start[v];
      self->up_start[v + 1] += self->up_start[v];
    }
  memcpy (fill, self->down_start, n * sizeof *fill);
  for (int i = 0; i < count; i++)
    self->down[fill[upper[i]]++] = lower[i];
  memcpy (fill, self->up_start, n * sizeof *fill);
  for (int i = 0; i < count; i++)
    self->up[fill[lower[i]]++] = upper[i];
}

/* The longest way down; among equals the one that stays on real nodes, then the first edge. */
static void
find_main_path (TapLayered *self)
{
  int n = self->n_vertices;
  g_autofree int *length = g_new0 (int, n + 1);
  int best = -1;

  self->main_next = g_new (int, n + 1);
  self->main_first = -1;
  /* by layer from below; order is not known yet, so by counting */
  for (int v = 0; v <= n; v++)
    self->main_next[v] = -1;
  for (int i = self->n_vertices - 1; i >= 0; i--)
    {
      int v = self->order[i];

      length[v] = v < self->n_nodes ? 1 : 0;
      for (int k = self->down_start[v]; k < self->down_start[v + 1]; k++)
        {
          int w = self->down[k];
          int through = length[w] + (v < self->n_nodes ? 1 : 0);

          if (self->main_next[v] < 0 || through > length[v])
            {
              length[v] = through;
              self->main_next[v] = w;
            }
        }
      if (best < 0 || length[v] >= length[best])
        best = v;
    }
  if (best < 0)
    return;
  self->main_first = best;
  /* keep only the path itself */
  for (int v = 0; v < n; v++)
    length[v] = 0;
  for (int v = best; v >= 0; v = self->main_next[v])
    length[v] = 1;
  for (int v = 0; v < n; v++)
    if (length[v] == 0)
      self->main_next[v] = -1;
}

TapLayered *
tap_layered_new (const TapLayout *layout, GCancellable *cancellable)
{
  g_autoptr (TapLayered) self = g_new0 (TapLayered, 1);
  g_autofree int *start = NULL, *edges = NULL, *fill = NULL;
  g_autofree int *reach = g_new0 (int, layout->n_nodes + 1);
  g_autofree int *node_rank = g_new0 (int, layout->n_nodes + 1);
  gint64 bends;
  int next;

  list_edges (layout, &start, &edges);
  rank_nodes (layout, start, edges, node_rank);
  bends = measure_trunks (layout, start, edges, node_rank, reach);
  if (g_cancellable_is_cancelled (cancellable))
    return NULL;

  self->n_nodes = layout->n_nodes;
  self->n_vertices = layout->n_nodes + (int) bends;
  self->rank = g_new0 (int, self->n_vertices + 1);
  self->width = g_new0 (double, self->n_vertices + 1);
  self->place = g_new0 (int, self->n_vertices + 1);
  self->x = g_new0 (double, self->n_vertices + 1);
  self->trunk = g_new0 (int, self->n_nodes + 1);
  self->trunk_end = g_new0 (int, self->n_nodes + 1);
  memcpy (self->rank, node_rank, self->n_nodes * sizeof *node_rank);
  next = self->n_nodes;
  for (int u = 0; u < self->n_nodes; u++)
    {
      self->width[u] = layout->nodes[u].width;
      self->trunk[u] = next;
      for (int i = 0; i < reach[u]; i++)
        self->rank[next++] = node_rank[u] + 1 + i;
      self->trunk_end[u] = next;
    }
  for (int v = 0; v < self->n_vertices; v++)
    self->n_layers = MAX (self->n_layers, self->rank[v] + 1);

  link_vertices (self, layout);
  self->start = g_new0 (int, self->n_layers + 1);
  self->order = g_new (int, self->n_vertices + 1);
  for (int v = 0; v < self->n_vertices; v++)
    self->start[self->rank[v] + 1]++;
  for (int l = 0; l < self->n_layers; l++)
    self->start[l + 1] += self->start[l];
  fill = g_memdup2 (self->start, (self->n_layers + 1) * sizeof *self->start);
  for (int v = 0; v < self->n_vertices; v++)
    {
      self->place[v] = fill[self->rank[v]] - self->start[self->rank[v]];
      self->order[fill[self->rank[v]]++] = v;
    }
  find_main_path (self);
  return g_steal_pointer (&self);
}

/* Tops of the layers, and the middle heights of the nodes. */
static double
stack_layers (TapLayout *layout,
              const TapLayered *layered,
              double layer_gap,
              double *top,
              double *bottom)
{
  double y = 0;

  for (int l = 0; l < layered->n_layers; l++)
    {
      double height = 0;

      for (int i = layered->start[l]; i < layered->start[l + 1]; i++)
        if (layered->order[i] < layered->n_nodes)
          height = MAX (height, layout->nodes[layered->order[i]].height);
      top[l] = y;
      bottom[l] = y + height;
      y += height + layer_gap;
    }
  return layered->n_layers > 0 ? y - layer_gap : 0;
}

static void
add_point (GArray *points, double x, double y)
{
  g_array_append_val (points, x);
  g_array_append_val (points, y);
}

/* Down from the node's foot, along its bends, to the head of the target. A run of bends above each
 * other needs only its two ends. */
static void
route_edge (TapLayout *layout,
            const TapLayered *layered,
            TapLayoutEdge *edge,
            double port,
            const double *top,
            const double *bottom)
{
  const TapLayoutNode *from = &layout->nodes[edge->from], *to = &layout->nodes[edge->to];
  int last = last_before (layered, edge->from, edge->to);

  edge->points = g_array_new (FALSE, FALSE, sizeof (double));
  add_point (edge->points, from->x, from->y + from->height / 2);
  /* leave the layer straight, so that the curve does not cut a taller neighbour */
  if (bottom[from->layer] > from->y + from->height / 2 + 1)
    add_point (edge->points, from->x, bottom[from->layer]);
  if (last >= layered->n_nodes)
    {
      int first = layered->trunk[edge->from];

      for (int b = first; b <= last; b++)
        {
          double x = layered->x[b];

          if (b == first || fabs (layered->x[b - 1] - x) > 0.01)
            add_point (edge->points, x, top[layered->rank[b]]);
          if (b == last || fabs (layered->x[b + 1] - x) > 0.01)
            add_point (edge->points, x, bottom[layered->rank[b]]);
        }
    }
  if (top[to->layer] < to->y - to->height / 2 - 1)
    add_point (edge->points, to->x + port, top[to->layer]);
  add_point (edge->points, to->x + port, to->y - to->height / 2);
}

typedef struct
{
  double x; /* where the edge comes from */
  int edge;
} Arrival;

static int
compare_arrivals (gconstpointer a, gconstpointer b)
{
  const Arrival *first = a, *second = b;

  if (first->x != second->x)
    return first->x < second->x ? -1 : 1;
  return first->edge - second->edge;
}

/* Arrows into one node side by side; the one from straight above keeps the middle. */
static void
spread_ports (const TapLayout *layout, const TapLayered *layered, double *ports)
{
  g_autofree int *count = g_new0 (int, layout->n_nodes + 2);
  g_autofree Arrival *arrivals = g_new (Arrival, layout->n_edges + 1);
  g_autofree int *fill = NULL;

  for (int e = 0; e < layout->n_edges; e++)
    if (is_edge (layout, e))
      count[layout->edges[e].to + 1]++;
  for (int i = 0; i < layout->n_nodes; i++)
    count[i + 1] += count[i];
  fill = g_memdup2 (count, (layout->n_nodes + 1) * sizeof *count);
  for (int e = 0; e < layout->n_edges; e++)
    if (is_edge (layout, e))
      {
        int to = layout->edges[e].to, last = last_before (layered, layout->edges[e].from, to);

        arrivals[fill[to]++] = (Arrival){ layered->x[last >= 0 ? last : layout->edges[e].from], e };
      }
  for (int i = 0; i < layout->n_nodes; i++)
    {
      int n = count[i + 1] - count[i], middle = -1;
      Arrival *list = arrivals + count[i];
      double gap, centre;

      if (n < 2)
        continue;
      qsort (list, n, sizeof *list, compare_arrivals);
      for (int k = 0; k < n && middle < 0; k++)
        if (fabs (list[k].x - layout->nodes[i].x) < 0.5)
          middle = k;
      centre = middle >= 0 ? middle : (n - 1) / 2.0;
      gap = MIN (PORT_GAP, (layout->nodes[i].width / 2 - 10) / MAX (centre, n - 1 - centre));
      for (int k = 0; k < n; k++)
        ports[list[k].edge] = (k - centre) * MAX (gap, 0);
    }
}

gboolean
tap_layout_run (TapLayout *self, double layer_gap, double node_gap, GCancellable *cancellable)
{
  g_autoptr (TapLayered) layered = NULL;
  g_autofree double *top = NULL, *bottom = NULL, *ports = NULL;
  double left = G_MAXDOUBLE, right = -G_MAXDOUBLE;

  self->width = self->height = 0;
  if (self->n_nodes == 0)
    return TRUE;
  layered = tap_layered_new (self, cancellable);
  if (layered == NULL)
    return FALSE;
  tap_layered_order (layered, cancellable);
  if (g_cancellable_is_cancelled (cancellable))
    return FALSE;
  tap_layered_place (layered, node_gap);

  for (int v = 0; v < layered->n_vertices; v++)
    {
      left = MIN (left, layered->x[v] - layered->width[v] / 2);
      right = MAX (right, layered->x[v] + layered->width[v] / 2);
    }
  for (int v = 0; v < layered->n_vertices; v++)
    layered->x[v] -= left;
  self->width = right - left;
  top = g_new (double, layered->n_layers + 1);
  bottom = g_new (double, layered->n_layers + 1);
  self->height = stack_layers (self, layered, layer_gap, top, bottom);
  for (int i = 0; i < self->n_nodes; i++)
    {
      TapLayoutNode *node = &self->nodes[i];

      node->layer = layered->rank[i];
      node->x = layered->x[i];
      node->y = top[node->layer] + node->height / 2;
    }
  ports = g_new0 (double, self->n_edges + 1);
  spread_ports (self, layered, ports);
  for (int e = 0; e < self->n_edges; e++)
    {
      g_clear_pointer (&self->edges[e].points, g_array_unref);
      if (is_edge (self, e))
        route_edge (self, layered, &self->edges[e], ports[e], top, bottom);
      else
        self->edges[e].points = g_array_new (FALSE, FALSE, sizeof (double));
    }
  return !g_cancellable_is_cancelled (cancellable);
}
