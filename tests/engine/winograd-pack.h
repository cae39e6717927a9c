/* winograd-pack.h - weights for a Winograd job, written from the description of their order
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Floats of packed weights and bias. */
gsize winograd_packed_floats (int groups, int out, int in);
/* @w: [groups × out][in][3][3], or [groups × in][out][3][3] when @adjoint: then of the convolution to be
 * transposed, its channels exchanged and rotated by 180°. @bias may be NULL. */
void winograd_pack (float *packed,
                    const float *w,
                    const float *bias,
                    int groups,
                    int out,
                    int in,
                    gboolean adjoint);

G_END_DECLS
