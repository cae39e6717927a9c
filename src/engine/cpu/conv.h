/* conv.h - the algorithms of convolution, and where each is
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * conv.c chooses and dispatches; every algorithm is a file of its own. */
#pragma once

#include "engine/cpu/tap-cpu.h"

G_BEGIN_DECLS

/* Numbers of TapCpuRun.algorithm. Weights are packed per number, forward and backward alike. */
typedef enum
{
  TAP_CONV_DIRECT,        /* one chain of products per output cell; any convolution */
  TAP_CONV_WINOGRAD,      /* 3×3, stride 1 */
  TAP_CONV_BACK_DIRECT,   /* gradient of the input, by phases of the stride */
  TAP_CONV_BACK_WINOGRAD, /* the same of 3×3, stride 1 */
} TapConvAlgorithm;

/* --- conv-direct.c --- */

TapTensor *tap_conv_direct_pack (const TapNode *node, TapTensor *const *constants, GError **error);
gsize tap_conv_direct_scratch (const TapCpuRun *run);
gboolean tap_conv_direct_forward (const TapCpuRun *run, GError **error);

G_END_DECLS
