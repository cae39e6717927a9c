/* cases-quantize.c - whole numbers of a few bits
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What rounds has no derivative to compare with; its way straight through has a test of its own. */

#include "config.h"

#include "operator-cases.h"

#define ROUNDS .flags = CASE_FORWARD_ONLY
#define INT8   "output_dtype=3"

const OperatorCase cases_quantize[] = {
  { "ConvInteger", NULL, "1x3x6x7~bytes ci5x3x3x3@-128:127 cis=128" },
  { "ConvInteger", "pads=[1,1,1,1]", "2x3x5x6~bytes ci4x3x3x3@0:255 cis=100 ci4=120,0,255,7" },
  { "ConvInteger", "group=2 strides=[2,1] pads=[1,0,2,1]", "1x4x7x5~ties ci6x2x3x2" },
  { "ConvInteger", "dilations=[2,2]", "1x2x7x8~bytes i3x2x3x2@-128:127 i1=3 is=-5" },
  { "ConvInteger", "pads=[1,2]", "2x3x11~bytes ci5x3x3@-9:9" },
  { "ConvInteger", NULL, "i1x3x5x5@0:255 c4x3x2x2~bytes is=128 is=77", ROUNDS },
  { "ConvInteger", NULL, "i1x700x4x4@200:255 ci5x700x3x3@90:127", ROUNDS },
  { "DequantizeLinear", NULL, "2x3x4x5~bytes cs=0.03 cis=128" },
  { "DequantizeLinear", NULL, "2x3x4x5~bytes cs=0.03" },
  { "DequantizeLinear", "axis=1", "2x3x4x5~bytes c3@0.01:2 ci3=3,128,200" },
  { "DequantizeLinear", "axis=-1", "2x3x4x5~bytes 5@0.01:2 i5" },
  { "DequantizeLinear", "axis=0", "i3x4@-128:127 3@0.01:2", ROUNDS },
  { "DequantizeLinear", NULL, "i7@-2000000:2000000 s=0.0003", ROUNDS },
  { "DequantizeLinear", NULL, "s=17 s=0.5 is=3" },
  { "DynamicQuantizeLinear", NULL, "2x3x5x7", 0, 3, CASE_FORWARD_ONLY },
  { "DynamicQuantizeLinear", NULL, "2x3x5x7@3:9", 0, 3, CASE_FORWARD_ONLY },
  { "DynamicQuantizeLinear", NULL, "2x3x5x7@-9:-3", 0, 3, CASE_FORWARD_ONLY },
  { "DynamicQuantizeLinear", NULL, "4x5=0", 0, 3, CASE_FORWARD_ONLY },
  { "DynamicQuantizeLinear", NULL, "6=-1,0.5,1.5,2.5,253.5,254", 0, 3, CASE_FORWARD_ONLY },
  { "MatMulInteger", NULL, "5x7~bytes 7x6~bytes is=128 is=100" },
  { "MatMulInteger", NULL, "2x3x5x40~bytes 40x6~ties i5=1,2,3,4,5 i6=6,5,4,3,2,1" },
  { "MatMulInteger", NULL, "2x1x4x3~ties 3x3x5~ties" },
  { "MatMulInteger", NULL, "33~bytes 33x70~ties" },
  { "MatMulInteger", NULL, "4x33~bytes 33~ties" },
  { "MatMulInteger", NULL, "i18x70@0:255 ci70x130@-128:127 is=7", ROUNDS },
  { "MatMulInteger", NULL, "i1x33000=255 ci33000x2=255,-128", ROUNDS },
  { "QLinearConv", NULL,
    "1x3x6x7~bytes cs=0.02 cis=128 ci5x3x3x3@-128:127 cs=0.01 cis cs=0.1 cis=120", ROUNDS },
  { "QLinearConv", "pads=[1,1,1,1]",
    "2x3x6x7~bytes cs=0.02 cis=0 ci5x3x3x3@-128:127 c5@0.001:0.01 ci5=0 cs=0.1 cis=0 ci5@-900:900",
    ROUNDS },
  { "QLinearConv", INT8 " pads=[1,1,1,1] strides=[2,2] group=3",
    "i1x6x7x8@-128:127 cs=0.02 cis=-3 ci9x2x3x3@-128:127 c9@0.001:0.01 ci9 cs=0.03 cis=5 "
    "ci9@-900:900",
    ROUNDS },
  { "QLinearConv", "group=4 pads=[1,1,1,1]",
    "1x4x6x6~bytes cs=0.02 cis=7 ci4x1x3x3@0:255 cs=0.01 cis=128 cs=0.1 cis=128", ROUNDS },
  { "QLinearConv", NULL, "1x33x5x9~bytes s=0.02 is=3 40x33x1x1~bytes s=0.002 is=128 s=0.1 is=99",
    ROUNDS },
  { "QLinearConv", NULL,
    "i1x600x4x4@100:255 cs=0.02 cis=0 ci5x600x3x3@60:127 cs=0.01 cis cs=400.0 cis=0", ROUNDS },
  { "QLinearConv", "pads=[1,1]", "2x3x9~bytes cs=0.02 cis=1 ci5x3x3 cs=0.5 cis cs=0.1 cis=0",
    ROUNDS },
  { "QLinearMatMul", NULL, "5x7~bytes cs=0.02 cis=3 ci7x6@-128:127 cs=0.01 cis cs=0.04 cis=128",
    ROUNDS },
  { "QLinearMatMul", INT8,
    "2x3x5x40~bytes cs=0.02 cis=3 ci40x6@-128:127 c6@0.001:0.01 ci6 cs=0.09 cis=-4", ROUNDS },
  { "QLinearMatMul", NULL, "2x4x3~bytes 4@0.1:1 i4 2x3x5~bytes s=0.3 is=128 s=0.5 is=9", ROUNDS },
  { "QLinearMatMul", NULL, "1x70~bytes cs=0.02 cis=3 ci70x130@-128:127 cs=0.01 cis cs=0.04 cis=128",
    ROUNDS },
  { "QuantizeLinear", NULL, "2x3x4x5 cs=0.007 cis=128", ROUNDS },
  { "QuantizeLinear", NULL, "2x3x4x5 cs=0.007", ROUNDS },
  { "QuantizeLinear", INT8, "2x3x4x5@-3:3 cs=0.02 cis=-7", ROUNDS },
  { "QuantizeLinear", INT8 " axis=1", "2x3x4x5@-3:3 c3@0.01:0.1 ci3", ROUNDS },
  { "QuantizeLinear", "axis=-2", "2x3x4x5@-3:3 4@0.01:0.1 i4=100,200,0,255", ROUNDS },
  { "QuantizeLinear", "output_dtype=5", "2x3x4x5@-3:3 cs=0.0001 cis=9", ROUNDS },
  { "QuantizeLinear", "output_dtype=4", "9@-1:3 cs=0.00004 cis=9", ROUNDS },
  { "QuantizeLinear", NULL,
    "14=0.5,1.5,2.5,-0.5,254.5,255.5,256,1e30,-1e30,inf,-inf,nan,0,3 cs=1 cis=0", ROUNDS },
  { "QuantizeLinear", NULL, "i6=-3,0,7,255,256,1000 cs=2 cis=1", ROUNDS },
  { NULL },
};
