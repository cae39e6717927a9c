/* tap-example.h - the built-in network and its pictures
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Trained and drawn by this project (data/example), embedded in the program: the first heat map needs no
 * file. */
#pragma once

#include "core/tap-model.h"
#include "pictures/tap-picture.h"

G_BEGIN_DECLS

/* (transfer full); path is NULL, title says that it is the example */
TapModel *tap_example_load_model (GCancellable *cancellable, GError **error);

/* Pictures in order of class and name; names are unique. NULL out of range. (transfer none) */
int tap_example_n_pictures (void);
const char *tap_example_picture_name (int index);
const char *tap_example_picture_class (int index);
TapPicture *tap_example_load_picture (int index, GError **error);

G_END_DECLS
