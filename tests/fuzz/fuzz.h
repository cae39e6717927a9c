/* fuzz.h - what every fuzz target offers
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A target must come back from every input: with a network, or with an error that has a message. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

int LLVMFuzzerTestOneInput (const guint8 *data, gsize n);

G_END_DECLS
