/* blas.c - OpenBLAS, opened at run time with the right kernels chosen
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * OpenBLAS looks at the processor once, as it is loaded, and releases up to 0.3.21 take recent Intel
 * processors for a Prescott, five times slower than they are. OPENBLAS_CORETYPE overrules that, but
 * has to be set before the library is mapped; hence no link dependency. It runs one thread per call:
 * the workers are ours. A build on OpenMP keeps a thread count per calling thread, starts teams of its
 * own from each worker, and is therefore not used. */

#include "config.h"

#include <gmodule.h>
#include <string.h>

#include "engine/cpu/blas.h"
#include "engine/cpu/isa.h"

static const char *
core_type (void)
{
#ifdef TAP_HAVE_X86
  const TapSimd *simd = tap_cpu_simd ();

  __builtin_cpu_init ();
  if (simd == &tap_simd_avx512 && __builtin_cpu_supports ("avx512cd"))
    return "SkylakeX";
  if (simd != &tap_simd_portable)
    return __builtin_cpu_is ("amd") ? "Zen" : "Haswell";
#endif
  return NULL;
}

static char *
version_from_config (const char *config)
{
  g_auto (GStrv) words = g_strsplit (config != NULL ? config : "", " ", 3);

  if (words[0] != NULL && words[1] != NULL && g_ascii_isdigit (words[1][0]))
    return g_strdup_printf ("%s %s", words[0], words[1]);
  return g_strdup ("OpenBLAS");
}

static gpointer
load (gpointer unused)
{
  GModule *module;
  TapBlas *blas;
  gpointer sgemm = NULL, symbol = NULL;
  const char *config = NULL;

  if (core_type () != NULL)
    g_setenv ("OPENBLAS_CORETYPE", core_type (), FALSE);
  g_setenv ("OPENBLAS_NUM_THREADS", "1", FALSE);

  module = g_module_open ("libopenblas.so.0", G_MODULE_BIND_LOCAL | G_MODULE_BIND_LAZY);
  if (module == NULL)
    return NULL;
  /* Never unloaded: its threads and handlers would be left without code. */
  g_module_make_resident (module);
  if (!g_module_symbol (module, "cblas_sgemm", &sgemm) || sgemm == NULL)
    return NULL;
  if (g_module_symbol (module, "openblas_get_parallel", &symbol) && symbol != NULL &&
      ((int (*) (void)) symbol) () == 2)
    return NULL;
  if (g_module_symbol (module, "openblas_get_config", &symbol) && symbol != NULL)
    config = ((char *(*) (void) ) symbol) ();
  if (config != NULL && strstr (config, "USE64BITINT") != NULL)
    return NULL;
  if (g_module_symbol (module, "openblas_set_num_threads", &symbol) && symbol != NULL)
    ((void (*) (int)) symbol) (1);

  blas = g_new0 (TapBlas, 1);
  memcpy (&blas->sgemm, &sgemm, sizeof sgemm);
  blas->version = version_from_config (config);
  if (g_module_symbol (module, "openblas_get_corename", &symbol) && symbol != NULL)
    blas->core = g_strdup (((char *(*) (void) ) symbol) ());
  return blas;
}

const TapBlas *
tap_blas (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, load, NULL);
}
