/* blas.h - OpenBLAS, opened at run time with the right kernels chosen
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tap-types.h"

G_BEGIN_DECLS

enum
{
  TAP_BLAS_ROW_MAJOR = 101,
  TAP_BLAS_PLAIN = 111,
  TAP_BLAS_TRANSPOSED = 112,
};

typedef struct
{
  /* cblas_sgemm() of the 32-bit interface */
  void (*sgemm) (int order,
                 int transpose_a,
                 int transpose_b,
                 int m,
                 int n,
                 int k,
                 float alpha,
                 const float *a,
                 int lda,
                 const float *b,
                 int ldb,
                 float beta,
                 float *c,
                 int ldc);
  char *version; /* "OpenBLAS 0.3.21" */
  char *core;    /* "SkylakeX": whose kernels run */
} TapBlas;

/* NULL when OpenBLAS is not installed, or is a build that does not suit (64-bit integers, OpenMP).
 * The first call loads it, and sets OPENBLAS_CORETYPE and OPENBLAS_NUM_THREADS in the environment
 * unless the user did: it belongs early in a program, before threads that might read the environment
 * exist. */
const TapBlas *tap_blas (void);

G_END_DECLS
