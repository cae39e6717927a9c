/* test-patch.c - a changed rectangle gives the bits that a whole pass for patches would give
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "core/tap-error.h"
#include "engine-test.h"
#include "formats/registry.h"
#include "random-graph.h"

/* From one pixel to everything, small ones as often as large ones, some of them at the borders. */
static int
random_extent (GRand *rand, int most, int *at, int length)
{
  int drawn = (int) pow (most + 1, g_rand_double (rand));
  int extent = MIN (drawn, MIN (most, length));

  if (g_rand_int_range (rand, 0, 16) == 0)
    extent = MIN (most, length);
  *at = g_rand_int_range (rand, 0, length - extent + 1);
  switch (g_rand_int_range (rand, 0, 6))
    {
    case 0:
      *at = 0;
      break;
    case 1:
      *at = length - extent;
      break;
    default:
      break;
    }
  return extent;
}

static TapTensor *
random_pixels (GRand *rand, const TapTensor *picture, TapRect *region, int most)
{
  int height = (int) picture->shape.dims[2], width = (int) picture->shape.dims[3];
  TapShape shape;

  region->width = random_extent (rand, most, &region->x, width);
  region->height = random_extent (rand, most, &region->y, height);
  shape = tap_shape_new (4, (gint64) 1, picture->shape.dims[1], (gint64) region->height,
                         (gint64) region->width);
  return engine_test_random (&shape, g_rand_int (rand));
}

/* Largest |a - b| beside the largest |b|, or 1: what rounding does to a sum goes by what was summed up. */
static double
difference_at_scale (TapTensor *a, TapTensor *b)
{
  double worst = 0, scale = 1;

  g_assert_true (tap_shape_equal (&a->shape, &b->shape));
  if (b->dtype != TAP_DTYPE_F32)
    return engine_test_difference (a, b);
  for (gsize i = 0; i < b->count; i++)
    {
      worst = MAX (worst, fabs ((double) tap_tensor_f32 (a)[i] - (double) tap_tensor_f32 (b)[i]));
      scale = MAX (scale, fabs ((double) tap_tensor_f32 (b)[i]));
    }
  return worst / scale;
}

static TapTensor *
apply_pixels (const TapTensor *picture, const TapRect *region, const TapTensor *pixels)
{
  TapTensor *changed = tap_tensor_new_f32 (&picture->shape, tap_tensor_f32 (picture), NULL);
  gint64 height = picture->shape.dims[2], width = picture->shape.dims[3];

  for (gint64 c = 0, i = 0; c < picture->shape.dims[1]; c++)
    for (int y = 0; y < region->height; y++)
      for (int x = 0; x < region->width; x++, i++)
        tap_tensor_f32 (changed)[(c * height + region->y + y) * width + region->x + x] =
          tap_tensor_f32 (pixels)[i];
  return changed;
}

/* @n masks on one picture; every tapped value has to be that of a full pass over the changed picture: bit
 * for bit when that is made for patches too, and nearly when it may use other algorithms: @nearly. */
static void
check_masks (TapGraph *graph,
             const TapTaps *taps,
             const int *values,
             int n_values,
             int n,
             int most,
             gboolean nearly,
             guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (GError) error = NULL;
  g_autoptr (TapSession) session =
    tap_session_new (graph, &(TapSessionOptions){ .n_threads = 2 }, &error);
  g_autoptr (TapTensor) picture =
    engine_test_random (&tap_graph_get_value (graph, tap_graph_get_input (graph, 0))->shape, seed);
  g_autoptr (TapTrace) base =
    engine_test_forward (session, picture, taps, TAP_RUN_FOR_PATCH, &error);

  g_assert_no_error (error);
  for (int i = 0; i < n; i++)
    {
      TapRect region;
      g_autoptr (TapTensor) pixels = random_pixels (rand, picture, &region, most);
      g_autoptr (TapTensor) changed = apply_pixels (picture, &region, pixels);
      g_autoptr (TapTrace) patched =
        tap_session_patch (session, base, &region, pixels, taps, NULL, NULL, &error);
      g_autoptr (TapTrace) full = NULL;
      g_autoptr (TapTrace) plain = NULL;

      g_assert_no_error (error);
      full = engine_test_forward (session, changed, taps, TAP_RUN_FOR_PATCH, &error);
      g_assert_no_error (error);
      if (nearly)
        plain = engine_test_forward (session, changed, taps, TAP_RUN_DEFAULT, &error);
      g_assert_no_error (error);
      for (int k = 0; k < n_values; k++)
        {
          TapTensor *value = tap_trace_get (patched, values[k]);

          engine_test_assert_equal_bits (value, tap_trace_get (full, values[k]));
          if (nearly)
            g_assert_cmpfloat (difference_at_scale (tap_trace_get (plain, values[k]), value), <=,
                               1e-5);
        }
    }
}

