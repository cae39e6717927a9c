/* test-quantized.c - quantised networks: against ONNX Runtime, and straight through
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>

#include "engine-test.h"
#include "ops/infer.h"

typedef struct
{
  TapGraph *graph;
  TapSession *session;
  TapTensor *picture;
  char *bytes;
  const float *numbers; /* expected of the outputs, one after the other */
  gsize n;
} Golden;

static void
golden_clear (Golden *self)
{
  g_clear_pointer (&self->graph, tap_graph_unref);
  g_clear_pointer (&self->session, tap_session_unref);
  g_clear_pointer (&self->picture, tap_tensor_unref);
  g_clear_pointer (&self->bytes, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Golden, golden_clear)

static void
golden_init (Golden *self, const char *stem)
{
  g_autofree char *model_name = g_strconcat (stem, ".onnx", NULL);
  g_autofree char *numbers_name = g_strconcat (stem, ".f32", NULL);
  g_autofree char *model =
    g_test_build_filename (G_TEST_DIST, "engine", "golden", model_name, NULL);
  g_autofree char *path =
    g_test_build_filename (G_TEST_DIST, "engine", "golden", numbers_name, NULL);
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 3, (gint64) 20, (gint64) 20);
  g_autoptr (GError) error = NULL;
  gsize size;

  self->graph = engine_test_load_graph (model);
  g_assert_true (tap_infer_graph (self->graph, NULL, 0, NULL, &error));
  g_assert_true (g_file_get_contents (path, &self->bytes, &size, &error));
  self->numbers = (const float *) (const void *) self->bytes;
  self->picture = tap_tensor_new_f32 (&shape, self->numbers, &error);
  self->numbers += self->picture->count;
  self->n = size / sizeof (float) - self->picture->count;
  self->session = tap_session_new (self->graph, &(TapSessionOptions){ .n_threads = 2 }, &error);
}

/* Every output within @steps of what is expected. */
static void
check_golden (const char *stem, double steps)
{
  g_auto (Golden) golden = { 0 };
  g_autoptr (TapTaps) taps = tap_taps_new ();
  g_autoptr (TapTrace) trace = NULL;
  g_autoptr (GError) error = NULL;
  gsize at = 0, n_other = 0;

  golden_init (&golden, stem);
  for (int o = 0; o < tap_graph_n_outputs (golden.graph); o++)
    tap_taps_add (taps, tap_graph_get_output (golden.graph, o));
  trace = engine_test_forward (golden.session, golden.picture, taps, TAP_RUN_DEFAULT, &error);
  g_assert_no_error (error);
  for (int o = 0; o < tap_graph_n_outputs (golden.graph); o++)
    {
      int value = tap_graph_get_output (golden.graph, o);
      TapTensor *found = tap_trace_get (trace, value);

      for (gsize i = 0; i < found->count; i++, at++)
        {
          double y = found->dtype == TAP_DTYPE_F32 ? (double) tap_tensor_f32 (found)[i] :
                                                     (double) tap_tensor_i64 (found)[i];
          double expected = (double) golden.numbers[at];

          n_other += y != expected;
          if (fabs (y - expected) <= steps)
            continue;
          g_test_message ("%s, cell %" G_GSIZE_FORMAT ": %.9g, expected %.9g",
                          tap_graph_get_value (golden.graph, value)->name, i, y, expected);
          g_test_fail ();
          break;
        }
    }
  g_assert_cmpuint (at, ==, golden.n);
  g_test_message ("%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " are one step away", n_other, at);
}

static void
test_exact (void)
{
  g_test_summary ("Quantised operators give ONNX Runtime's numbers to the bit");
  check_golden ("quantized", 0);
}

static void
test_steps (void)
{
  g_test_summary (
    "Numbers rounded between QuantizeLinear and DequantizeLinear are at most a step off");
  check_golden ("steps", 1);
}

/* --- straight through --- */

static int
constant (TapGraph *graph, const char *name, const TapShape *shape, const float *numbers)
{
  g_autoptr (TapTensor) tensor = tap_tensor_new_f32 (shape, numbers, NULL);
  int value = tap_graph_value (graph, name);

  tap_graph_set_constant (graph, value, tensor);
  return value;
}

static int
scalar (TapGraph *graph, const char *name, float number)
{
  TapShape shape = TAP_SHAPE_SCALAR;

  return constant (graph, name, &shape, &number);
}

static int
node (TapGraph *graph, const char *op, const int *inputs, int n)
{
  int y = tap_graph_value (graph, op);

  tap_graph_add_node (graph, op, op, inputs, n, &y, 1, tap_attrs_new (), NULL);
  return y;
}

/* The gradient of Σ g y by the input. (transfer full) */
static TapTensor *
gradient_of (TapGraph *graph, TapTensor *x, TapTensor *g, int input, int output)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TapSession) session = tap_session_new (graph, NULL, &error);
  g_autoptr (TapTaps) to = tap_taps_new_for (output, -1);
  g_autoptr (TapTaps) from = tap_taps_new_for (input, -1);
  g_autoptr (TapTrace) forward = engine_test_forward (session, x, to, TAP_RUN_FOR_BACKWARD, &error);
  g_autoptr (TapTrace) back = NULL;

  g_assert_no_error (error);
  back = tap_session_backward (session, forward,
                               &(TapSeed){ .value = output, .gradient = g, .weight = 1 }, 1,
                               TAP_RULE_GRADIENT, from, NULL, NULL, &error);
  g_assert_no_error (error);
  return tap_tensor_ref (tap_trace_get (back, input));
}

