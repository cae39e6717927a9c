/* tap-sweep-view.h - the four maps of an occlusion sweep, filled as it goes on
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-result.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define TAP_TYPE_SWEEP_VIEW (tap_sweep_view_get_type ())
G_DECLARE_FINAL_TYPE (TapSweepView, tap_sweep_view, TAP, SWEEP_VIEW, GtkWidget)

/* Signal "place-chosen" (int column, int row): the user chose one place of the mask. */
GtkWidget *tap_sweep_view_new (void);
/* A result of the method "occlusion", perhaps partial; NULL: the placeholders. Takes a reference. */
void tap_sweep_view_set_result (TapSweepView *self, TapResult *result);
TapResult *tap_sweep_view_get_result (TapSweepView *self);
/* Width by height of the picture. */
void tap_sweep_view_set_aspect (TapSweepView *self, double aspect);
/* Marks the place nearest to these, which may lie between or beyond; negative: none. */
void tap_sweep_view_set_place (TapSweepView *self, double column, double row);

G_END_DECLS
