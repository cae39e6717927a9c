/* plan-chain.h - steps that are run together, band by band
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/cpu/tap-cpu.h"

G_BEGIN_DECLS

/* The most steps of a chain. */
#define TAP_CHAIN_LINKS  16
/* The most inputs and outputs of its steps: what a convolution has with a residual. */
#define TAP_CHAIN_ARRAYS 8

/* One step of a chain. The rows of its output that the next link still has to see are in a buffer of the
 * worker's: [channels][rows], channels a little apart. The last link writes to its value. */
typedef struct
{
  TapWindow window; /* from the output of the link before */
  int channels;     /* of its output */
  int rows;         /* of the buffer */
  gsize channel;    /* floats from a channel of the buffer to the next */
  gsize at;         /* where the buffer begins: bytes of the worker's memory */
} TapChainLink;

/* Steps of a plan that follow each other, each reading what the one before has made. */
typedef struct
{
  TapChainLink *links;
  int n_links;
  int images;
  int band_rows; /* of the last output, that are made at a time */
  int n_bands;   /* of one image */
  gsize scratch_at, worker_bytes;
} TapChain;

void tap_chain_free (TapChain *self);

G_END_DECLS
