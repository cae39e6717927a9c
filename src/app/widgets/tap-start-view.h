/* tap-start-view.h - what a first start shows: three ways to begin
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define TAP_TYPE_START_VIEW (tap_start_view_get_type ())
G_DECLARE_FINAL_TYPE (TapStartView, tap_start_view, TAP, START_VIEW, AdwBin)

GtkWidget *tap_start_view_new (void);

G_END_DECLS
