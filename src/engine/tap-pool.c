/* tap-pool.c - worker threads that share the tasks of one kernel
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Kernels follow each other within microseconds, so an idle worker first watches for the next job
 * without sleeping, for about the length of a small kernel, and only then waits on the condition. A
 * worker that wakes too late is not waited for: only those that joined a job hold its caller up. */

#include "config.h"

#include "engine/tap-pool.h"

/* Rounds of watching before sleep: some 30 µs. */
#define SPINS 1500

struct _TapPool
{
  int n_threads;
  GThread **threads; /* n_threads - 1 */
  GMutex mutex;
  GCond wake, done;
  gint generation; /* atomic; one more for every job */
  gint next;       /* atomic; the next task */
  gboolean open;   /* guarded by mutex, as all below: the job may be joined */
  gboolean quit;
  int joined;
  int n_tasks;
  TapPoolFunc func;
  gpointer data;
};

typedef struct
{
  TapPool *pool;
  int worker;
} Start;

static inline void
relax (void)
{
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause ();
#endif
}

static void
work (TapPool *self, int n_tasks, TapPoolFunc func, gpointer data, int worker)
{
  for (int task; (task = g_atomic_int_add (&self->next, 1)) < n_tasks;)
    func (data, task, worker);
}

static gpointer
worker_main (gpointer user_data)
{
  g_autofree Start *start = user_data;
  TapPool *self = start->pool;
  gint seen = 0;

  for (;;)
    {
      int n_tasks;
      TapPoolFunc func;
      gpointer data;

      for (int i = 0; i < SPINS && g_atomic_int_get (&self->generation) == seen; i++)
        relax ();

      g_mutex_lock (&self->mutex);
      while (!self->quit && (!self->open || self->generation == seen))
        {
          seen = self->generation;
          g_cond_wait (&self->wake, &self->mutex);
        }
      if (self->quit)
        {
          g_mutex_unlock (&self->mutex);
          return NULL;
        }
      seen = self->generation;
      self->joined++;
      n_tasks = self->n_tasks;
      func = self->func;
      data = self->data;
      g_mutex_unlock (&self->mutex);

      work (self, n_tasks, func, data, start->worker);

      g_mutex_lock (&self->mutex);
      if (--self->joined == 0)
        g_cond_signal (&self->done);
      g_mutex_unlock (&self->mutex);
    }
}

TapPool *
tap_pool_new (int n_threads)
{
  TapPool *self = g_new0 (TapPool, 1);
  int wanted = n_threads > 0 ? MIN (n_threads, 256) : (int) g_get_num_processors ();

  g_mutex_init (&self->mutex);
  g_cond_init (&self->wake);
  g_cond_init (&self->done);
  self->threads = g_new0 (GThread *, wanted);
  self->n_threads = 1;
  while (self->n_threads < wanted)
    {
      Start *start = g_new (Start, 1);
      GThread *thread;

      start->pool = self;
      start->worker = self->n_threads;
      thread = g_thread_try_new ("tap-worker", worker_main, start, NULL);
      if (thread == NULL)
        {
          g_free (start);
          break;
        }
      self->threads[self->n_threads - 1] = thread;
      self->n_threads++;
    }
  return self;
}

void
tap_pool_free (TapPool *self)
{
  if (self == NULL)
    return;
  g_mutex_lock (&self->mutex);
  self->quit = TRUE;
  g_atomic_int_inc (&self->generation);
  g_cond_broadcast (&self->wake);
  g_mutex_unlock (&self->mutex);
  for (int i = 0; i < self->n_threads - 1; i++)
    g_thread_join (self->threads[i]);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->wake);
  g_cond_clear (&self->done);
  g_free (self->threads);
  g_free (self);
}

int
tap_pool_get_n_threads (const TapPool *self)
{
  return self->n_threads;
}

void
tap_pool_run (TapPool *self, int n_tasks, TapPoolFunc func, gpointer data)
{
  if (n_tasks <= 1 || self->n_threads == 1)
    {
      for (int task = 0; task < n_tasks; task++)
        func (data, task, 0);
      return;
    }

  g_mutex_lock (&self->mutex);
  self->n_tasks = n_tasks;
  self->func = func;
  self->data = data;
  self->open = TRUE;
  g_atomic_int_set (&self->next, 0);
  g_atomic_int_inc (&self->generation);
  g_cond_broadcast (&self->wake);
  g_mutex_unlock (&self->mutex);

  work (self, n_tasks, func, data, 0);

  g_mutex_lock (&self->mutex);
  self->open = FALSE;
  while (self->joined > 0)
    g_cond_wait (&self->done, &self->mutex);
  g_mutex_unlock (&self->mutex);
}
