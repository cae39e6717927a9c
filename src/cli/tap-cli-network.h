/* tap-cli-network.h - the network and the pictures a command works on
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "cli/tap-cli.h"
#include "core/tap-model.h"
#include "methods/tap-context.h"
#include "pictures/tap-picture.h"

G_BEGIN_DECLS

/* Loads @path with the options of @cli. */
TapModel *tap_cli_load_network (TapCli *cli, const char *path, GError **error);
/* Prepares it on the engine, with the options of @cli. */
TapSession *tap_cli_open_session (TapCli *cli, TapModel *model, GError **error);
/* Loads the picture at @path and fits it to the network. @fitted (out) (optional) */
TapContext *tap_cli_open_picture (TapCli *cli,
                                  TapModel *model,
                                  TapSession *session,
                                  const char *path,
                                  TapPicture **fitted,
                                  GError **error);
/* The same with a picture that is already there. */
TapContext *tap_cli_open_decoded (TapCli *cli,
                                  TapModel *model,
                                  TapSession *session,
                                  const TapPicture *picture,
                                  const char *name,
                                  TapPicture **fitted,
                                  GError **error);
/* On standard error: what the reader of any result ought to know. */
void tap_cli_note_network (TapCli *cli, const TapModel *model);
/* Says why @model has no class scores, which @command needs; gives the exit status. */
int tap_cli_fail_scores (TapCli *cli, const TapModel *model, const char *command);

/* Index of the class that @text names: a number, a label, one of a label's synonyms, or a part that
 * only one label has. TAP_GRAPH_ERROR_NOT_FOUND says what was near. */
int tap_cli_find_class (const TapModel *model, const char *text, GError **error);
/* Name of the layer that @text names: a name, or a number as `list layers` counts. (transfer full) */
char *tap_cli_find_layer (const TapModel *model, const char *text, GError **error);

/* Where an error about @path has no place in it, puts it in front. */
void tap_cli_prefix_path (GError **error, const char *path);

G_END_DECLS
