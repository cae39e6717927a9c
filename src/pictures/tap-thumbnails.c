/* tap-thumbnails.c - small pictures on demand, decoded off the main thread
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One entry per path moves through four states: wanted (on a stack), decoding (in a worker), done (on its
 * way to the owner), kept (in the cache, least recently used last). Entries are touched under the lock only;
 * requests and callbacks live in the owner's thread. */
#include "config.h"

#include "pictures/tap-thumbnails.h"

#include "core/tap-error.h"

#define WORKERS_MAX 2
/* How long callbacks may hold up the main loop before it gets its turn. */
#define SLICE_US    (4 * 1000)
/* What an entry costs besides its pixels; errors are kept as well. */
#define ENTRY_BYTES 512

typedef enum
{
  STATE_WANTED,
  STATE_DECODING,
  STATE_DONE,
  STATE_KEPT,
} State;

typedef struct
{
  char *path;
  State state;
  GList link; /* in wanted, done or kept, by state; data is the entry */
  GSList *requests;
  TapPicture *picture;
  GError *error;
} Entry;

typedef struct
{
  guint id;
  Entry *entry;
  TapThumbnailFunc func;
  gpointer user_data;
} Request;

struct _TapThumbnails
{
  gatomicrefcount ref; /* owner, workers, and the source in flight */

  /* Set once, before the workers start. */
  GMainContext *context;
  GCancellable *cancellable;
  int size;
  gsize cache_bytes;

  /* Touched in the context's thread only. */
  GHashTable *requests; /* id: Request, of those not answered yet */
  guint next_id;
  gboolean disposed;

  /* Guarded by lock. */
  GMutex lock;
  GCond wake;
  GHashTable *entries; /* path: Entry */
  GQueue wanted;       /* head: newest */
  GQueue done;         /* head: oldest */
  GQueue kept;         /* head: most recently used */
  gsize kept_bytes;
  GHashTable *broken; /* paths */
  gboolean delivery_queued;
  gboolean quit;
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->path);
  g_slist_free (entry->requests);
  g_clear_pointer (&entry->picture, tap_picture_unref);
  g_clear_error (&entry->error);
  g_free (entry);
}

static gsize
entry_bytes (const Entry *entry)
{
  gsize bytes = ENTRY_BYTES;

  if (entry->picture != NULL)
    bytes += (gsize) entry->picture->width * (gsize) entry->picture->height * 3;
  return bytes;
}

static TapThumbnails *
thumbnails_ref (TapThumbnails *self)
{
  g_atomic_ref_count_inc (&self->ref);
  return self;
}

static void
thumbnails_unref (TapThumbnails *self)
{
  if (!g_atomic_ref_count_dec (&self->ref))
    return;

  g_hash_table_unref (self->entries);
  g_hash_table_unref (self->broken);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_object (&self->cancellable);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->wake);
  g_free (self);
}

static TapPicture *
decode (TapThumbnails *self, const char *path, GError **error)
{
  g_autoptr (TapPicture) picture = tap_picture_load_at (path, self->size, self->cancellable, error);
  double scale;
  TapPicture *small;

  if (picture == NULL)
    return NULL;
  scale = (double) self->size / MAX (picture->width, picture->height);
  if (scale >= 1.0)
    return g_steal_pointer (&picture);
  small = tap_picture_shrink (picture, MAX (1, (int) (picture->width * scale + 0.5)),
                              MAX (1, (int) (picture->height * scale + 0.5)));
  if (small == NULL)
    g_set_error (error, TAP_PICTURE_ERROR, TAP_PICTURE_ERROR_TOO_LARGE,
                 "“%s” cannot be made smaller: out of memory.", picture->name);
  return small;
}

/* Locked. Forgets the least recently used until the rest fits. */
static void
trim (TapThumbnails *self)
{
  while (self->kept_bytes > self->cache_bytes && self->kept.tail != NULL)
    {
      Entry *entry = self->kept.tail->data;

      g_queue_unlink (&self->kept, &entry->link);
      self->kept_bytes -= entry_bytes (entry);
      g_hash_table_remove (self->entries, entry->path);
    }
}

/* Locked. */
static void
keep (TapThumbnails *self, Entry *entry)
{
  entry->state = STATE_KEPT;
  g_queue_push_head_link (&self->kept, &entry->link);
  self->kept_bytes += entry_bytes (entry);
  trim (self);
}

