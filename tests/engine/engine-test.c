/* engine-test.c - what the engine's tests share
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <math.h>
#include <string.h>

#include "engine-test.h"
#include "formats/registry.h"
#include "ops/infer.h"

char *
engine_test_shared (const char *path)
{
  const char *root = g_getenv ("TAPETUM_SHARED_DATA");
  g_autofree char *full = root != NULL ? g_build_filename (root, path, NULL) : NULL;

  if (full == NULL || !g_file_test (full, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("the shared data are not here");
      return NULL;
    }
  return g_steal_pointer (&full);
}

typedef struct
{
  const guint8 *at, *end;
} Wire;

static guint64
read_varint (Wire *w)
{
  guint64 value = 0;

  for (int shift = 0; w->at < w->end && shift < 64; shift += 7)
    {
      guint8 byte = *w->at++;

      value |= (guint64) (byte & 127) << shift;
      if (byte < 128)
        break;
    }
  return value;
}

/* Number @i of a packed or raw field, as ONNX's element type has it. */
static double
read_number (const guint8 *p, gsize i, int type)
{
  union
  {
    float f;
    double d;
    gint64 l;
    gint32 n;
    guint16 h;
  } u;

  switch (type)
    {
    case 1:
      memcpy (&u.f, p + i * 4, 4);
      return (double) u.f;
    case 2:
    case 9:
      return p[i];
    case 3:
      return (gint8) p[i];
    case 6:
      memcpy (&u.n, p + i * 4, 4);
      return u.n;
    case 7:
      memcpy (&u.l, p + i * 8, 8);
      return (double) u.l;
    case 11:
      memcpy (&u.d, p + i * 8, 8);
      return u.d;
    case 10:
      memcpy (&u.h, p + i * 2, 2);
      {
        int e = u.h >> 10 & 31, m = u.h & 1023;
        double v = e == 0  ? ldexp (m, -24) :
                   e == 31 ? (m != 0 ? NAN : INFINITY) :
                             ldexp (1024 + m, e - 25);

        return u.h >> 15 ? -v : v;
      }
    default:
      return NAN;
    }
}

TapTensor *
engine_test_read_tensor (const char *path, gboolean *is_bool)
{
  g_autofree char *bytes = NULL;
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GError) error = NULL;
  const guint8 *raw = NULL, *packed = NULL;
  gsize size, raw_size = 0, packed_size = 0;
  int packed_type = 0, type = 0;
  TapShape shape = { 0 };
  TapTensor *tensor;
  gboolean integer;
  Wire w;

  if (!g_file_get_contents (path, &bytes, &size, NULL))
    return NULL;
  w = (Wire){ (guint8 *) bytes, (guint8 *) bytes + size };
  while (w.at < w.end)
    {
      guint64 key = read_varint (&w);
      int field = (int) (key >> 3), wire = (int) (key & 7);

      if (wire == 0)
        {
          guint64 v = read_varint (&w);

          if (field == 1)
            shape.dims[shape.n_dims++] = (gint64) v;
          else if (field == 2)
            type = (int) v;
        }
      else if (wire == 2)
        {
          gsize n = (gsize) read_varint (&w);
          const guint8 *p = w.at;

          w.at += n;
          if (field == 1)
            for (Wire dims = { p, p + n }; dims.at < dims.end;)
              shape.dims[shape.n_dims++] = (gint64) read_varint (&dims);
          else if (field == 9)
            {
              raw = p;
              raw_size = n;
            }
          else if (field == 4 || field == 10)
            {
              packed = p;
              packed_size = n;
              packed_type = field == 4 ? 1 : 11;
            }
          else if (field == 5 || field == 7)
            for (Wire v = { p, p + n }; v.at < v.end;)
              {
                double number = (double) (gint64) read_varint (&v);

                g_array_append_val (numbers, number);
              }
        }
      else
        w.at += wire == 5 ? 4 : 8;
    }
  if (type == 8)
    return NULL;
  integer = type != 1 && type != 10 && type != 11;
  if (is_bool != NULL)
    *is_bool = type == 9;
  tensor = tap_tensor_new (integer ? TAP_DTYPE_I64 : TAP_DTYPE_F32, &shape, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < tensor->count; i++)
    {
      double v = raw != NULL && raw_size > 0       ? read_number (raw, i, type) :
                 packed != NULL && packed_size > 0 ? read_number (packed, i, packed_type) :
                                                     g_array_index (numbers, double, i);

      if (integer)
        tap_tensor_i64 (tensor)[i] = (gint64) v;
      else
        tap_tensor_f32 (tensor)[i] = (float) v;
    }
  return tensor;
}

