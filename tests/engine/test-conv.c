/* test-conv.c - convolution, transposed or not: forward, adjoints, parts, residuals
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The kernels are called as a session calls them, on shapes that reach every inner loop: against slow
 * twins in double precision, and by the identity <W x, y> = <x, W' y>. A chain of n products of numbers
 * in -1 .. 1 rounds partial sums of about √k / 3, each by u = 2^-24 of itself at most, so its error is about
 * u √(Σ k / 9) = 0.24 u n; ten times that and the rounding of operands and twin, 2 u (n + 4), is allowed. */

#include "config.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/tap-graph.h"
#include "engine-test.h"
#include "engine/cpu/conv-winograd.h"
#include "engine/cpu/conv.h"
#include "engine/cpu/isa.h"
#include "reference.h"
#include "winograd-pack.h"

typedef struct
{
  gboolean transposed, bias, constant, residual;
  int images, in, out; /* channels of all groups */
  int height, width;   /* of the input */
  ReferenceWindow win;
  TapGraph *graph; /* holds the node */
  TapTensor *tensors[3], *residuals, *dy;
  TapShape out_shape;
} Case;

static TapTensor *
random_4d (GRand *rand, gint64 n, gint64 c, gint64 h, gint64 w)
{
  TapShape shape = tap_shape_new (4, n, c, h, w);

  return engine_test_random (&shape, g_rand_int (rand));
}

static TapTensor *
forward_twin (const Case *c, TapTensor *const *tensors)
{
  return (c->transposed ? reference_conv_transpose : reference_conv) (
    tensors[0], tensors[1], c->bias ? tensors[2] : NULL, &c->win);
}

static void
case_init (Case *c, GRand *rand)
{
  const ReferenceWindow *w = &c->win;
  TapAttrs *attrs = tap_attrs_new ();
  TapShape bias_shape = tap_shape_new (1, (gint64) c->out);
  g_autoptr (GError) error = NULL;
  g_autoptr (TapTensor) y = NULL;
  int inputs[3], output;

  tap_attrs_set_ints (attrs, "kernel_shape", (gint64[]){ w->kernel_h, w->kernel_w }, 2);
  tap_attrs_set_ints (attrs, "strides", (gint64[]){ w->stride_h, w->stride_w }, 2);
  tap_attrs_set_ints (attrs, "dilations", (gint64[]){ w->dilation_h, w->dilation_w }, 2);
  tap_attrs_set_ints (attrs, "pads",
                      (gint64[]){ w->pad_top, w->pad_left, w->pad_bottom, w->pad_right }, 4);
  tap_attrs_set_int (attrs, "group", w->group);
  c->graph = tap_graph_new ("test");
  for (int i = 0; i < 3; i++)
    inputs[i] = tap_graph_value (c->graph, (const char *[]){ "x", "w", "b" }[i]);
  output = tap_graph_value (c->graph, "y");
  tap_graph_add_node (c->graph, "node", c->transposed ? "ConvTranspose" : "Conv", inputs,
                      c->bias ? 3 : 2, &output, 1, attrs, &error);
  g_assert_no_error (error);
  c->tensors[0] = random_4d (rand, c->images, c->in, c->height, c->width);
  c->tensors[1] = random_4d (rand, c->transposed ? c->in : c->out,
                             (c->transposed ? c->out : c->in) / w->group, w->kernel_h, w->kernel_w);
  c->tensors[2] = engine_test_random (&bias_shape, g_rand_int (rand));
  y = forward_twin (c, c->tensors);
  c->out_shape = y->shape;
  c->dy = engine_test_random (&c->out_shape, g_rand_int (rand));
  c->residuals = engine_test_random (&c->out_shape, g_rand_int (rand));
}

static void
case_clear (Case *c)
{
  for (int i = 0; i < 3; i++)
    tap_tensor_unref (c->tensors[i]);
  tap_tensor_unref (c->dy);
  tap_tensor_unref (c->residuals);
  tap_graph_unref (c->graph);
}

