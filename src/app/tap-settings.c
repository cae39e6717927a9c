/* tap-settings.c - the user's settings, and what to do where no schema is installed
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * g_settings_new() ends the program when the schema is missing, which is what happens to everybody who
 * starts it from a build folder. So it is looked up first, also beside the program. */
#include "config.h"

#include "app/tap-settings.h"

static GSettingsSchema *
find_schema (void)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  GSettingsSchema *schema = NULL;
  g_autoptr (GSettingsSchemaSource) local = NULL;
  g_autofree char *program = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *data = NULL;

  if (source != NULL)
    schema = g_settings_schema_source_lookup (source, TAP_APP_ID, TRUE);
  if (schema != NULL)
    return schema;

  program = g_file_read_link ("/proc/self/exe", NULL);
  if (program == NULL)
    return NULL;

  folder = g_path_get_dirname (program);
  data = g_build_filename (folder, "..", "..", "data", NULL);
  local = g_settings_schema_source_new_from_directory (data, source, TRUE, NULL);

  return local != NULL ? g_settings_schema_source_lookup (local, TAP_APP_ID, FALSE) : NULL;
}

GSettings *
tap_settings_get (void)
{
  static GSettings *settings;
  static gboolean looked;

  if (!looked)
    {
      g_autoptr (GSettingsSchema) schema = find_schema ();

      looked = TRUE;
      if (schema != NULL)
        settings = g_settings_new_full (schema, NULL, NULL);
    }

  return settings;
}

/* A schema older than the program lacks keys; asking for them would end it. */
static gboolean
has_key (const char *key)
{
  GSettings *settings = tap_settings_get ();
  g_autoptr (GSettingsSchema) schema = NULL;

  if (settings == NULL)
    return FALSE;

  g_object_get (settings, "settings-schema", &schema, NULL);
  return g_settings_schema_has_key (schema, key);
}

int
tap_settings_get_int (const char *key, int fallback)
{
  return has_key (key) ? g_settings_get_int (tap_settings_get (), key) : fallback;
}

gboolean
tap_settings_get_boolean (const char *key, gboolean fallback)
{
  return has_key (key) ? g_settings_get_boolean (tap_settings_get (), key) : fallback;
}

char *
tap_settings_dup_string (const char *key, const char *fallback)
{
  return has_key (key) ? g_settings_get_string (tap_settings_get (), key) : g_strdup (fallback);
}

TapColormap
tap_settings_get_colormap (void)
{
  g_autofree char *id = tap_settings_dup_string ("colormap", "");

  return tap_colormap_find (id, TAP_COLORMAP_VIRIDIS);
}

void
tap_settings_set_int (const char *key, int value)
{
  if (has_key (key))
    g_settings_set_int (tap_settings_get (), key, value);
}

void
tap_settings_set_boolean (const char *key, gboolean value)
{
  if (has_key (key))
    g_settings_set_boolean (tap_settings_get (), key, value);
}

void
tap_settings_set_string (const char *key, const char *value)
{
  if (has_key (key))
    g_settings_set_string (tap_settings_get (), key, value);
}
