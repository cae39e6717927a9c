/* tap-scores.c - the probabilities of all classes, immutable and counted
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/document/tap-scores.h"

#include "methods/tap-context.h"

G_DEFINE_BOXED_TYPE (TapScores, tap_scores, tap_scores_ref, tap_scores_unref)

#define N_TOP 5

TapScores *
tap_scores_new (const float *values, int n)
{
  TapScores *self = g_new0 (TapScores, 1);

  g_atomic_ref_count_init (&self->ref);
  self->n = n;
  self->values = g_memdup2 (values, (gsize) n * sizeof *values);
  self->top = tap_scores_top (values, n, N_TOP);

  return self;
}

TapScores *
tap_scores_ref (TapScores *self)
{
  g_atomic_ref_count_inc (&self->ref);
  return self;
}

void
tap_scores_unref (TapScores *self)
{
  if (!g_atomic_ref_count_dec (&self->ref))
    return;

  g_free (self->values);
  g_clear_pointer (&self->top, g_array_unref);
  g_free (self);
}

float
tap_scores_get (const TapScores *self, int index)
{
  return index >= 0 && index < self->n ? self->values[index] : 0.0f;
}

int
tap_scores_best (const TapScores *self)
{
  return self->top != NULL && self->top->len > 0 ? g_array_index (self->top, TapScore, 0).index :
                                                   -1;
}
