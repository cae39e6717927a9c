/* tap-texture.c - pictures and surfaces as textures, without copying
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/widgets/tap-texture.h"

#include <cairo.h>

GdkTexture *
tap_texture_new_for_picture (TapPicture *picture)
{
  g_autoptr (GBytes) bytes =
    g_bytes_new_with_free_func (picture->pixels, (gsize) picture->width * picture->height * 3,
                                (GDestroyNotify) tap_picture_unref, tap_picture_ref (picture));

  return gdk_memory_texture_new (picture->width, picture->height, GDK_MEMORY_R8G8B8, bytes,
                                 (gsize) picture->width * 3);
}

GdkTexture *
tap_texture_new_for_surface (cairo_surface_t *surface)
{
  int width = cairo_image_surface_get_width (surface),
      height = cairo_image_surface_get_height (surface);
  int stride = cairo_image_surface_get_stride (surface);
  g_autoptr (GBytes) bytes = NULL;

  cairo_surface_flush (surface);
  bytes = g_bytes_new_with_free_func (
    cairo_image_surface_get_data (surface), (gsize) stride * height,
    (GDestroyNotify) cairo_surface_destroy, cairo_surface_reference (surface));
  /* Cairo's ARGB32 is a native-endian word. */
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
  return gdk_memory_texture_new (width, height, GDK_MEMORY_B8G8R8A8_PREMULTIPLIED, bytes, stride);
#else
  return gdk_memory_texture_new (width, height, GDK_MEMORY_A8R8G8B8_PREMULTIPLIED, bytes, stride);
#endif
}
