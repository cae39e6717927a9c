/* conv-fill.c - a row of a convolution's input, every so many cells, with zeros beyond its ends
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "engine/cpu/simd/conv-vec.h"

/* All cells are inside the row. */
static void
copy_inside (float *out, size_t n, const float *x, size_t step)
{
  size_t i = 0;

  if (step == 1)
    for (; i + VL <= n; i += VL)
      v_store (out + i, v_load (x + i));
  /* the last vector reads up to step - 1 cells beyond the last that counts: left to the loop below */
  if (step == 2)
    for (; i + VL < n; i += VL)
      v_store (out + i, v_even (v_load (x + 2 * i), v_load (x + 2 * i + VL)));
  if (step == 4)
    for (; i + VL < n; i += VL)
      {
        const float *p = x + 4 * i;

        v_store (out + i, v_even (v_even (v_load (p), v_load (p + VL)),
                                  v_even (v_load (p + 2 * VL), v_load (p + 3 * VL))));
      }
  if (step == 1 && i < n)
    v_store_first (out + i, v_load_first (x + i, n - i), n - i);
  else
    for (; i < n; i++)
      out[i] = x[i * step];
}

void
TAP_SIMD_NAME (tap_conv_fill) (float *out,
                               size_t length,
                               const float *row,
                               ptrdiff_t first,
                               size_t step,
                               size_t n)
{
  size_t before = first < 0 ? ((size_t) -first + step - 1) / step : 0;
  size_t end = first < (ptrdiff_t) n ? (size_t) ((ptrdiff_t) n - 1 - first) / step + 1 : 0;

  before = before < length ? before : length;
  end = end < before ? before : end > length ? length : end;
  for (size_t i = 0; i < before; i++)
    out[i] = 0;
  if (end > before)
    copy_inside (out + before, end - before, row + first + (ptrdiff_t) (before * step), step);
  for (size_t i = end; i < length; i++)
    out[i] = 0;
}
