/* test-rules.c - the rules of backward passes on small networks, where one can say what comes out
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "engine-test.h"
#include "ops/infer.h"

typedef struct
{
  TapGraph *graph;
  int value, n;
} Net;

static Net
net_new (gint64 channels, gint64 size)
{
  Net net = { tap_graph_new ("net"), 0, 0 };
  TapShape shape = tap_shape_new (4, (gint64) 1, channels, size, size);

  net.value = tap_graph_value (net.graph, "x");
  tap_graph_add_input (net.graph, net.value, TAP_DTYPE_F32, &shape);
  return net;
}

static int
net_add (Net *net, const char *op, TapAttrs *attrs, const int *inputs, int n)
{
  g_autofree char *name = g_strdup_printf ("v%d", net->n++);
  g_autoptr (GError) error = NULL;
  int output = tap_graph_value (net->graph, name);

  tap_graph_add_node (net->graph, name, op, inputs != NULL ? inputs : &net->value,
                      inputs != NULL ? n : 1, &output, 1, attrs, &error);
  g_assert_no_error (error);
  net->value = output;
  return output;
}

static int
net_constant (Net *net, TapTensor *tensor)
{
  g_autofree char *name = g_strdup_printf ("c%d", net->n++);
  int value = tap_graph_value (net->graph, name);

  tap_graph_set_constant (net->graph, value, tensor);
  return value;
}

/* Weights in @low .. 1. */
static int
net_conv (Net *net, gint64 in, gint64 out, gint64 kernel, gint64 stride, gint64 pad, float low)
{
  TapShape shape = tap_shape_new (4, out, in, kernel, kernel);
  g_autoptr (TapTensor) weights = engine_test_random (&shape, (guint32) (77 + net->n));
  TapAttrs *attrs = tap_attrs_new ();

  for (gsize i = 0; i < weights->count; i++)
    tap_tensor_f32 (weights)[i] = low + (tap_tensor_f32 (weights)[i] + 1) / 2 * (1 - low);
  tap_attrs_set_ints (attrs, "strides", (gint64[]){ stride, stride }, 2);
  tap_attrs_set_ints (attrs, "pads", (gint64[]){ pad, pad, pad, pad }, 4);
  return net_add (net, "Conv", attrs, (int[]){ net->value, net_constant (net, weights) }, 2);
}

static int
net_pool (Net *net, gint64 kernel, gint64 stride)
{
  TapAttrs *attrs = tap_attrs_new ();

  tap_attrs_set_ints (attrs, "kernel_shape", (gint64[]){ kernel, kernel }, 2);
  tap_attrs_set_ints (attrs, "strides", (gint64[]){ stride, stride }, 2);
  return net_add (net, "MaxPool", attrs, NULL, 1);
}

static TapSession *
net_finish (Net *net)
{
  g_autoptr (GError) error = NULL;
  TapSession *session;

  tap_graph_add_output (net->graph, net->value);
  tap_graph_sort (net->graph, &error);
  g_assert_no_error (error);
  tap_infer_graph (net->graph, NULL, 0, NULL, &error);
  g_assert_no_error (error);
  session = tap_session_new (net->graph, NULL, &error);
  tap_graph_unref (net->graph);
  return session;
}

