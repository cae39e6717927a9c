/* onednn.h - the times of oneDNN, which is opened at run time
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ops/tap-op.h"

G_BEGIN_DECLS

typedef struct
{
  int images, in, out;
  TapWindow window;
} OneDnnConv;

typedef enum
{
  ONEDNN_FORWARD, /* with bias and ReLU */
  ONEDNN_DATA,
  ONEDNN_WEIGHTS,
} OneDnnPass;

/* FALSE when it is not installed. Call before OpenMP starts: OMP_NUM_THREADS counts. */
gboolean onednn_open (void);
/* Seconds in its own layouts, by the faster of its direct and Winograd algorithms; 0 without an answer. */
double onednn_time (const OneDnnConv *conv, OneDnnPass pass);

G_END_DECLS
