/* tap-grid-job.h - draws a grid of maps off the main thread
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "job/tap-lane.h"
#include "render/tap-grid.h"

#include <gdk/gdk.h>

G_BEGIN_DECLS

typedef struct
{
  TapResult *result;
  int array; /* index into result->arrays */
  TapColormap colormap;
  TapGridScale scale;
  TapGridOrder order;
  double width, height; /* room for the grid, in widget units */
  double min_tile;
  int device_scale;
} TapGridRequest;

/* What came of it; the grid view and the unit view show it. */
typedef struct
{
  TapGridRequest request; /* its result keeps the array alive */
  TapGridLayout layout;
  TapRange shared;
  int *order;
  GdkTexture *texture;
} TapGridDrawing;

TapGridRequest *tap_grid_request_new (TapResult *result, int array);
void tap_grid_request_free (TapGridRequest *self);
void tap_grid_drawing_free (TapGridDrawing *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapGridDrawing, tap_grid_drawing_free)
const TapArray *tap_grid_drawing_get_array (const TapGridDrawing *self);

/* A lane whose requests are TapGridRequest and whose results are TapGridDrawing. */
TapLane *tap_grid_job_new_lane (TapLaneDone done, gpointer user_data);

G_END_DECLS
