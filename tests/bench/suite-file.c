/* suite-file.c - networks from files: forward, a batch, moves of masks of four sizes, and sweeps of two
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * For whoever works on a kernel: no peers, one line per number of threads. */

#include "config.h"

#include "formats/registry.h"
#include "measure.h"
#include "ops/infer.h"
#include "suites.h"

#define RUNS   15
#define PLACES 96

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
time_forward (TapSession *session, TapTensor *input, const TapTaps *taps)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));

  for (int i = -1; i < RUNS; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TapTrace) trace =
        tap_session_forward (session, &input, 1, taps, TAP_RUN_DEFAULT, NULL, NULL, &error);
      double time = trace != NULL ? tap_trace_get_milliseconds (trace) : 0;

      if (trace == NULL)
        {
          g_print ("  %s\n", error->message);
          return 0;
        }
      if (i >= 0)
        g_array_append_val (times, time);
    }
  return bench_median (times);
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
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));

  if (base == NULL || height <= mask || width <= mask)
    return 0;
  for (int i = -2; i < 2 * RUNS; i++)
    {
      TapRect region = { g_rand_int_range (rand, 0, width - mask),
                         g_rand_int_range (rand, 0, height - mask), mask, mask };
      g_autoptr (TapTrace) trace =
        tap_session_patch (session, base, &region, pixels, taps, NULL, NULL, NULL);
      double time = trace != NULL ? tap_trace_get_milliseconds (trace) : 0;

      if (trace == NULL)
        return 0;
      if (i >= 0)
        g_array_append_val (times, time);
    }
  return bench_median (times);
}

static gboolean
ignore_cb (int position, TapTrace *trace, gpointer user_data, GError **error)
{
  return TRUE;
}

/* How long others have to wait until they may use the session. */
typedef struct
{
  gint64 last, longest;
} Waits;

static void
wait_cb (double fraction, gpointer user_data)
{
  Waits *waits = user_data;
  gint64 now = g_get_monotonic_time ();

  waits->longest = MAX (waits->longest, now - waits->last);
  waits->last = now;
}

/* Prints milliseconds a place. */
static void
print_sweep (TapSession *session, TapTensor *input, const TapTaps *taps, int mask)
{
  g_autoptr (TapTrace) base =
    tap_session_forward (session, &input, 1, taps, TAP_RUN_FOR_PATCH, NULL, NULL, NULL);
  int across = (int) (input->shape.dims[3] - mask) / 8,
      down = (int) (input->shape.dims[2] - mask) / 8;
  TapShape shape =
    tap_shape_new (4, (gint64) 1, input->shape.dims[1], (gint64) mask, (gint64) mask);
  g_autoptr (TapTensor) pixels = tap_tensor_new (TAP_DTYPE_F32, &shape, NULL);
  TapRect regions[PLACES];
  Waits waits = { 0 };
  g_autoptr (TapProgress) progress = tap_progress_new (wait_cb, NULL, &waits);
  gint64 start;

  if (base == NULL || across < 1 || down < 1)
    return;
  /* rows apart from each other, all of their places */
  for (int i = 0; i < PLACES; i++)
    regions[i] = (TapRect){ i % across * 8, i / across * 5 % down * 8, mask, mask };
  start = waits.last = g_get_monotonic_time ();
  if (tap_session_patch_many (session, base, regions, &pixels, PLACES, 1, taps, ignore_cb, NULL,
                              progress, NULL, NULL))
    g_print (", sweep of mask %d %.2f ms a place (others wait %.0f ms at most)", mask,
             (double) (g_get_monotonic_time () - start) / 1e3 / PLACES,
             (double) waits.longest / 1e3);
}

void
bench_file (const char *path)
{
  TapLoadRequest request = { .path = path, .no_checksum = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (TapModel) model = tap_format_load (&request, NULL, NULL, &error);
  const TapValue *value;
  double gflop;

  if (model == NULL)
    {
      g_print ("%s\n", error->message);
      return;
    }
  value = tap_graph_get_value (model->graph, model->input);
  gflop = bench_gflop (model);
  g_print ("%s, %.3f GFLOP\n", model->title, gflop);
  for (int n_threads = 1; n_threads <= 2; n_threads++)
    {
      g_autoptr (TapSession) session =
        tap_session_new (model->graph, &(TapSessionOptions){ .n_threads = n_threads }, NULL);
      g_autoptr (TapTaps) taps = tap_taps_new_for (tap_graph_get_output (model->graph, 0), -1);
      g_autoptr (TapTensor) input = random_tensor (&value->shape, 7);
      TapShape batch_shape = value->shape;
      g_autoptr (TapTensor) batch = NULL;
      double forward = time_forward (session, input, taps), batched;

      batch_shape.dims[0] = 8;
      batch = random_tensor (&batch_shape, 8);
      batched = time_forward (session, batch, taps) / 8;
      g_print ("  %d thread%s: forward %.2f ms (%.1f GFLOP/s, %.0f %% of peak), batch of 8 %.2f ms "
               "each (%.0f %%)",
               n_threads, n_threads > 1 ? "s" : "", forward, gflop / forward * 1e3,
               gflop / forward * 1e5 / bench_peak (n_threads), batched,
               gflop / batched * 1e5 / bench_peak (n_threads));
      if (value->shape.n_dims == 4)
        {
          static const int masks[] = { 16, 32, 64, 100 };

          for (gsize m = 0; m < G_N_ELEMENTS (masks); m++)
            {
              double patch = time_patch (session, input, taps, masks[m]);

              if (patch > 0)
                g_print (", mask %d %.2f ms", masks[m], patch);
            }
          for (int mask = 32; mask <= 64; mask *= 2)
            print_sweep (session, input, taps, mask);
        }
      g_print ("\n");
    }
}
