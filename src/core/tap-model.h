/* tap-model.h - a network with everything known about it: graph, preprocessing, labels, provenance
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Immutable once loaded, except through tap_model_copy_with_*(), which share the graph. */
#pragma once

#include "core/tap-graph.h"
#include "core/tap-preprocess.h"

G_BEGIN_DECLS

struct _TapLabels
{
  gatomicrefcount ref;
  char **names; /* NULL-terminated, UTF-8 */
  int n;
  char *source; /* file name or "the model"; NULL when these are bare indices */
};

TapLabels *tap_labels_new (char **names, const char *source); /* @names (transfer full) */
TapLabels *tap_labels_ref (TapLabels *self);
void tap_labels_unref (TapLabels *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapLabels, tap_labels_unref)
/* Never NULL: the index as text where there is no label. (transfer full) */
char *tap_labels_dup_name (const TapLabels *self, int index);
/* First of several synonyms ("tench, Tinca tinca" → "tench"). (transfer full) */
char *tap_labels_dup_short_name (const TapLabels *self, int index);

struct _TapModel
{
  gatomicrefcount ref;
  TapGraph *graph;
  char *path;     /* absolute; NULL for the built-in example */
  char *title;    /* for humans: file stem, or the network's own name */
  char *format;   /* "ONNX, opset 13, pytorch 1.13" */
  char *checksum; /* sha256 of the file(s), hex */
  guint64 n_bytes;
  TapPreprocess preprocess;
  TapLabels *labels;   /* never NULL */
  GPtrArray *warnings; /* char*: what the reader ought to know, one sentence each */

  /* Set by tap_model_complete(). */
  int input;  /* value index of the picture input */
  int scores; /* value index of the class scores (logits or probabilities), or -1 */
  int n_classes;
  gboolean scores_are_probabilities; /* otherwise a softmax is applied, and said so */
};

TapModel *tap_model_new (TapGraph *graph); /* (transfer full) */
TapModel *tap_model_ref (TapModel *self);
void tap_model_unref (TapModel *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapModel, tap_model_unref)
/* Finds the picture input (the first non-constant one), the scores (of the outputs with one number per
 * class and no spatial extent, or after dropping extents of 1, those that are probabilities, then the
 * deepest, then the first) and whether a Softmax makes them. One number alone counts when a Sigmoid
 * makes it. Called by tap_format_load() after inference. */
void tap_model_complete (TapModel *self);
/* Why the scores cannot be computed: the problem of the first node on the way to them that cannot run;
 * NULL when there is none. (transfer none) */
const char *tap_model_get_obstacle (const TapModel *self);
TapModel *tap_model_copy_with_preprocess (TapModel *self, const TapPreprocess *preprocess);
TapModel *tap_model_copy_with_labels (TapModel *self, TapLabels *labels);
guint64 tap_model_n_parameters (const TapModel *self);

G_END_DECLS
