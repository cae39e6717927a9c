/* tap-picture-private.h - making pictures, inside this room only
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gdk-pixbuf/gdk-pixbuf.h>

#include "pictures/tap-picture.h"

G_BEGIN_DECLS

/* Not cleared. NULL when out of memory, or when the size is none. */
TapPicture *tap_picture_alloc (int width, int height, const char *name);
/* Around pixels that are packed RGB already, in the buffer that @pixbuf owns. Takes a reference. */
TapPicture *tap_picture_new_for_pixbuf (GdkPixbuf *pixbuf, const char *name);
/* Whether the first bytes are those of a picture format that is read. */
gboolean tap_picture_sniff (const guint8 *head, gsize n);

G_END_DECLS
