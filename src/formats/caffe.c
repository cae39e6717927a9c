#include "config.h"

#include "formats/formats-private.h"
static int
sniff (const guint8 *head, gsize n, gsize s, const char *name)
{
  return 0;
}
const TapFormat tap_format_caffe = { .id = "caffe", .title = "Caffe", .sniff = sniff };
