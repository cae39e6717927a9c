/* tap-labels.c - names of the classes
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tap-model.h"

#include <string.h>

TapLabels *
tap_labels_new (char **names, const char *source)
{
  TapLabels *self = g_new0 (TapLabels, 1);

  g_atomic_ref_count_init (&self->ref);
  self->names = names != NULL ? names : g_new0 (char *, 1);
  self->n = (int) g_strv_length (self->names);
  self->source = g_strdup (source);
  return self;
}

TapLabels *
tap_labels_ref (TapLabels *self)
{
  g_atomic_ref_count_inc (&self->ref);
  return self;
}

void
tap_labels_unref (TapLabels *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref))
    return;
  g_strfreev (self->names);
  g_free (self->source);
  g_free (self);
}

char *
tap_labels_dup_name (const TapLabels *self, int index)
{
  if (self != NULL && index >= 0 && index < self->n && *self->names[index] != '\0')
    return g_strdup (self->names[index]);
  return g_strdup_printf ("%d", index);
}

char *
tap_labels_dup_short_name (const TapLabels *self, int index)
{
  char *name = tap_labels_dup_name (self, index);
  char *comma = strchr (name, ',');

  if (comma != NULL && comma > name)
    *comma = '\0';
  return g_strchomp (name);
}
