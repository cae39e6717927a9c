/* plan-names.h - plans followed with names instead of numbers
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/tap-plan.h"

G_BEGIN_DECLS

/* Every cell of memory holds the name of the number that was last written there, and whoever reads has to
 * find the names it expects. */
void plan_names_check (const TapPlan *plan);

G_END_DECLS
