/* bench.c - how fast the engine runs: forward, patch, and the share of what the machine can do
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Random pictures; the networks of the shared data, or the files given. Medians over a few runs after
 * one to warm up. The peak is that of the inner loop of convolution on data that stay in the first-level
 * cache, measured in the same run, so the share says what memory, tails and start-up cost. */

#include "config.h"

#include <string.h>

#include "engine/cpu/isa.h"
#include "engine/tap-session.h"
#include "formats/registry.h"
#include "ops/infer.h"

#define RUNS 15

static int
compare (gconstpointer a, gconstpointer b)
{
  double u = *(const double *) a, v = *(const double *) b;

  return (u > v) - (u < v);
}

static double
median (double *values, int n)
{
  qsort (values, (size_t) n, sizeof *values, compare);
  return values[n / 2];
}

typedef struct
{
  TapTileJob job;
  int n;
} Peak;

static gpointer
peak_thread (gpointer data)
{
  const Peak *peak = data;

  for (int i = 0; i < peak->n; i++)
    tap_cpu_simd ()->conv_tiles (&peak->job);
  return NULL;
}

/* Multiply-adds per second of a convolution that fits the first-level cache, in units of 10⁹ · 2. */
static double
measure_peak (int n_threads)
{
  static float x[64 * 64], w[64 * 9 * 32], y[2][32 * 64], bias[32];
  ptrdiff_t taps[9];
  double best = 0;

  for (int i = 0; i < 9; i++)
    taps[i] = i;
  for (int rep = 0; rep < 7; rep++)
    {
      Peak peaks[2];
      GThread *threads[2];
      gint64 start = g_get_monotonic_time ();
      double seconds;

      for (int t = 0; t < n_threads; t++)
        {
          peaks[t] = (Peak){
            .job = { .x = x,
                     .x_channel = 64,
                     .taps = taps,
                     .n_taps = 9,
                     .channels = 16,
                     .weights = w,
                     .bias = bias,
                     .y = y[t],
                     .y_channel = 64,
                     .y_pixel = 1,
                     .rows = 1,
                     .width = 28,
                     .out_channels = 32 },
            .n = 4000,
          };
          threads[t] = g_thread_new ("peak", peak_thread, &peaks[t]);
        }
      for (int t = 0; t < n_threads; t++)
        g_thread_join (threads[t]);
      seconds = (double) (g_get_monotonic_time () - start) / 1e6;
      best = MAX (best, 2.0 * 9 * 16 * 32 * 28 * 4000 * n_threads / seconds / 1e9);
    }
  return best;
}

static TapTensor *
random_tensor (const TapShape *shape, guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  TapTensor *tensor = tap_tensor_new (TAP_DTYPE_F32, shape, NULL);

  for (gsize i = 0; tensor != NULL && i < tensor->count; i++)
    tap_tensor_f32 (tensor)[i] = (float) g_rand_double_range (rand, -1, 1);
  return tensor;
}

static double
time_forward (TapSession *session, TapTensor *input, const TapTaps *taps, TapRunFlags flags)
{
  double times[RUNS];

  for (int i = -1; i < RUNS; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TapTrace) trace =
        tap_session_forward (session, &input, 1, taps, flags, NULL, NULL, &error);

      if (trace == NULL)
        {
          g_print ("  %s\n", error->message);
          return 0;
        }
      if (i >= 0)
        times[i] = tap_trace_get_milliseconds (trace);
    }
  return median (times, RUNS);
}

static double
time_patch (TapSession *session, TapTensor *input, const TapTaps *taps, int mask)
{
  g_autoptr (TapTrace) base =
    tap_session_forward (session, &input, 1, taps, TAP_RUN_FOR_PATCH, NULL, NULL, NULL);
  int height = (int) input->shape.dims[2], width = (int) input->shape.dims[3];
  TapShape shape =
    tap_shape_new (4, (gint64) 1, input->shape.dims[1], (gint64) mask, (gint64) mask);
  g_autoptr (TapTensor) pixels = tap_tensor_new (TAP_DTYPE_F32, &shape, NULL);
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  double times[2 * RUNS];

  if (base == NULL || height <= mask || width <= mask)
    return 0;
  for (int i = -2; i < 2 * RUNS; i++)
    {
      TapRect region = { g_rand_int_range (rand, 0, width - mask),
                         g_rand_int_range (rand, 0, height - mask), mask, mask };
      g_autoptr (TapTrace) trace =
        tap_session_patch (session, base, &region, pixels, taps, NULL, NULL, NULL);

      if (trace == NULL)
        return 0;
      if (i >= 0)
        times[i] = tap_trace_get_milliseconds (trace);
    }
  return median (times, 2 * RUNS);
}

