/* networks.h - the eight networks that speed is judged by, with random weights
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-graph.h"

G_BEGIN_DECLS

typedef struct
{
  const char *id, *title; /* "squeezenet1_1", "SqueezeNet 1.1" */
  /* What the table of performance targets asks for, 0: nothing. */
  double must_forward;        /* times as fast as ONNX Runtime */
  double must_patch_ms;       /* at most, for a mask of 32 pixels, on two threads */
  double must_memory_mib;     /* at most, forward and backward */
  gboolean in_sweep, in_cold; /* measured there too */
} BenchNetwork;

/* Quick ones first; ends with a NULL id. */
extern const BenchNetwork bench_networks[];
const BenchNetwork *bench_network_find (const char *id);

/* The network as exporters write it: 3×224×224, any batch, batch normalisation folded into the
 * convolutions, 1000 scores without a softmax. Weights are uniform, of He's variance, so activations
 * keep their size and half of what ReLU leaves is zero. Sorted, shapes not inferred yet.
 * (transfer full) */
TapGraph *bench_network_build (const BenchNetwork *network);

G_END_DECLS
