/* tap-diagram-feed.h - keeps a network drawing in step with the document
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lays the network out on a lane of its own, follows and sets the selected layer, opens and closes
 * repeated blocks. */
#pragma once

#include "app/document/tap-document.h"
#include "app/widgets/tap-diagram-view.h"

G_BEGIN_DECLS

typedef struct _TapDiagramFeed TapDiagramFeed;

/* @view owns the feed and must outlive it. */
TapDiagramFeed *tap_diagram_feed_new (TapDiagramView *view, TapDocument *document);
void tap_diagram_feed_free (TapDiagramFeed *self);
void tap_diagram_feed_set_collapse (TapDiagramFeed *self, gboolean collapse);

G_END_DECLS
