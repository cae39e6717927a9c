/* tap-live-view.h - the strongest map under the mask, following the pointer
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/pages/tap-occlusion-jobs.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define TAP_TYPE_LIVE_VIEW (tap_live_view_get_type ())
G_DECLARE_FINAL_TYPE (TapLiveView, tap_live_view, TAP, LIVE_VIEW, GtkWidget)

GtkWidget *tap_live_view_new (void);
/* @layer: name of the layer whose map the probe brought. Hides itself when there is no map. */
void tap_live_view_set_probe (TapLiveView *self, const TapOcclusionProbe *probe, const char *layer);

G_END_DECLS
