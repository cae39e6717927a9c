/* tap-picture-item.h - one picture of the film strip
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "pictures/tap-picture.h"

#include <gdk/gdk.h>

G_BEGIN_DECLS

#define TAP_TYPE_PICTURE_ITEM (tap_picture_item_get_type ())
G_DECLARE_FINAL_TYPE (TapPictureItem, tap_picture_item, TAP, PICTURE_ITEM, GObject)

TapPictureItem *tap_picture_item_new (const char *path, const char *class_name, int class_index);
TapPictureItem *tap_picture_item_new_example (int example);
/* NULL for an example picture. */
const char *tap_picture_item_get_path (TapPictureItem *self);
/* -1 for a file. */
int tap_picture_item_get_example (TapPictureItem *self);
/* For a caption: the file's name without folder, valid UTF-8. */
const char *tap_picture_item_get_name (TapPictureItem *self);
/* Name of the folder that is its class, or NULL. */
const char *tap_picture_item_get_class_name (TapPictureItem *self);
int tap_picture_item_get_class_index (TapPictureItem *self);
/* Decodes; any thread. */
TapPicture *tap_picture_item_load (TapPictureItem *self, GCancellable *cancellable, GError **error);

G_END_DECLS