static void
test_random (void)
{
  g_test_summary ("On random networks a patch equals a full pass bit for bit in every layer");
  for (guint32 seed = 0; seed < 200; seed++)
    {
      g_autoptr (TapGraph) graph = random_graph_new_moving (seed);
      g_autoptr (GArray) values = random_graph_values (graph);
      g_autoptr (TapTaps) all = tap_taps_new ();
      g_autoptr (TapTaps) last = tap_taps_new_for (tap_graph_get_output (graph, 0), -1);
      int output = tap_graph_get_output (graph, 0);

      g_test_message ("seed %u", seed);
      for (guint i = 0; i < values->len; i++)
        tap_taps_add (all, g_array_index (values, int, i));
      check_masks (graph, all, (const int *) (void *) values->data, (int) values->len, 4, 12, TRUE,
                   seed + 1000);
      check_masks (graph, last, &output, 1, 4, 12, TRUE, seed + 2000);
    }
}

static void
check_network (const char *path, int n, int most)
{
  g_autofree char *full = engine_test_shared (path);
  TapLoadRequest request = { .path = full };
  g_autoptr (GError) error = NULL;
  g_autoptr (TapModel) model = NULL;
  g_autoptr (TapTaps) taps = NULL;
  int values[3];

  if (full == NULL)
    return;
  model = tap_format_load (&request, NULL, NULL, &error);
  g_assert_no_error (error);
  values[0] = tap_graph_get_output (model->graph, 0);
  values[1] = tap_graph_get_node (model->graph, tap_graph_n_nodes (model->graph) / 2)->outputs[0];
  values[2] = tap_graph_get_node (model->graph, tap_graph_n_nodes (model->graph) - 4)->outputs[0];
  taps = tap_taps_new_for (values[0], values[1], values[2], -1);
  check_masks (model->graph, taps, values, 3, n, most, TRUE, 5);
}

/* 500 masks take minutes without vectors. */
static int
n_masks (int few)
{
  return g_test_slow () ? 500 : few;
}

static void
test_squeezenet (void)
{
  g_test_summary ("On SqueezeNet random masks equal full passes bit for bit");
  check_network ("models/squeezenet1_1_torchvision_onnx/squeezenet1_1.onnx", n_masks (60), 224);
}

static void
test_resnet (void)
{
  g_test_summary ("On a residual network random masks equal full passes bit for bit");
  check_network ("models/resnet20_cifar10_onnx/resnet20_cifar10.onnx", n_masks (100), 32);
}

static void
test_inception (void)
{
  g_test_summary (
    "On a network with LRN and many branches random masks equal full passes bit for bit");
  check_network ("conformance/onnx_light_models/light_inception_v1.onnx", n_masks (5), 224);
}

static void
test_densenet (void)
{
  g_test_summary ("On a network of joined maps random masks equal full passes bit for bit");
  if (!g_test_slow ())
    {
      g_test_skip ("one of the slow tests");
      return;
    }
  check_network ("conformance/onnx_light_models/light_densenet121.onnx", 100, 224);
}

/* Every value of a whole pass made for speed, beside one made for patches. */
static void
check_nearly (TapGraph *graph)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TapSession) session =
    tap_session_new (graph, &(TapSessionOptions){ .n_threads = 2 }, &error);
  g_autoptr (TapTaps) taps = tap_taps_new ();
  g_autoptr (TapTensor) picture = engine_test_pictures (graph, 1, 5);
  g_autoptr (TapTrace) plain = NULL;
  g_autoptr (TapTrace) base = NULL;
  double worst = 0;

  for (int i = 0; i < tap_graph_n_nodes (graph); i++)
    {
      int value = tap_graph_get_node (graph, i)->outputs[0];

      if (tap_graph_get_value (graph, value)->constant == NULL)
        tap_taps_add (taps, value);
    }
  plain = engine_test_forward (session, picture, taps, TAP_RUN_DEFAULT, &error);
  g_assert_no_error (error);
  base = engine_test_forward (session, picture, taps, TAP_RUN_FOR_PATCH, &error);
  g_assert_no_error (error);
  for (int i = 0; i < tap_graph_n_values (graph); i++)
    if (tap_taps_contains (taps, i))
      {
        double difference = difference_at_scale (tap_trace_get (plain, i), tap_trace_get (base, i));

        g_assert_cmpfloat (difference, <=, 1e-5);
        worst = MAX (worst, difference);
      }
  g_test_message ("%.3g", worst);
}

