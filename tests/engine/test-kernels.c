/* test-kernels.c - every kernel against its slow twin, on random shapes
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "engine-test.h"
#include "engine/cpu/tap-cpu.h"
#include "ops/infer.h"
#include "ops/registry.h"
#include "reference.h"

/* Runs one node; inputs after the first are constants when @constant. (transfer full) */
static TapTensor *
run_node (const char *op,
          TapAttrs *attrs,
          TapTensor **tensors,
          int n,
          gboolean constant,
          int n_threads)
{
  g_autoptr (TapGraph) graph = tap_graph_new ("test");
  g_autoptr (GError) error = NULL;
  g_autoptr (TapSession) session = NULL;
  g_autoptr (TapTaps) taps = NULL;
  g_autoptr (TapTrace) trace = NULL;
  g_autoptr (GPtrArray) fed = g_ptr_array_new ();
  int inputs[8], output = tap_graph_value (graph, "y");

  for (int i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("x%d", i);

      inputs[i] = tap_graph_value (graph, name);
      if (i > 0 && constant)
        tap_graph_set_constant (graph, inputs[i], tensors[i]);
      else
        {
          tap_graph_add_input (graph, inputs[i], tensors[i]->dtype, &tensors[i]->shape);
          g_ptr_array_add (fed, tensors[i]);
        }
    }
  tap_graph_add_node (graph, "node", op, inputs, n, &output, 1, attrs, &error);
  g_assert_no_error (error);
  tap_graph_add_output (graph, output);
  tap_graph_sort (graph, &error);
  g_assert_no_error (error);
  tap_infer_graph (graph, NULL, 0, NULL, &error);
  g_assert_no_error (error);
  session = tap_session_new (graph, &(TapSessionOptions){ .n_threads = n_threads }, &error);
  taps = tap_taps_new_for (output, -1);
  trace = tap_session_forward (session, (TapTensor *const *) fed->pdata, (int) fed->len, taps,
                               TAP_RUN_DEFAULT, NULL, NULL, &error);
  g_assert_no_error (error);
  return tap_tensor_ref (tap_trace_get (trace, output));
}

static TapTensor *
random_4d (GRand *rand, gint64 n, gint64 c, gint64 h, gint64 w)
{
  TapShape shape = tap_shape_new (4, n, c, h, w);

  return engine_test_random (&shape, g_rand_int (rand));
}

static void
random_window (GRand *rand, ReferenceWindow *win)
{
  *win = (ReferenceWindow){
    .kernel_h = g_rand_int_range (rand, 1, 6),
    .kernel_w = g_rand_int_range (rand, 1, 6),
    .stride_h = g_rand_int_range (rand, 1, 4),
    .stride_w = g_rand_int_range (rand, 1, 4),
    .dilation_h = g_rand_int_range (rand, 1, 3),
    .dilation_w = g_rand_int_range (rand, 1, 3),
    .group = 1,
  };
  if (g_rand_boolean (rand))
    win->dilation_h = win->dilation_w = 1;
  if (g_rand_int_range (rand, 0, 4) == 0)
    win->kernel_h = win->kernel_w = 1;
  if (g_rand_boolean (rand))
    win->stride_h = win->stride_w = 1;
  win->pad_top = g_rand_int_range (rand, 0, win->kernel_h);
  win->pad_bottom = g_rand_int_range (rand, 0, win->kernel_h);
  win->pad_left = g_rand_int_range (rand, 0, win->kernel_w);
  win->pad_right = g_rand_int_range (rand, 0, win->kernel_w);
}

static TapAttrs *
window_attrs (const ReferenceWindow *w)
{
  TapAttrs *attrs = tap_attrs_new ();

  tap_attrs_set_ints (attrs, "kernel_shape", (gint64[]){ w->kernel_h, w->kernel_w }, 2);
  tap_attrs_set_ints (attrs, "strides", (gint64[]){ w->stride_h, w->stride_w }, 2);
  tap_attrs_set_ints (attrs, "dilations", (gint64[]){ w->dilation_h, w->dilation_w }, 2);
  tap_attrs_set_ints (attrs, "pads",
                      (gint64[]){ w->pad_top, w->pad_left, w->pad_bottom, w->pad_right }, 4);
  tap_attrs_set_int (attrs, "group", w->group);
  return attrs;
}