/* Answers everybody who waits for one entry that is done. The lock is not held while callbacks run, and
 * they may request, cancel and dispose. */
static void
answer (TapThumbnails *self, Entry *entry)
{
  g_autoptr (TapPicture) picture = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSList) ids = NULL;

  if (entry->picture != NULL)
    picture = tap_picture_ref (entry->picture);
  if (entry->error != NULL)
    error = g_error_copy (entry->error);
  for (GSList *l = entry->requests; l != NULL; l = l->next)
    {
      Request *request = l->data;

      ids = g_slist_prepend (ids, GUINT_TO_POINTER (request->id));
      request->entry = NULL;
    }
  g_clear_pointer (&entry->requests, g_slist_free);
  keep (self, entry); /* may drop it at once when the cache is tiny */
  g_mutex_unlock (&self->lock);

  for (GSList *l = ids; l != NULL && !self->disposed; l = l->next)
    {
      Request *request = g_hash_table_lookup (self->requests, l->data);
      TapThumbnailFunc func;
      gpointer user_data;

      if (request == NULL) /* cancelled by one of the callbacks before */
        continue;
      func = request->func;
      user_data = request->user_data;
      g_hash_table_remove (self->requests, l->data);
      func (picture, error, user_data);
    }

  g_mutex_lock (&self->lock);
}

static gboolean
deliver_cb (gpointer data)
{
  TapThumbnails *self = data;
  gint64 until = g_get_monotonic_time () + SLICE_US;
  gboolean more;

  g_mutex_lock (&self->lock);
  do
    {
      GList *link = self->disposed ? NULL : g_queue_pop_head_link (&self->done);

      if (link == NULL)
        break;
      answer (self, link->data);
    }
  while (g_get_monotonic_time () < until);
  more = !self->disposed && self->done.head != NULL;
  self->delivery_queued = more;
  g_mutex_unlock (&self->lock);

  return more ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* Locked. At most one source is in flight; a default priority, because redrawing starves lower ones. */
static void
queue_delivery (TapThumbnails *self)
{
  g_autoptr (GSource) source = NULL;

  if (self->delivery_queued || self->quit)
    return;
  self->delivery_queued = TRUE;
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, deliver_cb, thumbnails_ref (self),
                         (GDestroyNotify) thumbnails_unref);
  g_source_attach (source, self->context);
}

static gpointer
worker (gpointer data)
{
  TapThumbnails *self = data;

  g_mutex_lock (&self->lock);
  for (;;)
    {
      g_autoptr (GError) error = NULL;
      TapPicture *picture;
      Entry *entry;

      while (self->wanted.head == NULL && !self->quit)
        g_cond_wait (&self->wake, &self->lock);
      if (self->quit)
        break;

      entry = g_queue_pop_head_link (&self->wanted)->data;
      entry->state = STATE_DECODING;
      g_mutex_unlock (&self->lock);

      /* The path is never written, and nobody frees an entry in this state. */
      picture = decode (self, entry->path, &error);

      g_mutex_lock (&self->lock);
      entry->picture = picture;
      entry->error = g_steal_pointer (&error);
      entry->state = STATE_DONE;
      if (entry->error != NULL)
        g_hash_table_add (self->broken, g_strdup (entry->path));
      g_queue_push_tail_link (&self->done, &entry->link);
      queue_delivery (self);
    }
  g_mutex_unlock (&self->lock);

  thumbnails_unref (self);
  return NULL;
}

TapThumbnails *
tap_thumbnails_new (int size, gsize cache_bytes)
{
  TapThumbnails *self;
  int n_workers = CLAMP ((int) g_get_num_processors () - 1, 1, WORKERS_MAX);

  g_return_val_if_fail (size > 0, NULL);

  self = g_new0 (TapThumbnails, 1);
  g_atomic_ref_count_init (&self->ref);
  g_mutex_init (&self->lock);
  g_cond_init (&self->wake);
  self->context = g_main_context_ref_thread_default ();
  self->cancellable = g_cancellable_new ();
  self->size = size;
  self->cache_bytes = cache_bytes;
  self->requests = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->next_id = 1;
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);
  self->broken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (int i = 0; i < n_workers; i++)
    g_thread_unref (g_thread_new ("thumbnails", worker, thumbnails_ref (self)));
  return self;
}

