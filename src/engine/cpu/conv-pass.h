/* conv-pass.h - one direct pass: a convolution from dense maps to cells at any steps
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Convolution, each phase of its adjoint, and the same of a transposed one are all such passes. */
#pragma once

#include "engine/cpu/conv-block.h"

G_BEGIN_DECLS

/* Groups with fewer output channels are packed without padding and computed along the row. */
#define TAP_CONV_FEW 8

/* --- conv-pack.c --- */

/* Weights as a pass sees them: steps in floats, below zero where it runs backwards. */
typedef struct
{
  const float *w; /* group 0, output 0, input 0, row 0, column 0 */
  int groups, out_per_group, in_per_group, kernel_h, kernel_w;
  gint64 group, out, in, row, column;
  const float *scale; /* per output channel of all groups; NULL for 1 */
} TapConvWeights;

/* Output channels in a block of packed weights. */
int tap_conv_block_width (int out_per_group);
gsize tap_conv_group_floats (int out_per_group, int in_per_group, int n_taps);
/* Of all groups; a multiple of a cache line, as the next one. */
gsize tap_conv_packed_floats (int groups, int out_per_group, int in_per_group, int n_taps);
gsize tap_conv_bias_floats (int groups, int out_per_group);
void tap_conv_pack (float *packed, const TapConvWeights *weights);
/* @bias: NULL for 0; @affine: applied to it, NULL for none */
void tap_conv_pack_bias (float *packed,
                         const float *bias,
                         const TapAffine *affine,
                         int groups,
                         int out_per_group);

/* --- conv-pass.c --- */

typedef struct
{
  TapWindow window; /* in_h × in_w to out_h × out_w; pads may be below zero, group does not count */
  int images, groups;
  int in_per_group; /* 0: nothing but bias, residual and clamp */
  int out_per_group;
  const float *x;                  /* dense, but for channels */
  gsize x_channel;                 /* floats from a channel to the next; 0: dense */
  float *y;                        /* cell 0 of channel 0 of image 0 */
  gsize y_channel, y_row, y_pixel; /* floats */
  const float *weights, *bias;     /* packed; bias NULL for 0 */
  const float *residual;           /* laid out as y, perhaps y itself; or NULL */
  TapClamp clamp;
  const TapRect *rects; /* per image: which outputs to compute; NULL for all */
  const TapSimd *simd;
  TapPool *pool;
} TapConvPass;

/* Bytes of scratch; of the pass only window, channels, simd and pool have to be there. */
gsize tap_conv_pass_scratch (const TapConvPass *pass);
void tap_conv_pass_run (const TapConvPass *pass, void *scratch);
/* Several passes as one, with the bits of each: they differ in output channels, at least TAP_CONV_FEW, and
 * what belongs to those, and see one input of one group without padding or strides. Scratch is that of one. */
void tap_conv_pass_run_together (const TapConvPass *passes, int n, void *scratch);

G_END_DECLS