static char *
case_to_string (const Case *c)
{
  const ReferenceWindow *w = &c->win;

  return g_strdup_printf (
    "%s %d×%d→%d %d×%d, kernel %d×%d, stride %d×%d, dilation %d×%d, pads %d %d "
    "%d %d, groups %d%s",
    c->transposed ? "transposed" : "plain", c->images, c->in, c->out, c->height, c->width,
    w->kernel_h, w->kernel_w, w->stride_h, w->stride_w, w->dilation_h, w->dilation_w, w->pad_top,
    w->pad_left, w->pad_bottom, w->pad_right, w->group, c->constant ? ", constant" : "");
}

static TapCpuArray
array (TapTensor *tensor)
{
  return (TapCpuArray){ TAP_DTYPE_F32, tensor->shape, tensor->data };
}

/* The kernel's output, or the gradients of its inputs. The memory they are written to is full of NaN. */
typedef struct
{
  TapTensor *y, *grads[3];
} Result;

static void
result_clear (Result *r)
{
  g_clear_pointer (&r->y, tap_tensor_unref);
  for (int i = 0; i < 3; i++)
    g_clear_pointer (&r->grads[i], tap_tensor_unref);
}

static TapTensor *
new_nan (const TapShape *shape)
{
  TapTensor *tensor = tap_tensor_new (TAP_DTYPE_F32, shape, NULL);

  for (gsize i = 0; i < tensor->count; i++)
    tap_tensor_f32 (tensor)[i] = NAN;
  return tensor;
}

/* @accumulate: a backward pass adds to dx what lies there, the residual's first numbers. */
static Result
run_case (const Case *c,
          gboolean backward,
          gboolean accumulate,
          int algorithm,
          int n_threads,
          const TapRect *rects,
          TapClamp clamp)
{
  const TapNode *node = tap_graph_get_node (c->graph, 0);
  const TapCpuKernel *kernel = tap_cpu_find (node->op_type);
  TapPool *pool = tap_pool_new (n_threads);
  TapCpuArray inputs[3], grads[3], y, dy;
  g_autoptr (TapTensor) packed = NULL;
  g_autoptr (GError) error = NULL;
  Result result = { .y = new_nan (&c->out_shape) };
  TapCpuRun run = {
    .node = node,
    .inputs = inputs,
    .n_inputs = node->n_inputs,
    .outputs = &y,
    .n_outputs = 1,
    .algorithm = algorithm,
    .rects = rects,
    .by_cell = TRUE,
    .residual = !backward && c->residual ? tap_tensor_f32 (c->residuals) : NULL,
    .clamp = clamp,
    .simd = tap_cpu_simd (),
    .pool = pool,
  };
  gsize bytes;

  y = array (result.y);
  for (int i = 0; i < node->n_inputs; i++)
    inputs[i] = array (c->tensors[i]);
  if (backward)
    {
      dy = array (c->dy);
      run.output_grads = &dy;
      run.input_grads = grads;
      for (int i = 0; i < node->n_inputs; i++)
        {
          result.grads[i] = new_nan (&c->tensors[i]->shape);
          grads[i] = array (result.grads[i]);
        }
      if (accumulate)
        {
          for (gsize i = 0; i < result.grads[0]->count; i++)
            tap_tensor_f32 (result.grads[0])[i] = (float) (i % 7) - 3;
          run.residual = tap_tensor_f32 (result.grads[0]);
        }
    }
  if (c->constant)
    packed = kernel->pack (node, kernel->packing != NULL ? kernel->packing (algorithm) : algorithm,
                           (TapTensor *[]){ NULL, c->tensors[1], c->tensors[2] }, &error);
  g_assert_no_error (error);
  run.packed = packed != NULL ? tap_tensor_f32 (packed) : NULL;
  bytes = (backward ? kernel->scratch_backward : kernel->scratch) (&run);
  run.scratch = g_aligned_alloc (bytes / 64 + 1, 64, 64);
  memset (run.scratch, 0xff, bytes);
  g_assert_true ((backward ? kernel->backward : kernel->forward) (&run, &error));
  g_assert_no_error (error);
  g_aligned_free (run.scratch);
  tap_pool_free (pool);
  return result;
}