static void
test_guided_positive (void)
{
  Net net = net_new (3, 17);
  g_autoptr (TapSession) session = NULL;
  g_autoptr (TapTensor) picture = NULL;
  g_autoptr (TapTrace) forward = NULL;
  g_autoptr (TapTrace) plain = NULL;
  g_autoptr (TapTrace) guided = NULL;
  g_autoptr (TapTaps) last = NULL;
  g_autoptr (TapTaps) taps = NULL;
  TapSeed start;

  g_test_summary ("With weights that are all positive, guided back-propagation is the gradient");
  net_conv (&net, 3, 8, 3, 1, 1, 0);
  net_add (&net, "Relu", NULL, NULL, 1);
  net_pool (&net, 3, 2);
  net_conv (&net, 8, 5, 3, 2, 0, 0);
  net_add (&net, "Relu", NULL, NULL, 1);
  session = net_finish (&net);
  picture = engine_test_pictures (net.graph, 1, 3);
  last = tap_taps_new_for (net.value, -1);
  taps = tap_taps_new_for (tap_graph_get_input (net.graph, 0), -1);
  forward = engine_test_run (session, picture, last, TAP_RUN_FOR_BACKWARD);
  start = (TapSeed){ .value = net.value, .cell = 7, .weight = 1 };
  plain = engine_test_back (session, forward, &start, 1, TAP_RULE_GRADIENT, taps);
  guided = engine_test_back (session, forward, &start, 1, TAP_RULE_GUIDED, taps);
  engine_test_assert_equal_bits (tap_trace_get (plain, tap_graph_get_input (net.graph, 0)),
                                 tap_trace_get (guided, tap_graph_get_input (net.graph, 0)));
}

static void
test_deconvnet_layer (void)
{
  Net net = net_new (3, 12);
  g_autoptr (TapSession) session = NULL;
  g_autoptr (TapTensor) picture = NULL;
  g_autoptr (TapTrace) forward = NULL;
  g_autoptr (TapTrace) trace = NULL;
  g_autoptr (TapTaps) last = NULL;
  g_autoptr (TapTaps) taps = NULL;
  const int unit = 4, row = 2, column = 3;
  const TapTensor *weights;
  const float *found;
  int input, conv;

  g_test_summary ("Through one layer, deconvnet draws the filter times the activation at its "
                  "receptive field");
  conv = net_conv (&net, 3, 6, 3, 2, 0, -1);
  net_add (&net, "Relu", NULL, NULL, 1);
  session = net_finish (&net);
  picture = engine_test_pictures (net.graph, 1, 3);
  input = tap_graph_get_input (net.graph, 0);
  last = tap_taps_new_for (net.value, -1);
  taps = tap_taps_new_for (input, -1);
  forward = engine_test_run (session, picture, last, TAP_RUN_FOR_BACKWARD);
  trace = engine_test_back (
    session, forward,
    &(TapSeed){ .value = net.value, .cell = (unit * 5 + row) * 5 + column, .weight = 0.75f }, 1,
    TAP_RULE_DECONVNET, taps);
  found = tap_tensor_f32 (tap_trace_get (trace, input));
  weights =
    tap_graph_get_value (
      net.graph,
      tap_graph_get_node (net.graph, tap_graph_get_value (net.graph, conv)->producer)->inputs[1])
      ->constant;
  for (int c = 0; c < 3; c++)
    for (int y = 0; y < 12; y++)
      for (int x = 0; x < 12; x++)
        {
          int r = y - 2 * row, s = x - 2 * column;
          gboolean inside = r >= 0 && r < 3 && s >= 0 && s < 3;
          double expected =
            inside ? 0.75 * (double) tap_tensor_f32 (weights)[((unit * 3 + c) * 3 + r) * 3 + s] : 0;

          g_assert_cmpfloat_with_epsilon ((double) found[(c * 12 + y) * 12 + x], expected, 1e-6);
        }
}

