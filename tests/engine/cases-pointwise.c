/* cases-pointwise.c - functions of one number
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "operator-cases.h"

/* Each over the part of the axis where it does something, on more cells than any vector; once where numbers
 * are none or have no end. */
#define FUNCTION(op, range)                                                                        \
  { op, NULL, "2x3x5x7" range }, { op, NULL, "67" range }, { op, NULL, "s" range },                \
  {                                                                                                \
    op, NULL, "1x2x9x11~special", .flags = CASE_FORWARD_ONLY                                       \
  }

const OperatorCase cases_pointwise[] = {
  FUNCTION ("Abs", "@-5:5"),
  { "Abs", NULL, "i3x7" },
  FUNCTION ("Ceil", "@-100:100"),
  { "Celu", "alpha=2.0", "2x3x5x7@-8:5" },
  FUNCTION ("Celu", "@-8:5"),
  { "Clip", NULL, "2x3x5x7@-8:5 cs=-2.5 cs=1.5" },
  { "Clip", NULL, "2x3x5x7@-8:5 cs=-2.5" },
  { "Clip", NULL, "2x3x5x7@-8:5 - cs=1.5" },
  { "Clip", NULL, "2x3x5x7@-8:5" },
  { "Clip", NULL, "2x3x5x7@-8:5 s=-2.5 s=1.5" },
  { "Clip", NULL, "2x3x5x7@-8:5 cs=3 cs=-3" },
  { "Clip", NULL, "2x3x5x7~special cs=-0.5 cs=0.5", .flags = CASE_FORWARD_ONLY },
  { "Clip", NULL, "i3x7 cis=-1 cis=2" },
  { "Clip", "min=-2.5 max=1.5", "2x3x5x7@-8:5", .opset = 6 },
  { "Clip", "max=6.0", "2x3x5x7@-8:8", .opset = 6 },
  FUNCTION ("Cos", "@-20:20"),
  { "Elu", "alpha=1.5", "2x3x5x7@-8:5" },
  FUNCTION ("Elu", "@-8:5"),
  FUNCTION ("Erf", "@-5:5"),
  FUNCTION ("Exp", "@-20:20"),
  { "Exp", NULL, "2x3x5x7@-100:88", .flags = CASE_FORWARD_ONLY },
  FUNCTION ("Floor", "@-100:100"),
  FUNCTION ("Gelu", "@-8:8"),
  { "Gelu", "approximate='tanh'", "2x3x5x7@-8:8" },
  { "HardSigmoid", "alpha=0.3 beta=0.4", "2x3x5x7@-5:5" },
  FUNCTION ("HardSigmoid", "@-5:5"),
  FUNCTION ("HardSwish", "@-8:8"),
  { "LeakyRelu", "alpha=0.1", "2x3x5x7@-5:5" },
  { "LeakyRelu", "alpha=-0.5", "2x3x5x7@-5:5" },
  FUNCTION ("LeakyRelu", "@-5:5"),
  FUNCTION ("Log", "@0.1:50"),
  { "Log", NULL, "2x3x5x7@1e-30:1e5", .flags = CASE_FORWARD_ONLY },
  FUNCTION ("Mish", "@-20:20"),
  FUNCTION ("Neg", "@-5:5"),
  { "Neg", NULL, "i3x7" },
  { "Not", NULL, "b3x7" },
  FUNCTION ("Reciprocal", "@0.2:5"),
  { "Reciprocal", NULL, "2x3x5x7@-5:-0.2" },
  FUNCTION ("Relu", "@-5:5"),
  { "Relu", NULL, "2x3x5x7~ties", .flags = CASE_KINKS },
  { "Relu", NULL, "i3x7" },
  FUNCTION ("Round", "@-100:100"),
  { "Round", NULL, "9=-2.5,-1.5,-0.5,0.5,1.5,2.5,3.5,0,1e9", .flags = CASE_FORWARD_ONLY },
  { "Selu", "alpha=1.5 gamma=2.0", "2x3x5x7@-8:5" },
  FUNCTION ("Selu", "@-8:5"),
  { "Shrink", "lambd=1.5 bias=0.5", "2x3x5x7@-5:5" },
  FUNCTION ("Shrink", "@-5:5"),
  FUNCTION ("Sigmoid", "@-30:30"),
  FUNCTION ("Sign", "@-5:5"),
  { "Sign", NULL, "i3x7" },
  FUNCTION ("Sin", "@-20:20"),
  FUNCTION ("Softplus", "@-30:30"),
  FUNCTION ("Softsign", "@-9:9"),
  FUNCTION ("Sqrt", "@0.1:1000"),
  FUNCTION ("Tanh", "@-12:12"),
  { "ThresholdedRelu", "alpha=2.0", "2x3x5x7@-5:5" },
  FUNCTION ("ThresholdedRelu", "@-5:5"),
  { NULL },
};
