/* tap-score-row.h - one class of the answer: name, probability, bar, pin
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define TAP_TYPE_SCORE_ROW (tap_score_row_get_type ())
G_DECLARE_FINAL_TYPE (TapScoreRow, tap_score_row, TAP, SCORE_ROW, GtkListBoxRow)

/* Signal "pin-toggled" (gboolean pinned): by the user. */
GtkWidget *tap_score_row_new (void);
int tap_score_row_get_class_index (TapScoreRow *self);
/* @clean: probability without the mask; below 0 when there is no mask. @name may be NULL to keep it. */
void tap_score_row_set (TapScoreRow *self,
                        int class_index,
                        const char *name,
                        double probability,
                        double clean);
void tap_score_row_set_pinned (TapScoreRow *self, gboolean pinned);
/* Whether this class drives the maps. */
void tap_score_row_set_driving (TapScoreRow *self, gboolean driving);

G_END_DECLS
