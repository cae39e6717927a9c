/* operator-cases.h - one node at a time: its operator, attributes and inputs, written in one line each
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Attributes: words of name=value; a value is an integer (2), a number with a point (0.5), a text ('x'), integers
 * ([1,2]), numbers ({0.5,2}) or a tensor of one number ((f:0.5), (i:7)).
 *
 * Inputs: words; “-” is left out. Otherwise letters, a shape, and where the numbers come from:
 *   letters  c  a constant of the graph;  i  integers;  b  truth values
 *   shape    2x3x5, s for a scalar
 *   numbers  nothing        uniform in -1 .. 1 (integers: -4 .. 4)
 *            @low:high      uniform in low .. high
 *            =1,2.5,inf     these, repeated
 *            ~ties          whole numbers in -2 .. 2
 *            ~special       some NaN, ±infinity and -0 among others
 *            ~apart         all different, 0.01 apart at least
 *            ~away          at least 0.05 from 0
 *            ~bytes         whole numbers in 0 .. 255 */
#pragma once

#include "core/tap-graph.h"

G_BEGIN_DECLS

typedef enum
{
  CASE_FORWARD_ONLY = 1 << 0, /* its numbers are no place for a derivative: NaN, integers */
  CASE_KINKS = 1 << 1,        /* many cells lie where the function has no derivative: ties */
  CASE_SAMPLED = 1 << 2,      /* large: derivatives of some cells, and of all along a direction */
  CASE_FOLDED = 1 << 3,       /* is computed while a network loads, and has a kernel all the same */
} CaseFlags;

typedef struct
{
  const char *op;
  const char *attrs;  /* NULL: none */
  const char *inputs; /* as above */
  int opset;          /* 0: the newest */
  int n_outputs;      /* 0: 1 */
  CaseFlags flags;
} OperatorCase;

/* A case made into a graph with shapes, of one node. */
typedef struct
{
  const OperatorCase *item;
  TapGraph *graph;
  const TapNode *node;
  TapTensor *inputs[16]; /* per input of the node; NULL: left out */
  gboolean constant[16];
  int n_inputs, n_outputs;
} OperatorBench;

/* NULL-terminated lists, one per family, each ended by an op of NULL. */
const OperatorCase *const *operator_cases (void);
guint operator_cases_count (const char *op);
/* @fold: all inputs are constants, so that the outputs are as well, where the operator can be folded. Fails
 * the test with the case's line when it does not parse, or inference refuses it: FALSE. */
gboolean operator_bench_init (OperatorBench *self, const OperatorCase *item, gboolean fold);
void operator_bench_clear (OperatorBench *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (OperatorBench, operator_bench_clear)
/* "Conv kernel_shape=[3,3] | 1x3x5x5 c4x3x3x3", for messages. (transfer full) */
char *operator_case_describe (const OperatorCase *item);

extern const OperatorCase cases_binary[];
extern const OperatorCase cases_index[];
extern const OperatorCase cases_move[];
extern const OperatorCase cases_normalize[];
extern const OperatorCase cases_pointwise[];
extern const OperatorCase cases_quantize[];
extern const OperatorCase cases_reduce[];
extern const OperatorCase cases_volume[];
extern const OperatorCase cases_window[];

G_END_DECLS