static void
assert_close (const Case *c, const char *what, TapTensor *found, TapTensor *expected, double n)
{
  double difference = engine_test_difference (found, expected);
  g_autofree char *text = case_to_string (c);

  if (!(difference <= FLT_EPSILON * (n + 4)))
    g_test_message ("%s of %s", what, text);
  g_assert_cmpfloat (difference, <=, FLT_EPSILON * (n + 4));
}

static double
dot (const TapTensor *a, const TapTensor *b)
{
  double sum = 0;

  for (gsize i = 0; i < a->count; i++)
    sum += (double) tap_tensor_f32 (a)[i] * (double) tap_tensor_f32 (b)[i];
  return sum;
}

/* Residual and ReLU as operators of their own would do it. */
static void
assert_epilogue (const Case *c, TapTensor *bare, TapTensor *found)
{
  for (gsize i = 0; i < bare->count; i++)
    {
      float v = tap_tensor_f32 (bare)[i];

      if (c->residual)
        v += tap_tensor_f32 (c->residuals)[i];
      v = v < 0 ? 0 : v;
      tap_tensor_f32 (bare)[i] = v;
    }
  engine_test_assert_equal_bits (found, bare);
}

/* A part has the bits of the whole, and nothing else is written. */
static void
assert_part (const Case *c, GRand *rand, TapTensor *whole)
{
  int height = (int) c->out_shape.dims[2], width = (int) c->out_shape.dims[3];
  g_autofree TapRect *rects = g_new0 (TapRect, c->images);
  Result part;
  gsize cell = 0;

  for (int n = 0; n < c->images; n++)
    {
      rects[n].x = g_rand_int_range (rand, 0, width);
      rects[n].y = g_rand_int_range (rand, 0, height);
      rects[n].width = g_rand_int_range (rand, 0, width - rects[n].x + 1);
      rects[n].height = g_rand_int_range (rand, 0, height - rects[n].y + 1);
    }
  part = run_case (c, FALSE, FALSE, TAP_CONV_DIRECT, 2, rects, (TapClamp){ 0 });
  for (int n = 0; n < c->images; n++)
    for (int k = 0; k < c->out; k++)
      for (int p = 0; p < height; p++)
        for (int q = 0; q < width; q++, cell++)
          {
            const TapRect *r = &rects[n];
            gboolean inside = p >= r->y && p < r->y + r->height && q >= r->x && q < r->x + r->width;

            if (inside)
              g_assert_cmpmem (tap_tensor_f32 (part.y) + cell, sizeof (float),
                               tap_tensor_f32 (whole) + cell, sizeof (float));
            else
              g_assert_true (isnan (tap_tensor_f32 (part.y)[cell]));
          }
  result_clear (&part);
}

static void
check_forward (Case *c, GRand *rand)
{
  const double n = (double) c->tensors[1]->count / MAX (c->transposed ? c->in : c->out, 1) *
                   (c->transposed ? c->in : 1);
  g_autoptr (TapTensor) expected = forward_twin (c, c->tensors);
  gboolean residual = c->residual;
  Result bare, again, full;

  c->residual = FALSE;
  bare = run_case (c, FALSE, FALSE, TAP_CONV_DIRECT, 1, NULL, (TapClamp){ 0 });
  again = run_case (c, FALSE, FALSE, TAP_CONV_DIRECT, 3, NULL, (TapClamp){ 0 });
  assert_close (c, "output", bare.y, expected, n);
  engine_test_assert_equal_bits (bare.y, again.y);
  assert_part (c, rand, bare.y);
  c->residual = residual;
  full = run_case (c, FALSE, FALSE, TAP_CONV_DIRECT, 2, NULL, (TapClamp){ 1, 0, INFINITY });
  assert_epilogue (c, bare.y, full.y);
  result_clear (&bare);
  result_clear (&again);
  result_clear (&full);
}

