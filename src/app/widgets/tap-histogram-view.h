/* tap-histogram-view.h - how the values of a layer are spread
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/tap-layer-facts.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define TAP_TYPE_HISTOGRAM_VIEW (tap_histogram_view_get_type ())
G_DECLARE_FINAL_TYPE (TapHistogramView, tap_histogram_view, TAP, HISTOGRAM_VIEW, GtkWidget)

GtkWidget *tap_histogram_view_new (void);
/* @facts may be NULL; takes a reference. */
void tap_histogram_view_set_facts (TapHistogramView *self, TapLayerFacts *facts);

G_END_DECLS
