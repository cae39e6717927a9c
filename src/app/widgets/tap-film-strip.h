/* tap-film-strip.h - the pictures that are open, along the bottom
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/tap-document.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define TAP_TYPE_FILM_STRIP (tap_film_strip_get_type ())
G_DECLARE_FINAL_TYPE (TapFilmStrip, tap_film_strip, TAP, FILM_STRIP, GtkWidget)

GtkWidget *tap_film_strip_new (void);
void tap_film_strip_set_document (TapFilmStrip *self, TapDocument *document);

G_END_DECLS
