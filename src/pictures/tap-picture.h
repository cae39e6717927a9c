/* tap-picture.h - a decoded picture, and its way into the network
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * 8-bit RGB, row-major, 3 bytes a pixel, no row padding. Alpha is laid over white; EXIF turns are applied;
 * of an animation the first frame. Immutable, atomically reference-counted. */
#pragma once

#include "core/tap-model.h"

G_BEGIN_DECLS

/* Pictures of more pixels than this are refused by their header, before anything is decoded. */
#define TAP_PICTURE_PIXELS_MAX (G_GUINT64_CONSTANT (200) * 1000 * 1000)

typedef struct
{
  gatomicrefcount ref;
  int width, height;
  guint8 *pixels;
  char *name;    /* path or a name for messages; UTF-8 */
  gpointer data; /* private: who owns the pixels when they were decoded in place */
} TapPicture;

TapPicture *
tap_picture_new (int width,
                 int height,
                 const char *name); /* black; NULL never (g_try inside: NULL when out of memory) */
TapPicture *tap_picture_load (const char *path, GCancellable *cancellable, GError **error);
/* Decoded at (about) the size needed: the smaller side at least @min_side. For thumbnails. */
TapPicture *
tap_picture_load_at (const char *path, int min_side, GCancellable *cancellable, GError **error);
TapPicture *tap_picture_load_bytes (GBytes *bytes, const char *name, GError **error);
TapPicture *tap_picture_ref (TapPicture *self);
void tap_picture_unref (TapPicture *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapPicture, tap_picture_unref)

/* Bilinear with half-pixel centres, no antialiasing, 11-bit fixed-point weights: equals OpenCV's
 * INTER_LINEAR on 8-bit pictures. NULL when out of memory, as all that follow. */
TapPicture *tap_picture_resize (const TapPicture *self, int width, int height);
/* The window at @x, @y of what tap_picture_resize() to @full_width × @full_height would give, without
 * ever making the whole of it. */
TapPicture *tap_picture_resize_window (const TapPicture *self,
                                       int full_width,
                                       int full_height,
                                       int x,
                                       int y,
                                       int width,
                                       int height);
/* Area average: for thumbnails. */
TapPicture *tap_picture_shrink (const TapPicture *self, int width, int height);

/* The 8-bit picture exactly as the network sees it (resized, cropped or padded), in RGB: what the stage
 * shows and the mask is dragged over. */
TapPicture *tap_picture_fit (const TapPicture *self, const TapPreprocess *preprocess);
/* A fitted picture to the input tensor [1,C,H,W]. */
TapTensor *
tap_picture_to_tensor (const TapPicture *fitted, const TapPreprocess *preprocess, GError **error);
/* One 8-bit RGB colour in input space, per channel of the network: for mask fills. */
void
tap_preprocess_colour (const TapPreprocess *preprocess, const guint8 rgb[3], float *out_channels);

G_END_DECLS
