/* fold.c - moving the numbers of constants about
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Transpose, Slice, Expand, Concat, Pad … are all the same walk: an index runs over an extent, and
 * strides say where it reads and where it writes. A stride of 0 repeats, a negative one turns round. */
#include "config.h"

#include "ops/tap-op-private.h"

#include <string.h>

void
tap_fold_strides (const TapShape *shape, gint64 *strides)
{
  gint64 stride = 1;

  for (int i = shape->n_dims - 1; i >= 0; i--)
    {
      strides[i] = stride;
      stride *= MAX (shape->dims[i], 1);
    }
}

void
tap_fold_broadcast_strides (const TapShape *shape, const TapShape *to, gint64 *strides)
{
  int missing = to->n_dims - shape->n_dims;
  gint64 own[TAP_MAX_DIMS];

  tap_fold_strides (shape, own);
  for (int i = 0; i < to->n_dims; i++)
    strides[i] = i < missing || shape->dims[i - missing] == 1 ? 0 : own[i - missing];
}

void
tap_fold_copy (gpointer dst,
               const gint64 *dst_strides,
               gconstpointer src,
               const gint64 *src_strides,
               const TapShape *extent,
               gsize element_size)
{
  gint64 index[TAP_MAX_DIMS] = { 0 };
  int last = extent->n_dims - 1;
  gint64 at_dst = 0, at_src = 0;

  for (int i = 0; i < extent->n_dims; i++)
    if (extent->dims[i] == 0)
      return;
  if (extent->n_dims == 0)
    {
      memcpy (dst, src, element_size);
      return;
    }

  for (;;)
    {
      char *to = (char *) dst + at_dst * (gint64) element_size;
      const char *from = (const char *) src + at_src * (gint64) element_size;
      int i;

      if (dst_strides[last] == 1 && src_strides[last] == 1)
        memcpy (to, from, (gsize) extent->dims[last] * element_size);
      else
        for (gint64 k = 0; k < extent->dims[last]; k++)
          memcpy (to + k * dst_strides[last] * (gint64) element_size,
                  from + k * src_strides[last] * (gint64) element_size, element_size);

      for (i = last - 1; i >= 0; i--)
        {
          at_dst += dst_strides[i];
          at_src += src_strides[i];
          if (++index[i] < extent->dims[i])
            break;
          at_dst -= index[i] * dst_strides[i];
          at_src -= index[i] * src_strides[i];
          index[i] = 0;
        }
      if (i < 0)
        return;
    }
}

TapTensor *
tap_fold_new (const TapShapeContext *ctx, int output, GError **error)
{
  return tap_tensor_new_uninit (ctx->output_dtypes[output], &ctx->outputs[output], error);
}

gboolean
tap_fold_view (const TapShapeContext *ctx, TapTensor **outputs, GError **error)
{
  outputs[0] = tap_tensor_reshape (ctx->constants[0], &ctx->outputs[0], error);
  return outputs[0] != NULL;
}
