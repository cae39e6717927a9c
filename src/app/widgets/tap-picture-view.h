/* tap-picture-view.h - the picture as the network sees it, with a mask to drag, a map laid over it, a box
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-shape.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define TAP_TYPE_PICTURE_VIEW (tap_picture_view_get_type ())
G_DECLARE_FINAL_TYPE (TapPictureView, tap_picture_view, TAP, PICTURE_VIEW, GtkWidget)

/* Signals:
 *   "mask-changed" (): the user moved or resized the mask; read it with get_mask
 *   "mask-released" (): the drag ended */
GtkWidget *tap_picture_view_new (void);
/* @texture in network input pixels; NULL shows nothing. */
void tap_picture_view_set_texture (TapPictureView *self, GdkTexture *texture);
/* A map over the picture, stretched to it; @opacity 0..1. NULL: none. */
void tap_picture_view_set_overlay (TapPictureView *self, cairo_surface_t *surface, double opacity);
/* Box in input pixels (receptive field); empty: none. */
void tap_picture_view_set_box (TapPictureView *self, const TapRect *box);
/* The mask is square; @rect in input pixels; it may hang over the border. Emits nothing. */
void tap_picture_view_set_mask_enabled (TapPictureView *self, gboolean enabled);
void tap_picture_view_set_mask (TapPictureView *self, int x, int y, int size);
void tap_picture_view_get_mask (TapPictureView *self, TapRect *mask);
/* What the covered pixels look like: 0xRRGGBB, or a texture of the whole picture (blur) that shows through. */
void tap_picture_view_set_fill (TapPictureView *self, guint32 rgb, GdkTexture *through);

G_END_DECLS
