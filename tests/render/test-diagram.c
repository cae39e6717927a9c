/* test-diagram.c - every layer stays within reach, blocks open and close, contrast holds
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "graphs.h"
#include "render/tap-diagram-private.h"
#include "render/tap-diagram.h"

#include <math.h>
#include <string.h>

static TapDiagram *
make (TapGraph *graph, gboolean collapse, GHashTable *open)
{
  TapDiagram *diagram = tap_diagram_new (graph, collapse, open, NULL);

  g_assert_nonnull (diagram);
  return diagram;
}

static void
check_boxes (const TapDiagram *diagram, TapGraph *graph)
{
  double width, height;

  tap_diagram_get_size (diagram, &width, &height);
  for (int i = 0; i < tap_diagram_n_boxes (diagram); i++)
    {
      const TapDiagramBox *box = tap_diagram_get_box (diagram, i);

      g_assert_nonnull (box->title);
      g_assert_cmpint (box->repeat, >=, 1);
      g_assert_cmpfloat (box->x, >=, 0);
      g_assert_cmpfloat (box->y, >=, 0);
      g_assert_cmpfloat (box->x + box->width, <=, width);
      g_assert_cmpfloat (box->y + box->height, <=, height);
      g_assert_cmpint (tap_diagram_hit (diagram, box->x + box->width / 2, box->y + box->height / 2),
                       ==, i);
      if (box->is_block)
        g_assert_cmpint (box->block, >=, 0);
      else if (box->node >= 0)
        g_assert_cmpint (tap_diagram_find_box (diagram, box->node), ==, i);
      for (int k = 0; k < i; k++)
        {
          const TapDiagramBox *other = tap_diagram_get_box (diagram, k);

          g_assert_true (
            box->x >= other->x + other->width - 1e-6 || other->x >= box->x + box->width - 1e-6 ||
            box->y >= other->y + other->height - 1e-6 || other->y >= box->y + box->height - 1e-6);
        }
    }
  for (int n = 0; n < tap_graph_n_nodes (graph); n++)
    g_assert_cmpint (tap_diagram_find_box (diagram, n), >=, 0);
}

static void
test_round_trip (void)
{
  g_test_summary ("Closed or open, every layer has a box, and no two boxes overlap");
  for (int kind = 0; kind < N_GRAPHS; kind++)
    for (int named = 0; named < 2; named++)
      {
        g_autoptr (TapGraph) graph = graph_build (kind, named);
        g_autoptr (GHashTable) open = g_hash_table_new (NULL, NULL);
        g_autoptr (TapDiagram) closed = make (graph, TRUE, NULL);
        gboolean opened = TRUE;
        int rounds = 0;

        check_boxes (closed, graph);
        while (opened && rounds++ < 4)
          {
            g_autoptr (TapDiagram) diagram = make (graph, TRUE, open);

            opened = FALSE;
            if (kind != GRAPH_DENSENET201)
              check_boxes (diagram, graph);
            for (int i = 0; i < tap_diagram_n_boxes (diagram); i++)
              {
                const TapDiagramBox *box = tap_diagram_get_box (diagram, i);

                if (box->is_block && !box->expanded_block)
                  opened = g_hash_table_add (open, GINT_TO_POINTER (box->block));
              }
          }
        /* runs, then blocks: nothing lies deeper */
        g_assert_cmpint (rounds, <=, 3);
        {
          g_autoptr (TapDiagram) diagram = make (graph, TRUE, open);

          for (int n = 0; n < tap_graph_n_nodes (graph); n++)
            {
              const TapDiagramBox *box =
                tap_diagram_get_box (diagram, tap_diagram_find_box (diagram, n));

              g_assert_cmpint (box->node, ==, n);
              g_assert_false (box->is_block);
            }
        }
      }
}

static int
count_blocks (const TapDiagram *diagram, int *repeats)
{
  int n = 0;

  *repeats = 0;
  for (int i = 0; i < tap_diagram_n_boxes (diagram); i++)
    if (tap_diagram_get_box (diagram, i)->is_block)
      {
        n++;
        *repeats += tap_diagram_get_box (diagram, i)->repeat;
      }
  return n;
}

