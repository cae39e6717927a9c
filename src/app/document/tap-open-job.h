/* tap-open-job.h - opening whatever was dropped: networks, pictures, folders, labels
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-model.h"
#include "core/tap-progress.h"
#include "pictures/tap-folder.h"

G_BEGIN_DECLS

typedef struct
{
  char **paths;     /* NULL for the built-in example */
  TapModel *model;  /* what is open now: dropped labels go to it. Owned, or NULL */
  guint generation; /* echoed in the answer */
} TapOpenRequest;

typedef struct
{
  TapModel *model; /* a network, or the open one with other labels; NULL: none among the paths */
  gboolean only_labels;
  TapFolder *folder;   /* NULL: no pictures among the paths */
  gboolean is_example; /* pictures are those of the example */
  char *model_path;    /* for the recent list */
  char *folder_path; /* for the recent list: one folder or picture; NULL when there were several */
  GPtrArray *problems; /* char*: a sentence for each path that could not be used */
  guint generation;
} TapOpenAnswer;

TapOpenRequest *tap_open_request_new (const char *const *paths, TapModel *model, guint generation);
void tap_open_request_free (TapOpenRequest *self);
void tap_open_answer_free (TapOpenAnswer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapOpenAnswer, tap_open_answer_free)

/* TapLaneFunc. Fails only when cancelled, or when nothing at all could be used. */
gpointer tap_open_job_run (gconstpointer request,
                           TapProgress *progress,
                           GCancellable *cancellable,
                           GError **error);

G_END_DECLS
