/* tap-json.h - a small reader of JSON and of Python literals, for hostile files
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads what stands beside networks: label maps, preprocessor_config.json, and dictionaries as Python
 * prints them ({0: 'cat'}), which exporters put into metadata. */
#pragma once

#include "core/tap-types.h"

G_BEGIN_DECLS

typedef enum
{
  TAP_JSON_NULL,
  TAP_JSON_BOOL,
  TAP_JSON_NUMBER,
  TAP_JSON_STRING,
  TAP_JSON_ARRAY,
  TAP_JSON_OBJECT,
} TapJsonKind;

typedef struct _TapJson TapJson;
struct _TapJson
{
  TapJsonKind kind;
  double number;    /* also 0 or 1 of a boolean */
  char *string;     /* valid UTF-8 */
  GPtrArray *keys;  /* char*, of an object */
  GPtrArray *items; /* TapJson*, of an array or object */
};

/* NULL with a TAP_FORMAT_ERROR_DAMAGED that names the byte. Nesting beyond 64 and more than a million
 * values are refused. */
TapJson *tap_json_parse (const char *text, gsize length, GError **error);
void tap_json_free (TapJson *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapJson, tap_json_free)
/* NULL when @self is no object or has no such member; the last of equal keys. */
const TapJson *tap_json_get (const TapJson *self, const char *key);
double tap_json_get_number (const TapJson *self, const char *key, double fallback);
const char *tap_json_get_string (const TapJson *self, const char *key, const char *fallback);

G_END_DECLS
