/* random-graph.h - small networks of random layers, for tests of the engine as a whole
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-graph.h"

G_BEGIN_DECLS

/* With shapes; every value that is computed can be tapped. (transfer full) */
TapGraph *random_graph_new (guint32 seed);
/* The same, with layers that move cells: padding, resizing, slicing, joining, shuffling. (transfer full) */
TapGraph *random_graph_new_moving (guint32 seed);
/* Values that nodes compute. (transfer full) (element-type int) */
GArray *random_graph_values (const TapGraph *graph);

G_END_DECLS
