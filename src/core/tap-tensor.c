/* tap-tensor.c - a dense block of numbers: float32 NCHW, or int64 for shape arithmetic
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A tensor owns its numbers, lies in a mapped file, or looks at the memory of another tensor. Large
 * blocks come from calloc(), so that zeroed pages cost nothing until they are written. */
#include "config.h"

#include "core/tap-tensor.h"

#include "core/tap-error.h"
#include "core/tap-pages.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64
#define COPY_STEP ((gsize) 16 << 20)

gsize
tap_dtype_size (TapDtype dtype)
{
  return dtype == TAP_DTYPE_I64 ? sizeof (gint64) : sizeof (float);
}

static gboolean
check_count (TapDtype dtype, const TapShape *shape, gsize *count, GError **error)
{
  g_autofree char *text = NULL;

  if (tap_shape_count (shape, tap_dtype_size (dtype), count))
    return TRUE;

  text = tap_shape_to_string (shape);
  if (tap_shape_is_known (shape))
    g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_TOO_LARGE,
                 "A tensor of %s is too large: the limit is %" G_GUINT64_FORMAT " GiB.", text,
                 TAP_TENSOR_BYTES_MAX >> 30);
  else
    g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID,
                 "A tensor cannot have the shape %s.", text);
  return FALSE;
}

static TapTensor *
new_tensor (TapDtype dtype, const TapShape *shape, gsize count)
{
  TapTensor *self = g_new0 (TapTensor, 1);

  g_atomic_ref_count_init (&self->ref);
  self->dtype = dtype;
  self->shape = *shape;
  self->count = count;
  return self;
}

static TapTensor *
new_owned (TapDtype dtype, const TapShape *shape, gboolean zeroed, GError **error)
{
  gsize count, n_bytes;
  gpointer block;
  TapTensor *self;

  if (!check_count (dtype, shape, &count, error))
    return NULL;

  n_bytes = count * tap_dtype_size (dtype) + ALIGNMENT;
  block = zeroed ? calloc (n_bytes, 1) : malloc (n_bytes);
  if (block == NULL)
    {
      g_autofree char *text = tap_shape_to_string (shape);

      g_set_error (error, TAP_ENGINE_ERROR, TAP_ENGINE_ERROR_MEMORY,
                   "There is not enough memory for a tensor of %s.", text);
      return NULL;
    }

  self = new_tensor (dtype, shape, count);
  self->block = block;
  self->data = (gpointer) (((guintptr) block + ALIGNMENT - 1) & ~(guintptr) (ALIGNMENT - 1));
  return self;
}

/* A stretch at a time, so that a large file is not in memory together with its copy. */
static void
copy_little_endian (TapTensor *self, const guint8 *source)
{
  gsize n_bytes = self->count * tap_dtype_size (self->dtype);

  for (gsize at = 0; at < n_bytes; at += COPY_STEP)
    {
      gsize step = MIN (COPY_STEP, n_bytes - at);

      memcpy ((char *) self->data + at, source + at, step);
      tap_pages_give_back (source + at, step);
    }
#if G_BYTE_ORDER == G_BIG_ENDIAN
  for (gsize i = 0; i < self->count; i++)
    if (self->dtype == TAP_DTYPE_I64)
      ((guint64 *) self->data)[i] = GUINT64_FROM_LE (((guint64 *) self->data)[i]);
    else
      ((guint32 *) self->data)[i] = GUINT32_FROM_LE (((guint32 *) self->data)[i]);
#endif
}

TapTensor *
tap_tensor_new (TapDtype dtype, const TapShape *shape, GError **error)
{
  return new_owned (dtype, shape, TRUE, error);
}

TapTensor *
tap_tensor_new_uninit (TapDtype dtype, const TapShape *shape, GError **error)
{
  return new_owned (dtype, shape, FALSE, error);
}

