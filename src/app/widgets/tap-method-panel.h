/* tap-method-panel.h - the controls of a method, made from its descriptor table
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/tap-document.h"

#include "methods/tap-method.h"
#include <gtk/gtk.h>

G_BEGIN_DECLS

#define TAP_TYPE_METHOD_PANEL (tap_method_panel_get_type ())
G_DECLARE_FINAL_TYPE (TapMethodPanel, tap_method_panel, TAP, METHOD_PANEL, GtkWidget)

/* One row per parameter, except those named in @hidden (NULL-terminated, may be NULL): the page sets
 * these itself with tap_method_panel_set_value(). Layer, unit and class parameters follow the document's
 * selection and are not shown. Signal "changed": a value was changed by the user. */
GtkWidget *
tap_method_panel_new (const TapMethod *method, TapDocument *document, const char *const *hidden);
/* A copy with layer, unit and class filled in from the document's selection. (transfer full) */
TapParams *tap_method_panel_dup_params (TapMethodPanel *self);
/* The page changes a value (the wheel over the mask): rows follow; "changed" is not emitted. Values out of range
 * are clamped. */
void tap_method_panel_set_value (TapMethodPanel *self, const char *id, double value);
double tap_method_panel_get_value (TapMethodPanel *self, const char *id);

G_END_DECLS