static void
check_backward (Case *c, int algorithm)
{
  const ReferenceWindow *w = &c->win;
  g_autoptr (TapTensor) dx =
    c->transposed ? reference_conv (c->dy, c->tensors[1], NULL, w) :
                    reference_conv_backward_data (c->dy, c->tensors[1], &c->tensors[0]->shape, w);
  g_autoptr (TapTensor) dw =
    c->transposed ?
      reference_conv_backward_weights (c->tensors[0], c->dy, &c->tensors[1]->shape, w) :
      reference_conv_backward_weights (c->dy, c->tensors[0], &c->tensors[1]->shape, w);
  double taps = (double) w->kernel_h * w->kernel_w, cells, bound;
  g_autoptr (TapTensor) y = NULL;
  gboolean bias = c->bias;
  Result one = run_case (c, TRUE, FALSE, algorithm, 1, NULL, (TapClamp){ 0 });
  Result three = run_case (c, TRUE, FALSE, algorithm, 3, NULL, (TapClamp){ 0 });

  cells = (double) MIN (c->dy->count / (gsize) c->out, c->tensors[0]->count / (gsize) c->in);
  assert_close (c, "input's gradient", one.grads[0], dx, taps * c->out);
  assert_close (c, "weights' gradient", one.grads[1], dw, cells);
  engine_test_assert_equal_bits (one.grads[0], three.grads[0]);
  engine_test_assert_equal_bits (one.grads[1], three.grads[1]);
  if (bias)
    {
      g_autoptr (TapTensor) db = reference_conv_backward_bias (c->dy);

      assert_close (c, "bias' gradient", one.grads[2], db, (double) c->dy->count / c->out);
      engine_test_assert_equal_bits (one.grads[2], three.grads[2]);
    }
  /* the adjoint identity; errors of different cells know nothing of each other */
  bound = (double) FLT_EPSILON * (MAX (taps * c->out, cells) + 4) *
          sqrt ((double) (c->tensors[0]->count + c->tensors[1]->count + c->dy->count));
  c->bias = FALSE;
  y = forward_twin (c, c->tensors);
  c->bias = bias;
  g_assert_cmpfloat (fabs (dot (y, c->dy) - dot (c->tensors[0], one.grads[0])), <=, bound);
  g_assert_cmpfloat (fabs (dot (y, c->dy) - dot (c->tensors[1], one.grads[1])), <=, bound);
  result_clear (&three);
  three = run_case (c, TRUE, TRUE, algorithm, 2, NULL, (TapClamp){ 0 });
  for (gsize i = 0; i < one.grads[0]->count; i++)
    tap_tensor_f32 (one.grads[0])[i] += (float) (i % 7) - 3;
  engine_test_assert_equal_bits (one.grads[0], three.grads[0]);
  result_clear (&one);
  result_clear (&three);
}

static void
check (Case *c, GRand *rand)
{
  case_init (c, rand);
  check_forward (c, rand);
  check_backward (c, TAP_CONV_BACK_DIRECT);
  case_clear (c);
}

