/* tap-boxed.c - core's counted structs as boxed types, so that properties can carry them
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/document/tap-boxed.h"

G_DEFINE_BOXED_TYPE (TapModel, tap_model, tap_model_ref, tap_model_unref)
G_DEFINE_BOXED_TYPE (TapPicture, tap_picture, tap_picture_ref, tap_picture_unref)
G_DEFINE_BOXED_TYPE (TapResult, tap_result, tap_result_ref, tap_result_unref)
