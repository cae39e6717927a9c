/* test-npy.c - .npy and .npz against NumPy itself, both ways, and damaged files
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "figure/tap-npy.h"

#include "core/tap-error.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static TapTensor *
load_golden (const char *name, GError **error)
{
  g_autofree char *file = g_strconcat (name, ".npy", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "figure", "golden", file, NULL);

  return tap_npy_load (path, error);
}

static void
check_shape (const TapTensor *tensor)
{
  TapShape shape = tap_shape_new (3, (gint64) 2, (gint64) 3, (gint64) 4);

  g_assert_nonnull (tensor);
  g_assert_true (tap_shape_equal (&tensor->shape, &shape));
  g_assert_cmpuint (tensor->count, ==, 24);
}

static void
test_read_reals (void)
{
  static const char *const names[] = { "f4",         "f4-big",   "f8",      "f8-big",
                                       "f4-fortran", "version2", "version3" };

  g_test_summary ("Real arrays of NumPy are read in either byte order, C or Fortran order");
  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TapTensor) tensor = load_golden (names[k], &error);

      g_assert_no_error (error);
      check_shape (tensor);
      g_assert_cmpint (tensor->dtype, ==, TAP_DTYPE_F32);
      for (int i = 0; i < 24; i++)
        g_assert_cmpfloat (tap_tensor_f32 (tensor)[i], ==, i * 0.5f - 3);
    }
}

static void
test_read_integers (void)
{
  static const char *const names[] = { "i4", "i4-big", "i8", "i8-big", "u1", "b1" };

  g_test_summary ("Integers and truth values are read as 64-bit integers");
  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TapTensor) tensor = load_golden (names[k], &error);

      g_assert_no_error (error);
      check_shape (tensor);
      g_assert_cmpint (tensor->dtype, ==, TAP_DTYPE_I64);
      for (int i = 0; i < 24; i++)
        g_assert_cmpint (tap_tensor_i64 (tensor)[i], ==,
                         names[k][0] == 'i' ? i * 7 - 20 :
                         names[k][0] == 'u' ? i * 9 % 256 :
                                              i % 3 == 0);
    }
}

static void
test_read_shapes (void)
{
  g_autoptr (TapTensor) scalar = load_golden ("scalar", NULL);
  g_autoptr (TapTensor) vector = load_golden ("vector", NULL);
  g_autoptr (TapTensor) empty = load_golden ("empty", NULL);

  g_test_summary ("Scalars, vectors and empty arrays keep their shapes");
  g_assert_cmpint (scalar->shape.n_dims, ==, 0);
  g_assert_cmpfloat (tap_tensor_f32 (scalar)[0], ==, 2.5f);
  g_assert_cmpint (vector->shape.n_dims, ==, 1);
  g_assert_cmpfloat (tap_tensor_f32 (vector)[2], ==, 3);
  g_assert_cmpint (empty->shape.n_dims, ==, 2);
  g_assert_cmpuint (empty->count, ==, 0);
}

static void
test_refuse (void)
{
  static const char *const names[] = { "refused-complex", "refused-half", "refused-records",
                                       "refused-objects", "refused-text", "no-such-file" };

  g_test_summary ("Kinds that are not read are refused with a sentence that names the file");
  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (load_golden (names[k], &error));
      g_assert_nonnull (error);
      g_assert_nonnull (strstr (error->message, names[k]));
    }
}

static void
test_mutations (void)
{
  g_autofree char *path =
    g_test_build_filename (G_TEST_DIST, "figure", "golden", "f8-big.npy", NULL);
  g_autoptr (GRand) random = g_rand_new_with_seed (3);
  g_autofree char *data = NULL;
  gsize size;

  g_test_summary ("Every truncation and thousands of flips end in an array or an error");
  g_assert_true (g_file_get_contents (path, &data, &size, NULL));
  for (gsize cut = 0; cut < size; cut++)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (data, cut);
      g_autoptr (GError) error = NULL;

      g_assert_null (tap_npy_parse (bytes, "cut", &error));
      g_assert_nonnull (error);
    }
  for (int round = 0; round < 20000; round++)
    {
      g_autofree char *copy = g_memdup2 (data, size);
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (TapTensor) tensor = NULL;
      g_autoptr (GError) error = NULL;

      for (int k = g_rand_int_range (random, 1, 4); k > 0; k--)
        copy[g_rand_int_range (random, 6, 128)] ^= (char) (1 << g_rand_int_range (random, 0, 8));
      bytes = g_bytes_new_take (g_steal_pointer (&copy), size);
      tensor = tap_npy_parse (bytes, "flipped", &error);
      g_assert_true ((tensor == NULL) == (error != NULL));
    }
}

static void
test_hostile (void)
{
  static const char *const headers[] = {
    "{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999, 999999999999), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
    "{'descr': '<f4', 'fortran_order': False, }",
    "{'descr': 'f4', 'fortran_order': Maybe, 'shape': (1,), }",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}",
    "{'descr': '",
    "",
  };

  g_test_summary ("Headers that lie are refused before anything is allocated");
  for (gsize k = 0; k < G_N_ELEMENTS (headers); k++)
    {
      GString *text = g_string_new ("");
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (GError) error = NULL;
      guint8 start[10] = { 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (guint8) strlen (headers[k]), 0 };

      g_string_append_len (text, (const char *) start, sizeof start);
      g_string_append (text, headers[k]);
      g_string_append (text, "12345678");
      bytes = g_string_free_to_bytes (text);
      g_assert_null (tap_npy_parse (bytes, "liar", &error));
      g_assert_error (error, TAP_FORMAT_ERROR, TAP_FORMAT_ERROR_DAMAGED);
    }
}

/* --- ours, read by NumPy ------------------------------------------------------------------ */

