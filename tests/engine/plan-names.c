/* plan-names.c - plans followed with names instead of numbers
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "plan-names.h"

typedef struct
{
  const TapPlan *plan;
  GHashTable *memory; /* address → name */
  gsize **expected;   /* per value: names of its cells */
  gsize n_names;
} Names;

/* Where a value begins, in cells of four bytes; blocks are far apart. */
static gsize
address_of (const TapPlan *plan, int v)
{
  const TapPlanValue *value = &plan->values[v];
  int root = value->root;
  gsize place = 1;

  if (plan->values[root].place == TAP_PLACE_ARENA)
    {
      g_assert_cmpuint (value->offset, ==, plan->values[root].offset + value->at);
      g_assert_cmpuint (value->offset + tap_cpu_count (&value->shape) * 4, <=, plan->arena_bytes);
      return place + value->offset / 4;
    }
  if (plan->values[root].place == TAP_PLACE_KEPT)
    return (place << 40) + (plan->values[root].offset + value->at) / 4;
  g_assert_cmpint (plan->values[root].place, !=, TAP_PLACE_NONE);
  g_assert_cmpuint (value->at + tap_cpu_count (&value->shape) * 4, <=, plan->values[root].bytes);
  return (((gsize) root + 2) << 40) + value->at / 4;
}

static void
write_names (Names *names, int v)
{
  gsize at = address_of (names->plan, v);

  for (gsize i = 0; i < tap_cpu_count (&names->plan->values[v].shape); i++)
    g_hash_table_insert (names->memory, GSIZE_TO_POINTER (at + i),
                         GSIZE_TO_POINTER (names->expected[v][i]));
}

static void
check_names (const Names *names, int v)
{
  gsize at = address_of (names->plan, v);

  g_assert_nonnull (names->expected[v]);
  for (gsize i = 0; i < tap_cpu_count (&names->plan->values[v].shape); i++)
    g_assert_cmpuint (
      GPOINTER_TO_SIZE (g_hash_table_lookup (names->memory, GSIZE_TO_POINTER (at + i))), ==,
      names->expected[v][i]);
}

static void
make_names (Names *names, int v)
{
  gsize n = tap_cpu_count (&names->plan->values[v].shape);

  names->expected[v] = g_new (gsize, n + 1);
  for (gsize i = 0; i < n; i++)
    names->expected[v][i] = ++names->n_names;
}

/* Of channels that follow each other. */
static gboolean
is_slice (const TapPlan *plan, const TapPlanStep *step)
{
  const TapShape *x, *y;

  if (!g_str_equal (step->node->op->name, "Slice") && !g_str_equal (step->node->op->name, "Gather"))
    return FALSE;
  x = &plan->values[step->inputs[0]].shape;
  y = &plan->values[step->outputs[0]].shape;
  /* from one known place on, in steps of one */
  if (plan->values[step->inputs[1]].place != TAP_PLACE_CONSTANT ||
      tap_cpu_count (&plan->values[step->inputs[1]].shape) != 1 || step->n_inputs > 4)
    return FALSE;
  return x->n_dims == 4 && x->dims[2] == y->dims[2] && x->dims[3] == y->dims[3];
}

static void
copy_slice (Names *names, const TapPlanStep *step)
{
  const TapShape *x = &names->plan->values[step->inputs[0]].shape;
  const TapShape *y = &names->plan->values[step->outputs[0]].shape;
  gsize area = (gsize) (x->dims[2] * x->dims[3]), part = (gsize) y->dims[1] * area;
  gsize first =
    (gsize) tap_tensor_i64 (tap_graph_get_value (names->plan->graph, step->inputs[1])->constant)[0];
  gsize *to = names->expected[step->outputs[0]] = g_new (gsize, tap_cpu_count (y) + 1);

  for (gint64 k = 0; k < x->dims[0]; k++, to += part)
    memcpy (to, names->expected[step->inputs[0]] + ((gsize) k * (gsize) x->dims[1] + first) * area,
            part * sizeof (gsize));
}

/* The numbers of a step's outputs are those of its inputs (views, Concat, Split; the axis is 1). */
static void
copy_names (Names *names, const TapPlanStep *step)
{
  const TapPlanValue *values = names->plan->values;
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (gsize));
  gint64 images = values[step->inputs[0]].shape.dims[0];
  gsize next = 0;
  int n = step->n_inputs;

  if (is_slice (names->plan, step))
    {
      copy_slice (names, step);
      return;
    }
  if (step->kernel->flags & TAP_CPU_VIEW)
    n = 1;
  if (!g_str_equal (step->node->op->name, "Concat") && !g_str_equal (step->node->op->name, "Split"))
    images = 1;
  for (gint64 k = 0; k < images; k++)
    for (int i = 0; i < n; i++)
      {
        gsize each = tap_cpu_count (&values[step->inputs[i]].shape) / (gsize) images;

        g_array_append_vals (all, names->expected[step->inputs[i]] + (gsize) k * each,
                             (guint) each);
      }
  for (int i = 0; i < step->n_outputs; i++)
    if (step->outputs[i] >= 0)
      names->expected[step->outputs[i]] =
        g_new (gsize, tap_cpu_count (&values[step->outputs[i]].shape) + 1);
  for (gint64 k = 0; k < images; k++)
    for (int i = 0; i < step->n_outputs; i++)
      {
        /* an output that nobody wants takes what is left */
        gsize each = step->outputs[i] >= 0 ?
                       tap_cpu_count (&values[step->outputs[i]].shape) / (gsize) images :
                       0;

        if (step->outputs[i] < 0 && step->n_outputs == 2)
          each = all->len / (gsize) images -
                 tap_cpu_count (&values[step->outputs[1 - i]].shape) / (gsize) images;
        if (step->outputs[i] >= 0)
          memcpy (names->expected[step->outputs[i]] + (gsize) k * each,
                  &g_array_index (all, gsize, next), each * sizeof (gsize));
        next += each;
      }
}

