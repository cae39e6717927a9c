/* draw-diagram.c - a developer's look at a diagram: NAME|FILE OUT.png [dark] [open=ID,…|all] [scale=S] [unnamed] [whole] [find=TEXT] [select=N]
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "graphs.h"
#include "render/tap-diagram.h"

#ifdef HAVE_FORMATS
#  include "formats/registry.h"
#endif

#include <stdlib.h>
#include <string.h>

static TapGraph *
find_graph (const char *name, gboolean named)
{
  for (int i = 0; i < N_GRAPHS; i++)
    if (g_str_equal (name, graph_names[i]))
      return graph_build (i, named);
#ifdef HAVE_FORMATS
  {
    TapLoadRequest request = { .path = name };
    GError *error = NULL;
    g_autoptr (TapModel) model = tap_format_load (&request, NULL, NULL, &error);

    if (model != NULL)
      return tap_graph_ref (model->graph);
    g_printerr ("%s\n", error->message);
  }
#endif
  return NULL;
}

int
main (int argc, char **argv)
{
  g_autoptr (GHashTable) open = g_hash_table_new (NULL, NULL);
  TapDiagramStyle style = { .selected = -1, .hovered = -1, .scale = 1, .accent = 0x3584e4 };
  gboolean named = TRUE, whole = FALSE, all = FALSE;
  g_autoptr (TapGraph) graph = NULL;
  g_autoptr (TapDiagram) diagram = NULL;
  cairo_surface_t *surface;
  double width, height;
  gint64 start;
  cairo_t *cr;

  if (argc < 3)
    return 2;
  for (int i = 3; i < argc; i++)
    {
      if (g_str_equal (argv[i], "dark"))
        style.dark = TRUE;
      else if (g_str_equal (argv[i], "unnamed"))
        named = FALSE;
      else if (g_str_equal (argv[i], "whole"))
        whole = TRUE;
      else if (g_str_equal (argv[i], "open=all"))
        all = TRUE;
      else if (g_str_has_prefix (argv[i], "open="))
        {
          g_auto (GStrv) ids = g_strsplit (argv[i] + 5, ",", -1);

          for (int k = 0; ids[k] != NULL; k++)
            g_hash_table_add (open, GINT_TO_POINTER (atoi (ids[k])));
        }
      else if (g_str_has_prefix (argv[i], "scale="))
        style.scale = g_ascii_strtod (argv[i] + 6, NULL);
      else if (g_str_has_prefix (argv[i], "find="))
        style.find = argv[i] + 5;
      else if (g_str_has_prefix (argv[i], "select="))
        style.selected = atoi (argv[i] + 7);
    }
  for (int i = 0; all && i < 10000; i++)
    g_hash_table_add (open, GINT_TO_POINTER (i));
  graph = find_graph (argv[1], named);
  if (graph == NULL)
    return 1;
  start = g_get_monotonic_time ();
  diagram = tap_diagram_new (graph, !whole, open, NULL);
  g_print ("%d layers, %d boxes, built in %.2f ms\n", tap_graph_n_nodes (graph),
           tap_diagram_n_boxes (diagram), (g_get_monotonic_time () - start) / 1000.0);
  tap_diagram_get_size (diagram, &width, &height);
  surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, MIN (width * style.scale, 32000),
                                        MIN (height * style.scale, 32000));
  cr = cairo_create (surface);
  if (style.dark)
    cairo_set_source_rgb (cr, 0.118, 0.118, 0.125);
  else
    cairo_set_source_rgb (cr, 0.98, 0.98, 0.98);
  cairo_paint (cr);
  cairo_scale (cr, style.scale, style.scale);
  /* the first time loads fonts */
  tap_diagram_draw (diagram, cr, NULL, &style);
  start = g_get_monotonic_time ();
  tap_diagram_draw (diagram, cr, NULL, &style);
  g_print ("%.0f x %.0f units, drawn in %.2f ms\n", width, height,
           (g_get_monotonic_time () - start) / 1000.0);
  cairo_destroy (cr);
  cairo_surface_write_to_png (surface, argv[2]);
  cairo_surface_destroy (surface);
  return 0;
}