TapGraph *
engine_test_load_graph (const char *path)
{
  TapLoadRequest request = { .path = path };
  g_autoptr (GMappedFile) file = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (TapModel) model = NULL;
  g_autoptr (GError) error = NULL;
  const TapFormat *const *formats = tap_formats_list ();

  file = g_mapped_file_new (path, FALSE, &error);
  g_assert_no_error (error);
  bytes = g_mapped_file_get_bytes (file);
  for (; g_strcmp0 ((*formats)->id, "onnx") != 0; formats++)
    ;
  model = (*formats)->load (&request, bytes, NULL, NULL, &error);
  if (error != NULL)
    g_test_message ("%s: %s", path, error->message);
  return model != NULL ? tap_graph_ref (model->graph) : NULL;
}

TapTensor *
engine_test_random (const TapShape *shape, guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  TapTensor *tensor = tap_tensor_new (TAP_DTYPE_F32, shape, NULL);

  for (gsize i = 0; i < tensor->count; i++)
    tap_tensor_f32 (tensor)[i] = (float) g_rand_double_range (rand, -1, 1);
  return tensor;
}

TapTrace *
engine_test_forward (TapSession *session,
                     TapTensor *input,
                     const TapTaps *taps,
                     TapRunFlags flags,
                     GError **error)
{
  TapGraph *graph = tap_session_get_graph (session);
  g_autoptr (GPtrArray) inputs = g_ptr_array_new_with_free_func ((GDestroyNotify) tap_tensor_unref);

  for (int i = 0; i < tap_graph_n_inputs (graph); i++)
    {
      const TapValue *value = tap_graph_get_value (graph, tap_graph_get_input (graph, i));
      TapTensor *tensor =
        i == 0 ? tap_tensor_ref (input) : tap_tensor_new (value->dtype, &value->shape, error);

      if (tensor == NULL)
        return NULL;
      g_ptr_array_add (inputs, tensor);
    }
  return tap_session_forward (session, (TapTensor *const *) inputs->pdata, (int) inputs->len, taps,
                              flags, NULL, NULL, error);
}

TapTensor *
engine_test_pictures (const TapGraph *graph, gint64 n, guint32 seed)
{
  TapShape shape = tap_graph_get_value (graph, tap_graph_get_input (graph, 0))->shape;

  shape.dims[0] = n;
  return engine_test_random (&shape, seed);
}

double
engine_test_difference (const TapTensor *a, const TapTensor *b)
{
  double worst = 0;

  if (a->dtype != b->dtype || !tap_shape_equal (&a->shape, &b->shape))
    return INFINITY;
  for (gsize i = 0; i < a->count; i++)
    {
      double u =
        a->dtype == TAP_DTYPE_I64 ? (double) tap_tensor_i64 (a)[i] : (double) tap_tensor_f32 (a)[i];
      double v =
        b->dtype == TAP_DTYPE_I64 ? (double) tap_tensor_i64 (b)[i] : (double) tap_tensor_f32 (b)[i];

      if (u == v || (isnan (u) && isnan (v)))
        continue;
      if (!isfinite (u) || !isfinite (v))
        return INFINITY;
      worst = MAX (worst, fabs (u - v) / MAX (1.0, fabs (v)));
    }
  return worst;
}

void
engine_test_assert_equal_bits (TapTensor *a, TapTensor *b)
{
  g_assert_nonnull (a);
  g_assert_nonnull (b);
  g_assert_true (tap_shape_equal (&a->shape, &b->shape));
  g_assert_cmpint (a->dtype, ==, b->dtype);
  g_assert_cmpmem (a->data, a->count * tap_dtype_size (a->dtype), b->data,
                   b->count * tap_dtype_size (b->dtype));
}

TapTrace *
engine_test_back (TapSession *session,
                  TapTrace *forward,
                  const TapSeed *seeds,
                  int n_seeds,
                  const TapRule *rule,
                  const TapTaps *taps)
{
  g_autoptr (GError) error = NULL;
  TapTrace *trace =
    tap_session_backward (session, forward, seeds, n_seeds, rule, taps, NULL, NULL, &error);

  g_assert_no_error (error);
  return trace;
}

TapTrace *
engine_test_run (TapSession *session, TapTensor *picture, const TapTaps *taps, TapRunFlags flags)
{
  g_autoptr (GError) error = NULL;
  TapTrace *trace = engine_test_forward (session, picture, taps, flags, &error);

  g_assert_no_error (error);
  return trace;
}

TapGraph *
engine_test_finish_graph (TapGraph *graph, int output)
{
  g_autoptr (GError) error = NULL;

  tap_graph_add_output (graph, output);
  tap_graph_sort (graph, &error);
  g_assert_no_error (error);
  tap_infer_graph (graph, NULL, 0, NULL, &error);
  g_assert_no_error (error);
  return graph;
}
