/* registry.c - the sorted list of operators
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/registry.h"

#include <stdlib.h>
#include <string.h>

extern const TapOp tap_op_abs;
extern const TapOp tap_op_add;
extern const TapOp tap_op_and;
extern const TapOp tap_op_arg_max;
extern const TapOp tap_op_arg_min;
extern const TapOp tap_op_average_pool;
extern const TapOp tap_op_average_pool_3d;
extern const TapOp tap_op_batch_normalization;
extern const TapOp tap_op_cast;
extern const TapOp tap_op_ceil;
extern const TapOp tap_op_celu;
extern const TapOp tap_op_clip;
extern const TapOp tap_op_concat;
extern const TapOp tap_op_constant;
extern const TapOp tap_op_constant_of_shape;
extern const TapOp tap_op_conv;
extern const TapOp tap_op_conv_3d;
extern const TapOp tap_op_conv_integer;
extern const TapOp tap_op_conv_transpose;
extern const TapOp tap_op_conv_transpose_3d;
extern const TapOp tap_op_cos;
extern const TapOp tap_op_cum_sum;
extern const TapOp tap_op_depth_to_space;
extern const TapOp tap_op_dequantize_linear;
extern const TapOp tap_op_div;
extern const TapOp tap_op_dropout;
extern const TapOp tap_op_dynamic_quantize_linear;
extern const TapOp tap_op_einsum;
extern const TapOp tap_op_elu;
extern const TapOp tap_op_equal;
extern const TapOp tap_op_erf;
extern const TapOp tap_op_exp;
extern const TapOp tap_op_expand;
extern const TapOp tap_op_eye_like;
extern const TapOp tap_op_flatten;
extern const TapOp tap_op_floor;
extern const TapOp tap_op_gather;
extern const TapOp tap_op_gather_elements;
extern const TapOp tap_op_gather_nd;
extern const TapOp tap_op_gelu;
extern const TapOp tap_op_gemm;
extern const TapOp tap_op_global_average_pool;
extern const TapOp tap_op_global_max_pool;
extern const TapOp tap_op_greater;
extern const TapOp tap_op_greater_or_equal;
extern const TapOp tap_op_group_normalization;
extern const TapOp tap_op_hard_sigmoid;
extern const TapOp tap_op_hard_swish;
extern const TapOp tap_op_identity;
extern const TapOp tap_op_image_scaler;
extern const TapOp tap_op_instance_normalization;
extern const TapOp tap_op_is_inf;
extern const TapOp tap_op_is_nan;
extern const TapOp tap_op_lrn;
extern const TapOp tap_op_layer_normalization;
extern const TapOp tap_op_leaky_relu;
extern const TapOp tap_op_less;
extern const TapOp tap_op_less_or_equal;
extern const TapOp tap_op_log;
extern const TapOp tap_op_log_softmax;
extern const TapOp tap_op_lp_normalization;
extern const TapOp tap_op_lp_pool;
extern const TapOp tap_op_lp_pool_3d;
extern const TapOp tap_op_matmul;
extern const TapOp tap_op_matmul_integer;
extern const TapOp tap_op_max;
extern const TapOp tap_op_max_pool;
extern const TapOp tap_op_max_pool_3d;
extern const TapOp tap_op_mean;
extern const TapOp tap_op_mean_variance_normalization;
extern const TapOp tap_op_min;
extern const TapOp tap_op_mish;
extern const TapOp tap_op_mod;
extern const TapOp tap_op_mul;
extern const TapOp tap_op_neg;
extern const TapOp tap_op_nonzero;
extern const TapOp tap_op_not;
extern const TapOp tap_op_one_hot;
extern const TapOp tap_op_or;
extern const TapOp tap_op_prelu;
extern const TapOp tap_op_pad;
extern const TapOp tap_op_pow;
extern const TapOp tap_op_qlinear_conv;
extern const TapOp tap_op_qlinear_matmul;
extern const TapOp tap_op_quantize_linear;
extern const TapOp tap_op_range;
extern const TapOp tap_op_reciprocal;
extern const TapOp tap_op_reduce_l1;
extern const TapOp tap_op_reduce_l2;
extern const TapOp tap_op_reduce_log_sum;
extern const TapOp tap_op_reduce_log_sum_exp;
extern const TapOp tap_op_reduce_max;
extern const TapOp tap_op_reduce_mean;
extern const TapOp tap_op_reduce_min;
extern const TapOp tap_op_reduce_prod;
extern const TapOp tap_op_reduce_sum;
extern const TapOp tap_op_reduce_sum_square;
extern const TapOp tap_op_relu;
extern const TapOp tap_op_reshape;
extern const TapOp tap_op_resize;
extern const TapOp tap_op_round;
extern const TapOp tap_op_scatter_elements;
extern const TapOp tap_op_scatter_nd;
extern const TapOp tap_op_selu;
extern const TapOp tap_op_shape;
extern const TapOp tap_op_shrink;
extern const TapOp tap_op_sigmoid;
extern const TapOp tap_op_sign;
extern const TapOp tap_op_sin;
extern const TapOp tap_op_size;
extern const TapOp tap_op_slice;
extern const TapOp tap_op_softmax;
extern const TapOp tap_op_softplus;
extern const TapOp tap_op_softsign;
extern const TapOp tap_op_space_to_depth;
extern const TapOp tap_op_split;
extern const TapOp tap_op_sqrt;
extern const TapOp tap_op_squeeze;
extern const TapOp tap_op_sub;
extern const TapOp tap_op_sum;
extern const TapOp tap_op_tanh;
extern const TapOp tap_op_thresholded_relu;
extern const TapOp tap_op_tile;
extern const TapOp tap_op_topk;
extern const TapOp tap_op_transpose;
extern const TapOp tap_op_trilu;
extern const TapOp tap_op_unsqueeze;
extern const TapOp tap_op_upsample;
extern const TapOp tap_op_where;
extern const TapOp tap_op_xor;

/* by name, in the order of strcmp() */
static const TapOp *const ops[] = {
  &tap_op_abs,
  &tap_op_add,
  &tap_op_and,
  &tap_op_arg_max,
  &tap_op_arg_min,
  &tap_op_average_pool,
  &tap_op_average_pool_3d,
  &tap_op_batch_normalization,
  &tap_op_cast,
  &tap_op_ceil,
  &tap_op_celu,
  &tap_op_clip,
  &tap_op_concat,
  &tap_op_constant,
  &tap_op_constant_of_shape,
  &tap_op_conv,
  &tap_op_conv_3d,
  &tap_op_conv_integer,
  &tap_op_conv_transpose,
  &tap_op_conv_transpose_3d,
  &tap_op_cos,
  &tap_op_cum_sum,
  &tap_op_depth_to_space,
  &tap_op_dequantize_linear,
  &tap_op_div,
  &tap_op_dropout,
  &tap_op_dynamic_quantize_linear,
  &tap_op_einsum,
  &tap_op_elu,
  &tap_op_equal,
  &tap_op_erf,
  &tap_op_exp,
  &tap_op_expand,
  &tap_op_eye_like,
  &tap_op_flatten,
  &tap_op_floor,
  &tap_op_gather,
  &tap_op_gather_elements,
  &tap_op_gather_nd,
  &tap_op_gelu,
  &tap_op_gemm,
  &tap_op_global_average_pool,
  &tap_op_global_max_pool,
  &tap_op_greater,
  &tap_op_greater_or_equal,
  &tap_op_group_normalization,
  &tap_op_hard_sigmoid,
  &tap_op_hard_swish,
  &tap_op_identity,
  &tap_op_image_scaler,
  &tap_op_instance_normalization,
  &tap_op_is_inf,
  &tap_op_is_nan,
  &tap_op_lrn,
  &tap_op_layer_normalization,
  &tap_op_leaky_relu,
  &tap_op_less,
  &tap_op_less_or_equal,
  &tap_op_log,
  &tap_op_log_softmax,
  &tap_op_lp_normalization,
  &tap_op_lp_pool,
  &tap_op_lp_pool_3d,
  &tap_op_matmul,
  &tap_op_matmul_integer,
  &tap_op_max,
  &tap_op_max_pool,
  &tap_op_max_pool_3d,
  &tap_op_mean,
  &tap_op_mean_variance_normalization,
  &tap_op_min,
  &tap_op_mish,
  &tap_op_mod,
  &tap_op_mul,
  &tap_op_neg,
  &tap_op_nonzero,
  &tap_op_not,
  &tap_op_one_hot,
  &tap_op_or,
  &tap_op_prelu,
  &tap_op_pad,
  &tap_op_pow,
  &tap_op_qlinear_conv,
  &tap_op_qlinear_matmul,
  &tap_op_quantize_linear,
  &tap_op_range,
  &tap_op_reciprocal,
  &tap_op_reduce_l1,
  &tap_op_reduce_l2,
  &tap_op_reduce_log_sum,
  &tap_op_reduce_log_sum_exp,
  &tap_op_reduce_max,
  &tap_op_reduce_mean,
  &tap_op_reduce_min,
  &tap_op_reduce_prod,
  &tap_op_reduce_sum,
  &tap_op_reduce_sum_square,
  &tap_op_relu,
  &tap_op_reshape,
  &tap_op_resize,
  &tap_op_round,
  &tap_op_scatter_elements,
  &tap_op_scatter_nd,
  &tap_op_selu,
  &tap_op_shape,
  &tap_op_shrink,
  &tap_op_sigmoid,
  &tap_op_sign,
  &tap_op_sin,
  &tap_op_size,
  &tap_op_slice,
  &tap_op_softmax,
  &tap_op_softplus,
  &tap_op_softsign,
  &tap_op_space_to_depth,
  &tap_op_split,
  &tap_op_sqrt,
  &tap_op_squeeze,
  &tap_op_sub,
  &tap_op_sum,
  &tap_op_tanh,
  &tap_op_thresholded_relu,
  &tap_op_tile,
  &tap_op_topk,
  &tap_op_transpose,
  &tap_op_trilu,
  &tap_op_unsqueeze,
  &tap_op_upsample,
  &tap_op_where,
  &tap_op_xor,
  NULL,
};

static int
compare_name (gconstpointer key, gconstpointer element)
{
  return strcmp (key, (*(const TapOp *const *) element)->name);
}

const TapOp *const *
tap_ops_list (void)
{
  return ops;
}

const TapOp *
tap_ops_find (const char *op_type, const char *domain)
{
  const TapOp *const *found;

  if (domain != NULL && *domain != '\0' && !g_str_equal (domain, "ai.onnx") &&
      !g_str_equal (domain, "tapetum"))
    return NULL;
  found = bsearch (op_type, ops, G_N_ELEMENTS (ops) - 1, sizeof ops[0], compare_name);
  return found != NULL ? *found : NULL;
}
