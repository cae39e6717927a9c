/* isa.h - the instruction set that this process computes with, chosen once
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-types.h"
#include "engine/cpu/simd/simd.h"

G_BEGIN_DECLS

/* The widest table that the processor can run; TAPETUM_CPU=avx512|avx2|portable asks for a narrower
 * one (a wider one than the processor has is refused). */
const TapSimd *tap_cpu_simd (void);

G_END_DECLS