/* Large enough for the window, with any remainder. */
static TapTensor *
random_input (GRand *rand, const ReferenceWindow *win, gint64 channels, int most)
{
  int h = win->dilation_h * (win->kernel_h - 1) + 1, w = win->dilation_w * (win->kernel_w - 1) + 1;

  return random_4d (rand, g_rand_int_range (rand, 1, 3), channels,
                    h + g_rand_int_range (rand, 0, most), w + g_rand_int_range (rand, 0, most));
}

static void
test_conv (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (11);

  g_test_summary ("Convolution equals its slow twin on random shapes, with any number of threads");
  for (int i = 0; i < 300; i++)
    {
      static const int outs[] = { 1, 2, 3, 5, 8, 13, 16, 17, 31, 32, 33, 48, 64, 80, 100 };
      ReferenceWindow win;
      int in_per_group = g_rand_int_range (rand, 1, i % 3 == 0 ? 40 : 7);
      int out_per_group = outs[g_rand_int_range (rand, 0, G_N_ELEMENTS (outs))];
      gboolean bias = g_rand_boolean (rand), constant = g_rand_int_range (rand, 0, 4) > 0;
      TapTensor *tensors[3];
      TapShape bias_shape;
      double bound;

      random_window (rand, &win);
      win.group = g_rand_boolean (rand) ? 1 : g_rand_int_range (rand, 1, 7);
      if (win.group > 1)
        out_per_group = outs[g_rand_int_range (rand, 0, 8)];
      bias_shape = tap_shape_new (1, (gint64) out_per_group * win.group);
      tensors[0] = random_input (rand, &win, in_per_group * win.group, i % 10 == 0 ? 64 : 20);
      tensors[1] =
        random_4d (rand, out_per_group * win.group, in_per_group, win.kernel_h, win.kernel_w);
      tensors[2] = engine_test_random (&bias_shape, 3);
      /* a chain of float sums: rounding grows with the number of products, each at most 1 */
      bound = 2 * ldexp (1, -24) * (in_per_group * win.kernel_h * win.kernel_w + 8);
      {
        g_autoptr (TapTensor) expected =
          reference_conv (tensors[0], tensors[1], bias ? tensors[2] : NULL, &win);
        g_autoptr (TapTensor) one =
          run_node ("Conv", window_attrs (&win), tensors, bias ? 3 : 2, constant, 1);
        g_autoptr (TapTensor) three =
          run_node ("Conv", window_attrs (&win), tensors, bias ? 3 : 2, constant, 3);

        g_assert_cmpfloat (engine_test_difference (one, expected), <, bound);
        engine_test_assert_equal_bits (one, three);
      }
      for (int k = 0; k < 3; k++)
        tap_tensor_unref (tensors[k]);
    }
}

static void
test_conv_transpose (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (12);

  g_test_summary ("Transposed convolution equals its slow twin");
  for (int i = 0; i < 100; i++)
    {
      ReferenceWindow win;
      TapTensor *tensors[3];
      TapShape bias_shape;

      random_window (rand, &win);
      win.group = g_rand_int_range (rand, 1, 3);
      win.pad_top = win.pad_bottom = win.pad_left = win.pad_right = 0;
      if (win.kernel_h > 2 && win.kernel_w > 2)
        win.pad_top = win.pad_right = 1;
      tensors[0] = random_4d (rand, 2, 3 * win.group, g_rand_int_range (rand, 2, 9),
                              g_rand_int_range (rand, 2, 20));
      tensors[1] = random_4d (rand, 3 * win.group, 2, win.kernel_h, win.kernel_w);
      bias_shape = tap_shape_new (1, (gint64) 2 * win.group);
      tensors[2] = engine_test_random (&bias_shape, 5);
      {
        g_autoptr (TapTensor) expected =
          reference_conv_transpose (tensors[0], tensors[1], tensors[2], &win);
        g_autoptr (TapTensor) found =
          run_node ("ConvTranspose", window_attrs (&win), tensors, 3, TRUE, 2);

        g_assert_cmpfloat (engine_test_difference (found, expected), <, 1e-5);
      }
      for (int k = 0; k < 3; k++)
        tap_tensor_unref (tensors[k]);
    }
}

