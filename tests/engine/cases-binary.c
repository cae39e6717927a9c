/* cases-binary.c - arithmetic, comparisons and logic of two and more arrays, broadcast
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "operator-cases.h"

/* The ways in which shapes go together; then where “axis” said it, before opset 7. */
#define SHAPES(op, a, b)                                                                           \
  { op, NULL, "2x3x5x7" a " 2x3x5x7" b }, { op, NULL, "2x3x5x7" a " cs" b },                       \
    { op, NULL, "2x3x5x7" a " c3x1x1" b }, { op, NULL, "2x3x5x7" a " 1x3x1x1" b },                 \
    { op, NULL, "2x3x5x7" a " 2x3x1x1" b }, { op, NULL, "2x3x5x7" a " 2x1x5x7" b },                \
    { op, NULL, "2x3x5x7" a " c7" b }, { op, NULL, "2x1x5x7" a " 3x1x7" b },                       \
    { op, NULL, "5x1" a " 1x67" b }, { op, NULL, "s" a " 3x4" b },                                 \
  {                                                                                                \
    op, NULL, "s" a " s" b                                                                         \
  }
#define OLD_SHAPES(op, a, b)                                                                       \
  { op, "broadcast=1 axis=1", "2x3x5x7" a " 3" b, .opset = 6 },                                    \
    { op, "broadcast=1 axis=0", "2x3x5x7" a " 2x3" b, .opset = 6 },                                \
    { op, "broadcast=1", "2x3x5x7" a " c5x7" b, .opset = 6 },                                      \
  {                                                                                                \
    op, NULL, "2x3x5x7" a " 2x3x5x7" b, .opset = 6                                                 \
  }
#define COMPARISON(op)                                                                             \
  SHAPES (op, "~ties", "~ties"), OLD_SHAPES (op, "~ties", "~ties"), { op, NULL, "i2x3x5 i3x1" },   \
  {                                                                                                \
    op, NULL, "2x9~special 9~special"                                                              \
  }
#define LOGIC(op)                                                                                  \
  { op, NULL, "b2x3x5x7 b2x3x5x7" }, { op, NULL, "b2x3x5x7 b3x1x1" }, { op, NULL, "b7 b5x1" },     \
  {                                                                                                \
    op, "broadcast=1 axis=1", "b2x3x5x7 b3", .opset = 6                                            \
  }

const OperatorCase cases_binary[] = {
  SHAPES ("Add", "", ""),
  OLD_SHAPES ("Add", "", ""),
  { "Add", NULL, "i2x3 i3" },
  { "Add", NULL, "2x9~special 9~special", .flags = CASE_FORWARD_ONLY },
  LOGIC ("And"),
  SHAPES ("Div", "", "@0.5:2"),
  OLD_SHAPES ("Div", "", "@-2:-0.5"),
  { "Div", NULL, "i2x3=7,-7,8,-8,9,0 ci3=2,-2,3" },
  COMPARISON ("Equal"),
  COMPARISON ("Greater"),
  COMPARISON ("GreaterOrEqual"),
  COMPARISON ("Less"),
  COMPARISON ("LessOrEqual"),
  SHAPES ("Max", "", ""),
  { "Max", NULL, "2x3x5x7" },
  { "Max", NULL, "2x3x5x7 3x1x1 2x3x5x7 s" },
  { "Max", NULL, "2x3x5~ties 2x3x5~ties 3x5~ties", .flags = CASE_KINKS },
  { "Max", NULL, "2x9~special 9~special", .flags = CASE_FORWARD_ONLY },
  { "Max", NULL, "i2x3 i3" },
  SHAPES ("Mean", "", ""),
  { "Mean", NULL, "2x3x5x7 3x1x1 2x3x5x7 s" },
  { "Mean", NULL, "2x3x5x7" },
  SHAPES ("Min", "", ""),
  { "Min", NULL, "2x3x5x7 3x1x1 2x3x5x7 s" },
  { "Min", NULL, "2x9~special 9~special", .flags = CASE_FORWARD_ONLY },
  { "Min", NULL, "i2x3 i3" },
  { "Mod", "fmod=1", "2x3x5@-5:5 3x1@0.7:1.3" },
  { "Mod", "fmod=1", "2x3x5@-5:5 3x1@-1.3:-0.7" },
  { "Mod", NULL, "i2x3=7,-7,8,-8,9,0 ci3=2,-2,3" },
  { "Mod", "fmod=1", "i2x3=7,-7,8,-8,9,0 ci3=2,-2,3" },
  SHAPES ("Mul", "", ""),
  OLD_SHAPES ("Mul", "", ""),
  { "Mul", NULL, "i2x3 i3" },
  { "Mul", NULL, "2x9~special 9~special", .flags = CASE_FORWARD_ONLY },
  LOGIC ("Or"),
  { "PRelu", NULL, "2x3x5x7 c3x1x1" },
  { "PRelu", NULL, "2x3x5x7 3x1x1" },
  { "PRelu", NULL, "2x3x5x7 2x3x5x7" },
  { "PRelu", NULL, "2x3x5x7 cs" },
  { "PRelu", NULL, "2x3x5x7 c1x1x7" },
  { "PRelu", NULL, "2x3x5x7 c3", .opset = 6 },
  { "PRelu", NULL, "2x3x5x7 c1", .opset = 6 },
  SHAPES ("Pow", "@0.2:2", "@-2:3"),
  { "Pow", NULL, "2x3x5x7@-3:3 cs=2" },
  { "Pow", NULL, "2x3x5x7@-3:3 cs=3", .flags = CASE_FORWARD_ONLY },
  { "Pow", NULL, "2x3x5x7@0.1:3 cs=0.5" },
  { "Pow", NULL, "2x3x5x7@0.1:3 cs=-1" },
  { "Pow", NULL, "i2x3 ci3=0,2,3" },
  SHAPES ("Sub", "", ""),
  OLD_SHAPES ("Sub", "", ""),
  { "Sub", NULL, "i2x3 i3" },
  SHAPES ("Sum", "", ""),
  { "Sum", NULL, "2x3x5x7" },
  { "Sum", NULL, "2x3x5x7 3x1x1 2x3x5x7 s" },
  { "Where", NULL, "b2x3x5 2x3x5 2x3x5" },
  { "Where", NULL, "b3x1 2x1x5 s" },
  { "Where", NULL, "cb2x3x5 2x3x5 c5" },
  { "Where", NULL, "bs 3x4 4" },
  { "Where", NULL, "b2x3 i2x3 i3" },
  { "Where", NULL, "b2x9 2x9~special 9~special", .flags = CASE_FORWARD_ONLY },
  LOGIC ("Xor"),
  { NULL },
};
