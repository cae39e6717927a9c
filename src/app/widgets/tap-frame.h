/* tap-frame.h - frames that drawn widgets put around what is chosen or focused
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* The theme's colour for marks on @widget, or the default blue where the theme names none. */
GdkRGBA tap_frame_accent (GtkWidget *widget);
/* A line of @thickness inside @rect, with corners of @radius. */
void tap_frame_append (GtkSnapshot *snapshot,
                       const graphene_rect_t *rect,
                       double radius,
                       double thickness,
                       const GdkRGBA *colour);

G_END_DECLS
