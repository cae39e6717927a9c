/* occlusion-private.h - masks, shared by the sweep and the drag
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "methods/occlusion.h"

G_BEGIN_DECLS

/* The input as [1,C,H,W] that can be masked; an error when it has another shape. */
gboolean tap_occlusion_check_input (TapContext *context, GError **error);
/* What stands under the mask, in input space: [1,C,region.height,region.width]. (transfer full) */
TapTensor *
tap_occlusion_pixels (TapContext *context, const TapRect *region, TapFill fill, GError **error);
/* The trace with the region covered; @base itself when the region is empty. (transfer full) */
TapTrace *tap_occlusion_cover (TapContext *context,
                               TapTrace *base,
                               const TapRect *region,
                               TapFill fill,
                               const TapTaps *taps,
                               GCancellable *cancellable,
                               GError **error);

G_END_DECLS
