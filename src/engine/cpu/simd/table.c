/* table.c - the functions of one instruction set
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "engine/cpu/simd/vec.h"

const TapSimd TAP_SIMD_NAME (tap_simd) = {
#if VL == 16
  .name = "AVX-512",
#elif VL == 8
  .name = "AVX2",
#else
  .name = "portable",
#endif
  .lanes = VL,
  .conv_tiles = TAP_SIMD_NAME (tap_conv_tiles),
  .conv_wide = TAP_SIMD_NAME (tap_conv_wide),
  .conv_depth = TAP_SIMD_NAME (tap_conv_depth),
  .conv_fill = TAP_SIMD_NAME (tap_conv_fill),
  .winograd_input = TAP_SIMD_NAME (tap_winograd_input),
  .winograd_turn = TAP_SIMD_NAME (tap_winograd_turn),
  .winograd_weights = TAP_SIMD_NAME (tap_winograd_weights),
  .winograd_product = TAP_SIMD_NAME (tap_winograd_product),
  .winograd_output = TAP_SIMD_NAME (tap_winograd_output),
  .unary = TAP_SIMD_NAME (tap_unary),
  .binary = TAP_SIMD_NAME (tap_binary),
  .max_into = TAP_SIMD_NAME (tap_max_into),
  .max_into_spread = TAP_SIMD_NAME (tap_max_into_spread),
  .add_into_spread = TAP_SIMD_NAME (tap_add_into_spread),
  .add_into = TAP_SIMD_NAME (tap_add_into),
  .add_square_into = TAP_SIMD_NAME (tap_add_square_into),
  .add_scaled_into = TAP_SIMD_NAME (tap_add_scaled_into),
  .sum = TAP_SIMD_NAME (tap_sum),
  .sum_square_deviation = TAP_SIMD_NAME (tap_sum_square_deviation),
  .max = TAP_SIMD_NAME (tap_max),
  .add_scaled_rows_into = TAP_SIMD_NAME (tap_add_scaled_rows_into),
  .dots = TAP_SIMD_NAME (tap_dots),
  .dots_many = TAP_SIMD_NAME (tap_dots_many),
  .find_pairs = TAP_SIMD_NAME (tap_find_pairs),
  .dots_pairs = TAP_SIMD_NAME (tap_dots_pairs),
  .lrn = TAP_SIMD_NAME (tap_lrn),
  .multiply_adds = TAP_SIMD_NAME (tap_multiply_adds),
  .add_product_into = TAP_SIMD_NAME (tap_add_product_into),
  .sum_product = TAP_SIMD_NAME (tap_sum_product),
  .lrn_backward = TAP_SIMD_NAME (tap_lrn_backward),
  .pool_max = TAP_SIMD_NAME (tap_pool_max),
  .pool_sum = TAP_SIMD_NAME (tap_pool_sum),
  .pool_switches = TAP_SIMD_NAME (tap_pool_switches),
  .pack_switches = TAP_SIMD_NAME (tap_pack_switches),
  .unpack_switches = TAP_SIMD_NAME (tap_unpack_switches),
  .normalize = TAP_SIMD_NAME (tap_normalize),
  .unpool = TAP_SIMD_NAME (tap_unpool),
  .whole_dots = TAP_SIMD_NAME (tap_whole_dots),
  .bits = TAP_SIMD_NAME (tap_bits),
  .scale_by_bits = TAP_SIMD_NAME (tap_scale_by_bits),
  .unary_backward = TAP_SIMD_NAME (tap_unary_backward),
  .binary_backward = TAP_SIMD_NAME (tap_binary_backward),
  .count_ties = TAP_SIMD_NAME (tap_count_ties),
  .share_ties = TAP_SIMD_NAME (tap_share_ties),
  .combine = TAP_SIMD_NAME (tap_combine),
  .softmax_backward = TAP_SIMD_NAME (tap_softmax_backward),
};
