/* measure.c - times, peaks and networks for the benchmarks
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "measure.h"

#include <string.h>

#include "engine/cpu/blas.h"
#include "engine/tap-peak.h"
#include "formats/registry.h"
#include "onnx-writer.h"
#include "ops/infer.h"

static int
compare (gconstpointer a, gconstpointer b)
{
  double u = *(const double *) a, v = *(const double *) b;

  return (u > v) - (u < v);
}

double
bench_median (GArray *times)
{
  g_array_sort (times, compare);
  return times->len > 0 ? g_array_index (times, double, times->len / 2) : 0;
}

double
bench_peak (int n_threads)
{
  static double peaks[2];
  double *peak = &peaks[CLAMP (n_threads, 1, 2) - 1];

  if (*peak == 0)
    *peak = tap_engine_measure_peak (CLAMP (n_threads, 1, 2));
  return *peak;
}

double
bench_sgemm (void)
{
  enum
  {
    N = 768
  };
  static double rate = -1;
  const TapBlas *blas = tap_blas ();
  g_autofree float *a = NULL;

  if (rate >= 0 || blas == NULL)
    return MAX (rate, 0);
  a = g_new (float, 3 * N * N);
  for (int i = 0; i < 3 * N * N; i++)
    a[i] = (float) (i % 17 - 8) / 8;
  for (int rep = 0; rep < 5; rep++)
    {
      gint64 start = g_get_monotonic_time ();

      blas->sgemm (TAP_BLAS_ROW_MAJOR, TAP_BLAS_PLAIN, TAP_BLAS_PLAIN, N, N, N, 1, a, N, a + N * N,
                   N, 0, a + 2 * N * N, N);
      rate = MAX (rate, 2e-3 * N * N * N / (double) (g_get_monotonic_time () - start));
    }
  return rate;
}

void
bench_print_machine (void)
{
  g_autofree char *engine = tap_engine_describe ();

  g_print (
    "%s\npeak of multiply-adds %.0f and %.0f GFLOP/s on 1 and 2 threads; sgemm %.0f on one\n",
    engine, bench_peak (1), bench_peak (2), bench_sgemm ());
}

TapTensor *
bench_picture (int batch)
{
  TapShape shape = tap_shape_new (4, (gint64) batch, (gint64) 3, (gint64) 224, (gint64) 224);
  TapTensor *tensor = tap_tensor_new_uninit (TAP_DTYPE_F32, &shape, NULL);

  g_assert_nonnull (tensor);
  for (gsize i = 0; i < tensor->count; i++)
    tap_tensor_f32 (tensor)[i] =
      (float) ((guint32) (i * G_GUINT64_CONSTANT (2654435761)) * (2.0 / 4294967296.0) - 1);
  return tensor;
}

char *
bench_network_path (const BenchNetwork *network)
{
  const char *given = g_getenv ("TAPETUM_BENCH_NETWORKS");
  const char *folder = given != NULL ? given : BENCH_NETWORKS;
  g_autofree char *name = g_strconcat (network->id, ".onnx", NULL);
  char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_autoptr (TapGraph) graph = bench_network_build (network);

      g_mkdir_with_parents (folder, 0777);
      if (!bench_write_onnx (graph, path, &error))
        g_error ("%s", error->message);
    }
  return path;
}

TapModel *
bench_network_open (const BenchNetwork *network)
{
  g_autofree char *path = bench_network_path (network);
  TapLoadRequest request = { .path = path, .no_checksum = TRUE };
  g_autoptr (GError) error = NULL;
  TapModel *model = tap_format_load (&request, NULL, NULL, &error);

  if (model == NULL)
    g_error ("%s", error->message);
  return model;
}

double
bench_gflop (const TapModel *model)
{
  double gflop = 0;

  for (int i = 0; i < tap_graph_n_nodes (model->graph); i++)
    gflop += 2e-9 * (double) tap_infer_macs (model->graph, tap_graph_get_node (model->graph, i));
  return gflop;
}

void
bench_subject_init (BenchSubject *self, TapModel *model, int n_threads, int batch)
{
  TapSessionOptions options = { .n_threads = n_threads };

  self->model = tap_model_ref (model);
  self->session = tap_session_new (model->graph, &options, NULL);
  self->scores = tap_taps_new_for (model->scores, -1);
  self->input = tap_taps_new_for (model->input, -1);
  self->picture = bench_picture (batch);
  g_assert_nonnull (self->session);
}

void
bench_subject_clear (BenchSubject *self)
{
  g_clear_pointer (&self->session, tap_session_unref);
  g_clear_pointer (&self->scores, tap_taps_free);
  g_clear_pointer (&self->input, tap_taps_free);
  g_clear_pointer (&self->picture, tap_tensor_unref);
  g_clear_pointer (&self->model, tap_model_unref);
}

/* Hands the sentence on, once. */
static double
failed (const GError *error, char **problem)
{
  if (problem != NULL && *problem == NULL)
    *problem = g_strdup (error != NULL ? error->message : "no reason given");
  return -1;
}

double
bench_forward (BenchSubject *self, char **problem)
{
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;
  g_autoptr (TapTrace) trace = tap_session_forward (self->session, &self->picture, 1, self->scores,
                                                    TAP_RUN_DEFAULT, NULL, NULL, &error);

  if (trace == NULL)
    return failed (error, problem);
  return (double) (g_get_monotonic_time () - start) / 1e3;
}

double
bench_backward (BenchSubject *self, char **problem)
{
  TapSeed seed = { .value = self->model->scores, .weight = 1 };
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;
  g_autoptr (TapTrace) trace = tap_session_forward (self->session, &self->picture, 1, self->scores,
                                                    TAP_RUN_FOR_BACKWARD, NULL, NULL, &error);
  g_autoptr (TapTrace) back = NULL;
  TapStats stats;
  double time;

  if (trace != NULL)
    back = tap_session_backward (self->session, trace, &seed, 1, TAP_RULE_GRADIENT, self->input,
                                 NULL, NULL, &error);
  time = (double) (g_get_monotonic_time () - start) / 1e3;
  if (back == NULL)
    return failed (error, problem);
  /* Nothing is quickly computed. */
  tap_tensor_stats (tap_tensor_f32 (tap_trace_get (back, self->model->input)), 3 * 224 * 224,
                    &stats);
  if (stats.n_zero > 224 * 224)
    g_set_error_literal (&error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "the gradient is zero");
  return error == NULL ? time : failed (error, problem);
}

int
bench_scores (BenchSubject *self, float *scores, int n)
{
  g_autoptr (TapTrace) trace = tap_session_forward (self->session, &self->picture, 1, self->scores,
                                                    TAP_RUN_DEFAULT, NULL, NULL, NULL);
  TapTensor *tensor = trace != NULL ? tap_trace_get (trace, self->model->scores) : NULL;

  n = tensor != NULL ? (int) MIN ((gsize) n, tensor->count) : 0;
  if (n > 0)
    memcpy (scores, tensor->data, sizeof (float) * (gsize) n);
  return n;
}
