/* npy-private.h - the parts of an .npy file, for those who put it into another file
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "figure/file-private.h"
#include "figure/tap-npy.h"

G_BEGIN_DECLS

/* (transfer full) */
GBytes *tap_npy_header (const TapTensor *tensor, gboolean as_int32);
/* The numbers as they stand in the file: the tensor's own memory, or a converted copy in @owned
 * (transfer full). */
gboolean tap_npy_payload (const TapTensor *tensor,
                          gboolean as_int32,
                          gpointer *owned,
                          TapPiece *piece,
                          GError **error);

G_END_DECLS
