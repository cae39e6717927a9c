/* tap-picture.c - a decoded picture as a counted block of 8-bit RGB
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Decoding stands in tap-picture-load.c, resizing in tap-picture-resize.c, the way into the network in
 * tap-picture-fit.c. */
#include "config.h"

#include "pictures/tap-picture.h"

#include <string.h>

#include "pictures/tap-picture-private.h"

TapPicture *
tap_picture_alloc (int width, int height, const char *name)
{
  g_autofree guint8 *pixels = NULL;
  TapPicture *self;

  if (width <= 0 || height <= 0 || (guint64) width * (guint64) height > TAP_PICTURE_PIXELS_MAX)
    return NULL;

  pixels = g_try_malloc_n ((gsize) width * (gsize) height, 3);
  if (pixels == NULL)
    return NULL;

  self = g_new0 (TapPicture, 1);
  g_atomic_ref_count_init (&self->ref);
  self->width = width;
  self->height = height;
  self->pixels = g_steal_pointer (&pixels);
  self->name = g_strdup (name);
  return self;
}

TapPicture *
tap_picture_new (int width, int height, const char *name)
{
  TapPicture *self = tap_picture_alloc (width, height, name);

  if (self != NULL)
    memset (self->pixels, 0, (gsize) width * (gsize) height * 3);
  return self;
}

TapPicture *
tap_picture_new_for_pixbuf (GdkPixbuf *pixbuf, const char *name)
{
  TapPicture *self = g_new0 (TapPicture, 1);

  g_atomic_ref_count_init (&self->ref);
  self->width = gdk_pixbuf_get_width (pixbuf);
  self->height = gdk_pixbuf_get_height (pixbuf);
  self->pixels = gdk_pixbuf_get_pixels (pixbuf);
  self->name = g_strdup (name);
  self->data = g_object_ref (pixbuf);
  return self;
}

TapPicture *
tap_picture_ref (TapPicture *self)
{
  g_atomic_ref_count_inc (&self->ref);
  return self;
}

void
tap_picture_unref (TapPicture *self)
{
  if (!g_atomic_ref_count_dec (&self->ref))
    return;

  if (self->data != NULL)
    g_object_unref (self->data);
  else
    g_free (self->pixels);
  g_free (self->name);
  g_free (self);
}
