/* tap-answer-view.h - what the network says: the most probable classes, and those that are pinned
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/tap-document.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define TAP_TYPE_ANSWER_VIEW (tap_answer_view_get_type ())
G_DECLARE_FINAL_TYPE (TapAnswerView, tap_answer_view, TAP, ANSWER_VIEW, GtkWidget)

GtkWidget *tap_answer_view_new (void);
void tap_answer_view_set_document (TapAnswerView *self, TapDocument *document);
/* Opens the search for a class to pin. */
void tap_answer_view_pick_class (TapAnswerView *self);

G_END_DECLS
