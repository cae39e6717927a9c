/* patch-stripe.h - rows of a mask over the full width, which positions beside each other share
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/patch-walk.h"

G_BEGIN_DECLS

/* Per value: the columns, from the first to the last row, that depend on nothing but columns @x to
 * @x + @width - 1 of the picture: x and width are set, and width is 0 for none. (transfer full) */
TapRect *
tap_patch_stripe_columns (const TapPlan *plan, const TapPatchRoute *route, int x, int width);
/* What @n positions with such columns take from a stripe, by counting multiply-adds, which needs shapes alone. Sets,
 * per step of those @needed, whether it is @shared, and whether the stripe is computed in it. FALSE: a stripe would
 * gain nothing. */
gboolean tap_patch_stripe_choose (const TapPlan *plan,
                                  const TapPatchRoute *route,
                                  const TapRect *columns,
                                  int n,
                                  const gboolean *needed,
                                  gboolean *shared,
                                  gboolean *steps);
/* Cuts @rect of step @s's output into what stands beside @middle, which is in the stripe: how many rectangles;
 * -1 when the stripe does not have it. */
int tap_patch_stripe_cut (const TapPatchWalk *walk,
                          int s,
                          const TapRect *rect,
                          TapRect *middle,
                          TapRect sides[2]);
/* Brings @middle of the output of step @s from the stripe; what is the same all over @flat is filled in. */
void tap_patch_stripe_copy (TapPatchWalk *walk, int s, const TapRect *middle, const TapRect *flat);

G_END_DECLS
