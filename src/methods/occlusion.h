/* occlusion.h - one mask position, for dragging; the sweep is the method
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-shape.h"
#include "methods/tap-context.h"

G_BEGIN_DECLS

typedef enum
{
  TAP_FILL_BLACK,
  TAP_FILL_GREY,
  TAP_FILL_MEAN, /* the preprocessing's mean: zero in input space */
  TAP_FILL_BLUR, /* the picture, strongly blurred */
} TapFill;

/* What changes under the pointer. Owned by the caller; free with tap_occlusion_probe_free(). */
typedef struct
{
  TapRect mask;         /* clipped to the input */
  float *probabilities; /* n_classes */
  int n_classes;
  GArray *top;    /* TapScore, 5 */
  TapTensor *map; /* [H,W] the strongest (or asked-for) unit's map under the mask, or NULL */
  int unit;
  double milliseconds;
} TapOcclusionProbe;

void tap_occlusion_probe_free (TapOcclusionProbe *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapOcclusionProbe, tap_occlusion_probe_free)

/* Exact answer for one mask, by incremental inference from the context's clean trace.
 * @layer_value: whose map is wanted, or -1. @unit: -1 means the strongest on the clean picture (argmax of per-map mean). */
TapOcclusionProbe *tap_occlusion_probe (TapContext *context,
                                        const TapRect *mask,
                                        TapFill fill,
                                        int layer_value,
                                        int unit,
                                        GCancellable *cancellable,
                                        GError **error);

G_END_DECLS
