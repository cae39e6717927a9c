/* tsan-glib.c - tells ThreadSanitizer which GLib calls order memory
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * GLib as systems ship it is not instrumented, and its mutexes are futexes of its own making: every lock
 * would look like no lock at all. These functions stand in front of GLib's, do the same, and say so:
 * what is released here happens before what acquires it there. Nothing is hidden that is really a race. */
#include "config.h"

#include <dlfcn.h>
#include <glib.h>
#include <sanitizer/tsan_interface.h>

/* GLib's own, found once; the names are looked up behind this program. */
#define REAL(name)                                                                                 \
  static __typeof__ (name) *real;                                                                  \
  if (__atomic_load_n (&real, __ATOMIC_RELAXED) == NULL)                                           \
  __atomic_store_n (&real, (__typeof__ (name) *) dlsym (RTLD_NEXT, #name), __ATOMIC_RELAXED)

void
g_mutex_lock (GMutex *mutex)
{
  REAL (g_mutex_lock);
  real (mutex);
  __tsan_acquire (mutex);
}

gboolean
g_mutex_trylock (GMutex *mutex)
{
  gboolean locked;

  REAL (g_mutex_trylock);
  locked = real (mutex);
  if (locked)
    __tsan_acquire (mutex);
  return locked;
}

void
g_mutex_unlock (GMutex *mutex)
{
  REAL (g_mutex_unlock);
  __tsan_release (mutex);
  real (mutex);
}

void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  REAL (g_cond_wait);
  __tsan_release (mutex);
  real (cond, mutex);
  __tsan_acquire (mutex);
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  gboolean woken;

  REAL (g_cond_wait_until);
  __tsan_release (mutex);
  woken = real (cond, mutex, end_time);
  __tsan_acquire (mutex);
  return woken;
}

gpointer
g_once_impl (GOnce *once, GThreadFunc func, gpointer arg)
{
  gpointer result;

  REAL (g_once_impl);
  result = real (once, func, arg);
  /* Whoever ran it, and whoever sees that it has run. */
  __tsan_release (once);
  __tsan_acquire (once);
  return result;
}

/* GLib's headers make macros of it where checks are switched off. */
#undef g_atomic_ref_count_dec

gboolean
g_atomic_ref_count_dec (gatomicrefcount *count)
{
  gboolean last;

  REAL (g_atomic_ref_count_dec);
  /* What any holder did, before whoever is the last frees it. */
  __tsan_release (count);
  last = real (count);
  if (last)
    __tsan_acquire (count);
  return last;
}

void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  REAL (g_async_queue_push);
  __tsan_release (queue);
  real (queue, data);
}

gpointer
g_async_queue_pop (GAsyncQueue *queue)
{
  gpointer data;

  REAL (g_async_queue_pop);
  data = real (queue);
  __tsan_acquire (queue);
  return data;
}

/* --- a source is attached in one thread and called in another --- */

typedef struct
{
  GSourceFunc func;
  gpointer data;
  GDestroyNotify notify;
} Callback;

static gboolean
call_cb (gpointer data)
{
  Callback *callback = data;

  __tsan_acquire (callback);
  return callback->func (callback->data);
}

static void
notify_cb (gpointer data)
{
  Callback *callback = data;

  __tsan_acquire (callback);
  if (callback->notify != NULL)
    callback->notify (callback->data);
  g_free (callback);
}

void
g_source_set_callback (GSource *source, GSourceFunc func, gpointer data, GDestroyNotify notify)
{
  Callback *callback = g_new (Callback, 1);

  REAL (g_source_set_callback);
  *callback = (Callback){ func, data, notify };
  __tsan_release (callback);
  real (source, call_cb, callback, notify_cb);
}
