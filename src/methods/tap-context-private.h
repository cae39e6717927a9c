/* tap-context-private.h - what methods share among themselves
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "methods/tap-context.h"

G_BEGIN_DECLS

/* The input, strongly blurred; kept. (transfer none) */
TapTensor *tap_context_get_blurred (TapContext *self, GError **error);
/* A result with everything filled in that the context and the parameters tell. */
TapResult *tap_context_new_result (TapContext *self, const char *method, const TapParams *params);
/* Class probabilities of a trace of one picture, n_classes of them; NULL and TAP_METHOD_ERROR_NOT_APPLICABLE
 * when the network ends in something else. (transfer full) */
float *tap_context_dup_probabilities (TapContext *self, TapTrace *trace, GError **error);
/* “chelsea.png”, or “the picture”. (transfer full) */
char *tap_context_dup_picture_label (TapContext *self);

/* A layer's tensor seen as maps: n × height × width. A vector is n maps of one cell. FALSE for whole numbers
 * and for shapes that are none of an activation. */
typedef struct
{
  const float *values;
  int n, height, width;
} TapMaps;

gboolean tap_maps_init (TapMaps *self, const TapTensor *tensor);
/* Which of them has the highest mean; the first of equals. */
int tap_maps_strongest (const TapMaps *self);
double tap_maps_sum (const TapMaps *self, int map);

/* Four significant digits, the same in every locale. (transfer full) */
char *tap_number_to_string (double value);

G_END_DECLS
