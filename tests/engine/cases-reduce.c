/* cases-reduce.c - reductions, ArgMax, TopK, global pooling
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "operator-cases.h"

/* Axes by attribute and by input, negative, none, neighbouring and not; kept and dropped. */
#define REDUCTION(op, range)                                                                       \
  { op, NULL, "2x3x5x7" range " ci2=2,3" }, { op, NULL, "2x3x5x7" range " ci1=1" },                \
    { op, "keepdims=0", "2x3x5x7" range " ci2=-1,0" },                                             \
    { op, "keepdims=0", "2x3x5x7" range " ci3=1,2,3" }, { op, NULL, "2x3x5" range },               \
    { op, "keepdims=0", "2x3x5" range }, { op, "noop_with_empty_axes=1", "2x3x5" range },          \
    { op, "axes=[2,3]", "2x3x5x7" range, .opset = 11 },                                            \
    { op, "axes=[-3] keepdims=0", "2x3x5x7" range, .opset = 11 },                                  \
    { op, NULL, "3x301" range " ci1=1", .flags = CASE_SAMPLED },                                   \
    { op, NULL, "301x19" range " ci1=0", .flags = CASE_SAMPLED },                                  \
  {                                                                                                \
    op, "keepdims=0", "5" range " ci1=0"                                                           \
  }

const OperatorCase cases_reduce[] = {
  { "ArgMax", NULL, "4x5~apart" },
  { "ArgMax", "axis=1 keepdims=0", "2x7x3~apart" },
  { "ArgMax", "axis=-1", "2x7x3~ties" },
  { "ArgMax", "axis=-1 select_last_index=1", "2x7x3~ties" },
  { "ArgMax", "axis=1", "i3x9" },
  { "ArgMin", NULL, "4x5~apart" },
  { "ArgMin", "axis=1 keepdims=0", "2x7x3~apart" },
  { "ArgMin", "axis=-1", "2x7x3~ties" },
  { "ArgMin", "axis=-1 select_last_index=1", "2x7x3~ties" },
  { "ArgMin", "axis=1", "i3x9" },
  { "GlobalAveragePool", NULL, "2x3x5x7" },
  { "GlobalAveragePool", NULL, "2x3x11" },
  { "GlobalAveragePool", NULL, "2x5x1x1" },
  { "GlobalAveragePool", NULL, "2x3x2x3x4" },
  { "GlobalAveragePool", NULL, "1x19x27x29", .flags = CASE_SAMPLED },
  { "GlobalMaxPool", NULL, "2x3x5x7~apart" },
  { "GlobalMaxPool", NULL, "2x3x11~apart" },
  { "GlobalMaxPool", NULL, "2x3x2x3x4~apart" },
  { "GlobalMaxPool", NULL, "2x3x5x7~ties", .flags = CASE_KINKS },
  { "GlobalMaxPool", NULL, "2x3x5x7~special", .flags = CASE_FORWARD_ONLY },
  REDUCTION ("ReduceL1", "~away"),
  REDUCTION ("ReduceL2", ""),
  REDUCTION ("ReduceLogSum", "@0.1:2"),
  REDUCTION ("ReduceLogSumExp", "@-3:3"),
  { "ReduceLogSumExp", NULL, "3x7@80:95 ci1=1" },
  REDUCTION ("ReduceMax", "~apart"),
  { "ReduceMax", NULL, "3x9~ties ci1=1", .flags = CASE_KINKS },
  { "ReduceMax", NULL, "3x9~special ci1=1", .flags = CASE_FORWARD_ONLY },
  { "ReduceMax", NULL, "i3x9 ci1=1" },
  REDUCTION ("ReduceMean", ""),
  REDUCTION ("ReduceMin", "~apart"),
  { "ReduceMin", NULL, "3x9~ties ci1=1", .flags = CASE_KINKS },
  { "ReduceMin", NULL, "3x9~special ci1=1", .flags = CASE_FORWARD_ONLY },
  { "ReduceMin", NULL, "i3x9 ci1=1" },
  REDUCTION ("ReduceProd", "@0.8:1.2"),
  { "ReduceProd", NULL, "3x5~ties ci1=1" },
  { "ReduceProd", NULL, "i3x5 ci1=1" },
  REDUCTION ("ReduceSum", ""),
  { "ReduceSum", NULL, "i3x5 ci1=1" },
  REDUCTION ("ReduceSumSquare", ""),
  { "TopK", NULL, "3x9~apart ci1=4", .n_outputs = 2 },
  { "TopK", "axis=1 largest=0", "2x9x3~apart ci1=3", .n_outputs = 2 },
  { "TopK", "axis=0", "7x3~ties ci1=7", .n_outputs = 2, .flags = CASE_FORWARD_ONLY },
  { "TopK", NULL, "3x9~apart ci1=1" },
  { "TopK", "k=2 axis=1", "3x9~apart", .opset = 1, .n_outputs = 2 },
  { "TopK", NULL, "i3x9 ci1=4", .n_outputs = 2 },
  { NULL },
};
