/* isa.c - the instruction set that this process computes with, chosen once
 * SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include "engine/cpu/isa.h"

static gpointer
choose (gpointer unused)
{
  const char *wish = g_getenv ("TAPETUM_CPU");
  const TapSimd *best = &tap_simd_portable;

  if (g_strcmp0 (wish, "portable") == 0)
    return (gpointer) best;
#ifdef TAP_HAVE_X86
  __builtin_cpu_init ();
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma"))
    best = &tap_simd_avx2;
  if (g_strcmp0 (wish, "avx2") == 0)
    return (gpointer) best;
  if (best == &tap_simd_avx2 && __builtin_cpu_supports ("avx512f") &&
      __builtin_cpu_supports ("avx512bw") && __builtin_cpu_supports ("avx512dq") &&
      __builtin_cpu_supports ("avx512vl"))
    best = &tap_simd_avx512;
#endif
  return (gpointer) best;
}

const TapSimd *
tap_cpu_simd (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, choose, NULL);
}