static void
test_pool (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (13);

  g_test_summary ("Maximum and mean over windows equal their slow twins");
  for (int i = 0; i < 200; i++)
    {
      ReferenceWindow win;
      g_autoptr (TapTensor) x = NULL;
      g_autoptr (TapTensor) max = NULL;
      g_autoptr (TapTensor) mean = NULL;
      g_autoptr (TapTensor) expected_max = NULL;
      g_autoptr (TapTensor) expected_mean = NULL;
      gboolean count = g_rand_boolean (rand);
      TapAttrs *attrs;

      random_window (rand, &win);
      x = random_input (rand, &win, g_rand_int_range (rand, 1, 20), 40);
      expected_max = reference_max_pool (x, &win);
      max = run_node ("MaxPool", window_attrs (&win), &x, 1, FALSE, 2);
      g_assert_cmpfloat (engine_test_difference (max, expected_max), ==, 0);
      expected_mean = reference_average_pool (x, &win, count);
      attrs = window_attrs (&win);
      tap_attrs_set_int (attrs, "count_include_pad", count);
      mean = run_node ("AveragePool", attrs, &x, 1, FALSE, 2);
      g_assert_cmpfloat (engine_test_difference (mean, expected_mean), <, 1e-6);
    }
}

static void
test_gemm (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (14);

  g_test_summary ("Matrix products equal their slow twin, few rows and many, turned round or not");
  for (int i = 0; i < 120; i++)
    {
      gint64 m = g_rand_int_range (rand, 1, i % 4 == 0 ? 300 : 12),
             n = g_rand_int_range (rand, 1, 300);
      gint64 k = g_rand_int_range (rand, 1, 200);
      gboolean ta = g_rand_boolean (rand), tb = g_rand_boolean (rand);
      TapShape a = tap_shape_new (2, ta ? k : m, ta ? m : k),
               b = tap_shape_new (2, tb ? n : k, tb ? k : n);
      TapShape c = tap_shape_new (1, n);
      TapTensor *tensors[3] = { engine_test_random (&a, 1), engine_test_random (&b, 2),
                                engine_test_random (&c, 3) };
      TapAttrs *attrs = tap_attrs_new ();

      tap_attrs_set_int (attrs, "transA", ta);
      tap_attrs_set_int (attrs, "transB", tb);
      tap_attrs_set_float (attrs, "alpha", 0.5);
      tap_attrs_set_float (attrs, "beta", 2);
      {
        g_autoptr (TapAttrs) same = tap_attrs_copy (attrs);
        g_autoptr (TapTensor) expected =
          reference_gemm (tensors[0], tensors[1], tensors[2], ta, tb, 0.5, 2);
        g_autoptr (TapTensor) one = run_node ("Gemm", attrs, tensors, 3, TRUE, 1);
        g_autoptr (TapTensor) three =
          run_node ("Gemm", g_steal_pointer (&same), tensors, 3, TRUE, 3);

        g_assert_cmpfloat (engine_test_difference (one, expected), <, 2e-5);
        engine_test_assert_equal_bits (one, three);
      }
      for (int j = 0; j < 3; j++)
        tap_tensor_unref (tensors[j]);
    }
}

/* Stretches of zeros and of numbers, zeros of either sign. */
static void
fill_sparse (GRand *rand, float *x, gsize n, double density, int longest)
{
  for (gsize i = 0; i < n;)
    {
      gsize end = i + (gsize) g_rand_int_range (rand, 1, longest + 1);
      gboolean on = g_rand_double (rand) < density;

      for (; i < MIN (end, n); i++)
        x[i] = on                    ? (float) g_rand_double_range (rand, -1, 1) :
               g_rand_boolean (rand) ? 0.0f :
                                       -0.0f;
    }
}

