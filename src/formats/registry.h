/* registry.h - the formats that are read, and the one door to them
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-model.h"
#include "core/tap-progress.h"

G_BEGIN_DECLS

typedef struct
{
  const char *path;         /* the file asked for */
  const char *weights_path; /* --weights, or NULL */
  const char *labels_path;  /* --labels, or NULL */
  const char *preprocess;   /* --preprocess spec, or NULL */
  int fallback_size;        /* for symbolic height and width; 0 means 224 */
  gboolean no_checksum;     /* leaves the checksum empty: it takes longer than the rest for large files */
} TapLoadRequest;

struct _TapFormat
{
  const char *id;              /* "onnx" */
  const char *title;           /* "ONNX" */
  const char *const *suffixes; /* ".onnx", NULL-terminated */
  /* 0: not mine … 100: certain, from the first bytes (up to 4096) and the name */
  int (*sniff) (const guint8 *head, gsize n, gsize file_size, const char *name);
  /* Builds a sorted, not yet inferred graph inside a model with format, warnings and, where the file says
   * so, preprocess and labels set. */
  TapModel *(*load) (const TapLoadRequest *request,
                     GBytes *bytes,
                     TapProgress *progress,
                     GCancellable *cancellable,
                     GError **error);
};

const TapFormat *const *tap_formats_list (void);

/* Maps, sniffs, loads, infers, finds labels and preprocessing (found, else guessed, see
 * TapPreprocessSource), completes. A file that is not a network is named for what it is. */
TapModel *tap_format_load (const TapLoadRequest *request,
                           TapProgress *progress,
                           GCancellable *cancellable,
                           GError **error);
/* The same from memory (built-in example, tests, fuzzers). @name stands for the path in messages. */
TapModel *tap_format_load_bytes (GBytes *bytes,
                                 const char *name,
                                 const TapLoadRequest *request,
                                 GCancellable *cancellable,
                                 GError **error);
/* "a Git LFS pointer", "an HTML page", "a PNG picture", "a zip archive" …; NULL when not recognised. (transfer none) */
const char *tap_format_name_file (const guint8 *head, gsize n);
/* labels.txt, synset_words.txt, "0:background" style; JSON lists. One name a line. */
TapLabels *tap_labels_load (const char *path, GError **error);

G_END_DECLS
