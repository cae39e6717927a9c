/* registry.c - the sorted list of kernels
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <string.h>

#include "engine/cpu/tap-cpu.h"

extern const TapCpuKernel tap_cpu_abs;
extern const TapCpuKernel tap_cpu_add;
extern const TapCpuKernel tap_cpu_and;
extern const TapCpuKernel tap_cpu_arg_max;
extern const TapCpuKernel tap_cpu_arg_min;
extern const TapCpuKernel tap_cpu_average_pool;
extern const TapCpuKernel tap_cpu_average_pool_3d;
extern const TapCpuKernel tap_cpu_batch_normalization;
extern const TapCpuKernel tap_cpu_cast;
extern const TapCpuKernel tap_cpu_ceil;
extern const TapCpuKernel tap_cpu_celu;
extern const TapCpuKernel tap_cpu_clip;
extern const TapCpuKernel tap_cpu_concat;
extern const TapCpuKernel tap_cpu_constant_of_shape;
extern const TapCpuKernel tap_cpu_conv;
extern const TapCpuKernel tap_cpu_conv_3d;
extern const TapCpuKernel tap_cpu_conv_integer;
extern const TapCpuKernel tap_cpu_conv_transpose;
extern const TapCpuKernel tap_cpu_conv_transpose_3d;
extern const TapCpuKernel tap_cpu_cos;
extern const TapCpuKernel tap_cpu_cum_sum;
extern const TapCpuKernel tap_cpu_depth_to_space;
extern const TapCpuKernel tap_cpu_dequantize_linear;
extern const TapCpuKernel tap_cpu_div;
extern const TapCpuKernel tap_cpu_dropout;
extern const TapCpuKernel tap_cpu_dynamic_quantize_linear;
extern const TapCpuKernel tap_cpu_einsum;
extern const TapCpuKernel tap_cpu_elu;
extern const TapCpuKernel tap_cpu_equal;
extern const TapCpuKernel tap_cpu_erf;
extern const TapCpuKernel tap_cpu_exp;
extern const TapCpuKernel tap_cpu_expand;
extern const TapCpuKernel tap_cpu_flatten;
extern const TapCpuKernel tap_cpu_floor;
extern const TapCpuKernel tap_cpu_gather;
extern const TapCpuKernel tap_cpu_gather_elements;
extern const TapCpuKernel tap_cpu_gather_nd;
extern const TapCpuKernel tap_cpu_gelu;
extern const TapCpuKernel tap_cpu_gemm;
extern const TapCpuKernel tap_cpu_global_average_pool;
extern const TapCpuKernel tap_cpu_global_max_pool;
extern const TapCpuKernel tap_cpu_greater;
extern const TapCpuKernel tap_cpu_greater_or_equal;
extern const TapCpuKernel tap_cpu_group_normalization;
extern const TapCpuKernel tap_cpu_hard_sigmoid;
extern const TapCpuKernel tap_cpu_hard_swish;
extern const TapCpuKernel tap_cpu_identity;
extern const TapCpuKernel tap_cpu_image_scaler;
extern const TapCpuKernel tap_cpu_instance_normalization;
extern const TapCpuKernel tap_cpu_is_inf;
extern const TapCpuKernel tap_cpu_is_nan;
extern const TapCpuKernel tap_cpu_lrn;
extern const TapCpuKernel tap_cpu_layer_normalization;
extern const TapCpuKernel tap_cpu_leaky_relu;
extern const TapCpuKernel tap_cpu_less;
extern const TapCpuKernel tap_cpu_less_or_equal;
extern const TapCpuKernel tap_cpu_log;
extern const TapCpuKernel tap_cpu_log_softmax;
extern const TapCpuKernel tap_cpu_lp_normalization;
extern const TapCpuKernel tap_cpu_lp_pool;
extern const TapCpuKernel tap_cpu_lp_pool_3d;
extern const TapCpuKernel tap_cpu_matmul;
extern const TapCpuKernel tap_cpu_matmul_integer;
extern const TapCpuKernel tap_cpu_max;
extern const TapCpuKernel tap_cpu_max_pool;
extern const TapCpuKernel tap_cpu_max_pool_3d;
extern const TapCpuKernel tap_cpu_mean;
extern const TapCpuKernel tap_cpu_mean_variance_normalization;
extern const TapCpuKernel tap_cpu_min;
extern const TapCpuKernel tap_cpu_mish;
extern const TapCpuKernel tap_cpu_mod;
extern const TapCpuKernel tap_cpu_mul;
extern const TapCpuKernel tap_cpu_neg;
extern const TapCpuKernel tap_cpu_not;
extern const TapCpuKernel tap_cpu_one_hot;
extern const TapCpuKernel tap_cpu_or;
extern const TapCpuKernel tap_cpu_prelu;
extern const TapCpuKernel tap_cpu_pad;
extern const TapCpuKernel tap_cpu_pow;
extern const TapCpuKernel tap_cpu_qlinear_conv;
extern const TapCpuKernel tap_cpu_qlinear_matmul;
extern const TapCpuKernel tap_cpu_quantize_linear;
extern const TapCpuKernel tap_cpu_reciprocal;
extern const TapCpuKernel tap_cpu_reduce_l1;
extern const TapCpuKernel tap_cpu_reduce_l2;
extern const TapCpuKernel tap_cpu_reduce_log_sum;
extern const TapCpuKernel tap_cpu_reduce_log_sum_exp;
extern const TapCpuKernel tap_cpu_reduce_max;
extern const TapCpuKernel tap_cpu_reduce_mean;
extern const TapCpuKernel tap_cpu_reduce_min;
extern const TapCpuKernel tap_cpu_reduce_prod;
extern const TapCpuKernel tap_cpu_reduce_sum;
extern const TapCpuKernel tap_cpu_reduce_sum_square;
extern const TapCpuKernel tap_cpu_relu;
extern const TapCpuKernel tap_cpu_reshape;
extern const TapCpuKernel tap_cpu_resize;
extern const TapCpuKernel tap_cpu_round;
extern const TapCpuKernel tap_cpu_scatter_elements;
extern const TapCpuKernel tap_cpu_scatter_nd;
extern const TapCpuKernel tap_cpu_selu;
extern const TapCpuKernel tap_cpu_shrink;
extern const TapCpuKernel tap_cpu_sigmoid;
extern const TapCpuKernel tap_cpu_sign;
extern const TapCpuKernel tap_cpu_sin;
extern const TapCpuKernel tap_cpu_slice;
extern const TapCpuKernel tap_cpu_softmax;
extern const TapCpuKernel tap_cpu_softplus;
extern const TapCpuKernel tap_cpu_softsign;
extern const TapCpuKernel tap_cpu_space_to_depth;
extern const TapCpuKernel tap_cpu_split;
extern const TapCpuKernel tap_cpu_sqrt;
extern const TapCpuKernel tap_cpu_squeeze;
extern const TapCpuKernel tap_cpu_sub;
extern const TapCpuKernel tap_cpu_sum;
extern const TapCpuKernel tap_cpu_tanh;
extern const TapCpuKernel tap_cpu_thresholded_relu;
extern const TapCpuKernel tap_cpu_tile;
extern const TapCpuKernel tap_cpu_topk;
extern const TapCpuKernel tap_cpu_transpose;
extern const TapCpuKernel tap_cpu_trilu;
extern const TapCpuKernel tap_cpu_unsqueeze;
extern const TapCpuKernel tap_cpu_upsample;
extern const TapCpuKernel tap_cpu_where;
extern const TapCpuKernel tap_cpu_xor;

/* By operator, in the order of strcmp(). */
static const TapCpuKernel *const kernels[] = {
  &tap_cpu_abs,
  &tap_cpu_add,
  &tap_cpu_and,
  &tap_cpu_arg_max,
  &tap_cpu_arg_min,
  &tap_cpu_average_pool,
  &tap_cpu_average_pool_3d,
  &tap_cpu_batch_normalization,
  &tap_cpu_cast,
  &tap_cpu_ceil,
  &tap_cpu_celu,
  &tap_cpu_clip,
  &tap_cpu_concat,
  &tap_cpu_constant_of_shape,
  &tap_cpu_conv,
  &tap_cpu_conv_3d,
  &tap_cpu_conv_integer,
  &tap_cpu_conv_transpose,
  &tap_cpu_conv_transpose_3d,
  &tap_cpu_cos,
  &tap_cpu_cum_sum,
  &tap_cpu_depth_to_space,
  &tap_cpu_dequantize_linear,
  &tap_cpu_div,
  &tap_cpu_dropout,
  &tap_cpu_dynamic_quantize_linear,
  &tap_cpu_einsum,
  &tap_cpu_elu,
  &tap_cpu_equal,
  &tap_cpu_erf,
  &tap_cpu_exp,
  &tap_cpu_expand,
  &tap_cpu_flatten,
  &tap_cpu_floor,
  &tap_cpu_gather,
  &tap_cpu_gather_elements,
  &tap_cpu_gather_nd,
  &tap_cpu_gelu,
  &tap_cpu_gemm,
  &tap_cpu_global_average_pool,
  &tap_cpu_global_max_pool,
  &tap_cpu_greater,
  &tap_cpu_greater_or_equal,
  &tap_cpu_group_normalization,
  &tap_cpu_hard_sigmoid,
  &tap_cpu_hard_swish,
  &tap_cpu_identity,
  &tap_cpu_image_scaler,
  &tap_cpu_instance_normalization,
  &tap_cpu_is_inf,
  &tap_cpu_is_nan,
  &tap_cpu_lrn,
  &tap_cpu_layer_normalization,
  &tap_cpu_leaky_relu,
  &tap_cpu_less,
  &tap_cpu_less_or_equal,
  &tap_cpu_log,
  &tap_cpu_log_softmax,
  &tap_cpu_lp_normalization,
  &tap_cpu_lp_pool,
  &tap_cpu_lp_pool_3d,
  &tap_cpu_matmul,
  &tap_cpu_matmul_integer,
  &tap_cpu_max,
  &tap_cpu_max_pool,
  &tap_cpu_max_pool_3d,
  &tap_cpu_mean,
  &tap_cpu_mean_variance_normalization,
  &tap_cpu_min,
  &tap_cpu_mish,
  &tap_cpu_mod,
  &tap_cpu_mul,
  &tap_cpu_neg,
  &tap_cpu_not,
  &tap_cpu_one_hot,
  &tap_cpu_or,
  &tap_cpu_prelu,
  &tap_cpu_pad,
  &tap_cpu_pow,
  &tap_cpu_qlinear_conv,
  &tap_cpu_qlinear_matmul,
  &tap_cpu_quantize_linear,
  &tap_cpu_reciprocal,
  &tap_cpu_reduce_l1,
  &tap_cpu_reduce_l2,
  &tap_cpu_reduce_log_sum,
  &tap_cpu_reduce_log_sum_exp,
  &tap_cpu_reduce_max,
  &tap_cpu_reduce_mean,
  &tap_cpu_reduce_min,
  &tap_cpu_reduce_prod,
  &tap_cpu_reduce_sum,
  &tap_cpu_reduce_sum_square,
  &tap_cpu_relu,
  &tap_cpu_reshape,
  &tap_cpu_resize,
  &tap_cpu_round,
  &tap_cpu_scatter_elements,
  &tap_cpu_scatter_nd,
  &tap_cpu_selu,
  &tap_cpu_shrink,
  &tap_cpu_sigmoid,
  &tap_cpu_sign,
  &tap_cpu_sin,
  &tap_cpu_slice,
  &tap_cpu_softmax,
  &tap_cpu_softplus,
  &tap_cpu_softsign,
  &tap_cpu_space_to_depth,
  &tap_cpu_split,
  &tap_cpu_sqrt,
  &tap_cpu_squeeze,
  &tap_cpu_sub,
  &tap_cpu_sum,
  &tap_cpu_tanh,
  &tap_cpu_thresholded_relu,
  &tap_cpu_tile,
  &tap_cpu_topk,
  &tap_cpu_transpose,
  &tap_cpu_trilu,
  &tap_cpu_unsqueeze,
  &tap_cpu_upsample,
  &tap_cpu_where,
  &tap_cpu_xor,
  NULL,
};

const TapCpuKernel *const *
tap_cpu_kernels (void)
{
  return kernels;
}

const TapCpuKernel *
tap_cpu_find (const char *op)
{
  gsize low = 0, high = G_N_ELEMENTS (kernels) - 1;

  while (low < high)
    {
      gsize middle = (low + high) / 2;
      int order = strcmp (op, kernels[middle]->op);

      if (order == 0)
        return kernels[middle];
      if (order < 0)
        high = middle;
      else
        low = middle + 1;
    }
  return NULL;
}
