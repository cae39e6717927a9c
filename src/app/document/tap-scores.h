/* tap-scores.h - the probabilities of all classes, immutable and counted
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-result.h"

#include <glib-object.h>

G_BEGIN_DECLS

typedef struct
{
  gatomicrefcount ref;
  int n;
  float *values; /* probabilities, by class index */
  GArray *top;   /* TapScore, best first, up to 5 */
} TapScores;

#define TAP_TYPE_SCORES (tap_scores_get_type ())
GType tap_scores_get_type (void) G_GNUC_CONST;

/* Copies @values. */
TapScores *tap_scores_new (const float *values, int n);
TapScores *tap_scores_ref (TapScores *self);
void tap_scores_unref (TapScores *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapScores, tap_scores_unref)
/* 0 for an index out of range. */
float tap_scores_get (const TapScores *self, int index);
/* -1 when there are none. */
int tap_scores_best (const TapScores *self);

G_END_DECLS
