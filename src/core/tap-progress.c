/* tap-progress.c - how far a job is, settable from any thread
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-progress.h"

#include "core/tap-result.h"

struct _TapProgress
{
  TapProgressFunc func;
  TapPartialFunc partial;
  gpointer user_data;
};

TapProgress *
tap_progress_new (TapProgressFunc func, TapPartialFunc partial, gpointer user_data)
{
  TapProgress *self = g_new0 (TapProgress, 1);

  self->func = func;
  self->partial = partial;
  self->user_data = user_data;
  return self;
}

void
tap_progress_free (TapProgress *self)
{
  g_free (self);
}

void
tap_progress_set (TapProgress *self, double fraction)
{
  if (self != NULL && self->func != NULL)
    self->func (CLAMP (fraction, 0.0, 1.0), self->user_data);
}

gboolean
tap_progress_wants_partial (TapProgress *self)
{
  return self != NULL && self->partial != NULL;
}

void
tap_progress_partial (TapProgress *self, TapResult *partial)
{
  if (partial == NULL)
    return;
  if (tap_progress_wants_partial (self))
    self->partial (partial, self->user_data);
  else
    tap_result_unref (partial);
}
