/* conv-pack.c - weights of a convolution in the order in which the direct kernels read them
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "engine/cpu/conv-pass.h"

int
tap_conv_block_width (int out_per_group)
{
  return out_per_group < TAP_CONV_FEW ? out_per_group : TAP_BLOCK;
}

/* Output channels of a group, filled up to whole blocks. */
static gsize
padded (int out_per_group)
{
  gsize width = (gsize) tap_conv_block_width (out_per_group);

  return ((gsize) out_per_group + width - 1) / width * width;
}

gsize
tap_conv_group_floats (int out_per_group, int in_per_group, int n_taps)
{
  return padded (out_per_group) * (gsize) in_per_group * (gsize) n_taps;
}

gsize
tap_conv_packed_floats (int groups, int out_per_group, int in_per_group, int n_taps)
{
  gsize n = (gsize) groups * tap_conv_group_floats (out_per_group, in_per_group, n_taps);

  return (n + 15) & ~(gsize) 15;
}

gsize
tap_conv_bias_floats (int groups, int out_per_group)
{
  return ((gsize) groups * padded (out_per_group) + 15) & ~(gsize) 15;
}

/* @first: the output channel that the block begins with */
static void
pack_block (float *packed,
            const float *w,
            const TapConvWeights *s,
            int first,
            int width,
            int n_there)
{
  float scale[TAP_BLOCK];

  for (int i = 0; i < n_there; i++)
    scale[i] = s->scale != NULL ? s->scale[first + i] : 1;
  for (int c = 0; c < s->in_per_group; c++)
    for (int r = 0; r < s->kernel_h; r++)
      for (int t = 0; t < s->kernel_w; t++, packed += width)
        {
          const float *from = w + c * s->in + r * s->row + t * s->column;

          for (int i = 0; i < width; i++)
            packed[i] = i < n_there ? from[i * s->out] * scale[i] : 0;
        }
}

void
tap_conv_pack (float *packed, const TapConvWeights *s)
{
  int width = tap_conv_block_width (s->out_per_group);
  gsize block = (gsize) width * (gsize) s->in_per_group * (gsize) s->kernel_h * (gsize) s->kernel_w;

  for (int g = 0; g < s->groups; g++)
    for (int m = 0; m < s->out_per_group; m += width, packed += block)
      pack_block (packed, s->w + g * s->group + m * s->out, s, g * s->out_per_group + m, width,
                  MIN (width, s->out_per_group - m));
}

void
tap_conv_pack_bias (float *packed,
                    const float *bias,
                    const TapAffine *affine,
                    int groups,
                    int out_per_group)
{
  gsize n = padded (out_per_group);

  for (gsize g = 0; g < (gsize) groups; g++)
    for (gsize i = 0; i < n; i++)
      {
        gsize channel = g * (gsize) out_per_group + i;
        float b = bias != NULL && i < (gsize) out_per_group ? bias[channel] : 0;

        if (affine != NULL && i < (gsize) out_per_group)
          b = (float) ((double) b * (double) affine->scale[channel] +
                       (double) affine->shift[channel]);
        packed[g * n + i] = b;
      }
}
