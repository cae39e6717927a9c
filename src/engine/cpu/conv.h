/* conv.h - the algorithms of convolution, and where each is
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * conv.c chooses and dispatches; every algorithm is a file of its own. */
#pragma once

#include "engine/cpu/tap-cpu.h"

G_BEGIN_DECLS

/* Numbers of TapCpuRun.algorithm. Weights are packed per number, forward and backward alike. */
typedef enum
{
  TAP_CONV_DIRECT,        /* the same chains of products for each output cell; any convolution */
  TAP_CONV_WINOGRAD,      /* 3×3, stride 1 */
  TAP_CONV_BACK_DIRECT,   /* gradient of the input, by phases of the stride */
  TAP_CONV_BACK_WINOGRAD, /* the same of 3×3, stride 1 */
} TapConvAlgorithm;

/* A convolution leads from fine maps to coarse ones, a transposed one from coarse to fine: as shapes
 * they are the same. */
typedef struct
{
  TapWindow window; /* in_h × in_w fine, out_h × out_w coarse cells, transposed or not */
  int images, groups;
  int fine, coarse; /* channels per group: the weights are [groups × coarse][fine][kernel] */
  int n_taps;
} TapConvShape;

/* Of a Conv or ConvTranspose node with this input and these weights. */
gboolean tap_conv_shape (const TapNode *node,
                         const TapShape *x,
                         const TapShape *w,
                         TapConvShape *shape,
                         GError **error);

/* --- conv-direct.c: Conv and ConvTranspose, forward and the gradient of the input --- */

/* @affine: of the outputs; NULL for none */
TapTensor *tap_conv_direct_pack (const TapNode *node,
                                 TapTensor *const *constants,
                                 const TapAffine *affine,
                                 GError **error);
gsize tap_conv_direct_scratch (const TapCpuRun *run);
gboolean tap_conv_direct_forward (const TapCpuRun *run, GError **error);
/* For TapCpuKernel.goes_together and forward_together */
gboolean tap_conv_direct_goes_together (const TapCpuRun *run);
gboolean tap_conv_direct_together (const TapCpuRun *runs, int n, GError **error);

TapTensor *
tap_conv_direct_pack_back (const TapNode *node, TapTensor *const *constants, GError **error);
gsize tap_conv_direct_scratch_back (const TapCpuRun *run);
gboolean tap_conv_direct_back (const TapCpuRun *run, GError **error);

/* --- conv-band.c: rows of a direct convolution --- */

gboolean tap_conv_band (const TapCpuRun *run, TapWindow *window);
gsize tap_conv_band_scratch (const TapCpuRun *run, const TapWindow *window, int rows);
void tap_conv_forward_band (const TapCpuRun *run, const TapCpuBand *band);

/* --- conv-weights.c: gradients of weights and bias, where they are wanted --- */

gsize tap_conv_weights_scratch (const TapCpuRun *run);
gboolean tap_conv_weights_back (const TapCpuRun *run, GError **error);
/* For TapCpuKernel.needs */
guint tap_conv_needs (const TapNode *node, guint wanted);

G_END_DECLS
