/* tap-cache.c - results kept by the question they answer, least recently used first to go
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "job/tap-cache.h"

typedef struct
{
  char *key;
  gpointer value;
  gsize bytes;
  GList link; /* in order; data is the entry */
} Entry;

struct _TapCache
{
  TapCacheRef value_ref;
  GDestroyNotify value_unref;
  gsize max_bytes;

  GMutex lock;
  GHashTable *entries; /* key: Entry */
  GQueue order;        /* head: most recently used */
  gsize bytes;
};

/* Values may be large, or take locks of their own: they are dropped after ours is released. */
static void
entry_free (TapCache *self, Entry *entry)
{
  self->value_unref (entry->value);
  g_free (entry->key);
  g_free (entry);
}

/* Locked. */
static Entry *
detach (TapCache *self, Entry *entry)
{
  g_hash_table_remove (self->entries, entry->key);
  g_queue_unlink (&self->order, &entry->link);
  self->bytes -= entry->bytes;
  return entry;
}

TapCache *
tap_cache_new (gsize max_bytes, TapCacheRef value_ref, GDestroyNotify value_unref)
{
  TapCache *self;

  g_return_val_if_fail (value_ref != NULL && value_unref != NULL, NULL);

  self = g_new0 (TapCache, 1);
  self->max_bytes = max_bytes;
  self->value_ref = value_ref;
  self->value_unref = value_unref;
  self->entries = g_hash_table_new (g_str_hash, g_str_equal);
  g_mutex_init (&self->lock);
  return self;
}

void
tap_cache_free (TapCache *self)
{
  if (self == NULL)
    return;
  tap_cache_clear (self);
  g_hash_table_unref (self->entries);
  g_mutex_clear (&self->lock);
  g_free (self);
}

gpointer
tap_cache_get (TapCache *self, const char *key)
{
  gpointer value = NULL;
  Entry *entry;

  g_return_val_if_fail (self != NULL && key != NULL, NULL);

  g_mutex_lock (&self->lock);
  entry = g_hash_table_lookup (self->entries, key);
  if (entry != NULL)
    {
      g_queue_unlink (&self->order, &entry->link);
      g_queue_push_head_link (&self->order, &entry->link);
      value = self->value_ref (entry->value);
    }
  g_mutex_unlock (&self->lock);
  return value;
}

void
tap_cache_put (TapCache *self, const char *key, gpointer value, gsize bytes)
{
  GSList *dropped = NULL;
  Entry *older;

  g_return_if_fail (self != NULL && key != NULL && value != NULL);

  g_mutex_lock (&self->lock);
  older = g_hash_table_lookup (self->entries, key);
  if (older != NULL)
    dropped = g_slist_prepend (dropped, detach (self, older));
  if (bytes <= self->max_bytes)
    {
      Entry *entry = g_new0 (Entry, 1);

      entry->key = g_strdup (key);
      entry->value = self->value_ref (value);
      entry->bytes = bytes;
      entry->link.data = entry;
      while (self->order.tail != NULL && self->bytes > self->max_bytes - bytes)
        dropped = g_slist_prepend (dropped, detach (self, self->order.tail->data));
      g_hash_table_insert (self->entries, entry->key, entry);
      g_queue_push_head_link (&self->order, &entry->link);
      self->bytes += bytes;
    }
  g_mutex_unlock (&self->lock);

  for (GSList *l = dropped; l != NULL; l = l->next)
    entry_free (self, l->data);
  g_slist_free (dropped);
}

void
tap_cache_clear (TapCache *self)
{
  GSList *dropped = NULL;

  g_return_if_fail (self != NULL);

  g_mutex_lock (&self->lock);
  while (self->order.tail != NULL)
    dropped = g_slist_prepend (dropped, detach (self, self->order.tail->data));
  g_mutex_unlock (&self->lock);

  for (GSList *l = dropped; l != NULL; l = l->next)
    entry_free (self, l->data);
  g_slist_free (dropped);
}

gsize
tap_cache_get_bytes (TapCache *self)
{
  gsize bytes;

  g_return_val_if_fail (self != NULL, 0);

  g_mutex_lock (&self->lock);
  bytes = self->bytes;
  g_mutex_unlock (&self->lock);
  return bytes;
}
