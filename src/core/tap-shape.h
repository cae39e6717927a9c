/* tap-shape.h - dimensions of a tensor, with checked products
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-types.h"

G_BEGIN_DECLS

#define TAP_MAX_DIMS 8

/* Tensors above this many bytes are refused before anything is allocated. */
#define TAP_TENSOR_BYTES_MAX (G_GUINT64_CONSTANT (8) << 30)

/* A value type: copy it freely. n_dims 0 is a scalar. A dimension of -1 is symbolic (graph inputs
 * before inference only); known shapes have all dims >= 0. */
typedef struct
{
  int n_dims;
  gint64 dims[TAP_MAX_DIMS];
} TapShape;

#define TAP_SHAPE_SCALAR ((TapShape){ 0 })

TapShape tap_shape_new (int n_dims, ...); /* gint64 each: cast the arguments */
gboolean tap_shape_equal (const TapShape *a, const TapShape *b);
gboolean tap_shape_is_known (const TapShape *shape);
/* FALSE when a dimension is negative, or the product times @element_size passes
 * TAP_TENSOR_BYTES_MAX; @count may be NULL. */
gboolean tap_shape_count (const TapShape *shape, gsize element_size, gsize *count);
/* Product of dims[from..to), which must be known; 1 when empty. */
gint64 tap_shape_product (const TapShape *shape, int from, int to);
/* NumPy broadcasting; FALSE when the shapes do not go together. */
gboolean tap_shape_broadcast (const TapShape *a, const TapShape *b, TapShape *out);
/* "1×3×224×224"; "?" for a symbolic dimension, "scalar" for none. (transfer full) */
char *tap_shape_to_string (const TapShape *shape);

/* Half-open rectangle of pixels or cells. */
typedef struct
{
  int x, y, width, height;
} TapRect;

gboolean tap_rect_is_empty (const TapRect *rect);
TapRect tap_rect_union (const TapRect *a, const TapRect *b);
TapRect tap_rect_intersect (const TapRect *a, const TapRect *b);

G_END_DECLS
