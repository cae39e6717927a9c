/* tap-diagram-view.h - the network drawing: pan, zoom, select, find, by pointer and keyboard
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/document/tap-document.h"
#include "render/tap-diagram.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define TAP_TYPE_DIAGRAM_VIEW (tap_diagram_view_get_type ())
G_DECLARE_FINAL_TYPE (TapDiagramView, tap_diagram_view, TAP, DIAGRAM_VIEW, GtkWidget)

/* Signals:
 *   "node-selected" (int node): the user chose a layer (graph node index)
 *   "block-toggled" (int block): the user opened or closed a repeated block (double click, Enter, Space) */
GtkWidget *tap_diagram_view_new (void);
/* Follows the network and the selection of @document from now on. */
void tap_diagram_view_set_document (TapDiagramView *self, TapDocument *document);
/* Repeated blocks drawn as one box (the default), or every layer. */
void tap_diagram_view_set_collapse (TapDiagramView *self, gboolean collapse);
/* For export; NULL when nothing is drawn. (transfer full) */
TapDiagram *tap_diagram_view_dup_diagram (TapDiagramView *self);
/* @diagram (nullable). @keep_view: same network drawn anew (a block opened): the place looked at stays. */
void tap_diagram_view_set_diagram (TapDiagramView *self, TapDiagram *diagram, gboolean keep_view);
/* Graph node, or -1; scrolls it into view. Emits nothing. */
void tap_diagram_view_set_selected (TapDiagramView *self, int node);
int tap_diagram_view_get_selected (TapDiagramView *self);
/* Highlights boxes whose title, kind or shape contains @text; returns how many. */
int tap_diagram_view_set_find (TapDiagramView *self, const char *text);
/* Selects (and emits "node-selected" for) the next match after, or before, the selection. */
void tap_diagram_view_find_next (TapDiagramView *self, gboolean forward);
void tap_diagram_view_fit (TapDiagramView *self);
/* About the middle. */
void tap_diagram_view_zoom_by (TapDiagramView *self, double factor);
/* Tooltip text of the box under the pointer comes from the owner: (transfer full) or NULL. */
typedef char *(*TapDiagramTip) (int node, gpointer user_data);
void tap_diagram_view_set_tip_func (TapDiagramView *self, TapDiagramTip func, gpointer user_data);

G_END_DECLS