/* One picture leaves its zeros out; in a batch, which leaves out nothing, it has the same bits. */
static void
test_zeros (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (15);

  g_test_summary ("Leaving out zeros changes no bit, and infinite weights are not overlooked");
  for (int i = 0; i < 60; i++)
    {
      gint64 n = g_rand_int_range (rand, 1, 150), k = g_rand_int_range (rand, 1, 900);
      TapShape one_row = tap_shape_new (2, (gint64) 1, k), rows = tap_shape_new (2, (gint64) 2, k),
               b = tap_shape_new (2, n, k), c = tap_shape_new (1, n),
               out = tap_shape_new (2, (gint64) 1, n);
      g_autoptr (TapTensor) x = tap_tensor_new (TAP_DTYPE_F32, &one_row, NULL);
      g_autoptr (TapTensor) twice = tap_tensor_new (TAP_DTYPE_F32, &rows, NULL);
      g_autoptr (TapTensor) weights = engine_test_random (&b, g_rand_int (rand));
      g_autoptr (TapTensor) bias = engine_test_random (&c, g_rand_int (rand));
      g_autoptr (TapTensor) alone = NULL;
      g_autoptr (TapTensor) batch = NULL;
      g_autoptr (TapTensor) first = NULL;
      g_autoptr (TapAttrs) attrs = tap_attrs_new ();

      fill_sparse (rand, tap_tensor_f32 (x), (gsize) k, 0.1 * (i % 10), i % 3 == 0 ? 1 : 60);
      for (int row = 0; row < 2; row++)
        memcpy (tap_tensor_f32 (twice) + row * k, tap_tensor_f32 (x), (gsize) k * sizeof (float));
      /* the last ones, and not all of a row */
      if (i % 4 == 3)
        tap_tensor_f32 (weights)[n * k - 1] = i % 8 == 3 ? INFINITY : NAN;
      tap_attrs_set_int (attrs, "transB", 1);
      alone = run_node ("Gemm", tap_attrs_copy (attrs), (TapTensor *[]){ x, weights, bias }, 3,
                        TRUE, 1 + i % 3);
      batch = run_node ("Gemm", tap_attrs_copy (attrs), (TapTensor *[]){ twice, weights, bias }, 3,
                        TRUE, 2);
      first = tap_tensor_new_f32 (&out, tap_tensor_f32 (batch), NULL);
      engine_test_assert_equal_bits (alone, first);
      if (i % 4 == 3)
        g_assert_false (isfinite (tap_tensor_f32 (alone)[n - 1]));
    }
}

static void
test_normalization (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (15);

  g_test_summary ("LRN, batch normalization and softmax equal their slow twins");
  for (int i = 0; i < 60; i++)
    {
      gint64 channels = g_rand_int_range (rand, 1, 30);
      TapShape vector = tap_shape_new (1, channels);
      TapTensor *tensors[5] = { random_4d (rand, 2, channels, g_rand_int_range (rand, 1, 20),
                                           g_rand_int_range (rand, 1, 40)) };
      TapAttrs *attrs = tap_attrs_new ();
      static const double betas[] = { 0.75, 0.5, 1.0, 0.9 };
      double beta = betas[i % 4];
      int size = g_rand_int_range (rand, 1, 8);

      for (int k = 1; k < 5; k++)
        tensors[k] = engine_test_random (&vector, (guint32) (i * 5 + k));
      for (gint64 k = 0; k < channels; k++)
        tap_tensor_f32 (tensors[4])[k] = fabsf (tap_tensor_f32 (tensors[4])[k]) + 0.1f;
      tap_attrs_set_int (attrs, "size", size);
      tap_attrs_set_float (attrs, "alpha", 0.3);
      tap_attrs_set_float (attrs, "beta", beta);
      tap_attrs_set_float (attrs, "bias", 1.5);
      {
        g_autoptr (TapTensor) lrn = run_node ("LRN", attrs, tensors, 1, FALSE, 2);
        g_autoptr (TapTensor) expected_lrn = reference_lrn (tensors[0], size, 0.3, beta, 1.5);
        g_autoptr (TapTensor) norm = run_node ("BatchNormalization", NULL, tensors, 5, TRUE, 2);
        g_autoptr (TapTensor) expected_norm = reference_batch_norm (
          tensors[0], tap_tensor_f32 (tensors[1]), tap_tensor_f32 (tensors[2]),
          tap_tensor_f32 (tensors[3]), tap_tensor_f32 (tensors[4]), 1e-5);
        g_autoptr (TapTensor) expected_softmax = reference_softmax (tensors[0]);
        g_autoptr (TapTensor) softmax = NULL;

        attrs = tap_attrs_new ();
        tap_attrs_set_int (attrs, "axis", 1);
        softmax = run_node ("Softmax", attrs, tensors, 1, FALSE, 2);
        g_assert_cmpfloat (engine_test_difference (lrn, expected_lrn), <, 1e-6);
        g_assert_cmpfloat (engine_test_difference (norm, expected_norm), <, 2e-5);
        g_assert_cmpfloat (engine_test_difference (softmax, expected_softmax), <, 1e-6);
      }
      for (int k = 0; k < 5; k++)
        tap_tensor_unref (tensors[k]);
    }
}

