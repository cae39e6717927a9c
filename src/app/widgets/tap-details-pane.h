/* tap-details-pane.h - the right column: answer, preprocessing, controls of the page, facts
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/tap-page.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define TAP_TYPE_DETAILS_PANE (tap_details_pane_get_type ())
G_DECLARE_FINAL_TYPE (TapDetailsPane, tap_details_pane, TAP, DETAILS_PANE, AdwBin)

GtkWidget *tap_details_pane_new (void);
void tap_details_pane_set_document (TapDetailsPane *self, TapDocument *document);
/* Adds the controls of @page, if it has any. */
void tap_details_pane_add_page (TapDetailsPane *self, TapPage *page);
/* Shows the controls of @page. */
void tap_details_pane_set_page (TapDetailsPane *self, TapPage *page);
void tap_details_pane_pick_class (TapDetailsPane *self);

G_END_DECLS
