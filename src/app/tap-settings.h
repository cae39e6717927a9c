/* tap-settings.h - the user's settings, and what to do where no schema is installed
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "render/tap-colormap.h"

G_BEGIN_DECLS

/* One object for the whole program; NULL when the schema can be found nowhere: then nothing is remembered and the
 * getters below give the schema's defaults. (transfer none) */
GSettings *tap_settings_get (void);
int tap_settings_get_int (const char *key, int fallback);
gboolean tap_settings_get_boolean (const char *key, gboolean fallback);
/* (transfer full) */
char *tap_settings_dup_string (const char *key, const char *fallback);
/* Colours of maps that have no sign. */
TapColormap tap_settings_get_colormap (void);
void tap_settings_set_int (const char *key, int value);
void tap_settings_set_boolean (const char *key, gboolean value);
void tap_settings_set_string (const char *key, const char *value);

G_END_DECLS