static void
test_unary (void)
{
  static const struct
  {
    const char *op, *a_name, *b_name;
    double a, b, low, high, tolerance;
  } cases[] = {
    { "Relu", NULL, NULL, 0, 0, -5, 5, 0 },
    { "LeakyRelu", "alpha", NULL, 0.1, 0, -5, 5, 1e-7 },
    { "Elu", "alpha", NULL, 1.5, 0, -8, 5, 3e-7 },
    { "Celu", "alpha", NULL, 2, 0, -8, 5, 3e-7 },
    { "Sigmoid", NULL, NULL, 0, 0, -30, 30, 2e-7 },
    { "Tanh", NULL, NULL, 0, 0, -12, 12, 2e-7 },
    { "HardSigmoid", "alpha", "beta", 0.3, 0.4, -5, 5, 2e-7 },
    { "HardSwish", NULL, NULL, 0, 0, -8, 8, 3e-7 },
    { "Gelu", NULL, NULL, 0, 0, -8, 8, 3e-7 },
    { "Erf", NULL, NULL, 0, 0, -5, 5, 2e-7 },
    { "Mish", NULL, NULL, 0, 0, -20, 20, 3e-7 },
    { "Softplus", NULL, NULL, 0, 0, -30, 30, 2e-7 },
    { "Softsign", NULL, NULL, 0, 0, -9, 9, 1e-7 },
    { "Exp", NULL, NULL, 0, 0, -100, 88, 3e-7 },
    { "Log", NULL, NULL, 0, 0, 1e-30, 1e5, 3e-7 },
    { "Sqrt", NULL, NULL, 0, 0, 0, 1e5, 1e-7 },
    { "Floor", NULL, NULL, 0, 0, -100, 100, 0 },
    { "Ceil", NULL, NULL, 0, 0, -100, 100, 0 },
    { "Round", NULL, NULL, 0, 0, -100, 100, 0 },
  };

  g_test_summary ("Activations equal the mathematical functions to a few units in the last place");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 3, (gint64) 101, (gint64) 97);
      g_autoptr (TapTensor) x = engine_test_random (&shape, (guint32) i);
      g_autoptr (TapTensor) y = NULL;
      TapAttrs *attrs = tap_attrs_new ();
      double worst = 0;

      for (gsize k = 0; k < x->count; k++)
        tap_tensor_f32 (x)[k] = (float) (cases[i].low + (cases[i].high - cases[i].low) *
                                                          ((double) tap_tensor_f32 (x)[k] + 1) / 2);
      if (cases[i].a_name != NULL)
        tap_attrs_set_float (attrs, cases[i].a_name, cases[i].a);
      if (cases[i].b_name != NULL)
        tap_attrs_set_float (attrs, cases[i].b_name, cases[i].b);
      y = run_node (cases[i].op, attrs, &x, 1, FALSE, 1);
      for (gsize k = 0; k < x->count; k++)
        {
          double expected =
            reference_unary (cases[i].op, (double) tap_tensor_f32 (x)[k], cases[i].a, cases[i].b);

          worst = MAX (worst,
                       fabs ((double) tap_tensor_f32 (y)[k] - expected) / MAX (1, fabs (expected)));
        }
      g_test_message ("%s: %g", cases[i].op, worst);
      g_assert_cmpfloat (worst, <=, cases[i].tolerance);
    }
}

static void
test_not_a_number (void)
{
  static const char *const ops[] = { "Elu", "Celu", "Selu",     "Sigmoid", "Tanh", "Gelu",
                                     "Erf", "Mish", "Softplus", "Exp",     "Log",  "Sqrt" };

  g_test_summary ("What is no number stays none, among others of both signs");
  for (gsize i = 0; i < G_N_ELEMENTS (ops); i++)
    {
      TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 1, (gint64) 5, (gint64) 7);
      g_autoptr (TapTensor) x = engine_test_random (&shape, (guint32) i);
      g_autoptr (TapTensor) y = NULL;

      tap_tensor_f32 (x)[3] = NAN;
      tap_tensor_f32 (x)[4] = -NAN;
      tap_tensor_f32 (x)[5] = -0.0f;
      y = run_node (ops[i], tap_attrs_new (), &x, 1, FALSE, 1);
      g_assert_true (isnan (tap_tensor_f32 (y)[3]) && isnan (tap_tensor_f32 (y)[4]));
      g_assert_false (isnan (tap_tensor_f32 (y)[5]));
    }
}

