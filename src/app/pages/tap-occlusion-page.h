/* tap-occlusion-page.h - drag a mask over the picture and see the answer change
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/tap-page.h"

G_BEGIN_DECLS

#define TAP_TYPE_OCCLUSION_PAGE (tap_occlusion_page_get_type ())
G_DECLARE_FINAL_TYPE (TapOcclusionPage, tap_occlusion_page, TAP, OCCLUSION_PAGE, GtkWidget)

GtkWidget *tap_occlusion_page_new (void);

G_END_DECLS
