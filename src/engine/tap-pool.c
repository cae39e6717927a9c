/* tap-pool.c - worker threads that share the tasks of one kernel
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Kernels follow each other within microseconds, which is less than it takes to wake a sleeping thread.
 * So a job is announced by one atomic word, its state, and an idle worker watches it: first without
 * letting go of its core, then giving way to whoever wants it, and at last asleep. A worker that
 * comes too late is not waited for: only those that joined a job hold its caller up.
 *
 * The tasks are dealt out in stretches, one per thread; whoever is done with its own helps the others.
 * A thread thus meets the same part of a picture, or the same channels, in one kernel after the other,
 * and finds it in its own cache. */

#include "config.h"

#include "engine/tap-pool.h"

/* Rounds of watching: before a thread gives way, some 10 µs; and how often it gives way before it
 * sleeps, within a burst of jobs and outside. */
#define SPINS        400
#define YIELDS_BURST 400
#define YIELDS_IDLE  4

/* The state: a number of the job, whether it may be joined, and how many workers did. */
#define JOINED     0x3ffu
#define OPEN       0x400u
#define NEXT_JOB   0x800u
#define JOB(state) ((state) & ~(JOINED | OPEN))

#define CACHE_LINE 64

typedef struct
{
  gint next; /* atomic */
  int end;
  char apart[CACHE_LINE - 2 * sizeof (gint)];
} Stretch;

struct _TapPool
{
  int n_threads;
  GThread **threads; /* n_threads - 1 */
  /* the job; written while no worker has joined */
  int n_stretches;
  TapPoolFunc func;
  gpointer data;
  Stretch *stretches; /* per thread */

  char apart[CACHE_LINE];
  guint state;   /* atomic */
  gint burst;    /* atomic; how many are on */
  gint begun;    /* atomic; how many there were */
  gint sleepers; /* atomic; workers that have to be woken */
  gint waiting;  /* atomic; the caller has to be woken */
  gint quit;     /* atomic */
  GMutex mutex;  /* guards nothing but sleep */
  GCond wake, done;
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

static inline guint
get_state (TapPool *self)
{
  return (guint) g_atomic_int_get (&self->state);
}

static void
work (TapPool *self, int worker)
{
  int n = self->n_stretches;

  for (int i = 0; i < n; i++)
    {
      Stretch *stretch = &self->stretches[(worker + i) % n];

      while (g_atomic_int_get (&stretch->next) < stretch->end)
        {
          int task = g_atomic_int_add (&stretch->next, 1);

          if (task < stretch->end)
            self->func (self->data, task, worker);
        }
    }
}

/* Whether there is a job that this worker has not seen, or nothing will ever come again. */
static inline gboolean
is_called (TapPool *self, guint seen)
{
  guint state = get_state (self);

  return ((state & OPEN) && JOB (state) != seen) || g_atomic_int_get (&self->quit);
}

static void
wait_for_call (TapPool *self, guint seen)
{
  gint begun = g_atomic_int_get (&self->begun);

  for (int round = 0;; round++)
    {
      for (int i = 0; i < SPINS; i++)
        {
          if (is_called (self, seen))
            return;
          relax ();
        }
      if (round >= (g_atomic_int_get (&self->burst) ? YIELDS_BURST : YIELDS_IDLE))
        break;
      g_thread_yield ();
    }

  g_mutex_lock (&self->mutex);
  g_atomic_int_inc (&self->sleepers);
  /* A caller that did not see the sleeper has changed the state before this. */
  while (!is_called (self, seen) && g_atomic_int_get (&self->begun) == begun)
    g_cond_wait (&self->wake, &self->mutex);
  g_atomic_int_add (&self->sleepers, -1);
  g_mutex_unlock (&self->mutex);
}

static gpointer
worker_main (gpointer user_data)
{
  g_autofree Start *start = user_data;
  TapPool *self = start->pool;
  guint seen = 0;

  for (;;)
    {
      guint state = get_state (self);

      if (g_atomic_int_get (&self->quit))
        return NULL;
      if (!(state & OPEN) || JOB (state) == seen)
        {
          wait_for_call (self, seen);
          continue;
        }
      if (!g_atomic_int_compare_and_exchange ((gint *) &self->state, (gint) state,
                                              (gint) (state + 1)))
        continue;
      seen = JOB (state);
      work (self, start->worker);
      /* The last one of a closed job. */
      if (((guint) g_atomic_int_add ((gint *) &self->state, -1) & (JOINED | OPEN)) == 1 &&
          g_atomic_int_get (&self->waiting))
        {
          g_mutex_lock (&self->mutex);
          g_cond_signal (&self->done);
          g_mutex_unlock (&self->mutex);
        }
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
  self->stretches = g_new0 (Stretch, wanted);
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

static void
wake_all (TapPool *self)
{
  if (g_atomic_int_get (&self->sleepers) == 0)
    return;
  g_mutex_lock (&self->mutex);
  g_cond_broadcast (&self->wake);
  g_mutex_unlock (&self->mutex);
}

void
tap_pool_free (TapPool *self)
{
  if (self == NULL)
    return;
  g_atomic_int_set (&self->quit, TRUE);
  wake_all (self);
  for (int i = 0; i < self->n_threads - 1; i++)
    g_thread_join (self->threads[i]);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->wake);
  g_cond_clear (&self->done);
  g_free (self->stretches);
  g_free (self->threads);
  g_free (self);
}

int
tap_pool_get_n_threads (const TapPool *self)
{
  return self->n_threads;
}

void
tap_pool_begin (TapPool *self)
{
  g_atomic_int_inc (&self->burst);
  g_atomic_int_inc (&self->begun);
  wake_all (self);
}

void
tap_pool_end (TapPool *self)
{
  g_atomic_int_add (&self->burst, -1);
}

/* Until the workers that joined are done with their last task. */
static void
wait_for_workers (TapPool *self)
{
  for (int round = 0; round < YIELDS_BURST; round++)
    {
      for (int i = 0; i < SPINS; i++)
        {
          if ((get_state (self) & JOINED) == 0)
            return;
          relax ();
        }
      g_thread_yield ();
    }
  g_mutex_lock (&self->mutex);
  g_atomic_int_set (&self->waiting, TRUE);
  while ((get_state (self) & JOINED) != 0)
    g_cond_wait (&self->done, &self->mutex);
  g_atomic_int_set (&self->waiting, FALSE);
  g_mutex_unlock (&self->mutex);
}

void
tap_pool_run (TapPool *self, int n_tasks, TapPoolFunc func, gpointer data)
{
  int n = MIN (n_tasks, self->n_threads);

  if (n <= 1)
    {
      for (int task = 0; task < n_tasks; task++)
        func (data, task, 0);
      return;
    }

  self->func = func;
  self->data = data;
  self->n_stretches = n;
  for (int i = 0; i < n; i++)
    {
      self->stretches[i].end = (int) ((gint64) n_tasks * (i + 1) / n);
      g_atomic_int_set (&self->stretches[i].next, (int) ((gint64) n_tasks * i / n));
    }
  g_atomic_int_set (&self->state, (gint) ((JOB (get_state (self)) + NEXT_JOB) | OPEN));
  wake_all (self);
  work (self, 0);
  g_atomic_int_and (&self->state, ~OPEN);
  wait_for_workers (self);
}
