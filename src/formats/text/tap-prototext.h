/* tap-prototext.h - reads protobuf's text format into a tree, for hostile files
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Knows no schema: every field is a name with a scalar (as text) or a message. The getters convert;
 * the first value that cannot be converted is remembered with its line and column, and
 * tap_prototext_check() tells it, so that a reader can ask for many fields and check once. */
#pragma once

#include "core/tap-types.h"

G_BEGIN_DECLS

typedef struct _TapPrototext TapPrototext;
typedef struct _TapTextMessage TapTextMessage;

typedef struct
{
  const char *name;
  const char *text;        /* of a scalar, unquoted; NULL for a message */
  TapTextMessage *message; /* NULL for a scalar */
  gboolean quoted;
  int line, column;
} TapTextField;

/* NULL with a TAP_FORMAT_ERROR_DAMAGED that starts with line and column. */
TapPrototext *tap_prototext_parse (const char *data, gsize length, GError **error);
void tap_prototext_free (TapPrototext *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapPrototext, tap_prototext_free)
const TapTextMessage *tap_prototext_root (const TapPrototext *self);
/* FALSE when a getter met a value of the wrong kind. */
gboolean tap_prototext_check (const TapPrototext *self, GError **error);

/* All of these take a NULL message, which has no fields. */
guint tap_text_n_fields (const TapTextMessage *self);
const TapTextField *tap_text_field (const TapTextMessage *self, guint i);
/* Occurrence @i of the fields called @name, or NULL. */
const TapTextField *tap_text_find (const TapTextMessage *self, const char *name, guint i);
guint tap_text_count (const TapTextMessage *self, const char *name);
/* The last of them, as protobuf has it for fields that are not repeated. */
const TapTextMessage *tap_text_message (const TapTextMessage *self, const char *name);
const char *tap_text_string (const TapTextMessage *self, const char *name, const char *fallback);
gint64 tap_text_int (const TapTextMessage *self, const char *name, gint64 fallback);
gint64 tap_text_int_at (const TapTextMessage *self, const char *name, guint i, gint64 fallback);
double tap_text_float (const TapTextMessage *self, const char *name, double fallback);
double tap_text_float_at (const TapTextMessage *self, const char *name, guint i, double fallback);
gboolean tap_text_bool (const TapTextMessage *self, const char *name, gboolean fallback);

G_END_DECLS
