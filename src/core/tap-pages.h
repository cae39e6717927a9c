/* tap-pages.h - what the system may know about large stretches of memory
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Advice only: nothing that is read afterwards is any different, and where the system takes no advice
 * nothing happens. */
#pragma once

#include "core/tap-types.h"

G_BEGIN_DECLS

/* The process no longer needs this part of a file to be in memory. Only whole pages of a file that is
 * mapped read-only are given back; they come again, from the system's cache, when they are read. Any other
 * memory is left alone. */
void tap_pages_give_back (gconstpointer data, gsize n_bytes);
/* Bytes that could be had without pushing anything out; 0 when the system does not say. */
guint64 tap_pages_available (void);

G_END_DECLS