/* Other cells of the input that follow each other: which ones, the numbers tell; here that they are its own. */
static void
find_names (Names *names, const TapPlanStep *step)
{
  const TapPlanValue *x = &names->plan->values[step->inputs[0]];
  const TapPlanValue *y = &names->plan->values[step->outputs[0]];
  gsize n = tap_cpu_count (&y->shape);

  g_assert_cmpint (x->root, ==, y->root);
  g_assert_cmpuint (y->at, >=, x->at);
  g_assert_cmpuint (y->at + n * 4, <=, x->at + tap_cpu_count (&x->shape) * 4);
  names->expected[step->outputs[0]] =
    g_memdup2 (names->expected[step->inputs[0]] + (y->at - x->at) / 4, (n + 1) * sizeof (gsize));
}

static void
check_reads (const Names *names, const TapPlanStep *step)
{
  for (int i = 0; i < step->n_reads; i++)
    if (step->inputs[i] >= 0)
      check_names (names, step->inputs[i]);
}

/* Steps in one go read and write in any order. */
static void
follow_siblings (Names *names, const TapPlanStep *steps, int n)
{
  for (int s = 0; s < n; s++)
    check_reads (names, &steps[s]);
  for (int s = 0; s < n; s++)
    {
      make_names (names, steps[s].outputs[0]);
      write_names (names, steps[s].outputs[0]);
    }
  for (int s = 0; s < n; s++)
    {
      check_reads (names, &steps[s]);
      check_names (names, steps[s].outputs[0]);
    }
}

/* What is between the steps of a chain never is in this memory, and bands are read and written in turns. */
static void
check_chain_reads (const Names *names, const TapPlanStep *steps, int n)
{
  for (int s = 0; s < n; s++)
    for (int i = 0; i < steps[s].n_reads; i++)
      if (steps[s].inputs[i] >= 0 && (s == 0 || steps[s].inputs[i] != steps[s - 1].outputs[0]))
        check_names (names, steps[s].inputs[i]);
}

static void
follow_chain (Names *names, const TapPlanStep *steps, int n)
{
  int out = steps[n - 1].outputs[0];

  check_chain_reads (names, steps, n);
  make_names (names, out);
  write_names (names, out);
  check_names (names, out);
  check_chain_reads (names, steps, n);
}

static void
follow_step (Names *names, const TapPlanStep *step)
{
  const char *op = step->node->op->name;
  gboolean moves =
    g_str_equal (op, "Concat") || g_str_equal (op, "Split") || is_slice (names->plan, step);

  check_reads (names, step);
  if (moves || (step->kernel->flags & TAP_CPU_VIEW))
    copy_names (names, step);
  else if (step->view)
    find_names (names, step);
  else
    for (int i = 0; i < step->n_outputs; i++)
      if (step->outputs[i] >= 0)
        make_names (names, step->outputs[i]);
  /* What is no view is written; a view has to be there already. */
  for (int i = 0; i < step->n_outputs; i++)
    if (step->outputs[i] >= 0 && !step->view)
      write_names (names, step->outputs[i]);
  for (int i = 0; i < step->n_outputs; i++)
    if (step->outputs[i] >= 0)
      check_names (names, step->outputs[i]);
}

void
plan_names_check (const TapPlan *plan)
{
  Names names = { plan, g_hash_table_new (NULL, NULL),
                  g_new0 (gsize *, (gsize) plan->n_values + 1) };

  for (int v = 0; v < plan->n_values; v++)
    if (plan->values[v].place != TAP_PLACE_NONE &&
        tap_graph_get_value (plan->graph, v)->producer < 0)
      {
        make_names (&names, v);
        write_names (&names, v);
      }
  for (int s = 0, n; s < plan->n_steps; s += n)
    {
      const TapPlanStep *step = &plan->steps[s];

      n = step->chain != NULL ? step->chain->n_links : 1 + step->n_siblings;
      if (step->chain != NULL)
        follow_chain (&names, step, n);
      else if (step->n_siblings > 0)
        follow_siblings (&names, step, n);
      else
        follow_step (&names, step);
    }
  for (int v = 0; v < plan->n_values; v++)
    if (names.expected[v] != NULL && (plan->values[v].tapped || plan->mode == TAP_PLAN_PATCH ||
                                      plan->values[plan->values[v].root].place == TAP_PLACE_KEPT))
      if (plan->values[v].tapped || plan->mode == TAP_PLAN_PATCH)
        check_names (&names, v);
  for (int v = 0; v < plan->n_values; v++)
    g_free (names.expected[v]);
  g_free (names.expected);
  g_hash_table_unref (names.memory);
}
