/* tap-facts-view.h - what is known about the selected layer
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/tap-document.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define TAP_TYPE_FACTS_VIEW (tap_facts_view_get_type ())
G_DECLARE_FINAL_TYPE (TapFactsView, tap_facts_view, TAP, FACTS_VIEW, GtkWidget)

GtkWidget *tap_facts_view_new (void);
void tap_facts_view_set_document (TapFactsView *self, TapDocument *document);

G_END_DECLS
