/* cases-volume.c - windows in three dimensions
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "operator-cases.h"

const OperatorCase cases_volume[] = {
  { "AveragePool3D", "kernel_shape=[2,2,2]", "2x3x4x5x3" },
  { "AveragePool3D", "kernel_shape=[3,2,3] strides=[2,1,2] pads=[1,0,1,1,1,1]", "1x2x5x4x6" },
  { "AveragePool3D", "kernel_shape=[3,2,3] strides=[2,1,2] pads=[1,0,1,1,1,1] count_include_pad=1",
    "1x2x5x4x6" },
  { "AveragePool3D", "kernel_shape=[3,3,3] strides=[2,2,2] ceil_mode=1 count_include_pad=1",
    "1x1x6x5x6" },
  { "AveragePool3D", "kernel_shape=[2,3,2] dilations=[2,1,3]", "1x2x4x4x6" },
  { "Conv3D", "kernel_shape=[3,3,3] pads=[1,1,1,1,1,1]", "2x2x3x4x5 c3x2x3x3x3 c3" },
  { "Conv3D", NULL, "1x2x3x4x5 3x2x2x3x1 3" },
  { "Conv3D", "strides=[2,1,3] pads=[1,0,2,0,1,1]", "1x2x4x5x8 c3x2x3x2x4" },
  { "Conv3D", "dilations=[2,1,2] strides=[1,2,2] group=2", "2x4x5x5x7 c4x2x2x3x3 c4" },
  { "Conv3D", "group=3 auto_pad='SAME_UPPER' strides=[2,2,2]", "1x3x4x5x5 c3x1x3x3x3" },
  { "Conv3D", "kernel_shape=[1,1,1]", "1x4x2x3x3 c5x4x1x1x1 c5" },
  { "ConvTranspose3D", NULL, "1x2x2x3x4 c2x3x3x2x3 c3" },
  { "ConvTranspose3D", "strides=[2,1,3] pads=[1,0,1,0,1,2]", "2x2x3x3x3 2x2x3x3x4 2" },
  { "ConvTranspose3D", "strides=[2,2,2] output_padding=[1,0,1] group=2", "1x4x2x3x2 c4x2x2x3x2" },
  { "ConvTranspose3D", "dilations=[2,1,1] strides=[1,2,2] output_shape=[5,6,5]",
    "1x1x3x3x2 c1x2x2x3x3" },
  { "LpPool3D", "kernel_shape=[2,2,2] strides=[1,2,1]", "1x2x3x4x5~away" },
  { "LpPool3D", "kernel_shape=[2,3,2] p=3 pads=[0,1,1,1,0,0]", "1x2x3x4x5~away" },
  { "LpPool3D", "kernel_shape=[2,2,2] p=1", "1x2x3x3x4~away" },
  { "MaxPool3D", "kernel_shape=[2,2,2]", "2x3x4x5x3~apart" },
  { "MaxPool3D", "kernel_shape=[3,2,3] strides=[2,1,2] pads=[1,0,1,1,1,1]", "1x2x5x4x6~apart",
    .n_outputs = 2 },
  { "MaxPool3D", "kernel_shape=[2,2,2] strides=[2,2,2] ceil_mode=1 storage_order=1",
    "1x2x3x5x3~apart", .n_outputs = 2 },
  { "MaxPool3D", "kernel_shape=[2,2,2] dilations=[2,1,2]", "1x2x4x3x5~apart" },
  { "MaxPool3D", "kernel_shape=[2,2,2]", "1x2x3x4x5~ties", .flags = CASE_KINKS },
  { "MaxPool3D", "kernel_shape=[2,2,2]", "1x2x3x4x5~special", .flags = CASE_FORWARD_ONLY },
  { NULL },
};