/* Locked. Marks a kept entry as just used. */
static void
touch (TapThumbnails *self, Entry *entry)
{
  g_queue_unlink (&self->kept, &entry->link);
  g_queue_push_head_link (&self->kept, &entry->link);
}

TapPicture *
tap_thumbnails_lookup (TapThumbnails *self, const char *path)
{
  TapPicture *picture = NULL;
  Entry *entry;

  g_return_val_if_fail (self != NULL && path != NULL, NULL);

  g_mutex_lock (&self->lock);
  entry = g_hash_table_lookup (self->entries, path);
  if (entry != NULL && entry->state == STATE_KEPT && entry->picture != NULL)
    {
      touch (self, entry);
      picture = tap_picture_ref (entry->picture);
    }
  g_mutex_unlock (&self->lock);
  return picture;
}

/* Locked. */
static Entry *
entry_for_path (TapThumbnails *self, const char *path)
{
  Entry *entry = g_hash_table_lookup (self->entries, path);

  if (entry == NULL)
    {
      entry = g_new0 (Entry, 1);
      entry->path = g_strdup (path);
      entry->link.data = entry;
      g_hash_table_insert (self->entries, entry->path, entry);
      g_queue_push_head_link (&self->wanted, &entry->link);
      g_cond_signal (&self->wake);
    }
  else if (entry->state == STATE_WANTED)
    {
      g_queue_unlink (&self->wanted, &entry->link);
      g_queue_push_head_link (&self->wanted, &entry->link);
    }
  else if (entry->state == STATE_KEPT)
    {
      g_queue_unlink (&self->kept, &entry->link);
      self->kept_bytes -= entry_bytes (entry);
      entry->state = STATE_DONE;
      g_queue_push_tail_link (&self->done, &entry->link);
      queue_delivery (self);
    }
  return entry;
}

guint
tap_thumbnails_request (TapThumbnails *self,
                        const char *path,
                        TapThumbnailFunc func,
                        gpointer user_data)
{
  Request *request;
  guint id;

  g_return_val_if_fail (self != NULL && path != NULL && func != NULL, 0);
  g_return_val_if_fail (!self->disposed, 0);

  request = g_new0 (Request, 1);
  request->func = func;
  request->user_data = user_data;
  do
    id = self->next_id++;
  while (id == 0 || g_hash_table_contains (self->requests, GUINT_TO_POINTER (id)));
  request->id = id;
  g_hash_table_insert (self->requests, GUINT_TO_POINTER (id), request);

  g_mutex_lock (&self->lock);
  request->entry = entry_for_path (self, path);
  request->entry->requests = g_slist_prepend (request->entry->requests, request);
  g_mutex_unlock (&self->lock);
  return id;
}

void
tap_thumbnails_cancel (TapThumbnails *self, guint id)
{
  Request *request;
  Entry *entry;

  g_return_if_fail (self != NULL);

  if (self->disposed)
    return;
  request = g_hash_table_lookup (self->requests, GUINT_TO_POINTER (id));
  if (request == NULL)
    return;

  /* A request that is being answered has left its entry, which may be gone. */
  g_mutex_lock (&self->lock);
  entry = request->entry;
  if (entry != NULL)
    {
      entry->requests = g_slist_remove (entry->requests, request);
      if (entry->requests == NULL && entry->state == STATE_WANTED)
        {
          g_queue_unlink (&self->wanted, &entry->link);
          g_hash_table_remove (self->entries, entry->path);
        }
    }
  g_mutex_unlock (&self->lock);
  g_hash_table_remove (self->requests, GUINT_TO_POINTER (id));
}

guint
tap_thumbnails_n_broken (TapThumbnails *self)
{
  guint n;

  g_return_val_if_fail (self != NULL, 0);

  g_mutex_lock (&self->lock);
  n = g_hash_table_size (self->broken);
  g_mutex_unlock (&self->lock);
  return n;
}

void
tap_thumbnails_dispose (TapThumbnails *self)
{
  g_return_if_fail (self != NULL && !self->disposed);

  self->disposed = TRUE;
  g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->requests, g_hash_table_unref);

  g_mutex_lock (&self->lock);
  self->quit = TRUE;
  g_cond_broadcast (&self->wake);
  g_mutex_unlock (&self->lock);

  thumbnails_unref (self);
}
