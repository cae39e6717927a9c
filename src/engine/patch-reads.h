/* patch-reads.h - changes through operators that look elsewhere than through a window
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/tap-plan.h"

G_BEGIN_DECLS

/* Where the cells of a step's output come from, by rows and by columns (TapCpuKernel.reads()). */
typedef struct _TapPatchReads TapPatchReads;

/* NULL: the step has no such rule at these shapes. (transfer full) */
TapPatchReads *tap_patch_reads_new (const TapPlan *plan, const TapPlanStep *step);
void tap_patch_reads_free (TapPatchReads *self);
/* Output cells that read any cell of @changed in an input; perhaps none. */
TapRect tap_patch_reads_follow (const TapPatchReads *self, int input, const TapRect *changed);
/* Cells of an input that the output cells of @wanted read; perhaps none. */
TapRect tap_patch_reads_sources (const TapPatchReads *self, int input, const TapRect *wanted);

G_END_DECLS
