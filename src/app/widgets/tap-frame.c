/* tap-frame.c - frames that drawn widgets put around what is chosen or focused
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/widgets/tap-frame.h"

GdkRGBA
tap_frame_accent (GtkWidget *widget)
{
  GdkRGBA accent = { 0.21f, 0.52f, 0.89f, 1.0f };

  gtk_style_context_lookup_color (gtk_widget_get_style_context (widget), "accent_color", &accent);
  return accent;
}

void
tap_frame_append (GtkSnapshot *snapshot,
                  const graphene_rect_t *rect,
                  double radius,
                  double thickness,
                  const GdkRGBA *colour)
{
  GskRoundedRect outline;
  float t = (float) thickness;

  gsk_rounded_rect_init_from_rect (&outline, rect, (float) radius);
  gtk_snapshot_append_border (snapshot, &outline, (float[4]){ t, t, t, t },
                              (GdkRGBA[4]){ *colour, *colour, *colour, *colour });
}
