/* volume.c - windows in three dimensions
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Operators of their own in the place of those of pictures: nothing that is known of maps of rows and
 * columns (changed rectangles, fusing) holds for them. */
#include "config.h"

#include "ops/tap-op-private.h"

const TapOp tap_op_average_pool_3d = {
  .name = "AveragePool3D",
  .summary = N_ ("Takes the mean of each window in space."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = tap_op_pool_shape,
  .macs = tap_op_pool_macs,
};

const TapOp tap_op_conv_3d = {
  .name = "Conv3D",
  .summary = N_ ("Slides learned filters through a volume."),
  .min_inputs = 2,
  .max_inputs = 3,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = tap_op_conv_shape,
  .macs = tap_op_conv_macs,
};

const TapOp tap_op_conv_transpose_3d = {
  .name = "ConvTranspose3D",
  .summary = N_ ("Spreads each value with learned filters in a larger volume."),
  .min_inputs = 2,
  .max_inputs = 3,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = tap_op_conv_transpose_shape,
  .macs = tap_op_conv_transpose_macs,
};

const TapOp tap_op_lp_pool_3d = {
  .name = "LpPool3D",
  .summary = N_ ("Takes the p-norm of each window in space."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 1,
  .region = TAP_REGION_FULL,
  .shape = tap_op_pool_shape,
  .macs = tap_op_pool_macs,
};

const TapOp tap_op_max_pool_3d = {
  .name = "MaxPool3D",
  .summary = N_ ("Keeps the largest value of each window in space."),
  .min_inputs = 1,
  .max_inputs = 1,
  .min_outputs = 1,
  .max_outputs = 2,
  .region = TAP_REGION_FULL,
  .shape = tap_op_pool_shape,
};
