/* tap-method.h - what a visualisation method is
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From the descriptor follow the panel's controls, the command-line options, the help, the recipe in
 * the figure and the test that walks the registry. */
#pragma once

#include "core/tap-param.h"
#include "core/tap-result.h"
#include "methods/tap-context.h"

G_BEGIN_DECLS

typedef enum
{
  TAP_NEEDS_MODEL = 0,
  TAP_NEEDS_PICTURE = 1 << 0,
  TAP_NEEDS_FORWARD = 1 << 1,
  TAP_NEEDS_CLASSES = 1 << 2, /* the network must end in class scores */
} TapNeeds;

struct _TapMethod
{
  const char *id;      /* command-line word */
  const char *title;   /* N_() */
  const char *summary; /* N_(): one sentence */
  const char *source;  /* paper or origin */
  TapNeeds needs;
  const TapParam *params; /* ends with a NULL id */
  /* required. @progress and @cancellable may be NULL. */
  TapResult *(*run) (TapContext *context,
                     const TapParams *params,
                     TapProgress *progress,
                     GCancellable *cancellable,
                     GError **error);
};

G_END_DECLS