TapTensor *
tap_tensor_new_for_bytes (TapDtype dtype,
                          const TapShape *shape,
                          GBytes *bytes,
                          gsize offset,
                          GError **error)
{
  gsize count, n_bytes, available;
  const guint8 *data = g_bytes_get_data (bytes, &available);
  TapTensor *self;

  if (!check_count (dtype, shape, &count, error))
    return NULL;

  n_bytes = count * tap_dtype_size (dtype);
  if (offset > available || n_bytes > available - offset)
    {
      g_autofree char *text = tap_shape_to_string (shape);

      g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID,
                   "A tensor of %s needs %" G_GSIZE_FORMAT " bytes, but only %" G_GSIZE_FORMAT
                   " are there.",
                   text, n_bytes, offset > available ? 0 : available - offset);
      return NULL;
    }

  if (count > 0 && G_BYTE_ORDER == G_LITTLE_ENDIAN &&
      (guintptr) (data + offset) % tap_dtype_size (dtype) == 0)
    {
      self = new_tensor (dtype, shape, count);
      self->data = (gpointer) (data + offset);
      self->bytes = g_bytes_ref (bytes);
      return self;
    }

  self = new_owned (dtype, shape, FALSE, error);
  if (self != NULL && count > 0)
    copy_little_endian (self, data + offset);
  return self;
}

TapTensor *
tap_tensor_new_f32 (const TapShape *shape, const float *values, GError **error)
{
  TapTensor *self = new_owned (TAP_DTYPE_F32, shape, FALSE, error);

  if (self != NULL && self->count > 0)
    memcpy (self->data, values, self->count * sizeof *values);
  return self;
}

TapTensor *
tap_tensor_new_i64 (const TapShape *shape, const gint64 *values, GError **error)
{
  TapTensor *self = new_owned (TAP_DTYPE_I64, shape, FALSE, error);

  if (self != NULL && self->count > 0)
    memcpy (self->data, values, self->count * sizeof *values);
  return self;
}

TapTensor *
tap_tensor_reshape (TapTensor *self, const TapShape *shape, GError **error)
{
  gsize count;
  TapTensor *view;

  if (!check_count (self->dtype, shape, &count, error))
    return NULL;
  if (count != self->count)
    {
      g_autofree char *from = tap_shape_to_string (&self->shape);
      g_autofree char *to = tap_shape_to_string (shape);

      g_set_error (error, TAP_GRAPH_ERROR, TAP_GRAPH_ERROR_INVALID,
                   "A tensor of %s cannot be seen as %s.", from, to);
      return NULL;
    }

  view = new_tensor (self->dtype, shape, count);
  view->data = self->data;
  /* always the owner itself, so that chains of views stay one link long */
  view->base = tap_tensor_ref (self->base != NULL ? self->base : self);
  return view;
}

TapTensor *
tap_tensor_ref (TapTensor *self)
{
  g_atomic_ref_count_inc (&self->ref);
  return self;
}

void
tap_tensor_unref (TapTensor *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref))
    return;
  g_clear_pointer (&self->base, tap_tensor_unref);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  free (self->block);
  g_free (self);
}

void
tap_tensor_stats (const float *values, gsize count, TapStats *stats)
{
  double sum = 0.0, squares = 0.0;
  gsize n = 0;

  *stats = (TapStats){ 0 };
  for (gsize i = 0; i < count; i++)
    {
      float v = values[i];

      if (isnan (v))
        stats->n_nan++;
      else if (isinf (v))
        stats->n_inf++;
      else
        {
          stats->min = n == 0 ? v : MIN (stats->min, v);
          stats->max = n == 0 ? v : MAX (stats->max, v);
          stats->n_zero += v == 0.0f;
          sum += v;
          n++;
        }
    }
  if (n == 0)
    return;

  stats->mean = (float) (sum / n);
  /* a second pass: the difference of large sums would lose the small deviations */
  for (gsize i = 0; i < count; i++)
    if (isfinite (values[i]))
      {
        double d = values[i] - sum / n;

        squares += d * d;
      }
  stats->deviation = (float) sqrt (squares / n);
}
