/* registry.h - the sorted list of operators
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ops/tap-op.h"

G_BEGIN_DECLS

/* NULL-terminated, sorted by name. */
const TapOp *const *tap_ops_list (void);
/* NULL when unknown. Only the domains "" and "ai.onnx" (and "tapetum" for our own) are looked at. */
const TapOp *tap_ops_find (const char *op_type, const char *domain);

G_END_DECLS
