/* tap-loop-watch.c - how long the main loop has been away from its poll, at worst
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Between two polls the loop runs callbacks, layout and drawing; whoever waits for the window waits for
 * that. Wrapping the poll function sees all of it and costs nothing. */
#include "config.h"

#include "app/tap-loop-watch.h"

#include <time.h>

#define NOTICEABLE_US 30000

static GPollFunc real_poll;
static gint64 away_since_us;
static gint64 away_since_cpu_us;
static gint64 worst_us, worst_cpu_us;
static guint64 turns;

/* Time that this thread has been given by the machine. */
static gint64
cpu_time (void)
{
  struct timespec now;

  if (clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now) != 0)
    return 0;

  return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static gint
watching_poll (GPollFD *fds, guint n, gint timeout)
{
  gint64 away = g_get_monotonic_time () - away_since_us;
  gint64 cpu = cpu_time () - away_since_cpu_us;
  gint ready;

  if (away_since_us != 0)
    {
      if (away > NOTICEABLE_US)
        g_debug ("%.1f ms away from the main loop, %.1f ms of them working", (double) away / 1000.0,
                 (double) cpu / 1000.0);
      worst_us = MAX (worst_us, away);
      worst_cpu_us = MAX (worst_cpu_us, cpu);
    }
  turns++;

  ready = real_poll (fds, n, timeout);
  away_since_us = g_get_monotonic_time ();
  away_since_cpu_us = cpu_time ();

  return ready;
}

void
tap_loop_watch_start (void)
{
  if (real_poll != NULL)
    return;

  real_poll = g_main_context_get_poll_func (NULL);
  g_main_context_set_poll_func (NULL, watching_poll);
}

gboolean
tap_loop_watch_is_running (void)
{
  return real_poll != NULL;
}

void
tap_loop_watch_reset (void)
{
  worst_us = 0;
  worst_cpu_us = 0;
  turns = 0;
  away_since_us = 0;
}

double
tap_loop_watch_get_worst_ms (void)
{
  return (double) worst_us / 1000.0;
}

double
tap_loop_watch_get_worst_cpu_ms (void)
{
  return (double) worst_cpu_us / 1000.0;
}

guint64
tap_loop_watch_get_turns (void)
{
  return turns;
}
