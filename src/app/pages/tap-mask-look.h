/* tap-mask-look.h - how the mask looks on screen, and which place of a sweep it stands on
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/tap-subject.h"
#include "methods/occlusion.h"

#include <gdk/gdk.h>

G_BEGIN_DECLS

/* 0xrrggbb of what the network gets under the mask. */
guint32 tap_mask_look_colour (const TapPreprocess *preprocess, TapFill fill);
/* The picture to be seen through the mask; NULL when the colour is all there is. (transfer full) */
GdkTexture *tap_mask_look_through (const TapSubject *subject, TapFill fill);

/* The places of a sweep: every @stride pixels, the mask's corner or, @centred, its middle. */
typedef struct
{
  double stride;
  gboolean centred;
} TapSweepGrid;

/* Column and row of the place that @mask stands on, perhaps between two; never negative. */
void
tap_sweep_grid_find (const TapSweepGrid *grid, const TapRect *mask, double *column, double *row);
/* Moves @mask to a place; it may reach beyond the picture. */
void tap_sweep_grid_place (const TapSweepGrid *grid, int column, int row, TapRect *mask);

G_END_DECLS
