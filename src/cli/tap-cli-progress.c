/* tap-cli-progress.c - a bar on a terminal, silence in a pipe
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/tap-cli-progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/tap-result.h"

#define BAR_WIDTH 40
/* Nothing is drawn for what is over before anybody would wonder. */
#define FIRST_US  (G_USEC_PER_SEC / 2)
#define NEXT_US   (G_USEC_PER_SEC / 10)

struct _TapCliProgress
{
  TapProgress *progress;
  TapPartialFunc partial;
  gpointer user_data;
  gboolean visible; /* whether there is anybody to draw for */
  GMutex mutex;     /* the sinks may be called from any thread */
  double from, to;
  gint64 due; /* when to draw next, monotonic */
  gboolean drawn;
};

static void
draw (TapCliProgress *self, double fraction)
{
  gint64 now = g_get_monotonic_time ();
  if (!self->visible || now < self->due)
    return;
  self->due = now + NEXT_US;
  self->drawn = TRUE;

  double done = CLAMP (self->from + CLAMP (fraction, 0, 1) * (self->to - self->from), 0, 1);
  int cells = (int) (done * BAR_WIDTH);
  char bar[BAR_WIDTH + 1];
  memset (bar, '#', (gsize) cells);
  memset (bar + cells, '.', (gsize) (BAR_WIDTH - cells));
  bar[BAR_WIDTH] = '\0';
  fprintf (stderr, "\r[%s] %3d %%", bar, (int) (done * 100));
  fflush (stderr);
}

static void
progress_cb (double fraction, gpointer user_data)
{
  TapCliProgress *self = user_data;
  g_mutex_lock (&self->mutex);
  draw (self, fraction);
  g_mutex_unlock (&self->mutex);
}

static void
partial_cb (TapResult *partial, gpointer user_data)
{
  TapCliProgress *self = user_data;
  self->partial (partial, self->user_data);
}

TapCliProgress *
tap_cli_progress_new (TapCli *cli, TapPartialFunc partial, gpointer user_data)
{
  TapCliProgress *self = g_new0 (TapCliProgress, 1);
  g_mutex_init (&self->mutex);
  self->visible = !cli->quiet && isatty (STDERR_FILENO);
  self->partial = partial;
  self->user_data = user_data;
  self->to = 1;
  self->due = g_get_monotonic_time () + FIRST_US;
  self->progress = tap_progress_new (progress_cb, partial != NULL ? partial_cb : NULL, self);
  return self;
}

TapProgress *
tap_cli_progress_get (TapCliProgress *self)
{
  return self->progress;
}

void
tap_cli_progress_window (TapCliProgress *self, double from, double to)
{
  g_mutex_lock (&self->mutex);
  self->from = from;
  self->to = to;
  g_mutex_unlock (&self->mutex);
}

void
tap_cli_progress_free (TapCliProgress *self)
{
  if (self == NULL)
    return;
  tap_progress_free (self->progress);
  if (self->drawn)
    {
      fputs ("\r\033[K", stderr);
      fflush (stderr);
    }
  g_mutex_clear (&self->mutex);
  g_free (self);
}
