/* cases-pointwise.c - functions of one number
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "operator-cases.h"

#define MAPS "2x3x5x7"

const OperatorCase cases_pointwise[] = {
  { "Abs", NULL, MAPS "@-5:5" },
  { "Relu", NULL, MAPS "@-5:5" },
  { "Sigmoid", NULL, MAPS "@-5:5" },
  { NULL },
};
