/* tap-tensor.h - a dense block of numbers: float32 NCHW, or int64 for shape arithmetic
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-shape.h"

G_BEGIN_DECLS

typedef enum
{
  TAP_DTYPE_F32,
  TAP_DTYPE_I64, /* also booleans (0/1) and narrower integers */
} TapDtype;

/* Row-major, immutable once published, atomically reference-counted. */
struct _TapTensor
{
  gatomicrefcount ref;
  TapDtype dtype;
  TapShape shape;
  gsize count;
  gpointer data; /* 64-byte aligned when owned */
  GBytes *bytes; /* the mapped file or buffer that data lies in, or NULL when owned */

  /*< private >*/
  gpointer block;  /* what to free() */
  TapTensor *base; /* the tensor whose memory this one looks at */
};

gsize tap_dtype_size (TapDtype dtype);

/* Zeroed. NULL and TAP_GRAPH_ERROR_TOO_LARGE / TAP_ENGINE_ERROR_MEMORY when it cannot be had:
 * allocation failure is reported, never fatal. */
TapTensor *tap_tensor_new (TapDtype dtype, const TapShape *shape, GError **error);
/* Not zeroed. */
TapTensor *tap_tensor_new_uninit (TapDtype dtype, const TapShape *shape, GError **error);
/* Refers into @bytes at @offset without copying when that address is aligned for @dtype, otherwise
 * copies. Errors when @bytes is too short. Little-endian data. */
TapTensor *tap_tensor_new_for_bytes (TapDtype dtype,
                                     const TapShape *shape,
                                     GBytes *bytes,
                                     gsize offset,
                                     GError **error);
TapTensor *tap_tensor_new_f32 (const TapShape *shape, const float *values, GError **error);
TapTensor *tap_tensor_new_i64 (const TapShape *shape, const gint64 *values, GError **error);
/* Same numbers, other shape of equal count; shares the memory. */
TapTensor *tap_tensor_reshape (TapTensor *self, const TapShape *shape, GError **error);

TapTensor *tap_tensor_ref (TapTensor *self);
void tap_tensor_unref (TapTensor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapTensor, tap_tensor_unref)

#define tap_tensor_f32(t) ((float *) (t)->data)
#define tap_tensor_i64(t) ((gint64 *) (t)->data)

typedef struct
{
  float min, max, mean, deviation;
  gsize n_nan, n_inf; /* left out of the figures above */
  gsize n_zero;
} TapStats;

void tap_tensor_stats (const float *values, gsize count, TapStats *stats);

G_END_DECLS