/* Any window; the input is as large as it has to be, and up to @most larger. */
static Case
random_case (GRand *rand, int most)
{
  Case c = { .images = g_rand_int_range (rand, 1, 3),
             .bias = g_rand_boolean (rand),
             .constant = g_rand_boolean (rand),
             .residual = g_rand_boolean (rand),
             .transposed = g_rand_int_range (rand, 0, 3) == 0 };
  ReferenceWindow *w = &c.win;
  int fine_h, fine_w;

  w->group = g_rand_int_range (rand, 0, 3) == 0 ? g_rand_int_range (rand, 1, 5) : 1;
  w->kernel_h = g_rand_int_range (rand, 1, 6);
  w->kernel_w = g_rand_boolean (rand) ? w->kernel_h : g_rand_int_range (rand, 1, 6);
  w->stride_h = g_rand_boolean (rand) ? 1 : g_rand_int_range (rand, 1, 5);
  w->stride_w = g_rand_boolean (rand) ? w->stride_h : g_rand_int_range (rand, 1, 5);
  w->dilation_h = g_rand_int_range (rand, 0, 3) == 0 ? g_rand_int_range (rand, 1, 4) : 1;
  w->dilation_w = g_rand_boolean (rand) ? w->dilation_h : g_rand_int_range (rand, 1, 4);
  w->pad_top = g_rand_int_range (rand, 0, w->kernel_h);
  w->pad_left = g_rand_int_range (rand, 0, w->kernel_w);
  w->pad_bottom = g_rand_int_range (rand, 0, w->kernel_h);
  w->pad_right = g_rand_int_range (rand, 0, w->kernel_w);
  c.in = w->group * g_rand_int_range (rand, 1, g_rand_boolean (rand) ? 4 : 40);
  c.out = w->group * g_rand_int_range (rand, 1, g_rand_boolean (rand) ? 10 : 70);
  fine_h = w->dilation_h * (w->kernel_h - 1) + 1 + g_rand_int_range (rand, 0, most);
  fine_w = w->dilation_w * (w->kernel_w - 1) + 1 + g_rand_int_range (rand, 0, most);
  if (c.transposed)
    {
      /* enough that the pads leave something */
      fine_h = 2 + (w->pad_top + w->pad_bottom + fine_h) / w->stride_h;
      fine_w = 2 + (w->pad_left + w->pad_right + fine_w) / w->stride_w;
    }
  c.height = fine_h;
  c.width = fine_w;
  return c;
}

static void
test_random (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (41);

  g_test_summary (
    "Any convolution and its adjoints equal their slow twins, in parts and on threads");
  for (int i = 0; i < 150; i++)
    {
      Case c = random_case (rand, i % 4 == 0 ? 24 : 9);

      check (&c, rand);
    }
}

static void
test_depthwise (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (42);

  g_test_summary ("Depthwise convolution equals its slow twin on maps of any width");
  for (int width = 1; width <= 40; width += width < 20 ? 1 : 5)
    for (int kernel = 3; kernel <= 5; kernel += 2)
      for (int stride = 1; stride <= 2; stride++)
        {
          int pad = g_rand_int_range (rand, 0, kernel), channels = g_rand_int_range (rand, 2, 7);
          Case c = { .images = 2,
                     .in = channels,
                     .out = channels,
                     .bias = width % 2 == 0,
                     .constant = TRUE,
                     .residual = width % 3 == 0,
                     .height = g_rand_int_range (rand, 5, 14),
                     .width = width,
                     .win = { .kernel_h = kernel,
                              .kernel_w = kernel,
                              .stride_h = stride,
                              .stride_w = stride,
                              .dilation_h = 1,
                              .dilation_w = 1,
                              .pad_top = pad,
                              .pad_bottom = kernel / 2,
                              .pad_left = kernel - 1 - pad,
                              .pad_right = kernel / 2 + 1,
                              .group = channels } };

          if (width + c.win.pad_left + c.win.pad_right >= kernel)
            check (&c, rand);
        }
}

/* First layers, strided and pointwise ones, maps of 7×7 and 13×13, cuts into several tasks, depthwise maps of
 * many strips. */
