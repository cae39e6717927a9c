/* tap-layers-page.h - the selected layer: its feature maps on the selected picture, its filters
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/tap-page.h"

G_BEGIN_DECLS

#define TAP_TYPE_LAYERS_PAGE (tap_layers_page_get_type ())
G_DECLARE_FINAL_TYPE (TapLayersPage, tap_layers_page, TAP, LAYERS_PAGE, GtkWidget)

GtkWidget *tap_layers_page_new (void);

G_END_DECLS
