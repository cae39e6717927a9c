/* tap-text-private.h - numbers and names as text, the same in every locale
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-types.h"

G_BEGIN_DECLS

/* The shortest decimal that reads back as the same float. */
void tap_text_append_float (GString *out, float value);
/* The shortest decimal that reads back as the same double. */
void tap_text_append_double (GString *out, double value);
/* As a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. NULL becomes null. */
void tap_text_append_json (GString *out, const char *text);

/* "127" and nothing else: the whole text has to be used up. */
gboolean tap_text_parse_int (const char *text, gint64 *value);
/* Finite numbers only. */
gboolean tap_text_parse_double (const char *text, double *value);

G_END_DECLS