static void
test_usual (void)
{
  static const int layers[][7] = {
    /* in, out, size, kernel, stride, pad, groups */
    { 3, 64, 51, 7, 2, 3, 1 },    { 3, 32, 65, 3, 2, 1, 1 },   { 3, 40, 67, 11, 4, 2, 1 },
    { 160, 200, 7, 1, 1, 0, 1 },  { 96, 64, 13, 1, 1, 0, 1 },  { 33, 48, 56, 1, 1, 0, 1 },
    { 64, 40, 15, 1, 2, 0, 1 },   { 70, 33, 14, 3, 2, 1, 1 },  { 24, 20, 27, 5, 1, 2, 1 },
    { 64, 96, 14, 3, 1, 1, 4 },   { 16, 130, 28, 3, 1, 1, 1 }, { 8, 8, 30, 3, 3, 0, 1 },
    { 256, 256, 14, 3, 1, 1, 1 }, { 5, 1, 40, 9, 1, 4, 1 },    { 64, 210, 7, 3, 1, 1, 1 },
    { 4, 4, 112, 3, 2, 1, 4 },    { 3, 3, 150, 3, 1, 1, 3 },   { 3, 3, 101, 5, 2, 2, 3 },
  };
  g_autoptr (GRand) rand = g_rand_new_with_seed (43);

  g_test_summary ("The layers of known networks equal their slow twins");
  for (gsize i = 0; i < G_N_ELEMENTS (layers); i++)
    {
      const int *l = layers[i];
      Case c = { .images = 1,
                 .in = l[0],
                 .out = l[1],
                 .bias = TRUE,
                 .constant = TRUE,
                 .residual = TRUE,
                 .height = l[2],
                 .width = l[2],
                 .win = { l[3], l[3], l[4], l[4], 1, 1, l[5], l[5], l[5], l[5], l[6] } };

      check (&c, rand);
    }
}

/* test-winograd.c holds the algorithm itself to its bound; here the kernel has to hand it the right job. */
static void
test_winograd (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (44);

  g_test_summary (
    "By Winograd's algorithm the gradient of the input has the bits of the job it stands for");
  for (int i = 0; i < 8; i++)
    {
      Case c = { .images = 2,
                 .in = 2 * g_rand_int_range (rand, 16, 40),
                 .out = 2 * g_rand_int_range (rand, 16, 40),
                 .constant = TRUE,
                 .height = g_rand_int_range (rand, 12, 30),
                 .width = g_rand_int_range (rand, 12, 30),
                 .win = { 3, 3, 1, 1, 1, 1, i % 3, i / 3, i % 2, 1, 1 + i % 2 } };
      const ReferenceWindow *w = &c.win;
      int in = c.out / w->group, out = c.in / w->group;
      g_autofree float *packed = g_new (float, winograd_packed_floats (w->group, out, in));
      g_autoptr (TapTensor) expected = NULL;
      TapPool *pool = tap_pool_new (1);
      Result found;
      TapWinogradJob job;

      case_init (&c, rand);
      expected = new_nan (&c.tensors[0]->shape);
      winograd_pack (packed, tap_tensor_f32 (c.tensors[1]), NULL, w->group, out, in, TRUE);
      job = (TapWinogradJob){ .images = c.images,
                              .groups = w->group,
                              .in = in,
                              .out = out,
                              .in_h = (int) c.out_shape.dims[2],
                              .in_w = (int) c.out_shape.dims[3],
                              .out_h = c.height,
                              .out_w = c.width,
                              .pad_top = 2 - w->pad_top,
                              .pad_left = 2 - w->pad_left,
                              .x = tap_tensor_f32 (c.dy),
                              .packed = packed,
                              .y = tap_tensor_f32 (expected),
                              .simd = tap_cpu_simd (),
                              .pool = pool };
      job.scratch = g_aligned_alloc (tap_winograd_scratch (&job) / 64 + 1, 64, 64);
      tap_winograd_run (&job);
      found = run_case (&c, TRUE, FALSE, TAP_CONV_BACK_WINOGRAD, 2, NULL, (TapClamp){ 0 });
      engine_test_assert_equal_bits (found.grads[0], expected);
      g_aligned_free (job.scratch);
      tap_pool_free (pool);
      result_clear (&found);
      case_clear (&c);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/conv/random", test_random);
  g_test_add_func ("/engine/conv/depthwise", test_depthwise);
  g_test_add_func ("/engine/conv/usual", test_usual);
  g_test_add_func ("/engine/conv/winograd", test_winograd);
  return g_test_run ();
}