static void
test_blocks (void)
{
  static const struct
  {
    GraphKind kind;
    int blocks;
  } cases[] = { { GRAPH_SQUEEZENET, 8 },
                { GRAPH_RESNET50, 16 },
                { GRAPH_GOOGLENET, 9 },
                { GRAPH_DENSENET201, 4 },
                { GRAPH_VGG, 0 } };

  g_test_summary (
    "Fire modules, residual blocks, inception modules and dense blocks are found with and "
    "without names");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int named = 0; named < 2; named++)
      {
        g_autoptr (TapGraph) graph = graph_build (cases[i].kind, named);
        g_autoptr (TapDiagram) diagram = make (graph, TRUE, NULL);
        int repeats;

        count_blocks (diagram, &repeats);
        g_test_message ("%s, %s: %d blocks", graph_names[cases[i].kind],
                        named ? "named" : "unnamed", repeats);
        g_assert_cmpint (repeats, ==, cases[i].blocks);
      }
}

static void
test_titles (void)
{
  g_autoptr (TapGraph) graph = graph_build (GRAPH_SQUEEZENET, TRUE);
  g_autoptr (GHashTable) open = g_hash_table_new (NULL, NULL);
  g_autoptr (TapDiagram) closed = make (graph, TRUE, NULL);
  g_autoptr (TapDiagram) diagram = NULL;
  const TapDiagramBox *box = NULL;
  gboolean run = FALSE, found = FALSE;

  g_test_summary ("Titles, operations and shapes read as a person would write them");
  for (int i = 0; i < tap_diagram_n_boxes (closed); i++)
    {
      box = tap_diagram_get_box (closed, i);
      if (g_str_equal (box->title, "conv1"))
        {
          g_assert_cmpstr (box->subtitle, ==, "Conv 3×3 / 2, 64");
          g_assert_cmpstr (box->shape, ==, "64×114×114");
        }
      if (g_str_equal (box->title, "fire2"))
        {
          g_assert_true (box->is_block);
          g_hash_table_add (open, GINT_TO_POINTER (box->block));
        }
      run = run || (box->repeat == 4 && g_str_equal (box->title, "fire6 – 9"));
    }
  g_assert_true (run);
  diagram = make (graph, TRUE, open);
  for (int i = 0; i < tap_diagram_n_boxes (diagram); i++)
    {
      box = tap_diagram_get_box (diagram, i);
      found = found || (g_str_equal (box->title, "squeeze1x1") && box->expanded_block);
    }
  g_assert_true (found);
}

static void
test_keys (void)
{
  g_autoptr (TapGraph) graph = graph_build (GRAPH_GOOGLENET, TRUE);
  g_autoptr (TapDiagram) diagram = make (graph, FALSE, NULL);
  int steps = 0, box = 0, last;

  g_test_summary ("Down leads from the input to the end, up back again, sideways to the branches");
  for (last = box; box >= 0; steps++)
    {
      last = box;
      box = tap_diagram_neighbour (diagram, box, 1);
      g_assert_cmpint (steps, <, 1000);
    }
  g_assert_cmpint (tap_diagram_get_box (diagram, last)->node, ==, tap_graph_n_nodes (graph) - 1);
  for (box = last; box > 0;)
    {
      g_assert_cmpint (tap_diagram_neighbour (diagram, box, 0), <, box);
      box = tap_diagram_neighbour (diagram, box, 0);
    }
  g_assert_cmpint (box, ==, 0);
  box =
    tap_diagram_find_box (diagram, tap_graph_find_layer (graph, "inception_3a/3x3", NULL)->index);
  g_assert_cmpint (
    MAX (tap_diagram_neighbour (diagram, box, 2), tap_diagram_neighbour (diagram, box, 3)), >=, 0);
  g_assert_cmpint (tap_diagram_neighbour (diagram, -1, 1), ==, -1);
  g_assert_cmpint (tap_diagram_neighbour (diagram, 0, 9), ==, -1);
}

