/* tap-rate.h - how fast answers come
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Zero-initialised. */
typedef struct
{
  gint64 answered_us[32]; /* when the last answers came, a ring */
  guint n_answered;
} TapRate;

/* Counts one more answer, which took @milliseconds, and says how it goes. (transfer full) */
char *tap_rate_note (TapRate *self, double milliseconds);

G_END_DECLS
