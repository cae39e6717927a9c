/* formats-private.h - what the files of this folder share
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-error.h"
#include "formats/registry.h"

G_BEGIN_DECLS

extern const TapFormat tap_format_onnx;
extern const TapFormat tap_format_caffe;

/* --- files (files.c) --- */

/* Maps a regular file; anything else (folder, pipe, device) is refused without being opened for
 * long. The message names the file. */
GBytes *tap_formats_map (const char *path, GError **error);
/* The same for small text files: refuses more than @max bytes. NULL without an error when absent. */
GBytes *tap_formats_map_small (const char *path, gsize max, GError **error);
/* Sets checksum and n_bytes over all files of a model. */
void tap_formats_checksum (TapModel *model, GBytes *const *parts, gsize n);
/* File name without folder and last suffix. (transfer full) */
char *tap_formats_stem (const char *path);
/* Paths of the regular files in the folder of @path, sorted, at most 10,000. */
GPtrArray *tap_formats_list_folder (const char *path);

/* --- what a file is (file-kind.c) --- */

typedef struct
{
  const char *what;   /* "a Git LFS pointer" */
  const char *advice; /* what to do, a clause without its full stop; or NULL */
  gboolean is_network;
} TapFileKind;

/* By unmistakable first bytes; NULL otherwise. */
const TapFileKind *tap_formats_file_kind (const guint8 *head, gsize n);
/* Whether @head reads as text: valid UTF-8 without control characters. */
gboolean tap_formats_is_text (const guint8 *head, gsize n);

/* --- labels (labels.c) --- */

/* Accepts every style of tap_labels_load(). NULL when @bytes holds no names. */
TapLabels *tap_formats_parse_labels (GBytes *bytes, const char *source);
/* Finds labels for a completed model: @request, neighbours, the model's own; fits them to the number
 * of classes and adds warnings. */
gboolean tap_formats_settle_labels (TapModel *model, const TapLoadRequest *request, GError **error);

/* --- preprocessing (preprocess-guess.c) --- */

/* What a neighbour of the model says, before shapes are known; leaves what the model itself said.
 * height and width are 0 when nobody names a size. */
void tap_formats_find_preprocess (TapModel *model, const TapLoadRequest *request);
/* Sets size and channels from the inferred input, guesses the rest when nothing was found, and applies
 * the user's own. */
gboolean tap_formats_settle_preprocess (TapModel *model,
                                        const TapFormat *format,
                                        const TapLoadRequest *request,
                                        GError **error);
/* Guesses for a family of networks; says in note what led to it. */
void tap_formats_guess_family (TapModel *model, const TapFormat *format);

G_END_DECLS
