/* twin-private.h - what twins share among themselves
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "twin.h"

G_BEGIN_DECLS

typedef struct
{
  const double *cells;
  gint64 height, width;
} TwinPlane;

/* One image and group of a convolution of 3 × 3 windows, stride 1. */
typedef struct
{
  const double *x, *weights, *bias; /* [in][in_h][in_w]; [out][in][3][3]; [out] or NULL */
  gint64 in, out, in_h, in_w, out_h, out_w, pad_top, pad_left;
  double *errors; /* [out][out_h][out_w]: raised to the bound where it is larger */
} TwinWinograd;

void twin_winograd_errors (const TwinWinograd *w);

G_END_DECLS
