/* tap-camera.h - where one looks at a drawing: view = scale × drawing + offset
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Plain arithmetic without a widget. View lengths are pixels, drawing lengths the drawing's own units. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  double scale, x, y;
  double view_width, view_height;
  double width, height; /* of the drawing */
} TapCamera;

/* Keeps at least a corner of the drawing in sight, and centres what is smaller than the view. */
void tap_camera_clamp (TapCamera *self);
/* The whole drawing, at the top, but never smaller than @minimum. Nothing without a size. */
void tap_camera_fit (TapCamera *self, double minimum);
/* The point of the drawing under (@px, @py) of the view stays there. */
void tap_camera_zoom_at (TapCamera *self, double factor, double px, double py);
/* Moves as little as it takes to centre, on each axis, what is not fully in sight of a rectangle of the
 * drawing. */
void tap_camera_show (TapCamera *self, double left, double top, double width, double height);
void tap_camera_to_drawing (const TapCamera *self, double *x, double *y);

G_END_DECLS
