/* tap-error.c - error domains, one per layer
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-error.h"

G_DEFINE_QUARK (tap - graph - error - quark, tap_graph_error)
G_DEFINE_QUARK (tap - format - error - quark, tap_format_error)
G_DEFINE_QUARK (tap - engine - error - quark, tap_engine_error)
G_DEFINE_QUARK (tap - picture - error - quark, tap_picture_error)
G_DEFINE_QUARK (tap - method - error - quark, tap_method_error)