/* R through ReLU, pooling by switches, LRN as it is, and a strided convolution, cell by cell. */
static void
test_deconvnet_chain (void)
{
  Net net = net_new (2, 15);
  g_autoptr (TapSession) session = NULL;
  g_autoptr (TapTensor) picture = NULL;
  g_autoptr (TapTrace) forward = NULL;
  g_autoptr (TapTrace) trace = NULL;
  g_autoptr (TapTaps) seen = NULL;
  g_autoptr (TapTaps) taps = NULL;
  g_autoptr (TapTensor) start = NULL;
  double map[4 * 7 * 7] = { 0 }, drawn[2 * 15 * 15] = { 0 };
  const float *before, *weights, *found;
  TapAttrs *lrn = tap_attrs_new ();
  int input = tap_graph_get_input (net.graph, 0), relu;

  g_test_summary ("Deconvnet rectifies, unpools to the first maximum and adds where windows "
                  "overlap, and leaves normalisation and signs of the forward run out");
  net_conv (&net, 2, 4, 3, 2, 0, -1);
  relu = net_add (&net, "Relu", NULL, NULL, 1);
  tap_attrs_set_int (lrn, "size", 3);
  tap_attrs_set_float (lrn, "alpha", 0.5);
  net_add (&net, "LRN", lrn, NULL, 1);
  net_pool (&net, 3, 2);
  session = net_finish (&net);
  picture = engine_test_pictures (net.graph, 1, 9);
  seen = tap_taps_new_for (relu, tap_graph_get_node (net.graph, 2)->outputs[0], -1);
  tap_taps_add (seen, net.value);
  taps = tap_taps_new_for (input, -1);
  forward = engine_test_run (session, picture, seen, TAP_RUN_FOR_BACKWARD);
  start = engine_test_random (&tap_trace_get (forward, net.value)->shape, 4);
  trace = engine_test_back (session, forward,
                            &(TapSeed){ .value = net.value, .gradient = start, .weight = 1 }, 1,
                            TAP_RULE_DECONVNET, taps);

  before = tap_tensor_f32 (tap_trace_get (forward, tap_graph_get_node (net.graph, 2)->outputs[0]));
  for (int k = 0; k < 4; k++)
    for (int p = 0; p < 3; p++)
      for (int q = 0; q < 3; q++)
        {
          int best = -1;

          for (int i = 0; i < 9; i++)
            {
              int at = (k * 7 + 2 * p + i / 3) * 7 + 2 * q + i % 3;

              if (best < 0 || before[at] > before[best])
                best = at;
            }
          map[best] += (double) tap_tensor_f32 (start)[(k * 3 + p) * 3 + q];
        }
  weights = tap_tensor_f32 (
    tap_graph_get_value (net.graph, tap_graph_get_node (net.graph, 0)->inputs[1])->constant);
  for (int k = 0; k < 4; k++)
    for (int i = 0; i < 49; i++)
      for (int c = 0; c < 2 && map[k * 49 + i] > 0; c++)
        for (int r = 0; r < 3; r++)
          for (int s = 0; s < 3; s++)
            drawn[(c * 15 + 2 * (i / 7) + r) * 15 + 2 * (i % 7) + s] +=
              map[k * 49 + i] * (double) weights[((k * 2 + c) * 3 + r) * 3 + s];
  found = tap_tensor_f32 (tap_trace_get (trace, input));
  for (int i = 0; i < 2 * 15 * 15; i++)
    g_assert_cmpfloat_with_epsilon ((double) found[i], drawn[i], 1e-5);
}

