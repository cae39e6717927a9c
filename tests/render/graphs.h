/* graphs.h - well-known networks built by hand, with shapes but without weights
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-graph.h"

G_BEGIN_DECLS

typedef enum
{
  GRAPH_VGG,
  GRAPH_SQUEEZENET,
  GRAPH_RESNET50,
  GRAPH_RESNET152,
  GRAPH_DENSENET201, /* every layer of a dense block reads all before it: 713 layers */
  GRAPH_GOOGLENET,
  GRAPH_MOBILENET,
  GRAPH_UNET,
  N_GRAPHS
} GraphKind;

extern const char *const graph_names[N_GRAPHS];

/* Without @named, layers are called by operator and number, as some exporters do. (transfer full) */
TapGraph *graph_build (GraphKind kind, gboolean named);

G_END_DECLS
