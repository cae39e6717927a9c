/* bench-conv.c - how fast each convolution of a network runs, beside oneDNN's
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One line per shape: how often the network has it, milliseconds (the best of several runs on random
 * data), GFLOP/s, the share of the peak of this machine's inner loop in this run, and oneDNN's time over
 * ours where libdnnl is installed; then the sum over the network. Options:
 *   --threads N   (1)         --pass forward|data|weights   (forward)
 *   --batch N     (1)         --by-cell    as a patch asks for it */

#include "config.h"

#include <locale.h>
#include <string.h>

#include "engine/cpu/isa.h"
#include "engine/cpu/tap-cpu.h"
#include "formats/registry.h"
#include "onednn.h"
#include "ops/infer.h"

#define BEST_OF 40
#define ENOUGH  0.06

typedef enum
{
  PASS_FORWARD,
  PASS_DATA,
  PASS_WEIGHTS,
} Pass;

typedef struct
{
  int threads, batch;
  gboolean by_cell;
  Pass pass;
  TapPool *pool;
  double peak;
} Options;

static TapTensor *
random_tensor (const TapShape *shape, guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  TapTensor *tensor = tap_tensor_new (TAP_DTYPE_F32, shape, NULL);

  for (gsize i = 0; i < tensor->count; i++)
    tap_tensor_f32 (tensor)[i] = (float) g_rand_double_range (rand, -1, 1);
  return tensor;
}

/* Seconds of the fastest of some runs of a function. */
static double
best_of (gboolean (*func) (const TapCpuRun *run, GError **error), const TapCpuRun *run)
{
  double best = G_MAXDOUBLE;
  gint64 begin = g_get_monotonic_time ();

  tap_pool_begin (run->pool);
  for (int i = 0; i < BEST_OF; i++)
    {
      gint64 start = g_get_monotonic_time ();
      double seconds;

      func (run, NULL);
      seconds = (double) (g_get_monotonic_time () - start) / 1e6;
      if (i > 0)
        best = MIN (best, seconds);
      if (i > 3 && (double) (g_get_monotonic_time () - begin) / 1e6 > ENOUGH)
        break;
    }
  tap_pool_end (run->pool);
  return best;
}

/* Multiply-adds of a tile that stays in the first-level cache, in GFLOP/s of one thread. */
static double
measure_peak (void)
{
  static float x[64 * 64], w[64 * 9 * 32], y[32 * 64], bias[32];
  ptrdiff_t taps[9];
  TapTileJob job = { .x = x,
                     .x_channel = 64,
                     .taps = taps,
                     .n_taps = 9,
                     .channels = 16,
                     .weights = w,
                     .bias = bias,
                     .y = y,
                     .y_channel = 64,
                     .y_pixel = 1,
                     .rows = 1,
                     .width = 28,
                     .out_channels = 32 };
  double best = 0;

  for (int i = 0; i < 9; i++)
    taps[i] = i;
  for (int rep = 0; rep < 20; rep++)
    {
      gint64 start = g_get_monotonic_time ();

      for (int i = 0; i < 2000; i++)
        tap_cpu_simd ()->conv_tiles (&job);
      best = MAX (best,
                  2.0 * 9 * 16 * 32 * 28 * 2000 / (double) (g_get_monotonic_time () - start) / 1e3);
    }
  return best;
}

