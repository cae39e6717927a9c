/* tap-graph-find.c - a layer by its name, or the names that were perhaps meant
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-graph-private.h"

#include "core/tap-error.h"

#include <string.h>

#define N_SUGGESTIONS 3
#define LONGEST       80

typedef struct
{
  const char *name;
  int distance;
} Candidate;

/* Levenshtein distance of two names, upper and lower case alike; long names are compared by their
 * beginnings. */
static int
edit_distance (const char *a, const char *b)
{
  int previous[LONGEST + 1], current[LONGEST + 1];
  int n_a = (int) MIN (strlen (a), LONGEST);
  int n_b = (int) MIN (strlen (b), LONGEST);

  for (int j = 0; j <= n_b; j++)
    previous[j] = j;
  for (int i = 1; i <= n_a; i++)
    {
      current[0] = i;
      for (int j = 1; j <= n_b; j++)
        {
          int same = g_ascii_tolower (a[i - 1]) == g_ascii_tolower (b[j - 1]);
          int best = MIN (previous[j], current[j - 1]) + 1;

          current[j] = MIN (best, previous[j - 1] + !same);
        }
      memcpy (previous, current, sizeof (int) * (gsize) (n_b + 1));
    }
  return previous[n_b];
}

/* Small is near. A name that contains the other is nearer than any that does not. */
static int
distance (const char *wanted, const char *name)
{
  g_autofree char *a = g_ascii_strdown (wanted, -1);
  g_autofree char *b = g_ascii_strdown (name, -1);

  if (*a != '\0' && (strstr (b, a) != NULL || (*b != '\0' && strstr (a, b) != NULL)))
    return (int) MIN (ABS ((gssize) strlen (a) - (gssize) strlen (b)), LONGEST) - LONGEST;
  return edit_distance (wanted, name);
}

static void
consider (Candidate *best, const char *wanted, const char *name)
{
  Candidate candidate = { name, distance (wanted, name) };

  for (int i = 0; i < N_SUGGESTIONS; i++)
    if (best[i].name != NULL && g_str_equal (best[i].name, name))
      return;
  for (int i = 0; i < N_SUGGESTIONS; i++)
    if (best[i].name == NULL || candidate.distance < best[i].distance)
      {
        Candidate pushed = best[i];

        best[i] = candidate;
        candidate = pushed;
        if (candidate.name == NULL)
          return;
      }
}

static void
set_not_found (const TapGraph *self, const char *name, GError **error)
{
  Candidate best[N_SUGGESTIONS] = { { NULL, 0 } };
  g_autoptr (GPtrArray) layers = tap_graph_list_layers (self);
  g_autoptr (GString) message = g_string_new (NULL);

  for (guint i = 0; i < layers->len; i++)
    {
      const TapNode *node = g_ptr_array_index (layers, i);

      consider (best, name, node->name);
      consider (best, name, tap_graph_layer_value (self, node)->name);
    }

  g_string_append_printf (message, "The network has no layer called “%s”.", name);
  for (int i = 0; i < N_SUGGESTIONS && best[i].name != NULL; i++)
    {
      gboolean last = i + 1 == N_SUGGESTIONS || best[i + 1].name == NULL;

      g_string_append (message, i == 0 ? " Did you mean " : last ? " or " : ", ");
      g_string_append_printf (message, "“%s”", best[i].name);
      if (last)
        g_string_append_c (message, '?');
    }
  g_set_error_literal (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_NOT_FOUND, message->str);
}

TapNode *
tap_graph_find_layer (const TapGraph *self, const char *name, GError **error)
{
  gpointer index;
  int value;

  if (g_hash_table_lookup_extended (self->node_index, name, NULL, &index))
    return g_ptr_array_index (self->nodes, GPOINTER_TO_INT (index));

  value = tap_graph_find_value (self, name);
  if (value >= 0 && tap_graph_get_value (self, value)->producer >= 0)
    return tap_graph_get_node (self, tap_graph_get_value (self, value)->producer);

  set_not_found (self, name, error);
  return NULL;
}
