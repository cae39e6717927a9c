/* twin.h - slow, obvious twins of the operators, by their ONNX name
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A twin is written from the operator's definition, cell by cell, in double, and shares nothing with
 * src/engine or the shape rules of src/ops: it reads the node's attributes itself and settles its own
 * output shapes. Next to each cell it says how far an evaluation in float32 may be off: a count of
 * roundings times the magnitudes that are rounded, from the standard model of floating point,
 * fl (a ∘ b) = (a ∘ b) (1 + δ), |δ| ≤ 2^-24. */
#pragma once

#include "core/tap-graph.h"

G_BEGIN_DECLS

#define TWIN_UNIT (1.0 / (1 << 24))

typedef struct
{
  TapDtype dtype;
  TapShape shape; /* n_dims -1 when left out */
  gsize count;
  double *cells;  /* integers as well, below 2^53 */
  double *errors; /* outputs: bound of the rounding error of each cell; NULL for inputs */
} TwinArray;

typedef struct
{
  const TapNode *node;
  const TwinArray *inputs;
  int n_inputs;
  TwinArray *outputs;
  int n_outputs;
} TwinCall;

typedef void (*TwinFunc) (TwinCall *call);

typedef struct
{
  const char *op;
  TwinFunc run;
} Twin;

/* The twin of an operator; NULL when there is none. */
TwinFunc twin_find (const char *op);
TwinArray twin_array_new (TapTensor *tensor); /* NULL: left out */
TwinArray twin_array_copy (const TwinArray *array);
void twin_array_clear (TwinArray *array);
/* Fills @outputs, which the caller clears. */
void twin_run (TwinFunc run,
               const TapNode *node,
               const TwinArray *inputs,
               int n_inputs,
               TwinArray *outputs,
               int n_outputs);

/* --- for twins --- */

/* Makes output @i; returns its cells, or NULL when the node does not have it. */
double *twin_output (TwinCall *call, int i, TapDtype dtype, const TapShape *shape);
/* A cell that came from @roundings roundings of numbers as large as @magnitude. */
void twin_set (TwinArray *array, gsize cell, double value, double roundings, double magnitude);
gboolean twin_has (const TwinCall *call, int input);
int twin_opset (const TwinCall *call);
gint64 twin_int (const TwinCall *call, const char *name, gint64 fallback);
double twin_float (const TwinCall *call, const char *name, double fallback);
const char *twin_string (const TwinCall *call, const char *name, const char *fallback);
/* Element @i of a list attribute, or @fallback when it is not there. */
gint64 twin_ints (const TwinCall *call, const char *name, gsize i, gint64 fallback);
/* -1, … count from the end */
int twin_axis (gint64 axis, int n_dims);

/* index[] of cell @cell, and back */
void twin_unravel (const TapShape *shape, gsize cell, gint64 *index);
gsize twin_ravel (const TapShape *shape, const gint64 *index);
gsize twin_count (const TapShape *shape);
/* The cell of @from that broadcasting shows at @index of @to. */
gsize twin_broadcast_cell (const TapShape *from, const TapShape *to, const gint64 *index);
TapShape twin_broadcast_shape (const TapShape *a, const TapShape *b);

/* --- the tables, one per family --- */

extern const Twin twins_binary[];
extern const Twin twins_einsum[];
extern const Twin twins_index[];
extern const Twin twins_move[];
extern const Twin twins_normalize[];
extern const Twin twins_pointwise[];
extern const Twin twins_quantize[];
extern const Twin twins_reduce[];
extern const Twin twins_resize[];
extern const Twin twins_window[];

G_END_DECLS
