/* tap-op-private.h - what shape rules and folding share
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ops/tap-op.h"

#ifndef N_
#  define N_(text) (text)
#endif

G_BEGIN_DECLS

/* --- errors; all return FALSE --- */

/* The graph is wrong: an attribute or a shape that no reader could make sense of. */
gboolean tap_op_fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* The graph may be right, but this is not done here: the node is marked, the graph still shows. */
gboolean tap_op_decline (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* --- reading a node --- */

/* The opset the node speaks; the newest known when its format has none. */
int tap_op_opset (const TapNode *node);
gboolean tap_op_has_input (const TapShapeContext *ctx, int input);
/* Input @input is there and its rank lies in @min..@max. */
gboolean
tap_op_check_rank (const TapShapeContext *ctx, int input, int min, int max, GError **error);
/* An integer attribute, or @fallback; an error when it is there and no integer. */
gboolean tap_op_get_int (const TapShapeContext *ctx,
                         const char *name,
                         gint64 fallback,
                         gint64 *value,
                         GError **error);
/* Integers given by the attribute @name (or NULL) or by the constant input @input (or -1).
 * *values is NULL when neither is there. */
gboolean tap_op_get_ints (const TapShapeContext *ctx,
                          const char *name,
                          int input,
                          const gint64 **values,
                          gsize *n,
                          GError **error);
gboolean tap_op_get_floats (const TapShapeContext *ctx,
                            const char *name,
                            int input,
                            const float **values,
                            gsize *n,
                            GError **error);
/* -rank..rank-1 → 0..rank-1 */
gboolean tap_op_axis (gint64 axis, int rank, int *out, GError **error);
/* Marks in @set[rank] the axes of a list; refuses what is out of range or comes twice. */
gboolean tap_op_axes (const gint64 *axes, gsize n, int rank, gboolean *set, GError **error);
/* The element type of an input, as the graph has it. */
TapDtype tap_op_input_dtype (const TapShapeContext *ctx, int input);

/* --- shape rules that several operators share --- */

/* Every output has the shape of the first input. */
gboolean tap_op_shape_same (TapShapeContext *ctx, GError **error);
/* All inputs broadcast together. */
gboolean tap_op_shape_broadcast (TapShapeContext *ctx, GError **error);

/* --- folding --- */

/* Elements between neighbours along each dimension. */
void tap_fold_strides (const TapShape *shape, gint64 *strides);
/* For every index of @extent: dst[index · dst_strides] = src[index · src_strides], in elements. */
void tap_fold_copy (gpointer dst,
                    const gint64 *dst_strides,
                    gconstpointer src,
                    const gint64 *src_strides,
                    const TapShape *extent,
                    gsize element_size);
/* Strides that walk @shape as if it were broadcast to @to (0 along repeated dimensions). */
void tap_fold_broadcast_strides (const TapShape *shape, const TapShape *to, gint64 *strides);
/* A new tensor of output @output's shape and type. */
TapTensor *tap_fold_new (const TapShapeContext *ctx, int output, GError **error);
/* Output 0 is input 0 in another shape, without copying. */
gboolean tap_fold_view (const TapShapeContext *ctx, TapTensor **outputs, GError **error);

/* Geometry of Conv, pooling …, for shape rules: out [N, channels, spatial…]. @weights: the input that has the
 * kernel, or -1. */
gboolean tap_op_window_shape (TapShapeContext *ctx, int weights, gint64 channels, GError **error);
/* Shape rules in any number of dimensions up to three. */
gboolean tap_op_conv_shape (TapShapeContext *ctx, GError **error);
/* The same with weights and bias (or -1) at other inputs. */
gboolean tap_op_conv_shape_of (TapShapeContext *ctx, int weights, int bias, GError **error);
/* MatMul of two of the inputs. */
gboolean tap_op_matmul_shape_of (TapShapeContext *ctx, int left, int right, GError **error);
guint64 tap_op_conv_macs (const TapShapeContext *ctx);
gboolean tap_op_conv_transpose_shape (TapShapeContext *ctx, GError **error);
guint64 tap_op_conv_transpose_macs (const TapShapeContext *ctx);
gboolean tap_op_pool_shape (TapShapeContext *ctx, GError **error);
guint64 tap_op_pool_macs (const TapShapeContext *ctx);

G_END_DECLS
