/* tap-cli-figure.h - how the commands that make figures draw and write them
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/tap-cli-params.h"
#include "cli/tap-cli.h"
#include "figure/tap-figure.h"
#include "methods/tap-method.h"
#include "pictures/tap-picture.h"

G_BEGIN_DECLS

/* The options of the drawing, before and after they have been read. */
typedef struct
{
  char *colormap, *scale, *order;
  gboolean dark, no_captions;
  double width;
  TapPanelsOptions panels;
} TapCliFigure;

void tap_cli_figure_init (TapCliFigure *self);
void tap_cli_figure_clear (TapCliFigure *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TapCliFigure, tap_cli_figure_clear)
/* Options for the drawing, leaving out those that the method has itself. (transfer full) */
GOptionGroup *tap_cli_figure_group (TapCliFigure *self, const TapCliParams *taken);
/* Reads what was given; FALSE with TAP_METHOD_ERROR_PARAMETER. */
gboolean tap_cli_figure_read (TapCliFigure *self, GError **error);
/* Whether @path ends in a suffix that can be written; TAP_METHOD_ERROR_PARAMETER lists them. */
gboolean tap_cli_figure_check_path (const char *path, GError **error);

/* Runs @method under a progress bar and writes the result to @path (nullable). @fitted (nullable) is
 * shown with the maps. @phase (out): what was going on when it failed. */
TapResult *tap_cli_figure_make (TapCli *cli,
                                TapCliFigure *self,
                                const TapMethod *method,
                                TapContext *context,
                                const TapParams *params,
                                const TapPicture *fitted,
                                const char *path,
                                TapCliPhase *phase,
                                GError **error);

G_END_DECLS
