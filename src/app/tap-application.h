/* tap-application.h - the program: one instance, its actions, its preferences
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define TAP_TYPE_APPLICATION (tap_application_get_type ())
G_DECLARE_FINAL_TYPE (TapApplication, tap_application, TAP, APPLICATION, AdwApplication)

TapApplication *tap_application_new (void);
/* Registers the templates; called by tap_application_new(), and by tests that make widgets without one. */
void tap_application_init_resources (void);

G_END_DECLS
