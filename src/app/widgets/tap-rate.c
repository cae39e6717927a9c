/* tap-rate.c - how fast answers come
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/widgets/tap-rate.h"

#include <glib/gi18n.h>

char *
tap_rate_note (TapRate *self, double milliseconds)
{
  const guint n = G_N_ELEMENTS (self->answered_us);
  gint64 now = g_get_monotonic_time (), oldest = now;
  int recent = 0;

  self->answered_us[self->n_answered++ % n] = now;
  for (guint i = 0; i < MIN (n, self->n_answered); i++)
    if (now - self->answered_us[i] < G_USEC_PER_SEC)
      {
        oldest = MIN (oldest, self->answered_us[i]);
        recent++;
      }
  if (recent >= 4 && now > oldest)
    return g_strdup_printf (_ ("%.1f ms, %.0f answers a second"), milliseconds,
                            (recent - 1) * (double) G_USEC_PER_SEC / (now - oldest));
  return g_strdup_printf (_ ("%.1f ms"), milliseconds);
}
