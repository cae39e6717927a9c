/* random-network.h - small networks of every kind of layer, for tests of the engine against twins
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-graph.h"

G_BEGIN_DECLS

/* A few layers on a picture of 5 to 14 pixels, up to a head of scores; constants and shapes are all there. The
 * picture itself goes to @input. (transfer full) */
TapGraph *random_network_new (guint32 seed, TapTensor **input);
/* "Conv Relu Add …", for messages. (transfer full) */
char *random_network_describe (const TapGraph *graph);

G_END_DECLS