/* One convolution as a kernel sees it, with constant weights and random data. */
static double
time_conv (const Options *o, const TapGraph *graph, const TapNode *node)
{
  const TapCpuKernel *kernel = tap_cpu_find (node->op_type);
  TapCpuArray inputs[3], input_grads[3] = { { 0 } }, output, output_grad;
  TapTensor *constants[3] = { NULL };
  g_autoptr (TapTensor) x = NULL;
  g_autoptr (TapTensor) y = NULL;
  g_autoptr (TapTensor) g = NULL;
  g_autoptr (TapTensor) packed = NULL;
  g_autoptr (GPtrArray) grads = g_ptr_array_new_with_free_func ((GDestroyNotify) tap_tensor_unref);
  gpointer scratch;
  gsize scratch_bytes;
  TapCpuRun run = {
    .node = node,
    .inputs = inputs,
    .n_inputs = node->n_inputs,
    .outputs = &output,
    .n_outputs = 1,
    .by_cell = o->by_cell,
    .simd = tap_cpu_simd (),
    .pool = o->pool,
    .clamp = { .active = o->pass == PASS_FORWARD, .low = 0, .high = G_MAXFLOAT },
  };
  TapShape shape = tap_graph_get_value (graph, node->inputs[0])->shape;
  double seconds;

  shape.dims[0] = o->batch;
  x = random_tensor (&shape, 1);
  inputs[0] = (TapCpuArray){ TAP_DTYPE_F32, shape, x->data };
  for (int i = 1; i < node->n_inputs; i++)
    {
      constants[i] = tap_graph_get_value (graph, node->inputs[i])->constant;
      if (constants[i] == NULL)
        return 0;
      inputs[i] = (TapCpuArray){ TAP_DTYPE_F32, constants[i]->shape, constants[i]->data };
    }
  shape = tap_graph_get_value (graph, node->outputs[0])->shape;
  shape.dims[0] = o->batch;
  y = random_tensor (&shape, 2);
  g = random_tensor (&shape, 3);
  output = (TapCpuArray){ TAP_DTYPE_F32, shape, NULL };
  output_grad = (TapCpuArray){ TAP_DTYPE_F32, shape, g->data };
  if (o->pass != PASS_FORWARD)
    {
      if (kernel->backward == NULL)
        return 0;
      run.output_grads = &output_grad;
      run.input_grads = input_grads;
      for (int i = 0; i < node->n_inputs; i++)
        {
          TapTensor *grad = tap_tensor_new (TAP_DTYPE_F32, &inputs[i].shape, NULL);

          g_ptr_array_add (grads, grad);
          input_grads[i] = (TapCpuArray){ TAP_DTYPE_F32, inputs[i].shape,
                                          (o->pass == PASS_DATA) == (i == 0) ? grad->data : NULL };
        }
    }
  if (o->pass == PASS_FORWARD)
    run.algorithm = kernel->choose != NULL ? kernel->choose (&run) : 0;
  else
    run.algorithm = kernel->choose_backward != NULL ? kernel->choose_backward (&run) : 0;
  if (kernel->pack != NULL)
    packed =
      kernel->pack (node, kernel->packing != NULL ? kernel->packing (run.algorithm) : run.algorithm,
                    constants, NULL);
  run.packed = packed != NULL ? tap_tensor_f32 (packed) : NULL;
  scratch_bytes = o->pass == PASS_FORWARD          ? kernel->scratch (&run) :
                  kernel->scratch_backward != NULL ? kernel->scratch_backward (&run) :
                                                     0;
  run.scratch = scratch = g_aligned_alloc0 (scratch_bytes / 64 + 2, 64, 64);
  output.data = y->data;
  seconds = best_of (o->pass == PASS_FORWARD ? kernel->forward : kernel->backward, &run);
  g_aligned_free (scratch);
  return seconds;
}

typedef struct
{
  char *key;
  const TapNode *node;
  TapWindow window;
  int in, out, count;
} Layer;

static void
layer_clear (gpointer data)
{
  g_free (((Layer *) data)->key);
}

static void
collect (const TapGraph *graph, GArray *layers)
{
  for (int i = 0; i < tap_graph_n_nodes (graph); i++)
    {
      const TapNode *node = tap_graph_get_node (graph, i);
      const TapShape *x, *w;
      Layer layer = { .node = node, .count = 1 };
      guint j;

      if (!g_str_equal (node->op_type, "Conv") && !g_str_equal (node->op_type, "ConvTranspose"))
        continue;
      x = &tap_graph_get_value (graph, node->inputs[0])->shape;
      w = &tap_graph_get_value (graph, node->inputs[1])->shape;
      if (!tap_op_window (node, x, w, &layer.window, NULL))
        continue;
      layer.in = (int) x->dims[1];
      layer.out = (int) tap_graph_get_value (graph, node->outputs[0])->shape.dims[1];
      layer.key = g_strdup_printf (
        "%4d→%-4d %3d×%-3d %d×%d/%d%s%s", layer.in, layer.out, layer.window.in_h, layer.window.in_w,
        layer.window.kernel_h, layer.window.kernel_w, layer.window.stride_h,
        layer.window.dilation_h > 1 ? " dilated" : "", layer.window.group > 1 ? " groups" : "");
      for (j = 0; j < layers->len; j++)
        if (g_str_equal (g_array_index (layers, Layer, j).key, layer.key))
          break;
      if (j < layers->len)
        {
          g_array_index (layers, Layer, j).count++;
          g_free (layer.key);
        }
      else
        g_array_append_val (layers, layer);
    }
}

