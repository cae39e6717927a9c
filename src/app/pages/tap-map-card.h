/* tap-map-card.h - a map with its title and the meaning of its colours
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/widgets/tap-map-view.h"
#include "render/tap-colormap.h"

G_BEGIN_DECLS

#define TAP_TYPE_MAP_CARD (tap_map_card_get_type ())
G_DECLARE_FINAL_TYPE (TapMapCard, tap_map_card, TAP, MAP_CARD, GtkWidget)

GtkWidget *tap_map_card_new (void);
/* Before there is anything to show: what will be here. */
void tap_map_card_set_placeholder (TapMapCard *self, const char *title, const char *text);
/* @array belongs to @result (references it). Classes get a legend instead of a colour bar. */
void tap_map_card_set_array (TapMapCard *self,
                             TapResult *result,
                             const TapArray *array,
                             TapColormap colormap);
void tap_map_card_clear (TapMapCard *self);
TapMapView *tap_map_card_get_view (TapMapCard *self);
/* Value of a cell as text, with the class name where cells are classes; NULL outside. (transfer full) */
char *tap_map_card_dup_cell_text (TapMapCard *self, int x, int y);

G_END_DECLS
