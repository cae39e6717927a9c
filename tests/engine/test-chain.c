/* test-chain.c - layers that are run together, band by band, give the bits of layers run one by one
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * That single layers are right is tested elsewhere. Here a network runs with every layer alone, and then with bands
 * of one row and more wherever that can be done, by one to five threads. */

#include "config.h"

#include <string.h>

#include "core/tap-error.h"
#include "engine-test.h"
#include "engine/cpu/isa.h"
#include "engine/tap-plan.h"
#include "engine/tap-session-profile.h"

typedef struct
{
  TapGraph *graph;
  GRand *rand;
  int value;    /* the last one */
  int channels; /* its extents */
  int h, w;
} Builder;

static int
pick (Builder *b, int from, int to)
{
  return g_rand_int_range (b->rand, from, to + 1);
}

static int
constant (Builder *b, const TapShape *shape)
{
  g_autofree char *name = g_strdup_printf ("c%d", tap_graph_n_values (b->graph));
  g_autoptr (TapTensor) tensor = engine_test_random (shape, g_rand_int (b->rand));
  int v = tap_graph_value (b->graph, name);

  tap_graph_set_constant (b->graph, v, tensor);
  return v;
}

static void
add_node (Builder *b, const char *op, TapAttrs *attrs, const int *inputs, int n)
{
  g_autofree char *name = g_strdup_printf ("v%d", tap_graph_n_values (b->graph));
  g_autoptr (GError) error = NULL;
  int output = tap_graph_value (b->graph, name);

  tap_graph_add_node (b->graph, name, op, inputs, n, &output, 1, attrs, &error);
  g_assert_no_error (error);
  b->value = output;
}

static void
set_two (TapAttrs *attrs, const char *name, int a, int b)
{
  tap_attrs_set_ints (attrs, name, (gint64[]){ a, b }, 2);
}

/* Cells along an axis; below 1 where the window does not fit. */
static int
outputs (int in, int kernel, int stride, int dilation, int pads)
{
  int room = in + pads - ((kernel - 1) * dilation + 1);

  return room < 0 ? 0 : room / stride + 1;
}

/* Kernel, stride, dilation and pads of both axes, at random; FALSE when they leave nothing. */
static gboolean
set_window (Builder *b, TapAttrs *attrs, const int *kernel, gboolean dilate)
{
  int stride[2], dilation[2], pads[4], out[2], in[2] = { b->h, b->w };

  for (int i = 0; i < 2; i++)
    {
      stride[i] = i == 1 && pick (b, 0, 3) > 0 ? stride[0] : pick (b, 1, pick (b, 1, 3));
      dilation[i] = dilate && pick (b, 0, 5) == 0 ? 2 : 1;
      for (int k = 0; k < 2; k++)
        pads[i + 2 * k] = pick (b, 0, 2) == 0 ? pick (b, 0, kernel[i] - 1) : (kernel[i] - 1) / 2;
      out[i] = outputs (in[i], kernel[i], stride[i], dilation[i], pads[i] + pads[i + 2]);
    }
  if (out[0] < 1 || out[1] < 1)
    return FALSE;
  set_two (attrs, "kernel_shape", kernel[0], kernel[1]);
  set_two (attrs, "strides", stride[0], stride[1]);
  if (dilate)
    set_two (attrs, "dilations", dilation[0], dilation[1]);
  tap_attrs_set_ints (attrs, "pads", (gint64[]){ pads[0], pads[1], pads[2], pads[3] }, 4);
  b->h = out[0];
  b->w = out[1];
  return TRUE;
}

static void
add_activation (Builder *b)
{
  TapAttrs *attrs = NULL;
  gboolean clip = pick (b, 0, 1) == 0;

  if (clip)
    {
      attrs = tap_attrs_new ();
      tap_attrs_set_float (attrs, "min", -0.5);
      tap_attrs_set_float (attrs, "max", 0.75);
    }
  add_node (b, clip ? "Clip" : "Relu", attrs, &b->value, 1);
}

/* 1×1, depthwise, in groups, or anything. */
static void
add_conv (Builder *b)
{
  static const int kernels[] = { 1, 1, 2, 3, 3, 5 };
  int kind = pick (b, 0, 3), before = b->value, channels = b->channels;
  int kernel[2] = { kernels[pick (b, 0, 5)] };
  int groups = kind == 1 ? channels : kind == 2 && channels % 2 == 0 ? 2 : 1;
  int out = kind == 1 ? channels : groups * pick (b, 1, 40 / groups), inputs[3] = { before, 0, 0 };
  TapAttrs *attrs = tap_attrs_new ();
  TapShape shape;

  kernel[1] = pick (b, 0, 5) == 0 ? kernels[pick (b, 0, 5)] : kernel[0];
  if (kind == 0)
    kernel[0] = kernel[1] = 1;
  if (!set_window (b, attrs, kernel, TRUE))
    {
      tap_attrs_free (attrs);
      return;
    }
  tap_attrs_set_int (attrs, "group", groups);
  shape = tap_shape_new (4, (gint64) out, (gint64) channels / groups, (gint64) kernel[0],
                         (gint64) kernel[1]);
  inputs[1] = constant (b, &shape);
  shape = tap_shape_new (1, (gint64) out);
  inputs[2] = constant (b, &shape);
  add_node (b, "Conv", attrs, inputs, pick (b, 2, 3));
  b->channels = out;
  if (pick (b, 0, 2) > 0)
    add_activation (b);
}

