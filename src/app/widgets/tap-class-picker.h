/* tap-class-picker.h - a button whose popover finds a class by name
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/tap-document.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define TAP_TYPE_CLASS_PICKER (tap_class_picker_get_type ())
G_DECLARE_FINAL_TYPE (TapClassPicker, tap_class_picker, TAP, CLASS_PICKER, AdwBin)

/* Signal "picked" (int class_index) */
GtkWidget *tap_class_picker_new (void);
void tap_class_picker_set_document (TapClassPicker *self, TapDocument *document);
void tap_class_picker_popup (TapClassPicker *self);

G_END_DECLS
