/* tap-layer-facts.h - what is known about one layer: from the graph, and from the clean run
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Immutable and counted; made in a worker. */
#pragma once

#include "core/tap-model.h"
#include "ops/infer.h"
#include "render/tap-plot.h"

#include <glib-object.h>

G_BEGIN_DECLS

typedef struct
{
  gatomicrefcount ref;
  int node; /* index into the graph */
  char *name;
  char *op_type;
  char *summary;  /* the operator in one sentence, untranslated N_() text; NULL when unknown */
  char *problem;  /* why it cannot run; NULL when it can */
  char *shape;    /* "64×113×113", without the batch; NULL when unknown */
  char *settings; /* "kernel 3×3, stride 2, …" for a person; NULL when there is nothing to tell */
  guint64 n_parameters, macs;
  gboolean has_field;
  TapReceptiveField field;

  gboolean has_stats; /* a picture has been run */
  TapStats stats;
  TapHistogram histogram;
} TapLayerFacts;

#define TAP_TYPE_LAYER_FACTS (tap_layer_facts_get_type ())
GType tap_layer_facts_get_type (void) G_GNUC_CONST;

/* @values: the layer's output on the picture, or NULL. */
TapLayerFacts *tap_layer_facts_new (TapModel *model, int node, TapTensor *values);
TapLayerFacts *tap_layer_facts_ref (TapLayerFacts *self);
void tap_layer_facts_unref (TapLayerFacts *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapLayerFacts, tap_layer_facts_unref)

G_END_DECLS