static void
add_pool (Builder *b)
{
  gboolean mean = pick (b, 0, 1) == 0;
  int kernel[2] = { pick (b, 1, 4) };
  TapAttrs *attrs = tap_attrs_new ();

  kernel[1] = pick (b, 0, 3) == 0 ? pick (b, 1, 4) : kernel[0];
  if (!set_window (b, attrs, kernel, FALSE))
    {
      tap_attrs_free (attrs);
      return;
    }
  if (mean)
    tap_attrs_set_int (attrs, "count_include_pad", pick (b, 0, 1));
  add_node (b, mean ? "AveragePool" : "MaxPool", attrs, &b->value, 1);
}

/* What MobileNetV2 is made of: wide, depthwise, narrow, and the sum with what came in. */
static void
add_block (Builder *b)
{
  int before = b->value, channels = b->channels, inner = channels * pick (b, 1, 3);
  int widths[3][2] = { { inner, channels }, { inner, 1 }, { channels, inner } };

  for (int i = 0; i < 3; i++)
    {
      gint64 kernel = i == 1 ? 3 : 1;
      TapShape shape =
        tap_shape_new (4, (gint64) widths[i][0], (gint64) widths[i][1], kernel, kernel);
      TapAttrs *attrs = tap_attrs_new ();
      int inputs[2] = { b->value, constant (b, &shape) };

      tap_attrs_set_int (attrs, "group", i == 1 ? inner : 1);
      set_two (attrs, "kernel_shape", (int) kernel, (int) kernel);
      tap_attrs_set_ints (attrs, "pads", (gint64[]){ i == 1, i == 1, i == 1, i == 1 }, 4);
      add_node (b, "Conv", attrs, inputs, 2);
      if (i < 2)
        add_activation (b);
    }
  add_node (b, "Add", NULL, (int[]){ before, b->value }, 2);
}

/* (transfer full) */
static TapGraph *
network_new (guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  Builder b = { .graph = tap_graph_new ("chain"), .rand = rand };
  TapShape shape;
  int n;

  b.channels = pick (&b, 1, 20);
  b.h = pick (&b, 1, 30);
  b.w = pick (&b, 1, 40);
  shape =
    tap_shape_new (4, (gint64) pick (&b, 1, 3), (gint64) b.channels, (gint64) b.h, (gint64) b.w);
  b.value = tap_graph_value (b.graph, "x");
  tap_graph_add_input (b.graph, b.value, TAP_DTYPE_F32, &shape);
  n = pick (&b, 2, 9);
  for (int i = 0; i < n; i++)
    {
      int kind = pick (&b, 0, 5);

      if (kind < 3)
        add_conv (&b);
      else if (kind < 4)
        add_pool (&b);
      else
        add_block (&b);
    }
  if (b.value == tap_graph_get_input (b.graph, 0))
    add_activation (&b);
  return engine_test_finish_graph (b.graph, b.value);
}

/* (transfer full) */
static TapTensor *
run (TapGraph *graph, TapTensor *input, const TapTaps *taps, const TapSessionOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TapSession) session = tap_session_new (graph, options, &error);
  g_autoptr (TapTrace) trace = NULL;

  trace = engine_test_forward (session, input, taps, TAP_RUN_DEFAULT, &error);
  g_assert_no_error (error);
  return tap_tensor_ref (tap_trace_get (trace, tap_graph_get_output (graph, 0)));
}

/* How many steps are in chains. */
static int
count_links (TapGraph *graph, const TapTaps *taps, int rows, gsize *bytes)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TapPool) pool = tap_pool_new (2);
  TapShape shape = tap_graph_get_value (graph, tap_graph_get_input (graph, 0))->shape;
  g_autoptr (TapPlan) plan =
    tap_plan_new (graph, &shape, taps, TAP_PLAN_FORWARD, tap_cpu_simd (), pool, rows, &error);
  int n = 0;

  g_assert_no_error (error);
  for (int s = 0; s < plan->n_steps; s++)
    n += plan->steps[s].chain != NULL ? plan->steps[s].chain->n_links : 0;
  if (bytes != NULL)
    *bytes = plan->arena_bytes + plan->scratch_bytes;
  return n;
}

