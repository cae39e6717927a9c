/* twin-graph.c - a whole network of twins, in double
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include "twin-graph.h"

#define MAX_IO 64

static void
shake (TwinArray *array, GRand *rand)
{
  for (gsize i = 0; array->errors != NULL && i < array->count; i++)
    if (isfinite (array->cells[i]))
      array->cells[i] += g_rand_boolean (rand) ? array->errors[i] : -array->errors[i];
}

/* Runs @node on @values; what it gives replaces what is there. */
static void
run_node (const TapNode *node, TwinArray *values, GRand *shaken)
{
  TwinFunc twin = twin_find (node->op_type);
  TwinArray inputs[MAX_IO], outputs[MAX_IO];

  g_assert_nonnull (twin);
  g_assert_cmpint (MAX (node->n_inputs, node->n_outputs), <=, MAX_IO);
  for (int i = 0; i < node->n_inputs; i++)
    inputs[i] =
      node->inputs[i] >= 0 ? values[node->inputs[i]] : (TwinArray){ .shape = { .n_dims = -1 } };
  twin_run (twin, node, inputs, node->n_inputs, outputs, node->n_outputs);
  for (int o = 0; o < node->n_outputs; o++)
    {
      twin_array_clear (&values[node->outputs[o]]);
      values[node->outputs[o]] = outputs[o];
      if (shaken != NULL)
        shake (&values[node->outputs[o]], shaken);
    }
}

static void
run_all (TwinGraph *self, GRand *shaken)
{
  for (int i = 0; i < tap_graph_n_nodes (self->graph); i++)
    {
      const TapNode *node = tap_graph_get_node (self->graph, i);

      if (!node->folded)
        run_node (node, self->values, shaken);
    }
}

static void
init (TwinGraph *self, TapGraph *graph)
{
  *self = (TwinGraph){ tap_graph_ref (graph), NULL, tap_graph_n_values (graph) };
  self->values = g_new0 (TwinArray, (gsize) self->n_values + 1);
  for (int v = 0; v < self->n_values; v++)
    self->values[v] = twin_array_new (tap_graph_get_value (graph, v)->constant);
}

void
twin_graph_init (TwinGraph *self, TapGraph *graph, TapTensor *const *inputs)
{
  init (self, graph);
  for (int i = 0; i < tap_graph_n_inputs (graph); i++)
    {
      twin_array_clear (&self->values[tap_graph_get_input (graph, i)]);
      self->values[tap_graph_get_input (graph, i)] = twin_array_new (inputs[i]);
    }
  run_all (self, NULL);
}

void
twin_graph_init_shaken (TwinGraph *self, const TwinGraph *from, GRand *rand)
{
  init (self, from->graph);
  for (int i = 0; i < tap_graph_n_inputs (self->graph); i++)
    {
      int v = tap_graph_get_input (self->graph, i);

      twin_array_clear (&self->values[v]);
      self->values[v] = twin_array_copy (&from->values[v]);
    }
  run_all (self, rand);
}

void
twin_graph_clear (TwinGraph *self)
{
  for (int v = 0; v < self->n_values; v++)
    twin_array_clear (&self->values[v]);
  g_clear_pointer (&self->values, g_free);
  g_clear_pointer (&self->graph, tap_graph_unref);
}

TwinArray
twin_graph_move (const TwinGraph *self, int value, const double *direction, double step, int output)
{
  g_autofree TwinArray *values = g_memdup2 (self->values, (gsize) self->n_values * sizeof *values);
  g_autofree gboolean *moved = g_new0 (gboolean, (gsize) self->n_values + 1);
  TwinArray answer;

  values[value] = twin_array_copy (&self->values[value]);
  moved[value] = TRUE;
  for (gsize i = 0; i < values[value].count; i++)
    values[value].cells[i] += step * direction[i];
  for (int i = 0; i < tap_graph_n_nodes (self->graph); i++)
    {
      const TapNode *node = tap_graph_get_node (self->graph, i);
      gboolean touched = FALSE;

      for (int k = 0; k < node->n_inputs; k++)
        touched |= node->inputs[k] >= 0 && moved[node->inputs[k]];
      if (!touched || node->folded)
        continue;
      for (int o = 0; o < node->n_outputs; o++)
        {
          /* what lies there belongs to self */
          values[node->outputs[o]] = (TwinArray){ 0 };
          moved[node->outputs[o]] = TRUE;
        }
      run_node (node, values, NULL);
    }
  answer = twin_array_copy (&values[output]);
  for (int v = 0; v < self->n_values; v++)
    if (moved[v])
      twin_array_clear (&values[v]);
  return answer;
}
