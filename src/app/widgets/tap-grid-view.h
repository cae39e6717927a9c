/* tap-grid-view.h - a grid of maps: hover for numbers, click to choose, arrows to walk
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shows a picture of the grid made elsewhere (off the main thread) and knows its geometry. Put it into a
 * GtkScrolledWindow. */
#pragma once

#include "render/tap-grid.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define TAP_TYPE_GRID_VIEW (tap_grid_view_get_type ())
G_DECLARE_FINAL_TYPE (TapGridView, tap_grid_view, TAP, GRID_VIEW, GtkWidget)

/* Signals:
 *   "unit-selected" (int unit)
 *   "unit-activated" (int unit): double click or Enter
 *   "hovered" (int unit, int x, int y): -1 when the pointer leaves */
GtkWidget *tap_grid_view_new (void);
/* @layout is copied; @order (transfer full) has layout->n_tiles entries; @texture shows the whole grid. */
void tap_grid_view_set_grid (TapGridView *self,
                             const TapGridLayout *layout,
                             int *order,
                             GdkTexture *texture);
void tap_grid_view_clear (TapGridView *self);
void tap_grid_view_set_selected (TapGridView *self, int unit);
int tap_grid_view_get_selected (TapGridView *self);

G_END_DECLS