static void
test_bits (void)
{
  int n_links = 0;

  g_test_summary (
    "Chains of any layers, bands of any height, any threads: the bits of layers alone");
  for (guint32 seed = 0; seed < 300; seed++)
    {
      g_autoptr (TapGraph) graph = network_new (seed);
      g_autoptr (TapTaps) taps = tap_taps_new_for (tap_graph_get_output (graph, 0), -1);
      TapShape shape = tap_graph_get_value (graph, tap_graph_get_input (graph, 0))->shape;
      g_autoptr (TapTensor) input = engine_test_random (&shape, seed);
      guint64 budget = seed % 7 == 0 ? 1 : 0;
      g_autoptr (TapTensor) alone =
        run (graph, input, taps,
             &(TapSessionOptions){ .n_threads = 1, .chain_rows = -1, .packing_budget = budget });

      n_links += count_links (graph, taps, 1, NULL);
      g_assert_cmpint (count_links (graph, taps, -1, NULL), ==, 0);
      for (int rows = 1; rows <= 4; rows++)
        {
          TapSessionOptions options = {
            .n_threads = (int) (seed + (guint32) rows) % 5 + 1,
            .chain_rows = rows == 4 ? 9 : rows,
            .packing_budget = budget,
          };
          g_autoptr (TapTensor) joined = run (graph, input, taps, &options);

          g_test_message ("seed %u, %d rows", seed, options.chain_rows);
          engine_test_assert_equal_bits (joined, alone);
        }
    }
  /* otherwise nothing was tested: a few in every network */
  g_assert_cmpint (n_links, >, 300 * 3);
}

static void
test_taps (void)
{
  g_test_summary ("What is looked at is made, wherever it lies in a chain");
  for (guint32 seed = 0; seed < 40; seed++)
    {
      g_autoptr (TapGraph) graph = network_new (seed);
      g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
      TapShape shape = tap_graph_get_value (graph, tap_graph_get_input (graph, 0))->shape;
      g_autoptr (TapTensor) input = engine_test_random (&shape, seed);
      int node = g_rand_int_range (rand, 0, tap_graph_n_nodes (graph));
      int value = tap_graph_get_node (graph, node)->outputs[0];
      g_autoptr (TapTaps) taps = tap_taps_new_for (tap_graph_get_output (graph, 0), value, -1);
      TapTrace *traces[2];

      for (int i = 0; i < 2; i++)
        {
          g_autoptr (GError) error = NULL;
          g_autoptr (TapSession) session = tap_session_new (
            graph, &(TapSessionOptions){ .n_threads = 2, .chain_rows = i == 0 ? -1 : 2 }, &error);

          traces[i] = engine_test_forward (session, input, taps, TAP_RUN_DEFAULT, &error);
          g_assert_no_error (error);
        }
      for (int v = 0; v < tap_graph_n_values (graph); v++)
        if (tap_taps_contains (taps, v))
          engine_test_assert_equal_bits (tap_trace_get (traces[1], v),
                                         tap_trace_get (traces[0], v));
      for (int i = 0; i < 2; i++)
        tap_trace_unref (traces[i]);
    }
}

/* Wide, depthwise, narrow on a large map. (transfer full) */
static TapGraph *
large_new (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  Builder b = { .graph = tap_graph_new ("large"), .rand = rand, .channels = 32 };
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 32, (gint64) 96, (gint64) 96);

  b.value = tap_graph_value (b.graph, "x");
  tap_graph_add_input (b.graph, b.value, TAP_DTYPE_F32, &shape);
  add_block (&b);
  return engine_test_finish_graph (b.graph, b.value);
}

static void
test_large (void)
{
  g_autoptr (TapGraph) graph = large_new ();
  g_autoptr (TapTaps) taps = tap_taps_new_for (tap_graph_get_output (graph, 0), -1);
  TapShape shape = tap_graph_get_value (graph, tap_graph_get_input (graph, 0))->shape;
  g_autoptr (TapTensor) input = engine_test_random (&shape, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (TapSession) session =
    tap_session_new (graph, &(TapSessionOptions){ .n_threads = 2 }, &error);
  g_autoptr (TapProfile) profile = NULL;
  gsize joined, alone;

  g_test_summary (
    "Large maps are not kept, without being asked for; a chain is one row of a profile");
  g_assert_cmpint (count_links (graph, taps, 0, &joined), ==, 3);
  g_assert_cmpint (count_links (graph, taps, -1, &alone), ==, 0);
  g_assert_cmpuint (joined, <, alone / 2);
  profile = tap_session_profile (session, &input, 1, 1, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (profile->n_steps, ==, 1);
  g_assert_true (g_str_has_prefix (profile->steps[0].ops, "Conv + "));
  g_assert_true (g_str_has_suffix (profile->steps[0].ops, " + Conv + Add"));
  g_assert_cmpstr (profile->steps[0].algorithm, ==, "bands");
  g_assert_true (tap_shape_equal (&profile->steps[0].shape, &shape));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/chain/bits", test_bits);
  g_test_add_func ("/engine/chain/taps", test_taps);
  g_test_add_func ("/engine/chain/large", test_large);
  return g_test_run ();
}
