/* test-tensor.c - tensors own, borrow and share their numbers
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-error.h"
#include "core/tap-tensor.h"

#include <math.h>
#include <string.h>

static void
test_zeroed_and_aligned (void)
{
  TapShape shape = { 2, { 3, 5 } };
  g_autoptr (TapTensor) tensor = tap_tensor_new (TAP_DTYPE_F32, &shape, NULL);

  g_assert_cmpuint (tensor->count, ==, 15);
  g_assert_cmpuint ((guintptr) tensor->data % 64, ==, 0);
  for (int i = 0; i < 15; i++)
    g_assert_cmpfloat (tap_tensor_f32 (tensor)[i], ==, 0.0f);
}

static void
test_empty (void)
{
  TapShape shape = { 2, { 0, 5 } };
  g_autoptr (TapTensor) tensor = tap_tensor_new_i64 (&shape, NULL, NULL);
  g_autoptr (GBytes) bytes = g_bytes_new (NULL, 0);
  g_autoptr (TapTensor) mapped = tap_tensor_new_for_bytes (TAP_DTYPE_F32, &shape, bytes, 0, NULL);

  g_assert_cmpuint (tensor->count, ==, 0);
  g_assert_nonnull (tensor->data);
  g_assert_nonnull (mapped);
}

static void
test_too_large (void)
{
  TapShape shape = { 3, { 4194305, 4194305, 211106198978564 } }, negative = { 1, { -1 } };
  g_autoptr (GError) error = NULL;

  g_assert_null (tap_tensor_new (TAP_DTYPE_F32, &shape, &error));
  g_assert_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_TOO_LARGE);
  g_assert_nonnull (strstr (error->message, "4194305"));
  g_clear_error (&error);
  g_assert_null (tap_tensor_new (TAP_DTYPE_F32, &negative, &error));
  g_assert_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID);
}

static void
test_from_bytes (void)
{
  const float numbers[] = { 1.0f, 2.0f, 3.0f };
  guint8 shifted[sizeof numbers + 1] = { 0 };
  TapShape shape = { 1, { 3 } };
  g_autoptr (GBytes) bytes = g_bytes_new (numbers, sizeof numbers);
  g_autoptr (TapTensor) borrowed = tap_tensor_new_for_bytes (TAP_DTYPE_F32, &shape, bytes, 0, NULL);
  g_autoptr (GBytes) odd_bytes = NULL;
  g_autoptr (TapTensor) copied = NULL;
  g_autoptr (GError) error = NULL;

  memcpy (shifted + 1, numbers, sizeof numbers);
  odd_bytes = g_bytes_new (shifted, sizeof shifted);
  copied = tap_tensor_new_for_bytes (TAP_DTYPE_F32, &shape, odd_bytes, 1, NULL);
  g_assert_true (borrowed->data == g_bytes_get_data (bytes, NULL));
  g_assert_cmpfloat (tap_tensor_f32 (copied)[2], ==, 3.0f);
  g_assert_true (copied->bytes == NULL);

  g_assert_null (tap_tensor_new_for_bytes (TAP_DTYPE_F32, &shape, bytes, 4, &error));
  g_assert_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_null (tap_tensor_new_for_bytes (TAP_DTYPE_F32, &shape, bytes, G_MAXSIZE, &error));
  g_assert_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID);
}

/* The view outlives the tensor it was made of. */
static void
test_reshape (void)
{
  TapShape shape = { 1, { 6 } }, other = { 2, { 2, 3 } }, wrong = { 1, { 5 } };
  const gint64 numbers[] = { 1, 2, 3, 4, 5, 6 };
  TapTensor *tensor = tap_tensor_new_i64 (&shape, numbers, NULL);
  TapTensor *view = tap_tensor_reshape (tensor, &other, NULL);
  g_autoptr (TapTensor) second = tap_tensor_reshape (view, &shape, NULL);

  g_assert_null (tap_tensor_reshape (tensor, &wrong, NULL));
  g_assert_true (view->data == tensor->data);
  tap_tensor_unref (tensor);
  tap_tensor_unref (view);
  g_assert_cmpint (tap_tensor_i64 (second)[5], ==, 6);
}

/* numpy: a = [1, 2, 3, 6]; a.mean() == 3, a.std() == 1.8708287 */
static void
test_stats (void)
{
  const float numbers[] = { 1, NAN, 2, INFINITY, 3, 6 }, none[] = { NAN },
              zeros[] = { 0, -0.0f, 1e-30f };
  TapStats stats;

  tap_tensor_stats (numbers, 6, &stats);
  g_assert_cmpfloat (stats.min, ==, 1);
  g_assert_cmpfloat (stats.max, ==, 6);
  g_assert_cmpfloat (stats.mean, ==, 3);
  g_assert_cmpfloat_with_epsilon (stats.deviation, 1.8708287, 1e-6);
  g_assert_cmpuint (stats.n_nan, ==, 1);
  g_assert_cmpuint (stats.n_inf, ==, 1);
  tap_tensor_stats (none, 1, &stats);
  g_assert_cmpfloat (stats.mean, ==, 0);
  g_assert_cmpuint (stats.n_nan, ==, 1);
  tap_tensor_stats (zeros, 3, &stats);
  g_assert_cmpuint (stats.n_zero, ==, 2);
  tap_tensor_stats (NULL, 0, &stats);
  g_assert_cmpfloat (stats.max, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/tensor/is-zeroed-and-aligned", test_zeroed_and_aligned);
  g_test_add_func ("/core/tensor/empty", test_empty);
  g_test_add_func ("/core/tensor/too-large-is-an-error", test_too_large);
  g_test_add_func ("/core/tensor/borrows-bytes-or-copies", test_from_bytes);
  g_test_add_func ("/core/tensor/views-share-memory", test_reshape);
  g_test_add_func ("/core/tensor/stats-as-numpy", test_stats);
  return g_test_run ();
}
