/* tap-film-tile.h - one picture of the film strip: thumbnail and class
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/tap-picture-item.h"
#include "pictures/tap-thumbnails.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define TAP_TYPE_FILM_TILE (tap_film_tile_get_type ())
G_DECLARE_FINAL_TYPE (TapFilmTile, tap_film_tile, TAP, FILM_TILE, GtkWidget)

GtkWidget *tap_film_tile_new (void);
/* Shows @item, whose thumbnail comes from @thumbnails when it is ready; NULL, NULL: nothing. The service must outlive
 * the showing. Signal "decoded" tells that a thumbnail came or failed. */
void tap_film_tile_set_item (TapFilmTile *self, TapPictureItem *item, TapThumbnails *thumbnails);

G_END_DECLS
