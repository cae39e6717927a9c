/* conv.c - convolution: which algorithm, and on to it
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "engine/cpu/conv.h"

static int
conv_choose (const TapCpuRun *run)
{
  return TAP_CONV_DIRECT;
}

static TapTensor *
conv_pack (const TapNode *node, int algorithm, TapTensor *const *constants, GError **error)
{
  switch ((TapConvAlgorithm) algorithm)
    {
    case TAP_CONV_DIRECT:
      return tap_conv_direct_pack (node, constants, error);
    default:
      return NULL;
    }
}

static gsize
conv_scratch (const TapCpuRun *run)
{
  switch ((TapConvAlgorithm) run->algorithm)
    {
    case TAP_CONV_DIRECT:
      return tap_conv_direct_scratch (run);
    default:
      return 0;
    }
}

/**
 * conv_forward:
 *
 * Cross-correlation, as all frameworks call convolution.
 *
 * Shapes: x [N,C,H,W] or [N,C,L], w [K,C/group,R,S], bias [K], y [N,K,P,Q].
 * Units: those of x times w.
 * Edges: padding counts as 0.
 * Errors: none that inference has not found.
 */
static gboolean
conv_forward (const TapCpuRun *run, GError **error)
{
  switch ((TapConvAlgorithm) run->algorithm)
    {
    case TAP_CONV_DIRECT:
      return tap_conv_direct_forward (run, error);
    default:
      g_assert_not_reached ();
    }
}

const TapCpuKernel tap_cpu_conv = {
  .op = "Conv",
  .flags = TAP_CPU_REGIONS | TAP_CPU_CLAMPS | TAP_CPU_ADDS,
  .choose = conv_choose,
  .pack = conv_pack,
  .scratch = conv_scratch,
  .forward = conv_forward,
};
