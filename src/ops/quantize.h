/* quantize.h - how whole numbers of a few bits stand for others
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * y = clamp (round (x / scale) + zero, low, high), half to even, and back x ≈ (y - zero) scale. Whole numbers
 * of a few bits are held as float32, in which they are exact, so that everything that moves or compares
 * numbers takes them, and gradients pass. */
#pragma once

#include <math.h>

#include "ops/tap-op.h"

G_BEGIN_DECLS

typedef struct
{
  float scale;
  float zero, low, high;
} TapQuantum;

/* Cells that share a scale: runs of @inner cells, each for the next of @n scales, over and over. */
typedef struct
{
  gsize n, inner;
} TapQuantumRuns;

/* The element that the node's “output_dtype” holds: 8 bits without sign when it does not say.
 * Errors: a type that is not held. */
gboolean tap_quantized_range (const TapNode *node, TapQuantum *quantum, GError **error);
/* Of QuantizeLinear or DequantizeLinear with scales of this shape. */
TapQuantumRuns tap_quantized_runs (const TapNode *node, const TapShape *x, const TapShape *scale);

/* The number at @i of an array of either kind. */
static inline double
tap_number_at (TapDtype dtype, gconstpointer data, gsize i)
{
  return dtype == TAP_DTYPE_I64 ? (double) ((const gint64 *) data)[i] :
                                  (double) ((const float *) data)[i];
}

/* Before it is clamped; what is not a number counts as the lowest. */
static inline float
tap_quantize_step (float x, const TapQuantum *q)
{
  return rintf (x / q->scale) + q->zero;
}

static inline float
tap_quantize (float x, const TapQuantum *q)
{
  float y = tap_quantize_step (x, q);

  return y >= q->low ? (y <= q->high ? y : q->high) : q->low;
}

/* Exact up to the product, as long as the numbers have at most 53 bits. */
static inline float
tap_dequantize (double y, const TapQuantum *q)
{
  return (float) (y - (double) q->zero) * q->scale;
}

G_END_DECLS
