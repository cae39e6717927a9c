/* tap-main-window.h - the window: network on the left, stage in the middle, answer on the right, pictures below
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/tap-document.h"
#include "app/tap-application.h"
#include "app/tap-page.h"

G_BEGIN_DECLS

#define TAP_TYPE_MAIN_WINDOW (tap_main_window_get_type ())
G_DECLARE_FINAL_TYPE (TapMainWindow, tap_main_window, TAP, MAIN_WINDOW, AdwApplicationWindow)

/* @application may be NULL (tests). */
TapMainWindow *tap_main_window_new (TapApplication *application);
TapDocument *tap_main_window_get_document (TapMainWindow *self);
/* The page in front. (transfer none) */
TapPage *tap_main_window_get_page (TapMainWindow *self);

G_END_DECLS
