/* tap-layout-place.c - x coordinates: straight runs, packed against the main path
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Vertices that follow each other without a choice form a run that shares one x (the vertical blocks
 * of Brandes and Köpf 2001). Where the links of two runs cross, the lesser one is cut; what remains has a
 * consistent left-to-right order. The main path is one run at x = 0; all others are packed against it
 * from both sides, then drawn outward to their neighbours where there is room. Between two layers that
 * hold a single node, branches of similar weight are centred under it. */
#include "config.h"

#include "render/tap-layout-private.h"

#include <math.h>
#include <string.h>

/* Lines that run side by side keep this distance; a line and a box keep the gap of the layout. */
#define LINE_GAP     9.0
#define RELAX_ROUNDS 6
/* A stretch is centred when its boxes are this many times those of its main path. */
#define BRANCHY      1.6

typedef struct
{
  TapLayered *g;
  double node_gap;
  int *next; /* [n_vertices] the vertex below in the same run, or -1 */
  int *run;  /* [n_vertices] */
  int n_runs;
  int main_run;
  double *x;   /* [n_runs] */
  int *sorted; /* [n_runs] left to right */
} Placer;

static double
separation (const Placer *p, int a, int b)
{
  gboolean lines = a >= p->g->n_nodes && b >= p->g->n_nodes;

  return (p->g->width[a] + p->g->width[b]) / 2 + (lines ? LINE_GAP : p->node_gap);
}

/* The one vertex below that @v may continue to: the main path, the bundle it belongs to, an only child. */
static int
continuation (const TapLayered *g, int v)
{
  int first = g->down_start[v], n = g->down_start[v + 1] - first;

  if (g->main_next[v] >= 0)
    return g->main_next[v];
  for (int k = first; k < first + n; k++)
    if (v >= g->n_nodes && g->down[k] == v + 1 && v + 1 < g->n_vertices && g->down[k] >= g->n_nodes)
      return v + 1;
  if (n == 1 && g->up_start[g->down[first] + 1] - g->up_start[g->down[first]] == 1)
    return g->down[first];
  return -1;
}

/* Cuts runs whose links cross, the main path's never. */
static void
cut_crossings (Placer *p)
{
  const TapLayered *g = p->g;

  for (int l = 0; l + 1 < g->n_layers; l++)
    {
      int main_above = -1, main_below = -1, last = -1;

      for (int i = g->start[l]; i < g->start[l + 1]; i++)
        if (g->main_next[g->order[i]] >= 0)
          {
            main_above = i - g->start[l];
            main_below = g->place[g->main_next[g->order[i]]];
          }
      for (int i = g->start[l]; i < g->start[l + 1]; i++)
        {
          int v = g->order[i], above = i - g->start[l], below;

          if (p->next[v] < 0)
            continue;
          below = g->place[p->next[v]];
          if (below <= last || (main_above >= 0 && (above < main_above) != (below < main_below) &&
                                above != main_above))
            p->next[v] = -1;
          else
            last = below;
        }
    }
}

static void
make_runs (Placer *p)
{
  const TapLayered *g = p->g;
  g_autofree gboolean *entered = g_new0 (gboolean, g->n_vertices + 1);

  for (int v = 0; v < g->n_vertices; v++)
    if (p->next[v] >= 0)
      entered[p->next[v]] = TRUE;
  for (int i = 0; i < g->n_vertices; i++)
    if (!entered[g->order[i]])
      {
        for (int v = g->order[i]; v >= 0; v = p->next[v])
          p->run[v] = p->n_runs;
        p->n_runs++;
      }
  p->main_run = g->main_first >= 0 ? p->run[g->main_first] : 0;
}

/* Left-to-right order of the runs; neighbours in every layer respect it. */
static void
sort_runs (Placer *p)
{
  const TapLayered *g = p->g;
  g_autofree int *open = g_new0 (int, p->n_runs + 1);
  g_autofree int *start = g_new0 (int, p->n_runs + 2);
  g_autofree int *right = g_new (int, g->n_vertices + 1);
  int head = 0, tail = 0;

  for (int pass = 0; pass < 2; pass++)
    {
      for (int l = 0; l < g->n_layers; l++)
        for (int i = g->start[l]; i + 1 < g->start[l + 1]; i++)
          {
            int a = p->run[g->order[i]], b = p->run[g->order[i + 1]];

            if (pass == 0)
              {
                start[a + 2]++;
                open[b]++;
              }
            else
              right[start[a + 1]++] = b;
          }
      for (int r = 0; pass == 0 && r < p->n_runs; r++)
        start[r + 2] += start[r + 1];
    }
  for (int r = 0; r < p->n_runs; r++)
    if (open[r] == 0)
      p->sorted[tail++] = r;
  while (head < tail)
    {
      int r = p->sorted[head++];

      for (int k = start[r]; k < start[r + 1]; k++)
        if (--open[right[k]] == 0)
          p->sorted[tail++] = right[k];
    }
  g_assert (tail == p->n_runs);
}

/* Vertices of each run, from the top, as rows. */
static void
list_runs (const Placer *p, int **start_out, int **list_out)
{
  const TapLayered *g = p->g;
  int *start = g_new0 (int, p->n_runs + 2);
  int *list = g_new (int, g->n_vertices + 1);

  for (int v = 0; v < g->n_vertices; v++)
    start[p->run[v] + 2]++;
  for (int r = 0; r < p->n_runs; r++)
    start[r + 2] += start[r + 1];
  for (int i = 0; i < g->n_vertices; i++)
    list[start[p->run[g->order[i]] + 1]++] = g->order[i];
  *start_out = start;
  *list_out = list;
}

