/* registry.c - the sorted list of methods
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "methods/registry.h"

#include <string.h>

extern const TapMethod tap_method_activations;
extern const TapMethod tap_method_filters;
extern const TapMethod tap_method_occlusion;

static const TapMethod *const methods[] = {
  &tap_method_activations,
  &tap_method_filters,
  &tap_method_occlusion,
  NULL,
};

const TapMethod *const *
tap_methods_list (void)
{
  return methods;
}

const TapMethod *
tap_methods_find (const char *id)
{
  g_return_val_if_fail (id != NULL, NULL);

  for (const TapMethod *const *method = methods; *method != NULL; method++)
    if (strcmp ((*method)->id, id) == 0)
      return *method;
  return NULL;
}
