/* reference.h - slow, obvious twins of the kernels
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Written from the definitions, cell by cell, with sums in double, and sharing nothing with src/engine. */
#pragma once

#include "core/tap-tensor.h"

G_BEGIN_DECLS

typedef struct
{
  int kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
  int pad_top, pad_left, pad_bottom, pad_right;
  int group;
} ReferenceWindow;

/* All (transfer full). Shapes as in ONNX; @bias may be NULL. */
TapTensor *reference_conv (const TapTensor *x,
                           const TapTensor *w,
                           const TapTensor *bias,
                           const ReferenceWindow *win);
TapTensor *reference_conv_transpose (const TapTensor *x,
                                     const TapTensor *w,
                                     const TapTensor *bias,
                                     const ReferenceWindow *win);
/* Adjoints of reference_conv(), written as loops over the outputs. The input's gradient of a transposed
 * convolution is reference_conv() of @dy, its weights' reference_conv_backward_weights (x, dy, …). */
TapTensor *reference_conv_backward_data (const TapTensor *dy,
                                         const TapTensor *w,
                                         const TapShape *x_shape,
                                         const ReferenceWindow *win);
TapTensor *reference_conv_backward_weights (const TapTensor *dy,
                                            const TapTensor *x,
                                            const TapShape *w_shape,
                                            const ReferenceWindow *win);
TapTensor *reference_conv_backward_bias (const TapTensor *dy);
TapTensor *reference_max_pool (const TapTensor *x, const ReferenceWindow *win);
TapTensor *
reference_average_pool (const TapTensor *x, const ReferenceWindow *win, gboolean count_padding);
/* y = alpha A' B' + beta c; c [n] or NULL */
TapTensor *reference_gemm (const TapTensor *a,
                           const TapTensor *b,
                           const TapTensor *c,
                           gboolean a_transposed,
                           gboolean b_transposed,
                           double alpha,
                           double beta);
TapTensor *reference_lrn (const TapTensor *x, int size, double alpha, double beta, double bias);
TapTensor *reference_batch_norm (const TapTensor *x,
                                 const float *scale,
                                 const float *shift,
                                 const float *mean,
                                 const float *variance,
                                 double epsilon);
/* Along the second dimension. */
TapTensor *reference_softmax (const TapTensor *x);
/* By the name of the operator, with its two parameters. */
double reference_unary (const char *op, double x, double a, double b);

G_END_DECLS
