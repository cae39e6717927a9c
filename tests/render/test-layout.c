/* test-layout.c - properties of layered layouts: downward edges, no overlaps, straight main path
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "render/tap-layout.h"

#include <math.h>

#define LAYER_GAP 28
#define NODE_GAP  20

static double
point (const TapLayoutEdge *edge, guint i)
{
  return g_array_index (edge->points, double, i);
}

static void
check (const TapLayout *layout)
{
  for (int e = 0; e < layout->n_edges; e++)
    {
      const TapLayoutEdge *edge = &layout->edges[e];
      const TapLayoutNode *from = &layout->nodes[edge->from], *to = &layout->nodes[edge->to];
      guint n = edge->points->len;

      g_assert_cmpint (from->layer, <, to->layer);
      g_assert_cmpuint (n, >=, 4);
      g_assert_cmpfloat_with_epsilon (point (edge, 0), from->x, 1e-6);
      g_assert_cmpfloat_with_epsilon (point (edge, 1), from->y + from->height / 2, 1e-6);
      g_assert_cmpfloat (fabs (point (edge, n - 2) - to->x), <=, to->width / 2);
      g_assert_cmpfloat_with_epsilon (point (edge, n - 1), to->y - to->height / 2, 1e-6);
      for (guint i = 3; i < n; i += 2)
        g_assert_cmpfloat (point (edge, i), >=, point (edge, i - 2) - 1e-6);
    }
  for (int a = 0; a < layout->n_nodes; a++)
    {
      const TapLayoutNode *p = &layout->nodes[a];

      g_assert_cmpfloat (p->x - p->width / 2, >=, -1e-6);
      g_assert_cmpfloat (p->x + p->width / 2, <=, layout->width + 1e-6);
      g_assert_cmpfloat (p->y - p->height / 2, >=, -1e-6);
      g_assert_cmpfloat (p->y + p->height / 2, <=, layout->height + 1e-6);
      for (int b = 0; b < a; b++)
        {
          const TapLayoutNode *q = &layout->nodes[b];

          g_assert_true (fabs (p->x - q->x) >= (p->width + q->width) / 2 + NODE_GAP - 1e-6 ||
                         fabs (p->y - q->y) >= (p->height + q->height) / 2 + LAYER_GAP - 1e-6);
        }
    }
}

static void
size_nodes (TapLayout *layout, GRand *random)
{
  for (int i = 0; i < layout->n_nodes; i++)
    {
      layout->nodes[i].width = random != NULL ? g_rand_int_range (random, 20, 200) : 180;
      layout->nodes[i].height = random != NULL ? g_rand_int_range (random, 10, 80) : 40;
    }
}

static void
test_random (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (7);

  g_test_summary ("Random graphs: edges run downward and nothing overlaps");
  for (int round = 0; round < 60; round++)
    {
      int n = g_rand_int_range (random, 1, 90), m = n > 1 ? g_rand_int_range (random, 0, 3 * n) : 0;
      g_autoptr (TapLayout) layout = tap_layout_new (n, m);

      size_nodes (layout, random);
      for (int e = 0; e < m; e++)
        {
          int from = g_rand_int_range (random, 0, n - 1);

          layout->edges[e].from = from;
          layout->edges[e].to = g_rand_int_range (random, from + 1, n);
        }
      g_assert_true (tap_layout_run (layout, LAYER_GAP, NODE_GAP, NULL));
      check (layout);
    }
}

/* Blocks of @depth nodes with a skip around each. */
static TapLayout *
residual (int blocks, int depth)
{
  int n = blocks * (depth + 1) + 1, e = 0;
  TapLayout *layout = tap_layout_new (n, blocks * (depth + 2));

  size_nodes (layout, NULL);
  for (int b = 0; b < blocks; b++)
    {
      int top = b * (depth + 1);

      for (int i = 0; i <= depth; i++)
        {
          layout->edges[e].from = top + i;
          layout->edges[e++].to = top + i + 1;
        }
      layout->edges[e].from = top;
      layout->edges[e++].to = top + depth + 1;
    }
  g_assert_cmpint (e, ==, layout->n_edges);
  return layout;
}