static void
bench (const char *path, const char *weights, const double *peaks)
{
  TapLoadRequest request = { .path = path, .weights_path = weights };
  g_autoptr (GError) error = NULL;
  g_autoptr (TapModel) model = tap_format_load (&request, NULL, NULL, &error);
  const TapValue *value;
  double gflop = 0;

  if (model == NULL)
    {
      g_print ("%s\n", error->message);
      return;
    }
  value = tap_graph_get_value (model->graph, model->input);
  for (int i = 0; i < tap_graph_n_nodes (model->graph); i++)
    gflop += 2e-9 * (double) tap_infer_macs (model->graph, tap_graph_get_node (model->graph, i));
  g_print ("%s, %.3f GFLOP\n", model->title, gflop);
  for (int n_threads = 1; n_threads <= 2; n_threads++)
    {
      g_autoptr (TapSession) session =
        tap_session_new (model->graph, &(TapSessionOptions){ .n_threads = n_threads }, NULL);
      g_autoptr (TapTaps) taps = tap_taps_new_for (tap_graph_get_output (model->graph, 0), -1);
      g_autoptr (TapTensor) input = random_tensor (&value->shape, 7);
      TapShape batch_shape = value->shape;
      g_autoptr (TapTensor) batch = NULL;
      double forward = time_forward (session, input, taps, TAP_RUN_DEFAULT), batched;

      batch_shape.dims[0] = 8;
      batch = random_tensor (&batch_shape, 8);
      batched = time_forward (session, batch, taps, TAP_RUN_DEFAULT) / 8;
      g_print ("  %d thread%s: forward %.2f ms (%.1f GFLOP/s, %.0f %% of peak), batch of 8 %.2f ms "
               "each (%.0f %%)",
               n_threads, n_threads > 1 ? "s" : "", forward, gflop / forward * 1e3,
               gflop / forward * 1e5 / peaks[n_threads - 1], batched,
               gflop / batched * 1e5 / peaks[n_threads - 1]);
      if (value->shape.n_dims == 4)
        for (int mask = 16; mask <= 64; mask *= 2)
          {
            double patch = time_patch (session, input, taps, mask);

            if (patch > 0)
              g_print (", mask %d %.2f ms", mask, patch);
          }
      g_print ("\n");
    }
}

int
main (int argc, char **argv)
{
  static const char *const networks[][2] = {
    { "models/squeezenet1_1_torchvision_onnx/squeezenet1_1.onnx", NULL },
    { "models/resnet20_cifar10_onnx/resnet20_cifar10.onnx", NULL },
    { "conformance/onnx_light_models/light_bvlc_alexnet.onnx", NULL },
    { "conformance/onnx_light_models/light_inception_v1.onnx", NULL },
    { "conformance/onnx_light_models/light_resnet50.onnx", NULL },
    { "conformance/onnx_light_models/light_vgg19.onnx", NULL },
  };
  const char *root = g_getenv ("TAPETUM_SHARED_DATA");
  g_autofree char *engine = tap_engine_describe ();
  double peaks[2] = { measure_peak (1), measure_peak (2) };

  g_print ("%s; peak of the inner loop %.1f and %.1f GFLOP/s\n", engine, peaks[0], peaks[1]);
  for (int i = 1; i < argc; i++)
    bench (argv[i], NULL, peaks);
  for (gsize i = 0; argc == 1 && root != NULL && i < G_N_ELEMENTS (networks); i++)
    {
      g_autofree char *path = g_build_filename (root, networks[i][0], NULL);

      bench (path, networks[i][1], peaks);
    }
  return 0;
}
