/* tap-param-row.h - one control for one parameter descriptor
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-param.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define TAP_TYPE_PARAM_ROW (tap_param_row_get_type ())
G_DECLARE_FINAL_TYPE (TapParamRow, tap_param_row, TAP, PARAM_ROW, GtkWidget)

/* @param lives as long as the program. Whole numbers and fractions get a number and, where the
 * descriptor has a soft range, a slider; choices a drop-down; truth values a switch. Signal "changed": by the
 * user. */
GtkWidget *tap_param_row_new (const TapParam *param);
const TapParam *tap_param_row_get_param (TapParamRow *self);
double tap_param_row_get_value (TapParamRow *self);
/* Clamped to the hard range; emits nothing. */
void tap_param_row_set_value (TapParamRow *self, double value);

G_END_DECLS