static void
bench (const Options *o, const char *path)
{
  TapLoadRequest request = { .path = path };
  g_autoptr (GError) error = NULL;
  g_autoptr (TapModel) model = tap_format_load (&request, NULL, NULL, &error);
  g_autoptr (GArray) layers = g_array_new (FALSE, FALSE, sizeof (Layer));
  double sum = 0, sum_gflop = 0, sum_peer = 0;

  if (model == NULL)
    {
      g_print ("%s\n", error->message);
      return;
    }
  g_array_set_clear_func (layers, layer_clear);
  collect (model->graph, layers);
  g_print ("%s, %d thread%s\n", model->title, o->threads, o->threads > 1 ? "s" : "");
  for (guint i = 0; i < layers->len; i++)
    {
      const Layer *layer = &g_array_index (layers, Layer, i);
      double gflop = 2e-9 * (double) tap_infer_macs (model->graph, layer->node) * (double) o->batch;
      double seconds = time_conv (o, model->graph, layer->node);
      OneDnnConv conv = { .images = o->batch,
                          .in = layer->in,
                          .out = layer->out,
                          .window = layer->window };
      double peer = onednn_time (&conv, o->pass == PASS_FORWARD ? ONEDNN_FORWARD :
                                        o->pass == PASS_DATA    ? ONEDNN_DATA :
                                                                  ONEDNN_WEIGHTS);

      /* OpenMP's threads go on spinning for a while */
      g_usleep (peer > 0 && o->threads > 1 ? 30000 : 0);
      g_print ("  %2d × %-34s %8.3f ms %6.1f GFLOP/s %3.0f %%", layer->count, layer->key,
               seconds * 1e3, gflop / seconds, gflop / seconds / o->peak * 100);
      if (peer > 0)
        g_print ("  oneDNN %8.3f ms, ours %.2f × as fast", peer * 1e3, peer / seconds);
      g_print ("\n");
      sum += layer->count * seconds;
      sum_gflop += layer->count * gflop;
      sum_peer += layer->count * peer;
    }
  g_print ("  all                                    %8.3f ms %6.1f GFLOP/s %3.0f %%", sum * 1e3,
           sum_gflop / sum, sum_gflop / sum / o->peak * 100);
  if (sum_peer > 0)
    g_print ("  oneDNN %8.3f ms, ours %.2f × as fast", sum_peer * 1e3, sum_peer / sum);
  g_print ("\n");
}

int
main (int argc, char **argv)
{
  Options o = { .threads = 1, .batch = 1 };
  g_autofree char *pass = NULL;
  gboolean no_peer = FALSE;
  GOptionEntry entries[] = {
    { "threads", 0, 0, G_OPTION_ARG_INT, &o.threads, "threads", "N" },
    { "batch", 0, 0, G_OPTION_ARG_INT, &o.batch, "pictures at once", "N" },
    { "by-cell", 0, 0, G_OPTION_ARG_NONE, &o.by_cell, "as a patch asks for it", NULL },
    { "pass", 0, 0, G_OPTION_ARG_STRING, &pass, "forward, data or weights", "PASS" },
    { "no-peer", 0, 0, G_OPTION_ARG_NONE, &no_peer, "leave oneDNN out", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("NETWORK…");
  g_autoptr (GError) error = NULL;
  g_autofree char *threads = NULL;

  setlocale (LC_ALL, "");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 2;
    }
  o.pass = g_strcmp0 (pass, "data") == 0    ? PASS_DATA :
           g_strcmp0 (pass, "weights") == 0 ? PASS_WEIGHTS :
                                              PASS_FORWARD;
  /* before OpenMP starts */
  threads = g_strdup_printf ("%d", o.threads);
  g_setenv ("OMP_NUM_THREADS", threads, TRUE);
  if (!no_peer && !onednn_open ())
    g_print ("oneDNN is not installed: no comparison\n");
  o.pool = tap_pool_new (o.threads);
  o.peak = measure_peak () * o.threads;
  g_print ("%s, peak of the inner loop %.1f GFLOP/s\n", tap_cpu_simd ()->name, o.peak);
  for (int i = 1; i < argc; i++)
    bench (&o, argv[i]);
  tap_pool_free (o.pool);
  return 0;
}
