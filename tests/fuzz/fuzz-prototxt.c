/* fuzz-prototxt.c - fuzzes Caffe's text format and layers
 * SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fuzz.h"

#include "formats/registry.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize n)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, n);
  g_autoptr (GError) error = NULL;
  TapLoadRequest request = { .no_checksum = TRUE };
  g_autoptr (TapModel) model =
    tap_format_load_bytes (bytes, "fuzz.prototxt", &request, NULL, &error);

  g_assert_true ((model != NULL) == (error == NULL));
  g_assert_true (error == NULL || error->message[0] != '\0');
  return 0;
}
