/* tap-camera.c - where one looks at a drawing
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/widgets/tap-camera.h"

#define SCALE_MIN     0.02
#define SCALE_MAX     4.0
#define FIT_SCALE_MAX 1.15
#define MARGIN        18.0

void
tap_camera_clamp (TapCamera *self)
{
  double w = self->width * self->scale, h = self->height * self->scale;

  if (w + 2 * MARGIN <= self->view_width)
    self->x = (self->view_width - w) / 2;
  else
    self->x = CLAMP (self->x, self->view_width - w - MARGIN, MARGIN);

  if (h + 2 * MARGIN <= self->view_height)
    self->y = (self->view_height - h) / 2;
  else
    self->y = CLAMP (self->y, self->view_height - h - MARGIN, MARGIN);
}

void
tap_camera_fit (TapCamera *self, double minimum)
{
  double scale;

  if (self->width <= 0 || self->height <= 0 || self->view_width <= 0 || self->view_height <= 0)
    return;
  scale = MIN ((self->view_width - 2 * MARGIN) / self->width,
               (self->view_height - 2 * MARGIN) / self->height);
  self->scale = CLAMP (scale, MAX (minimum, SCALE_MIN), FIT_SCALE_MAX);
  self->x = (self->view_width - self->width * self->scale) / 2;
  self->y = MARGIN;
  tap_camera_clamp (self);
}

void
tap_camera_zoom_at (TapCamera *self, double factor, double px, double py)
{
  double scale = CLAMP (self->scale * factor, SCALE_MIN, SCALE_MAX);

  self->x = px - (px - self->x) * scale / self->scale;
  self->y = py - (py - self->y) * scale / self->scale;
  self->scale = scale;
  tap_camera_clamp (self);
}

void
tap_camera_show (TapCamera *self, double left, double top, double width, double height)
{
  double x0 = left * self->scale + self->x, x1 = x0 + width * self->scale;
  double y0 = top * self->scale + self->y, y1 = y0 + height * self->scale;

  if (x0 < MARGIN || x1 > self->view_width - MARGIN)
    self->x += self->view_width / 2 - (x0 + x1) / 2;
  if (y0 < MARGIN || y1 > self->view_height - MARGIN)
    self->y += self->view_height / 2 - (y0 + y1) / 2;
  tap_camera_clamp (self);
}

void
tap_camera_to_drawing (const TapCamera *self, double *x, double *y)
{
  *x = (*x - self->x) / self->scale;
  *y = (*y - self->y) / self->scale;
}