static void
test_rounding (void)
{
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 3, (gint64) 9, (gint64) 11);
  g_autoptr (TapGraph) graph = tap_graph_new ("rounding");
  g_autoptr (TapTensor) x = engine_test_random (&shape, 1);
  g_autoptr (TapTensor) g = engine_test_random (&shape, 2);
  g_autoptr (TapTensor) found = NULL;
  int input = tap_graph_value (graph, "x"), scale = scalar (graph, "scale", 0.0078125f);
  int zero = scalar (graph, "zero", 60), y;
  gsize n_stopped = 0;

  g_test_summary ("Rounding passes the gradient on, clamping stops it");
  tap_graph_add_input (graph, input, TAP_DTYPE_F32, &shape);
  y = node (graph, "QuantizeLinear", (int[]){ input, scale, zero }, 3);
  y = node (graph, "DequantizeLinear", (int[]){ y, scale, zero }, 3);
  tap_graph_add_output (graph, y);
  g_assert_true (tap_graph_sort (graph, NULL));
  g_assert_true (tap_infer_graph (graph, NULL, 0, NULL, NULL));
  found = gradient_of (graph, x, g, input, y);
  for (gsize i = 0; i < x->count; i++)
    {
      /* the steps are powers of two, so that dividing and multiplying is exact */
      double step = rint ((double) tap_tensor_f32 (x)[i] * 128) + 60;
      gboolean inside = step >= 0 && step <= 255;

      n_stopped += !inside;
      g_assert_cmpfloat (tap_tensor_f32 (found)[i], ==, inside ? tap_tensor_f32 (g)[i] : 0);
    }
  g_assert_cmpuint (n_stopped, >, 10);
  g_assert_cmpuint (n_stopped, <, x->count / 2);
}

#define MAPS 4
#define IN   2
#define SIDE 7
#define OUT  (SIDE - 2)

static gsize
weight_at (int k, int c, int r, int s)
{
  return (gsize) (((k * IN + c) * 3 + r) * 3 + s);
}

/* Of Σ g y by cell (c, h, v) of a convolution of whole numbers @q less 7, with weights less 128 in steps of 0.01,
 * whose outputs are in steps of @step around 128. */
static double
expect (const float *q, const float *w, const float *g, double step, int c, int h, int v)
{
  double sum = 0;

  for (int k = 0; k < MAPS; k++)
    for (int p = MAX (h - 2, 0); p <= MIN (h, OUT - 1); p++)
      for (int o = MAX (v - 2, 0); o <= MIN (v, OUT - 1); o++)
        {
          double total = 0, y;

          for (int i = 0; i < IN; i++)
            for (int r = 0; r < 3; r++)
              for (int s = 0; s < 3; s++)
                total += ((double) q[(i * SIDE + p + r) * SIDE + o + s] - 7) *
                         ((double) w[weight_at (k, i, r, s)] - 128);
          y = rint (total * 0.02 * 0.01 / step) + 128;
          if (y >= 0 && y <= 255)
            sum += (double) g[(k * OUT + p) * OUT + o] * 0.02 * 0.01 / step *
                   ((double) w[weight_at (k, c, h - p, v - o)] - 128);
        }
  return sum;
}

static void
test_convolution (void)
{
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) IN, (gint64) SIDE, (gint64) SIDE);
  TapShape kernel = tap_shape_new (4, (gint64) MAPS, (gint64) IN, (gint64) 3, (gint64) 3);
  TapShape out = tap_shape_new (4, (gint64) 1, (gint64) MAPS, (gint64) OUT, (gint64) OUT);
  g_autoptr (TapGraph) graph = tap_graph_new ("convolution");
  g_autoptr (TapTensor) x = engine_test_random (&shape, 3);
  g_autoptr (TapTensor) w = engine_test_random (&kernel, 4);
  g_autoptr (TapTensor) g = engine_test_random (&out, 5);
  g_autoptr (TapTensor) found = NULL;
  const double step = 0.021;
  int input = tap_graph_value (graph, "x"), y;

  g_test_summary (
    "Through a quantised convolution goes what the plain one passes where it is in range");
  for (gsize i = 0; i < x->count; i++)
    tap_tensor_f32 (x)[i] = floorf (tap_tensor_f32 (x)[i] * 127 + 128);
  for (gsize i = 0; i < w->count; i++)
    tap_tensor_f32 (w)[i] = floorf (tap_tensor_f32 (w)[i] * 127 + 128);
  tap_graph_add_input (graph, input, TAP_DTYPE_F32, &shape);
  y = node (graph, "QLinearConv",
            (int[]){ input, scalar (graph, "xs", 0.02f), scalar (graph, "xz", 7),
                     constant (graph, "w", &kernel, tap_tensor_f32 (w)),
                     scalar (graph, "ws", 0.01f), scalar (graph, "wz", 128),
                     scalar (graph, "ys", (float) step), scalar (graph, "yz", 128) },
            8);
  tap_graph_add_output (graph, y);
  g_assert_true (tap_graph_sort (graph, NULL));
  g_assert_true (tap_infer_graph (graph, NULL, 0, NULL, NULL));
  found = gradient_of (graph, x, g, input, y);
  for (int c = 0, i = 0; c < IN; c++)
    for (int h = 0; h < SIDE; h++)
      for (int v = 0; v < SIDE; v++, i++)
        g_assert_cmpfloat_with_epsilon (
          (double) tap_tensor_f32 (found)[i],
          expect (tap_tensor_f32 (x), tap_tensor_f32 (w), tap_tensor_f32 (g), step, c, h, v), 2e-5);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/quantized/exact", test_exact);
  g_test_add_func ("/engine/quantized/steps", test_steps);
  g_test_add_func ("/engine/quantized/rounding", test_rounding);
  g_test_add_func ("/engine/quantized/convolution", test_convolution);
  return g_test_run ();
}
