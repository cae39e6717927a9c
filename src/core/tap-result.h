/* tap-result.h - what a method returns: named arrays, a sentence, where it came from
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Immutable once published, atomically reference-counted. */
#pragma once

#include "core/tap-model.h"
#include "core/tap-param.h"
#include "core/tap-tensor.h"

G_BEGIN_DECLS

/* How an array wants to be drawn. */
typedef enum
{
  TAP_ARRAY_MAP,       /* [H,W] one heat map */
  TAP_ARRAY_STACK,     /* [K,H,W] or [K,1,H,W]: a grid of maps */
  TAP_ARRAY_RGB_STACK, /* [K,3,H,W]: a grid of colour tiles (filters that see RGB) */
  TAP_ARRAY_CLASSES,   /* [H,W] int32-valued class indices: categorical, with a legend */
  TAP_ARRAY_VECTOR,    /* [K] */
} TapArrayKind;

typedef struct
{
  char *name;  /* key in .npz: "probability" */
  char *title; /* N_() source text for a caption: "Probability of “%s”" already filled */
  TapArrayKind kind;
  TapTensor *tensor;
  gboolean signed_range; /* diverging colours around 0 */
  gboolean has_range;    /* min..max are natural (probabilities 0..1), else from the data */
  float min, max;
  gboolean is_int32; /* saved as int32 in .npz/.npy (winner) */
} TapArray;

typedef struct
{
  int index;
  float probability;
} TapScore;

struct _TapResult
{
  gatomicrefcount ref;
  const char *method; /* id, static */
  GPtrArray *arrays;  /* TapArray*, the first is the principal one */
  char *sentence;     /* one sentence that says what is seen; accessible label, PNG text chunk */
  double fraction;    /* 1.0 when complete; less in partial results */
  double milliseconds;
  /* provenance */
  char *layer;           /* or NULL */
  int unit, class_index; /* -1 when none */
  char *params;          /* tap_params_to_string() */
  TapModel *model;       /* for labels and checksum */
  char *picture;         /* path or name, or NULL */
  guint64 seed;
  GArray *top; /* TapScore, best first, up to 5; NULL when the method has no scores */
};

TapResult *tap_result_new (const char *method, TapModel *model);
TapResult *tap_result_ref (TapResult *self);
void tap_result_unref (TapResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapResult, tap_result_unref)
/* Appends; returns it for setting range and flags. @tensor (transfer none: takes a reference) */
TapArray *tap_result_add (TapResult *self,
                          const char *name,
                          const char *title,
                          TapArrayKind kind,
                          TapTensor *tensor);
TapArray *tap_result_find (const TapResult *self, const char *name);
/* JSON object with everything that is needed to make the figure again. (transfer full) */
char *tap_result_recipe (const TapResult *self);

G_END_DECLS
