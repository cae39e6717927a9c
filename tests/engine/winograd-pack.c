/* winograd-pack.c - weights for a Winograd job, written from the description of their order
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "engine/cpu/tap-cpu.h"
#include "winograd-pack.h"

gsize
winograd_packed_floats (int groups, int out, int in)
{
  gsize padded = (gsize) groups * (gsize) ((out + TAP_BLOCK - 1) / TAP_BLOCK * TAP_BLOCK);

  return padded * (gsize) in * 9 + padded;
}

void
winograd_pack (float *packed,
               const float *w,
               const float *bias,
               int groups,
               int out,
               int in,
               gboolean adjoint)
{
  int padded = (out + TAP_BLOCK - 1) / TAP_BLOCK * TAP_BLOCK;
  gsize group_floats = (gsize) out * (gsize) in * 9;
  float *packed_bias = packed + (gsize) groups * (gsize) padded * (gsize) in * 9;

  for (int g = 0; g < groups; g++, w += group_floats)
    for (int first = 0; first < padded; first += TAP_BLOCK)
      {
        for (int c = 0; c < in; c++)
          for (int j = 0; j < 9; j++)
            for (int k = first; k < first + TAP_BLOCK; k++)
              {
                gsize from = adjoint ? ((gsize) c * (gsize) out + (gsize) k) * 9 + (gsize) (8 - j) :
                                       ((gsize) k * (gsize) in + (gsize) c) * 9 + (gsize) j;

                *packed++ = k < out ? w[from] : 0;
              }
        for (int k = first; k < first + TAP_BLOCK; k++)
          *packed_bias++ = k < out && bias != NULL ? bias[g * out + k] : 0;
      }
}
