/* conv-transpose.c - transposed convolution: the way back of a convolution, and forth again
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "engine/cpu/conv.h"

static TapTensor *
transposed_pack_affine (const TapNode *node,
                        int algorithm,
                        TapTensor *const *constants,
                        const TapAffine *affine,
                        GError **error)
{
  return algorithm == TAP_CONV_BACK_DIRECT ? tap_conv_direct_pack_back (node, constants, error) :
                                             tap_conv_direct_pack (node, constants, affine, error);
}

static TapTensor *
transposed_pack (const TapNode *node, int algorithm, TapTensor *const *constants, GError **error)
{
  return transposed_pack_affine (node, algorithm, constants, NULL, error);
}

static int
transposed_choose_backward (const TapCpuRun *run)
{
  return TAP_CONV_BACK_DIRECT;
}

static gsize
transposed_scratch_backward (const TapCpuRun *run)
{
  return MAX (tap_conv_direct_scratch_back (run), tap_conv_weights_scratch (run));
}

/**
 * transposed_backward:
 *
 * The gradient of the input is the convolution of which this is the adjoint, without a bias.
 */
static gboolean
transposed_backward (const TapCpuRun *run, GError **error)
{
  if (run->input_grads[0].data != NULL && !tap_conv_direct_back (run, error))
    return FALSE;
  return tap_conv_weights_back (run, error);
}

/* tap_conv_direct_forward():
 *
 * The adjoint of a convolution with these weights, plus a bias.
 *
 * Shapes: x [N,C,H,W], w [C,K/group,R,S], bias [K], y [N,K,P,Q] as tap_op_window() says.
 * Units: those of x times w.
 * Edges: what would be painted beyond the output is dropped; cells that nothing reaches are bias.
 * Errors: none that inference has not found. */
const TapCpuKernel tap_cpu_conv_transpose = {
  .op = "ConvTranspose",
  .flags = TAP_CPU_REGIONS | TAP_CPU_CLAMPS | TAP_CPU_ADDS | TAP_CPU_BACK_ADDS,
  .pack = transposed_pack,
  .pack_affine = transposed_pack_affine,
  .scratch = tap_conv_direct_scratch,
  .forward = tap_conv_direct_forward,
  .backward = transposed_backward,
  .needs = tap_conv_needs,
  .choose_backward = transposed_choose_backward,
  .scratch_backward = transposed_scratch_backward,
};
