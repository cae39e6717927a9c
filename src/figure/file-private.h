/* file-private.h - whole files at once: growing buffers, and writing that never harms an old file
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Grows without aborting; once memory is short, failed stays TRUE. */
typedef struct
{
  guint8 *data;
  gsize length, room;
  gboolean failed;
} TapBuffer;

void tap_buffer_clear (TapBuffer *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TapBuffer, tap_buffer_clear)
gboolean tap_buffer_append (TapBuffer *self, gconstpointer data, gsize length);
gboolean tap_buffer_append_text (TapBuffer *self, const char *text);
/* The bytes (transfer full); NULL and G_IO_ERROR_NO_SPACE when memory was short. @self is empty afterwards. */
GBytes *tap_buffer_steal (TapBuffer *self, GError **error);

typedef struct
{
  gconstpointer data;
  gsize length;
} TapPiece;

/* Writes the pieces one after another to a new file beside @path, syncs it, and renames. On any error
 * an old file is as it was and nothing is left behind. Devices and pipes are written to directly. */
gboolean tap_file_write (const char *path, const TapPiece *pieces, gsize n, GError **error);
gboolean tap_file_write_bytes (const char *path, GBytes *bytes, GError **error);

G_END_DECLS