static void
test_residual (void)
{
  g_autoptr (TapLayout) layout = residual (40, 8);
  int crossing_middle = 0;

  g_test_summary ("The main path of a residual network is one straight line, skips run beside it");
  g_assert_true (tap_layout_run (layout, LAYER_GAP, NODE_GAP, NULL));
  check (layout);
  for (int i = 1; i < layout->n_nodes; i++)
    g_assert_cmpfloat (layout->nodes[i].x, ==, layout->nodes[0].x);
  for (int e = 0; e < layout->n_edges; e++)
    {
      const TapLayoutEdge *edge = &layout->edges[e];

      if (edge->to - edge->from == 1)
        continue;
      g_assert_cmpuint (edge->points->len, >=, 8);
      for (guint i = 2; i + 2 < edge->points->len; i += 2)
        if (fabs (point (edge, i) - layout->nodes[0].x) < 90)
          crossing_middle++;
    }
  g_assert_cmpint (crossing_middle, ==, 0);
}

static void
test_branches (void)
{
  /* a fork of three branches of two nodes each, joined again */
  static const int edges[][2] = { { 0, 1 }, { 1, 2 }, { 2, 7 }, { 0, 3 }, { 3, 4 },
                                  { 4, 7 }, { 0, 5 }, { 5, 6 }, { 6, 7 } };
  g_autoptr (TapLayout) layout = tap_layout_new (8, G_N_ELEMENTS (edges));
  double left = G_MAXDOUBLE, right = 0;

  g_test_summary ("Equal branches stand centred under their fork, each straight");
  size_nodes (layout, NULL);
  for (gsize e = 0; e < G_N_ELEMENTS (edges); e++)
    {
      layout->edges[e].from = edges[e][0];
      layout->edges[e].to = edges[e][1];
    }
  g_assert_true (tap_layout_run (layout, LAYER_GAP, NODE_GAP, NULL));
  check (layout);
  for (int i = 1; i < 7; i += 2)
    {
      g_assert_cmpfloat_with_epsilon (layout->nodes[i].x, layout->nodes[i + 1].x, 1e-6);
      left = MIN (left, layout->nodes[i].x);
      right = MAX (right, layout->nodes[i].x);
    }
  g_assert_cmpfloat_with_epsilon ((left + right) / 2, layout->nodes[0].x, 1e-6);
  g_assert_cmpfloat_with_epsilon (layout->nodes[0].x, layout->nodes[7].x, 1e-6);
}

static void
test_speed (void)
{
  g_autoptr (TapLayout) deep = residual (64, 7);
  /* one long chain with every pair joined: far more bends than are ever made */
  int n = 700, e = 0;
  g_autoptr (TapLayout) dense = tap_layout_new (n, n * (n - 1) / 2);
  gint64 start;
  double milliseconds;

  g_test_summary ("513 nodes take a few milliseconds, a quarter of a million edges do not hang");
  start = g_get_monotonic_time ();
  g_assert_true (tap_layout_run (deep, LAYER_GAP, NODE_GAP, NULL));
  milliseconds = (g_get_monotonic_time () - start) / 1000.0;
  g_test_message ("%d nodes: %.2f ms", deep->n_nodes, milliseconds);
  g_assert_cmpfloat (milliseconds, <, 500);
  size_nodes (dense, NULL);
  for (int a = 0; a < n; a++)
    for (int b = a + 1; b < n; b++)
      {
        dense->edges[e].from = a;
        dense->edges[e++].to = b;
      }
  start = g_get_monotonic_time ();
  g_assert_true (tap_layout_run (dense, LAYER_GAP, NODE_GAP, NULL));
  g_test_message ("%d edges: %.0f ms", dense->n_edges, (g_get_monotonic_time () - start) / 1000.0);
}

static void
test_strange (void)
{
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (TapLayout) empty = tap_layout_new (0, 0);
  g_autoptr (TapLayout) loop = tap_layout_new (3, 4);

  g_test_summary ("Nothing, loops and numbers out of range do no harm; cancelling says so");
  g_assert_true (tap_layout_run (empty, LAYER_GAP, NODE_GAP, NULL));
  size_nodes (loop, NULL);
  loop->edges[0] = (TapLayoutEdge){ 0, 1, NULL };
  loop->edges[1] = (TapLayoutEdge){ 1, 0, NULL };
  loop->edges[2] = (TapLayoutEdge){ 2, 2, NULL };
  loop->edges[3] = (TapLayoutEdge){ -4, 9, NULL };
  g_assert_true (tap_layout_run (loop, LAYER_GAP, NODE_GAP, NULL));
  g_cancellable_cancel (cancelled);
  g_assert_false (tap_layout_run (loop, LAYER_GAP, NODE_GAP, cancelled));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/render/layout/random", test_random);
  g_test_add_func ("/render/layout/residual", test_residual);
  g_test_add_func ("/render/layout/branches", test_branches);
  g_test_add_func ("/render/layout/speed", test_speed);
  g_test_add_func ("/render/layout/strange", test_strange);
  return g_test_run ();
}
