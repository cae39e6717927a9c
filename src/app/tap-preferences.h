/* tap-preferences.h - the few things a user may want otherwise
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/tap-document.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define TAP_TYPE_PREFERENCES (tap_preferences_get_type ())
G_DECLARE_FINAL_TYPE (TapPreferences, tap_preferences, TAP, PREFERENCES, AdwPreferencesWindow)

GtkWidget *tap_preferences_new (TapDocument *document);

G_END_DECLS
