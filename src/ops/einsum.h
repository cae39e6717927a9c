/* einsum.h - the equation of Einsum, resolved against shapes
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ops/tap-op.h"

G_BEGIN_DECLS

#define TAP_EINSUM_LABELS   16
#define TAP_EINSUM_OPERANDS 8

/* Numbers between neighbours along each label, 0 where an array does not have it or repeats; a label that stands
 * twice walks the diagonal. */
typedef struct
{
  int n_labels, n_operands;
  gint64 sizes[TAP_EINSUM_LABELS];
  gint64 operands[TAP_EINSUM_OPERANDS][TAP_EINSUM_LABELS];
  gint64 output[TAP_EINSUM_LABELS];
  TapShape shape; /* of the output */
} TapEinsum;

/* @inputs: one shape per operand. */
gboolean tap_einsum_init (TapEinsum *self,
                          const TapNode *node,
                          const TapShape *inputs,
                          int n_inputs,
                          GError **error);

G_END_DECLS
