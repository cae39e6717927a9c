/* tap-map-view.h - one heat map: crisp cells, a caption, a value under the pointer
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define TAP_TYPE_MAP_VIEW (tap_map_view_get_type ())
G_DECLARE_FINAL_TYPE (TapMapView, tap_map_view, TAP, MAP_VIEW, GtkWidget)

/* Signals:
 *   "hovered" (int x, int y): cell, or -1, -1
 *   "cell-activated" (int x, int y): click or Enter */
GtkWidget *tap_map_view_new (void);
/* One pixel of @surface per cell (NULL: the placeholder text is shown). Takes a reference. */
void tap_map_view_set_surface (TapMapView *self, cairo_surface_t *surface);
/* Aspect of the whole picture, when cells are not square; 0: that of the surface. */
void tap_map_view_set_aspect (TapMapView *self, double width_by_height);
void tap_map_view_set_placeholder (TapMapView *self, const char *text);
/* Marked cell, or -1. */
void tap_map_view_set_cursor (TapMapView *self, int x, int y);
/* Accessible label. */
void tap_map_view_set_description (TapMapView *self, const char *text);

G_END_DECLS
