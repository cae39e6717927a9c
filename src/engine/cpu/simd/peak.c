/* peak.c - as many multiply-adds as the processor can do
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Enough chains in registers to hide the latency of each, and no memory at all. */

#include "config.h"

#include "engine/cpu/simd/vec.h"

float
TAP_SIMD_NAME (tap_multiply_adds) (size_t rounds)
{
  V sums[TAP_PEAK_CHAINS], factor = v_set (0.999f), rest = { 0 };
  float t[VL], total = 0;

  TAP_UNROLL
  for (int i = 0; i < TAP_PEAK_CHAINS; i++)
    sums[i] = v_set ((float) i + 1);
  for (size_t r = 0; r < rounds; r++)
    {
      TAP_UNROLL
      for (int i = 0; i < TAP_PEAK_CHAINS; i++)
        sums[i] = v_fma (sums[i], factor, factor);
      /* Neither merged with the round before nor moved out of the loop. */
      __asm__ volatile("" ::: "memory");
    }
  TAP_UNROLL
  for (int i = 0; i < TAP_PEAK_CHAINS; i++)
    rest = rest + sums[i];
  v_store (t, rest);
  for (int i = 0; i < VL; i++)
    total += t[i];
  return total;
}