static void
test_nearly (void)
{
  static const char *const paths[] = {
    "models/squeezenet1_1_torchvision_onnx/squeezenet1_1.onnx",
    "models/resnet20_cifar10_onnx/resnet20_cifar10.onnx",
    "conformance/onnx_light_models/light_bvlc_alexnet.onnx",
    "conformance/onnx_light_models/light_densenet121.onnx",
    "conformance/onnx_light_models/light_inception_v1.onnx",
    "conformance/onnx_light_models/light_inception_v2.onnx",
    "conformance/onnx_light_models/light_resnet50.onnx",
    "conformance/onnx_light_models/light_shufflenet.onnx",
    "conformance/onnx_light_models/light_squeezenet.onnx",
    "conformance/onnx_light_models/light_vgg19.onnx",
    "conformance/onnx_light_models/light_zfnet512.onnx",
  };

  g_test_summary (
    "On every shared network each value of a pass made for speed is within 1e-5 of what a "
    "patch would find");
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autofree char *full = engine_test_shared (paths[i]);
      TapLoadRequest request = { .path = full };
      g_autoptr (GError) error = NULL;
      g_autoptr (TapModel) model = NULL;

      if (full == NULL)
        return;
      model = tap_format_load (&request, NULL, NULL, &error);
      g_assert_no_error (error);
      g_test_message ("%s", paths[i]);
      check_nearly (model->graph);
    }
}

typedef struct
{
  TapSession *session;
  TapTrace *base;
  const TapRect *regions;
  TapTensor *const *pixels;
  int n_pixels;
  const TapTaps *taps;
  int next, stop;
  gboolean cancels;
  GCancellable *cancellable;
  double fraction;
} Many;

/* The numbers of a single patch but for rounding: sums may be made otherwise, by Winograd's algorithm as well. */
static gboolean
compare_with_single (int position, TapTrace *trace, gpointer user_data, GError **error)
{
  Many *many = user_data;
  g_autoptr (TapTrace) single = tap_session_patch (
    many->session, many->base, &many->regions[position],
    many->pixels[many->n_pixels == 1 ? 0 : position], many->taps, NULL, NULL, error);

  g_assert_no_error (*error);
  g_assert_cmpint (position, ==, many->next++);
  for (guint i = 0; i < (guint) tap_graph_n_values (tap_session_get_graph (many->session)); i++)
    if (tap_taps_contains (many->taps, (int) i))
      {
        TapTensor *a = tap_trace_get (trace, (int) i), *b = tap_trace_get (single, (int) i);

        g_assert_cmpfloat (difference_at_scale (a, b), <=, 1e-5);
      }
  if (many->next != many->stop)
    return TRUE;
  if (many->cancels)
    {
      g_cancellable_cancel (many->cancellable);
      return TRUE;
    }
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BUSY, "That is enough.");
  return FALSE;
}

static void
watch_many (double fraction, gpointer user_data)
{
  Many *many = user_data;

  g_assert_cmpfloat (fraction, >=, many->fraction);
  many->fraction = fraction;
}

