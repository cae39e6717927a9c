/* cases-normalize.c - normalizations, softmax, matrix products, resizing
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "operator-cases.h"

#define MODES(mode)                                                                                \
  { "Resize", "mode='" mode "'", "2x3x5x7 - c4=1,1,2,2" },                                         \
    { "Resize", "mode='" mode "'", "2x3x5x7 - c4=1,1,0.5,0.5" },                                   \
    { "Resize", "mode='" mode "'", "1x2x6x8 - - ci4=1,2,4,12" },                                   \
    { "Resize", "mode='" mode "'", "1x2x6x8 - - ci4=1,2,1,3" },                                    \
    { "Resize", "mode='" mode "' coordinate_transformation_mode='asymmetric'",                     \
      "1x2x6x8 - c4=1,1,2,1.5" },                                                                  \
    { "Resize", "mode='" mode "' coordinate_transformation_mode='align_corners'",                  \
      "1x2x4x5 - - ci4=1,2,10,9" },                                                                \
    { "Resize", "mode='" mode "' coordinate_transformation_mode='align_corners'",                  \
      "1x2x4x5 - - ci4=1,2,1,3" },                                                                 \
    { "Resize", "mode='" mode "' coordinate_transformation_mode='pytorch_half_pixel'",             \
      "1x2x4x6 - - ci4=1,2,1,3" },                                                                 \
    { "Resize", "mode='" mode "' coordinate_transformation_mode='half_pixel_symmetric'",           \
      "1x2x4x6 - c4=1,1,1.3,0.8" },                                                                \
  {                                                                                                \
    "Resize", "mode='" mode "' axes=[3,-2]", "1x2x4x6 - c2=2,0.5", .opset = 18                     \
  }

const OperatorCase cases_normalize[] = {
  { "BatchNormalization", NULL, "2x3x5x7 c3@0.5:2 c3 c3 c3@0.2:2" },
  { "BatchNormalization", NULL, "2x3x5x7 3@0.5:2 3 3 3@0.2:2" },
  { "BatchNormalization", "epsilon=0.1", "2x3x11 c3@-2:2 c3 c3 c3@0.2:2" },
  { "BatchNormalization", NULL, "4x5 c5 c5 c5 c5@0.2:2" },
  { "BatchNormalization", "spatial=1", "2x3x5x7 c3 c3 c3 c3@0.2:2", .opset = 7 },
  { "BatchNormalization", NULL, "1x3x17x19 c3 c3 c3 c3@0.2:2", .flags = CASE_SAMPLED },
  { "Gemm", NULL, "3x5 c5x7 c7" },
  { "Gemm", "transB=1", "3x5 c7x5 c7" },
  { "Gemm", "transA=1", "5x3 c5x7" },
  { "Gemm", "transA=1 transB=1 alpha=0.5 beta=2.0", "5x3 7x5 3x7" },
  { "Gemm", "beta=0.5", "3x5 5x7 3x1" },
  { "Gemm", NULL, "3x5 5x7 s" },
  { "Gemm", "alpha=-2.0", "3x5 5x7 1x7" },
  { "Gemm", "transB=1", "1x300 c41x300 c41", .flags = CASE_SAMPLED },
  { "Gemm", "transB=1", "1x300 41x300 41", .flags = CASE_SAMPLED },
  { "Gemm", NULL, "17x65 c65x33 c33", .flags = CASE_SAMPLED },
  { "GroupNormalization", "num_groups=2", "2x4x3x5 c4@0.5:2 c4" },
  { "GroupNormalization", "num_groups=2", "2x4x3x5 4@0.5:2 4" },
  { "GroupNormalization", "num_groups=2", "2x4x3x5 c2@0.5:2 c2", .opset = 18 },
  { "GroupNormalization", "num_groups=1 epsilon=0.01", "2x3x11 c3 c3" },
  { "GroupNormalization", "num_groups=3", "2x3x3x5 c3 c3" },
  { "ImageScaler", "scale=0.5 bias={0.1,-0.2,0.3}", "2x3x5x7", .opset = 1 },
  { "ImageScaler", "scale=2.0", "2x3x5x7", .opset = 1 },
  { "InstanceNormalization", NULL, "2x3x5x7 c3@0.5:2 c3" },
  { "InstanceNormalization", NULL, "2x3x5x7@10:11 3@0.5:2 3" },
  { "InstanceNormalization", "epsilon=0.1", "2x3x11 c3 c3" },
  { "InstanceNormalization", NULL, "1x2x23x29 c2 c2", .flags = CASE_SAMPLED },
  { "LRN", "size=5", "2x7x3x4@-9:9" },
  { "LRN", "size=3 alpha=0.5 beta=0.6 bias=2.0", "2x7x3x4" },
  { "LRN", "size=4 alpha=0.5", "2x7x3x4" },
  { "LRN", "size=1 alpha=0.5 beta=1.0", "2x7x3x4" },
  { "LRN", "size=9 alpha=0.5 beta=0.5", "1x5x3x4" },
  { "LRN", "size=3 alpha=0.5 raw_alpha=1", "2x7x3x4" },
  { "LRN", "size=3 alpha=0.5 norm_region='WITHIN_CHANNEL'", "2x3x5x6" },
  { "LRN", "size=5 alpha=0.5 beta=0.6 norm_region='WITHIN_CHANNEL'", "1x2x7x4" },
  { "LRN", "size=5 alpha=0.1", "1x20x13x17", .flags = CASE_SAMPLED },
  { "LayerNormalization", NULL, "2x3x8 c8@0.5:2 c8", .n_outputs = 3 },
  { "LayerNormalization", NULL, "2x3x8 8@0.5:2" },
  { "LayerNormalization", "axis=1", "2x3x8 c3x8@0.5:2 c3x8" },
  { "LayerNormalization", "axis=-2 epsilon=0.1", "2x3x8 3x8@0.5:2 3x8", .n_outputs = 3 },
  { "LayerNormalization", "axis=1", "2x3x8 c8@0.5:2 c8" },
  { "LayerNormalization", NULL, "3x5x70@4:5 c70@0.5:2 c70", .flags = CASE_SAMPLED },
  { "LogSoftmax", NULL, "3x9@-3:3" },
  { "LogSoftmax", "axis=1", "2x5x3x4@-3:3" },
  { "LogSoftmax", "axis=1", "2x5x3@-3:3", .opset = 11 },
  { "MatMul", NULL, "3x5 c5x7" },
  { "MatMul", NULL, "3x5 5x7" },
  { "MatMul", NULL, "2x3x5 2x5x7" },
  { "MatMul", NULL, "2x3x5 c5x7" },
  { "MatMul", NULL, "3x5 2x5x7" },
  { "MatMul", NULL, "2x1x3x5 1x4x5x2" },
  { "MatMul", NULL, "5 c5x7" },
  { "MatMul", NULL, "3x5 5" },
  { "MatMul", NULL, "2x3x5 5" },
  { "MatMul", NULL, "5 5" },
  { "MatMul", NULL, "5 2x5x3" },
  { "MatMul", NULL, "1x300 c300x41", .flags = CASE_SAMPLED },
  { "MatMul", NULL, "17x65 65x33", .flags = CASE_SAMPLED },
  { "MatMul", NULL, "2x9x33 2x33x20", .flags = CASE_SAMPLED },
  MODES ("nearest"),
  MODES ("linear"),
  MODES ("cubic"),
  { "Resize", "nearest_mode='floor'", "1x2x4x6 - c4=1,1,2,0.5" },
  { "Resize", "nearest_mode='ceil'", "1x2x4x6 - c4=1,1,2,0.5" },
  { "Resize", "nearest_mode='round_prefer_ceil'", "1x2x4x6 - c4=1,1,2,0.5" },
  { "Resize", "nearest_mode='floor' coordinate_transformation_mode='asymmetric'",
    "1x2x4x6 - c4=1,1,2,4" },
  { "Resize", "coordinate_transformation_mode='tf_half_pixel_for_nn'", "1x2x4x6 - c4=1,1,2,0.5",
    .opset = 11 },
  { "Resize", "mode='cubic' cubic_coeff_a=-0.5", "1x2x5x6 - c4=1,1,2,0.5" },
  { "Resize", "mode='cubic' exclude_outside=1", "1x2x5x6 - c4=1,1,2,0.5" },
  { "Resize", "mode='linear'", "2x3x7 - c3=1,1,2.5" },
  { "Resize", NULL, "1x2x4x6 c4=1,1,2,3", .opset = 10 },
  { "Resize", "mode='linear'", "1x2x4x6 c4=1,1,2,3", .opset = 10 },
  { "Resize", "mode='linear'", "1x3x13x9 - c4=1,1,2,2", .flags = CASE_SAMPLED },
  { "Softmax", NULL, "3x9@-3:3" },
  { "Softmax", "axis=1", "2x5x3x4@-3:3" },
  { "Softmax", "axis=0", "5x3@-3:3" },
  { "Softmax", NULL, "2x5x3@-3:3", .opset = 11 },
  { "Softmax", "axis=2", "2x5x3x2@-3:3", .opset = 11 },
  { "Softmax", NULL, "3x9@-80:80", .flags = CASE_FORWARD_ONLY },
  { "Softmax", NULL, "2x1001@-5:5", .flags = CASE_SAMPLED },
  { "Upsample", NULL, "1x2x4x5 c4=1,1,2,3", .opset = 9 },
  { "Upsample", "mode='linear'", "1x2x4x5 c4=1,1,2,2", .opset = 9 },
  { "Upsample", "scales={1,1,2,2}", "1x2x4x5", .opset = 7 },
  { "Upsample", "height_scale=2.0 width_scale=3.0", "1x2x4x5", .opset = 1 },
  { NULL },
};
