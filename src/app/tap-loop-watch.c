/* tap-loop-watch.c - how long the main loop has been away from its poll, at worst
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Between two polls the loop runs callbacks, layout and drawing; whoever waits for the window waits for
 * that. Wrapping the poll function sees all of it and costs nothing. */
#include "config.h"

#include "app/tap-loop-watch.h"

static GPollFunc real_poll;
static gint64 away_since_us;
static gint64 worst_us;
static guint64 turns;

static gint
watching_poll (GPollFD *fds, guint n, gint timeout)
{
  gint64 now = g_get_monotonic_time ();
  gint ready;

  if (away_since_us != 0)
    worst_us = MAX (worst_us, now - away_since_us);
  turns++;

  ready = real_poll (fds, n, timeout);
  away_since_us = g_get_monotonic_time ();

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
  turns = 0;
  away_since_us = 0;
}

double
tap_loop_watch_get_worst_ms (void)
{
  return (double) worst_us / 1000.0;
}

guint64
tap_loop_watch_get_turns (void)
{
  return turns;
}
