/* operator-gradient.h - backward kernels against finite differences of the twins
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "operator-cases.h"
#include "twin.h"

G_BEGIN_DECLS

/* Every input that can have a gradient: cell by cell against (f (x + h) - f (x - h)) / 2h of the twin, all
 * together along a direction, alone and with the others, on 1 to 3 threads, from every output alone. */
void operator_check_gradient (const OperatorBench *bench, TwinFunc twin);
/* Why the operator has no derivative to speak of, or NULL when it has one. */
const char *operator_without_gradient (const char *op);
/* Inputs of numbers that are parameters, not data: sizes, scales, a rate. By bits. */
guint operator_parameters (const char *op);

G_END_DECLS
