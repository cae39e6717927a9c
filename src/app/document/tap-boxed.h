/* tap-boxed.h - core's counted structs as boxed types, so that properties can carry them
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-model.h"
#include "core/tap-result.h"
#include "pictures/tap-picture.h"

#include <glib-object.h>

G_BEGIN_DECLS

#define TAP_TYPE_MODEL   (tap_model_get_type ())
#define TAP_TYPE_PICTURE (tap_picture_get_type ())
#define TAP_TYPE_RESULT  (tap_result_get_type ())

GType tap_model_get_type (void) G_GNUC_CONST;
GType tap_picture_get_type (void) G_GNUC_CONST;
GType tap_result_get_type (void) G_GNUC_CONST;

G_END_DECLS
