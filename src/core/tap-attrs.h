/* tap-attrs.h - typed attributes of a node
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-tensor.h"

G_BEGIN_DECLS

TapAttrs *tap_attrs_new (void);
TapAttrs *tap_attrs_copy (const TapAttrs *self);
void tap_attrs_free (TapAttrs *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TapAttrs, tap_attrs_free)

void tap_attrs_set_int (TapAttrs *self, const char *name, gint64 value);
void tap_attrs_set_float (TapAttrs *self, const char *name, double value);
void tap_attrs_set_string (TapAttrs *self, const char *name, const char *value);
void tap_attrs_set_ints (TapAttrs *self, const char *name, const gint64 *values, gsize n);
void tap_attrs_set_floats (TapAttrs *self, const char *name, const float *values, gsize n);
void tap_attrs_set_tensor (TapAttrs *self, const char *name, TapTensor *value);

gboolean tap_attrs_has (const TapAttrs *self, const char *name);
gint64 tap_attrs_get_int (const TapAttrs *self, const char *name, gint64 fallback);
double tap_attrs_get_float (const TapAttrs *self, const char *name, double fallback);
const char *tap_attrs_get_string (const TapAttrs *self, const char *name, const char *fallback);
/* (transfer none); NULL and *n = 0 when absent or of another kind */
const gint64 *tap_attrs_get_ints (const TapAttrs *self, const char *name, gsize *n);
const float *tap_attrs_get_floats (const TapAttrs *self, const char *name, gsize *n);
TapTensor *tap_attrs_get_tensor (const TapAttrs *self, const char *name);
/* Sorted names (transfer container), and one value as text (transfer full), for display. */
GPtrArray *tap_attrs_list (const TapAttrs *self);
char *tap_attrs_to_string (const TapAttrs *self, const char *name);

G_END_DECLS
