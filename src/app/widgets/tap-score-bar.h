/* tap-score-bar.h - a probability as a bar, with a tick where it was before
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define TAP_TYPE_SCORE_BAR (tap_score_bar_get_type ())
G_DECLARE_FINAL_TYPE (TapScoreBar, tap_score_bar, TAP, SCORE_BAR, GtkWidget)

GtkWidget *tap_score_bar_new (void);
/* Both 0..1; @tick below 0: none. */
void tap_score_bar_set (TapScoreBar *self, double value, double tick);

G_END_DECLS
