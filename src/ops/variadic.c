/* variadic.c - Max, Min, Mean, Sum of any number of inputs, broadcast
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ops/tap-op-private.h"

#define VARIADIC(symbol, op_name, text)                                                            \
  const TapOp tap_op_##symbol = {                                                                  \
    .name = op_name,                                                                               \
    .summary = text,                                                                               \
    .min_inputs = 1,                                                                               \
    .max_inputs = G_MAXINT,                                                                        \
    .min_outputs = 1,                                                                              \
    .max_outputs = 1,                                                                              \
    .region = TAP_REGION_POINTWISE,                                                                \
    .shape = tap_op_shape_broadcast,                                                               \
  }

VARIADIC (max, "Max", N_ ("The largest of its inputs, cell by cell."));
VARIADIC (mean, "Mean", N_ ("The mean of its inputs, cell by cell."));
VARIADIC (min, "Min", N_ ("The smallest of its inputs, cell by cell."));
VARIADIC (sum, "Sum", N_ ("The sum of its inputs, cell by cell."));
