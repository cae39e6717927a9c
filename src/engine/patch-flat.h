/* patch-flat.h - cells under a mask of one colour, which are all alike
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/patch-walk.h"

G_BEGIN_DECLS

/* The most rectangles around a hole. */
#define TAP_PATCH_STRIPS 4

/* The whole of @region where each channel of @pixels is one number, else nothing. */
TapRect tap_patch_flat_of_pixels (const TapRect *region, const TapTensor *pixels);
/* Where each channel of step @s's outputs is one number, when @change of them is computed: cells whose
 * windows see nothing but such cells, and no padding. Lies in @change, and may be empty. */
TapRect tap_patch_flat_follow (const TapPatchWalk *walk, int s, const TapChange *change);
/* Cuts @rect into what is to be computed of it, @flat's first row included, when filling in the rest of @flat
 * takes less time than computing it: how many rectangles; 0 when it is to be computed as one. */
int tap_patch_flat_cut (const TapPatchWalk *walk,
                        int s,
                        const TapRect *rect,
                        const TapRect *flat,
                        TapRect strips[TAP_PATCH_STRIPS]);
/* Repeats the first cell of @flat all over it, channel by channel, in the output of step @s. */
void tap_patch_flat_fill (TapPatchWalk *walk, int s, const TapRect *flat);

G_END_DECLS