/* Linear layers of every kind; nothing else. */
static void
test_adjoint (void)
{
  g_test_summary ("Through linear networks ⟨J v, u⟩ = ⟨v, Jᵀ u⟩");
  for (guint32 seed = 0; seed < 20; seed++)
    {
      Net net = net_new (4, 13);
      g_autoptr (TapSession) session = NULL;
      g_autoptr (TapTensor) v = NULL;
      g_autoptr (TapTensor) u = NULL;
      g_autoptr (TapTrace) forward = NULL;
      g_autoptr (TapTrace) trace = NULL;
      g_autoptr (TapTaps) last = NULL;
      g_autoptr (TapTaps) taps = NULL;
      TapAttrs *attrs = tap_attrs_new ();
      TapTensor *y, *g;
      int a, b, input = net.value;
      double left = 0, right = 0, size = 0;

      a = net_conv (&net, 4, 20, 1 + 2 * (seed % 3), 1, seed % 3, -1);
      net.value = a;
      tap_attrs_set_ints (attrs, "kernel_shape", (gint64[]){ 3, 3 }, 2);
      tap_attrs_set_ints (attrs, "pads", (gint64[]){ 1, 1, 1, 1 }, 4);
      net_add (&net, "AveragePool", attrs, NULL, 1);
      b = net_add (&net, "Add", NULL, (int[]){ a, net.value }, 2);
      attrs = tap_attrs_new ();
      tap_attrs_set_int (attrs, "axis", 1);
      net_add (&net, "Concat", attrs, (int[]){ a, b, a }, 3);
      attrs = tap_attrs_new ();
      tap_attrs_set_ints (attrs, "perm", (gint64[]){ 0, 1, 3, 2 }, 4);
      net_add (&net, "Transpose", attrs, NULL, 1);
      net_conv (&net, 60, 7, 3, 1 + seed % 2, 1, -1);
      net_add (&net, "GlobalAveragePool", NULL, NULL, 1);
      net_add (&net, "Flatten", NULL, NULL, 1);
      session = net_finish (&net);
      v = engine_test_pictures (net.graph, 1, seed);
      last = tap_taps_new_for (net.value, -1);
      taps = tap_taps_new_for (input, -1);
      forward = engine_test_run (session, v, last, TAP_RUN_FOR_BACKWARD);
      y = tap_trace_get (forward, net.value);
      u = engine_test_random (&y->shape, seed + 50);
      trace = engine_test_back (session, forward,
                                &(TapSeed){ .value = net.value, .gradient = u, .weight = 1 }, 1,
                                TAP_RULE_GRADIENT, taps);
      g = tap_trace_get (trace, input);
      for (gsize i = 0; i < y->count; i++)
        left += (double) tap_tensor_f32 (y)[i] * (double) tap_tensor_f32 (u)[i];
      for (gsize i = 0; i < g->count; i++)
        {
          right += (double) tap_tensor_f32 (g)[i] * (double) tap_tensor_f32 (v)[i];
          size += fabs ((double) tap_tensor_f32 (g)[i] * (double) tap_tensor_f32 (v)[i]);
        }
      g_assert_cmpfloat_with_epsilon (left, right, 1e-5 * size);
    }
}

static void
test_gaps (void)
{
  Net net = net_new (3, 9);
  g_autoptr (TapSession) session = NULL;
  g_auto (GStrv) all = NULL;
  g_auto (GStrv) below = NULL;
  g_autoptr (TapTensor) zero = tap_tensor_new (TAP_DTYPE_F32, &TAP_SHAPE_SCALAR, NULL);
  g_autoptr (TapTensor) six = tap_tensor_new (TAP_DTYPE_F32, &TAP_SHAPE_SCALAR, NULL);
  int middle;

  g_test_summary ("Activations that a rule says nothing about are named, ReLU6 is not");
  tap_tensor_f32 (six)[0] = 6;
  net_conv (&net, 3, 4, 3, 1, 0, -1);
  net_add (&net, "Clip", NULL,
           (int[]){ net.value, net_constant (&net, zero), net_constant (&net, six) }, 3);
  middle = net_add (&net, "Sigmoid", NULL, NULL, 1);
  net_add (&net, "Clip", NULL, (int[]){ net.value, net_constant (&net, six) }, 2);
  net_add (&net, "Elu", NULL, NULL, 1);
  net_add (&net, "Sigmoid", NULL, NULL, 1);
  session = net_finish (&net);
  all = tap_rule_gaps (TAP_RULE_GUIDED, net.graph, -1);
  g_assert_cmpuint (g_strv_length (all), ==, 3);
  g_assert_cmpstr (all[0], ==, "Clip");
  g_assert_cmpstr (all[1], ==, "Elu");
  g_assert_cmpstr (all[2], ==, "Sigmoid");
  below = tap_rule_gaps (TAP_RULE_DECONVNET, net.graph, middle);
  g_assert_cmpuint (g_strv_length (below), ==, 1);
  g_assert_cmpstr (below[0], ==, "Sigmoid");
  g_assert_null (tap_rule_gaps (TAP_RULE_GRADIENT, net.graph, -1));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/rules/adjoint", test_adjoint);
  g_test_add_func ("/engine/rules/guided-positive", test_guided_positive);
  g_test_add_func ("/engine/rules/deconvnet-layer", test_deconvnet_layer);
  g_test_add_func ("/engine/rules/deconvnet-chain", test_deconvnet_chain);
  g_test_add_func ("/engine/rules/gaps", test_gaps);
  return g_test_run ();
}
