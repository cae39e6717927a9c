/* fuzz-caffemodel.c - fuzzes the blobs of Caffe's weights and mean files
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "formats/caffe-private.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize n)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, n);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) blob_error = NULL;
  g_autoptr (CaffeWeights) weights = tap_caffe_weights_read (bytes, NULL, &error);
  g_autoptr (TapTensor) mean = tap_caffe_blob_read (bytes, &blob_error);

  g_assert_true ((weights != NULL) == (error == NULL));
  g_assert_true ((mean != NULL) == (blob_error == NULL));
  return 0;
}
