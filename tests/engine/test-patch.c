/* test-patch.c - a changed rectangle gives the bits that a whole pass for patches would give
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "core/tap-error.h"
#include "engine-test.h"
#include "formats/registry.h"
#include "random-graph.h"

static TapTensor *
random_pixels (GRand *rand, const TapTensor *picture, TapRect *region, int most)
{
  gint64 height = picture->shape.dims[2], width = picture->shape.dims[3];
  TapShape shape;

  region->width = g_rand_int_range (rand, 1, (gint32) MIN (width, most) + 1);
  region->height = g_rand_int_range (rand, 1, (gint32) MIN (height, most) + 1);
  region->x = g_rand_int_range (rand, 0, (gint32) width - region->width + 1);
  region->y = g_rand_int_range (rand, 0, (gint32) height - region->height + 1);
  shape = tap_shape_new (4, (gint64) 1, picture->shape.dims[1], (gint64) region->height,
                         (gint64) region->width);
  return engine_test_random (&shape, g_rand_int (rand));
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
 * for bit when that is made for patches too, and nearly when it may use other algorithms. */
static void
check_masks (TapGraph *graph,
             const TapTaps *taps,
             const int *values,
             int n_values,
             int n,
             int most,
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
      plain = engine_test_forward (session, changed, taps, TAP_RUN_DEFAULT, &error);
      g_assert_no_error (error);
      for (int k = 0; k < n_values; k++)
        {
          TapTensor *value = tap_trace_get (patched, values[k]);

          engine_test_assert_equal_bits (value, tap_trace_get (full, values[k]));
          g_assert_cmpfloat (engine_test_difference (tap_trace_get (plain, values[k]), value), <=,
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
      g_autoptr (TapGraph) graph = random_graph_new (seed);
      g_autoptr (GArray) values = random_graph_values (graph);
      g_autoptr (TapTaps) all = tap_taps_new ();
      g_autoptr (TapTaps) last = tap_taps_new_for (tap_graph_get_output (graph, 0), -1);
      int output = tap_graph_get_output (graph, 0);

      g_test_message ("seed %u", seed);
      for (guint i = 0; i < values->len; i++)
        tap_taps_add (all, g_array_index (values, int, i));
      check_masks (graph, all, (const int *) (void *) values->data, (int) values->len, 4, 12,
                   seed + 1000);
      check_masks (graph, last, &output, 1, 4, 12, seed + 2000);
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
  check_masks (model->graph, taps, values, 3, n, most, 5);
}

static void
test_squeezenet (void)
{
  g_test_summary ("On SqueezeNet 200 random masks equal full passes bit for bit");
  check_network ("models/squeezenet1_1_torchvision_onnx/squeezenet1_1.onnx", 200, 100);
}

static void
test_resnet (void)
{
  g_test_summary ("On a residual network random masks equal full passes bit for bit");
  check_network ("models/resnet20_cifar10_onnx/resnet20_cifar10.onnx", 100, 16);
}

static void
test_inception (void)
{
  g_test_summary (
    "On a network with LRN and many branches random masks equal full passes bit for bit");
  check_network ("conformance/onnx_light_models/light_inception_v1.onnx", 5, 60);
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
  g_test_add_func ("/engine/patch/resnet", test_resnet);
  g_test_add_func ("/engine/patch/inception", test_inception);
  g_test_add_func ("/engine/patch/squeezenet", test_squeezenet);
  return g_test_run ();
}
