/* registry.h - the sorted list of methods
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "methods/tap-method.h"

G_BEGIN_DECLS

/* NULL-terminated, sorted by id. */
const TapMethod *const *tap_methods_list (void);
const TapMethod *tap_methods_find (const char *id);

G_END_DECLS
