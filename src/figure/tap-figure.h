/* tap-figure.h - results and drawings to files, with the recipe inside
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every writer writes to a temporary file beside the target, syncs, renames: an old file survives a full disk. */
#pragma once

#include "render/tap-diagram.h"
#include "render/tap-panels.h"

G_BEGIN_DECLS

/* By suffix of @path: .png .svg .pdf (panels), .npy .npz .json .tsv (data; json: shapes, stats and scores), .vox later. G_IO_ERROR_NOT_SUPPORTED
 * lists the suffixes for anything else. */
gboolean tap_figure_save (const TapResult *result,
                          const TapPanelsOptions *options,
                          const char *path,
                          GError **error);
gboolean tap_figure_save_diagram (const TapDiagram *diagram,
                                  const char *title,
                                  gboolean dark,
                                  const char *path,
                                  GError **error);
/* A surface as it is. Text chunks (iTXt): Software, Description (the sentence), tapetum-recipe (JSON). */
gboolean tap_figure_save_png (cairo_surface_t *surface,
                              const char *sentence,
                              const char *recipe,
                              const char *path,
                              GError **error);
/* PNG bytes for the clipboard. */
GBytes *tap_figure_png_bytes (cairo_surface_t *surface, const char *recipe, GError **error);
/* From PNG, SVG, PDF or GIF; NULL and G_IO_ERROR_NOT_FOUND when the file holds none. (transfer full) */
char *tap_figure_read_recipe (const char *path, GError **error);

/* GIF from frames of one size; our own palette and LZW through cgif. */
typedef struct _TapGif TapGif;
/* @comment: the recipe (JSON), or NULL. */
TapGif *tap_gif_new (int width, int height, const char *comment);
/* @hundredths: how long the frame stands. Copies. */
gboolean tap_gif_add (TapGif *self, cairo_surface_t *frame, int hundredths, GError **error);
/* Consumes @self in any case. */
gboolean tap_gif_save (TapGif *self, const char *path, GError **error);
void tap_gif_free (TapGif *self);

G_END_DECLS
