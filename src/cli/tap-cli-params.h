/* tap-cli-params.h - a method's parameter table as command-line options
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/tap-cli.h"
#include "core/tap-model.h"
#include "core/tap-param.h"

G_BEGIN_DECLS

/* What was given for a table's parameters, as text, until the network is there to check it. */
typedef struct _TapCliParams TapCliParams;

TapCliParams *tap_cli_params_new (const TapParam *table);
void tap_cli_params_free (TapCliParams *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapCliParams, tap_cli_params_free)
/* Options with help, range, unit and default. (transfer full); @self must outlive it. */
GOptionGroup *tap_cli_params_group (TapCliParams *self, const char *title);
/* As if --@id @text had been given. */
void tap_cli_params_give (TapCliParams *self, const char *id, const char *text);
/* Everything that can be checked without a network: numbers, ranges, choices. */
gboolean tap_cli_params_check (const TapCliParams *self, GError **error);
/* The values, with layers and classes looked up in @model. (transfer full) */
TapParams *tap_cli_params_resolve (const TapCliParams *self, const TapModel *model, GError **error);
/* Whether the table has a parameter of this name. */
gboolean tap_cli_params_has (const TapCliParams *self, const char *id);

G_END_DECLS
