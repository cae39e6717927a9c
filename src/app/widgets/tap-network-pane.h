/* tap-network-pane.h - the network as a drawing, with find, zoom and collapsing
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/tap-document.h"
#include "render/tap-diagram.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define TAP_TYPE_NETWORK_PANE (tap_network_pane_get_type ())
G_DECLARE_FINAL_TYPE (TapNetworkPane, tap_network_pane, TAP, NETWORK_PANE, GtkWidget)

GtkWidget *tap_network_pane_new (void);
void tap_network_pane_set_document (TapNetworkPane *self, TapDocument *document);
/* Puts the keyboard into the entry. */
void tap_network_pane_find (TapNetworkPane *self);
void tap_network_pane_zoom (TapNetworkPane *self, double factor);
void tap_network_pane_fit (TapNetworkPane *self);
/* (transfer full); NULL without a network, or before it is laid out. */
TapDiagram *tap_network_pane_dup_diagram (TapNetworkPane *self);

G_END_DECLS