static const char *
find_python (void)
{
  static const char *const candidates[] = { "python3", "/usr/bin/python3" };

  for (gsize i = 0; i < G_N_ELEMENTS (candidates); i++)
    {
      const char *argv[] = { candidates[i], "-c", "import numpy", NULL };
      int status = 1;

      if (g_spawn_sync (NULL, (char **) argv, NULL,
                        G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
                          G_SPAWN_STDERR_TO_DEV_NULL,
                        NULL, NULL, NULL, NULL, &status, NULL) &&
          g_spawn_check_wait_status (status, NULL))
        return candidates[i];
    }
  return NULL;
}

static TapTensor *
make_tensor (int a, int b)
{
  TapShape shape = tap_shape_new (2, (gint64) a, (gint64) b);
  TapTensor *tensor = tap_tensor_new (TAP_DTYPE_F32, &shape, NULL);

  for (gsize i = 0; i < tensor->count; i++)
    tap_tensor_f32 (tensor)[i] = (float) i * 0.25f - 1;
  return tensor;
}

static void
test_numpy_reads (void)
{
  static const char script[] =
    "import sys, numpy as np, zipfile\n"
    "d = sys.argv[1]\n"
    "a = np.load(d + '/a.npy'); e = (np.arange(12, dtype='f4') * 0.25 - 1).reshape(3, 4)\n"
    "assert a.dtype == np.float32 and a.flags.c_contiguous and (a == e).all(), a\n"
    "v = np.load(d + '/v.npy'); assert v.shape == (5,) and v.dtype == np.int64\n"
    "assert (v == np.arange(5) - 2).all()\n"
    "z = np.load(d + '/z.npz'); assert sorted(z.files) == ['probability', 'winner'], z.files\n"
    "assert (z['probability'] == e).all() and z['winner'].dtype == np.int32\n"
    "assert (z['winner'] == np.rint(e)).all(), z['winner']\n"
    "assert zipfile.ZipFile(d + '/z.npz').testzip() is None\n";
  g_autofree char *folder = g_dir_make_tmp ("tap-npy-XXXXXX", NULL);
  g_autofree char *a_path = g_build_filename (folder, "a.npy", NULL);
  g_autofree char *v_path = g_build_filename (folder, "v.npy", NULL);
  g_autofree char *z_path = g_build_filename (folder, "z.npz", NULL);
  g_autoptr (TapTensor) a = make_tensor (3, 4);
  TapShape five = tap_shape_new (1, (gint64) 5);
  g_autoptr (TapTensor) v = tap_tensor_new_i64 (&five, (const gint64[]){ -2, -1, 0, 1, 2 }, NULL);
  const TapNpzEntry entries[] = { { "probability", a, FALSE }, { "winner", a, TRUE } };
  g_autoptr (GError) error = NULL;
  const char *python = find_python ();

  g_test_summary ("NumPy loads what is written here, and its zip reader finds no fault");
  tap_npy_save (a, FALSE, a_path, &error);
  g_assert_no_error (error);
  tap_npy_save (v, FALSE, v_path, &error);
  g_assert_no_error (error);
  tap_npz_save (entries, 2, z_path, &error);
  g_assert_no_error (error);
  if (python == NULL)
    g_test_skip ("no python3 with numpy");
  else
    {
      const char *argv[] = { python, "-c", script, folder, NULL };
      g_autofree char *said = NULL;
      int status;

      g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                                   NULL, &said, &status, NULL));
      g_test_message ("%s", said);
      g_assert_true (g_spawn_check_wait_status (status, NULL));
    }
  g_unlink (a_path);
  g_unlink (v_path);
  g_unlink (z_path);
  g_rmdir (folder);
}

static void
test_round_trip (void)
{
  g_autoptr (TapTensor) tensor = make_tensor (7, 9);
  g_autoptr (GBytes) bytes = tap_npy_to_bytes (tensor, FALSE);
  g_autoptr (GBytes) again = NULL;
  g_autoptr (GBytes) integers = tap_npy_to_bytes (tensor, TRUE);
  g_autoptr (TapTensor) back = tap_npy_parse (bytes, "back", NULL);
  g_autoptr (TapTensor) whole = tap_npy_parse (integers, "whole", NULL);

  g_test_summary ("What is written is read back equal, and equal numbers make equal files");
  g_assert_true (tap_shape_equal (&tensor->shape, &back->shape));
  g_assert_cmpmem (tensor->data, tensor->count * 4, back->data, back->count * 4);
  again = tap_npy_to_bytes (back, FALSE);
  g_assert_true (g_bytes_equal (bytes, again));
  for (gsize i = 0; i < whole->count; i++)
    g_assert_cmpint (tap_tensor_i64 (whole)[i], ==, lrintf (tap_tensor_f32 (tensor)[i]));
  /* the numbers begin at a multiple of 64 bytes */
  g_assert_cmpuint ((g_bytes_get_size (bytes) - tensor->count * 4) % 64, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/figure/npy/read-reals", test_read_reals);
  g_test_add_func ("/figure/npy/read-integers", test_read_integers);
  g_test_add_func ("/figure/npy/read-shapes", test_read_shapes);
  g_test_add_func ("/figure/npy/refuse", test_refuse);
  g_test_add_func ("/figure/npy/mutations", test_mutations);
  g_test_add_func ("/figure/npy/hostile", test_hostile);
  g_test_add_func ("/figure/npy/numpy-reads", test_numpy_reads);
  g_test_add_func ("/figure/npy/round-trip", test_round_trip);
  return g_test_run ();
}