static void
check_many (TapGraph *graph,
            const TapTaps *taps,
            int n,
            int n_threads,
            gboolean shared,
            guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (GError) error = NULL;
  g_autoptr (TapSession) session =
    tap_session_new (graph, &(TapSessionOptions){ .n_threads = n_threads }, &error);
  g_autoptr (TapTensor) picture =
    engine_test_random (&tap_graph_get_value (graph, tap_graph_get_input (graph, 0))->shape, seed);
  g_autoptr (TapTrace) base =
    engine_test_forward (session, picture, taps, TAP_RUN_FOR_PATCH, &error);
  g_autoptr (GPtrArray) pixels = g_ptr_array_new_with_free_func ((GDestroyNotify) tap_tensor_unref);
  g_autofree TapRect *regions = g_new0 (TapRect, n + 1);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Many many = { session, base, regions, .taps = taps, .cancellable = cancellable };
  g_autoptr (TapProgress) progress = tap_progress_new (watch_many, NULL, &many);

  g_assert_no_error (error);
  for (int i = 0; i < n; i++)
    if (!shared || i == 0)
      g_ptr_array_add (pixels, random_pixels (rand, picture, &regions[i], 20));
    else
      regions[i] =
        (TapRect){ g_rand_int_range (rand, 0, (int) picture->shape.dims[3] - regions[0].width + 1),
                   g_rand_int_range (rand, 0, (int) picture->shape.dims[2] - regions[0].height + 1),
                   regions[0].width, regions[0].height };
  many.pixels = (TapTensor *const *) pixels->pdata;
  many.n_pixels = (int) pixels->len;
  g_assert_true (tap_session_patch_many (session, base, regions, many.pixels, n, many.n_pixels,
                                         taps, compare_with_single, &many, progress, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (many.next, ==, n);
  g_assert_cmpfloat (many.fraction, ==, 1);

  /* whoever gets the results may end the work, and so may a third party */
  many.next = 0;
  many.stop = 2;
  g_assert_false (tap_session_patch_many (session, base, regions, many.pixels, n, many.n_pixels,
                                          taps, compare_with_single, &many, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BUSY);
  g_clear_error (&error);
  many.next = 0;
  many.cancels = TRUE;
  g_assert_false (tap_session_patch_many (session, base, regions, many.pixels, n, many.n_pixels,
                                          taps, compare_with_single, &many, NULL, cancellable,
                                          &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_many (void)
{
  g_test_summary ("Many patches at once equal one after the other, whatever the threads");
  for (guint32 seed = 0; seed < 60; seed++)
    {
      g_autoptr (TapGraph) graph = random_graph_new (seed);
      g_autoptr (GArray) values = random_graph_values (graph);
      g_autoptr (TapTaps) taps = tap_taps_new_for (tap_graph_get_output (graph, 0), -1);

      g_test_message ("seed %u", seed);
      if (seed % 2 == 0)
        for (guint i = 0; i < values->len; i++)
          tap_taps_add (taps, g_array_index (values, int, i));
      check_many (graph, taps, 12 + (int) seed, 1 + (int) seed % 4, seed % 3 == 0, seed + 3000);
    }
}

static void
test_requests (void)
{
  g_autoptr (TapGraph) graph = random_graph_new (3);
  g_autoptr (GError) error = NULL;
  g_autoptr (TapSession) session = tap_session_new (graph, NULL, &error);
  g_autoptr (TapSession) other = tap_session_new (graph, NULL, &error);
  g_autoptr (TapTensor) picture =
    engine_test_random (&tap_graph_get_value (graph, tap_graph_get_input (graph, 0))->shape, 1);
  int output = tap_graph_get_output (graph, 0), first = tap_graph_get_node (graph, 0)->outputs[0];
  g_autoptr (TapTaps) taps = tap_taps_new_for (output, -1);
  g_autoptr (TapTaps) more = tap_taps_new_for (output, first, -1);
  g_autoptr (TapTrace) plain =
    engine_test_forward (session, picture, taps, TAP_RUN_DEFAULT, &error);
  g_autoptr (TapTrace) base =
    engine_test_forward (session, picture, taps, TAP_RUN_FOR_PATCH, &error);
  TapShape shape = tap_shape_new (4, (gint64) 1, (gint64) 3, (gint64) 2, (gint64) 2);
  g_autoptr (TapTensor) pixels = engine_test_random (&shape, 2);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (TapTrace) again = NULL;
  const TapRect beyond = { 1000, 0, 2, 2 }, wrong = { 0, 0, 3, 2 }, good = { 1, 1, 2, 2 };

  g_test_summary ("Patches that make no sense are refused, and leave the base as it was");
  g_assert_null (tap_session_patch (session, plain, &good, pixels, taps, NULL, NULL, &error));
  g_assert_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT);
  g_clear_error (&error);
  g_assert_null (tap_session_patch (other, base, &good, pixels, taps, NULL, NULL, &error));
  g_assert_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT);
  g_clear_error (&error);
  g_assert_null (tap_session_patch (session, base, &beyond, pixels, taps, NULL, NULL, &error));
  g_assert_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT);
  g_clear_error (&error);
  g_assert_null (tap_session_patch (session, base, &wrong, pixels, taps, NULL, NULL, &error));
  g_assert_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT);
  g_clear_error (&error);
  g_assert_null (tap_session_patch (session, base, &good, pixels, more, NULL, NULL, &error));
  g_assert_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_INPUT);
  g_clear_error (&error);
  g_cancellable_cancel (cancelled);
  g_assert_null (tap_session_patch (session, base, &good, pixels, taps, NULL, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  /* an empty rectangle changes nothing, after all that */
  shape.dims[2] = shape.dims[3] = 0;
  tap_tensor_unref (pixels);
  pixels = tap_tensor_new (TAP_DTYPE_F32, &shape, &error);
  again = tap_session_patch (session, base, &(TapRect){ 0 }, pixels, taps, NULL, NULL, &error);
  g_assert_no_error (error);
  engine_test_assert_equal_bits (tap_trace_get (again, output), tap_trace_get (base, output));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/patch/requests", test_requests);
  g_test_add_func ("/engine/patch/random", test_random);
  g_test_add_func ("/engine/patch/many", test_many);
  g_test_add_func ("/engine/patch/resnet", test_resnet);
  g_test_add_func ("/engine/patch/inception", test_inception);
  g_test_add_func ("/engine/patch/squeezenet", test_squeezenet);
  g_test_add_func ("/engine/patch/nearly", test_nearly);
  g_test_add_func ("/engine/patch/densenet", test_densenet);
  return g_test_run ();
}
