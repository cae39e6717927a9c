/* branches.c - graphs of branches that are split, joined and added
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "branches.h"
#include "engine-test.h"

static int
pick (const Branches *b)
{
  return g_rand_int_range (b->rand, 0, (gint32) b->values->len);
}

static void
add_value (Branches *b, int value, int channels)
{
  g_array_append_val (b->values, value);
  g_array_append_val (b->channels, channels);
}

int
branches_add_node (Branches *b, const char *op, TapAttrs *attrs, const int *inputs, int n)
{
  g_autofree char *name = g_strdup_printf ("v%d", tap_graph_n_values (b->graph));
  g_autoptr (GError) error = NULL;
  int output = tap_graph_value (b->graph, name);

  tap_graph_add_node (b->graph, name, op, inputs, n, &output, 1, attrs, &error);
  g_assert_no_error (error);
  return output;
}

static void
add_conv (Branches *b)
{
  int from = pick (b), out = g_rand_int_range (b->rand, 1, 20);
  int inputs[2] = { g_array_index (b->values, int, from) };
  TapShape shape = tap_shape_new (4, (gint64) out, (gint64) g_array_index (b->channels, int, from),
                                  (gint64) 1, (gint64) 1);
  g_autofree char *name = g_strdup_printf ("w%d", tap_graph_n_values (b->graph));
  g_autoptr (TapTensor) weights = NULL;

  weights = engine_test_random (&shape, g_rand_int (b->rand));
  inputs[1] = tap_graph_value (b->graph, name);
  tap_graph_set_constant (b->graph, inputs[1], weights);
  add_value (b, branches_add_node (b, "Conv", NULL, inputs, 2), out);
}

static void
add_concat (Branches *b)
{
  TapAttrs *attrs = tap_attrs_new ();
  int inputs[4], n = g_rand_int_range (b->rand, 1, 5), channels = 0;

  for (int i = 0; i < n; i++)
    {
      int from = pick (b);

      inputs[i] = g_array_index (b->values, int, from);
      channels += g_array_index (b->channels, int, from);
    }
  tap_attrs_set_int (attrs, "axis", 1);
  add_value (b, branches_add_node (b, "Concat", attrs, inputs, n), channels);
}

static void
add_split (Branches *b)
{
  int from = pick (b), channels = g_array_index (b->channels, int, from), outputs[2];
  int input = g_array_index (b->values, int, from), first;
  g_autofree char *name = g_strdup_printf ("s%d", tap_graph_n_values (b->graph));
  g_autofree char *other = g_strdup_printf ("t%d", tap_graph_n_values (b->graph));
  g_autoptr (GError) error = NULL;
  TapAttrs *attrs;

  if (channels < 2)
    return;
  attrs = tap_attrs_new ();
  first = g_rand_int_range (b->rand, 1, channels);
  tap_attrs_set_int (attrs, "axis", 1);
  tap_attrs_set_ints (attrs, "split", (gint64[]){ first, channels - first }, 2);
  outputs[0] = tap_graph_value (b->graph, name);
  outputs[1] = tap_graph_value (b->graph, other);
  tap_graph_add_node (b->graph, name, "Split", &input, 1, outputs, 2, attrs, &error);
  g_assert_no_error (error);
  add_value (b, outputs[0], first);
  add_value (b, outputs[1], channels - first);
}

int
branches_add_integer (Branches *b, gint64 number)
{
  g_autofree char *name = g_strdup_printf ("i%d", tap_graph_n_values (b->graph));
  TapShape shape = tap_shape_new (1, (gint64) 1);
  g_autoptr (TapTensor) tensor = tap_tensor_new_i64 (&shape, &number, NULL);
  int value = tap_graph_value (b->graph, name);

  tap_graph_set_constant (b->graph, value, tensor);
  return value;
}

/* Some channels of a value, that follow each other. */
static void
add_slice (Branches *b)
{
  int from = pick (b), channels = g_array_index (b->channels, int, from);
  int first = g_rand_int_range (b->rand, 0, channels);
  int last = g_rand_int_range (b->rand, first, channels) + 1;
  int inputs[4] = { g_array_index (b->values, int, from), branches_add_integer (b, first),
                    branches_add_integer (b, last), branches_add_integer (b, 1) };
  TapAttrs *attrs;

  if (last == first + 1 && g_rand_boolean (b->rand))
    {
      attrs = tap_attrs_new ();
      tap_attrs_set_int (attrs, "axis", 1);
      add_value (b, branches_add_node (b, "Gather", attrs, inputs, 2), 1);
    }
  else
    add_value (b, branches_add_node (b, "Slice", NULL, inputs, 4), last - first);
}

static void
add_sum (Branches *b)
{
  int first = pick (b);

  for (guint i = 0; i < b->values->len; i++)
    if ((int) i != first &&
        g_array_index (b->channels, int, i) == g_array_index (b->channels, int, first))
      {
        int inputs[2] = { g_array_index (b->values, int, first),
                          g_array_index (b->values, int, i) };

        add_value (b,
                   branches_add_node (b, g_rand_boolean (b->rand) ? "Add" : "Sum", NULL, inputs, 2),
                   g_array_index (b->channels, int, first));
        return;
      }
}

static void
add_pointwise (Branches *b)
{
  static const char *const ops[] = { "Relu", "Identity", "Sigmoid", "Neg" };
  int from = pick (b);

  add_value (b,
             branches_add_node (b, ops[g_rand_int_range (b->rand, 0, G_N_ELEMENTS (ops))], NULL,
                                &g_array_index (b->values, int, from), 1),
             g_array_index (b->channels, int, from));
}

TapGraph *
branches_new (guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (int));
  g_autoptr (GArray) channels = g_array_new (FALSE, FALSE, sizeof (int));
  Branches b = { tap_graph_new ("branches"), rand, values, channels };
  TapShape input = tap_shape_new (4, (gint64) 1, (gint64) 4, (gint64) 3, (gint64) 5);
  int x = tap_graph_value (b.graph, "x"), n = g_rand_int_range (rand, 4, 16);

  tap_graph_add_input (b.graph, x, TAP_DTYPE_F32, &input);
  add_value (&b, x, 4);
  for (int i = 0; i < n; i++)
    switch (g_rand_int_range (rand, 0, 7))
      {
      case 6:
        add_slice (&b);
        break;
      case 0:
        add_concat (&b);
        break;
      case 1:
        add_split (&b);
        break;
      case 2:
        add_sum (&b);
        break;
      case 3:
        add_pointwise (&b);
        break;
      default:
        add_conv (&b);
      }
  return engine_test_finish_graph (b.graph, g_array_index (values, int, values->len - 1));
}