/* The x nearest to the middle that the neighbours on the given side allow, over all layers of a run. */
static double
bound (const Placer *p, const int *list, int n, gboolean from_left)
{
  const TapLayered *g = p->g;
  double best = from_left ? -G_MAXDOUBLE : G_MAXDOUBLE;

  for (int i = 0; i < n; i++)
    {
      int v = list[i], at = g->start[g->rank[v]] + g->place[v];

      if (from_left && g->place[v] > 0)
        {
          int u = g->order[at - 1];

          best = MAX (best, p->x[p->run[u]] + separation (p, u, v));
        }
      else if (!from_left && at + 1 < g->start[g->rank[v] + 1])
        {
          int u = g->order[at + 1];

          best = MIN (best, p->x[p->run[u]] - separation (p, v, u));
        }
    }
  return best;
}

/* Mean x of the vertices of other runs that this run is linked to. */
static double
wish (const Placer *p, const int *list, int n, double fallback)
{
  const TapLayered *g = p->g;
  double sum = 0;
  int count = 0;

  for (int i = 0; i < n; i++)
    {
      int v = list[i];

      for (int k = g->up_start[v]; k < g->up_start[v + 1]; k++)
        if (p->run[g->up[k]] != p->run[v])
          {
            sum += p->x[p->run[g->up[k]]];
            count++;
          }
      for (int k = g->down_start[v]; k < g->down_start[v + 1]; k++)
        if (p->run[g->down[k]] != p->run[v])
          {
            sum += p->x[p->run[g->down[k]]];
            count++;
          }
    }
  return count > 0 ? sum / count : fallback;
}

/* TRUE for runs that stand left of the main path. */
static void
find_left (const Placer *p, gboolean *is_left)
{
  const TapLayered *g = p->g;

  for (int l = 0; l < g->n_layers; l++)
    {
      int i;

      for (i = g->start[l]; i < g->start[l + 1]; i++)
        if (p->run[g->order[i]] == p->main_run)
          break;
      if (i == g->start[l + 1])
        continue;
      for (int k = g->start[l]; k < i; k++)
        is_left[p->run[g->order[k]]] = TRUE;
    }
}

static void
pack_runs (Placer *p)
{
  g_autofree int *start = NULL, *list = NULL;
  g_autofree gboolean *is_left = g_new0 (gboolean, p->n_runs + 1);

  list_runs (p, &start, &list);
  find_left (p, is_left);
  /* right of the main path: as far left as the left neighbours allow */
  for (int i = 0; i < p->n_runs; i++)
    {
      int r = p->sorted[i];

      if (r != p->main_run && !is_left[r])
        {
          double least = bound (p, list + start[r], start[r + 1] - start[r], TRUE);

          p->x[r] = least > -G_MAXDOUBLE ? least : 0;
        }
    }
  for (int i = p->n_runs - 1; i >= 0; i--)
    {
      int r = p->sorted[i];

      if (is_left[r])
        {
          double most = bound (p, list + start[r], start[r + 1] - start[r], FALSE);

          p->x[r] = most < G_MAXDOUBLE ? most : 0;
        }
    }
  for (int round = 0; round < RELAX_ROUNDS; round++)
    for (int i = 0; i < p->n_runs; i++)
      {
        int r = p->sorted[round % 2 == 0 ? p->n_runs - 1 - i : i];
        const int *vertices = list + start[r];
        int n = start[r + 1] - start[r];
        double low, high;

        if (r == p->main_run)
          continue;
        low = bound (p, vertices, n, TRUE);
        high = bound (p, vertices, n, FALSE);
        if (low <= high)
          p->x[r] = CLAMP (wish (p, vertices, n, p->x[r]), low, high);
      }
}

/* Shifts stretches of parallel branches so that they stand centred under the node they leave from. */
static void
centre_stretches (Placer *p)
{
  TapLayered *g = p->g;

  for (int l = 0, end; l < g->n_layers; l = end)
    {
      double left = G_MAXDOUBLE, right = -G_MAXDOUBLE;
      int nodes = 0, on_main = 0;

      for (end = l + 1; end < g->n_layers && g->start[end + 1] - g->start[end] > 1; end++)
        for (int i = g->start[end]; i < g->start[end + 1]; i++)
          {
            int v = g->order[i];

            if (v >= g->n_nodes)
              continue;
            nodes++;
            on_main += p->run[v] == p->main_run;
            left = MIN (left, g->x[v] - g->width[v] / 2);
            right = MAX (right, g->x[v] + g->width[v] / 2);
          }
      if (end == g->n_layers || g->start[l + 1] - g->start[l] != 1 || on_main == 0 ||
          nodes < BRANCHY * on_main)
        continue;
      for (int i = g->start[l + 1]; i < g->start[end]; i++)
        g->x[g->order[i]] -= (left + right) / 2;
    }
}

void
tap_layered_place (TapLayered *self, double node_gap)
{
  int n = self->n_vertices;
  g_autofree int *next = g_new (int, n + 1);
  g_autofree int *run = g_new0 (int, n + 1);
  g_autofree double *x = g_new0 (double, n + 1);
  g_autofree int *sorted = g_new0 (int, n + 1);
  Placer p = { self, node_gap, next, run, 0, 0, x, sorted };

  for (int v = 0; v < n; v++)
    next[v] = continuation (self, v);
  cut_crossings (&p);
  make_runs (&p);
  sort_runs (&p);
  pack_runs (&p);
  for (int v = 0; v < n; v++)
    self->x[v] = x[run[v]];
  centre_stretches (&p);
}
