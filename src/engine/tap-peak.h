/* tap-peak.h - what the machine could do at most
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-types.h"

G_BEGIN_DECLS

/* Multiply-adds that @n_threads threads (0: one per core) can do in registers, with the instruction set
 * that the engine has chosen. Takes about a tenth of a second and every core it is given: the best of a few
 * short runs. Any thread.
 * Units: GFLOP/s, a multiply-add counting as two. */
double tap_engine_measure_peak (int n_threads);

G_END_DECLS