/* Cells by NumPy: np.floor (np.arange (25, dtype="f4") / np.float32 (1.7)); 17 / 1.7 is the point. */
static void
test_nearest (void)
{
  static const int cells[25] = { 0, 0, 1, 1, 2,  2,  3,  4,  4,  5,  5,  6, 7,
                                 7, 8, 8, 9, 10, 10, 11, 11, 12, 12, 13, 14 };
  TapShape from = tap_shape_new (4, (gint64) 1, (gint64) 1, (gint64) 1, (gint64) 15);
  TapShape four = tap_shape_new (1, (gint64) 4), none = tap_shape_new (1, (gint64) 0);
  const float scales[] = { 1, 1, 1, 1.7f };
  g_autoptr (TapTensor) x = tap_tensor_new (TAP_DTYPE_F32, &from, NULL);
  g_autoptr (TapTensor) roi = tap_tensor_new (TAP_DTYPE_F32, &none, NULL);
  g_autoptr (TapTensor) scale = tap_tensor_new_f32 (&four, scales, NULL);
  g_autoptr (TapTensor) y = NULL;
  TapAttrs *attrs = tap_attrs_new ();

  g_test_summary ("Nearest neighbours are found in float, as the frameworks find them");
  for (int i = 0; i < 15; i++)
    tap_tensor_f32 (x)[i] = (float) i;
  tap_attrs_set_string (attrs, "mode", "nearest");
  tap_attrs_set_string (attrs, "coordinate_transformation_mode", "asymmetric");
  tap_attrs_set_string (attrs, "nearest_mode", "floor");
  y = run_node ("Resize", attrs, (TapTensor *[]){ x, roi, scale }, 3, TRUE, 1);
  g_assert_cmpuint (y->count, ==, 25);
  for (int i = 0; i < 25; i++)
    g_assert_cmpfloat (tap_tensor_f32 (y)[i], ==, cells[i]);
}

/* Only what is known while the network loads may lack a kernel. */
static void
test_registry (void)
{
  static const char *const fold_only[] = { "Constant", "EyeLike", "NonZero", "Range",
                                           "Shape",    "Size",    NULL };
  const TapOp *const *ops = tap_ops_list ();
  const TapCpuKernel *const *kernels = tap_cpu_kernels ();

  g_test_summary ("Every operator has a kernel, unless it can only be folded");
  for (int i = 0; kernels[i] != NULL; i++)
    {
      g_assert_true (i == 0 || strcmp (kernels[i - 1]->op, kernels[i]->op) < 0);
      g_assert_true (tap_cpu_find (kernels[i]->op) == kernels[i]);
      g_assert_true (kernels[i]->forward != NULL || (kernels[i]->flags & TAP_CPU_VIEW));
      g_assert_nonnull (tap_ops_find (kernels[i]->op, ""));
    }
  for (int i = 0; ops[i] != NULL; i++)
    {
      g_test_message ("%s", ops[i]->name);
      g_assert_true ((tap_cpu_find (ops[i]->name) != NULL) !=
                     g_strv_contains (fold_only, ops[i]->name));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/kernels/registry", test_registry);
  g_test_add_func ("/engine/kernels/conv", test_conv);
  g_test_add_func ("/engine/kernels/conv-transpose", test_conv_transpose);
  g_test_add_func ("/engine/kernels/pool", test_pool);
  g_test_add_func ("/engine/kernels/gemm", test_gemm);
  g_test_add_func ("/engine/kernels/zeros", test_zeros);
  g_test_add_func ("/engine/kernels/normalization", test_normalization);
  g_test_add_func ("/engine/kernels/unary", test_unary);
  g_test_add_func ("/engine/kernels/not-a-number", test_not_a_number);
  g_test_add_func ("/engine/kernels/nearest", test_nearest);
  return g_test_run ();
}
