/* tap-cache.h - results kept by the question they answer, least recently used first to go
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Thread-safe. The key is the whole question as text (model checksum, picture, method, parameters …), not
 * a hash of it: two questions never share an answer. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _TapCache TapCache;
/* Returns a new reference to a value; must be safe from any thread. */
typedef gpointer (*TapCacheRef) (gpointer value);

TapCache *tap_cache_new (gsize max_bytes, TapCacheRef value_ref, GDestroyNotify value_unref);
void tap_cache_free (TapCache *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapCache, tap_cache_free)
/* (transfer full) (nullable) */
gpointer tap_cache_get (TapCache *self, const char *key);
/* Takes a reference of its own and replaces an older answer. A value larger than the whole cache is not
 * kept. */
void tap_cache_put (TapCache *self, const char *key, gpointer value, gsize bytes);
void tap_cache_clear (TapCache *self);
gsize tap_cache_get_bytes (TapCache *self);

G_END_DECLS
