/* tap-picture-list.h - the pictures that are open, as a list model whose items are made on demand
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/tap-picture-item.h"
#include "pictures/tap-folder.h"

G_BEGIN_DECLS

#define TAP_TYPE_PICTURE_LIST (tap_picture_list_get_type ())
G_DECLARE_FINAL_TYPE (TapPictureList, tap_picture_list, TAP, PICTURE_LIST, GObject)

TapPictureList *tap_picture_list_new (void);
/* @folder (transfer full) */
void tap_picture_list_set_folder (TapPictureList *self, TapFolder *folder);
void tap_picture_list_set_examples (TapPictureList *self);
int tap_picture_list_get_n_skipped (TapPictureList *self);
int tap_picture_list_get_n_classes (TapPictureList *self);

G_END_DECLS
