/* tap-texture.h - pictures and surfaces as textures, without copying
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "pictures/tap-picture.h"

#include <gdk/gdk.h>

G_BEGIN_DECLS

/* Both may be called in any thread; the texture keeps what it shows alive. (transfer full) */
GdkTexture *tap_texture_new_for_picture (TapPicture *picture);
/* An image surface in ARGB32 or RGB24 that is not drawn to any more. */
GdkTexture *tap_texture_new_for_surface (cairo_surface_t *surface);

G_END_DECLS
