/* tap-unit-view.h - one map of a layer, large: over the picture, by itself, in numbers
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ops/infer.h"
#include "pictures/tap-picture.h"
#include "render/tap-grid.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define TAP_TYPE_UNIT_VIEW (tap_unit_view_get_type ())
G_DECLARE_FINAL_TYPE (TapUnitView, tap_unit_view, TAP, UNIT_VIEW, GtkWidget)

/* Signal "closed": the user wants the grid alone. */
GtkWidget *tap_unit_view_new (void);
void tap_unit_view_set_picture (TapUnitView *self, TapPicture *picture);
/* Where a cell of the layer looks; NULL when it has no place on the picture. */
void tap_unit_view_set_field (TapUnitView *self, const TapReceptiveField *field);
/* @array belongs to @result; @is_filter: weights, which have no place on the picture. @shared as drawn in the grid. */
void tap_unit_view_set_unit (TapUnitView *self,
                             TapResult *result,
                             const TapArray *array,
                             int unit,
                             gboolean is_filter,
                             TapColormap colormap,
                             TapGridScale scale,
                             TapRange shared);
/* Cell under the pointer in the grid, or -1, -1: the marks follow. */
void tap_unit_view_set_cell (TapUnitView *self, int x, int y);

G_END_DECLS
