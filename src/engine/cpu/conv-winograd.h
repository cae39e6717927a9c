/* conv-winograd.h - convolution of 3×3 windows with fewer products
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Serves a forward pass and, with adjoint weights, the gradient of the input. A cell's bits depend on
 * where it lies in its tile, and on inputs beside those of the cell: a rectangle computed so equals the same
 * place of a whole map but for rounding. */
#pragma once

#include "engine/cpu/tap-cpu.h"

G_BEGIN_DECLS

/* One convolution: cross-correlation with 3×3 weights, stride 1, dilation 1. */
typedef struct
{
  int images, groups;
  int in, out; /* channels of one group */
  int in_h, in_w, out_h, out_w;
  int pad_top, pad_left; /* any; less than 0 leaves rows and columns out */
  /* Rectangles of the outputs of the only image, each cut into tiles from its own first cell; NULL: all
   * of all images. A tile that sticks out sees cells that its outputs do not: they have to be there. */
  const TapRect *parts;
  int n_parts;
  const float *x; /* [images][groups × in][in_h][in_w] */
  /* As the direct kernels have them: [groups][out / TAP_BLOCK][in][9][TAP_BLOCK] with zeros for channels that
   * are not there, then the bias in blocks. Transformed weights, 4 times the size, are made as they are
   * used: that takes a few percent of the time, and less than reading them would where they are many. */
  const float *packed;
  gboolean
    turned; /* packed is of the convolution whose adjoint this is, in and out exchanged; there is
                            no bias then */
  const float *residual; /* laid out as y, added before the clamp; may be y; NULL for nothing */
  float *y;              /* [images][groups × out][out_h][out_w]; apart from x */
  TapClamp clamp;
  const TapSimd *simd;
  TapPool *pool;
  void *scratch; /* tap_winograd_scratch () bytes, 64-byte aligned */
} TapWinogradJob;

/**
 * tap_winograd_suits:
 * @window: a convolution, not transposed
 * @groups: of channels
 * @in: input channels of one group
 * @out: output channels of one group
 * @simd: what will run; all have the same answer so far
 *
 * Says whether the convolution can be computed so, and for one picture faster than directly: a batch takes the
 * same way, so that each of its pictures gets the bits that it would get alone. For the gradient of the
 * input, describe the convolution that computes it: @in and @out exchanged, sizes exchanged, and
 * 2 - pad for each pad.
 */
gboolean
tap_winograd_suits (const TapWindow *window, int groups, int in, int out, const TapSimd *simd);

/* Whether the convolution can be computed so at all. */
gboolean tap_winograd_can (const TapWindow *window, int out);
/* What the job's parts cost, and what computing them directly does, in the same unit. */
double tap_winograd_cost (const TapWinogradJob *job);
double tap_winograd_direct_cost (const TapWinogradJob *job);

/* Bytes of scratch for a job; pointers to numbers need not be set. */
gsize tap_winograd_scratch (const TapWinogradJob *job);

/**
 * tap_winograd_run:
 * @job: what to compute
 *
 * Computes y = clamp (x * w + bias + residual). The same bits for any number of threads and any batch
 * around an image.
 *
 * Shapes: as TapWinogradJob says.
 * Units: those of x times w.
 * Edges: padding counts as 0. A NaN or infinity in x spreads over all outputs of the tiles that see it.
 * Errors: none.
 * Source: Lavin & Gray 2015, arXiv:1509.09308.
 */
void tap_winograd_run (const TapWinogradJob *job);

G_END_DECLS
