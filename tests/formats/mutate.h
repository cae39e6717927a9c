/* mutate.h - repeatable damage to files
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _Mutator Mutator;

/* @bytes: the sound file; @name seeds the damage, so that every run does the same. */
Mutator *mutator_new (GBytes *bytes, const char *name);
void mutator_free (Mutator *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Mutator, mutator_free)
/* The @i-th damaged copy; the first 100 are cut at every percent. */
GBytes *mutator_next (Mutator *self, guint i);

G_END_DECLS
