/* cases-window.c - Conv, ConvTranspose and pooling
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "operator-cases.h"

const OperatorCase cases_window[] = {
  { "AveragePool", "kernel_shape=[2,2]", "2x3x5x7" },
  { "Conv", "kernel_shape=[3,3] pads=[1,1,1,1]", "2x3x6x7 c5x3x3x3 c5" },
  { "Conv", NULL, "1x3x6x7 5x3x3x2" },
  { "ConvTranspose", "kernel_shape=[2,2] strides=[2,2]", "2x3x4x5 c3x4x2x2" },
  { "LpPool", "kernel_shape=[2,2] p=3", "2x3x5x7" },
  { "MaxPool", "kernel_shape=[2,2] strides=[2,2]", "2x3x6x7~apart", .n_outputs = 2 },
  { NULL },
};
