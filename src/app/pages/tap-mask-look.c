/* tap-mask-look.c - how the mask looks on screen, and which place of a sweep it stands on
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/pages/tap-mask-look.h"

#include "app/widgets/tap-texture.h"

guint32
tap_mask_look_colour (const TapPreprocess *preprocess, TapFill fill)
{
  const float *mean = preprocess->mean;
  int r, g, b;

  if (fill == TAP_FILL_BLACK)
    return 0;
  if (fill == TAP_FILL_GREY)
    return 0x808080;
  r = (int) CLAMP (mean[preprocess->order == TAP_ORDER_BGR ? 2 : 0] + 0.5f, 0, 255);
  g = (int) CLAMP (mean[preprocess->order == TAP_ORDER_GREY ? 0 : 1] + 0.5f, 0, 255);
  b = (int) CLAMP (mean[preprocess->order == TAP_ORDER_RGB ? 2 : 0] + 0.5f, 0, 255);
  return ((guint32) r << 16) | ((guint32) g << 8) | (guint32) b;
}

GdkTexture *
tap_mask_look_through (const TapSubject *subject, TapFill fill)
{
  const TapPicture *p = subject->fitted;
  g_autoptr (TapPicture) small = NULL;
  g_autoptr (TapPicture) blurred = NULL;

  if (fill != TAP_FILL_BLUR)
    return NULL;
  small = tap_picture_shrink (p, MAX (1, p->width / 16), MAX (1, p->height / 16));
  blurred = small != NULL ? tap_picture_resize (small, p->width, p->height) : NULL;
  return blurred != NULL ? tap_texture_new_for_picture (blurred) : NULL;
}

void
tap_sweep_grid_find (const TapSweepGrid *grid, const TapRect *mask, double *column, double *row)
{
  *column = MAX (0, (mask->x + (grid->centred ? mask->width / 2.0 : 0)) / grid->stride);
  *row = MAX (0, (mask->y + (grid->centred ? mask->height / 2.0 : 0)) / grid->stride);
}

void
tap_sweep_grid_place (const TapSweepGrid *grid, int column, int row, TapRect *mask)
{
  mask->x = (int) (column * grid->stride) - (grid->centred ? mask->width / 2 : 0);
  mask->y = (int) (row * grid->stride) - (grid->centred ? mask->height / 2 : 0);
}