static void
test_speed (void)
{
  g_autoptr (TapGraph) graph = graph_build (GRAPH_DENSENET201, TRUE);
  gint64 start = g_get_monotonic_time ();
  g_autoptr (TapDiagram) diagram = make (graph, FALSE, NULL);
  double milliseconds = (g_get_monotonic_time () - start) / 1000.0;
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, 700, 700);
  const TapDiagramStyle style = { .selected = 40, .hovered = -1, .scale = 1, .accent = 0x3584e4 };
  const cairo_rectangle_t clip = { 0, 5000, 700, 700 };
  cairo_t *cr = cairo_create (surface);

  g_test_summary ("DenseNet-201 with all its concatenations is drawn whole in under a second");
  g_test_message ("%d layers: %.1f ms", tap_graph_n_nodes (graph), milliseconds);
  g_assert_cmpfloat (milliseconds, <, 1000);
  cairo_translate (cr, 0, -5000);
  start = g_get_monotonic_time ();
  tap_diagram_draw (diagram, cr, &clip, &style);
  g_test_message ("one screen of it: %.1f ms", (g_get_monotonic_time () - start) / 1000.0);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

static double
luminance (guint32 rgb)
{
  double sum = 0;

  for (int c = 0; c < 3; c++)
    {
      double v = (rgb >> (16 - 8 * c) & 255) / 255.0;
      const double weights[] = { 0.2126, 0.7152, 0.0722 };

      sum += weights[c] * (v <= 0.04045 ? v / 12.92 : pow ((v + 0.055) / 1.055, 2.4));
    }
  return sum;
}

static double
contrast (guint32 a, guint32 b)
{
  double x = luminance (a), y = luminance (b);

  return (MAX (x, y) + 0.05) / (MIN (x, y) + 0.05);
}

static void
test_contrast (void)
{
  g_test_summary ("All text has a contrast of 4.5 to 1 or more in both styles, names 7 to 1");
  for (int dark = 0; dark < 2; dark++)
    for (int family = 0; family < TAP_N_FAMILIES; family++)
      {
        const TapFamilyColours *colours = tap_diagram_family_colours (family, dark);

        g_assert_cmpfloat (contrast (colours->title, colours->fill), >=, 7);
        g_assert_cmpfloat (contrast (colours->title, colours->hover), >=, 7);
        g_assert_cmpfloat (contrast (colours->text, colours->fill), >=, 4.5);
        g_assert_cmpfloat (contrast (colours->text, colours->hover), >=, 4.5);
        /* the badge: fill on bar */
        if (family == TAP_FAMILY_BLOCK)
          g_assert_cmpfloat (contrast (colours->bar, colours->fill), >=, 4.5);
      }
}

static void
test_problem (void)
{
  g_autoptr (TapGraph) graph = graph_build (GRAPH_VGG, TRUE);
  g_autoptr (TapDiagram) diagram = NULL;
  cairo_surface_t *surface;
  cairo_t *cr;
  double width, height;
  const TapDiagramStyle style = { .selected = 1,
                                  .hovered = 2,
                                  .focused = TRUE,
                                  .find = "pool",
                                  .scale = 1,
                                  .accent = 0x3584e4 };
  const TapDiagramBox *box;

  g_test_summary ("A layer that cannot run stands alone, is marked, and the rest is drawn");
  /* the first ReLU */
  tap_graph_get_node (graph, 1)->problem = g_strdup ("The operator Foo is not known.");
  diagram = make (graph, TRUE, NULL);
  box = tap_diagram_get_box (diagram, tap_diagram_find_box (diagram, 1));
  g_assert_true (box->problem);
  g_assert_false (box->attached);
  tap_diagram_get_size (diagram, &width, &height);
  surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, (int) width, (int) height);
  cr = cairo_create (surface);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_paint (cr);
  tap_diagram_draw (diagram, cr, NULL, &style);
  g_assert_cmpint (cairo_status (cr), ==, CAIRO_STATUS_SUCCESS);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
}

static void
test_cancel (void)
{
  g_autoptr (TapGraph) graph = graph_build (GRAPH_RESNET50, TRUE);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();

  g_test_summary ("A cancelled diagram is no diagram");
  g_cancellable_cancel (cancelled);
  g_assert_null (tap_diagram_new (graph, TRUE, NULL, cancelled));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/render/diagram/round-trip", test_round_trip);
  g_test_add_func ("/render/diagram/blocks", test_blocks);
  g_test_add_func ("/render/diagram/titles", test_titles);
  g_test_add_func ("/render/diagram/keys", test_keys);
  g_test_add_func ("/render/diagram/speed", test_speed);
  g_test_add_func ("/render/diagram/contrast", test_contrast);
  g_test_add_func ("/render/diagram/problem", test_problem);
  g_test_add_func ("/render/diagram/cancel", test_cancel);
  return g_test_run ();
}
