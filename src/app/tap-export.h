/* tap-export.h - a snapshot of what a page shows, ready to be written or copied
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Everything in it is immutable, so that a worker can write it while the page goes on. */
#pragma once

#include "figure/tap-figure.h"
#include "pictures/tap-picture.h"

G_BEGIN_DECLS

typedef struct
{
  /* a result drawn as panels: PNG, SVG, PDF, and the numbers */
  TapResult *result; /* owned, or NULL */
  TapPanelsOptions
    options; /* for result; options.picture is set from picture by tap_export_set_picture() */
  TapPicture *picture; /* owned, or NULL: lies under or beside the maps */
  /* or a drawing */
  TapDiagram *diagram; /* owned, or NULL */
  /* and, besides, frames of equal size for a GIF: of a drag or a sweep */
  GPtrArray
    *frames; /* owned, element-type cairo_surface_t (freed with cairo_surface_destroy), or NULL */
  int hundredths; /* how long each frame stands */
  char *stem;     /* suggested file name without suffix: "cat-occlusion" */
  gboolean dark;
} TapExport;

TapExport *tap_export_new (const char *stem);
void tap_export_free (TapExport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapExport, tap_export_free)
void tap_export_set_result (TapExport *self, TapResult *result, const TapPanelsOptions *options);
/* After tap_export_set_result(). */
void tap_export_set_picture (TapExport *self, TapPicture *picture);
void tap_export_set_diagram (TapExport *self, TapDiagram *diagram);
/* @frames (transfer none: takes a reference to the array, which must not change any more) */
void tap_export_set_frames (TapExport *self, GPtrArray *frames, int hundredths);

/* Any thread. Form by suffix. */
gboolean tap_export_save (const TapExport *self, const char *path, GError **error);
/* Any thread: PNG bytes for the clipboard. */
GBytes *tap_export_png (const TapExport *self, GError **error);

G_END_DECLS
