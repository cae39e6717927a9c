/* product.h - matrix products for Gemm and MatMul
 * SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/cpu/tap-cpu.h"

G_BEGIN_DECLS

/* y [m,n] = alpha · A [m,k] · B [k,n] + bias, row-major and dense but for the transpositions.
 *
 * Where B lies transposed, as most files have their weights, each number is a dot product of ours, with the
 * same bits for one row as for several. Where it lies straight, few rows are sums of scaled rows of B. Large
 * products are left to OpenBLAS, when there is one. Which of them it is depends on shapes alone. Zeros of a
 * single row of A are left out, with the columns of B that they would meet: one by one where B lies straight, as
 * vectors where it lies transposed; the bits are those of a product that leaves out nothing. */
typedef struct
{
  const float *a, *b;
  gboolean a_transposed, b_transposed; /* [k,m], [n,k] in memory */
  float *y;
  gsize m, n, k;
  float alpha;
  const float *bias;           /* NULL for 0; added times beta. May be y itself, to add to it */
  gsize bias_row, bias_column; /* steps: 0 where it repeats */
  float beta;
  gboolean skips_zeros; /* a zero in A takes no part, as if all of B were finite */
} TapProduct;

/* Floats of scratch. */
gsize tap_product_scratch (const TapCpuRun *run, const TapProduct *product);
/* All products of one call have the same m, n, k and transpositions; there is one only where A is
 * transposed. */
void
tap_product (const TapCpuRun *run, const TapProduct *products, gsize n_products, float *scratch);
/* Whether no number of @b is infinite or NaN, as a tensor of one float for TapCpuKernel.pack(): 1 or 0. */
TapTensor *tap_product_pack_finite (const TapTensor *b, GError **error);

G_END_DECLS
