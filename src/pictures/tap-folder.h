/* tap-folder.h - the pictures of a folder, subfolders as classes
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-types.h"

G_BEGIN_DECLS

typedef struct
{
  char *path;
  int class_index; /* into classes, or -1 */
} TapFolderEntry;

typedef struct
{
  GPtrArray *entries; /* TapFolderEntry*, in natural order of folder and name */
  GPtrArray *classes; /* char*: subfolder names */
  int n_skipped;      /* files that are no pictures (by content and suffix) */
} TapFolder;

void tap_folder_free (TapFolder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapFolder, tap_folder_free)
/* Follows no loops, opens nothing but regular files. A single picture's path gives a folder of one. */
TapFolder *tap_folder_scan (const char *path, GCancellable *cancellable, GError **error);
/* By suffix and first bytes. */
gboolean tap_folder_is_picture (const char *path);

G_END_DECLS
