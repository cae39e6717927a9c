/* tap-npy.h - NumPy arrays: .npy and .npz, written and read
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-tensor.h"

G_BEGIN_DECLS

/* Little-endian, C order; float32, or int32 when @as_int32. */
gboolean
tap_npy_save (const TapTensor *tensor, gboolean as_int32, const char *path, GError **error);
GBytes *tap_npy_to_bytes (const TapTensor *tensor, gboolean as_int32);
/* f4, f8, i4, i8, u1, b1 in either order; versions 1 to 3; anything else is refused by name. */
TapTensor *tap_npy_load (const char *path, GError **error);
TapTensor *tap_npy_parse (GBytes *bytes, const char *name, GError **error);
/* Stored (uncompressed) zip, as numpy.savez writes it. */
typedef struct
{
  const char *name;
  const TapTensor *tensor;
  gboolean as_int32;
} TapNpzEntry;
gboolean tap_npz_save (const TapNpzEntry *entries, gsize n, const char *path, GError **error);

G_END_DECLS
