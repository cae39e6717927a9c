/* tap-preprocess-chip.h - how pictures are fed to the network, and the editor for it
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/tap-document.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define TAP_TYPE_PREPROCESS_CHIP (tap_preprocess_chip_get_type ())
G_DECLARE_FINAL_TYPE (TapPreprocessChip, tap_preprocess_chip, TAP, PREPROCESS_CHIP, AdwBin)

GtkWidget *tap_preprocess_chip_new (void);
void tap_preprocess_chip_set_document (TapPreprocessChip *self, TapDocument *document);

G_END_DECLS
